//! Rows from raw logs, and what follows from them: the vaults as their events leave them. Pure, so that whoever checks an
//! archive derives the same rows again.

use crate::error::Flaw;
use crate::manifest::VaultHead;
use crate::movements::{self, Movements};
use crate::table::{Cell, Column, Kind, Table};
use crate::{event, layout};
use alloy::primitives::{Address, B256, Bytes};
use purse_indexer::{BlockRef, PlacedLog, StoredLog};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::event::{RunningHash, is_outside_trail, next_hash, sequence_of};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

const LOGS: &[Column] = &[
    ("block_number", Kind::Long),
    ("block_hash", Kind::Text),
    ("parent_hash", Kind::Text),
    ("time", Kind::Long),
    ("log_index", Kind::Long),
    ("tx", Kind::Text),
    ("address", Kind::Text),
    ("topic0", Kind::MaybeText),
    ("topic1", Kind::MaybeText),
    ("topic2", Kind::MaybeText),
    ("topic3", Kind::MaybeText),
    ("data", Kind::Text),
];
const EVENTS: &[Column] = &[
    ("block_number", Kind::Long),
    ("time", Kind::Long),
    ("log_index", Kind::Long),
    ("tx", Kind::Text),
    ("vault", Kind::Text),
    ("sequence", Kind::MaybeShort),
    ("event", Kind::Text),
    ("fields", Kind::Text),
];
const PAYMENTS: &[Column] = &[
    ("block_number", Kind::Long),
    ("time", Kind::Long),
    ("log_index", Kind::Long),
    ("tx", Kind::Text),
    ("vault", Kind::Text),
    ("sequence", Kind::Short),
    ("session", Kind::Short),
    ("nonce", Kind::Short),
    ("payee", Kind::Text),
    ("category", Kind::Short),
    ("token", Kind::Text),
    ("amount", Kind::Text),
    ("fee", Kind::Text),
    ("fee_recipient", Kind::Text),
    ("reference", Kind::Text),
];
/// The most topics that a log has.
const TOPICS: usize = 4;

const TABLES: [(&str, &[Column]); layout::TABLES.len()] = [
    ("logs", LOGS),
    ("events", EVENTS),
    ("payments", PAYMENTS),
    ("transfers", movements::TRANSFERS),
    ("authorizations", movements::AUTHORIZATIONS),
];

/// The columns of a table.
pub(crate) fn columns(table: &str) -> Option<(&'static str, &'static [Column])> {
    TABLES.into_iter().find(|(name, _)| *name == table)
}

/// What is known from earlier blocks.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Every vault so far.
    pub(crate) vaults: BTreeMap<Address, VaultHead>,
    /// The vaults and purses, with the blocks in which they came to be; none where an earlier part cannot say.
    pub(crate) accounts: Option<BTreeMap<Address, u64>>,
}

/// Where a row lies in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) block: BlockRef,
    /// The hash of the block before it, where the row has it.
    pub(crate) parent: Option<B256>,
    /// The block's time.
    pub(crate) time: u64,
    pub(crate) log_index: u64,
}

/// Where logs lie.
pub(crate) fn places(logs: &[PlacedLog]) -> Vec<Place> {
    let place = |PlacedLog { log, .. }: &PlacedLog| Place {
        block: BlockRef { number: log.block_number, hash: log.block_hash },
        parent: Some(log.parent_hash),
        time: log.time,
        log_index: log.log_index,
    };
    logs.iter().map(place).collect()
}

/// The rows of some blocks.
#[derive(Debug)]
pub(crate) struct Contents {
    /// In the order of [`crate::layout::TABLES`].
    pub(crate) tables: [Table; layout::TABLES.len()],
    /// The vaults that logged something, as it left them.
    pub(crate) moved: Vec<VaultHead>,
    /// Where every row of the raw tables lies, in the order of the chain.
    pub(crate) places: Vec<Place>,
}

