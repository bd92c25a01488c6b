// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {EVERYTHING, GUARDIAN, Subject} from "../libraries/Subject.sol";
import {VaultWord, VaultWordLib} from "../libraries/VaultWord.sol";
import {WaitingList, WaitingListLib} from "../libraries/WaitingList.sol";
import {Trail} from "./Trail.sol";

/// @title  Tightening is instant, loosening waits (I9)
/// @notice A verb asks `_mustWait` before it takes effect. If its change loosens and a delay is set, the call itself is
///         put by; `execute` performs it later. What takes effect at once kills what waits on its subject.
abstract contract Waiting is IVault, Trail {
    /// @dev How long a change can be executed once it may be.
    uint32 internal constant EXECUTION_WINDOW = 7 days;

    /// @dev An act of the owner on its way to its verb.
    struct Act {
        address by;
        bool conditional; // only if the value to be replaced is `expected`
        uint256 expected;
        uint32 change; // the number of the waiting change that is being executed; 0 = none
        Subject subject; // what it is about, and
        bool loosens; // whether it loosens anything: its verb says so
        bool waits; // it has been put by
        uint256 callStart; // where in this transaction's calldata the whole call stands, and
        uint256 callLength; // how long it is
    }

    /// @inheritdoc IVault
    function delay() external view returns (uint32) {
        return _delay;
    }

    /// @inheritdoc IVault
    function ownerNonce() external view returns (uint32) {
        return _vault.ownerNonce();
    }

    /// @dev Whether the act must wait: then it has been put by, and the verb has only to check. An act that takes effect
    ///      at once kills what waits on its subject, so that nothing older undoes it later.
    function _mustWait(Act memory act) internal returns (bool) {
        if (act.change != 0) return false;
        if (act.loosens && _delay != 0) {
            _putBy(act);
            act.waits = true;
        } else {
            _kill(_vault, act.subject);
        }
        return act.waits;
    }

    /// @dev What waits on the subject can never be executed. Nothing to write where nothing waits.
    function _kill(VaultWord vault, Subject subject) internal {
        if (vault.waiting()) _killed[subject] = vault.ownerNonce();
    }

    /// @dev Whether a change was put by since the subject was last killed: it may be about that subject, so a stop of what
    ///      is stopped has something to do. Else it has not: no guardian can use up owner nonces or epochs.
    function _newlyWaits(VaultWord vault, Subject subject) internal view returns (bool) {
        return vault.waiting() && _waiting.numberAt(0) > _killed[subject];
    }

    /// @dev Revoke-all kills every change but that of the guardian, who could else keep himself in office by it.
    function _isKilled(uint256 change, Subject subject) internal view returns (bool) {
        if (change <= _killed[subject]) return true;
        return Subject.unwrap(subject) != Subject.unwrap(GUARDIAN) && change <= _killed[EVERYTHING];
    }

    /// @dev Refuses a conditional act if the value it replaces is not the one that it names.
    function _expect(Act memory act, uint256 actual) internal pure {
        if (act.conditional && act.expected != actual) revert StaleChange(act.expected, actual);
    }

    function _timeAndSubject(uint32 change) internal view returns (uint32 executableFrom, Subject subject) {
        uint256 word = _changes[change].subjectAndTime;
        // Both are cut out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint32(word), Subject.wrap(uint168(word >> 32)));
    }

    /// @dev Starts over where 32-bit time ends: then the change is past its time.
    function _executableUntil(uint32 executableFrom) internal pure returns (uint32) {
        unchecked {
            return executableFrom + EXECUTION_WINDOW;
        }
    }

    /// @dev Takes a change off the list of those that wait.
    /// @return vault the vault's word, to be stored
    function _takeOff(uint32 number) internal returns (VaultWord vault) {
        (WaitingList rest, bool found) = _waiting.without(number);
        if (!found) revert ChangeUnknown(number);
        _waiting = rest;
        delete _changes[number];
        vault = _vault.withWaiting(!rest.isEmpty());
    }

    function _putBy(Act memory act) private {
        VaultWord vault = _vault;
        WaitingList list = _waiting;
        uint32 number = vault.ownerNonce();
        if (number == VaultWordLib.NONCE_END) revert OwnerNonceSpent();
        if (list.isFull()) revert TooManyWaiting(WaitingListLib.MAX);
        bytes calldata call = _callOf(act);
        bytes32 callHash = keccak256(call);
        uint256 executableFrom;
        unchecked {
            ++number;
            executableFrom = block.timestamp + _delay;
            if (executableFrom > type(uint32).max) executableFrom = type(uint32).max; // where time ends: never
        }
        _waiting = list.with(number);
        _changes[number] = Change((uint256(Subject.unwrap(act.subject)) << 32) | executableFrom, callHash);
        emit ChangeCall(number, call);
        _log(
            vault.withWaiting(true),
            2,
            abi.encode(HASH, ChangeWaiting.selector, number, callHash, executableFrom, SEQUENCE)
        );
    }

    /// @dev The whole call, a `replace` with what stands under it.
    function _callOf(Act memory act) internal pure returns (bytes calldata call) {
        (uint256 start, uint256 length) = (act.callStart, act.callLength);
        assembly ("memory-safe") {
            call.offset := start
            call.length := length
        }
    }
}
