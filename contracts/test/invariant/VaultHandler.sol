// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {PlainToken} from "../mocks/PlainToken.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice Everything that anyone can do to a vault, and books of what must follow. See INVARIANTS.md.
contract VaultHandler is VaultTest {
    uint256 internal constant MOST_SESSIONS = 10;
    uint256 internal constant FIRST_KEY = 0x5E5510;

    struct Session {
        uint256 key; // private
        uint64 categories;
        uint32 validFrom;
        uint32 validUntil;
        bool revoked;
    }

    struct Counter {
        bool stands;
        uint256 cap; // base units, whole token units
    }

    struct Entry {
        uint256 time;
        uint256 counted; // base units, whole token units
    }

    struct Signed {
        IVault.Payment payment;
        bytes signature;
    }

    uint32[4] internal windows = [HOUR, DAY, WEEK, MONTH];
    PlainToken[2] internal tokens;
    uint256[2] internal unitBits = [uint256(0), 7];
    address[4] internal recipients;

    uint256 public clock;
    bool internal paused;
    uint256 internal keys; // how many were ever made
    Session[] internal sessions; // id = index + 1
    mapping(address account => uint8) internal book;
    mapping(uint32 session => mapping(uint256 token => mapping(uint256 window => Counter))) internal counters;
    mapping(uint32 session => mapping(uint256 token => mapping(uint256 window => Entry[]))) internal entries;
    mapping(uint32 session => mapping(uint256 token => uint256)) internal perPaymentCaps;
    mapping(uint256 key => mapping(uint32 nonce => bool)) internal usedNonces;
    mapping(uint256 key => uint32) internal highest;
    mapping(uint256 key => uint32) internal sessionOfKey;
    Signed[] internal seen; // paid, and good for replays
    uint256[2] internal funded;
    uint256[2] internal paidOut;
    uint256[2] internal withdrawn;
    uint256 public payments;
    uint256 public refusals;

    function setUp() public override {
        clock = START;
        vm.warp(clock);
        vm.recordLogs();
        vault = deployVault(owner, treasury, guardian);
        for (uint160 i = 0; i < 4; ++i) {
            recipients[i] = address(0xBEEF0000 + i);
        }
        for (uint256 i = 0; i < 2; ++i) {
            tokens[i] = new PlainToken(6);
            vm.prank(owner);
            vault.addToken(address(tokens[i]), uint8(unitBits[i]));
        }
        assertLogged(5);
        fund(0, 5_000e6);
        fund(1, 5_000e6);
        for (uint256 i = 0; i < 4; ++i) {
            setPayee(i, DATA);
        }
        grant(CATEGORIES, 0);
        grant(CATEGORIES, 1);
    }

    /// @dev Each action happens at the handler's own time and ends with the trail folded (I13).
    modifier acting() {
        vm.warp(clock);
        vm.recordLogs();
        _;
        foldAll();
    }

    // ------------------------------------------------------------------------------------------ time

    /// @notice Still, a second, to or just before a border of some window's buckets, about a window, 1.25 windows.
    function wait(uint256 window, uint256 kind, uint256 some) external {
        (window, kind) = (mixed(window), mixed(kind));
        uint256 length = windows[window % 4];
        uint256 bucket = length / 4;
        kind = kind % 7;
        if (kind == 0) clock += some % 3;
        else if (kind == 1) clock = (clock / bucket + 1) * bucket;
        else if (kind == 2) clock = (clock / bucket + 1) * bucket - 1;
        else if (kind == 3) clock += length;
        else if (kind == 4) clock += length + bucket - some % 2;
        else clock += some % bucket;
    }

    // ------------------------------------------------------------------------------------------ anyone

    /// @notice Some payments in a row, of whatever session.
    function pay(uint256 who, uint256 what, uint256 to, uint256 amount, uint256 fee, uint256 ahead) external acting {
        for (uint256 i = 0; i < 8; ++i) {
            payOnce(who ^ i, what ^ (i / 2), to, amount >> (8 * i), fee ^ i, ahead >> i);
        }
    }

    function payOnce(uint256 who, uint256 what, uint256 to, uint256 amount, uint256 fee, uint256 ahead) internal {
        (uint32 id, uint256 key) = pick(who);
        IVault.Payment memory payment = paymentBy(id, what % 2);
        payment.payee = recipients[mixed(to) % 4];
        payment.amount = uint128(within(amount, 1, 30e6));
        if (fee % 3 == 0) (payment.fee, payment.feeRecipient) = (uint128(1 + (fee >> 8) % 1e6), recipients[1]);
        payment.nonce = uint32(uint256(highest[key]) + 1 + ahead % 40);
        attempt(payment, key, what % 2);
    }

    /// @notice The thief: with a stolen key, all that is left, at once, to whoever is in the book; then once more.
    function steal(uint256 who, uint256 what) external acting {
        (uint32 id, uint256 key) = pick(who);
        IVault.Payment memory payment = paymentBy(id, what % 2);
        payment.payee = recipients[(what >> 8) % 2];
        for (uint256 round = 0; round < 3; ++round) {
            uint256 most = greediest(id, payment.token);
            payment.nonce = highest[key] + 1;
            payment.amount = uint128(most == 0 ? 1 : most);
            attempt(payment, key, what % 2);
        }
        // to himself, as amount and as fee
        payment.payee = stranger;
        (payment.nonce, payment.amount) = (highest[key] + 1, 1);
        attempt(payment, key, what % 2);
        payment.payee = recipients[0];
        (payment.fee, payment.feeRecipient) = (1, stranger);
        attempt(payment, key, what % 2);
    }

    /// @dev The most that the views say a payment may take, money aside.
    function greediest(uint32 id, address money) internal view returns (uint256 most) {
        (uint128 cap, IVault.LimitView[] memory limits) = vault.remaining(id, money);
        most = cap;
        for (uint256 i = 0; i < limits.length; ++i) {
            if (limits[i].remaining < most) most = limits[i].remaining;
        }
    }

    /// @notice What paid before, once more, in its own bytes.
    function replay(uint256 which) external acting {
        if (seen.length == 0) return;
        Signed memory old = seen[which % seen.length];
        (bool ok,) = address(vault).call(abi.encodeCall(vault.pay, (old.payment, old.signature, "")));
        assertFalse(ok, "I3: no replay pays");
    }

    /// @notice I2: a signed payment with one field changed afterwards.
    function tamper(uint256 who, uint256 field, uint256 by) external acting {
        (uint32 id, uint256 key) = pick(who);
        IVault.Payment memory payment = paymentBy(id, 0);
        payment.nonce = highest[key] + 1;
        bytes memory signature = signBy(key, payment);
        field = field % 9;
        if (field == 0) payment.session = uint32(1 + by % sessions.length);
        if (field == 1) payment.nonce += uint32(1 + by % 9);
        if (field == 2) payment.deadline += uint32(1 + by % 9);
        if (field == 3) payment.token = address(tokens[1]);
        if (field == 4) payment.payee = recipients[1];
        if (field == 5) payment.amount += uint128(1 + by % 9);
        if (field == 6) (payment.fee, payment.feeRecipient) = (1, recipients[1]);
        if (field == 7) payment.feeRecipient = recipients[1];
        if (field == 8) payment.ref = bytes32(uint256(payment.ref) ^ (1 + by % 9));
        if (field == 0 && payment.session == id) return;
        (bool ok,) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
        assertFalse(ok, "I2: every field is signed");
    }

    function fund(uint256 what, uint256 amount) public {
        amount = within(amount, 0, 10_000e6);
        tokens[what % 2].mint(address(vault), amount);
        funded[what % 2] += amount;
    }

    // ------------------------------------------------------------------------------------------ the owner

    function grant(uint256 categories, uint256 what) public acting {
        if (sessions.length == MOST_SESSIONS) return;
        uint32 id = uint32(sessions.length + 1);
        uint256 key = newKey(id);
        Session memory made = Session({
            key: key,
            categories: (uint64(categories) | CATEGORIES) & ~uint64(1),
            validFrom: uint32(clock),
            validUntil: uint32(clock + 800 days),
            revoked: false
        });
        sessions.push(made);
        IVault.TokenGrant[] memory first = tokenGrants(address(tokens[what % 2]));
        vm.prank(owner);
        vault.grant(IVault.Grant(id, vm.addr(key), made.validFrom, made.validUntil, made.categories, first));
        perPaymentCaps[id][what % 2] = floor(PER_PAYMENT_CAP, what % 2);
        noteLimit(id, what % 2, 1, DAY_CAP);
        noteLimit(id, what % 2, 2, WEEK_CAP);
        // in the other token too, another way
        uint256 other = (what % 2) ^ 1;
        perPaymentCaps[id][other] = floor(PER_PAYMENT_CAP, other);
        noteLimit(id, other, 0, DAY_CAP);
        vm.startPrank(owner);
        vault.setPerPaymentCap(id, address(tokens[other]), PER_PAYMENT_CAP);
        vault.setLimit(id, address(tokens[other]), HOUR, DAY_CAP);
        vm.stopPrank();
    }

    function rotateKey(uint256 who) external acting {
        (uint32 id,) = pick(who);
        if (sessions[id - 1].revoked) return;
        uint256 key = newKey(id);
        sessions[id - 1].key = key;
        vm.prank(owner);
        vault.rotateKey(id, vm.addr(key));
    }

    function setLimit(uint256 who, uint256 what, uint256 window, uint256 cap) external acting {
        (uint32 id,) = pick(who);
        if (sessions[id - 1].revoked) return;
        cap = within(cap, 0, 300e6);
        noteLimit(id, what % 2, window % 4, cap);
        vm.prank(owner);
        vault.setLimit(id, address(tokens[what % 2]), windows[window % 4], uint128(cap));
    }

    function removeLimit(uint256 who, uint256 what, uint256 window) external acting {
        (uint32 id,) = pick(who);
        Counter storage counter = counters[id][what % 2][window % 4];
        if (sessions[id - 1].revoked || !counter.stands) return;
        counter.stands = false;
        vm.prank(owner);
        vault.removeLimit(id, address(tokens[what % 2]), windows[window % 4]);
    }

    function setPerPaymentCap(uint256 who, uint256 what, uint256 cap) external acting {
        (uint32 id,) = pick(who);
        if (sessions[id - 1].revoked) return;
        cap = within(cap, 1e6, 200e6);
        perPaymentCaps[id][what % 2] = floor(cap, what % 2);
        vm.prank(owner);
        vault.setPerPaymentCap(id, address(tokens[what % 2]), uint128(cap));
    }

    function setCategories(uint256 who, uint64 categories) external acting {
        (uint32 id,) = pick(who);
        if (sessions[id - 1].revoked) return;
        if (mixed(categories) % 4 != 0) categories |= CATEGORIES;
        sessions[id - 1].categories = categories & ~uint64(1);
        vm.prank(owner);
        vault.setCategories(id, categories & ~uint64(1));
    }

    function setValidity(uint256 who, uint256 from, uint256 length) external acting {
        (uint32 id,) = pick(who);
        if (sessions[id - 1].revoked) return;
        Session storage session = sessions[id - 1];
        session.validFrom = uint32(clock - 1 days + from % 2 days);
        session.validUntil = uint32(clock + 2 days + length % 400 days);
        vm.prank(owner);
        vault.setValidity(id, session.validFrom, session.validUntil);
    }

    function setPayee(uint256 which, uint256 category) public acting {
        book[recipients[which % 4]] = mixed(category) % 4 == 0 ? uint8(within(category, 1, 63)) : DATA;
        vm.prank(owner);
        vault.setPayees(onePayee(recipients[which % 4], book[recipients[which % 4]]));
    }

    function withdraw(uint256 what, uint256 amount) external acting {
        uint256 balance = tokens[what % 2].balanceOf(address(vault));
        if (balance == 0) return;
        amount = within(amount, 1, mixed(amount) % 8 == 0 ? balance : balance / 10 + 1);
        withdrawn[what % 2] += amount;
        vm.prank(owner);
        vault.withdraw(address(tokens[what % 2]), amount);
    }

    function unpause() external acting {
        paused = false;
        vm.prank(owner);
        vault.unpause();
    }

    // ------------------------------------------------------------------------------------------ the stops

    function pause(uint256 dice) external acting {
        if (mixed(dice) % 6 != 0) return; // rarely: it stops the rest
        paused = true;
        vm.prank(guardian);
        vault.pause();
    }

    function revoke(uint256 who, uint256 dice) external acting {
        if (mixed(dice) % 8 != 0) return; // rarely: for good
        (uint32 id,) = pick(who);
        uint256 key = sessions[id - 1].key;
        sessions[id - 1].revoked = true;
        vm.prank(mixed(~dice) % 2 == 0 ? guardian : vm.addr(key));
        vault.revoke(id);
    }

    function revokeAll(uint256 dice) external acting {
        if (mixed(dice) % 48 != 0) return;
        for (uint256 i = 0; i < sessions.length; ++i) {
            sessions[i].revoked = true;
        }
        vm.prank(guardian);
        vault.revokeAll();
    }

    function removePayee(uint256 which) external acting {
        address account = recipients[mixed(which) % 4];
        if (book[account] == 0 || mixed(~which) % 4 != 0) return;
        delete book[account];
        vm.prank(guardian);
        vault.removePayee(account);
    }

    // ------------------------------------------------------------------------------------------ judging a payment

    function attempt(IVault.Payment memory payment, uint256 key, uint256 what) internal {
        bytes memory signature = signBy(key, payment);
        foldAll(); // what was logged so far; what a refusal logged before it reverted is dropped below
        bytes32 before = everything(payment.session, what);
        (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, "")));
        if (ok) {
            ++payments;
            paidRightly(payment, key, what);
            seen.push(Signed(payment, signature));
            return;
        }
        ++refusals;
        vm.getRecordedLogs();
        assertEq(everything(payment.session, what), before, "I11: a refusal leaves no trace");
        if (bytes4(answer) == IVault.LimitExceeded.selector) refusedRightly(payment, what);
    }

    function paidRightly(IVault.Payment memory payment, uint256 key, uint256 what) internal {
        Session storage session = sessions[payment.session - 1];
        uint256 total = uint256(payment.amount) + payment.fee;
        assertFalse(usedNonces[key][payment.nonce], "I3: a nonce pays once");
        usedNonces[key][payment.nonce] = true;
        if (payment.nonce > highest[key]) highest[key] = payment.nonce;
        assertFalse(paused, "I8: nothing is paid while paused");
        assertFalse(session.revoked, "I8: a revoked session pays nothing");
        assertEq(session.key, key, "I8: a key rotated out pays nothing");
        assertTrue(clock >= session.validFrom && clock < session.validUntil, "I8: within the span");
        assertTrue(granted(session.categories, payment.payee), "I6: payee in the book and category granted");
        if (payment.fee != 0) assertTrue(granted(session.categories, payment.feeRecipient), "I6: a fee is no way out");
        assertLe(total, perPaymentCaps[payment.session][what], "I5: at most the per-payment cap");
        paidOut[what] += total;

        bool any = false;
        uint256 counted = countedOf(payment, what);
        for (uint256 window = 0; window < 4; ++window) {
            Counter storage counter = counters[payment.session][what][window];
            if (!counter.stands) continue;
            any = true;
            entries[payment.session][what][window].push(Entry(clock, counted));
            uint256 inWindow = spentSince(payment.session, what, window, windows[window]);
            assertLe(inWindow, counter.cap, "I4: no interval of the window's length exceeds the cap");
        }
        assertTrue(any, "I6: a limit stands in the token");
    }

    function refusedRightly(IVault.Payment memory payment, uint256 what) internal view {
        uint256 counted = countedOf(payment, what);
        for (uint256 window = 0; window < 4; ++window) {
            Counter storage counter = counters[payment.session][what][window];
            if (!counter.stands) continue;
            uint256 reach = windows[window] + windows[window] / 4 - 1;
            if (spentSince(payment.session, what, window, reach) + counted > counter.cap) return;
        }
        revert("I4: nothing is refused for what was spent more than 1.25 windows ago");
    }

    /// @dev What a limit counts of a payment: amount and fee, rounded up to the token's unit.
    function countedOf(IVault.Payment memory payment, uint256 what) internal view returns (uint256) {
        uint256 unit = uint256(1) << unitBits[what];
        return (uint256(payment.amount) + payment.fee + unit - 1) / unit * unit;
    }

    /// @dev What the limit counted in [now - ago, now].
    function spentSince(uint32 id, uint256 what, uint256 window, uint256 ago) internal view returns (uint256 sum) {
        Entry[] storage list = entries[id][what][window];
        for (uint256 i = list.length; i > 0 && list[i - 1].time + ago >= clock; --i) {
            sum += list[i - 1].counted;
        }
    }

    function granted(uint64 categories, address account) internal view returns (bool) {
        return book[account] != 0 && (categories >> book[account]) & 1 == 1;
    }

    /// @dev All that a payment could change, hashed.
    function everything(uint32 id, uint256 what) internal view returns (bytes32) {
        (uint32 number, bytes32 hash) = vault.head();
        (, IVault.LimitView[] memory limits) = vault.remaining(id, address(tokens[what]));
        uint256 balance = tokens[what].balanceOf(address(vault));
        return keccak256(abi.encode(number, hash, limits, balance, vault.sessionOf(id)));
    }

    // ------------------------------------------------------------------------------------------ the invariants

    function assertBalances() external view {
        for (uint256 what = 0; what < 2; ++what) {
            PlainToken money = tokens[what];
            assertEq(money.balanceOf(address(vault)), funded[what] - paidOut[what] - withdrawn[what], "I1");
            assertEq(money.balanceOf(treasury), withdrawn[what], "I1: withdrawals go to the treasury");
            uint256 sum = 0;
            for (uint256 i = 0; i < 4; ++i) {
                sum += money.balanceOf(recipients[i]);
            }
            assertEq(sum, paidOut[what], "I1: payments go to payees");
            assertEq(money.totalSupply(), funded[what]);
        }
    }

    /// @notice One session after each action, whichever: all of them would take most of the time.
    function assertCounts() external {
        vm.warp(clock);
        uint32 id = uint32(1 + mixed(sequence) % sessions.length);
        assertCountsOf(id, 0);
        assertCountsOf(id, 1);
    }

    function assertAllCounts() external {
        vm.warp(clock);
        for (uint32 id = 1; id <= sessions.length; ++id) {
            assertCountsOf(id, 0);
            assertCountsOf(id, 1);
        }
    }

    function assertCountsOf(uint32 id, uint256 what) internal view {
        (uint128 cap, IVault.LimitView[] memory limits) = vault.remaining(id, address(tokens[what]));
        assertEq(cap, perPaymentCaps[id][what]);
        uint256 shown = 0;
        for (uint256 window = 0; window < 4; ++window) {
            Counter storage counter = counters[id][what][window];
            if (!counter.stands) continue;
            uint256 bucket = windows[window] / 4;
            uint256 sum = spentSince(id, what, window, clock % bucket + 4 * bucket);
            assertEq(limits[shown].window, windows[window]);
            assertEq(limits[shown].cap, counter.cap);
            assertEq(limits[shown].used, sum, "I7: only time lowers a meter");
            ++shown;
        }
        assertEq(limits.length, shown);
    }

    function assertSessions() external view {
        for (uint32 id = 1; id <= sessions.length; ++id) {
            Session storage session = sessions[id - 1];
            IVault.SessionView memory view_ = vault.sessionOf(id);
            assertEq(view_.revoked, session.revoked, "I8: revoked is for good");
            assertEq(view_.key, vm.addr(session.key));
            assertEq(view_.categories, session.categories);
            assertEq(view_.nonceHighest, highest[session.key]);
        }
        for (uint256 i = 0; i < keys; ++i) {
            uint32 served = vault.sessionOfKey(vm.addr(FIRST_KEY + i));
            assertEq(served, sessionOfKey[FIRST_KEY + i], "I8: a key serves one session, ever");
        }
        assertEq(vault.paused(), paused);
    }

    function assertTrail() external view {
        assertHead();
    }

    function withdrawEverything() external {
        vm.warp(clock);
        for (uint256 what = 0; what < 2; ++what) {
            uint256 left = tokens[what].balanceOf(address(vault));
            if (left == 0) continue;
            vm.prank(owner);
            vault.withdraw(address(tokens[what]), type(uint256).max);
            assertEq(tokens[what].balanceOf(address(vault)), 0, "I10: the vault is never the obstacle");
            assertEq(tokens[what].balanceOf(treasury), withdrawn[what] + left);
        }
    }

    // ------------------------------------------------------------------------------------------

    /// @dev Fuzzed numbers are small or round more often than not; dice are thrown with this.
    function mixed(uint256 number) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(number, clock, payments, refusals)));
    }

    function pick(uint256 who) internal view returns (uint32 id, uint256 key) {
        who = mixed(who);
        id = uint32(1 + who % sessions.length);
        key = sessions[id - 1].key;
        // now and then a key that served the session before
        if (who >> 252 == 1) {
            key = FIRST_KEY + (who >> 8) % keys;
            id = sessionOfKey[key];
        }
    }

    function paymentBy(uint32 id, uint256 what) internal view returns (IVault.Payment memory) {
        return IVault.Payment({
            session: id,
            nonce: 0,
            deadline: uint32(clock + 60),
            token: address(tokens[what]),
            payee: recipients[0],
            amount: 1e6,
            fee: 0,
            feeRecipient: address(0),
            ref: bytes32(clock)
        });
    }

    function newKey(uint32 id) internal returns (uint256 key) {
        key = FIRST_KEY + keys++;
        sessionOfKey[key] = id;
    }

    /// @dev A cap, rounded down to the token's unit.
    function floor(uint256 cap, uint256 what) internal view returns (uint256) {
        return cap >> unitBits[what] << unitBits[what];
    }

    function noteLimit(uint32 id, uint256 what, uint256 window, uint256 cap) internal {
        counters[id][what][window] = Counter(true, floor(cap, what));
    }

    function foldAll() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(vault)) fold(logs[i]);
        }
        assertHead();
    }
}
