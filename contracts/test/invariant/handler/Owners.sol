// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Delays} from "../witness/Delays.sol";
import {Payments} from "../witness/Payments.sol";
import {Policy} from "../witness/Policy.sol";
import {Witness} from "../witness/Witness.sol";
import {World} from "./World.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice What an owner does: every verb, by transaction, by signature, on condition; at once or after a wait.
abstract contract Owners is World {
    uint256 internal constant MOST_LIVE = 3;
    uint256 internal constant MOST_WAITING = 10;

    uint128 internal constant MOST_UNITS = 2 ** 31 - 1; // that a cap can have

    struct Lodged {
        bytes call;
        uint32 nonce;
        uint32 deadline;
        bytes signature;
    }

    Lodged[] internal lodged; // once
    uint256 internal lodgedAt;

    uint128[5] internal scale = [uint128(50e6), 100e6, 200e6, 500e6, 1_800e6];

    // ------------------------------------------------------------------------------------------ grants

    function grant(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint256 live = 0;
        uint256 count = witnesses[v].idCount();
        for (uint256 i = 0; i < count; ++i) {
            uint32 id = witnesses[v].ids(i);
            if (witnesses[v].live(id) && witnesses[v].session(id).validUntil > clock) ++live;
        }
        if (live >= MOST_LIVE) return;
        won(act(v, abi.encodeCall(IVault.grant, (newGrant(v, uint32(1 + keyCount)))), true));
    }

    function newGrant(uint256 v, uint32 id) internal returns (IVault.Grant memory given) {
        given = IVault.Grant({
            session: id,
            key: newKey(),
            validFrom: uint32(once(6) ? clock + roll(20 days) : clock - roll(2 days)),
            validUntil: uint32(clock + 40 days + roll(400 days)),
            categories: someCategories(),
            tokens: new IVault.TokenGrant[](TOKENS)
        });
        bool inOrder = address(tokens[0]) < address(tokens[1]);
        for (uint256 i = 0; i < TOKENS; ++i) {
            given.tokens[i].token = address(tokens[inOrder ? i : 1 - i]);
            given.tokens[i].perPaymentCap = 60e6;
            given.tokens[i].limits = someLimits();
        }
        if (once(6)) given.tokens[roll(2)].limits = new IVault.Limit[](0);
        v;
    }

    function someLimits() private returns (IVault.Limit[] memory limits) {
        bool byCategory = once(2);
        bool second = once(2);
        uint256 w = roll(second ? 4 : 5);
        limits = new IVault.Limit[](1 + (second ? 1 : 0) + (byCategory ? 1 : 0));
        limits[0] = IVault.Limit(0, windowOf(w), scale[w]);
        if (second) limits[1] = IVault.Limit(0, windowOf(w + 1), scale[w + 1]);
        if (byCategory) limits[limits.length - 1] = IVault.Limit(someCategory(), windowOf(w), scale[w] / 2);
    }

    function someCategories() internal returns (uint64 mask) {
        mask = (1 << 3) | (1 << 5) | (1 << 9) | (1 << 1) | (uint64(1) << RELAY);
        if (once(3)) mask &= ~(uint64(1) << someCategory());
        if (once(40)) mask = 0;
    }

    /// @dev Few, so that they meet; the first and the last among them.
    function someCategory() internal returns (uint8) {
        uint8[6] memory few = [3, 3, 5, 9, 1, RELAY];
        return few[roll(6)];
    }

    function rotateKey(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32 id = someSession(v);
        if (id == 0) return;
        uint256 old = uint160(witnesses[v].session(id).key);
        won(actOn(v, abi.encodeCall(IVault.rotateKey, (id, newKey())), old, true));
    }

    function setValidity(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32 id = someSession(v);
        if (id == 0) return;
        Policy.Session memory old = witnesses[v].session(id);
        uint256 from = once(2) ? old.validFrom : clock + (once(3) ? 20 days : 1 days) - roll(3 days);
        uint256 until = once(4) ? old.validUntil : clock + 1 + (once(20) ? 0 : 20 days + roll(200 days));
        if (from >= until || until <= clock) return;
        uint256 expected = (uint256(old.validFrom) << 32) | old.validUntil;
        won(actOn(v, abi.encodeCall(IVault.setValidity, (id, uint32(from), uint32(until))), expected, false));
    }

    function setCategories(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32 id = someSession(v);
        if (id == 0) return;
        uint256 old = witnesses[v].session(id).categories;
        won(actOn(v, abi.encodeCall(IVault.setCategories, (id, someCategories())), old, false));
    }

    function setPerPaymentCap(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32 id = someSession(v);
        if (id == 0) return;
        address token = address(tokens[someToken()]);
        uint128 cap = once(12) ? 0 : uint128(10e6 + roll(60e6));
        uint256 old = witnesses[v].perPaymentCap(id, token);
        won(actOn(v, abi.encodeCall(IVault.setPerPaymentCap, (id, token, cap)), old, false));
    }

    // ------------------------------------------------------------------------------------------ limits

    function setLimit(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        (Payments.Scope memory scope, uint256 w) = someScope(v);
        if (scope.session == 0 && scope.category != 0) return;
        uint128 cap = uint128(scale[w] / 2 + roll(2 * scale[w]));
        if (scope.session == 0) cap *= 3;
        if (cap > MOST_UNITS) cap = MOST_UNITS;
        if (once(30)) cap = scope.session == 0 || once(2) ? uint128(roll(1e6)) : 0;
        (, uint128 old) = witnesses[v].limitOf(scope, w);
        bytes memory call =
            abi.encodeCall(IVault.setLimit, (scope.session, scope.category, scope.token, windowOf(w), cap));
        won(actOn(v, call, old, true));
    }

    function removeLimit(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        (Payments.Scope memory scope, uint256 w) = someScope(v);
        uint256 mask = witnesses[v].standingOf(scope);
        if (mask == 0) return;
        while ((mask >> w) & 1 == 0) w = (w + 1) % 5;
        // mostly not the last one: that closes the token
        if (scope.session != 0 && scope.category == 0 && mask == 1 << w && !once(4)) return;
        (, uint128 old) = witnesses[v].limitOf(scope, w);
        bytes memory call =
            abi.encodeCall(IVault.removeLimit, (scope.session, scope.category, scope.token, windowOf(w)));
        won(actOn(v, call, old, false));
    }

    /// @dev The vault, a session that lives, or a category within it.
    function someScope(uint256 v) internal returns (Payments.Scope memory scope, uint256 w) {
        w = roll(5);
        scope.token = address(tokens[someToken()]);
        if (once(4)) return (scope, w);
        scope.session = someSession(v);
        if (scope.session != 0 && once(3)) scope.category = someCategory();
    }

    // ------------------------------------------------------------------------------------------ payees and money

    function setPayees(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint256 count = 1 + roll(3);
        IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](count);
        for (uint256 i = 0; i < count; ++i) {
            entries[i] = IVault.PayeeEntry(payees[roll(PAYEES)], once(2) ? someCategory() : 3);
            for (uint256 j = i; j > 0 && entries[j].payee < entries[j - 1].payee; --j) {
                (entries[j], entries[j - 1]) = (entries[j - 1], entries[j]);
            }
        }
        uint256 old = witnesses[v].book(entries[0].payee);
        for (uint256 i = 1; i < count; ++i) {
            if (entries[i].payee == entries[i - 1].payee) return;
            if (witnesses[v].book(entries[i].payee) != old) old = type(uint256).max; // no one word says it
        }
        bytes memory call = abi.encodeCall(IVault.setPayees, (entries));
        won(old == type(uint256).max ? act(v, call, true) : actOn(v, call, old, true));
    }

    function withdraw(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint256 what = someToken();
        uint256 balance = tokens[what].balanceOf(address(vaults[v]));
        if (balance == 0) return;
        uint256 amount = once(15) ? type(uint256).max : 1 + roll(balance / 40 + 1);
        won(act(v, abi.encodeCall(IVault.withdraw, (address(tokens[what]), amount)), true));
    }

    // ------------------------------------------------------------------------------------------ how

    /// @notice A verb that replaces a value: now and then on condition that it is the expected one.
    function actOn(uint256 v, bytes memory call, uint256 expected, bool signable) internal returns (bool) {
        uint256 how = roll(8);
        if (how > 2) return act(v, call, signable);
        if (how > 0) return act(v, abi.encodeCall(IVault.replace, (expected, call)), signable);
        bytes memory stale = abi.encodeCall(IVault.replace, (expected ^ (1 + roll(1 << 20)), call));
        ++attacks;
        vm.prank(witnesses[v].owner());
        (bool ok, bytes memory answer) = address(vaults[v]).call(stale);
        assertFalse(ok);
        bool full = bytes4(answer) == IVault.TooManyWaiting.selector && witnesses[v].waitingCount() == MOST_WAITING;
        assertTrue(full || bytes4(answer) == IVault.StaleChange.selector, "an automated write never undoes a human's");
        return act(v, call, signable);
    }

    /// @notice An act of the owner's that nothing forbids. It takes effect at once, or waits if it must.
    function act(uint256 v, bytes memory call, bool signable) internal returns (bool ok) {
        Witness witness = witnesses[v];
        bool waits = witness.mustWait(call);
        if (waits && witness.waitingCount() == MOST_WAITING && !once(8)) return _makeRoom(v);
        address owner = witness.owner();
        bytes memory answer;
        if (signable && once(3)) (ok, answer) = lodge(v, owner, call);
        else (ok, answer) = send(v, owner, address(0), call);
        if (!ok) {
            bool full = waits && witness.waitingCount() == MOST_WAITING;
            assertTrue(full, string.concat("an owner's good act succeeds: ", vm.toString(answer)));
            assertEq(bytes4(answer), IVault.TooManyWaiting.selector);
            return false;
        }
        assertEq(witness.waited(), waits, "I9: what loosens waits, and nothing else");
        if (!waits) witness.assertDone(call);
    }

    /// @dev Instead of one more change that waits: what is dead is cancelled, or the oldest. Time may pass meanwhile.
    function _makeRoom(uint256 v) private returns (bool ok) {
        Witness witness = witnesses[v];
        for (uint256 i = 0; i < MOST_WAITING; ++i) {
            Delays.Change memory change = witness.changeAt(i);
            if (!change.killed && clock < uint256(change.from) + 7 days && i + 1 < MOST_WAITING) continue;
            (ok,) = send(v, witness.owner(), address(0), abi.encodeCall(IVault.cancel, (change.number)));
            assertTrue(ok, "I9: what waits can be cancelled");
            return ok;
        }
    }

    /// @notice Signed by the account, lodged by a stranger, who keeps it.
    function lodge(uint256 v, address account, bytes memory call) internal returns (bool ok, bytes memory answer) {
        uint32 deadline = uint32(clock + 1 + roll(1 hours));
        Lodged memory made = Lodged(call, vaults[v].ownerNonce(), deadline, "");
        made.signature = signAs(account, actDigestOf(block.chainid, address(vaults[v]), call, made.nonce, deadline));
        (ok, answer) =
            send(v, stranger, account, abi.encodeCall(IVault.lodge, (call, made.nonce, deadline, made.signature)));
        // A stop of what is stopped already is no act: it changes nothing, and its signature nothing later
        if (!ok || vaults[v].ownerNonce() == made.nonce) return (ok, answer);
        if (lodged.length < 8) lodged.push(made);
        else lodged[lodgedAt++ % 8] = made;
    }

    function windowOf(uint256 w) internal pure returns (uint32) {
        if (w == 0) return 1 hours;
        if (w == 1) return 1 days;
        if (w == 2) return 7 days;
        return w == 3 ? 30 days : type(uint32).max;
    }
}
