// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice I11, at every gas limit: a transaction does all that it does with plenty of gas, to the last item and event, or
///         nothing.
abstract contract GasSweep is VaultTest {
    uint256 internal constant FIRST_LIMIT = 21_000;
    uint256 internal constant STEP = 500;
    uint256 internal constant PLENTY = 16_777_216; // the most that a transaction may have (EIP-7825)

    struct Whole {
        bool ok;
        bytes answer;
        bytes32 state; // afterwards
        bytes32 events;
        uint256 gasUsed;
    }

    uint256 internal limitsTried;
    uint256 internal limitsDone;

    /// @notice Sends `call` with every gas limit from 21,000 to what it needs and a few steps more.
    /// @return least the lowest gas limit with which it is done
    function sweep(bytes memory call) internal returns (uint256 least) {
        bytes32 before = everything();
        Whole memory whole = play(call, PLENTY);
        assertTrue(whole.ok || whole.state == before, "I11: a refusal leaves no trace");
        uint256 intrinsic = intrinsicOf(call);
        // The EVM keeps 1/64 of the gas back at each of the calls within
        uint256 highest = intrinsic + whole.gasUsed + whole.gasUsed / 16 + 600_000 + 8 * STEP;
        uint256 enough = 0;
        for (uint256 limit = FIRST_LIMIT; limit <= highest && enough < 8; limit += STEP) {
            if (limit < intrinsic) continue; // no node takes it
            vm.resetGasMetering();
            ++limitsTried;
            Whole memory one = play(call, limit - intrinsic);
            if (!one.ok) {
                assertEq(one.state, before, "I11: or nothing");
                assertFalse(whole.ok && enough != 0, "more gas is never worse");
                if (!whole.ok && keccak256(one.answer) == keccak256(whole.answer)) ++enough;
                continue;
            }
            assertTrue(whole.ok, "what is refused with plenty of gas is refused with less");
            assertEq(one.state, whole.state, "I11: all of it");
            assertEq(one.events, whole.events, "with the same outcome of each item");
            if (enough++ == 0) least = limit;
        }
        assertEq(enough, 8, "swept to the end");
        limitsDone += enough;
    }

    /// @dev With cold storage, as a transaction finds it; undone afterwards.
    function play(bytes memory call, uint256 gas_) internal returns (Whole memory done) {
        uint256 snapshot = vm.snapshotState();
        vm.cool(address(vault));
        vm.cool(address(token));
        vm.recordLogs();
        vm.prank(stranger);
        uint256 left = gasleft();
        (done.ok, done.answer) = address(vault).call{gas: gas_}(call);
        done.gasUsed = left - gasleft();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (done.ok) done.events = keccak256(abi.encode(aside(logs)));
        done.state = everything();
        assertTrue(vm.revertToState(snapshot));
    }

    /// @dev What a batch says of items that did not pay.
    function aside(Vm.Log[] memory logs) internal pure returns (Vm.Log[] memory failures) {
        failures = new Vm.Log[](logs.length);
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IVault.PaymentFailed.selector) failures[count++] = logs[i];
        }
        assembly ("memory-safe") {
            mstore(failures, count)
        }
    }

    // ------------------------------------------------------------------------------------------ everything

    /// @notice All that the vault's views and the tokens tell.
    function everything() internal view virtual returns (bytes32) {
        (uint32 number, bytes32 hash) = vault.head();
        bytes32 rules = keccak256(
            abi.encode(
                number,
                hash,
                vault.ownerNonce(),
                vault.paused(),
                vault.epoch(),
                lens.waiting(address(vault)),
                vault.delay()
            )
        );
        return
            keccak256(
                abi.encode(rules, whoIsWho(), sessionAt(SESSION), sessionAt(SESSION + 1), moneyOf(address(token)))
            );
    }

    function whoIsWho() internal view returns (bytes32) {
        bytes32 people = keccak256(
            abi.encode(vault.owner(), vault.pendingOwner(), vault.guardian(), vault.treasury(), vault.payeeOf(payee))
        );
        return keccak256(abi.encode(people, vault.payeeOf(relayer), vault.sessionOfKey(agent)));
    }

    function sessionAt(uint32 session) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                lens.sessionOf(address(vault), session),
                scopeAt(0, 0),
                scopeAt(session, 0),
                scopeAt(session, DATA),
                scopeAt(session, RELAY)
            )
        );
    }

    function scopeAt(uint32 session, uint8 category) internal view returns (bytes32) {
        return keccak256(abi.encode(limitsOf(session, category, address(token))));
    }

    function moneyOf(address money) internal view returns (bytes32) {
        TokenLike like = TokenLike(money);
        return keccak256(
            abi.encode(
                like.balanceOf(address(vault)), like.balanceOf(payee), like.balanceOf(relayer), like.balanceOf(treasury)
            )
        );
    }

    /// @dev 21,000, and for calldata 4 a zero byte and 16 another, or 10 and 40 if that is all (EIP-7623).
    function intrinsicOf(bytes memory call) internal pure returns (uint256) {
        uint256 tokens = 0;
        for (uint256 i = 0; i < call.length; ++i) {
            tokens += call[i] == 0 ? 1 : 4;
        }
        return 21_000 + 4 * tokens;
    }
}

interface TokenLike {
    function balanceOf(address account) external view returns (uint256);
}
