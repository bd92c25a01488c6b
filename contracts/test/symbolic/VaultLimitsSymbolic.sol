// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Signed, YesToken} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {assume, split} from "./Premise.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {Scope} from "src/libraries/Scope.sol";
import {Meter} from "src/libraries/SlidingCap.sol";
import {WINDOW_COUNT, Windows} from "src/libraries/Windows.sol";

/// @notice A payment is judged by, and counted in, every scope that it belongs to (I4): the vault, its session, the
///         payee's category and the fee recipient's.
/// @custom:halmos --loop 8
contract VaultLimitsSymbolic is GivenPayment {
    function _token() internal override returns (address) {
        return address(new YesToken());
    }

    // ---------------------------------------------------------------------- more than is left is not paid, in any scope

    /// @notice Amount and fee together never exceed what is left of the session's limit, whichever window it has.
    /// @custom:promise I4
    /// @custom:instead-of any limits in any units at once: over 120 s; units are SlidingCapSymbolic's
    function check_AboveTheSessionsLimitNothingIsPaid(Signed memory signed, uint256 index, uint256 bits) external {
        index = split(index, WINDOW_COUNT - 1);
        _setAllowance(_session(), _limitOf(index, bits));
        assume(_given(signed) > _left(index, bits));
        assert(!_pay(signed));
    }

    function checkFail_AboveTheSessionsLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        bits = _still(bits);
        _setAllowance(_session(), _limitOf(0, bits));
        assume(_given(signed) >= _left(0, bits));
        assert(!_pay(signed));
    }

    /// @notice ... nor of another limit of the session beside the first.
    /// @custom:promise I4
    function check_AboveAnotherLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        assume(_given(signed) > _left(1, bits));
        _another(signed, bits);
    }

    function checkFail_AboveAnotherLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        bits = _still(bits);
        assume(_given(signed) >= _left(1, bits));
        _another(signed, bits);
    }

    function _another(Signed memory signed, uint256 bits) private {
        _setAllowance(_session(), _ample().withOther(1));
        _setMeter(_session(), 1, Meter.wrap(bits));
        assert(!_pay(signed));
    }

    /// @notice ... nor of the vault's own.
    /// @custom:promise I4
    function check_AboveTheVaultsLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        _setVaultWord(_vaultWord().withLimited());
        assume(_given(signed) > _left(0, bits));
        _inScope(signed, _whole(), bits);
    }

    function checkFail_AboveTheVaultsLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        bits = _still(bits);
        _setVaultWord(_vaultWord().withLimited());
        assume(_given(signed) >= _left(0, bits));
        _inScope(signed, _whole(), bits);
    }

    /// @notice ... nor of the payee's category within the session.
    /// @custom:promise I4
    function check_AboveThePayeesCategorysLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        _setAllowance(_session(), _ample().withByCategory());
        assume(_given(signed) > _left(0, bits));
        _inScope(signed, _of(CATEGORY), bits);
    }

    function checkFail_AboveThePayeesCategorysLimitNothingIsPaid(Signed memory signed, uint256 bits) external {
        bits = _still(bits);
        _setAllowance(_session(), _ample().withByCategory());
        assume(_given(signed) >= _left(0, bits));
        _inScope(signed, _of(CATEGORY), bits);
    }

    /// @notice ... nor, for the fee, of its recipient's category.
    /// @custom:promise I4
    function check_AFeeAboveItsCategorysLimitIsNotPaid(Signed memory signed, uint256 bits) external {
        _setAllowance(_session(), _ample().withByCategory());
        _given(signed);
        assume(signed.payment.fee > _left(0, bits));
        _inScope(signed, _of(FEE_CATEGORY), bits);
    }

    /// @dev The amount does not count there.
    function checkFail_AFeeAboveItsCategorysLimitIsNotPaid(Signed memory signed, uint256 bits) external {
        bits = _still(bits);
        _setAllowance(_session(), _ample().withByCategory());
        assume(_given(signed) > _left(0, bits));
        _inScope(signed, _of(FEE_CATEGORY), bits);
    }

    function _inScope(Signed memory signed, Scope scope, uint256 bits) private {
        _setAllowance(scope, _limitOf(0, bits));
        assert(!_pay(signed));
    }

    // --------------------------------------------------------------------------------- what is paid counts in every scope

    /// @notice The session, the vault and the payee's category count amount and fee, the fee's category the fee.
    /// @custom:promise I4
    function check_EveryScopeCountsWhatItShould(Signed memory signed, uint256[4] memory bits) external {
        _counts(signed, bits, 0);
    }

    function checkFail_EveryScopeCountsWhatItShould(Signed memory signed, uint256[4] memory bits) external {
        _counts(signed, bits, 1);
    }

    function _counts(Signed memory signed, uint256[4] memory bits, uint256 more) private {
        uint256 total = _given(signed);
        _setVaultWord(_vaultWord().withLimited());
        Scope[4] memory scopes = [_session(), _whole(), _of(CATEGORY), _of(FEE_CATEGORY)];
        uint256[4] memory before;
        for (uint256 i = 0; i < 4; ++i) {
            AllowanceWord word = _limitOf(0, _still(bits[i])).withByCategory();
            before[i] = AllowanceWord.unwrap(word);
            _setAllowance(scopes[i], word);
        }
        assume(_pay(signed));
        for (uint256 i = 0; i < 4; ++i) {
            uint256 counted = AllowanceWord.unwrap(_allowanceWord(scopes[i])) - before[i];
            assert(counted == (i < 3 ? total : signed.payment.fee + more));
        }
    }

    function _left(uint256 index, uint256 bits) private view returns (uint256) {
        return Meter.wrap(bits).rolled(Windows.secondsOf(index), block.timestamp).remainingUnits();
    }
}
