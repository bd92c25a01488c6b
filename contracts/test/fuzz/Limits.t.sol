// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {PlainToken} from "../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice I4 and I7 through the vault: several limits at once, over random times (also back and still), amounts and
///         units, while the owner sets, lowers, removes and restores limits. The list of payments alone decides what
///         must be accepted, refused and shown.
contract LimitsFuzzTest is VaultTest {
    uint256 internal constant STEPS = 40;

    struct Entry {
        uint256 time;
        uint256 units;
    }

    struct Model {
        bool stands;
        uint256 cap; // units
        uint256 newest; // latest time its meter was written
    }

    uint32[4] internal windows = [HOUR, DAY, WEEK, MONTH];
    Model[4] internal models;
    mapping(uint256 index => Entry[]) internal lists;
    PlainToken internal money;
    uint256 internal unitBits;
    uint256 internal clock;
    uint32 internal nonce;

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_SeveralLimitsAtOnce(uint256 seed) public {
        play(seed, false);
    }

    /// @notice "Time that stands still or goes back counts into the newest bucket."
    /// forge-config: default.fuzz.runs = 150
    function testFuzz_TimeGoingBack(uint256 seed) public {
        play(seed, true);
    }

    function play(uint256 seed, bool backwards) internal {
        begin(seed);
        for (uint256 step = 0; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            tick(seed, backwards);
            uint256 dice = (seed >> 64) % 16;
            uint256 index = (seed >> 72) % 4;
            if (dice == 0 && models[index].stands) remove(index);
            else if (dice < 2) set(index, (seed >> 80) % 2_000);
            else attempt(seed >> 80);
            assertViews();
        }
        for (uint256 index = 0; index < 4; ++index) {
            assertIntervals(index, backwards);
        }
    }

    function begin(uint256 seed) internal {
        unitBits = seed % 98;
        money = new PlainToken(18);
        money.mint(address(vault), type(uint256).max >> 1);
        vm.startPrank(owner);
        vault.addToken(address(money), uint8(unitBits));
        vault.setPerPaymentCap(SESSION, address(money), uint128(((1 << 31) - 1) << unitBits));
        vault.setValidity(SESSION, 0, type(uint32).max);
        vm.stopPrank();
        assertLogged(3);
        clock = START + (seed >> 128) % (10 * uint256(DAY));
        vm.warp(clock);
        for (uint256 index = 0; index < 4; ++index) {
            if ((seed >> (100 + index)) & 1 == 1) set(index, 100 << (2 * index));
        }
    }

    function attempt(uint256 seed) internal {
        uint256 units = 1 + seed % 150;
        IVault.Payment memory payment = paymentFor(seed, units);
        bytes memory signature = sign(payment);
        (bool any, uint256 refusals) = foretold(units);
        if (any && refusals == 0) {
            submitSigned(payment, signature);
            assertLogged(1);
            count(units);
            return;
        }
        (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
        assertFalse(ok);
        assertUntouched();
        if (any) assertNamed(answer, refusals, uint256(payment.amount) + payment.fee);
        else assertEq(answer, abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(money)));
    }

    /// @dev A payment of so many units: whole, or less than the last unit whole; with or without a fee.
    function paymentFor(uint256 seed, uint256 units) internal view returns (IVault.Payment memory payment) {
        uint256 amount = units << unitBits;
        if ((seed >> 32) % 2 == 0 && unitBits > 0) amount -= (seed >> 40) % (1 << unitBits);
        payment = paymentOf(nonce, uint128(amount));
        payment.token = address(money);
        payment.deadline = type(uint32).max;
        if ((seed >> 33) % 2 == 0 && amount > 1) {
            (payment.fee, payment.feeRecipient) = (uint128(1 + (seed >> 48) % (amount - 1)), relayer);
            payment.amount -= payment.fee;
        }
    }

    /// @dev What the list says: whether any limit stands, and the mask of those that must refuse.
    function foretold(uint256 units) internal view returns (bool any, uint256 refusals) {
        for (uint256 index = 0; index < 4; ++index) {
            if (!models[index].stands) continue;
            any = true;
            if (counted(index) + units <= models[index].cap) continue;
            refusals |= 1 << index;
            // I4 (b): not because of what was spent more than 1.25 windows ago
            assertGt(spentSince(index, windows[index] + windows[index] / 4) + units, models[index].cap);
        }
    }

    function count(uint256 units) internal {
        ++nonce;
        for (uint256 index = 0; index < 4; ++index) {
            if (!models[index].stands) continue;
            if (clock > models[index].newest) models[index].newest = clock;
            lists[index].push(Entry(models[index].newest, units));
        }
    }

    /// @dev The error is of one of the limits that the payment exceeds, with what was left of it.
    function assertNamed(bytes memory answer, uint256 refusals, uint256 requested) internal view {
        for (uint256 index = 0; index < 4; ++index) {
            if ((refusals >> index) & 1 == 1 && keccak256(answer) == keccak256(exceeded(index, requested))) return;
        }
        revert("refused by none of the limits that it exceeds");
    }

    function exceeded(uint256 index, uint256 requested) internal view returns (bytes memory) {
        uint256 left = leftUnits(index) << unitBits;
        return
            abi.encodeWithSelector(
                IVault.LimitExceeded.selector, SESSION, address(money), windows[index], requested, left
            );
    }

    function leftUnits(uint256 index) internal view returns (uint256) {
        uint256 used = counted(index);
        return used >= models[index].cap ? 0 : models[index].cap - used;
    }

    function set(uint256 index, uint256 cap) internal {
        Model storage model = models[index];
        if (clock > model.newest) model.newest = clock;
        (model.stands, model.cap) = (true, cap);
        uint128 used = uint128(counted(index) << unitBits);
        expectLog();
        emit IVault.LimitSet(SESSION, address(money), windows[index], uint128(cap << unitBits), used, sequence + 1);
        vm.prank(owner);
        vault.setLimit(SESSION, address(money), windows[index], uint128((cap << unitBits) + (1 << unitBits) - 1));
        assertLogged(1);
    }

    function remove(uint256 index) internal {
        (models[index].stands, models[index].cap) = (false, 0);
        vm.prank(owner);
        vault.removeLimit(SESSION, address(money), windows[index]);
        assertLogged(1);
    }

    function tick(uint256 seed, bool backwards) internal {
        uint256 window = windows[(seed >> 8) % 4];
        uint256 bucket = window / 4;
        uint256 dice = seed % 8;
        uint256 some = seed >> 16;
        if (backwards && dice < 3) clock -= some % window;
        else if (dice == 3) clock += 1;
        else if (dice == 4) clock = (clock / bucket + 1) * bucket - some % 2;
        else if (dice == 5) clock += window + bucket - some % 2;
        else if (dice > 5) clock += some % bucket;
        vm.warp(clock);
    }

    // ------------------------------------------------------------------------------------------ the list

    /// @dev Units in the five newest buckets, as seen now.
    function counted(uint256 index) internal view returns (uint256 sum) {
        uint256 bucket = windows[index] / 4;
        uint256 seen = clock > models[index].newest ? clock : models[index].newest;
        Entry[] storage list = lists[index];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].time / bucket + 4 >= seen / bucket) sum += list[i].units;
        }
    }

    function spentSince(uint256 index, uint256 ago) internal view returns (uint256 sum) {
        uint256 seen = clock > models[index].newest ? clock : models[index].newest;
        Entry[] storage list = lists[index];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].time + ago > seen) sum += list[i].units;
        }
    }

    /// @dev I4 (a), over the whole list: no interval of the window's length holds more than the largest cap there was.
    function assertIntervals(uint256 index, bool backwards) internal view {
        if (backwards) return; // times are as the meter saw them; SlidingCap.t.sol has this case
        Entry[] storage list = lists[index];
        for (uint256 i = 0; i < list.length; ++i) {
            uint256 sum = 0;
            for (uint256 j = i; j < list.length && list[j].time <= list[i].time + windows[index]; ++j) {
                sum += list[j].units;
            }
            assertLe(sum, 100 << (2 * index) > 2_000 ? 100 << (2 * index) : 2_000);
        }
    }

    function assertViews() internal view {
        (, IVault.LimitView[] memory limits) = vault.remaining(SESSION, address(money));
        uint256 seen = 0;
        for (uint256 index = 0; index < 4; ++index) {
            if (!models[index].stands) continue;
            assertEq(limits[seen].window, windows[index]);
            assertEq(limits[seen].cap, models[index].cap << unitBits);
            assertEq(limits[seen].used, counted(index) << unitBits);
            assertEq(limits[seen].remaining, leftUnits(index) << unitBits);
            assertEq(limits[seen].meter, vault.meterOf(SESSION, address(money), windows[index]));
            ++seen;
        }
        assertEq(limits.length, seen);
    }
}
