//! A chain in memory: blocks with vault events, forks, and answers that a test may twist.

use crate::database::Database;
use alloy::consensus::{Eip658Value, Header as Fields, Receipt, ReceiptEnvelope, TxType};
use alloy::primitives::{Address, B256, Bytes, Log, LogData, U256, address, keccak256};
use alloy::sol_types::{SolCall, SolEvent};
use purse_audit::Trail;
use purse_indexer::source::AccountProof;
use purse_indexer::{
    BlockRef, ChainLog, ChainReceipt, ChainSource, Header, Indexer, ReceiptBody, Seal, SourceError, Span, StatePart,
    Store, StoredAuthorization, StoredHead, StoredLog, StoredPayment, StoredPurse, StoredTransfer, StoredVault, Sums,
    VaultHead, VaultState, Wanted, receipts, state_of,
};
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use purse_protocol::abi::IVault::{
    ChangeCall, GuardianSet, LimitSet, OwnershipTransferred, Paid, Paused, PaymentFailed, PerPaymentCapSet,
    PurseOpened, SessionGranted, TokenAdded, TreasurySet,
};
use purse_protocol::abi::IVaultFactory::{VaultCreated, createVaultCall};
use purse_protocol::event::{head_of_running_hash, is_outside_trail, next_hash, running_hash_of_head};
use purse_protocol::{VaultConfig, create2};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) const CHAIN: u64 = 31_337;
/// The block that deploys the factory.
pub(crate) const FIRST: u64 = 5;
pub(crate) const FACTORY: Address = Address::repeat_byte(0xfa);
/// The token that vaults pay in.
pub(crate) const TOKEN: Address = Address::repeat_byte(0x70);
/// A token that no vault knows.
pub(crate) const OTHER_TOKEN: Address = Address::repeat_byte(0x71);
/// Who sells to purses.
pub(crate) const SELLER: Address = Address::repeat_byte(0x5e);
/// Somebody who has nothing to do with any vault.
pub(crate) const STRANGER: Address = address!("00000000000000000000000000000000000000aa");
const CONFIG: VaultConfig = VaultConfig {
    owner: Address::repeat_byte(1),
    treasury: Address::repeat_byte(2),
    guardian: Address::repeat_byte(3),
};
pub(crate) const CREATION_CODE: Bytes = Bytes::from_static(b"the vault's creation code");

#[derive(Debug, Clone)]
struct Block {
    header: Header,
    /// What its hash is the hash of.
    fields: Fields,
    logs: Vec<ChainLog>,
    /// Every vault after it.
    heads: Vec<(Address, VaultHead)>,
}

/// Twists an answer to a log query.
pub(crate) type Twist = Box<dyn FnMut(Span, &mut Vec<ChainLog>) -> Result<(), SourceError> + Send>;

/// Changes the chain.
pub(crate) type Change = Box<dyn FnOnce(&mut State) + Send>;

#[derive(Default)]
pub(crate) struct State {
    blocks: Vec<Block>,
    forks: u64,
    /// The chain's id, as it says.
    pub(crate) chain_id: u64,
    pub(crate) has_code: bool,
    /// The newest block that it admits to.
    pub(crate) shows_up_to: Option<u64>,
    /// The newest block that it calls final; 64 below the head if it does not say.
    pub(crate) finalized: Option<u64>,
    /// So many seconds later than usual every new block is.
    pub(crate) late: u64,
    /// Heads of vaults at blocks below this height are forgotten.
    pub(crate) state_from: u64,
    /// Largest range that it answers.
    pub(crate) largest_range: u64,
    pub(crate) twist: Option<Twist>,
    /// Runs once, between two answers: the chain changes while it is asked.
    pub(crate) meanwhile: Option<(u64, Change)>,
    /// What it answers when it is asked for a proof of storage; none, as a node that serves none.
    pub(crate) proof: Option<Result<AccountProof, SourceError>>,
    /// How many questions were asked.
    pub(crate) asked: u64,
    /// Log queries, as (from, to) or a single block.
    pub(crate) queries: Vec<Span>,
    /// What they asked for.
    pub(crate) wanted: Vec<Wanted>,
}

