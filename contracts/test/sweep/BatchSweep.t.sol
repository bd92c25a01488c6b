// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {GreedyToken} from "../mocks/GreedyToken.sol";
import {PlainToken} from "../mocks/PlainToken.sol";
import {GasSweep} from "./GasSweep.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice I11, where the unit is the item: at every gas limit in steps of 500 a batch ends, item by item, as it does with
///         plenty of gas, or nothing of it is done. So no relayer can have an item fail, or be blamed, for want of gas.
contract BatchSweepTest is GasSweep {
    function test_AMixedBatch() public {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](4);
        items[0] = itemOf(paymentOf(1, 10e6));
        items[1] = itemOf(paymentOf(2, PER_PAYMENT_CAP + 1)); // above the cap
        items[2] = itemOf(defaultPayment()); // with a fee
        items[3] = itemOf(paymentOf(1, 10e6)); // used by the first
        assertSwept(items, 2);
    }

    function test_ABatchWithForgeries() public {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](3);
        items[0] = itemOf(paymentOf(1, 10e6));
        items[0].payment.amount += 1; // nobody's payment now: not a word of it
        items[1] = itemOf(paymentOf(2, 10e6));
        items[2] = itemOf(paymentOf(3, 10e6));
        items[2].signature = hex"00";
        assertSwept(items, 0);
    }

    function test_ABatchWithAnApproval() public {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](2);
        items[0] = itemOf(paymentOf(1, PER_PAYMENT_CAP + 1));
        items[0].approval = approve(items[0].payment);
        items[1] = itemOf(paymentOf(2, PER_PAYMENT_CAP)); // beyond the day's limit, after the first
        assertSwept(items, 1);
    }

    /// @notice A token whose transfer takes most of what an item gets: it succeeds or nothing is done.
    function test_ABatchOfAGreedyToken() public {
        adoptGreedy();
        IVault.BatchItem[] memory items = new IVault.BatchItem[](2);
        items[0] = itemOf(paymentOf(1, 10e6));
        items[1] = itemOf(paymentOf(2, 10e6));
        assertSwept(items, 0);
    }

    /// @notice The relayer writes an encoding whose copying costs gas, after the gas was counted or before.
    function test_AnItemWithAGapInItsEncoding() public {
        adoptGreedy();
        IVault.BatchItem memory item = itemOf(paymentOf(1, 10e6));
        uint256[3] memory gaps = [uint256(300), 1_500, 6_000];
        for (uint256 i = 0; i < 3; ++i) {
            sweep(encodeOne(item, gaps[i]));
        }
    }

    // ------------------------------------------------------------------------------------------

    /// @dev `failures`: how many of the items the vault says did not pay.
    function assertSwept(IVault.BatchItem[] memory items, uint256 failures) internal {
        bytes memory call = abi.encodeCall(IVault.payBatch, (items));
        uint256 snapshot = vm.snapshotState();
        vm.recordLogs();
        vm.prank(stranger);
        (bool ok,) = address(vault).call(call);
        assertTrue(ok);
        assertEq(aside(vm.getRecordedLogs()).length, failures, "as many as were meant to fail");
        assertTrue(vm.revertToState(snapshot));
        uint256 least = sweep(call);
        assertGt(least, 520_000, "what each item is demanded to have");
        assertGt(limitsTried, 900);
    }

    function itemOf(IVault.Payment memory payment) internal view returns (IVault.BatchItem memory) {
        return IVault.BatchItem(payment, sign(payment), "");
    }

    /// @dev The greedy token takes the place of the default one.
    function adoptGreedy() internal {
        GreedyToken greedy = new GreedyToken();
        token = PlainToken(address(greedy));
        token.mint(address(vault), FUNDS);
        IVault.TokenGrant memory given = tokenGrants(address(token))[0];
        vm.startPrank(owner);
        vault.addToken(address(token), 0);
        vault.setPerPaymentCap(SESSION, address(token), given.perPaymentCap);
        vault.setLimit(SESSION, 0, address(token), DAY, DAY_CAP);
        vm.stopPrank();
        greedy.hunger(330_000);
    }

    /// @dev A batch of one, with so many zero words between signature and approval.
    function encodeOne(IVault.BatchItem memory item, uint256 gapWords) internal pure returns (bytes memory) {
        bytes memory start = bytes.concat(
            IVault.payBatch.selector,
            abi.encode(uint256(0x20), uint256(1), uint256(0x20)),
            abi.encode(item.payment),
            abi.encode(uint256(0x160), 0x160 + 0x80 + gapWords * 32)
        );
        bytes memory end = bytes.concat(item.signature, new bytes(31 + gapWords * 32), abi.encode(uint256(0)));
        return bytes.concat(start, abi.encode(uint256(65)), end);
    }
}
