// The bug zoo: vaults that are broken on purpose, each in one place, each caught by the suite it names.
// `attack` is what a thief (or a slip of ours) gains by it. `find` must occur exactly once in the file.
// `inSetUp`: the suite's set-up is what catches it (the running hash is compared from the first event on).
// scripts/bug-zoo.mjs builds each and fails if one survives; README.md beside this file says what else it asks.

const pay = "unit/Vault/Pay.t.sol";
const awkward = "unit/Tokens/AwkwardTokens.t.sol";
const nonces = "fuzz/Nonces.t.sol";
const limits = "fuzz/Limits.t.sol";
const addToken = "unit/Vault/AddToken.t.sol";
const setPayees = "unit/Vault/SetPayees.t.sol";
const setLimit = "unit/Vault/SetLimit.t.sol";
const grant = "unit/Vault/Grant.t.sol";
const badInput = "unit/Vault/BadInput.t.sol";
const lens = "unit/VaultLens/MaxOutflow.t.sol";

/** What only the owner may call, with its suite. */
const ownersVerbs = [
  ["grant(Grant calldata)", "Grant"],
  ["rotateKey(uint32, address)", "RotateKey"],
  ["setValidity(uint32, uint32, uint32)", "SetValidity"],
  ["setCategories(uint32, uint64)", "SetCategories"],
  ["setPerPaymentCap(uint32, address, uint128)", "SetPerPaymentCap"],
  ["setLimit(uint32, uint8, address, uint32, uint128)", "SetLimit"],
  ["removeLimit(uint32, uint8, address, uint32)", "RemoveLimit"],
  ["setPayees(PayeeEntry[] calldata)", "SetPayees"],
  ["unpause()", "Unpause"],
  ["transferOwnership(address)", "Ownership"],
  ["setGuardian(address)", "SetGuardian"],
  ["setTreasury(address)", "SetTreasury"],
  ["setDelay(uint32)", "SetDelay"],
  ["replace(uint256, bytes calldata)", "Replace"],
];

/** The values that a verb compares with what the owner expects (I9). */
const conditions = [
  ["Book", "_payees[payee]"],
  ["Limits", "allowance.perPaymentCap()"],
  ["Limits", "standing << unitBits"],
  ["Limits", "meter.capUnits() << allowance.unitBits()"],
  ["Sessions", "uint160(oldKey)"],
  ["Sessions", "(uint256(word.validFrom()) << 32) | word.validUntil()"],
  ["Sessions", "word.categories()"],
  ["Roles", "uint160(_pendingOwner)"],
  ["Roles", "uint160(_guardian)"],
  ["Roles", "uint160(_treasury)"],
  ["Roles", "_delay"],
];