/// The chain; clones are the same chain.
#[derive(Clone)]
pub(crate) struct FakeChain(Arc<Mutex<State>>);

impl FakeChain {
    /// A chain of empty blocks up to and including the factory's.
    pub(crate) fn new() -> Self {
        let state = State { chain_id: CHAIN, has_code: true, largest_range: u64::MAX, ..State::default() };
        let chain = Self(Arc::new(Mutex::new(state)));
        chain.state().mine(FIRST + 1);
        chain
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn indexer(&self, store: Box<dyn Store>) -> Indexer<Self> {
        Indexer::over(self.clone(), store, FACTORY, FIRST).with_creation_code(CREATION_CODE)
    }

    fn answer(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.asked += 1;
        if state.meanwhile.as_ref().is_some_and(|(after, _)| state.asked > *after)
            && let Some((_, change)) = state.meanwhile.take()
        {
            change(&mut state);
        }
        state
    }
}

impl State {
    /// Empty blocks.
    pub(crate) fn mine(&mut self, count: u64) {
        for _ in 0..count {
            self.block(Vec::new());
        }
    }

    /// A block with these logs: contract, topics, data.
    fn block(&mut self, logs: Vec<(Address, Vec<B256>, Bytes)>) {
        let number = self.blocks.len() as u64;
        let parent = self.blocks.last().map_or(B256::ZERO, |block| block.header.hash);
        let tx = keccak256([parent.as_slice(), &number.to_be_bytes()].concat());
        let raw: Vec<_> = logs.iter().cloned().map(|(of, topics, data)| Log::new_unchecked(of, topics, data)).collect();
        let (receipts, logs_bloom) = (receipts_of(tx, &raw), raw.iter().collect());
        let fields = Fields {
            parent_hash: parent,
            number,
            timestamp: 1_800_000_000 + 12 * number + self.late,
            receipts_root: receipts::root(&receipts).unwrap(),
            logs_bloom,
            extra_data: self.forks.to_be_bytes().into(),
            ..Fields::default()
        };
        let hash = fields.hash_slow();
        let seal =
            Some(Seal { state_root: fields.state_root, receipts_root: fields.receipts_root, bloom: fields.logs_bloom });
        let header = Header { number, hash, parent, time: fields.timestamp, seal };
        let logs = logs.into_iter().enumerate().map(|(index, (address, topics, data))| ChainLog {
            address,
            topics,
            data,
            block_number: number,
            block_hash: hash,
            tx,
            log_index: index as u64,
        });
        let logs: Vec<_> = logs.collect();
        let mut heads = self.blocks.last().map(|block| block.heads.clone()).unwrap_or_default();
        for log in &logs {
            if log.topics[0] == VaultCreated::SIGNATURE_HASH {
                let vault = Address::from_word(log.topics[1]);
                heads.push((vault, VaultHead { sequence: 0, running_hash: B256::ZERO }));
            }
        }
        for log in logs.iter().filter(|log| !is_outside_trail(&log.topics)) {
            if let Some((_, head)) = heads.iter_mut().find(|(vault, _)| *vault == log.address) {
                let before = running_hash_of_head(head.running_hash).unwrap();
                let after = next_hash(before, &log.topics, &log.data);
                *head = VaultHead { sequence: head.sequence + 1, running_hash: head_of_running_hash(after) };
            }
        }
        self.blocks.push(Block { header, fields, logs, heads });
    }

    pub(crate) fn sequence(&self, vault: Address) -> u32 {
        let heads = &self.blocks.last().expect("there is a block").heads;
        heads.iter().find(|(address, _)| *address == vault).expect("the vault was created").1.sequence
    }

    /// Where a vault will be.
    pub(crate) fn next_vault(&self, salt: u8) -> Address {
        create2::vault_address(FACTORY, CHAIN, &CREATION_CODE, &CONFIG, B256::with_last_byte(salt))
    }

    /// A block that creates a vault.
    pub(crate) fn create_vault(&mut self, salt: u8) -> Address {
        let vault = self.next_vault(salt);
        self.create_at(vault, &CONFIG, B256::with_last_byte(salt));
        vault
    }

