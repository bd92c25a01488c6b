//! What a vault's logs say: payments, creations of vaults. Pure.

use crate::error::IndexError;
use crate::page::PlacedPayment;
use crate::rows::{BlockRef, StoredLog, StoredPayment, StoredVault};
use crate::source::ChainLog;
use alloy::primitives::{Address, B256, Bytes, LogData, keccak256};
use alloy::sol_types::{SolCall, SolEvent};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::abi::IVaultFactory::{VaultCreated, createVaultCall};
use purse_protocol::{VaultConfig, create2, event};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Transactions of one range, and calls in one of them, that are searched for the vaults' code: whoever creates a vault pays for
/// as many as he likes.
const TELLING: usize = 16;

/// Whether a log of a vault is none that this program knows: of a newer vault, or altered. It is kept as it is; the running
/// hash tells which.
pub(crate) fn is_unknown(topics: &[B256], data: &[u8]) -> bool {
    event::decode_raw(topics, data).is_err()
}

/// The payment that a stored log of a vault is; none where it is no payment as the vault encodes it.
pub(crate) fn payment_of(vault: Address, log: &StoredLog) -> Option<PlacedPayment> {
    let Ok(IVaultEvents::Paid(paid)) = event::decode_raw(&log.topics, &log.data) else { return None };
    let payment = StoredPayment {
        vault,
        block_hash: log.block_hash,
        log_index: log.log_index,
        sequence: paid.sequence,
        session: paid.session,
        nonce: paid.nonce,
        payee: paid.payee,
        category: paid.category,
        token: paid.token,
        amount: paid.amount,
        fee: paid.fee,
        fee_recipient: paid.feeRecipient,
        reference: paid.r#ref,
    };
    Some(PlacedPayment { payment, block: log.block_number, time: log.time, tx: log.tx })
}

/// The factory whose vaults are followed.
#[derive(Debug, Clone)]
pub(crate) struct Factory {
    pub(crate) address: Address,
    pub(crate) chain_id: u64,
    /// The hash of its vaults' creation code, where it is known.
    pub(crate) code_hash: Option<B256>,
    /// The code itself, once it was seen. Without it the factory is taken at its word.
    pub(crate) creation_code: OnceLock<Bytes>,
}

impl Factory {
    /// Nobody knows its vaults' code.
    pub(crate) const fn new(address: Address, chain_id: u64) -> Self {
        Self { address, chain_id, code_hash: None, creation_code: OnceLock::new() }
    }

    /// The transactions whose input may hold the vaults' code, where it is wanted and was not seen yet.
    pub(crate) fn telling(&self, logs: &[ChainLog]) -> BTreeSet<B256> {
        let is_wanted = self.code_hash.is_some() && self.creation_code.get().is_none();
        let announced = logs.iter().filter(|log| is_wanted && self.announces(log));
        announced.map(|log| log.tx).take(TELLING).collect()
    }

    /// Takes the vaults' code from the input of a transaction, a call of `createVault` or one that passes such a call on, if it
    /// is the code of the known hash.
    pub(crate) fn learn(&self, input: &[u8]) {
        let calls = input.windows(4).enumerate().filter(|(_, word)| **word == createVaultCall::SELECTOR);
        let codes = calls.take(TELLING).filter_map(|(at, _)| createVaultCall::abi_decode(&input[at..]).ok());
        if let Some(call) = codes.into_iter().find(|call| Some(keccak256(&call.creationCode)) == self.code_hash) {
            let _known = self.creation_code.set(call.creationCode);
        }
    }

    fn announces(&self, log: &ChainLog) -> bool {
        log.address == self.address && log.topics.first() == Some(&VaultCreated::SIGNATURE_HASH)
    }

    /// The vaults that the factory announced in these logs, each at the address that its configuration leads to (I14).
    pub(crate) fn created(&self, logs: &[ChainLog]) -> Result<Vec<StoredVault>, IndexError> {
        logs.iter().filter(|log| self.announces(log)).map(|log| self.new_vault(log)).collect()
    }

    fn new_vault(&self, log: &ChainLog) -> Result<StoredVault, IndexError> {
        let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
        let event = VaultCreated::decode_log_data(&data).map_err(|_| {
            IndexError::Inconsistent(format!("log {} of block {} is no VaultCreated", log.log_index, log.block_number))
        })?;
        let VaultCreated { vault, owner, treasury, guardian, salt } = event;
        if let Some(code) = self.creation_code.get() {
            let config = VaultConfig { owner, treasury, guardian };
            let expected = create2::vault_address(self.address, self.chain_id, code, &config, salt);
            if expected != vault {
                return Err(IndexError::VaultNotFromFactory { vault, expected, block: log.block_number });
            }
        }
        Ok(StoredVault {
            address: vault,
            owner,
            treasury,
            guardian,
            salt,
            block: BlockRef { number: log.block_number, hash: log.block_hash },
            log_index: log.log_index,
            proven: self.creation_code.get().is_some(),
        })
    }
}

/// The column in which a row of a vault says something else than the factory's log; none when it does not.
pub(crate) fn altered_column(vault: &StoredVault, topics: Vec<B256>, data: Bytes) -> Option<&'static str> {
    match VaultCreated::decode_log_data(&LogData::new_unchecked(topics, data)) {
        Err(_) => Some("data"),
        Ok(log) if log.vault != vault.address => Some("address"),
        Ok(log) if log.owner != vault.owner => Some("owner"),
        Ok(log) if log.treasury != vault.treasury => Some("treasury"),
        Ok(log) if log.guardian != vault.guardian => Some("guardian"),
        Ok(log) if log.salt != vault.salt => Some("salt"),
        Ok(_) => None,
    }
}
