//! Evidence for the audit, read from a node: the vault's logs with the blocks, receipts and transactions that prove them, and
//! what the contract answers at the head. It needs the node's newest state only, no archive.

use crate::observe::{self, ObserveError, patient};
use crate::rows::BlockRef;
use crate::rpc::{self, source_error};
use crate::source::SourceError;
use crate::state::proof::WORDS_AT_ONCE;
use alloy::consensus::Header;
use alloy::consensus::{Receipt, ReceiptWithBloom, TxReceipt as _};
use alloy::eips::{BlockId, BlockNumberOrTag, Encodable2718};
use alloy::network::{
    AnyRpcBlock, AnyRpcTransaction, AnyTransactionReceipt, AnyTxEnvelope, TransactionResponse as _, UnknownTxEnvelope,
};
use alloy::primitives::{Address, B256, Bytes, Log, TxKind, U64, U128, U256, keccak256};
use alloy::providers::Provider;
use alloy::rlp::Encodable as _;
use alloy::rpc::types::Filter;
use alloy::serde::OtherFields;
use futures::{StreamExt, TryStreamExt, stream};
use op_alloy_consensus::{DEPOSIT_TX_TYPE_ID, TxDeposit};
use purse_audit::evidence::{AccountEvidence, BlockEvidence, EvidenceOf, HeadEvidence, Proven, TransactionEvidence};
use purse_audit::observed::ObservedTransfer;
use purse_audit::{Evidence, Trail, TrailError, TrailLog, owners_to_ask, receipts, storage};
use purse_protocol::RpcFault;
use std::collections::{BTreeMap, BTreeSet};

/// Blocks asked for at once.
const BLOCKS_AT_ONCE: usize = 8;

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The node did not answer as asked.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The logs make no trail.
    #[error("the node's logs are not the vault's: {0}")]
    Trail(#[from] TrailError),
    /// No log of the vault was found.
    #[error("the node has no event of {vault} from block {from} to {to}")]
    NoEvents {
        /// The vault.
        vault: Address,
        /// The first block.
        from: u64,
        /// The last block.
        to: u64,
    },
}

impl CollectError {
    /// What the auditor can do about it, in one sentence.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Observe(error) => error.fix(),
            Self::Trail(_) => {
                "begin at the block that created the vault, or before (--from-block), or ask another node"
            }
            Self::NoEvents { .. } => {
                "check the vault's address and chain, and begin before its creation (--from-block)"
            }
        }
    }
}

impl From<SourceError> for CollectError {
    fn from(error: SourceError) -> Self {
        Self::Observe(error.into())
    }
}

/// A block as the node gave it, everything in it encoded.
struct Whole {
    evidence: BlockEvidence,
    time: u64,
    parent: B256,
    receipts: Vec<(B256, Bytes)>,
    /// Bodies of the transactions; none where one of them is of an unknown type.
    bodies: Option<Vec<Bytes>>,
    proven: Proven,
}

