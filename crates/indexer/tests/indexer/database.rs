//! The databases that an index can be kept in. Each story is told on both.

use crate::chain::CHAIN;
use crate::server;
use purse_indexer::{PostgresStore, SqliteStore, Store};
use std::time::Duration;

/// Which one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Where an index lies, to be opened more than once.
pub(crate) enum Place {
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

impl Place {
    pub(crate) fn open(&self) -> Box<dyn Store> {
        match self {
            Self::Sqlite(folder) => Box::new(SqliteStore::open(folder.path().join("index.db"), CHAIN).unwrap()),
            Self::Postgres(schema) => Box::new(postgres(schema)),
        }
    }

    /// What an older program would have left, as far as later steps of the schema ask for it: in PostgreSQL a block was its hash.
    pub(crate) fn age(&self) {
        if let Self::Postgres(schema) = self {
            change(schema, include_str!("hashed_blocks.sql"));
        }
    }

    /// SQL by somebody who can write to it.
    pub(crate) fn change(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                rusqlite::Connection::open(folder.path().join("index.db")).unwrap().execute_batch(sql).unwrap();
            }
            Self::Postgres(schema) => change(schema, sql),
        }
    }
}

/// SQL by somebody who can write to that schema. The client brings its own runtime, hence a thread of its own.
pub(crate) fn change(schema: &str, sql: &str) {
    let sql = format!("SET search_path TO {schema}; {sql}");
    let execute = move || {
        let mut client = ::postgres::Client::connect(server::url().unwrap(), ::postgres::NoTls).unwrap();
        client.batch_execute(&sql).unwrap();
    };
    std::thread::spawn(execute).join().unwrap();
}

/// The index of that schema. A second writer does not wait for the first.
pub(crate) fn postgres(schema: &str) -> PostgresStore {
    let url = server::url().expect("a story is told on PostgreSQL only where there is one");
    PostgresStore::open(url, schema, CHAIN).unwrap().with_patience(Duration::from_millis(1))
}

impl Database {
    /// A new place.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Sqlite => Place::Sqlite(tempfile::tempdir().unwrap()),
            Self::Postgres => Place::Postgres(server::schema()),
        }
    }

    /// Of many points that a story goes through, every how many: a schema takes far longer to make than a file.
    pub(crate) const fn stride(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 9,
        }
    }

    /// An index that was never synced.
    pub(crate) fn fresh(self) -> Box<dyn Store> {
        match self {
            Self::Sqlite => Box::new(SqliteStore::open(":memory:", CHAIN).unwrap()),
            Self::Postgres => self.place().open(),
        }
    }
}

/// A story as a test on each database. Without PostgreSQL its half is not told; `make test` says so at its end.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::database::Database;

            #[tokio::test]
            async fn sqlite() {
                super::$story(Database::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                if crate::server::url().is_some() {
                    super::$story(Database::Postgres).await;
                }
            }
        }
    )*};
}

pub(crate) use on_both;
