// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Purses} from "../Purses.sol";
import {IPurses} from "../interfaces/IPurses.sol";
import {IVault} from "../interfaces/IVault.sol";
import {PurseEntry, PurseEntryLib} from "../libraries/PurseEntry.sol";
import {Scope, scopeOf} from "../libraries/Scope.sol";
import {subjectOf} from "../libraries/Subject.sol";
import {Limits} from "./Limits.sol";

/// @title  Purses, as the vault sees them: payees in the book that their own session may refill (I16)
/// @notice What is not state, Purses.sol judges: the vault's own contract, with room for it.
abstract contract Refills is Limits {
    IPurses private immutable _purses = new Purses();

    /// @inheritdoc IVault
    /// @dev Whoever holds no key may do this, so it must not change the owner nonce: he could void what was signed.
    function openPurse(uint32 session, address token, uint8 category) external returns (address purse) {
        // Check, and make it: the arguments go on as they came
        IPurses purses = _purses;
        bytes4 selector = IPurses.open.selector;
        assembly ("memory-safe") {
            let question := mload(0x40) // beyond what is in use
            mstore(question, selector)
            calldatacopy(add(question, 0x04), 0x04, 0x60)
            if iszero(call(gas(), purses, 0, question, 0x64, question, 0x20)) {
                returndatacopy(question, 0, returndatasize())
                revert(question, returndatasize())
            }
            purse := mload(question)
        }
        // Effect
        _payees[purse] = PurseEntry.unwrap(PurseEntryLib.create(session, token, category));
        // Numbers of full width here, and where else so many are logged, take one encoder for all
        _logByAnyone(
            _vault,
            4,
            abi.encode(HASH, PurseOpened.selector, session, token, uint256(uint160(purse)), uint256(category), SEQUENCE)
        );
    }

    function _setPurseTarget(Act memory act, uint32 session, uint8 category, address token, uint128 target) internal {
        // Check
        _live(session);
        (uint8 unitBits, uint256 units) = _toUnits(token, target);
        uint256 rounded = units << unitBits;
        // forge-lint: disable-next-line(unsafe-typecast) -- no more than the target
        uint256 standing = _purses.judgeTarget(session, category, token, uint128(rounded));
        _expect(act, standing);
        (act.subject, act.loosens) = (subjectOf(session), rounded > standing);
        if (_mustWait(act)) return;
        // Effect
        Scope scope = scopeOf(session, category, token);
        _allowances[scope] = _allowances[scope].withUnitBits(unitBits).withPurseTarget(units);
        _log(_vault, 3, abi.encode(HASH, PurseTargetSet.selector, session, token, uint256(category), rounded, SEQUENCE));
    }

    /// @dev The payment is one that its session may make to its own purse now: the payment as it stands in memory goes to
    ///      whoever judges it, and so does his reason if it is not.
    /// @return category the purse's
    function _judgeRefill(Payment memory payment, address purse, uint256 entry) internal view returns (uint256) {
        IPurses purses = _purses;
        bytes4 selector = IPurses.judgeRefill.selector;
        assembly ("memory-safe") {
            let question := mload(0x40) // beyond what is in use
            mstore(question, selector)
            mstore(add(question, 0x04), entry)
            mstore(add(question, 0x24), purse)
            mcopy(add(question, 0x44), payment, 0x120)
            if iszero(staticcall(gas(), purses, question, 0x164, 0, 0)) {
                returndatacopy(question, 0, returndatasize())
                revert(question, returndatasize())
            }
        }
        return PurseEntry.wrap(entry).category();
    }
}
