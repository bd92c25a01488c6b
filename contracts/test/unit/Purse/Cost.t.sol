// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice cost.tree: what a purse costs a seller's facilitator, and its agent, on real USDC. Apart from what it says, so that a purse
///         built in another way is judged by that alone.
contract CostTest is PurseTest {
    uint256 internal constant MOST_GAS = 60_000;
    uint256 internal constant MOST_OVERHEAD = 25_000;
    /// @dev What a batch gives each item: src/Vault.sol.
    uint256 internal constant ITEM_GAS = 500_000;
    uint256 internal constant PAYER_ACCOUNT = 0xE0A;

    IPurse internal purse;

    function setUp() public override {
        super.setUp();
        purse = filledPurse();
    }

    // From cold, as the first call of a transaction
    function test_When_AnyoneAsks() public {
        Authorization memory it = authorizationOf(purse);
        (bytes32 hash, bytes memory blob) = (digestOf(it), signedBlob(OTHER_KEY, it));
        cool();
        uint256 gas = gasleft();
        bytes4 answer = purse.isValidSignature(hash, blob);
        gas -= gasleft();
        assertEq(answer, YES);
        assertLt(gas, MOST_GAS);
        emit log_named_uint("isValidSignature, cold", gas);
    }

    // As the token's own code sees it, with what the longer calldata costs
    function test_When_AnX402PaymentIsSettled() public {
        address account = vm.addr(PAYER_ACCOUNT);
        usdc.mint(account, TARGET);
        usdc.mint(payee, 1); // no first transfer for either
        Authorization memory it = authorizationOf(purse);
        uint256 fromPurse = settlingGas(it, signedBlob(OTHER_KEY, it));
        it.from = account;
        uint256 fromAccount = settlingGas(it, signLong(PAYER_ACCOUNT, digestOf(it)));
        emit log_named_uint("transferWithAuthorization from a purse", fromPurse);
        emit log_named_uint("transferWithAuthorization from an account", fromAccount);
        assertLt(fromPurse, fromAccount + MOST_OVERHEAD);
    }

    // I11: the dearest refill there is fits what a batch gives an item, from cold, and so is never starved into failing
    function test_When_ARefillCountsInEveryLimitThereIs() public {
        uint32[5] memory windows = [HOUR, DAY, WEEK, MONTH, LIFETIME];
        vm.startPrank(owner);
        for (uint256 i = 0; i < windows.length; ++i) {
            vault.setLimit(0, 0, address(usdc), windows[i], 1000e6);
            vault.setLimit(PAYER, 0, address(usdc), windows[i], 100e6);
            vault.setLimit(PAYER, DATA, address(usdc), windows[i], 100e6);
            vault.setLimit(PAYER, RELAY, address(usdc), windows[i], 100e6);
        }
        vm.stopPrank();
        assertLogged(4 * 5);
        IPurse empty = openPurse(PAYER, RELAY);
        IVault.Payment memory payment = refillOf(empty, 1, uint128(TARGET));
        (payment.fee, payment.feeRecipient) = (1e6, payee); // DATA's
        bytes memory signature = signBy(OTHER_KEY, payment);
        cool();
        uint256 gas = gasleft();
        vault.pay{gas: ITEM_GAS}(payment, signature, "");
        gas -= gasleft();
        assertLogged(1);
        assertLt(gas, ITEM_GAS);
        emit log_named_uint("a refill under twenty limits, cold", gas);
        assertEq(limitsOf(PAYER, RELAY, address(usdc)).length, 5);
    }

    /// @dev Gas of a whole transaction: its calldata and its execution from cold.
    function settlingGas(Authorization memory it, bytes memory signature) internal returns (uint256 gas) {
        bytes memory call = abi.encodeCall(
            usdc.transferWithAuthorization,
            (it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce, signature)
        );
        for (uint256 i = 0; i < call.length; ++i) {
            gas += call[i] == 0 ? 4 : 16;
        }
        cool();
        uint256 before = gasleft();
        (bool done,) = address(usdc).call(call);
        gas += 21_000 + before - gasleft();
        assertTrue(done);
    }

    function cool() internal {
        vm.cool(address(usdc));
        vm.cool(address(purse));
        vm.cool(address(vault));
        vm.cool(address(purses()));
    }
}
