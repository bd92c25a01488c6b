// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault, Signed, VM} from "./AnyVault.sol";
import {Scope, scopeOf} from "src/libraries/Scope.sol";

/// @notice A payment of which session, token, payee, fee recipient and their categories are given, as constants: then
///         halmos knows which slots differ. So is the time: how old a meter is makes the difference, and that is any.
///         Any are the amounts, the meters, the signature, the nonce and all else that the vault stores.
abstract contract GivenPayment is AnyVault {
    uint32 internal constant SESSION = 7;
    address internal constant PAYEE = address(0xca11);
    address internal constant FEE_RECIPIENT = address(0xfee);
    uint256 internal constant CATEGORY = 5;
    uint256 internal constant FEE_CATEGORY = 63;
    uint256 private constant NOW = 1_900_000_000;

    /// @dev The given token.
    address internal money;

    function setUp() public virtual override {
        super.setUp();
        VM.warp(NOW);
        money = _token();
        _setCategory(PAYEE, CATEGORY);
        _setCategory(FEE_RECIPIENT, FEE_CATEGORY);
        _setAllowance(_session(), _ample());
        _setAllowance(_whole(), _ample());
        _setAllowance(_of(CATEGORY), _ample());
        _setAllowance(_of(FEE_CATEGORY), _ample());
    }

    function _token() internal virtual returns (address);

    /// @return total what the payment takes
    function _given(Signed memory signed) internal view returns (uint256 total) {
        (signed.payment.session, signed.payment.token) = (SESSION, money);
        (signed.payment.payee, signed.payment.feeRecipient) = (PAYEE, FEE_RECIPIENT);
        return uint256(signed.payment.amount) + signed.payment.fee;
    }

    function _session() internal view returns (Scope) {
        return _of(0);
    }

    function _of(uint256 category) internal view returns (Scope) {
        return scopeOf(SESSION, category, money);
    }

    function _whole() internal view returns (Scope) {
        return scopeOf(0, 0, money);
    }
}
