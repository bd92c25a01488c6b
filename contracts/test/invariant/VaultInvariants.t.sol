// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultHandler} from "./VaultHandler.sol";

/// @notice INVARIANTS.md. Sequences of everything that anyone can do, judged by the handler's books.
contract VaultInvariantsTest {
    struct Target {
        address addr;
        bytes4[] selectors;
    }

    VaultHandler internal handler;

    function setUp() public {
        handler = new VaultHandler();
        handler.setUp();
    }

    /// @dev What forge asks for: the handler's actions, paying and waiting more often than the rest.
    function targetSelectors() public view returns (Target[] memory targets) {
        bytes4[20] memory actions = [
            VaultHandler.pay.selector,
            VaultHandler.wait.selector,
            VaultHandler.steal.selector,
            VaultHandler.replay.selector,
            VaultHandler.tamper.selector,
            VaultHandler.fund.selector,
            VaultHandler.grant.selector,
            VaultHandler.rotateKey.selector,
            VaultHandler.setLimit.selector,
            VaultHandler.removeLimit.selector,
            VaultHandler.setPerPaymentCap.selector,
            VaultHandler.setCategories.selector,
            VaultHandler.setValidity.selector,
            VaultHandler.setPayee.selector,
            VaultHandler.withdraw.selector,
            VaultHandler.unpause.selector,
            VaultHandler.pause.selector,
            VaultHandler.revoke.selector,
            VaultHandler.revokeAll.selector,
            VaultHandler.removePayee.selector
        ];
        targets = new Target[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = new bytes4[](actions.length);
        for (uint256 i = 0; i < actions.length; ++i) {
            targets[0].selectors[i] = actions[i];
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One function, so one campaign: forge would play the same sequences again for each.
    function invariant_TheBooksAgree() public {
        handler.assertBalances(); // I1
        handler.assertCounts(); // I7
        handler.assertTrail(); // I13
    }

    /// @dev Once, at the end of each sequence.
    function afterInvariant() public {
        handler.assertAllCounts(); // I7
        handler.assertSessions(); // I8
        handler.withdrawEverything(); // I10
    }
}
