// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  A vault of stablecoins from which agents pay within limits
/// @notice One owner's money. The owner grants each agent a session; the session's key signs payments; anyone may
///         relay them; the vault alone decides. Numbers I1 to I17 are the promises of docs/spec.md.
/// @dev    No imports: the Solidity compiler and the Rust client read this very file.
///         Amounts are token base units. Times and windows are whole seconds; 32 bits of them end in 2106, and so
///         does every session. A span [from, until) holds the times t with from <= t < until.
interface IVault {
    // ------------------------------------------------------------------------------------------------ structures

    /// @notice What a session key signs (EIP-712). Every field is signed.
    struct Payment {
        uint32 session; // who pays
        uint32 nonce; // pays at most once per session key; see `NonceTooFar` and `NonceTooOld`
        uint32 deadline; // valid while block.timestamp < deadline
        address token; // which money
        address payee; // to whom: must be in the payee book
        uint128 amount; // how much the payee gets; zero is refused
        uint128 fee; // how much the relayer's address gets on top; 0 = none
        address feeRecipient; // to whom the fee goes: in the payee book too; zero exactly when the fee is 0
        bytes32 ref; // reference: commits to the purchase and its purpose
    }

    /// @notice A payment with what proves it, as `pay` takes them.
    struct BatchItem {
        Payment payment;
        bytes signature;
        bytes approval;
    }

    /// @notice A cap over a sliding window, or over the lifetime.
    struct Limit {
        uint8 category; // 0 = all that the session pays; 1..63 = what it pays under that category
        uint32 window; // seconds: 3600, 86400, 604800, 2592000; or 4294967295 = the lifetime
        uint128 cap; // base units, rounded down to the token's unit
    }

    /// @notice What a session may spend of one token.
    struct TokenGrant {
        address token; // one that `addToken` has listed
        uint128 perPaymentCap; // largest amount + fee of one payment; base units, rounded down to the token's unit
        Limit[] limits; // strictly ascending by category and window; none of category 0 = the token cannot be paid
    }

    /// @notice Everything a new session gets.
    struct Grant {
        uint32 session; // the new id; not 0, never granted before
        address key; // the agent's key; never used in this vault before
        uint32 validFrom;
        uint32 validUntil;
        uint64 categories; // bit c set = category c granted; bit 0 does not exist
        TokenGrant[] tokens; // strictly ascending by token
    }

    /// @notice A payee and its category (1..63).
    struct PayeeEntry {
        address payee;
        uint8 category;
    }

    // ----------------------------------------------------------------------------------------------------- events
    // Every event but `PaymentFailed` and `ChangeCall` ends with the vault's sequence number and is folded into its
    // running hash (I13):
    //   hash' = first 21 bytes of keccak256(uint256(hash) ++ topics ++ data)
    // Every one of them but `Paid` and `PurseOpened`, which anyone can bring about, adds one to the owner nonce (I9).

    /// @notice A payment was made (amount to the payee, fee to the fee recipient). The only way money leaves but one.
    event Paid(
        uint32 indexed session,
        address indexed payee,
        bytes32 indexed ref,
        address token,
        uint128 amount,
        uint128 fee,
        address feeRecipient,
        uint8 category,
        uint32 nonce,
        uint32 sequence
    );

    /// @notice An item of a batch did not pay, for the reason that `pay` would have reverted with. Nothing has changed:
    ///         this event has no sequence number and is not in the running hash. Emitted only for a payment that the
    ///         session's key did sign.
    event PaymentFailed(uint32 indexed session, address indexed payee, bytes32 indexed ref, uint32 nonce, bytes reason);

    /// @notice The owner took money out; `treasury` got it. The other way money leaves.
    event Withdrawn(address indexed token, address indexed treasury, uint256 amount, uint32 sequence);

    /// @notice A session was created. Its caps and limits follow as events of their own.
    event SessionGranted(
        uint32 indexed session,
        address indexed key,
        uint32 validFrom,
        uint32 validUntil,
        uint64 categories,
        uint32 epoch,
        uint32 sequence
    );

    /// @notice A session's key was replaced; nonces of the new key start afresh, what was spent stays counted.
    event KeyRotated(uint32 indexed session, address indexed oldKey, address indexed newKey, uint32 sequence);

