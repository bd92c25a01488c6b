//! An anvil of one's own. Its clock stands still between blocks and moves as the test says.

use crate::actors::Actors;
use alloy::eips::BlockNumberOrTag;
use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where npm puts anvil, relative to the checkout.
const ANVIL: &str = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
/// Anvil mines at once, so a receipt is there at the first or second look.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How long anvil may take to start, in milliseconds: a kept chain can be long.
const STARTS_WITHIN: u64 = 600_000;

/// How far a chain that goes with the wall's clock stays behind, in seconds: more blocks than a scene is made of.
const BEHIND: u64 = 300;

/// A local chain, which ends with this value.
#[derive(Debug)]
pub struct LocalChain {
    anvil: AnvilInstance,
    genesis: u64,
    /// Asks the chain, and signs for every actor but the payees.
    pub provider: DynProvider,
    /// Who acts.
    pub actors: Actors,
}

/// The rules of the chains of most stories.
const ETHEREUM: [&str; 2] = ["--hardfork", "osaka"];

impl LocalChain {
    /// The time of the first block, 15 January 2027, 08:00:00 UTC.
    pub const GENESIS: u64 = 1_800_000_000;

    /// The checkout that this program was built from.
    pub fn checkout() -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.parent().unwrap_or(here).to_path_buf()
    }

    /// Starts a chain of that EIP-155 id under the rules of Osaka. Each block is one second after the one before,
    /// unless the test says otherwise.
    ///
    /// # Errors
    /// When there is no anvil, neither in `node_modules` nor on PATH (`make setup` installs it), or it does not start.
    pub async fn start(chain_id: u64) -> anyhow::Result<Self> {
        let chain = Self::begin(chain_id, Self::GENESIS, &ETHEREUM)?;
        // Else blocks would be dated by the wall clock.
        chain.provider.anvil_set_block_timestamp_interval(1).await?;
        Ok(chain)
    }

    /// The same under the rules of the OP stack.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_optimism(chain_id: u64) -> anyhow::Result<Self> {
        let chain = Self::begin(chain_id, Self::GENESIS, &["--network", "optimism"])?;
        chain.provider.anvil_set_block_timestamp_interval(1).await?;
        Ok(chain)
    }

    /// Starts a chain whose clock goes with the wall's, for those who judge by both (x402 facilitators do). It stays a
    /// little behind, so that blocks made faster than one a second do not run ahead.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_now(chain_id: u64) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Self::begin(chain_id, now - BEHIND, &ETHEREUM)
    }

    /// Goes on with the chain that was [kept](Self::keep) in a file, or starts one like [`start`](Self::start) if there is
    /// none.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn kept(chain_id: u64, file: &Path) -> anyhow::Result<Self> {
        let path = file.display().to_string();
        let flag = if file.exists() { "--load-state" } else { "--dump-state" };
        let chain = Self::begin(chain_id, Self::GENESIS, &[&ETHEREUM[..], &[flag, &path]].concat())?;
        chain.provider.anvil_set_block_timestamp_interval(1).await?;
        Ok(chain)
    }

    /// Ends a chain that [`kept`](Self::kept) started, and keeps it in the file.
    ///
    /// # Errors
    /// When anvil does not end as asked.
    pub fn keep(mut self) -> anyhow::Result<()> {
        let anvil = self.anvil.child_mut();
        ensure!(Command::new("kill").args(["-INT", &anvil.id().to_string()]).status()?.success(), "anvil is gone");
        let ended = anvil.wait()?;
        ensure!(ended.success(), "anvil ended with {ended}");
        Ok(())
    }

    fn begin(chain_id: u64, genesis: u64, rules: &[&str]) -> anyhow::Result<Self> {
        let pinned = Self::checkout().join(ANVIL);
        let program = if pinned.exists() { pinned } else { PathBuf::from("anvil") };
        let anvil = Anvil::at(program)
            .chain_id(chain_id)
            .args(rules)
            .args(["--timestamp", &genesis.to_string()])
            .timeout(STARTS_WITHIN)
            .try_spawn()
            .context("anvil does not start; `make setup` installs it")?;
        let actors = Actors::new(&anvil)?;
        // Nonces are asked for each time: remembered ones would be wrong after a revert.
        let provider = ProviderBuilder::new()
            .with_simple_nonce_management()
            .wallet(actors.wallet())
            .connect_http(anvil.endpoint_url())
            .erased();
        provider.client().set_poll_interval(POLL_INTERVAL);
        Ok(Self { anvil, genesis, provider, actors })
    }

    /// The time of the first block.
    pub fn genesis(&self) -> u64 {
        self.genesis
    }

    /// Where the chain listens, for programs under test.
    pub fn rpc_url(&self) -> String {
        self.anvil.endpoint()
    }

    /// The chain's EIP-155 id.
    pub fn chain_id(&self) -> u64 {
        self.anvil.chain_id()
    }

    /// The time of the latest block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn now(&self) -> anyhow::Result<u64> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        Ok(block.context("there is always a latest block")?.header.timestamp)
    }

    /// All that a contract stores: every word that is not zero, by its slot.
    ///
    /// # Errors
    /// When the node does not answer, or `gzip` is missing.
    pub async fn storage(&self, account: Address) -> anyhow::Result<BTreeMap<B256, B256>> {
        let mut packed = tempfile::tempfile()?;
        packed.write_all(&self.provider.anvil_dump_state().await?)?;
        packed.rewind()?;
        let unpacked = Command::new("gzip").arg("-dc").stdin(packed).output().context("gzip unpacks anvil's state")?;
        let state: Value = serde_json::from_slice(&unpacked.stdout)?;
        let words = state["accounts"][format!("{account:#x}")]["storage"].clone();
        let mut words: BTreeMap<B256, B256> = serde_json::from_value(words)?;
        words.retain(|_, word| !word.is_zero());
        Ok(words)
    }

    /// Dates the next block, be it mined for a transaction or by [`mine`](Self::mine).
    ///
    /// # Errors
    /// When the time is before the latest block's.
    pub async fn set_next_time(&self, time: u64) -> anyhow::Result<()> {
        Ok(self.provider.anvil_set_next_block_timestamp(time).await?)
    }

    /// Mines an empty block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn mine(&self) -> anyhow::Result<()> {
        Ok(self.provider.anvil_mine(Some(1), None).await?)
    }

    /// Mines an empty block of that time, so that views see it.
    ///
    /// # Errors
    /// When the time is before the latest block's.
    pub async fn mine_at(&self, time: u64) -> anyhow::Result<()> {
        self.set_next_time(time).await?;
        self.mine().await
    }

    /// Remembers the chain as it is, for [`revert`](Self::revert).
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn snapshot(&self) -> anyhow::Result<U256> {
        Ok(self.provider.anvil_snapshot().await?)
    }

    /// Puts the chain back to what it was at the snapshot, which is used up.
    ///
    /// # Errors
    /// When there is no such snapshot.
    pub async fn revert(&self, snapshot: U256) -> anyhow::Result<()> {
        ensure!(self.provider.anvil_revert(snapshot).await?, "there is no snapshot {snapshot}");
        Ok(())
    }
}
