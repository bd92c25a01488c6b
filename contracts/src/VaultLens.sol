// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPurses} from "./interfaces/IPurses.sol";
import {IVault} from "./interfaces/IVault.sol";
import {IVaultLens} from "./interfaces/IVaultLens.sol";
import {Loosening, Loosenings, VAULT_SCOPE} from "./libraries/Loosening.sol";
import {Outflow, Raise, Span} from "./libraries/Outflow.sol";
import {Meter} from "./libraries/SlidingCap.sol";
import {VaultReader} from "./libraries/VaultReader.sol";
import {WINDOW_COUNT, Windows} from "./libraries/Windows.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title  What stands in a vault, and the most that a thief of a session's key can take (I17)
/// @notice Every payment counts in every limit that stands in its scopes, and no limit lets more through than it would
///         alone (see Outflow): the least of these bounds holds. What a purse pays was counted when it was refilled, so
///         what purses hold now comes on top.
/// @dev    What the owner has signed off the chain (an approval, an act not yet lodged) no view can know: it is his own
///         doing, as is whatever he does later.
contract VaultLens is IVaultLens {
    using Loosenings for Loosening[];
    using SafeTransferLib for address; // balances, bounded: 0 where a token gives no answer
    using VaultReader for IVault;

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
        return session == 0 ? _ofVault(asked) : _ofSession(asked);
    }

    /// @inheritdoc IVaultLens
    function sessionOf(address vault, uint32 session) external view returns (SessionView memory) {
        return IVault(vault).sessionOf(session);
    }

    /// @inheritdoc IVaultLens
    function remaining(address vault, uint32 session, uint8 category, address token)
        external
        view
        returns (uint128, LimitView[] memory)
    {
        return IVault(vault).remaining(session, category, token);
    }

    /// @inheritdoc IVaultLens
    function meterOf(address vault, uint32 session, uint8 category, address token, uint32 window)
        external
        view
        returns (uint256)
    {
        return Meter.unwrap(IVault(vault).meterOf(session, category, token, window));
    }

    /// @inheritdoc IVaultLens
    function waiting(address vault) external view returns (WaitingChange[] memory) {
        return IVault(vault).waiting();
    }

    /// @inheritdoc IVaultLens
    function purseOf(address vault, uint32 session, address token, uint8 category)
        external
        view
        returns (PurseView memory view_)
    {
        IPurses purses = _pursesOf(IVault(vault));
        view_.purse = purses.purseOf(session, token, category);
        view_.open = view_.purse.code.length != 0;
        view_.balance = token.balanceOf(view_.purse);
        (view_.target, view_.largestTarget) = purses.targetOf(session, category, token);
    }

    /// @dev The first contract that the vault has made: keccak256(rlp([vault, 1])).
    function _pursesOf(IVault vault) private pure returns (IPurses) {
        return IPurses(address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", vault, hex"01"))))));
    }

    /// @dev In base units, with what purses hold.
    function _sum(Question memory asked, uint256 units, uint256 held) private pure returns (uint256) {
        return units == UNBOUNDED ? UNBOUNDED : (units << asked.unitBits) + held;
    }

    /// @dev All sessions together.
    function _ofVault(Question memory asked) private view returns (uint256) {
        (, LimitView[] memory limits) = asked.vault.remaining(0, 0, asked.token);
        if (limits.length == 0) revert NoVaultLimit(asked.token);
        uint256 units = _ofLimits(asked, VAULT_SCOPE, limits, Span(block.timestamp, asked.end));
        IPurses purses = _pursesOf(asked.vault);
        uint256 held = 0;
        for (uint256 i = purses.countOf(asked.token); i != 0;) {
            (address purse, uint32 session) = purses.purseAt(asked.token, --i);
            if (!asked.vault.sessionOf(session).revoked) held += asked.token.balanceOf(purse);
        }
        return _sum(asked, units, held);
    }

    /// @dev An id that is not taken yet may be by whichever of the waiting grants is executed first.
    function _ofSession(Question memory asked) private view returns (uint256 most) {
        SessionView memory session = asked.vault.sessionOf(asked.session);
        if (session.key != address(0)) return session.revoked ? 0 : _ofTerms(asked, _termsOf(asked, session));
        for (uint256 i = 0; i < asked.grants.length; ++i) {
            most = Math.max(most, _ofTerms(asked, _termsOf(asked, asked.grants[i])));
        }
    }

    /// @dev The least of what session, vault and categories let through, and what the session's purses hold.
    function _ofTerms(Question memory asked, Terms memory terms) private view returns (uint256) {
        if (terms.span.start > terms.span.end) return 0;
        uint256 units = _ofScopes(asked, terms);
        return units == UNBOUNDED ? UNBOUNDED : _sum(asked, units, _ofPurses(asked, terms));
    }

    /// @dev What the session's purses hold, whether opened yet or not: of the categories that it has or may be granted.
    function _ofPurses(Question memory asked, Terms memory terms) private view returns (uint256 held) {
        IPurses purses = _pursesOf(asked.vault);
        for (uint8 category = 1; category <= LAST_CATEGORY; ++category) {
            if (_startOf(asked, terms, category) > terms.span.end) continue;
            held += asked.token.balanceOf(purses.purseOf(asked.session, asked.token, category));
        }
    }

    /// @dev From when on the session may pay under a category, within its span.
    function _startOf(Question memory asked, Terms memory terms, uint8 category) private pure returns (uint256) {
        if ((terms.categories >> category) & 1 == 1) return terms.span.start;
        return Math.max(terms.span.start, asked.waiting.grantedFrom(category));
    }

    /// @dev In units.
    function _ofScopes(Question memory asked, Terms memory terms) private view returns (uint256 units) {
        LimitView[] memory limits = _limitsOf(asked, terms, 0);
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
            Meter meter = asked.vault.meterOf(asked.session, 0, asked.token, window);
            uint256 units = Outflow.most(meter, window, raises, span);
            (most, sum) = (Math.max(most, units), sum + units);
        }
        return comes && goes ? sum : most;
    }

    /// @dev Every payment counts in its payee's category, so categories bound the session if all of them have limits.
    function _ofCategories(Question memory asked, Terms memory terms) private view returns (uint256 sum) {
        for (uint8 category = 1; category <= LAST_CATEGORY; ++category) {
            uint256 start = _startOf(asked, terms, category);
            if (start > terms.span.end) continue;
            LimitView[] memory limits = _limitsOf(asked, terms, category);
            uint256 units = _ofLimits(asked, category, limits, Span(start, terms.span.end));
            if (units == UNBOUNDED) return UNBOUNDED;
            sum += units;
        }
    }

    /// @dev The least of the limits of one scope that will stand to the end.
    function _ofLimits(Question memory asked, uint256 scope, LimitView[] memory limits, Span memory span)
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
        returns (LimitView[] memory limits)
    {
        if (!terms.isNew) {
            (, limits) = asked.vault.remaining(asked.session, category, asked.token);
            return limits;
        }
        // A grant's limits ascend by category, and so do the questions
        uint256 count = 0;
        limits = new LimitView[](WINDOW_COUNT);
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
    function _termsOf(Question memory asked, SessionView memory session) private view returns (Terms memory terms) {
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
        WaitingChange[] memory changes = asked.vault.waiting();
        (asked.waiting, asked.grants) = (new Loosening[](changes.length), new Loosening[](changes.length));
        (uint256 others, uint256 grants) = (0, 0);
        for (uint256 i = 0; i < changes.length; ++i) {
            WaitingChange memory change = changes[i];
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
    function _placeOf(WaitingChange memory change, bytes32[] memory hashes) private pure returns (uint256 place) {
        for (; place < hashes.length; ++place) {
            if (hashes[place] == change.callHash) return place;
        }
        revert WaitingCallMissing(change.change);
    }
}
