// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice constructor.tree. Quoted: I1 (no ether), I13 (from the first event on).
contract ConstructorTest is VaultTest {
    function setUp() public override {
        vm.warp(START);
        vm.recordLogs();
    }

    function test_When_OwnerAndTreasuryAreGiven() public {
        vault = deployVault(owner, treasury, guardian);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 3);
        assertEq(logs[0].topics[0], IVault.OwnershipTransferred.selector);
        assertEq(logs[0].topics[1], bytes32(0));
        assertEq(logs[0].topics[2], bytes32(uint256(uint160(owner))));
        assertEq(logs[1].topics[0], IVault.TreasurySet.selector);
        assertEq(logs[1].topics[1], bytes32(uint256(uint160(treasury))));
        assertEq(logs[2].topics[0], IVault.GuardianSet.selector);
        assertEq(logs[2].topics[1], bytes32(uint256(uint160(guardian))));
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(logs[i].emitter, address(vault));
            assertEq(logs[i].data, abi.encode(i + 1));
            fold(logs[i]);
        }
        assertHead();
        assertEq(vault.owner(), owner);
        assertEq(vault.treasury(), treasury);
        assertEq(vault.guardian(), guardian);
        assertEq(vault.pendingOwner(), address(0));
        assertFalse(vault.paused());
        assertEq(vault.epoch(), 0);
    }

    function test_When_ThereIsNoGuardian() public {
        vault = deployVault(owner, owner, address(0));
        assertLogged(3);
        assertEq(vault.guardian(), address(0));
        assertEq(vault.treasury(), owner);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, address(0)));
        vault.unpause();
    }

    function test_RevertWhen_TheOwnerIsZero() public {
        deployRefuses(address(0), treasury, abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    function test_RevertWhen_TheTreasuryIsZero() public {
        deployRefuses(owner, address(0), abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    // Its address is known before it is there
    function test_RevertWhen_TheTreasuryIsTheVaultItself() public {
        address itself = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        bytes memory why = abi.encodeWithSelector(IVault.RoleConflict.selector, itself);
        deployRefuses(owner, itself, why);
    }

    // I1
    function test_RevertWhen_EtherIsSent() public {
        vault = deployVault(owner, treasury, guardian);
        vm.deal(address(this), 1 ether);
        (bool ok,) = address(vault).call{value: 1}("");
        assertFalse(ok);
        (ok,) = address(vault).call{value: 1}(abi.encodeCall(IVault.owner, ()));
        assertFalse(ok);
        (ok,) = address(vault).call(hex"deadbeef");
        assertFalse(ok);
        bytes memory code = bytes.concat(vm.getCode(vaultArtifact()), abi.encode(owner, treasury, guardian));
        address made;
        assembly ("memory-safe") {
            made := create(1, add(code, 0x20), mload(code))
        }
        assertEq(made, address(0));
    }

    function deployRefuses(address owner_, address treasury_, bytes memory why) internal {
        bytes memory code = bytes.concat(vm.getCode(vaultArtifact()), abi.encode(owner_, treasury_, guardian));
        bytes memory answer;
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            answer := mload(0x40)
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 0x20), 0, returndatasize())
            mstore(0x40, add(answer, 0x80))
        }
        assertEq(made, address(0));
        assertEq(answer, why);
    }
}
