// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {FalseToken} from "../../mocks/FalseToken.sol";
import {LyingToken} from "../../mocks/LyingToken.sol";
import {OddAnswerToken} from "../../mocks/OddAnswerToken.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice withdraw.tree. Quoted: I1 (the other way money leaves: to the treasury only), I10 (the vault is never the
///         obstacle).
contract WithdrawTest is VaultTest {
    function test_When_TheVaultHoldsTheAmount() public {
        expectLog();
        emit IVault.Withdrawn(address(token), treasury, 12e6, sequence + 1);
        withdraw(address(token), 12e6);
        assertLogged(1);
        assertEq(token.balanceOf(treasury), 12e6);
        assertEq(token.balanceOf(address(vault)), FUNDS - 12e6);
        withdraw(address(token), FUNDS - 12e6); // exactly all
        assertLogged(1);
        assertEq(token.balanceOf(address(vault)), 0);
    }

    function test_When_AllIsAsked() public {
        expectLog();
        emit IVault.Withdrawn(address(token), treasury, FUNDS, sequence + 1);
        withdraw(address(token), type(uint256).max);
        assertLogged(1);
        assertEq(token.balanceOf(treasury), FUNDS);
    }

    // Rescue of what came by mistake
    function test_When_TheTokenIsNotListed() public {
        PlainToken other = new PlainToken(18);
        other.mint(address(vault), 5);
        withdraw(address(other), type(uint256).max);
        assertLogged(1);
        assertEq(other.balanceOf(treasury), 5);
    }

    // I10
    function test_Given_EverythingStoppedAndSpent() public {
        submit(paymentOf(0, 60e6));
        submit(paymentOf(1, 40e6));
        vm.startPrank(guardian);
        vault.pause();
        vault.revoke(SESSION);
        vault.revokeAll();
        vault.removePayee(payee);
        vm.stopPrank();
        assertLogged(6);
        withdraw(address(token), type(uint256).max);
        assertLogged(1);
        assertEq(token.balanceOf(treasury), FUNDS - 100e6);
        assertLt(vm.lastCallGas().gasTotalUsed, 200_000);
    }

    function test_Given_TheTreasuryChanged() public {
        vm.prank(owner);
        vault.setTreasury(stranger);
        assertLogged(1);
        expectLog();
        emit IVault.Withdrawn(address(token), stranger, 1e6, sequence + 1);
        withdraw(address(token), 1e6);
        assertLogged(1);
        assertEq(token.balanceOf(stranger), 1e6);
        assertEq(token.balanceOf(treasury), 0);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[5] memory callers = [guardian, treasury, agent, payee, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.withdraw(address(token), 1);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheAmountIsZero() public {
        withdrawRefuses(address(token), 0, abi.encodeWithSelector(IVault.ZeroAmount.selector));
    }

    function test_RevertWhen_AllIsAskedOfNothing() public {
        withdraw(address(token), type(uint256).max);
        assertLogged(1);
        withdrawRefuses(address(token), type(uint256).max, abi.encodeWithSelector(IVault.ZeroAmount.selector));
    }

    function test_RevertWhen_TheVaultHoldsLess() public {
        bytes4 short = IVault.VaultShort.selector;
        withdrawRefuses(address(token), FUNDS + 1, abi.encodeWithSelector(short, FUNDS, FUNDS + 1));
        uint256 most = type(uint256).max - 1;
        withdrawRefuses(address(token), most, abi.encodeWithSelector(short, FUNDS, most));
    }

    function test_RevertWhen_TheTokenRefuses() public {
        FalseToken other = new FalseToken();
        other.mint(address(vault), 5);
        other.shun(treasury);
        bytes memory why = abi.encodeWithSelector(IVault.TransferFailed.selector, address(other), treasury, 5);
        withdrawRefuses(address(other), 5, why);
        withdrawRefuses(address(other), type(uint256).max, why);
        // I10: another token's refusal is no obstacle
        withdraw(address(token), 1e6);
        assertLogged(1);
    }

    function test_RevertWhen_ThereIsNoToken() public {
        bytes memory failed = abi.encodeWithSelector(IVault.TransferFailed.selector, stranger, treasury, 1);
        withdrawRefuses(stranger, 1, failed);
        withdrawRefuses(stranger, type(uint256).max, abi.encodeWithSelector(IVault.ZeroAmount.selector));
    }

    // I10: what has left is withdrawn, whatever the token answers; what has not is refused by name
    function test_Given_ATokenThatMovesTheMoneyAndAnswersOddly() public {
        for (uint256 answer = 0; answer < 3; answer += 2) {
            OddAnswerToken odd = new OddAnswerToken(answer);
            odd.mint(address(vault), 100);
            withdraw(address(odd), 60);
            assertLogged(1);
            assertEq(odd.balanceOf(treasury), 60);
            withdrawRefuses(address(odd), 41, abi.encodeWithSelector(IVault.VaultShort.selector, 40, 41));
            withdraw(address(odd), type(uint256).max);
            assertLogged(1);
            assertEq(odd.balanceOf(treasury), 100);
        }
    }

    // I10: a token's word on balances is no obstacle
    function test_Given_ATokenThatLiesAboutBalances() public {
        for (uint256 lie = 0; lie < 3; ++lie) {
            LyingToken other = new LyingToken(lie);
            withdraw(address(other), 5);
            assertLogged(1);
            assertEq(other.moved(), 5);
        }
    }

    function withdraw(address token_, uint256 amount) internal {
        vm.prank(owner);
        vault.withdraw(token_, amount);
    }

    function withdrawRefuses(address token_, uint256 amount, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.withdraw(token_, amount);
        assertUntouched();
    }
}
