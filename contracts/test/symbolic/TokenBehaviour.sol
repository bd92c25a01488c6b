// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SVM, Signed} from "./AnyVault.sol";
import {PaymentState} from "./PaymentState.sol";
import {assume} from "./Premise.sol";
import {Ledger} from "./Tokens.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice The two ways money leaves, against one behaviour of a token: VaultTokensSymbolic has one contract for each.
abstract contract TokenBehaviour is PaymentState {
    function _newToken() internal virtual returns (Ledger);

    function _token() internal override returns (address token) {
        token = address(_newToken());
        SVM.enableSymbolicStorage(token);
    }

    /// @dev Before a payment is made.
    function _prepare(Signed memory signed) internal virtual {}

    /// @notice A payment takes exactly amount and fee out of the vault, to payee and fee recipient, and is counted; or
    ///         nothing has happened.
    /// @custom:promise I1 I11
    function check_APaymentMovesItAllOrLeavesNoTrace(Signed memory signed, uint256 counts) external {
        _paysOrNot(signed, counts, 0);
    }

    function checkFail_APaymentMovesItAllOrLeavesNoTrace(Signed memory signed, uint256 counts) external {
        _paysOrNot(signed, counts, 1);
    }

    function _paysOrNot(Signed memory signed, uint256 counts, uint256 more) private {
        uint256 total = _given(signed);
        _plain(counts);
        _prepare(signed);
        address key = _signer(signed);
        State memory a = _state(key);
        bool done = _pay(signed);
        State memory b = _state(key);
        if (!done) {
            assert(b.vaultWord == a.vaultWord && b.sessionWord == a.sessionWord && b.allowance == a.allowance);
            assert(b.vaultHas == a.vaultHas && b.payeeHas == a.payeeHas && b.feeRecipientHas == a.feeRecipientHas);
            return;
        }
        unchecked {
            assert(a.vaultHas - b.vaultHas == total + more);
            assert(b.payeeHas - a.payeeHas == Ledger(money).gain(signed.payment.amount));
            assert(b.feeRecipientHas - a.feeRecipientHas == Ledger(money).gain(signed.payment.fee));
            assert(b.allowance == a.allowance + total);
        }
        assert(b.sessionWord == SessionWord.unwrap(SessionWord.wrap(a.sessionWord).withNonce(signed.payment.nonce)));
    }

    /// @notice A withdrawal succeeds wherever the token lets the vault transfer; and where it has succeeded, the treasury
    ///         has the money.
    /// @custom:promise I1 I10
    function check_AWithdrawalSucceedsWhereTheTokenLetsIt(uint256 amount, address other) external {
        _withdraws(amount, other, Ledger(money).lets(address(vault), treasury, amount));
    }

    function checkFail_AWithdrawalSucceedsWhereTheTokenLetsIt(uint256 amount, address other) external {
        _withdraws(amount, other, true);
    }

    function _withdraws(uint256 amount, address other, bool lets) private {
        assume(amount != 0 && amount != type(uint256).max); // that asks for all that the token says there is
        assume(other != address(vault) && other != treasury);
        Ledger token = Ledger(money);
        uint256 had = token.held(address(vault));
        uint256 treasuryHad = token.held(treasury);
        uint256 otherHad = token.held(other);
        bool done = _call(owner, abi.encodeCall(IVault.withdraw, (money, amount)));
        assert(done || !lets);
        unchecked {
            assert(had - token.held(address(vault)) == (done ? amount : 0));
            assert(token.held(treasury) - treasuryHad == (done ? token.gain(amount) : 0));
        }
        assert(token.held(other) == otherHad);
    }

    function _held(address account) internal view override returns (uint256) {
        return Ledger(money).held(account);
    }
}
