// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Witness} from "../witness/Witness.sol";
import {Payers} from "./Payers.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice What nobody gets: payments of the dead, payments of nothing, and roles and rules that not even an owner can
///         give.
abstract contract Trespassers is Payers {
    /// @notice I8: a session that was revoked, is over, or has not begun; a key that was rotated out; a paused vault.
    function haunt(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        Witness witness = witnesses[v];
        Order memory order;
        (order.v, order.signer) = (v, once(2) ? witness.keys(roll(witness.keyCount())) : _idle(v));
        uint32 id = witness.served(order.signer);
        bool able = witness.able(id) && witness.session(id).key == order.signer && !witness.paused();
        if (able) return;
        order.payment = IVault.Payment({
            session: id,
            nonce: 1 + uint32(roll(1024)),
            deadline: uint32(clock + 1),
            token: grantedToken(v, id),
            payee: somePayee(v, witness.session(id).categories),
            amount: 1,
            fee: 0,
            feeRecipient: address(0),
            ref: newRef()
        });
        attack(v, stranger, payCall(order), "I8: what is stopped, over or not begun pays nothing");
        won(true);
    }

    /// @dev The key of a session that was not revoked, but is over or has not begun; if there is none, any.
    function _idle(uint256 v) private returns (address key) {
        Witness witness = witnesses[v];
        uint256 count = witness.idCount();
        uint256 from = roll(count);
        for (uint256 i = 0; i < count; ++i) {
            uint32 id = witness.ids((from + i) % count);
            key = witness.session(id).key;
            if (witness.live(id) && !witness.able(id)) return key;
        }
    }

    /// @notice A good payment but for one thing that no signature mends.
    function malform(uint256 seed) external acting(seed) {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        uint256 kind = roll(5);
        if (kind == 0) payment.amount = 0;
        if (kind == 1) (payment.fee, payment.feeRecipient) = (0, payees[5]);
        if (kind == 2) (payment.fee, payment.feeRecipient) = (1, address(0));
        if (kind == 3) payment.deadline = uint32(clock - roll(100));
        if (kind == 4) payment.token = stranger;
        attack(v, stranger, payCall(order), "a payment of nothing, of half a fee, too late, or of what is no token");
        won(true);
    }

    /// @notice I6, I8: the owner asks for what no owner can have.
    function overreach(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        bytes memory call = once(2) ? _roleConflict(v) : _revival(v);
        if (call.length == 0) return;
        attack(v, witnesses[v].owner(), call, "I8: not even by the owner");
        won(true);
    }

    /// @dev One account in two roles, or in none that there is.
    function _roleConflict(uint256 v) private returns (bytes memory) {
        Witness witness = witnesses[v];
        address key = witness.keys(roll(witness.keyCount()));
        uint256 kind = roll(7);
        if (kind == 0) return abi.encodeCall(IVault.setGuardian, (key));
        if (kind == 1) return abi.encodeCall(IVault.setTreasury, (once(2) ? key : address(vaults[v])));
        if (kind == 2) return abi.encodeCall(IVault.transferOwnership, (key));
        if (kind < 5) {
            IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
            address[4] memory none = [key, address(tokens[0]), address(vaults[v]), address(0)];
            entries[0] = IVault.PayeeEntry(kind == 3 ? none[roll(4)] : payees[0], kind == 3 ? 3 : once(2) ? 0 : 64);
            return abi.encodeCall(IVault.setPayees, (entries));
        }
        IVault.Grant memory given = newGrant(v, 1_000_000);
        address[6] memory taken_ =
            [witness.owner(), witness.treasury(), witness.guardian(), key, key, address(tokens[0])];
        if (kind == 5) given.key = taken_[roll(6)];
        else given.categories |= 1;
        return abi.encodeCall(IVault.grant, (given));
    }

    /// @dev A revoked session, or a taken id, set to work again.
    function _revival(uint256 v) private returns (bytes memory) {
        Witness witness = witnesses[v];
        uint32 id = witness.ids(roll(witness.idCount()));
        uint256 kind = roll(6);
        if (kind == 0) return abi.encodeCall(IVault.grant, (newGrant(v, id)));
        if (witness.live(id)) {
            if (kind == 1) return abi.encodeCall(IVault.setCategories, (id, 3));
            if (kind == 2) return abi.encodeCall(IVault.setValidity, (id, uint32(clock - 1), uint32(clock)));
            if (kind == 3) return abi.encodeCall(IVault.rotateKey, (id, witness.session(id).key));
            return "";
        }
        if (kind == 1) return abi.encodeCall(IVault.setCategories, (id, 2));
        if (kind == 2) return abi.encodeCall(IVault.setValidity, (id, 0, uint32(clock + 1)));
        if (kind == 3) return abi.encodeCall(IVault.rotateKey, (id, newKey()));
        if (kind == 4) return abi.encodeCall(IVault.setLimit, (id, 0, address(tokens[0]), 1 days, 1e6));
        return abi.encodeCall(IVault.setPerPaymentCap, (id, address(tokens[0]), 1e6));
    }
}
