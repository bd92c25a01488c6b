// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {IUsdc, Usdc} from "../../base/Usdc.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice refill.tree. Quoted: I4 (with purses), I5, I6, I16.
contract RefillTest is PurseTest {
    IPurse internal purse;

    function setUp() public override {
        super.setUp();
        purse = openPurse();
    }

    // I16
    function test_When_ThePurseIsEmpty() public {
        IVault.Payment memory payment = refillOf(purse, 0, uint128(TARGET));
        vault.check(payment, false);
        bytes memory signature = signBy(OTHER_KEY, payment);
        expectLog();
        emit IVault.Paid(
            PAYER, address(purse), payment.ref, address(usdc), uint128(TARGET), 0, address(0), DATA, 0, sequence + 1
        );
        submitSigned(payment, signature);
        assertLogged(1);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
        IVaultLens.LimitView[] memory limits = limitsOf(PAYER, 0, address(usdc));
        assertEq(limits[0].used, TARGET);
        assertEq(limits[1].used, TARGET);
        assertEq(lens.purseOf(address(vault), PAYER, address(usdc), DATA).balance, TARGET);
    }

    // I5: what goes to the purse stays the owner's
    function test_When_ItIsAboveThePerPaymentCap() public {
        vm.prank(owner);
        vault.setPerPaymentCap(PAYER, address(usdc), 1e6);
        assertLogged(1);
        vault.check(refillOf(purse, 0, uint128(TARGET)), false);
        refill(purse, 0, TARGET);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }

    function test_When_AFeeComesWithIt() public {
        IVault.Payment memory payment = refillOf(purse, 0, uint128(TARGET));
        (payment.fee, payment.feeRecipient) = (0.1e6, relayer);
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
        assertEq(usdc.balanceOf(relayer), 0.1e6);
        assertEq(limitsOf(PAYER, 0, address(usdc))[0].used, TARGET + 0.1e6);
    }

    function test_When_ItComesWithOthersInABatch() public {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](2);
        for (uint32 i = 0; i < 2; ++i) {
            IVault.Payment memory payment = refillOf(purse, i, uint128(TARGET));
            items[i] = IVault.BatchItem(payment, signBy(OTHER_KEY, payment), "");
        }
        expectLog();
        emit IVault.PaymentFailed(
            PAYER,
            address(purse),
            items[1].payment.ref,
            1,
            abi.encodeWithSelector(IVault.PurseNotLow.selector, purse, TARGET, TARGET)
        );
        vm.prank(stranger);
        vault.payBatch(items);
        assertLogged(1);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }

    // I4
    function test_Given_LimitsOfVaultAndCategory() public {
        vm.startPrank(owner);
        vault.setLimit(0, 0, address(usdc), LIFETIME, 80e6);
        vault.setLimit(PAYER, DATA, address(usdc), WEEK, 40e6);
        vm.stopPrank();
        assertLogged(2);
        payerRefused(
            refillOf(purse, 0, 4e6 + 1), abi.encodeWithSelector(IVault.PurseOverfilled.selector, purse, 0, 4e6 + 1, 4e6)
        );
        refill(purse, 0, 4e6);
        assertEq(limitsOf(0, 0, address(usdc))[0].used, 4e6);
        assertEq(limitsOf(PAYER, DATA, address(usdc))[0].used, 4e6);
    }

    function test_RevertGiven_TheLimitSpent() public {
        for (uint32 i = 0; i < 2; ++i) {
            IVault.Payment memory payment = paymentOf(i, 50e6 - i);
            (payment.session, payment.token) = (PAYER, address(usdc));
            submitBy(OTHER_KEY, payment);
        }
        assertLogged(2);
        bytes memory why = abi.encodeWithSelector(IVault.LimitExceeded.selector, PAYER, 0, address(usdc), DAY, 2, 1);
        payerRefused(refillOf(purse, 2, 2), why);
        refill(purse, 2, 1);
    }

    function test_RevertWhen_ThePurseHoldsHalfOfItsTarget() public {
        usdc.mint(address(purse), TARGET / 2);
        payerRefused(
            refillOf(purse, 0, 1), abi.encodeWithSelector(IVault.PurseNotLow.selector, purse, TARGET / 2, TARGET)
        );
        // with a unit less, it may
        Authorization memory it = authorizationOf(purse);
        it.value = 1;
        settle(it);
        refill(purse, 0, TARGET / 2 + 1);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }

    function test_RevertWhen_ItWouldExceedTheTarget() public {
        payerRefused(
            refillOf(purse, 0, uint128(TARGET) + 1),
            abi.encodeWithSelector(IVault.PurseOverfilled.selector, purse, 0, TARGET + 1, TARGET)
        );
    }

    // Whoever gives to spite the agent pays for it, and the agent asks for less
    function test_RevertGiven_ADonation() public {
        usdc.mint(address(purse), 1);
        payerRefused(
            refillOf(purse, 0, uint128(TARGET)),
            abi.encodeWithSelector(IVault.PurseOverfilled.selector, purse, 1, TARGET, TARGET)
        );
        refill(purse, 0, TARGET - 1);
    }

    function test_RevertGiven_TheTargetLoweredToNothing() public {
        vm.prank(owner);
        vault.setPurseTarget(PAYER, DATA, address(usdc), 0);
        assertLogged(1);
        payerRefused(refillOf(purse, 0, 1), abi.encodeWithSelector(IVault.PurseNotLow.selector, purse, 0, 0));
    }

    function test_RevertGiven_ALimitTightenedMeanwhile() public {
        vm.startPrank(owner);
        vault.setPurseTarget(PAYER, DATA, address(usdc), 25e6);
        vault.setLimit(PAYER, 0, address(usdc), WEEK, 40e6);
        vm.stopPrank();
        assertLogged(2);
        payerRefused(
            refillOf(purse, 0, 10e6 + 1),
            abi.encodeWithSelector(IVault.PurseOverfilled.selector, purse, 0, 10e6 + 1, 10e6)
        );
        refill(purse, 0, 10e6);
    }

    // I16: no refill by a stranger, not even by another agent of the vault
    function test_RevertWhen_ThePurseIsAnotherSessions() public {
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(usdc), DAY, DAY_CAP);
        assertLogged(1);
        IVault.Payment memory payment = refillOf(purse, 0, 1e6);
        payment.session = SESSION;
        refuses(payment, abi.encodeWithSelector(IVault.PurseOfAnother.selector, purse, PAYER, address(usdc)));
    }

    function test_RevertWhen_ThePurseIsOfAnotherToken() public {
        vm.startPrank(owner);
        vault.setPerPaymentCap(PAYER, address(token), PER_PAYMENT_CAP);
        vault.setLimit(PAYER, 0, address(token), DAY, DAY_CAP);
        vm.stopPrank();
        assertLogged(2);
        IVault.Payment memory payment = refillOf(purse, 0, 1e6);
        payment.token = address(token);
        payerRefused(payment, abi.encodeWithSelector(IVault.PurseOfAnother.selector, purse, PAYER, address(usdc)));
    }

    function test_RevertWhen_ThePurseIsTheFeeRecipient() public {
        bytes memory why = abi.encodeWithSelector(IVault.RoleConflict.selector, purse);
        IVault.Payment memory payment = paymentOf(0, 1e6);
        (payment.session, payment.token) = (PAYER, address(usdc));
        (payment.fee, payment.feeRecipient) = (1, address(purse));
        payerRefused(payment, why);
        payment.payee = address(purse);
        payerRefused(payment, why);
    }

    function test_RevertWhen_TheFeeExceedsThePerPaymentCap() public {
        vm.prank(owner);
        vault.setPerPaymentCap(PAYER, address(usdc), 1e6);
        assertLogged(1);
        IVault.Payment memory payment = refillOf(purse, 0, 1);
        (payment.fee, payment.feeRecipient) = (1e6 + 1, relayer);
        payerRefused(payment, abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 1e6 + 1, 1e6));
        payment.fee = 1e6;
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
    }

    function test_RevertWhen_TheFeeExceedsACapOfMoreThan64Bits() public {
        (IUsdc coarse, uint128 cap) = (Usdc.deploy(), 2 ** 66);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 40);
        vault.setLimit(PAYER, 0, address(coarse), DAY, 8 * cap);
        vault.setPerPaymentCap(PAYER, address(coarse), cap);
        vm.stopPrank();
        vm.prank(stranger);
        purse = IPurse(vault.openPurse(PAYER, address(coarse), DATA));
        assertLogged(4);
        IVault.Payment memory payment = refillOf(purse, 0, 1);
        (payment.token, payment.fee, payment.feeRecipient) = (address(coarse), cap + 1, relayer);
        payerRefused(payment, abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, cap + 1, cap));
    }

    function test_RevertWhen_AnApprovalComesWithIt() public {
        vm.prank(owner);
        vault.setPerPaymentCap(PAYER, address(usdc), 1e6);
        assertLogged(1);
        IVault.Payment memory payment = refillOf(purse, 0, uint128(TARGET));
        (bytes memory signature, bytes memory approval) = (signBy(OTHER_KEY, payment), approve(payment));
        vm.prank(stranger);
        vm.expectRevert(IVault.ApprovalNotNeeded.selector);
        vault.pay(payment, signature, approval);
        assertUntouched();
    }

    function test_RevertWhen_AStrangerSignedIt() public {
        IVault.Payment memory payment = refillOf(purse, 0, 1e6);
        signedRefuses(
            payment, signBy(0x0F, payment), abi.encodeWithSelector(IVault.SignerNotSessionKey.selector, PAYER, stranger)
        );
    }

    function test_RevertGiven_TheCategoryNoLongerGranted() public {
        vm.prank(owner);
        vault.setCategories(PAYER, uint64(1) << RELAY);
        assertLogged(1);
        payerRefused(refillOf(purse, 0, 1e6), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, PAYER, DATA));
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        payerRefused(refillOf(purse, 0, 1e6), abi.encodeWithSelector(IVault.SessionRevoked.selector, PAYER));
    }
}
