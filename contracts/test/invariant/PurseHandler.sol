// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../base/PaymentSigner.sol";
import {AuthorizingToken} from "../mocks/AuthorizingToken.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice Two sessions of one vault, a purse each in two categories, and whatever owner, guardian, agents, sellers,
///         thieves of the keys and strangers do with them. Keeps books of its own; asks the vault only for what a policy
///         of its own would be: who may be paid is decided here, and compared (I15).
contract PurseHandler is PaymentSigner {
    uint32 internal constant SESSIONS = 2;
    uint8[2] internal categories = [3, 4];
    uint256 internal constant OWNER = 0x0A;
    uint256 internal constant FIRST_KEY = 0xA6E20;
    uint32 internal constant START = 1_800_792_000;

    struct Book {
        uint256 refilled;
        uint256 received; // from anyone but the vault
        uint256 paid;
        uint256 swept;
        bool open;
    }

    /// @dev Something that a purse paid, or that it held before it did.
    struct Sale {
        uint256 time;
        uint256 amount;
        uint256 heldBefore; // by all purses of the session
    }

    IVault public vault;
    IVaultLens public lens;
    AuthorizingToken public token;
    uint256 public clock = START;
    uint256 public attempts;
    uint256 public sales;
    uint256 public refills;
    uint256 public sweeps;
    uint256 public refusals;

    mapping(uint32 session => mapping(uint8 category => Book)) internal _books;
    mapping(uint32 session => Sale[]) internal _sales;
    mapping(uint32 session => uint256) public highestCap; // of the day
    mapping(uint32 session => uint256) public key; // private
    mapping(uint32 session => uint32) public nonce;
    mapping(address account => uint8) public book;
    mapping(uint32 session => uint64) public granted;
    mapping(uint32 session => uint256) public cap; // per payment
    mapping(uint32 session => bool) public revoked;
    bool public paused;
    uint256 internal refs;

    function begin() external {
        vm.warp(clock);
        token = new AuthorizingToken();
        vault = IVault(
            vm.deployCode(
                vm.envOr("MUTANT", string("Vault.sol:Vault")), abi.encode(vm.addr(OWNER), vm.addr(1), vm.addr(2))
            )
        );
        lens = IVaultLens(vm.deployCode("VaultLens.sol:VaultLens"));
        token.mint(address(vault), 1e15);
        vm.startPrank(vm.addr(OWNER));
        vault.addToken(address(token), 0);
        for (uint256 i = 0; i < 4; ++i) {
            IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
            entries[0] = IVault.PayeeEntry(payeeAt(i), categories[i % 2]);
            vault.setPayees(entries);
            book[payeeAt(i)] = categories[i % 2];
        }
        for (uint32 id = 1; id <= SESSIONS; ++id) {
            key[id] = FIRST_KEY + id;
            (granted[id], cap[id], highestCap[id]) = (24, 60e6, 100e6);
            IVault.TokenGrant[] memory tokens = new IVault.TokenGrant[](1);
            tokens[0] = IVault.TokenGrant(address(token), 60e6, new IVault.Limit[](1));
            tokens[0].limits[0] = IVault.Limit(0, 1 days, 100e6);
            vault.grant(IVault.Grant(id, vm.addr(key[id]), START - 1, START + 3650 days, 24, tokens));
        }
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------------------ what happens

    function open(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        try vault.openPurse(id, address(token), category) returns (address purse) {
            assertFalse(_books[id][category].open, "once");
            assertEq(purse, purseOf(id, category));
            _books[id][category].open = true;
        } catch {
            assertTrue(
                _books[id][category].open || revoked[id] || !isGranted(id, category),
                "refused for a reason that is none"
            );
        }
    }

    /// @notice Up to the target, or as it comes; of its own purse or, by a thief of a key, of another's.
    function refill(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        uint32 payer = seed % 11 == 0 ? 3 - id : id;
        IVaultLens.PurseView memory it = lens.purseOf(address(vault), id, address(token), category);
        uint256 room = it.target > it.balance ? it.target - it.balance : 0;
        uint256 amount = within(seed >> 8, 1, seed % 4 == 1 ? 40e6 : room + 1);
        if (seed % 4 > 1 && room != 0) amount = room;
        uint256 used = usedOf(payer);
        ++attempts;
        if (!pays(payer, it.purse, uint128(amount))) {
            ++refusals;
            return;
        }
        assertEq(payer, id, "I16: no refill by a stranger");
        assertLt(2 * it.balance, it.target, "only while it holds less than half");
        assertLe(it.balance + amount, it.target, "only up to the target");
        assertLe(4 * it.target, dayCapOf(id), "a quarter of the least cap at most");
        assertEq(usedOf(id), used + amount, "I16: what goes in is counted");
        _books[id][category].refilled += amount;
        ++refills;
    }

    /// @dev A payment without a fee, signed by the session's key; whether it was made.
    function pays(uint32 id, address to, uint128 amount) internal returns (bool done) {
        IVault.Payment memory payment;
        (payment.session, payment.nonce, payment.deadline) = (id, nonce[id] + 1, uint32(clock + 60));
        (payment.token, payment.payee, payment.amount, payment.ref) = (address(token), to, amount, bytes32(++refs));
        bytes memory signature = signLong(key[id], digestOf(block.chainid, address(vault), payment));
        try vault.pay(payment, signature, "") {
            ++nonce[id];
            return true;
        } catch {}
    }

    struct Try {
        uint32 id;
        uint8 category;
        address purse;
        address to;
        uint256 value;
        uint256 held;
        uint256 heldBefore; // by all purses of the session
        bytes32 number;
        uint32 signer;
        bytes blob;
    }

    /// @notice A seller's facilitator, or a thief: to anyone, of any amount, signed by any session's key.
    function settle(uint256 seed) external {
        vm.warp(clock);
        Try memory it = someTry(seed);
        bool may = rulesAllow(it);
        ++attempts;
        try token.transferWithAuthorization(it.purse, it.to, it.value, 0, clock + 60, it.number, it.blob) {
            assertTrue(may, "I15: yes to what the rules forbid");
            _books[it.id][it.category].paid += it.value;
            _sales[it.id].push(Sale(clock, it.value, it.heldBefore));
            ++sales;
        } catch {
            assertFalse(may, "I15: no to what the rules allow");
            ++refusals;
        }
    }

    function someTry(uint256 seed) internal returns (Try memory it) {
        (it.id, it.category) = pick(seed);
        it.purse = purseOf(it.id, it.category);
        it.signer = seed % 11 == 0 ? 3 - it.id : it.id;
        it.to = someRecipient(seed >> 16);
        it.held = token.balanceOf(it.purse);
        it.heldBefore = heldBy(it.id);
        it.value = seed % 9 == 0 ? it.held + 1 : seed % 3 == 1 ? it.held : within(seed >> 24, 0, it.held);
        it.number = bytes32(++refs);
        it.blob = blobOf(it);
    }

    function blobOf(Try memory it) internal view returns (bytes memory) {
        bytes32 hash = token.digestOf(it.purse, it.to, it.value, 0, clock + 60, it.number);
        return abi.encode(it.to, it.value, uint256(0), clock + 60, it.number, signLong(key[it.signer], hash));
    }

    function rulesAllow(Try memory it) internal view returns (bool) {
        if (!_books[it.id][it.category].open || it.signer != it.id || paused || revoked[it.id]) return false;
        if (!isGranted(it.id, it.category) || book[it.to] != it.category) return false;
        return it.value != 0 && it.value <= cap[it.id] && it.value <= it.held;
    }

    /// @notice I15: whatever is signed, a permit never passes.
    function permit(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        address purse = purseOf(id, category);
        if (!_books[id][category].open) return;
        bytes memory signature = signPermit(key[id], purse);
        if (seed % 2 == 0) {
            signature = abi.encode(payeeAt(0), uint256(1e6), uint256(0), clock + 60, bytes32(seed), signature);
        }
        try token.permit(purse, payeeAt(0), 1e6, clock + 60, signature) {
            revert("I15: a permit");
        } catch {}
    }

    function signPermit(uint256 secret, address purse) internal view returns (bytes memory) {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typehash, purse, payeeAt(0), 1e6, uint256(0), clock + 60));
        return signLong(secret, keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function sweep(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        if (!_books[id][category].open) return;
        address by = seed % 3 == 0 ? vm.addr(OWNER) : vm.addr(77);
        uint256 used = usedOf(id);
        IPurse purse = IPurse(purseOf(id, category));
        vm.prank(by);
        try purse.sweep(address(token)) returns (uint256 amount) {
            assertTrue(by == vm.addr(OWNER) || revoked[id], "a stranger sweeps the living");
            _books[id][category].swept += amount;
            assertEq(usedOf(id), used, "I7: a sweep gives nothing back");
            ++sweeps;
        } catch {
            assertFalse(by == vm.addr(OWNER) || revoked[id], "I10: money in purses comes back");
        }
    }

    function donate(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        uint256 amount = within(seed >> 8, 1, 5e6);
        token.mint(purseOf(id, category), amount);
        _books[id][category].received += amount;
    }

    function payDirectly(uint256 seed) external {
        (uint32 id,) = pick(seed);
        vm.warp(clock);
        uint128 amount = uint128(within(seed >> 16, 1, seed % 4 == 0 ? 20e6 : 2e6));
        uint256 held = heldBy(id);
        if (pays(id, payeeAt(seed >> 8), amount)) _sales[id].push(Sale(clock, amount, held));
    }

    // ------------------------------------------------------------------------------------------ owner and guardian

    function rule(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        uint256 kind = (seed >> 8) % 16;
        vm.startPrank(vm.addr(OWNER));
        if (paused) {
            vault.unpause();
            paused = false;
        } else if (kind < 4) {
            uint128 target = uint128(within(seed >> 16, 0, 40e6));
            try vault.setPurseTarget(id, category, address(token), target) {} catch {}
        } else if (kind < 7 && !revoked[id]) {
            uint128 most = uint128(within(seed >> 16, 10e6, 200e6));
            vault.setLimit(id, 0, address(token), 1 days, most);
            if (most > highestCap[id]) highestCap[id] = most;
        } else if (kind < 9 && !revoked[id]) {
            cap[id] = within(seed >> 16, 1, 60e6);
            vault.setPerPaymentCap(id, address(token), uint128(cap[id]));
        } else if (kind < 11 && !revoked[id]) {
            granted[id] = seed % 3 == 0 ? uint64((seed >> 16) % 4) << 3 : 24;
            vault.setCategories(id, granted[id]);
        } else if (kind < 13) {
            address who = payeeAt(seed >> 16);
            IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
            entries[0] = IVault.PayeeEntry(who, category);
            vault.setPayees(entries);
            book[who] = category;
        } else if (kind == 13 && (seed >> 16) % 4 == 0 && !paused) {
            vault.pause();
            paused = true;
        } else if (kind == 14 && (seed >> 16) % 64 == 0) {
            vault.revoke(id);
            revoked[id] = true;
        } else {
            address who = payeeAt(seed >> 16);
            vault.removePayee(who);
            book[who] = 0;
        }
        vm.stopPrank();
    }

    function passTime(uint256 seed) external {
        uint256 kind = seed % 4;
        if (kind == 0) clock = (clock / 6 hours + 1) * 6 hours - (seed >> 8) % 2;
        else if (kind == 1) clock += 1 days + (seed >> 8) % 6 hours;
        else clock += (seed >> 8) % 18 hours;
    }

    /// @notice All actions, as often as each is to be chosen.
    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](15);
        (list[0], list[1], list[2]) = (this.open.selector, this.permit.selector, this.sweep.selector);
        (list[3], list[4], list[5]) = (this.refill.selector, this.refill.selector, this.refill.selector);
        (list[6], list[7], list[8]) = (this.settle.selector, this.settle.selector, this.settle.selector);
        (list[9], list[10], list[11]) = (this.settle.selector, this.rule.selector, this.rule.selector);
        (list[12], list[13], list[14]) = (this.payDirectly.selector, this.passTime.selector, this.donate.selector);
    }

    // ------------------------------------------------------------------------------------------ what must hold

    /// @notice I16, I13: what came in went out or is there; and no more was paid than counted and given.
    function assertConserved() external view {
        for (uint32 id = 1; id <= SESSIONS; ++id) {
            for (uint256 i = 0; i < 2; ++i) {
                Book storage it = _books[id][categories[i]];
                uint256 balance = token.balanceOf(purseOf(id, categories[i]));
                assertEq(it.refilled + it.received, it.paid + it.swept + balance, "conservation per purse");
                assertLe(it.paid, it.received + it.refilled, "I16: no more than was counted for it");
            }
        }
    }

    /// @notice I4 with purses: in any window, no more than the cap and what the purses held when it began. Asked after each
    ///         action of the windows that end with the newest sale, so of all.
    function assertWindows() external view {
        for (uint32 id = 1; id <= SESSIONS; ++id) {
            Sale[] storage list = _sales[id];
            (uint256 sum, uint256 most) = (0, highestCap[id] + givenTo(id));
            for (uint256 i = list.length; i != 0; --i) {
                Sale memory first = list[i - 1];
                if (list[list.length - 1].time > first.time + 1 days) break;
                sum += first.amount;
                assertLe(sum, most + first.heldBefore, "I4: cap and what the purses held");
            }
        }
    }

    /// @notice I15: a purse says yes to just what the rules allow at this moment, whatever is asked of it.
    function assertAnswers() external {
        vm.warp(clock);
        uint256 seed = uint256(keccak256(abi.encode(clock, refs, attempts)));
        Try memory it = someTry(seed);
        if (!_books[it.id][it.category].open) return;
        bytes32 hash = token.digestOf(it.purse, it.to, it.value, 0, clock + 60, it.number);
        if (seed % 13 == 0) hash = keccak256(abi.encode(hash));
        bool yes = IPurse(it.purse).isValidSignature(hash, it.blob) == IPurse.isValidSignature.selector;
        assertEq(yes, seed % 13 != 0 && rulesAllow(it), "I15: yes to just what the rules allow");
    }

    // ------------------------------------------------------------------------------------------

    function pick(uint256 seed) internal view returns (uint32 id, uint8 category) {
        uint256 dice = uint256(keccak256(abi.encode(seed)));
        return (uint32(1 + dice % SESSIONS), categories[(dice >> 8) % 2]);
    }

    function payeeAt(uint256 i) public pure returns (address) {
        return address(uint160(0xBEEF00 + i % 4));
    }

    function someRecipient(uint256 dice) internal view returns (address) {
        if (dice % 16 == 0) return vm.addr(88);
        if (dice % 16 == 1) return purseOf(1, categories[(dice >> 8) % 2]);
        if (dice % 16 == 2) return address(vault);
        return payeeAt(dice >> 8);
    }

    function purseOf(uint32 id, uint8 category) public view returns (address) {
        return lens.purseOf(address(vault), id, address(token), category).purse;
    }

    function isGranted(uint32 id, uint8 category) internal view returns (bool) {
        return (granted[id] >> category) & 1 == 1;
    }

    function dayCapOf(uint32 id) internal view returns (uint256) {
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), id, 0, address(token));
        return limits[0].cap;
    }

    function usedOf(uint32 id) internal view returns (uint256) {
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), id, 0, address(token));
        return limits[0].used;
    }

    function heldBy(uint32 id) internal view returns (uint256) {
        return token.balanceOf(purseOf(id, categories[0])) + token.balanceOf(purseOf(id, categories[1]));
    }

    function givenTo(uint32 id) internal view returns (uint256) {
        return _books[id][categories[0]].received + _books[id][categories[1]].received;
    }
}
