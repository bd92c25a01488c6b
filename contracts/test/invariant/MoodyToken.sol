// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice A token that keeps a book of who moved what to whom, and that can be put in a mood for what comes next.
///         Logs of calls that were undone are still recorded by forge; this book is undone with them.
contract MoodyToken {
    enum Mood {
        Plain,
        SaysNothing, // moves, like USDT
        Refuses, // with an error
        RefusesBare, // without
        SaysFalse, // moves nothing
        MovesAndSaysFalse,
        Bombs, // refuses, with 100,000 bytes
        Burns, // all the gas it gets
        Reenters, // calls somewhere, once, then moves
        ReentersAfter // moves, then calls somewhere, once
    }

    uint8 public constant decimals = 6;
    mapping(address account => uint256) public balanceOf;
    mapping(address from => mapping(address to => uint256)) public moved;
    mapping(address from => uint256) public sent;
    mapping(address account => uint256) public funded;
    uint256 public approvals;

    Mood public mood;
    address private _target;
    bytes private _call;
    bool public succeeded;
    bytes public answer;

    error Refused();

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
        funded[to] += amount;
    }

    function put(Mood next) external {
        mood = next;
    }

    /// @notice What the next transfer calls, before or after it moves.
    function arm(address target, bytes calldata call, bool afterwards) external {
        (_target, _call) = (target, call);
        (succeeded, answer) = (false, "");
        mood = afterwards ? Mood.ReentersAfter : Mood.Reenters;
    }

    function approve(address, uint256) external returns (bool) {
        ++approvals;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        Mood now_ = mood;
        if (now_ == Mood.Refuses) revert Refused();
        if (now_ == Mood.RefusesBare || now_ == Mood.Bombs) {
            assembly {
                revert(0, mul(100000, eq(now_, 6)))
            }
        }
        if (now_ == Mood.SaysFalse) return false;
        while (now_ == Mood.Burns) {}
        if (now_ == Mood.Reenters) _fire();
        if (balanceOf[msg.sender] < amount) revert Refused();
        unchecked {
            balanceOf[msg.sender] -= amount;
            balanceOf[to] += amount;
            moved[msg.sender][to] += amount;
            sent[msg.sender] += amount;
        }
        if (now_ == Mood.ReentersAfter) _fire();
        if (now_ == Mood.MovesAndSaysFalse) return false;
        if (now_ == Mood.SaysNothing) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }

    function _fire() private {
        mood = Mood.Plain;
        (succeeded, answer) = _target.call(_call);
    }
}
