// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice abuse.tree: whoever holds the session's key, on real USDC. Quoted: I4 (with purses), I15, I16.
contract AbuseTest is PurseTest {
    IPurse internal purse;

    function setUp() public override {
        super.setUp();
        purse = filledPurse();
    }

    // I15
    function test_When_TheKeySignsAPermit() public {
        uint256 deadline = vm.getBlockTimestamp() + 60;
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = typed(keccak256(abi.encode(typehash, purse, payee, TARGET, uint256(0), deadline)));
        Authorization memory it = authorizationOf(purse);
        it.value = TARGET;
        bytes[3] memory tries =
            [signLong(OTHER_KEY, hash), blobOf(it, signLong(OTHER_KEY, hash)), signedBlob(OTHER_KEY, it)];
        for (uint256 i = 0; i < tries.length; ++i) {
            vm.expectRevert("EIP2612: invalid signature");
            usdc.permit(address(purse), payee, TARGET, deadline, tries[i]);
        }
        assertEq(usdc.allowance(address(purse), payee), 0);
    }

    function test_When_TheKeySignsAReceipt() public {
        Authorization memory it = authorizationOf(purse);
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 hash =
            typed(keccak256(abi.encode(typehash, it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce)));
        bytes[2] memory tries = [blobOf(it, signLong(OTHER_KEY, hash)), signedBlob(OTHER_KEY, it)];
        for (uint256 i = 0; i < tries.length; ++i) {
            vm.prank(payee);
            vm.expectRevert("FiatTokenV2: invalid signature");
            usdc.receiveWithAuthorization(it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce, tries[i]);
        }
        assertEq(usdc.balanceOf(address(purse)), TARGET);
    }

    function test_When_TheKeySignsACancellation() public {
        Authorization memory it = authorizationOf(purse);
        bytes32 typehash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        bytes32 hash = typed(keccak256(abi.encode(typehash, it.from, it.nonce)));
        bytes[3] memory tries =
            [signLong(OTHER_KEY, hash), blobOf(it, signLong(OTHER_KEY, hash)), signedBlob(OTHER_KEY, it)];
        for (uint256 i = 0; i < tries.length; ++i) {
            vm.expectRevert("FiatTokenV2: invalid signature");
            usdc.cancelAuthorization(it.from, it.nonce, tries[i]);
        }
        settle(it);
    }

    function test_When_OneBlobIsUsedForAnotherCall() public {
        Authorization memory signed = authorizationOf(purse);
        bytes memory blob = signedBlob(OTHER_KEY, signed);
        Authorization memory other = authorizationOf(purse);
        (other.value, other.nonce) = (2e6, keccak256("purchase 2"));
        vm.expectRevert("FiatTokenV2: invalid signature");
        settle(other, blob);
        // nor with the other's words around the same signature
        bytes memory mixed = blobOf(other, signLong(OTHER_KEY, digestOf(signed)));
        vm.expectRevert("FiatTokenV2: invalid signature");
        settle(other, mixed);
    }

    function test_When_AnAuthorizationIsSettledTwice() public {
        Authorization memory it = authorizationOf(purse);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        settle(it, blob);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        settle(it, blob);
        assertEq(usdc.balanceOf(payee), 1e6);
    }

    // Three signed in advance against money for two
    function test_When_MoreIsAuthorizedThanThereIs() public {
        uint256 settled = 0;
        for (uint256 i = 0; i < 3; ++i) {
            Authorization memory it = authorizationOf(purse);
            (it.value, it.nonce) = (TARGET / 2, bytes32(i));
            bytes memory blob = signedBlob(OTHER_KEY, it);
            try this.settles(it, blob) {
                ++settled;
            } catch {}
        }
        assertEq(settled, 2);
        assertEq(usdc.balanceOf(address(purse)), 0);
    }

    function test_When_AStrangerSettlesFirst() public {
        Authorization memory it = authorizationOf(purse);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        vm.prank(guardian);
        usdc.transferWithAuthorization(it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce, blob);
        assertEq(usdc.balanceOf(payee), 1e6);
        assertTrue(usdc.authorizationState(it.from, it.nonce));
    }

    // I16
    function test_Given_ADonation() public {
        usdc.mint(address(purse), 50e6);
        Authorization memory it = authorizationOf(purse);
        it.value = 50e6;
        settle(it);
        it.to = relayer;
        assertEq(answerTo(purse, it), NO);
        assertEq(usdc.balanceOf(payee), 50e6);
        // paid less what was given: no more than the vault counted
        assertLe(usdc.balanceOf(payee), limitsOf(PAYER, 0, address(usdc))[0].used + 50e6);
    }

    // I4 with purses, I16: refill, pay, refill, pay, to the end
    function test_When_AThiefSpendsAllHeCan() public {
        uint32 nonce = 1;
        uint256 held = usdc.balanceOf(address(purse));
        uint256 before = limitsOf(PAYER, 0, address(usdc))[0].used;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 holds = usdc.balanceOf(address(purse));
            if (holds != 0) {
                Authorization memory it = authorizationOf(purse);
                (it.value, it.nonce) = (holds, bytes32(i));
                settle(it);
            }
            uint256 left = limitsOf(PAYER, 0, address(usdc))[0].remaining;
            uint256 amount = left < TARGET ? left : TARGET;
            if (amount == 0) break;
            refill(purse, nonce++, amount);
        }
        payerRefused(
            refillOf(purse, nonce, 1),
            abi.encodeWithSelector(IVault.LimitExceeded.selector, PAYER, 0, address(usdc), DAY, 1, 0)
        );
        assertEq(usdc.balanceOf(payee), held + DAY_CAP - before);
        assertEq(lens.maxOutflow(address(vault), PAYER, address(usdc), 0, new bytes[](0)), 0);
    }

    function test_When_EtherIsSentToAPurse() public {
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool taken,) = address(purse).call{value: 1 ether}("");
        assertFalse(taken);
    }

    function settles(Authorization calldata it, bytes calldata blob) external {
        usdc.transferWithAuthorization(it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce, blob);
    }
}
