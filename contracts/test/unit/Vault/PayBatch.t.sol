// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {FreezableToken} from "../../mocks/FreezableToken.sol";
import {GreedyToken} from "../../mocks/GreedyToken.sol";
import {ReenteringToken} from "../../mocks/ReenteringToken.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice payBatch.tree. Quoted: I3, I4, I11 (in a batch the unit is the item), I13 (what moved nothing is no part of
///         the trail).
contract PayBatchTest is VaultTest {
    /// @dev What a transaction may take (EIP-7825), without what its calldata costs.
    uint256 internal constant TRANSACTION_GAS = 16_777_216;
    uint256 internal constant ITEM_GAS_DEMANDED = 520_000;

    function test_When_EveryItemFits() public {
        IVault.BatchItem[] memory items = itemsOf(3, 10e6);
        items[1].payment.fee = 1e6;
        items[1].payment.feeRecipient = relayer;
        items[1].signature = sign(items[1].payment);
        for (uint32 i = 0; i < 3; ++i) {
            (uint128 fee, address to) = (items[i].payment.fee, items[i].payment.feeRecipient);
            expectLog();
            emit IVault.Paid(
                SESSION, payee, items[i].payment.ref, address(token), 10e6, fee, to, DATA, i, sequence + 1 + i
            );
        }
        batch(items);
        assertEq(assertLogged(3).length, 0);
        assertEq(token.balanceOf(payee), 30e6);
        assertEq(token.balanceOf(relayer), 1e6);
        assertEq(usedOf(DAY), 31e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 7);
    }

    function test_When_ItIsOneItem() public {
        uint256 snapshot = vm.snapshotState();
        submit(paymentOf(0, 10e6));
        (, bytes32 alone) = vault.head();
        assertTrue(vm.revertToState(snapshot));
        vm.getRecordedLogs();
        batch(itemsOf(1, 10e6));
        assertLogged(1);
        (, bytes32 inBatch) = vault.head();
        assertEq(inBatch, alone);
    }

    // I5
    function test_When_AnItemNeedsAnApproval() public {
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 5e6);
        assertLogged(1);
        IVault.BatchItem[] memory items = itemsOf(3, 6e6);
        items[1].approval = approve(items[1].payment);
        items[2].approval = approve(items[1].payment); // another payment's
        batch(items);
        Vm.Log[] memory failed = assertLogged(1);
        assertEq(failed.length, 2);
        bytes memory above = abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 6e6, 5e6);
        assertFailed(failed[0], items[0].payment, above);
        assertFailed(failed[1], items[2].payment, abi.encodeWithSelector(IVault.ApprovalInvalid.selector));
        assertEq(lens.sessionOf(address(vault), SESSION).nonceHighest, 1);
    }

    // I11, I13
    function test_When_AnItemFails() public {
        IVault.BatchItem[] memory items = itemsOf(3, 10e6);
        items[1] = itemOf(paymentOf(1, 91e6));
        vm.expectEmit(address(vault));
        emit IVault.Paid(
            SESSION, payee, items[0].payment.ref, address(token), 10e6, 0, address(0), DATA, 0, sequence + 1
        );
        vm.expectEmit(address(vault));
        emit IVault.PaymentFailed(
            SESSION,
            payee,
            items[1].payment.ref,
            1,
            abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 91e6, PER_PAYMENT_CAP)
        );
        vm.expectEmit(address(vault));
        emit IVault.Paid(
            SESSION, payee, items[2].payment.ref, address(token), 10e6, 0, address(0), DATA, 2, sequence + 2
        );
        batch(items);
        assertEq(assertLogged(2).length, 1);
        assertEq(token.balanceOf(payee), 20e6);
        assertEq(usedOf(DAY), 20e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 5, "the failed item's nonce is unused");
        submit(paymentOf(1, 1e6));
        assertLogged(1);
    }

    // I3
    function test_When_TheSameItemComesTwice() public {
        IVault.BatchItem[] memory items = itemsOf(2, 10e6);
        items[1] = items[0];
        batch(items);
        Vm.Log[] memory failed = assertLogged(1);
        assertEq(failed.length, 1);
        assertFailed(failed[0], items[0].payment, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
        assertEq(token.balanceOf(payee), 10e6);
        batch(items);
        assertEq(assertLogged(0).length, 2);
    }

    // I4: paying twice, in one transaction
    function test_When_ItemsExceedALimitTogether() public {
        IVault.BatchItem[] memory items = itemsOf(4, 40e6);
        items[3] = itemOf(paymentOf(3, 20e6));
        batch(items);
        Vm.Log[] memory failed = assertLogged(3);
        assertEq(failed.length, 1);
        bytes memory why = abi.encodeWithSelector(
            IVault.LimitExceeded.selector, SESSION, 0, address(token), DAY, uint256(40e6), uint256(20e6)
        );
        assertFailed(failed[0], items[2].payment, why);
        assertEq(leftOf(DAY), 0);
        assertEq(token.balanceOf(payee), DAY_CAP);
    }

    function test_When_NothingIsPaid() public {
        IVault.BatchItem[] memory items = itemsOf(2, 10e6);
        items[0] = itemOf(paymentOf(0, 0));
        items[1] = itemOf(paymentOf(5_000, 1));
        vm.record();
        batch(items);
        assertEq(assertLogged(0).length, 2);
        assertEq(token.balanceOf(address(vault)), FUNDS);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 0);
        assertEq(usedOf(DAY), 0);
    }

    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        IVault.BatchItem[] memory items = itemsOf(2, 10e6);
        batch(items);
        Vm.Log[] memory failed = assertLogged(0);
        assertEq(failed.length, 2);
        assertFailed(failed[0], items[0].payment, abi.encodeWithSelector(IVault.VaultPaused.selector));
        assertFailed(failed[1], items[1].payment, abi.encodeWithSelector(IVault.VaultPaused.selector));
    }

    // I11
    function test_Given_APayeeThatTheTokenRefuses() public {
        FreezableToken freezable = new FreezableToken();
        adopt(address(freezable));
        freezable.freeze(relayer, true);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](4);
        for (uint32 i = 0; i < 4; ++i) {
            IVault.Payment memory payment = paymentOf(i, 10e6);
            payment.token = address(freezable);
            if (i == 1) payment.payee = relayer;
            if (i == 2) (payment.fee, payment.feeRecipient) = (1e6, relayer); // the payee gets nothing either
            items[i] = itemOf(payment);
        }
        batch(items);
        Vm.Log[] memory failed = assertLogged(2);
        assertEq(failed.length, 2);
        bytes4 code = IVault.TransferFailed.selector;
        assertFailed(failed[0], items[1].payment, abi.encodeWithSelector(code, freezable, relayer, 10e6));
        assertFailed(failed[1], items[2].payment, abi.encodeWithSelector(code, freezable, relayer, 1e6));
        assertEq(freezable.balanceOf(payee), 20e6);
        assertEq(limitsOf(SESSION, 0, address(freezable))[0].used, 20e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 9);
    }

    function test_Given_AVaultThatRunsShort() public {
        vm.prank(owner);
        vault.withdraw(address(token), FUNDS - 25e6);
        assertLogged(1);
        IVault.BatchItem[] memory items = itemsOf(3, 10e6);
        batch(items);
        Vm.Log[] memory failed = assertLogged(2);
        assertEq(failed.length, 1);
        assertFailed(failed[0], items[2].payment, abi.encodeWithSelector(IVault.VaultShort.selector, 5e6, 10e6));
    }

    function test_RevertWhen_ItIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.EmptyList.selector));
        vault.payBatch(new IVault.BatchItem[](0));
        assertUntouched();
    }

    function test_RevertWhen_ItIsTooLong() public {
        IVault.BatchItem[] memory items = itemsOf(33, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.BatchTooLong.selector, 33, 32));
        vault.payBatch(items);
        assertUntouched();
    }

    function test_When_ItIsAsLongAsCanBe() public {
        GreedyToken greedy = new GreedyToken();
        adopt(address(greedy));
        greedy.hunger(350_000);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](32);
        for (uint32 i = 0; i < 32; ++i) {
            IVault.Payment memory payment = paymentOf(i, 1e6);
            payment.token = address(greedy);
            items[i] = itemOf(payment);
        }
        bytes memory call = abi.encodeCall(vault.payBatch, (items));
        vm.cool(address(vault));
        vm.cool(address(greedy));
        (bool ok,) = address(vault).call{gas: TRANSACTION_GAS - intrinsicOf(call)}(call);
        assertTrue(ok);
        assertEq(assertLogged(32).length, 0);
        assertEq(greedy.balanceOf(payee), 32e6);
    }

    // ------------------------------------------------------------------------------------------ who signed

    /// @dev Every reason that the judge, or the token, can give once the signature is known.
    function test_When_AKeyOfTheSessionSigned() public {
        vm.startPrank(owner);
        vault.grant(otherGrant());
        vault.revoke(SESSION + 1);
        IVault.Grant memory later = otherGrant();
        (later.session, later.key, later.validFrom) = (20, vm.addr(20), START + 1 days);
        vault.grant(later);
        IVault.Grant memory rotated = otherGrant();
        (rotated.session, rotated.key) = (21, vm.addr(21));
        vault.grant(rotated);
        vault.rotateKey(21, vm.addr(22));
        IVault.Grant memory brief = otherGrant();
        (brief.session, brief.key, brief.validUntil) = (23, vm.addr(23), START + 1);
        vault.grant(brief);
        vm.stopPrank();
        submit(paymentOf(40, 1e6));
        assertLogged(4 + 1 + 4 + 4 + 1 + 4 + 1);
        vm.warp(START + 1);

        failsAs(OTHER_KEY, ofSession(SESSION + 1), IVault.SessionRevoked.selector);
        failsAs(20, ofSession(20), IVault.SessionNotYetValid.selector);
        failsAs(21, ofSession(21), IVault.KeyRetired.selector);
        failsAs(23, ofSession(23), IVault.SessionExpired.selector);
        IVault.Payment memory payment = paymentOf(41, 1e6);
        payment.deadline = START + 1;
        failsAs(AGENT_KEY, payment, IVault.PaymentExpired.selector);
        failsAs(AGENT_KEY, paymentOf(40, 1e6), IVault.NonceUsed.selector);
        failsAs(AGENT_KEY, paymentOf(8, 1e6), IVault.NonceTooOld.selector);
        failsAs(AGENT_KEY, paymentOf(40 + 1025, 1e6), IVault.NonceTooFar.selector);
        payment = paymentOf(41, 1e6);
        payment.payee = stranger;
        failsAs(AGENT_KEY, payment, IVault.PayeeNotInBook.selector);
        failsAs(AGENT_KEY, paymentOf(41, 0), IVault.ZeroAmount.selector);
        payment = paymentOf(41, 1e6);
        payment.fee = 1;
        failsAs(AGENT_KEY, payment, IVault.FeeMismatch.selector);
        payment = paymentOf(41, 1e6);
        payment.token = stranger;
        failsAs(AGENT_KEY, payment, IVault.TokenNotGranted.selector);
        failsAs(AGENT_KEY, paymentOf(41, PER_PAYMENT_CAP + 1), IVault.AbovePerPaymentCap.selector);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](1);
        items[0] = itemOf(paymentOf(41, 1e6));
        items[0].approval = approve(items[0].payment);
        batch(items);
        Vm.Log[] memory failed = assertLogged(0);
        assertFailed(failed[0], items[0].payment, abi.encodeWithSelector(IVault.ApprovalNotNeeded.selector));
        vm.prank(owner);
        vault.setCategories(SESSION, 0);
        assertLogged(1);
        failsAs(AGENT_KEY, paymentOf(41, 1e6), IVault.CategoryNotGranted.selector);
    }

    // Nobody else can have the vault say anything
    function test_When_NoKeyOfTheSessionSigned() public {
        vm.prank(owner);
        vault.grant(otherGrant());
        vm.prank(guardian);
        vault.pause(); // which would be the reason, were the signature good
        assertLogged(5);
        IVault.BatchItem[] memory items = itemsOf(6, 10e6);
        items[0].signature = signBy(OTHER_KEY, items[0].payment);
        items[1].signature = new bytes(65);
        items[2].signature = "";
        items[3].payment.session = 99;
        items[3].signature = sign(items[3].payment);
        items[4].signature = signBy(0x57A, items[4].payment);
        items[5].payment.amount += 1;
        batch(items);
        assertEq(assertLogged(0).length, 0);

        // dirt above a field, each in turn
        bytes memory call = abi.encodeCall(vault.payBatch, (itemsOf(1, 10e6)));
        uint256 start = 4 + 4 * 32 - 32; // selector, offset, length, offset of the item
        uint8[8] memory widths = [32, 32, 32, 160, 160, 128, 128, 160];
        for (uint256 field = 0; field < 8; ++field) {
            uint256 place = start + 32 * field + 31 - widths[field] / 8;
            call[place] = call[place] ^ 0x01;
            (bool ok,) = address(vault).call(call);
            assertTrue(ok);
            assertEq(assertLogged(0).length, 0);
            call[place] = call[place] ^ 0x01;
        }
    }

    // ------------------------------------------------------------------------------------------ gas

    function test_RevertWhen_LessGasIsLeftThanAnItemMayNeed() public {
        IVault.BatchItem[] memory items = itemsOf(2, 10e6);
        bytes memory call = abi.encodeCall(vault.payBatch, (items));
        for (uint256 gasLimit = 500_000; gasLimit <= 560_000; gasLimit += 20_000) {
            (bool ok, bytes memory answer) = address(vault).call{gas: gasLimit}(call);
            assertFalse(ok);
            assertEq(bytes4(answer), IVault.BatchGasShort.selector);
            (uint256 index, uint256 left, uint256 needed) = abi.decode(tail(answer), (uint256, uint256, uint256));
            assertEq(index, gasLimit > ITEM_GAS_DEMANDED ? 1 : 0);
            assertLt(left, needed);
            assertEq(needed, ITEM_GAS_DEMANDED);
            assertUntouched();
            assertEq(token.balanceOf(payee), 0);
        }
        (bool done,) = address(vault).call{gas: 700_000}(call);
        assertTrue(done);
        assertLogged(2);
    }

    function test_When_ATransferTakesAllTheGasItGets() public {
        GreedyToken greedy = new GreedyToken();
        adopt(address(greedy));
        greedy.hunger(type(uint256).max);
        IVault.BatchItem[] memory items = itemsOf(3, 10e6);
        items[1].payment.token = address(greedy);
        items[1].signature = sign(items[1].payment);
        (bool ok,) = address(vault).call{gas: 5_000_000}(abi.encodeCall(vault.payBatch, (items)));
        assertTrue(ok);
        assertLt(vm.lastCallGas().gasTotalUsed, 800_000, "an item has 500,000 and no more");
        Vm.Log[] memory failed = assertLogged(2);
        assertEq(failed.length, 1);
        assertFailed(
            failed[0],
            items[1].payment,
            abi.encodeWithSelector(IVault.TransferFailed.selector, address(greedy), payee, 10e6)
        );
    }

    function test_RevertWhen_AnItemTakesAllItsGas() public {
        GreedyToken greedy = new GreedyToken();
        adopt(address(greedy));
        greedy.starve();
        IVault.BatchItem[] memory items = itemsOf(3, 10e6);
        items[1].payment.token = address(greedy);
        items[1].signature = sign(items[1].payment);
        vm.expectRevert(abi.encodeWithSelector(IVault.BatchItemUnexplained.selector, 1));
        vault.payBatch(items);
        assertUntouched();
        assertEq(token.balanceOf(payee), 0);
    }

    /// @dev A relayer may have the vault copy much that is not signed, after it was asked for its gas.
    function test_When_ARelayerLeavesAnItemLessThanItDemanded() public {
        GreedyToken greedy = new GreedyToken();
        adopt(address(greedy));
        greedy.hunger(330_000);
        IVault.Payment memory payment = paymentOf(0, 10e6);
        payment.token = address(greedy);
        for (uint256 words = 0; words <= 9_000; words += 300) {
            bytes memory call = encodeOne(itemOf(payment), words);
            for (uint256 gasLimit = 521_000; gasLimit < 560_000; gasLimit += 7_000) {
                uint256 snapshot = vm.snapshotState();
                (bool ok,) = address(vault).call{gas: gasLimit}(call);
                if (ok) assertEq(assertLogged(1).length, 0, "the payment was blamed for what the relayer did");
                assertTrue(vm.revertToState(snapshot));
                vm.getRecordedLogs();
            }
        }
    }

    // ------------------------------------------------------------------------------------------ encodings

    function test_RevertWhen_AnApprovalComesBeforeItsSignature() public {
        IVault.BatchItem memory item = itemOf(paymentOf(0, 10e6));
        bytes memory body = bytes.concat(
            abi.encode(item.payment),
            abi.encode(uint256(0x180), uint256(0x160)),
            abi.encode(uint256(0)), // approval
            abi.encode(uint256(65)),
            item.signature,
            new bytes(31)
        );
        (bool ok, bytes memory answer) = address(vault).call(oneItem(body));
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSelector(IVault.BatchItemUnexplained.selector, 0));
        assertUntouched();
    }

    function test_When_ThereIsAGapBeforeTheApproval() public {
        for (uint32 words = 0; words < 40; words += 13) {
            (bool ok,) = address(vault).call(encodeOne(itemOf(paymentOf(words, 1e6)), words));
            assertTrue(ok);
            assertEq(assertLogged(1).length, 0);
        }
    }

    // I3
    function test_When_TwoItemsShareTheirBytes() public {
        bytes memory one = encodeOne(itemOf(paymentOf(0, 10e6)), 0);
        bytes memory body = new bytes(one.length - 4 - 3 * 32);
        for (uint256 i = 0; i < body.length; ++i) {
            body[i] = one[i + 4 + 3 * 32];
        }
        bytes memory call = bytes.concat(
            IVault.payBatch.selector, abi.encode(uint256(0x20), uint256(2), uint256(0x40), uint256(0x40)), body
        );
        (bool ok,) = address(vault).call(call);
        assertTrue(ok);
        assertEq(assertLogged(1).length, 1);
        assertEq(token.balanceOf(payee), 10e6);
    }

    function test_RevertWhen_AnItemStandsOutsideTheCalldata() public {
        bytes memory good = encodeOne(itemOf(paymentOf(0, 10e6)), 0);
        uint256[4] memory offsets = [uint256(0x400), 1 << 64, type(uint256).max, uint256(1) << 255];
        for (uint256 place = 0; place < 4; ++place) {
            // of the array, of the item, of its signature, of its approval
            uint256 spot = place < 2 ? 4 + place * 64 : 4 + 3 * 32 + 9 * 32 + (place - 2) * 32;
            for (uint256 i = 0; i < offsets.length; ++i) {
                bytes memory bad = bytes.concat(good);
                uint256 offset = offsets[i];
                assembly ("memory-safe") {
                    mstore(add(add(bad, 0x20), spot), offset)
                }
                (bool ok,) = address(vault).call{gas: 2_000_000}(bad);
                assertFalse(ok && token.balanceOf(payee) == 0, "said nothing and paid nothing");
                if (ok) revert("an item that is not there was paid");
                assertUntouched();
            }
        }
    }

    function test_RevertWhen_AnApprovalStandsBeforeItsItem() public {
        bytes memory call = encodeOne(itemOf(paymentOf(0, 10e6)), 0);
        for (uint256 back = 32; back <= 96; back += 32) {
            bytes memory bad = bytes.concat(call);
            uint256 spot = 4 + 3 * 32 + 10 * 32;
            assembly ("memory-safe") {
                mstore(add(add(bad, 0x20), spot), sub(0, back))
            }
            (bool ok,) = address(vault).call{gas: 2_000_000}(bad);
            assertFalse(ok);
            assertUntouched();
        }
    }

    // ------------------------------------------------------------------------------------------ re-entering

    function test_Given_ATokenThatReEnters() public {
        ReenteringToken reentering = new ReenteringToken();
        adopt(address(reentering));
        IVault.Payment memory outer = paymentOf(0, 30e6);
        outer.token = address(reentering);
        IVault.Payment memory inner = paymentOf(1, 30e6);
        inner.token = address(reentering);
        reentering.arm(address(vault), abi.encodeCall(vault.pay, (inner, sign(inner), "")), true);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](2);
        items[0] = itemOf(outer);
        items[1] = itemOf(inner);
        batch(items);
        assertTrue(reentering.succeeded());
        Vm.Log[] memory failed = assertLogged(2);
        assertEq(failed.length, 1);
        assertFailed(failed[0], inner, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 1));
        assertEq(limitsOf(SESSION, 0, address(reentering))[0].used, 60e6);
        assertEq(reentering.balanceOf(payee), 60e6);
    }

    // ------------------------------------------------------------------------------------------

    function batch(IVault.BatchItem[] memory items) internal {
        vm.prank(stranger);
        vault.payBatch(items);
    }

    function itemOf(IVault.Payment memory payment) internal view returns (IVault.BatchItem memory) {
        return IVault.BatchItem(payment, sign(payment), "");
    }

    /// @notice Payments of nonces 0, 1, ...
    function itemsOf(uint32 count, uint128 amount) internal view returns (IVault.BatchItem[] memory items) {
        items = new IVault.BatchItem[](count);
        for (uint32 i = 0; i < count; ++i) {
            items[i] = itemOf(paymentOf(i, amount));
        }
    }

    function ofSession(uint32 session) internal view returns (IVault.Payment memory payment) {
        payment = paymentOf(0, 1e6);
        payment.session = session;
    }

    /// @notice `pay` refuses with this error, and a batch logs the very bytes.
    function failsAs(uint256 key, IVault.Payment memory payment, bytes4 code) internal {
        bytes memory signature = signBy(key, payment);
        (bool ok, bytes memory why) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
        assertFalse(ok);
        assertEq(bytes4(why), code);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](1);
        items[0] = IVault.BatchItem(payment, signature, "");
        batch(items);
        Vm.Log[] memory failed = assertLogged(0);
        assertEq(failed.length, 1);
        assertFailed(failed[0], payment, why);
    }

    function assertFailed(Vm.Log memory entry, IVault.Payment memory payment, bytes memory why) internal pure {
        assertEq(entry.topics.length, 4);
        assertEq(entry.topics[0], IVault.PaymentFailed.selector);
        assertEq(entry.topics[1], bytes32(uint256(payment.session)));
        assertEq(entry.topics[2], bytes32(uint256(uint160(payment.payee))));
        assertEq(entry.topics[3], payment.ref);
        assertEq(entry.data, abi.encode(payment.nonce, why));
    }

    function adopt(address money) internal {
        PlainLike(money).mint(address(vault), FUNDS);
        vm.startPrank(owner);
        vault.addToken(money, 0);
        vault.setPerPaymentCap(SESSION, money, PER_PAYMENT_CAP);
        vault.setLimit(SESSION, 0, money, DAY, DAY_CAP);
        vm.stopPrank();
        assertLogged(3);
    }

    /// @dev payBatch of one item, with so many words of zeros between its signature and its empty approval.
    function encodeOne(IVault.BatchItem memory item, uint256 gapWords) internal pure returns (bytes memory) {
        return oneItem(
            bytes.concat(
                abi.encode(item.payment),
                abi.encode(uint256(0x160), 0x160 + 0x80 + gapWords * 32),
                abi.encode(uint256(65)),
                item.signature,
                new bytes(31 + gapWords * 32),
                abi.encode(uint256(0))
            )
        );
    }

    function oneItem(bytes memory body) internal pure returns (bytes memory) {
        return bytes.concat(IVault.payBatch.selector, abi.encode(uint256(0x20), uint256(1), uint256(0x20)), body);
    }

    function tail(bytes memory answer) internal pure returns (bytes memory rest) {
        rest = new bytes(answer.length - 4);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = answer[i + 4];
        }
    }

    /// @dev 21,000, and for calldata 4 a zero byte and 16 another, or 10 and 40 if that is all (EIP-7623).
    function intrinsicOf(bytes memory call) internal pure returns (uint256) {
        uint256 tokens = 0;
        for (uint256 i = 0; i < call.length; ++i) {
            tokens += call[i] == 0 ? 1 : 4;
        }
        return 21_000 + 4 * tokens;
    }
}

interface PlainLike {
    function mint(address to, uint256 amount) external;
}
