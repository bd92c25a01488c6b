// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice The owner's way out, in any state of the vault: paused or not, in any epoch, with any books (I10).
contract VaultWithdrawSymbolic is AnyVaultWithToken {
    /// @notice What the vault holds of a token as it should be can always be withdrawn, to the last unit.
    /// @custom:promise I10
    function check_TheOwnerAlwaysExits(uint256 amount) external {
        _exit(amount, 0);
    }

    function checkFail_TheOwnerAlwaysExits(uint256 amount) external {
        _exit(amount, 1);
    }

    function _exit(uint256 amount, uint256 tooMuch) private {
        uint256 held = token.balanceOf(address(vault));
        uint256 had = token.balanceOf(treasury);
        unchecked {
            assume(amount != 0 && held + tooMuch >= amount && held + had >= held && amount != type(uint256).max);
            assert(_withdraw(owner, amount));
            assert(token.balanceOf(address(vault)) == held - amount);
            assert(token.balanceOf(treasury) == had + amount);
        }
    }

    /// @custom:promise I10
    function check_AllThereIsLeavesAtOnce() external {
        _exitWithAll(0);
    }

    function checkFail_AllThereIsLeavesAtOnce() external {
        _exitWithAll(1);
    }

    function _exitWithAll(uint256 less) private {
        uint256 held = token.balanceOf(address(vault));
        assume(held + less != 0);
        assert(_withdraw(owner, type(uint256).max));
        assert(token.balanceOf(address(vault)) == 0);
    }

    /// @notice Nobody but the treasury gains by a withdrawal, and nobody but the vault loses.
    /// @custom:promise I1
    function check_OnlyTheTreasuryGains(uint256 amount, address other) external {
        assume(other != address(vault) && other != treasury);
        _keeps(amount, other);
    }

    function checkFail_OnlyTheTreasuryGains(uint256 amount, address other) external {
        assume(other != address(vault));
        _keeps(amount, other);
    }

    function _keeps(uint256 amount, address other) private {
        uint256 had = token.balanceOf(other);
        _withdraw(owner, amount);
        assert(token.balanceOf(other) == had);
    }

    /// @notice Nobody but the owner withdraws: not the guardian, the treasury, the heir or an agent.
    /// @custom:promise I1
    function check_OnlyTheOwnerWithdraws(address caller, uint256 amount) external {
        assume(caller != owner);
        assert(!_withdraw(caller, amount));
    }

    function checkFail_OnlyTheOwnerWithdraws(address caller, uint256 amount) external {
        assume(caller != guardian);
        assert(!_withdraw(caller, amount));
    }

    function _withdraw(address caller, uint256 amount) private returns (bool) {
        return _call(caller, abi.encodeCall(IVault.withdraw, (address(token), amount)));
    }
}