    /// @notice A session's span was set.
    event ValiditySet(uint32 indexed session, uint32 validFrom, uint32 validUntil, uint32 sequence);

    /// @notice A session's categories were set.
    event CategoriesSet(uint32 indexed session, uint64 categories, uint32 sequence);

    /// @notice The largest single payment of a session in a token was set.
    event PerPaymentCapSet(uint32 indexed session, address indexed token, uint128 perPaymentCap, uint32 sequence);

    /// @notice A limit was set; `cap` is what binds (rounded down to the unit), `used` what already counts against it.
    ///         Session 0 = the vault's own limit.
    event LimitSet(
        uint32 indexed session,
        address indexed token,
        uint8 category,
        uint32 window,
        uint128 cap,
        uint128 used,
        uint32 sequence
    );

    /// @notice A purse was opened: from now on a payment of its session to it, in its token, is a refill. It pays under
    ///         this category only.
    event PurseOpened(
        uint32 indexed session, address indexed token, address indexed purse, uint8 category, uint32 sequence
    );

    /// @notice How much a session's purse of this category and token may be refilled to was set, rounded down to the unit.
    event PurseTargetSet(
        uint32 indexed session, address indexed token, uint8 category, uint128 target, uint32 sequence
    );

    /// @notice A limit was removed; its meter is kept.
    event LimitRemoved(uint32 indexed session, address indexed token, uint8 category, uint32 window, uint32 sequence);

    /// @notice A session was revoked for good.
    event Revoked(uint32 indexed session, address indexed by, uint32 sequence);

    /// @notice Every session granted so far was revoked for good.
    event AllRevoked(uint32 epoch, address indexed by, uint32 sequence);

    /// @notice Payments stopped.
    event Paused(address indexed by, uint32 sequence);

    /// @notice Payments resumed.
    event Unpaused(address indexed by, uint32 sequence);

    /// @notice A token was listed; its amounts count in units of 2^unitBits base units, for ever.
    event TokenAdded(address indexed token, uint8 unitBits, uint32 sequence);

    /// @notice A payee was put in the book, or moved to another category.
    event PayeeSet(address indexed payee, uint8 category, uint32 sequence);

    /// @notice A payee was taken out of the book.
    event PayeeRemoved(address indexed payee, address indexed by, uint32 sequence);

    /// @notice The owner named a successor, who must accept.
    event OwnershipTransferStarted(address indexed owner, address indexed pendingOwner, uint32 sequence);

    /// @notice The vault has a new owner.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner, uint32 sequence);

    /// @notice The guardian was set; zero = none.
    event GuardianSet(address indexed guardian, uint32 sequence);

    /// @notice The only address that withdrawals go to was set.
    event TreasurySet(address indexed treasury, uint32 sequence);

    /// @notice How long loosenings wait was set; seconds.
    event DelaySet(uint32 indexed delay, uint32 sequence);

    /// @notice A loosening began to wait; anyone may execute it from `executableFrom` on, for 7 days (I9).
    event ChangeWaiting(uint32 indexed change, bytes32 callHash, uint32 executableFrom, uint32 sequence);

    /// @notice The call whose hash the `ChangeWaiting` beside this one has. Itself it has no sequence number.
    event ChangeCall(uint32 indexed change, bytes call);

    /// @notice A change that has waited takes effect; the verb's own events follow.
    event ChangeExecuted(uint32 indexed change, uint32 sequence);

    /// @notice A waiting change was cancelled.
    event ChangeCancelled(uint32 indexed change, address indexed by, uint32 sequence);

    // ----------------------------------------------------------------------------------------------------- errors

    /// @notice The caller is not the owner.
    error NotOwner(address caller);
    /// @notice The caller is neither the owner nor the guardian (nor, to revoke its own session, the agent).
    error NotOwnerOrGuardian(address caller);
    /// @notice The caller was not named as the next owner.
    error NotPendingOwner(address caller);
    /// @notice An address that must not be zero is zero.
    error ZeroAddress();

