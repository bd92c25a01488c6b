// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Scope, scopeOf} from "./Scope.sol";

/// @notice What the payee book says of a purse, above any category, so that it is granted to nobody as it stands:
///         bits   0..7    its category
///         bits   8..167  its token
///         bits 168..199  its session
/// @dev    An ordinary payee's word is its category, and is judged without a look at what stands above it.
type PurseEntry is uint256;

using PurseEntryLib for PurseEntry global;

library PurseEntryLib {
    uint256 private constant SCOPE_SHIFT = 8;

    function create(uint32 session, address token, uint8 inCategory) internal pure returns (PurseEntry) {
        return PurseEntry.wrap((Scope.unwrap(scopeOf(session, 0, token)) << SCOPE_SHIFT) | inCategory);
    }

    function category(PurseEntry entry) internal pure returns (uint8) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low byte is what is wanted
        return uint8(PurseEntry.unwrap(entry));
    }

    /// @notice Whose purse it is. (Its scope has no category: a purse is one of those that share a session and token.)
    function scope(PurseEntry entry) internal pure returns (Scope) {
        return Scope.wrap(PurseEntry.unwrap(entry) >> SCOPE_SHIFT);
    }
}
