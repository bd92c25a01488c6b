// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Stopping always succeeds, and what is over stays over (I8).
/// @custom:halmos --loop 12 --default-array-lengths 0,1 --default-bytes-lengths 65
contract VaultStopsSymbolic is AnyVault {
    // ------------------------------------------------------------------------------------------- I8: what is over

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
        _call(caller, abi.encodeCall(IVault.revokeAll, ()));
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

    /// @notice ... where it is no purse: what stops a purse is revoking its session.
    /// @custom:promise I8
    function check_RemovingAPayeeAlwaysSucceeds(address caller, address payee, address other) external {
        assume(_category(payee) <= LAST_CATEGORY);
        assume(other != payee);
        _removePayee(caller, payee, other);
    }

    function checkFail_RemovingAPayeeAlwaysSucceeds(address caller, address payee, address other) external {
        assume(other != payee);
        _removePayee(caller, payee, other); // not a purse
    }

    function _removePayee(address caller, address payee, address other) private {
        assume(caller == owner || caller == guardian);
        uint256 category = _category(other);
        assert(_call(caller, abi.encodeCall(IVault.removePayee, (payee))));
        assert(_category(payee) == 0);
        assert(_category(other) == category);
    }
}
