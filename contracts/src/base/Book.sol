// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {PAYEES} from "../libraries/Subject.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {Roles} from "./Roles.sol";

/// @title What may be paid, and to whom: the listed tokens and the payee book (I6)
abstract contract Book is Roles {
    /// @dev Coarser units than 2^97 base units would let the largest cap exceed uint128.
    uint8 private constant MAX_UNIT_BITS = 97;

    /// @inheritdoc IVault
    /// @dev Loosens nothing: a listed token can be paid once a session has a limit in it, and not before.
    function addToken(address token, uint8 unitBits) external {
        _byOwner();
        // Check: a token that is a payee could be paid in itself; one that is the treasury would keep withdrawals
        if (token.code.length == 0) revert TokenHasNoCode(token);
        if (_tokens[token].listed) revert TokenListed(token, _tokens[token].unitBits);
        if (unitBits > MAX_UNIT_BITS) revert UnitTooCoarse(unitBits);
        if (token == address(this) || token == _treasury || _payees[token] != 0 || _sessions[token].session() != 0) {
            revert RoleConflict(token);
        }
        // Effect
        _tokens[token] = TokenEntry({listed: true, unitBits: unitBits});
        _log(_vault, 2, abi.encode(HASH, TokenAdded.selector, token, unitBits, SEQUENCE));
    }

    /// @inheritdoc IVault
    function removePayee(address payee) external {
        _removePayee(_byStopper(), payee);
    }

    /// @inheritdoc IVault
    function payeeOf(address payee) external view returns (uint8) {
        return uint8(_payees[payee]);
    }

    /// @inheritdoc IVault
    function tokenOf(address token) external view returns (bool, uint8) {
        TokenEntry storage entry = _tokens[token];
        return (entry.listed, entry.unitBits);
    }

    /// @dev Every entry is a new place for money to go, or moves one to another category; or it changes nothing.
    function _setPayees(Act memory act, PayeeEntry[] memory entries) internal {
        if (entries.length == 0) revert EmptyList();
        (act.subject, act.loosens) = (PAYEES, true);
        bool waits = _mustWait(act);
        address last;
        for (uint256 i = 0; i < entries.length; ++i) {
            // Check
            (address payee, uint8 category) = (entries[i].payee, entries[i].category);
            if (payee == address(0)) revert ZeroAddress();
            if (payee <= last) revert NotAscending(i);
            last = payee;
            if (category == 0 || category > LAST_CATEGORY) revert CategoryInvalid(category);
            if (payee == address(this) || _tokens[payee].listed || _sessions[payee].session() != 0 || _isPurse(payee)) {
                revert RoleConflict(payee);
            }
            _expect(act, _payees[payee]);
            if (waits) continue;
            // Effect
            _payees[payee] = category;
            _log(_vault, 2, abi.encode(HASH, PayeeSet.selector, payee, category, SEQUENCE));
        }
    }

    /// @dev Kills what would change the book, so that the payee does not come back by it. A purse could not come back at
    ///      all: its session is what there is to revoke.
    function _removePayee(address by, address payee) internal {
        uint256 category = _payees[payee];
        if (category > LAST_CATEGORY) revert RoleConflict(payee);
        VaultWord vault = _vault;
        if (category == 0 && !_newlyWaits(vault, PAYEES)) return;
        delete _payees[payee];
        _kill(vault, PAYEES);
        _log(vault, 3, abi.encode(HASH, PayeeRemoved.selector, payee, by, SEQUENCE));
    }
}
