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
///      (SlidingCapSymbolic: CountsAlwaysFitACap). The meter relies on that when it adds them up.
function countsFit(Meter meter) pure returns (bool) {
    unchecked {
        uint256 word = Meter.unwrap(meter);
        uint256 sum = word & SlidingCap.MAX_UNITS;
        for (uint256 shift = 31; shift < 155; shift += 31) {
            sum += (word >> shift) & SlidingCap.MAX_UNITS;
        }
        return sum <= SlidingCap.MAX_UNITS;
    }
}
