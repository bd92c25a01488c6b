// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AllowanceWord} from "../libraries/AllowanceWord.sol";
import {SessionWord} from "../libraries/SessionWord.sol";
import {Meter} from "../libraries/SlidingCap.sol";
import {VaultWord} from "../libraries/VaultWord.sol";

/// @title  Everything a vault stores, and where
/// @notice A payment under one limit writes three words (vault, session, allowance) and reads one more (payee).
///         Every word but the payee's is written down with its bits in the library of its name.
abstract contract VaultStorage {
    struct TokenEntry {
        bool listed;
        uint8 unitBits;
    }

    /// @dev Running hash, sequence number, epoch, paused.
    VaultWord internal _vault;

    address internal _owner;
    address internal _pendingOwner;
    address internal _guardian;
    address internal _treasury;

    /// @dev All that a payment must know of its session, by the key that signed. Never deleted: a key serves once.
    mapping(address key => SessionWord) internal _sessions;

    /// @dev The key that a session has now; zero = never granted.
    mapping(uint32 session => address key) internal _keys;

    /// @dev How much a session may pay of a token: its first limit's meter and the rest of a payment's questions.
    mapping(uint256 sessionAndToken => AllowanceWord) private _allowances;

    /// @dev Meters of limits beyond the first, and of removed ones: only time lowers what was counted (I7).
    mapping(uint256 windowSessionAndToken => Meter) private _meters;

    /// @dev Category of a payee; 0 = not in the book. A word each, so that a payment reads it without masking.
    mapping(address payee => uint256 category) internal _payees;

    mapping(address token => TokenEntry) internal _tokens;

    // One packed word as the mapping's key: one hash finds the slot, where nested mappings would take two or three.

    function _allowance(uint32 session, address token) internal view returns (AllowanceWord) {
        return _allowances[(uint256(session) << 160) | uint160(token)];
    }

    function _setAllowance(uint32 session, address token, AllowanceWord word) internal {
        _allowances[(uint256(session) << 160) | uint160(token)] = word;
    }

    function _meter(uint32 session, address token, uint256 windowIndex) internal view returns (Meter) {
        return _meters[(windowIndex << 192) | (uint256(session) << 160) | uint160(token)];
    }

    function _setMeter(uint32 session, address token, uint256 windowIndex, Meter meter) internal {
        _meters[(windowIndex << 192) | (uint256(session) << 160) | uint160(token)] = meter;
    }
}