    /// @notice A field of the payment has bits set that its type does not have.
    error PaymentMalformed();
    /// @notice Payments are paused.
    error VaultPaused();
    /// @notice The payment's deadline has passed.
    error PaymentExpired(uint32 deadline, uint256 time);
    /// @notice A payment of nothing.
    error ZeroAmount();
    /// @notice A fee without a recipient, or a recipient without a fee.
    error FeeMismatch(uint128 fee, address feeRecipient);
    /// @notice The signature is neither 64 nor 65 bytes, or its s is in the upper half, or nobody can have made it.
    error SignatureInvalid();
    /// @notice An approval came with a payment that needs none.
    error ApprovalNotNeeded();
    /// @notice The approval is not the owner's signature over exactly this payment, chain and vault.
    error ApprovalInvalid();
    /// @notice The signature is not the session key's over exactly this payment, chain and vault.
    error SignerNotSessionKey(uint32 session, address signer);
    /// @notice The key served this session once and was replaced.
    error KeyRetired(uint32 session, address key);
    /// @notice No such session was ever granted.
    error SessionUnknown(uint32 session);
    /// @notice The session was revoked, for good.
    error SessionRevoked(uint32 session);
    /// @notice The session has not begun.
    error SessionNotYetValid(uint32 session, uint32 validFrom);
    /// @notice The session has ended.
    error SessionExpired(uint32 session, uint32 validUntil);
    /// @notice The nonce has paid before.
    error NonceUsed(uint32 session, uint32 nonce);
    /// @notice The nonce is more than 31 behind the highest one paid.
    error NonceTooOld(uint32 session, uint32 nonce, uint32 oldest);
    /// @notice The nonce is more than 1,024 ahead of the highest one paid.
    error NonceTooFar(uint32 session, uint32 nonce, uint256 furthest);
    /// @notice The payee (or fee recipient) is not in the payee book.
    error PayeeNotInBook(address payee);
    /// @notice The payee's category is not granted to the session.
    error CategoryNotGranted(uint32 session, uint8 category);
    /// @notice The session has no limit in this token, so it may spend none of it.
    error TokenNotGranted(uint32 session, address token);
    /// @notice Amount and fee together exceed what the session may pay at once; of a refill, the fee alone does.
    error AbovePerPaymentCap(uint256 requested, uint128 perPaymentCap);
    /// @notice The payment exceeds what is left in a window of the vault (session 0), the session or its category.
    error LimitExceeded(
        uint32 session, uint8 category, address token, uint32 window, uint256 requested, uint256 remaining
    );
    /// @notice The payee is a purse, but of another session or token: this is whose it is (I16).
    error PurseOfAnother(address purse, uint32 session, address token);
    /// @notice The purse still holds half of its target or more: it is refilled when it holds less.
    error PurseNotLow(address purse, uint256 balance, uint256 target);
    /// @notice With this amount the purse would hold more than its target.
    error PurseOverfilled(address purse, uint256 balance, uint256 amount, uint256 target);
    /// @notice The session has its purse of this token and category.
    error PurseExists(address purse);
    /// @notice A purse's target is at most a quarter of the least cap that its refills count against.
    error PurseTargetTooHigh(uint128 target, uint256 largest);
    /// @notice The token gives no domain separator or no authorization states: nobody could be paid from a purse of it.
    error TokenNotEip3009(address token);
    /// @notice The vault holds less than the payment takes, as the token tells when it has not moved the money.
    error VaultShort(uint256 balance, uint256 needed);
    /// @notice The token did not move the money although the vault holds it.
    error TransferFailed(address token, address to, uint256 amount);
    /// @notice More items than one transaction can hold.
    error BatchTooLong(uint256 items, uint256 largest);
    /// @notice Before an item, less gas is left than an item may need: with it, the item might fail for want of gas.
    error BatchGasShort(uint256 item, uint256 gasLeft, uint256 needed);
    /// @notice An item failed without a reason, as it does out of gas: nothing in the batch is paid.
    error BatchItemUnexplained(uint256 item);

