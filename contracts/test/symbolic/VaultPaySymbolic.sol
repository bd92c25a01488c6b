// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault, Signed} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SessionWord, SessionWordLib} from "src/libraries/SessionWord.sol";
import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";
import {Windows} from "src/libraries/Windows.sol";

/// @notice What is never paid, in any state of the vault, whoever signs and submits it. `ecrecover` is an unknown
///         function: the signature may be anybody's.
/// @dev    The twins are about a vault that may pay (`_inFunds`): in one of any state, a payment that succeeds has more
///         paths than halmos gets through.
/// @custom:halmos --loop 8
contract VaultPayRefusesSymbolic is AnyVault {
    // ------------------------------------------------------------------------------------------------ I8: stopped

    function check_APausedVaultNeverPays(Signed calldata signed) external {
        assume(_vaultWord().paused());
        assert(!_pay(signed));
    }

    function checkFail_APausedVaultNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        assert(!_pay(signed));
    }

    /// @notice Nor for a key whose session was revoked by `revoke` or `revokeAll`, or that was replaced.
    function check_AnEndedKeyNeverPays(Signed calldata signed) external {
        SessionWord word = _sessionWord(_signer(signed));
        assume(word.validUntil() == 0 || word.epoch() != _vaultWord().epoch());
        assert(!_pay(signed));
    }

    function checkFail_AnEndedKeyNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        assume(_sessionWord(_signer(signed)).epoch() == _vaultWord().epoch());
        assert(!_pay(signed));
    }

    // ---------------------------------------------------------------------------------------------------- I2: who

    /// @notice Only a key of the payment's own session pays; a key that never served is of session 0.
    function check_AnotherSessionsKeyNeverPays(Signed calldata signed) external {
        uint32 session = _sessionWord(_signer(signed)).session();
        assume(session != signed.payment.session || session == 0);
        assert(!_pay(signed));
    }

    function checkFail_AnotherSessionsKeyNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        assume(_signer(signed) != _keyOf(signed.payment.session)); // the word decides, not this
        assert(!_pay(signed));
    }

    /// @notice Nobody's signature pays nothing, whatever is stored for the zero address.
    function check_NobodysSignatureNeverPays(Signed calldata signed) external {
        assume(_signer(signed) == address(0));
        assert(!_pay(signed));
    }

    function checkFail_NobodysSignatureNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        assume(_signer(signed) == address(1));
        assert(!_pay(signed));
    }

    // --------------------------------------------------------------------------------------------------- I2: when

    function check_OutsideItsSpanASessionNeverPays(Signed calldata signed) external {
        SessionWord word = _sessionWord(_signer(signed));
        assume(block.timestamp < word.validFrom() || block.timestamp >= word.validUntil());
        assert(!_pay(signed));
    }

    function checkFail_OutsideItsSpanASessionNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        SessionWord word = _sessionWord(_signer(signed));
        assume(block.timestamp <= word.validFrom() || block.timestamp >= word.validUntil());
        assert(!_pay(signed));
    }

    function check_AfterItsDeadlineNothingIsPaid(Signed calldata signed) external {
        assume(block.timestamp >= signed.payment.deadline);
        assert(!_pay(signed));
    }

    function checkFail_AfterItsDeadlineNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(block.timestamp + 1 >= signed.payment.deadline);
        assert(!_pay(signed));
    }

    // --------------------------------------------------------------------------------------------------- I3: once

    /// @notice A nonce that paid, is too old to tell, or too far ahead pays nothing.
    function check_ANonceNeverPaysTwice(Signed calldata signed) external {
        SessionWord word = _sessionWord(_signer(signed));
        assume(word.nonceUsed(signed.payment.nonce) || _outside(word, signed.payment.nonce, 0));
        assert(!_pay(signed));
    }

    function checkFail_ANonceNeverPaysTwice(Signed calldata signed) external {
        _inFunds(signed);
        assume(_outside(_sessionWord(_signer(signed)), signed.payment.nonce, 1));
        assert(!_pay(signed));
    }

    function _outside(SessionWord word, uint256 nonce, uint256 nearer) private pure returns (bool) {
        uint256 highest = word.nonceHighest();
        return
            nonce + SessionWordLib.NONCE_WINDOW <= highest + nearer
                || nonce + nearer > highest + SessionWordLib.NONCE_LEAP;
    }

    // ------------------------------------------------------------------------------------------------ I6: to whom

    function check_AnUnknownPayeeIsNeverPaid(Signed calldata signed) external {
        assume(_category(signed.payment.payee) == 0);
        assert(!_pay(signed));
    }

    function checkFail_AnUnknownPayeeIsNeverPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_category(signed.payment.payee) == 1);
        assert(!_pay(signed));
    }

    function check_AnUngrantedCategoryIsNeverPaid(Signed calldata signed) external {
        assume(!_sessionWord(_signer(signed)).grants(_category(signed.payment.payee)));
        assert(!_pay(signed));
    }

    function checkFail_AnUngrantedCategoryIsNeverPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_sessionWord(_signer(signed)).categories() == 1 << 63);
        assert(!_pay(signed));
    }

    /// @notice A fee is no way out: its recipient is judged as a payee is.
    function check_AnUnknownFeeRecipientIsNeverPaid(Signed calldata signed) external {
        assume(signed.payment.fee != 0);
        uint256 category = _category(signed.payment.feeRecipient);
        assume(category == 0 || !_sessionWord(_signer(signed)).grants(category));
        assert(!_pay(signed));
    }

    /// @dev Where there is no fee, nobody asks who would get it.
    function checkFail_AnUnknownFeeRecipientIsNeverPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_category(signed.payment.feeRecipient) == 0);
        assert(!_pay(signed));
    }

    function check_AFeeAndItsRecipientComeTogether(Signed calldata signed) external {
        assume((signed.payment.fee == 0) != (signed.payment.feeRecipient == address(0)));
        assert(!_pay(signed));
    }

    function checkFail_AFeeAndItsRecipientComeTogether(Signed calldata signed) external {
        _inFunds(signed);
        assume(signed.payment.fee == 0);
        assert(!_pay(signed));
    }

    // ------------------------------------------------------------------------------------------- I4, I5: how much

    function check_NothingIsNeverPaid(Signed calldata signed) external {
        assume(signed.payment.amount == 0);
        assert(!_pay(signed));
    }

    function checkFail_NothingIsNeverPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(signed.payment.amount == 1);
        assert(!_pay(signed));
    }

    /// @notice A token without a limit is never paid: empty means nothing.
    function check_WithoutALimitNothingIsPaid(Signed calldata signed) external {
        assume(!_allowanceWord(signed.payment.session, signed.payment.token).limited());
        assert(!_pay(signed));
    }

    function checkFail_WithoutALimitNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_allowanceWord(signed.payment.session, signed.payment.token).limited());
        assert(!_pay(signed));
    }

    /// @notice Amount and fee together never exceed the per-payment cap.
    function check_AboveThePerPaymentCapNothingIsPaid(Signed calldata signed) external {
        assume(_total(signed) > _allowanceWord(signed.payment.session, signed.payment.token).perPaymentCap());
        assert(!_pay(signed));
    }

    function checkFail_AboveThePerPaymentCapNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_total(signed) >= _allowanceWord(signed.payment.session, signed.payment.token).perPaymentCap());
        assert(!_pay(signed));
    }

    /// @notice Amount and fee together, in units rounded up, never exceed what is left of the first limit.
    function check_AboveTheFirstLimitNothingIsPaid(Signed calldata signed, uint256 index, uint256 unitBits) external {
        assume(_units(signed, index, unitBits) > _left(signed, index));
        assert(!_pay(signed));
    }

    function checkFail_AboveTheFirstLimitNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_total(signed) >= _left(signed, 0));
        assert(!_pay(signed));
    }

    function _units(Signed calldata signed, uint256 index, uint256 unitBits) private view returns (uint256) {
        AllowanceWord allowance = _allowanceWord(signed.payment.session, signed.payment.token);
        assume(allowance.limited() && allowance.firstIndex() == index && allowance.unitBits() == unitBits);
        return SlidingCap.toUnitsUp(_total(signed), unitBits);
    }

    function _left(Signed calldata signed, uint256 index) private view returns (uint256) {
        Meter meter = _allowanceWord(signed.payment.session, signed.payment.token).asMeter();
        return meter.rolled(Windows.secondsOf(index), block.timestamp).remainingUnits();
    }

    function _total(Signed calldata signed) private pure returns (uint256) {
        return uint256(signed.payment.amount) + signed.payment.fee;
    }

    /// @dev A vault that may pay: one limit of an hour, counted in base units, not yet drawn on.
    function _inFunds(Signed calldata signed) private {
        assume(signed.payment.token == address(token));
        uint256 word = (1 << 209) | (SlidingCap.MAX_UNITS << 155) | (SlidingCap.MAX_UNITS << 225);
        _setAllowance(signed.payment.session, address(token), AllowanceWord.wrap(word));
    }
}

