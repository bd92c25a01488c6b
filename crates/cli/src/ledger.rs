//! The local index: which factory it follows from which block, and where its file lies.

use crate::config;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::library_failure;
use crate::names::{address, short};
use crate::output::Output;
use alloy::primitives::Address;
use alloy::providers::DynProvider;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use purse_audit::Trail;
use purse_deployer::book;
use purse_indexer::{BlockRef, Indexer, Nodes, Progress, RpcSource, SqliteStore, Store, Synced, Truth};
use std::path::PathBuf;
use std::time::Duration;

/// How often the progress bar moves.
const TICK: Duration = Duration::from_millis(100);

/// What to follow, where the address book does not say.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Follow {
    /// The vault's factory [default: the profile's or the address book's]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) factory: Option<String>,
    /// The block that deployed the factory, or any before it [default: as for the factory]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from_block: Option<u64>,
}

/// How little the nodes are trusted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trust {
    /// How well final blocks shall be known.
    pub(crate) verify: Truth,
    /// A block whose hash is known from elsewhere.
    pub(crate) checkpoint: Option<BlockRef>,
}

/// The index of a factory's vaults.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// What it follows.
    pub(crate) factory: Address,
    /// From where.
    pub(crate) from_block: u64,
    /// Its file.
    pub(crate) path: PathBuf,
    chain_id: u64,
}

impl Ledger {
    /// The index for the vaults of the factory that the flags or the address book name.
    pub(crate) fn find(context: &Context, chain_id: u64, follow: &Follow) -> Result<Self, Failure> {
        let known = book::load(&books(context), chain_id).map_err(|error| library_failure::of_book(&error))?;
        let known = known.map(|book| (book.factory.address, book.factory.block.unwrap_or(0)));
        let profile = context.profile()?;
        let known = profile.factory.map(|factory| (factory, profile.from_block.unwrap_or(0))).or(known);
        let (factory, block) = match (&follow.factory, known) {
            (Some(text), _) => (address(text)?, 0),
            (None, Some(known)) => known,
            (None, None) => {
                return Err(Failure::usage(
                    "FactoryMissing",
                    "which vaults are to be followed?",
                    format!("there is no address book of chain {chain_id} in {}", books(context).display()),
                    "name the factory: --factory ADDRESS --from-block NUMBER",
                ));
            }
        };
        let from_block = follow.from_block.unwrap_or(block);
        let file = format!("{chain_id}-{factory:#x}-{from_block}.sqlite");
        let path = config::data_folder()?.join("index").join(file);
        Ok(Self { factory, from_block, path, chain_id })
    }

    /// Opens the file; makes it if there is none.
    pub(crate) fn open(&self) -> Result<Box<dyn Store>, Failure> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::error(
                    "FileNotWritten",
                    format!("cannot make the folder {}", folder.display()),
                    error.to_string(),
                    "check that it is yours, or set XDG_DATA_HOME to another place",
                )
            })?;
        }
        let store = SqliteStore::open(&self.path, self.chain_id).map_err(|error| library_failure::of_store(&error))?;
        Ok(Box::new(store))
    }

    /// Opens the file if there is one.
    pub(crate) fn open_existing(&self) -> Result<Option<Box<dyn Store>>, Failure> {
        if self.path.exists() { self.open().map(Some) } else { Ok(None) }
    }

    /// Removes the file: all that it held can be read from the chain again.
    pub(crate) fn forget(&self) -> Result<(), Failure> {
        // SQLite's own companions first: a log without its file would be replayed into a new one.
        for ending in ["-wal", "-shm", ""] {
            let mut path = self.path.clone().into_os_string();
            path.push(ending);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::error(
                        "FileNotWritten",
                        format!("cannot remove {}", PathBuf::from(path).display()),
                        error.to_string(),
                        "check that the file is yours",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Follows the chain to its head, with progress on stderr.
    pub(crate) async fn sync(
        &self,
        provider: DynProvider,
        output: Output,
    ) -> Result<(Box<dyn Store>, Synced), Failure> {
        self.sync_from(vec![(String::new(), provider)], Trust::default(), output).await
    }

    /// The same from several nodes, each with its name.
    pub(crate) async fn sync_from(
        &self,
        nodes: Vec<(String, DynProvider)>,
        trust: Trust,
        output: Output,
    ) -> Result<(Box<dyn Store>, Synced), Failure> {
        let nodes = nodes.into_iter().map(|(name, provider)| (name, RpcSource::new(provider)));
        let mut indexer = Indexer::over(Nodes::new(nodes), self.open()?, self.factory, self.from_block);
        indexer = indexer.with_truth(trust.verify);
        if let Some(checkpoint) = trust.checkpoint {
            indexer = indexer.with_checkpoint(checkpoint);
        }
        let bar = if output.wants_progress() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("indexing {wide_bar} {pos}/{len} blocks, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        let from_block = self.from_block;
        let synced = indexer.sync_to_head(|progress| match progress {
            Progress::Committed { to, head, .. } => {
                bar.set_length((head + 1).saturating_sub(from_block));
                bar.set_position((to + 1).saturating_sub(from_block));
            }
            Progress::RolledBack(_) => output.note("a reorganisation was rolled back"),
        });
        let synced = synced.await;
        bar.finish_and_clear();
        let synced = synced.map_err(|error| library_failure::of_index(&error))?;
        Ok((indexer.into_store(), synced))
    }
}

/// The folder of address books, beside the config file.
pub(crate) fn books(context: &Context) -> PathBuf {
    context.folder().join("deployments")
}

/// The trail of `vault`, folded from the logs in `store`.
pub(crate) fn trail(store: &dyn Store, vault: &Vault) -> Result<Trail, Failure> {
    let logs = store.logs(vault.address).map_err(|error| library_failure::of_store(&error))?;
    if logs.is_empty() {
        return Err(Failure::error(
            "NoTrail",
            format!("the index knows nothing of the vault {}", short(vault.address)),
            "it was not indexed yet, or another factory made it",
            "run purse index, or name the vault's factory with --factory",
        ));
    }
    let logs = logs.into_iter().map(Into::into);
    Trail::fold(vault.node.chain_id, vault.address, logs).map_err(|error| library_failure::of_trail(&error))
}
