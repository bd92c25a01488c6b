// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {AllowanceWord} from "../libraries/AllowanceWord.sol";
import {Meter, SlidingCap} from "../libraries/SlidingCap.sol";
import {WINDOW_COUNT, Windows} from "../libraries/Windows.sol";
import {Sessions} from "./Sessions.sol";

/// @title How much a session may pay: the per-payment cap and the sliding limits, per token (I4, I7)
abstract contract Limits is Sessions {
    /// @inheritdoc IVault
    function grant(Grant calldata newSession) external onlyOwner {
        uint32 session = newSession.session;
        _create(session, newSession.key, newSession.validFrom, newSession.validUntil, newSession.categories);
        for (uint256 i = 0; i < newSession.tokens.length; ++i) {
            TokenGrant calldata entry = newSession.tokens[i];
            if (i != 0 && entry.token <= newSession.tokens[i - 1].token) revert NotAscending(i);
            _setPerPaymentCap(session, entry.token, entry.perPaymentCap);
            for (uint256 j = 0; j < entry.limits.length; ++j) {
                Limit calldata limit = entry.limits[j];
                if (j != 0 && limit.window <= entry.limits[j - 1].window) revert NotAscending(j);
                _setLimit(session, entry.token, limit.window, limit.cap);
            }
        }
    }

    /// @inheritdoc IVault
    function setPerPaymentCap(uint32 session, address token, uint128 perPaymentCap) external onlyOwner {
        _live(session);
        _setPerPaymentCap(session, token, perPaymentCap);
    }

    /// @inheritdoc IVault
    function setLimit(uint32 session, address token, uint32 window, uint128 cap) external onlyOwner {
        _live(session);
        _setLimit(session, token, window, cap);
    }

    /// @inheritdoc IVault
    function removeLimit(uint32 session, address token, uint32 window) external onlyOwner {
        // Check
        _live(session);
        uint256 index = _windowIndex(window);
        AllowanceWord allowance = _allowance(session, token);
        if (!allowance.limitedBy(index)) revert LimitUnknown(session, token, window);
        // Effect: the meter is put aside with what it counted
        _setMeter(session, token, index, _meterOf(session, token, index).withCap(0));
        if (allowance.firstIndex() == index) allowance = _withNextFirst(session, token, allowance);
        else allowance = allowance.withoutOther(index);
        _setAllowance(session, token, allowance);
        _log(_vault, 3, abi.encode(HASH, LimitRemoved.selector, session, token, window, SEQUENCE));
    }

    /// @inheritdoc IVault
    function remaining(uint32 session, address token)
        external
        view
        returns (uint128 perPaymentCap, LimitView[] memory limits)
    {
        AllowanceWord allowance = _allowance(session, token);
        perPaymentCap = uint128(allowance.perPaymentCap());
        limits = new LimitView[](WINDOW_COUNT);
        uint256 count = 0;
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if (!allowance.limitedBy(index)) continue;
            limits[count++] = _limitView(_meterOf(session, token, index), index, allowance.unitBits());
        }
        assembly ("memory-safe") {
            mstore(limits, count)
        }
    }

    /// @inheritdoc IVault
    function meterOf(uint32 session, address token, uint32 window) external view returns (uint256) {
        return Meter.unwrap(_meterOf(session, token, _windowIndex(window)));
    }

    function _setPerPaymentCap(uint32 session, address token, uint128 perPaymentCap) private {
        (uint8 unitBits, uint256 units) = _toUnits(token, perPaymentCap);
        AllowanceWord allowance = _allowance(session, token).withUnitBits(unitBits).withPerPaymentUnits(units);
        _setAllowance(session, token, allowance);
        _log(_vault, 3, abi.encode(HASH, PerPaymentCapSet.selector, session, token, units << unitBits, SEQUENCE));
    }

    function _setLimit(uint32 session, address token, uint32 window, uint128 cap) private {
        // Check
        uint256 index = _windowIndex(window);
        (uint8 unitBits, uint256 units) = _toUnits(token, cap);
        // Effect: the meter keeps what it counted, whatever the cap was or is
        Meter meter = _meterOf(session, token, index).rolled(window, block.timestamp).withCap(units);
        AllowanceWord allowance = _allowance(session, token).withUnitBits(unitBits);
        if (!allowance.limited() || allowance.firstIndex() == index) {
            allowance = allowance.withFirst(index, meter);
        } else {
            allowance = allowance.withOther(index);
            _setMeter(session, token, index, meter);
        }
        _setAllowance(session, token, allowance);
        uint256 used = meter.usedUnits() << unitBits;
        _log(_vault, 3, abi.encode(HASH, LimitSet.selector, session, token, window, units << unitBits, used, SEQUENCE));
    }

    /// @dev The meter of a limit, wherever it stands.
    function _meterOf(uint32 session, address token, uint256 index) private view returns (Meter) {
        AllowanceWord allowance = _allowance(session, token);
        if (allowance.limited() && allowance.firstIndex() == index) return allowance.firstMeter();
        return _meter(session, token, index);
    }

    /// @dev Another limit takes the place of the first, if one stands.
    function _withNextFirst(uint32 session, address token, AllowanceWord allowance)
        private
        view
        returns (AllowanceWord)
    {
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            if ((allowance.others() >> index) & 1 == 0) continue;
            return allowance.withoutOther(index).withFirst(index, _meter(session, token, index));
        }
        return allowance.withoutFirst();
    }

    function _limitView(Meter meter, uint256 index, uint256 unitBits) private view returns (LimitView memory) {
        uint32 window = Windows.secondsOf(index);
        Meter now_ = meter.rolled(window, block.timestamp);
        // 2^31 units of at most 2^97 base units fit 128 bits: no payment is counted beyond the largest cap
        // forge-lint: disable-start(unsafe-typecast)
        return LimitView({
            window: window,
            cap: uint128(now_.capUnits() << unitBits),
            used: uint128(now_.usedUnits() << unitBits),
            remaining: uint128(now_.remainingUnits() << unitBits),
            meter: Meter.unwrap(meter)
        });
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev A cap in the token's units, rounded down.
    function _toUnits(address token, uint128 cap) private view returns (uint8 unitBits, uint256 units) {
        TokenEntry memory entry = _tokens[token];
        if (!entry.listed) revert TokenNotListed(token);
        unitBits = entry.unitBits;
        units = uint256(cap) >> unitBits;
        if (units > SlidingCap.MAX_UNITS) revert CapTooLarge(cap, SlidingCap.MAX_UNITS << unitBits);
    }

    function _windowIndex(uint32 window) private pure returns (uint256 index) {
        index = Windows.indexOf(window);
        if (index == WINDOW_COUNT) revert WindowUnknown(window);
    }
}
