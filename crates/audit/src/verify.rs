//! Evidence in, judgement out. Nothing is believed that can be recomputed: a block's hash is made of its header, each
//! receipt and transaction leads to a root in it, the vault's head and code to the state root; only then its logs are folded and
//! judged. What is still only claimed, each row says; that the headers are of the chain, a checkpoint shows for the head.

use crate::check::{approvals, compare, rejudge};
use crate::evidence::{BlockEvidence, Evidence, Proven, TransactionEvidence};
use crate::evidence_error::EvidenceError;
use crate::head_state;
use crate::observed::{ObservedAuthorization, ObservedCall, ObservedHeader, ObservedOrigin, ObservedTransfer};
use crate::receipts;
use crate::report::{Check, Difference, Outcome, Proof, Report, Subject};
use crate::storage::{self, Words};
use crate::trail::{Trail, TrailLog};
use crate::{Observed, Questions};
use alloy::consensus::{Header, Transaction as _, TxEnvelope};
use alloy::eips::Decodable2718;
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::rlp::Decodable;
use alloy::sol_types::{SolCall, SolEvent};
use op_alloy_consensus::{DEPOSIT_TX_TYPE_ID, TxDeposit};
use purse_protocol::Window;
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use purse_protocol::abi::IVaultFactory::createVaultCall;
use purse_protocol::create2::purses_address;
use purse_protocol::typed_data;
use std::collections::{BTreeMap, BTreeSet};

/// Logs of one transaction, at most. A log's number within its block cannot be proven by one receipt; here it is the
/// transaction's place times this, plus the log's place in the receipt: the same order.
const LOGS_OF_A_TRANSACTION: u64 = 1 << 16;

/// What the verifier knows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// keccak256 of the creation code of the vaults of this release.
    pub creation_code: B256,
    /// keccak256 of their runtime code, immutables zero.
    pub runtime_code: B256,
    /// The hash of the head's block, from a source that the auditor trusts.
    pub checkpoint: Option<B256>,
}

/// Judges the evidence.
///
/// # Errors
/// When it is no evidence: something in it contradicts something else in it, or the checkpoint.
pub fn verify(evidence: &Evidence, known: &Known) -> Result<(Trail, Report), EvidenceError> {
    let (head, mut hashed) = header(evidence.head.number, evidence.head.hash, &evidence.head.header)?;
    if let Some(checkpoint) = known.checkpoint.filter(|checkpoint| *checkpoint != evidence.head.hash) {
        return Err(EvidenceError::Checkpoint { found: evidence.head.hash, checkpoint });
    }
    let read = read(evidence)?;
    hashed &= read.hashed;
    if hashed != evidence.of.proven.headers {
        let why = if hashed { "it is proven, and said to be claimed" } else { "it or another has another hash" };
        return Err(EvidenceError::Header { number: evidence.head.number, why: why.into() });
    }
    let trail = Trail::fold(evidence.of.chain_id, evidence.of.vault, read.logs)?;
    let words = head_state::check(evidence, &head, &trail)?;
    let questions = trail.questions();
    answers_fit(evidence, &head, &questions)?;
    let (transfers, purse_transfers) = movements(&trail, &questions, &read.transfers);
    let of_purses = |used: &&ObservedAuthorization| {
        questions.purses.get(&used.purse).is_some_and(|purse| purse.token == used.token)
    };
    let authorizations: Vec<_> = read.authorizations.iter().filter(of_purses).copied().collect();
    nothing_beside(evidence, transfers.iter().chain(&purse_transfers), &authorizations, &questions)?;
    let approvals = approvals::seen(&read.calls, &questions, &evidence.said.owners);
    if !evidence.said.owners.keys().eq(&approvals::of_no_key(&trail, &approvals, &rejudge::check(&trail).1)) {
        return Err(EvidenceError::Answers("another owner".into()));
    }
    let observed = Observed {
        blocks: read.headers,
        transfers,
        purse_transfers,
        authorizations,
        approvals,
        origin: origin(&trail, &read.calls, known),
        calls: read.calls,
        ..evidence.said.clone()
    };
    let mut report = compare(&trail, &observed);
    let of_words = words.as_ref().map(|words| storage::compare(&trail, words, observed.block)).unwrap_or_default();
    report.checks.insert(0, code(evidence, known));
    report.checks.insert(1, told(evidence, words.as_ref(), known.checkpoint.is_some()));
    for check in &mut report.checks {
        check.proof = proof_of(&check.id, evidence.of.proven, words.is_some());
        if check.id == "state" {
            check.add(&of_words);
        }
    }
    Ok((trail, report))
}

