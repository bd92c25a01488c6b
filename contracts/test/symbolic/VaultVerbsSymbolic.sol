// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice Every verb but `pay`, called by anybody with any arguments, in any state of the vault.
/// @dev    Lists have at most one entry, in a grant too: with two, a grant has more paths than halmos gets through.
/// @custom:halmos --loop 8 --default-array-lengths 0,1
contract VaultVerbsSymbolic is AnyVault {
    // ------------------------------------------------------------------------------------------- who may do what

    /// @notice Strangers are refused, and so is an agent but for revoking its own session (I8, I9).
    function check_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        (bool done, bytes memory input) = _anyVerb(caller);
        assert(!done || (bytes4(input) == IVault.revoke.selector && _keyOf(_session(input)) == caller));
    }

    function checkFail_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        (bool done,) = _anyVerb(caller);
        assert(!done); // an agent may revoke its own session
    }

    /// @notice The guardian stops things, and does nothing else.
    function check_TheGuardianOnlyStops() external {
        assume(guardian != owner && guardian != _pendingOwner());
        (bool done, bytes memory input) = _anyVerb(guardian);
        assert(!done || _stops(bytes4(input)));
    }

    function checkFail_TheGuardianOnlyStops() external {
        assume(guardian != owner);
        (bool done, bytes memory input) = _anyVerb(guardian);
        assert(!done || _stops(bytes4(input))); // unless named as the next owner
    }

    /// @notice Guardian and treasury are changed by the owner alone; the owner by whom the owner named, accepting.
    function check_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        address heir = _pendingOwner();
        (bool done,) = _anyVerb(caller);
        assume(done);
        assert(vault.guardian() == guardian && vault.treasury() == treasury);
        assert(
            vault.owner() == owner || (caller == heir && vault.owner() == heir && vault.pendingOwner() == address(0))
        );
    }

    function checkFail_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        (bool done,) = _anyVerb(caller);
        assume(done);
        assert(vault.owner() == owner);
    }

    /// @notice Even the owner's word alone makes nobody owner: the heir must accept.
    function check_OwnershipIsTakenNotGiven() external {
        assume(owner != _pendingOwner());
        (bool done,) = _anyVerb(owner);
        assume(done);
        assert(vault.owner() == owner);
    }

    function checkFail_OwnershipIsTakenNotGiven() external {
        (bool done,) = _anyVerb(owner); // the owner may be the heir, too
        assume(done);
        assert(vault.pendingOwner() == _pendingOwner() && vault.treasury() == treasury);
    }

    // --------------------------------------------------------------------------------------------- I1: the money

    /// @notice No verb but `withdraw` and `pay` moves money, whoever calls it.
    function check_OnlyPayAndWithdrawMoveMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        (, bytes memory input) = _anyVerb(caller);
        assume(bytes4(input) != IVault.withdraw.selector);
        assert(token.balanceOf(account) == had);
    }

    function checkFail_OnlyPayAndWithdrawMoveMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        _anyVerb(caller);
        assert(token.balanceOf(account) == had);
    }

    // ------------------------------------------------------------------------------------------- I8: what is over

    /// @notice A key whose session was revoked, or that was replaced, never serves again, whatever anybody does.
    function check_AnEndedKeyStaysEnded(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && word.validUntil() == 0 && _keyOf(word.session()) == key);
        _anyVerb(caller);
        assert(SessionWord.unwrap(_sessionWord(key)) == SessionWord.unwrap(word));
    }

    /// @dev One that has only run out of time may be given more.
    function checkFail_AnEndedKeyStaysEnded(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && word.validUntil() < block.timestamp && _keyOf(word.session()) == key);
        _anyVerb(caller);
        assert(SessionWord.unwrap(_sessionWord(key)) == SessionWord.unwrap(word));
    }

    /// @notice A key that served a session serves that session or none, for ever.
    function check_AKeyNeverChangesItsSession(address caller, address key) external {
        uint32 session = _sessionWord(key).session();
        assume(session != 0 && _keyOf(session) == key);
        _anyVerb(caller);
        assert(_sessionWord(key).session() == session);
    }

    function checkFail_AKeyNeverChangesItsSession(address caller, address key) external {
        uint32 session = _sessionWord(key).session();
        _anyVerb(caller);
        assert(_sessionWord(key).session() == session);
    }

    /// @notice The epoch never falls, so what `revokeAll` ended is over.
    function check_TheEpochNeverFalls(address caller) external {
        uint32 epoch = vault.epoch();
        (bool done, bytes memory input) = _anyVerb(caller);
        assert(vault.epoch() == (done && bytes4(input) == IVault.revokeAll.selector ? epoch + 1 : epoch));
    }

    function checkFail_TheEpochNeverFalls(address caller) external {
        uint32 epoch = vault.epoch();
        _anyVerb(caller);
        assert(vault.epoch() == epoch);
    }

    /// @notice Only the owner resumes payments.
    function check_OnlyTheOwnerResumes(address caller) external {
        assume(vault.paused() && caller != owner);
        _anyVerb(caller);
        assert(vault.paused());
    }

    function checkFail_OnlyTheOwnerResumes(address caller) external {
        assume(vault.paused());
        _anyVerb(caller);
        assert(vault.paused());
    }

    // -------------------------------------------------------------------------------- I8: stopping always succeeds

    function check_PausingAlwaysSucceeds(address caller) external {
        assume(caller == owner || caller == guardian);
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.pause, ()));
        assert(done && vault.paused());
    }

    function checkFail_PausingAlwaysSucceeds(address caller) external {
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.pause, ()));
        assert(done && vault.paused());
    }

    function check_RevokingAlwaysSucceeds(address caller, uint32 session) external {
        address key = _keyOf(session);
        assume(key != address(0));
        assume(caller == owner || caller == guardian || caller == key);
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.revoke, (session)));
        assert(done && (_sessionWord(key).validUntil() == 0 || _sessionWord(key).epoch() != vault.epoch()));
    }

    function checkFail_RevokingAlwaysSucceeds(address caller, uint32 session) external {
        address key = _keyOf(session);
        assume(caller == owner || caller == guardian || caller == key);
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.revoke, (session)));
        assert(done); // not for a session that never was
    }

    function check_RevokingAllAlwaysSucceeds(address caller, address key) external {
        assume(caller == owner || caller == guardian);
        assume(vault.epoch() != type(uint32).max && _sessionWord(key).epoch() <= vault.epoch());
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.revokeAll, ()));
        assert(done && _sessionWord(key).epoch() != vault.epoch());
    }

    function checkFail_RevokingAllAlwaysSucceeds(address caller) external {
        assume(caller == owner || caller == guardian);
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.revokeAll, ()));
        assert(done); // not after 2^32 - 1 times
    }

    function check_RemovingAPayeeAlwaysSucceeds(address caller, address payee, address other) external {
        assume(caller == owner || caller == guardian);
        assume(other != payee);
        _removePayee(caller, payee, other);
    }

    function checkFail_RemovingAPayeeAlwaysSucceeds(address caller, address payee, address other) external {
        assume(caller == owner || caller == guardian);
        _removePayee(caller, payee, other);
    }

    function _removePayee(address caller, address payee, address other) private {
        uint256 category = _category(other);
        VM.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(IVault.removePayee, (payee)));
        assert(done && _category(payee) == 0);
        assert(_category(other) == category);
    }

    function _anyVerb(address caller) private returns (bool done, bytes memory input) {
        input = SVM.createCalldata("Vault");
        assume(bytes4(input) != IVault.pay.selector);
        VM.prank(caller);
        (done,) = address(vault).call(input);
    }

    function _stops(bytes4 verb) private pure returns (bool) {
        return verb == IVault.pause.selector || verb == IVault.revoke.selector || verb == IVault.revokeAll.selector
            || verb == IVault.removePayee.selector;
    }

    function _pendingOwner() private view returns (address) {
        return address(uint160(uint256(VM.load(address(vault), bytes32(PENDING_OWNER_SLOT)))));
    }

    /// @dev The first argument of a verb about a session.
    function _session(bytes memory input) private pure returns (uint32) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(input, 0x24))
        }
        return uint32(word);
    }
}
