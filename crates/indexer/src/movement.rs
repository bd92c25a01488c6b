//! What tokens say of vaults and purses: what moved, and which authorizations were used. Pure.

use crate::rows::{BlockRef, StoredAuthorization, StoredPurse, StoredTransfer};
use crate::source::ChainLog;
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use purse_protocol::abi::IVault::PurseOpened;
use std::collections::BTreeMap;

/// A log of a token, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Movement {
    Transfer(StoredTransfer),
    Authorization(StoredAuthorization),
}

impl Movement {
    /// The accounts that it is about.
    pub(crate) fn accounts(&self) -> [Address; 2] {
        match self {
            Self::Transfer(moved) => [moved.from, moved.to],
            Self::Authorization(used) => [used.purse; 2],
        }
    }
}

/// Reads a token's log; none where it is encoded as no token of ERC-20 encodes it: the two rows hold all that it says.
pub(crate) fn read(log: &ChainLog) -> Option<Movement> {
    let [kind, first, second] = log.topics[..] else { return None };
    let block = BlockRef { number: log.block_number, hash: log.block_hash };
    let (log_index, tx, token) = (log.log_index, log.tx, log.address);
    let account = |word| {
        let account = Address::from_word(word);
        (account.into_word() == word).then_some(account)
    };
    match kind {
        Transfer::SIGNATURE_HASH if log.data.len() == 32 => {
            let (from, to) = (account(first)?, account(second)?);
            let amount = U256::from_be_slice(&log.data);
            Some(Movement::Transfer(StoredTransfer { block, log_index, tx, token, from, to, amount }))
        }
        AuthorizationUsed::SIGNATURE_HASH if log.data.is_empty() => {
            let (purse, nonce) = (account(first)?, second);
            Some(Movement::Authorization(StoredAuthorization { block, log_index, tx, token, purse, nonce }))
        }
        _ => None,
    }
}

/// The purse that a vault's log opens.
pub(crate) fn opened(log: &ChainLog) -> Option<StoredPurse> {
    if log.topics.first() != Some(&PurseOpened::SIGNATURE_HASH) {
        return None;
    }
    let event = PurseOpened::decode_raw_log_validate(log.topics.iter().copied(), &log.data).ok()?;
    Some(StoredPurse {
        address: event.purse,
        vault: log.address,
        session: event.session,
        category: event.category,
        token: event.token,
        block: BlockRef { number: log.block_number, hash: log.block_hash },
        log_index: log.log_index,
    })
}

/// What belongs to the trail: what an account does from the block on in which it came to be, whichever question brought it.
/// `since`: those that came to be in these blocks; others that are known are older.
pub(crate) fn belongs(
    movement: &Movement,
    block: u64,
    since: &BTreeMap<Address, u64>,
    is_older: impl Fn(&Address) -> bool,
) -> bool {
    movement.accounts().iter().any(|account| match since.get(account) {
        Some(first) => block >= *first,
        None => is_older(account),
    })
}
