//! The most that can leave a vault (I17), as the stateless contract `VaultLens` tells it: what waits included.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::ledger::books;
use crate::money::{Token, of_view};
use crate::rpc_failure;
use crate::sessions::{Session, VaultBound};
use crate::waits::{self, Waiting};
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::Provider as _;
use purse_deployer::book;
use purse_protocol::abi::IVaultLens::{IVaultLensInstance, NoVaultLimit};

/// Horizons longer than that are cut: time has 32 bits.
const LONGEST_HORIZON: u64 = u32::MAX as u64;

/// The lens of the address book, if the chain has it: a local chain that was started anew has lost what the book knows.
pub(crate) async fn lens(context: &Context, vault: &Vault) -> Result<Option<Address>, Failure> {
    let book = book::load(&books(context), vault.node.chain_id).ok().flatten();
    let Some(lens) = book.and_then(|book| book.lens).map(|lens| lens.address) else { return Ok(None) };
    let code = vault.node.provider.get_code_at(lens).await.map_err(rpc_failure::of)?;
    Ok((!code.is_empty()).then_some(lens))
}

/// Whom to ask for the most that can leave.
#[derive(Debug, Clone)]
pub(crate) struct Outflow<'a> {
    vault: &'a Vault,
    token: &'a Token,
    bound: &'a VaultBound,
    now: u64,
    /// The lens and the calls that wait; none where either is not known.
    lens: Option<(Address, Vec<Bytes>)>,
}

impl<'a> Outflow<'a> {
    /// Asks the lens of the address book, if the chain has it.
    pub(crate) async fn new(
        context: &Context,
        vault: &'a Vault,
        token: &'a Token,
        bound: &'a VaultBound,
        waiting: &[Waiting],
        now: u64,
    ) -> Result<Self, Failure> {
        let lens = lens(context, vault).await?;
        let lens = lens.and_then(|lens| Some((lens, waits::calls(waiting)?)));
        Ok(Self { vault, token, bound, now, lens })
    }

    /// Whether what waits is counted in.
    pub(crate) const fn counts_waiting(&self) -> bool {
        self.lens.is_some()
    }

    /// The most that a session can take within `seconds`, no more than the vault and its purses hold.
    pub(crate) async fn of_session(&self, session: &Session, seconds: u64) -> Result<U256, Failure> {
        match self.ask(session.id, seconds).await? {
            Some(most) => Ok(most.min(self.bound.in_all())),
            None => Ok(session.worst_case(self.token, self.now, self.end(seconds), self.bound)),
        }
    }

    /// The most that all sessions together can take within `seconds` by the vault's own limits; none where it has none.
    pub(crate) async fn of_vault(&self, seconds: u64) -> Result<Option<U256>, Failure> {
        if self.bound.limits.is_empty() {
            return Ok(None);
        }
        match self.ask(0, seconds).await? {
            Some(most) => Ok(Some(most.min(self.bound.in_all()))),
            None => Ok(Some(self.bound.worst_case(self.token, self.now, self.end(seconds)))),
        }
    }

    /// As the lens counts: the last second of the horizon is part of it.
    const fn end(&self, seconds: u64) -> u64 {
        self.now.saturating_add(seconds).saturating_add(1)
    }

    async fn ask(&self, session: u32, seconds: u64) -> Result<Option<U256>, Failure> {
        let Some((lens, calls)) = &self.lens else { return Ok(None) };
        let lens = IVaultLensInstance::new(*lens, &self.vault.node.provider);
        let horizon = u32::try_from(seconds.min(LONGEST_HORIZON)).unwrap_or(u32::MAX);
        let asked = lens.maxOutflow(self.vault.address, session, self.token.address, horizon, calls.clone());
        match asked.call().await {
            Ok(most) => Ok(Some(most)),
            Err(error) if error.as_decoded_error::<NoVaultLimit>().is_some() => Ok(None),
            Err(error) => Err(of_view(error)),
        }
    }
}
