// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {AllowanceWord} from "../libraries/AllowanceWord.sol";
import {Scope, scopeOf} from "../libraries/Scope.sol";
import {Meter, SlidingCap} from "../libraries/SlidingCap.sol";
import {subjectOf} from "../libraries/Subject.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {WINDOW_COUNT, Windows} from "../libraries/Windows.sol";
import {Sessions} from "./Sessions.sol";

/// @title How much may be paid: per payment, and in any window of time; by vault, session and category (I4, I7)
abstract contract Limits is Sessions {
    /// @dev A grant that must wait is checked as one that takes effect.
    function _grant(Act memory act, Grant memory newSession) internal {
        uint32 session = newSession.session;
        _checkNew(session, newSession.key, newSession.validFrom, newSession.validUntil, newSession.categories);
        (act.subject, act.loosens) = (subjectOf(session), true);
        if (!_mustWait(act)) {
            _create(session, newSession.key, newSession.validFrom, newSession.validUntil, newSession.categories);
        }
        address lastToken;
        for (uint256 i = 0; i < newSession.tokens.length; ++i) {
            TokenGrant memory granted = newSession.tokens[i];
            address token = granted.token;
            if (i != 0 && token <= lastToken) revert NotAscending(i);
            lastToken = token;
            _storePerPaymentCap(act, session, token, granted.perPaymentCap);
            uint256 lastPlace = 0;
            for (uint256 j = 0; j < granted.limits.length; ++j) {
                Limit memory limit = granted.limits[j];
                uint256 place = (uint256(limit.category) << 32) | limit.window;
                if (j != 0 && place <= lastPlace) revert NotAscending(j);
                lastPlace = place;
                _storeLimit(act, session, limit.category, token, limit.window, limit.cap);
            }
        }
    }

    function _setPerPaymentCap(Act memory act, uint32 session, address token, uint128 perPaymentCap) internal {
        // Check
        _live(session);
        (, uint256 units) = _toUnits(token, perPaymentCap);
        AllowanceWord allowance = _allowances[scopeOf(session, 0, token)];
        _expect(act, allowance.perPaymentCap());
        (act.subject, act.loosens) = (subjectOf(session), units > allowance.perPaymentUnits());
        _mustWait(act);
        // Effect, unless it waits
        _storePerPaymentCap(act, session, token, perPaymentCap);
    }

    function _setLimit(Act memory act, uint32 session, uint8 category, address token, uint32 window, uint128 cap)
        internal
    {
        // Check
        _checkScope(session, category);
        (uint8 unitBits, uint256 units) = _toUnits(token, cap);
        (uint256 standing, uint256 loosensFrom) = _standing(session, category, token, window);
        _expect(act, standing << unitBits);
        (act.subject, act.loosens) = (subjectOf(session, token), units >= loosensFrom);
        _mustWait(act);
        // Effect, unless it waits
        _storeLimit(act, session, category, token, window, cap);
    }

    /// @dev The cap of a limit, 0 = it does not stand, and from which cap on setting it loosens; both in units. A limit that
    ///      did not stand tightens, whatever its cap; but a session's first one in a token lets it pay.
    function _standing(uint32 session, uint8 category, address token, uint32 window)
        private
        view
        returns (uint256 capUnits, uint256 loosensFrom)
    {
        uint256 index = _windowIndex(window);
        Scope scope = scopeOf(session, category, token);
        AllowanceWord allowance = _allowances[scope];
        if (allowance.limitedBy(index)) {
            capUnits = _meterOf(scope, allowance, index).capUnits();
            return (capUnits, capUnits + 1);
        }
        return (0, session == 0 || category != 0 || allowance.limited() ? type(uint256).max : 0);
    }

    function _removeLimit(Act memory act, uint32 session, uint8 category, address token, uint32 window) internal {
        // Check
        _checkScope(session, category);
        uint256 index = _windowIndex(window);
        Scope scope = scopeOf(session, category, token);
        AllowanceWord allowance = _allowances[scope];
        if (!allowance.limitedBy(index)) revert LimitUnknown(session, category, token, window);
        Meter meter = _meterOf(scope, allowance, index);
        _expect(act, meter.capUnits() << allowance.unitBits());
        // A session's last limit in a token goes with all that it can pay of it
        bool closes = session != 0 && category == 0 && allowance.others() == 0;
        (act.subject, act.loosens) = (subjectOf(session, token), !closes);
        if (_mustWait(act)) return;
        // Effect: the meter is put aside with what it counted
        _setMeter(scope, index, meter.withCap(0));
        if (allowance.firstIndex() == index) allowance = _withNextFirst(scope, allowance);
        else allowance = allowance.withoutOther(index);
        _allowances[scope] = allowance;
        _log(
            _vault,
            3,
            abi.encode(HASH, LimitRemoved.selector, session, token, uint256(category), uint256(window), SEQUENCE)
        );
    }

    function _storePerPaymentCap(Act memory act, uint32 session, address token, uint128 perPaymentCap) private {
        (uint8 unitBits, uint256 units) = _toUnits(token, perPaymentCap);
        if (act.waits) return; // checked
        Scope scope = scopeOf(session, 0, token);
        _allowances[scope] = _allowances[scope].withUnitBits(unitBits).withPerPaymentUnits(units);
        _log(_vault, 3, abi.encode(HASH, PerPaymentCapSet.selector, session, token, units << unitBits, SEQUENCE));
    }

    /// @dev The meter keeps what it counted, whatever the cap was or is.
    function _storeLimit(Act memory act, uint32 session, uint8 category, address token, uint32 window, uint128 cap)
        private
    {
        if (category > LAST_CATEGORY) revert CategoryInvalid(category);
        uint256 index = _windowIndex(window);
        (uint8 unitBits, uint256 units) = _toUnits(token, cap);
        if (act.waits) return; // checked
        uint256 used;
        {
            Scope scope = scopeOf(session, category, token);
            AllowanceWord allowance = _allowances[scope].withUnitBits(unitBits);
            Meter meter = _meterOf(scope, allowance, index).rolled(window, block.timestamp).withCap(units);
            used = meter.usedUnits();
            if (!allowance.limited() || allowance.firstIndex() == index) {
                allowance = allowance.withFirst(index, meter);
            } else {
                allowance = allowance.withOther(index);
                _setMeter(scope, index, meter);
            }
            _allowances[scope] = allowance;
        }
        _logLimit(session, category, token, window, units << unitBits, used << unitBits);
    }

    /// @dev Payments look for limits of the vault, and by category, only where they are told that there are any.
    function _logLimit(uint32 session, uint8 category, address token, uint32 window, uint256 cap, uint256 used)
        private
    {
        VaultWord vault = _vault;
        if (session == 0) vault = vault.withLimited();
        if (category != 0) {
            Scope whole = scopeOf(session, 0, token);
            _allowances[whole] = _allowances[whole].withByCategory();
        }
        _log(vault, 3, abi.encode(HASH, LimitSet.selector, session, token, category, window, cap, used, SEQUENCE));
    }

    /// @dev The meter of a limit, wherever it stands.
    function _meterOf(Scope scope, AllowanceWord allowance, uint256 index) private view returns (Meter) {
        if (allowance.limited() && allowance.firstIndex() == index) return allowance.firstMeter();
        return _meter(scope, index);
    }

    /// @dev Another limit takes the place of the first, if one stands.
    function _withNextFirst(Scope scope, AllowanceWord allowance) private view returns (AllowanceWord) {
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((allowance.others() >> index) & 1 == 0) continue;
            return allowance.withoutOther(index).withFirst(index, _meter(scope, index));
        }
        return allowance.withoutFirst();
    }

    /// @dev A cap in the token's units, rounded down.
    function _toUnits(address token, uint128 cap) internal view returns (uint8 unitBits, uint256 units) {
        TokenEntry storage entry = _tokens[token];
        if (!entry.listed) revert TokenNotListed(token);
        unitBits = entry.unitBits;
        units = uint256(cap) >> unitBits;
        if (units > SlidingCap.MAX_UNITS) revert CapTooLarge(cap, SlidingCap.MAX_UNITS << unitBits);
    }

    /// @dev The vault's own limits are of session 0 and have no category; a session's are of one that lives.
    function _checkScope(uint32 session, uint8 category) private view {
        if (session != 0) _live(session);
        else if (category != 0) revert ScopeInvalid(session, category);
    }

    function _windowIndex(uint32 window) private pure returns (uint256 index) {
        index = Windows.indexOf(window);
        if (index == WINDOW_COUNT) revert WindowUnknown(window);
    }
}
