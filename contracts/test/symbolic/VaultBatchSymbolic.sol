// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyToken, SVM, Signed} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";
import {VaultWord} from "src/libraries/VaultWord.sol";

/// @notice A batch's items are payments, and each is made or leaves no trace (I11).
/// @custom:halmos --loop 8
contract VaultBatchSymbolic is GivenPayment {
    /// @dev All of the vault and the token that a payment may change.
    struct State {
        uint256 vaultWord;
        uint256 sessionWord;
        uint256 allowance;
        uint256 vaultHas;
        uint256 payeeHas;
        uint256 feeRecipientHas;
    }

    function _token() internal override returns (address token) {
        token = address(new AnyToken());
        SVM.enableSymbolicStorage(token);
    }

    /// @notice An item does all that a payment does, or nothing at all.
    /// @custom:promise I11
    function check_AnItemPaysOrLeavesNoTrace(Signed memory signed, uint256 counts) external {
        _given(signed);
        _plain(counts);
        address key = _signer(signed);
        State memory before = _state(key);
        assume(_payBatch(signed));
        assert(_isPaid(before, _state(key), signed) || _isSame(before, _state(key)));
    }

    function checkFail_AnItemPaysOrLeavesNoTrace(Signed memory signed, uint256 counts) external {
        _given(signed);
        _plain(counts);
        address key = _signer(signed);
        State memory before = _state(key);
        assume(_payBatch(signed));
        assert(_isPaid(before, _state(key), signed));
    }

    /// @notice What `pay` refuses, a batch does not pay.
    /// @custom:promise I1 I11
    function check_ABatchPaysNothingThatIsRefused(Signed memory signed, uint256 counts) external {
        _given(signed);
        _plain(counts);
        address key = _signer(signed);
        State memory before = _state(key);
        assume(!_pay(signed));
        _payBatch(signed);
        assert(_isSame(before, _state(key)));
    }

    function checkFail_ABatchPaysNothingThatIsRefused(Signed memory signed, uint256 counts) external {
        _given(signed);
        _plain(counts);
        address key = _signer(signed);
        State memory before = _state(key);
        _payBatch(signed);
        assert(_isSame(before, _state(key)));
    }

    /// @dev One limit of an hour, and none of the vault's own.
    function _plain(uint256 counts) private {
        assume(!_vaultWord().limited());
        _setAllowance(_session(), _limitOf(0, _still(counts)));
    }

    function _payBatch(Signed memory signed) private returns (bool done) {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](1);
        items[0] = IVault.BatchItem(signed.payment, _signature(signed), "");
        (done,) = address(vault).call(abi.encodeCall(IVault.payBatch, (items)));
    }

    function _state(address key) private view returns (State memory) {
        return State({
            vaultWord: VaultWord.unwrap(_vaultWord()),
            sessionWord: SessionWord.unwrap(_sessionWord(key)),
            allowance: AllowanceWord.unwrap(_allowanceWord(_session())),
            vaultHas: AnyToken(money).balanceOf(address(vault)),
            payeeHas: AnyToken(money).balanceOf(PAYEE),
            feeRecipientHas: AnyToken(money).balanceOf(FEE_RECIPIENT)
        });
    }

    function _isSame(State memory a, State memory b) private pure returns (bool) {
        return a.vaultWord == b.vaultWord && a.sessionWord == b.sessionWord && a.allowance == b.allowance
            && a.vaultHas == b.vaultHas && a.payeeHas == b.payeeHas && a.feeRecipientHas == b.feeRecipientHas;
    }

    function _isPaid(State memory a, State memory b, Signed memory signed) private pure returns (bool) {
        unchecked {
            uint256 total = uint256(signed.payment.amount) + signed.payment.fee;
            SessionWord next = SessionWord.wrap(a.sessionWord).withNonce(signed.payment.nonce);
            return a.vaultWord != b.vaultWord && b.sessionWord == SessionWord.unwrap(next)
                && b.allowance == a.allowance + total && b.vaultHas == a.vaultHas - total
                && b.payeeHas == a.payeeHas + signed.payment.amount
                && b.feeRecipientHas == a.feeRecipientHas + signed.payment.fee;
        }
    }
}
