//! What a vault's logs say: payments as rows, creations of vaults. Pure.

use crate::error::IndexError;
use crate::rows::{BlockRef, StoredPayment, StoredVault};
use crate::source::ChainLog;
use alloy::primitives::{Address, B256, Bytes, LogData};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IVault::{IVaultEvents, Paid};
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::{VaultConfig, create2, event};

/// A log of a vault, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// A payment.
    Payment(Box<StoredPayment>),
    /// Any other event of the vault.
    Other,
    /// None that this program knows: of a newer vault, or altered. It is kept as it is; the running hash tells which.
    Unknown,
}

/// Reads a log of a vault.
pub(crate) fn read(log: &ChainLog) -> Read {
    match event::decode(&LogData::new_unchecked(log.topics.clone(), log.data.clone())) {
        Ok(IVaultEvents::Paid(paid)) => {
            Read::Payment(Box::new(payment(log.address, log.block_hash, log.log_index, &paid)))
        }
        Ok(_) => Read::Other,
        Err(_) => Read::Unknown,
    }
}

/// The payment that a stored log is, to compare its row with.
pub(crate) fn payment_of(
    vault: Address,
    (block_hash, log_index): (B256, u64),
    topics: Vec<B256>,
    data: Bytes,
) -> Option<StoredPayment> {
    match event::decode(&LogData::new_unchecked(topics, data)) {
        Ok(IVaultEvents::Paid(paid)) => Some(payment(vault, block_hash, log_index, &paid)),
        _ => None,
    }
}

fn payment(vault: Address, block_hash: B256, log_index: u64, paid: &Paid) -> StoredPayment {
    StoredPayment {
        vault,
        block_hash,
        log_index,
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
    }
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
