// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice setLimit.tree. Quoted: I4 (the cap binds in any window), I7 (no re-setting gives allowance back).
contract SetLimitTest is VaultTest {
    function test_When_TheLimitIsNew() public {
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, HOUR, 30e6, 0, sequence + 1);
        set(HOUR, 30e6);
        assertLogged(1);
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(limits.length, 3);
        assertEq(limits[0].window, HOUR);
        assertEq(limits[1].window, DAY);
        assertEq(limits[2].window, WEEK);
        submit(paymentOf(0, 20e6));
        assertLogged(1);
        refuses(paymentOf(1, 10e6 + 1), exceeded(HOUR, 10e6 + 1, 10e6));
        submit(paymentOf(1, 10e6));
        assertLogged(1);
        assertEq(usedOf(DAY), 30e6);
        assertEq(usedOf(WEEK), 30e6);
    }

    // I7
    function test_When_AStandingLimitIsRaised() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, 110e6, 60e6, sequence + 1);
        set(DAY, 110e6);
        assertLogged(1);
        assertEq(leftOf(DAY), 50e6);
        refuses(paymentOf(1, 50e6 + 1), exceeded(DAY, 50e6 + 1, 50e6));
        submit(paymentOf(1, 50e6));
        assertLogged(1);
        // the second limit, whose meter stands elsewhere, just the same
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, WEEK, 300e6, 110e6, sequence + 1);
        set(WEEK, 300e6);
        assertLogged(1);
        assertEq(leftOf(WEEK), 190e6);
    }

    function test_When_AStandingLimitIsLowered() public {
        submit(paymentOf(0, 60e6));
        set(DAY, 70e6);
        assertLogged(2);
        refuses(paymentOf(1, 10e6 + 1), exceeded(DAY, 10e6 + 1, 10e6));
        submit(paymentOf(1, 10e6));
        assertLogged(1);
    }

    function test_When_TheCapIsBelowWhatWasSpent() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, 50e6, 60e6, sequence + 1);
        set(DAY, 50e6);
        assertLogged(1);
        assertEq(leftOf(DAY), 0);
        assertEq(usedOf(DAY), 60e6);
        refuses(paymentOf(1, 1), exceeded(DAY, 1, 0));
        vm.warp(START + DAY + DAY / 4);
        submit(paymentOf(1, 50e6));
        assertLogged(1);
    }

    function test_When_TheCapIsZero() public {
        set(DAY, 0);
        assertLogged(1);
        refuses(paymentOf(0, 1), exceeded(DAY, 1, 0));
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(limits.length, 2, "a cap of nothing stands, unlike a removed limit");
        assertEq(limits[0].cap, 0);
    }

    // I7
    function test_When_SetAgainToTheSame() public {
        submit(paymentOf(0, 60e6));
        set(DAY, DAY_CAP);
        set(WEEK, WEEK_CAP);
        assertLogged(3);
        assertEq(leftOf(DAY), 40e6);
        assertEq(leftOf(WEEK), 190e6);
        refuses(paymentOf(1, 41e6), exceeded(DAY, 41e6, 40e6));
    }

    function test_When_TheUnitIsCoarse() public {
        PlainToken coarse = new PlainToken(18);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 40);
        assertLogged(1);
        expectLog();
        emit IVault.LimitSet(SESSION, address(coarse), 0, MONTH, 3 << 40, 0, sequence + 1);
        vault.setLimit(SESSION, 0, address(coarse), MONTH, (4 << 40) - 1);
        vm.stopPrank();
        assertLogged(1);
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(coarse));
        assertEq(limits[0].cap, 3 << 40);
        assertEq(limits[0].remaining, 3 << 40);
        assertEq(limits[0].meter, lens.meterOf(address(vault), SESSION, 0, address(coarse), MONTH));
    }

    // I4: conjunction only, each limit always evaluated
    function test_Given_AllFourWindows() public {
        uint32[4] memory windows = [HOUR, DAY, WEEK, MONTH];
        for (uint256 i = 0; i < 4; ++i) {
            set(windows[i], 50e6);
        }
        assertLogged(4);
        submit(paymentOf(0, 20e6));
        assertLogged(1);
        for (uint256 i = 0; i < 4; ++i) {
            set(windows[i], 30e6);
            assertLogged(1);
            refuses(paymentOf(1, 10e6 + 1), exceeded(windows[i], 10e6 + 1, 10e6));
            set(windows[i], 50e6);
            assertLogged(1);
        }
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(limits.length, 4);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(limits[i].window, windows[i]);
            assertEq(limits[i].used, 20e6);
            assertEq(limits[i].remaining, 30e6);
            assertEq(limits[i].meter, lens.meterOf(address(vault), SESSION, 0, address(token), windows[i]));
        }
    }

    function test_Given_TheMeterAged() public {
        submit(paymentOf(0, 40e6));
        vm.warp(START + DAY / 2);
        submit(paymentOf(1, 25e6));
        assertLogged(2);
        vm.warp(START + DAY + DAY / 4);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, DAY_CAP, 25e6, sequence + 1);
        set(DAY, DAY_CAP);
        assertLogged(1);
        vm.warp(START + DAY + DAY / 2 + DAY / 4);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, DAY_CAP, 0, sequence + 1);
        set(DAY, DAY_CAP);
        assertLogged(1);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setLimit(SESSION, 0, address(token), DAY, 1);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.setLimit(8, 0, address(token), DAY, 1);
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        setRefuses(address(token), DAY, 1, abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertWhen_TheTokenIsNotListed() public {
        setRefuses(stranger, DAY, 1, abi.encodeWithSelector(IVault.TokenNotListed.selector, stranger));
    }

    function test_RevertWhen_TheWindowIsUnknown() public {
        uint32[6] memory windows = [uint32(0), 1, HOUR + 1, DAY - 1, MONTH + 1, LIFETIME - 1];
        for (uint256 i = 0; i < windows.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.WindowUnknown.selector, windows[i]);
            setRefuses(address(token), windows[i], 1, why);
        }
    }

    function test_RevertWhen_TheCapDoesNotFitTheUnit() public {
        uint128 most = (1 << 31) - 1;
        set(DAY, most);
        assertLogged(1);
        assertEq(leftOf(DAY), most);
        setRefuses(address(token), DAY, most + 1, abi.encodeWithSelector(IVault.CapTooLarge.selector, most + 1, most));

        PlainToken coarse = new PlainToken(18);
        vm.prank(owner);
        vault.addToken(address(coarse), 10);
        assertLogged(1);
        uint256 largest = uint256(most) << 10;
        uint128 cap = uint128(1) << 41;
        setRefuses(address(coarse), DAY, cap, abi.encodeWithSelector(IVault.CapTooLarge.selector, cap, largest));
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(coarse), DAY, cap - 1);
        assertLogged(1);
    }

    function set(uint32 window, uint128 cap) internal {
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(token), window, cap);
    }

    function setRefuses(address token_, uint32 window, uint128 cap, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setLimit(SESSION, 0, token_, window, cap);
        assertUntouched();
    }

    function exceeded(uint32 window, uint256 requested, uint256 left) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), window, requested, left);
    }
}
