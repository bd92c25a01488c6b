// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {StdAssertions} from "forge-std/StdAssertions.sol";

/// @notice The list of a vault's payments, and what any limit must have counted of it: by brute force (I4, I7).
abstract contract Payments is StdAssertions {
    uint256 internal constant WINDOW_COUNT = 5;
    uint32 internal constant LIFETIME = type(uint32).max;

    /// @dev What a limit counts. Session 0: the vault. Category 0: every category.
    struct Scope {
        uint32 session;
        uint8 category;
        address token;
    }

    struct Standing {
        bool stands;
        uint128 cap; // base units
        uint128 highest; // cap it ever had
        uint32 written; // when its meter was last written
        uint256[] periods; // of payments by number: from + to * 2^128, `to` not included; 0 = to this day
    }

    /// @dev By number. Bits: 32 time, 32 session, 8 category, 8 category of the fee, 88 amount + fee, 88 fee.
    mapping(address token => uint256[]) internal _payments;
    mapping(address token => uint256) internal _unit; // base units; 0 = not listed
    mapping(bytes32 scope => mapping(uint256 window => Standing)) internal _limits;
    mapping(bytes32 scope => uint256) internal _standing; // bit w = a limit over window w stands

    function windowOf(uint256 w) public pure returns (uint32) {
        if (w == 0) return 1 hours;
        if (w == 1) return 1 days;
        if (w == 2) return 7 days;
        return w == 3 ? 30 days : LIFETIME;
    }

    function keyOf(Scope memory scope) internal pure returns (bytes32) {
        return keccak256(abi.encode(scope.session, scope.category, scope.token));
    }

    /// @notice A limit, and whether it stands.
    function limitOf(Scope memory scope, uint256 w) public view returns (bool stands, uint128 cap) {
        Standing storage limit = _limits[keyOf(scope)][w];
        return (limit.stands, limit.cap);
    }

    function standingOf(Scope memory scope) public view returns (uint256 mask) {
        return _standing[keyOf(scope)];
    }

    /// @dev Base units in whole units, rounded up: as spending is counted.
    function up(uint256 amount, address token) internal view returns (uint256) {
        uint256 unit = _unit[token];
        return (amount + unit - 1) / unit * unit;
    }

    /// @dev Base units in whole units, rounded down: as caps are.
    function down(uint256 amount, address token) internal view returns (uint256) {
        uint256 unit = _unit[token];
        return amount / unit * unit;
    }

    /// @notice What a limit over window `w` has counted at times from `since` to now, while it stood.
    function spentSince(Scope memory scope, uint256 w, uint256 since) public view returns (uint256 sum) {
        uint256[] storage list = _payments[scope.token];
        uint256[] memory periods = _limits[keyOf(scope)][w].periods;
        for (uint256 i = list.length; i > 0; --i) {
            uint256 payment = list[i - 1];
            if (uint32(payment) < since) break;
            uint256 share = shareOf(scope, payment);
            if (share != 0 && _stood(periods, i - 1)) sum += up(share, scope.token);
        }
    }

    /// @notice What is in the five newest buckets now.
    function usedOf(Scope memory scope, uint256 w) public view returns (uint256) {
        uint256 quarter = windowOf(w) / 4;
        uint256 bucket = block.timestamp / quarter;
        return spentSince(scope, w, bucket < 4 ? 0 : (bucket - 4) * quarter);
    }

    /// @notice The first reason by which a limit of this scope must refuse `amount` more: whatever was counted in the
    ///         closed window that ends now, with it, is above the cap.
    function overflows(Scope memory scope, uint256 amount) public view returns (bool) {
        for (uint256 w = 0; w < WINDOW_COUNT; ++w) {
            (bool stands, uint128 cap) = limitOf(scope, w);
            if (stands && spentSince(scope, w, ago(windowOf(w))) + up(amount, scope.token) > cap) return true;
        }
        return false;
    }

    /// @notice What can be refused by no limit of the scope: it fits beside all of the last 1.25 windows (I4).
    function safeAmount(Scope memory scope) public view returns (uint256 least) {
        least = type(uint128).max;
        for (uint256 w = 0; w < WINDOW_COUNT; ++w) {
            (bool stands, uint128 cap) = limitOf(scope, w);
            if (!stands) continue;
            uint256 spent = spentSince(scope, w, ago(uint256(windowOf(w)) * 5 / 4 - 1));
            uint256 left = spent < cap ? cap - spent : 0;
            if (left < least) least = left;
        }
    }

    /// @notice The most that the scope's limits can have left beside what was counted in their closed windows that end now.
    function roomOf(Scope memory scope) public view returns (uint256 least) {
        least = type(uint128).max;
        for (uint256 w = 0; w < WINDOW_COUNT; ++w) {
            (bool stands, uint128 cap) = limitOf(scope, w);
            if (!stands) continue;
            uint256 spent = spentSince(scope, w, ago(windowOf(w)));
            uint256 left = spent < cap ? cap - spent : 0;
            if (left < least) least = left;
        }
    }

    /// @notice No interval of a limit's window length, wherever it begins, holds more than its highest cap ever.
    function assertIntervals(Scope memory scope, uint256 w) external view {
        uint256[] storage list = _payments[scope.token];
        uint256[] memory periods = _limits[keyOf(scope)][w].periods;
        (uint256[] memory times, uint256[] memory shares) = (new uint256[](list.length), new uint256[](list.length));
        uint256 count = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            uint256 share = shareOf(scope, list[i]);
            if (share == 0 || !_stood(periods, i)) continue;
            (times[count], shares[count++]) = (uint32(list[i]), up(share, scope.token));
        }
        uint256 highest = _limits[keyOf(scope)][w].highest;
        for (uint256 i = 0; i < count; ++i) {
            uint256 sum = 0;
            for (uint256 j = i; j < count && times[j] <= times[i] + windowOf(w); ++j) {
                sum += shares[j];
            }
            assertLe(sum, highest, "I4: no interval holds more than the cap");
        }
    }

    function ago(uint256 span) internal view returns (uint256) {
        return span > block.timestamp ? 0 : block.timestamp - span;
    }

    /// @dev What a limit counts of a payment: see IVault, `Limit`.
    function shareOf(Scope memory scope, uint256 payment) internal pure returns (uint256) {
        uint256 total = uint88(payment >> 80);
        if (scope.session == 0) return total;
        if (uint32(payment >> 32) != scope.session) return 0;
        if (scope.category == 0 || uint8(payment >> 64) == scope.category) return total;
        return uint8(payment >> 72) == scope.category ? payment >> 168 : 0;
    }

    function _stood(uint256[] memory periods, uint256 number) private pure returns (bool) {
        for (uint256 i = periods.length; i > 0; --i) {
            (uint256 from, uint256 to) = (uint128(periods[i - 1]), periods[i - 1] >> 128);
            if (number >= from) return to == 0 || number < to - 1;
        }
        return false;
    }

    function _list(Scope memory scope, uint8 category, uint8 feeCategory, uint256 total, uint256 fee) internal {
        assertLt(total, 1 << 88);
        _payments[scope.token].push(
            block.timestamp | (uint256(scope.session) << 32) | (uint256(category) << 64) | (uint256(feeCategory) << 72)
                | (total << 80) | (fee << 168)
        );
    }

    function _setLimit(Scope memory scope, uint256 w, uint128 cap) internal {
        Standing storage limit = _limits[keyOf(scope)][w];
        if (!limit.stands) limit.periods.push(_payments[scope.token].length);
        (limit.stands, limit.cap, limit.written) = (true, cap, uint32(block.timestamp));
        if (cap > limit.highest) limit.highest = cap;
        _standing[keyOf(scope)] |= 1 << w;
    }

    function _removeLimit(Scope memory scope, uint256 w) internal {
        Standing storage limit = _limits[keyOf(scope)][w];
        (limit.stands, limit.cap) = (false, 0);
        // one more than the number it ends before: so 0 stays free
        limit.periods[limit.periods.length - 1] |= (_payments[scope.token].length + 1) << 128;
        _standing[keyOf(scope)] &= ~(1 << w);
    }

    /// @dev The raw meter that all this must have left; see libraries/SlidingCap.sol.
    function meterOf(Scope memory scope, uint256 w) internal view returns (uint256 meter) {
        Standing storage limit = _limits[keyOf(scope)][w];
        if (limit.periods.length == 0) return 0;
        uint256 quarter = windowOf(w) / 4;
        uint256 newest = limit.written / quarter;
        uint256 unit = _unit[scope.token];
        meter = (newest << 186) | (uint256(limit.cap) / unit << 155);
        uint256[] storage list = _payments[scope.token];
        for (uint256 i = list.length; i > 0; --i) {
            uint256 bucket = uint32(list[i - 1]) / quarter;
            if (bucket + 4 < newest) break;
            uint256 share = shareOf(scope, list[i - 1]);
            if (share != 0 && _stood(limit.periods, i - 1)) {
                meter += up(share, scope.token) / unit << 31 * (newest - bucket);
            }
        }
    }
}
