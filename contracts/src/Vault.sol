// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {Limits} from "./base/Limits.sol";
import {Roles} from "./base/Roles.sol";
import {IVault} from "./interfaces/IVault.sol";
import {PaymentHash} from "./libraries/PaymentHash.sol";
import {PolicyWord} from "./libraries/PolicyWord.sol";
import {SessionSignature} from "./libraries/SessionSignature.sol";
import {SessionWord, SessionWordLib} from "./libraries/SessionWord.sol";
import {Meter, SlidingCap} from "./libraries/SlidingCap.sol";
import {VaultWord} from "./libraries/VaultWord.sol";
import {WINDOW_COUNT, Windows} from "./libraries/Windows.sol";

/// @title  One owner's vault
/// @notice The two ways money leaves are in this file: `pay` and `withdraw` (I1). What they obey is in base/.
contract Vault is Limits, EIP712 {
    using SafeERC20 for IERC20;

    /// @dev What a payment changes, decided before anything is written.
    struct Verdict {
        SessionWord session;
        uint256 category;
        uint256 windows; // mask of the limits that count it
        Meter[WINDOW_COUNT] meters; // their new words
    }

    constructor(address owner_, address treasury_, address guardian_) Roles(owner_, treasury_, guardian_) {}

    /// @inheritdoc IVault
    function pay(Payment calldata payment, bytes calldata signature, bytes calldata approval) external {
        // Check
        address key = SessionSignature.signerOf(_hashTypedData(PaymentHash.hash(payment)), signature);
        if (key == address(0)) revert SignatureInvalid();
        Verdict memory verdict = _judge(payment, key);
        if (approval.length != 0) revert ApprovalNotNeeded();
        // Effect: before any outside call, so that whoever re-enters meets the counted state
        _sessions[key] = verdict.session;
        for (uint256 index = 0; verdict.windows >> index != 0; ++index) {
            if ((verdict.windows >> index) & 1 == 0) continue;
            _setMeter(payment.session, payment.token, index, verdict.meters[index]);
        }
        _logPaid(payment, verdict.category);
        // Interaction
        _transferPayment(payment);
    }

    /// @inheritdoc IVault
    function check(Payment calldata payment) external view {
        address key = _keys[payment.session];
        if (key == address(0)) revert SessionUnknown(payment.session);
        _judge(payment, key);
        uint256 balance = IERC20(payment.token).balanceOf(address(this));
        uint256 needed = uint256(payment.amount) + payment.fee;
        if (balance < needed) revert VaultShort(balance, needed);
    }

    /// @inheritdoc IVault
    function withdraw(address token, uint256 amount) external onlyOwner {
        // Check
        uint256 balance = IERC20(token).balanceOf(address(this));
        if (amount == type(uint256).max) amount = balance;
        if (amount == 0) revert ZeroAmount();
        if (balance < amount) revert VaultShort(balance, amount);
        // Effect
        address to = _treasury;
        _log(3, abi.encode(HASH, Withdrawn.selector, token, to, amount, SEQUENCE));
        // Interaction
        if (!IERC20(token).trySafeTransfer(to, amount)) revert TransferFailed(token, to, amount);
    }

    /// @dev The one judge of payments: `pay` and `check` ask it the same question. Reads only.
    function _judge(Payment calldata payment, address key) private view returns (Verdict memory verdict) {
        SessionWord word = _sessions[key];
        _judgeSession(payment, key, word);
        verdict.session = word.withNonce(payment.nonce);
        verdict.category = _judgePayee(payment.session, word, payment.payee);

        if (payment.amount == 0) revert ZeroAmount();
        if ((payment.fee == 0) != (payment.feeRecipient == address(0))) {
            revert FeeMismatch(payment.fee, payment.feeRecipient);
        }
        if (payment.fee != 0) _judgePayee(payment.session, word, payment.feeRecipient);
        _judgeAmount(payment, verdict);
    }

    /// @dev The vault is not paused, the session lives, the deadline and the nonce are good (I2, I3, I8).
    function _judgeSession(Payment calldata payment, address key, SessionWord word) private view {
        VaultWord vault = _vault;
        uint32 session = payment.session;
        if (vault.paused()) revert VaultPaused();
        if (word.session() != session || session == 0) revert SignerNotSessionKey(session, key);
        if (word.validUntil() == 0 || word.epoch() != vault.epoch()) {
            if (_keys[session] != key) revert KeyRetired(session, key);
            revert SessionRevoked(session);
        }
        if (block.timestamp < word.validFrom()) revert SessionNotYetValid(session, word.validFrom());
        if (block.timestamp >= word.validUntil()) revert SessionExpired(session, word.validUntil());
        if (block.timestamp >= payment.deadline) revert PaymentExpired(payment.deadline, block.timestamp);

        uint32 nonce = payment.nonce;
        uint256 highest = word.nonceHighest();
        if (word.nonceUsed(nonce)) revert NonceUsed(session, nonce);
        if (uint256(nonce) + SessionWordLib.NONCE_WINDOW <= highest) {
            revert NonceTooOld(session, nonce, uint32(highest - SessionWordLib.NONCE_WINDOW + 1));
        }
        if (nonce > highest + SessionWordLib.NONCE_LEAP) {
            revert NonceTooFar(session, nonce, highest + SessionWordLib.NONCE_LEAP);
        }
    }

    /// @dev The payee is in the book, under a category the session has (I6).
    function _judgePayee(uint32 session, SessionWord word, address payee) private view returns (uint256 category) {
        category = _payees[payee];
        if (category == 0) revert PayeeNotInBook(payee);
        if (!word.grants(category)) revert CategoryNotGranted(session, uint8(category));
    }

    /// @dev Amount and fee together fit the per-payment cap (I5) and every limit that stands (I4).
    function _judgeAmount(Payment calldata payment, Verdict memory verdict) private view {
        PolicyWord policy = _policy(payment.session, payment.token);
        verdict.windows = policy.windows();
        if (verdict.windows == 0) revert TokenNotGranted(payment.session, payment.token);

        uint256 total = uint256(payment.amount) + payment.fee;
        if (total > policy.perPaymentCap()) revert AbovePerPaymentCap(total, policy.perPaymentCap());

        uint256 units = SlidingCap.toUnitsUp(total, policy.unitBits());
        for (uint256 index = 0; verdict.windows >> index != 0; ++index) {
            if ((verdict.windows >> index) & 1 == 0) continue;
            uint32 window = Windows.secondsOf(index);
            Meter meter = _meter(payment.session, payment.token, index).rolled(window, block.timestamp);
            uint256 left = meter.remainingUnits();
            if (units > left) {
                revert LimitExceeded(payment.session, payment.token, window, total, left << policy.unitBits());
            }
            verdict.meters[index] = meter.add(units);
        }
    }

    function _logPaid(Payment calldata payment, uint256 category) private {
        _log(
            4,
            abi.encode(
                HASH,
                Paid.selector,
                payment.session,
                payment.payee,
                payment.ref,
                payment.token,
                payment.amount,
                payment.fee,
                payment.feeRecipient,
                category,
                payment.nonce,
                SEQUENCE
            )
        );
    }

    /// @dev Moves amount and fee, or reverts so that the payment leaves no trace (I11).
    function _transferPayment(Payment calldata payment) private {
        IERC20 token = IERC20(payment.token);
        if (!token.trySafeTransfer(payment.payee, payment.amount)) {
            _revertTransfer(token, payment.payee, payment.amount, uint256(payment.amount) + payment.fee, 0);
        }
        if (payment.fee != 0 && !token.trySafeTransfer(payment.feeRecipient, payment.fee)) {
            uint256 needed = uint256(payment.amount) + payment.fee;
            _revertTransfer(token, payment.feeRecipient, payment.fee, needed, payment.amount);
        }
    }

    /// @dev Says why a transfer failed: the vault is short, or the token did not want to.
    function _revertTransfer(IERC20 token, address to, uint256 amount, uint256 needed, uint256 moved) private view {
        uint256 balance = token.balanceOf(address(this)) + moved;
        if (balance < needed) revert VaultShort(balance, needed);
        revert TransferFailed(address(token), to, amount);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Pursestrings Vault", "1");
    }
}
