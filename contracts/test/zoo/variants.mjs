// The bug zoo: vaults that are broken on purpose, each in one place, each caught by the suite it names.
// `attack` is what a thief (or a slip of ours) gains by it. `find` must occur exactly once in the file.
// `inSetUp`: the suite's set-up is what catches it (the running hash is compared from the first event on).
// scripts/bug-zoo.mjs builds each and fails if one survives; README.md beside this file says what else it asks.

const pay = "unit/Vault/Pay.t.sol";
const awkward = "unit/Tokens/AwkwardTokens.t.sol";
const nonces = "fuzz/Nonces.t.sol";
const limits = "fuzz/Limits.t.sol";

export const variants = [
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
  { name: "per-payment-cap-ignored", attack: "the whole limit goes in one payment", file: "Vault.sol", find: "if (total > cap && !_isPurse(payment.payee)) {", put: "if (false) {", suite: pay },
  { name: "four-buckets", attack: "twice the cap goes in one window", file: "libraries/SlidingCap.sol", find: "uint256 private constant ONES = 1 | ", put: "uint256 private constant ONES = 0 | ", suite: limits },
  { name: "fixed-window", attack: "twice the cap goes around midnight", file: "libraries/SlidingCap.sol", find: "uint256 bucket = time / (window / 4);", put: "uint256 bucket = (time / window) * 5;", suite: limits },
  { name: "never-forgets", attack: "spending counts for ever: the agent is starved", file: "libraries/SlidingCap.sol", find: "uint256 counts = (word << ((bucket - newest) * COUNT_BITS)) & COUNTS_MASK;", put: "uint256 counts = word & COUNTS_MASK;", suite: limits },
  { name: "rounded-down", attack: "payments below the unit are free", file: "libraries/SlidingCap.sol", find: "return (amount + (1 << unitBits) - 1) >> unitBits;", put: "return amount >> unitBits;", suite: limits },
  { name: "zero-amount", attack: "nonces are burnt for nothing", file: "base/Judge.sol", find: "if (payment.amount == 0) revert ZeroAmount();", put: "", suite: pay },

  // --- to whom (I6)
  { name: "payee-unchecked", attack: "the thief pays himself", file: "base/Judge.sol", find: "category = _judgePayee(payment, word, payment.payee);", put: "category = 3;", suite: pay },
  { name: "category-unchecked", attack: "an agent pays what it was not granted", file: "base/Judge.sol", find: "revert CategoryNotGranted(payment.session, uint8(category));", put: "return category;", suite: pay },
  { name: "fee-recipient-unchecked", attack: "the thief is his own relayer", file: "base/Judge.sol", find: "feeCategory = _judgePayee(payment, word, payment.feeRecipient);", put: "feeCategory = 63;", suite: pay },
  { name: "fee-mismatch", attack: "a fee goes to nobody, or a recipient is named for show", file: "base/Judge.sol", find: "if (payment.fee == 0 || payment.feeRecipient == address(0)) {", put: "if (false) {", suite: pay },
  { name: "token-unlimited", attack: "a token without a limit is paid", file: "Vault.sol", find: "if (!allowance.limited()) revert TokenNotGranted(payment.session, payment.token);", put: "", suite: pay },
  { name: "category-zero", attack: "a payee without a category is paid", file: "base/Book.sol", find: "if (category == 0 || category > LAST_CATEGORY) revert CategoryInvalid(category);", put: "", suite: "unit/Vault/SetPayees.t.sol" },
  { name: "mask-bit-zero", attack: "category 0 is granted", file: "base/Sessions.sol", find: "if (categories & 1 != 0) revert CategoryMaskInvalid(categories);", put: "categories;", suite: "unit/Vault/Grant.t.sol" },
  { name: "payee-is-agent", attack: "an agent is its own payee", file: "base/Book.sol", find: " || _sessions[payee].session() != 0 || _isPurse(payee)) {", put: " || _isPurse(payee)) {", suite: "unit/Vault/SetPayees.t.sol" },

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
  { name: "treasury-is-token", attack: "withdrawals end in the token's own contract", file: "base/Roles.sol", find: " || _tokens[account].listed || _isPurse(account)) revert RoleConflict(account);", put: " || _isPurse(account)) revert RoleConflict(account);", suite: "unit/Vault/SetTreasury.t.sol" },

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
  { name: "wallet-says-nothing", attack: "a wallet that answers nothing has signed", file: "libraries/OwnerSignature.sol", find: "and(answered, gt(returndatasize(), 0x1f))", put: "answered", suite: "unit/Vault/Approval.t.sol" },

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

  // --- purses (I15, I16)
  { name: "hook-any-digest", attack: "a lazy hook takes whatever the key signed: the agent gives itself a permit", file: "Purse.sol", find: "if (hash == 0 || Eip3009.digestOf(token, address(this), blob) != hash) return false;", put: "if (hash == 0) return false;", suite: "unit/Purse/Abuse.t.sol" },
  { name: "hook-other-from", attack: "one signature is good for any purse", file: "libraries/Eip3009.sol", find: "mstore(add(start, 0x20), from)", put: "mstore(add(start, 0x20), token)", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-any-category", attack: "a purse pays in categories whose limits it never met", file: "Purse.sol", find: "&& uint256(words[3]) == category && word.grants(category)", put: "&& uint256(words[3]) != 0 && uint256(words[3]) < 64 && word.grants(uint256(words[3]))", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-any-payee", attack: "the thief of a key pays himself from the purse", file: "Purse.sol", find: "&& uint256(words[3]) == category && word.grants(category)", put: "&& word.grants(category)", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-category-taken-back", attack: "a category that was taken back is paid from the purse", file: "Purse.sol", find: "&& uint256(words[3]) == category && word.grants(category)", put: "&& uint256(words[3]) == category", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-paused", attack: "a pause does not reach the purses", file: "Purse.sol", find: "&& !vault.paused() && _lives", put: "&& _lives", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-revoked", attack: "a revoked agent empties its purses", file: "Purse.sol", find: "return !word.isRevoked(vaultEpoch) && block.timestamp >= word.validFrom()", put: "return block.timestamp >= word.validFrom()", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-not-begun", attack: "a session pays from its purse before it begins", file: "Purse.sol", find: "&& block.timestamp >= word.validFrom()", put: "", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-expired", attack: "a session pays from its purse when it is over", file: "Purse.sol", find: "&& block.timestamp < word.validUntil();", put: "&& vaultEpoch < type(uint32).max;", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-any-session", attack: "an agent pays from another's purse", file: "Purse.sol", find: "return word.session() == session && !vault", put: "return word.session() != 0 && !vault", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-uncapped", attack: "a purse goes in one payment", file: "Purse.sol", find: "&& value <= allowance.perPaymentCap() ", put: "", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-unlimited-token", attack: "a token that the owner took away is paid from the purse", file: "Purse.sol", find: "&& allowance.limited() ", put: "", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-nothing", attack: "payments of nothing use up nonces", file: "Purse.sol", find: " && value != 0", put: "", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-balance", attack: "sellers are told yes for money that is not there", file: "Purse.sol", find: "&& value <= token.balanceOf(address(this));", put: "&& value <= type(uint128).max;", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-loose-encoding", attack: "a signature is read from where the encoding does not say", file: "Purse.sol", find: "&& _word(blob, SIGNATURE_PLACE) == SIGNATURE_START", put: "", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "hook-longer", attack: "one authorization has many encodings", file: "Purse.sol", find: "blob.length == SIGNATURE_BYTES + padded", put: "blob.length >= SIGNATURE_BYTES + padded", suite: "unit/Purse/IsValidSignature.t.sol" },
  { name: "refill-by-stranger", attack: "an agent burns another's limit, or feeds a purse past its own", file: "Purses.sol", find: "if (session != payment.session || token != payment.token) {", put: "if (token != payment.token) {", suite: "unit/Vault/Refill.t.sol" },
  { name: "refill-other-token", attack: "a purse is fed in a token that it is not for", file: "Purses.sol", find: "if (session != payment.session || token != payment.token) {", put: "if (session != payment.session) {", suite: "unit/Vault/Refill.t.sol" },
  { name: "refill-any-time", attack: "a purse is kept full: more than its target goes in a day", file: "Purses.sol", find: "if (balance >= Math.ceilDiv(target, 2)) revert IVault.PurseNotLow(purse, balance, target);", put: "", suite: "unit/Vault/Refill.t.sol" },
  { name: "refill-past-target", attack: "the whole limit is put into the purse", file: "Purses.sol", find: "if (payment.amount > target - balance)", put: "if (payment.amount > payment.amount)", suite: "unit/Vault/Refill.t.sol" },
  { name: "refill-fee-uncapped", attack: "the limit goes as the fee of a refill, past the per-payment cap", file: "Purses.sol", find: "if (payment.fee > cap) revert", put: "if (payment.fee > type(uint128).max) revert", suite: "unit/Vault/Refill.t.sol" },
  { name: "refill-uncategorised", attack: "a refill escapes the limits of its category", file: "libraries/PurseEntry.sol", find: "return uint8(PurseEntry.unwrap(entry));", put: "return PurseEntry.unwrap(entry) == 0 ? 0 : 63;", suite: "unit/Vault/Refill.t.sol" },
  { name: "purse-takes-fees", attack: "a purse is fed by fees, past its target", file: "Purses.sol", find: "if (purse == payment.feeRecipient) revert IVault.RoleConflict(purse);", put: "", suite: "unit/Vault/Refill.t.sol" },
  { name: "purse-moved", attack: "a purse becomes an ordinary payee, without a target", file: "base/Book.sol", find: " || _isPurse(payee)) {", put: ") {", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-removed", attack: "a purse is taken out of the book and can never be opened again", file: "base/Book.sol", find: "if (category > LAST_CATEGORY) revert RoleConflict(payee);", put: "", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-is-treasury", attack: "withdrawals end in a purse, past every limit", file: "base/Roles.sol", find: " || _isPurse(account)) revert", put: ") revert", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "treasury-becomes-purse", attack: "withdrawals end in a purse, past every limit", file: "Purses.sol", find: "if (purse == _vault.treasury()) revert IVault.RoleConflict(purse);", put: "", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-for-revoked", attack: "purses of the dead", file: "Purses.sol", find: "if (revoked) revert IVault.SessionRevoked(session);", put: "", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-any-category", attack: "a purse in a category that was not granted", file: "Purses.sol", find: "if (!word.grants(category)) revert IVault.CategoryNotGranted(session, category);", put: "word;", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-any-token", attack: "a purse of a token that nobody could be paid in from it", file: "Purses.sol", find: "if (!Eip3009.isKeptBy(token, purse)) revert IVault.TokenNotEip3009(token);", put: "", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purse-opening-acts", attack: "a stranger voids what the owner has signed", file: "base/Trail.sol", find: "_vault = word.paid(_emit(word, topicCount, record));", put: "_vault = word.acted(_emit(word, topicCount, record));", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "purses-opened-by-anyone", attack: "a purse that the trail does not know", file: "Purses.sol", find: "if (msg.sender != address(_vault)) revert NotVault(msg.sender);", put: "", suite: "unit/Vault/OpenPurse.t.sol" },
  { name: "target-unbounded", attack: "the purse holds the whole limit", file: "Purses.sol", find: "if (target > largest) revert IVault.PurseTargetTooHigh(target, largest);", put: "largest;", suite: "unit/Vault/SetPurseTarget.t.sol" },
  { name: "target-outlives-limits", attack: "a limit is tightened, the purse's target is not", file: "Purses.sol", find: "Math.min(part.purseTargetUnits(), largest)", put: "part.purseTargetUnits()", suite: "unit/Vault/SetPurseTarget.t.sol" },
  { name: "target-raised-at-once", attack: "a higher target does not wait", file: "base/Refills.sol", find: "(subjectOf(session), rounded > standing)", put: "(subjectOf(session), false)", suite: "unit/Vault/SetPurseTarget.t.sol" },
  { name: "sweep-anywhere", attack: "whoever sweeps keeps it", file: "Purse.sol", find: "!IERC20(token).trySafeTransfer(address(_vault), amount)", put: "!IERC20(token).trySafeTransfer(msg.sender, amount)", suite: "unit/Purse/Sweep.t.sol" },
  { name: "sweep-by-anyone", attack: "a stranger sweeps and lets the agent burn its limit", file: "Purse.sol", find: "if (!revoked && block.timestamp < word.validUntil()) revert SessionNotOver(session, msg.sender);", put: "word; revoked;", suite: "unit/Purse/Sweep.t.sol" },
  { name: "sweep-gives-back", attack: "a sweep gives allowance back: fill, sweep, fill again", file: "Vault.sol", find: "        _count(scope, allowance, total);\n", put: "        if (!_isPurse(payment.payee)) _count(scope, allowance, total);\n", suite: "unit/Purse/Sweep.t.sol" },
];
