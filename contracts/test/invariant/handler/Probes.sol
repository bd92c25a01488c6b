// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MoodyToken} from "../MoodyToken.sol";
import {Delays} from "../witness/Delays.sol";
import {Payments} from "../witness/Payments.sol";
import {Policy} from "../witness/Policy.sol";
import {Witness} from "../witness/Witness.sol";
import {Relayers} from "./Relayers.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Questions put to the vaults after each action, by trying. Forge keeps nothing of what an invariant's function
///         does, so a probe may pay, withdraw, and let time pass.
abstract contract Probes is Relayers {
    modifier probing() {
        vm.warp(clock);
        _;
    }

    /// @notice I2: no key but the session's own pays, whoever else holds it: another agent, the owner, nobody.
    function probeForgery() external probing {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        address key = witnesses[v].session(order.payment.session).key;
        address[3] memory others = [witnesses[v].keys(roll(witnesses[v].keyCount())), owners[0], guardians[0]];
        order.signer = others[roll(3)];
        if (order.signer == key) return;
        attack(v, stranger, payCall(order), "I2: no key but the session's own pays");
    }

    /// @notice I3: the newest payment, in its bytes and in the other form of its signature.
    function probeReplay() external probing {
        if (paid.length == 0) return;
        attack(0, stranger, paid[paidAt % paid.length], "I3: no replay pays");
        attack(1, stranger, paid[paidAt % paid.length], "I3: no replay pays");
        attack(0, stranger, paid[(paidAt + paid.length - 1) % paid.length], "I3: no replay pays");
    }

    /// @notice I4: what fits beside the last 1.25 windows is not refused; what does not fit beside the last closed window is.
    function probeLimits(bool above) external probing {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        (payment.nonce, payment.fee, payment.feeRecipient) = (0, 0, address(0));
        payment.nonce = witnesses[v].session(payment.session).highest + 1;
        Payments.Scope[3] memory scopes = _scopesOf(v, payment);
        payment.amount = uint128(above ? _tooMuch(v, scopes) : _safe(v, scopes));
        if (payment.amount == 0) return;
        (bool ok, bytes memory answer) = address(vaults[v]).call(abi.encodeCall(IVault.check, (payment, true)));
        if (above) assertFalse(ok, "I4: no interval holds more than the cap");
        else assertNotEq(bytes4(answer), IVault.LimitExceeded.selector, "I4: nothing old refuses");
    }

    function _scopesOf(uint256 v, IVault.Payment memory payment) internal view returns (Payments.Scope[3] memory) {
        return [
            Payments.Scope(payment.session, 0, payment.token),
            Payments.Scope(0, 0, payment.token),
            Payments.Scope(payment.session, witnesses[v].book(payment.payee), payment.token)
        ];
    }

    function _safe(uint256 v, Payments.Scope[3] memory scopes) private view returns (uint256 least) {
        least = type(uint128).max;
        for (uint256 i = 0; i < 3; ++i) {
            if (witnesses[v].standingOf(scopes[i]) == 0) continue;
            uint256 left = witnesses[v].safeAmount(scopes[i]);
            if (left < least) least = left;
        }
    }

    /// @dev One more than what the tightest of the limits can have left.
    function _tooMuch(uint256 v, Payments.Scope[3] memory scopes) private view returns (uint256 least) {
        least = type(uint128).max - 1;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 left = witnesses[v].roomOf(scopes[i]);
            if (left < least) least = left;
        }
        return least + 1;
    }

    /// @notice I5: above the cap neither alone nor with anybody's approval but the owner's.
    function probeApproval() external probing {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        uint256 cap = witnesses[v].perPaymentCap(order.payment.session, order.payment.token);
        order.payment.amount = uint128(cap + 1);
        if (once(3)) return attack(v, stranger, payCall(order), "I5: above its cap a session cannot pay alone");
        address[3] memory others = [order.signer, guardians[0], owners[roll(OWNERS)]];
        order.approver = others[roll(3)];
        if (order.approver != witnesses[v].owner()) {
            return attack(v, stranger, payCall(order), "I5: nor with anybody's approval but the owner's");
        }
        bytes memory approval = approvalOf(order);
        order.payment.amount += 1;
        bytes memory call = abi.encodeCall(IVault.pay, (order.payment, signatureOf(order), approval));
        attack(v, stranger, call, "I5: an approval is of one payment");
    }

    /// @notice I6: what is not in the book, not granted, or not limited, is refused, however approved.
    function probeDenial() external probing {
        uint256 v = openVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        IVault.Payment memory payment = order.payment;
        order.approver = payment.amount > 60e6 ? witnesses[v].owner() : address(0);
        Policy.Session memory session = witnesses[v].session(payment.session);
        uint256 kind = roll(3);
        if (kind == 0) {
            payment.payee = stranger;
        } else if (kind == 1) {
            (payment.fee, payment.feeRecipient) = (1, stranger);
        } else {
            payment.payee = payees[roll(PAYEES)];
            uint8 category = witnesses[v].book(payment.payee);
            if (category != 0 && (session.categories >> category) & 1 == 1) {
                if (witnesses[v].standingOf(Payments.Scope(payment.session, 0, payment.token)) != 0) return;
            }
        }
        attack(v, stranger, payCall(order), "I6: empty means nothing");
    }

    /// @notice I8: a session that is not in force, a key that was rotated out, a vault that is paused: nothing is paid.
    function probeStopped() external probing {
        uint256 v = someVault();
        Order memory order = someOrder(v);
        if (order.signer == address(0)) return;
        Witness witness = witnesses[v];
        order.signer = witness.keys(roll(witness.keyCount()));
        order.payment.session = witness.served(order.signer);
        order.payment.nonce = 1;
        bool rotated = witness.session(order.payment.session).key != order.signer;
        if (!rotated && !witness.revoked(order.payment.session) && !witness.paused()) {
            // stop it now, in the same block
            bytes[3] memory stops = [
                abi.encodeCall(IVault.pause, ()),
                abi.encodeCall(IVault.revokeAll, ()),
                abi.encodeCall(IVault.revoke, (order.payment.session))
            ];
            vm.prank(witness.guardian() == address(0) ? witness.owner() : witness.guardian());
            (bool ok,) = address(vaults[v]).call(stops[roll(3)]);
            assertTrue(ok, "I8: a stop succeeds");
        }
        attack(v, stranger, payCall(order), "I8: what is stopped pays nothing");
    }

    /// @notice I8: no key serves twice, and no id is granted twice.
    function probeKeys() external probing {
        uint256 v = someVault();
        Witness witness = witnesses[v];
        uint32 id = witness.ids(roll(witness.idCount()));
        IVault.Grant memory given = newGrant(v, once(2) ? id : 1_000_000);
        if (given.session != id) given.key = witness.keys(roll(witness.keyCount()));
        attack(v, witness.owner(), abi.encodeCall(IVault.grant, (given)), "I8: a key serves one session, once, ever");
        address role = once(2) ? witness.owner() : witness.treasury();
        if (!witness.live(id)) return;
        attack(v, witness.owner(), abi.encodeCall(IVault.rotateKey, (id, role)), "I8: a session key is nothing else");
    }

    /// @notice I9: what was killed or cancelled never executes, whenever; what waits does not before its time, or after it.
    function probeWaiting() external probing {
        uint256 v = someVault();
        uint256 count = witnesses[v].waitingCount();
        if (count == 0) return;
        Delays.Change memory change = witnesses[v].changeAt(roll(count));
        bytes memory call = abi.encodeCall(IVault.execute, (change.number, change.call));
        if (clock < change.from) attack(v, stranger, call, "I9: nothing is executed before its delay");
        vm.warp(change.from + 7 days);
        attack(v, stranger, call, "I9: nor after its week");
        vm.warp(change.from + roll(7 days));
        if (change.killed) attack(v, stranger, call, "I9: what was killed never executes");
    }

    /// @notice I9: a signature of the owner's works at exactly one owner nonce, once.
    function probeLodged() external probing {
        if (lodged.length == 0) return;
        Lodged memory old = lodged[(lodgedAt + lodged.length - 1) % lodged.length];
        bytes memory call = abi.encodeCall(IVault.lodge, (old.call, old.nonce, old.deadline, old.signature));
        attack(0, stranger, call, "I9: an owner's signature works once");
        attack(1, stranger, call, "I9: an owner's signature works once");
        // another nonce than the vault's own
        uint256 v = someVault();
        uint32 nonce = once(2) ? vaults[v].ownerNonce() + 1 : vaults[v].ownerNonce() - 1;
        call = abi.encodeCall(IVault.pause, ());
        bytes32 digest = actDigestOf(block.chainid, address(vaults[v]), call, nonce, type(uint32).max);
        bytes memory signature = signAs(witnesses[v].owner(), digest);
        call = abi.encodeCall(IVault.lodge, (call, nonce, type(uint32).max, signature));
        attack(v, stranger, call, "I9: at exactly the owner nonce that it names");
    }

    /// @notice I10: whatever the guardian and another token do, everything is withdrawn, by transaction or signature.
    function probeExit() external probing {
        for (uint256 v = 0; v < VAULTS; ++v) {
            address guardian = witnesses[v].guardian();
            if (guardian != address(0)) {
                vm.startPrank(guardian);
                vaults[v].pause();
                vaults[v].revokeAll();
                vm.stopPrank();
            }
            for (uint256 what = 0; what < TOKENS; ++what) {
                tokens[MOODY].put(
                    what == MOODY ? MoodyToken.Mood(roll(2) * 5) : MoodyToken.Mood(once(16) ? 7 : roll(7))
                );
                _withdrawAll(v, tokens[what]);
            }
        }
    }

    function _withdrawAll(uint256 v, MoodyToken token) private {
        uint256 left = token.balanceOf(address(vaults[v]));
        if (left == 0) return;
        address treasury = witnesses[v].treasury();
        uint256 before = token.balanceOf(treasury);
        bytes memory call = abi.encodeCall(IVault.withdraw, (address(token), type(uint256).max));
        bool ok;
        if (once(4)) {
            bytes memory signature = signAs(
                witnesses[v].owner(),
                actDigestOf(block.chainid, address(vaults[v]), call, vaults[v].ownerNonce(), uint32(clock + 1))
            );
            uint32 nonce = vaults[v].ownerNonce();
            vm.prank(stranger);
            (ok,) = address(vaults[v]).call(abi.encodeCall(IVault.lodge, (call, nonce, uint32(clock + 1), signature)));
        } else {
            vm.prank(witnesses[v].owner());
            (ok,) = address(vaults[v]).call(call);
        }
        assertTrue(ok, "I10: the vault is never the obstacle");
        assertEq(token.balanceOf(address(vaults[v])), 0);
        assertEq(token.balanceOf(treasury), before + left, "I10: all of it goes to the treasury");
    }

    /// @notice I11: a batch with any gas, any mood of the token: what did not pay left no trace.
    function probeBatch() external probing {
        uint256 v = openVault();
        tokens[MOODY].put(MoodyToken.Mood(once(32) ? 7 : roll(7)));
        (IVault.BatchItem[] memory items,) = someItems(v, 1 + roll(2));
        bytes32 before = _balances(v);
        uint256 gas_ = once(2) ? 3_000_000 : 500_000 + roll(1_200_000);
        vm.prank(stranger);
        (bool ok,) = address(vaults[v]).call{gas: gas_}(abi.encodeCall(IVault.payBatch, (items)));
        if (ok) observe(v, stranger, address(0));
        else assertEq(_balances(v), before, "I11: no money moved");
        witnesses[v].assertTrail();
        for (uint256 i = 0; i < items.length; ++i) {
            IVault.Payment memory payment = items[i].payment;
            if (payment.session == 0) continue;
            witnesses[v].assertSession(payment.session);
            witnesses[v].assertScope(_scopesOf(v, payment)[roll(3)]);
        }
        assertMoney(v);
    }

    function _balances(uint256 v) private view returns (bytes32) {
        return keccak256(abi.encode(tokens[0].balanceOf(address(vaults[v])), tokens[1].balanceOf(address(vaults[v]))));
    }

    /// @notice I1: by the tokens' own books, what left is what was paid and withdrawn, and nobody may take anything.
    function assertMoney(uint256 v) public view {
        address vault = address(vaults[v]);
        for (uint256 what = 0; what < TOKENS; ++what) {
            MoodyToken token = tokens[what];
            uint256 sent_ = token.sent(vault);
            assertEq(sent_, witnesses[v].takenInAll(address(token)), "I1: what left was paid or withdrawn");
            assertEq(token.balanceOf(vault), token.funded(vault) - sent_);
            assertEq(token.approvals(), 0, "I1: no approve");
        }
        assertEq(vault.balance, 0);
    }

    /// @notice I1: each payee and treasury got what the trail says, and nobody else anything.
    function assertRecipients(uint256 v) external view {
        for (uint256 what = 0; what < TOKENS; ++what) {
            MoodyToken token = tokens[what];
            uint256 sum = 0;
            for (uint256 i = 0; i < PAYEES + TREASURIES; ++i) {
                address account = i < PAYEES ? payees[i] : treasuries[i - PAYEES];
                uint256 got = token.moved(address(vaults[v]), account);
                assertEq(got, witnesses[v].taken(address(token), account), "I1: who got what is in the trail");
                sum += got;
            }
            assertEq(sum, token.sent(address(vaults[v])), "I1: nobody else got anything");
        }
    }

    /// @notice I12: everything that can be read of both vaults is what their events say.
    function assertEverything() external {
        vm.warp(clock);
        for (uint256 v = 0; v < VAULTS; ++v) {
            Witness witness = witnesses[v];
            witness.assertRules();
            witness.assertBook();
            witness.assertKeys();
            witness.assertWaiting();
            uint256 count = witness.idCount();
            for (uint256 i = 0; i <= count; ++i) {
                uint32 id = i == count ? 0 : witness.ids(i);
                if (id != 0) witness.assertSession(id);
                for (uint8 category = 0; category <= RELAY; ++category) {
                    if (category > 9 && category != RELAY || id == 0 && category != 0) continue;
                    witness.assertScope(Payments.Scope(id, category, address(tokens[0])));
                    witness.assertScope(Payments.Scope(id, category, address(tokens[1])));
                }
            }
            assertMoney(v);
        }
    }

    /// @notice One scope, whichever: of the vault, a session, or a category of it.
    function someScopeOf(uint256 v) external returns (Payments.Scope memory scope) {
        scope.token = address(tokens[someToken()]);
        if (once(5)) return scope;
        scope.session = witnesses[v].ids(roll(witnesses[v].idCount()));
        if (once(3)) scope.category = someCategory();
    }

    function someNumber(uint256 sides) external returns (uint256) {
        return roll(sides);
    }
}
