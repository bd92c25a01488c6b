//! What a vault's logs say: payments, creations of vaults. Pure.

use crate::error::IndexError;
use crate::page::PlacedPayment;
use crate::rows::{BlockRef, StoredLog, StoredPayment, StoredVault};
use crate::source::ChainLog;
use alloy::primitives::{Address, B256, Bytes, LogData};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::{VaultConfig, create2, event};

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
    /// Without it the factory is taken at its word.
    pub(crate) creation_code: Option<Bytes>,
}

impl Factory {
    /// The vaults that the factory announced in these logs, each at the address that its configuration leads to (I14).
    pub(crate) fn created(&self, logs: &[ChainLog]) -> Result<Vec<StoredVault>, IndexError> {
        let announced =
            |log: &&ChainLog| log.address == self.address && log.topics.first() == Some(&VaultCreated::SIGNATURE_HASH);
        logs.iter().filter(announced).map(|log| self.new_vault(log)).collect()
    }

    fn new_vault(&self, log: &ChainLog) -> Result<StoredVault, IndexError> {
        let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
        let event = VaultCreated::decode_log_data(&data).map_err(|_| {
            IndexError::Inconsistent(format!("log {} of block {} is no VaultCreated", log.log_index, log.block_number))
        })?;
        let VaultCreated { vault, owner, treasury, guardian, salt } = event;
        if let Some(code) = &self.creation_code {
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
            proven: self.creation_code.is_some(),
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
