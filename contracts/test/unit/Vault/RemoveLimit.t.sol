// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice removeLimit.tree. Quoted: I6 (a token without any limit cannot be paid), I7 (removing and restoring a limit
///         gives no allowance back).
contract RemoveLimitTest is VaultTest {
    function test_When_TheLimitStands() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        expectLog();
        emit IVault.LimitRemoved(SESSION, address(token), 0, DAY, sequence + 1);
        remove(DAY);
        assertLogged(1);
        (uint128 cap, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, PER_PAYMENT_CAP);
        assertEq(limits.length, 1);
        assertEq(limits[0].window, WEEK);
        assertEq(limits[0].cap, WEEK_CAP);
        assertEq(limits[0].used, 60e6);
        submit(paymentOf(1, 60e6)); // more than the day had left
        assertLogged(1);
        assertEq(usedOf(WEEK), 120e6);
        // the other one removed instead
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, DAY_CAP, 60e6, sequence + 1);
        set(DAY, DAY_CAP);
        expectLog();
        emit IVault.LimitRemoved(SESSION, address(token), 0, WEEK, sequence + 2);
        remove(WEEK);
        assertLogged(2);
        submit(paymentOf(2, 40e6));
        assertLogged(1);
        refuses(paymentOf(3, 1), exceeded(DAY, 1, 0));
    }

    // I6
    function test_When_TheLastOneIsRemoved() public {
        remove(WEEK);
        submit(paymentOf(0, 1e6));
        remove(DAY);
        assertLogged(3);
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(limits.length, 0);
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(token));
        refuses(paymentOf(1, 1), why);
        set(MONTH, 5e6);
        submit(paymentOf(1, 1));
        assertLogged(2);
    }

    // I7
    function test_When_RemovedAndRestored() public {
        submit(paymentOf(0, 60e6));
        remove(DAY);
        remove(WEEK);
        assertLogged(3);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, WEEK, WEEK_CAP, 60e6, sequence + 1);
        set(WEEK, WEEK_CAP);
        expectLog();
        emit IVault.LimitSet(SESSION, address(token), 0, DAY, DAY_CAP, 60e6, sequence + 2);
        set(DAY, DAY_CAP);
        assertLogged(2);
        assertEq(leftOf(DAY), 40e6);
        assertEq(leftOf(WEEK), 190e6);
        refuses(paymentOf(1, 41e6), exceeded(DAY, 41e6, 40e6));
    }

    /// @notice I7. Against a list of what each window's limit counted while it stood: any sequence of removing,
    ///         restoring and paying, within one bucket, so that nothing may ever be forgotten.
    /// forge-config: default.fuzz.runs = 300
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_When_EveryOrderOfRemovingAndRestoringIsTried(uint256 seed) public {
        uint32[4] memory windows = [HOUR, DAY, WEEK, MONTH];
        uint256[4] memory counted;
        bool[4] memory stands = [false, true, true, false];
        uint32 nonce = 0;
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 index = seed % 4;
            if ((seed >> 8) % 3 == 0) {
                bool any = stands[0] || stands[1] || stands[2] || stands[3];
                if (!any) continue;
                uint128 amount = uint128(1 + (seed >> 16) % 1e6);
                submit(paymentOf(nonce++, amount));
                for (uint256 i = 0; i < 4; ++i) {
                    if (stands[i]) counted[i] += amount;
                }
            } else if (stands[index]) {
                remove(windows[index]);
                stands[index] = false;
            } else {
                set(windows[index], 100e6);
                stands[index] = true;
            }
            assertLogged(1);
            assertEq(
                lens.meterOf(address(vault), SESSION, 0, address(token), windows[index]) & ((1 << 31) - 1),
                counted[index]
            );
            (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
            uint256 seen = 0;
            for (uint256 i = 0; i < 4; ++i) {
                if (!stands[i]) continue;
                assertEq(limits[seen].window, windows[i]);
                assertEq(limits[seen].used, counted[i]);
                ++seen;
            }
            assertEq(limits.length, seen);
        }
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.removeLimit(SESSION, 0, address(token), DAY);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.removeLimit(8, 0, address(token), DAY);
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        removeRefuses(address(token), DAY, abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertWhen_TheWindowIsUnknown() public {
        removeRefuses(address(token), DAY + 1, abi.encodeWithSelector(IVault.WindowUnknown.selector, DAY + 1));
    }

    function test_RevertWhen_NoSuchLimitStands() public {
        bytes4 unknown = IVault.LimitUnknown.selector;
        removeRefuses(address(token), HOUR, abi.encodeWithSelector(unknown, SESSION, 0, address(token), HOUR));
        removeRefuses(address(token), MONTH, abi.encodeWithSelector(unknown, SESSION, 0, address(token), MONTH));
        removeRefuses(stranger, DAY, abi.encodeWithSelector(unknown, SESSION, 0, stranger, DAY));
        remove(DAY);
        assertLogged(1);
        removeRefuses(address(token), DAY, abi.encodeWithSelector(unknown, SESSION, 0, address(token), DAY));
    }

    function remove(uint32 window) internal {
        vm.prank(owner);
        vault.removeLimit(SESSION, 0, address(token), window);
    }

    function set(uint32 window, uint128 cap) internal {
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(token), window, cap);
    }

    function removeRefuses(address token_, uint32 window, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.removeLimit(SESSION, 0, token_, window);
        assertUntouched();
    }

    function exceeded(uint32 window, uint256 requested, uint256 left) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), window, requested, left);
    }
}
