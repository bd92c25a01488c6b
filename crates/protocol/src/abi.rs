//! The contracts' ABI, read by `sol!` from the Solidity interfaces themselves: there is no second copy.
#![expect(clippy::too_many_arguments, reason = "`sol!` makes functions of events and errors of any length")]

use alloy::sol;

sol! {
    #![sol(all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
    #[sol(rpc)]
    "../../contracts/src/interfaces/IVault.sol"
}

sol! {
    #![sol(all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
    #[sol(rpc)]
    "../../contracts/src/interfaces/IVaultFactory.sol"
}

sol! {
    #![sol(all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
    #[sol(rpc)]
    "../../contracts/src/interfaces/IVaultLens.sol"
}

sol! {
    #![sol(all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
    #[sol(rpc)]
    "../../contracts/src/interfaces/IPurse.sol"
}

sol! {
    #![sol(all_derives)]
    /// The part of ERC-20 that Pursestrings reads.
    #[sol(rpc)]
    interface IErc20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function symbol() external view returns (string memory);
        function transfer(address to, uint256 value) external returns (bool);
    }
}

sol! {
    #![sol(all_derives)]
    /// The part of EIP-3009 that Pursestrings reads.
    #[sol(rpc)]
    interface IEip3009 {
        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        function DOMAIN_SEPARATOR() external view returns (bytes32 separator);
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool used);
    }
}

sol! {
    #![sol(all_derives)]
    /// The part of a vault's contract for purses that is read from outside; where it is: [`crate::create2::purses_address`].
    #[sol(rpc)]
    interface IPurses {
        function purseOf(uint32 session, address token, uint8 category) external view returns (address purse);
        function countOf(address token) external view returns (uint256);
        function purseAt(address token, uint256 index) external view returns (address purse, uint32 session);
        function targetOf(uint32 session, uint8 category, address token) external view returns (uint256 target, uint256 largest);
    }
}
