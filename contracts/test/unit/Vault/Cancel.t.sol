// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {WaitingTest} from "../../base/WaitingTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice cancel.tree. Quoted: I9 (guardian or owner can cancel a change while it waits; the guardian not the change of
///         the guardian).
contract CancelTest is WaitingTest {
    function test_When_TheOwnerCancels() public {
        cancels(owner);
    }

    function test_When_TheGuardianCancels() public {
        cancels(guardian);
    }

    function test_When_AKilledChangeIsCancelled() public {
        uint32 change = waits(raise(1));
        isInstant(raise(0));
        assertTrue(waitingOf(change).killed);
        guardianDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_When_AChangePastItsTimeIsCancelled() public {
        uint32 change = waits(raise(1));
        vm.warp(START + WAIT + EXECUTION_WINDOW);
        guardianDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_RevertWhen_TheGuardianCancelsTheChangeOfTheGuardian() public {
        bytes memory call = abi.encodeCall(vault.setGuardian, (address(0)));
        uint32 change = waits(call);
        guardianCannot(change);
        // nor under a replacement, nor killed, nor by signature
        bytes memory replacement = abi.encodeCall(vault.replace, (uint160(guardian), call));
        uint32 other = waits(replacement);
        guardianCannot(other);
        bytes memory cancel = abi.encodeCall(vault.cancel, (other));
        bytes memory signature = signAct(GUARDIAN_KEY, cancel, ownerNonce, soon());
        vm.expectRevert(abi.encodeWithSelector(IVault.GuardianCannotCancel.selector, other));
        vault.lodge(cancel, ownerNonce, soon(), signature);
        ripen();
        guardianCannot(other);
        executes(other, replacement, 2);
        assertEq(vault.guardian(), address(0));
    }

    function test_When_TheOwnerCancelsTheChangeOfTheGuardian() public {
        uint32 change = waits(abi.encodeCall(vault.setGuardian, (stranger)));
        ownerDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        assertEq(lens.waiting(address(vault)).length, 0);
        change = waits(abi.encodeCall(vault.setGuardian, (stranger)));
        lodgeBy(OWNER_KEY, abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        assertEq(lens.waiting(address(vault)).length, 0);
    }

    function test_When_AnOwnerWhoIsGuardianTooCancelsTheChangeOfTheGuardian() public {
        bytes memory call = abi.encodeCall(vault.setGuardian, (owner));
        uint32 change = waits(call);
        ripen();
        executes(change, call, 2);
        change = waits(abi.encodeCall(vault.setGuardian, (stranger)));
        ownerDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        assertEq(vault.guardian(), owner);
    }

    function test_RevertWhen_TheCallerIsNeitherOwnerNorGuardian() public {
        uint32 change = waits(abi.encodeCall(vault.setCategories, (SESSION, CATEGORIES | 2)));
        address[5] memory callers = [payee, agent, stranger, treasury, address(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, callers[i]);
            refusesAct(callers[i], abi.encodeCall(vault.cancel, (change)), why);
        }
    }

    function test_RevertWhen_NoSuchChangeWaits() public {
        uint32 change = waits(raise(1));
        uint32[5] memory numbers = [uint32(0), change - 1, change + 1, type(uint24).max, type(uint32).max];
        for (uint256 i = 0; i < numbers.length; ++i) {
            unknown(owner, numbers[i]);
            unknown(guardian, numbers[i]);
        }
        unknown(guardian, change + (1 << 24)); // the list holds 24 bits of each number
    }

    function test_RevertWhen_CancelledTwice() public {
        uint32 change = waits(raise(1));
        guardianDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        unknown(owner, change);
        unknown(guardian, change);
    }

    function test_RevertWhen_ExecutedAfter() public {
        uint32 change = waits(raise(1));
        ownerDoes(abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        ripen();
        refusesExecution(change, raise(1), abi.encodeWithSelector(IVault.ChangeUnknown.selector, change));
    }

    function test_When_OneOfManyIsCancelled() public {
        uint32[10] memory changes;
        for (uint128 i = 0; i < 10; ++i) {
            changes[i] = waits(raise(i + 1));
        }
        uint8[10] memory order = [4, 0, 9, 5, 1, 8, 2, 7, 3, 6];
        for (uint256 i = 0; i < 10; ++i) {
            guardianDoes(abi.encodeCall(vault.cancel, (changes[order[i]])));
            assertLogged(1);
            delete changes[order[i]];
            IVaultLens.WaitingChange[] memory list = lens.waiting(address(vault));
            assertEq(list.length, 9 - i);
            uint256 place = 0;
            for (uint128 j = 10; j > 0; --j) {
                if (changes[j - 1] == 0) continue;
                assertEq(list[place].change, changes[j - 1]);
                assertEq(list[place].callHash, keccak256(raise(j)));
                ++place;
            }
        }
        vm.record();
        isInstant(raise(0));
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        assertEq(writes.length, 2, "nothing waits: nothing to kill");
    }

    function cancels(address by) internal {
        bytes memory call = abi.encodeCall(vault.grant, (otherGrant()));
        uint32 change = waits(call);
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        expectLog();
        emit IVault.ChangeCancelled(change, by, sequence + 1);
        does(by, abi.encodeCall(vault.cancel, (change)));
        assertLogged(1);
        uint256 left = 0;
        for (uint256 i = 0; i < writes.length; ++i) {
            if (vm.load(address(vault), writes[i]) != 0) ++left;
        }
        assertEq(left, 1, "nothing stays of it: the vault's own word alone is not zero");
        assertEq(lens.waiting(address(vault)).length, 0);
        ripen();
        refusesExecution(change, call, abi.encodeWithSelector(IVault.ChangeUnknown.selector, change));
        assertEq(lens.sessionOf(address(vault), SESSION + 1).key, address(0));
    }

    function guardianCannot(uint32 change) internal {
        bytes memory why = abi.encodeWithSelector(IVault.GuardianCannotCancel.selector, change);
        refusesAct(guardian, abi.encodeCall(vault.cancel, (change)), why);
    }

    function unknown(address by, uint32 change) internal {
        bytes memory why = abi.encodeWithSelector(IVault.ChangeUnknown.selector, change);
        refusesAct(by, abi.encodeCall(vault.cancel, (change)), why);
    }

    function raise(uint128 by) internal view returns (bytes memory) {
        return abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + by));
    }
}