    /// A block in which the factory says so, whether or not it can be.
    pub(crate) fn create_at(&mut self, vault: Address, config: &VaultConfig, salt: B256) {
        let VaultConfig { owner, treasury, guardian } = *config;
        let logs = vec![
            log(FACTORY, &VaultCreated { vault, owner, treasury, guardian, salt }),
            log(vault, &OwnershipTransferred { previousOwner: Address::ZERO, newOwner: owner, sequence: 1 }),
            log(vault, &TreasurySet { treasury, sequence: 2 }),
            log(vault, &GuardianSet { guardian, sequence: 3 }),
        ];
        self.block(logs);
    }

    /// A block in which a vault lets the sessions pay that do so in every third event: from then on its events make a state.
    pub(crate) fn rules(&mut self, vault: Address) {
        let mut sequence = self.sequence(vault);
        let mut next = || {
            sequence += 1;
            sequence
        };
        let mut logs = vec![log(vault, &TokenAdded { token: TOKEN, unitBits: 127, sequence: next() })];
        for session in 0..=5 {
            if session != 0 {
                let granted = SessionGranted {
                    session,
                    key: Address::repeat_byte(0x40 + session as u8),
                    validFrom: 0,
                    validUntil: u32::MAX,
                    categories: u64::MAX - 1,
                    epoch: 0,
                    sequence: next(),
                };
                let cap = PerPaymentCapSet { session, token: TOKEN, perPaymentCap: u128::MAX, sequence: next() };
                logs.extend([log(vault, &granted), log(vault, &cap)]);
            }
            let (category, window, cap, used) = (0, 86_400, u128::MAX, 0);
            let sequence = next();
            logs.push(log(vault, &LimitSet { session, token: TOKEN, category, window, cap, used, sequence }));
        }
        self.block(logs);
    }

    /// A block in which a vault logs `count` events, every third a payment.
    pub(crate) fn events(&mut self, vault: Address, count: u32) {
        let last = self.sequence(vault);
        self.block((1..=count).flat_map(|next| paid(numbered(vault, last + next))).collect());
    }

