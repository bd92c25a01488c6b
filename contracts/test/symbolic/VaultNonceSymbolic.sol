// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Signed, YesToken} from "./AnyVault.sol";
import {GivenPayment} from "./GivenPayment.sol";
import {assume} from "./Premise.sol";
import {SessionWord, SessionWordLib} from "src/libraries/SessionWord.sol";

/// @notice A nonce pays once (I3), whoever signs and submits it, whatever the key's word holds.
/// @custom:halmos --loop 8
contract VaultNonceSymbolic is GivenPayment {
    function _token() internal override returns (address) {
        return address(new YesToken());
    }

    /// @notice A nonce that paid, is too old to tell, or too far ahead pays nothing.
    /// @custom:promise I3
    /// @custom:instead-of a payment made twice in a row, or one of any session, token and payee: over 120 s; VaultPay's
    ///                    OnlyTheNonceOfTheKeyChanges leaves what is the premise here
    function check_ANonceNeverPaysTwice(Signed memory signed) external {
        _given(signed);
        SessionWord word = _sessionWord(_signer(signed));
        assume(word.nonceUsed(signed.payment.nonce) || _outside(word, signed.payment.nonce, 0));
        assert(!_pay(signed));
    }

    function checkFail_ANonceNeverPaysTwice(Signed memory signed) external {
        _given(signed);
        assume(!_vaultWord().limited());
        assume(_outside(_sessionWord(_signer(signed)), signed.payment.nonce, 1));
        assert(!_pay(signed));
    }

    function _outside(SessionWord word, uint256 nonce, uint256 nearer) private pure returns (bool) {
        uint256 highest = word.nonceHighest();
        return
            nonce + SessionWordLib.NONCE_WINDOW <= highest + nearer
                || nonce + nearer > highest + SessionWordLib.NONCE_LEAP;
    }
}