/** What a thief would try: every commit. */
export const attacks = [
  // --- who signed what (I2)
  { name: "reference-unsigned", attack: "a relayer relabels a payment", file: "libraries/PaymentHash.sol", find: "structHash := keccak256(start, 0x140)", put: "structHash := keccak256(start, 0x120)", suite: pay },
  { name: "any-vault", attack: "a payment is replayed at the owner's other vault", file: "base/TypedData.sol", find: "block.chainid, address(this)));", put: "block.chainid, address(0)));", suite: pay },
  { name: "any-chain", attack: "a payment is replayed on another chain", file: "base/TypedData.sol", find: "block.chainid == _firstChain ? _firstSeparator : _separator()", put: "_firstSeparator", suite: pay },
  { name: "dirty-words", attack: "one payment has several encodings", file: "libraries/PaymentHash.sol", find: "if (dirt != 0) revert IVault.PaymentMalformed();", put: "", suite: pay },
  { name: "high-s-64", attack: "a second signature is made of the first", file: "libraries/SessionSignature.sol", find: "if (signature.length == 64) s = (s << 1) >> 1;", put: "if (signature.length == 64) s = 0;", suite: pay },
  { name: "high-s-65", attack: "a second signature is made of the first", file: "libraries/SessionSignature.sol", find: "if (s > HALF_N) return address(0);", put: "if (s > HALF_N && signature.length == 64) return address(0);", suite: pay },
  { name: "foreign-session", attack: "one agent pays from another's session", file: "base/Judge.sol", find: "if (word.session() != session || session == 0) {", put: "if (word.session() == 0) {", suite: pay },
  { name: "recovered-nobody", attack: "a signature that nobody made is accepted as far as the judge", file: "Vault.sol", find: "if (key == address(0)) revert SignatureInvalid();", put: "", suite: pay },
  { name: "deadline-ignored", attack: "an old payment is kept and cashed later", file: "base/Judge.sol", find: "if (block.timestamp >= deadline) revert PaymentExpired(deadline, block.timestamp);", put: "deadline;", suite: pay },
  { name: "deadline-off-by-one", attack: "a payment lives a second too long", file: "base/Judge.sol", find: "if (block.timestamp >= deadline)", put: "if (block.timestamp > deadline)", suite: pay },
  { name: "approval-swallowed", attack: "an approval that means nothing is accepted in silence", file: "Vault.sol", find: "revert ApprovalNotNeeded();", put: "approval;", suite: "unit/Vault/Approval.t.sol" },

  // --- once (I3)
  { name: "nonce-reused", attack: "a payment is submitted twice", file: "base/Judge.sol", find: "} else if (word.nonceUsed(nonce)) {", put: "} else if (false) {", suite: pay },
  { name: "nonce-not-stored", attack: "a payment is submitted twice", file: "Vault.sol", find: "_sessions[key] = word;", put: "word;", suite: pay },
  { name: "nonce-old", attack: "a payment that left the window is submitted again", file: "base/Judge.sol", find: "} else if (highest - nonce >= SessionWordLib.NONCE_WINDOW) {", put: "} else if (false) {", suite: pay },
  { name: "nonce-leap", attack: "one signature bricks a session", file: "base/Judge.sol", find: "if (nonce > furthest) revert NonceTooFar(session, nonce, furthest);", put: "furthest;", suite: pay },
  { name: "nonce-window-forgotten", attack: "an earlier payment is submitted again after a later one", file: "libraries/SessionWord.sol", find: "uint256 paid = ((uint256(nonceWindow(word)) << (nonce - highest)) | 1) & U32;", put: "uint256 paid = 1;", suite: nonces },
  { name: "nonce-wrong-bit", attack: "paying with one nonce marks another", file: "libraries/SessionWord.sol", find: "(1 << (PAID_SHIFT + highest - nonce))", put: "(1 << PAID_SHIFT)", suite: nonces },

  // --- how much (I4, I5)
  { name: "limit-unchecked", attack: "the cap is no cap", file: "base/Judge.sol", find: "if (units > left) {", put: "if (false) {", suite: pay },
  { name: "meter-not-stored", attack: "the cap never fills", file: "Vault.sol", find: "_allowances[scope] = next;", put: "", suite: pay },
  { name: "other-meters-not-stored", attack: "the second limit never fills", file: "Vault.sol", find: "_setMeter(scope, index, others[index]);", put: "others;", suite: pay },
  { name: "other-limits-skipped", attack: "only the first limit binds", file: "base/Judge.sol", find: "if (mask == 0) return (next, others);", put: "if (mask != 64) return (next, new Meter[](WINDOW_COUNT));", suite: pay },
  { name: "fee-uncounted", attack: "the limit is drained through fees", file: "base/Judge.sol", find: "return uint256(payment.amount) + payment.fee; // two uint128", put: "return uint256(payment.amount);", suite: pay },
  { name: "per-payment-cap-ignored", attack: "the whole limit goes in one payment", file: "Vault.sol", find: "if (total > allowance.perPaymentCap()) {", put: "if (false) {", suite: pay },
  { name: "four-buckets", attack: "twice the cap goes in one window", file: "libraries/SlidingCap.sol", find: "uint256 private constant ONES = 1 | ", put: "uint256 private constant ONES = 0 | ", suite: limits },
  { name: "fixed-window", attack: "twice the cap goes around midnight", file: "libraries/SlidingCap.sol", find: "uint256 bucket = time / (window / 4);", put: "uint256 bucket = (time / window) * 5;", suite: limits },
  { name: "never-forgets", attack: "spending counts for ever: the agent is starved", file: "libraries/SlidingCap.sol", find: "uint256 counts = (word << ((bucket - newest) * COUNT_BITS)) & COUNTS_MASK;", put: "uint256 counts = word & COUNTS_MASK;", suite: limits },
  { name: "rounded-down", attack: "payments below the unit are free", file: "libraries/SlidingCap.sol", find: "return (amount + (1 << unitBits) - 1) >> unitBits;", put: "return amount >> unitBits;", suite: limits },
  { name: "zero-amount", attack: "nonces are burnt for nothing", file: "base/Judge.sol", find: "if (payment.amount == 0) revert ZeroAmount();", put: "", suite: pay },

  // --- to whom (I6)
  { name: "payee-unchecked", attack: "the thief pays himself", file: "base/Judge.sol", find: "category = _judgePayee(session, word, payment.payee);", put: "category = 3;", suite: pay },
  { name: "category-unchecked", attack: "an agent pays what it was not granted", file: "base/Judge.sol", find: "if (!word.grants(category)) revert CategoryNotGranted(session, uint8(category));", put: "word;", suite: pay },
  { name: "fee-recipient-unchecked", attack: "the thief is his own relayer", file: "base/Judge.sol", find: "feeCategory = _judgePayee(session, word, payment.feeRecipient);", put: "feeCategory = 63;", suite: pay },
  { name: "fee-mismatch", attack: "a fee goes to nobody, or a recipient is named for show", file: "base/Judge.sol", find: "if (payment.fee == 0 || payment.feeRecipient == address(0)) {", put: "if (false) {", suite: pay },
  { name: "token-unlimited", attack: "a token without a limit is paid", file: "Vault.sol", find: "if (!allowance.limited()) revert TokenNotGranted(payment.session, payment.token);", put: "", suite: pay },
  { name: "category-zero", attack: "a payee without a category is paid", file: "base/Book.sol", find: "if (category == 0 || category > LAST_CATEGORY) revert CategoryInvalid(category);", put: "", suite: "unit/Vault/SetPayees.t.sol" },
  { name: "mask-bit-zero", attack: "category 0 is granted", file: "base/Sessions.sol", find: "if (categories & 1 != 0) revert CategoryMaskInvalid(categories);", put: "categories;", suite: "unit/Vault/Grant.t.sol" },
  { name: "payee-is-agent", attack: "an agent is its own payee", file: "base/Book.sol", find: "if (payee == address(this) || _tokens[payee].listed || _sessions[payee].session() != 0) {", put: "if (payee == address(this) || _tokens[payee].listed) {", suite: "unit/Vault/SetPayees.t.sol" },

  // --- who may (I8, I10)
  { name: "paused-ignored", attack: "a pause stops nothing", file: "base/Judge.sol", find: "if (vault.paused()) revert VaultPaused();", put: "", suite: pay },
  { name: "revoked-ignored", attack: "a revoked agent pays on", file: "libraries/SessionWord.sol", find: "return validUntil(word) == 0 || epoch(word) != vaultEpoch;", put: "return epoch(word) != vaultEpoch;", suite: "unit/Vault/Revoke.t.sol" },
  { name: "revoke-writes-nothing", attack: "a revoked agent pays on", file: "base/Sessions.sol", find: "_sessions[key] = word.ended();\n        _kill", put: "_kill", suite: "unit/Vault/Revoke.t.sol" },
  { name: "revoked-comes-back", attack: "a revoked session is revived by a setter", file: "base/Sessions.sol", find: "if (word.isRevoked(_vault.epoch())) revert SessionRevoked(session);", put: "", suite: "unit/Vault/SetValidity.t.sol" },
  { name: "revoke-all-ignored", attack: "revoke-all stops nothing", file: "libraries/SessionWord.sol", find: "return validUntil(word) == 0 || epoch(word) != vaultEpoch;", put: "return validUntil(word) == 0;", suite: "unit/Vault/RevokeAll.t.sol" },
  { name: "expired-pays", attack: "an ended session pays on", file: "base/Judge.sol", find: "if (block.timestamp >= word.validUntil()) revert SessionExpired(session, word.validUntil());", put: "", suite: pay },
  { name: "early-pays", attack: "a session pays before it begins", file: "base/Judge.sol", find: "if (block.timestamp < word.validFrom()) revert SessionNotYetValid(session, word.validFrom());", put: "", suite: pay },
  { name: "old-key-lives", attack: "a rotated-out key pays on", file: "base/Sessions.sol", find: "_sessions[oldKey] = word.ended();", put: "", suite: "unit/Vault/RotateKey.t.sol" },
  { name: "key-used-again", attack: "old payments of a key are cashed in a new session", file: "base/Sessions.sol", find: "if (_sessions[key].session() != 0) revert KeyUsedBefore(key);", put: "", suite: "unit/Vault/Grant.t.sol" },
  { name: "owner-as-agent", attack: "the owner's key lies on an agent's machine", file: "base/Sessions.sol", find: "key == _owner || key == _guardian", put: "key == _guardian", suite: "unit/Vault/Grant.t.sol" },
  { name: "session-overwritten", attack: "a second grant of an id takes it over", file: "base/Sessions.sol", find: "if (_keys[session] != address(0)) revert SessionExists(session);", put: "", suite: "unit/Vault/Grant.t.sol" },
  { name: "stranger-revokes", attack: "anybody stops an agent", file: "base/Sessions.sol", find: "if (by != _owner && by != _guardian && by != _keys[session]) revert NotOwnerOrGuardian(by);", put: "", suite: "unit/Vault/Revoke.t.sol" },
  { name: "guardian-resumes", attack: "a guardian that may only stop, starts", file: "base/Acts.sol", find: "function unpause() external {\n        _perform(_byOwner());", put: "function unpause() external {\n        if (msg.sender == _guardian) return _log(_vault.withPaused(false), 2, abi.encode(HASH, Unpaused.selector, msg.sender, SEQUENCE));\n        _perform(_byOwner());", suite: "unit/Vault/Unpause.t.sol" },
  { name: "guardian-grants", attack: "a guardian lets itself pay", file: "base/Roles.sol", find: "if (msg.sender != _owner) revert NotOwner(msg.sender);", put: "if (msg.sender != _owner && msg.sender != _guardian) revert NotOwner(msg.sender);", suite: "unit/Vault/Grant.t.sol" },
  { name: "stranger-accepts", attack: "anybody becomes the owner", file: "base/Roles.sol", find: "if (msg.sender != _pendingOwner) revert NotPendingOwner(msg.sender);", put: "", suite: "unit/Vault/Ownership.t.sol" },
  { name: "stranger-withdraws", attack: "anybody moves the money to the treasury", file: "Vault.sol", find: "_byOwner();\n        _withdraw(token, amount);", put: "_withdraw(token, amount);", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "withdraw-to-caller", attack: "a stolen owner key takes the money", file: "Vault.sol", find: "address to = _treasury;", put: "address to = msg.sender;", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "pause-locks-owner-in", attack: "a hostile guardian holds the money", file: "Vault.sol", find: "if (amount == 0) revert ZeroAmount();\n        // Effect", put: "if (_vault.paused()) revert VaultPaused();\n        // Effect", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "balance-holds-owner-in", attack: "a token that lies about balances holds the money", file: "Vault.sol", find: "if (amount == 0) revert ZeroAmount();\n        // Effect", put: "if (balance < amount) revert VaultShort(balance, amount);\n        // Effect", suite: "unit/Vault/Withdraw.t.sol" },

  { name: "odd-answer-holds-owner-in", attack: "a token that moves the money and answers false holds the rest", file: "Vault.sol", find: "if (told && left <= balance && balance - left >= amount) return;", put: "", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "treasury-is-token", attack: "withdrawals end in the token's own contract", file: "base/Roles.sol", find: "if (account == address(this) || _tokens[account].listed) revert RoleConflict(account);", put: "if (account == address(this)) revert RoleConflict(account);", suite: "unit/Vault/SetTreasury.t.sol" },

  // --- only time lowers a meter (I7)
  { name: "set-limit-resets", attack: "re-setting a limit gives the allowance back", file: "base/Limits.sol", find: "_meterOf(scope, allowance, index).rolled(window, block.timestamp).withCap(units);", put: "Meter.wrap(0).rolled(window, block.timestamp).withCap(units);", suite: "unit/Vault/SetLimit.t.sol" },
  { name: "remove-limit-resets", attack: "removing and restoring a limit gives the allowance back", file: "base/Limits.sol", find: "_setMeter(scope, index, meter.withCap(0));", put: "_setMeter(scope, index, Meter.wrap(0));", suite: "unit/Vault/RemoveLimit.t.sol" },
  { name: "next-first-lost", attack: "removing one limit removes the others", file: "base/Limits.sol", find: "return allowance.withoutOther(index).withFirst(index, _meter(scope, index));", put: "return allowance.withoutOther(index).withoutFirst();", suite: "unit/Vault/RemoveLimit.t.sol" },

  // --- by scope (I4, I6)
  { name: "vault-limit-skipped", attack: "all agents together spend more than the owner allows", file: "libraries/VaultWord.sol", find: "return VaultWord.unwrap(word) & LIMITED != 0;", put: "return false;", suite: "unit/Vault/Scopes.t.sol" },
  { name: "category-limit-skipped", attack: "a category has no budget of its own", file: "libraries/AllowanceWord.sol", find: "return AllowanceWord.unwrap(word) & BY_CATEGORY != 0;", put: "return false;", suite: "unit/Vault/Scopes.t.sol" },
  { name: "fee-category-skipped", attack: "fees go around the limit of their category", file: "base/Judge.sol", find: "feeCategory == category ? 0 : payment.fee", put: "feeCategory == category ? 0 : 0", suite: "unit/Vault/Scopes.t.sol" },
  { name: "fee-counts-nothing-beside", attack: "the category of the payee counts the amount alone", file: "base/Judge.sol", find: "if (place == 1) return (scopeOf(payment.session, category, payment.token), _total(payment));", put: "if (place == 1) return (scopeOf(payment.session, category, payment.token), payment.amount);", suite: "unit/Vault/Scopes.t.sol" },
  { name: "beside-not-stored", attack: "limits of vault and category never fill", file: "Vault.sol", find: "if (beside.limited()) _count(scope, beside, total);", put: "if (beside.limited()) _judgeScope(scope, beside, total);", suite: "unit/Vault/Scopes.t.sol" },
  { name: "check-looks-away", attack: "a dry run promises what the payment is refused", file: "Vault.sol", find: "if (beside.limited()) _judgeScope(scope, beside, total);", put: "beside;", suite: "unit/Vault/Scopes.t.sol" },
  { name: "scopes-collide", attack: "one category fills the limit of another", file: "libraries/Scope.sol", find: "(category << 192) | (session << 160)", put: "(session << 160)", suite: "unit/Vault/Scopes.t.sol" },

  // --- the owner's countersignature (I5)
  { name: "approval-by-anyone", attack: "a thief approves himself", file: "Vault.sol", find: "if (!OwnerSignature.isValid(_owner, digest, approval)) revert ApprovalInvalid();", put: "digest;", suite: "unit/Vault/Approval.t.sol" },
  { name: "approval-by-agent", attack: "the payment's own signature approves it", file: "Vault.sol", find: "bytes32 digest = _digestOf(PaymentHash.ofApproval(structHash));", put: "bytes32 digest = _digestOf(structHash);", suite: "unit/Vault/Approval.t.sol" },
  { name: "wallet-says-anything", attack: "a wallet that answers garbage has signed", file: "libraries/OwnerSignature.sol", find: "eq(mload(0x00), magic)", put: "1", suite: "unit/Vault/Approval.t.sol" },
  { name: "wallet-says-nothing", attack: "a wallet that answers nothing has signed", file: "libraries/OwnerSignature.sol", find: "let answered := staticcall(", put: "mstore(0x00, magic)\n            let answered := staticcall(", also: { find: "and(answered, gt(returndatasize(), 0x1f))", put: "answered" }, suite: "unit/Vault/Approval.t.sol" },

  // --- batches (I11)
  { name: "batch-starves", attack: "a relayer starves an item", file: "Vault.sol", find: "if (gasleft() < ITEM_GAS_DEMANDED) revert BatchGasShort(i, gasleft(), ITEM_GAS_DEMANDED);", put: "", suite: "unit/Vault/PayBatch.t.sol" },
  { name: "batch-unexplained", attack: "an item that ran out of gas is written off", file: "Vault.sol", find: "if (reason.length == 0) revert BatchItemUnexplained(i);", put: "", suite: "unit/Vault/PayBatch.t.sol" },
  { name: "batch-of-nothing", attack: "a batch of nothing passes", file: "Vault.sol", find: "if (items.length == 0) revert EmptyList();", put: "", suite: "unit/Vault/PayBatch.t.sol" },
  { name: "batch-too-long", attack: "a batch that no block can hold", file: "Vault.sol", find: "if (items.length > MAX_ITEMS) revert BatchTooLong(items.length, MAX_ITEMS);", put: "", suite: "unit/Vault/PayBatch.t.sol" },
  { name: "stranger-logs", attack: "a stranger has the vault speak of payments that nobody signed", file: "Vault.sol", find: "code == PaymentMalformed.selector || code == SignatureInvalid.selector", put: "code == PaymentMalformed.selector", suite: "unit/Vault/PayBatch.t.sol" },

  // --- by signature (I8, I9)
  { name: "act-unsigned", attack: "anybody acts for the owner", file: "base/Acts.sol", find: "revert ActNotSigned();", put: "act.by = _owner;", suite: "unit/Vault/Lodge.t.sol" },
  { name: "guardian-signs-grants", attack: "a guardian grants by signature", file: "base/Acts.sol", find: "if (!stops || !OwnerSignature", put: "if (!OwnerSignature", suite: "unit/Vault/Lodge.t.sol" },
  { name: "any-nonce", attack: "an old signature of the owner undoes what came after", file: "base/Acts.sol", find: "if (nonce != current) revert OwnerNonceWrong(nonce, current);", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "act-lives-on", attack: "a forgotten signature is lodged years later", file: "base/Acts.sol", find: "if (block.timestamp >= deadline) revert ActExpired(deadline, block.timestamp);", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "nonce-stands", attack: "a signature of the owner works again and again", file: "libraries/VaultWord.sol", find: "ownerNonce(word) == NONCE_END ? next : next + (1 << NONCE_SHIFT)", put: "next", suite: "unit/Vault/Lodge.t.sol", inSetUp: true },
  { name: "call-unsigned", attack: "a relayer changes what the owner signed", file: "base/Acts.sol", find: "keccak256(call), nonce, deadline)", put: "bytes32(0), nonce, deadline)", suite: "unit/Vault/Lodge.t.sol" },
  { name: "any-verb-by-signature", attack: "ownership is phished by a signature", file: "base/Acts.sol", find: "if (!_isSignable(verb)) revert VerbNotAllowed(verb);", put: "", suite: "unit/Vault/Lodge.t.sol" },

  // --- loosening waits (I9)
  { name: "nothing-waits", attack: "a stolen owner key loosens at once", file: "base/Waiting.sol", find: "if (act.loosens && _delay != 0) {", put: "if (act.loosens && _delay == 77) {", suite: "unit/Vault/Delay.t.sol" },
  { name: "too-early", attack: "a change takes effect before its time", file: "base/Acts.sol", find: "if (block.timestamp < from) revert ChangeNotYetExecutable(number, from);", put: "", suite: "unit/Vault/Execute.t.sol" },
  { name: "too-late", attack: "a forgotten change takes effect years later", file: "base/Acts.sol", find: "if (block.timestamp >= until) revert ChangeExpired(number, until);", put: "until;", suite: "unit/Vault/Execute.t.sol" },
  { name: "another-call", attack: "something else is executed than what waited", file: "base/Acts.sol", find: "if (keccak256(call) != callHash) revert ChangeDiffers(number);", put: "callHash;", suite: "unit/Vault/Execute.t.sol" },
  { name: "killed-executes", attack: "what was stopped comes back", file: "base/Acts.sol", find: "if (_isKilled(number, subject)) revert ChangeKilled(number);", put: "subject;", suite: "unit/Vault/Kills.t.sol" },
  { name: "nothing-kills", attack: "an old change undoes a new stop", file: "base/Waiting.sol", find: "if (vault.waiting()) _killed[subject] = vault.ownerNonce();", put: "subject;", suite: "unit/Vault/Kills.t.sol" },
  { name: "guardian-stays", attack: "a guardian keeps himself in office by revoke-all", file: "base/Waiting.sol", find: "return Subject.unwrap(subject) != Subject.unwrap(GUARDIAN) && change <= _killed[EVERYTHING];", put: "return change <= _killed[EVERYTHING];", suite: "unit/Vault/Kills.t.sol" },
  { name: "guardian-cancels-his-end", attack: "a guardian cancels his successor", file: "base/Acts.sol", find: "if (by != _owner && Subject.unwrap(subject) == Subject.unwrap(GUARDIAN)) revert GuardianCannotCancel(number);", put: "subject;", suite: "unit/Vault/Cancel.t.sol" },
  { name: "guardian-spins", attack: "a guardian uses up the owner's nonces", file: "base/Sessions.sol", find: "if (vault.paused() && !_newlyWaits(vault, PAUSE)) return;", put: "", suite: "unit/Vault/Pause.t.sol" },
  { name: "later-end-at-once", attack: "a session is prolonged without waiting", file: "base/Sessions.sol", find: "validFrom < word.validFrom() || validUntil > word.validUntil()", put: "validFrom < word.validFrom()", suite: "unit/Vault/Delay.t.sol" },
  { name: "delay-shortened-at-once", attack: "a stolen owner key ends the delay", file: "base/Roles.sol", find: "newDelay < _delay)", put: "false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "last-owner-lives-on", attack: "the last owner's waiting change takes effect under the next", file: "base/Roles.sol", find: "_kill(vault, EVERYTHING);\n        _kill(vault, GUARDIAN);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "stale-write", attack: "a script undoes what a human has just changed", file: "base/Waiting.sol", find: "if (act.conditional && act.expected != actual) revert StaleChange(act.expected, actual);", put: "actual;", suite: "unit/Vault/Replace.t.sol" },

  // --- no trace without a transfer (I11), no way back in
  { name: "transfer-ignored", attack: "a limit is burnt while nothing moves", file: "Vault.sol", find: "if (!token.trySafeTransfer(payment.payee, payment.amount)) {", put: "if (!token.trySafeTransfer(payment.payee, payment.amount) && false) {", suite: awkward },
  { name: "interaction-first", attack: "a token re-enters before the payment is counted", file: "Vault.sol", find: "        _sessions[key] = word;\n        _count(scope, allowance, total);", put: "        _transferPayment(payment);\n        _sessions[key] = word;\n        _count(scope, allowance, total);\n        payment.amount = 0;\n        payment.fee = 0;", suite: awkward },

  // --- the trail (I13), the address (I14)
  { name: "hash-without-data", attack: "an event is altered unnoticed", file: "base/Trail.sol", find: "digest := keccak256(start, length)", put: "digest := keccak256(start, 0x40)", suite: pay, inSetUp: true },
  { name: "hash-forgets", attack: "an event is left out unnoticed", file: "base/Trail.sol", find: "mstore(start, runningHash)", put: "mstore(start, 0)", suite: pay, inSetUp: true },
  { name: "sequence-stands", attack: "an event is left out unnoticed", file: "base/Trail.sol", find: "mstore(add(record, length), sequence)", put: "mstore(add(record, length), sub(sequence, 1))", suite: pay, inSetUp: true },
  { name: "payment-out-of-order", attack: "a payment is left out of the trail unnoticed", file: "base/Trail.sol", find: "mstore(add(record, 0x160), sequence)", put: "mstore(add(record, 0x160), sub(sequence, 1))", suite: pay },
  { name: "payment-not-hashed", attack: "a payment is altered in the trail unnoticed", file: "base/Trail.sol", find: "digest := keccak256(record, 0x180)", put: "digest := keccak256(record, 0x120)", suite: pay },
  { name: "factory-any-code", attack: "another contract sits at a vault's address", file: "VaultFactory.sol", find: "if (given != vaultCodeHash) revert CodeMismatch(given, vaultCodeHash);", put: "given;", suite: "unit/VaultFactory/CreateVault.t.sol" },
  { name: "factory-any-chain", attack: "a vault's address is taken on another chain", file: "VaultFactory.sol", find: "return keccak256(abi.encode(block.chainid, salt));", put: "return keccak256(abi.encode(uint256(1), salt));", suite: "unit/VaultFactory/CreateVault.t.sol" },
];

/** Line by line what refuses or bounds: before a release. */
const lines = [
  // --- every line that refuses: the book (I6)
  { name: "token-without-code", attack: "a payment of nothing is logged", file: "base/Book.sol", find: "if (token.code.length == 0) revert TokenHasNoCode(token);", put: "", suite: addToken },
  { name: "token-listed-again", attack: "another unit multiplies every cap that stands", file: "base/Book.sol", find: "if (_tokens[token].listed) revert TokenListed(token, _tokens[token].unitBits);", put: "", suite: addToken },
  { name: "unit-too-coarse", attack: "a cap exceeds what a cap can be", file: "base/Book.sol", find: "if (unitBits > MAX_UNIT_BITS) revert UnitTooCoarse(unitBits);", put: "", suite: addToken },
  { name: "token-of-any-role", attack: "whatever else an address is, it is a token", file: "base/Book.sol", find: "if (token == address(this) || token == _treasury || _payees[token] != 0 || _sessions[token].session() != 0) {", put: "if (false) {", suite: addToken },
  { name: "token-is-vault", attack: "the vault is called in the place of a token", file: "base/Book.sol", find: "token == address(this) || ", put: "", suite: addToken },
  { name: "token-is-treasury", attack: "withdrawals end in the token's own contract", file: "base/Book.sol", find: "token == _treasury || ", put: "", suite: addToken },
  { name: "token-is-payee", attack: "a token is paid in itself", file: "base/Book.sol", find: "_payees[token] != 0 || ", put: "", suite: addToken },
  { name: "token-is-agent", attack: "an agent says what it has been paid", file: "base/Book.sol", find: " || _sessions[token].session() != 0", put: "", suite: addToken },
  { name: "stranger-lists", attack: "anybody lists a token", file: "base/Book.sol", find: "_byOwner();\n        // Check", put: "// Check", suite: addToken },
  { name: "payees-none", attack: "a signature of the owner is used up for nothing", file: "base/Book.sol", find: "if (entries.length == 0) revert EmptyList();", put: "", suite: setPayees },
  { name: "payee-zero", attack: "money is burnt", file: "base/Book.sol", find: "if (payee == address(0)) revert ZeroAddress();", put: "", suite: setPayees },
  { name: "payees-twice", attack: "a payee stands in two categories, the last one binds unseen", file: "base/Book.sol", find: "if (payee <= last) revert NotAscending(i);", put: "", suite: setPayees },
  { name: "payees-equal", attack: "a payee stands in two categories, the last one binds unseen", file: "base/Book.sol", find: "if (payee <= last)", put: "if (payee < last)", suite: setPayees },
  { name: "payee-is-vault", attack: "the vault pays itself and logs an outflow", file: "base/Book.sol", find: "if (payee == address(this) || ", put: "if (", suite: setPayees },
  { name: "payee-is-token", attack: "money is locked up in its own token", file: "base/Book.sol", find: "_tokens[payee].listed || ", put: "", suite: setPayees },
  { name: "open-removePayee", attack: "anybody starves a payee", file: "base/Book.sol", find: "_removePayee(_byStopper(), payee);", put: "_removePayee(msg.sender, payee);", suite: "unit/Vault/RemovePayee.t.sol" },

  // --- the limits (I4)
  { name: "tokens-twice", attack: "a grant shows one cap and sets another", file: "base/Limits.sol", find: "if (i != 0 && token <= lastToken) revert NotAscending(i);", put: "", suite: grant },
  { name: "limits-twice", attack: "a grant shows one limit and sets another", file: "base/Limits.sol", find: "if (j != 0 && place <= lastPlace) revert NotAscending(j);", put: "", suite: grant },
  { name: "limit-any-category", attack: "a limit stands in a category that nobody has", file: "base/Limits.sol", find: "if (category > LAST_CATEGORY) revert CategoryInvalid(category);", put: "", suite: "unit/Vault/Scopes.t.sol" },
  { name: "limit-any-token", attack: "a contract that nobody listed is called as a token", file: "base/Limits.sol", find: "if (!entry.listed) revert TokenNotListed(token);", put: "", suite: setLimit },
  { name: "limit-any-cap", attack: "a cap spills into the bucket's number", file: "base/Limits.sol", find: "if (units > SlidingCap.MAX_UNITS) revert CapTooLarge(cap, SlidingCap.MAX_UNITS << unitBits);", put: "", suite: setLimit },
  { name: "limit-any-scope", attack: "a limit stands where no payment counts", file: "base/Limits.sol", find: "else if (category != 0) revert ScopeInvalid(session, category);", put: "", suite: "unit/Vault/Scopes.t.sol" },
  { name: "limit-any-window", attack: "a limit stands over a window that none is", file: "base/Limits.sol", find: "if (index == WINDOW_COUNT) revert WindowUnknown(window);", put: "", suite: setLimit },
  { name: "limit-never-there", attack: "a limit that does not stand is removed, and another goes", file: "base/Limits.sol", find: "if (!allowance.limitedBy(index)) revert LimitUnknown(session, category, token, window);", put: "", suite: "unit/Vault/RemoveLimit.t.sol" },
  { name: "limit-of-the-dead", attack: "a revoked session is given a limit", file: "base/Limits.sol", find: "if (session != 0) _live(session);\n        else if", put: "if (session != 0) {}\n        else if", suite: setLimit },
  { name: "cap-of-the-dead", attack: "a revoked session is given a cap", file: "base/Limits.sol", find: "_live(session);\n        (, uint256 units)", put: "(, uint256 units)", suite: "unit/Vault/SetPerPaymentCap.t.sol" },
  { name: "clock-back", attack: "the clock goes back and the cap is whole again", file: "libraries/SlidingCap.sol", find: "if (bucket <= newest) return meter;", put: "", suite: limits },

  // --- the sessions (I8)
  { name: "session-zero", attack: "a session stands in the place of the vault's own limits", file: "base/Sessions.sol", find: "if (session == 0) revert SessionZero();", put: "", suite: grant },
  { name: "span-empty", attack: "a session that never was is granted", file: "base/Sessions.sol", find: "validFrom >= validUntil || ", put: "", suite: grant },
  { name: "span-over", attack: "a session that is over is granted", file: "base/Sessions.sol", find: " || validUntil <= block.timestamp", put: "", suite: grant },
  { name: "span-any", attack: "a session is revoked by a setter, and none may know", file: "base/Sessions.sol", find: "_checkValidity(validFrom, validUntil);\n        _expect", put: "_expect", suite: "unit/Vault/SetValidity.t.sol" },
  { name: "categories-any", attack: "category 0 is granted", file: "base/Sessions.sol", find: "_checkCategories(categories);\n        _expect", put: "_expect", suite: "unit/Vault/SetCategories.t.sol" },
  { name: "rotated-to-anything", attack: "a key that paid in another session takes this one over", file: "base/Sessions.sol", find: "_refuseAsKey(newKey);", put: "", suite: "unit/Vault/RotateKey.t.sol" },
  { name: "rotated-back-to-life", attack: "a revoked session pays by a new key", file: "base/Sessions.sol", find: "(address oldKey, SessionWord word) = _live(session);", put: "(address oldKey, SessionWord word) = (_keys[session], _sessions[_keys[session]]);", suite: "unit/Vault/RotateKey.t.sol" },
  { name: "prolonged-back-to-life", attack: "a revoked session is prolonged", file: "base/Sessions.sol", find: "_live(session);\n        _checkValidity", put: "(_keys[session], _sessions[_keys[session]]);\n        _checkValidity", suite: "unit/Vault/SetValidity.t.sol" },
  { name: "categories-of-the-dead", attack: "a revoked session is given categories", file: "base/Sessions.sol", find: "_live(session);\n        _checkCategories", put: "(_keys[session], _sessions[_keys[session]]);\n        _checkCategories", suite: "unit/Vault/SetCategories.t.sol" },
  { name: "live-unknown", attack: "nobody's session is written to", file: "base/Sessions.sol", find: "if (key == address(0)) revert SessionUnknown(session);\n        word", put: "word", suite: "unit/Vault/SetValidity.t.sol" },
  { name: "revoke-unknown", attack: "a revocation of a session that is not there seems to have worked", file: "base/Sessions.sol", find: "if (key == address(0)) revert SessionUnknown(session);\n        SessionWord", put: "SessionWord", suite: "unit/Vault/Revoke.t.sol" },
  { name: "key-zero", attack: "a session has no key, so its id can be taken again", file: "base/Sessions.sol", find: "if (key == address(0)) revert ZeroAddress();", put: "", suite: grant },
  { name: "guardian-as-agent", attack: "who may stop all is an agent's machine", file: "base/Sessions.sol", find: "key == _guardian || ", put: "", suite: grant },
  { name: "treasury-as-agent", attack: "the treasury's key lies on an agent's machine", file: "base/Sessions.sol", find: "key == _treasury || ", put: "", suite: grant },
  { name: "vault-as-agent", attack: "the vault is its own agent", file: "base/Sessions.sol", find: "key == address(this) || ", put: "", suite: grant },
  { name: "payee-as-agent", attack: "a payee pays itself", file: "base/Sessions.sol", find: " || _payees[key] != 0", put: "", suite: grant },
  { name: "token-as-agent", attack: "a token pays", file: "base/Sessions.sol", find: "\n                || _tokens[key].listed", put: "", suite: grant },
  { name: "open-revokeAll", attack: "anybody stops every agent", file: "base/Sessions.sol", find: "_revokeAll(_byStopper());", put: "_revokeAll(msg.sender);", suite: "unit/Vault/RevokeAll.t.sol" },
  { name: "open-pause", attack: "anybody stops the vault", file: "base/Sessions.sol", find: "_pause(_byStopper());", put: "_pause(msg.sender);", suite: "unit/Vault/Pause.t.sol" },
  { name: "agent-revokes-others", attack: "an agent stops the others", file: "base/Sessions.sol", find: "by != _keys[session]", put: "_sessions[by].session() == 0", suite: "unit/Vault/Revoke.t.sol" },

  // --- the roles (I8, I10)
  { name: "born-without-owner", attack: "money goes into a vault that nobody can open", file: "base/Roles.sol", find: "firstOwner == address(0) || ", put: "", suite: "unit/Vault/Constructor.t.sol" },
  { name: "born-without-treasury", attack: "the first withdrawal burns the money", file: "base/Roles.sol", find: " || firstTreasury == address(0)", put: "", suite: "unit/Vault/Constructor.t.sol" },
  { name: "agent-accepts", attack: "an agent becomes the owner", file: "base/Roles.sol", find: "_refuseSessionKey(msg.sender); // it may have been granted a session since it was named", put: "", suite: "unit/Vault/Ownership.t.sol" },
  { name: "agent-named", attack: "an agent is offered the vault", file: "base/Roles.sol", find: "_refuseSessionKey(newOwner);", put: "", suite: "unit/Vault/Ownership.t.sol" },
  { name: "agent-as-guardian", attack: "an agent stops all others", file: "base/Roles.sol", find: "_refuseSessionKey(newGuardian);", put: "", suite: "unit/Vault/SetGuardian.t.sol" },
  { name: "key-as-treasury", attack: "withdrawals end at an agent", file: "base/Roles.sol", find: "_refuseSessionKey(newTreasury);", put: "", suite: "unit/Vault/SetTreasury.t.sol" },
  { name: "treasury-zero", attack: "withdrawals burn the money", file: "base/Roles.sol", find: "if (newTreasury == address(0)) revert ZeroAddress();", put: "", suite: "unit/Vault/SetTreasury.t.sol" },
  { name: "treasury-is-vault", attack: "a withdrawal leaves nothing", file: "base/Roles.sol", find: "account == address(this) || ", put: "", suite: "unit/Vault/SetTreasury.t.sol" },
  { name: "treasury-put-by", attack: "a change waits for days that nobody can execute", file: "base/Roles.sol", find: "_refuseAsTreasury(newTreasury);", put: "", suite: "unit/Vault/Delay.t.sol" },
  { name: "born-its-own-treasury", attack: "a withdrawal leaves nothing", file: "base/Roles.sol", find: "_refuseAsTreasury(account);", put: "", suite: "unit/Vault/Constructor.t.sol" },
  { name: "delay-any", attack: "a stolen owner key locks the owner out for a century", file: "base/Roles.sol", find: "if (newDelay > LONGEST_DELAY) revert DelayTooLong(newDelay, LONGEST_DELAY);", put: "", suite: "unit/Vault/SetDelay.t.sol" },

  // --- the owner's verbs, each by itself (I8)
  ...ownersVerbs.map(([signature, suite]) => ({
    name: `open-${signature.split("(")[0]}`,
    attack: `anybody calls ${signature.split("(")[0]}`,
    file: "base/Acts.sol",
    find: `function ${signature} external {\n        _perform(_byOwner());`,
    put: `function ${signature} external {\n        Act memory act;\n        (act.by, act.callLength) = (_owner, msg.data.length);\n        _perform(act);`,
    suite: `unit/Vault/${suite}.t.sol`,
  })),
  { name: "open-cancel", attack: "anybody cancels what waits", file: "base/Acts.sol", find: "_cancel(_byStopper(), change);", put: "_cancel(msg.sender, change);", suite: "unit/Vault/Cancel.t.sol" },
  { name: "unknown-verb-passes", attack: "a signed replacement of nothing is taken for done", file: "base/Acts.sol", find: "} else {\n            revert VerbNotAllowed(verb);\n        }", put: "}", suite: "unit/Vault/Replace.t.sol" },
  { name: "replaces-unconditionally", attack: "a grant on condition is made without", file: "base/Acts.sol", find: "verb == IVault.grant.selector && !act.conditional", put: "verb == IVault.grant.selector", suite: "unit/Vault/Replace.t.sol" },
  { name: "call-without-verb", attack: "nothing is taken for a verb", file: "base/Acts.sol", find: "if (call.length < 4) revert CallMalformed(bytes4(0));", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "replace-too-short", attack: "a call of no verb stands under a replacement", file: "base/Acts.sol", find: "if (length < 4 || ", put: "if (", suite: "unit/Vault/Replace.t.sol" },
  { name: "replace-too-long", attack: "a call is read beyond its end", file: "base/Acts.sol", find: " || length > call.length - 0x64", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "replace-elsewhere", attack: "a wallet shows one call and the vault performs another", file: "base/Acts.sol", find: " || uint256(bytes32(call[0x24:])) != 0x40", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "change-unknown", attack: "what does not wait is cancelled, and logged so", file: "base/Waiting.sol", find: "if (!found) revert ChangeUnknown(number);", put: "found;", suite: "unit/Vault/Cancel.t.sol" },
  { name: "number-used-again", attack: "at the end of the counter two changes have one number", file: "base/Waiting.sol", find: "if (number == VaultWordLib.NONCE_END) revert OwnerNonceSpent();", put: "", suite: "unit/Vault/Delay.t.sol" },
  ...conditions.map(([file, actual], index) => ({
    name: `stale-${index + 1}`,
    attack: "a script undoes what a human has just changed",
    file: `base/${file}.sol`,
    find: `_expect(act, ${actual});`,
    put: "",
    suite: "unit/Vault/Replace.t.sol",
  })),

  // --- accounts with code, contracts that answer
  { name: "agent-with-code", attack: "an agent that delegates its account (EIP-7702) can't pay any more", file: "Vault.sol", find: "if (key == address(0)) revert SignatureInvalid();", put: "if (key == address(0) || key.code.length != 0) revert SignatureInvalid();", suite: pay },
  { name: "payee-with-code", attack: "a payee that delegates its account (EIP-7702) is not paid any more", file: "base/Judge.sol", find: "if (category == 0) revert PayeeNotInBook(payee);", put: "if (category == 0 || payee.code.length != 0) revert PayeeNotInBook(payee);", suite: pay },
  { name: "ether-locks", attack: "a wei that is forced into the vault stops it", file: "base/Judge.sol", find: "if (payment.amount == 0) revert ZeroAmount();", put: "if (payment.amount == 0 || address(this).balance != 0) revert ZeroAmount();", suite: pay },
  { name: "overtaken-revoke", attack: "who overtakes a revocation takes more than the cap", file: "base/Judge.sol", find: "if (units > left) {", put: "if (units > left + 1) {", suite: "unit/Vault/Revoke.t.sol" },
  { name: "another-vault-inside", attack: "a token has one payment made by two vaults", file: "base/TypedData.sol", find: "block.chainid, address(this)));", put: "block.chainid, address(0)));", suite: awkward },
  { name: "owner-with-code", attack: "an owner who delegates his account (EIP-7702) is locked out", file: "libraries/OwnerSignature.sol", find: "if (SessionSignature.signerOf(digest, signature) == signer) return true;\n        if (signer.code.length == 0) return false;", put: "if (signer.code.length == 0) return SessionSignature.signerOf(digest, signature) == signer;", suite: "unit/Vault/Lodge.t.sol" },
  { name: "wallet-acts", attack: "a wallet that is asked acts instead", file: "libraries/OwnerSignature.sol", find: "staticcall(GAS, signer, ", put: "call(GAS, signer, 0, ", also: { find: "internal view returns (bool valid)", put: "internal returns (bool valid)" }, suite: "unit/Vault/Lodge.t.sol" },
  { name: "wallet-bombs", attack: "a wallet's long answer is paid for by whoever asks", file: "libraries/OwnerSignature.sol", find: "0x00, 0x20)\n", put: "0x00, 0x20)\n            returndatacopy(mload(0x40), 0, returndatasize())\n", suite: "unit/Vault/Approval.t.sol" },
  { name: "token-bombs", attack: "a token's long answer is paid for by the relayer", file: "Vault.sol", find: "if (!token.trySafeTransfer(payment.payee, payment.amount)) {", put: "(bool ok, bytes memory answer) = payment.token.call(abi.encodeCall(IERC20.transfer, (payment.payee, payment.amount)));\n        if (!ok || payment.token.code.length == 0 || (answer.length != 0 && !abi.decode(answer, (bool)))) {", suite: awkward },
  { name: "factory-twice", attack: "a vault seems to be created anew", file: "VaultFactory.sol", find: "if (vault.code.length != 0) revert VaultExists(vault);", put: "", suite: "unit/VaultFactory/CreateVault.t.sol" },

  // --- what is left of the lines that refuse
  { name: "check-above-cap", attack: "a dry run promises what the payment is refused", file: "Vault.sol", find: "if (total > cap && !approved) revert AbovePerPaymentCap(total, uint128(cap));", put: "cap; approved;", suite: pay },
  { name: "check-short", attack: "a dry run promises what the payment is refused", file: "Vault.sol", find: "if (told && balance < total) revert VaultShort(balance, total);", put: "told; balance;", suite: pay },
  { name: "approval-empty", attack: "a wallet that says yes to anything has approved by nothing", file: "Vault.sol", find: "if (approval.length == 0) revert AbovePerPaymentCap(total, uint128(allowance.perPaymentCap()));", put: "", suite: pay },
  { name: "fee-ignored", attack: "a limit is burnt by a fee that does not move", file: "Vault.sol", find: "if (payment.fee != 0 && !token.trySafeTransfer(payment.feeRecipient, payment.fee)) {", put: "if (payment.fee != 0 && !token.trySafeTransfer(payment.feeRecipient, payment.fee) && false) {", suite: awkward },
  { name: "dirty-stop", attack: "one signed stop has several meanings", file: "base/Acts.sol", find: "_revoke(by, abi.decode(arguments, (uint32)));", put: "_revoke(by, uint32(abi.decode(arguments, (uint256))));", suite: badInput },
  { name: "tag-refused", attack: "an owner whose wallet adds a tag behind the call can't act", file: "base/Acts.sol", find: "bytes calldata arguments = call[4:];", put: "bytes calldata arguments = call[4:];\n        if (arguments.length % 32 != 0) revert CallMalformed(verb);", suite: badInput },
  { name: "one-encoding-only", attack: "an owner whose wallet encodes otherwise can't act", file: "base/Acts.sol", find: "_setPayees(act, abi.decode(arguments, (PayeeEntry[])));", put: "if (uint256(bytes32(arguments)) != 0x20) revert CallMalformed(verb);\n            _setPayees(act, abi.decode(arguments, (PayeeEntry[])));", suite: badInput },
  { name: "withdrawal-ignored", attack: "the owner believes that the money is safe", file: "Vault.sol", find: "revert TransferFailed(token, to, amount);\n    }\n\n    /// @dev What the session has", put: "}\n\n    /// @dev What the session has", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "withdrawal-short", attack: "the owner is told that the token failed where his vault is empty", file: "Vault.sol", find: "if (told && balance < amount) revert VaultShort(balance, amount);", put: "", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "payment-short", attack: "an agent is told that the token failed where the vault is empty", file: "Vault.sol", find: "if (told && balance < needed - moved) revert VaultShort(balance + moved, needed); // moved is part of needed", put: "needed; moved;", suite: pay },
  { name: "retired-as-revoked", attack: "an agent whose key was replaced is told that it was stopped", file: "base/Judge.sol", find: "if (_keys[session] != key) revert KeyRetired(session, key);", put: "", suite: pay },
  { name: "unknown-as-foreign", attack: "an agent that was never granted is told that its key is wrong", file: "base/Judge.sol", find: "if (_keys[session] == address(0)) revert SessionUnknown(session);", put: "", suite: pay },
  { name: "granted-any-key", attack: "a key that paid before pays again", file: "base/Sessions.sol", find: "_refuseAsKey(key);", put: "", suite: grant },
  { name: "granted-any-span", attack: "a session that is over is granted", file: "base/Sessions.sol", find: "_checkValidity(validFrom, validUntil);\n        _checkCategories", put: "_checkCategories", suite: grant },
  { name: "granted-any-category", attack: "category 0 is granted", file: "base/Sessions.sol", find: "_checkCategories(categories);\n    }", put: "}", suite: grant },
  { name: "limit-of-anything", attack: "a limit is set where nothing pays", file: "base/Limits.sol", find: "_checkScope(session, category);\n        (uint8 unitBits", put: "(uint8 unitBits", suite: setLimit },
  { name: "limit-off-the-dead", attack: "a revoked session is written to", file: "base/Limits.sol", find: "_checkScope(session, category);\n        uint256 index", put: "uint256 index", suite: "unit/Vault/RemoveLimit.t.sol" },

  // --- what a thief can take at most (I17): understated
  { name: "lens-end-early", attack: "the last second is forgotten", file: "libraries/Outflow.sol", find: "_capAt(raises, cap, time, span.end + 1);", put: "_capAt(raises, cap, time, span.end);", suite: lens },
  { name: "outflow-one-bucket-less", attack: "the last bucket is forgotten", file: "libraries/Outflow.sol", find: "step <= steps && step <= BUCKETS", put: "step < steps && step <= BUCKETS", suite: lens },
  { name: "outflow-part-turn", attack: "what leaves in a part of a turn is forgotten", file: "libraries/Outflow.sol", find: " + Meter.wrap(oldest).usedUnits()", put: "", suite: lens },
  { name: "outflow-turns", attack: "a thief is thought to take each cap once", file: "libraries/Outflow.sol", find: "(steps / BUCKETS) * meter.usedUnits()", put: "meter.usedUnits()", suite: lens },
  { name: "outflow-unturned", attack: "the ring stands as it stood before the raise", file: "libraries/Outflow.sol", find: "((counts << shift) & COUNTS_MASK) | oldest;", put: "counts;", suite: lens },
  { name: "outflow-raise-forgotten", attack: "a higher cap is forgotten", file: "libraries/Outflow.sol", find: "if (raises[i].capUnits > cap && raises[i].from < next) next = raises[i].from;", put: "", suite: lens },
  { name: "lens-removal-forgotten", attack: "a limit that may go is counted on", file: "VaultLens.sol", find: "if (asked.waiting.removes(scope, window, span.end)) continue;", put: "", suite: lens },
  { name: "lens-opening-forgotten", attack: "a first limit lets nothing through", file: "VaultLens.sol", find: "if (units == UNBOUNDED) units = _ofOpenings(asked, terms.span);", put: "if (units == UNBOUNDED) units = 0;", suite: lens },
  { name: "lens-one-opening", attack: "what goes and what comes are not both counted", file: "VaultLens.sol", find: "return comes && goes ? sum : most;", put: "return most;", suite: lens },
  { name: "lens-validity-forgotten", attack: "a longer life is forgotten", file: "VaultLens.sol", find: "_addSpan(asked, terms, change.from, change.validFrom, change.validUntil);\n            } else", put: "} else", suite: lens },
  { name: "lens-cap-forgotten", attack: "a first per-payment cap is forgotten", file: "VaultLens.sol", find: "payableFrom = Math.min(payableFrom, change.from);", put: "{}", suite: lens },
  { name: "lens-category-forgotten", attack: "a category that waits is forgotten", file: "VaultLens.sol", find: "Math.max(terms.span.start, asked.waiting.grantedFrom(category));", put: "NEVER;", suite: lens },
  { name: "lens-first-grant-only", attack: "the smaller of two grants is counted on", file: "VaultLens.sol", find: "most = Math.max(most, _ofTerms(asked, _termsOf(asked, asked.grants[i])));", put: "most = _ofTerms(asked, _termsOf(asked, asked.grants[i]));", suite: lens },
  { name: "lens-call-missing", attack: "what waits is left out and nobody is told", file: "VaultLens.sol", find: "revert WaitingCallMissing(change.change);", put: "return 0;", suite: lens },
  { name: "lens-no-vault-limit", attack: "where nothing bounds the vault, anything is said", file: "VaultLens.sol", find: "if (limits.length == 0) revert NoVaultLimit(asked.token);", put: "", suite: lens },
  { name: "lens-condition-ignored", attack: "a change on condition is forgotten", file: "libraries/Loosening.sol", find: "if (verb == IVault.replace.selector) {", put: "if (false) {", suite: lens },
  { name: "lens-vaults-own-ignored", attack: "a change of the vault's own limits is forgotten", file: "libraries/Loosening.sol", find: "if (whose == 0) whose = session; // the vault's own limits concern them all", put: "", suite: lens },
  { name: "lens-last-category-only", attack: "a category is thought to come later than it does", file: "libraries/Loosening.sol", find: " && change.from < from) from", put: ") from", suite: lens },

  // --- overstated: a bound that frightens is none
  { name: "lens-revoked-pays", attack: "a revoked session is thought to pay", file: "VaultLens.sol", find: "session.revoked ? 0 : _ofTerms", put: "false ? 0 : _ofTerms", suite: lens },
  { name: "lens-killed-counts", attack: "what is dead is thought to happen", file: "VaultLens.sol", find: "if (change.killed || ", put: "if (", suite: lens },
  { name: "lens-past-counts", attack: "what is past its time is thought to happen", file: "VaultLens.sol", find: " || change.executableUntil <= block.timestamp", put: "", suite: lens },
  { name: "lens-far-counts", attack: "what waits beyond the horizon is asked for", file: "VaultLens.sol", find: " || change.executableFrom > asked.end", put: "", suite: lens },
  { name: "lens-sum", attack: "two first limits are thought to let both through", file: "VaultLens.sol", find: "return comes && goes ? sum : most;", put: "return sum;", suite: lens },
  { name: "lens-categories-unbounded", attack: "the categories' limits are forgotten", file: "VaultLens.sol", find: "return Math.min(units, _ofCategories(asked, terms));", put: "return units;", suite: lens },
  { name: "lens-cap-zero-pays", attack: "a session without a per-payment cap is thought to pay", file: "VaultLens.sol", find: "perPaymentCap == 0 ? NEVER : 0", put: "0", suite: lens },
  { name: "lens-life-ignored", attack: "a session is thought to pay after its end", file: "VaultLens.sol", find: "Math.min(asked.end, validUntil - 1);", put: "asked.end;", suite: lens },
  { name: "lens-beyond-time", attack: "a thief is thought to pay after the end of time", file: "VaultLens.sol", find: "Math.min(block.timestamp + horizon, LAST_SECOND);", put: "block.timestamp + horizon;", suite: lens },
  { name: "outflow-raise-at-once", attack: "a higher cap is thought to stand from now on", file: "libraries/Outflow.sol", find: "if (raises[i].from <= time && raises[i].capUnits > cap)", put: "if (raises[i].capUnits > cap)", suite: lens },
  { name: "lens-any-token", attack: "a change in another token is counted", file: "libraries/Loosening.sol", find: "whose != session || concerned != token", put: "whose != session", suite: lens },
  { name: "lens-any-session", attack: "a change of another session is counted", file: "libraries/Loosening.sol", find: "whose != session || concerned != token", put: "concerned != token", suite: lens },
  { name: "lens-any-grant", attack: "a grant's other tokens are counted", file: "libraries/Loosening.sol", find: "if (granted.tokens[i].token != token) continue;", put: "", suite: lens },

  // --- a second look: by verb
  { name: "fee-category-uncounted", attack: "a relayer takes more than its category may", file: "base/Judge.sol", find: "feeCategory == category ? 0 : payment.fee", put: "category * 0", suite: "unit/Vault/Scopes.t.sol" },
  { name: "approval-beats-limits", attack: "one careless approval empties the vault", file: "Vault.sol", find: "_count(scope, allowance, total);\n        if (allowance.byCategory()", put: "if (approval.length == 0) _count(scope, allowance, total);\n        if (allowance.byCategory()", suite: "unit/Vault/Approval.t.sol" },
  { name: "payee-removed-stays", attack: "a removed payee is paid on", file: "base/Book.sol", find: "delete _payees[payee];", put: "", suite: "unit/Vault/RemovePayee.t.sol" },
  { name: "agent-as-treasury", attack: "withdrawals end at an agent", file: "base/Roles.sol", find: "if (_sessions[account].session() != 0) revert RoleConflict(account);", put: "", suite: "unit/Vault/SetTreasury.t.sol" },
  { name: "stranger-pauses", attack: "anybody stops the vault", file: "base/Roles.sol", find: "if (msg.sender != _owner && msg.sender != _guardian) revert NotOwnerOrGuardian(msg.sender);", put: "", suite: "unit/Vault/Pause.t.sol" },
  { name: "guardian-acts", attack: "a guardian that may only stop, starts", file: "base/Roles.sol", find: "if (msg.sender != _owner) revert NotOwner(msg.sender);", put: "_byStopper();", suite: "unit/Vault/Unpause.t.sol" },
  { name: "stranger-grants", attack: "anybody lets himself pay", file: "base/Roles.sol", find: "if (msg.sender != _owner) revert NotOwner(msg.sender);", put: "", suite: "unit/Vault/Grant.t.sol" },
  { name: "nobody-signs", attack: "where there is no guardian everybody is", file: "libraries/OwnerSignature.sol", find: "if (signer == address(0)) return false;", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "contract-burns", attack: "an owner's contract burns the guardian's gas", file: "libraries/OwnerSignature.sol", find: "staticcall(GAS,", put: "staticcall(gas(),", suite: "unit/Vault/Lodge.t.sol" },
  { name: "last-nonce-reused", attack: "at the end of the counter an act is lodged for ever", file: "base/Acts.sol", find: "if (nonce == VaultWordLib.NONCE_END) revert OwnerNonceSpent();", put: "", suite: "unit/Vault/Lodge.t.sol" },
  { name: "no-wait", attack: "a stolen owner key takes all at once", file: "base/Waiting.sol", find: "if (act.loosens && _delay != 0) {", put: "if (false) {", suite: "unit/Vault/Delay.t.sol" },
  { name: "grant-at-once", attack: "a new agent need not wait", file: "base/Limits.sol", find: "(act.subject, act.loosens) = (subjectOf(session), true);", put: "(act.subject, act.loosens) = (subjectOf(session), false);", suite: "unit/Vault/Delay.t.sol" },
  { name: "cap-at-once", attack: "a cap is raised without a wait", file: "base/Limits.sol", find: "units >= loosensFrom", put: "false", suite: "unit/Vault/Delay.t.sol" },
  { name: "limit-removed-at-once", attack: "a limit goes without a wait", file: "base/Limits.sol", find: "(subjectOf(session, token), !closes)", put: "(subjectOf(session, token), closes && false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "per-payment-cap-at-once", attack: "the per-payment cap is raised without a wait", file: "base/Limits.sol", find: "units > allowance.perPaymentUnits()", put: "false", suite: "unit/Vault/Delay.t.sol" },
  { name: "span-mixed", attack: "an earlier beginning hides behind an earlier end", file: "base/Sessions.sol", find: "validFrom < word.validFrom() || validUntil > word.validUntil()", put: "validFrom < word.validFrom() && validUntil > word.validUntil()", suite: "unit/Vault/Delay.t.sol" },
  { name: "categories-mixed", attack: "a new category hides behind one given up", file: "base/Sessions.sol", find: "categories & ~word.categories() != 0", put: "categories > word.categories()", suite: "unit/Vault/Delay.t.sol" },
  { name: "payees-at-once", attack: "a new payee need not wait", file: "base/Book.sol", find: "(PAYEES, true)", put: "(PAYEES, false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "unpause-at-once", attack: "who has the owner's key undoes the guardian's pause", file: "base/Sessions.sol", find: "(PAUSE, true)", put: "(PAUSE, false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "treasury-at-once", attack: "a stolen owner key withdraws to itself", file: "base/Roles.sol", find: "(TREASURY, newTreasury != _treasury)", put: "(TREASURY, false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "guardian-at-once", attack: "a stolen owner key dismisses the guardian", file: "base/Roles.sol", find: "(GUARDIAN, newGuardian != _guardian)", put: "(GUARDIAN, false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "owner-at-once", attack: "a stolen owner key locks the owner out", file: "base/Roles.sol", find: "(OWNERSHIP, newOwner != address(0))", put: "(OWNERSHIP, false)", suite: "unit/Vault/Delay.t.sol" },
  { name: "list-overflows", attack: "a change is forgotten, unseen", file: "base/Waiting.sol", find: "if (list.isFull()) revert TooManyWaiting(WaitingListLib.MAX);", put: "", suite: "unit/Vault/Delay.t.sol" },
  { name: "tightening-kills-nothing", attack: "what was tightened is loosened by what waited", file: "base/Waiting.sol", find: "_kill(_vault, act.subject);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "revoke-kills-nothing", attack: "a revoked session comes back", file: "base/Sessions.sol", find: "_kill(vault, subjectOf(session));", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "revoke-all-kills-nothing", attack: "a thief's grant outlives the alarm", file: "base/Sessions.sol", find: "_kill(vault, EVERYTHING);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "pause-kills-nothing", attack: "a pause ends by what waited", file: "base/Sessions.sol", find: "_kill(vault, PAUSE);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "payee-removed-returns", attack: "a removed payee comes back by what waited", file: "base/Book.sol", find: "_kill(vault, PAYEES);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "last-owner-rules", attack: "what the last owner wanted happens to the next", file: "base/Roles.sol", find: "_kill(vault, EVERYTHING);", put: "", suite: "unit/Vault/Kills.t.sol" },
  { name: "batch-slander", attack: "a stranger has the vault log failures", file: "Vault.sol", find: "|| code == SignerNotSessionKey.selector", put: "", suite: "unit/Vault/PayBatch.t.sol" },
  { name: "paid-hash-without-data", attack: "a payment is altered unnoticed", file: "base/Trail.sol", find: "digest := keccak256(record, 0x180)", put: "digest := keccak256(record, 0xc0)", suite: pay },
  { name: "paid-hash-forgets", attack: "a payment is left out unnoticed", file: "base/Trail.sol", find: "mstore(record, runningHash)", put: "mstore(record, 0)", suite: pay },
  { name: "lens-forgets-waiting", attack: "a thief takes more than the owner was told", file: "VaultLens.sol", find: "_readWaiting(asked, calls);", put: "calls;", suite: "unit/VaultLens/MaxOutflow.t.sol" },
  { name: "lens-forgets-vault", attack: "the owner is frightened for nothing", file: "VaultLens.sol", find: "units = Math.min(units, _ofLimits(asked, VAULT_SCOPE, limits, terms.span));", put: "", suite: "unit/VaultLens/MaxOutflow.t.sol" },
];

export const variants = [...attacks, ...lines];
