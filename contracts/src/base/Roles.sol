// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {Trail} from "./Trail.sol";

/// @title Who may do what: owner, guardian, treasury
abstract contract Roles is IVault, Trail {
    modifier onlyOwner() {
        if (msg.sender != _owner) revert NotOwner(msg.sender);
        _;
    }

    modifier onlyOwnerOrGuardian() {
        if (msg.sender != _owner && msg.sender != _guardian) revert NotOwnerOrGuardian(msg.sender);
        _;
    }

    constructor(address firstOwner, address firstTreasury, address firstGuardian) {
        if (firstOwner == address(0) || firstTreasury == address(0)) revert ZeroAddress();
        _becomeOwner(firstOwner);
        _becomeTreasury(firstTreasury);
        _becomeGuardian(firstGuardian);
    }

    /// @inheritdoc IVault
    function transferOwnership(address newOwner) external onlyOwner {
        _refuseSessionKey(newOwner);
        _pendingOwner = newOwner;
        _log(_vault, 3, abi.encode(HASH, OwnershipTransferStarted.selector, _owner, newOwner, SEQUENCE));
    }

    /// @inheritdoc IVault
    function acceptOwnership() external {
        if (msg.sender != _pendingOwner) revert NotPendingOwner(msg.sender);
        _refuseSessionKey(msg.sender); // it may have been granted a session since it was named
        delete _pendingOwner;
        _becomeOwner(msg.sender);
    }

    /// @inheritdoc IVault
    function setGuardian(address newGuardian) external onlyOwner {
        _refuseSessionKey(newGuardian);
        _becomeGuardian(newGuardian);
    }

    /// @inheritdoc IVault
    function setTreasury(address newTreasury) external onlyOwner {
        if (newTreasury == address(0)) revert ZeroAddress();
        _refuseSessionKey(newTreasury);
        _becomeTreasury(newTreasury);
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

    function _becomeOwner(address account) private {
        address previous = _owner;
        _owner = account;
        _log(_vault, 3, abi.encode(HASH, OwnershipTransferred.selector, previous, account, SEQUENCE));
    }

    function _becomeTreasury(address account) private {
        // A withdrawal must leave the vault, and not end in the token's own contract
        if (account == address(this) || _tokens[account].listed) revert RoleConflict(account);
        _treasury = account;
        _log(_vault, 2, abi.encode(HASH, TreasurySet.selector, account, SEQUENCE));
    }

    function _becomeGuardian(address account) private {
        _guardian = account;
        _log(_vault, 2, abi.encode(HASH, GuardianSet.selector, account, SEQUENCE));
    }

    /// @dev A session key, once, is never owner, guardian or treasury (I8).
    function _refuseSessionKey(address account) private view {
        if (_sessions[account].session() != 0) revert RoleConflict(account);
    }
}
