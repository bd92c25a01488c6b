//! The archive: final history as Parquet files that DuckDB and its like read, committed to by hashes. It needs an index to be
//! written, and nothing to be checked.
//!
//! - [`write`](mod@write): what is new and final, from an index into files
//! - [`check`](mod@check): every file read again and held against the manifest, every row against the raw logs
//! - [`manifest`]: what there is, and the hashes that commit to it; `layout`: where it lies
//! - `contents`: rows from logs; `movements`: rows of what tokens say; `event`: an event's fields as JSON; `table`: rows as Parquet
//! - [`error`]: why it could not be done; what is wrong with an archive

pub mod check;
mod contents;
pub mod error;
mod event;
mod layout;
pub mod manifest;
mod movements;
mod table;
pub mod write;

pub use check::{Checked, check};
pub use error::{ArchiveError, Flaw};
pub use manifest::{ListedFile, Manifest, Part, VaultHead};
pub use write::{Source, Written, write};