    /// A block in which a vault logs what has no sequence number, before and after `count` events that do. The last words
    /// of the former read like numbers of 32 bits.
    pub(crate) fn events_and_others(&mut self, vault: Address, count: u32) {
        let last = self.sequence(vault);
        let word = Bytes::from(U256::from(0xee_u32).to_be_bytes::<32>());
        let failed = PaymentFailed { session: 1, payee: vault, r#ref: B256::ZERO, nonce: 7, reason: word.clone() };
        let mut logs = vec![log(vault, &ChangeCall { change: 7, call: word })];
        logs.extend((1..=count).flat_map(|next| paid(numbered(vault, last + next))));
        logs.push(log(vault, &failed));
        self.block(logs);
    }

    /// A block in which a vault opens a purse and fills it; somebody gave to it in the same block, before it was there.
    pub(crate) fn open_purse(&mut self, vault: Address) -> Address {
        let sequence = self.sequence(vault) + 1;
        let purse = Address::from_word(keccak256([vault.as_slice(), &sequence.to_be_bytes()].concat()));
        self.block(vec![
            moved(TOKEN, STRANGER, purse, 5),
            log(vault, &PurseOpened { session: 1, token: TOKEN, purse, category: 7, sequence }),
            moved(TOKEN, vault, purse, 1_000),
        ]);
        purse
    }

    /// A block in which a purse pays a seller, among much that is none of the trail's business.
    pub(crate) fn purchase(&mut self, purse: Address, amount: u64) {
        let nonce = keccak256(self.blocks.len().to_be_bytes());
        let of_art = Transfer { from: purse, to: SELLER, value: U256::ONE }.encode_log_data();
        let art = [of_art.topics(), &[B256::with_last_byte(7)]].concat();
        self.block(vec![
            moved(TOKEN, STRANGER, SELLER, 3),
            log(TOKEN, &AuthorizationUsed { authorizer: purse, nonce }),
            moved(TOKEN, purse, SELLER, amount),
            log(TOKEN, &AuthorizationUsed { authorizer: STRANGER, nonce }),
            moved(TOKEN, STRANGER, SELLER, 4),
            moved(OTHER_TOKEN, SELLER, purse, 9),
            (OTHER_TOKEN, art, Bytes::new()),
        ]);
    }

    /// A block in which a token says that it moved.
    pub(crate) fn transfer(&mut self, from: Address, to: Address, amount: u64) {
        self.block(vec![moved(TOKEN, STRANGER, SELLER, 1), moved(TOKEN, from, to, amount)]);
    }

    /// A block in which a token says that as much moved as a transfer can say.
    pub(crate) fn flood(&mut self, from: Address, to: Address) {
        self.block(vec![log(TOKEN, &Transfer { from, to, value: U256::MAX })]);
    }

    /// A block in which a token says that it moved, so many times.
    pub(crate) fn transfers(&mut self, from: Address, to: Address, count: u64) {
        self.block((1..=count).map(|amount| moved(TOKEN, from, to, amount)).collect());
    }

    /// A block in which a vault pays one of its own purses: a movement between two accounts.
    pub(crate) fn refill(&mut self, vault: Address, purse: Address) {
        self.transfer(vault, purse, 77);
    }

    /// The purses that vaults have opened, oldest first.
    pub(crate) fn purses(&self) -> Vec<Address> {
        let logs = self.blocks.iter().flat_map(|block| &block.logs);
        let opened = logs.filter(|log| log.topics[0] == PurseOpened::SIGNATURE_HASH);
        opened.map(|log| Address::from_word(log.topics[3])).collect()
    }

    /// What the trail should have of an account: all transfers of ERC-20 from and to it, from the block on that named it
    /// first.
    pub(crate) fn transfers_of(&self, account: Address) -> Vec<(u64, u64, Address, U256)> {
        let names = |block: &&Block| {
            block.logs.iter().any(|log| {
                let (created, opened) = (VaultCreated::SIGNATURE_HASH, PurseOpened::SIGNATURE_HASH);
                log.topics[0] == created && log.topics[1] == account.into_word()
                    || log.topics[0] == opened && log.topics[3] == account.into_word()
            })
        };
        let Some(first) = self.blocks.iter().find(names) else { return Vec::new() };
        let logs = self.blocks[first.header.number as usize..].iter().flat_map(|block| &block.logs);
        let own = logs.filter(|log| {
            log.topics[0] == Transfer::SIGNATURE_HASH
                && log.topics.len() == 3
                && log.topics[1..].contains(&account.into_word())
        });
        own.map(|log| (log.block_number, log.log_index, log.address, U256::from_be_slice(&log.data))).collect()
    }

    /// A block in which a vault logs an event that nobody knows.
    pub(crate) fn unknown_event(&mut self, vault: Address, signature: B256) {
        let sequence = U256::from(self.sequence(vault) + 1).to_be_bytes::<32>();
        self.block(vec![(vault, vec![signature], Bytes::from(sequence))]);
    }

    /// Another block at a height, whose hash is that of its fields; the next one is not its child.
    pub(crate) fn forge(&mut self, number: u64) {
        let block = &mut self.blocks[number as usize];
        block.fields.extra_data = Bytes::from_static(b"forged");
        block.header.hash = block.fields.hash_slow();
        let hash = block.header.hash;
        block.logs.iter_mut().for_each(|log| log.block_hash = hash);
    }

    /// Takes back the last `depth` blocks.
    pub(crate) fn undo(&mut self, depth: u64) {
        self.forks += 1;
        let kept = self.blocks.len() - depth as usize;
        self.blocks.truncate(kept);
    }

    pub(crate) fn head(&self) -> Header {
        let last = self.shows_up_to.unwrap_or(u64::MAX).min(self.blocks.len() as u64 - 1);
        self.blocks[last as usize].header
    }

    /// All of it is final.
    pub(crate) fn finalize(&mut self) {
        self.finalized = Some(self.head().number);
    }

    /// The height of a block; of one that is not there, a height that no block has.
    pub(crate) fn number_of(&self, hash: B256) -> u64 {
        let found = self.blocks.iter().find(|block| block.header.hash == hash);
        found.map_or(u64::MAX, |block| block.header.number)
    }

    /// The time of every block.
    pub(crate) fn times(&self) -> BTreeMap<u64, u64> {
        self.blocks.iter().map(|block| (block.header.number, block.header.time)).collect()
    }

    /// The fields of a block.
    pub(crate) fn fields(&self, number: u64) -> Fields {
        self.blocks[number as usize].fields.clone()
    }

    /// The same chain, for another to ask.
    pub(crate) fn copy(&self) -> FakeChain {
        let copy = FakeChain::new();
        copy.state().restore(&self.save());
        copy
    }

    /// The chain as it is, to come back to.
    pub(crate) fn save(&self) -> Saved {
        Saved { blocks: self.blocks.clone() }
    }

    pub(crate) fn restore(&mut self, saved: &Saved) {
        self.blocks.clone_from(&saved.blocks);
    }

    /// Every log of a vault, as the store should have it.
    pub(crate) fn logs_of(&self, vault: Address) -> Vec<StoredLog> {
        let of_vault = |block: &Block| {
            let Header { parent: parent_hash, time, .. } = block.header;
            let logs = block.logs.iter().filter(|log| log.address == vault).cloned();
            logs.map(move |log| StoredLog {
                block_number: log.block_number,
                block_hash: log.block_hash,
                parent_hash,
                time,
                log_index: log.log_index,
                tx: log.tx,
                topics: log.topics,
                data: log.data,
            })
            .collect::<Vec<_>>()
        };
        self.blocks[FIRST as usize..].iter().flat_map(of_vault).collect()
    }
}

/// A chain at some moment.
pub(crate) struct Saved {
    blocks: Vec<Block>,
}

impl ChainSource for FakeChain {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        Ok(self.answer().chain_id)
    }

