// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../../base/PaymentSigner.sol";
import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";

/// @notice slidingCap.tree: both directions of I4, against a list of payments. A payment of t seconds is asked for at
///         random times, all four windows, several units; what the meter lets through is written into a list, and the
///         list alone says what must and what must not be.
contract SlidingCapTest is PaymentSigner {
    uint256 internal constant PAYMENTS = 40;
    uint256 internal constant MOST = (1 << 31) - 1;
    /// @dev Every word but for the three highest bits of each count: five counts of 28 bits are below any cap's end.
    uint256 internal constant COUNTS_THAT_A_CAP_LETS_THROUGH =
        ~uint256((7 << 28) | (7 << 59) | (7 << 90) | (7 << 121) | (7 << 152));

    struct Entry {
        uint256 time; // as the meter saw it: never before an earlier payment's
        uint256 units;
    }

    // What the meter counted, in order.
    Entry[] internal list;

    struct Run {
        uint256 window;
        uint256 unitBits;
        uint256 cap; // in units
        uint256 seed;
        uint256 time;
        uint256 newest; // the latest time any payment saw
        bool backwards;
    }

    /// @notice I4 (a) and (b), random times from standing still to several windows.
    /// forge-config: default.fuzz.runs = 800
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_AnyListOfPayments(uint256 seed, uint256 start) public {
        play(runOf(seed, start, false));
    }

    /// @notice I4 where the clock goes back: "time that stands still or goes back counts into the newest bucket".
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_TimeGoingBackOrStandingStill(uint256 seed, uint256 start) public {
        play(runOf(seed, start, true));
    }

    /// @notice I4 to the second: spend all at `t`, then ask for one unit at every interesting later second.
    function test_Given_PaymentsAtTheBordersOfBuckets() public pure {
        uint256[4] memory windows = [uint256(1 hours), 1 days, 7 days, 30 days];
        for (uint256 w = 0; w < 4; ++w) {
            uint256 window = windows[w];
            uint256 bucket = window / 4;
            uint256 border = 5_000 * bucket;
            uint256[4] memory offsets = [uint256(0), 1, bucket / 2, bucket - 1];
            for (uint256 i = 0; i < 4; ++i) {
                uint256 paid = border + offsets[i];
                Meter meter = Meter.wrap(0).withCap(10).rolled(window, paid).add(10);
                // (a) nothing more while an interval of the window's length, both ends included, holds the payment
                assertEq(meter.rolled(window, paid).remainingUnits(), 0);
                assertEq(meter.rolled(window, paid + window - 1).remainingUnits(), 0);
                assertEq(meter.rolled(window, paid + window).remainingUnits(), 0);
                assertEq(meter.rolled(window, border + window + bucket - 1).remainingUnits(), 0);
                // free again exactly when the bucket has wholly left, so at the latest after 1.25 windows (b)
                assertEq(meter.rolled(window, border + window + bucket).remainingUnits(), 10);
                assertEq(meter.rolled(window, paid + window + bucket).remainingUnits(), 10);
            }
        }
    }

    /// @dev As much as fits one count, in each of the five in turn, alone and with the rest of what a cap lets through.
    function test_Given_AFullCountInAnyBucket() public pure {
        for (uint256 full = 0; full < 5; ++full) {
            Meter meter = Meter.wrap(0).withCap(MOST);
            for (uint256 i = 0; i < 5; ++i) {
                meter = meter.rolled(1 days, (100 + i) * 6 hours).add(i == full ? MOST : 0);
            }
            assertEq(meter.usedUnits(), MOST);
            assertEq(meter.capUnits(), MOST);
            assertEq(meter.remainingUnits(), 0);
            assertEq(meter.withCap(0).usedUnits(), MOST);
            assertEq(meter.rolled(1 days, (104 + full) * 6 hours).usedUnits(), MOST);
            assertEq(meter.rolled(1 days, (104 + full + 1) * 6 hours).usedUnits(), 0);

            meter = Meter.wrap(0).withCap(MOST);
            for (uint256 i = 0; i < 5; ++i) {
                meter = meter.rolled(1 days, (100 + i) * 6 hours).add(i == full ? MOST - 10 : i);
            }
            assertEq(meter.usedUnits(), MOST - full);
            assertEq(meter.remainingUnits(), full);
        }
        assertEq(SlidingCap.MAX_UNITS, MOST);
    }

    function test_When_RolledByEachNumberOfBuckets() public pure {
        Meter meter = Meter.wrap(0).withCap(MOST);
        for (uint256 i = 0; i < 5; ++i) {
            meter = meter.rolled(1 hours, (1_000 + i) * 900).add(10 ** i);
        }
        assertEq(meter.usedUnits(), 11_111);
        uint256[9] memory left = [uint256(11_111), 11_110, 11_100, 11_000, 10_000, 0, 0, 0, 0];
        for (uint256 passed = 0; passed < 9; ++passed) {
            Meter later = meter.rolled(1 hours, (1_004 + passed) * 900 + 899);
            assertEq(later.usedUnits(), left[passed]);
            assertEq(later.remainingUnits(), MOST - left[passed]);
            assertEq(later.capUnits(), MOST);
        }
        // however far, up to the end of 32-bit time and past any shift's width
        uint256[4] memory far = [uint256(1_004 + 7) * 900, (1_004 + 256) * 900, (1_004 + 10_000) * 900, 1 << 32];
        for (uint256 i = 0; i < 4; ++i) {
            Meter later = meter.rolled(1 hours, far[i]);
            assertEq(later.usedUnits(), 0);
            assertEq(later.add(3).rolled(1 hours, far[i] + 3600).usedUnits(), 3);
            assertEq(later.add(3).rolled(1 hours, far[i] + 4500).usedUnits(), 0);
        }
        // and backwards: as it was
        assertEq(Meter.unwrap(meter.rolled(1 hours, 0)), Meter.unwrap(meter));
    }

    /// forge-config: default.fuzz.runs = 300
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_When_TheCapChanges(uint256 word, uint256 cap, uint256 time) public pure {
        cap = within(cap, 0, MOST);
        time = within(time, 0, type(uint32).max);
        word &= COUNTS_THAT_A_CAP_LETS_THROUGH;
        Meter meter = Meter.wrap(word);
        Meter changed = meter.withCap(cap);
        assertEq(changed.capUnits(), cap);
        assertEq(changed.usedUnits(), meter.usedUnits());
        assertEq(Meter.unwrap(changed.withCap(meter.capUnits())), word);
        assertEq(Meter.unwrap(meter.rolled(1 hours, time)) >> 209, word >> 209);
        assertEq(meter.rolled(1 hours, time).capUnits(), meter.capUnits());
        // I7: rolling later in two steps or in one is the same; nothing grows by waiting
        Meter once = meter.rolled(1 hours, time);
        assertEq(Meter.unwrap(once.rolled(1 hours, time)), Meter.unwrap(once));
        assertLe(once.usedUnits(), meter.usedUnits());
    }

    function test_When_TheCapIsBelowWhatWasUsed() public pure {
        Meter meter = Meter.wrap(0).withCap(10).rolled(1 hours, 900_000).add(8);
        assertEq(meter.withCap(7).remainingUnits(), 0);
        assertEq(meter.withCap(8).remainingUnits(), 0);
        assertEq(meter.withCap(9).remainingUnits(), 1);
        assertEq(meter.withCap(0).remainingUnits(), 0);
        assertEq(meter.withCap(7).usedUnits(), 8);
    }

    /// forge-config: default.fuzz.runs = 300
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_When_AmountsBecomeUnits(uint256 amount, uint256 bits) public pure {
        amount = within(amount, 0, uint256(type(uint128).max) * 2);
        bits = within(bits, 0, 97);
        uint256 units = SlidingCap.toUnitsUp(amount, bits);
        assertGe(units << bits, amount);
        if (units != 0) assertLt((units - 1) << bits, amount);
        if (amount == 0) assertEq(units, 0);
    }

    // ---------------------------------------------------------------------------------------------- the list

    function runOf(uint256 seed, uint256 start, bool backwards) internal pure returns (Run memory run) {
        uint256[4] memory windows = [uint256(1 hours), 1 days, 7 days, 30 days];
        run.window = windows[seed % 4];
        run.unitBits = (seed >> 8) % 98;
        run.cap = within(seed >> 16, 1, (seed >> 250) == 0 ? MOST : 1_000);
        run.seed = seed;
        run.time = within(start, 1_600_000_000, type(uint32).max - 400 days);
        run.backwards = backwards;
    }

    function play(Run memory run) internal {
        Meter meter = Meter.wrap(0).withCap(run.cap);
        for (uint256 i = 0; i < PAYMENTS; ++i) {
            run.seed = uint256(keccak256(abi.encode(run.seed)));
            run.time = nextTime(run);
            if (run.time > run.newest) run.newest = run.time;
            uint256 amount = nextAmount(run);
            uint256 units = (amount >> run.unitBits) + (amount & ((1 << run.unitBits) - 1) == 0 ? 0 : 1);
            assertEq(SlidingCap.toUnitsUp(amount, run.unitBits), units);

            meter = meter.rolled(run.window, run.time);
            uint256 used = counted(run, bucketsBack(run, 4));
            assertEq(meter.usedUnits(), used, "exactly the newest five buckets");
            assertEq(meter.remainingUnits(), run.cap - used);
            bool accepted = units <= meter.remainingUnits();
            // (b) what fits beside all that was spent in the last 1.25 windows is accepted
            if (units + spent(run.newest - run.window - run.window / 4 + 1, run.newest) <= run.cap) {
                assertTrue(accepted, "nothing is refused for what was spent more than 1.25 windows ago");
            }
            if (!accepted) continue;
            meter = meter.add(units);
            list.push(Entry(run.newest, units));
            // (a) any interval of the window's length that ends now
            assertLe(spent(run.newest - run.window, run.newest), run.cap, "no interval exceeds the cap");
        }
        everyInterval(run);
    }

    /// @dev (a) once more over the whole list: each payment begins an interval, both ends included.
    function everyInterval(Run memory run) internal view {
        for (uint256 i = 0; i < list.length; ++i) {
            assertLe(spent(list[i].time, list[i].time + run.window), run.cap, "no interval exceeds the cap");
        }
    }

    function spent(uint256 from, uint256 to) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].time >= from && list[i].time <= to) sum += list[i].units;
        }
    }

    function bucketsBack(Run memory run, uint256 buckets) internal pure returns (uint256) {
        return run.newest / (run.window / 4) - buckets;
    }

    function counted(Run memory run, uint256 oldest) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].time / (run.window / 4) >= oldest) sum += list[i].units;
        }
    }

    /// @dev Still, a second, to or just before a border, some buckets, about a window, several windows; or back.
    function nextTime(Run memory run) internal pure returns (uint256) {
        uint256 bucket = run.window / 4;
        uint256 dice = run.seed % 10;
        uint256 some = run.seed >> 8;
        if (run.backwards && dice < 4) return run.time - some % (2 * run.window);
        if (dice == 0) return run.time;
        if (dice == 1) return run.time + 1;
        if (dice == 2) return (run.time / bucket + 1) * bucket;
        if (dice == 3) return (run.time / bucket + 1) * bucket - 1;
        if (dice == 4) return run.time + run.window;
        if (dice == 5) return run.time + run.window + bucket - some % 2;
        if (dice == 6) return run.time + some % (3 * run.window);
        return run.time + some % bucket;
    }

    function nextAmount(Run memory run) internal pure returns (uint256) {
        uint256 dice = (run.seed >> 128) % 6;
        uint256 some = run.seed >> 136;
        uint256 whole = run.cap << run.unitBits;
        if (dice == 0) return whole;
        if (dice == 1) return 1;
        if (dice == 2) return whole + 1;
        if (dice == 3) return 1 + some % (whole / 4 + 1);
        return 1 + some % whole;
    }
}
