//! What a vault's logs list and its storage does not: sessions, payees, limits of categories, calls that wait.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::ledger::{Follow, Ledger, books};
use crate::rpc_failure;
use alloy::primitives::{Address, B256, Bytes, LogData};
use alloy::providers::Provider as _;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent as _;
use purse_deployer::book;
use purse_owner::Verb;
use purse_protocol::abi::IVault::{ChangeCall, IVaultEvents, LimitSet, PayeeRemoved, PayeeSet, SessionGranted};
use purse_protocol::{RpcFault, event};
use std::collections::{BTreeMap, BTreeSet};

/// Most questions to a node that does not answer for the whole chain at once: beyond that the index is the way.
const MAX_QUERIES: u32 = 48;

/// The sessions that were granted.
#[derive(Debug)]
pub(crate) struct Granted {
    /// Their numbers.
    pub(crate) ids: BTreeSet<u32>,
    /// Sessions and categories that ever had a limit of their own, in whichever token.
    pub(crate) by_category: BTreeSet<(u32, u8)>,
    /// Whether these are all.
    pub(crate) complete: bool,
}

/// The sessions of the vault, whoever granted them from wherever.
pub(crate) async fn sessions(context: &Context, vault: &Vault) -> Result<Granted, Failure> {
    let signatures = vec![SessionGranted::SIGNATURE_HASH, LimitSet::SIGNATURE_HASH];
    let logs = Logs::read(context, vault, signatures).await?;
    let (mut ids, mut by_category) = (BTreeSet::new(), BTreeSet::new());
    for event in logs.events() {
        match event {
            IVaultEvents::SessionGranted(granted) => drop(ids.insert(granted.session)),
            IVaultEvents::LimitSet(set) if set.category != 0 => drop(by_category.insert((set.session, set.category))),
            _ => {}
        }
    }
    Ok(Granted { ids, by_category, complete: logs.complete })
}

/// The call of a change that began to wait.
#[derive(Debug)]
pub(crate) struct Call {
    /// A verb's calldata.
    pub(crate) call: Bytes,
    /// Whether it lists a payee that was taken out of the book since.
    pub(crate) payee_removed: bool,
}

/// The calls of the changes that ever waited, by their numbers: those that index or node tell.
pub(crate) async fn calls(context: &Context, vault: &Vault) -> Result<BTreeMap<u32, Call>, Failure> {
    let logs = Logs::read(context, vault, vec![ChangeCall::SIGNATURE_HASH, PayeeRemoved::SIGNATURE_HASH]).await?;
    let mut calls: BTreeMap<u32, Call> = BTreeMap::new();
    for event in logs.events() {
        match event {
            IVaultEvents::ChangeCall(logged) => {
                calls.insert(logged.change, Call { call: logged.call, payee_removed: false });
            }
            IVaultEvents::PayeeRemoved(removed) => {
                for call in calls.values_mut() {
                    call.payee_removed |= lists(&call.call, removed.payee);
                }
            }
            _ => {}
        }
    }
    Ok(calls)
}

/// Whether a call puts that payee in the book.
fn lists(call: &Bytes, payee: Address) -> bool {
    let verb = Verb::from_call(call).map(|verb| verb.inner().unwrap_or(verb));
    matches!(verb, Some(Verb::SetPayees(payees)) if payees.iter().any(|(listed, _)| *listed == payee))
}

/// The payees in the book with their categories' numbers; `None` where neither index nor node tells them all.
pub(crate) async fn payees(context: &Context, vault: &Vault) -> Result<Option<BTreeMap<Address, u8>>, Failure> {
    let logs = Logs::read(context, vault, vec![PayeeSet::SIGNATURE_HASH, PayeeRemoved::SIGNATURE_HASH]).await?;
    let mut book = BTreeMap::new();
    for event in logs.events() {
        match event {
            IVaultEvents::PayeeSet(set) => drop(book.insert(set.payee, set.category)),
            IVaultEvents::PayeeRemoved(removed) => drop(book.remove(&removed.payee)),
            _ => {}
        }
    }
    Ok(logs.complete.then_some(book))
}

/// Some of a vault's logs, in order; the last blocks of the index may come twice.
#[derive(Debug, Default)]
struct Logs {
    list: Vec<LogData>,
    complete: bool,
}

impl Logs {
    /// Reads the index, if there is one, and asks the node for what came since.
    async fn read(context: &Context, vault: &Vault, signatures: Vec<B256>) -> Result<Self, Failure> {
        let (mut logs, mut from) = Self::indexed(context, vault);
        let head = vault.head().await?.number;
        let mut span = (head + 1).saturating_sub(from);
        for _ in 0..MAX_QUERIES {
            if from > head {
                break;
            }
            let to = from.saturating_add(span - 1).min(head);
            let filter = Filter::new().address(vault.address).event_signature(signatures.clone());
            match vault.node.provider.get_logs(&filter.from_block(from).to_block(to)).await.map_err(RpcFault::from) {
                Ok(some) => {
                    logs.list.extend(some.into_iter().map(|log| log.inner.data));
                    from = to + 1;
                }
                // Nodes bound the blocks or logs of one question, each in its own words.
                Err(RpcFault::Rejected { .. }) if span > 1 => span /= 2,
                Err(RpcFault::Rejected { .. }) => break,
                Err(fault) => return Err(rpc_failure::of_fault(&fault)),
            }
        }
        logs.complete = from > head;
        Ok(logs)
    }

    /// What the index knows, and the first block that it may know otherwise than the chain. Without an index: nothing,
    /// and the block that deployed the vault.
    fn indexed(context: &Context, vault: &Vault) -> (Self, u64) {
        let ledger = Ledger::find(context, vault.node.chain_id, &Follow::default());
        let store = ledger.ok().and_then(|ledger| ledger.open_existing().ok().flatten());
        let logs = store.as_ref().and_then(|store| store.logs(vault.address).ok()).unwrap_or_default();
        if logs.is_empty() {
            return (Self::default(), deployment_block(context, vault));
        }
        let list = logs.into_iter().map(|log| LogData::new_unchecked(log.topics, log.data)).collect();
        let extent = store.and_then(|store| store.extent().ok()).unwrap_or_default();
        let cursor = extent.cursor.map_or(0, |block| block.number);
        (Self { list, complete: false }, cursor.min(extent.finalized))
    }

    fn events(&self) -> impl Iterator<Item = IVaultEvents> {
        self.list.iter().filter_map(|log| event::decode(log).ok())
    }
}

/// The block that deployed the vault, or any before it.
fn deployment_block(context: &Context, vault: &Vault) -> u64 {
    let Ok(Some(book)) = book::load(&books(context), vault.node.chain_id) else { return 0 };
    let record = book.vaults.iter().find(|record| record.vault.address == vault.address);
    record.and_then(|record| record.vault.block).unwrap_or(0)
}
