// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LastCounts} from "../../base/LastCounts.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice views.tree: sessionOf, sessionOfKey, remaining, meterOf, payeeOf, tokenOf, head. Quoted: I4, I12, I13.
contract ViewsTest is LastCounts {
    function test_Given_NothingGranted() public view {
        IVaultLens.SessionView memory nothing;
        assertEq(abi.encode(lens.sessionOf(address(vault), 99)), abi.encode(nothing));
        assertEq(abi.encode(lens.sessionOf(address(vault), 0)), abi.encode(nothing));
        assertEq(vault.sessionOfKey(stranger), 0);
        assertEq(vault.sessionOfKey(address(0)), 0);
        assertEq(vault.payeeOf(stranger), 0);
        (bool listed,) = vault.tokenOf(stranger);
        assertFalse(listed);
        (uint128 cap, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), 99, 0, address(token));
        assertEq(cap, 0);
        assertEq(limits.length, 0);
        (cap, limits) = lens.remaining(address(vault), SESSION, 0, stranger);
        assertEq(cap, 0);
        assertEq(limits.length, 0);
        assertEq(lens.meterOf(address(vault), 99, 0, address(token), DAY), 0);
    }

    function test_Given_PaymentsOutOfOrder() public {
        submit(paymentOf(40, 1));
        submit(paymentOf(38, 1));
        submit(paymentOf(9, 1));
        assertLogged(3);
        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION);
        assertEq(view_.nonceHighest, 40);
        assertEq(view_.nonceWindow, (uint32(1) << 31) | 5);
    }

    function test_Given_SpendingAndTime() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        (uint128 cap, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, PER_PAYMENT_CAP);
        assertEq(limits.length, 2);
        assertEq(limits[0].window, DAY);
        assertEq(limits[0].cap, DAY_CAP);
        assertEq(limits[0].used, 60e6);
        assertEq(limits[0].remaining, 40e6);
        assertEq(limits[1].window, WEEK);
        assertEq(limits[1].cap, WEEK_CAP);
        assertEq(limits[1].used, 60e6);
        assertEq(limits[1].remaining, 190e6);
        uint256 raw = limits[0].meter;
        assertEq(raw, lens.meterOf(address(vault), SESSION, 0, address(token), DAY));
        // time passes in the view; the stored meter waits
        vm.warp(START + 2 * uint256(DAY));
        (, limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(limits[0].used, 0);
        assertEq(limits[0].remaining, DAY_CAP);
        assertEq(limits[0].meter, raw);
        assertEq(limits[1].used, 60e6);
    }

    /// forge-config: default.fuzz.runs = 300
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_APaymentOfAllThatRemains(uint256 first, uint256 pause_) public {
        submit(paymentOf(0, uint128(within(first, 1, 60e6))));
        vm.warp(START + within(pause_, 0, 2 * uint256(DAY)));
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 200e6);
        assertLogged(2);
        uint128 left = uint128(leftOf(DAY));
        bytes memory why =
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), DAY, left + 1, left);
        refuses(paymentOf(1, left + 1), why);
        submit(paymentOf(1, left));
        assertLogged(1);
        assertEq(leftOf(DAY), 0);
    }

    function test_Given_KeysRotated() public {
        vm.startPrank(owner);
        vault.rotateKey(SESSION, otherAgent);
        vault.rotateKey(SESSION, vm.addr(0x99));
        vm.stopPrank();
        assertLogged(2);
        assertEq(vault.sessionOfKey(agent), SESSION);
        assertEq(vault.sessionOfKey(otherAgent), SESSION);
        assertEq(vault.sessionOfKey(vm.addr(0x99)), SESSION);
        assertEq(lens.sessionOf(address(vault), SESSION).key, vm.addr(0x99));
    }

    function test_RevertWhen_TheWindowIsUnknownInMeterOf() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.WindowUnknown.selector, 60));
        lens.meterOf(address(vault), SESSION, 0, address(token), 60);
    }

    // I13: another order of the same events is another hash
    function test_Given_EachEventLogged() public {
        uint256 snapshot = vm.snapshotState();
        (uint32 before,) = vault.head();
        vm.startPrank(owner);
        vault.setCategories(SESSION, 2);
        vault.setCategories(SESSION, 4);
        vm.stopPrank();
        (uint32 number, bytes32 one) = vault.head();
        assertEq(number, before + 2);
        assertEq(uint256(one) >> 168, 0, "21 bytes");
        assertTrue(vm.revertToState(snapshot));
        vm.startPrank(owner);
        vault.setCategories(SESSION, 4);
        vault.setCategories(SESSION, 2);
        vm.stopPrank();
        (, bytes32 other) = vault.head();
        assertNotEq(one, other);
    }

    // I10: a full counter is no reason to hold money; the running hash never starts over
    function test_Given_TheLastSequenceNumber() public {
        force(Counter.Sequence, type(uint32).max);
        sequence = type(uint32).max;
        (, runningHash) = vault.head();
        assertHead();
        submit(paymentOf(0, 1e6));
        vm.getRecordedLogs();
        (uint32 number, bytes32 hash) = vault.head();
        assertEq(number, 0);
        assertNotEq(hash, runningHash);
        vm.prank(owner);
        vault.withdraw(address(token), type(uint256).max);
        (number,) = vault.head();
        assertEq(number, 1);
        assertEq(vault.epoch(), 0);
        assertFalse(vault.paused());
    }

    // I8: starting over would revive sessions
    function test_RevertGiven_TheLastEpoch() public {
        force(Counter.Epoch, type(uint24).max);
        assertTrue(lens.sessionOf(address(vault), SESSION).revoked);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vault.revokeAll();
        assertEq(vault.epoch(), type(uint24).max);
    }
}
