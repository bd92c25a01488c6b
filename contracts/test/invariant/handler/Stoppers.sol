// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Witness} from "../witness/Witness.sol";
import {Rulers} from "./Rulers.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Who stops things, rightly or out of spite; and who has no say at all.
abstract contract Stoppers is Rulers {
    /// @notice Owner, guardian or an agent stops something. Always succeeds, at once.
    function stop(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint256 what = roll(8);
        if (what == 0) won(once(2) && halt(v, abi.encodeCall(IVault.pause, ()), address(0)));
        else if (what == 1) won(once(4) && halt(v, abi.encodeCall(IVault.revokeAll, ()), address(0)));
        else if (what < 4) _revoke(v);
        else won(once(4) && halt(v, abi.encodeCall(IVault.removePayee, (payees[roll(PAYEES)])), address(0)));
    }

    function _revoke(uint256 v) private {
        uint32 id = someSession(v);
        if (id == 0 || once(2)) return;
        won(halt(v, abi.encodeCall(IVault.revoke, (id)), once(3) ? witnesses[v].session(id).key : address(0)));
    }

    /// @dev I8: by `by`, or by owner or guardian if that is nobody; the guardian by signature too.
    function halt(uint256 v, bytes memory call, address by) internal returns (bool ok) {
        Witness witness = witnesses[v];
        bool agent = by != address(0);
        if (!agent) by = once(2) ? witness.guardian() : witness.owner();
        if (by == address(0)) by = witness.owner();
        if (!agent && once(3)) (ok,) = lodge(v, by, call);
        else (ok,) = send(v, by, address(0), call);
        assertTrue(ok, "I8: a stop succeeds, whatever is stopped already");
        witness.assertDone(call);
    }

    /// @notice The guardian out of spite: what it may do is to stop, and nothing else.
    function spite(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        address guardian = witnesses[v].guardian();
        if (guardian == address(0)) return;
        bytes memory call = ownersCall(v);
        if (once(2)) attack(v, guardian, call, "the guardian may only stop things");
        else _forge(v, guardian, call, "nor by signature");
        won(true);
    }

    /// @notice A stranger, an agent, or a token: none of them rules anything.
    function meddle(uint256 seed) external acting(seed) {
        uint256 v = someVault();
        uint32 id = someSession(v);
        address who = once(2) || id == 0 ? stranger : witnesses[v].session(id).key;
        bytes memory call = ownersCall(v);
        if (once(3)) {
            // other stops than an agent's own
            bytes[4] memory stops = [
                abi.encodeCall(IVault.pause, ()),
                abi.encodeCall(IVault.revokeAll, ()),
                abi.encodeCall(IVault.removePayee, (payees[0])),
                abi.encodeCall(IVault.revoke, (id + 1))
            ];
            call = stops[roll(4)];
        }
        if (who == stranger && once(8)) call = abi.encodeCall(IVault.acceptOwnership, ());
        if (once(2)) attack(v, who, call, "only owner and guardian have a say");
        else _forge(v, who, call, "whoever signs");
        won(true);
    }

    /// @notice What was lodged once, again: at the same vault and at its twin (I9: valid at exactly one owner nonce).
    function relodge(uint256 seed) external acting(seed) {
        if (lodged.length == 0) return;
        Lodged memory old = lodged[roll(lodged.length)];
        bytes memory call = abi.encodeCall(IVault.lodge, (old.call, old.nonce, old.deadline, old.signature));
        attack(0, stranger, call, "I9: an owner's signature works once");
        attack(1, stranger, call, "I9: an owner's signature works once, at one vault");
        // the owner's, at any other nonce than the vault's own
        uint256 v = someVault();
        uint32 nonce = once(2) ? uint32(roll(1 << 32)) : vaults[v].ownerNonce() - 1 + 2 * uint32(roll(2));
        if (nonce == vaults[v].ownerNonce()) return;
        bytes32 digest = actDigestOf(block.chainid, address(vaults[v]), old.call, nonce, type(uint32).max);
        bytes memory signature = signAs(witnesses[v].owner(), digest);
        call = abi.encodeCall(IVault.lodge, (old.call, nonce, type(uint32).max, signature));
        attack(v, stranger, call, "I9: an owner's signature is valid at exactly the nonce it names");
        won(true);
    }

    /// @dev Lodged with a signature of somebody who may not, at the right nonce.
    function _forge(uint256 v, address who, bytes memory call, string memory what) private {
        uint32 nonce = vaults[v].ownerNonce();
        uint32 deadline = uint32(clock + 60);
        bytes memory signature = secretOf[who] == 0 && secretOfKey[who] == 0
            ? signLong(0x0F, actDigestOf(block.chainid, address(vaults[v]), call, nonce, deadline))
            : signAs(who, actDigestOf(block.chainid, address(vaults[v]), call, nonce, deadline));
        attack(v, stranger, abi.encodeCall(IVault.lodge, (call, nonce, deadline, signature)), what);
    }

    /// @dev One of the owner's verbs, such as would succeed if the owner called it.
    function ownersCall(uint256 v) internal returns (bytes memory) {
        uint256 which = roll(10);
        address token = address(tokens[0]);
        uint32 id = someSession(v);
        if (which == 0) return abi.encodeCall(IVault.withdraw, (token, 1));
        if (which == 1) return abi.encodeCall(IVault.unpause, ());
        if (which == 2) return abi.encodeCall(IVault.setGuardian, (stranger));
        if (which == 3) return abi.encodeCall(IVault.setTreasury, (stranger));
        if (which == 4) return abi.encodeCall(IVault.transferOwnership, (stranger));
        if (which == 5) return abi.encodeCall(IVault.setDelay, (0));
        if (which == 6) return abi.encodeCall(IVault.setLimit, (0, 0, token, 1 hours, 1e9));
        if (which == 7 && id != 0) return abi.encodeCall(IVault.rotateKey, (id, stranger));
        if (which == 8 && id != 0) return abi.encodeCall(IVault.setPerPaymentCap, (id, token, 1e9));
        IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
        entries[0] = IVault.PayeeEntry(stranger, 3);
        return abi.encodeCall(IVault.setPayees, (entries));
    }
}