/// @notice What a payment does when it is made, in any state of the vault but for its limit: one, of an hour, counted in
///         base units, with any cap and any counts in the present bucket.
/// @custom:halmos --loop 8
contract VaultPaySymbolic is AnyVault {
    /// @notice The payee gets the amount, the fee's recipient the fee, and the vault loses both: exactly (I1).
    function check_ExactlyAmountAndFeeMove(Signed calldata signed, uint256 counts, address other) external {
        _moves(signed, counts, other, signed.payment.feeRecipient);
    }

    function checkFail_ExactlyAmountAndFeeMove(Signed calldata signed, uint256 counts, address other) external {
        _moves(signed, counts, other, signed.payment.payee);
    }

    function _moves(Signed calldata signed, uint256 counts, address other, address feeTaker) private {
        _limited(signed, counts);
        address payee = signed.payment.payee;
        assume(payee != address(vault) && feeTaker != address(vault));
        uint256 vaultHad = token.balanceOf(address(vault));
        uint256 otherHad = token.balanceOf(other);
        assume(_pay(signed));
        unchecked {
            assert(token.balanceOf(address(vault)) == vaultHad - signed.payment.amount - signed.payment.fee);
            uint256 gain = other == payee ? signed.payment.amount : 0;
            if (other == feeTaker) gain += signed.payment.fee;
            assert(other == address(vault) || token.balanceOf(other) == otherHad + gain);
        }
    }

    /// @notice The session's key has used the nonce, and nothing else of it changes (I3).
    function check_OnlyTheNonceOfTheKeyChanges(Signed calldata signed, uint256 counts, address other) external {
        _keysWord(signed, counts, other, signed.payment.nonce);
    }

    function checkFail_OnlyTheNonceOfTheKeyChanges(Signed calldata signed, uint256 counts, address other, uint32 nonce)
        external
    {
        _keysWord(signed, counts, other, nonce);
    }

    function _keysWord(Signed calldata signed, uint256 counts, address other, uint32 nonce) private {
        _limited(signed, counts);
        address key = _signer(signed);
        (SessionWord word, SessionWord others) = (_sessionWord(key), _sessionWord(other));
        assume(_pay(signed));
        assert(_same(_sessionWord(key), word.withNonce(nonce)));
        assert(other == key || _same(_sessionWord(other), others));
    }

    /// @notice The same payment is never made again.
    function check_TheSamePaymentIsMadeOnce(Signed calldata signed, uint256 counts) external {
        _limited(signed, counts);
        assume(_pay(signed));
        assert(!_pay(signed));
    }

    /// @dev Another nonce makes it another payment.
    function checkFail_TheSamePaymentIsMadeOnce(Signed calldata signed, Signed calldata next, uint256 counts) external {
        _limited(signed, counts);
        assume(_pay(signed));
        assert(!_pay(next));
    }

    /// @notice The limit's newest count rises by amount and fee, and nothing else of the session's word changes (I4).
    function check_TheLimitCountsExactlyAmountAndFee(Signed calldata signed, uint256 counts) external {
        _countsExactly(signed, counts, signed.payment.fee);
    }

    function checkFail_TheLimitCountsExactlyAmountAndFee(Signed calldata signed, uint256 counts) external {
        _countsExactly(signed, counts, 0);
    }

    function _countsExactly(Signed calldata signed, uint256 counts, uint256 fee) private {
        _limited(signed, counts);
        uint256 before = AllowanceWord.unwrap(_allowanceWord(signed.payment.session, address(token)));
        assume(_pay(signed));
        uint256 afterwards = AllowanceWord.unwrap(_allowanceWord(signed.payment.session, address(token)));
        assert(afterwards == before + signed.payment.amount + fee);
    }

    /// @notice A payment changes no role, no pause and no epoch, and is one event in the trail (I13).
    function check_APaymentIsOneEventAndChangesNoRole(Signed calldata signed, uint256 counts) external {
        _oneEvent(signed, counts, 1);
    }

    function checkFail_APaymentIsOneEventAndChangesNoRole(Signed calldata signed, uint256 counts) external {
        _oneEvent(signed, counts, 2);
    }

    function _oneEvent(Signed calldata signed, uint256 counts, uint32 events) private {
        _limited(signed, counts);
        uint256 state = uint256(keccak256(abi.encode(_vaultWord().epoch(), _vaultWord().paused())));
        uint32 sequence = _vaultWord().sequence();
        assume(_pay(signed));
        assert(vault.owner() == owner && vault.guardian() == guardian && vault.treasury() == treasury);
        assert(uint256(keccak256(abi.encode(_vaultWord().epoch(), _vaultWord().paused()))) == state);
        unchecked {
            assert(_vaultWord().sequence() == sequence + events);
        }
    }

    /// @dev One limit of an hour, its cap and its counts any, in a bucket that is not over.
    function _limited(Signed calldata signed, uint256 counts) private {
        assume(signed.payment.token == address(token));
        uint256 word = (1 << 209) | (uint256(0x7fffff) << 186) | (counts & ((1 << 186) - 1));
        word |= SlidingCap.MAX_UNITS << 225; // per payment
        _setAllowance(signed.payment.session, address(token), AllowanceWord.wrap(word));
    }

    function _same(SessionWord a, SessionWord b) private pure returns (bool) {
        return SessionWord.unwrap(a) == SessionWord.unwrap(b);
    }
}
