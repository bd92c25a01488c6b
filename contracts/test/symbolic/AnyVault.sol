// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Vault} from "src/Vault.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {AllowanceWord} from "src/libraries/AllowanceWord.sol";
import {SessionWord} from "src/libraries/SessionWord.sol";
import {VaultWord} from "src/libraries/VaultWord.sol";

/// @dev The cheats that the proofs use; forge-std's list is long to compile.
interface Cheats {
    function prank(address caller) external;
    function warp(uint256 time) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
}

interface SymbolicCheats {
    function createAddress(string memory name) external returns (address);
    function createUint256(string memory name) external returns (uint256);
    function createBytes32(string memory name) external returns (bytes32);
    function createCalldata(string memory contractName) external returns (bytes memory);
    function enableSymbolicStorage(address account) external;
}

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

/// @notice A vault in any state at all, at any time of 32 bits: whatever its storage holds, reachable or not.
abstract contract AnyVault {
    Cheats internal constant VM = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    SymbolicCheats internal constant SVM = SymbolicCheats(address(uint160(uint256(keccak256("svm cheat code")))));

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PAYMENT_TYPEHASH = keccak256(
        "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    // Slots of VaultStorage; contracts/snapshots/storage.json
    uint256 internal constant VAULT_SLOT = 0;
    uint256 internal constant PENDING_OWNER_SLOT = 2;
    uint256 internal constant SESSIONS_SLOT = 5;
    uint256 internal constant KEYS_SLOT = 6;
    uint256 internal constant ALLOWANCES_SLOT = 7;
    uint256 internal constant PAYEES_SLOT = 9;

    Vault internal vault;
    AnyToken internal token;
    address internal owner;
    address internal guardian;
    address internal treasury;

    function setUp() public {
        owner = SVM.createAddress("owner");
        treasury = SVM.createAddress("treasury");
        guardian = SVM.createAddress("guardian");
        vault = new Vault(owner, treasury, guardian);
        token = new AnyToken();
        SVM.enableSymbolicStorage(address(vault));
        SVM.enableSymbolicStorage(address(token));
        // What the constructor wrote is not arbitrary yet
        VM.store(address(vault), bytes32(VAULT_SLOT), SVM.createBytes32("vaultWord"));
        VM.warp(uint32(SVM.createUint256("time")));
    }

    function _vaultWord() internal view returns (VaultWord) {
        return VaultWord.wrap(uint256(VM.load(address(vault), bytes32(VAULT_SLOT))));
    }

    function _sessionWord(address key) internal view returns (SessionWord) {
        return SessionWord.wrap(_mapped(uint160(key), SESSIONS_SLOT));
    }

    function _keyOf(uint32 session) internal view returns (address) {
        return address(uint160(_mapped(session, KEYS_SLOT)));
    }

    function _allowanceWord(uint32 session, address money) internal view returns (AllowanceWord) {
        return AllowanceWord.wrap(_mapped((uint256(session) << 160) | uint160(money), ALLOWANCES_SLOT));
    }

    function _setAllowance(uint32 session, address money, AllowanceWord word) internal {
        bytes32 slot = keccak256(abi.encode((uint256(session) << 160) | uint160(money), ALLOWANCES_SLOT));
        VM.store(address(vault), slot, bytes32(AllowanceWord.unwrap(word)));
    }

    function _category(address payee) internal view returns (uint256) {
        return _mapped(uint160(payee), PAYEES_SLOT);
    }

    function _mapped(uint256 key, uint256 slot) private view returns (uint256) {
        return uint256(VM.load(address(vault), keccak256(abi.encode(key, slot))));
    }

    /// @dev Who signed a payment, as EIP-712 says, spelled out apart from the vault.
    function _signer(Signed memory signed) internal view returns (address) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Pursestrings Vault"), keccak256("1"), block.chainid, address(vault))
        );
        bytes32 structHash = keccak256(abi.encode(PAYMENT_TYPEHASH, signed.payment));
        return ecrecover(keccak256(abi.encodePacked(hex"1901", domain, structHash)), signed.v, signed.r, signed.s);
    }

    function _pay(Signed memory signed) internal returns (bool done) {
        bytes memory signature = abi.encodePacked(signed.r, signed.s, signed.v);
        (done,) = address(vault).call(abi.encodeCall(IVault.pay, (signed.payment, signature, "")));
    }
}