    async fn head(&self) -> Result<Header, SourceError> {
        Ok(self.answer().head())
    }

    async fn finalized(&self) -> Result<Option<u64>, SourceError> {
        Ok(self.answer().finalized)
    }

    /// Whoever created a vault had another contract call the factory.
    async fn input(&self, tx: B256) -> Result<Option<Bytes>, SourceError> {
        let state = self.answer();
        let created = state.blocks.iter().flat_map(|block| &block.logs).find(|log| log.tx == tx);
        let created = created.map(|log| LogData::new_unchecked(log.topics.clone(), log.data.clone()));
        let created = created.and_then(|log| VaultCreated::decode_log_data(&log).ok());
        Ok(created.map(|VaultCreated { owner, treasury, guardian, salt, .. }| {
            let call = createVaultCall { creationCode: CREATION_CODE, owner, treasury, guardian, salt };
            [b"passed on: ".as_slice(), &call.abi_encode(), &[0; 7]].concat().into()
        }))
    }

    async fn vault_head(&self, vault: Address, at: BlockRef) -> Result<Option<VaultHead>, SourceError> {
        let state = self.answer();
        let block = state.blocks.get(at.number as usize).filter(|block| block.header.hash == at.hash);
        let block = block.filter(|_| at.number >= state.state_from);
        let head = |block: &Block| block.heads.iter().find(|(address, _)| *address == vault).map(|(_, head)| *head);
        Ok(block.map(|block| head(block).unwrap_or(VaultHead { sequence: 0, running_hash: B256::ZERO })))
    }

    async fn storage(&self, _: Address, _: &[B256], _: BlockRef) -> Result<Option<AccountProof>, SourceError> {
        self.answer().proof.clone().transpose()
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        let state = self.answer();
        let shown = number <= state.head().number;
        Ok(state.blocks.get(number as usize).filter(|_| shown).map(|block| block.header))
    }

