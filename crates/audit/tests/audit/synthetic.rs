//! A vault that exists only as its logs: events in the contract's form, and the observation that a node would give.

use alloy::primitives::{Address, B256, Bytes, IntoLogData, LogData, U256, keccak256};
use alloy::sol_types::{SolCall, SolEvent};
use purse_audit::observed::{
    ObservedAuthorization, ObservedBlock, ObservedHead, ObservedHeader, ObservedMeter, ObservedPolicy, ObservedPurse,
    ObservedToken, ObservedTransfer,
};
use purse_audit::{Observed, Trail, TrailLog};
use purse_protocol::Window;
use purse_protocol::abi::IVault::{
    ChangeCall, ChangeExecuted, ChangeWaiting, DelaySet, GuardianSet, IVaultEvents, LimitSet, OwnershipTransferred,
    Paid, PayeeSet, PerPaymentCapSet, PurseOpened, SessionGranted, TokenAdded, TreasurySet,
};
use purse_protocol::abi::IVaultLens::{LimitView, SessionView, WaitingChange};
use purse_protocol::event::RunningHash;
use purse_protocol::event::decode;

/// 15 January 2027, 08:00:00 UTC.
pub(crate) const START: u64 = 1_800_000_000;
/// The chain of every synthetic vault.
pub(crate) const CHAIN: u64 = 31_337;
/// One token of six decimals.
pub(crate) const ONE: u128 = 1_000_000;

pub(crate) const fn who(number: u8) -> Address {
    let mut bytes = [0x11; 20];
    bytes[19] = number;
    Address::new(bytes)
}

pub(crate) const OWNER: Address = who(1);
pub(crate) const TREASURY: Address = who(2);
pub(crate) const TOKEN: Address = who(3);
pub(crate) const PAYEE: Address = who(4);
pub(crate) const RELAYER: Address = who(5);
pub(crate) const KEY: Address = who(6);
pub(crate) const VAULT: Address = who(7);
pub(crate) const PURSE: Address = who(8);
/// A tenth of the least cap: what a purse of session 1 holds where nobody said.
pub(crate) const TARGET: u128 = 5 * ONE / 2;

/// A vault's logs, and its token's transfers.
#[derive(Clone)]
pub(crate) struct Synthetic {
    pub(crate) logs: Vec<TrailLog>,
    pub(crate) transfers: Vec<ObservedTransfer>,
    /// Of purses, those between a purse and the vault included.
    pub(crate) purse_transfers: Vec<ObservedTransfer>,
    pub(crate) authorizations: Vec<ObservedAuthorization>,
    pub(crate) time: u64,
    pub(crate) block: u64,
    /// The last event's sequence number.
    pub(crate) sequence: u32,
    /// How many of the events were not payments.
    pub(crate) acts: u32,
    pub(crate) delay: u32,
    log_index: u64,
}

impl Synthetic {
    /// A vault as its constructor leaves it.
    pub(crate) fn new() -> Self {
        let mut vault = Self {
            logs: Vec::new(),
            transfers: Vec::new(),
            purse_transfers: Vec::new(),
            authorizations: Vec::new(),
            time: START,
            block: 10,
            sequence: 0,
            acts: 0,
            delay: 0,
            log_index: 0,
        };
        vault.emit(|sequence| OwnershipTransferred { previousOwner: Address::ZERO, newOwner: OWNER, sequence });
        vault.emit(|sequence| TreasurySet { treasury: TREASURY, sequence });
        vault.emit(|sequence| GuardianSet { guardian: Address::ZERO, sequence });
        vault.next_block(1);
        vault
    }

