// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {scopeOf} from "src/libraries/Scope.sol";
import {subjectOf} from "src/libraries/Subject.sol";
import {VaultSlots} from "src/libraries/VaultSlots.sol";

/// @notice stateAt.tree. The slots are found by what the vault writes when something changes, not by another list of them.
contract StateAtTest is PurseTest {
    function test_When_NothingIsAsked() public view {
        assertEq(vault.stateAt(new bytes32[](0)).length, 0);
    }

    function test_When_SlotsAreAsked() public view {
        bytes32[] memory slots = new bytes32[](3);
        (slots[0], slots[1], slots[2]) = (bytes32(uint256(4)), bytes32(type(uint256).max), bytes32(0));
        bytes32[] memory words = vault.stateAt(slots);
        assertEq(words.length, 3);
        assertEq(address(uint160(uint256(words[0]))), treasury);
        assertEq(words[1], 0);
        assertEq(words[2], vm.load(address(vault), 0));
    }

    function test_When_TheLayoutIsCompared() public {
        vm.startPrank(owner);
        vm.record();
        vault.setPayees(onePayee(stranger, 9));
        written(VaultSlots.payee(stranger));
        written(VaultSlots.vaultWord());
        vault.setCategories(SESSION, 2);
        written(VaultSlots.session(agent));
        vault.rotateKey(SESSION, vm.addr(77));
        written(VaultSlots.key(SESSION));
        vault.setPerPaymentCap(SESSION, address(token), 1);
        written(VaultSlots.allowance(scopeOf(SESSION, 0, address(token))));
        vault.setLimit(SESSION, DATA, address(token), HOUR, 1);
        written(VaultSlots.allowance(scopeOf(SESSION, DATA, address(token))));
        vault.setLimit(SESSION, DATA, address(token), WEEK, 1);
        written(VaultSlots.meter(scopeOf(SESSION, DATA, address(token)), 2));
        vault.setPurseTarget(PAYER, DATA, address(usdc), 1);
        written(VaultSlots.allowance(scopeOf(PAYER, DATA, address(usdc))));
        vault.setDelay(1 days);
        vm.record();
        vault.setLimit(SESSION, 0, address(token), DAY, DAY_CAP + 1);
        written(VaultSlots.waiting());
        uint32 change = vault.ownerNonce();
        written(VaultSlots.change(change));
        written(bytes32(uint256(VaultSlots.change(change)) + 1));
        vault.setLimit(SESSION, 0, address(token), DAY, 1);
        written(VaultSlots.killed(subjectOf(SESSION)));
        vm.stopPrank();
        assertEq(VaultSlots.read(vault, VaultSlots.payee(stranger)), 9);
        assertLogged(10);
    }

    /// @dev The vault has written this slot since the recording began.
    function written(bytes32 slot) internal {
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        for (uint256 i = 0; i < writes.length; ++i) {
            if (writes[i] == slot) return;
        }
        revert("never written");
    }
}
