//! A chunk as rows of each table.

use super::copy::Cell::{Bytes, Flag, Int, Maybe, Words};
use super::copy::{Cell, Rows};
use crate::chunk::Chunk;
use crate::source::Header;
use crate::state;
use alloy::primitives::B256;
use purse_protocol::event::sequence_of;
use std::collections::{BTreeMap, HashMap};

/// Every block that is not `known`, and all that is in it. Blocks first: other tables refer to them.
/// `last` is the number of the block that was written last.
pub(super) fn of(chain: i64, chunk: &Chunk, known: &BTreeMap<B256, i64>, last: i64) -> Vec<Rows> {
    let headers = chunk.headers.iter().filter(|header| !known.contains_key(&header.hash));
    let block = |(header, id): (&Header, _)| (header.hash, Block { id, time: header.time as i64, logs: 0 });
    let mut new = New { chain: Int(chain), blocks: headers.zip(last + 1..).map(block).collect() };
    let in_blocks = [logs(&mut new, chunk), transfers(&mut new, chunk), authorizations(&mut new, chunk)];
    let rows = [blocks(&new, chunk), vaults(&new, chunk), purses(&new, chunk), heads(&new, chunk), states(&new, chunk)];
    rows.into_iter().chain(in_blocks).collect()
}

/// Blocks that are not in the database yet.
struct New {
    chain: Cell<'static>,
    blocks: HashMap<B256, Block>,
}

struct Block {
    id: i64,
    time: i64,
    logs: i64,
}

impl New {
    fn id(&self, hash: &B256) -> Option<Cell<'static>> {
        self.blocks.get(hash).map(|block| Int(block.id))
    }

    /// Counts a log, and gives the columns in which each says where it is; none of a block that is known.
    fn place(&mut self, hash: &B256, log_index: u64) -> Option<[Cell<'static>; 4]> {
        let block = self.blocks.get_mut(hash)?;
        block.logs += 1;
        Some([self.chain, Int(block.time), Int(block.id), Int(log_index as i64)])
    }
}

fn logs(new: &mut New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("logs (chain_id, time, block, log_index, address, tx, topics, data, sequence)");
    for log in &chunk.logs {
        let Some(place) = new.place(&log.block_hash, log.log_index) else { continue };
        let sequence = sequence_of(&log.topics, &log.data);
        let (address, tx) = (Bytes(log.address.as_slice()), Bytes(log.tx.as_slice()));
        rows.add(&place, &[address, tx, Words(&log.topics), Bytes(&log.data), Maybe(sequence)]);
    }
    rows
}

fn transfers(new: &mut New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("transfers (chain_id, time, block, log_index, tx, token, sender, recipient, amount)");
    for of in &chunk.transfers {
        let Some(place) = new.place(&of.block.hash, of.log_index) else { continue };
        let (sender, recipient) = (Bytes(of.from.as_slice()), Bytes(of.to.as_slice()));
        let amount = of.amount.to_be_bytes::<32>();
        let (tx, token) = (Bytes(of.tx.as_slice()), Bytes(of.token.as_slice()));
        rows.add(&place, &[tx, token, sender, recipient, Bytes(&amount)]);
    }
    rows
}

fn authorizations(new: &mut New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("authorizations (chain_id, time, block, log_index, tx, token, purse, nonce)");
    for of in &chunk.authorizations {
        let Some(place) = new.place(&of.block.hash, of.log_index) else { continue };
        let (tx, token) = (Bytes(of.tx.as_slice()), Bytes(of.token.as_slice()));
        rows.add(&place, &[tx, token, Bytes(of.purse.as_slice()), Bytes(of.nonce.as_slice())]);
    }
    rows
}

fn blocks(new: &New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("blocks (chain_id, id, number, hash, parent, time, logs)");
    for header in &chunk.headers {
        let Some(block) = new.blocks.get(&header.hash) else { continue };
        let (hash, parent) = (Bytes(header.hash.as_slice()), Bytes(header.parent.as_slice()));
        let place = [new.chain, Int(block.id), Int(header.number as i64)];
        rows.add(&place, &[hash, parent, Int(block.time), Int(block.logs)]);
    }
    rows
}

fn vaults(new: &New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("vaults (chain_id, block, log_index, address, owner, treasury, guardian, salt, proven)");
    for vault in &chunk.vaults {
        let Some(block) = new.id(&vault.block.hash) else { continue };
        let place = [new.chain, block, Int(vault.log_index as i64)];
        let (address, owner) = (Bytes(vault.address.as_slice()), Bytes(vault.owner.as_slice()));
        let (treasury, guardian) = (Bytes(vault.treasury.as_slice()), Bytes(vault.guardian.as_slice()));
        rows.add(&place, &[address, owner, treasury, guardian, Bytes(vault.salt.as_slice()), Flag(vault.proven)]);
    }
    rows
}

fn purses(new: &New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("purses (chain_id, block, log_index, address, vault, session, category, token)");
    for purse in &chunk.purses {
        let Some(block) = new.id(&purse.block.hash) else { continue };
        let place = [new.chain, block, Int(purse.log_index as i64)];
        let (address, vault) = (Bytes(purse.address.as_slice()), Bytes(purse.vault.as_slice()));
        let (session, category) = (Int(purse.session.into()), Int(purse.category.into()));
        rows.add(&place, &[address, vault, session, category, Bytes(purse.token.as_slice())]);
    }
    rows
}

fn heads(new: &New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("heads (chain_id, block, vault, sequence, running_hash)");
    for head in &chunk.heads {
        let Some(block) = new.id(&head.block.hash) else { continue };
        let vault = Bytes(head.vault.as_slice());
        rows.add(&[new.chain, block, vault], &[Int(head.sequence.into()), Bytes(head.running_hash.as_slice())]);
    }
    rows
}

fn states(new: &New, chunk: &Chunk) -> Rows {
    let mut rows = Rows::new("states (chain_id, vault, block, format, state)");
    for written in &chunk.states {
        let Some(block) = new.id(&written.block.hash) else { continue };
        rows.add(
            &[new.chain, Bytes(written.vault.as_slice()), block],
            &[Int(state::FORMAT.into()), Bytes(&written.bytes)],
        );
    }
    rows
}
