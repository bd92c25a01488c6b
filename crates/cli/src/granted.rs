//! Which sessions a vault ever granted: from its logs, since the chain has no list of them.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::ledger::{Follow, Ledger, books};
use crate::rpc_failure;
use alloy::primitives::LogData;
use alloy::providers::Provider as _;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent as _;
use purse_deployer::book;
use purse_indexer::REORG_DEPTH;
use purse_protocol::abi::IVault::{IVaultEvents, SessionGranted};
use purse_protocol::{RpcFault, event};
use std::collections::BTreeSet;

/// Most questions to a node that does not answer for the whole chain at once: beyond that the index is the way.
const MAX_QUERIES: u32 = 48;

/// The sessions that were granted.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    /// Their numbers.
    pub(crate) ids: BTreeSet<u32>,
    /// Whether these are all.
    pub(crate) complete: bool,
}

impl Granted {
    /// Reads the index, if there is one, and asks the node for what came since.
    pub(crate) async fn read(context: &Context, vault: &Vault) -> Result<Self, Failure> {
        let (mut granted, mut from) = Self::indexed(context, vault);
        let head = vault.head().await?.number;
        let mut span = (head + 1).saturating_sub(from);
        for _ in 0..MAX_QUERIES {
            if from > head {
                granted.complete = true;
                break;
            }
            let to = from.saturating_add(span - 1).min(head);
            let filter = Filter::new().address(vault.address).event_signature(SessionGranted::SIGNATURE_HASH);
            match vault.node.provider.get_logs(&filter.from_block(from).to_block(to)).await.map_err(RpcFault::from) {
                Ok(logs) => {
                    granted.extend(logs.iter().map(|log| log.inner.data.clone()));
                    from = to + 1;
                }
                // Nodes bound the blocks or logs of one question, each in its own words.
                Err(RpcFault::Rejected { .. }) if span > 1 => span /= 2,
                Err(RpcFault::Rejected { .. }) => break,
                Err(fault) => return Err(rpc_failure::of_fault(&fault)),
            }
        }
        Ok(granted)
    }

    /// What the index knows, and the first block that it may know otherwise than the chain. Without an index: nothing,
    /// and the block that deployed the vault.
    fn indexed(context: &Context, vault: &Vault) -> (Self, u64) {
        let mut granted = Self::default();
        let ledger = Ledger::find(context, vault.node.chain_id, &Follow::default());
        let store = ledger.ok().and_then(|ledger| ledger.open_existing().ok().flatten());
        let logs = store.as_ref().and_then(|store| store.logs(vault.address).ok()).unwrap_or_default();
        if logs.is_empty() {
            return (granted, deployment_block(context, vault));
        }
        granted.extend(logs.into_iter().map(|log| LogData::new_unchecked(log.topics, log.data)));
        let cursor = store.and_then(|store| store.cursor().ok().flatten()).map_or(0, |block| block.number);
        (granted, cursor.saturating_sub(REORG_DEPTH))
    }

    fn extend(&mut self, logs: impl Iterator<Item = LogData>) {
        self.ids.extend(logs.filter_map(|log| match event::decode(&log) {
            Ok(IVaultEvents::SessionGranted(granted)) => Some(granted.session),
            _ => None,
        }));
    }
}

/// The block that deployed the vault, or any before it.
fn deployment_block(context: &Context, vault: &Vault) -> u64 {
    let Ok(Some(book)) = book::load(&books(context), vault.node.chain_id) else { return 0 };
    let record = book.vaults.iter().find(|record| record.vault.address == vault.address);
    record.and_then(|record| record.vault.block).unwrap_or(0)
}