    /// @notice The session id is 0, which names no session.
    error SessionZero();
    /// @notice The id was granted before; changes go by the setters, which keep what was spent.
    error SessionExists(uint32 session);
    /// @notice The key has served a session of this vault before.
    error KeyUsedBefore(address key);
    /// @notice An address has a role that excludes the one asked for.
    /// @dev    A session key is never owner, guardian, treasury, payee, token or the vault; a payee is never zero, the
    ///         vault or a listed token; the treasury is never the vault, a listed token or a purse. A purse stays in the
    ///         book under its category: no list of payees changes it, no removal takes it out. It is never paid a fee.
    error RoleConflict(address account);
    /// @notice The span is empty or already over.
    error ValidityInvalid(uint32 validFrom, uint32 validUntil);
    /// @notice Bit 0 of a category mask does not exist.
    error CategoryMaskInvalid(uint64 categories);
    /// @notice Categories are 1 to 63.
    error CategoryInvalid(uint8 category);
    /// @notice Windows are 3600, 86400, 604800, 2592000 and, for the lifetime, 4294967295 seconds.
    error WindowUnknown(uint32 window);
    /// @notice The cap does not fit the token's unit.
    error CapTooLarge(uint128 cap, uint256 largest);
    /// @notice No such limit stands.
    error LimitUnknown(uint32 session, uint8 category, address token, uint32 window);
    /// @notice Session 0, the vault itself, has no limits by category.
    error ScopeInvalid(uint32 session, uint8 category);
    /// @notice The token was never listed.
    error TokenNotListed(address token);
    /// @notice The token is listed already; its unit never changes.
    error TokenListed(address token, uint8 unitBits);
    /// @notice There is no contract at the token's address.
    error TokenHasNoCode(address token);
    /// @notice With a unit of 2^unitBits base units the largest cap would exceed 2^128 - 1: unitBits is at most 97.
    error UnitTooCoarse(uint8 unitBits);
    /// @notice A list is not strictly ascending (so it may hold duplicates).
    error NotAscending(uint256 index);
    /// @notice A list with nothing in it.
    error EmptyList();

    /// @notice Neither the owner nor, to stop something, the guardian has signed this act.
    error ActNotSigned();
    /// @notice The act's deadline has passed.
    error ActExpired(uint32 deadline, uint256 time);
    /// @notice The act was signed for another owner nonce: something was changed, or stopped, since.
    error OwnerNonceWrong(uint32 nonce, uint32 current);
    /// @notice The owner nonce has reached its end (2^24 - 1): acts by signature and waiting changes end with it.
    error OwnerNonceSpent();
    /// @notice This verb cannot be called so: `lodge`, `replace` and `execute` each know some verbs only.
    error VerbNotAllowed(bytes4 verb);
    /// @notice Calldata that is no call: less than a selector, or a `replace` without a call in its place.
    error CallMalformed(bytes4 verb);
    /// @notice The value to be replaced is not the expected one: somebody else has changed it.
    error StaleChange(uint256 expected, uint256 actual);
    /// @notice No change of this number waits.
    error ChangeUnknown(uint32 change);
    /// @notice The call is not the one that waits under this number.
    error ChangeDiffers(uint32 change);
    /// @notice The change waits still.
    error ChangeNotYetExecutable(uint32 change, uint32 executableFrom);
    /// @notice The change waited too long for its execution.
    error ChangeExpired(uint32 change, uint32 executableUntil);
    /// @notice The change was killed: by a stop or a setting of the same subject that took effect at once, by a
    ///         revoke-all (which spares a change of the guardian) or by a change of owner.
    error ChangeKilled(uint32 change);
    /// @notice The guardian cannot cancel the change of the guardian.
    error GuardianCannotCancel(uint32 change);
    /// @notice As many changes wait as can; cancel one first.
    error TooManyWaiting(uint256 largest);
    /// @notice The delay is at most 30 days.
    error DelayTooLong(uint32 delay, uint32 longest);

    // --------------------------------------------------------------------------------------------- anyone: payments

    /// @notice Pays: the one way money leaves to a payee. Anyone may submit it, and pays the gas.
    /// @dev    I2, I3, I4, I6, I11. Judged by the policy of the block that includes it.
    /// @param payment   what the session key signed
    /// @param signature its ECDSA signature, 64 bytes (EIP-2098) or 65; low s only
    /// @param approval  the owner's countersignature on a payment above the per-payment cap; empty otherwise
    function pay(Payment calldata payment, bytes calldata signature, bytes calldata approval) external;