    /// The same with 1,000 tokens, a payee of category 1, a relayer of category 63, and session 1: at most 10 at once,
    /// 25 in a day, 100 in 30 days.
    pub(crate) fn with_session(unit_bits: u8) -> Self {
        let mut vault = Self::new();
        vault.emit(|sequence| TokenAdded { token: TOKEN, unitBits: unit_bits, sequence });
        vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 1, sequence });
        vault.emit(|sequence| PayeeSet { payee: RELAYER, category: 63, sequence });
        vault.transfer(TREASURY, VAULT, U256::from(1_000 * ONE));
        vault.next_block(1);
        vault.emit(|sequence| SessionGranted {
            session: 1,
            key: KEY,
            validFrom: START as u32,
            validUntil: START as u32 + 90 * 86_400,
            categories: 1 << 1 | 1 << 63,
            epoch: 0,
            sequence,
        });
        let down = |amount: u128| amount >> unit_bits << unit_bits;
        let cap = down(10 * ONE);
        vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: cap, sequence });
        for (window, tokens) in [(86_400, 25), (2_592_000, 100)] {
            let cap = down(tokens * ONE);
            vault.limit(1, 0, window, cap, 0);
        }
        vault.next_block(1);
        vault
    }

    pub(crate) fn next_block(&mut self, seconds: u64) {
        self.block += 1;
        self.time += seconds;
        self.log_index = 0;
    }

    /// An event of the trail.
    pub(crate) fn emit<E: SolEvent>(&mut self, event: impl FnOnce(u32) -> E) {
        self.sequence += 1;
        let anyones = [Paid::SIGNATURE_HASH, PurseOpened::SIGNATURE_HASH].contains(&E::SIGNATURE_HASH);
        self.acts += u32::from(!anyones);
        let event = event(self.sequence);
        self.beside(&event);
    }

    /// A limit of a scope.
    pub(crate) fn limit(&mut self, session: u32, category: u8, window: u32, cap: u128, used: u128) {
        self.emit(|sequence| LimitSet { session, token: TOKEN, category, window, cap, used, sequence });
    }

    pub(crate) fn set_delay(&mut self, delay: u32) {
        self.delay = delay;
        self.emit(|sequence| DelaySet { delay, sequence });
    }

    /// A change begins to wait; gives its number.
    pub(crate) fn put_by(&mut self, call: &impl SolCall) -> u32 {
        self.put_by_bytes(call.abi_encode())
    }

    /// The same, of any bytes.
    pub(crate) fn put_by_bytes(&mut self, call: Vec<u8>) -> u32 {
        let (change, call) = (self.acts + 1, Bytes::from(call));
        let (callHash, executableFrom) = (keccak256(&call), self.time as u32 + self.delay);
        self.beside(&ChangeCall { change, call });
        self.emit(|sequence| ChangeWaiting { change, callHash, executableFrom, sequence });
        change
    }

    /// A change takes effect; the verb's own events come next.
    pub(crate) fn execute(&mut self, change: u32) {
        self.emit(|sequence| ChangeExecuted { change, sequence });
    }

    /// A log, of whatever kind.
    pub(crate) fn beside<E: SolEvent>(&mut self, event: &E) {
        let (topics, data) = event.encode_log_data().split();
        let log_index = self.next_log();
        self.logs.push(TrailLog {
            block_number: self.block,
            block_hash: hash_of(self.block),
            parent_hash: hash_of(self.block - 1),
            time: self.time,
            tx: self.tx(),
            log_index,
            topics,
            data,
        });
    }

    /// A payment with its transfers, in a block of its own.
    pub(crate) fn pay(&mut self, nonce: u32, amount: u128, fee: u128) {
        let recipient = if fee == 0 { Address::ZERO } else { RELAYER };
        self.emit(|sequence| Paid {
            session: 1,
            payee: PAYEE,
            r#ref: B256::with_last_byte(nonce as u8),
            token: TOKEN,
            amount,
            fee,
            feeRecipient: recipient,
            category: 1,
            nonce,
            sequence,
        });
        self.transfer(VAULT, PAYEE, U256::from(amount));
        if fee != 0 {
            self.transfer(VAULT, RELAYER, U256::from(fee));
        }
        self.next_block(1);
    }

    pub(crate) fn transfer(&mut self, from: Address, to: Address, value: U256) {
        if from == PURSE && to != VAULT {
            self.authorize();
        }
        let log_index = self.next_log();
        let (block, tx) = (self.block, self.tx());
        let transfer = ObservedTransfer { token: TOKEN, from, to, value, block, tx, log_index };
        if [from, to].contains(&VAULT) {
            self.transfers.push(transfer);
        }
        if [from, to].contains(&PURSE) {
            self.purse_transfers.push(transfer);
        }
    }

    /// The token says that an authorization of the purse was used.
    pub(crate) fn authorize(&mut self) {
        let log_index = self.next_log();
        let (block, tx, nonce) = (self.block, self.tx(), B256::left_padding_from(&log_index.to_be_bytes()));
        self.authorizations.push(ObservedAuthorization { token: TOKEN, purse: PURSE, nonce, block, tx, log_index });
    }

    pub(crate) fn trail(&self) -> Trail {
        Trail::fold(CHAIN, VAULT, self.logs.clone()).expect("the logs of a synthetic vault make a trail")
    }

    /// What a node would say of this vault.
    pub(crate) fn observed(&self) -> Observed {
        let mut observed = observe(&self.trail(), &self.transfers, self.block, self.time);
        observed.purse_transfers = self.purse_transfers.clone();
        observed.authorizations = self.authorizations.clone();
        for one in &mut observed.purses {
            let of = |mine: fn(&ObservedTransfer) -> Address| {
                self.purse_transfers
                    .iter()
                    .filter(|moved| mine(moved) == one.purse)
                    .map(|moved| moved.value)
                    .sum::<U256>()
            };
            one.balance = of(|moved| moved.to) - of(|moved| moved.from);
        }
        observed
    }

    /// The same, by a token that says something else about the vault's balance.
    pub(crate) fn observed_with_balance(&self, balance: U256) -> Observed {
        let explained: Vec<_> = self.transfers.iter().filter(|transfer| transfer.to == VAULT).copied().collect();
        let mut observed = observe(&self.trail(), &explained, self.block, self.time);
        observed.transfers = self.transfers.clone();
        observed.tokens[0].balance = balance;
        observed
    }

    fn tx(&self) -> B256 {
        B256::left_padding_from(&self.block.to_be_bytes())
    }

    fn next_log(&mut self) -> u64 {
        self.log_index += 1;
        self.log_index
    }
}

