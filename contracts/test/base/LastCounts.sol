// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "./VaultTest.sol";

/// @notice Puts one of the counters that a vault keeps beside its running hash at a number that no test can count to.
abstract contract LastCounts is VaultTest {
    enum Counter {
        Sequence,
        Epoch,
        OwnerNonce
    }

    /// @dev Wherever the counter stands in the word: where the views show it, and no other view shows a change.
    function force(Counter counter, uint32 number) internal {
        vm.record();
        (, bytes32 hash) = vault.head();
        (bytes32[] memory reads,) = vm.accesses(address(vault));
        uint256 was = uint256(vm.load(address(vault), reads[0]));
        uint256 mask = counter == Counter.Sequence ? type(uint32).max : type(uint24).max;
        uint32[3] memory wanted = counts();
        wanted[uint256(counter)] = number;
        for (uint256 shift = 160; shift < 256; ++shift) {
            vm.store(address(vault), reads[0], bytes32(was & ~(mask << shift) | (uint256(number) << shift)));
            uint32[3] memory found = counts();
            (, bytes32 now_) = vault.head();
            bool same = now_ == hash && !vault.paused();
            for (uint256 i = 0; i < 3; ++i) {
                if (found[i] != wanted[i]) same = false;
            }
            if (same) return;
        }
        revert("where is it?");
    }

    function counts() private view returns (uint32[3] memory) {
        (uint32 number,) = vault.head();
        return [number, vault.epoch(), vault.ownerNonce()];
    }
}
