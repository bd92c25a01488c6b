// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {BoastfulToken} from "../../mocks/BoastfulToken.sol";
import {BombToken} from "../../mocks/BombToken.sol";
import {FalseToken} from "../../mocks/FalseToken.sol";
import {FeeToken} from "../../mocks/FeeToken.sol";
import {FreezableToken} from "../../mocks/FreezableToken.sol";
import {LyingToken} from "../../mocks/LyingToken.sol";
import {NoReturnToken} from "../../mocks/NoReturnToken.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {RebasingToken} from "../../mocks/RebasingToken.sol";
import {ReenteringToken} from "../../mocks/ReenteringToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

interface IBalances {
    function balanceOf(address holder) external view returns (uint256);
    function mint(address to, uint256 amount) external;
}

/// @notice awkwardTokens.tree. Quoted: I1 (outflow is payments and withdrawals), I10 (the vault is never the
///         obstacle), I11 (a payment that does not move the tokens leaves no trace, at every gas limit).
contract AwkwardTokensTest is VaultTest {
    address internal awkward;

    function test_Given_ATokenThatReturnsNothing() public {
        adopt(address(new NoReturnToken()), 0);
        submit(payment(0, 10e6, 1e6));
        assertLogged(1);
        assertMoved(10e6, 1e6);
        withdrawAll();
        // and says no by reverting
        refusesLeavingNothing(payment(1, 10e6, 0), abi.encodeWithSelector(IVault.VaultShort.selector, 0, 10e6));
    }

    function test_RevertGiven_ATokenThatReturnsFalse() public {
        FalseToken shunning = new FalseToken();
        adopt(address(shunning), 0);
        shunning.shun(payee);
        refusesLeavingNothing(payment(0, 10e6, 1e6), failed(payee, 10e6));
        shunning.shun(address(0));
        submit(payment(0, 10e6, 1e6));
        assertLogged(1);
        assertMoved(10e6, 1e6);
        withdrawAll();
        refusesLeavingNothing(payment(1, 10e6, 0), abi.encodeWithSelector(IVault.VaultShort.selector, 0, 10e6));
    }

    function test_RevertGiven_ATokenThatReturnsFalseForTheFee() public {
        FalseToken shunning = new FalseToken();
        adopt(address(shunning), 0);
        shunning.shun(relayer);
        refusesLeavingNothing(payment(0, 10e6, 1e6), failed(relayer, 1e6));
        submit(payment(0, 10e6, 0));
        assertLogged(1);
    }

    function test_RevertGiven_ATokenThatBoastsOfBalances() public {
        adopt(address(new BoastfulToken()), 0);
        payRefuses(payment(0, 10e6, 1e6), failed(relayer, 1e6));
        assertEq(usedOfAwkward(), 0);
    }

    function test_Given_ATokenThatTakesAFee() public {
        adopt(address(new FeeToken()), 0);
        submit(payment(0, 10e6, 1e6));
        assertLogged(1);
        assertEq(balance(payee), 9.9e6);
        assertEq(balance(relayer), 0.99e6);
        assertEq(balance(address(vault)), FUNDS - 11e6);
        assertEq(usedOfAwkward(), 11e6);
    }

    function test_RevertGiven_AFrozenPayee() public {
        FreezableToken freezable = new FreezableToken();
        adopt(address(freezable), 0);
        freezable.freeze(payee, true);
        refusesLeavingNothing(payment(0, 10e6, 1e6), failed(payee, 10e6));
        freezable.freeze(payee, false);
        freezable.freeze(relayer, true);
        refusesLeavingNothing(payment(0, 10e6, 1e6), failed(relayer, 1e6));
        submit(payment(0, 10e6, 0));
        assertLogged(1);
    }

    // I10: whatever another token does
    function test_RevertGiven_AFrozenVault() public {
        FreezableToken freezable = new FreezableToken();
        adopt(address(freezable), 0);
        freezable.freeze(address(vault), true);
        refusesLeavingNothing(payment(0, 10e6, 0), failed(payee, 10e6));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, awkward, treasury, 1e6));
        vault.withdraw(awkward, 1e6);
        assertUntouched();
        submit(paymentOf(0, 10e6)); // the other token
        vm.prank(owner);
        vault.withdraw(address(token), type(uint256).max);
        assertLogged(2);
        assertEq(token.balanceOf(treasury), FUNDS - 10e6);
    }

    // I11: unused, so good until its deadline
    function test_RevertGiven_AStoppedToken() public {
        FreezableToken freezable = new FreezableToken();
        adopt(address(freezable), 0);
        IVault.Payment memory wanted = payment(0, 10e6, 1e6);
        bytes memory signature = sign(wanted);
        freezable.stop(true);
        refusesLeavingNothing(wanted, failed(payee, 10e6));
        freezable.stop(false);
        submitSigned(wanted, signature);
        assertLogged(1);
        assertMoved(10e6, 1e6);
    }

    function test_Given_ATokenOf18Decimals() public {
        awkward = address(new PlainToken(18));
        IBalances(awkward).mint(address(vault), 1_000e18);
        IVault.Limit[] memory limits = new IVault.Limit[](1);
        vm.startPrank(owner);
        vault.addToken(awkward, 40);
        vault.setPerPaymentCap(SESSION, awkward, 60e18);
        vault.setLimit(SESSION, 0, awkward, DAY, 100e18);
        vm.stopPrank();
        limits[0] = IVault.Limit(0, DAY, 100e18);
        uint256 unit = 1 << 40;
        uint128 cap = uint128(100e18 / unit * unit);
        submit(payment(0, 50e18, 0));
        assertLogged(4);
        uint256 used = (50e18 + unit - 1) / unit * unit;
        assertEq(usedOfAwkward(), used);
        refuses(
            payment(1, 50e18 + 1, 0),
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, awkward, DAY, 50e18 + 1, cap - used)
        );
        submit(payment(1, uint128(cap - used), 0));
        assertLogged(1);
        assertEq(balance(payee), 50e18 + cap - used);
    }

    function test_Given_ATokenThatAnswersWithAMegabyte() public {
        BombToken bomb = new BombToken();
        adopt(address(bomb), 0);
        submit(payment(0, 10e6, 1e6));
        // the token pays for its own megabyte, twice; copying it would cost the vault as much again
        uint256 answering = 2 * (3 * 31_250 + uint256(31_250) * 31_250 / 512);
        assertLt(vm.lastCallGas().gasTotalUsed, answering + 300_000);
        assertLogged(1);
        assertMoved(10e6, 1e6);
        bomb.fail(true);
        refusesLeavingNothing(payment(1, 10e6, 1e6), failed(payee, 10e6));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, awkward, treasury, 1e6));
        vault.withdraw(awkward, 1e6);
        assertUntouched();
    }

    function test_RevertGiven_ATokenThatRebasesDown() public {
        RebasingToken rebasing = new RebasingToken();
        adopt(address(rebasing), 0);
        rebasing.rebase(1);
        refusesLeavingNothing(payment(0, 20e6, 0), abi.encodeWithSelector(IVault.VaultShort.selector, 10e6, 20e6));
        submit(payment(0, 5e6, 0));
        assertLogged(1);
        assertEq(usedOfAwkward(), 5e6);
        rebasing.rebase(200); // up again: nothing is given back (I7), nothing more is allowed
        assertEq(usedOfAwkward(), 5e6);
        withdrawAll();
    }

    function test_RevertGiven_ATokenWhoseCodeIsGone() public {
        adopt(address(new PlainToken(6)), 0);
        vm.etch(awkward, "");
        IVault.Payment memory wanted = payment(0, 10e6, 0);
        bytes memory signature = sign(wanted);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, awkward, payee, 10e6));
        vault.pay(wanted, signature, "");
        assertUntouched();
    }

    function test_Given_ATokenThatLiesAboutBalances() public {
        for (uint256 lie = 0; lie < 3; ++lie) {
            awkward = address(new LyingToken(lie));
            vm.startPrank(owner);
            vault.addToken(awkward, 0);
            vault.setPerPaymentCap(SESSION, awkward, PER_PAYMENT_CAP);
            vault.setLimit(SESSION, 0, awkward, DAY, DAY_CAP);
            vm.stopPrank();
            submit(payment(uint32(lie), 10e6, 1e6));
            assertLogged(4);
            assertEq(LyingToken(awkward).moved(), 11e6);
        }
    }

    // ------------------------------------------------------------------------------------------ re-entering

    function test_Given_ATokenThatReEntersPayWithTheSamePayment() public {
        ReenteringToken reentering = adoptReentering();
        for (uint32 i = 0; i < 2; ++i) {
            IVault.Payment memory wanted = payment(i, 10e6, 0);
            bytes memory signature = sign(wanted);
            reentering.arm(address(vault), abi.encodeCall(vault.pay, (wanted, signature, "")), i == 0);
            submitSigned(wanted, signature);
            assertLogged(1);
            assertEq(reentering.calls(), i + 1);
            assertFalse(reentering.succeeded());
            assertEq(reentering.answer(), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, i));
        }
        assertMoved(20e6, 0);
    }

    function test_Given_ATokenThatReEntersPayWithAnotherPayment() public {
        ReenteringToken reentering = adoptReentering();
        IVault.Payment memory inner = payment(1, 7e6, 1e6);
        reentering.arm(address(vault), abi.encodeCall(vault.pay, (inner, sign(inner), "")), true);
        submit(payment(0, 10e6, 2e6));
        assertTrue(reentering.succeeded());
        assertLogged(2); // outer first: it was logged before the token was called
        assertMoved(17e6, 3e6);
        assertEq(usedOfAwkward(), 20e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 3);
    }

    function test_Given_ATokenThatReEntersPayBeyondTheLimit() public {
        ReenteringToken reentering = adoptReentering();
        IVault.Payment memory inner = payment(1, 50e6, 0);
        reentering.arm(address(vault), abi.encodeCall(vault.pay, (inner, sign(inner), "")), true);
        submit(payment(0, 60e6, 0));
        assertFalse(reentering.succeeded());
        bytes memory why = abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, awkward, DAY, 50e6, 40e6);
        assertEq(reentering.answer(), why);
        assertLogged(1);
        assertMoved(60e6, 0);
    }

    // I3, I11
    function test_Given_ATokenThatReEntersPayBatch() public {
        ReenteringToken reentering = adoptReentering();
        IVault.Payment memory outer = payment(0, 10e6, 0);
        IVault.BatchItem[] memory items = new IVault.BatchItem[](3);
        items[0] = IVault.BatchItem(outer, sign(outer), "");
        for (uint32 i = 1; i < 3; ++i) {
            IVault.Payment memory inner = payment(i, 40e6, 0);
            items[i] = IVault.BatchItem(inner, sign(inner), "");
        }
        reentering.arm(address(vault), abi.encodeCall(vault.payBatch, (items)), true);
        submit(outer);
        assertTrue(reentering.succeeded());
        assertEq(assertLogged(3).length, 1); // the outer one again: its nonce has paid
        assertMoved(90e6, 0);
        assertEq(usedOfAwkward(), 90e6);
    }

    // I9: an act that anyone lodges, in the middle of a payment
    function test_Given_ATokenThatReEntersLodge() public {
        ReenteringToken reentering = adoptReentering();
        bytes memory act = abi.encodeCall(vault.withdraw, (awkward, 100e6));
        bytes memory signature = signAct(OWNER_KEY, act, ownerNonce, soon());
        bytes memory lodging = abi.encodeCall(vault.lodge, (act, ownerNonce, soon(), signature));
        reentering.arm(address(vault), lodging, true);
        submit(payment(0, 10e6, 0));
        assertTrue(reentering.succeeded());
        assertLogged(2);
        assertEq(balance(treasury), 100e6);
        assertMoved(10e6, 0);
        // and not once more
        uint32 nonce = ownerNonce - 1;
        reentering.arm(address(vault), lodging, false);
        submit(payment(1, 10e6, 0));
        assertEq(reentering.answer(), abi.encodeWithSelector(IVault.OwnerNonceWrong.selector, nonce, nonce + 1));
        assertLogged(1);
        assertEq(balance(treasury), 100e6);
    }

    // I9: a withdrawal that was lodged is void before its token is called
    function test_Given_ATokenThatReEntersTheWithdrawalThatWasLodged() public {
        ReenteringToken reentering = adoptReentering();
        bytes memory act = abi.encodeCall(vault.withdraw, (awkward, 100e6));
        bytes memory signature = signAct(OWNER_KEY, act, ownerNonce, soon());
        reentering.arm(address(vault), abi.encodeCall(vault.lodge, (act, ownerNonce, soon(), signature)), true);
        vault.lodge(act, ownerNonce, soon(), signature);
        assertFalse(reentering.succeeded());
        assertEq(bytes4(reentering.answer()), IVault.OwnerNonceWrong.selector);
        assertLogged(1);
        assertEq(balance(treasury), 100e6);
    }

    function test_Given_ATokenThatReEntersExecute() public {
        ReenteringToken reentering = adoptReentering();
        vm.prank(owner);
        vault.setDelay(1 days);
        bytes memory raise = abi.encodeCall(vault.setLimit, (SESSION, 0, awkward, DAY, 2 * DAY_CAP));
        vm.prank(owner);
        vault.setLimit(SESSION, 0, awkward, DAY, 2 * DAY_CAP);
        assertLogged(2);
        uint32 change = lens.waiting(address(vault))[0].change;
        vm.warp(START + 1 days);
        reentering.arm(address(vault), abi.encodeCall(vault.execute, (change, raise)), true);
        submit(payment(0, 10e6, 1e6));
        assertTrue(reentering.succeeded());
        assertLogged(3);
        assertMoved(10e6, 1e6);
        assertEq(usedOfAwkward(), 11e6);
        assertEq(limitsOf(SESSION, 0, awkward)[0].cap, 2 * DAY_CAP);
    }

    function test_Given_ATokenThatOwnsTheVaultAndReEntersWithdraw() public {
        ReenteringToken reentering = adoptReentering();
        handOver(reentering);
        reentering.arm(address(vault), abi.encodeCall(vault.withdraw, (awkward, 100e6)), true);
        submit(payment(0, 10e6, 0));
        assertTrue(reentering.succeeded());
        assertLogged(2);
        assertEq(balance(treasury), 100e6);
        assertMoved(10e6, 0);
        // everything withdrawn in between: the payment finds the vault short and leaves nothing, nor does the rest
        reentering.arm(address(vault), abi.encodeCall(vault.withdraw, (awkward, type(uint256).max)), true);
        refusesLeavingNothing(payment(1, 10e6, 0), failed(payee, 10e6));
    }

    function test_Given_ATokenThatOwnsTheVaultAndReEntersTheOwnersVerbs() public {
        ReenteringToken reentering = adoptReentering();
        handOver(reentering);
        bytes[] memory calls = new bytes[](12);
        calls[0] = abi.encodeCall(vault.grant, (otherGrant()));
        calls[1] = abi.encodeCall(vault.setLimit, (SESSION, 0, awkward, DAY, 90e6));
        calls[2] = abi.encodeCall(vault.removeLimit, (SESSION, 0, awkward, WEEK));
        calls[3] = abi.encodeCall(vault.setPerPaymentCap, (SESSION, awkward, 1e6));
        calls[4] = abi.encodeCall(vault.setLimit, (SESSION, 0, awkward, HOUR, 90e6));
        calls[5] = abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 4));
        calls[6] = abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM, VALID_UNTIL + 1));
        calls[7] = abi.encodeCall(vault.removePayee, (payee));
        calls[8] = abi.encodeCall(vault.pause, ());
        calls[9] = abi.encodeCall(vault.rotateKey, (SESSION, vm.addr(0x99)));
        calls[10] = abi.encodeCall(vault.revoke, (SESSION));
        calls[11] = abi.encodeCall(vault.revokeAll, ());
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            reentering.arm(address(vault), calls[i], i % 2 == 0);
            submit(payment(0, 10e6, 0));
            assertTrue(reentering.succeeded());
            assertLogged(i == 0 ? 5 : 2);
            assertMoved(10e6, 0);
            assertEq(usedOfAwkward(), 10e6);
            if (i != 9) assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 1);
            assertTrue(vm.revertToState(snapshot));
        }
    }

    // I2, I4: two vaults of one owner, with the same agent, session and limits, have nothing in common
    function test_Given_ATokenThatReEntersAnotherVault() public {
        ReenteringToken reentering = adoptReentering();
        IVault other = deployVault(owner, treasury, guardian);
        IVault.Grant memory granted = defaultGrant();
        granted.tokens = tokenGrants(awkward);
        IBalances(awkward).mint(address(other), FUNDS);
        vm.startPrank(owner);
        other.addToken(awkward, 0);
        other.setPayees(defaultPayees());
        other.grant(granted);
        vm.stopPrank();

        // paid there, before or after the money moves here: each counts in its own limits
        for (uint32 i = 0; i < 2; ++i) {
            IVault.Payment memory there = payment(i, 20e6, 1e6);
            bytes memory signature = signLong(AGENT_KEY, digestOf(block.chainid, address(other), there));
            reentering.arm(address(other), abi.encodeCall(other.pay, (there, signature, "")), i == 0);
            submit(payment(i, 10e6, 0));
            assertTrue(reentering.succeeded());
            assertLogged(1);
            assertEq(usedOfAwkward(), 10e6 * (i + 1));
            assertEq(
                lens.meterOf(address(other), SESSION, 0, awkward, DAY) & 0x7fffffff, 21e6 * (i + 1), "newest bucket"
            );
        }
        assertMoved(60e6, 2e6);
        assertEq(balance(address(vault)), FUNDS - 20e6);
        assertEq(balance(address(other)), FUNDS - 42e6);

        // what was signed for this one is nothing there
        IVault.Payment memory here = payment(2, 10e6, 0);
        bytes memory mine = sign(here);
        reentering.arm(address(other), abi.encodeCall(other.pay, (here, mine, "")), true);
        submitSigned(here, mine);
        assertFalse(reentering.succeeded());
        assertEq(bytes4(reentering.answer()), IVault.SignerNotSessionKey.selector);
        assertLogged(1);

        // an act that the owner signed for that one is performed there, while this one pays
        here = payment(3, 10e6, 0);
        mine = sign(here);
        bytes memory act = abi.encodeCall(other.withdraw, (awkward, 5e6));
        uint32 nonce = other.ownerNonce();
        bytes memory signed = signLong(OWNER_KEY, actDigestOf(block.chainid, address(other), act, nonce, soon()));
        reentering.arm(address(other), abi.encodeCall(other.lodge, (act, nonce, soon(), signed)), true);
        submitSigned(here, mine);
        assertTrue(reentering.succeeded());
        assertLogged(1);
        assertEq(balance(treasury), 5e6);
        assertMoved(80e6, 2e6);
        assertEq(usedOfAwkward(), 40e6);
    }

    function test_Given_ATokenThatReEntersDuringAWithdrawal() public {
        ReenteringToken reentering = adoptReentering();
        IVault.Payment memory inner = payment(0, 7e6, 0);
        reentering.arm(address(vault), abi.encodeCall(vault.pay, (inner, sign(inner), "")), true);
        vm.prank(owner);
        vault.withdraw(awkward, 100e6);
        assertTrue(reentering.succeeded());
        assertLogged(2);
        assertMoved(7e6, 0);
        assertEq(balance(treasury), 100e6);
        assertEq(usedOfAwkward(), 7e6);
    }

    function test_Given_ATokenThatReEntersBetweenAmountAndFee() public {
        ReenteringToken reentering = adoptReentering();
        handOver(reentering);
        // judged when the payment began: the stop binds the next payment
        reentering.arm(address(vault), abi.encodeCall(vault.removePayee, (relayer)), false);
        submit(payment(0, 10e6, 1e6));
        assertTrue(reentering.succeeded());
        assertLogged(2);
        assertMoved(10e6, 1e6);
        refuses(payment(1, 10e6, 1e6), abi.encodeWithSelector(IVault.PayeeNotInBook.selector, relayer));
    }

    // I11: at every gas limit
    function test_Given_AnyGasLimit() public {
        adopt(address(new FreezableToken()), 0);
        IVault.Payment memory wanted = payment(0, 10e6, 1e6);
        bytes memory call = abi.encodeCall(vault.pay, (wanted, sign(wanted), ""));
        (uint32 number, bytes32 hash) = vault.head();
        bool everPaid = false;
        for (uint256 gasLimit = 1_000; gasLimit < 400_000; gasLimit += 397) {
            uint256 snapshot = vm.snapshotState();
            vm.cool(address(vault));
            vm.cool(awkward);
            (bool ok,) = address(vault).call{gas: gasLimit}(call);
            if (ok) {
                everPaid = true;
                assertMoved(10e6, 1e6);
                assertEq(usedOfAwkward(), 11e6);
                assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 1);
                (uint32 next,) = vault.head();
                assertEq(next, number + 1);
            } else {
                assertFalse(everPaid, "more gas never hurts");
                assertMoved(0, 0);
                assertEq(balance(address(vault)), FUNDS);
                assertEq(usedOfAwkward(), 0);
                assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 0);
                (uint32 still, bytes32 same) = vault.head();
                assertEq(still, number);
                assertEq(same, hash);
            }
            assertTrue(vm.revertToState(snapshot));
        }
        assertTrue(everPaid);
    }

    // ------------------------------------------------------------------------------------------

    /// @dev Lists the token, limits the session in it as in the plain one, and funds the vault.
    function adopt(address token_, uint8 unitBits) internal {
        awkward = token_;
        IBalances(token_).mint(address(vault), FUNDS);
        vm.startPrank(owner);
        vault.addToken(token_, unitBits);
        vault.setPerPaymentCap(SESSION, token_, PER_PAYMENT_CAP);
        vault.setLimit(SESSION, 0, token_, DAY, DAY_CAP);
        vault.setLimit(SESSION, 0, token_, WEEK, WEEK_CAP);
        vm.stopPrank();
        assertLogged(4);
    }

    function adoptReentering() internal returns (ReenteringToken reentering) {
        reentering = new ReenteringToken();
        adopt(address(reentering), 0);
    }

    function handOver(ReenteringToken reentering) internal {
        vm.prank(owner);
        vault.transferOwnership(address(reentering));
        reentering.act(address(vault), abi.encodeCall(vault.acceptOwnership, ()));
        assertLogged(2);
    }

    function payment(uint32 nonce, uint128 amount, uint128 fee) internal view returns (IVault.Payment memory made) {
        made = paymentOf(nonce, amount);
        made.token = awkward;
        if (fee != 0) (made.fee, made.feeRecipient) = (fee, relayer);
    }

    // I11
    function refusesLeavingNothing(IVault.Payment memory wanted, bytes memory why) internal {
        uint256 before = balance(payee) + balance(relayer);
        uint32 nonces = lens.sessionOf(address(vault), SESSION).nonceWindow;
        uint256 used = usedOfAwkward();
        payRefuses(wanted, why);
        assertEq(balance(payee) + balance(relayer), before);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, nonces);
        assertEq(usedOfAwkward(), used);
    }

    function failed(address to, uint256 amount) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IVault.TransferFailed.selector, awkward, to, amount);
    }

    function balance(address holder) internal view returns (uint256) {
        return IBalances(awkward).balanceOf(holder);
    }

    function assertMoved(uint256 toPayee, uint256 toRelayer) internal view {
        assertEq(balance(payee), toPayee);
        assertEq(balance(relayer), toRelayer);
    }

    function usedOfAwkward() internal view returns (uint256) {
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, awkward);
        for (uint256 i = 0; i < limits.length; ++i) {
            if (limits[i].window == DAY) return limits[i].used;
        }
        revert("no day limit");
    }

    function withdrawAll() internal {
        uint256 all = balance(address(vault));
        uint256 had = balance(treasury);
        vm.prank(owner);
        vault.withdraw(awkward, type(uint256).max);
        assertLogged(1);
        assertEq(balance(treasury), had + all);
        assertEq(balance(address(vault)), 0);
    }
}