/// The owners of whom [`verify`] wants to know whether there is code at their address: of their approvals, as the trail's
/// payments need them, at least one is none of their key.
pub fn owners_to_ask(evidence: &Evidence, trail: &Trail) -> BTreeSet<Address> {
    let questions = trail.questions();
    let all = evidence.blocks.iter().flat_map(|block| &block.transactions);
    let asked = all.filter(|one| questions.approvals.iter().any(|(tx, _)| *tx == one.hash));
    let calls: Vec<_> = asked.filter_map(|one| call(one, evidence.of.proven.transactions)).collect();
    let approvals = approvals::seen(&calls, &questions, &BTreeMap::new());
    approvals::of_no_key(trail, &approvals, &rejudge::check(trail).1)
}

/// What the blocks say, proven as far as the evidence says that it proves.
struct Read {
    /// Whether every header makes its block's hash.
    hashed: bool,
    logs: Vec<TrailLog>,
    transfers: Vec<ObservedTransfer>,
    authorizations: Vec<ObservedAuthorization>,
    headers: Vec<ObservedHeader>,
    calls: Vec<ObservedCall>,
}

fn read(evidence: &Evidence) -> Result<Read, EvidenceError> {
    let (logs, transfers, authorizations) = (Vec::new(), Vec::new(), Vec::new());
    let mut read = Read { hashed: true, logs, transfers, authorizations, headers: Vec::new(), calls: Vec::new() };
    let mut last = None;
    for block in &evidence.blocks {
        let number = block.number;
        let is_head = number == evidence.head.number;
        if last >= Some(number) || number > evidence.head.number || is_head && block.hash != evidence.head.hash {
            return Err(EvidenceError::BlockOrder { number });
        }
        last = Some(number);
        let (header, hashed) = header(number, block.hash, &block.header)?;
        read.hashed &= hashed;
        let transactions = block.transactions.iter().map(|transaction| transaction.hash).collect();
        let (hash, parent, time) = (block.hash, header.parent_hash, header.timestamp);
        read.headers.push(ObservedHeader { number, hash, parent, time, transactions });
        let mut before = None;
        for transaction in &block.transactions {
            let problem = |why: &str| transaction_error(block, transaction, why);
            if before >= Some(transaction.place) {
                return Err(problem("is out of order, or twice there"));
            }
            before = Some(transaction.place);
            proven(evidence.of.proven, &header, transaction).map_err(problem)?;
            read.logs(evidence, block, &header, transaction)?;
            read.calls.extend(call(transaction, evidence.of.proven.transactions));
        }
    }
    Ok(read)
}

fn transaction_error(block: &BlockEvidence, transaction: &TransactionEvidence, why: &str) -> EvidenceError {
    EvidenceError::Transaction { number: block.number, place: transaction.place, why: why.to_owned() }
}

/// A header, decoded, and whether it makes the block's hash.
fn header(number: u64, hash: B256, bytes: &Bytes) -> Result<(Header, bool), EvidenceError> {
    let problem = |why: &str| EvidenceError::Header { number, why: why.to_owned() };
    let mut rest = &bytes[..];
    let header = Header::decode(&mut rest).map_err(|error| problem(&error.to_string()))?;
    if !rest.is_empty() || header.number != number {
        return Err(problem("it is of another height, or not one header"));
    }
    Ok((header, keccak256(bytes) == hash))
}

/// Whether a transaction and its receipt are where they say they are; an error says why not.
fn proven(proven: Proven, header: &Header, one: &TransactionEvidence) -> Result<(), &'static str> {
    let place = usize::try_from(one.place).unwrap_or(usize::MAX);
    let leads = |root, item, proof: &[Bytes], proven| match proven {
        true => receipts::is_proven(root, place, item, proof),
        false => proof.is_empty(),
    };
    if !leads(header.receipts_root, &one.receipt, &one.receipt_proof, proven.receipts) {
        return Err("its receipt does not lead to the receipts root");
    }
    if !leads(header.transactions_root, &one.body, &one.body_proof, proven.transactions) {
        return Err("it does not lead to the transactions root");
    }
    if (proven.transactions || !one.body.is_empty()) && keccak256(&one.body) != one.hash {
        return Err("it has another hash");
    }
    Ok(())
}

