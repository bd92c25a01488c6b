// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice setTreasury.tree. Quoted: I1 (withdrawals go to the treasury only, so out of the vault), I8.
contract SetTreasuryTest is VaultTest {
    function test_When_ATreasuryIsSet() public {
        expectLog();
        emit IVault.TreasurySet(stranger, sequence + 1);
        vm.prank(owner);
        vault.setTreasury(stranger);
        assertLogged(1);
        assertEq(vault.treasury(), stranger);
        assertEq(vault.owner(), owner);
        assertEq(vault.guardian(), guardian);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[4] memory callers = [guardian, treasury, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setTreasury(stranger);
        }
        assertUntouched();
    }

    function test_RevertWhen_ItIsZero() public {
        setRefuses(address(0), abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    function test_RevertWhen_ItIsTheVault() public {
        setRefuses(address(vault), abi.encodeWithSelector(IVault.RoleConflict.selector, address(vault)));
    }

    // Else a withdrawal would end in the token's own contract
    function test_RevertWhen_ItIsAListedToken() public {
        setRefuses(address(token), abi.encodeWithSelector(IVault.RoleConflict.selector, address(token)));
    }

    function test_RevertWhen_ItIsASessionKey() public {
        setRefuses(agent, abi.encodeWithSelector(IVault.RoleConflict.selector, agent));
    }

    function setRefuses(address account, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setTreasury(account);
        assertUntouched();
    }
}
