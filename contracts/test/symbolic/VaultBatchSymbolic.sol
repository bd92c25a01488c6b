// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyToken, SVM, Signed} from "./AnyVault.sol";
import {PaymentState} from "./PaymentState.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice A batch's items are payments, and each is made or leaves no trace (I11).
/// @custom:halmos --loop 8
contract VaultBatchSymbolic is PaymentState {
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

    function _payBatch(Signed memory signed) private returns (bool done) {
        IVault.BatchItem[] memory items = new IVault.BatchItem[](1);
        items[0] = IVault.BatchItem(signed.payment, _signature(signed), "");
        (done,) = address(vault).call(abi.encodeCall(IVault.payBatch, (items)));
    }

    function _held(address account) internal view override returns (uint256) {
        return AnyToken(money).balanceOf(account);
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
