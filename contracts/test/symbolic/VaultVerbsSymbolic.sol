// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVaultWithToken} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice Every verb but payments, sent by anybody with any arguments, in any state of the vault. (VaultActsSymbolic:
///         signed, on condition, or executed after a wait.)
/// @dev    Lists have at most one entry: with two, there are more paths than halmos gets through.
/// @custom:halmos --loop 12 --default-array-lengths 0,1 --default-bytes-lengths 65
contract VaultVerbsSymbolic is AnyVaultWithToken {
    // ------------------------------------------------------------------------------------------- who may do what

    /// @notice Strangers are refused, and so is an agent but for revoking its own session.
    /// @custom:promise I8 I9
    function check_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        bytes memory input = _anyVerb();
        bool own = bytes4(input) == IVault.revoke.selector && _keyOf(uint32(_word(input, 0))) == caller;
        assert(!_call(caller, input) || own);
    }

    function checkFail_StrangersAreRefused(address caller) external {
        assume(caller != owner && caller != guardian && caller != _pendingOwner());
        assert(!_call(caller, _anyVerb())); // an agent may revoke its own session
    }

    /// @notice The guardian stops things, and does nothing else.
    /// @custom:promise I8
    function check_TheGuardianOnlyStops() external {
        assume(guardian != owner && guardian != _pendingOwner());
        bytes memory input = _anyVerb();
        assert(!_call(guardian, input) || _stops(bytes4(input)));
    }

    function checkFail_TheGuardianOnlyStops() external {
        assume(guardian != owner);
        bytes memory input = _anyVerb();
        assert(!_call(guardian, input) || _stops(bytes4(input))); // unless named as the next owner
    }

    /// @notice Guardian and treasury are changed by the owner alone; the owner by whom the owner named, accepting.
    /// @custom:promise I9
    function check_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        address heir = _pendingOwner();
        assume(_call(caller, _anyVerb()));
        assert(vault.guardian() == guardian && vault.treasury() == treasury);
        assert(
            vault.owner() == owner || (caller == heir && vault.owner() == heir && vault.pendingOwner() == address(0))
        );
    }

    function checkFail_RolesChangeHandsAsTheOwnerSays(address caller) external {
        assume(caller != owner);
        assume(_call(caller, _anyVerb()));
        assert(vault.owner() == owner);
    }

    /// @notice Even the owner's word alone makes nobody owner: the heir must accept.
    /// @custom:promise I9
    function check_OwnershipIsTakenNotGiven() external {
        assume(owner != _pendingOwner());
        assume(_call(owner, _anyVerb()));
        assert(vault.owner() == owner);
    }

    function checkFail_OwnershipIsTakenNotGiven() external {
        address heir = _pendingOwner();
        assume(_call(owner, _anyVerb())); // the owner may be the heir, too
        assert(vault.pendingOwner() == heir && vault.treasury() == treasury);
    }

    // --------------------------------------------------------------------------------------------- I1: the money

    /// @notice No verb but `withdraw` moves money, whoever calls it.
    /// @custom:promise I1
    function check_OnlyAWithdrawalMovesMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        bytes memory input = _anyVerb();
        assume(bytes4(input) != IVault.withdraw.selector);
        _call(caller, input);
        assert(token.balanceOf(account) == had);
    }

    function checkFail_OnlyAWithdrawalMovesMoney(address caller, address account) external {
        uint256 had = token.balanceOf(account);
        _call(caller, _anyVerb());
        assert(token.balanceOf(account) == had);
    }

    // ------------------------------------------------------------------------------------------- I8: what is over

    /// @notice A key that served a session serves that session or none, for ever; and once its session was revoked, or it
    ///         was replaced, none, whatever anybody does.
    /// @custom:promise I8
    function check_AKeyServesOneSessionUntilItEnds(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && _keyOf(word.session()) == key);
        _call(caller, _anyVerb());
        SessionWord next = _sessionWord(key);
        assert(next.session() == word.session());
        assert(word.validUntil() != 0 || SessionWord.unwrap(next) == SessionWord.unwrap(word));
    }

    /// @dev A key that has only run out of time may be given more.
    function checkFail_AKeyServesOneSessionUntilItEnds(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && _keyOf(word.session()) == key && word.validUntil() < block.timestamp);
        _call(caller, _anyVerb());
        assert(SessionWord.unwrap(_sessionWord(key)) == SessionWord.unwrap(word));
    }

    /// @notice The epoch never falls, so what `revokeAll` ended is over; and nobody but its callers can use epochs up.
    /// @custom:promise I8
    function check_TheEpochNeverFalls(address caller) external {
        uint32 epoch = vault.epoch();
        bytes memory input = _anyVerb();
        _call(caller, input);
        uint32 next = vault.epoch();
        assert(next == epoch || (bytes4(input) == IVault.revokeAll.selector && next == epoch + 1));
    }

    function checkFail_TheEpochNeverFalls(address caller) external {
        uint32 epoch = vault.epoch();
        _call(caller, _anyVerb());
        assert(vault.epoch() == epoch);
    }

    /// @notice Only the owner resumes payments.
    /// @custom:promise I8
    function check_OnlyTheOwnerResumes(address caller) external {
        assume(vault.paused() && caller != owner);
        _call(caller, _anyVerb());
        assert(vault.paused());
    }

    function checkFail_OnlyTheOwnerResumes(address caller) external {
        assume(vault.paused());
        _call(caller, _anyVerb());
        assert(vault.paused());
    }

    // -------------------------------------------------------------------------------- I8: stopping always succeeds

    /// @custom:promise I8
    function check_PausingAlwaysSucceeds(address caller) external {
        assume(caller == owner || caller == guardian);
        assert(_call(caller, abi.encodeCall(IVault.pause, ())) && vault.paused());
    }

    function checkFail_PausingAlwaysSucceeds(address caller) external {
        assert(_call(caller, abi.encodeCall(IVault.pause, ())) && vault.paused());
    }

    /// @custom:promise I8
    function check_RevokingAlwaysSucceeds(address caller, uint32 session) external {
        address key = _keyOf(session);
        assume(key != address(0));
        assume(caller == owner || caller == guardian || caller == key);
        assert(_call(caller, abi.encodeCall(IVault.revoke, (session))));
        assert(_sessionWord(key).isRevoked(vault.epoch()));
    }

    function checkFail_RevokingAlwaysSucceeds(address caller, uint32 session) external {
        address key = _keyOf(session);
        assume(caller == owner || caller == guardian || caller == key);
        assert(_call(caller, abi.encodeCall(IVault.revoke, (session)))); // not for a session that never was
    }

    /// @notice ... where anything was granted since the last time; where nothing was, everything is revoked already.
    /// @custom:promise I8
    function check_RevokingAllAlwaysSucceeds(address caller, address key) external {
        assume(caller == owner || caller == guardian);
        assume(vault.epoch() != type(uint24).max && _sessionWord(key).epoch() <= vault.epoch());
        assume(_vaultWord().granted() || _sessionWord(key).epoch() < vault.epoch());
        assert(_call(caller, abi.encodeCall(IVault.revokeAll, ())));
        assert(_sessionWord(key).isRevoked(vault.epoch()));
    }

    function checkFail_RevokingAllAlwaysSucceeds(address caller) external {
        assume(caller == owner || caller == guardian);
        assert(_call(caller, abi.encodeCall(IVault.revokeAll, ()))); // not after 2^24 - 1 times
    }

    /// @custom:promise I8
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
        assert(_call(caller, abi.encodeCall(IVault.removePayee, (payee))));
        assert(_category(payee) == 0);
        assert(_category(other) == category);
    }
}
