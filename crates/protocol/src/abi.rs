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
