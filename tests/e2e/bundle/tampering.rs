//! Random edits of a bundle. The forger knows the format and writes a right end under it, three times of four; what
//! catches the edit is what the bundle proves, not its own hash.

use super::{another_vault, busy, known};
use alloy::consensus::Header;
use alloy::primitives::{B256, U256, keccak256};
use alloy::rlp::Decodable as _;
use purse_audit::evidence::Evidence;
use purse_audit::{Known, Outcome, bundle, verify};
use purse_indexer::collect;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Edits that change something, and must be caught.
const EDITS: usize = 1_000;

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 += 1;
        let word = U256::from_be_bytes(keccak256(self.0.to_be_bytes()).0);
        (word % U256::from(end)).to()
    }
}

/// What was done, for the message.
type Edited = (String, String);

#[tokio::test]
async fn a_thousand_edits_are_a_thousand_caught() -> anyhow::Result<()> {
    let scene = busy().await?;
    let other = lines(&bundle::write(&another_vault(&scene).await?)?.0);
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    let known = known(&scene);
    let (text, _) = bundle::write(&evidence)?;
    assert!(passes(&bundle::read(&text)?.0, &known));
    let (mut draws, mut caught, mut nothing, mut kinds) = (Draws(20_261_123), 0, 0, std::collections::BTreeMap::new());
    while caught < EDITS {
        let (what, edited) = edit(&mut draws, &text, &other);
        if let Ok((read, _)) = bundle::read(&edited) {
            // Another case of a digit, a line exchanged for itself: a reader understands just what was there before.
            if read == evidence {
                nothing += 1;
                assert!(nothing < EDITS, "the edits change nothing");
                continue;
            }
            assert!(!passes(&read, &known), "not caught: {what}");
        }
        *kinds.entry(what.split(':').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
        caught += 1;
    }
    assert!(kinds.len() >= 7 && kinds.values().all(|&count| count > 20), "every kind of edit was tried: {kinds:?}");
    Ok(())
}

/// A forger who makes headers anew moves the time of a block: its hash fits, and the events are the chain's. Nothing here can
/// tell, the checkpoint reaches the head alone, and the report says so.
#[tokio::test]
async fn of_a_forged_header_the_report_says_that_it_is_trusted() -> anyhow::Result<()> {
    let scene = busy().await?;
    let mut evidence = collect(&scene.provider, scene.vault, 1).await?;
    let head = evidence.head.hash;
    let paid = evidence.blocks.iter().rposition(|block| block.number < evidence.head.number).expect("an earlier block");
    let block = &mut evidence.blocks[paid];
    let mut header = Header::decode(&mut &block.header[..])?;
    header.timestamp += 1;
    let bytes = alloy::rlp::encode(&header);
    (block.hash, block.header) = (keccak256(&bytes), bytes.into());
    for (checkpoint, trusted) in
        [(None, "that all headers are of the chain"), (Some(head), "that the headers before it are of the chain")]
    {
        let (_, report) = verify(&evidence, &Known { checkpoint, ..known(&scene) })?;
        assert!(report.holds());
        let row = report.checks.iter().find(|check| check.id == "evidence").expect("it is there");
        assert!(row.outcome == Outcome::Holds && row.detail.contains(trusted), "{}", row.detail);
    }
    let header = {
        let mut header = Header::decode(&mut &evidence.head.header[..])?;
        header.timestamp += 1;
        alloy::rlp::encode(&header)
    };
    (evidence.head.hash, evidence.head.header) = (keccak256(&header), header.into());
    let refused = verify(&evidence, &Known { checkpoint: Some(head), ..known(&scene) }).expect_err("another head");
    assert_eq!(refused.code(), "CheckpointDiffers");
    Ok(())
}

fn passes(evidence: &Evidence, known: &Known) -> bool {
    verify(evidence, known).is_ok_and(|(_, report)| report.holds())
}

/// All lines but the end.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.pop();
    lines
}

/// With an end that fits.
fn sealed(lines: &[String]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let end = json!({ "end": { "lines": lines.len(), "hash": B256::from_slice(&Sha256::digest(&text)) } });
    format!("{text}{end}\n")
}

