// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignerWallet} from "../mocks/SignerWallet.sol";
import {GasSweep} from "./GasSweep.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice I11: one payment, and one withdrawal, at every gas limit in steps of 500.
contract PaySweepTest is GasSweep {
    function test_APlainPayment() public {
        assertSwept(payCall(paymentOf(1, 10e6), ""));
    }

    function test_APaymentWithAFee() public {
        assertSwept(payCall(defaultPayment(), ""));
    }

    /// @notice Under limits of the vault, of the session and of both categories.
    function test_APaymentUnderLimitsOfEveryScope() public {
        limitEverything();
        assertSwept(payCall(defaultPayment(), ""));
    }

    function test_APaymentAboveTheCapWithTheOwnersApproval() public {
        IVault.Payment memory payment = paymentOf(1, PER_PAYMENT_CAP + 1);
        assertSwept(payCall(payment, approve(payment)));
    }

    /// @notice The owner is a contract: its answer is asked for with a bounded gas, and what it lacks is no trace.
    function test_APaymentThatAWalletApproves() public {
        SignerWallet wallet = new SignerWallet(vm.addr(0x77));
        vm.prank(owner);
        vault.transferOwnership(address(wallet));
        vm.prank(address(wallet));
        vault.acceptOwnership();
        IVault.Payment memory payment = paymentOf(1, PER_PAYMENT_CAP + 1);
        bytes memory approval = signLong(0x77, approvalDigestOf(block.chainid, address(vault), payment));
        assertSwept(payCall(payment, approval));
    }

    function test_APaymentBeyondALimit() public {
        submit(paymentOf(1, PER_PAYMENT_CAP));
        assertEq(sweep(payCall(paymentOf(2, PER_PAYMENT_CAP), "")), 0, "refused at every gas limit");
        assertGt(limitsTried, 30);
    }

    function test_APaymentOfAUsedNonce() public {
        submit(paymentOf(1, 1e6));
        assertEq(sweep(payCall(paymentOf(1, 1e6), "")), 0, "refused at every gas limit");
        assertGt(limitsTried, 20);
    }

    function test_AWithdrawalByTheOwnersSignature() public {
        bytes memory call = abi.encodeCall(IVault.withdraw, (address(token), 10e6));
        uint32 nonce = vault.ownerNonce();
        bytes memory signature = signAct(OWNER_KEY, call, nonce, soon());
        assertSwept(abi.encodeCall(IVault.lodge, (call, nonce, soon(), signature)));
    }

    // ------------------------------------------------------------------------------------------

    function assertSwept(bytes memory call) internal {
        uint256 least = sweep(call);
        assertGt(least, 50_000);
        assertGt(limitsTried, 60);
    }

    function payCall(IVault.Payment memory payment, bytes memory approval) internal view returns (bytes memory) {
        return abi.encodeCall(IVault.pay, (payment, sign(payment), approval));
    }

    function limitEverything() internal {
        vm.startPrank(owner);
        vault.setLimit(0, 0, address(token), DAY, 500e6);
        vault.setLimit(0, 0, address(token), LIFETIME, 900e6);
        vault.setLimit(SESSION, DATA, address(token), DAY, 90e6);
        vault.setLimit(SESSION, RELAY, address(token), HOUR, 1e6);
        vm.stopPrank();
    }
}
