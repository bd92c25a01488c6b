// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AllowanceWord} from "../libraries/AllowanceWord.sol";
import {Scope, scopeOf} from "../libraries/Scope.sol";
import {SessionWord, SessionWordLib} from "../libraries/SessionWord.sol";
import {Meter, SlidingCap} from "../libraries/SlidingCap.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {WINDOW_COUNT, Windows} from "../libraries/Windows.sol";
import {Refills} from "./Refills.sol";

/// @title  The one judge of payments: `pay` and `check` ask it the same questions
/// @notice Reads only. What it returns is what to store if the payment is made.
abstract contract Judge is Refills {
    /// @dev How many scopes besides its session a payment may count in.
    uint256 internal constant BESIDES = 3;

    /// @dev Everything but the amounts.
    /// @return next        the session's word with the nonce used
    /// @return category    of the payee
    /// @return feeCategory of the fee's recipient; 0 = no fee
    function _judge(VaultWord vault, Payment memory payment, address key)
        internal
        view
        returns (SessionWord next, uint256 category, uint256 feeCategory)
    {
        uint32 session = payment.session;
        SessionWord word = _sessions[key];
        _judgeSession(vault, session, key, word, payment.deadline);
        _judgeNonce(session, word, payment.nonce);
        next = word.withNonce(payment.nonce);
        category = _judgePayee(payment, word, payment.payee);

        if (payment.amount == 0) revert ZeroAmount();
        if (uint256(payment.fee) | uint160(payment.feeRecipient) == 0) return (next, category, 0);
        if (payment.fee == 0 || payment.feeRecipient == address(0)) {
            revert FeeMismatch(payment.fee, payment.feeRecipient);
        }
        feeCategory = _judgePayee(payment, word, payment.feeRecipient);
    }

    /// @dev Amount and fee fit every limit of one scope that stands (I4).
    /// @return next   the scope's word with the payment counted
    /// @return others the other limits' meters with the payment counted, by window index; empty if there are none
    function _judgeScope(Scope scope, AllowanceWord allowance, uint256 total)
        internal
        view
        returns (AllowanceWord next, Meter[] memory others)
    {
        uint256 unitBits = allowance.unitBits();
        Meter first = _counted(scope, allowance.asMeter(), allowance.firstIndex(), total, unitBits);
        next = AllowanceWord.wrap(Meter.unwrap(first));
        uint256 mask = allowance.others();
        if (mask == 0) return (next, others);
        others = new Meter[](WINDOW_COUNT);
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((mask >> index) & 1 == 0) continue;
            others[index] = _counted(scope, _meter(scope, index), index, total, unitBits);
        }
    }

    /// @dev What a payment counts besides its session: the vault all of it; the payee's category all of it; the fee
    ///      recipient's category, if another, the fee.
    /// @param  place 0 to `BESIDES` - 1
    /// @return scope a scope that may have limits
    /// @return total what counts in it; 0 = nothing does
    function _beside(
        uint256 place,
        VaultWord vault,
        AllowanceWord allowance,
        Payment memory payment,
        uint256 category,
        uint256 feeCategory
    ) internal pure returns (Scope scope, uint256 total) {
        if (place == 0) {
            return (scopeOf(0, 0, payment.token), vault.limited() ? _total(payment) : 0);
        }
        if (!allowance.byCategory()) return (scope, 0);
        if (place == 1) return (scopeOf(payment.session, category, payment.token), _total(payment));
        return (scopeOf(payment.session, feeCategory, payment.token), feeCategory == category ? 0 : payment.fee);
    }

    /// @dev What a payment takes from the vault.
    function _total(Payment memory payment) internal pure returns (uint256) {
        unchecked {
            return uint256(payment.amount) + payment.fee; // two uint128
        }
    }

    /// @dev The session's key, the vault not paused, the session alive, the deadline not passed (I2, I8). The key first: a
    ///      batch knows by the reason of a failure whether the key did sign.
    function _judgeSession(VaultWord vault, uint32 session, address key, SessionWord word, uint32 deadline)
        private
        view
    {
        if (word.session() != session || session == 0) {
            if (_keys[session] == address(0)) revert SessionUnknown(session);
            revert SignerNotSessionKey(session, key);
        }
        if (vault.paused()) revert VaultPaused();
        if (word.isRevoked(vault.epoch())) {
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

    /// @dev The payee is in the book, under a category the session has (I6). A purse's entry is granted to nobody as it
    ///      stands, so an ordinary payment does not have to ask whether it is one.
    function _judgePayee(Payment memory payment, SessionWord word, address payee)
        private
        view
        returns (uint256 category)
    {
        category = _payees[payee];
        if (category == 0) revert PayeeNotInBook(payee);
        if (word.grants(category)) return category;
        if (category > LAST_CATEGORY) {
            category = _judgeRefill(payment, payee, category);
            if (word.grants(category)) return category;
        }
        // forge-lint: disable-next-line(unsafe-typecast) -- a category is at most 63
        revert CategoryNotGranted(payment.session, uint8(category));
    }

    /// @dev A limit's meter with `total` counted, if it fits.
    function _counted(Scope scope, Meter meter, uint256 index, uint256 total, uint256 unitBits)
        private
        view
        returns (Meter)
    {
        uint32 window = Windows.secondsOf(index);
        meter = meter.rolled(window, block.timestamp);
        uint256 left = meter.remainingUnits();
        uint256 units = SlidingCap.toUnitsUp(total, unitBits);
        if (units > left) {
            (uint32 session, uint8 category, address token) = scope.parts();
            revert LimitExceeded(session, category, token, window, total, left << unitBits);
        }
        return meter.add(units);
    }
}