/// What these rows say, each table in the order of the chain; `known` is what was before them, and afterwards what is after
/// them.
pub(crate) fn contents(
    factory: Address,
    known: &mut Known,
    logs: &[PlacedLog],
    movements: &Movements,
) -> Result<Contents, Flaw> {
    let places = in_order(logs, movements)?;
    let Known { vaults, accounts } = known;
    let mut appeared = |account, block| {
        if let Some(accounts) = accounts.as_mut() {
            accounts.entry(account).or_insert(block);
        }
    };
    let (mut raw, mut events) = (Table::new("logs", LOGS), Table::new("events", EVENTS));
    let mut payments = Table::new("payments", PAYMENTS);
    // A vault may log before its factory does.
    for (created, block) in logs.iter().filter_map(|placed| creation(factory, placed)) {
        let head = VaultHead { vault: created, sequence: 0, running_hash: RunningHash::ZERO };
        vaults.entry(created).or_insert(head);
        appeared(created, block);
    }
    let mut moved = BTreeSet::new();
    for placed in logs {
        let PlacedLog { address, log } = placed;
        raw.rows.push(raw_row(placed)?);
        if *address == factory
            && let Some(created) = event::created(&log.topics, &log.data)
        {
            events.rows.push(event_row(created.vault, log, None, &event::of_creation(&created)));
        }
        let Some(head) = vaults.get_mut(address) else { continue };
        let sequence = follow(head, log)?;
        moved.insert(*address);
        let Some(happened) = event::decoded(&log.topics, &log.data) else { continue };
        events.rows.push(event_row(*address, log, sequence, &event::of_vault(&happened)));
        if let IVaultEvents::PurseOpened(opened) = &happened {
            appeared(opened.purse, log.block_number);
        }
        if let IVaultEvents::Paid(paid) = happened {
            payments.rows.push(vec![
                log.block_number.into(),
                log.time.into(),
                log.log_index.into(),
                log.tx.to_string().into(),
                hex(address),
                paid.sequence.into(),
                paid.session.into(),
                paid.nonce.into(),
                hex(&paid.payee),
                u32::from(paid.category).into(),
                hex(&paid.token),
                paid.amount.to_string().into(),
                paid.fee.to_string().into(),
                hex(&paid.feeRecipient),
                paid.r#ref.to_string().into(),
            ]);
        }
    }
    let moved = moved.iter().filter_map(|vault| vaults.get(vault).copied()).collect();
    if let Some(accounts) = accounts {
        movements.are_of(accounts)?;
    }
    let [transfers, authorizations] = movements.tables();
    Ok(Contents { tables: [raw, events, payments, transfers, authorizations], moved, places })
}

/// The raw logs of a table.
pub(crate) fn logs(table: &Table) -> Result<Vec<PlacedLog>, String> {
    table.rows.iter().map(|row| log(row)).collect()
}

/// The vault that a log of the factory announces, and the block.
fn creation(factory: Address, placed: &PlacedLog) -> Option<(Address, u64)> {
    let created = (placed.address == factory).then(|| event::created(&placed.log.topics, &placed.log.data))?;
    Some((created?.vault, placed.log.block_number))
}

/// Where every row lies, if each table is in the order of the chain, no log is in two of them, each block has one hash, and
/// blocks that touch are parent and child.
fn in_order(logs: &[PlacedLog], movements: &Movements) -> Result<Vec<Place>, Flaw> {
    let [transfers, authorizations] = movements.places();
    let tables = [places(logs), transfers, authorizations];
    let mut all = tables.concat();
    all.sort_by_key(|place| (place.block.number, place.log_index));
    for pair in tables.iter().chain([&all]).flat_map(|table| table.windows(2)) {
        let [before, after] = [&pair[0], &pair[1]];
        let place = format!("log {} of block {}", after.log_index, after.block.number);
        let is_next = (before.block.number, before.log_index) < (after.block.number, after.log_index);
        if !is_next || after.time < before.time {
            return Err(Flaw::HistoryBroken(format!("{place} is out of order")));
        }
        let is_same = before.block.number == after.block.number;
        let parents = before.parent.zip(after.parent);
        let one_block = (before.block, before.time) == (after.block, after.time)
            && parents.is_none_or(|(before, after)| before == after);
        let is_child = before.block.number + 1 != after.block.number
            || after.parent.is_none_or(|parent| before.block.hash == parent);
        if (is_same && !one_block) || !is_child {
            return Err(Flaw::HistoryBroken(format!("{place} is of another block than those around it")));
        }
    }
    Ok(all)
}

