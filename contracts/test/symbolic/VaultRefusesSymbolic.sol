// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault, Signed, YesToken} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice What is never paid, in any state of the vault, whoever signs and submits it. `ecrecover` is an unknown
///         function: the signature may be anybody's.
/// @dev    The twins are about a vault that may pay (`_inFunds`): in one of any state, a payment that succeeds has more
///         paths than halmos gets through.
/// @custom:halmos --loop 8
contract VaultRefusesSymbolic is AnyVault {
    YesToken private token;

    function setUp() public override {
        super.setUp();
        token = new YesToken();
    }

    // ------------------------------------------------------------------------------------------------ I8: stopped

    /// @custom:promise I8
    function check_APausedVaultNeverPays(Signed calldata signed) external {
        assume(_vaultWord().paused());
        assert(!_pay(signed));
    }

    function checkFail_APausedVaultNeverPays(Signed calldata signed) external {
        _inFunds(signed);
        assert(!_pay(signed));
    }

    /// @notice Nor for a key whose session was revoked by `revoke` or `revokeAll`, or that was replaced.
    /// @custom:promise I8
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
    /// @custom:promise I2
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
    /// @custom:promise I2
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

    /// @custom:promise I2
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

    /// @custom:promise I2
    function check_AfterItsDeadlineNothingIsPaid(Signed calldata signed) external {
        assume(block.timestamp >= signed.payment.deadline);
        assert(!_pay(signed));
    }

    function checkFail_AfterItsDeadlineNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(block.timestamp + 1 >= signed.payment.deadline);
        assert(!_pay(signed));
    }

    // ------------------------------------------------------------------------------------------------ I6: to whom

    /// @custom:promise I6
    function check_AnUnknownPayeeIsNeverPaid(Signed calldata signed) external {
        assume(_category(signed.payment.payee) == 0);
        assert(!_pay(signed));
    }

    function checkFail_AnUnknownPayeeIsNeverPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_category(signed.payment.payee) == 1);
        assert(!_pay(signed));
    }

    /// @custom:promise I6
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
    /// @custom:promise I6
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

    /// @custom:promise I6
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

    /// @custom:promise I6
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
    /// @custom:promise I6
    function check_WithoutALimitNothingIsPaid(Signed calldata signed) external {
        assume(!_allowanceWord(_scope(signed)).limited());
        assert(!_pay(signed));
    }

    function checkFail_WithoutALimitNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_allowanceWord(_scope(signed)).limited());
        assert(!_pay(signed));
    }

    /// @notice Amount and fee together never exceed the per-payment cap, without an approval (VaultApprovalSymbolic).
    /// @custom:promise I5
    function check_AboveThePerPaymentCapNothingIsPaid(Signed calldata signed) external {
        assume(_total(signed) > _allowanceWord(_scope(signed)).perPaymentCap());
        assert(!_pay(signed));
    }

    function checkFail_AboveThePerPaymentCapNothingIsPaid(Signed calldata signed) external {
        _inFunds(signed);
        assume(_total(signed) >= _allowanceWord(_scope(signed)).perPaymentCap());
        assert(!_pay(signed));
    }

    function _total(Signed calldata signed) private pure returns (uint256) {
        return uint256(signed.payment.amount) + signed.payment.fee;
    }

    /// @dev A vault that may pay: one limit of an hour, counted in base units, not yet drawn on.
    function _inFunds(Signed calldata signed) private {
        assume(signed.payment.token == address(token));
        assume(!_vaultWord().limited());
        _setAllowance(_scope(signed), _ample());
    }
}
