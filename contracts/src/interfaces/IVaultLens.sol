// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  What follows from a vault's state, but need not be in its code
/// @notice Stateless: reads vaults through their views only, and anyone may deploy another.
/// @dev    No imports: the Solidity compiler and the Rust client read this very file.
interface IVaultLens {
    /// @notice The vault has no limit of its own in this token.
    error NoVaultLimit(address token);
    /// @notice A change waits whose call was not given: without it the bound would be a guess.
    error WaitingCallMissing(uint32 change);

    /// @notice The most that whoever holds a session's key can take out of a vault from now until `horizon` seconds from
    ///         now, if nobody stops it: the least of the bounds of its limits, what waits included (I17). The vault's
    ///         balance and a pause are left aside, and what the owner signed but did not lodge: approvals, acts. The last
    ///         second that counts is now + `horizon`. With session 0: all sessions together, by the vault's own limits.
    /// @dev    Amounts are base units. 2^256 - 1 = what waits would leave no limit that bounds it.
    /// @param  calls the calls of all changes that wait, in any order, as `ChangeCall` logged them
    function maxOutflow(address vault, uint32 session, address token, uint32 horizon, bytes[] calldata calls)
        external
        view
        returns (uint256);
}
