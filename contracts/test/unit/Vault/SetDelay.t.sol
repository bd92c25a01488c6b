// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice setDelay.tree. Quoted: I9 (0 to 30 days; a shorter delay is a loosening).
contract SetDelayTest is VaultTest {
    function test_When_TheDelayIsLonger() public {
        expectLog();
        emit IVault.DelaySet(5, sequence + 1);
        set(5);
        assertLogged(1);
        assertEq(vault.delay(), 5);
        set(6);
        assertLogged(1);
        assertEq(vault.delay(), 6);
        vm.prank(owner);
        vault.setCategories(SESSION, CATEGORIES | 2);
        assertEq(assertLogged(1).length, 1);
        assertEq(lens.sessionOf(address(vault), SESSION).categories, CATEGORIES);
        assertEq(lens.waiting(address(vault))[0].executableFrom, START + 6);
        assertEq(vault.owner(), owner); // which it stands beside
    }

    function test_When_TheDelayIsTheLongest() public {
        set(30 days);
        assertLogged(1);
        assertEq(vault.delay(), 30 days);
    }

    function test_When_ItNeverWas() public view {
        assertEq(vault.delay(), 0);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_When_TheDelayIsShorter() public {
        set(1 days);
        assertLogged(1);
        set(1 days - 1);
        assertEq(assertLogged(1).length, 1);
        assertEq(vault.delay(), 1 days);
        uint32 change = lens.waiting(address(vault))[0].change;
        vm.warp(START + 1 days);
        expectLog();
        emit IVault.ChangeExecuted(change, sequence + 1);
        expectLog();
        emit IVault.DelaySet(1 days - 1, sequence + 2);
        vault.execute(change, abi.encodeCall(vault.setDelay, (1 days - 1)));
        assertLogged(2);
        assertEq(vault.delay(), 1 days - 1);
    }

    function test_RevertWhen_TheDelayIsTooLong() public {
        uint32[3] memory delays = [uint32(30 days + 1), 365 days, type(uint32).max];
        for (uint256 i = 0; i < delays.length; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IVault.DelayTooLong.selector, delays[i], 30 days));
            vault.setDelay(delays[i]);
            assertUntouched();
        }
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setDelay(1);
        }
        assertUntouched();
    }

    function set(uint32 delay) internal {
        vm.prank(owner);
        vault.setDelay(delay);
    }
}
