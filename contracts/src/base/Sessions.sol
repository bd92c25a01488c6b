// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {SessionWord, SessionWordLib} from "../libraries/SessionWord.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {Book} from "./Book.sol";

/// @title Who may pay: sessions, their keys, spans and categories, and the verbs that stop them (I8)
abstract contract Sessions is Book {
    /// @inheritdoc IVault
    function rotateKey(uint32 session, address newKey) external onlyOwner {
        // Check
        (address oldKey, SessionWord word) = _live(session);
        _refuseAsKey(newKey);
        // Effect: what was spent is counted for the session, not for the key, and stays
        _sessions[oldKey] = word.ended();
        _sessions[newKey] = word.withFreshNonces();
        _keys[session] = newKey;
        _log(_vault, 4, abi.encode(HASH, KeyRotated.selector, session, oldKey, newKey, SEQUENCE));
    }

    /// @inheritdoc IVault
    function setValidity(uint32 session, uint32 validFrom, uint32 validUntil) external onlyOwner {
        (address key, SessionWord word) = _live(session);
        _checkValidity(validFrom, validUntil);
        _sessions[key] = word.withValidity(validFrom, validUntil);
        _log(_vault, 2, abi.encode(HASH, ValiditySet.selector, session, validFrom, validUntil, SEQUENCE));
    }

    /// @inheritdoc IVault
    function setCategories(uint32 session, uint64 categories) external onlyOwner {
        (address key, SessionWord word) = _live(session);
        _checkCategories(categories);
        _sessions[key] = word.withCategories(categories);
        _log(_vault, 2, abi.encode(HASH, CategoriesSet.selector, session, categories, SEQUENCE));
    }

    /// @inheritdoc IVault
    function revoke(uint32 session) external {
        // Check
        address key = _keys[session];
        if (msg.sender != _owner && msg.sender != _guardian && (msg.sender != key || key == address(0))) {
            revert NotOwnerOrGuardian(msg.sender);
        }
        if (key == address(0)) revert SessionUnknown(session);
        SessionWord word = _sessions[key];
        if (_isRevoked(word)) return;
        // Effect
        _sessions[key] = word.ended();
        _log(_vault, 3, abi.encode(HASH, Revoked.selector, session, msg.sender, SEQUENCE));
    }

    /// @inheritdoc IVault
    function revokeAll() external onlyOwnerOrGuardian {
        VaultWord vault = _vault.nextEpoch();
        _log(vault, 2, abi.encode(HASH, AllRevoked.selector, msg.sender, vault.epoch(), SEQUENCE));
    }

    /// @inheritdoc IVault
    function pause() external onlyOwnerOrGuardian {
        if (_vault.paused()) return;
        _log(_vault.withPaused(true), 2, abi.encode(HASH, Paused.selector, msg.sender, SEQUENCE));
    }

    /// @inheritdoc IVault
    function unpause() external onlyOwner {
        if (!_vault.paused()) return;
        _log(_vault.withPaused(false), 2, abi.encode(HASH, Unpaused.selector, msg.sender, SEQUENCE));
    }

    /// @inheritdoc IVault
    function sessionOf(uint32 session) external view returns (SessionView memory) {
        address key = _keys[session];
        SessionWord word = _sessions[key];
        return SessionView({
            key: key,
            validFrom: word.validFrom(),
            validUntil: word.validUntil(),
            categories: word.categories(),
            nonceHighest: word.nonceHighest(),
            nonceWindow: word.nonceWindow(),
            epoch: word.epoch(),
            revoked: key != address(0) && _isRevoked(word)
        });
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

    /// @dev Creates the session of a grant; its tokens are the caller's part.
    function _create(uint32 session, address key, uint32 validFrom, uint32 validUntil, uint64 categories) internal {
        // Check
        if (session == 0) revert SessionZero();
        if (_keys[session] != address(0)) revert SessionExists(session);
        _refuseAsKey(key);
        _checkValidity(validFrom, validUntil);
        _checkCategories(categories);
        // Effect
        uint32 vaultEpoch = _vault.epoch();
        _keys[session] = key;
        _sessions[key] = SessionWordLib.create(session, vaultEpoch, validFrom, validUntil, categories);
        _log(
            _vault,
            3,
            abi.encode(
                HASH, SessionGranted.selector, session, key, validFrom, validUntil, categories, vaultEpoch, SEQUENCE
            )
        );
    }

    /// @dev A session that exists and is not revoked, with its key. An expired one may be changed, so extended.
    function _live(uint32 session) internal view returns (address key, SessionWord word) {
        key = _keys[session];
        if (key == address(0)) revert SessionUnknown(session);
        word = _sessions[key];
        if (_isRevoked(word)) revert SessionRevoked(session);
    }

    function _isRevoked(SessionWord word) internal view returns (bool) {
        return word.validUntil() == 0 || word.epoch() != _vault.epoch();
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