/// Reads the evidence of a vault up to the node's newest block. `from_block` is the vault's creation or any block before,
/// and before its first money.
///
/// # Errors
/// When the node does not answer, its logs make no trail, or the head is replaced meanwhile.
pub async fn collect<P: Provider>(provider: &P, vault: Address, from_block: u64) -> Result<Evidence, CollectError> {
    let provider = &patient(provider);
    let reader = Reader { provider, vault };
    let chain_id = provider.get_chain_id().await.map_err(source_error)?;
    let (at, head_header, header_proven) = reader.head().await?;
    let of_events = reader.blocks_of_events(from_block, at.number).await?;
    if of_events.is_empty() {
        return Err(CollectError::NoEvents { vault, from: from_block, to: at.number });
    }
    let mut blocks = reader.blocks(of_events).await?;
    let trail = Trail::fold(chain_id, vault, trail_logs(vault, &blocks))?;
    let mut questions = trail.questions();
    // What the blocks prove is not asked again.
    questions.blocks = BTreeMap::new();
    questions.approvals = BTreeSet::new();
    let mut said = observe::ask(provider, at, from_block, &questions).await?;
    said.earlier_heads = Vec::new();
    let mut moves: Vec<ObservedTransfer> = std::mem::take(&mut said.transfers);
    moves.append(&mut said.purse_transfers);
    let used = std::mem::take(&mut said.authorizations);
    moves.retain(|transfer| !transfer.value.is_zero());
    let of_moves = moves.iter().map(|transfer| transfer.block).chain(used.iter().map(|used| used.block));
    let missing = of_moves.filter(|number| !blocks.contains_key(number)).collect();
    blocks.append(&mut reader.blocks(missing).await?);
    let moved: BTreeSet<B256> = moves.iter().map(|one| one.tx).chain(used.iter().map(|used| used.tx)).collect();
    let account = reader.account(at, &storage::slots(&trail)).await?;
    let code = provider.get_code_at(vault).block_id(BlockId::hash(at.hash)).await.map_err(source_error)?;
    let all = |of: fn(&Proven) -> bool| blocks.values().all(|block| of(&block.proven));
    let proven = Proven {
        headers: header_proven && all(|proven| proven.headers),
        receipts: all(|proven| proven.receipts),
        transactions: all(|proven| proven.transactions),
        state: account.is_some(),
    };
    said.transfers_from = blocks.keys().next().copied().unwrap_or(from_block);
    let mut evidence = Evidence {
        of: EvidenceOf { chain_id, vault, proven },
        head: HeadEvidence { number: at.number, hash: at.hash, header: head_header, code, account },
        said,
        blocks: blocks.into_values().map(|block| block.only(vault, &moved, proven)).collect(),
    };
    for owner in owners_to_ask(&evidence, &trail) {
        let code = provider.get_code_at(owner).block_id(BlockId::hash(at.hash)).await.map_err(source_error)?;
        evidence.said.owners.insert(owner, !code.is_empty());
    }
    Ok(evidence)
}

struct Reader<'a, P> {
    provider: &'a P,
    vault: Address,
}

impl<P: Provider> Reader<'_, P> {
    /// The newest block, its header, and whether that makes its hash.
    async fn head(&self) -> Result<(BlockRef, Bytes, bool), CollectError> {
        let block: Option<AnyRpcBlock> = self.ask("eth_getBlockByNumber", (BlockNumberOrTag::Latest, false)).await?;
        let block = block.ok_or_else(|| nonsense("it has no newest block"))?;
        let (header, proven) = encoded(&block)?;
        Ok((BlockRef { number: block.header.number, hash: block.header.hash }, header, proven))
    }

    async fn ask<A, T>(&self, method: &'static str, about: A) -> Result<T, SourceError>
    where
        A: alloy::rpc::json_rpc::RpcSend,
        T: alloy::rpc::json_rpc::RpcRecv,
    {
        self.provider.raw_request(method.into(), about).await.map_err(source_error)
    }

    /// The blocks that have logs of the vault.
    async fn blocks_of_events(&self, from: u64, to: u64) -> Result<BTreeSet<u64>, CollectError> {
        let found = observe::logs(self.provider, &Filter::new().address(self.vault), from, to).await?;
        let blocks =
            found.iter().map(|log| log.block_number.ok_or_else(|| nonsense("it gave a log without its block")));
        Ok(blocks.collect::<Result<_, _>>()?)
    }

    async fn blocks(&self, numbers: BTreeSet<u64>) -> Result<BTreeMap<u64, Whole>, CollectError> {
        let each = stream::iter(numbers).map(|number| async move {
            let block = self.block(number).await?;
            Ok::<_, CollectError>((number, block))
        });
        each.buffered(BLOCKS_AT_ONCE).try_collect().await
    }

    async fn block(&self, number: u64) -> Result<Whole, CollectError> {
        let at = BlockNumberOrTag::Number(number);
        let block: Option<AnyRpcBlock> = self.ask("eth_getBlockByNumber", (at, true)).await?;
        let block = block.ok_or_else(|| nonsense(format!("it has no block {number}, whose logs it gave")))?;
        let hash = block.header.hash;
        let receipts = self.receipts(&block).await?;
        let (header, headers) = encoded(&block)?;
        let every: Vec<_> = receipts.iter().map(|(_, receipt)| receipt.clone()).collect();
        let bodies = bodies(&block);
        let leads = |items: &[Bytes], root| receipts::prove(items, &[]).0 == root;
        let proven = Proven {
            headers,
            receipts: leads(&every, block.header.receipts_root),
            transactions: bodies.as_ref().is_some_and(|bodies| leads(bodies, block.header.transactions_root)),
            state: false,
        };
        let (time, parent) = (block.header.timestamp, block.header.parent_hash);
        let evidence = BlockEvidence { number, hash, header, transactions: Vec::new() };
        Ok(Whole { evidence, time, parent, receipts, bodies, proven })
    }

    /// All receipts of a block, in order: in one answer where the node gives them so.
    async fn receipts(&self, block: &AnyRpcBlock) -> Result<Vec<(B256, Bytes)>, CollectError> {
        let hash = block.header.hash;
        let at = BlockId::hash(hash);
        let found: Result<Option<Vec<AnyTransactionReceipt>>, _> = self.ask("eth_getBlockReceipts", (at,)).await;
        let receipts = match found {
            Ok(Some(receipts)) => receipts,
            Ok(None) => return Err(nonsense(format!("it has no receipts of block {}", block.header.number)).into()),
            Err(SourceError::Fault(RpcFault::Rejected { .. })) => {
                let each = stream::iter(block.transactions.hashes()).map(|tx| async move {
                    let receipt: Option<AnyTransactionReceipt> = self.ask("eth_getTransactionReceipt", (tx,)).await?;
                    receipt.ok_or_else(|| nonsense(format!("it has no receipt of {tx}")))
                });
                each.buffered(BLOCKS_AT_ONCE).try_collect().await?
            }
            Err(error) => return Err(error.into()),
        };
        if receipts.len() != block.transactions.len() || receipts.iter().any(|one| one.block_hash() != Some(hash)) {
            return Err(nonsense(format!("its receipts are not those of block {}", block.header.number)).into());
        }
        Ok(receipts.into_iter().map(receipt).collect())
    }

    /// The vault's account and these words with their proofs; none where the node serves none.
    async fn account(&self, at: BlockRef, slots: &[B256]) -> Result<Option<AccountEvidence>, SourceError> {
        let mut account: Option<AccountEvidence> = None;
        for slots in slots.chunks(WORDS_AT_ONCE) {
            let Some(given) = rpc::proof(self.provider, self.vault, slots, at).await? else { return Ok(None) };
            match &mut account {
                Some(account) => account.words.extend(given.words),
                None => account = Some(given),
            }
        }
        Ok(account)
    }
}

