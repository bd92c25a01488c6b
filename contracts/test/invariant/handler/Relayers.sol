// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MoodyToken} from "../MoodyToken.sol";
import {Delays} from "../witness/Delays.sol";
import {Witness} from "../witness/Witness.sol";
import {Trespassers} from "./Trespassers.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice What relayers do, honest and hostile: batches of everything, with too little gas; and what a hostile token
///         does in the middle of a transfer.
abstract contract Relayers is Trespassers {
    uint256 internal constant ITEM_GAS_DEMANDED = 520_000;

    /// @notice Good payments mixed with replays, forgeries and dirt.
    function batch(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        if (once(8)) tokens[MOODY].put(MoodyToken.Mood(1 + roll(6))); // not the one that burns: it fails the batch
        (IVault.BatchItem[] memory items, uint256 good) = someItems(v, 1 + roll(4));
        uint256 before = witnesses[v].payments();
        (bool ok, bytes memory answer) = send(v, stranger, address(0), abi.encodeCall(IVault.payBatch, (items)));
        assertTrue(ok, string.concat("one bad item spoils no other: ", vm.toString(answer)));
        tokens[MOODY].put(MoodyToken.Mood.Plain);
        won(witnesses[v].payments() > before || good == 0);
        _assertNoOneOwed(v, items);
    }

    /// @notice The relayer gives less gas than the items need: nothing of the batch is done, or every item had enough.
    function starve(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        if (once(3)) return won(_starveOne(v));
        (IVault.BatchItem[] memory items,) = someItems(v, 1 + roll(3));
        bytes memory call = abi.encodeCall(IVault.payBatch, (items));
        uint256 gas_ = 30_000 + roll(2 * ITEM_GAS_DEMANDED);
        vm.prank(stranger);
        (bool ok, bytes memory answer) = address(vaults[v]).call{gas: gas_}(call);
        if (ok) {
            observe(v, stranger, address(0)); // every reason is judged there
            ++sent;
        } else {
            ++attacks;
            vm.getRecordedLogs();
            assertTrue(answer.length == 0 || bytes4(answer) == IVault.BatchGasShort.selector, "I11: or all of it");
            witnesses[v].assertTrail();
        }
        won(ok);
    }

    function _starveOne(uint256 v) private returns (bool ok) {
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return false;
        bytes memory call = payCall(order);
        witnesses[v].register(order.payment, order.signer, address(0), false);
        uint256 gas_ = 20_000 + roll(150_000);
        vm.prank(stranger);
        (ok,) = address(vaults[v]).call{gas: gas_}(call);
        if (ok) observe(v, stranger, address(0));
        else vm.getRecordedLogs();
        witnesses[v].assertTrail();
        witnesses[v].assertSession(order.payment.session);
    }

    /// @notice During a transfer the token calls somebody: pays again, lodges, executes, or rules.
    function reenter(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        Order memory outer = someOrder(v);
        if (outer.signer == address(0)) return;
        outer.payment.token = address(tokens[MOODY]);
        outer.payment.amount = someAmount(v, outer.payment);
        (address target, bytes memory call, address signer, bool hopeless) = _intrusion(v, outer);
        tokens[MOODY].arm(target, call, once(2));
        witnesses[v].register(outer.payment, outer.signer, address(0), false);
        bytes memory outerCall = payCall(outer);
        (bool ok, bytes memory answer) = send(v, stranger, signer, outerCall);
        tokens[MOODY].put(MoodyToken.Mood.Plain);
        if (!ok) return witnesses[v].assertRefusal(outer.payment.ref, answer, true);
        remember(outerCall);
        if (hopeless) assertFalse(tokens[MOODY].succeeded(), "whoever re-enters meets the counted state");
        won(true);
    }

    /// @dev What the token does meanwhile, and whether it must fail.
    function _intrusion(uint256 v, Order memory outer)
        private
        returns (address target, bytes memory call, address signer, bool hopeless)
    {
        uint256 kind = roll(6);
        target = address(vaults[v]);
        if (kind == 0) return (target, payCall(outer), address(0), true); // the same payment
        if (kind == 1) return (target, ownersCall(v), address(0), true); // as if it ruled
        if (kind == 2) {
            Order memory inner = someOrder(v);
            if (inner.signer == address(0)) return (target, payCall(outer), address(0), true);
            inner.payment.nonce = outer.payment.nonce + 1;
            witnesses[v].register(inner.payment, inner.signer, address(0), false);
            return (target, payCall(inner), address(0), false);
        }
        if (kind == 3 && witnesses[v].waitingCount() != 0) {
            Delays.Change memory change = witnesses[v].changeAt(0);
            return (target, abi.encodeCall(IVault.execute, (change.number, change.call)), address(0), false);
        }
        signer = witnesses[v].owner();
        if (kind == 4) call = abi.encodeCall(IVault.withdraw, (address(tokens[MOODY]), 1 + roll(1e6)));
        else if (kind == 5) call = abi.encodeCall(IVault.removePayee, (payees[0]));
        else call = abi.encodeCall(IVault.setLimit, (0, 0, address(tokens[MOODY]), 1 days, uint128(1e9 + roll(1e9))));
        call = _signedLodge(v, signer, call);
    }

    function _signedLodge(uint256 v, address signer, bytes memory call) private returns (bytes memory) {
        uint32 nonce = vaults[v].ownerNonce();
        uint32 deadline = uint32(clock + 1);
        bytes memory signature = signAs(signer, actDigestOf(block.chainid, address(vaults[v]), call, nonce, deadline));
        return abi.encodeCall(IVault.lodge, (call, nonce, deadline, signature));
    }

    // ------------------------------------------------------------------------------------------ items

    /// @return items what the batch holds
    /// @return good  how many of them are somebody's own order
    function someItems(uint256 v, uint256 count) internal returns (IVault.BatchItem[] memory items, uint256 good) {
        items = new IVault.BatchItem[](count);
        for (uint256 i = 0; i < count; ++i) {
            Order memory order = someOrder(v);
            if (order.signer == address(0)) {
                items[i] = IVault.BatchItem(order.payment, "", "");
                continue;
            }
            if (i > 0 && order.signer == _signerOfItem(v, items[i - 1])) {
                order.payment.nonce = items[i - 1].payment.nonce + 1;
            }
            uint256 kind = roll(12);
            if (kind == 0 && i > 0) {
                items[i] = items[i - 1]; // twice in one batch
                continue;
            }
            witnesses[v].register(order.payment, order.signer, address(0), false);
            items[i] = IVault.BatchItem(order.payment, signatureOf(order), "");
            ++good;
            if (kind == 1) items[i].payment.amount += 1; // forged
            if (kind == 2) items[i].signature = hex"1234";
            if (kind == 3) items[i].signature = signLong(0x0F, bytes32(seedless()));
            if (kind < 4) --good;
        }
    }

    function seedless() private returns (uint256) {
        return roll(type(uint256).max);
    }

    function _signerOfItem(uint256 v, IVault.BatchItem memory item) private view returns (address) {
        return witnesses[v].signedOf(item.payment.ref).signer;
    }

    /// @dev I11: what did not pay left no trace. The witness has folded what did pay; the rest must not show.
    function _assertNoOneOwed(uint256 v, IVault.BatchItem[] memory items) private view {
        for (uint256 i = 0; i < items.length; ++i) {
            if (items[i].payment.session != 0) witnesses[v].assertSession(items[i].payment.session);
        }
    }
}
