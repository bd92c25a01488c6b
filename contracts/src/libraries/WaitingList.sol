// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice The numbers of the changes that wait, in one word: 24 bits each, the newest lowest, no gaps.
type WaitingList is uint256;

using WaitingListLib for WaitingList global;

library WaitingListLib {
    /// @dev How many fit. Few, so that reading all that waits has a bound.
    uint256 internal constant MAX = 10;
    uint256 private constant BITS = 24;
    uint256 private constant MASK = (1 << BITS) - 1;

    function isEmpty(WaitingList list) internal pure returns (bool) {
        return WaitingList.unwrap(list) == 0;
    }

    function isFull(WaitingList list) internal pure returns (bool) {
        return WaitingList.unwrap(list) >> (BITS * (MAX - 1)) != 0;
    }

    /// @notice The number at a place, 0 the newest; 0 = there are no more.
    function numberAt(WaitingList list, uint256 place) internal pure returns (uint32) {
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast) -- cut to 24 bits
            return uint32((WaitingList.unwrap(list) >> (BITS * place)) & MASK);
        }
    }

    /// @notice With one more. Only where not `isFull`; `number` is not 0 and has 24 bits.
    function with(WaitingList list, uint256 number) internal pure returns (WaitingList) {
        return WaitingList.wrap((WaitingList.unwrap(list) << BITS) | number);
    }

    /// @notice Without the number, whose place the older ones take; `found` = it was there.
    function without(WaitingList list, uint256 number) internal pure returns (WaitingList rest, bool found) {
        unchecked {
            uint256 word = WaitingList.unwrap(list);
            for (uint256 place = 0; place < MAX; ++place) {
                if (numberAt(list, place) != number || number == 0) continue;
                uint256 newer = word & ((1 << (BITS * place)) - 1);
                uint256 older = (word >> (BITS * (place + 1))) << (BITS * place);
                return (WaitingList.wrap(older | newer), true);
            }
            return (list, false);
        }
    }
}
