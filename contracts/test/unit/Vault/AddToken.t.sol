// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice addToken.tree. Quoted: I6 (an unlisted token is refused), I7 (the unit never changes).
contract AddTokenTest is VaultTest {
    PlainToken internal fresh;

    function setUp() public override {
        super.setUp();
        fresh = new PlainToken(18);
    }

    function test_When_TheTokenIsNew() public {
        (bool listed, uint8 unitBits) = vault.tokenOf(address(fresh));
        assertFalse(listed);
        assertEq(unitBits, 0);
        expectLog();
        emit IVault.TokenAdded(address(fresh), 12, sequence + 1);
        add(address(fresh), 12);
        assertLogged(1);
        (listed, unitBits) = vault.tokenOf(address(fresh));
        assertTrue(listed);
        assertEq(unitBits, 12);
    }

    function test_When_TheUnitIsTheCoarsest() public {
        add(address(fresh), 97);
        uint128 largest = type(uint128).max - (uint128(1) << 97) + 1;
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(fresh), DAY, type(uint128).max);
        assertLogged(2);
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(fresh));
        assertEq(limits[0].cap, largest);
        assertEq(limits[0].remaining, largest);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.addToken(address(fresh), 0);
        }
        assertUntouched();
    }

    function test_RevertWhen_ThereIsNoCode() public {
        addRefuses(stranger, 0, abi.encodeWithSelector(IVault.TokenHasNoCode.selector, stranger));
        addRefuses(address(0), 0, abi.encodeWithSelector(IVault.TokenHasNoCode.selector, address(0)));
    }

    // I7
    function test_RevertWhen_TheTokenIsListed() public {
        addRefuses(address(token), 0, abi.encodeWithSelector(IVault.TokenListed.selector, address(token), 0));
        add(address(fresh), 12);
        assertLogged(1);
        addRefuses(address(fresh), 13, abi.encodeWithSelector(IVault.TokenListed.selector, address(fresh), 12));
    }

    function test_RevertWhen_TheUnitIsTooCoarse() public {
        addRefuses(address(fresh), 98, abi.encodeWithSelector(IVault.UnitTooCoarse.selector, 98));
        addRefuses(address(fresh), 255, abi.encodeWithSelector(IVault.UnitTooCoarse.selector, 255));
    }

    function test_RevertWhen_TheAddressHasAnotherRole() public {
        addRefuses(address(vault), 0, abi.encodeWithSelector(IVault.RoleConflict.selector, address(vault)));
        vm.etch(payee, hex"00");
        addRefuses(payee, 0, abi.encodeWithSelector(IVault.RoleConflict.selector, payee));
        vm.etch(treasury, hex"00");
        addRefuses(treasury, 0, abi.encodeWithSelector(IVault.RoleConflict.selector, treasury));
        vm.etch(agent, hex"00");
        addRefuses(agent, 0, abi.encodeWithSelector(IVault.RoleConflict.selector, agent));
        // a payee no more: then it may be listed
        vm.prank(owner);
        vault.removePayee(payee);
        add(payee, 0);
        assertLogged(2);
    }

    function add(address token_, uint8 unitBits) internal {
        vm.prank(owner);
        vault.addToken(token_, unitBits);
    }

    function addRefuses(address token_, uint8 unitBits, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.addToken(token_, unitBits);
        assertUntouched();
    }
}
