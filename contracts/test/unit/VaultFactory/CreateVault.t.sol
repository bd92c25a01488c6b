// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultFactory} from "src/interfaces/IVaultFactory.sol";

/// @notice createVault.tree. Quoted: I14 (the address commits to chain, owner and first configuration).
contract CreateVaultTest is VaultTest {
    IVaultFactory internal factory;
    bytes internal code;
    bytes32 internal constant SALT = keccak256("first vault");

    function setUp() public override {
        code = vm.getCode(vaultArtifact());
        string memory artifact = vm.envOr("MUTANT_FACTORY", string("VaultFactory.sol:VaultFactory"));
        factory = IVaultFactory(vm.deployCode(artifact, abi.encode(keccak256(code))));
    }

    function test_When_TheCodeIsTheVaults() public {
        assertEq(factory.vaultCodeHash(), keccak256(code));
        address expected = addressOf(block.chainid, owner, treasury, guardian, SALT);
        assertEq(factory.vaultAddress(code, owner, treasury, guardian, SALT), expected);
        vm.recordLogs();
        vm.expectEmit(address(factory));
        emit IVaultFactory.VaultCreated(expected, owner, treasury, guardian, SALT);
        vm.prank(stranger);
        vault = IVault(factory.createVault(code, owner, treasury, guardian, SALT));
        assertEq(address(vault), expected);
        assertEq(vault.owner(), owner);
        assertEq(vault.treasury(), treasury);
        assertEq(vault.guardian(), guardian);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(vault)) fold(logs[i]);
        }
        assertEq(sequence, 3);
        assertHead();
    }

    // I14: nobody can occupy it with another
    function test_When_CalledByAnother() public {
        address expected = factory.vaultAddress(code, owner, treasury, guardian, SALT);
        vm.prank(owner);
        assertEq(factory.createVault(code, owner, treasury, guardian, SALT), expected);
        assertEq(IVault(expected).owner(), owner);
    }

    function test_When_AnyOfTheConfigurationDiffers() public {
        address[6] memory places;
        places[0] = factory.createVault(code, owner, treasury, guardian, SALT);
        places[1] = factory.createVault(code, stranger, treasury, guardian, SALT);
        places[2] = factory.createVault(code, owner, stranger, guardian, SALT);
        places[3] = factory.createVault(code, owner, treasury, stranger, SALT);
        places[4] = factory.createVault(code, owner, treasury, guardian, bytes32(uint256(SALT) + 1));
        places[5] = factory.createVault(code, owner, treasury, address(0), SALT);
        for (uint256 i = 0; i < places.length; ++i) {
            assertGt(places[i].code.length, 0);
            for (uint256 j = 0; j < i; ++j) {
                assertNotEq(places[i], places[j]);
            }
        }
    }

    function test_When_TheChainDiffers() public {
        address here = factory.vaultAddress(code, owner, treasury, guardian, SALT);
        vm.chainId(block.chainid + 1);
        address there = factory.createVault(code, owner, treasury, guardian, SALT);
        assertNotEq(here, there);
        assertEq(there, addressOf(block.chainid, owner, treasury, guardian, SALT));
    }

    function test_RevertWhen_TheCodeIsAnother() public {
        bytes memory other = bytes.concat(code, hex"00");
        bytes memory why =
            abi.encodeWithSelector(IVaultFactory.CodeMismatch.selector, keccak256(other), keccak256(code));
        vm.expectRevert(why);
        factory.createVault(other, owner, treasury, guardian, SALT);
        vm.expectRevert(why);
        factory.vaultAddress(other, owner, treasury, guardian, SALT);
        vm.expectRevert(abi.encodeWithSelector(IVaultFactory.CodeMismatch.selector, keccak256(""), keccak256(code)));
        factory.createVault("", owner, treasury, guardian, SALT);
    }

    function test_RevertWhen_TheVaultExists() public {
        address made = factory.createVault(code, owner, treasury, guardian, SALT);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVaultFactory.VaultExists.selector, made));
        factory.createVault(code, owner, treasury, guardian, SALT);
    }

    function test_RevertWhen_TheConstructorRefuses() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.ZeroAddress.selector));
        factory.createVault(code, address(0), treasury, guardian, SALT);
        vm.expectRevert(abi.encodeWithSelector(IVault.ZeroAddress.selector));
        factory.createVault(code, owner, address(0), guardian, SALT);
    }

    function test_RevertWhen_EtherIsSent() public {
        vm.deal(address(this), 1 ether);
        (bool ok,) = address(factory).call{value: 1}(
            abi.encodeCall(factory.createVault, (code, owner, treasury, guardian, SALT))
        );
        assertFalse(ok);
        (ok,) = address(factory).call{value: 1}("");
        assertFalse(ok);
    }

    /// @dev CREATE2 by the book (EIP-1014), with the salt that holds the chain id.
    function addressOf(uint256 chainId, address owner_, address treasury_, address guardian_, bytes32 salt)
        internal
        view
        returns (address)
    {
        bytes32 initHash = keccak256(bytes.concat(code, abi.encode(owner_, treasury_, guardian_)));
        bytes32 chainSalt = keccak256(abi.encode(chainId, salt));
        bytes32 whole = keccak256(bytes.concat(hex"ff", bytes20(address(factory)), chainSalt, initHash));
        return address(uint160(uint256(whole)));
    }
}
