// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../base/PaymentSigner.sol";
import {VaultHandler} from "./VaultHandler.sol";

/// @notice A campaign of random actions, in a world of its own luck.
abstract contract Campaign is PaymentSigner {
    struct Target {
        address addr;
        bytes4[] selectors;
    }

    VaultHandler internal handler;

    function setUp() public {
        // By artifact name: the handler's code is not in the code of each campaign
        handler = VaultHandler(vm.deployCode("VaultHandler.sol:VaultHandler"));
        handler.begin(uint256(keccak256(bytes(luck()))));
    }

    /// @dev What makes this campaign's dice other than another's.
    function luck() internal pure virtual returns (string memory);

    /// @dev What forge asks for.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev What forge asks for: an action as often as it is on the list.
    function targetSelectors() public view returns (Target[] memory targets) {
        targets = new Target[](1);
        targets[0] = Target(address(handler), handler.actions());
    }
}
