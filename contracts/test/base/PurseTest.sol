// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IUsdc, Usdc} from "./Usdc.sol";
import {VaultTest} from "./VaultTest.sol";
import {IPurse} from "src/interfaces/IPurse.sol";
import {IPurses} from "src/interfaces/IPurses.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice The vault of VaultTest with real USDC in it, and a second session, PAYER, that may spend it as the first may
///         spend the plain token; and an x402 payment as its agent signs it: the token's own typed data, encoded by the
///         tests themselves.
abstract contract PurseTest is VaultTest {
    uint32 internal constant PAYER = SESSION + 1;
    /// @dev The least cap is the day's: a tenth of it, and a quarter.
    uint256 internal constant TARGET = DAY_CAP / 10;
    uint256 internal constant LARGEST_TARGET = DAY_CAP / 4;
    bytes4 internal constant YES = 0x1626ba7e;
    bytes4 internal constant NO = 0xffffffff;

    /// @dev What a session key signs to pay an x402 seller.
    struct Authorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    IUsdc internal usdc;

    function setUp() public virtual override {
        super.setUp();
        usdc = Usdc.deploy();
        usdc.mint(address(vault), FUNDS);
        IVault.Grant memory granted = otherGrant();
        granted.tokens = tokenGrants(address(usdc));
        vm.startPrank(owner);
        vault.addToken(address(usdc), 0);
        vault.grant(granted);
        vm.stopPrank();
        assertLogged(1 + 4);
    }

    // ---------------------------------------------------------------------------------------------- purses

    function purses() internal view returns (IPurses) {
        return IPurses(vm.computeCreateAddress(address(vault), 1));
    }

    /// @notice Opens the purse of PAYER in category DATA, as a stranger.
    function openPurse() internal returns (IPurse) {
        return openPurse(PAYER, DATA);
    }

    function openPurse(uint32 session, uint8 category) internal returns (IPurse purse) {
        vm.prank(stranger);
        purse = IPurse(vault.openPurse(session, address(usdc), category));
        assertLogged(1);
    }

    /// @notice A payment of PAYER's to the purse.
    function refillOf(IPurse purse, uint32 nonce, uint128 amount)
        internal
        view
        returns (IVault.Payment memory payment)
    {
        payment = paymentOf(nonce, amount);
        (payment.session, payment.token, payment.payee) = (PAYER, address(usdc), address(purse));
    }

    function refill(IPurse purse, uint32 nonce, uint256 amount) internal {
        submitBy(OTHER_KEY, refillOf(purse, nonce, uint128(amount)));
        assertLogged(1);
    }

    /// @notice PAYER's purse, filled to its target.
    function filledPurse() internal returns (IPurse purse) {
        purse = openPurse();
        refill(purse, 0, TARGET);
    }

    /// @notice `check` and `pay` both refuse what PAYER has signed.
    function payerRefused(IVault.Payment memory payment, bytes memory why) internal {
        vm.expectRevert(why);
        vault.check(payment, false);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    // ---------------------------------------------------------------------------------------------- x402

    /// @notice An authorization that works while the purse holds so much: 1 USDC to the payee.
    function authorizationOf(IPurse purse) internal view returns (Authorization memory) {
        return Authorization({
            from: address(purse),
            to: payee,
            value: 1e6,
            validAfter: 0,
            validBefore: vm.getBlockTimestamp() + 60,
            nonce: keccak256("purchase 1")
        });
    }

    function digestOf(Authorization memory it) internal view returns (bytes32) {
        return typed(
            keccak256(
                abi.encode(
                    keccak256(
                        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                    ),
                    it.from,
                    it.to,
                    it.value,
                    it.validAfter,
                    it.validBefore,
                    it.nonce
                )
            )
        );
    }

    /// @notice A digest in the token's domain.
    function typed(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash));
    }

    function blobOf(Authorization memory it, bytes memory signature) internal pure returns (bytes memory) {
        return abi.encode(it.to, it.value, it.validAfter, it.validBefore, it.nonce, signature);
    }

    function signedBlob(uint256 key, Authorization memory it) internal view returns (bytes memory) {
        return blobOf(it, signLong(key, digestOf(it)));
    }

    /// @notice What the purse answers to PAYER's agent's signature.
    function answerTo(IPurse purse, Authorization memory it) internal view returns (bytes4) {
        return purse.isValidSignature(digestOf(it), signedBlob(OTHER_KEY, it));
    }

    /// @notice As a facilitator settles it.
    function settle(Authorization memory it, bytes memory signature) internal {
        vm.prank(stranger);
        usdc.transferWithAuthorization(it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce, signature);
    }

    function settle(Authorization memory it) internal {
        settle(it, signedBlob(OTHER_KEY, it));
    }
}