fn edit(draws: &mut Draws, text: &str, other: &[String]) -> Edited {
    let mut rows = lines(text);
    let at = draws.below(rows.len());
    let what = match draws.below(8) {
        0 => {
            rows.remove(at);
            format!("drop: line {at}")
        }
        1 => {
            let with = draws.below(rows.len());
            rows.swap(at, with);
            format!("reorder: lines {at} and {with}")
        }
        2 => {
            let row = rows[draws.below(rows.len())].clone();
            rows.insert(at, row);
            format!("insert: a line again, as line {at}")
        }
        3 => {
            let from = draws.below(other.len());
            rows.insert(at, other[from].clone());
            format!("foreign: line {from} of another vault, as line {at}")
        }
        4 => {
            let from = draws.below(other.len());
            rows[at] = other[from].clone();
            format!("exchange: line {at} for line {from} of another vault")
        }
        5 => return bytes(draws, text),
        6 => in_line(draws, &mut rows, at, "list", list),
        _ => in_line(draws, &mut rows, at, "alter", leaf),
    };
    (what, sealed(&rows))
}

/// One byte of the file, without a new end.
fn bytes(draws: &mut Draws, text: &str) -> Edited {
    let mut bytes = text.as_bytes().to_vec();
    let at = draws.below(bytes.len());
    bytes[at] = b"0123456789abcdef\",{}[]: "[draws.below(24)];
    (format!("byte: {at}"), String::from_utf8(bytes).expect("all of it is ASCII"))
}

fn in_line(
    draws: &mut Draws,
    rows: &mut [String],
    at: usize,
    kind: &str,
    change: fn(&mut Draws, &mut Value) -> String,
) -> String {
    let mut row: Value = serde_json::from_str(&rows[at]).expect("a line is JSON");
    let what = change(draws, &mut row);
    rows[at] = row.to_string();
    format!("{kind}: line {at}, {what}")
}

/// Every value of a kind within a value, by its path.
fn paths(value: &Value, path: String, wanted: fn(&Value) -> bool, found: &mut Vec<String>) {
    if wanted(value) {
        found.push(path.clone());
    }
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| paths(item, format!("{path}/{index}"), wanted, found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| paths(field, format!("{path}/{name}"), wanted, found));
        }
        _ => {}
    }
}

fn pick<'a>(draws: &mut Draws, row: &'a mut Value, wanted: fn(&Value) -> bool) -> (String, Option<&'a mut Value>) {
    let mut found = Vec::new();
    paths(row, String::new(), wanted, &mut found);
    if found.is_empty() {
        return ("nothing to change".to_owned(), None);
    }
    let path = found.swap_remove(draws.below(found.len()));
    let value = row.pointer_mut(&path);
    (path, value)
}

/// Takes an item out of a list, puts one there twice, or exchanges two.
fn list(draws: &mut Draws, row: &mut Value) -> String {
    let (path, value) = pick(draws, row, |value| value.as_array().is_some_and(|items| !items.is_empty()));
    if let Some(Value::Array(items)) = value {
        let at = draws.below(items.len());
        match draws.below(3) {
            0 => drop(items.remove(at)),
            1 => items.insert(at, items[at].clone()),
            _ => {
                let with = draws.below(items.len());
                items.swap(at, with);
            }
        }
    }
    path
}

/// Another value in place of one.
fn leaf(draws: &mut Draws, row: &mut Value) -> String {
    let (path, value) = pick(draws, row, |value| !value.is_array() && !value.is_object());
    let Some(value) = value else { return path };
    let before = value.to_string();
    *value = match &*value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_u64().unwrap_or(0) + 1),
        Value::String(text) => {
            let mut text = text.clone().into_bytes();
            match text.len() {
                0 => text.push(b'1'),
                length => {
                    let at = draws.below(length);
                    text[at] = b"0123456789abcdefABCDEF"[draws.below(22)];
                }
            }
            json!(String::from_utf8_lossy(&text))
        }
        _ => json!(1),
    };
    format!("{path}: {:.60} -> {:.60}", before, value.to_string())
}
