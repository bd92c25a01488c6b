// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  Pocket money of one session, for one token and category, to pay x402 sellers with (I15, I16)
/// @notice A contract account that can do two things: say yes to one kind of signature, and give back to its vault. The
///         vault's limits are charged when it is refilled; what it holds is the counter of what is left to spend.
/// @dev    No imports: the Solidity compiler and the Rust client read this very file.
interface IPurse {
    /// @notice The session lives, and only its vault's owner may sweep while it does.
    error SessionNotOver(uint32 session, address caller);
    /// @notice The token did not move the money.
    error SweepFailed(address token, uint256 amount);

    /// @notice ERC-1271: whether the session's key has signed `hash`, and `hash` is the purse's token's own EIP-712 digest
    ///         of a `transferWithAuthorization` that the vault's rules allow now: the vault not paused; the session neither
    ///         revoked nor outside its span, with a limit in the token; the payee in the book, under exactly the purse's
    ///         category, which the session still has; not more than the per-payment cap, nor than the purse holds; not
    ///         nothing. Never reverts.
    /// @param  hash what the token asks about
    /// @param  blob abi.encode(address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce,
    ///         bytes signature): the authorization but for `from`, which is the purse, and the key's signature of `hash`,
    ///         64 bytes (EIP-2098) or 65, low s only. In this very encoding: what is longer or shorter is refused
    /// @return answer 0x1626ba7e = yes; 0xffffffff = no
    function isValidSignature(bytes32 hash, bytes calldata blob) external view returns (bytes4 answer);

    /// @notice Sends all there is of a token, the purse's or any other, back to the vault: the owner at any time, anyone
    ///         once the session is revoked or its span has ended. What was counted stays counted (I7).
    function sweep(address token) external returns (uint256 amount);

    /// @notice What the purse is: fixed by its code, and so by its address.
    function purse() external view returns (address vault, uint32 session, address token, uint8 category);
}
