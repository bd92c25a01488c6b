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
    ///         now, if nobody stops it: the least of the bounds of its limits, what waits included, and what its purses
    ///         hold (I17). The vault's balance and a pause are left aside, and what the owner signed but did not lodge:
    ///         approvals, acts. The last second that counts is now + `horizon`. With session 0: all sessions together, by
    ///         the vault's own limits, and all purses that were opened, but those of revoked sessions.
    /// @dev    Amounts are base units. 2^256 - 1 = what waits would leave no limit that bounds it.
    /// @param  calls the calls of all changes that wait, in any order, as `ChangeCall` logged them
    function maxOutflow(address vault, uint32 session, address token, uint32 horizon, bytes[] calldata calls)
        external
        view
        returns (uint256);

    /// @notice A session as it stands.
    struct SessionView {
        address key; // zero = never granted
        uint32 validFrom;
        uint32 validUntil; // 0 = revoked by `revoke`
        uint64 categories;
        uint32 nonceHighest; // the highest nonce paid
        uint32 nonceWindow; // bit i set = nonce (nonceHighest - i) paid
        uint32 epoch; // the vault's revoke-all count when granted
        bool revoked; // by `revoke` or by `revokeAll`
    }

    /// @notice A limit as it stands.
    struct LimitView {
        uint32 window;
        uint128 cap;
        uint128 used; // counted in the window now, each payment rounded up to the token's unit
        uint128 remaining; // cap - used, or 0
        uint256 meter; // the raw meter; see libraries/SlidingCap.sol
    }

    /// @notice A loosening that waits out the owner's delay (I9).
    struct WaitingChange {
        uint32 change; // its number: the owner nonce that its `ChangeWaiting` made
        uint32 executableFrom;
        uint32 executableUntil;
        bool killed; // by a later stop or setting of its subject: it can only be cancelled
        bytes32 callHash; // of the call that `ChangeCall` has logged: a verb and its arguments
    }

    /// @notice A purse as it stands, or as it would be opened.
    struct PurseView {
        address purse;
        bool open;
        uint256 balance;
        uint256 target; // what it may be refilled to, base units
        uint256 largestTarget; // what `setPurseTarget` would take
    }

    /// @notice A session as it stands; all zero if never granted.
    function sessionOf(address vault, uint32 session) external view returns (SessionView memory);

    /// @notice What the vault (session 0), a session (category 0), or a category within one may still spend of a token:
    ///         each limit of the scope, ascending by window; and the per-payment cap, which only a session has.
    function remaining(address vault, uint32 session, uint8 category, address token)
        external
        view
        returns (uint128 perPaymentCap, LimitView[] memory limits);

    /// @notice The raw meter of a limit, removed ones included; see libraries/SlidingCap.sol.
    function meterOf(address vault, uint32 session, uint8 category, address token, uint32 window)
        external
        view
        returns (uint256);

    /// @notice The changes that wait, those that were killed or are past their time included.
    function waiting(address vault) external view returns (WaitingChange[] memory);

    /// @notice The purse of a session for one token and category.
    function purseOf(address vault, uint32 session, address token, uint8 category)
        external
        view
        returns (PurseView memory);
}
