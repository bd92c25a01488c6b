// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a waiting change is about, so that whatever takes effect at once on the same thing kills it (I9).
///         The vault's own limits in a token are the token's address; a session is 2^160 + its id; the rest are single.
type Subject is uint168;

/// @dev Killed by revoke-all and by a change of owner: every change that waits.
Subject constant EVERYTHING = Subject.wrap(2 << 160);
Subject constant PAUSE = Subject.wrap((2 << 160) + 1);
Subject constant DELAY = Subject.wrap((2 << 160) + 2);
Subject constant OWNERSHIP = Subject.wrap((2 << 160) + 3);
Subject constant GUARDIAN = Subject.wrap((2 << 160) + 4);
Subject constant TREASURY = Subject.wrap((2 << 160) + 5);
/// @dev The payee book: the removal of any payee kills every list of payees that waits.
Subject constant PAYEES = Subject.wrap((2 << 160) + 6);

/// @dev What a limit is about: its session, or for the vault's own limits the token.
function subjectOf(uint32 session, address token) pure returns (Subject) {
    return session == 0 ? Subject.wrap(uint160(token)) : subjectOf(session);
}

function subjectOf(uint32 session) pure returns (Subject) {
    return Subject.wrap((1 << 160) + session);
}
