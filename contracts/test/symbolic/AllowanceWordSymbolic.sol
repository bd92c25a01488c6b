// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, countsFit, split} from "./Premise.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";
import {WINDOW_COUNT} from "src/libraries/Windows.sol";

/// @notice Every setter changes its own field, as its getter reads it, and no other bit: for every word.
/// @custom:halmos --loop 8
contract AllowanceWordSymbolic {
    uint256 private constant METER = (1 << 209) - 1;
    uint256 private constant WINDOW = uint256(7) << 209;
    uint256 private constant UNIT = uint256(127) << 212;
    uint256 private constant OTHERS = uint256(31) << 219;
    uint256 private constant BY_CATEGORY = 1 << 224;
    uint256 private constant PER_PAYMENT = uint256(0x7fffffff) << 225;

    /// @custom:promise I4
    function check_TheFirstLimitIsSetAlone(AllowanceWord word, uint256 index, Meter meter) external pure {
        assume(Meter.unwrap(meter) <= METER);
        _setFirst(word, index, meter);
    }

    /// @dev A meter with something above its own bits would spill into the window.
    function checkFail_TheFirstLimitIsSetAlone(AllowanceWord word, uint256 index, Meter meter) external pure {
        _setFirst(word, index, meter);
    }

    function _setFirst(AllowanceWord word, uint256 index, Meter meter) private pure {
        assume(index < WINDOW_COUNT);
        AllowanceWord next = word.withFirst(index, meter);
        assert(next.limited() && next.firstIndex() == index);
        assert(Meter.unwrap(next.firstMeter()) == Meter.unwrap(meter));
        assert(_same(word, next, METER | WINDOW));
    }

    /// @notice A payment reads the first limit's meter from the word as it stands: cap and use are the same.
    /// @custom:promise I4
    function check_TheWordItselfReadsAsTheFirstMeter(AllowanceWord word) external pure {
        (Meter whole, Meter first) = (word.asMeter(), word.firstMeter());
        assert(whole.capUnits() == first.capUnits());
        assert(whole.usedUnits() == first.usedUnits());
        assert(whole.remainingUnits() == first.remainingUnits());
        assert(Meter.unwrap(first) <= METER);
    }

    function checkFail_TheWordItselfReadsAsTheFirstMeter(AllowanceWord word) external pure {
        assert(Meter.unwrap(word.asMeter()) == Meter.unwrap(word.firstMeter()));
    }

    /// @notice Counting a payment in the word changes its meter and nothing above: window, unit, other limits, cap.
    /// @custom:promise I4
    function check_APaymentCountedInTheWordKeepsTheRest(AllowanceWord word, uint256 time, uint256 units) external pure {
        _counted(word, time, units, METER);
    }

    function checkFail_APaymentCountedInTheWordKeepsTheRest(AllowanceWord word, uint256 time, uint256 units)
        external
        pure
    {
        _counted(word, time, units, METER >> 1);
    }

    function _counted(AllowanceWord word, uint256 time, uint256 units, uint256 field) private pure {
        Meter meter = word.asMeter().rolled(4, time); // in buckets; see BucketsSymbolic
        assume(countsFit(meter) && meter.usedUnits() >= Meter.unwrap(meter) & SlidingCap.MAX_UNITS); // SlidingCapSymbolic
        assume(units <= meter.remainingUnits());
        assert(_same(word, AllowanceWord.wrap(Meter.unwrap(meter.add(units))), field));
    }

    /// @custom:promise I6
    function check_WithoutAFirstLimitNothingElseChanges(AllowanceWord word) external pure {
        AllowanceWord next = word.withoutFirst();
        assert(!next.limited());
        assert(_same(word, next, METER | WINDOW));
    }

    function checkFail_WithoutAFirstLimitNothingElseChanges(AllowanceWord word) external pure {
        assert(_same(word, word.withoutFirst(), WINDOW)); // its meter goes too
    }

    /// @custom:promise I4
    function check_AnotherLimitIsSetAlone(AllowanceWord word, uint256 index) external pure {
        _setOther(word, index, 4);
    }

    /// @dev There are five bits for other limits.
    function checkFail_AnotherLimitIsSetAlone(AllowanceWord word, uint256 index) external pure {
        _setOther(word, index, 5);
    }

    function _setOther(AllowanceWord word, uint256 index, uint256 last) private pure {
        index = split(index, last);
        AllowanceWord next = word.withOther(index);
        assert(next.others() == word.others() | (1 << index));
        assert(next.limitedBy(index));
        assert(_same(word, next, OTHERS));
        AllowanceWord without = next.withoutOther(index);
        assert(without.others() == word.others() & ~(1 << index));
        assert(_same(word, without, OTHERS));
    }

    /// @notice A limit stands if it is the first or one of the others, and setting one lets no further one stand.
    /// @custom:promise I4 I6
    function check_ALimitStandsWhereItWasSet(AllowanceWord word, uint256 index, uint256 other) external pure {
        (index, other) = (split(index, WINDOW_COUNT - 1), split(other, WINDOW_COUNT - 1));
        assume(index != other);
        _stands(word, index, other);
    }

    function checkFail_ALimitStandsWhereItWasSet(AllowanceWord word, uint256 index, uint256 other) external pure {
        (index, other) = (split(index, WINDOW_COUNT - 1), split(other, WINDOW_COUNT - 1));
        _stands(word, index, other);
    }

    function _stands(AllowanceWord word, uint256 index, uint256 other) private pure {
        assume(!word.limited());
        AllowanceWord first = word.withFirst(index, Meter.wrap(0));
        assert(first.limitedBy(index));
        assert(first.limitedBy(other) == word.limitedBy(other));
        assert(word.withOther(index).limitedBy(other) == word.limitedBy(other));
    }

    /// @custom:promise I4
    function check_UnitBitsAreSetAlone(AllowanceWord word, uint8 bits) external pure {
        assume(bits <= 127);
        _setUnitBits(word, bits);
    }

    function checkFail_UnitBitsAreSetAlone(AllowanceWord word, uint8 bits) external pure {
        _setUnitBits(word, bits);
    }

    function _setUnitBits(AllowanceWord word, uint8 bits) private pure {
        AllowanceWord next = word.withUnitBits(bits);
        assert(next.unitBits() == bits);
        assert(_same(word, next, UNIT));
    }

    /// @custom:promise I5
    function check_ThePerPaymentCapIsSetAlone(AllowanceWord word, uint256 units) external pure {
        assume(units <= SlidingCap.MAX_UNITS);
        _setPerPayment(word, units);
    }

    function checkFail_ThePerPaymentCapIsSetAlone(AllowanceWord word, uint256 units) external pure {
        assume(units <= SlidingCap.MAX_UNITS + 1);
        _setPerPayment(word, units);
    }

    function _setPerPayment(AllowanceWord word, uint256 units) private pure {
        AllowanceWord next = word.withPerPaymentUnits(units);
        assert(next.perPaymentUnits() == units);
        assert(next.perPaymentCap() == units << next.unitBits());
        assert(next.perPaymentCap() >> next.unitBits() == units);
        assert(_same(word, next, PER_PAYMENT));
    }

    /// @custom:promise I4
    function check_ByCategoryIsSetAlone(AllowanceWord word) external pure {
        assert(word.withByCategory().byCategory());
        assert(_same(word, word.withByCategory(), BY_CATEGORY));
    }

    function checkFail_ByCategoryIsSetAlone(AllowanceWord word) external pure {
        assert(_same(word, word.withByCategory(), OTHERS));
    }

    /// @notice In the coarsest unit that `addToken` allows, every cap still fits 128 bits.
    /// @custom:promise I4 I5
    function check_CapsFit128Bits(AllowanceWord word) external pure {
        _capsFit(word, 97);
    }

    function checkFail_CapsFit128Bits(AllowanceWord word) external pure {
        _capsFit(word, 98);
    }

    function _capsFit(AllowanceWord word, uint256 coarsest) private pure {
        assume(word.unitBits() <= coarsest);
        assert(word.perPaymentCap() <= type(uint128).max);
        assert(word.asMeter().capUnits() << word.unitBits() <= type(uint128).max);
    }

    /// @dev Whether two words differ in this field at most.
    function _same(AllowanceWord a, AllowanceWord b, uint256 field) private pure returns (bool) {
        return (AllowanceWord.unwrap(a) ^ AllowanceWord.unwrap(b)) & ~field == 0;
    }
}
