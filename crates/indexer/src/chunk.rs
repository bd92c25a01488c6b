//! What one transaction adds to an index, and what a rollback takes from it.

use crate::rows::{BlockRef, StoredAuthorization, StoredHead, StoredPurse, StoredRange, StoredTransfer, StoredVault};
use crate::source::{ChainLog, Header};
use crate::state::WrittenState;
use purse_protocol::event::RunningHash;

/// Every log of the trail in a range of blocks, what follows from them, and the headers of the blocks that hold one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    /// Ascending; the last one is where the cursor goes. Without any it stays.
    pub headers: Vec<Header>,
    /// Of the factory and the vaults, by block and index, each in one of `headers`.
    pub logs: Vec<ChainLog>,
    /// Of each of `logs`: its vault's running hash after it (I13); none where it is in no count.
    pub hashes: Vec<Option<RunningHash>>,
    /// What moved from and to vaults and purses, by block and index, each in one of `headers`.
    pub transfers: Vec<StoredTransfer>,
    /// Authorizations of purses that were used, likewise.
    pub authorizations: Vec<StoredAuthorization>,
    /// Vaults that were created.
    pub vaults: Vec<StoredVault>,
    /// Purses that were opened.
    pub purses: Vec<StoredPurse>,
    /// Every vault after every block in which it logged something.
    pub heads: Vec<StoredHead>,
    /// Every vault's state after every block that is not final and in which it or a token of its logged something, and after the
    /// last final one.
    pub states: Vec<WrittenState>,
    /// All blocks of the chunk, those without a log too, and how well they are known.
    pub range: Option<StoredRange>,
    /// Blocks up to this height are final.
    pub finalized: u64,
    /// Whether the vaults' own heads agree with everything up to the last block.
    pub confirmed: bool,
}

impl Chunk {
    /// How many logs it is made of.
    pub const fn log_count(&self) -> usize {
        self.logs.len() + self.transfers.len() + self.authorizations.len()
    }

    /// The last block.
    pub fn end(&self) -> Option<BlockRef> {
        self.headers.last().map(BlockRef::from)
    }

    /// Adds the chunk after it, of blocks that are known as well: nothing follows from either yet.
    pub(crate) fn extend(&mut self, next: Self) {
        self.headers.extend(next.headers);
        self.logs.extend(next.logs);
        self.hashes.extend(next.hashes);
        self.transfers.extend(next.transfers);
        self.authorizations.extend(next.authorizations);
        self.vaults.extend(next.vaults);
        self.purses.extend(next.purses);
        self.heads.extend(next.heads);
        if let (Some(range), Some(next)) = (&mut self.range, next.range) {
            range.last = next.last;
        }
    }
}

/// What a reorganisation undid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The cursor before.
    pub from: BlockRef,
    /// The common ancestor, now the cursor; none when nothing was in common.
    pub to: Option<BlockRef>,
    /// How many stored blocks were marked orphaned.
    pub blocks: u64,
    /// How many logs they hold.
    pub logs: u64,
}
