// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "./Campaign.sol";
import {console} from "forge-std/console.sol";

/// @notice The campaigns are worth their calls: what was meant to succeed mostly does, and every action does something.
contract HandlerShareTest is Campaign {
    uint256 internal constant RUNS = 4;
    uint256 internal constant DEPTH = 500;

    function luck() internal pure override returns (string memory) {
        return "share";
    }

    function test_EveryActionSucceedsOftenEnough() public {
        bytes4[] memory actions = handler.actions();
        uint256 dice = 1;
        for (uint256 i = 0; i < 2000; ++i) {
            dice = uint256(keccak256(abi.encode(dice)));
            (bool ok, bytes memory answer) =
                address(handler).call(abi.encodeWithSelector(actions[dice % actions.length], dice));
            if (!ok) console.log(vm.toString(answer));
            if (!ok) console.log(string(answer));
            assertTrue(ok);
        }
        console.log("sent", handler.sent(), "refused", handler.refused());
        console.log("attacks", handler.attacks());
        for (uint256 i = 0; i < actions.length; ++i) {
            (uint256 calls, uint256 wins) = handler.tallies(actions[i]);
            console.log(vm.toString(abi.encodePacked(actions[i])), calls, wins);
        }
        console.log("pays", handler.witnesses(0).payments(), handler.witnesses(1).payments());
        console.log("registered", handler.witnesses(0).registered(), handler.witnesses(1).registered());
        console.log("executed", handler.witnesses(0).executed(), handler.witnesses(1).executed());
        console.log("time", (handler.clock() - 1_800_792_000) / 86400);
    }
}
