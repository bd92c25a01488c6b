// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../../base/PaymentSigner.sol";
import {Outflow, Raise, Span} from "src/libraries/Outflow.sol";
import {Meter} from "src/libraries/SlidingCap.sol";

/// @notice outflow.tree: the bound of one limit against thieves who know nothing of it: they ask the meter what is
///         left, and take it (I17).
contract OutflowTest is PaymentSigner {
    uint256 internal constant START = 1_800_792_000;
    uint256 internal constant MOST = (1 << 31) - 1;
    uint256 internal constant DAY = 1 days;
    uint256 internal constant BUCKET = 6 hours;

    struct Scene {
        Meter meter;
        uint256 window;
        uint256 start;
        uint256 end;
        Raise[] raises;
        uint256 seed;
    }

    /// forge-config: default.fuzz.runs = 2000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_AnyMeterAndHorizon(uint256 seed) public pure {
        Scene memory scene = sceneOf(seed, 0);
        assertEq(mostOf(scene), greedy(scene));
    }

    /// forge-config: default.fuzz.runs = 2000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_CapsThatWait(uint256 seed) public pure {
        Scene memory scene = sceneOf(seed, 1 + seed % 4);
        assertEq(mostOf(scene), greedy(scene));
    }

    /// forge-config: default.fuzz.runs = 200
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_EveryStrategyOnASmallMeter(uint256 seed) public pure {
        Scene memory scene;
        (scene.window, scene.start, scene.seed) = (DAY, START, seed);
        uint256 cap = next(scene) % 4;
        scene.meter = Meter.wrap(0);
        for (uint256 i = 5; i != 0; --i) {
            // more than the cap, as where it was lowered
            scene.meter = scene.meter.rolled(DAY, START - i * BUCKET + BUCKET).add(next(scene) % 3);
        }
        scene.meter = scene.meter.withCap(cap);
        scene.end = START + (next(scene) % 7) * BUCKET;
        scene.raises = new Raise[](next(scene) % 2);
        if (scene.raises.length != 0) {
            scene.raises[0] = Raise(START + (next(scene) % 7) * BUCKET, cap + next(scene) % 3);
        }
        assertEq(mostOf(scene), best(scene, scene.meter, START));
    }

    /// forge-config: default.fuzz.runs = 2000
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_StrategiesAtRandom(uint256 seed) public pure {
        Scene memory scene = sceneOf(seed, seed % 4);
        uint256 most = mostOf(scene);
        for (uint256 round = 0; round < 4; ++round) {
            assertLe(haphazard(scene), most);
        }
    }

    function test_Given_AHorizonToTheEndOfTime() public pure {
        Raise[] memory none;
        uint256 end = type(uint32).max - 1;
        uint256[4] memory windows = [uint256(1 hours), 1 days, 7 days, 30 days];
        for (uint256 w = 0; w < 4; ++w) {
            uint256 buckets = end / (windows[w] / 4) - START / (windows[w] / 4) + 1;
            uint256 expected = (buckets + 4) / 5 * 7; // all at once, each fifth bucket
            assertEq(Outflow.most(Meter.wrap(0).withCap(7), windows[w], none, Span(START, end)), expected);
        }
        Meter spent = Meter.wrap(0).withCap(MOST).rolled(type(uint32).max, START).add(MOST - 3);
        assertEq(Outflow.most(spent, type(uint32).max, none, Span(START, end)), 3);
        assertEq(Outflow.most(spent.withCap(5), type(uint32).max, none, Span(START, end)), 0);
        assertEq(Outflow.most(Meter.wrap(0).withCap(MOST), type(uint32).max, none, Span(0, end)), MOST);
    }

    function test_Given_ACapBelowWhatIsSpent() public pure {
        Raise[] memory none;
        Meter meter = Meter.wrap(0).withCap(100);
        meter = meter.rolled(DAY, START).add(60).rolled(DAY, START + BUCKET).add(40).withCap(50);
        uint256 time = START + BUCKET;
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 5 * BUCKET - 1)), 0);
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 5 * BUCKET)), 10); // 60 have left
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 6 * BUCKET)), 50); // and 40
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 10 * BUCKET)), 60); // and the first 10
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 11 * BUCKET - 1)), 60);
        assertEq(Outflow.most(meter, DAY, none, Span(time, START + 11 * BUCKET)), 100);
    }

    function test_Given_AMeterAheadOfTheClock() public pure {
        Raise[] memory none;
        Meter meter = Meter.wrap(0).withCap(10).rolled(DAY, START + 3 * BUCKET).add(4);
        assertEq(Outflow.most(meter, DAY, none, Span(START, START)), 6);
        assertEq(Outflow.most(meter, DAY, none, Span(START, START + 8 * BUCKET - 1)), 6);
        assertEq(Outflow.most(meter, DAY, none, Span(START, START + 8 * BUCKET)), 16);
    }

    function test_When_TheEndIsBeforeTheStart() public pure {
        Raise[] memory none;
        assertEq(Outflow.most(Meter.wrap(0).withCap(10), DAY, none, Span(START, START - 1)), 0);
        assertEq(Outflow.most(Meter.wrap(0).withCap(10), DAY, none, Span(START, START)), 10);
        assertEq(Outflow.most(Meter.wrap(0).withCap(10), DAY, none, Span(type(uint256).max, START)), 0);
    }

    // ---------------------------------------------------------------------------------------------- thieves

    /// @dev At every border: the highest cap there is by then, and all that is left under it.
    function greedy(Scene memory scene) internal pure returns (uint256 taken) {
        Meter meter = scene.meter;
        for (uint256 time = scene.start; time <= scene.end; time = nextTime(scene, time)) {
            meter = meter.rolled(scene.window, time).withCap(highest(scene, meter.capUnits(), time));
            uint256 left = meter.remainingUnits();
            meter = meter.add(left);
            taken += left;
        }
    }

    /// @dev Any amount at any time, in order, under any of the caps that there are.
    function haphazard(Scene memory scene) internal pure returns (uint256 taken) {
        Meter meter = scene.meter;
        for (uint256 time = scene.start; time <= scene.end;) {
            meter = meter.rolled(scene.window, time);
            if (scene.raises.length != 0) {
                Raise memory raise = scene.raises[next(scene) % scene.raises.length];
                if (raise.from <= time) meter = meter.withCap(raise.capUnits);
            }
            uint256 left = meter.remainingUnits();
            if (next(scene) % 3 == 0) left = within(next(scene), 0, left);
            meter = meter.add(left);
            taken += left;
            time = next(scene) % 2 == 0 ? nextTime(scene, time) : time + next(scene) % (scene.window / 2) + 1;
        }
    }

    /// @dev The best of all strategies, by trying them.
    function best(Scene memory scene, Meter meter, uint256 time) internal pure returns (uint256 most) {
        if (time > scene.end) return 0;
        meter = meter.rolled(scene.window, time);
        most = spend(scene, meter, time);
        if (scene.raises.length == 0 || scene.raises[0].from > time) return most;
        uint256 raised = spend(scene, meter.withCap(scene.raises[0].capUnits), time);
        if (raised > most) most = raised;
    }

    function spend(Scene memory scene, Meter meter, uint256 time) internal pure returns (uint256 most) {
        uint256 left = meter.remainingUnits();
        for (uint256 units = 0; units <= left; ++units) {
            uint256 taken = units + best(scene, meter.add(units), time + BUCKET);
            if (taken > most) most = taken;
        }
    }

    /// @dev The next border of a bucket or the next time of a raise.
    function nextTime(Scene memory scene, uint256 time) internal pure returns (uint256 later) {
        uint256 quarter = scene.window / 4;
        later = (time / quarter + 1) * quarter;
        for (uint256 i = 0; i < scene.raises.length; ++i) {
            uint256 from = scene.raises[i].from;
            if (from > time && from < later) later = from;
        }
    }

    function highest(Scene memory scene, uint256 cap, uint256 time) internal pure returns (uint256) {
        for (uint256 i = 0; i < scene.raises.length; ++i) {
            if (scene.raises[i].from <= time && scene.raises[i].capUnits > cap) cap = scene.raises[i].capUnits;
        }
        return cap;
    }

    // ---------------------------------------------------------------------------------------------- scenes

    /// @dev Some window, a meter with some past, a horizon of up to 60 buckets, caps that wait.
    function sceneOf(uint256 seed, uint256 raises) internal pure returns (Scene memory scene) {
        uint256[5] memory windows = [uint256(1 hours), 1 days, 7 days, 30 days, type(uint32).max];
        scene.seed = seed;
        scene.window = windows[next(scene) % 5];
        uint256 quarter = scene.window / 4;
        uint256 time = START - next(scene) % scene.window % START;
        uint256 past = next(scene) % 10;
        for (uint256 i = 0; i < past; ++i) {
            scene.meter = scene.meter.withCap(someCap(scene)).rolled(scene.window, time);
            scene.meter = scene.meter.add(within(next(scene), 0, scene.meter.remainingUnits()));
            time += next(scene) % quarter;
        }
        scene.meter = scene.meter.withCap(someCap(scene));
        scene.start = time;
        if (next(scene) % 8 == 0) scene.start -= next(scene) % quarter; // a clock that went back
        scene.end = scene.start + next(scene) % (60 * quarter);
        if (scene.end >= type(uint32).max) scene.end = type(uint32).max - 1;
        if (scene.start > scene.end) scene.start = scene.end;
        scene.raises = new Raise[](raises);
        for (uint256 i = 0; i < raises; ++i) {
            uint256 from = next(scene) % 5 == 0 ? scene.start - next(scene) % 1000 : 0;
            if (from == 0) from = scene.start + next(scene) % (scene.end - scene.start + quarter);
            scene.raises[i] = Raise(from, someCap(scene));
        }
    }

    function someCap(Scene memory scene) internal pure returns (uint256) {
        uint256 kind = next(scene) % 8;
        if (kind == 0) return 0;
        if (kind == 1) return MOST;
        return next(scene) % (kind < 5 ? 1000 : MOST);
    }

    function mostOf(Scene memory scene) internal pure returns (uint256) {
        return Outflow.most(scene.meter, scene.window, scene.raises, Span(scene.start, scene.end));
    }

    function next(Scene memory scene) internal pure returns (uint256) {
        scene.seed = uint256(keccak256(abi.encode(scene.seed)));
        return scene.seed >> 8;
    }
}
