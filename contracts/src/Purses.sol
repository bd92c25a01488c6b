// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Purse} from "./Purse.sol";
import {IPurses} from "./interfaces/IPurses.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AllowanceWord} from "./libraries/AllowanceWord.sol";
import {Eip3009} from "./libraries/Eip3009.sol";
import {PurseEntry} from "./libraries/PurseEntry.sol";
import {Scope, scopeOf} from "./libraries/Scope.sol";
import {SessionWord} from "./libraries/SessionWord.sol";
import {Meter, SlidingCap} from "./libraries/SlidingCap.sol";
import {VaultSlots} from "./libraries/VaultSlots.sol";
import {WINDOW_COUNT} from "./libraries/Windows.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  A vault's purses: opens them, and judges what is put into them (I15, I16)
/// @notice The vault's own, made by its constructor, with the vault's state for its only source: it exists because the
///         vault's code has no room for it. All it stores is the list of what was opened, for whoever asks what a thief
///         could take (I17).
contract Purses is IPurses {
    using SafeTransferLib for address; // balances, bounded: 0 where a token gives no answer

    /// @dev The share of the least cap that a purse may hold at most, and that it may hold where nobody said.
    uint256 private constant LARGEST_SHARE = 4;
    uint256 private constant DEFAULT_SHARE = 10;
    uint8 private constant LAST_CATEGORY = 63;

    struct Opened {
        address purse;
        uint32 session;
    }

    IVault private immutable _vault = IVault(msg.sender);

    mapping(address token => Opened[]) private _opened;

    /// @inheritdoc IPurses
    function open(uint32 session, address token, uint8 category) external returns (address) {
        if (msg.sender != address(_vault)) revert NotVault(msg.sender);
        // Check
        (address key, SessionWord word, bool revoked) = VaultSlots.sessionOf(_vault, session);
        if (key == address(0)) revert IVault.SessionUnknown(session);
        if (revoked) revert IVault.SessionRevoked(session);
        AllowanceWord allowance = _allowance(scopeOf(session, 0, token));
        if (!allowance.limited()) revert IVault.TokenNotGranted(session, token);
        if (!word.grants(category)) revert IVault.CategoryNotGranted(session, category);
        address purse = _placeOf(session, token, category);
        if (purse.code.length != 0) revert IVault.PurseExists(purse);
        if (!Eip3009.isKeptBy(token, purse)) revert IVault.TokenNotEip3009(token);
        if (purse == _vault.treasury()) revert IVault.RoleConflict(purse); // set when it was nothing yet
        // Effect
        _opened[token].push(Opened(purse, session));
        new Purse{salt: 0}(address(_vault), session, token, category);
        return purse;
    }

    /// @inheritdoc IPurses
    function purseOf(uint32 session, address token, uint8 category) external view returns (address) {
        return _placeOf(session, token, category);
    }

    /// @inheritdoc IPurses
    function countOf(address token) external view returns (uint256) {
        return _opened[token].length;
    }

    /// @inheritdoc IPurses
    function purseAt(address token, uint256 index) external view returns (address, uint32) {
        Opened storage opened = _opened[token][index];
        return (opened.purse, opened.session);
    }

    /// @inheritdoc IPurses
    function targetOf(uint32 session, uint8 category, address token) external view returns (uint256, uint256) {
        return _targetOf(session, category, token);
    }

    /// @inheritdoc IPurses
    function judgeTarget(uint32 session, uint8 category, address token, uint128 target)
        external
        view
        returns (uint256)
    {
        if (category == 0 || category > LAST_CATEGORY) revert IVault.CategoryInvalid(category);
        (uint256 standing, uint256 largest) = _targetOf(session, category, token);
        if (target > largest) revert IVault.PurseTargetTooHigh(target, largest);
        return standing;
    }

    /// @inheritdoc IPurses
    function judgeRefill(PurseEntry entry, address purse, IVault.Payment calldata payment) external view {
        if (purse == payment.feeRecipient) revert IVault.RoleConflict(purse);
        (uint32 session,, address token) = entry.scope().parts();
        if (session != payment.session || token != payment.token) {
            revert IVault.PurseOfAnother(purse, session, token);
        }
        // A refill stays the owner's, so the per-payment cap leaves it alone; but not its fee
        uint256 cap = _allowance(scopeOf(session, 0, token)).perPaymentCap();
        // forge-lint: disable-next-line(unsafe-typecast) -- 2^31 units of at most 2^97
        if (payment.fee > cap) revert IVault.AbovePerPaymentCap(payment.fee, uint128(cap));
        (uint256 target,) = _targetOf(session, entry.category(), token);
        uint256 balance = token.balanceOf(purse);
        if (balance >= Math.ceilDiv(target, 2)) revert IVault.PurseNotLow(purse, balance, target);
        if (payment.amount > target - balance) revert IVault.PurseOverfilled(purse, balance, payment.amount, target);
    }

    function _targetOf(uint32 session, uint8 category, address token)
        private
        view
        returns (uint256 target, uint256 largest)
    {
        AllowanceWord whole = _allowance(scopeOf(session, 0, token));
        if (!whole.limited()) return (0, 0);
        AllowanceWord part = _allowance(scopeOf(session, category, token));
        uint256 least = _leastCap(scopeOf(session, 0, token), whole);
        least = Math.min(least, _leastCap(scopeOf(session, category, token), part));
        least = Math.min(least, _leastCap(scopeOf(0, 0, token), _allowance(scopeOf(0, 0, token))));
        uint256 unitBits = whole.unitBits();
        largest = least / LARGEST_SHARE;
        target = part.hasPurseTarget() ? Math.min(part.purseTargetUnits(), largest) : least / DEFAULT_SHARE;
        return (target << unitBits, largest << unitBits);
    }

    /// @dev The least cap of the limits that stand in a scope, in units.
    function _leastCap(Scope scope, AllowanceWord allowance) private view returns (uint256 least) {
        least = allowance.limited() ? allowance.firstMeter().capUnits() : SlidingCap.MAX_UNITS;
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((allowance.others() >> index) & 1 == 0) continue;
            least = Math.min(least, Meter.wrap(VaultSlots.read(_vault, VaultSlots.meter(scope, index))).capUnits());
        }
    }

    function _allowance(Scope scope) private view returns (AllowanceWord) {
        return AllowanceWord.wrap(VaultSlots.read(_vault, VaultSlots.allowance(scope)));
    }

    /// @dev The purse's address, open or not: it commits to all that the purse is.
    function _placeOf(uint32 session, address token, uint8 category) private view returns (address) {
        bytes memory initCode = bytes.concat(type(Purse).creationCode, abi.encode(_vault, session, token, category));
        return Create2.computeAddress(0, keccak256(initCode));
    }
}
