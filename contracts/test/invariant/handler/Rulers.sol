// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Delays} from "../witness/Delays.sol";
import {Witness} from "../witness/Witness.sol";
import {Owners} from "./Owners.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Who rules the vault and how long loosenings wait; what waits, executed and cancelled.
abstract contract Rulers is Owners {
    function setDelay(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32[6] memory delays = [uint32(0), 0, 1, 1 hours, 2 days, 30 days];
        uint32 next = delays[roll(once(8) ? 6 : 5)];
        won(actOn(v, abi.encodeCall(IVault.setDelay, (next)), witnesses[v].delay(), false));
    }

    function setGuardian(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        address next = guardians[roll(GUARDIANS)];
        won(actOn(v, abi.encodeCall(IVault.setGuardian, (next)), uint160(witnesses[v].guardian()), false));
    }

    function setTreasury(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        address next = treasuries[roll(TREASURIES)];
        won(actOn(v, abi.encodeCall(IVault.setTreasury, (next)), uint160(witnesses[v].treasury()), false));
    }

    /// @notice Names a successor, or takes the offer back; a named one accepts.
    function passOwnership(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        address next = witnesses[v].pendingOwner();
        if (next != address(0) && !once(3)) {
            (bool ok,) = send(v, next, address(0), abi.encodeCall(IVault.acceptOwnership, ()));
            assertTrue(ok, "a named successor accepts");
            return won(ok);
        }
        next = once(4) ? address(0) : owners[roll(OWNERS)];
        bytes memory call = abi.encodeCall(IVault.transferOwnership, (next));
        won(actOn(v, call, uint160(witnesses[v].pendingOwner()), false));
    }

    function unpause(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        if (!witnesses[v].paused()) v = VAULTS - 1 - v;
        if (!witnesses[v].paused()) {
            if (once(12)) send(v, witnesses[v].owner(), address(0), abi.encodeCall(IVault.pause, ()));
            return;
        }
        won(act(v, abi.encodeCall(IVault.unpause, ()), false));
    }

    // ------------------------------------------------------------------------------------------ what waits

    /// @notice Anyone executes a change when it may be, at the borders too; refused before, after, or once it is dead.
    function execute(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        if (witnesses[v].waitingCount() == 0) v = VAULTS - 1 - v;
        uint256 count = witnesses[v].waitingCount();
        if (count == 0) return;
        won(executeOne(v, witnesses[v].changeAt(roll(count))));
    }

    function executeOne(uint256 v, Delays.Change memory change) internal returns (bool ok) {
        bytes memory call = abi.encodeCall(IVault.execute, (change.number, change.call));
        uint256 until = uint256(change.from) + 7 days;
        if (clock < change.from && once(4)) {
            // a second too early
            uint256 now_ = clock;
            vm.warp(change.from - 1);
            attack(v, stranger, call, "I9: nothing is executed before its delay");
            vm.warp(now_);
        }
        if (clock < change.from) _goTo(once(4) ? change.from : change.from + roll(7 days));
        else if (clock < until && once(16)) _goTo(once(2) ? until - 1 : until);
        if (clock >= until) {
            attack(v, stranger, call, "I9: nothing is executed after its week");
            return cancelOne(v, change.number, witnesses[v].owner());
        }
        if (change.killed) {
            attack(v, stranger, call, "I9: a killed change never executes");
            return cancelOne(v, change.number, witnesses[v].owner());
        }
        if (once(8)) {
            bytes memory other = bytes.concat(change.call, hex"00");
            attack(v, stranger, abi.encodeCall(IVault.execute, (change.number, other)), "I9: the call that waits");
        }
        bytes memory answer;
        (ok, answer) = send(v, stranger, address(0), call);
        if (ok) witnesses[v].assertDone(change.call);
        else _assertOvertaken(answer);
        if (!ok) cancelOne(v, change.number, witnesses[v].owner());
    }

    /// @dev What was good when it was put by is no more, and its verb says so by name.
    function _assertOvertaken(bytes memory answer) private pure {
        bytes4 why = bytes4(answer);
        assertTrue(
            why == IVault.SessionRevoked.selector || why == IVault.StaleChange.selector
                || why == IVault.ValidityInvalid.selector || why == IVault.LimitUnknown.selector
                || why == IVault.ChangeKilled.selector || why == IVault.RoleConflict.selector
                || why == IVault.SessionExists.selector || why == IVault.KeyUsedBefore.selector,
            "a change that waited is executed"
        );
    }

    function cancel(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        if (witnesses[v].waitingCount() == 0) v = VAULTS - 1 - v;
        uint256 count = witnesses[v].waitingCount();
        if (count < 1 + roll(3)) return;
        Delays.Change memory change = witnesses[v].changeAt(roll(count));
        address by = once(2) ? witnesses[v].guardian() : witnesses[v].owner();
        if (by == address(0)) return;
        won(cancelOne(v, change.number, by));
        if (tallies[msg.sig].wins == 0) return;
        bytes memory call = abi.encodeCall(IVault.execute, (change.number, change.call));
        if (by == witnesses[v].owner() || change.kind != Delays.Kind.Guardian) {
            attack(v, stranger, call, "I9: a cancelled change never executes");
        }
    }

    function cancelOne(uint256 v, uint32 number, address by) internal returns (bool ok) {
        Witness witness = witnesses[v];
        bool ownGuard = by != witness.owner() && _kindOf(v, number) == Delays.Kind.Guardian;
        bytes memory call = abi.encodeCall(IVault.cancel, (number));
        if (ownGuard) {
            attack(v, by, call, "I9: the guardian cannot cancel the change of the guardian");
            return false;
        }
        if (once(3)) (ok,) = lodge(v, by, call);
        else (ok,) = send(v, by, address(0), call);
        assertTrue(ok, "I9: what waits can be cancelled");
    }

    function _kindOf(uint256 v, uint32 number) private view returns (Delays.Kind kind) {
        uint256 count = witnesses[v].waitingCount();
        for (uint256 i = 0; i < count; ++i) {
            Delays.Change memory change = witnesses[v].changeAt(i);
            if (change.number == number) return change.kind;
        }
    }

    /// @dev Time never goes back here.
    function _goTo(uint256 time) internal {
        if (time > clock) clock = time;
        vm.warp(clock);
    }
}
