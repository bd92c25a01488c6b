// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a limit counts, as one word that keys the mappings, so that one hash finds a slot:
///         bits   0..159  token
///         bits 160..191  session; 0 = the vault itself
///         bits 192..197  category; 0 = every category
type Scope is uint256;

/// @notice The vault: session 0, category 0. A session: category 0. One category within a session: both.
function scopeOf(uint256 session, uint256 category, address token) pure returns (Scope) {
    return Scope.wrap((category << 192) | (session << 160) | uint160(token));
}

using ScopeLib for Scope global;

library ScopeLib {
    function parts(Scope scope) internal pure returns (uint32 session, uint8 category, address token) {
        uint256 word = Scope.unwrap(scope);
        // Each field is cut out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint32(word >> 160), uint8(word >> 192), address(uint160(word)));
    }
}
