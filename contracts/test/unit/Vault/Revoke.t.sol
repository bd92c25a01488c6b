// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice revoke.tree. Quoted: I8 (one transaction, O(1), effective at once, for good; an agent may revoke itself).
contract RevokeTest is VaultTest {
    function test_When_TheOwnerRevokes() public {
        revokes(owner);
    }

    function test_When_TheGuardianRevokes() public {
        revokes(guardian);
    }

    function test_When_TheAgentRevokesItsOwnSession() public {
        revokes(agent);
    }

    function test_Given_SeveralSessions() public {
        vm.prank(owner);
        vault.grant(otherGrant());
        vm.prank(guardian);
        vault.revoke(SESSION);
        IVault.Payment memory payment = defaultPayment();
        payment.session = SESSION + 1;
        submitBy(OTHER_KEY, payment);
        assertLogged(6);
        assertFalse(lens.sessionOf(address(vault), SESSION + 1).revoked);
    }

    function test_Given_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        vm.prank(owner);
        vault.revoke(SESSION);
        vm.prank(agent);
        vault.revoke(SESSION);
        assertLogged(0);
    }

    function test_Given_EverySessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        vm.prank(owner);
        vault.revoke(SESSION);
        assertLogged(0);
        assertEq(lens.sessionOf(address(vault), SESSION).validUntil, VALID_UNTIL);
    }

    // I8: a revoked session never comes back
    function test_Given_TheSessionExpired() public {
        vm.warp(VALID_UNTIL);
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        vault.setValidity(SESSION, VALID_FROM, VALID_UNTIL + 1 days);
        assertUntouched();
    }

    // I4: whoever overtakes the revocation in the mempool takes no more than the cap had left
    function test_Given_PaymentsThatOvertakeTheRevocation() public {
        submit(paymentOf(0, 30e6));
        assertLogged(1);
        uint256 left = leftOf(DAY);
        uint128[4] memory amounts = [uint128(PER_PAYMENT_CAP), PER_PAYMENT_CAP, 10e6, 1];
        for (uint32 i = 0; i < 4; ++i) {
            IVault.Payment memory payment = paymentOf(1 + i, amounts[i]);
            bytes memory signature = sign(payment);
            vm.prank(agent);
            (bool ok,) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
            assertEq(ok, i == 0 || i == 2, "what fits is paid");
        }
        vm.prank(guardian);
        vault.revoke(SESSION); // in the same second
        assertLogged(3);
        assertEq(token.balanceOf(payee), 30e6 + left);
        assertEq(token.balanceOf(address(vault)), FUNDS - 30e6 - left);
        refuses(paymentOf(5, 1), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        vm.warp(START + 2 * DAY);
        refuses(paymentOf(5, 1), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    // I8: O(1)
    function test_Given_ThousandsOfSessions() public {
        uint256 snapshot = vm.snapshotState();
        uint256 few = gasOfRevocation();
        assertTrue(vm.revertToState(snapshot));
        IVault.Grant memory many = otherGrant();
        vm.startPrank(owner);
        for (uint32 i = 0; i < 2_000; ++i) {
            (many.session, many.key) = (1_000 + i, address(uint160(0x10000 + i)));
            vault.grant(many);
        }
        vm.stopPrank();
        assertEq(gasOfRevocation(), few);
        assertLt(few, 100_000);
    }

    function test_RevertWhen_AStrangerCalls() public {
        revokeRefuses(stranger, SESSION, abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, stranger));
        revokeRefuses(payee, SESSION, abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, payee));
    }

    function test_RevertWhen_TheAgentOfAnotherSessionCalls() public {
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(4);
        bytes memory why = abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, otherAgent);
        revokeRefuses(otherAgent, SESSION, why);
    }

    function test_RevertWhen_ARotatedKeyCalls() public {
        vm.prank(owner);
        vault.rotateKey(SESSION, otherAgent);
        assertLogged(1);
        revokeRefuses(agent, SESSION, abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, agent));
        vm.prank(otherAgent);
        vault.revoke(SESSION);
        assertLogged(1);
        assertTrue(lens.sessionOf(address(vault), SESSION).revoked);
    }

    function test_RevertWhen_NobodyCallsForAnUnknownSession() public {
        revokeRefuses(address(0), 8, abi.encodeWithSelector(IVault.SessionUnknown.selector, 8)); // has no key but zero
        revokeRefuses(stranger, 8, abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, stranger));
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        revokeRefuses(owner, 8, abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        revokeRefuses(guardian, 0, abi.encodeWithSelector(IVault.SessionUnknown.selector, 0));
    }

    function revokes(address by) internal {
        submit(paymentOf(0, 1e6));
        assertLogged(1);
        expectLog();
        emit IVault.Revoked(SESSION, by, sequence + 1);
        vm.prank(by);
        vault.revoke(SESSION);
        assertLogged(1);
        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION);
        assertTrue(view_.revoked);
        assertEq(view_.validUntil, 0);
        assertEq(view_.key, agent);
        assertEq(vault.sessionOfKey(agent), SESSION);
        refuses(paymentOf(1, 1e6), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function revokeRefuses(address by, uint32 session, bytes memory why) internal {
        vm.prank(by);
        vm.expectRevert(why);
        vault.revoke(session);
        assertUntouched();
    }

    function gasOfRevocation() internal returns (uint256) {
        vm.cool(address(vault));
        vm.prank(guardian);
        vault.revoke(SESSION);
        return vm.lastCallGas().gasTotalUsed;
    }
}
