// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {OddAnswerToken} from "../../mocks/OddAnswerToken.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice sweep.tree. Quoted: I7 (a sweep gives nothing back), I10 (one sweep each), I16 (to the vault only).
contract SweepTest is PurseTest {
    IPurse internal purse;

    function setUp() public override {
        super.setUp();
        purse = filledPurse();
    }

    // I7, I16
    function test_When_TheOwnerSweeps() public {
        bytes memory before = abi.encode(limitsOf(PAYER, 0, address(usdc)));
        vm.prank(owner);
        assertEq(purse.sweep(address(usdc)), TARGET);
        assertEq(usdc.balanceOf(address(vault)), FUNDS);
        assertEq(usdc.balanceOf(address(purse)), 0);
        assertEq(abi.encode(limitsOf(PAYER, 0, address(usdc))), before);
        assertLogged(0);
        // and it can be filled again, out of what is left
        refill(purse, 1, TARGET);
        IVaultLens.LimitView[] memory limits = limitsOf(PAYER, 0, address(usdc));
        assertEq(limits[0].used, 2 * TARGET);
    }

    function test_When_TheOwnerSweepsAnotherToken() public {
        token.mint(address(purse), 7);
        vm.prank(owner);
        assertEq(purse.sweep(address(token)), 7);
        assertEq(token.balanceOf(address(vault)), FUNDS + 7);
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }

    // I10
    function test_Given_ATokenThatMovesTheMoneyAndAnswersOddly() public {
        OddAnswerToken odd = new OddAnswerToken(0);
        odd.mint(address(purse), 9);
        vm.prank(owner);
        assertEq(purse.sweep(address(odd)), 9);
        assertEq(odd.balanceOf(address(vault)), 9);
    }

    function test_When_ThereIsNothing() public {
        vm.startPrank(owner);
        purse.sweep(address(usdc));
        assertEq(purse.sweep(address(usdc)), 0);
        assertEq(purse.sweep(stranger), 0);
        vm.stopPrank();
    }

    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        vm.prank(owner);
        assertEq(purse.sweep(address(usdc)), TARGET);
    }

    function test_Given_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        sweptByAnyone();
    }

    function test_Given_EverySessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        sweptByAnyone();
    }

    function test_Given_TheSessionOver() public {
        vm.warp(VALID_UNTIL - 1);
        refusedTo(stranger);
        vm.warp(VALID_UNTIL);
        sweptByAnyone();
    }

    function test_Given_ANewOwner() public {
        vm.prank(owner);
        vault.transferOwnership(relayer);
        vm.prank(relayer);
        vault.acceptOwnership();
        assertLogged(2);
        refusedTo(owner);
        vm.prank(relayer);
        assertEq(purse.sweep(address(usdc)), TARGET);
    }

    // Else a stranger could make the agent burn its limit
    function test_RevertWhen_TheSessionLives() public {
        address[5] memory others = [guardian, treasury, otherAgent, agent, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            refusedTo(others[i]);
        }
    }

    function test_RevertGiven_TheTokenMovesNothing() public {
        usdc.pause();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IPurse.SweepFailed.selector, address(usdc), TARGET));
        purse.sweep(address(usdc));
    }

    function sweptByAnyone() internal {
        vm.prank(stranger);
        assertEq(purse.sweep(address(usdc)), TARGET);
        assertEq(usdc.balanceOf(address(vault)), FUNDS);
    }

    function refusedTo(address caller) internal {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IPurse.SessionNotOver.selector, PAYER, caller));
        purse.sweep(address(usdc));
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }
}
