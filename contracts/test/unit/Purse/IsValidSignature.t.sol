// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseTest} from "../../base/PurseTest.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {scopeOf} from "src/libraries/Scope.sol";
import {VaultSlots} from "src/libraries/VaultSlots.sol";

/// @notice isValidSignature.tree: I15, on real USDC. What an agent or a thief might try with it is in Abuse.t.sol.
contract IsValidSignatureTest is PurseTest {
    IPurse internal purse;

    function setUp() public override {
        super.setUp();
        purse = filledPurse();
    }

    function test_When_TheKeySignedATransferThatTheRulesAllow() public {
        Authorization memory it = authorizationOf(purse);
        assertEq(answerTo(purse, it), YES);
        settle(it);
        assertEq(usdc.balanceOf(payee), 1e6);
        assertEq(usdc.balanceOf(address(purse)), TARGET - 1e6);
        assertTrue(usdc.authorizationState(address(purse), it.nonce));
    }

    function test_When_TheSignatureHas64Bytes() public {
        Authorization memory it = authorizationOf(purse);
        settle(it, blobOf(it, signShort(OTHER_KEY, digestOf(it))));
        assertEq(usdc.balanceOf(payee), 1e6);
    }

    function test_When_AllThatMayBePaidIsPaid() public {
        Authorization memory it = authorizationOf(purse);
        it.value = TARGET;
        assertEq(answerTo(purse, it), YES);
        vm.prank(owner);
        vault.setPerPaymentCap(PAYER, address(usdc), uint128(TARGET));
        assertLogged(1);
        settle(it);
        assertEq(usdc.balanceOf(payee), TARGET);
    }

    // ------------------------------------------------------------------------------------------ what is signed

    function test_When_TheHashIsAnotherThanTheBlobs() public view {
        Authorization memory it = authorizationOf(purse);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        bytes32 hash = digestOf(it);
        for (uint256 bit = 0; bit < 256; ++bit) {
            assertEq(purse.isValidSignature(hash ^ bytes32(1 << bit), blob), NO);
        }
        assertEq(purse.isValidSignature(0, blob), NO);
    }

    function test_When_AnyBitOfTheBlobIsFlipped() public view {
        Authorization memory it = authorizationOf(purse);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        bytes32 hash = digestOf(it);
        // Padding of the signature's last byte is not looked at: it says nothing
        for (uint256 place = 0; place < 0xe0 + 65; ++place) {
            for (uint256 bit = 0; bit < 8; bit += 7) {
                bytes memory flipped = bytes.concat(blob);
                flipped[place] = flipped[place] ^ bytes1(uint8(1 << bit));
                assertEq(purse.isValidSignature(hash, flipped), NO);
            }
        }
    }

    function test_When_TheDigestIsNotOfThePursesMoney() public {
        IPurse other = openPurse(PAYER, RELAY);
        usdc.mint(address(other), TARGET);
        Authorization memory it = authorizationOf(other);
        assertEq(purse.isValidSignature(digestOf(it), signedBlob(OTHER_KEY, it)), NO);
        it.from = otherAgent;
        assertEq(purse.isValidSignature(digestOf(it), signedBlob(OTHER_KEY, it)), NO);
    }

    function test_When_TheDigestIsOfAnotherType() public view {
        Authorization memory it = authorizationOf(purse);
        string[3] memory types = [
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)",
            "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,uint256 nonce)",
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        ];
        for (uint256 i = 0; i < types.length; ++i) {
            bytes32 structHash = keccak256(
                abi.encode(
                    keccak256(bytes(types[i])), it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce
                )
            );
            bytes32 hash = typed(structHash);
            assertEq(purse.isValidSignature(hash, blobOf(it, signLong(OTHER_KEY, hash))), NO);
            assertEq(purse.isValidSignature(structHash, blobOf(it, signLong(OTHER_KEY, structHash))), NO);
        }
    }

    function test_When_TheDomainIsAnother() public {
        Authorization memory it = authorizationOf(purse);
        (bytes32 hash, bytes memory blob) = (digestOf(it), signedBlob(OTHER_KEY, it));
        vm.chainId(block.chainid + 1);
        assertEq(purse.isValidSignature(hash, blob), NO);
        assertEq(answerTo(purse, it), YES, "the domain is read as it is");
    }

    function test_When_TheBlobIsMalformed() public view {
        Authorization memory it = authorizationOf(purse);
        bytes32 hash = digestOf(it);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        for (uint256 length = 0; length < blob.length; ++length) {
            bytes memory cut = bytes.concat(blob);
            assembly ("memory-safe") {
                mstore(cut, length)
            }
            assertEq(purse.isValidSignature(hash, cut), NO);
        }
        assertEq(purse.isValidSignature(hash, bytes.concat(blob, hex"00")), NO);
        assertEq(purse.isValidSignature(hash, bytes.concat(blob, bytes32(0))), NO);
        assertEq(purse.isValidSignature(hash, blobOf(it, "")), NO);
        assertEq(purse.isValidSignature(hash, blobOf(it, bytes.concat(signLong(OTHER_KEY, hash), hex"00"))), NO);
        assertEq(purse.isValidSignature(hash, signLong(OTHER_KEY, hash)), NO);
        // A signature that begins elsewhere, or that is longer than memory
        bytes memory odd = bytes.concat(blob);
        odd[0xbf] = 0xe0;
        assertEq(purse.isValidSignature(hash, bytes.concat(odd, bytes32(0))), NO);
        odd = bytes.concat(blob);
        odd[0xc0] = 0xff;
        assertEq(purse.isValidSignature(hash, odd), NO);
    }

    function test_When_AnotherKeySigned() public view {
        Authorization memory it = authorizationOf(purse);
        uint256[4] memory keys = [AGENT_KEY, OWNER_KEY, GUARDIAN_KEY, uint256(0x0F)];
        for (uint256 i = 0; i < keys.length; ++i) {
            assertEq(purse.isValidSignature(digestOf(it), signedBlob(keys[i], it)), NO);
        }
    }

    function test_When_SIsInTheUpperHalf() public view {
        Authorization memory it = authorizationOf(purse);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OTHER_KEY, digestOf(it));
        bytes memory high = bytes.concat(r, bytes32(CURVE_ORDER - uint256(s)), bytes1(v == 27 ? 28 : 27));
        assertEq(purse.isValidSignature(digestOf(it), blobOf(it, high)), NO);
    }

    // ------------------------------------------------------------------------------------------ the session

    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_Given_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(PAYER);
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_Given_EverySessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_Given_TheKeyRotatedOut() public {
        vm.prank(owner);
        vault.rotateKey(PAYER, vm.addr(0xA6E29));
        assertLogged(1);
        Authorization memory it = authorizationOf(purse);
        refusedToSettle(it);
        settle(it, signedBlob(0xA6E29, it));
    }

    function test_Given_TheSessionNotBegun() public {
        vm.prank(owner);
        vault.setValidity(PAYER, START + 10, VALID_UNTIL);
        assertLogged(1);
        vm.warp(START + 9);
        refusedToSettle(authorizationOf(purse));
        vm.warp(START + 10);
        settle(authorizationOf(purse));
    }

    function test_Given_TheSessionOver() public {
        vm.warp(VALID_UNTIL - 1);
        assertEq(answerTo(purse, authorizationOf(purse)), YES);
        vm.warp(VALID_UNTIL);
        refusedToSettle(authorizationOf(purse));
    }

    // ------------------------------------------------------------------------------------------ the payee

    function test_When_ThePayeeIsNotInTheBook() public {
        address[4] memory nobody = [stranger, address(0), otherAgent, address(usdc)];
        for (uint256 i = 0; i < nobody.length; ++i) {
            Authorization memory it = authorizationOf(purse);
            it.to = nobody[i];
            refusedToSettle(it);
        }
    }

    function test_When_ThePayeeIsInAnotherCategoryOfTheSession() public {
        Authorization memory it = authorizationOf(purse);
        it.to = relayer;
        refusedToSettle(it);
    }

    function test_Given_ThePayeeWasMovedToThePursesCategory() public {
        vm.prank(owner);
        vault.setPayees(onePayee(relayer, DATA));
        assertLogged(1);
        Authorization memory it = authorizationOf(purse);
        it.to = relayer;
        settle(it);
        vm.prank(owner);
        vault.setPayees(onePayee(payee, RELAY));
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_Given_TheCategoryNoLongerGranted() public {
        vm.prank(owner);
        vault.setCategories(PAYER, uint64(1) << RELAY);
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_When_ThePayeeIsAPurse() public {
        IPurse other = openPurse(PAYER, RELAY);
        Authorization memory it = authorizationOf(purse);
        it.to = address(other);
        refusedToSettle(it);
        it.to = address(purse);
        refusedToSettle(it);
    }

    function test_When_ThePayeeIsTheVault() public {
        Authorization memory it = authorizationOf(purse);
        it.to = address(vault);
        refusedToSettle(it);
    }

    // ------------------------------------------------------------------------------------------ the amount

    function test_When_ItIsNothing() public {
        Authorization memory it = authorizationOf(purse);
        it.value = 0;
        refusedToSettle(it);
    }

    function test_When_ItExceedsThePerPaymentCap() public {
        vm.prank(owner);
        vault.setPerPaymentCap(PAYER, address(usdc), 1e6 - 1);
        assertLogged(1);
        refusedToSettle(authorizationOf(purse));
    }

    function test_When_ItExceedsWhatThePurseHolds() public {
        Authorization memory it = authorizationOf(purse);
        it.value = TARGET + 1;
        refusedToSettle(it);
        it.value = type(uint256).max;
        refusedToSettle(it);
    }

    function test_Given_NoLimitInTheTokenAnyMore() public {
        vm.startPrank(owner);
        vault.removeLimit(PAYER, 0, address(usdc), DAY);
        vault.removeLimit(PAYER, 0, address(usdc), WEEK);
        vm.stopPrank();
        assertLogged(2);
        refusedToSettle(authorizationOf(purse));
    }

    function test_Given_TheTokenAnswersNothing() public {
        Authorization memory it = authorizationOf(purse);
        (bytes32 hash, bytes memory blob) = (digestOf(it), signedBlob(OTHER_KEY, it));
        vm.mockCallRevert(address(usdc), abi.encodeCall(usdc.balanceOf, (address(purse))), "");
        assertEq(purse.isValidSignature(hash, blob), NO);
        vm.clearMockedCalls();
        vm.mockCallRevert(address(usdc), abi.encodeCall(usdc.DOMAIN_SEPARATOR, ()), "");
        assertEq(purse.isValidSignature(hash, blob), NO);
        assertEq(purse.isValidSignature(0, blob), NO);
        vm.clearMockedCalls();
        assertEq(purse.isValidSignature(hash, blob), YES);
    }

    // What it refuses to answer counts for nothing, whatever it says with it
    function test_Given_TheVaultRefusesToAnswer() public {
        Authorization memory it = authorizationOf(purse);
        (bytes32 hash, bytes memory blob) = (digestOf(it), signedBlob(OTHER_KEY, it));
        bytes32[] memory slots = new bytes32[](4);
        (slots[0], slots[1]) = (VaultSlots.vaultWord(), VaultSlots.session(otherAgent));
        (slots[2], slots[3]) = (VaultSlots.allowance(scopeOf(PAYER, 0, address(usdc))), VaultSlots.payee(payee));
        bytes memory question = abi.encodeCall(IVault.stateAt, (slots));
        (, bytes memory answer) = address(vault).staticcall(question);
        vm.mockCallRevert(address(vault), question, answer);
        assertEq(purse.isValidSignature(hash, blob), NO);
        vm.mockCall(address(vault), question, answer);
        assertEq(purse.isValidSignature(hash, blob), YES);
    }

    // ------------------------------------------------------------------------------------------

    /// @dev No is what the purse says, and the token moves nothing.
    function refusedToSettle(Authorization memory it) internal {
        assertEq(answerTo(purse, it), NO);
        bytes memory blob = signedBlob(OTHER_KEY, it);
        vm.expectRevert();
        settle(it, blob);
        assertEq(usdc.balanceOf(address(purse)) + usdc.balanceOf(payee) + usdc.balanceOf(relayer), TARGET);
    }
}
