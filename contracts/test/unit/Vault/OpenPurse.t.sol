// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {HalfToken} from "../../mocks/HalfToken.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IPurses} from "src/interfaces/IPurses.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice openPurse.tree. Quoted: I6, I8, I9 (a stranger leaves the owner nonce), I13, I15.
contract OpenPurseTest is PurseTest {
    function test_When_AStrangerOpensIt() public {
        IVaultLens.PurseView memory before = lens.purseOf(address(vault), PAYER, address(usdc), DATA);
        assertFalse(before.open);
        assertEq(before.purse, purses().purseOf(PAYER, address(usdc), DATA));
        uint32 nonce = vault.ownerNonce();
        expectLog();
        emit IVault.PurseOpened(PAYER, address(usdc), before.purse, DATA, sequence + 1);
        IPurse purse = openPurse();
        assertEq(address(purse), before.purse);
        assertEq(vault.ownerNonce(), nonce, "I9");
        assertEq(vault.payeeOf(address(purse)), DATA);
        (address itsVault, uint32 session, address money, uint8 category) = purse.purse();
        assertEq(itsVault, address(vault));
        assertEq(session, PAYER);
        assertEq(money, address(usdc));
        assertEq(category, DATA);
        IVaultLens.PurseView memory after_ = lens.purseOf(address(vault), PAYER, address(usdc), DATA);
        assertTrue(after_.open);
        assertEq(after_.balance, 0);
        assertEq(after_.target, TARGET);
        assertEq(after_.largestTarget, LARGEST_TARGET);
    }

    function test_When_ItIsOneOfSeveral() public {
        address one = address(openPurse(PAYER, DATA));
        address two = address(openPurse(PAYER, RELAY));
        assertTrue(one != two);
        assertEq(vault.payeeOf(two), RELAY);
        assertEq(purses().countOf(address(usdc)), 2);
        (address purse, uint32 session) = purses().purseAt(address(usdc), 0);
        assertEq(purse, one);
        assertEq(session, PAYER);
        (purse, session) = purses().purseAt(address(usdc), 1);
        assertEq(purse, two);
        assertEq(purses().countOf(address(token)), 0);
    }

    function test_Given_SomethingWasSentThereBefore() public {
        usdc.mint(purses().purseOf(PAYER, address(usdc), DATA), 5e6);
        IPurse purse = openPurse();
        assertEq(usdc.balanceOf(address(purse)), 5e6);
    }

    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        openPurse();
    }

    function test_Given_TheSessionNotBegun() public {
        vm.warp(VALID_FROM - 1);
        openPurse();
    }

    function test_Given_TheOwnerPutItsAddressInTheBookBefore() public {
        address place = purses().purseOf(PAYER, address(usdc), DATA);
        vm.prank(owner);
        vault.setPayees(onePayee(place, RELAY));
        assertLogged(1);
        IPurse purse = openPurse();
        assertEq(vault.payeeOf(place), DATA);
        payerRefused(
            refillOf(purse, 0, uint128(TARGET) + 1),
            abi.encodeWithSelector(IVault.PurseOverfilled.selector, place, 0, TARGET + 1, TARGET)
        );
    }

    function test_RevertWhen_ItIsOpenAlready() public {
        IPurse purse = openPurse();
        openRefused(PAYER, address(usdc), DATA, abi.encodeWithSelector(IVault.PurseExists.selector, purse));
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        openRefused(99, address(usdc), DATA, abi.encodeWithSelector(IVault.SessionUnknown.selector, 99));
        openRefused(0, address(usdc), DATA, abi.encodeWithSelector(IVault.SessionUnknown.selector, 0));
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        openRefused(PAYER, address(usdc), DATA, abi.encodeWithSelector(IVault.SessionRevoked.selector, PAYER));
    }

    function test_RevertWhen_TheCategoryIsNotGranted() public {
        uint8[4] memory others = [0, DATA + 1, 64, 255];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.CategoryNotGranted.selector, PAYER, others[i]);
            openRefused(PAYER, address(usdc), others[i], why);
        }
    }

    function test_RevertWhen_TheTokenIsNotGranted() public {
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(usdc));
        openRefused(SESSION, address(usdc), DATA, why);
    }

    function test_RevertWhen_TheTokenHasNoAuthorizations() public {
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotEip3009.selector, address(token));
        openRefused(SESSION, address(token), DATA, why);
        // One that has a domain, as for permits, but no authorizations; and one that says that all of them are used
        for (uint256 kind = 0; kind < 7; ++kind) {
            HalfToken half = new HalfToken(kind);
            vm.startPrank(owner);
            vault.addToken(address(half), 0);
            vault.setLimit(SESSION, 0, address(half), DAY, DAY_CAP);
            vm.stopPrank();
            assertLogged(2);
            why = abi.encodeWithSelector(IVault.TokenNotEip3009.selector, address(half));
            openRefused(SESSION, address(half), DATA, why);
        }
    }

    function test_RevertGiven_TheTreasuryIsToBeThere() public {
        address place = purses().purseOf(PAYER, address(usdc), DATA);
        vm.prank(owner);
        vault.setTreasury(place);
        assertLogged(1);
        openRefused(PAYER, address(usdc), DATA, abi.encodeWithSelector(IVault.RoleConflict.selector, place));
    }

    function test_RevertWhen_APurseIsPutInTheBookAgain() public {
        IPurse purse = openPurse();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.RoleConflict.selector, purse));
        vault.setPayees(onePayee(address(purse), RELAY));
        assertUntouched();
    }

    function test_RevertWhen_APurseIsTakenOutOfTheBook() public {
        IPurse purse = openPurse();
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVault.RoleConflict.selector, purse));
        vault.removePayee(address(purse));
        assertUntouched();
    }

    // I8
    function test_RevertWhen_APurseIsToBeTreasuryOrKeyOrToken() public {
        address purse = address(openPurse());
        bytes memory why = abi.encodeWithSelector(IVault.RoleConflict.selector, purse);
        vm.startPrank(owner);
        vm.expectRevert(why);
        vault.setTreasury(purse);
        vm.expectRevert(why);
        vault.rotateKey(PAYER, purse);
        vm.expectRevert(why);
        vault.addToken(purse, 0);
        vm.stopPrank();
        assertUntouched();
    }

    function test_RevertWhen_SomebodyElseThanTheVaultAsksItsPursesToOpenOne() public {
        IPurses its = purses();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IPurses.NotVault.selector, owner));
        its.open(PAYER, address(usdc), DATA);
    }

    function openRefused(uint32 session, address money, uint8 category, bytes memory why) internal {
        vm.prank(stranger);
        vm.expectRevert(why);
        vault.openPurse(session, money, category);
        assertUntouched();
    }
}
