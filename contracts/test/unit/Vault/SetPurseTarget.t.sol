// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice setPurseTarget.tree. Quoted: I4 (targets are small), I9.
contract SetPurseTargetTest is PurseTest {
    function test_When_ItIsLowered() public {
        IPurse purse = openPurse();
        expectLog();
        emit IVault.PurseTargetSet(PAYER, address(usdc), DATA, 5e6, sequence + 1);
        set(5e6);
        assertLogged(1);
        assertEq(target(), 5e6);
        payerRefused(
            refillOf(purse, 0, 5e6 + 1), abi.encodeWithSelector(IVault.PurseOverfilled.selector, purse, 0, 5e6 + 1, 5e6)
        );
        refill(purse, 0, 5e6);
    }

    function test_When_ItIsRaisedToTheLargest() public {
        IPurse purse = openPurse();
        set(uint128(LARGEST_TARGET));
        assertLogged(1);
        refill(purse, 0, LARGEST_TARGET);
        assertEq(usdc.balanceOf(address(purse)), LARGEST_TARGET);
    }

    function test_Given_ItWasNeverSet() public {
        assertEq(target(), TARGET);
        vm.startPrank(owner);
        vault.setLimit(PAYER, 0, address(usdc), MONTH, 90e6);
        assertEq(target(), 9e6);
        vault.setLimit(PAYER, DATA, address(usdc), HOUR, 80e6);
        assertEq(target(), 8e6);
        vault.setLimit(PAYER, DATA, address(usdc), LIFETIME, 70e6);
        assertEq(target(), 7e6);
        vault.setLimit(0, 0, address(usdc), WEEK, 60e6);
        assertEq(target(), 6e6);
        vault.setLimit(0, 0, address(usdc), DAY, 50e6 + 9);
        assertEq(target(), 5e6, "in whole units");
        vault.setLimit(PAYER, RELAY, address(usdc), DAY, 1); // another category's
        vault.setLimit(SESSION, 0, address(usdc), DAY, 1); // another session's
        assertEq(target(), 5e6);
        vm.stopPrank();
        assertLogged(7);
    }

    // I9
    function test_Given_ADelay() public {
        vm.prank(owner);
        vault.setDelay(1 days);
        assertLogged(1);
        set(20e6);
        assertLogged(1);
        assertEq(target(), TARGET);
        uint32 change = lens.waiting(address(vault))[0].change;
        vm.warp(START + 1 days);
        vault.execute(change, abi.encodeCall(IVault.setPurseTarget, (PAYER, DATA, address(usdc), 20e6)));
        assertLogged(2);
        assertEq(target(), 20e6);
        set(19e6);
        assertLogged(1);
        assertEq(target(), 19e6);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_When_ItIsReplacedOnCondition() public {
        bytes memory call = abi.encodeCall(IVault.setPurseTarget, (PAYER, DATA, address(usdc), 5e6));
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.StaleChange.selector, 1, TARGET));
        vault.replace(1, call);
        vault.replace(TARGET, call);
        vm.expectRevert(abi.encodeWithSelector(IVault.StaleChange.selector, TARGET, 5e6));
        vault.replace(TARGET, call);
        vm.stopPrank();
        assertLogged(1);
        assertEq(target(), 5e6);
    }

    function test_Given_TheLimitsFellAfterItWasSet() public {
        set(25e6);
        vm.prank(owner);
        vault.setLimit(PAYER, 0, address(usdc), DAY, 40e6);
        assertLogged(2);
        assertEq(target(), 10e6);
        assertEq(view_().largestTarget, 10e6);
    }

    function test_Given_TheLimitsRoseAfterItWasSet() public {
        set(5e6);
        vm.prank(owner);
        vault.setLimit(PAYER, 0, address(usdc), DAY, 200e6);
        assertLogged(2);
        assertEq(target(), 5e6);
        assertEq(view_().largestTarget, 50e6);
    }

    function test_When_TheUnitIsCoarse() public {
        PlainToken coarse = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 10);
        vault.setLimit(PAYER, 0, address(coarse), DAY, 400 * 1024);
        assertLogged(2);
        expectLog();
        emit IVault.PurseTargetSet(PAYER, address(coarse), DATA, 100 * 1024, sequence + 1);
        vault.setPurseTarget(PAYER, DATA, address(coarse), 101 * 1024 - 1);
        vm.stopPrank();
        assertLogged(1);
        assertEq(lens.purseOf(address(vault), PAYER, address(coarse), DATA).target, 100 * 1024);
    }

    function test_Given_NoPurseIsOpen() public {
        set(1e6);
        vm.prank(owner);
        vault.setLimit(PAYER, DATA, address(usdc), HOUR, 90e6); // in the same word
        assertLogged(2);
        IPurse purse = openPurse();
        refill(purse, 0, 1e6);
        assertEq(target(), 1e6);
        (uint128 cap,) = lens.remaining(address(vault), PAYER, DATA, address(usdc));
        assertEq(cap, 0, "no category has a per-payment cap");
    }

    // I4
    function test_RevertWhen_ItIsAboveAQuarterOfTheLeastCap() public {
        uint128 tooHigh = uint128(LARGEST_TARGET) + 1;
        setRefuses(tooHigh, abi.encodeWithSelector(IVault.PurseTargetTooHigh.selector, tooHigh, LARGEST_TARGET));
        setRefuses(
            type(uint128).max >> 97,
            abi.encodeWithSelector(IVault.PurseTargetTooHigh.selector, type(uint128).max >> 97, LARGEST_TARGET)
        );
    }

    function test_RevertWhen_TheSessionHasNoLimitInTheToken() public {
        bytes memory why = abi.encodeWithSelector(IVault.PurseTargetTooHigh.selector, 1, 0);
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setPurseTarget(PAYER, DATA, address(token), 1);
        assertUntouched();
    }

    function test_RevertWhen_TheCategoryIsNone() public {
        uint8[3] memory none = [0, 64, 255];
        for (uint256 i = 0; i < none.length; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IVault.CategoryInvalid.selector, none[i]));
            vault.setPurseTarget(PAYER, none[i], address(usdc), 1);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheTokenIsNotListed() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.TokenNotListed.selector, stranger));
        vault.setPurseTarget(PAYER, DATA, stranger, 0);
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 99));
        vault.setPurseTarget(99, DATA, address(usdc), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 0));
        vault.setPurseTarget(0, DATA, address(usdc), 1);
        vm.stopPrank();
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        setRefuses(1, abi.encodeWithSelector(IVault.SessionRevoked.selector, PAYER));
    }

    function test_RevertWhen_ItIsLodgedBySignature() public {
        bytes memory call = abi.encodeCall(IVault.setPurseTarget, (PAYER, DATA, address(usdc), 1));
        bytes memory signature = signAct(OWNER_KEY, call, ownerNonce, soon());
        vm.expectRevert(abi.encodeWithSelector(IVault.VerbNotAllowed.selector, IVault.setPurseTarget.selector));
        vault.lodge(call, ownerNonce, soon(), signature);
        assertUntouched();
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, otherAgent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setPurseTarget(PAYER, DATA, address(usdc), 1);
        }
        assertUntouched();
    }

    function set(uint128 amount) internal {
        vm.prank(owner);
        vault.setPurseTarget(PAYER, DATA, address(usdc), amount);
    }

    function setRefuses(uint128 amount, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setPurseTarget(PAYER, DATA, address(usdc), amount);
        assertUntouched();
    }

    function view_() internal view returns (IVaultLens.PurseView memory) {
        return lens.purseOf(address(vault), PAYER, address(usdc), DATA);
    }

    function target() internal view returns (uint256) {
        return view_().target;
    }
}
