//! An index of a scene's vault, a server over it, and somebody who asks.

use super::server;
use alloy::primitives::Address;
use alloy::providers::DynProvider;
use alloy::transports::http::reqwest::{self, Client, RequestBuilder};
use anyhow::{Context, ensure};
use futures::future::BoxFuture;
use purse_api::{Api, AskToken, Health, NodeTokens, Readers, TokenWords, serve};
use purse_indexer::{Indexer, PostgresStore, RpcSource, SqliteStore, Store, StoreError};
use purse_tests::Scene;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Which database.
#[derive(Debug, Clone, Copy)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

/// Where an index lies.
#[derive(Clone)]
enum Place {
    Sqlite(Arc<tempfile::TempDir>),
    Postgres(String),
}

impl Place {
    fn open(&self, chain_id: u64) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite(folder) => Box::new(SqliteStore::open(folder.path().join("index.db"), chain_id)?),
            Self::Postgres(schema) => {
                Box::new(PostgresStore::open(server::url().unwrap_or_default(), schema, chain_id)?)
            }
        })
    }
}

/// A server over an index.
pub(super) struct Served {
    pub(super) indexer: Indexer<RpcSource<DynProvider>>,
    pub(super) health: Arc<Health>,
    pub(super) url: String,
    pub(super) client: Client,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: String,
    pub(super) tag: Option<String>,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text).with_context(|| self.text.clone())
    }
}

impl Served {
    /// An index of the scene's factory, up to date, and a server over it. Time is the last block's.
    pub(super) async fn new(scene: &Scene, database: Database) -> anyhow::Result<Self> {
        Self::with_tokens(scene, database, Box::new(NodeTokens(scene.provider.clone()))).await
    }

    /// The same, and somebody else says what tokens say.
    pub(super) async fn with_tokens(
        scene: &Scene,
        database: Database,
        tokens: Box<dyn AskToken>,
    ) -> anyhow::Result<Self> {
        let place = match database {
            Database::Sqlite => Place::Sqlite(Arc::new(tempfile::tempdir()?)),
            Database::Postgres => Place::Postgres(server::schema()),
        };
        let chain_id = scene.chain_id();
        let store = place.open(chain_id)?;
        let indexer = Indexer::new(scene.provider.clone(), store, scene.build.factory_address(), 1);
        let indexer = indexer.with_creation_code(scene.build.vault.creation_code.clone());
        let health = Arc::new(Health::new(3));
        let readers = Readers::new(move || place.open(chain_id));
        let api = Api::new(chain_id, readers, health.clone(), Some(tokens), || 0);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(serve(listener, api));
        let mut served = Self { indexer, health, url, client: Client::new(), task };
        served.sync().await?;
        Ok(served)
    }

    /// Indexes to the head and tells everybody, as the following loop does.
    pub(super) async fn sync(&mut self) -> anyhow::Result<()> {
        let synced = self.indexer.sync_to_head(|_| {}).await?;
        let moment = self.indexer.store().moment()?;
        self.health.polled(moment, synced.block.context("a block")?.number);
        Ok(())
    }

    /// A request for a path.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    /// The answer to a request.
    pub(super) async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let answer = request.send().await?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (media, tag) = (header(reqwest::header::CONTENT_TYPE).unwrap_or_default(), header(reqwest::header::ETAG));
        Ok(Answer { status: answer.status().as_u16(), media, tag, text: answer.text().await? })
    }

    /// The JSON at a path, which must be there.
    pub(super) async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.ask(self.get(path)).await?;
        ensure!((answer.status, answer.media.as_str()) == (200, "application/json"), "{path}: {answer:?}");
        answer.json()
    }
}

/// Says the same of every token.
pub(super) struct Liar(pub(super) TokenWords);

impl AskToken for Liar {
    fn ask(&self, _: Address) -> BoxFuture<'_, Option<TokenWords>> {
        Box::pin(std::future::ready(Some(self.0.clone())))
    }
}

/// A story as a test on each database. Without PostgreSQL its half is not told; `make test` says so at its end.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::api::served::Database;

            #[tokio::test]
            async fn sqlite() -> anyhow::Result<()> {
                super::$story(Database::Sqlite).await
            }

            #[tokio::test]
            async fn postgres() -> anyhow::Result<()> {
                if crate::api::server::url().is_none() {
                    return Ok(());
                }
                super::$story(Database::Postgres).await
            }
        }
    )*};
}

pub(super) use on_both;