    async fn logs(&self, span: Span, wanted: &Wanted) -> Result<Vec<ChainLog>, SourceError> {
        let mut state = self.answer();
        state.queries.push(span);
        state.wanted.push(wanted.clone());
        if let Span::Range(from, to) = span
            && to - from >= state.largest_range
        {
            return Err(SourceError::TooLarge(format!("at most {} blocks", state.largest_range)));
        }
        let inside = |header: &Header| match span {
            Span::Range(from, to) => (from..=to).contains(&header.number),
            Span::Block(hash) => header.hash == hash,
        };
        let blocks = state.blocks.iter().filter(|block| inside(&block.header));
        let logs = blocks.flat_map(|block| &block.logs).filter(|log| wanted.fits(log.address, &log.topics));
        let mut answer = logs.cloned().collect();
        if let Some(twist) = &mut state.twist {
            twist(span, &mut answer)?;
        }
        Ok(answer)
    }

    async fn receipts(&self, block: B256) -> Result<Option<Vec<ChainReceipt>>, SourceError> {
        let state = self.answer();
        let found = state.blocks.iter().find(|found| found.header.hash == block);
        Ok(found.map(|block| {
            let logs =
                block.logs.iter().map(|log| Log::new_unchecked(log.address, log.topics.clone(), log.data.clone()));
            let logs: Vec<_> = logs.collect();
            block.logs.first().map(|log| receipts_of(log.tx, &logs)).unwrap_or_default()
        }))
    }

