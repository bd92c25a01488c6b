// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PurseEntry} from "../libraries/PurseEntry.sol";
import {IVault} from "./IVault.sol";

/// @title  The part of a vault that knows of purses
/// @notice Made by the vault's constructor, so at the address of its first contract: keccak256(rlp([vault, 1])). It opens
///         the vault's purses, keeps their list, and answers the vault's questions about them; its refusals are those of
///         IVault. It holds nothing and decides nothing that the vault does not ask it.
interface IPurses {
    /// @notice Only the vault opens purses: it writes them into its book and its trail.
    error NotVault(address caller);

    /// @notice Opens the purse of a session that may be refilled. The vault's only.
    function open(uint32 session, address token, uint8 category) external returns (address purse);

    /// @notice Where `open` puts the purse.
    function purseOf(uint32 session, address token, uint8 category) external view returns (address purse);

    /// @notice How many purses of a token were opened.
    function countOf(address token) external view returns (uint256);

    /// @notice Purse number `index` of a token.
    function purseAt(address token, uint256 index) external view returns (address purse, uint32 session);

    /// @notice How much a purse may be refilled to, in base units, and the most that `setPurseTarget` takes now. Both 0 where
    ///         the session may spend none of the token.
    function targetOf(uint32 session, uint8 category, address token)
        external
        view
        returns (uint256 target, uint256 largest);

    /// @notice The target that binds now, if `target` may be set; else reverts with the name of the reason.
    function judgeTarget(uint32 session, uint8 category, address token, uint128 target)
        external
        view
        returns (uint256 standing);

    /// @notice Returns if this payment, which has `purse` for its payee or fee recipient, is a refill that may be made now;
    ///         else reverts with the name of the reason.
    /// @param  entry what the vault's book says of the purse
    function judgeRefill(PurseEntry entry, address purse, IVault.Payment calldata payment) external view;
}
