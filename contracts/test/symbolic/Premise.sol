// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

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
