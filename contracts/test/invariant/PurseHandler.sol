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
            vm.deployCode(vm.envOr("MUTANT", string("Vault.sol:Vault")), abi.encode(vm.addr(OWNER), vm.addr(1), vm.addr(2)))
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
                _books[id][category].open || revoked[id] || !isGranted(id, category), "refused for a reason that is none"
            );
        }
    }

    /// @notice Up to the target, or as it comes; of its own purse or, by a thief of a key, of another's.
    function refill(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        bool foreign = seed % 7 == 0;
        uint32 payer = foreign ? 3 - id : id;
        IVaultLens.PurseView memory it = lens.purseOf(address(vault), id, address(token), category);
        uint256 room = it.target > it.balance ? it.target - it.balance : 0;
        uint256 amount = seed % 3 == 0 ? room : seed % 3 == 1 ? within(seed >> 8, 1, 40e6) : within(seed >> 8, 1, room + 1);
        if (amount == 0) amount = 1;
        IVault.Payment memory payment = IVault.Payment(
            payer, ++nonce[payer], uint32(clock + 60), address(token), it.purse, uint128(amount), 0, address(0), bytes32(++refs)
        );
        bytes memory signature = signLong(key[payer], digestOf(block.chainid, address(vault), payment));
        uint256 used = usedOf(payer);
        ++attempts;
        try vault.pay(payment, signature, "") {
            assertFalse(foreign, "I16: no refill by a stranger");
            assertLt(2 * it.balance, it.target, "only while it holds less than half");
            assertLe(it.balance + amount, it.target, "only up to the target");
            assertLe(4 * it.target, dayCapOf(id), "a quarter of the least cap at most");
            assertEq(usedOf(id), used + amount, "I16: what goes in is counted");
            _books[id][category].refilled += amount;
            ++refills;
        } catch {
            --nonce[payer];
            ++refusals;
        }
    }

    /// @notice A seller's facilitator, or a thief: to anyone, of any amount, signed by any session's key.
    function settle(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        address purse = purseOf(id, category);
        uint32 signer = seed % 11 == 0 ? 3 - id : id;
        address to = someRecipient(seed >> 16);
        uint256 held = token.balanceOf(purse);
        uint256 value = seed % 5 == 0 ? held + 1 : seed % 5 == 1 ? held : within(seed >> 24, 0, held);
        bytes32 number = bytes32(++refs);
        bytes32 hash = token.digestOf(purse, to, value, 0, clock + 60, number);
        bytes memory blob = abi.encode(to, value, uint256(0), clock + 60, number, signLong(key[signer], hash));
        bool may = _books[id][category].open && signer == id && !paused && !revoked[id] && isGranted(id, category)
            && book[to] == category && value != 0 && value <= cap[id] && value <= held;
        uint256 heldBefore = heldBy(id);
        ++attempts;
        try token.transferWithAuthorization(purse, to, value, 0, clock + 60, number, blob) {
            assertTrue(may, "I15: yes to what the rules forbid");
            _books[id][category].paid += value;
            _sales[id].push(Sale(clock, value, heldBefore));
            ++sales;
        } catch {
            assertFalse(may, "I15: no to what the rules allow");
            ++refusals;
        }
    }

    /// @notice I15: whatever is signed, a permit never passes.
    function permit(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        address purse = purseOf(id, category);
        if (!_books[id][category].open) return;
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typehash, purse, payeeAt(0), 1e6, uint256(0), clock + 60));
        bytes32 hash = keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        bytes memory signature = signLong(key[id], hash);
        bytes memory blob = abi.encode(payeeAt(0), uint256(1e6), uint256(0), clock + 60, bytes32(seed), signature);
        try token.permit(purse, payeeAt(0), 1e6, clock + 60, seed % 2 == 0 ? blob : signature) {
            revert("I15: a permit");
        } catch {}
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
        IVault.Payment memory payment = IVault.Payment(
            id,
            ++nonce[id],
            uint32(clock + 60),
            address(token),
            payeeAt(seed >> 8),
            uint128(within(seed >> 16, 1, 20e6)),
            0,
            address(0),
            bytes32(++refs)
        );
        bytes memory signature = signLong(key[id], digestOf(block.chainid, address(vault), payment));
        try vault.pay(payment, signature, "") {
            _sales[id].push(Sale(clock, payment.amount, heldBy(id)));
        } catch {
            --nonce[id];
        }
    }

    // ------------------------------------------------------------------------------------------ owner and guardian

    function rule(uint256 seed) external {
        (uint32 id, uint8 category) = pick(seed);
        vm.warp(clock);
        uint256 kind = (seed >> 8) % 16;
        vm.startPrank(vm.addr(OWNER));
        if (kind < 4) {
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
            granted[id] = uint64((seed >> 16) % 4) << 3;
            vault.setCategories(id, granted[id]);
        } else if (kind < 13) {
            address who = payeeAt(seed >> 16);
            IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1);
            entries[0] = IVault.PayeeEntry(who, category);
            vault.setPayees(entries);
            book[who] = category;
        } else if (kind == 13) {
            if (paused) vault.unpause();
            else vault.pause();
            paused = !paused;
        } else if (kind == 14 && seed % 32 == 0) {
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
        else if (kind == 1) clock += 1 days;
        else clock += (seed >> 8) % 12 hours;
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

    /// @notice I4 with purses: in any window, no more than the cap and what the purses held when it began.
    function assertWindows() external view {
        for (uint32 id = 1; id <= SESSIONS; ++id) {
            Sale[] storage list = _sales[id];
            for (uint256 i = 0; i < list.length; ++i) {
                uint256 sum = 0;
                for (uint256 j = i; j < list.length && list[j].time <= list[i].time + 1 days; ++j) {
                    sum += list[j].amount;
                }
                assertLe(sum, highestCap[id] + list[i].heldBefore + givenTo(id), "I4: cap and what the purses held");
            }
        }
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
        if (dice % 8 == 0) return vm.addr(88);
        if (dice % 8 == 1) return purseOf(1, categories[dice % 2]);
        if (dice % 8 == 2) return address(vault);
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
