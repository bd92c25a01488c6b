// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice outflowOfPurses.tree: I17, what purses hold.
contract OutflowOfPursesTest is PurseTest {
    bytes[] internal calls;

    function test_Given_APurseHoldsSomething() public {
        assertEq(most(PAYER), DAY_CAP);
        IPurse purse = filledPurse();
        assertEq(most(PAYER), DAY_CAP, "what the purse got, the limit has lost");
        usdc.mint(address(purse), 3e6);
        assertEq(most(PAYER), DAY_CAP + 3e6);
        openPurse(PAYER, RELAY);
        assertEq(most(PAYER), DAY_CAP + 3e6);
        assertEq(most(SESSION), 0);
    }

    function test_Given_SomethingLiesWhereAPurseWouldBeOpened() public {
        usdc.mint(purses().purseOf(PAYER, address(usdc), RELAY), 3e6);
        assertEq(most(PAYER), DAY_CAP + 3e6);
    }

    function test_Given_APurseInACategoryNoLongerGranted() public {
        filledPurse();
        vm.prank(owner);
        vault.setCategories(PAYER, uint64(1) << RELAY);
        assertLogged(1);
        assertEq(most(PAYER), DAY_CAP - TARGET);
    }

    function test_Given_SuchACategoryMayBeGrantedAgain() public {
        test_Given_APurseInACategoryNoLongerGranted();
        vm.startPrank(owner);
        vault.setDelay(1 hours);
        calls.push(abi.encodeCall(IVault.setCategories, (PAYER, CATEGORIES)));
        vault.setCategories(PAYER, CATEGORIES);
        vm.stopPrank();
        assertLogged(2);
        assertEq(mostIn(PAYER, 1 hours - 1), DAY_CAP - TARGET);
        assertEq(mostIn(PAYER, 1 hours), DAY_CAP);
    }

    function test_Given_TheSessionRevoked() public {
        filledPurse();
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        assertEq(most(PAYER), 0);
    }

    function test_When_AllSessionsAreAskedAbout() public {
        filledPurse();
        vm.startPrank(owner);
        vault.setLimit(0, 0, address(usdc), DAY, 50e6);
        vault.setLimit(SESSION, 0, address(usdc), DAY, DAY_CAP);
        vm.stopPrank();
        assertLogged(2);
        assertEq(most(0), 50e6 + TARGET);
        IPurse other = openPurse(SESSION, DATA);
        usdc.mint(address(other), 3e6);
        assertEq(most(0), 50e6 + TARGET + 3e6);
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        assertEq(most(0), 50e6 + 3e6);
    }

    function most(uint32 session) internal view returns (uint256) {
        return mostIn(session, 0);
    }

    function mostIn(uint32 session, uint32 horizon) internal view returns (uint256) {
        return lens.maxOutflow(address(vault), session, address(usdc), horizon, calls);
    }
}
