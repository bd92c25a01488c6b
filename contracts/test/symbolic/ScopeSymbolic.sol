// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume} from "./Premise.sol";
import {Scope, scopeOf} from "src/libraries/Scope.sol";
import {
    DELAY,
    EVERYTHING,
    GUARDIAN,
    OWNERSHIP,
    PAUSE,
    PAYEES,
    Subject,
    TREASURY,
    subjectOf
} from "src/libraries/Subject.sol";

/// @notice The words that key the mappings: no two things that are counted or killed apart share one.
contract ScopeSymbolic {
    /// @notice A scope says what it is of, and two that differ in anything are two.
    /// @custom:promise I4 I7
    function check_AScopeReadsBack(uint32 session, uint8 category, address token) external pure {
        (uint32 session_, uint8 category_, address token_) = scopeOf(session, category, token).parts();
        assert(session_ == session && category_ == category && token_ == token);
    }

    /// @dev Nothing wider than its field may come in.
    function checkFail_AScopeReadsBack(uint256 session, uint8 category, address token) external pure {
        (, uint8 category_,) = scopeOf(session, category, token).parts();
        assert(category_ == category);
    }

    /// @notice Nothing is killed for another thing: sessions, tokens and the single subjects are all different.
    /// @custom:promise I9
    function check_SubjectsAreDifferent(uint32 session, uint32 other, address token) external pure {
        assert(_differ(subjectOf(session), subjectOf(0, token)));
        assert(session == other || _differ(subjectOf(session), subjectOf(other)));
        _single(subjectOf(session));
        _single(subjectOf(0, token));
    }

    function checkFail_SubjectsAreDifferent(uint32 session, uint32 other) external pure {
        assert(_differ(subjectOf(session), subjectOf(other)));
    }

    /// @notice A limit of the vault is about its token, one of a session about that session, whatever the token.
    /// @custom:promise I9
    function check_ALimitIsAboutItsSessionOrItsToken(uint32 session, address token) external pure {
        assume(session != 0);
        assert(!_differ(subjectOf(session, token), subjectOf(session)));
        assert(Subject.unwrap(subjectOf(0, token)) == uint160(token));
    }

    function checkFail_ALimitIsAboutItsSessionOrItsToken(uint32 session, address token) external pure {
        assert(!_differ(subjectOf(session, token), subjectOf(session)));
    }

    function _single(Subject subject) private pure {
        assert(_differ(subject, EVERYTHING) && _differ(subject, PAUSE) && _differ(subject, DELAY));
        assert(_differ(subject, OWNERSHIP) && _differ(subject, GUARDIAN) && _differ(subject, TREASURY));
        assert(_differ(subject, PAYEES));
    }

    function _differ(Subject a, Subject b) private pure returns (bool) {
        return Subject.unwrap(a) != Subject.unwrap(b);
    }
}
