// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {Scope} from "./Scope.sol";
import {SessionWord} from "./SessionWord.sol";
import {Subject} from "./Subject.sol";
import {VaultWord} from "./VaultWord.sol";

/// @title  Where a vault stores what is read from outside, by `IVault.stateAt`
/// @notice The numbers are those of base/VaultStorage.sol; a test compares them with what the compiler made of it.
library VaultSlots {
    uint256 internal constant VAULT = 0;
    uint256 internal constant SESSIONS = 5;
    uint256 internal constant KEYS = 6;
    uint256 internal constant ALLOWANCES = 7;
    uint256 internal constant METERS = 8;
    uint256 internal constant PAYEES = 9;
    uint256 internal constant WAITING = 11;
    uint256 internal constant CHANGES = 12;
    uint256 internal constant KILLED = 13;

    /// @dev A meter that is not in its scope's word is found by its window's index above these bits.
    uint256 private constant WINDOW_SHIFT = 200;

    function vaultWord() internal pure returns (bytes32) {
        return bytes32(VAULT);
    }

    function waiting() internal pure returns (bytes32) {
        return bytes32(WAITING);
    }

    function session(address ofKey) internal pure returns (bytes32) {
        return _of(uint160(ofKey), SESSIONS);
    }

    function key(uint32 ofSession) internal pure returns (bytes32) {
        return _of(ofSession, KEYS);
    }

    function allowance(Scope scope) internal pure returns (bytes32) {
        return _of(Scope.unwrap(scope), ALLOWANCES);
    }

    function meter(Scope scope, uint256 windowIndex) internal pure returns (bytes32) {
        return _of((windowIndex << WINDOW_SHIFT) | Scope.unwrap(scope), METERS);
    }

    function payee(address account) internal pure returns (bytes32) {
        return _of(uint160(account), PAYEES);
    }

    /// @notice The first of a change's two words: its subject and time. The hash of its call is in the next.
    function change(uint32 number) internal pure returns (bytes32) {
        return _of(number, CHANGES);
    }

    function killed(Subject subject) internal pure returns (bytes32) {
        return _of(Subject.unwrap(subject), KILLED);
    }

    /// @notice One word of a vault.
    function read(IVault vault, bytes32 slot) internal view returns (uint256) {
        bytes32[] memory slots = new bytes32[](1);
        slots[0] = slot;
        return uint256(vault.stateAt(slots)[0]);
    }

    /// @notice A session's key of now (zero = never granted), its word, and whether `revoke` or `revokeAll` revoked it.
    function sessionOf(IVault vault, uint32 id) internal view returns (address itsKey, SessionWord word, bool revoked) {
        // forge-lint: disable-next-line(unsafe-typecast) -- an address is what is stored there
        itsKey = address(uint160(read(vault, key(id))));
        if (itsKey == address(0)) return (itsKey, word, false);
        bytes32[] memory slots = new bytes32[](2);
        (slots[0], slots[1]) = (session(itsKey), vaultWord());
        bytes32[] memory words = vault.stateAt(slots);
        word = SessionWord.wrap(uint256(words[0]));
        revoked = word.isRevoked(VaultWord.wrap(uint256(words[1])).epoch());
    }

    function _of(uint256 key_, uint256 slot) private pure returns (bytes32 place) {
        assembly ("memory-safe") {
            mstore(0x00, key_)
            mstore(0x20, slot)
            place := keccak256(0x00, 0x40)
        }
    }
}
