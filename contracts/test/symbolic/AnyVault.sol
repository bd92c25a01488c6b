// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume} from "./Premise.sol";
import {Vault} from "src/Vault.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {Scope, scopeOf} from "src/libraries/Scope.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";
import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";
import {Subject} from "src/libraries/Subject.sol";
import {VaultWord} from "src/libraries/VaultWord.sol";

/// @dev The cheats that the proofs use; forge-std's list is long to compile.
interface Cheats {
    function assertTrue(bool condition) external pure;
    function prank(address caller) external;
    function warp(uint256 time) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
}

interface SymbolicCheats {
    function createAddress(string memory name) external returns (address);
    function createUint256(string memory name) external returns (uint256);
    function createBytes32(string memory name) external returns (bytes32);
    function createBytes(uint256 size, string memory name) external returns (bytes memory);
    function createCalldata(string memory contractName) external returns (bytes memory);
    function enableSymbolicStorage(address account) external;
}

Cheats constant VM = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
SymbolicCheats constant SVM = SymbolicCheats(address(uint160(uint256(keccak256("svm cheat code")))));

/// @notice A token as a token should be, with any balances.
contract AnyToken {
    mapping(address account => uint256) public balanceOf;

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        unchecked {
            balanceOf[to] += amount; // no supply exceeds 2^256
        }
        return true;
    }
}

/// @dev A payment and a signature, of whomever.
struct Signed {
    IVault.Payment payment;
    bytes32 r;
    bytes32 s;
    uint8 v;
}