/// The hash of the block at a height.
fn hash_of(block: u64) -> B256 {
    B256::left_padding_from(&[0xb1, block as u8])
}

/// What a node would say of the vault that a trail is true of, heads at every block included.
pub(crate) fn observe(trail: &Trail, transfers: &[ObservedTransfer], number: u64, time: u64) -> Observed {
    let questions = trail.questions();
    let head =
        |&(block, sequence, running_hash): &(u64, u32, RunningHash)| ObservedHead { block, sequence, running_hash };
    let balance = transfers.iter().fold(U256::ZERO, |balance, transfer| match transfer.to == trail.vault {
        true => balance + transfer.value,
        false => balance - transfer.value,
    });
    let policies = questions.policies.iter();
    Observed {
        chain_id: trail.chain_id,
        vault: trail.vault,
        block: ObservedBlock { number, hash: B256::repeat_byte(7), time },
        head: ObservedHead { block: number, sequence: trail.sequence, running_hash: trail.running_hash },
        earlier_heads: questions.heads.iter().map(head).collect(),
        blocks: questions
            .blocks
            .iter()
            .map(|(&number, transactions)| {
                let block = trail.blocks[&number];
                let transactions = transactions.clone();
                ObservedHeader { number, hash: block.hash, parent: block.parent, time: block.time, transactions }
            })
            .collect(),
        paused: trail.paused,
        epoch: trail.epoch,
        owner_nonce: trail.owner_nonce,
        delay: trail.delay,
        waiting: trail
            .waiting
            .iter()
            .map(|change| WaitingChange {
                change: change.number,
                executableFrom: change.executable_from,
                executableUntil: change.executable_until,
                killed: change.killed,
                callHash: change.call_hash,
            })
            .collect(),
        owner: trail.owner,
        pending_owner: trail.pending_owner,
        treasury: trail.treasury,
        guardian: trail.guardian,
        sessions: trail
            .sessions()
            .map(|session| {
                let view = SessionView {
                    key: session.key,
                    validFrom: session.word.valid_from,
                    validUntil: session.word.valid_until,
                    categories: session.word.categories.bits(),
                    nonceHighest: session.word.nonce_highest,
                    nonceWindow: session.word.nonce_window,
                    epoch: session.word.epoch,
                    revoked: session.revoked,
                };
                (session.id, view)
            })
            .collect(),
        keys: trail.keys.iter().map(|(&key, word)| (key, word.session.get())).collect(),
        policies: policies
            .clone()
            .map(|&(scope, token)| ObservedPolicy {
                scope,
                token,
                per_payment_cap: trail.policies[&(scope, token)].per_payment_cap,
                limits: trail
                    .limits(scope, token, time)
                    .iter()
                    .map(|limit| LimitView {
                        window: limit.window.seconds(),
                        cap: limit.cap.to(),
                        used: limit.used.to(),
                        remaining: limit.remaining.to(),
                        meter: limit.meter.to_word(),
                    })
                    .collect(),
            })
            .collect(),
        meters: policies
            .flat_map(|&(scope, token)| {
                Window::ALL.map(|window| ObservedMeter {
                    scope,
                    token,
                    window,
                    word: trail.meter(scope, token, window).to_word(),
                })
            })
            .collect(),
        payees: trail
            .payees
            .iter()
            .map(|(&payee, category)| (payee, category.map_or(0, |category| category.number())))
            .collect(),
        tokens: trail
            .tokens
            .iter()
            .map(|(&token, &unit_bits)| ObservedToken { token, listed: true, unit_bits, balance })
            .collect(),
        transfers: transfers.to_vec(),
        transfers_from: 0,
        purses: trail
            .purses
            .keys()
            .map(|&purse| ObservedPurse { purse, balance: U256::ZERO, target: U256::from(TARGET) })
            .collect(),
        purse_transfers: Vec::new(),
        authorizations: Vec::new(),
        approvals: Vec::new(),
        owners: Default::default(),
        outflows: Vec::new(),
        origin: None,
        calls: Vec::new(),
    }
}

/// The log with another event's bytes in its place, for a forger who knows the ABI.
pub(crate) fn forged(log: &TrailLog, change: impl FnOnce(&mut IVaultEvents)) -> TrailLog {
    let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
    let mut event = decode(&data).expect("the log is an event");
    change(&mut event);
    let data = IntoLogData::into_log_data(event);
    let (topics, data): (Vec<B256>, Bytes) = data.split();
    TrailLog { topics, data, ..log.clone() }
}
