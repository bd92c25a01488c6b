// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultWord, VaultWordLib} from "src/libraries/VaultWord.sol";

/// @notice Every setter changes its own field, as its getter reads it, and no other bit: for every word.
contract VaultWordSymbolic {
    uint256 private constant HASH_AND_SEQUENCE = (1 << 200) - 1;
    uint256 private constant EPOCH = uint256(type(uint24).max) << 200;
    uint256 private constant OWNER_NONCE = uint256(type(uint24).max) << 224;
    uint256 private constant PAUSED = 1 << 248;
    uint256 private constant LIMITED = 1 << 249;
    uint256 private constant GRANTED = 1 << 250;
    uint256 private constant WAITING = 1 << 251;

    /// @notice One more payment: 21 bytes of its event's digest, the next sequence number, and nothing else.
    /// @custom:promise I13
    function check_APaymentAdvancesHashAndSequenceOnly(VaultWord word, bytes32 digest) external pure {
        VaultWord next = word.paid(digest);
        assert(bytes21(bytes32(next.runningHash() << 88)) == bytes21(digest));
        unchecked {
            assert(next.sequence() == word.sequence() + 1);
        }
        assert(_same(word, next, HASH_AND_SEQUENCE));
    }

    /// @dev After 2^32 events the sequence number starts over, and so is no identity.
    function checkFail_APaymentAdvancesHashAndSequenceOnly(VaultWord word, bytes32 digest) external pure {
        assert(word.paid(digest).sequence() > word.sequence());
    }

    /// @notice One more act: as a payment, and the next owner nonce. It never falls, and at its end it stays.
    /// @custom:promise I9
    function check_AnActAdvancesTheOwnerNonceToo(VaultWord word, bytes32 digest) external pure {
        VaultWord next = word.acted(digest);
        assert(_same(word.paid(digest), next, OWNER_NONCE));
        bool ended = word.ownerNonce() == VaultWordLib.NONCE_END;
        assert(next.ownerNonce() == word.ownerNonce() + (ended ? 0 : 1));
    }

    function checkFail_AnActAdvancesTheOwnerNonceToo(VaultWord word, bytes32 digest) external pure {
        assert(word.acted(digest).ownerNonce() == word.ownerNonce() + 1);
    }

    /// @notice The next epoch is another one than every earlier one; nothing is granted in it, and nothing else changes.
    /// @custom:promise I8
    function check_TheNextEpochIsLater(VaultWord word) external pure {
        VaultWord next = word.nextEpoch();
        assert(next.epoch() > word.epoch() && !next.granted());
        assert(_same(word, next, EPOCH | GRANTED));
    }

    function checkFail_TheNextEpochIsLater(VaultWord word) external pure {
        assert(_same(word, word.nextEpoch(), EPOCH));
    }

    /// @notice The last epoch has no next: starting over would revive sessions.
    /// @custom:promise I8
    function check_TheLastEpochHasNoNext(VaultWord word) external view {
        (bool done,) = address(this).staticcall(abi.encodeCall(this.nextEpoch, (word)));
        assert(done == (word.epoch() != type(uint24).max));
    }

    function checkFail_TheLastEpochHasNoNext(VaultWord word) external view {
        (bool done,) = address(this).staticcall(abi.encodeCall(this.nextEpoch, (word)));
        assert(done);
    }

    function nextEpoch(VaultWord word) external pure returns (VaultWord) {
        return word.nextEpoch();
    }

    /// @custom:promise I8
    function check_PausedIsSetAlone(VaultWord word, bool isPaused) external pure {
        VaultWord next = word.withPaused(isPaused);
        assert(next.paused() == isPaused);
        assert(_same(word, next, PAUSED));
    }

    function checkFail_PausedIsSetAlone(VaultWord word, bool isPaused) external pure {
        assert(_same(word, word.withPaused(isPaused), 0));
    }

    /// @custom:promise I9
    function check_WaitingIsSetAlone(VaultWord word, bool isWaiting) external pure {
        VaultWord next = word.withWaiting(isWaiting);
        assert(next.waiting() == isWaiting);
        assert(_same(word, next, WAITING));
    }

    function checkFail_WaitingIsSetAlone(VaultWord word, bool isWaiting) external pure {
        assert(_same(word, word.withWaiting(isWaiting), PAUSED));
    }

    /// @notice What a payment or a revoke-all may leave out is noted before, and never by mistake for another.
    /// @custom:promise I4 I8
    function check_LimitedAndGrantedAreSetAlone(VaultWord word) external pure {
        assert(word.withLimited().limited() && _same(word, word.withLimited(), LIMITED));
        assert(word.withGranted().granted() && _same(word, word.withGranted(), GRANTED));
    }

    function checkFail_LimitedAndGrantedAreSetAlone(VaultWord word) external pure {
        assert(_same(word, word.withLimited(), GRANTED));
    }

    /// @dev Whether two words differ in this field at most.
    function _same(VaultWord a, VaultWord b, uint256 field) private pure returns (bool) {
        return (VaultWord.unwrap(a) ^ VaultWord.unwrap(b)) & ~field == 0;
    }
}
