// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Limits} from "./base/Limits.sol";
import {Roles} from "./base/Roles.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AllowanceWord} from "./libraries/AllowanceWord.sol";
import {PaymentHash} from "./libraries/PaymentHash.sol";
import {SessionSignature} from "./libraries/SessionSignature.sol";
import {SessionWord, SessionWordLib} from "./libraries/SessionWord.sol";
import {Meter, SlidingCap} from "./libraries/SlidingCap.sol";
import {VaultWord} from "./libraries/VaultWord.sol";
import {WINDOW_COUNT, Windows} from "./libraries/Windows.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  One owner's vault
/// @notice The two ways money leaves are in this file: `pay` and `withdraw` (I1). What they obey is in base/.
contract Vault is Limits, EIP712 {
    using SafeERC20 for IERC20;
    using SafeTransferLib for address; // balances, bounded: 0 where a token gives no answer

    constructor(address owner_, address treasury_, address guardian_) Roles(owner_, treasury_, guardian_) {}

    /// @inheritdoc IVault
    function pay(Payment calldata signed, bytes calldata signature, bytes calldata approval) external {
        // Check
        (Payment memory payment, bytes32 structHash) = PaymentHash.read(signed);
        address key = SessionSignature.signerOf(_hashTypedData(structHash), signature);
        if (key == address(0)) revert SignatureInvalid();
        VaultWord vault = _vault;
        (SessionWord word, uint256 category) = _judge(vault, payment, key);
        (AllowanceWord allowance, Meter[] memory others) = _judgeAmount(payment);
        if (approval.length != 0) revert ApprovalNotNeeded();
        // Effect: before any outside call, so that whoever re-enters meets the counted state
        _sessions[key] = word;
        _setAllowance(payment.session, payment.token, allowance);
        for (uint256 index = 0; index < others.length; ++index) {
            if ((allowance.others() >> index) & 1 == 0) continue;
            _setMeter(payment.session, payment.token, index, others[index]);
        }
        _logPaid(vault, payment, category);
        // Interaction
        _transferPayment(payment);
    }

    /// @inheritdoc IVault
    function check(Payment calldata unsigned) external view {
        (Payment memory payment,) = PaymentHash.read(unsigned);
        _judge(_vault, payment, _keys[payment.session]);
        _judgeAmount(payment);
        (bool told, uint256 balance) = payment.token.checkBalanceOf(address(this));
        uint256 needed = _total(payment);
        if (told && balance < needed) revert VaultShort(balance, needed);
    }

    /// @inheritdoc IVault
    function withdraw(address token, uint256 amount) external onlyOwner {
        // Check: what a token says of its balances names a refusal, but is no condition: it can't be an obstacle
        uint256 balance = token.balanceOf(address(this));
        if (amount == type(uint256).max) amount = balance;
        if (amount == 0) revert ZeroAmount();
        // Effect
        address to = _treasury;
        _log(_vault, 3, abi.encode(HASH, Withdrawn.selector, token, to, amount, SEQUENCE));
        // Interaction
        if (IERC20(token).trySafeTransfer(to, amount)) return;
        // Some tokens move the money and answer false, or anything: then it has left, and that is what was asked for
        (bool told, uint256 left) = token.checkBalanceOf(address(this));
        if (told && left <= balance && balance - left >= amount) return;
        if (told && balance < amount) revert VaultShort(balance, amount);
        revert TransferFailed(token, to, amount);
    }

    /// @dev The one judge of payments, with `_judgeAmount`: `pay` and `check` ask it the same questions. Reads only.
    function _judge(VaultWord vault, Payment memory payment, address key)
        private
        view
        returns (SessionWord next, uint256 category)
    {
        uint32 session = payment.session;
        SessionWord word = _sessions[key];
        _judgeSession(vault, session, key, word, payment.deadline);
        _judgeNonce(session, word, payment.nonce);
        next = word.withNonce(payment.nonce);
        category = _judgePayee(session, word, payment.payee);

        if (payment.amount == 0) revert ZeroAmount();
        if ((payment.fee == 0) != (payment.feeRecipient == address(0))) {
            revert FeeMismatch(payment.fee, payment.feeRecipient);
        }
        if (payment.fee != 0) _judgePayee(session, word, payment.feeRecipient);
    }

    /// @dev The vault is not paused, the session lives, the deadline has not passed (I2, I8).
    function _judgeSession(VaultWord vault, uint32 session, address key, SessionWord word, uint32 deadline)
        private
        view
    {
        if (vault.paused()) revert VaultPaused();
        if (word.session() != session || session == 0) {
            if (_keys[session] == address(0)) revert SessionUnknown(session);
            revert SignerNotSessionKey(session, key);
        }
        if (word.validUntil() == 0 || word.epoch() != vault.epoch()) {
            if (_keys[session] != key) revert KeyRetired(session, key);
            revert SessionRevoked(session);
        }
        if (block.timestamp < word.validFrom()) revert SessionNotYetValid(session, word.validFrom());
        if (block.timestamp >= word.validUntil()) revert SessionExpired(session, word.validUntil());
        if (block.timestamp >= deadline) revert PaymentExpired(deadline, block.timestamp);
    }

    /// @dev The nonce has not paid, and the session's window can tell (I3).
    function _judgeNonce(uint32 session, SessionWord word, uint32 nonce) private pure {
        unchecked {
            uint256 highest = word.nonceHighest();
            if (nonce > highest) {
                uint256 furthest = highest + SessionWordLib.NONCE_LEAP;
                if (nonce > furthest) revert NonceTooFar(session, nonce, furthest);
            } else if (highest - nonce >= SessionWordLib.NONCE_WINDOW) {
                // forge-lint: disable-next-line(unsafe-typecast) -- below `highest`, which has 32 bits
                revert NonceTooOld(session, nonce, uint32(highest - SessionWordLib.NONCE_WINDOW + 1));
            } else if (word.nonceUsed(nonce)) {
                revert NonceUsed(session, nonce);
            }
        }
    }

    /// @dev The payee is in the book, under a category the session has (I6).
    function _judgePayee(uint32 session, SessionWord word, address payee) private view returns (uint256 category) {
        category = _payees[payee];
        if (category == 0) revert PayeeNotInBook(payee);
        // forge-lint: disable-next-line(unsafe-typecast) -- a stored category is at most 63
        if (!word.grants(category)) revert CategoryNotGranted(session, uint8(category));
    }

    /// @dev Amount and fee together fit the per-payment cap (I5) and every limit that stands (I4).
    /// @return allowance the session's word with the payment counted
    /// @return others    the other limits' meters with the payment counted, by window index; empty if there are none
    function _judgeAmount(Payment memory payment)
        private
        view
        returns (AllowanceWord allowance, Meter[] memory others)
    {
        allowance = _allowance(payment.session, payment.token);
        if (!allowance.limited()) revert TokenNotGranted(payment.session, payment.token);
        uint256 total = _total(payment);
        uint256 cap = allowance.perPaymentCap();
        // forge-lint: disable-next-line(unsafe-typecast) -- 2^31 units of at most 2^97
        if (total > cap) revert AbovePerPaymentCap(total, uint128(cap));

        Meter first = _counted(payment, allowance.asMeter(), allowance.firstIndex(), total, allowance.unitBits());
        allowance = AllowanceWord.wrap(Meter.unwrap(first));
        uint256 mask = allowance.others();
        if (mask == 0) return (allowance, others);
        others = new Meter[](WINDOW_COUNT);
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((mask >> index) & 1 == 0) continue;
            Meter meter = _meter(payment.session, payment.token, index);
            others[index] = _counted(payment, meter, index, total, allowance.unitBits());
        }
    }

    /// @dev A limit's meter with `total` counted, if it fits.
    function _counted(Payment memory payment, Meter meter, uint256 index, uint256 total, uint256 unitBits)
        private
        view
        returns (Meter)
    {
        uint32 window = Windows.secondsOf(index);
        meter = meter.rolled(window, block.timestamp);
        uint256 left = meter.remainingUnits();
        uint256 units = SlidingCap.toUnitsUp(total, unitBits);
        if (units > left) revert LimitExceeded(payment.session, payment.token, window, total, left << unitBits);
        return meter.add(units);
    }

    function _logPaid(VaultWord vault, Payment memory payment, uint256 category) private {
        _log(
            vault,
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
    function _transferPayment(Payment memory payment) private {
        IERC20 token = IERC20(payment.token);
        if (!token.trySafeTransfer(payment.payee, payment.amount)) {
            _revertTransfer(payment.token, payment.payee, payment.amount, 0, _total(payment));
        }
        if (payment.fee != 0 && !token.trySafeTransfer(payment.feeRecipient, payment.fee)) {
            _revertTransfer(payment.token, payment.feeRecipient, payment.fee, payment.amount, _total(payment));
        }
    }

    /// @dev Says why a transfer failed: the vault was short of `needed` before it moved `moved`, or the token did not
    ///      want to.
    function _revertTransfer(address token, address to, uint256 amount, uint256 moved, uint256 needed) private view {
        (bool told, uint256 balance) = token.checkBalanceOf(address(this));
        if (told && balance < needed - moved) revert VaultShort(balance + moved, needed); // moved is part of needed
        revert TransferFailed(token, to, amount);
    }

    /// @dev What a payment takes from the vault, and from every limit.
    function _total(Payment memory payment) private pure returns (uint256) {
        unchecked {
            return uint256(payment.amount) + payment.fee; // two uint128
        }
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Pursestrings Vault", "1");
    }
}
