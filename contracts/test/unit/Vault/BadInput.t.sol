// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice badInput.tree: calldata as no compiler makes it. What has a name of its own is with its verb: PaymentMalformed
///         (pay), ZeroAmount, ZeroAddress, NotAscending, EmptyList, ValidityInvalid, WindowUnknown, CapTooLarge,
///         CategoryMaskInvalid, SignatureInvalid, NonceTooFar, CallMalformed. Here is what Solidity's own decoder refuses.
contract BadInputTest is VaultTest {
    /// @dev A verb's calldata, and the bits of each of its words.
    struct Shape {
        bytes call;
        uint16[5] widths; // 0 = no such word
    }

    function test_RevertWhen_AWordOfAnOwnersVerbIsDirty() public {
        Shape[] memory shapes = ownersVerbs();
        for (uint256 i = 0; i < shapes.length; ++i) {
            eachBitRefused(owner, shapes[i]);
        }
    }

    function test_RevertWhen_AWordOfAStopIsDirty() public {
        Shape[] memory shapes = stops();
        for (uint256 i = 0; i < shapes.length; ++i) {
            eachBitRefused(guardian, shapes[i]);
        }
    }

    function test_RevertWhen_AWordOfALodgedCallIsDirty() public {
        Shape[] memory shapes = stops();
        for (uint256 i = 0; i < shapes.length; ++i) {
            for (uint256 word = 0; shapes[i].widths[word] != 0; ++word) {
                bytes memory call = withBit(shapes[i].call, word, shapes[i].widths[word]);
                bytes memory signature = signAct(GUARDIAN_KEY, call, ownerNonce, soon());
                (bool ok,) = address(vault).call(abi.encodeCall(vault.lodge, (call, ownerNonce, soon(), signature)));
                assertFalse(ok);
                assertUntouched();
            }
        }
    }

    function test_RevertWhen_CalldataIsCutShort() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory call = abi.encodeCall(vault.pay, (payment, sign(payment), ""));
        for (uint256 length = 0; length < call.length - 32 - 31 - 32; length += 7) {
            (bool ok,) = address(vault).call(cut(call, length));
            assertFalse(ok);
            assertUntouched();
        }
        Shape[] memory shapes = ownersVerbs();
        for (uint256 i = 0; i < shapes.length; ++i) {
            vm.prank(owner);
            (bool ok,) = address(vault).call(cut(shapes[i].call, shapes[i].call.length - 1));
            assertFalse(ok);
            assertUntouched();
        }
    }

    // I3: uniqueness comes from the nonce, whatever the calldata looks like
    function test_When_ThePartsOfAPaymentStandElsewhere() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory signature = sign(payment);
        uint256 head = 11 * 32;
        bytes memory start = bytes.concat(IVault.pay.selector, abi.encode(payment));
        // the approval first; a gap; the approval inside the signature's padding
        bytes[3] memory calls = [
            bytes.concat(start, abi.encode(head + 32, head, uint256(0), uint256(65)), signature, new bytes(31)),
            bytes.concat(
                start,
                abi.encode(head + 64, head + 64 + 128, bytes32("gap"), bytes32("gap"), uint256(65)),
                signature,
                new bytes(31),
                abi.encode(uint256(0))
            ),
            bytes.concat(start, abi.encode(head, head + 96 + 1, uint256(65)), signature, new bytes(64))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            (bool ok,) = address(vault).call(calls[i]);
            assertTrue(ok);
            assertLogged(1);
            assertEq(token.balanceOf(payee), 10e6);
            for (uint256 j = 0; j < 3; ++j) {
                (bool again, bytes memory answer) = address(vault).call(calls[j]);
                assertFalse(again);
                assertEq(answer, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
            }
            assertTrue(vm.revertToState(snapshot));
            vm.getRecordedLogs();
        }
    }

    function test_When_MoreStandsBehind() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory call = abi.encodeCall(vault.pay, (payment, sign(payment), ""));
        (bool ok,) = address(vault).call(bytes.concat(call, hex"c0ffee"));
        assertTrue(ok);
        vm.prank(owner);
        (ok,) = address(vault).call(bytes.concat(abi.encodeCall(vault.setCategories, (SESSION, 2)), hex"c0ffee"));
        assertTrue(ok);
        vm.prank(guardian);
        (ok,) = address(vault).call(bytes.concat(abi.encodeCall(vault.pause, ()), hex"c0ffee"));
        assertTrue(ok);
        assertLogged(3);
        assertEq(lens.sessionOf(address(vault), SESSION).categories, 2);
        assertTrue(vault.paused());
    }

    function test_RevertWhen_TheFunctionIsUnknown() public {
        bytes[5] memory calls = [
            bytes(""),
            hex"00",
            hex"deadbeef",
            hex"095ea7b3",
            abi.encodeWithSignature("approve(address,uint256)", stranger, 1)
        ];
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(owner);
            (bool ok,) = address(vault).call(calls[i]);
            assertFalse(ok);
            assertUntouched();
        }
    }

    // ------------------------------------------------------------------------------------------

    function ownersVerbs() internal view returns (Shape[] memory shapes) {
        shapes = new Shape[](11);
        shapes[0] = Shape(abi.encodeCall(vault.rotateKey, (SESSION, otherAgent)), [uint16(32), 160, 0, 0, 0]);
        shapes[1] =
            Shape(abi.encodeCall(vault.setValidity, (SESSION, VALID_FROM, VALID_UNTIL)), [uint16(32), 32, 32, 0, 0]);
        shapes[2] = Shape(abi.encodeCall(vault.setCategories, (SESSION, 2)), [uint16(32), 64, 0, 0, 0]);
        shapes[3] =
            Shape(abi.encodeCall(vault.setPerPaymentCap, (SESSION, address(token), 1)), [uint16(32), 160, 128, 0, 0]);
        shapes[4] = Shape(
            abi.encodeCall(vault.setLimit, (SESSION, DATA, address(token), DAY, 1)), [uint16(32), 8, 160, 32, 128]
        );
        shapes[5] =
            Shape(abi.encodeCall(vault.removeLimit, (SESSION, 0, address(token), DAY)), [uint16(32), 8, 160, 32, 0]);
        shapes[6] = Shape(abi.encodeCall(vault.transferOwnership, (stranger)), [uint16(160), 0, 0, 0, 0]);
        shapes[7] = Shape(abi.encodeCall(vault.setGuardian, (stranger)), [uint16(160), 0, 0, 0, 0]);
        shapes[8] = Shape(abi.encodeCall(vault.setTreasury, (stranger)), [uint16(160), 0, 0, 0, 0]);
        shapes[9] = Shape(abi.encodeCall(vault.setDelay, (1)), [uint16(32), 0, 0, 0, 0]);
        shapes[10] = Shape(abi.encodeCall(vault.withdraw, (address(token), 1)), [uint16(160), 0, 0, 0, 0]);
    }

    function stops() internal view returns (Shape[] memory shapes) {
        shapes = new Shape[](2);
        shapes[0] = Shape(abi.encodeCall(vault.revoke, (SESSION)), [uint16(32), 0, 0, 0, 0]);
        shapes[1] = Shape(abi.encodeCall(vault.removePayee, (payee)), [uint16(160), 0, 0, 0, 0]);
    }

    function eachBitRefused(address by, Shape memory shape) internal {
        for (uint256 word = 0; word < 5 && shape.widths[word] != 0; ++word) {
            for (uint256 bit = shape.widths[word]; bit < 256; ++bit) {
                vm.prank(by);
                (bool ok,) = address(vault).call(withBit(shape.call, word, bit));
                assertFalse(ok);
                assertUntouched();
            }
        }
        uint256 snapshot = vm.snapshotState();
        vm.prank(by);
        (bool done,) = address(vault).call(shape.call);
        assertTrue(done, "clean, it works");
        assertTrue(vm.revertToState(snapshot));
        vm.getRecordedLogs();
    }

    function withBit(bytes memory call, uint256 word, uint256 bit) internal pure returns (bytes memory dirty) {
        dirty = bytes.concat(call);
        uint256 place = 4 + 32 * word + 31 - bit / 8;
        dirty[place] = dirty[place] ^ bytes1(uint8(1 << (bit % 8)));
    }

    function cut(bytes memory whole, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = whole[i];
        }
    }
}
