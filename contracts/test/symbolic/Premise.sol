// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";

// What the proofs share. They use no forge-std: halmos counts a failed `assert` as a counterexample and ignores every
// other revert, so a premise is a plain revert.

error PremiseFalse();

/// @dev What follows need only hold where `premise` does.
function assume(bool premise) pure {
    if (!premise) revert PremiseFalse();
}

/// @dev `value` itself, at most `last`, but a constant on each path: a shift by a constant is easy for the solvers, a
///      shift by a variable is not. Run with `--loop` above `last`.
function split(uint256 value, uint256 last) pure returns (uint256) {
    for (uint256 candidate = 0; candidate <= last; ++candidate) {
        if (value == candidate) return candidate;
    }
    revert PremiseFalse();
}

/// @dev Whether a meter's five counts together fit a cap, as those of every meter do that began empty
///      (SlidingCapSymbolic). The meter relies on that when it adds them up. That each run of them fits, too, follows, and
///      is said because solvers do not see it.
function countsFit(Meter meter) pure returns (bool) {
    unchecked {
        uint256 tooLarge;
        for (uint256 first = 0; first < 5; ++first) {
            uint256 sum;
            for (uint256 i = first; i < 5; ++i) {
                sum += (Meter.unwrap(meter) >> (31 * i)) & SlidingCap.MAX_UNITS;
                tooLarge |= sum >> SlidingCap.COUNT_BITS;
            }
        }
        return tooLarge == 0;
    }
}