impl Read {
    /// The vault's logs in a receipt, and all transfers of tokens and authorizations used.
    fn logs(
        &mut self,
        evidence: &Evidence,
        block: &BlockEvidence,
        header: &Header,
        transaction: &TransactionEvidence,
    ) -> Result<(), EvidenceError> {
        let vault = evidence.of.vault;
        let logs = receipts::logs(&transaction.receipt);
        let logs = logs.map_err(|error| transaction_error(block, transaction, &format!("no receipt: {error}")))?;
        let first = transaction.place.saturating_mul(LOGS_OF_A_TRANSACTION);
        for (log_index, log) in (first..first.saturating_add(LOGS_OF_A_TRANSACTION)).zip(logs) {
            if log.address == vault {
                let (topics, data) = log.data.split();
                self.logs.push(TrailLog {
                    block_number: block.number,
                    block_hash: block.hash,
                    parent_hash: header.parent_hash,
                    time: header.timestamp,
                    tx: transaction.hash,
                    log_index,
                    topics,
                    data,
                });
            } else if let Ok(moved) = Transfer::decode_raw_log_validate(log.data.topics(), &log.data.data) {
                self.transfers.push(ObservedTransfer {
                    token: log.address,
                    from: moved.from,
                    to: moved.to,
                    value: moved.value,
                    block: block.number,
                    tx: transaction.hash,
                    log_index,
                });
            } else if let Ok(used) = AuthorizationUsed::decode_raw_log_validate(log.data.topics(), &log.data.data) {
                self.authorizations.push(ObservedAuthorization {
                    token: log.address,
                    purse: used.authorizer,
                    nonce: used.nonce,
                    block: block.number,
                    tx: transaction.hash,
                    log_index,
                });
            }
        }
        Ok(())
    }
}

/// What a transaction called, and whose key signed it; none where it is of a type that this program cannot read. Nobody signs
/// a deposit of an OP-stack chain: its sender is believed where its block is proven to hold it.
fn call(transaction: &TransactionEvidence, is_proven: bool) -> Option<ObservedCall> {
    if transaction.body.first() == Some(&DEPOSIT_TX_TYPE_ID) {
        let deposit = TxDeposit::decode_2718_exact(&transaction.body).ok().filter(|_| is_proven)?;
        let (to, input) = (deposit.to.to().copied(), deposit.input);
        return Some(ObservedCall { tx: transaction.hash, from: deposit.from, to, input });
    }
    let envelope = TxEnvelope::decode_2718_exact(&transaction.body).ok()?;
    let from = envelope.signature().recover_address_from_prehash(&envelope.signature_hash()).ok()?;
    Some(ObservedCall { tx: transaction.hash, from, to: envelope.to(), input: envelope.input().clone() })
}

/// Whether the answers are to exactly what the trail asks, and of the head.
fn answers_fit(evidence: &Evidence, head: &Header, questions: &Questions) -> Result<(), EvidenceError> {
    let (said, of) = (&evidence.said, &evidence.of);
    let meters = questions.policies.iter().flat_map(|&(scope, token)| Window::ALL.map(|window| (scope, token, window)));
    let first = evidence.blocks.first().map_or(0, |block| block.number);
    let fits = [
        ("chain or vault", said.chain_id == of.chain_id && said.vault == of.vault),
        ("head", (said.block.number, said.block.hash) == (evidence.head.number, evidence.head.hash)),
        ("head's time", said.block.time == head.timestamp),
        ("height of the vault's own head", said.head.block == evidence.head.number),
        ("first block", said.transfers_from == first),
        ("sessions", said.sessions.iter().map(|(session, _)| session).eq(&questions.sessions)),
        ("keys", said.keys.iter().map(|(key, _)| key).eq(&questions.keys)),
        ("payees", said.payees.iter().map(|(payee, _)| payee).eq(&questions.payees)),
        ("purses", said.purses.iter().map(|purse| &purse.purse).eq(questions.purses.keys())),
        ("tokens", said.tokens.iter().map(|token| &token.token).eq(&questions.tokens)),
        ("policies", said.policies.iter().map(|policy| (policy.scope, policy.token)).eq(questions.policies.clone())),
        ("meters", said.meters.iter().map(|meter| (meter.scope, meter.token, meter.window)).eq(meters)),
    ];
    let beside = said.blocks.len() + said.earlier_heads.len() + said.transfers.len() + said.purse_transfers.len();
    let beside = beside + said.authorizations.len();
    if beside + said.approvals.len() + said.outflows.len() + said.calls.len() != 0 || said.origin.is_some() {
        return Err(EvidenceError::Answers("they say what the blocks must prove".into()));
    }
    match fits.iter().find(|(_, fits)| !fits) {
        Some((what, _)) => Err(EvidenceError::Answers(format!("another {what}"))),
        None => Ok(()),
    }
}

/// The transfers that matter: of the vault's tokens to and from it, and of each purse's token to and from that purse.
fn movements(
    trail: &Trail,
    questions: &Questions,
    transfers: &[ObservedTransfer],
) -> (Vec<ObservedTransfer>, Vec<ObservedTransfer>) {
    let of_vault = |one: &&ObservedTransfer| {
        questions.tokens.contains(&one.token) && (one.from == trail.vault || one.to == trail.vault)
    };
    let of_purses = |one: &&ObservedTransfer| {
        [one.from, one.to].iter().any(|who| questions.purses.get(who).is_some_and(|purse| purse.token == one.token))
    };
    let all = || transfers.iter();
    (all().filter(of_vault).copied().collect(), all().filter(of_purses).copied().collect())
}

