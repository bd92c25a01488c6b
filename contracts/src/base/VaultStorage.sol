// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AllowanceWord} from "../libraries/AllowanceWord.sol";
import {Scope} from "../libraries/Scope.sol";
import {SessionWord} from "../libraries/SessionWord.sol";
import {Meter} from "../libraries/SlidingCap.sol";
import {Subject} from "../libraries/Subject.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {WaitingList} from "../libraries/WaitingList.sol";

/// @title  Everything a vault stores, and where
/// @notice A payment under one limit writes three words (vault, session, allowance) and reads one more (payee).
///         Every word but the payee's is written down with its bits in the library of its name.
abstract contract VaultStorage {
    struct TokenEntry {
        bool listed;
        uint8 unitBits;
    }

    /// @dev A loosening that waits (I9). Its number is the owner nonce that its event made.
    struct Change {
        uint256 subjectAndTime; // what it is about, above 32 bits of when it can be executed; 0 = no such change waits
        bytes32 callHash; // of the verb's calldata, which `ChangeCall` has logged
    }

    uint256 internal constant LAST_CATEGORY = 63;

    /// @dev Running hash, sequence number, epoch, owner nonce, flags.
    VaultWord internal _vault;

    address internal _owner;
    /// @dev How long loosenings wait, in seconds: beside the owner, whom every act of his reads.
    uint32 internal _delay;
    address internal _pendingOwner;
    address internal _guardian;
    address internal _treasury;

    /// @dev All that a payment must know of its session, by the key that signed. Never deleted: a key serves once.
    mapping(address key => SessionWord) internal _sessions;

    /// @dev The key that a session has now; zero = never granted.
    mapping(uint32 session => address key) internal _keys;

    /// @dev How much a scope may pay: its first limit's meter and, for a session, the rest of a payment's questions.
    mapping(Scope scope => AllowanceWord) internal _allowances;

    /// @dev Meters of limits beyond the first, and of removed ones: only time lowers what was counted (I7).
    ///      Keyed by window index * 2^200 + scope.
    mapping(uint256 windowAndScope => Meter) private _meters;

    /// @dev Category of a payee; 0 = not in the book. A word each, so that a payment reads it without masking. Of a purse,
    ///      a PurseEntry: more than any category.
    mapping(address payee => uint256 category) internal _payees;

    mapping(address token => TokenEntry) internal _tokens;

    /// @dev The numbers of the changes that wait.
    WaitingList internal _waiting;

    mapping(uint256 change => Change) internal _changes;

    /// @dev The owner nonce at which something last took effect at once on a subject while changes waited: what waited on it by
    ///      then is dead.
    mapping(Subject subject => uint256 ownerNonce) internal _killed;

    function _isPurse(address account) internal view returns (bool) {
        return _payees[account] > LAST_CATEGORY;
    }

    function _meter(Scope scope, uint256 windowIndex) internal view returns (Meter) {
        return _meters[(windowIndex << 200) | Scope.unwrap(scope)];
    }

    function _setMeter(Scope scope, uint256 windowIndex, Meter meter) internal {
        _meters[(windowIndex << 200) | Scope.unwrap(scope)] = meter;
    }
}
