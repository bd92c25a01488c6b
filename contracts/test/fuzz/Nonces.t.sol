// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice I3: a (session, nonce) pays at most once; nonces come out of order within 32; none runs more than 1,024
///         ahead. Against the set of nonces that paid.
contract NoncesFuzzTest is VaultTest {
    uint256 internal constant STEPS = 40;

    mapping(uint256 who => mapping(uint256 nonce => bool)) internal paid;
    mapping(uint256 who => uint256) internal highest;

    function setUp() public override {
        super.setUp();
        vm.startPrank(owner);
        vault.grant(otherGrant());
        vault.setLimit(SESSION, 0, address(token), DAY, 2_000e6);
        vault.setLimit(SESSION + 1, 0, address(token), DAY, 2_000e6);
        vm.stopPrank();
        assertLogged(6);
    }

    /// @notice Two sessions, any order of nonces: each judged by its own set alone, to the very error.
    /// forge-config: default.fuzz.runs = 300
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AnyOrder(uint256 seed) public {
        for (uint256 step = 0; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 who = seed % 2;
            attempt(who, nextNonce(who, seed >> 8));
            assertWindow(0);
            assertWindow(1);
        }
    }

    /// @notice All 32 behind the highest can still pay, each once, in any order; the one behind them cannot.
    function test_TheWholeWindow() public {
        attempt(0, 500);
        for (uint32 i = 0; i < 32; ++i) {
            uint32 nonce = 500 - ((i * 13) % 32);
            attempt(0, nonce);
        }
        for (uint32 nonce = 468; nonce <= 500; ++nonce) {
            attempt(0, nonce);
        }
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, type(uint32).max);
        attempt(0, 501);
        attempt(0, 469);
        attempt(0, 470);
        assertWindow(0);
    }

    /// @notice Leaps: 1,024 ahead pays, 1,025 does not, and a leap forgets exactly what it leaves behind.
    function test_Leaps() public {
        attempt(0, 1_025);
        attempt(0, 1_024);
        attempt(0, 1_024 + 1_025);
        attempt(0, 1_024 + 1_024);
        attempt(0, 1_024);
        attempt(0, 2_048 - 31);
        attempt(0, 2_048 - 32);
        attempt(0, 2_048 + 31);
        attempt(0, 2_048);
        attempt(0, 2_048 - 1);
        assertWindow(0);
    }

    /// @notice At the end of 32 bits nothing wraps.
    function test_TheLastNonce() public {
        uint256 highestNow = type(uint32).max - 1;
        // Only leaps of 1,024 lead there; the window is put there by storage, found by what sessionOf reads.
        forceHighest(uint32(highestNow));
        highest[0] = highestNow;
        paid[0][highestNow] = true;
        attempt(0, uint32(highestNow));
        attempt(0, 0);
        attempt(0, 1_000);
        attempt(0, type(uint32).max);
        attempt(0, type(uint32).max);
        attempt(0, type(uint32).max - 31);
        attempt(0, type(uint32).max - 32);
        assertWindow(0);
    }

    /// @notice A new key starts afresh, and gives the old nonces no second life under the old one.
    function test_RotationStartsAfresh() public {
        attempt(0, 700);
        IVault.Payment memory payment = paymentOf(701, 1e6);
        bytes memory old = sign(payment);
        vm.prank(owner);
        vault.rotateKey(SESSION, vm.addr(0x99));
        assertLogged(1);
        submitBy(0x99, paymentOf(700, 1e6));
        submitBy(0x99, paymentOf(699, 1e6));
        assertLogged(2);
        signedRefuses(payment, old, abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
    }

    // ------------------------------------------------------------------------------------------

    function attempt(uint256 who, uint32 nonce) internal {
        IVault.Payment memory payment = paymentOf(nonce, 1e6);
        uint32 session = SESSION + uint32(who);
        payment.session = session;
        uint256 key = who == 0 ? AGENT_KEY : OTHER_KEY;
        uint256 top = highest[who];
        if (nonce > top + 1_024) {
            bytes memory why = abi.encodeWithSelector(IVault.NonceTooFar.selector, session, nonce, top + 1_024);
            signedRefuses(payment, signBy(key, payment), why);
        } else if (nonce + uint256(32) <= top) {
            bytes memory why = abi.encodeWithSelector(IVault.NonceTooOld.selector, session, nonce, top - 31);
            signedRefuses(payment, signBy(key, payment), why);
        } else if (paid[who][nonce]) {
            bytes memory why = abi.encodeWithSelector(IVault.NonceUsed.selector, session, nonce);
            signedRefuses(payment, signBy(key, payment), why);
        } else {
            submitBy(key, payment);
            assertLogged(1);
            paid[who][nonce] = true;
            if (nonce > top) highest[who] = nonce;
        }
    }

    function assertWindow(uint256 who) internal view {
        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION + uint32(who));
        uint256 bits = 0;
        for (uint256 i = 0; i < 32 && i <= highest[who]; ++i) {
            if (paid[who][highest[who] - i]) bits |= 1 << i;
        }
        assertEq(view_.nonceHighest, highest[who]);
        assertEq(view_.nonceWindow, bits);
    }

    /// @dev Near the window mostly, sometimes at its edges or far away.
    function nextNonce(uint256 who, uint256 seed) internal view returns (uint32) {
        uint256 top = highest[who];
        uint256 dice = seed % 8;
        uint256 some = seed >> 8;
        if (dice == 0) return uint32(top + 1_024 + some % 2);
        if (dice == 1) return uint32(top + 30 + some % 4);
        if (dice == 2) return uint32(top > 33 ? top - 30 - some % 4 : some % 40);
        if (dice == 3) return uint32(top + 1 + some % 1_024);
        if (dice < 6) return uint32(top + 1 + some % 3);
        return uint32(top > 32 ? top - some % 32 : some % 32);
    }

    /// @dev Writes `top` as the highest nonce paid, its bit alone in the window, wherever the vault keeps them.
    function forceHighest(uint32 top) internal {
        vm.record();
        lens.sessionOf(address(vault), SESSION);
        (bytes32[] memory reads,) = vm.accesses(address(vault));
        for (uint256 i = 0; i < reads.length; ++i) {
            bytes32 was = vm.load(address(vault), reads[i]);
            for (uint256 shift = 0; shift <= 192; shift += 8) {
                bytes32 put = bytes32((uint256(top) << shift) | (uint256(1) << (shift + 32)));
                bytes32 mask = bytes32(uint256(type(uint64).max) << shift);
                vm.store(address(vault), reads[i], (was & ~mask) | put);
                IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION);
                bool there = view_.nonceHighest == top && view_.nonceWindow == 1 && view_.key == agent
                    && view_.validUntil == VALID_UNTIL && view_.categories == CATEGORIES && !view_.revoked
                    && view_.validFrom == VALID_FROM && view_.epoch == 0;
                if (there) return;
                vm.store(address(vault), reads[i], was);
            }
        }
        revert("where are the nonces?");
    }
}
