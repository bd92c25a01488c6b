// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice I2: a session key's signature over every field, the chain id and the vault's address; I3: either form of a
///         signature pays once.
contract SignatureFuzzTest is VaultTest {
    uint256 internal constant FIELDS = 9;
    /// @dev The actors' keys are below.
    uint256 internal constant FIRST_FREE_KEY = 1 << 32;

    /// @notice The tests' encoder agrees with an outside one: viem's hashTypedData of this very payment.
    function test_EncoderAgreesWithViem() public pure {
        IVault.Payment memory payment = IVault.Payment({
            session: 7,
            nonce: 42,
            deadline: 1_800_792_120,
            token: 0x036CbD53842c5426634e7929541eC2318f3dCF7e,
            payee: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8,
            amount: 10_000_000,
            fee: 100_000,
            feeRecipient: 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC,
            ref: 0x5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e
        });
        assertEq(
            digestOf(31_337, 0x5FbDB2315678afecb367f032d93F642f64180aa3, payment),
            0x5a7bc65f0f3fd1509f13ba9d63d41d4ed1a063d159681f58ebf18d3f2aed17c9
        );
    }

    /// @notice Any one bit of any field of a good payment flipped: refused, and nothing changed.
    function test_EveryBitOfEveryField() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory long = abi.encodeCall(vault.pay, (payment, sign(payment), ""));
        for (uint256 bit = 0; bit < FIELDS * 256; ++bit) {
            refusesCall(flipped(long, 4, bit));
        }
        (bool ok,) = address(vault).call(long);
        assertTrue(ok, "the payment itself is good");
        assertLogged(1);
    }

    /// @notice The same for any payment, by any key, in either form; then the payment pays, once.
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AnyBitOfAnyPayment(uint256 key, IVault.Payment memory payment, uint256 bit, uint256 form) public {
        key = within(key, FIRST_FREE_KEY, CURVE_ORDER - 1);
        payment = paysFor(key, payment);
        bytes32 digest = digestOf(block.chainid, address(vault), payment);
        bytes memory signature = form & 1 == 0 ? signLong(key, digest) : signShort(key, digest);
        bytes memory other = form & 1 == 0 ? signShort(key, digest) : signLong(key, digest);

        refusesCall(flipped(abi.encodeCall(vault.pay, (payment, signature, "")), 4, within(bit, 0, FIELDS * 256 - 1)));
        bytes memory forged = flipped(signature, 0, within(form, 0, signature.length * 8 - 1));
        refusesCall(abi.encodeCall(vault.pay, (payment, forged, "")));
        bytes memory elsewhere = signLong(key, digestOf(block.chainid ^ (1 << (bit % 64)), address(vault), payment));
        refusesCall(abi.encodeCall(vault.pay, (payment, elsewhere, "")));
        elsewhere = signLong(
            key, digestOf(block.chainid, address(uint160(address(vault)) ^ uint160(1 << (bit % 160))), payment)
        );
        refusesCall(abi.encodeCall(vault.pay, (payment, elsewhere, "")));

        uint256 before = token.balanceOf(payment.payee);
        submitSigned(payment, signature);
        assertLogged(1);
        if (payment.payee != payment.feeRecipient) {
            assertEq(token.balanceOf(payment.payee), before + payment.amount);
        }
        bytes memory used = abi.encodeWithSelector(IVault.NonceUsed.selector, payment.session, payment.nonce);
        signedRefuses(payment, signature, used);
        signedRefuses(payment, other, used);
    }

    /// @notice Any one bit of the signature flipped, in both forms.
    function test_EveryBitOfTheSignature() public {
        IVault.Payment memory payment = defaultPayment();
        bytes32 digest = digestOf(block.chainid, address(vault), payment);
        bytes memory long = signLong(AGENT_KEY, digest);
        for (uint256 bit = 0; bit < 65 * 8; ++bit) {
            refusesCall(abi.encodeCall(vault.pay, (payment, flipped(long, 0, bit), "")));
        }
        bytes memory short = signShort(AGENT_KEY, digest);
        for (uint256 bit = 0; bit < 64 * 8; ++bit) {
            refusesCall(abi.encodeCall(vault.pay, (payment, flipped(short, 0, bit), "")));
        }
    }

    /// @notice Bytes that nobody signed pay nothing.
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_NobodysSignature(bytes32 r, bytes32 s, uint8 v, bytes memory any) public {
        IVault.Payment memory payment = defaultPayment();
        refusesCall(abi.encodeCall(vault.pay, (payment, any, "")));
        refusesCall(abi.encodeCall(vault.pay, (payment, bytes.concat(r, s), "")));
        refusesCall(abi.encodeCall(vault.pay, (payment, bytes.concat(r, s >> 1, bytes1(27 + v % 2)), "")));
    }

    /// @notice The high-s twin of any signature: the same key, refused all the same.
    /// forge-config: default.fuzz.runs = 200
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_UpperHalf(bytes32 ref) public {
        IVault.Payment memory payment = defaultPayment();
        payment.ref = ref;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(AGENT_KEY, digestOf(block.chainid, address(vault), payment));
        bytes memory twin = bytes.concat(r, bytes32(CURVE_ORDER - uint256(s)), bytes1(v == 27 ? 28 : 27));
        signedRefuses(payment, twin, abi.encodeWithSelector(IVault.SignatureInvalid.selector));
    }

    // ------------------------------------------------------------------------------------------

    /// @dev Bends a random payment into one that the vault accepts, and makes the vault accept it.
    function paysFor(uint256 key, IVault.Payment memory payment) internal returns (IVault.Payment memory) {
        payment.session = uint32(within(payment.session, SESSION + 1, type(uint32).max));
        payment.nonce = uint32(within(payment.nonce, 0, 1_024));
        payment.deadline = uint32(within(payment.deadline, START + 1, type(uint32).max));
        payment.token = address(token);
        payment.amount = uint128(within(payment.amount, 1, 50e6));
        payment.fee = uint128(within(payment.fee, 0, 10e6));
        payment.payee = address(uint160(within(uint160(payment.payee), 1 << 80, type(uint160).max)));
        payment.feeRecipient = payment.fee == 0 ? address(0) : relayer;
        if (payment.payee == relayer || payment.payee == address(vault) || payment.payee == address(token)) {
            payment.payee = payee;
        }
        if (payment.payee == agent || payment.payee == vm.addr(key)) payment.payee = payee;
        IVault.Grant memory other = otherGrant();
        (other.session, other.key) = (payment.session, vm.addr(key));
        vm.startPrank(owner);
        vault.setPayees(onePayee(payment.payee, DATA));
        vault.grant(other);
        vm.stopPrank();
        assertLogged(5);
        return payment;
    }

    /// @dev A copy with bit `bit` flipped, counted from byte `from` on.
    function flipped(bytes memory whole, uint256 from, uint256 bit) internal pure returns (bytes memory copy) {
        copy = bytes.concat(whole);
        uint256 place = from + bit / 8;
        copy[place] = copy[place] ^ bytes1(uint8(1 << (bit % 8)));
    }

    function refusesCall(bytes memory call) internal {
        (bool ok,) = address(vault).call(call);
        assertFalse(ok);
        assertUntouched();
    }
}
