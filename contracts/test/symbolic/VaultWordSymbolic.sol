// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultWord} from "src/libraries/VaultWord.sol";

/// @notice Every setter changes its own field, as its getter reads it, and no other bit: for every word.
contract VaultWordSymbolic {
    uint256 private constant HASH_AND_SEQUENCE = (1 << 216) - 1;
    uint256 private constant EPOCH = uint256(type(uint32).max) << 216;
    uint256 private constant PAUSED = 1 << 248;

    /// @notice One more event: 23 bytes of its digest, the next sequence number, and nothing else (I13).
    function check_AnEventAdvancesHashAndSequenceOnly(VaultWord word, bytes32 digest) external pure {
        VaultWord next = word.advanced(digest);
        assert(bytes23(bytes32(next.runningHash() << 72)) == bytes23(digest));
        unchecked {
            assert(next.sequence() == word.sequence() + 1);
        }
        assert(_same(word, next, HASH_AND_SEQUENCE));
    }

    /// @dev After 2^32 events the sequence number starts over, and so is no identity.
    function checkFail_AnEventAdvancesHashAndSequenceOnly(VaultWord word, bytes32 digest) external pure {
        assert(word.advanced(digest).sequence() > word.sequence());
    }

    /// @notice The next epoch is another one than every earlier one, and nothing else changes (I8).
    function check_TheNextEpochIsLater(VaultWord word) external pure {
        VaultWord next = word.nextEpoch();
        assert(next.epoch() > word.epoch());
        assert(_same(word, next, EPOCH));
    }

    function checkFail_TheNextEpochIsLater(VaultWord word) external pure {
        assert(word.nextEpoch().epoch() > word.epoch() + 1);
    }

    /// @notice The last epoch has no next: starting over would revive sessions.
    function check_TheLastEpochHasNoNext(VaultWord word) external view {
        (bool done,) = address(this).staticcall(abi.encodeCall(this.nextEpoch, (word)));
        assert(done == (word.epoch() != type(uint32).max));
    }

    function checkFail_TheLastEpochHasNoNext(VaultWord word) external view {
        (bool done,) = address(this).staticcall(abi.encodeCall(this.nextEpoch, (word)));
        assert(done);
    }

    function nextEpoch(VaultWord word) external pure returns (VaultWord) {
        return word.nextEpoch();
    }

    function check_PausedIsSetAlone(VaultWord word, bool isPaused) external pure {
        VaultWord next = word.withPaused(isPaused);
        assert(next.paused() == isPaused);
        assert(_same(word, next, PAUSED));
    }

    function checkFail_PausedIsSetAlone(VaultWord word, bool isPaused) external pure {
        assert(_same(word, word.withPaused(isPaused), 0));
    }

    /// @dev Whether two words differ in this field at most.
    function _same(VaultWord a, VaultWord b, uint256 field) private pure returns (bool) {
        return (VaultWord.unwrap(a) ^ VaultWord.unwrap(b)) & ~field == 0;
    }
}
