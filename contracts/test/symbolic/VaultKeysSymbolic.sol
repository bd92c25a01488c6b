// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AnyVault} from "./AnyVault.sol";
import {assume} from "./Premise.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";

/// @notice A key that served a session serves that session or none, for ever; and once its session was revoked, or it was
///         replaced, none, whatever anybody does (I8). By verb, as all of them at once take too long.
/// @custom:halmos --loop 12 --default-array-lengths 0,1 --default-bytes-lengths 65
contract VaultKeysSymbolic is AnyVault {
    /// @notice A grant changes nothing of a key that ever served.
    /// @custom:promise I8
    function check_AGrantChangesNoKeyThatServed(address key) external {
        assume(_sessionWord(key).session() != 0);
        _grants(key);
    }

    function checkFail_AGrantChangesNoKeyThatServed(address key) external {
        _grants(key);
    }

    function _grants(address key) private {
        SessionWord word = _sessionWord(key);
        _call(owner, abi.encodeCall(IVault.grant, (_anyGrant())));
        assert(_same(_sessionWord(key), word));
    }

    /// @notice Nor do the verbs about sessions give it another one; and one that has ended they leave as it is.
    /// @custom:promise I8
    function check_AKeyServesOneSessionUntilItEnds(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && _keyOf(word.session()) == key);
        bytes memory input = _anyVerb();
        assume(_isOfSessions(bytes4(input)));
        _call(caller, input);
        SessionWord next = _sessionWord(key);
        assert(next.session() == word.session());
        assert(word.validUntil() != 0 || _same(next, word));
    }

    /// @dev A key that has only run out of time may be given more.
    function checkFail_AKeyServesOneSessionUntilItEnds(address key, uint32 from, uint32 until) external {
        SessionWord word = _sessionWord(key);
        assume(word.session() != 0 && _keyOf(word.session()) == key && word.validUntil() < block.timestamp);
        _call(owner, abi.encodeCall(IVault.setValidity, (word.session(), from, until)));
        assert(_same(_sessionWord(key), word));
    }

    /// @notice And all other verbs change no key at all.
    /// @custom:promise I8
    function check_NoOtherVerbChangesAKey(address caller, address key) external {
        SessionWord word = _sessionWord(key);
        bytes memory input = _anyVerb();
        assume(bytes4(input) != IVault.grant.selector && !_isOfSessions(bytes4(input)));
        _call(caller, input);
        assert(_same(_sessionWord(key), word));
    }

    function checkFail_NoOtherVerbChangesAKey(address caller, address key, uint32 session) external {
        SessionWord word = _sessionWord(key);
        _call(caller, abi.encodeCall(IVault.revoke, (session)));
        assert(_same(_sessionWord(key), word));
    }

    function _isOfSessions(bytes4 verb) private pure returns (bool) {
        return verb == IVault.rotateKey.selector || verb == IVault.setValidity.selector
            || verb == IVault.setCategories.selector || verb == IVault.revoke.selector
            || verb == IVault.revokeAll.selector;
    }

    function _same(SessionWord a, SessionWord b) private pure returns (bool) {
        return SessionWord.unwrap(a) == SessionWord.unwrap(b);
    }
}
