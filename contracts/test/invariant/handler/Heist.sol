// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MoodyToken} from "../MoodyToken.sol";
import {Delays} from "../witness/Delays.sol";
import {Policy} from "../witness/Policy.sol";
import {Witness} from "../witness/Witness.sol";
import {Probes} from "./Probes.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice I17: a thief of a session's key, or of all keys, from wherever a campaign has got to.
abstract contract Heist is Probes {
    uint256 internal constant MOVES = 3;

    struct Plan {
        uint256 v;
        uint32 id; // the session; 0 = all of them
        address token;
        uint256 end; // the last second
        uint256 taken;
        uint256 paid; // how many payments: for the nonces
    }

    /// @notice Takes what there is at every border until the horizon; whatever waits is executed on the way.
    function probeThief() external probing {
        Plan memory plan;
        plan.v = openVault();
        plan.id = ableSession(plan.v);
        if (plan.id == 0) return;
        plan.token = grantedToken(plan.v, plan.id);
        if (once(3)) {
            (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vaults[plan.v]), 0, 0, plan.token);
            if (limits.length != 0) plan.id = 0;
        }
        plan.end = clock + roll(once(2) ? 2 days : 60 days);
        uint256 most = lens.maxOutflow(
            address(vaults[plan.v]), plan.id, plan.token, uint32(plan.end - clock), witnesses[plan.v].calls()
        );
        MoodyToken(plan.token).mint(address(vaults[plan.v]), type(uint128).max);
        for (uint256 i = 0; i < MOVES; ++i) {
            _executeAll(plan.v);
            _takeAll(plan);
            assertLe(plan.taken, most, "I17: no sequence of calls beats the bound");
            _moveOn(plan);
        }
    }

    function _executeAll(uint256 v) private {
        uint256 count = witnesses[v].waitingCount();
        for (uint256 i = 0; i < count; ++i) {
            Delays.Change memory change = witnesses[v].changeAt(i);
            if (block.timestamp < change.from || once(8)) continue;
            (bool ok,) = address(vaults[v]).call(abi.encodeCall(IVault.execute, (change.number, change.call)));
            ok; // it may be dead, or overtaken
        }
    }

    function _takeAll(Plan memory plan) private {
        Witness witness = witnesses[plan.v];
        uint256 count = witness.idCount();
        for (uint256 i = 0; i < count; ++i) {
            uint32 id = witness.ids(i);
            if (!witness.live(id) || (plan.id != 0 && plan.id != id)) continue;
            _take(plan, id, payees[roll(PAYEES)]);
            _take(plan, id, payees[PAYEES - 1]);
        }
    }

    /// @dev One payment of the most that the views tell of, at most the cap of one.
    function _take(Plan memory plan, uint32 id, address payee) private {
        Order memory order;
        (order.v, order.signer) = (plan.v, witnesses[plan.v].session(id).key);
        IVault.Payment memory payment = order.payment;
        payment.session = id;
        payment.nonce = witnesses[plan.v].session(id).highest + 1 + uint32(plan.paid);
        (payment.deadline, payment.token, payment.payee) = (type(uint32).max, plan.token, payee);
        uint8 category = vaults[plan.v].payeeOf(payee);
        if (category == 0) return;
        (uint256 cap,) = lens.remaining(address(vaults[plan.v]), id, 0, plan.token);
        uint256 most = greediest(plan.v, payment);
        if (cap < most) most = cap;
        if (most == 0) return;
        payment.amount = uint128(most);
        (bool ok,) = address(vaults[plan.v]).call(payCall(order));
        if (!ok) return;
        ++plan.paid;
        plan.taken += most;
    }

    /// @dev To the next border of some window's buckets, or some time, never beyond the horizon.
    function _moveOn(Plan memory plan) private {
        uint256 bucket = windowOf(roll(4)) / 4;
        uint256 time = once(3) ? block.timestamp + roll(10 days) : (block.timestamp / bucket + 1) * bucket;
        vm.warp(time > plan.end ? plan.end : time);
    }
}