    async fn has_code(&self, _: Address) -> Result<bool, SourceError> {
        Ok(self.answer().has_code)
    }
}

/// The receipts of a block: of one transaction with all its logs.
fn receipts_of(tx: B256, logs: &[Log]) -> Vec<ChainReceipt> {
    if logs.is_empty() {
        return Vec::new();
    }
    let status = Eip658Value::Eip658(true);
    let receipt = Receipt { status, cumulative_gas_used: 21_000, logs: logs.to_vec() }.with_bloom();
    vec![ChainReceipt { tx, body: ReceiptBody::Ethereum(ReceiptEnvelope::from_typed(TxType::Eip1559, receipt)) }]
}

/// All that a rebuild must give again: the cursor, the vaults, of each its logs, payments, heads and state, and what tokens say
/// of vaults and purses.
pub(crate) type Contents = (Option<BlockRef>, Vec<StoredVault>, Vec<OfVault>, Moved);
type OfVault = (Vec<StoredLog>, Vec<StoredPayment>, Vec<StoredHead>, (Option<BlockRef>, VaultState));

/// Purses; the transfers of each vault and purse; the authorizations of each purse.
pub(crate) type Moved = (Vec<StoredPurse>, Vec<Vec<StoredTransfer>>, Vec<Vec<StoredAuthorization>>);

pub(crate) fn moved_in(store: &dyn Store) -> Moved {
    let purses = store.purses().unwrap();
    let accounts = store.vaults().unwrap().into_iter().map(|vault| vault.address);
    let accounts = accounts.chain(purses.iter().map(|purse| purse.address));
    let transfers = accounts.map(|account| store.transfers(account).unwrap()).collect();
    let authorizations = purses.iter().map(|purse| store.authorizations(purse.address).unwrap()).collect();
    (purses, transfers, authorizations)
}

pub(crate) fn contents(store: &dyn Store) -> Contents {
    let vaults = store.vaults().unwrap();
    let rows = vaults.iter().map(|StoredVault { address, .. }| {
        let StatePart { block, state, .. } = state_of(store, *address).unwrap();
        let logs = store.logs(*address).unwrap();
        let (trail, stopped) = trail_by(store.chain_id(), &logs, *address);
        let stopped_at = state.stopped.as_ref().map(|stopped| (stopped.block, stopped.why.clone()));
        assert!(state.trail == trail && stopped_at == stopped, "{address}: {trail:?}, {:?}", state.trail);
        for (&(account, token), sums) in &state.sums {
            assert_eq!(*sums, sums_by(store, *address, account, token), "{account} {token}");
        }
        (logs, store.payments(*address).unwrap(), store.heads(*address, None).unwrap(), (block, state))
    });
    let rows = rows.collect();
    let cursor = store.extent().unwrap().cursor;
    // Every block has one truth, whatever happened.
    let ranges = store.ranges().unwrap();
    assert!(ranges.windows(2).all(|pair| pair[0].last + 1 == pair[1].first), "{ranges:?}");
    let ends = ranges.first().map(|range| range.first).zip(ranges.last().map(|range| range.last));
    assert_eq!(ends, cursor.map(|cursor| (FIRST, cursor.number)));
    (cursor, vaults, rows, moved_in(store))
}

/// The state that logs leave, by the audit's own fold, and where it stopped.
pub(crate) fn trail_by(chain_id: u64, logs: &[StoredLog], vault: Address) -> (Trail, Option<(u64, String)>) {
    let mut trail = Trail::new(chain_id, vault);
    let stopped = logs.iter().find_map(|log| {
        let error = trail.push(&log.clone().into()).err()?;
        Some((log.block_number, error.to_string()))
    });
    trail.forget_history();
    (trail, stopped)
}

/// What the transfers of an account add up to.
fn sums_by(store: &dyn Store, vault: Address, account: Address, token: Address) -> Sums {
    let purses: Vec<_> = store.purses().unwrap().into_iter().filter(|purse| purse.vault == vault).collect();
    let is_within = |other: Address| match account == vault {
        true => purses.iter().any(|purse| purse.address == other),
        false => other == vault,
    };
    let created = store.vaults().unwrap().into_iter().find(|of| of.address == account).map(|of| of.block.number);
    let opened = purses.iter().find(|purse| purse.address == account).map(|purse| purse.block.number);
    let since = created.or(opened).unwrap();
    let mut sums = Sums::default();
    let add = |to: &mut Option<U256>, amount| *to = to.and_then(|sum| sum.checked_add(amount));
    let counts = |moved: &&StoredTransfer| moved.token == token && moved.block.number >= since;
    for moved in store.transfers(account).unwrap().iter().filter(counts) {
        if moved.to == account {
            add(if is_within(moved.from) { &mut sums.came_within } else { &mut sums.came }, moved.amount);
        }
        if moved.from == account {
            add(if is_within(moved.to) { &mut sums.went_within } else { &mut sums.went }, moved.amount);
        }
    }
    sums
}

/// What a database that begins now would hold.
pub(crate) async fn rebuilt(chain: &FakeChain) -> Contents {
    let mut indexer = chain.indexer(Database::Sqlite.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    contents(indexer.store())
}

/// An event of the trail: every third a payment, of nearly as much as there can be.
fn numbered(vault: Address, sequence: u32) -> (Address, Vec<B256>, Bytes) {
    if !sequence.is_multiple_of(3) {
        return log(vault, &Paused { by: vault, sequence });
    }
    let paid = Paid {
        session: 1 + sequence % 5,
        payee: Address::repeat_byte(0x99),
        r#ref: keccak256(sequence.to_be_bytes()),
        token: TOKEN,
        amount: u128::MAX - u128::from(sequence),
        fee: u128::from(sequence),
        feeRecipient: Address::repeat_byte(0xfe),
        category: ((sequence - 1) % 63 + 1) as u8,
        nonce: sequence,
        sequence,
    };
    log(vault, &paid)
}

/// An event of a vault, and if it is a payment, what the token logs then.
fn paid(event: (Address, Vec<B256>, Bytes)) -> Vec<(Address, Vec<B256>, Bytes)> {
    let (vault, topics, data) = &event;
    let Ok(paid) = Paid::decode_raw_log_validate(topics.iter().copied(), data) else { return vec![event] };
    let moved = |to, value: u128| log(TOKEN, &Transfer { from: *vault, to, value: U256::from(value) });
    let moves = [moved(paid.payee, paid.amount), moved(paid.feeRecipient, paid.fee)];
    [event].into_iter().chain(moves).collect()
}

fn moved(token: Address, from: Address, to: Address, value: u64) -> (Address, Vec<B256>, Bytes) {
    log(token, &Transfer { from, to, value: U256::from(value) })
}

fn log<E: SolEvent>(address: Address, event: &E) -> (Address, Vec<B256>, Bytes) {
    let (topics, data) = event.encode_log_data().split();
    (address, topics, data)
}
