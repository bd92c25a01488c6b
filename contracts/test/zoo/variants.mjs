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
  { name: "any-vault", attack: "a payment is replayed at the owner's other vault", file: "Vault.sol", find: "_hashTypedData(structHash)", put: "_hashTypedDataSansVerifyingContract(structHash)", suite: pay },
  { name: "any-chain", attack: "a payment is replayed on another chain", file: "Vault.sol", find: "_hashTypedData(structHash)", put: "_hashTypedDataSansChainId(structHash)", suite: pay },
  { name: "dirty-words", attack: "one payment has several encodings", file: "libraries/PaymentHash.sol", find: "if (dirt != 0) revert IVault.PaymentMalformed();", put: "", suite: pay },
  { name: "high-s-64", attack: "a second signature is made of the first", file: "libraries/SessionSignature.sol", find: "if ((uint256(vs) << 1) >> 1 > HALF_N) return address(0);", put: "vs;", suite: pay },
  { name: "high-s-65", attack: "a second signature is made of the first", file: "libraries/SessionSignature.sol", find: "if (uint256(bytes32(signature[32:64])) > HALF_N) return address(0);", put: "", suite: pay },
  { name: "foreign-session", attack: "one agent pays from another's session", file: "Vault.sol", find: "if (word.session() != session || session == 0) {", put: "if (word.session() == 0) {", suite: pay },
  { name: "recovered-nobody", attack: "a signature that nobody made is accepted as far as the judge", file: "Vault.sol", find: "if (key == address(0)) revert SignatureInvalid();", put: "", suite: pay },
  { name: "deadline-ignored", attack: "an old payment is kept and cashed later", file: "Vault.sol", find: "if (block.timestamp >= deadline) revert PaymentExpired(deadline, block.timestamp);", put: "deadline;", suite: pay },
  { name: "deadline-off-by-one", attack: "a payment lives a second too long", file: "Vault.sol", find: "if (block.timestamp >= deadline)", put: "if (block.timestamp > deadline)", suite: pay },
  { name: "approval-swallowed", attack: "an approval that means nothing is accepted in silence", file: "Vault.sol", find: "if (approval.length != 0) revert ApprovalNotNeeded();", put: "approval;", suite: pay },

  // --- once (I3)
  { name: "nonce-reused", attack: "a payment is submitted twice", file: "Vault.sol", find: "} else if (word.nonceUsed(nonce)) {", put: "} else if (false) {", suite: pay },
  { name: "nonce-not-stored", attack: "a payment is submitted twice", file: "Vault.sol", find: "_sessions[key] = word;", put: "word;", suite: pay },
  { name: "nonce-old", attack: "a payment that left the window is submitted again", file: "Vault.sol", find: "} else if (highest - nonce >= SessionWordLib.NONCE_WINDOW) {", put: "} else if (false) {", suite: pay },
  { name: "nonce-leap", attack: "one signature bricks a session", file: "Vault.sol", find: "if (nonce > furthest) revert NonceTooFar(session, nonce, furthest);", put: "furthest;", suite: pay },
  { name: "nonce-window-forgotten", attack: "an earlier payment is submitted again after a later one", file: "libraries/SessionWord.sol", find: "uint256 paid = ((uint256(nonceWindow(word)) << (nonce - highest)) | 1) & U32;", put: "uint256 paid = 1;", suite: nonces },
  { name: "nonce-wrong-bit", attack: "paying with one nonce marks another", file: "libraries/SessionWord.sol", find: "(1 << (PAID_SHIFT + highest - nonce))", put: "(1 << PAID_SHIFT)", suite: nonces },

  // --- how much (I4, I5)
  { name: "limit-unchecked", attack: "the cap is no cap", file: "Vault.sol", find: "if (units > left) revert LimitExceeded(payment.session, payment.token, window, total, left << unitBits);", put: "left;", suite: pay },
  { name: "meter-not-stored", attack: "the cap never fills", file: "Vault.sol", find: "_setAllowance(payment.session, payment.token, allowance);", put: "", suite: pay },
  { name: "other-meters-not-stored", attack: "the second limit never fills", file: "Vault.sol", find: "_setMeter(payment.session, payment.token, index, others[index]);", put: "", suite: pay },
  { name: "other-limits-skipped", attack: "only the first limit binds", file: "Vault.sol", find: "if (mask == 0) return (allowance, others);", put: "if (mask != 64) return (allowance, others);", suite: pay },
  { name: "fee-uncounted", attack: "the limit is drained through fees", file: "Vault.sol", find: "return uint256(payment.amount) + payment.fee; // two uint128", put: "return uint256(payment.amount);", suite: pay },
  { name: "per-payment-cap-ignored", attack: "the whole limit goes in one payment", file: "Vault.sol", find: "if (total > cap) revert AbovePerPaymentCap(total, uint128(cap));", put: "", suite: pay },
  { name: "four-buckets", attack: "twice the cap goes in one window", file: "libraries/SlidingCap.sol", find: "\n                + ((word >> (3 * COUNT_BITS)) & MAX_UNITS) + ((word >> (4 * COUNT_BITS)) & MAX_UNITS);", put: "\n                + ((word >> (3 * COUNT_BITS)) & MAX_UNITS);", suite: limits },
  { name: "fixed-window", attack: "twice the cap goes around midnight", file: "libraries/SlidingCap.sol", find: "uint256 bucket = time / (window / 4);", put: "uint256 bucket = (time / window) * 5;", suite: limits },
  { name: "never-forgets", attack: "spending counts for ever: the agent is starved", file: "libraries/SlidingCap.sol", find: "uint256 counts = (word << ((bucket - newest) * COUNT_BITS)) & COUNTS_MASK;", put: "uint256 counts = word & COUNTS_MASK;", suite: limits },
  { name: "rounded-down", attack: "payments below the unit are free", file: "libraries/SlidingCap.sol", find: "return (amount + (1 << unitBits) - 1) >> unitBits;", put: "return amount >> unitBits;", suite: limits },
  { name: "zero-amount", attack: "nonces are burnt for nothing", file: "Vault.sol", find: "if (payment.amount == 0) revert ZeroAmount();", put: "", suite: pay },

  // --- to whom (I6)
  { name: "payee-unchecked", attack: "the thief pays himself", file: "Vault.sol", find: "category = _judgePayee(session, word, payment.payee);", put: "category = 3;", suite: pay },
  { name: "category-unchecked", attack: "an agent pays what it was not granted", file: "Vault.sol", find: "if (!word.grants(category)) revert CategoryNotGranted(session, uint8(category));", put: "word;", suite: pay },
  { name: "fee-recipient-unchecked", attack: "the thief is his own relayer", file: "Vault.sol", find: "if (payment.fee != 0) _judgePayee(session, word, payment.feeRecipient);", put: "", suite: pay },
  { name: "fee-mismatch", attack: "a fee goes to nobody, or a recipient is named for show", file: "Vault.sol", find: "if ((payment.fee == 0) != (payment.feeRecipient == address(0))) {", put: "if (false) {", suite: pay },
  { name: "token-unlimited", attack: "a token without a limit is paid", file: "Vault.sol", find: "if (!allowance.limited()) revert TokenNotGranted(payment.session, payment.token);", put: "if (!allowance.limited()) return (allowance, others);", suite: pay },
  { name: "category-zero", attack: "a payee without a category is paid", file: "base/Book.sol", find: "if (category == 0 || category > LAST_CATEGORY) revert CategoryInvalid(category);", put: "", suite: "unit/Vault/SetPayees.t.sol" },
  { name: "mask-bit-zero", attack: "category 0 is granted", file: "base/Sessions.sol", find: "if (categories & 1 != 0) revert CategoryMaskInvalid(categories);", put: "categories;", suite: "unit/Vault/Grant.t.sol" },
  { name: "payee-is-agent", attack: "an agent is its own payee", file: "base/Book.sol", find: "if (payee == address(this) || _tokens[payee].listed || _sessions[payee].session() != 0) {", put: "if (payee == address(this) || _tokens[payee].listed) {", suite: "unit/Vault/SetPayees.t.sol" },

  // --- who may (I8, I10)
  { name: "paused-ignored", attack: "a pause stops nothing", file: "Vault.sol", find: "if (vault.paused()) revert VaultPaused();", put: "", suite: pay },
  { name: "revoked-ignored", attack: "a revoked agent pays on", file: "Vault.sol", find: "if (word.validUntil() == 0 || word.epoch() != vault.epoch()) {", put: "if (word.epoch() != vault.epoch()) {", suite: "unit/Vault/Revoke.t.sol" },
  { name: "revoke-writes-nothing", attack: "a revoked agent pays on", file: "base/Sessions.sol", find: "_sessions[key] = word.ended();\n        _log(_vault, 3, abi.encode(HASH, Revoked.selector", put: "_log(_vault, 3, abi.encode(HASH, Revoked.selector", suite: "unit/Vault/Revoke.t.sol" },
  { name: "revoked-comes-back", attack: "a revoked session is revived by a setter", file: "base/Sessions.sol", find: "if (_isRevoked(word)) revert SessionRevoked(session);", put: "", suite: "unit/Vault/SetValidity.t.sol" },
  { name: "revoke-all-ignored", attack: "revoke-all stops nothing", file: "Vault.sol", find: "if (word.validUntil() == 0 || word.epoch() != vault.epoch()) {", put: "if (word.validUntil() == 0) {", suite: "unit/Vault/RevokeAll.t.sol" },
  { name: "expired-pays", attack: "an ended session pays on", file: "Vault.sol", find: "if (block.timestamp >= word.validUntil()) revert SessionExpired(session, word.validUntil());", put: "", suite: pay },
  { name: "early-pays", attack: "a session pays before it begins", file: "Vault.sol", find: "if (block.timestamp < word.validFrom()) revert SessionNotYetValid(session, word.validFrom());", put: "", suite: pay },
  { name: "old-key-lives", attack: "a rotated-out key pays on", file: "base/Sessions.sol", find: "_sessions[oldKey] = word.ended();", put: "", suite: "unit/Vault/RotateKey.t.sol" },
  { name: "key-used-again", attack: "old payments of a key are cashed in a new session", file: "base/Sessions.sol", find: "if (_sessions[key].session() != 0) revert KeyUsedBefore(key);", put: "", suite: "unit/Vault/Grant.t.sol" },
  { name: "owner-as-agent", attack: "the owner's key lies on an agent's machine", file: "base/Sessions.sol", find: "key == _owner || key == _guardian", put: "key == _guardian", suite: "unit/Vault/Grant.t.sol" },
  { name: "session-overwritten", attack: "a second grant of an id takes it over", file: "base/Sessions.sol", find: "if (_keys[session] != address(0)) revert SessionExists(session);", put: "", suite: "unit/Vault/Grant.t.sol" },
  { name: "stranger-revokes", attack: "anybody stops an agent", file: "base/Sessions.sol", find: "revert NotOwnerOrGuardian(msg.sender);\n        }\n        if (key == address(0))", put: "}\n        if (key == address(0))", suite: "unit/Vault/Revoke.t.sol" },
  { name: "guardian-resumes", attack: "a guardian that may only stop, starts", file: "base/Sessions.sol", find: "function unpause() external onlyOwner {", put: "function unpause() external onlyOwnerOrGuardian {", suite: "unit/Vault/Unpause.t.sol" },
  { name: "guardian-grants", attack: "a guardian lets itself pay", file: "base/Limits.sol", find: "function grant(Grant calldata newSession) external onlyOwner {", put: "function grant(Grant calldata newSession) external onlyOwnerOrGuardian {", suite: "unit/Vault/Grant.t.sol" },
  { name: "stranger-accepts", attack: "anybody becomes the owner", file: "base/Roles.sol", find: "if (msg.sender != _pendingOwner) revert NotPendingOwner(msg.sender);", put: "", suite: "unit/Vault/Ownership.t.sol" },
  { name: "stranger-withdraws", attack: "anybody moves the money to the treasury", file: "Vault.sol", find: "function withdraw(address token, uint256 amount) external onlyOwner {", put: "function withdraw(address token, uint256 amount) external {", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "withdraw-to-caller", attack: "a stolen owner key takes the money", file: "Vault.sol", find: "address to = _treasury;", put: "address to = msg.sender;", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "pause-locks-owner-in", attack: "a hostile guardian holds the money", file: "Vault.sol", find: "if (amount == 0) revert ZeroAmount();\n        // Effect", put: "if (_vault.paused()) revert VaultPaused();\n        // Effect", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "balance-holds-owner-in", attack: "a token that lies about balances holds the money", file: "Vault.sol", find: "if (amount == 0) revert ZeroAmount();\n        // Effect", put: "if (balance < amount) revert VaultShort(balance, amount);\n        // Effect", suite: "unit/Vault/Withdraw.t.sol" },

  { name: "odd-answer-holds-owner-in", attack: "a token that moves the money and answers false holds the rest", file: "Vault.sol", find: "if (told && left <= balance && balance - left >= amount) return;", put: "", suite: "unit/Vault/Withdraw.t.sol" },
  { name: "treasury-is-token", attack: "withdrawals end in the token's own contract", file: "base/Roles.sol", find: "if (account == address(this) || _tokens[account].listed) revert RoleConflict(account);", put: "if (account == address(this)) revert RoleConflict(account);", suite: "unit/Vault/SetTreasury.t.sol" },

  // --- only time lowers a meter (I7)
  { name: "set-limit-resets", attack: "re-setting a limit gives the allowance back", file: "base/Limits.sol", find: "Meter meter = _meterOf(session, token, index).rolled(window, block.timestamp).withCap(units);", put: "Meter meter = Meter.wrap(0).rolled(window, block.timestamp).withCap(units);", suite: "unit/Vault/SetLimit.t.sol" },
  { name: "remove-limit-resets", attack: "removing and restoring a limit gives the allowance back", file: "base/Limits.sol", find: "_setMeter(session, token, index, _meterOf(session, token, index).withCap(0));", put: "_setMeter(session, token, index, Meter.wrap(0));", suite: "unit/Vault/RemoveLimit.t.sol" },
  { name: "next-first-lost", attack: "removing one limit removes the others", file: "base/Limits.sol", find: "return allowance.withoutOther(index).withFirst(index, _meter(session, token, index));", put: "return allowance.withoutOther(index).withoutFirst();", suite: "unit/Vault/RemoveLimit.t.sol" },

  // --- no trace without a transfer (I11), no way back in
  { name: "transfer-ignored", attack: "a limit is burnt while nothing moves", file: "Vault.sol", find: "if (!token.trySafeTransfer(payment.payee, payment.amount)) {", put: "if (!token.trySafeTransfer(payment.payee, payment.amount) && false) {", suite: awkward },
  { name: "interaction-first", attack: "a token re-enters before the payment is counted", file: "Vault.sol", find: "        _sessions[key] = word;\n        _setAllowance(payment.session, payment.token, allowance);", put: "        _transferPayment(payment);\n        _sessions[key] = word;\n        _setAllowance(payment.session, payment.token, allowance);\n        payment.amount = 0;\n        payment.fee = 0;", suite: awkward },

  // --- the trail (I13), the address (I14)
  { name: "hash-without-data", attack: "an event is altered unnoticed", file: "base/Trail.sol", find: "digest := keccak256(start, length)", put: "digest := keccak256(start, 0x40)", suite: pay, inSetUp: true },
  { name: "hash-forgets", attack: "an event is left out unnoticed", file: "base/Trail.sol", find: "mstore(start, runningHash)", put: "mstore(start, 0)", suite: pay, inSetUp: true },
  { name: "sequence-stands", attack: "an event is left out unnoticed", file: "base/Trail.sol", find: "sequence = (uint256(word.sequence()) + 1) & type(uint32).max;", put: "sequence = word.sequence();", suite: pay, inSetUp: true },
  { name: "factory-any-code", attack: "another contract sits at a vault's address", file: "VaultFactory.sol", find: "if (given != vaultCodeHash) revert CodeMismatch(given, vaultCodeHash);", put: "given;", suite: "unit/VaultFactory/CreateVault.t.sol" },
  { name: "factory-any-chain", attack: "a vault's address is taken on another chain", file: "VaultFactory.sol", find: "return keccak256(abi.encode(block.chainid, salt));", put: "return keccak256(abi.encode(uint256(1), salt));", suite: "unit/VaultFactory/CreateVault.t.sol" },
];