/// Every block and transaction in the evidence has something of the vault.
fn nothing_beside<'a>(
    evidence: &Evidence,
    transfers: impl Iterator<Item = &'a ObservedTransfer>,
    authorizations: &[ObservedAuthorization],
    questions: &Questions,
) -> Result<(), EvidenceError> {
    let of_transfers = transfers.filter(|transfer| !transfer.value.is_zero()).map(|transfer| transfer.tx);
    let of_events = questions.blocks.values().flatten().copied();
    let mattering: BTreeSet<_> =
        of_events.chain(of_transfers).chain(authorizations.iter().map(|used| used.tx)).collect();
    for block in &evidence.blocks {
        if block.transactions.is_empty() {
            return Err(EvidenceError::BlockOrder { number: block.number });
        }
        if let Some(other) = block.transactions.iter().find(|transaction| !mattering.contains(&transaction.hash)) {
            return Err(transaction_error(block, other, "it has nothing of the vault"));
        }
    }
    Ok(())
}

/// The call that created the vault, where it was sent to a factory itself.
fn origin(trail: &Trail, calls: &[ObservedCall], known: &Known) -> Option<ObservedOrigin> {
    let first = trail.events.first()?.place.tx;
    let call = calls.iter().find(|call| call.tx == first)?;
    let (factory, create) = (call.to?, createVaultCall::abi_decode(&call.input).ok()?);
    let expected_code_hash = known.creation_code;
    Some(ObservedOrigin { factory, creation_code: create.creationCode, salt: create.salt, expected_code_hash })
}

/// The code at the vault's address against the release's: the same once its immutables are blanked, which hold the
/// chain, the EIP-712 domain of that address, and where its contract for purses is.
fn code(evidence: &Evidence, known: &Known) -> Check {
    const PUSH32: u8 = 0x7f;
    let of = &evidence.of;
    let separator = typed_data::domain(of.chain_id, of.vault).separator();
    let immutables = [separator, B256::from(U256::from(of.chain_id)), purses_address(of.vault).into_word()];
    let mut code = evidence.head.code.to_vec();
    let mut at = 0;
    while at < code.len() {
        let pushed = code.get_mut(at + 1..at + 33).filter(|_| evidence.head.code.get(at) == Some(&PUSH32));
        match pushed.filter(|word| immutables.iter().any(|immutable| *immutable == **word)) {
            Some(word) => {
                word.fill(0);
                at += 33;
            }
            None => at += 1,
        }
    }
    let (found, expected) = (keccak256(&code), known.runtime_code);
    let difference = Difference::between(Subject::Vault, "the code, its immutables blanked", &expected, &found);
    let detail = format!("{} bytes, not upgradeable", evidence.head.code.len());
    Check::new(
        "code",
        "I14",
        "the code at the vault's address is the release's",
        detail,
        difference.into_iter().collect(),
    )
}

/// How much of the evidence is proven, and what is trusted. It holds: what is wrong has ended the reading before.
fn told(evidence: &Evidence, words: Option<&Words>, anchored: bool) -> Check {
    let proven = evidence.of.proven;
    let transactions: usize = evidence.blocks.iter().map(|block| block.transactions.len()).sum();
    let by = |proven: bool| if proven { "proven" } else { "claimed" };
    let detail = format!(
        "{} headers {}, {transactions} receipts {}, their transactions {}, {} {}; trusted: {}",
        evidence.blocks.len() + 1,
        by(proven.headers),
        by(proven.receipts),
        by(proven.transactions),
        words.map_or("the vault's own head".to_owned(), |words| format!(
            "all {} words of the vault's storage",
            words.len()
        )),
        by(proven.state),
        match anchored {
            true => "that the checkpoint is, and that the headers before it are of the chain",
            false => "that all headers are of the chain",
        }
    );
    let check = Check::new("evidence", "I13", "the evidence is made of its hashes", detail, Vec::new());
    let all = proven.headers && proven.receipts && proven.transactions && proven.state;
    debug_assert_eq!(check.outcome, Outcome::Holds, "nothing differs");
    if all { check } else { check.noted() }
}

/// On whose word what a check looked at stands.
fn proof_of(id: &str, proven: Proven, has_words: bool) -> Proof {
    let (by, all) = match id {
        "running_hash" | "code" => (Proof::Hash, proven.state),
        "evidence" | "blocks" => (Proof::Hash, true),
        "origin" => (Proof::Hash, proven.transactions),
        "signatures" | "per_payment_cap" | "authority" => (Proof::Receipt, proven.transactions && proven.receipts),
        "state" => (Proof::Hash, has_words),
        "balances" | "purses" | "max_outflow" | "exit" => (Proof::Claimed, true),
        _ => (Proof::Receipt, proven.receipts),
    };
    if all && proven.headers { by } else { Proof::Claimed }
}
