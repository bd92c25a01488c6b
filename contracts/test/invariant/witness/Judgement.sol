// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Delays} from "./Delays.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Whether a payment was rightly made, or rightly refused: by the list of payments and by what is in force,
///         nothing asked of the vault (I2 to I8).
abstract contract Judgement is Delays {
    /// @dev A payment, and who really signed what: the handler says so, who holds the keys.
    struct Signed {
        IVault.Payment payment;
        address signer;
        address approver; // of whom the approval is; zero = nobody's
        bool approval; // there is one, whosesoever
        bool made;
    }

    mapping(bytes32 ref => Signed) internal _signed;
    mapping(address key => mapping(uint32 nonce => bool)) public used;
    mapping(address token => mapping(address account => uint256)) public taken; // by payments and withdrawals
    mapping(address token => uint256) public takenInAll;
    uint256 public payments;
    uint256 public registered;

    /// @notice What a payment's reference stands for: one payment each.
    function register(IVault.Payment calldata payment, address signer, address approver, bool approval) external {
        assertEq(_signed[payment.ref].signer, address(0), "a reference each");
        _signed[payment.ref] = Signed(payment, signer, approver, approval, false);
        ++registered;
    }

    function signedOf(bytes32 ref) external view returns (Signed memory) {
        return _signed[ref];
    }

    // ------------------------------------------------------------------------------------------ paid

    struct Made {
        address token;
        uint128 amount;
        uint128 fee;
        address feeRecipient;
        uint8 category;
        uint32 nonce;
        uint32 sequence;
    }

    function _paid(bytes32[] calldata topics, bytes calldata data) internal {
        Made memory made = abi.decode(data, (Made));
        Signed storage signed = _signed[topics[3]];
        IVault.Payment memory payment = signed.payment;
        assertTrue(
            payment.session == uint256(topics[1]) && payment.payee == asAddress(topics[2])
                && payment.token == made.token && payment.amount == made.amount && payment.fee == made.fee
                && payment.feeRecipient == made.feeRecipient && payment.nonce == made.nonce
                && signed.signer != address(0),
            "I2: what is paid was signed so, in every field"
        );
        assertFalse(signed.made, "I3: nothing is paid twice");
        signed.made = true;
        ++payments;
        assertGt(payment.amount, 0);
        _paidByLiveSession(payment, signed.signer);
        _paidOnce(payment, signed.signer);

        uint8 feeCategory = payment.fee == 0 ? 0 : book[payment.feeRecipient];
        assertEq(made.category, book[payment.payee], "the category is the payee's");
        assertTrue(grants(payment.session, made.category), "I6: payee in the book, category granted");
        assertEq(payment.fee == 0, payment.feeRecipient == address(0));
        if (payment.fee != 0) assertTrue(grants(payment.session, feeCategory), "I6: a fee is no way out");
        assertNotEq(standingOf(Scope(payment.session, 0, payment.token)), 0, "I6: a limit stands in the token");

        uint256 total = uint256(payment.amount) + payment.fee;
        if (total > perPaymentCap[payment.session][payment.token]) {
            assertTrue(signed.approver == owner && signed.approval, "I5: above its cap a session cannot pay alone");
        } else {
            assertFalse(signed.approval, "an approval that none asked for is refused");
        }
        _countIn(payment, made.category, feeCategory, total);
        taken[payment.token][payment.payee] += payment.amount;
        taken[payment.token][payment.feeRecipient] += payment.fee;
        takenInAll[payment.token] += total;
    }

    function grants(uint32 id, uint8 category) public view returns (bool) {
        return category != 0 && (_sessions[id].categories >> category) & 1 == 1;
    }

    function _paidByLiveSession(IVault.Payment memory payment, address signer) private view {
        Session storage it = _sessions[payment.session];
        assertEq(signer, it.key, "I2: the session's key of now has signed");
        assertFalse(paused, "I8: nothing is paid while paused");
        assertFalse(revoked(payment.session), "I8: a revoked session pays nothing");
        assertTrue(block.timestamp >= it.validFrom && block.timestamp < it.validUntil, "I8: within the span");
        assertLt(block.timestamp, payment.deadline, "I2: the deadline is signed");
    }

    function _paidOnce(IVault.Payment memory payment, address signer) private {
        uint32 highest = _sessions[payment.session].highest;
        assertFalse(used[signer][payment.nonce], "I3: a nonce pays once");
        assertLe(payment.nonce, uint256(highest) + 1024, "I3: none runs more than 1,024 ahead");
        assertGe(uint256(payment.nonce) + 31, highest, "I3: none is older than the window tells");
        used[signer][payment.nonce] = true;
        if (payment.nonce > highest) _sessions[payment.session].highest = payment.nonce;
    }

    /// @dev Every limit that counts the payment has room for it in the closed window that ends now (I4): so no interval
    ///      of a window's length, which ends with some payment, holds more than the cap.
    function _countIn(IVault.Payment memory payment, uint8 category, uint8 feeCategory, uint256 total) private {
        Scope memory scope = Scope(payment.session, 0, payment.token);
        uint8 other = feeCategory == category ? 0 : feeCategory;
        for (uint256 i = 0; i < 4; ++i) {
            if (i == 1) (scope.session, scope.category) = (0, 0);
            if (i == 2) (scope.session, scope.category) = (payment.session, category);
            if (i == 3) (scope.session, scope.category) = (payment.session, other);
            if (i == 3 && other == 0) continue;
            if (standingOf(scope) == 0) continue;
            assertFalse(overflows(scope, i == 3 ? payment.fee : total), "I4: no interval holds more than the cap");
            _write(scope);
        }
        _list(Scope(payment.session, 0, payment.token), category, feeCategory, total, payment.fee);
    }

    function _write(Scope memory scope) private {
        for (uint256 w = 0; w < WINDOW_COUNT; ++w) {
            Standing storage limit = _limits[keyOf(scope)][w];
            if (limit.stands) limit.written = uint32(block.timestamp);
        }
    }

    // ------------------------------------------------------------------------------------------ refused

    /// @dev An item of a batch: the vault speaks of it only if a key of its session signed it.
    function _failed(bytes32[] calldata topics, bytes calldata data, bool moody) internal view {
        (uint32 nonce, bytes memory reason) = abi.decode(data, (uint32, bytes));
        Signed storage signed = _signed[topics[3]];
        assertTrue(
            signed.payment.session == uint256(topics[1]) && signed.payment.payee == asAddress(topics[2])
                && signed.payment.nonce == nonce,
            "the vault says nothing of what no key of its sessions signed"
        );
        assertEq(served[signed.signer], signed.payment.session, "nor of what another session's key signed");
        this.assertRefusal(topics[3], reason, moody);
    }

    /// @notice The named reason is true.
    /// @param  moody the token was not itself
    function assertRefusal(bytes32 ref, bytes calldata why, bool moody) external view {
        Signed memory signed = _signed[ref];
        IVault.Payment memory payment = signed.payment;
        uint256 total = uint256(payment.amount) + payment.fee;
        bytes4 name = bytes4(why);
        bool right;
        if (name == IVault.LimitExceeded.selector) {
            return _assertExceeded(payment, why[4:]);
        } else if (name == IVault.VaultShort.selector) {
            (uint256 balance, uint256 needed) = abi.decode(why[4:], (uint256, uint256));
            right = needed == total && balance < needed;
        } else if (name == IVault.TransferFailed.selector) {
            right = moody;
        } else if (name == IVault.AbovePerPaymentCap.selector) {
            right = total > perPaymentCap[payment.session][payment.token] && !signed.approval;
        } else if (name == IVault.ApprovalInvalid.selector) {
            right = signed.approval && signed.approver != owner;
        } else if (name == IVault.ApprovalNotNeeded.selector) {
            right = signed.approval && total <= perPaymentCap[payment.session][payment.token];
        } else if (name == IVault.TokenNotGranted.selector) {
            right = standingOf(Scope(payment.session, 0, payment.token)) == 0;
        } else {
            right = _isTrue(name, payment, signed.signer, why);
        }
        assertTrue(right, "a refusal for a reason that is none");
    }

    function _isTrue(bytes4 name, IVault.Payment memory payment, address signer, bytes calldata why)
        private
        view
        returns (bool)
    {
        Session storage it = _sessions[payment.session];
        uint32 highest = it.highest;
        if (name == IVault.NonceUsed.selector) return used[signer][payment.nonce];
        if (name == IVault.NonceTooOld.selector) return uint256(payment.nonce) + 32 <= highest;
        if (name == IVault.NonceTooFar.selector) return payment.nonce > uint256(highest) + 1024;
        if (name == IVault.PayeeNotInBook.selector) {
            address account = abi.decode(why[4:], (address));
            return book[account] == 0 && (account == payment.payee || account == payment.feeRecipient);
        }
        if (name == IVault.CategoryNotGranted.selector) {
            (, uint8 category) = abi.decode(why[4:], (uint32, uint8));
            return !grants(payment.session, category)
                && (category == book[payment.payee] || category == book[payment.feeRecipient]);
        }
        if (name == IVault.VaultPaused.selector) return paused;
        if (name == IVault.SessionUnknown.selector) return it.key == address(0);
        if (name == IVault.SignerNotSessionKey.selector) return served[signer] != payment.session;
        if (name == IVault.KeyRetired.selector) return served[signer] == payment.session && signer != it.key;
        if (name == IVault.SessionRevoked.selector) return revoked(payment.session);
        if (name == IVault.SessionNotYetValid.selector) return block.timestamp < it.validFrom;
        if (name == IVault.SessionExpired.selector) return block.timestamp >= it.validUntil;
        if (name == IVault.PaymentExpired.selector) return block.timestamp >= payment.deadline;
        if (name == IVault.ZeroAmount.selector) return payment.amount == 0;
        if (name == IVault.FeeMismatch.selector) return (payment.fee == 0) != (payment.feeRecipient == address(0));
        return false;
    }

    /// @dev I4, the other direction: nothing is refused for what was spent more than 1.25 windows ago.
    function _assertExceeded(IVault.Payment memory payment, bytes calldata args) private view {
        Scope memory scope;
        uint32 window;
        uint256 requested;
        uint256 left;
        (scope.session, scope.category, scope.token, window, requested, left) =
            abi.decode(args, (uint32, uint8, address, uint32, uint256, uint256));
        uint256 w = indexOf(window);
        (bool stands, uint128 cap) = limitOf(scope, w);
        assertTrue(stands && scope.token == payment.token, "only what stands refuses");
        if (scope.session != 0) assertEq(scope.session, payment.session);
        uint256 total = uint256(payment.amount) + payment.fee;
        if (scope.category != 0 && scope.category != book[payment.payee]) {
            assertEq(scope.category, book[payment.feeRecipient]);
            total = payment.fee;
        }
        assertEq(requested, total);
        uint256 spent = spentSince(scope, w, ago(uint256(window) * 5 / 4 - 1));
        assertGt(spent + up(total, scope.token), cap, "I4: nothing is refused for what is older than 1.25 windows");
        uint256 counted = usedOf(scope, w);
        assertEq(left, counted < cap ? cap - counted : 0, "what is said to be left is left");
    }
}
