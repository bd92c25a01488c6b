// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, split} from "./Premise.sol";
import {WaitingList, WaitingListLib} from "src/libraries/WaitingList.sol";

/// @notice The list of what waits loses nothing and invents nothing, for every list.
/// @custom:halmos --loop 16
contract WaitingListSymbolic {
    uint256 private constant LAST = WaitingListLib.MAX - 1;

    /// @notice What begins to wait is the newest, and all that waited still does, a place further.
    /// @custom:promise I9
    function check_WhatBeginsToWaitIsFirst(WaitingList list, uint24 number, uint256 place) external pure {
        assume(!list.isFull());
        _with(list, number, place);
    }

    /// @dev Of a full list the oldest would be lost.
    function checkFail_WhatBeginsToWaitIsFirst(WaitingList list, uint24 number, uint256 place) external pure {
        _with(list, number, place);
    }

    function _with(WaitingList list, uint24 number, uint256 place) private pure {
        assume(WaitingList.unwrap(list) < 1 << 240);
        place = split(place, LAST);
        WaitingList next = list.with(number);
        assert(next.numberAt(0) == number);
        assert(next.numberAt(place + 1) == list.numberAt(place));
        assert(WaitingList.unwrap(next) < 1 << 240);
    }

    /// @notice What is taken off the list was on it, and nothing else leaves it or changes its order.
    /// @custom:promise I9
    function check_OnlyWhatIsTakenOffLeaves(WaitingList list, uint24 number, uint256 place, uint256 other)
        external
        pure
    {
        _without(list, number, place, other, 0);
    }

    function checkFail_OnlyWhatIsTakenOffLeaves(WaitingList list, uint24 number, uint256 place, uint256 other)
        external
        pure
    {
        _without(list, number, place, other, 1);
    }

    function _without(WaitingList list, uint24 number, uint256 place, uint256 other, uint256 late) private pure {
        (WaitingList rest, bool found) = list.without(number);
        if (!found) {
            assert(WaitingList.unwrap(rest) == WaitingList.unwrap(list));
            assert(number == 0 || list.numberAt(split(place, LAST)) != number);
            return;
        }
        (place, other) = (split(place, LAST), split(other, LAST));
        assume(list.numberAt(place) == number);
        for (uint256 newer = 0; newer < place; ++newer) {
            assume(list.numberAt(newer) != number);
        }
        assert(rest.numberAt(other) == list.numberAt(other < place + late ? other : other + 1));
    }
}