    /// @notice Pays several; each item pays, or leaves no trace but `PaymentFailed` (I11). At most 32 items.
    /// @dev    Every item has 500,000 gas, demanded before it starts, so that no relayer can starve one.
    function payBatch(BatchItem[] calldata items) external;

    /// @notice Reverts with the very error that `pay` would revert with now, signature and token aside; else returns.
    /// @param  approved as if the owner had approved the payment, should it be above the per-payment cap
    function check(Payment calldata payment, bool approved) external view;

    /// @notice Opens the purse of a session for one token and category: a contract from which the session's key pays by
    ///         the token's own `transferWithAuthorization` (EIP-3009), as x402 sellers ask for; see IPurse. Both must be
    ///         granted. Anyone may open it: it is empty, and the session's key alone can fill it, by a payment to it.
    /// @dev    I15, I16. A refill is a payment like any other, in the purse's category, but for the per-payment cap, which
    ///         binds its fee only; and it is refused unless the purse holds less than half of its target, and by what
    ///         would exceed the target. Its address can be computed before: IVaultLens.purseOf.
    /// @return purse its address, which commits to vault, session, token and category
    function openPurse(uint32 session, address token, uint8 category) external returns (address purse);

    // --------------------------------------------------------------------------------------------- owner: grants
    // Where a delay is set, what loosens waits (I9): the call succeeds, `ChangeWaiting` says since when, and nothing else
    // changes until `execute`. What takes effect at once kills what waits on the same subject.

    /// @notice Creates a session. An id is granted once, ever (I8).
    function grant(Grant calldata newSession) external;

    /// @notice Replaces a session's key at once; its nonces start afresh, what was spent stays counted (I7).
    function rotateKey(uint32 session, address newKey) external;

    /// @notice Sets a session's span; it must end after now (to end a session now, revoke it).
    function setValidity(uint32 session, uint32 validFrom, uint32 validUntil) external;

    /// @notice Sets the categories a session may pay; empty = none.
    function setCategories(uint32 session, uint64 categories) external;

    /// @notice Sets the largest amount + fee of one payment, rounded down to the token's unit; 0 = none can be made.
    function setPerPaymentCap(uint32 session, address token, uint128 perPaymentCap) external;

    /// @notice Sets a limit of the vault (session 0, category 0), of a session (category 0), or of a category within a
    ///         session. What was spent in its window while it stood stays counted (I7); a cap below that leaves 0.
    /// @dev    A limit that did not stand when something was spent has not counted it.
    function setLimit(uint32 session, uint8 category, address token, uint32 window, uint128 cap) external;

    /// @notice Removes a limit and keeps its meter (I7). A token without any session limit cannot be paid (I6).
    function removeLimit(uint32 session, uint8 category, address token, uint32 window) external;

    /// @notice Sets how much a session's purse of one category and token may be refilled to; 0 = it is not refilled. At most
    ///         a quarter of the least cap that stands for vault, session or category. Until it is set: a tenth of that.
    /// @dev    Should caps fall afterwards, a quarter of the least of them is what binds (I4).
    function setPurseTarget(uint32 session, uint8 category, address token, uint128 target) external;

    /// @notice Lists a token, once: amounts of it count in units of 2^unitBits base units.
    /// @dev    A cap holds at most 2^31 - 1 units. With six decimals, unitBits 0 counts every base unit and caps reach
    ///         2,147 tokens; unitBits 7 counts in 0.000128 tokens and caps reach 274,877.
    function addToken(address token, uint8 unitBits) external;

    /// @notice Puts payees in the book, or moves them to another category; strictly ascending by address.
    function setPayees(PayeeEntry[] calldata entries) external;

    // --------------------------------------------------------------------------------- owner or guardian: stop verbs
    // One transaction each, O(1), effective in the including block (I8). Stopping what is stopped is no error, so that a
    // batch of stops never fails for one that somebody else has made.

    /// @notice Stops every payment until the owner resumes.
    function pause() external;

    /// @notice Revokes a session for good. Its own key may do so too.
    function revoke(uint32 session) external;

    /// @notice Revokes every session granted so far, for good, and kills every waiting change but that of the guardian;
    ///         begins a new epoch.
    function revokeAll() external;

    /// @notice Takes a payee out of the book, if it is in; kills every `setPayees` that waits.
    function removePayee(address payee) external;

