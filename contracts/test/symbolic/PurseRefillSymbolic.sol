// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyToken, SVM, Signed} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {Scope, scopeOf} from "src/libraries/Scope.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice What is put into a purse (I4 with purses, I16): the payee of a given payment is a purse. The session has one
///         limit, of an hour, with any cap and any counts in the present bucket; the target was set to any number of units.
/// @dev    Whatever else holds of a payment, holds of these: the judge's path is the same (VaultRefusesSymbolic).
/// @custom:halmos --loop 8
contract PurseRefillSymbolic is GivenPayment {
    /// @dev A cap as large as can be, in a meter.
    uint256 private constant AMPLE = uint256(type(uint32).max >> 1) << 155;

    function _token() internal override returns (address token) {
        token = address(new AnyToken());
        SVM.enableSymbolicStorage(token);
    }

    // ------------------------------------------------------------------------------------------------- how much

    /// @notice After a refill a purse holds its target at most: what was set, and never above a quarter of the cap.
    /// @custom:promise I4 I16
    function check_ARefillNeverExceedsTheTarget(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        uint256 target = _given(signed, bits, targetUnits);
        assume(_refill(signed));
        assert(AnyToken(money).balanceOf(PAYEE) <= target);
    }

    function checkFail_ARefillNeverExceedsTheTarget(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        uint256 target = _given(signed, bits, targetUnits);
        assume(_refill(signed));
        assert(AnyToken(money).balanceOf(PAYEE) < target);
    }

    /// @notice A purse that holds half of its target is not refilled.
    /// @custom:promise I4 I16
    function check_APurseHalfFullIsNotRefilled(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        _halfFull(signed, bits, targetUnits, 0);
    }

    function checkFail_APurseHalfFullIsNotRefilled(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        _halfFull(signed, bits, targetUnits, 1);
    }

    function _halfFull(Signed memory signed, uint256 bits, uint256 targetUnits, uint256 less) private {
        uint256 target = _given(signed, bits, targetUnits);
        uint256 held = AnyToken(money).balanceOf(PAYEE);
        assume(held < 1 << 200 && 2 * held + less >= target);
        assert(!_refill(signed));
    }

    /// @notice The limit counts all of a refill, amount and fee: what is in a purse was counted before (I16).
    /// @custom:promise I4 I16
    function check_ARefillCountsInTheLimit(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        _counts(signed, bits, targetUnits, signed.payment.amount);
    }

    function checkFail_ARefillCountsInTheLimit(Signed memory signed, uint256 bits, uint256 targetUnits) external {
        _counts(signed, bits, targetUnits, 0);
    }

    function _counts(Signed memory signed, uint256 bits, uint256 targetUnits, uint256 amount) private {
        _given(signed, bits, targetUnits);
        uint256 before = AllowanceWord.unwrap(_allowanceWord(_session()));
        assume(_refill(signed));
        assert(AllowanceWord.unwrap(_allowanceWord(_session())) == before + amount + signed.payment.fee);
    }

    // ---------------------------------------------------------------------------------------- whose, and by whom

    /// @notice Whatever the book says of a purse, only its own session refills it, in its own token.
    /// @custom:promise I16
    function check_OnlyItsOwnSessionRefillsAPurse(Signed memory signed, uint32 session, address token) external {
        _given(signed, 0, 0);
        assume(session != 0 && (session != SESSION || token != money));
        _setCategory(PAYEE, _entry(session, token));
        assert(!_refill(signed));
    }

    function checkFail_OnlyItsOwnSessionRefillsAPurse(Signed memory signed, uint32 session, address token) external {
        _given(signed, AMPLE, 1_000);
        assume(session != 0 && (session == SESSION || token != money));
        _setCategory(PAYEE, _entry(session, token));
        assert(!_refill(signed));
    }

    /// @notice Nor does anybody else than a living key of that session.
    /// @custom:promise I2 I8 I16
    function check_OnlyALivingKeyOfTheSessionRefills(Signed memory signed) external {
        _given(signed, 0, 0);
        SessionWord word = _sessionWord(_signer(signed));
        assume(
            word.session() != SESSION || word.isRevoked(_vaultWord().epoch()) || _vaultWord().paused()
                || block.timestamp < word.validFrom() || block.timestamp >= word.validUntil()
        );
        assert(!_refill(signed));
    }

    function checkFail_OnlyALivingKeyOfTheSessionRefills(Signed memory signed) external {
        _given(signed, AMPLE, 1_000);
        assume(_sessionWord(_signer(signed)).session() == SESSION);
        assert(!_refill(signed));
    }

    /// @notice A session that has lost the purse's category does not refill it.
    /// @custom:promise I6 I16
    function check_WithoutTheCategoryNothingIsRefilled(Signed memory signed) external {
        _given(signed, AMPLE, 1_000);
        assume(!_sessionWord(_signer(signed)).grants(CATEGORY));
        assert(!_refill(signed));
    }

    function checkFail_WithoutTheCategoryNothingIsRefilled(Signed memory signed) external {
        _given(signed, AMPLE, 1_000);
        assume(!_sessionWord(_signer(signed)).grants(CATEGORY + 1));
        assert(!_refill(signed));
    }

    /// @notice A fee never goes to a purse, whoever is paid beside it.
    /// @custom:promise I6 I16
    function check_APurseTakesNoFee(Signed memory signed) external {
        _given(signed, AMPLE, 1_000);
        (signed.payment.payee, signed.payment.feeRecipient) = (FEE_RECIPIENT, PAYEE);
        assume(signed.payment.fee != 0);
        assert(!_refill(signed));
    }

    function checkFail_APurseTakesNoFee(Signed memory signed) external {
        _given(signed, AMPLE, 1_000);
        assume(signed.payment.fee != 0);
        assert(!_refill(signed));
    }

    /// @dev One limit of an hour, no others, and none of the vault's own or the category's.
    /// @return target that binds, in base units
    function _given(Signed memory signed, uint256 bits, uint256 targetUnits) private returns (uint256 target) {
        _given(signed);
        assume(!_vaultWord().limited());
        _setCategory(PAYEE, _entry(SESSION, money));
        AllowanceWord whole = _limitOf(0, _still(bits));
        assume(targetUnits <= type(uint32).max >> 1);
        _setAllowance(_session(), whole);
        _setAllowance(_whole(), AllowanceWord.wrap(0));
        _setAllowance(_of(CATEGORY), AllowanceWord.wrap(0).withPurseTarget(targetUnits));
        uint256 quarter = whole.firstMeter().capUnits() / 4;
        return targetUnits < quarter ? targetUnits : quarter;
    }

    function _entry(uint32 session, address token) private pure returns (uint256) {
        return (Scope.unwrap(scopeOf(session, 0, token)) << 8) | CATEGORY;
    }

    function _refill(Signed memory signed) private returns (bool done) {
        (done,) = address(vault).call(abi.encodeCall(IVault.pay, (signed.payment, _signature(signed), "")));
    }
}
