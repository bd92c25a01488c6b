// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {OwnerSignature} from "../libraries/OwnerSignature.sol";
import {GUARDIAN, Subject} from "../libraries/Subject.sol";
import {VaultWord, VaultWordLib} from "../libraries/VaultWord.sol";
import {Judge} from "./Judge.sol";
import {TypedData} from "./TypedData.sol";

/// @title  The owner's verbs: by transaction, by signature, on condition, or after a wait (I9)
/// @notice Whichever way a verb comes, it comes as its calldata, and one table leads to the one function that it is.
///         The vault never calls itself for it (I1).
abstract contract Acts is Judge, TypedData {
    bytes32 private constant ACT_TYPEHASH = keccak256("Act(bytes call,uint32 nonce,uint32 deadline)");

    /// @inheritdoc IVault
    function grant(Grant calldata) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function rotateKey(uint32, address) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setValidity(uint32, uint32, uint32) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setCategories(uint32, uint64) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setPerPaymentCap(uint32, address, uint128) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setLimit(uint32, uint8, address, uint32, uint128) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function removeLimit(uint32, uint8, address, uint32) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setPurseTarget(uint32, uint8, address, uint128) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setPayees(PayeeEntry[] calldata) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function unpause() external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function transferOwnership(address) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setGuardian(address) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setTreasury(address) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function setDelay(uint32) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function replace(uint256, bytes calldata) external {
        _perform(_byOwner());
    }

    /// @inheritdoc IVault
    function lodge(bytes calldata call, uint32 nonce, uint32 deadline, bytes calldata signature) external {
        // Check
        if (block.timestamp >= deadline) revert ActExpired(deadline, block.timestamp);
        uint32 current = _vault.ownerNonce();
        if (nonce != current) revert OwnerNonceWrong(nonce, current);
        if (nonce == VaultWordLib.NONCE_END) revert OwnerNonceSpent();
        bytes32 digest = _digestOf(keccak256(abi.encode(ACT_TYPEHASH, keccak256(call), nonce, deadline)));
        Act memory act = _actOf(call);
        bytes4 verb = _verbOf(call);
        bool stops = _isStop(verb);
        act.by = _owner;
        if (!OwnerSignature.isValid(act.by, digest, signature)) {
            act.by = _guardian;
            if (!stops || !OwnerSignature.isValid(act.by, digest, signature)) revert ActNotSigned();
        }
        // Effect
        if (stops) return _stop(act.by, verb, call[4:]);
        if (verb == IVault.replace.selector) (, verb) = _readCondition(act, call);
        if (!_isSignable(verb)) revert VerbNotAllowed(verb);
        _perform(act);
    }

    /// @inheritdoc IVault
    function execute(uint32 number, bytes calldata call) external {
        (uint32 from, Subject subject) = _timeAndSubject(number);
        bytes32 callHash = _changes[number].callHash;
        VaultWord vault = _takeOff(number);
        // Check
        if (keccak256(call) != callHash) revert ChangeDiffers(number);
        if (block.timestamp < from) revert ChangeNotYetExecutable(number, from);
        uint32 until = _executableUntil(from);
        if (block.timestamp >= until) revert ChangeExpired(number, until);
        if (_isKilled(number, subject)) revert ChangeKilled(number);
        // Effect
        _log(vault, 2, abi.encode(HASH, ChangeExecuted.selector, number, SEQUENCE));
        Act memory act = _actOf(call);
        (act.by, act.change) = (_owner, number);
        _perform(act);
    }

    /// @inheritdoc IVault
    function cancel(uint32 change) external {
        _cancel(_byStopper(), change);
    }

    /// @dev Money leaves: in Vault.sol, beside the other way.
    function _withdraw(address token, uint256 amount) internal virtual;

    function _cancel(address by, uint32 number) private {
        (, Subject subject) = _timeAndSubject(number);
        if (by != _owner && Subject.unwrap(subject) == Subject.unwrap(GUARDIAN)) revert GuardianCannotCancel(number);
        _log(_takeOff(number), 3, abi.encode(HASH, ChangeCancelled.selector, number, by, SEQUENCE));
    }

    function _isStop(bytes4 verb) private pure returns (bool) {
        return verb == IVault.pause.selector || verb == IVault.revoke.selector || verb == IVault.revokeAll.selector
            || verb == IVault.removePayee.selector || verb == IVault.cancel.selector;
    }

    /// @dev What an owner may sign. The rest changes who rules the vault, or can wait for a transaction.
    function _isSignable(bytes4 verb) private pure returns (bool) {
        return verb == IVault.grant.selector || verb == IVault.setLimit.selector || verb == IVault.setPayees.selector
            || verb == IVault.rotateKey.selector || verb == IVault.withdraw.selector;
    }

    /// @dev The table of the verbs that stop.
    function _stop(address by, bytes4 verb, bytes calldata arguments) private {
        if (verb == IVault.pause.selector) _pause(by);
        else if (verb == IVault.revokeAll.selector) _revokeAll(by);
        else if (verb == IVault.removePayee.selector) _removePayee(by, abi.decode(arguments, (address)));
        else if (verb == IVault.revoke.selector) _revoke(by, abi.decode(arguments, (uint32)));
        else _cancel(by, abi.decode(arguments, (uint32)));
    }

    /// @dev The table of the owner's verbs.
    function _perform(Act memory act) private {
        bytes calldata call = _callOf(act);
        bytes4 verb = _verbOf(call);
        if (verb == IVault.replace.selector) (call, verb) = _readCondition(act, call);
        bytes calldata arguments = call[4:];
        // Verbs that replace a value, and compare it with what is expected
        if (verb == IVault.setLimit.selector) {
            (uint32 session, uint8 category, address token, uint32 window, uint128 cap) =
                abi.decode(arguments, (uint32, uint8, address, uint32, uint128));
            _setLimit(act, session, category, token, window, cap);
        } else if (verb == IVault.setPayees.selector) {
            _setPayees(act, abi.decode(arguments, (PayeeEntry[])));
        } else if (verb == IVault.rotateKey.selector) {
            (uint32 session, address newKey) = abi.decode(arguments, (uint32, address));
            _rotateKey(act, session, newKey);
        } else if (verb == IVault.setValidity.selector) {
            (uint32 session, uint32 from, uint32 until) = abi.decode(arguments, (uint32, uint32, uint32));
            _setValidity(act, session, from, until);
        } else if (verb == IVault.setCategories.selector) {
            (uint32 session, uint64 categories) = abi.decode(arguments, (uint32, uint64));
            _setCategories(act, session, categories);
        } else if (verb == IVault.setPerPaymentCap.selector) {
            (uint32 session, address token, uint128 cap) = abi.decode(arguments, (uint32, address, uint128));
            _setPerPaymentCap(act, session, token, cap);
        } else if (verb == IVault.removeLimit.selector) {
            (uint32 session, uint8 category, address token, uint32 window) =
                abi.decode(arguments, (uint32, uint8, address, uint32));
            _removeLimit(act, session, category, token, window);
        } else if (verb == IVault.setPurseTarget.selector) {
            (uint32 session, uint8 category, address token, uint128 target) =
                abi.decode(arguments, (uint32, uint8, address, uint128));
            _setPurseTarget(act, session, category, token, target);
        } else if (verb == IVault.setGuardian.selector) {
            _setGuardian(act, abi.decode(arguments, (address)));
        } else if (verb == IVault.setTreasury.selector) {
            _setTreasury(act, abi.decode(arguments, (address)));
        } else if (verb == IVault.transferOwnership.selector) {
            _transferOwnership(act, abi.decode(arguments, (address)));
        } else if (verb == IVault.setDelay.selector) {
            _setDelay(act, abi.decode(arguments, (uint32)));
            // Verbs that replace none
        } else if (verb == IVault.grant.selector && !act.conditional) {
            _grant(act, abi.decode(arguments, (Grant)));
        } else if (verb == IVault.unpause.selector && !act.conditional) {
            _unpause(act);
        } else if (verb == IVault.withdraw.selector && !act.conditional) {
            (address token, uint256 amount) = abi.decode(arguments, (address, uint256));
            _withdraw(token, amount);
        } else {
            revert VerbNotAllowed(verb);
        }
    }

    /// @dev Reads a `replace`: the act is the call that stands under it, on condition.
    function _readCondition(Act memory act, bytes calldata call)
        private
        pure
        returns (bytes calldata inner, bytes4 verb)
    {
        // Behind the selector: expected, 0x40, length, inner
        uint256 length = call.length < 0x64 ? 0 : uint256(bytes32(call[0x44:]));
        if (length < 4 || length > call.length - 0x64 || uint256(bytes32(call[0x24:])) != 0x40) {
            revert CallMalformed(IVault.replace.selector);
        }
        (act.conditional, act.expected) = (true, uint256(bytes32(call[0x04:])));
        inner = call[0x64:0x64 + length];
        // forge-lint: disable-next-line(unsafe-typecast) -- the first four bytes are what is wanted
        verb = bytes4(inner);
    }

    /// @dev An act by this call, which stands in the transaction's calldata.
    function _actOf(bytes calldata call) private pure returns (Act memory act) {
        uint256 start;
        assembly ("memory-safe") {
            start := call.offset
        }
        (act.callStart, act.callLength) = (start, call.length);
    }

    function _verbOf(bytes calldata call) private pure returns (bytes4) {
        if (call.length < 4) revert CallMalformed(bytes4(0));
        // forge-lint: disable-next-line(unsafe-typecast) -- the first four bytes are what is wanted
        return bytes4(call);
    }
}
