// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "./interfaces/IVault.sol";
import {IVaultLens} from "./interfaces/IVaultLens.sol";
import {Loosening, Loosenings, VAULT_SCOPE} from "./libraries/Loosening.sol";
import {Outflow, Raise, Span} from "./libraries/Outflow.sol";
import {Meter} from "./libraries/SlidingCap.sol";
import {WINDOW_COUNT, Windows} from "./libraries/Windows.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title  The most that a thief of a session's key can take (I17)
/// @notice Every payment counts in every limit that stands in its scopes, and no limit lets more through than it would
///         alone (see Outflow): the least of these bounds holds.
/// @dev    What the owner has signed off the chain (an approval, an act not yet lodged) no view can know: it is his own
///         doing, as is whatever he does later.
contract VaultLens is IVaultLens {
    using Loosenings for Loosening[];

    /// @dev No limit bounds it.
    uint256 private constant UNBOUNDED = type(uint256).max;
    uint256 private constant NEVER = type(uint256).max;
    /// @dev Nothing is paid later than this: deadlines have 32 bits.
    uint256 private constant LAST_SECOND = type(uint32).max - 1;
    uint8 private constant LAST_CATEGORY = 63;

    /// @dev What is asked.
    struct Question {
        IVault vault;
        uint32 session;
        address token;
        uint256 unitBits;
        uint256 end; // the last second that counts
        Loosening[] waiting; // what can be executed by then, and
        Loosening[] grants; // of those, the grants of the session
    }

    /// @dev A session as it is, or as a waiting grant would make it.
    struct Terms {
        Span span; // the first and the last second at which it might pay, with what waits
        uint64 categories;
        bool isNew;
        IVault.Limit[] limits; // if it is new
        uint256 seen; // how many of them were looked at
    }

    /// @inheritdoc IVaultLens
    function maxOutflow(address vault, uint32 session, address token, uint32 horizon, bytes[] calldata calls)
        external
        view
        returns (uint256)
    {
        Question memory asked;
        (asked.vault, asked.session, asked.token) = (IVault(vault), session, token);
        (, asked.unitBits) = asked.vault.tokenOf(token);
        asked.end = Math.min(block.timestamp + horizon, LAST_SECOND);
        _readWaiting(asked, calls);
        uint256 units = session == 0 ? _ofVault(asked) : _ofSession(asked);
        return units == UNBOUNDED ? UNBOUNDED : units << asked.unitBits;
    }

    /// @dev All sessions together.
    function _ofVault(Question memory asked) private view returns (uint256) {
        (, IVault.LimitView[] memory limits) = asked.vault.remaining(0, 0, asked.token);
        if (limits.length == 0) revert NoVaultLimit(asked.token);
        return _ofLimits(asked, VAULT_SCOPE, limits, Span(block.timestamp, asked.end));
    }

    /// @dev An id that is not taken yet may be by whichever of the waiting grants is executed first.
    function _ofSession(Question memory asked) private view returns (uint256 most) {
        IVault.SessionView memory session = asked.vault.sessionOf(asked.session);
        if (session.key != address(0)) return session.revoked ? 0 : _ofTerms(asked, _termsOf(asked, session));
        for (uint256 i = 0; i < asked.grants.length; ++i) {
            most = Math.max(most, _ofTerms(asked, _termsOf(asked, asked.grants[i])));
        }
    }

    /// @dev The least of what session, vault and categories let through.
    function _ofTerms(Question memory asked, Terms memory terms) private view returns (uint256 units) {
        if (terms.span.start > terms.span.end) return 0;
        IVault.LimitView[] memory limits = _limitsOf(asked, terms, 0);
        units = _ofLimits(asked, 0, limits, terms.span);
        if (units == UNBOUNDED) units = _ofOpenings(asked, terms.span);
        if (units == 0) return 0;
        (, limits) = asked.vault.remaining(0, 0, asked.token);
        units = Math.min(units, _ofLimits(asked, VAULT_SCOPE, limits, terms.span));
        return Math.min(units, _ofCategories(asked, terms));
    }

    /// @dev Where none of the session's limits in the token is sure to stand. Each payment counts in one at least. If
    ///      limits can only come, the first to come stands to the end; if they can only go, the last to go has stood
    ///      from the start: all counts in that one, so the most of their bounds holds. If both, only the sum does.
    function _ofOpenings(Question memory asked, Span memory span) private view returns (uint256) {
        (uint256 most, uint256 sum, bool comes, bool goes) = (0, 0, false, false);
        for (uint256 index = 0; index < WINDOW_COUNT; ++index) {
            uint32 window = Windows.secondsOf(index);
            Raise[] memory raises = asked.waiting.raisesOf(0, window, asked.unitBits);
            if (raises.length != 0) comes = true;
            if (asked.waiting.removes(0, window, span.end)) goes = true;
            // A limit that does not stand has a cap of 0, so nothing is added for it until it may
            Meter meter = Meter.wrap(asked.vault.meterOf(asked.session, 0, asked.token, window));
            uint256 units = Outflow.most(meter, window, raises, span);
            (most, sum) = (Math.max(most, units), sum + units);
        }
        return comes && goes ? sum : most;
    }

    /// @dev Every payment counts in its payee's category, so categories bound the session if all of them have limits.
    function _ofCategories(Question memory asked, Terms memory terms) private view returns (uint256 sum) {
        for (uint8 category = 1; category <= LAST_CATEGORY; ++category) {
            bool granted = (terms.categories >> category) & 1 == 1;
            uint256 start = granted ? terms.span.start : Math.max(terms.span.start, asked.waiting.grantedFrom(category));
            if (start > terms.span.end) continue;
            IVault.LimitView[] memory limits = _limitsOf(asked, terms, category);
            uint256 units = _ofLimits(asked, category, limits, Span(start, terms.span.end));
            if (units == UNBOUNDED) return UNBOUNDED;
            sum += units;
        }
    }

    /// @dev The least of the limits of one scope that will stand to the end.
    function _ofLimits(Question memory asked, uint256 scope, IVault.LimitView[] memory limits, Span memory span)
        private
        pure
        returns (uint256 units)
    {
        units = UNBOUNDED;
        for (uint256 i = 0; i < limits.length; ++i) {
            uint32 window = limits[i].window;
            if (asked.waiting.removes(scope, window, span.end)) continue;
            Raise[] memory raises = asked.waiting.raisesOf(scope, window, asked.unitBits);
            units = Math.min(units, Outflow.most(Meter.wrap(limits[i].meter), window, raises, span));
        }
    }

    /// @dev The limits of a session or of one of its categories.
    function _limitsOf(Question memory asked, Terms memory terms, uint8 category)
        private
        view
        returns (IVault.LimitView[] memory limits)
    {
        if (!terms.isNew) {
            (, limits) = asked.vault.remaining(asked.session, category, asked.token);
            return limits;
        }
        // A grant's limits ascend by category, and so do the questions
        uint256 count = 0;
        limits = new IVault.LimitView[](WINDOW_COUNT);
        for (; terms.seen < terms.limits.length; ++terms.seen) {
            IVault.Limit memory limit = terms.limits[terms.seen];
            if (limit.category > category) break;
            if (limit.category < category) continue;
            limits[count].window = limit.window;
            limits[count++].meter = Meter.unwrap(Meter.wrap(0).withCap(uint256(limit.cap) >> asked.unitBits));
        }
        assembly ("memory-safe") {
            mstore(limits, count)
        }
    }

    /// @dev A session that exists: from the first second at which it might pay to the last, with what waits on it.
    function _termsOf(Question memory asked, IVault.SessionView memory session)
        private
        view
        returns (Terms memory terms)
    {
        (uint256 perPaymentCap,) = asked.vault.remaining(asked.session, 0, asked.token);
        uint256 payableFrom = perPaymentCap == 0 ? NEVER : 0;
        (terms.span.start, terms.categories) = (NEVER, session.categories);
        _addSpan(asked, terms, block.timestamp, session.validFrom, session.validUntil);
        for (uint256 i = 0; i < asked.waiting.length; ++i) {
            Loosening memory change = asked.waiting[i];
            if (change.verb == IVault.setValidity.selector) {
                _addSpan(asked, terms, change.from, change.validFrom, change.validUntil);
            } else if (change.verb == IVault.setPerPaymentCap.selector) {
                if (change.perPaymentCap >> asked.unitBits != 0) payableFrom = Math.min(payableFrom, change.from);
            }
        }
        terms.span.start = Math.max(terms.span.start, payableFrom);
    }

    /// @dev The session of a waiting grant.
    function _termsOf(Question memory asked, Loosening memory granted) private pure returns (Terms memory terms) {
        terms.span.start = NEVER;
        if (granted.perPaymentCap >> asked.unitBits == 0) return terms;
        _addSpan(asked, terms, granted.from, granted.validFrom, granted.validUntil);
        (terms.isNew, terms.categories, terms.limits) = (true, granted.categories, granted.limits);
    }

    /// @dev The session may have this span from `from` on. What lies between two spans is taken as part of both.
    function _addSpan(Question memory asked, Terms memory terms, uint256 from, uint256 validFrom, uint256 validUntil)
        private
        pure
    {
        uint256 start = Math.max(from, validFrom);
        uint256 end = Math.min(asked.end, validUntil - 1); // no session that lives ends at 0
        if (start > end) return;
        terms.span.start = Math.min(terms.span.start, start);
        terms.span.end = Math.max(terms.span.end, end);
    }

    /// @dev What waits and can be executed before the end, read from the calls that have the logged hashes.
    function _readWaiting(Question memory asked, bytes[] calldata calls) private view {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            hashes[i] = keccak256(calls[i]);
        }
        IVault.WaitingChange[] memory changes = asked.vault.waiting();
        (asked.waiting, asked.grants) = (new Loosening[](changes.length), new Loosening[](changes.length));
        (uint256 others, uint256 grants) = (0, 0);
        for (uint256 i = 0; i < changes.length; ++i) {
            IVault.WaitingChange memory change = changes[i];
            if (change.killed || change.executableFrom > asked.end || change.executableUntil <= block.timestamp) {
                continue;
            }
            uint256 from = Math.max(change.executableFrom, block.timestamp);
            Loosening memory read = Loosenings.read(calls[_placeOf(change, hashes)], from, asked.session, asked.token);
            if (read.verb == IVault.grant.selector) asked.grants[grants++] = read;
            else if (read.verb != 0) asked.waiting[others++] = read;
        }
        _cut(asked.waiting, others);
        _cut(asked.grants, grants);
    }

    function _cut(Loosening[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }

    /// @dev Which of the calls a change waits for. Their hashes are made once: calls may be long.
    function _placeOf(IVault.WaitingChange memory change, bytes32[] memory hashes)
        private
        pure
        returns (uint256 place)
    {
        for (; place < hashes.length; ++place) {
            if (hashes[place] == change.callHash) return place;
        }
        revert WaitingCallMissing(change.change);
    }
}
