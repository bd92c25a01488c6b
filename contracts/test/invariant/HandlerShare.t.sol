// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "./Campaign.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice The campaigns are worth their calls: what is meant to succeed mostly does, every action does something, and
///         whatever a payment can be refused for comes up. One long sequence, as a campaign would play it.
contract HandlerShareTest is Campaign {
    uint256 internal constant ACTIONS = 4_000;

    function luck() internal pure override returns (string memory) {
        return "share";
    }

    function test_TheCampaignsAreWorthTheirCalls() external {
        bytes4[] memory actions = handler.actions();
        uint256 dice = 1;
        for (uint256 i = 0; i < ACTIONS; ++i) {
            vm.resetGasMetering();
            dice = uint256(keccak256(abi.encode(dice)));
            bytes4 action = actions[dice % actions.length];
            (bool ok, bytes memory answer) = address(handler).call(abi.encodeWithSelector(action, dice));
            assertTrue(ok, string(answer));
        }
        assertLt(handler.refused() * 100, handler.sent() * 30, "fewer than 30 % of the calls are refused");
        for (uint256 i = 0; i < actions.length; ++i) {
            (uint256 calls, uint256 wins) = handler.tallies(actions[i]);
            string memory what = string.concat(vm.toString(actions[i]), " ", vm.toString(wins), "/", vm.toString(calls));
            assertGe(wins * 100, calls * 5, what);
        }
        assertReasons();
        for (uint256 v = 0; v < 2; ++v) {
            assertGt(handler.witnesses(v).executed(), 10, "changes that waited were executed");
            assertGt(handler.witnesses(v).payments(), 100);
        }
    }

    function assertReasons() internal view {
        bytes4[29] memory reasons = [
            IVault.VaultPaused.selector,
            IVault.PaymentExpired.selector,
            IVault.ZeroAmount.selector,
            IVault.FeeMismatch.selector,
            IVault.ApprovalInvalid.selector,
            IVault.SignerNotSessionKey.selector,
            IVault.KeyRetired.selector,
            IVault.SessionRevoked.selector,
            IVault.SessionNotYetValid.selector,
            IVault.SessionExpired.selector,
            IVault.NonceUsed.selector,
            IVault.NonceTooOld.selector,
            IVault.NonceTooFar.selector,
            IVault.PayeeNotInBook.selector,
            IVault.CategoryNotGranted.selector,
            IVault.TokenNotGranted.selector,
            IVault.AbovePerPaymentCap.selector,
            IVault.LimitExceeded.selector,
            IVault.VaultShort.selector,
            IVault.OwnerNonceWrong.selector,
            IVault.ActNotSigned.selector,
            IVault.NotOwner.selector,
            IVault.NotOwnerOrGuardian.selector,
            IVault.ChangeKilled.selector,
            IVault.ChangeNotYetExecutable.selector,
            IVault.ChangeDiffers.selector,
            IVault.RoleConflict.selector,
            IVault.KeyUsedBefore.selector,
            IVault.SessionExists.selector
        ];
        for (uint256 i = 0; i < reasons.length; ++i) {
            assertGt(handler.reasons(reasons[i]), 0, vm.toString(reasons[i]));
        }
    }
}
