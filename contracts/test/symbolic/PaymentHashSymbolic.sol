// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {PaymentHash} from "src/libraries/PaymentHash.sol";

/// @notice Reading a payment out of calldata, for every nine words of it (I2).
/// @custom:halmos --loop 16
contract PaymentHashSymbolic {
    bytes32 private constant TYPEHASH = keccak256(
        "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    /// @notice The hash is EIP-712's struct hash of the nine words.
    /// @custom:promise I2
    function check_TheHashIsThatOfEveryField(bytes32[9] calldata words) external view {
        (bool clean, bytes32 structHash,) = _read(words);
        assume(clean);
        assert(structHash == keccak256(abi.encodePacked(TYPEHASH, words)));
    }

    function checkFail_TheHashIsThatOfEveryField(bytes32[9] calldata words, bytes32 typehash) external view {
        (bool clean, bytes32 structHash,) = _read(words);
        assume(clean);
        assert(structHash == keccak256(abi.encodePacked(typehash, words)));
    }

    /// @notice The payment that the vault judges is the payment that was hashed, field by field.
    /// @custom:promise I2
    function check_ThePaymentJudgedIsThePaymentHashed(bytes32[9] calldata words) external view {
        (bool clean,, IVault.Payment memory payment) = _read(words);
        assume(clean);
        assert(keccak256(abi.encode(payment)) == keccak256(abi.encodePacked(words)));
    }

    function checkFail_ThePaymentJudgedIsThePaymentHashed(bytes32[9] calldata words) external view {
        (bool clean,, IVault.Payment memory payment) = _read(words);
        assume(clean);
        payment.feeRecipient = payment.payee;
        assert(keccak256(abi.encode(payment)) == keccak256(abi.encodePacked(words)));
    }

    /// @notice Two payments that differ anywhere have different hashes (keccak256 taken as free of collisions).
    /// @custom:promise I2
    function check_AnotherPaymentHasAnotherHash(bytes32[9] calldata words, bytes32[9] calldata others) external view {
        (bool clean, bytes32 structHash,) = _read(words);
        (bool otherClean, bytes32 otherHash,) = _read(others);
        assume(clean && otherClean);
        for (uint256 i = 0; i < 9; ++i) {
            assert(structHash != otherHash || words[i] == others[i]);
        }
    }

    function checkFail_AnotherPaymentHasAnotherHash(bytes32[9] calldata words, bytes32[9] calldata others)
        external
        view
    {
        (bool clean, bytes32 structHash,) = _read(words);
        (bool otherClean, bytes32 otherHash,) = _read(others);
        assume(clean && otherClean);
        assert(structHash != otherHash);
    }

    /// @notice Words with bits that their types do not have are refused, by name, and no others are.
    /// @custom:promise I2
    function check_ExactlyDirtyWordsAreRefused(bytes32[9] calldata words) external view {
        (bool clean,,) = _read(words);
        assert(clean == _fits(words, 128));
    }

    function checkFail_ExactlyDirtyWordsAreRefused(bytes32[9] calldata words) external view {
        (bool clean,,) = _read(words);
        assert(clean == _fits(words, 127));
    }

    /// @notice No approval is a payment, and each approval is of one payment only (keccak256 as above).
    /// @custom:promise I5
    function check_AnApprovalIsOfOnePaymentAndIsNone(bytes32[9] calldata words, bytes32 paymentHash) external view {
        (bool clean, bytes32 structHash,) = _read(words);
        assume(clean);
        assert(PaymentHash.ofApproval(paymentHash) != structHash);
        assert(paymentHash == structHash || PaymentHash.ofApproval(paymentHash) != PaymentHash.ofApproval(structHash));
    }

    function checkFail_AnApprovalIsOfOnePaymentAndIsNone(bytes32[9] calldata words, bytes32 paymentHash) external view {
        (bool clean, bytes32 structHash,) = _read(words);
        assume(clean);
        assert(PaymentHash.ofApproval(paymentHash) != PaymentHash.ofApproval(structHash));
    }

    function read(IVault.Payment calldata payment) external pure returns (IVault.Payment memory, bytes32) {
        return PaymentHash.read(payment);
    }

    function _read(bytes32[9] calldata words)
        private
        view
        returns (bool clean, bytes32 structHash, IVault.Payment memory payment)
    {
        bytes memory answer;
        (clean, answer) = address(this).staticcall(abi.encodePacked(this.read.selector, words));
        if (clean) (payment, structHash) = abi.decode(answer, (IVault.Payment, bytes32));
        else assert(bytes4(answer) == IVault.PaymentMalformed.selector && answer.length == 4);
    }

    function _fits(bytes32[9] calldata words, uint256 amountBits) private pure returns (bool) {
        uint256 dirt = uint256(words[0] | words[1] | words[2]) >> 32; // session, nonce, deadline
        dirt |= uint256(words[3] | words[4] | words[7]) >> 160; // token, payee, fee recipient
        dirt |= uint256(words[5] | words[6]) >> amountBits; // amount, fee
        return dirt == 0;
    }
}