/// The vault after one more of its logs; the number of the event, where it has one.
fn follow(head: &mut VaultHead, log: &StoredLog) -> Result<Option<u32>, Flaw> {
    if is_outside_trail(&log.topics) {
        return Ok(None);
    }
    let (expected, found) = (head.sequence.wrapping_add(1), sequence_of(&log.topics, &log.data));
    if found != Some(expected) {
        let vault = head.vault;
        let found = found.map_or_else(|| "no number".to_owned(), |found| format!("#{found}"));
        let place = format!("log {} of block {}", log.log_index, log.block_number);
        return Err(Flaw::HistoryBroken(format!("{place}, of vault {vault}, is event {found}, expected #{expected}")));
    }
    head.sequence = expected;
    head.running_hash = next_hash(head.running_hash, &log.topics, &log.data);
    Ok(Some(expected))
}

fn raw_row(placed: &PlacedLog) -> Result<Vec<Cell>, Flaw> {
    let PlacedLog { address, log } = placed;
    if log.topics.len() > TOPICS {
        let text = format!("log {} of block {} has {} topics", log.log_index, log.block_number, log.topics.len());
        return Err(Flaw::HistoryBroken(text));
    }
    let mut row: Vec<Cell> = vec![
        log.block_number.into(),
        log.block_hash.to_string().into(),
        log.parent_hash.to_string().into(),
        log.time.into(),
        log.log_index.into(),
        log.tx.to_string().into(),
        hex(address),
    ];
    row.extend((0..TOPICS).map(|index| log.topics.get(index).map(ToString::to_string).into()));
    row.push(log.data.to_string().into());
    Ok(row)
}

fn event_row(vault: Address, log: &StoredLog, sequence: Option<u32>, told: &event::Told) -> Vec<Cell> {
    vec![
        log.block_number.into(),
        log.time.into(),
        log.log_index.into(),
        log.tx.to_string().into(),
        hex(&vault),
        sequence.into(),
        told.name.to_owned().into(),
        told.fields.clone().into(),
    ]
}

/// In lower case: SQL compares letters.
pub(crate) fn hex(address: &Address) -> Cell {
    format!("{address:#x}").into()
}

/// A row of raw logs, read.
fn log(row: &[Cell]) -> Result<PlacedLog, String> {
    let [number, block_hash, parent_hash, time, index, tx, address, topics @ .., data] = row else {
        return Err("a row has too few columns".into());
    };
    let topics = topics.iter().take_while(|cell| **cell != Cell::None);
    Ok(PlacedLog {
        address: text(address)?,
        log: StoredLog {
            block_number: long(number)?,
            block_hash: text(block_hash)?,
            parent_hash: text(parent_hash)?,
            time: long(time)?,
            log_index: long(index)?,
            tx: text(tx)?,
            topics: topics.map(text::<B256>).collect::<Result<_, _>>()?,
            data: text::<Bytes>(data)?,
        },
    })
}

pub(crate) fn long(cell: &Cell) -> Result<u64, String> {
    if let Cell::Number(number) = cell { Ok(*number) } else { Err("a number is missing".into()) }
}

pub(crate) fn text<T: FromStr>(cell: &Cell) -> Result<T, String> {
    let Cell::Text(text) = cell else { return Err("a text is missing".into()) };
    text.parse().map_err(|_| format!("{text} is not what its column holds"))
}
