// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {SessionWord, SessionWordLib} from "../libraries/SessionWord.sol";
import {EVERYTHING, PAUSE, subjectOf} from "../libraries/Subject.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {Book} from "./Book.sol";

/// @title Who may pay: sessions, their keys, spans and categories, and the verbs that stop them (I8)
abstract contract Sessions is Book {
    /// @inheritdoc IVault
    function revoke(uint32 session) external {
        address by = msg.sender;
        if (by != _owner && by != _guardian && by != _keys[session]) revert NotOwnerOrGuardian(by);
        _revoke(by, session);
    }

    /// @inheritdoc IVault
    function revokeAll() external {
        _revokeAll(_byStopper());
    }

    /// @inheritdoc IVault
    function pause() external {
        _pause(_byStopper());
    }

    /// @inheritdoc IVault
    function sessionOfKey(address key) external view returns (uint32) {
        return _sessions[key].session();
    }

    /// @inheritdoc IVault
    function head() external view returns (uint32 sequence, bytes32 runningHash) {
        return (_vault.sequence(), bytes32(_vault.runningHash()));
    }

    /// @inheritdoc IVault
    function paused() external view returns (bool) {
        return _vault.paused();
    }

    /// @inheritdoc IVault
    function epoch() external view returns (uint32) {
        return _vault.epoch();
    }

    /// @inheritdoc IVault
    function stateAt(bytes32[] calldata slots) external view returns (bytes32[] memory) {
        assembly ("memory-safe") {
            let answer := mload(0x40)
            let size := shl(5, slots.length)
            mstore(answer, 0x20)
            mstore(add(answer, 0x20), slots.length)
            let end := add(slots.offset, size)
            let shift := sub(add(answer, 0x40), slots.offset)
            for { let place := slots.offset } lt(place, end) { place := add(place, 0x20) } {
                mstore(add(place, shift), sload(calldataload(place)))
            }
            return(answer, add(0x40, size))
        }
    }

    /// @dev Whether a new session can be so.
    function _checkNew(uint32 session, address key, uint32 validFrom, uint32 validUntil, uint64 categories)
        internal
        view
    {
        if (session == 0) revert SessionZero();
        if (_keys[session] != address(0)) revert SessionExists(session);
        _refuseAsKey(key);
        _checkValidity(validFrom, validUntil);
        _checkCategories(categories);
    }

    /// @dev Creates the session of a grant; its tokens are the caller's part.
    function _create(uint32 session, address key, uint32 validFrom, uint32 validUntil, uint64 categories) internal {
        VaultWord vault = _vault;
        uint32 vaultEpoch = vault.epoch();
        _keys[session] = key;
        _sessions[key] = SessionWordLib.create(session, vaultEpoch, validFrom, validUntil, categories);
        _log(
            vault.withGranted(),
            3,
            abi.encode(
                HASH, SessionGranted.selector, session, key, validFrom, validUntil, categories, vaultEpoch, SEQUENCE
            )
        );
    }

    /// @dev Who the key is loosens nothing, so this never waits; what was spent is counted for the session and stays.
    function _rotateKey(Act memory act, uint32 session, address newKey) internal {
        // Check
        (address oldKey, SessionWord word) = _live(session);
        _expect(act, uint160(oldKey));
        _refuseAsKey(newKey);
        // Effect
        _sessions[oldKey] = word.ended();
        _sessions[newKey] = word.withFreshNonces();
        _keys[session] = newKey;
        _log(_vault, 4, abi.encode(HASH, KeyRotated.selector, session, oldKey, newKey, SEQUENCE));
    }

    function _setValidity(Act memory act, uint32 session, uint32 validFrom, uint32 validUntil) internal {
        // Check
        (address key, SessionWord word) = _live(session);
        _checkValidity(validFrom, validUntil);
        _expect(act, (uint256(word.validFrom()) << 32) | word.validUntil());
        bool loosens = validFrom < word.validFrom() || validUntil > word.validUntil();
        (act.subject, act.loosens) = (subjectOf(session), loosens);
        if (_mustWait(act)) return;
        // Effect
        _sessions[key] = word.withValidity(validFrom, validUntil);
        _log(_vault, 2, abi.encode(HASH, ValiditySet.selector, session, validFrom, validUntil, SEQUENCE));
    }

    function _setCategories(Act memory act, uint32 session, uint64 categories) internal {
        // Check
        (address key, SessionWord word) = _live(session);
        _checkCategories(categories);
        _expect(act, word.categories());
        (act.subject, act.loosens) = (subjectOf(session), categories & ~word.categories() != 0);
        if (_mustWait(act)) return;
        // Effect
        _sessions[key] = word.withCategories(categories);
        _log(_vault, 2, abi.encode(HASH, CategoriesSet.selector, session, categories, SEQUENCE));
    }

    function _revoke(address by, uint32 session) internal {
        // Check
        address key = _keys[session];
        if (key == address(0)) revert SessionUnknown(session);
        SessionWord word = _sessions[key];
        VaultWord vault = _vault;
        if (word.isRevoked(vault.epoch())) return;
        // Effect
        _sessions[key] = word.ended();
        _kill(vault, subjectOf(session));
        _log(vault, 3, abi.encode(HASH, Revoked.selector, session, by, SEQUENCE));
    }

    function _revokeAll(address by) internal {
        VaultWord vault = _vault;
        if (!vault.granted() && !_newlyWaits(vault, EVERYTHING)) return;
        _kill(vault, EVERYTHING);
        vault = vault.nextEpoch();
        _log(vault, 2, abi.encode(HASH, AllRevoked.selector, by, vault.epoch(), SEQUENCE));
    }

    function _pause(address by) internal {
        VaultWord vault = _vault;
        if (vault.paused() && !_newlyWaits(vault, PAUSE)) return;
        _kill(vault, PAUSE);
        _log(vault.withPaused(true), 2, abi.encode(HASH, Paused.selector, by, SEQUENCE));
    }

    function _unpause(Act memory act) internal {
        if (!_vault.paused()) return;
        (act.subject, act.loosens) = (PAUSE, true);
        if (_mustWait(act)) return;
        _log(_vault.withPaused(false), 2, abi.encode(HASH, Unpaused.selector, act.by, SEQUENCE));
    }

    /// @dev A session that exists and is not revoked, with its key. An expired one may be changed, so extended.
    function _live(uint32 session) internal view returns (address key, SessionWord word) {
        key = _keys[session];
        if (key == address(0)) revert SessionUnknown(session);
        word = _sessions[key];
        if (word.isRevoked(_vault.epoch())) revert SessionRevoked(session);
    }

    /// @dev A session key has no other role, and never served before (I8).
    function _refuseAsKey(address key) private view {
        if (key == address(0)) revert ZeroAddress();
        if (_sessions[key].session() != 0) revert KeyUsedBefore(key);
        if (
            key == _owner || key == _guardian || key == _treasury || key == address(this) || _payees[key] != 0
                || _tokens[key].listed
        ) revert RoleConflict(key);
    }

    function _checkValidity(uint32 validFrom, uint32 validUntil) private view {
        if (validFrom >= validUntil || validUntil <= block.timestamp) revert ValidityInvalid(validFrom, validUntil);
    }

    function _checkCategories(uint64 categories) private pure {
        if (categories & 1 != 0) revert CategoryMaskInvalid(categories);
    }
}
