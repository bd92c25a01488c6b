// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {DELAY, EVERYTHING, GUARDIAN, OWNERSHIP, TREASURY} from "../libraries/Subject.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {Waiting} from "./Waiting.sol";

/// @title Who may do what: owner, guardian, treasury; and how long loosenings wait
abstract contract Roles is Waiting {
    uint32 private constant LONGEST_DELAY = 30 days;

    constructor(address firstOwner, address firstTreasury, address firstGuardian) {
        if (firstOwner == address(0) || firstTreasury == address(0)) revert ZeroAddress();
        _becomeOwner(firstOwner);
        _becomeTreasury(firstTreasury);
        _becomeGuardian(firstGuardian);
    }

    /// @inheritdoc IVault
    function acceptOwnership() external {
        if (msg.sender != _pendingOwner) revert NotPendingOwner(msg.sender);
        _refuseSessionKey(msg.sender); // it may have been granted a session since it was named
        delete _pendingOwner;
        // Nothing that the last owner wanted
        VaultWord vault = _vault;
        _kill(vault, EVERYTHING);
        _kill(vault, GUARDIAN);
        _becomeOwner(msg.sender);
    }

    /// @inheritdoc IVault
    function owner() external view returns (address) {
        return _owner;
    }

    /// @inheritdoc IVault
    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    /// @inheritdoc IVault
    function guardian() external view returns (address) {
        return _guardian;
    }

    /// @inheritdoc IVault
    function treasury() external view returns (address) {
        return _treasury;
    }

    /// @dev An act by transaction, if the sender is the owner.
    function _byOwner() internal view returns (Act memory act) {
        if (msg.sender != _owner) revert NotOwner(msg.sender);
        (act.by, act.callLength) = (msg.sender, msg.data.length);
    }

    /// @dev A stop by transaction: whose it is, if the sender is owner or guardian.
    function _byStopper() internal view returns (address) {
        if (msg.sender != _owner && msg.sender != _guardian) revert NotOwnerOrGuardian(msg.sender);
        return msg.sender;
    }

    function _transferOwnership(Act memory act, address newOwner) internal {
        _expect(act, uint160(_pendingOwner));
        _refuseSessionKey(newOwner);
        (act.subject, act.loosens) = (OWNERSHIP, newOwner != address(0));
        if (_mustWait(act)) return;
        _pendingOwner = newOwner;
        _log(_vault, 3, abi.encode(HASH, OwnershipTransferStarted.selector, _owner, newOwner, SEQUENCE));
    }

    function _setGuardian(Act memory act, address newGuardian) internal {
        _expect(act, uint160(_guardian));
        _refuseSessionKey(newGuardian);
        (act.subject, act.loosens) = (GUARDIAN, newGuardian != _guardian);
        if (_mustWait(act)) return;
        _becomeGuardian(newGuardian);
    }

    function _setTreasury(Act memory act, address newTreasury) internal {
        if (newTreasury == address(0)) revert ZeroAddress();
        _expect(act, uint160(_treasury));
        _refuseSessionKey(newTreasury);
        _refuseAsTreasury(newTreasury);
        (act.subject, act.loosens) = (TREASURY, newTreasury != _treasury);
        if (_mustWait(act)) return;
        _becomeTreasury(newTreasury);
    }

    function _setDelay(Act memory act, uint32 newDelay) internal {
        if (newDelay > LONGEST_DELAY) revert DelayTooLong(newDelay, LONGEST_DELAY);
        _expect(act, _delay);
        (act.subject, act.loosens) = (DELAY, newDelay < _delay);
        if (_mustWait(act)) return;
        _delay = newDelay;
        _log(_vault, 2, abi.encode(HASH, DelaySet.selector, newDelay, SEQUENCE));
    }

    function _becomeOwner(address account) private {
        address previous = _owner;
        _owner = account;
        _log(_vault, 3, abi.encode(HASH, OwnershipTransferred.selector, previous, account, SEQUENCE));
    }

    function _becomeTreasury(address account) private {
        _refuseAsTreasury(account);
        _treasury = account;
        _log(_vault, 2, abi.encode(HASH, TreasurySet.selector, account, SEQUENCE));
    }

    function _becomeGuardian(address account) private {
        _guardian = account;
        _log(_vault, 2, abi.encode(HASH, GuardianSet.selector, account, SEQUENCE));
    }

    /// @dev A withdrawal must leave the vault, not end in the token's own contract, nor in a purse past every limit.
    function _refuseAsTreasury(address account) private view {
        if (account == address(this) || _tokens[account].listed || _isPurse(account)) revert RoleConflict(account);
    }

    /// @dev A session key, once, is never owner, guardian or treasury (I8).
    function _refuseSessionKey(address account) private view {
        if (_sessions[account].session() != 0) revert RoleConflict(account);
    }
}
