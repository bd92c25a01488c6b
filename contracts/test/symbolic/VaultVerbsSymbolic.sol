// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Every verb but payments, sent by anybody with any arguments, in any state of the vault. (VaultActsSymbolic:
///         signed, on condition, or executed after a wait.)
/// @dev    Lists have at most one entry: with two, there are more paths than halmos gets through.
/// @custom:halmos --loop 12 --default-array-lengths 0,1 --default-bytes-lengths 65
contract VaultVerbsSymbolic is AnyVaultWithToken {
    // ------------------------------------------------------------------------------------------- who may do what

    /// @notice Strangers are refused, and so is an agent but for revoking its own session.
    /// @custom:promise I8 I9
    function check_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        bytes memory input = _anyVerb();
        bool own = bytes4(input) == IVault.revoke.selector && _keyOf(uint32(_word(input, 0))) == caller;
        assert(!_call(caller, input) || own);
    }

    function checkFail_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        assert(!_call(caller, _anyVerb())); // an agent may revoke its own session
    }

    /// @notice The guardian stops things, and does nothing else.
    /// @custom:promise I8
    function check_TheGuardianOnlyStops() external {
        assume(guardian != owner && guardian != _pendingOwner());
        bytes memory input = _anyVerb();
        assert(!_call(guardian, input) || _stops(bytes4(input)));
    }

    function checkFail_TheGuardianOnlyStops() external {
        assume(guardian != owner);
        bytes memory input = _anyVerb();
        assert(!_call(guardian, input) || _stops(bytes4(input))); // unless named as the next owner
    }

    /// @notice Guardian and treasury are changed by the owner alone; the owner by whom the owner named, accepting.
    /// @custom:promise I9
    function check_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        address heir = _pendingOwner();
        assume(_call(caller, _anyVerb()));
        assert(vault.guardian() == guardian && vault.treasury() == treasury);
        assert(
            vault.owner() == owner || (caller == heir && vault.owner() == heir && vault.pendingOwner() == address(0))
        );
    }

    function checkFail_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        assume(_call(caller, _anyVerb()));
        assert(vault.owner() == owner);
    }

    /// @notice Even the owner's word alone makes nobody owner: the heir must accept.
    /// @custom:promise I9
    function check_OwnershipIsTakenNotGiven() external {
        assume(owner != _pendingOwner());
        assume(_call(owner, _anyVerb()));
        assert(vault.owner() == owner);
    }

    function checkFail_OwnershipIsTakenNotGiven() external {
        address heir = _pendingOwner();
        assume(_call(owner, _anyVerb())); // the owner may be the heir, too
        assert(vault.pendingOwner() == heir && vault.treasury() == treasury);
    }

    // --------------------------------------------------------------------------------------------- I1: the money

    /// @notice No verb but `withdraw` moves money, whoever calls it.
    /// @custom:promise I1
    function check_OnlyAWithdrawalMovesMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        bytes memory input = _anyVerb();
        assume(bytes4(input) != IVault.withdraw.selector);
        _call(caller, input);
        assert(token.balanceOf(account) == had);
    }

    function checkFail_OnlyAWithdrawalMovesMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        _call(caller, _anyVerb());
        assert(token.balanceOf(account) == had);
    }

    // --------------------------------------------------------------------------------------------- I15: the purses

    /// @notice What is a purse stays one, of the same session, token and category. (Opening it again and its target are
    ///         for `Purses` to judge: unit tests.)
    /// @custom:promise I15
    function check_APurseStaysAPurse(address caller, address account) external {
        uint256 entry = _category(account);
        assume(entry > LAST_CATEGORY);
        _call(caller, _anyVerb());
        assert(_category(account) == entry);
    }

    function checkFail_APurseStaysAPurse(address caller, address account) external {
        uint256 entry = _category(account);
        _call(caller, _anyVerb()); // a payee may be removed
        assert(_category(account) == entry);
    }
}
