// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Judgement} from "./Judgement.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice What the vault's views say, against what its events have said: state is a fold of the events (I12).
abstract contract Mirror is Judgement {
    IVault internal _vault;
    IVaultLens internal _lens;
    uint32 public sequence;
    bytes32 public runningHash;
    uint32 public ownerNonce;

    function assertTrail() public view {
        (uint32 number, bytes32 hash) = _vault.head();
        assertEq(number, sequence, "I13: the sequence number is the number of events");
        assertEq(hash, runningHash, "I13: the running hash is over all events, in order");
    }

    function assertRules() external view {
        assertEq(_vault.owner(), owner);
        assertEq(_vault.pendingOwner(), pendingOwner);
        assertEq(_vault.guardian(), guardian);
        assertEq(_vault.treasury(), treasury);
        assertEq(_vault.delay(), delay);
        assertEq(_vault.paused(), paused);
        assertEq(_vault.epoch(), epoch);
        assertEq(_vault.ownerNonce(), ownerNonce);
    }

    function assertSession(uint32 id) external view {
        IVaultLens.SessionView memory view_ = _lens.sessionOf(address(_vault), id);
        Session storage it = _sessions[id];
        assertEq(view_.key, it.key);
        assertEq(view_.validFrom, it.validFrom);
        assertEq(view_.validUntil, it.ended ? 0 : it.validUntil);
        assertEq(view_.categories, it.categories);
        assertEq(view_.epoch, it.epoch);
        assertEq(view_.revoked, revoked(id), "I8: revoked is for good");
        assertNonces(id, view_);
    }

    function assertNonces(uint32 id, IVaultLens.SessionView memory view_) public view {
        Session storage it = _sessions[id];
        uint256 bits = 0;
        for (uint256 i = 0; i < 32 && i <= it.highest; ++i) {
            if (used[it.key][it.highest - uint32(i)]) bits |= 1 << i;
        }
        assertEq(view_.nonceHighest, it.highest);
        assertEq(view_.nonceWindow, bits, "I3: the window tells of every nonce whether it has paid");
    }

    /// @notice Caps and limits of one scope, and every meter, removed ones included, to the bit.
    function assertScope(Scope memory scope) external view {
        (uint128 cap, IVaultLens.LimitView[] memory limits) =
            _lens.remaining(address(_vault), scope.session, scope.category, scope.token);
        if (scope.category == 0) assertEq(cap, perPaymentCap[scope.session][scope.token]);
        uint256 shown = 0;
        for (uint256 w = 0; w < WINDOW_COUNT; ++w) {
            uint256 meter = _lens.meterOf(address(_vault), scope.session, scope.category, scope.token, windowOf(w));
            assertEq(meter, meterOf(scope, w), "I12: a meter is a fold of the payments");
            (bool stands, uint128 most) = limitOf(scope, w);
            if (!stands) continue;
            uint256 counted = usedOf(scope, w);
            assertEq(limits[shown].window, windowOf(w));
            assertEq(limits[shown].cap, most);
            assertEq(limits[shown].used, counted, "I7: only time lowers a meter");
            assertEq(limits[shown].remaining, counted < most ? most - counted : 0);
            assertEq(limits[shown].meter, meter);
            ++shown;
        }
        assertEq(limits.length, shown);
    }

    function assertBook() external view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            assertEq(_vault.payeeOf(accounts[i]), book[accounts[i]]);
        }
    }

    function assertKeys() external view {
        for (uint256 i = 0; i < keys.length; ++i) {
            address key = keys[i];
            assertEq(_vault.sessionOfKey(key), served[key], "I8: a key serves one session, once, ever");
            assertTrue(
                key != owner && key != guardian && key != treasury && book[key] == 0,
                "I8: a session key is nothing else"
            );
        }
    }

    function assertWaiting() external view {
        IVaultLens.WaitingChange[] memory list = _lens.waiting(address(_vault));
        assertEq(list.length, _changes.length, "I9: what waits, waits visibly");
        for (uint256 i = 0; i < list.length; ++i) {
            Change storage change = _changes[list.length - 1 - i];
            assertEq(list[i].change, change.number);
            assertEq(list[i].executableFrom, change.from);
            assertEq(list[i].executableUntil, change.from + EXECUTION_SPAN);
            assertEq(list[i].killed, change.killed);
            assertEq(list[i].callHash, keccak256(change.call));
        }
    }

    // ------------------------------------------------------------------------------------------ done as told

    /// @notice What this call asked for is in force: the verb did what it was told, and said so.
    function assertDone(bytes calldata call) external view {
        bytes4 verb = bytes4(call);
        bytes calldata args = call[4:];
        if (verb == IVault.replace.selector) {
            (, bytes memory inner) = abi.decode(args, (uint256, bytes));
            this.assertDone(inner);
        } else if (verb == IVault.setLimit.selector) {
            (Scope memory scope, uint256 w, uint128 cap) = decodeLimit(args);
            _assertLimit(scope, w, cap);
        } else if (verb == IVault.removeLimit.selector) {
            (uint32 id, uint8 category, address token, uint32 window) =
                abi.decode(args, (uint32, uint8, address, uint32));
            (bool stands,) = limitOf(Scope(id, category, token), indexOf(window));
            assertFalse(stands);
        } else if (verb == IVault.setPerPaymentCap.selector) {
            (uint32 id, address token, uint128 cap) = abi.decode(args, (uint32, address, uint128));
            assertEq(perPaymentCap[id][token], down(cap, token));
        } else if (verb == IVault.setValidity.selector) {
            (uint32 id, uint32 from, uint32 until) = abi.decode(args, (uint32, uint32, uint32));
            assertTrue(_sessions[id].validFrom == from && _sessions[id].validUntil == until);
        } else if (verb == IVault.setCategories.selector) {
            (uint32 id, uint64 mask) = abi.decode(args, (uint32, uint64));
            assertEq(_sessions[id].categories, mask);
        } else if (verb == IVault.setPayees.selector) {
            IVault.PayeeEntry[] memory entries = abi.decode(args, (IVault.PayeeEntry[]));
            for (uint256 i = 0; i < entries.length; ++i) {
                assertEq(book[entries[i].payee], entries[i].category);
            }
        } else if (verb == IVault.grant.selector) {
            _assertGranted(abi.decode(args, (IVault.Grant)));
        } else {
            _assertRule(verb, args);
        }
    }

    function _assertRule(bytes4 verb, bytes calldata args) private view {
        uint256 word = args.length < 32 ? 0 : uint256(bytes32(args));
        if (verb == IVault.unpause.selector) {
            assertFalse(paused);
        } else if (verb == IVault.pause.selector) {
            assertTrue(paused);
        } else if (verb == IVault.revoke.selector) {
            assertTrue(revoked(uint32(word)));
        } else if (verb == IVault.removePayee.selector) {
            assertEq(book[address(uint160(word))], 0);
        } else if (verb == IVault.setDelay.selector) {
            assertEq(delay, word);
        } else if (verb == IVault.setGuardian.selector) {
            assertEq(guardian, address(uint160(word)));
        } else if (verb == IVault.setTreasury.selector) {
            assertEq(treasury, address(uint160(word)));
        } else if (verb == IVault.transferOwnership.selector) {
            assertEq(pendingOwner, address(uint160(word)));
        } else if (verb == IVault.rotateKey.selector) {
            assertEq(_sessions[uint32(word)].key, address(uint160(uint256(bytes32(args[32:])))));
        }
    }

    function _assertGranted(IVault.Grant memory given) private view {
        Session storage it = _sessions[given.session];
        assertTrue(
            it.key == given.key && it.validFrom == given.validFrom && it.validUntil == given.validUntil
                && it.categories == given.categories
        );
        for (uint256 i = 0; i < given.tokens.length; ++i) {
            IVault.TokenGrant memory one = given.tokens[i];
            assertEq(perPaymentCap[given.session][one.token], down(one.perPaymentCap, one.token));
            for (uint256 j = 0; j < one.limits.length; ++j) {
                Scope memory scope = Scope(given.session, one.limits[j].category, one.token);
                _assertLimit(scope, indexOf(one.limits[j].window), one.limits[j].cap);
            }
        }
    }

    function _assertLimit(Scope memory scope, uint256 w, uint128 cap) private view {
        (bool stands, uint128 most) = limitOf(scope, w);
        assertTrue(stands);
        assertEq(most, down(cap, scope.token));
    }
}
