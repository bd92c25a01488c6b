// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {PolicyWord} from "../libraries/PolicyWord.sol";
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
        Meter meter = _meter(session, token, index);
        if (!meter.stands()) revert LimitUnknown(session, token, window);
        // Effect
        _setMeter(session, token, index, meter.removed());
        _setPolicy(session, token, _policy(session, token).withoutWindow(index));
        _log(3, abi.encode(HASH, LimitRemoved.selector, session, token, window, SEQUENCE));
    }

    /// @inheritdoc IVault
    function remaining(uint32 session, address token)
        external
        view
        returns (uint128 perPaymentCap, LimitView[] memory limits)
    {
        PolicyWord policy = _policy(session, token);
        perPaymentCap = policy.perPaymentCap();
        limits = new LimitView[](WINDOW_COUNT);
        uint256 count = 0;
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            Meter meter = _meter(session, token, index);
            if (meter.stands()) limits[count++] = _limitView(meter, index, policy.unitBits());
        }
        assembly ("memory-safe") {
            mstore(limits, count)
        }
    }

    /// @inheritdoc IVault
    function meterOf(uint32 session, address token, uint32 window) external view returns (uint256) {
        return Meter.unwrap(_meter(session, token, _windowIndex(window)));
    }

    function _setPerPaymentCap(uint32 session, address token, uint128 perPaymentCap) private {
        PolicyWord policy = _policy(session, token).withUnitBits(_unitBits(token));
        _setPolicy(session, token, policy.withPerPaymentCap(perPaymentCap));
        _log(3, abi.encode(HASH, PerPaymentCapSet.selector, session, token, perPaymentCap, SEQUENCE));
    }

    function _setLimit(uint32 session, address token, uint32 window, uint128 cap) private {
        // Check
        uint256 index = _windowIndex(window);
        uint8 unitBits = _unitBits(token);
        uint256 units = uint256(cap) >> unitBits;
        if (units > SlidingCap.MAX_UNITS) revert CapTooLarge(cap, SlidingCap.MAX_UNITS << unitBits);
        // Effect: the meter keeps what it counted, whatever the cap was or is
        Meter meter = _meter(session, token, index).rolled(window, block.timestamp).withCap(units);
        _setMeter(session, token, index, meter);
        _setPolicy(session, token, _policy(session, token).withUnitBits(unitBits).withWindow(index));
        uint256 used = meter.usedUnits() << unitBits;
        _log(3, abi.encode(HASH, LimitSet.selector, session, token, window, units << unitBits, used, SEQUENCE));
    }

    function _limitView(Meter meter, uint256 index, uint256 unitBits) private view returns (LimitView memory) {
        uint32 window = Windows.secondsOf(index);
        Meter now_ = meter.rolled(window, block.timestamp);
        return LimitView({
            window: window,
            cap: uint128(now_.capUnits() << unitBits),
            used: uint128(now_.usedUnits() << unitBits),
            remaining: uint128(now_.remainingUnits() << unitBits),
            meter: Meter.unwrap(meter)
        });
    }

    function _unitBits(address token) private view returns (uint8) {
        if (!_tokens[token].listed) revert TokenNotListed(token);
        return _tokens[token].unitBits;
    }

    function _windowIndex(uint32 window) private pure returns (uint256 index) {
        index = Windows.indexOf(window);
        if (index == WINDOW_COUNT) revert WindowUnknown(window);
    }
}
