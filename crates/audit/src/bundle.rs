//! Evidence as one file: JSON lines, one thing a line, in a fixed order, so that it can be read by anything for ever. The first line
//! says what it is and its version, the last holds the SHA-256 of all bytes before it (`head -n -1 FILE | sha256sum`). The hash is only against accidents
//! and for whoever notes it down: what is in the file is believed by what it proves.

use crate::evidence::{BlockEvidence, Evidence, EvidenceOf, HeadEvidence};
use crate::evidence_error::EvidenceError;
use crate::observed::Observed;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The version that this program writes and reads.
pub const VERSION: u32 = 1;
/// What the first line says the file is.
const FORMAT: &str = "pursestrings audit bundle";

/// A line of the file: an object with one field, the line's kind.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Bundle(Title),
    Head(HeadEvidence),
    Said(Box<Observed>),
    Block(BlockEvidence),
    End(End),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    format: String,
    version: u32,
    of: EvidenceOf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// Lines before this one.
    lines: usize,
    /// SHA-256 of all bytes before this line.
    hash: B256,
}

/// Writes the evidence; gives the file's text and its hash.
///
/// # Errors
/// When something in it has no form in JSON; nothing of a vault is so.
pub fn write(evidence: &Evidence) -> Result<(String, B256), serde_json::Error> {
    let mut text = String::new();
    let mut line = |row: &Row| -> Result<(), serde_json::Error> {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
        Ok(())
    };
    line(&Row::Bundle(Title { format: FORMAT.to_owned(), version: VERSION, of: evidence.of }))?;
    line(&Row::Head(evidence.head.clone()))?;
    line(&Row::Said(Box::new(evidence.said.clone())))?;
    for block in &evidence.blocks {
        line(&Row::Block(block.clone()))?;
    }
    sealed(&text)
}

/// The lines with their end.
fn sealed(text: &str) -> Result<(String, B256), serde_json::Error> {
    let hash = sha256(text);
    let end = serde_json::to_string(&Row::End(End { lines: text.lines().count(), hash }))?;
    Ok((format!("{text}{end}\n"), hash))
}

fn sha256(text: &str) -> B256 {
    B256::from_slice(&Sha256::digest(text))
}

/// Reads a bundle; gives its hash too.
///
/// # Errors
/// [`EvidenceError::Version`], [`EvidenceError::Line`] or [`EvidenceError::Seal`]: it is of another version, cannot be
/// understood, or was altered. What it says is not judged here.
pub fn read(text: &str) -> Result<(Evidence, B256), EvidenceError> {
    let seal = |why: &str| EvidenceError::Seal { why: why.to_owned() };
    let body = text.strip_suffix('\n').ok_or_else(|| seal("it breaks off within a line"))?;
    let (body, last) = body.rsplit_once('\n').ok_or_else(|| seal("it has no last line"))?;
    let mut rows = body.split('\n').enumerate().map(|(number, line)| row(number + 1, line));
    let unexpected = |line| EvidenceError::Line { line, why: "it is not what comes here".to_owned() };
    let Some(Row::Bundle(title)) = rows.next().transpose()? else { return Err(unexpected(1)) };
    if title.format != FORMAT {
        return Err(unexpected(1));
    }
    if title.version != VERSION {
        return Err(EvidenceError::Version { found: title.version, known: VERSION });
    }
    let Some(Row::Head(head)) = rows.next().transpose()? else { return Err(unexpected(2)) };
    let Some(Row::Said(said)) = rows.next().transpose()? else { return Err(unexpected(3)) };
    let mut blocks = Vec::new();
    for row in rows {
        let Row::Block(block) = row? else { return Err(unexpected(blocks.len() + 4)) };
        blocks.push(block);
    }
    let lines = blocks.len() + 3;
    let Row::End(end) = row(lines + 1, last)? else { return Err(seal("it has no last line")) };
    let hash = sha256(&text[..=body.len()]);
    if (end.lines, end.hash) != (lines, hash) {
        return Err(seal("the hash or the number of its lines is another"));
    }
    Ok((Evidence { of: title.of, head, said: *said, blocks }, hash))
}

fn row(line: usize, text: &str) -> Result<Row, EvidenceError> {
    serde_json::from_str(text).map_err(|error| EvidenceError::Line { line, why: error.to_string() })
}