/// @notice A token that refuses nothing: what is not paid in it is refused by the vault.
contract YesToken {
    function balanceOf(address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice A vault in any state at all, at any time of 32 bits: whatever its storage holds, reachable or not. Only its
///         list of waiting changes has two places, not ten: WaitingListSymbolic is about all of them.
abstract contract AnyVault {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PAYMENT_TYPEHASH = keccak256(
        "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    // Slots of VaultStorage; contracts/snapshots/storage.json
    uint256 private constant VAULT_SLOT = 0;
    uint256 private constant OWNER_SLOT = 1;
    uint256 private constant PENDING_OWNER_SLOT = 2;
    uint256 private constant SESSIONS_SLOT = 5;
    uint256 private constant KEYS_SLOT = 6;
    uint256 private constant ALLOWANCES_SLOT = 7;
    uint256 private constant METERS_SLOT = 8;
    uint256 private constant PAYEES_SLOT = 9;
    uint256 private constant WAITING_SLOT = 11;
    uint256 private constant CHANGES_SLOT = 12;
    uint256 private constant KILLED_SLOT = 13;

    /// @dev What the book says above it is no category but a purse.
    uint256 internal constant LAST_CATEGORY = 63;

    Vault internal vault;
    address internal owner;
    address internal guardian;
    address internal treasury;

    function setUp() public virtual {
        owner = SVM.createAddress("owner");
        treasury = SVM.createAddress("treasury");
        guardian = SVM.createAddress("guardian");
        vault = new Vault(owner, treasury, guardian);
        SVM.enableSymbolicStorage(address(vault));
        // What the constructor wrote is not arbitrary yet
        VM.store(address(vault), bytes32(VAULT_SLOT), SVM.createBytes32("vaultWord"));
        _setDelay(uint32(SVM.createUint256("delay")));
        VM.store(address(vault), bytes32(WAITING_SLOT), bytes32(uint256(uint48(SVM.createUint256("waiting")))));
        VM.warp(uint32(SVM.createUint256("time")));
    }

    // ---------------------------------------------------------------------------------------------- what it stores

    function _vaultWord() internal view returns (VaultWord) {
        return VaultWord.wrap(uint256(VM.load(address(vault), bytes32(VAULT_SLOT))));
    }

    function _pendingOwner() internal view returns (address) {
        return address(uint160(uint256(VM.load(address(vault), bytes32(PENDING_OWNER_SLOT)))));
    }

    function _setDelay(uint32 delay) internal {
        VM.store(address(vault), bytes32(OWNER_SLOT), bytes32((uint256(delay) << 160) | uint160(owner)));
    }

    function _sessionWord(address key) internal view returns (SessionWord) {
        return SessionWord.wrap(_mapped(uint160(key), SESSIONS_SLOT));
    }

    function _keyOf(uint32 session) internal view returns (address) {
        return address(uint160(_mapped(session, KEYS_SLOT)));
    }

    function _allowanceWord(Scope scope) internal view returns (AllowanceWord) {
        return AllowanceWord.wrap(_mapped(Scope.unwrap(scope), ALLOWANCES_SLOT));
    }

    function _setVaultWord(VaultWord word) internal {
        VM.store(address(vault), bytes32(VAULT_SLOT), bytes32(VaultWord.unwrap(word)));
    }

    function _meter(Scope scope, uint256 index) internal view returns (Meter) {
        return Meter.wrap(_mapped((index << 200) | Scope.unwrap(scope), METERS_SLOT));
    }

    function _setMeter(Scope scope, uint256 index, Meter meter) internal {
        VM.store(address(vault), _slot((index << 200) | Scope.unwrap(scope), METERS_SLOT), bytes32(Meter.unwrap(meter)));
    }

    function _setAllowance(Scope scope, AllowanceWord word) internal {
        VM.store(address(vault), _slot(Scope.unwrap(scope), ALLOWANCES_SLOT), bytes32(AllowanceWord.unwrap(word)));
    }

    function _category(address payee) internal view returns (uint256) {
        return _mapped(uint160(payee), PAYEES_SLOT);
    }

    function _setCategory(address payee, uint256 category) internal {
        VM.store(address(vault), _slot(uint160(payee), PAYEES_SLOT), bytes32(category));
    }

    /// @dev What a waiting change is about, and when it can be executed.
    function _change(uint32 number) internal view returns (Subject subject, uint32 executableFrom) {
        uint256 word = _mapped(number, CHANGES_SLOT);
        return (Subject.wrap(uint168(word >> 32)), uint32(word));
    }

    function _waitingList() internal view returns (bytes32) {
        return VM.load(address(vault), bytes32(WAITING_SLOT));
    }

    /// @dev A call waits, alone: since any time, on any subject.
    function _setWaiting(uint32 number, bytes memory input) internal {
        VM.store(address(vault), bytes32(WAITING_SLOT), bytes32(uint256(number)));
        VM.store(address(vault), bytes32(uint256(_slot(number, CHANGES_SLOT)) + 1), keccak256(input));
    }

    function _killed(Subject subject) internal view returns (uint256) {
        return _mapped(Subject.unwrap(subject), KILLED_SLOT);
    }

    function _mapped(uint256 key, uint256 slot) private view returns (uint256) {
        return uint256(VM.load(address(vault), _slot(key, slot)));
    }

    function _slot(uint256 key, uint256 slot) private pure returns (bytes32) {
        return keccak256(abi.encode(key, slot));
    }

    // ------------------------------------------------------------------------------------------------ limits in a word

    /// @dev One limit, in base units, whose meter has these bits; and a cap for one payment as large as can be.
    function _limitOf(uint256 index, uint256 bits) internal pure returns (AllowanceWord) {
        Meter meter = Meter.wrap(bits & SlidingCap.METER_MASK);
        return AllowanceWord.wrap(0).withFirst(index, meter).withPerPaymentUnits(SlidingCap.MAX_UNITS);
    }

    /// @dev A limit of an hour, not yet drawn on and as large as can be.
    function _ample() internal pure returns (AllowanceWord) {
        return _limitOf(0, _still(SlidingCap.MAX_UNITS << 155));
    }

    /// @dev A meter whose newest bucket is not over in 32-bit time.
    function _still(uint256 bits) internal pure returns (uint256) {
        return bits | (uint256(0x7fffff) << 186);
    }

    // ------------------------------------------------------------------------------------------- who signed, and what

    /// @dev EIP-712's digest in the vault's domain, spelled out apart from the vault.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Pursestrings Vault"), keccak256("1"), block.chainid, address(vault))
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _paymentHash(IVault.Payment memory payment) internal pure returns (bytes32) {
        return keccak256(abi.encode(PAYMENT_TYPEHASH, payment));
    }

    function _scope(Signed memory signed) internal pure returns (Scope) {
        return scopeOf(signed.payment.session, 0, signed.payment.token);
    }

    function _signer(Signed memory signed) internal view returns (address) {
        return ecrecover(_digest(_paymentHash(signed.payment)), signed.v, signed.r, signed.s);
    }

    function _signature(Signed memory signed) internal pure returns (bytes memory) {
        return abi.encodePacked(signed.r, signed.s, signed.v);
    }

    // ------------------------------------------------------------------------------------------------- what is done

    function _pay(Signed memory signed) internal returns (bool) {
        return _payApproved(signed, "");
    }

    function _payApproved(Signed memory signed, bytes memory approval) internal returns (bool done) {
        // A refill is an ordinary payment once Purses has judged it: its proofs are apart
        assume(
            _category(signed.payment.payee) <= LAST_CATEGORY && _category(signed.payment.feeRecipient) <= LAST_CATEGORY
        );
        (done,) = address(vault).call(abi.encodeCall(IVault.pay, (signed.payment, _signature(signed), approval)));
    }

    /// @dev Any verb but payments and those that carry another verb, with any arguments. Its limits are of an hour:
    ///      windows differ in their length only, which SlidingCapSymbolic and BucketsSymbolic are about.
    function _anyVerb() internal returns (bytes memory input) {
        if (SVM.createUint256("verb") == 0) return abi.encodeCall(IVault.grant, (_anyGrant()));
        input = SVM.createCalldata("Vault");
        bytes4 verb = bytes4(input);
        assume(verb != IVault.pay.selector && verb != IVault.payBatch.selector && verb != IVault.grant.selector);
        assume(verb != IVault.lodge.selector && verb != IVault.replace.selector && verb != IVault.execute.selector);
        assume(verb != IVault.openPurse.selector && verb != IVault.setPurseTarget.selector); // they ask Purses
        assume(verb != IVault.setLimit.selector && verb != IVault.removeLimit.selector || _word(input, 3) == 1 hours);
    }

    /// @dev With at most one token and one limit in it.
    function _anyGrant() internal returns (IVault.Grant memory grant) {
        grant.session = uint32(SVM.createUint256("session"));
        grant.key = SVM.createAddress("key");
        grant.validFrom = uint32(SVM.createUint256("validFrom"));
        grant.validUntil = uint32(SVM.createUint256("validUntil"));
        grant.categories = uint64(SVM.createUint256("categories"));
        if (SVM.createUint256("tokens") == 0) return grant;
        grant.tokens = new IVault.TokenGrant[](1);
        grant.tokens[0].token = SVM.createAddress("token");
        grant.tokens[0].perPaymentCap = uint128(SVM.createUint256("perPaymentCap"));
        if (SVM.createUint256("limits") == 0) return grant;
        grant.tokens[0].limits = new IVault.Limit[](1);
        grant.tokens[0].limits[0] =
            IVault.Limit(uint8(SVM.createUint256("category")), 1 hours, uint128(SVM.createUint256("cap")));
    }

    function _stops(bytes4 verb) internal pure returns (bool) {
        return verb == IVault.pause.selector || verb == IVault.revoke.selector || verb == IVault.revokeAll.selector
            || verb == IVault.removePayee.selector || verb == IVault.cancel.selector;
    }

    /// @dev An argument of a verb.
    function _word(bytes memory input, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(input, 0x24), mul(place, 0x20)))
        }
    }

    function _call(address caller, bytes memory input) internal returns (bool done) {
        VM.prank(caller);
        (done,) = address(vault).call(input);
    }
}

/// @notice ... and a token as it should be.
abstract contract AnyVaultWithToken is AnyVault {
    AnyToken internal token;

    function setUp() public virtual override {
        super.setUp();
        token = new AnyToken();
        SVM.enableSymbolicStorage(address(token));
    }
}
