// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PaymentSigner} from "../../base/PaymentSigner.sol";
import {SignerWallet} from "../../mocks/SignerWallet.sol";
import {MoodyToken} from "../MoodyToken.sol";
import {Witness} from "../witness/Witness.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice Two vaults of the same people, each with its witness; two tokens, of different units, one of them moody; and
///         how anything is done to them: every transaction that succeeds is shown to the witness.
abstract contract World is PaymentSigner {
    uint256 internal constant VAULTS = 2;
    uint256 internal constant TOKENS = 2;
    uint256 internal constant MOODY = 1; // the token that is
    uint256 internal constant PAYEES = 6;
    uint256 internal constant OWNERS = 3; // a plain account, one with code (EIP-7702), a contract (ERC-1271)
    uint256 internal constant GUARDIANS = 3; // two, and none
    uint256 internal constant TREASURIES = 2;
    uint256 internal constant FIRST_KEY = 0x5E5510; // of the sessions
    uint8 internal constant RELAY = 63;
    /// @dev Bucket borders of all windows but the lifetime fall on this second.
    uint32 internal constant START = 1_800_792_000;

    IVault[VAULTS] public vaults;
    Witness[VAULTS] public witnesses;
    IVaultLens internal lens;
    MoodyToken[TOKENS] public tokens;
    uint8[TOKENS] internal unitBits = [0, 7];
    address[PAYEES] internal payees;
    address[OWNERS] internal owners;
    address[GUARDIANS] internal guardians;
    address[TREASURIES] internal treasuries;
    address internal immutable stranger = vm.addr(0x0F);
    mapping(address account => uint256) internal secretOf; // private keys
    mapping(address session => uint256) internal secretOfKey;
    uint256 internal keyCount;
    uint256 internal refCount;

    uint256 public clock;
    uint256 private _dice;
    uint256 public sent; // transactions, of those that were meant to succeed
    uint256 public refused;
    mapping(bytes4 reason => uint256) public reasons; // of those refused, and of attacks
    uint256 public attacks; // of those that were not

    /// @dev What an action did, for the share of its calls that succeeded.
    struct Tally {
        uint256 calls;
        uint256 wins;
    }

    mapping(bytes4 action => Tally) public tallies;

    /// @dev Each action has its own luck and happens at the world's own time.
    modifier acting(uint256 seed) {
        _dice = uint256(keccak256(abi.encode(seed, _dice)));
        vm.warp(clock);
        ++tallies[msg.sig].calls;
        _;
    }

    function won(bool whether) internal {
        if (whether) ++tallies[msg.sig].wins;
    }

    function begin(uint256 salt) public virtual {
        (clock, _dice) = (START, salt);
        vm.warp(clock);
        vm.recordLogs();
        _people();
        for (uint256 i = 0; i < TOKENS; ++i) {
            tokens[i] = new MoodyToken();
        }
        // By artifact name, never by import: a mutant of the vault then needs no rebuild of the tests
        string memory artifact = vm.envOr("MUTANT", string("Vault.sol:Vault"));
        lens = IVaultLens(vm.deployCode("VaultLens.sol:VaultLens"));
        for (uint256 v = 0; v < VAULTS; ++v) {
            vaults[v] = IVault(vm.deployCode(artifact, abi.encode(owners[v], treasuries[0], guardians[0])));
            witnesses[v] = new Witness(vaults[v], lens);
            observe(v, owners[v], address(0));
        }
    }

    function _people() private {
        owners = [person(0xA1), person(0xA2), address(new SignerWallet(vm.addr(0xA3)))];
        secretOf[owners[2]] = 0xA3;
        // Delegated (EIP-7702) to a wallet that says yes to nobody: its key signs all the same
        vm.etch(owners[1], bytes.concat(hex"ef0100", bytes20(address(new SignerWallet(address(1))))));
        guardians = [person(0xB1), person(0xB2), address(0)];
        treasuries = [vm.addr(0xC1), vm.addr(0xC2)];
        for (uint256 i = 0; i < PAYEES; ++i) {
            payees[i] = vm.addr(0xD1 + i);
        }
    }

    function person(uint256 secret) private returns (address account) {
        account = vm.addr(secret);
        secretOf[account] = secret;
    }

    // ------------------------------------------------------------------------------------------ luck

    /// @notice A number below `sides`.
    function roll(uint256 sides) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    /// @notice One time of so many.
    function once(uint256 sides) internal returns (bool) {
        return roll(sides) == 0;
    }

    // ------------------------------------------------------------------------------------------ transactions

    /// @notice A transaction of `sender`'s, in which `signer` may have signed something too. Meant to succeed.
    function send(uint256 v, address sender, address signer, bytes memory call)
        internal
        returns (bool ok, bytes memory answer)
    {
        ++sent;
        vm.prank(sender);
        (ok, answer) = address(vaults[v]).call(call);
        if (ok) {
            observe(v, sender, signer);
        } else {
            ++refused;
            ++reasons[bytes4(answer)];
            vm.getRecordedLogs(); // what it logged before it was undone
        }
    }

    /// @notice A transaction that must not succeed, whatever it tries.
    function attack(uint256 v, address sender, bytes memory call, string memory what) internal {
        ++attacks;
        vm.prank(sender);
        (bool ok, bytes memory answer) = address(vaults[v]).call(call);
        assertFalse(ok, what);
        ++reasons[bytes4(answer)];
        vm.getRecordedLogs();
    }

    /// @notice Shows the vault's witness what has just happened.
    function observe(uint256 v, address sender, address signer) internal returns (Vm.Log[] memory logs) {
        logs = vm.getRecordedLogs();
        witnesses[v].see(logs, Witness.Voices(sender, signer, tokens[MOODY].mood() != MoodyToken.Mood.Plain));
    }

    function signAs(address account, bytes32 digest) internal returns (bytes memory) {
        uint256 secret = secretOf[account] == 0 ? secretOfKey[account] : secretOf[account];
        return account == owners[2] || once(2) ? signLong(secret, digest) : signShort(secret, digest);
    }

    // ------------------------------------------------------------------------------------------ who and what

    /// @notice A session that lives; 0 if none does.
    function someSession(uint256 v) internal returns (uint32 id) {
        Witness witness = witnesses[v];
        uint256 count = witness.idCount();
        uint256 from = roll(count + 1);
        for (uint256 i = 0; i < count; ++i) {
            id = witness.ids((from + i) % count);
            if (witness.live(id)) return id;
        }
        return 0;
    }

    function newKey() internal returns (address key) {
        key = vm.addr(FIRST_KEY + keyCount);
        secretOfKey[key] = FIRST_KEY + keyCount++;
    }

    function someVault() internal returns (uint256) {
        return roll(VAULTS);
    }

    function someToken() internal returns (uint256) {
        return roll(TOKENS);
    }

    function fund(uint256 v, uint256 what, uint256 amount) internal {
        tokens[what].mint(address(vaults[v]), amount);
    }
}
