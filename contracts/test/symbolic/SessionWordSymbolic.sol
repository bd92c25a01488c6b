// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, split} from "./Premise.sol";
import {SessionWord, SessionWordLib} from "src/libraries/SessionWord.sol";

/// @notice Every setter changes its own field, as its getter reads it, and no other bit: for every word. And the
///         nonces: once, whatever comes after (I3).
/// @custom:halmos --loop 64
contract SessionWordSymbolic {
    uint256 private constant VALIDITY = uint256(type(uint64).max) << 64;
    uint256 private constant UNTIL = uint256(type(uint32).max) << 96;
    uint256 private constant NONCES = uint256(type(uint64).max) << 128;
    uint256 private constant CATEGORIES = uint256(type(uint64).max) << 192;

    // ------------------------------------------------------------------------------------------------------ fields

    /// @custom:promise I6 I8
    function check_AGrantReadsBack(uint32 id, uint32 epoch, uint32 from, uint32 until, uint64 mask) external pure {
        SessionWord word = SessionWordLib.create(id, epoch, from, until, mask);
        assert(word.session() == id && word.epoch() == epoch && word.categories() == mask);
        assert(word.validFrom() == from && word.validUntil() == until);
        assert(word.nonceHighest() == 0 && word.nonceWindow() == 0);
    }

    function checkFail_AGrantReadsBack(uint32 id, uint32 epoch, uint32 from, uint32 until, uint64 mask) external pure {
        assert(SessionWordLib.create(id, epoch, from, until, mask).validUntil() == from);
    }

    /// @custom:promise I2
    function check_ValidityIsSetAlone(SessionWord word, uint32 from, uint32 until) external pure {
        SessionWord next = word.withValidity(from, until);
        assert(next.validFrom() == from && next.validUntil() == until);
        assert(_same(word, next, VALIDITY));
    }

    function checkFail_ValidityIsSetAlone(SessionWord word, uint32 from, uint32 until) external pure {
        assert(_same(word, word.withValidity(from, until), UNTIL));
    }

    /// @notice What ends is not valid any more, and keeps its id: the key never serves again (I8).
    /// @custom:promise I8
    function check_TheEndIsSetAlone(SessionWord word) external pure {
        SessionWord next = word.ended();
        assert(next.validUntil() == 0);
        assert(next.session() == word.session());
        assert(_same(word, next, UNTIL));
    }

    function checkFail_TheEndIsSetAlone(SessionWord word) external pure {
        assert(_same(word, word.ended(), UNTIL >> 1 & UNTIL));
    }

    /// @notice A session is revoked once its key is ended, and in every epoch but its own; an extension is no cure.
    /// @custom:promise I8
    function check_WhatIsEndedOrOfAnotherEpochIsRevoked(SessionWord word, uint32 epoch, uint32 from, uint32 until)
        external
        pure
    {
        assert(word.ended().isRevoked(epoch));
        assume(epoch != word.epoch());
        assert(word.isRevoked(epoch));
        assert(word.withValidity(from, until).isRevoked(epoch));
    }

    /// @dev In its own epoch it would be, which is why no verb extends a revoked session.
    function checkFail_WhatIsEndedOrOfAnotherEpochIsRevoked(SessionWord word, uint32 from, uint32 until) external pure {
        assert(word.ended().withValidity(from, until).isRevoked(word.epoch()));
    }

    /// @custom:promise I6
    function check_CategoriesAreSetAlone(SessionWord word, uint64 mask) external pure {
        SessionWord next = word.withCategories(mask);
        assert(next.categories() == mask);
        assert(_same(word, next, CATEGORIES));
    }

    function checkFail_CategoriesAreSetAlone(SessionWord word, uint64 mask) external pure {
        assert(_same(word, word.withCategories(mask), CATEGORIES << 1));
    }

    /// @notice A category is granted by its own bit and no other; without bit 0, category 0 is not (I6).
    /// @custom:promise I6
    function check_ACategoryIsGrantedByItsBit(SessionWord word, uint256 category, uint64 mask) external pure {
        assume(mask & 1 == 0);
        _granted(word, category, mask);
    }

    function checkFail_ACategoryIsGrantedByItsBit(SessionWord word, uint256 category, uint64 mask) external pure {
        _granted(word, category, mask);
    }

    function _granted(SessionWord word, uint256 category, uint64 mask) private pure {
        category = split(category, 63);
        SessionWord next = word.withCategories(mask);
        assert(next.grants(category) == ((mask >> category) & 1 == 1));
        assert(!next.grants(0));
    }

    /// @custom:promise I3
    function check_FreshNoncesChangeNothingElse(SessionWord word, uint32 nonce) external pure {
        SessionWord next = word.withFreshNonces();
        assert(!next.nonceUsed(nonce) && next.nonceHighest() == 0);
        assert(_same(word, next, NONCES));
    }

    function checkFail_FreshNoncesChangeNothingElse(SessionWord word) external pure {
        assert(_same(word, word.withFreshNonces(), NONCES >> 1 & NONCES));
    }

    // -------------------------------------------------------------------------------------------------- I3: nonces

    /// @notice A nonce that paid is refused from then on.
    /// @custom:promise I3
    function check_ANonceThatPaidIsRefused(SessionWord word, uint32 nonce) external pure {
        assume(!_refused(word, nonce));
        SessionWord next = word.withNonce(nonce);
        assert(next.nonceUsed(nonce));
        assert(_refused(next, nonce));
    }

    function checkFail_ANonceThatPaidIsRefused(SessionWord word, uint32 nonce, uint32 other) external pure {
        assume(!_refused(word, nonce));
        assert(_refused(word.withNonce(nonce), other));
    }

    /// @notice ... and by induction for ever: what is refused for good stays so, whichever nonce pays next.
    /// @custom:promise I3
    function check_ARefusedNonceStaysRefused(SessionWord word, uint32 nonce, uint32 next) external pure {
        assume(!_refused(word, next) && _refusedForGood(word, nonce));
        assert(_refusedForGood(word.withNonce(next), nonce));
    }

    /// @dev One that is refused for being too far ahead is not.
    function checkFail_ARefusedNonceStaysRefused(SessionWord word, uint32 nonce, uint32 next) external pure {
        assume(!_refused(word, next) && _refused(word, nonce));
        assert(_refused(word.withNonce(next), nonce));
    }

    /// @notice A payment uses up its own nonce and no other, even where it leaps.
    /// @custom:promise I3
    function check_APaymentUsesNoOtherNonce(SessionWord word, uint32 nonce, uint32 other) external pure {
        assume(!_refused(word, nonce) && other != nonce);
        assume(!word.nonceUsed(other));
        assert(!word.withNonce(nonce).nonceUsed(other));
    }

    function checkFail_APaymentUsesNoOtherNonce(SessionWord word, uint32 nonce, uint32 other) external pure {
        assume(!_refused(word, nonce));
        assume(!word.nonceUsed(other));
        assert(!word.withNonce(nonce).nonceUsed(other));
    }

    /// @notice A leap forgets only nonces that are then too old, and they are refused for that.
    /// @custom:promise I3
    function check_ALeapForgetsOnlyWhatIsTooOld(SessionWord word, uint32 nonce, uint32 other) external pure {
        _forgets(word, nonce, other, SessionWordLib.NONCE_WINDOW);
    }

    function checkFail_ALeapForgetsOnlyWhatIsTooOld(SessionWord word, uint32 nonce, uint32 other) external pure {
        _forgets(word, nonce, other, SessionWordLib.NONCE_WINDOW + 1);
    }

    function _forgets(SessionWord word, uint32 nonce, uint32 other, uint256 behind) private pure {
        assume(!_refused(word, nonce));
        SessionWord next = word.withNonce(nonce);
        assume(word.nonceUsed(other) && !next.nonceUsed(other));
        assert(next.nonceHighest() >= other + behind);
    }

    /// @notice The highest nonce never falls, nor rises by more than a leap.
    /// @custom:promise I3
    function check_TheHighestNonceRisesByALeapAtMost(SessionWord word, uint32 nonce) external pure {
        _rises(word, nonce, SessionWordLib.NONCE_LEAP);
    }

    function checkFail_TheHighestNonceRisesByALeapAtMost(SessionWord word, uint32 nonce) external pure {
        _rises(word, nonce, SessionWordLib.NONCE_LEAP - 1);
    }

    function _rises(SessionWord word, uint32 nonce, uint256 leap) private pure {
        assume(!_refused(word, nonce));
        SessionWord next = word.withNonce(nonce);
        assert(next.nonceHighest() >= word.nonceHighest());
        assert(next.nonceHighest() <= word.nonceHighest() + leap);
    }

    /// @notice A nonce changes nothing of a session but its nonces.
    /// @custom:promise I3
    function check_ANonceIsSetAlone(SessionWord word, uint32 nonce) external pure {
        assume(!_refused(word, nonce));
        assert(_same(word, word.withNonce(nonce), NONCES));
    }

    /// @dev For a nonce that is far too old, the bit would land among the categories.
    function checkFail_ANonceIsSetAlone(SessionWord word, uint32 nonce) external pure {
        assert(_same(word, word.withNonce(nonce), NONCES));
    }

    /// @notice Nonces may come in any order within the window: 32 in parallel never shut each other out (I3).
    /// @custom:promise I3
    function check_NoncesNearTheHighestArePayable(SessionWord word, uint32 nonce, uint32 other) external pure {
        _parallel(word, nonce, other, SessionWordLib.NONCE_WINDOW);
    }

    function checkFail_NoncesNearTheHighestArePayable(SessionWord word, uint32 nonce, uint32 other) external pure {
        _parallel(word, nonce, other, SessionWordLib.NONCE_WINDOW + 1);
    }

    function _parallel(SessionWord word, uint32 nonce, uint32 other, uint256 apart) private pure {
        assume(!_refused(word, nonce) && !_refused(word, other) && nonce != other);
        assume(nonce < other + apart && word.nonceHighest() < other + apart);
        assert(!_refused(word.withNonce(nonce), other));
    }

    /// @dev As `pay` refuses a nonce: too far, too old or used.
    function _refused(SessionWord word, uint32 nonce) private pure returns (bool) {
        return nonce > word.nonceHighest() + SessionWordLib.NONCE_LEAP || _refusedForGood(word, nonce);
    }

    function _refusedForGood(SessionWord word, uint32 nonce) private pure returns (bool) {
        if (nonce > word.nonceHighest()) return false;
        return word.nonceHighest() - nonce >= SessionWordLib.NONCE_WINDOW || word.nonceUsed(nonce);
    }

    /// @dev Whether two words differ in this field at most.
    function _same(SessionWord a, SessionWord b, uint256 field) private pure returns (bool) {
        return (SessionWord.unwrap(a) ^ SessionWord.unwrap(b)) & ~field == 0;
    }
}
