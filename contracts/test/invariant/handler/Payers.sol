// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MoodyToken} from "../MoodyToken.sol";
import {Judgement} from "../witness/Judgement.sol";
import {Payments} from "../witness/Payments.sol";
import {Policy} from "../witness/Policy.sol";
import {Witness} from "../witness/Witness.sol";
import {Stoppers} from "./Stoppers.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice What agents do, and thieves of their keys.
abstract contract Payers is Stoppers {
    struct Order {
        uint256 v;
        IVault.Payment payment;
        address signer;
        address approver; // zero = no approval
    }

    bytes[] internal paid; // calldata of payments that were made: for replays
    uint256 internal paidAt;

    /// @notice One payment such as an agent makes; the judge of the dry run is the judge of the payment.
    function pay(uint256 seed) external acting(seed) {
        Order memory order = someOrder(openVault());
        if (order.signer == address(0)) return;
        bool dry = once(4);
        bool would;
        bytes memory why;
        if (dry) {
            bytes memory question = abi.encodeCall(IVault.check, (order.payment, false));
            (would, why) = address(vaults[order.v]).call(question);
        }
        (bool ok, bytes memory answer) = submit(order);
        won(ok);
        if (!dry || order.signer != witnesses[order.v].session(order.payment.session).key) return;
        assertEq(would, ok, "the dry run says what happens");
        if (!ok) assertEq(why, answer, "in the same words");
    }

    /// @notice Above the cap, with the owner's approval (I5); or with what is none.
    function payApproved(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        uint256 cap = witnesses[v].perPaymentCap(payment.session, payment.token);
        uint256 most = greediest(v, payment);
        uint256 total = cap + 1 + roll(20e6);
        if (total > most && most > cap) total = most;
        if (total <= payment.fee) return;
        payment.amount = uint128(total - payment.fee);
        order.approver = witnesses[v].owner();
        if (once(8)) {
            address[3] memory others = [order.signer, guardians[0], owners[roll(OWNERS)]];
            order.approver = others[roll(3)];
        }
        if (once(16)) order.approver = address(0);
        (bool ok,) = submit(order);
        won(ok);
    }

    /// @notice The thief of a key: at once all that is left; once more; and to himself, as amount and as fee.
    function steal(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        (payment.fee, payment.feeRecipient) = (0, address(0));
        uint256 cap = witnesses[v].perPaymentCap(payment.session, payment.token);
        uint256 most = greediest(v, payment);
        if (cap < most) most = cap;
        payment.amount = uint128(most == 0 ? 1 : most);
        (bool ok,) = submit(order);
        won(ok);
        payment.nonce = nextNonce(v, order.signer);
        payment.ref = newRef();
        (payment.amount, payment.payee) = (1, stranger);
        attack(v, stranger, payCall(order), "I6: the thief is in no book");
        (payment.payee, payment.fee, payment.feeRecipient) = (payees[0], 1, stranger);
        attack(v, stranger, payCall(order), "I6: a fee is no way out");
    }

    /// @notice The patient thief: all that is left, over and over, at the borders of buckets (I4).
    function drain(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        (payment.fee, payment.feeRecipient) = (0, address(0));
        uint256 bucket = windowOf(roll(3)) / 4;
        for (uint256 i = 0; i < 3; ++i) {
            payment.amount = uint128(greediest(v, payment));
            if (payment.amount != 0) {
                bool above = payment.amount > witnesses[v].perPaymentCap(payment.session, payment.token);
                order.approver = above ? witnesses[v].owner() : address(0);
                (bool ok,) = submit(order);
                won(ok);
                (payment.nonce, payment.ref) = (payment.nonce + 1, newRef());
            }
            clock = once(2) ? (clock / bucket + 1) * bucket - roll(2) : clock + roll(2 * bucket);
            vm.warp(clock);
            payment.deadline = uint32(clock + 1);
        }
    }

    /// @notice I2: a signed payment with one field changed afterwards, or at the twin vault, or on another chain.
    function tamper(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        uint256 field = roll(12);
        bytes32 digest = digestOf(field == 10 ? block.chainid + 1 : block.chainid, address(vaults[v]), payment);
        bytes memory signature = signAs(order.signer, digest);
        if (field == 0) ++payment.session;
        if (field == 1) ++payment.nonce;
        if (field == 2) ++payment.deadline;
        if (field == 3) payment.token = payment.token == address(tokens[0]) ? address(tokens[1]) : address(tokens[0]);
        if (field == 4) payment.payee = payment.payee == payees[0] ? payees[1] : payees[0];
        if (field == 5) payment.amount = payment.amount == 1 ? 2 : 1;
        if (field == 6) payment.fee += 1;
        if (field == 7) payment.feeRecipient = payment.feeRecipient == payees[5] ? payees[4] : payees[5];
        if (field == 8) payment.ref = bytes32(uint256(payment.ref) ^ (1 << roll(256)));
        if (field == 9) v = VAULTS - 1 - v;
        uint256 chain = block.chainid;
        if (field == 11) vm.chainId(chain + 1); // the chain splits, and this vault is on both
        attack(v, stranger, abi.encodeCall(IVault.pay, (payment, signature, "")), "I2: every field is signed");
        vm.chainId(chain);
        won(true);
    }

    /// @notice I3: what paid before, once more, in its own bytes: where it paid and at the twin vault.
    function replay(uint256 seed) external acting(seed) {
        if (paid.length == 0) return;
        bytes memory old = paid[roll(paid.length)];
        attack(0, stranger, old, "I3: no replay pays");
        attack(1, stranger, old, "I3: no replay pays");
        won(true);
    }

    // ------------------------------------------------------------------------------------------ orders

    /// @notice A payment that mostly can be made. No signer: there is nobody to make any.
    function someOrder(uint256 v) internal returns (Order memory order) {
        if (witnesses[v].paused() && !once(8)) return order;
        for (uint256 i = 0; i < 3 && order.signer == address(0); ++i) {
            order = _someOrder(v);
        }
    }

    function _someOrder(uint256 v) private returns (Order memory order) {
        uint32 id = once(60) ? witnesses[v].ids(roll(witnesses[v].idCount())) : ableSession(v);
        if (id == 0) return order;
        Policy.Session memory session = witnesses[v].session(id);
        (order.v, order.signer) = (v, session.key);
        if (once(24)) order.signer = witnesses[v].keys(roll(witnesses[v].keyCount())); // that served some session once
        order.payment = IVault.Payment({
            session: id,
            nonce: nextNonce(v, session.key),
            deadline: uint32(clock + (once(40) ? 0 : 1 + roll(100))),
            token: grantedToken(v, id),
            payee: somePayee(v, session.categories),
            amount: 0,
            fee: 0,
            feeRecipient: address(0),
            ref: newRef()
        });
        if (once(3)) {
            order.payment.fee = uint128(1 + roll(1e6));
            order.payment.feeRecipient = somePayee(v, session.categories);
        }
        order.payment.amount = someAmount(v, order.payment);
        if (order.payment.amount == 0) order.signer = address(0);
    }

    /// @dev One that is not paused, if any.
    function openVault() internal returns (uint256 v) {
        v = someVault();
        if (witnesses[v].paused() && !once(24)) v = VAULTS - 1 - v;
    }

    /// @dev A session that may pay somebody now; 0 if none may.
    function ableSession(uint256 v) internal returns (uint32 id) {
        Witness witness = witnesses[v];
        uint256 count = witness.idCount();
        uint256 from = roll(count + 1);
        for (uint256 i = 0; i < count; ++i) {
            id = witness.ids((from + i) % count);
            if (witness.able(id) && somePayee(v, witness.session(id).categories) != address(0)) return id;
        }
        return 0;
    }

    function grantedToken(uint256 v, uint32 id) internal returns (address token) {
        uint256 what = someToken();
        token = address(tokens[what]);
        if (once(24) || witnesses[v].standingOf(Payments.Scope(id, 0, token)) != 0) return token;
        return address(tokens[TOKENS - 1 - what]);
    }

    /// @dev Mostly one that may be paid; zero if there is none.
    function somePayee(uint256 v, uint64 categories) internal returns (address account) {
        uint256 from = roll(PAYEES);
        bool any = once(16);
        for (uint256 i = 0; i < PAYEES; ++i) {
            account = payees[(from + i) % PAYEES];
            uint8 category = witnesses[v].book(account);
            if (any || (category != 0 && (categories >> category) & 1 == 1)) return account;
        }
        return address(0);
    }

    /// @dev Mostly what fits; nothing, mostly, where nothing does.
    function someAmount(uint256 v, IVault.Payment memory payment) internal returns (uint128) {
        uint256 kind = roll(12);
        if (kind == 0) return 1;
        uint256 cap = witnesses[v].perPaymentCap(payment.session, payment.token);
        if ((cap <= payment.fee || greediest(v, payment) == 0) && !once(6)) return 0;
        uint256 most = kind < 10 ? greediest(v, payment) : 30e6;
        if (cap < most) most = cap;
        most = most > payment.fee ? most - payment.fee : 1;
        if (kind == 1) return uint128(most);
        if (kind == 2) return uint128(most + 1);
        return uint128(1 + roll(most));
    }

    /// @dev Mostly the next, out of order now and then, at the borders too.
    function nextNonce(uint256 v, address key) internal returns (uint32) {
        Witness witness = witnesses[v];
        uint32 highest = witness.session(witness.served(key)).highest;
        uint256 kind = roll(20);
        if (kind == 0) return highest + 1024 + uint32(roll(2));
        if (kind < 3) return highest > 33 ? highest - 30 - uint32(roll(3)) : 0;
        if (kind < 7) return highest + 1 + uint32(roll(40));
        for (uint32 back = uint32(roll(8)); back > 0; --back) {
            if (highest >= back && !witness.used(key, highest - back)) return highest - back;
        }
        return highest + 1;
    }

    /// @notice The most that the views say fits every limit a payment to this payee counts in, caps of one payment aside.
    function greediest(uint256 v, IVault.Payment memory payment) internal view returns (uint256 most) {
        most = 300e6;
        uint8 category = witnesses[v].book(payment.payee);
        for (uint256 i = 0; i < 3; ++i) {
            uint32 id = i == 0 ? 0 : payment.session;
            (, IVaultLens.LimitView[] memory limits) =
                lens.remaining(address(vaults[v]), id, i == 2 ? category : 0, payment.token);
            for (uint256 w = 0; w < limits.length; ++w) {
                if (limits[w].remaining < most) most = limits[w].remaining;
            }
        }
    }

    function newRef() internal returns (bytes32) {
        return bytes32(++refCount);
    }

    // ------------------------------------------------------------------------------------------ transactions

    /// @notice Signed, registered with the witness, submitted by a stranger; and judged, if refused.
    function submit(Order memory order) internal returns (bool ok, bytes memory answer) {
        bytes memory call = payCall(order);
        bool approval = order.approver != address(0);
        witnesses[order.v].register(order.payment, order.signer, order.approver, approval);
        (ok, answer) = send(order.v, stranger, address(0), call);
        bool moody = tokens[MOODY].mood() != MoodyToken.Mood.Plain;
        if (ok) remember(call);
        if (ok) return (ok, answer);
        witnesses[order.v].assertRefusal(order.payment.ref, answer, moody);
    }

    function remember(bytes memory call) internal {
        if (paid.length < 16) paid.push(call);
        else paid[paidAt++ % 16] = call;
    }

    function payCall(Order memory order) internal returns (bytes memory) {
        return abi.encodeCall(IVault.pay, (order.payment, signatureOf(order), approvalOf(order)));
    }

    function signatureOf(Order memory order) internal returns (bytes memory) {
        return signAs(order.signer, digestOf(block.chainid, address(vaults[order.v]), order.payment));
    }

    function approvalOf(Order memory order) internal returns (bytes memory) {
        if (order.approver == address(0)) return "";
        return signAs(order.approver, approvalDigestOf(block.chainid, address(vaults[order.v]), order.payment));
    }
}
