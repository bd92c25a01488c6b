// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "./VaultTest.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice A vault whose owner has set a delay: what loosens waits (I9).
abstract contract WaitingTest is VaultTest {
    uint32 internal constant WAIT = 2 days;
    uint32 internal constant EXECUTION_WINDOW = 7 days;

    function setUp() public virtual override {
        super.setUp();
        ownerDoes(abi.encodeCall(vault.setDelay, (WAIT)));
        assertLogged(1);
    }

    function ownerDoes(bytes memory call) internal {
        does(owner, call);
    }

    function guardianDoes(bytes memory call) internal {
        does(guardian, call);
    }

    function does(address by, bytes memory call) internal {
        vm.prank(by);
        (bool ok, bytes memory answer) = address(vault).call(call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function refusesAct(address by, bytes memory call, bytes memory why) internal {
        vm.prank(by);
        (bool ok, bytes memory answer) = address(vault).call(call);
        assertFalse(ok, "did it");
        assertEq(answer, why);
        assertUntouched();
    }

    /// @notice The owner's call is put by: two events say so, and no word of the vault changes but its own, the list of
    ///         what waits, and the change's two.
    function waits(bytes memory call) internal returns (uint32 change) {
        uint256 before = lens.waiting(address(vault)).length;
        vm.record();
        ownerDoes(call);
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        assertLe(distinct(writes), 4, "more was written than that something waits");
        Vm.Log[] memory aside = assertLogged(1);
        change = ownerNonce;
        assertEq(aside.length, 1);
        assertEq(aside[0].topics.length, 2);
        assertEq(aside[0].topics[0], IVault.ChangeCall.selector);
        assertEq(aside[0].topics[1], bytes32(uint256(change)));
        assertEq(aside[0].data, abi.encode(call));
        IVaultLens.WaitingChange[] memory list = lens.waiting(address(vault));
        assertEq(list.length, before + 1, "it did not wait");
        assertEq(list[0].change, change);
        assertEq(list[0].callHash, keccak256(call));
        assertFalse(list[0].killed);
    }

    /// @notice The owner's call takes effect at once.
    function isInstant(bytes memory call) internal {
        uint256 before = lens.waiting(address(vault)).length;
        ownerDoes(call);
        assertEq(assertLogged(1).length, 0);
        assertEq(lens.waiting(address(vault)).length, before, "it waited");
    }

    /// @notice Anyone executes a change that waits; so many events, the `ChangeExecuted` among them.
    function executes(uint32 change, bytes memory call, uint256 events) internal {
        vm.expectEmit(address(vault));
        emit IVault.ChangeExecuted(change, sequence + 1);
        vm.prank(stranger);
        vault.execute(change, call);
        assertEq(assertLogged(events).length, 0);
    }

    function refusesExecution(uint32 change, bytes memory call, bytes memory why) internal {
        refusesAct(stranger, abi.encodeCall(vault.execute, (change, call)), why);
    }

    /// @notice A later act has killed the change: no execution, now or ever.
    function assertKilled(uint32 change, bytes memory call) internal {
        refusesExecution(change, call, abi.encodeWithSelector(IVault.ChangeKilled.selector, change));
    }

    function ripen() internal {
        vm.warp(vm.getBlockTimestamp() + WAIT);
    }

    function waitingOf(uint32 change) internal view returns (IVaultLens.WaitingChange memory) {
        IVaultLens.WaitingChange[] memory list = lens.waiting(address(vault));
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].change == change) return list[i];
        }
        revert("it does not wait");
    }

    function distinct(bytes32[] memory words) private pure returns (uint256 count) {
        for (uint256 i = 0; i < words.length; ++i) {
            bool seen = false;
            for (uint256 j = 0; j < i; ++j) {
                if (words[j] == words[i]) seen = true;
            }
            if (!seen) ++count;
        }
    }
}
