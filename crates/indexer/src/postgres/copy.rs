//! Rows in the bytes of PostgreSQL's binary COPY: built at once and sent at once, which takes a fraction of the time of
//! handing the driver row after row.

use alloy::primitives::B256;
use postgres::{Error, Transaction};
use std::io::Write;

/// What binary COPY begins with: a signature, no flags, no extension.
const BEGIN: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: the number of columns of no row.
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// The length of what is not there.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// A value in a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    /// BIGINT.
    Int(i64),
    /// BIGINT, or none.
    Maybe(Option<u32>),
    /// BYTEA.
    Bytes(&'a [u8]),
    /// BYTEA: one word after the other.
    Words(&'a [B256]),
    /// BOOLEAN.
    Flag(bool),
}

/// Rows for one table.
#[derive(Debug)]
pub(super) struct Rows {
    into: &'static str,
    bytes: Vec<u8>,
}

impl Rows {
    /// None so far; `into` is the table with its columns, in the order of the cells.
    pub(super) fn new(into: &'static str) -> Self {
        Self { into, bytes: BEGIN.to_vec() }
    }

    /// One more: where it is, and what it says.
    pub(super) fn add(&mut self, place: &[Cell<'_>], cells: &[Cell<'_>]) {
        self.put(((place.len() + cells.len()) as i16).to_be_bytes());
        for cell in place.iter().chain(cells) {
            match *cell {
                Cell::Int(number) => self.cell(&number.to_be_bytes()),
                Cell::Maybe(Some(number)) => self.cell(&i64::from(number).to_be_bytes()),
                Cell::Maybe(None) => self.put(NULL),
                Cell::Bytes(bytes) => self.cell(bytes),
                Cell::Words(words) => {
                    self.put((32 * words.len() as i32).to_be_bytes());
                    words.iter().for_each(|word| self.put(word.0));
                }
                Cell::Flag(flag) => self.cell(&[flag.into()]),
            }
        }
    }

    fn cell(&mut self, bytes: &[u8]) {
        self.put((bytes.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes.extend_from_slice(&bytes);
    }

    /// Copies them into the table, if there are any.
    pub(super) fn copy(mut self, tx: &mut Transaction<'_>) -> Result<(), Error> {
        if self.bytes.len() == BEGIN.len() {
            return Ok(());
        }
        self.put(END);
        let mut writer = tx.copy_in(&format!("COPY {} FROM STDIN BINARY", self.into))?;
        // The driver only keeps what is written first: a connection that is lost shows when it is finished.
        let _kept = writer.write_all(&self.bytes);
        writer.finish().map(drop)
    }
}
