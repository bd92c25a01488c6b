// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../base/PaymentSigner.sol";
import {PurseHandler} from "./PurseHandler.sol";

/// @notice I4 (with purses), I15 and I16. Each action judges itself by the handler's own books; here is what is asked
///         besides, after each action. See INVARIANTS.md.
contract PurseInvariantsTest is PaymentSigner {
    struct Target {
        address addr;
        bytes4[] selectors;
    }

    PurseHandler internal handler;

    function setUp() public {
        handler = new PurseHandler();
        handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (Target[] memory targets) {
        targets = new Target[](1);
        targets[0] = Target(address(handler), handler.actions());
    }

    function invariant_I16_APursePaysNoMoreThanWasCountedForIt() external view {
        handler.assertConserved();
    }

    function invariant_I4_NoIntervalHoldsMoreThanTheCapAndWhatPursesHeld() external view {
        handler.assertWindows();
    }

    function invariant_I15_APurseSaysYesToJustWhatTheRulesAllow() external {
        handler.assertAnswers();
    }

    /// @dev The campaign is worth its calls.
    function test_TheCampaignIsWorthItsCalls() external {
        bytes4[] memory actions = handler.actions();
        uint256 dice = 1;
        for (uint256 i = 0; i < 3_000; ++i) {
            vm.resetGasMetering();
            dice = uint256(keccak256(abi.encode(dice)));
            (bool ok, bytes memory answer) =
                address(handler).call(abi.encodeWithSelector(actions[(dice >> 200) % actions.length], dice));
            assertTrue(ok, string(answer));
            handler.assertWindows();
            handler.assertAnswers();
        }
        handler.assertConserved();
        assertGt(handler.sales(), 50);
        assertGt(handler.refills(), 30);
        assertGt(handler.sweeps(), 20);
        assertLt(handler.refusals() * 100, handler.attempts() * 97);
    }
}
