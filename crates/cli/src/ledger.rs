//! The index: which factory it follows from which block, and where it lies: in a file, or in a database that many share.

use crate::config;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::library_failure;
use crate::names::{address, short};
use crate::output::Output;
use crate::release::locked_vault;
use alloy::primitives::Address;
use alloy::providers::DynProvider;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use purse_audit::Trail;
use purse_deployer::book;
use purse_indexer::{
    BlockRef, Indexer, Looked, PostgresStore, Progress, Rechecked, RpcSource, SCHEMA_NAME, SqliteStore, Store,
    StoreError, Synced, Truth,
};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What is said of each reorganisation.
const ROLLED_BACK: &str = "a reorganisation was rolled back";
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

/// The URL of a PostgreSQL, which may hold a password: nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DatabaseUrl")
    }
}

impl From<&str> for DatabaseUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl DatabaseUrl {
    fn check(&self) -> Result<&Self, Failure> {
        if self.0.starts_with("postgresql://") || self.0.starts_with("postgres://") {
            return Ok(self);
        }
        Err(Failure::usage(
            "DatabaseInvalid",
            "that is no database that can be shared",
            "--database and PURSE_DATABASE name a PostgreSQL by its URL",
            "give postgresql://user@host/database, or leave it out: an index of your own is a file",
        ))
    }
}

/// Where an index lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// In a PostgreSQL.
    Shared(DatabaseUrl),
}

/// Nodes to ask, each with its name.
pub(crate) type Nodes = Vec<(String, DynProvider)>;

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
    /// Where it lies.
    pub(crate) place: Place,
    /// The chain that it is of.
    pub(crate) chain_id: u64,
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
        let place = match &context.global.database {
            Some(url) => Place::Shared(url.check()?.clone()),
            None => Place::File(config::data_folder()?.join("index").join(file)),
        };
        Ok(Self { factory, from_block, place, chain_id })
    }

    /// Opens it; makes it if there is none.
    pub(crate) fn open(&self) -> Result<Box<dyn Store>, Failure> {
        if let Place::File(path) = &self.place
            && let Some(folder) = path.parent()
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::error(
                    "FileNotWritten",
                    format!("cannot make the folder {}", folder.display()),
                    error.to_string(),
                    "check that it is yours, or set XDG_DATA_HOME to another place",
                )
            })?;
        }
        self.store().map_err(|error| library_failure::of_store(&error))
    }

    /// Opens it, the folder being there.
    pub(crate) fn store(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(match &self.place {
            Place::File(path) => Box::new(SqliteStore::open(path, self.chain_id)?),
            Place::Shared(url) => Box::new(PostgresStore::open(&url.0, SCHEMA_NAME, self.chain_id)?),
        })
    }

    /// Its file; or that it is shared, without what may be a password.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Shared(_) => "the shared index".to_owned(),
        }
    }

    /// Opens it if it is there.
    pub(crate) fn open_existing(&self) -> Result<Option<Box<dyn Store>>, Failure> {
        match &self.place {
            Place::File(path) if !path.exists() => Ok(None),
            _ => self.open().map(Some),
        }
    }

    /// Removes the file: all that it held can be read from the chain again.
    pub(crate) fn forget(&self) -> Result<(), Failure> {
        let Place::File(file) = &self.place else {
            return Err(Failure::usage(
                "SharedIndex",
                "an index that others share is not forgotten from here",
                "--database names it",
                format!("drop its schema {SCHEMA_NAME} in the database yourself, then run purse index"),
            ));
        };
        // SQLite's own companions first: a log without its file would be replayed into a new one.
        for ending in ["-wal", "-shm", ""] {
            let mut path = file.clone().into_os_string();
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
        let nodes = vec![(String::new(), provider)];
        let (store, synced, _) = self.sync_from(nodes, Trust::default(), output).await?;
        Ok((store, synced))
    }

    /// What indexes into it from these nodes.
    pub(crate) fn indexer(
        &self,
        nodes: Nodes,
        trust: Trust,
    ) -> Result<Indexer<purse_indexer::Nodes<RpcSource<DynProvider>>>, Failure> {
        let nodes = nodes.into_iter().map(|(name, provider)| (name, RpcSource::new(provider)));
        let nodes = purse_indexer::Nodes::new(nodes);
        let indexer = Indexer::over(nodes, self.open()?, self.factory, self.from_block).with_truth(trust.verify);
        let indexer = indexer.with_code_hash(locked_vault("creation")?);
        Ok(match trust.checkpoint {
            Some(checkpoint) => indexer.with_checkpoint(checkpoint),
            None => indexer,
        })
    }

    /// The same as [`sync`](Self::sync) from several nodes, after a second look at what is known less well than is wanted.
    pub(crate) async fn sync_from(
        &self,
        nodes: Nodes,
        trust: Trust,
        output: Output,
    ) -> Result<(Box<dyn Store>, Synced, Rechecked), Failure> {
        let mut indexer = self.indexer(nodes, trust)?;
        let bar = Bar::again(output);
        let rechecked = indexer.recheck(|looked| bar.looked(looked)).await;
        bar.end();
        let rechecked = rechecked.map_err(|error| library_failure::of_index(&error))?;
        rechecked.rollbacks.iter().for_each(|_| output.note(ROLLED_BACK));
        let bar = Bar::new(output, self.from_block);
        let synced = indexer.sync_to_head(|progress| match progress {
            Progress::Committed { to, head, .. } => bar.reached(to, head),
            Progress::RolledBack(_) => output.note(ROLLED_BACK),
        });
        let synced = synced.await;
        bar.end();
        let synced = synced.map_err(|error| library_failure::of_index(&error))?;
        Ok((indexer.into_store(), synced, rechecked))
    }
}

/// A bar of the blocks that are still to come, on stderr.
pub(crate) struct Bar {
    bar: ProgressBar,
    from_block: u64,
}

impl Bar {
    /// A bar that begins at a block.
    pub(crate) fn new(output: Output, from_block: u64) -> Self {
        Self::doing("indexing", output, from_block)
    }

    /// A bar of a second look.
    fn again(output: Output) -> Self {
        Self::doing("looking again", output, 0)
    }

    fn doing(what: &str, output: Output, from_block: u64) -> Self {
        let bar = if output.wants_progress() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = format!("{what} {{wide_bar}} {{pos}}/{{len}} blocks, {{per_sec}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { bar, from_block }
    }

    /// Everything up to block `to` is indexed.
    pub(crate) fn reached(&self, to: u64, head: u64) {
        self.bar.set_length((head + 1).saturating_sub(self.from_block));
        self.bar.set_position((to + 1).saturating_sub(self.from_block));
    }

    /// So much was looked at again.
    fn looked(&self, looked: Looked) {
        self.bar.set_length(looked.all);
        self.bar.set_position(looked.done);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
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