impl Whole {
    /// The evidence of the transactions that matter: those with logs of the vault, and those in `moved`.
    fn only(self, vault: Address, moved: &BTreeSet<B256>, proven: Proven) -> BlockEvidence {
        let matters = |(tx, receipt): &(B256, Bytes)| {
            let logs = receipts::logs(receipt).unwrap_or_default();
            moved.contains(tx) || logs.iter().any(|log| log.address == vault)
        };
        let places: Vec<usize> = (0..self.receipts.len()).filter(|&place| matters(&self.receipts[place])).collect();
        let encoded: Vec<_> = self.receipts.iter().map(|(_, receipt)| receipt.clone()).collect();
        let proofs =
            |items: Option<&Vec<Bytes>>| items.map(|items| receipts::prove(items, &places).1).unwrap_or_default();
        let receipt_proofs = proofs(proven.receipts.then_some(&encoded));
        let body_proofs = proofs(self.bodies.as_ref().filter(|_| proven.transactions));
        let transactions = places.iter().enumerate().map(|(index, &place)| TransactionEvidence {
            place: place as u64,
            hash: self.receipts[place].0,
            receipt: self.receipts[place].1.clone(),
            receipt_proof: receipt_proofs.get(index).cloned().unwrap_or_default(),
            body: self.bodies.as_ref().map(|bodies| bodies[place].clone()).unwrap_or_default(),
            body_proof: body_proofs.get(index).cloned().unwrap_or_default(),
        });
        let transactions = transactions.collect();
        BlockEvidence { transactions, ..self.evidence }
    }
}