    // -------------------------------------------------------------------------------------------- owner: the vault

    /// @notice Resumes payments.
    function unpause() external;

    /// @notice Sends ERC-20 tokens, listed or not, to the treasury; `amount` 2^256 - 1 sends all there is (I10).
    function withdraw(address token, uint256 amount) external;

    /// @notice Names the next owner, who must accept; zero takes the offer back.
    function transferOwnership(address newOwner) external;

    /// @notice Accepts an offered ownership.
    function acceptOwnership() external;

    /// @notice Sets the guardian; zero = none.
    function setGuardian(address newGuardian) external;

    /// @notice Sets the treasury.
    function setTreasury(address newTreasury) external;

    /// @notice Sets how long loosenings wait: 0 to 30 days, in seconds.
    function setDelay(uint32 newDelay) external;

    // ---------------------------------------------------------------------------- owner: by signature, if unchanged

    /// @notice Performs what the owner has signed: `grant`, `setLimit`, `setPayees`, `rotateKey`, `withdraw` (each also
    ///         within `replace`); or what owner or guardian has signed: `pause`, `revoke`, `revokeAll`, `removePayee`,
    ///         `cancel`. Anyone may lodge it (I8, I9).
    /// @dev    EIP-712: Act(bytes call,uint32 nonce,uint32 deadline). ECDSA first, then ERC-1271.
    /// @param  call     the verb's calldata, selector included
    /// @param  nonce    the owner nonce at which alone it is valid
    /// @param  deadline valid while block.timestamp < deadline
    function lodge(bytes calldata call, uint32 nonce, uint32 deadline, bytes calldata signature) external;

    /// @notice Performs one of the owner's setters if the value that it replaces is the expected one.
    /// @dev    The value as one word: a cap (0 = no such limit), a mask, an address (of the key, for `rotateKey`; of the
    ///         pending owner, for `transferOwnership`), validFrom * 2^32 + validUntil, seconds of delay; for `setPayees`
    ///         the category that every one of the entries has; for `setPurseTarget` the target that binds now. A change
    ///         that must wait is held to it when executed.
    function replace(uint256 expected, bytes calldata call) external;

    // ------------------------------------------------------------------------------------------------ waiting changes

    /// @notice Lets a change that has waited out the delay take effect; anyone may (I9).
    /// @param change its number
    /// @param call   the call that its `ChangeCall` logged
    function execute(uint32 change, bytes calldata call) external;

    /// @notice Takes a waiting change away: owner or guardian; the guardian not a change of the guardian.
    function cancel(uint32 change) external;

    // ------------------------------------------------------------------------------------------------------- views

    /// @notice Grants, changes, withdraws.
    function owner() external view returns (address);

    /// @notice Named as the next owner; zero = nobody.
    function pendingOwner() external view returns (address);

    /// @notice May only stop things; zero = nobody.
    function guardian() external view returns (address);

    /// @notice The only address that withdrawals go to.
    function treasury() external view returns (address);

    /// @notice How long loosenings wait, in seconds.
    function delay() external view returns (uint32);

    /// @notice The one nonce at which an act of the owner is valid by signature; every act changes it.
    function ownerNonce() external view returns (uint32);

    /// @notice The sequence number of the last event, and the running hash over all of them, in the low 21 bytes (I13).
    function head() external view returns (uint32 sequence, bytes32 runningHash);

    /// @notice Whether payments are stopped.
    function paused() external view returns (bool);

    /// @notice How often `revokeAll` was called; sessions of an earlier epoch are revoked.
    function epoch() external view returns (uint32);

    /// @notice The session that a key serves or once served; 0 = none.
    function sessionOfKey(address key) external view returns (uint32);

    /// @notice A payee's category, or a purse's; 0 = not in the book.
    function payeeOf(address payee) external view returns (uint8 category);

    /// @notice Whether a token is listed, and its unit of 2^unitBits base units.
    function tokenOf(address token) external view returns (bool listed, uint8 unitBits);

    /// @notice What the vault stores at these slots. Views that only fold it are in IVaultLens; where what stands is said in
    ///         libraries/VaultSlots.sol.
    function stateAt(bytes32[] calldata slots) external view returns (bytes32[] memory);
}
