// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {PlainToken} from "../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice I4 and I7 through the vault: several limits at once, of the vault, the session and two categories, over random
///         times (also back and still), amounts and units, while the owner sets, lowers, removes and restores limits. The
///         list of what each limit counted alone decides what must be accepted, refused and shown.
contract LimitsFuzzTest is VaultTest {
    uint256 internal constant STEPS = 40;
    uint256 internal constant WINDOWS = 5;
    uint256 internal constant LARGEST_CAP = 2_000; // units
    uint256 internal constant SCOPES = 4;
    // Scopes, in the order in which a payment is judged
    uint256 internal constant OF_SESSION = 0;
    uint256 internal constant OF_VAULT = 1;
    uint256 internal constant OF_DATA = 2;
    uint256 internal constant OF_RELAY = 3;

    struct Entry {
        uint256 time;
        uint256 units;
    }

    struct Model {
        bool stands;
        uint256 cap; // units
        uint256 newest; // latest time its meter was written
        Entry[] list;
    }

    uint32[WINDOWS] internal windows = [HOUR, DAY, WEEK, MONTH, LIFETIME];
    mapping(uint256 scope => mapping(uint256 index => Model)) internal models;
    PlainToken internal money;
    uint256 internal unitBits;
    uint256 internal clock;
    uint32 internal nonce;

    /// forge-config: default.fuzz.runs = 250
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_SeveralLimitsAtOnce(uint256 seed) public {
        play(seed, false);
    }

    /// @notice "Time that stands still or goes back counts into the newest bucket."
    /// forge-config: default.fuzz.runs = 150
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_TimeGoingBack(uint256 seed) public {
        play(seed, true);
    }

    function play(uint256 seed, bool backwards) internal {
        begin(seed);
        for (uint256 step = 0; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            tick(seed, backwards);
            uint256 dice = (seed >> 64) % 16;
            uint256 scope = (seed >> 68) % SCOPES;
            uint256 index = (seed >> 72) % WINDOWS;
            if (dice == 0 && models[scope][index].stands) remove(scope, index);
            else if (dice < 2) set(scope, index, (seed >> 80) % LARGEST_CAP);
            else attempt(seed >> 80);
            assertViews(step % SCOPES);
        }
        for (uint256 scope = 0; scope < SCOPES; ++scope) {
            assertViews(scope);
            // times are as the meter saw them; SlidingCap.t.sol has this case
            if (!backwards) assertIntervals(scope);
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
        for (uint256 i = 0; i < SCOPES * WINDOWS; ++i) {
            (uint256 scope, uint256 index) = (i / WINDOWS, i % WINDOWS);
            bool first = scope == OF_SESSION || (seed >> (150 + i)) & 1 == 1;
            if (first && (seed >> (100 + i)) & 1 == 1) set(scope, index, 100 << (2 * index));
        }
    }

    // ------------------------------------------------------------------------------------------ payments

    function attempt(uint256 seed) internal {
        IVault.Payment memory payment = paymentFor(seed, 1 + seed % 150);
        bytes memory signature = sign(payment);
        (bool any, uint256 refusals) = foretold(payment);
        if (any && refusals == 0) {
            submitSigned(payment, signature);
            assertLogged(1);
            count(payment);
            return;
        }
        (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
        assertFalse(ok);
        assertUntouched();
        if (any) assertNamed(answer, refusals, payment);
        else assertEq(answer, abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(money)));
    }

    /// @dev A payment of so many units: whole, or less than the last unit whole; with or without a fee; payee and fee
    ///      recipient of any of both categories.
    function paymentFor(uint256 seed, uint256 units) internal view returns (IVault.Payment memory payment) {
        uint256 amount = units << unitBits;
        if ((seed >> 32) % 2 == 0 && unitBits > 0) amount -= (seed >> 40) % (1 << unitBits);
        payment = paymentOf(nonce, uint128(amount));
        payment.token = address(money);
        payment.deadline = type(uint32).max;
        if ((seed >> 34) % 4 == 0) payment.payee = relayer;
        if ((seed >> 33) % 2 == 0 && amount > 1) {
            payment.fee = uint128(1 + (seed >> 48) % (amount - 1));
            payment.feeRecipient = (seed >> 36) % 4 == 0 ? payee : relayer;
            payment.amount -= payment.fee;
        }
    }

    /// @dev What a scope counts of a payment, in base units.
    function share(uint256 scope, IVault.Payment memory payment) internal view returns (uint256) {
        uint256 total = uint256(payment.amount) + payment.fee;
        if (scope == OF_SESSION || scope == OF_VAULT) return total;
        address member = scope == OF_DATA ? payee : relayer;
        if (payment.payee == member) return total;
        return payment.feeRecipient == member ? payment.fee : 0;
    }

    function unitsOf(uint256 amount) internal view returns (uint256) {
        return (amount + (1 << unitBits) - 1) >> unitBits;
    }

    /// @dev What the lists say: whether any limit of the session stands, and the mask of the limits that must refuse.
    function foretold(IVault.Payment memory payment) internal view returns (bool any, uint256 refusals) {
        for (uint256 i = 0; i < SCOPES * WINDOWS; ++i) {
            (uint256 scope, uint256 index) = (i / WINDOWS, i % WINDOWS);
            Model storage model = models[scope][index];
            if (!model.stands) continue;
            if (scope == OF_SESSION) any = true;
            uint256 units = unitsOf(share(scope, payment));
            if (units == 0 || counted(scope, index) + units <= model.cap) continue;
            refusals |= 1 << i;
            // I4 (b): not because of what was spent more than 1.25 windows ago
            assertGt(spentSince(scope, index, uint256(windows[index]) * 5 / 4) + units, model.cap);
        }
    }

    function count(IVault.Payment memory payment) internal {
        ++nonce;
        for (uint256 i = 0; i < SCOPES * WINDOWS; ++i) {
            Model storage model = models[i / WINDOWS][i % WINDOWS];
            uint256 units = unitsOf(share(i / WINDOWS, payment));
            if (!model.stands || units == 0) continue;
            if (clock > model.newest) model.newest = clock;
            model.list.push(Entry(model.newest, units));
        }
    }

    /// @dev The error is of one of the limits that the payment exceeds, with what was left of it: of the first scope that
    ///      has any such; of two categories the payee's is asked first.
    function assertNamed(bytes memory answer, uint256 refusals, IVault.Payment memory payment) internal view {
        for (uint256 i = 0; i < SCOPES; ++i) {
            uint256 scope = i >= OF_DATA && payment.payee == relayer ? OF_DATA + OF_RELAY - i : i;
            uint256 mask = (refusals >> (scope * WINDOWS)) & ((1 << WINDOWS) - 1);
            for (uint256 index = 0; index < WINDOWS; ++index) {
                if ((mask >> index) & 1 == 0) continue;
                if (keccak256(answer) == keccak256(exceeded(scope, index, share(scope, payment)))) return;
            }
            if (mask != 0) break;
        }
        revert("refused by none of the limits that it exceeds");
    }

    function exceeded(uint256 scope, uint256 index, uint256 requested) internal view returns (bytes memory) {
        (uint32 session, uint8 category) = idOf(scope);
        uint256 left = leftUnits(scope, index) << unitBits;
        return abi.encodeWithSelector(
            IVault.LimitExceeded.selector, session, category, address(money), windows[index], requested, left
        );
    }

    function idOf(uint256 scope) internal pure returns (uint32 session, uint8 category) {
        if (scope == OF_VAULT) return (0, 0);
        return (SESSION, scope == OF_SESSION ? 0 : scope == OF_DATA ? DATA : RELAY);
    }

    // ------------------------------------------------------------------------------------------ the owner

    function set(uint256 scope, uint256 index, uint256 cap) internal {
        Model storage model = models[scope][index];
        if (clock > model.newest) model.newest = clock;
        (model.stands, model.cap) = (true, cap);
        uint128 used = uint128(counted(scope, index) << unitBits);
        uint32 window = windows[index];
        (uint32 session, uint8 category) = idOf(scope);
        expectLog();
        emit IVault.LimitSet(session, address(money), category, window, uint128(cap << unitBits), used, sequence + 1);
        uint128 given = uint128((cap << unitBits) + (1 << unitBits) - 1);
        vm.prank(owner);
        vault.setLimit(session, category, address(money), window, given);
        assertLogged(1);
    }

    function remove(uint256 scope, uint256 index) internal {
        (models[scope][index].stands, models[scope][index].cap) = (false, 0);
        (uint32 session, uint8 category) = idOf(scope);
        vm.prank(owner);
        vault.removeLimit(session, category, address(money), windows[index]);
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

    // ------------------------------------------------------------------------------------------ the lists

    /// @dev Units in the five newest buckets, as seen now.
    function counted(uint256 scope, uint256 index) internal view returns (uint256 sum) {
        Model storage model = models[scope][index];
        uint256 bucket = windows[index] / 4;
        uint256 seen = clock > model.newest ? clock : model.newest;
        for (uint256 i = 0; i < model.list.length; ++i) {
            if (model.list[i].time / bucket + 4 >= seen / bucket) sum += model.list[i].units;
        }
    }

    function spentSince(uint256 scope, uint256 index, uint256 ago) internal view returns (uint256 sum) {
        Model storage model = models[scope][index];
        uint256 seen = clock > model.newest ? clock : model.newest;
        for (uint256 i = 0; i < model.list.length; ++i) {
            if (model.list[i].time + ago > seen) sum += model.list[i].units;
        }
    }

    function leftUnits(uint256 scope, uint256 index) internal view returns (uint256) {
        uint256 used = counted(scope, index);
        uint256 cap = models[scope][index].cap;
        return used >= cap ? 0 : cap - used;
    }

    /// @dev I4 (a), over the whole list: no interval of the window's length holds more than the largest cap there was.
    function assertIntervals(uint256 scope) internal view {
        for (uint256 index = 0; index < WINDOWS; ++index) {
            Entry[] storage list = models[scope][index].list;
            uint256 largest = 100 << (2 * index) > LARGEST_CAP ? 100 << (2 * index) : LARGEST_CAP;
            for (uint256 i = 0; i < list.length; ++i) {
                uint256 sum = 0;
                for (uint256 j = i; j < list.length && list[j].time <= list[i].time + windows[index]; ++j) {
                    sum += list[j].units;
                }
                assertLe(sum, largest);
            }
        }
    }

    function assertViews(uint256 scope) internal view {
        (uint32 session, uint8 category) = idOf(scope);
        IVaultLens.LimitView[] memory limits = limitsOf(session, category, address(money));
        uint256 seen = 0;
        for (uint256 index = 0; index < WINDOWS; ++index) {
            Model storage model = models[scope][index];
            if (!model.stands) continue;
            assertEq(limits[seen].window, windows[index]);
            assertEq(limits[seen].cap, model.cap << unitBits);
            assertEq(limits[seen].used, counted(scope, index) << unitBits);
            assertEq(limits[seen].remaining, leftUnits(scope, index) << unitBits);
            assertEq(
                limits[seen].meter, lens.meterOf(address(vault), session, category, address(money), windows[index])
            );
            ++seen;
        }
        assertEq(limits.length, seen);
    }
}