/// The vault's logs in these blocks.
fn trail_logs(vault: Address, blocks: &BTreeMap<u64, Whole>) -> Vec<TrailLog> {
    let mut found = Vec::new();
    for block in blocks.values() {
        let logs = block.receipts.iter().flat_map(|(tx, receipt)| {
            receipts::logs(receipt).unwrap_or_default().into_iter().map(move |log| (*tx, log))
        });
        for (log_index, (tx, log)) in (0..).zip(logs).filter(|(_, (_, log))| log.address == vault) {
            let (topics, data) = log.data.split();
            found.push(TrailLog {
                block_number: block.evidence.number,
                block_hash: block.evidence.hash,
                parent_hash: block.parent,
                time: block.time,
                tx,
                log_index,
                topics,
                data,
            });
        }
    }
    found
}

/// A header as RLP, and whether it makes the block's hash: a chain whose headers have other fields has another.
fn encoded(block: &AnyRpcBlock) -> Result<(Bytes, bool), SourceError> {
    let header: Header = block.header.inner.clone().into_header_with_defaults();
    let bytes: Bytes = alloy::rlp::encode(&header).into();
    let proven = keccak256(&bytes) == block.header.hash;
    Ok((bytes, proven))
}

/// The block's transactions, encoded; none where one is of an unknown type.
fn bodies(block: &AnyRpcBlock) -> Option<Vec<Bytes>> {
    let transactions = block.transactions.as_transactions()?;
    let each = transactions.iter().map(|transaction| {
        let bytes: Bytes = match transaction.inner.inner.inner() {
            AnyTxEnvelope::Ethereum(known) => known.encoded_2718().into(),
            AnyTxEnvelope::Unknown(unknown) => deposit(unknown, transaction)?.encoded_2718().into(),
        };
        (keccak256(&bytes) == transaction.tx_hash()).then_some(bytes)
    });
    each.collect()
}

/// A deposit of an OP-stack chain; none where it is of another type.
fn deposit(unknown: &UnknownTxEnvelope, transaction: &AnyRpcTransaction) -> Option<TxDeposit> {
    let fields = &unknown.inner.fields;
    if unknown.inner.ty.0 != DEPOSIT_TX_TYPE_ID {
        return None;
    }
    Some(TxDeposit {
        source_hash: fields.get_deserialized("sourceHash")?.ok()?,
        from: transaction.from(),
        to: fields.get_deserialized("to").and_then(Result::ok).map_or(TxKind::Create, TxKind::Call),
        mint: fields.get_deserialized::<U128>("mint").and_then(Result::ok).unwrap_or_default().to(),
        value: fields.get_deserialized::<U256>("value")?.ok()?,
        gas_limit: fields.get_deserialized::<U64>("gas")?.ok()?.to(),
        is_system_transaction: fields.get_deserialized("isSystemTx").is_some_and(|is| is.unwrap_or(false)),
        input: fields.get_deserialized("input")?.ok()?,
    })
}

/// A receipt's transaction, and the receipt as the receipts root commits to it.
fn receipt(answer: AnyTransactionReceipt) -> (B256, Bytes) {
    let (answer, other) = answer.into_parts();
    let (tx, envelope) = (answer.transaction_hash, answer.inner);
    let kind = envelope.r#type;
    let ReceiptWithBloom { receipt, logs_bloom } = envelope.inner;
    let logs = receipt.logs.into_iter().map(|log| log.inner).collect::<Vec<Log>>();
    let plain = Receipt { status: receipt.status, cumulative_gas_used: receipt.cumulative_gas_used, logs };
    let mut body = Vec::new();
    plain.status_or_post_state().encode(&mut body);
    plain.cumulative_gas_used.encode(&mut body);
    logs_bloom.encode(&mut body);
    plain.logs.encode(&mut body);
    if kind == DEPOSIT_TX_TYPE_ID {
        for field in ["depositNonce", "depositReceiptVersion"] {
            deposit_field(&other, field).into_iter().for_each(|number| number.encode(&mut body));
        }
    }
    let mut bytes = if kind == 0 { Vec::new() } else { vec![kind] };
    alloy::rlp::Header { list: true, payload_length: body.len() }.encode(&mut bytes);
    bytes.extend_from_slice(&body);
    (tx, bytes.into())
}

fn deposit_field(other: &OtherFields, name: &str) -> Option<u64> {
    let text: String = other.get_deserialized(name)?.ok()?;
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn nonsense(text: impl Into<String>) -> SourceError {
    RpcFault::nonsense(text).into()
}
