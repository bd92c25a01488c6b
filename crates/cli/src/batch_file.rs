//! A list of payments: JSON lines, or CSV with a head.

use crate::failure::Failure;
use crate::files;
use serde::Deserialize;
use std::path::Path;

/// Longest file read: a thousand payments have about 100 KB.
const MAX_BYTES: usize = 1024 * 1024;
/// The columns of a CSV file; the last may be left out.
const COLUMNS: [&str; 4] = ["payee", "amount", "reason", "purchase"];

/// One payment as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    /// A name or an address.
    pub(crate) payee: String,
    /// Such as 0.01.
    pub(crate) amount: String,
    /// What for.
    pub(crate) reason: String,
    /// What is bought.
    #[serde(default)]
    pub(crate) purchase: String,
}

/// Reads a file; what begins with `{` is JSON lines, anything else CSV. At least one payment.
pub(crate) fn load(path: &Path) -> Result<Vec<Item>, Failure> {
    let invalid = |cause: String| {
        Failure::usage(
            "BatchInvalid",
            format!("cannot understand {}", path.display()),
            cause,
            "write one JSON object per line, or CSV under the head payee,amount,reason,purchase",
        )
    };
    let text = files::read_if_there(path)?.ok_or_else(|| invalid("there is no such file".to_owned()))?;
    if text.len() > MAX_BYTES {
        return Err(invalid(format!("it has {} bytes; at most {MAX_BYTES} are read", text.len())));
    }
    let items = if text.trim_start().starts_with('{') { json_lines(&text) } else { csv(&text) }.map_err(invalid)?;
    if items.is_empty() { Err(invalid("it lists no payment".to_owned())) } else { Ok(items) }
}

fn json_lines(text: &str) -> Result<Vec<Item>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))).collect()
}

fn csv(text: &str) -> Result<Vec<Item>, String> {
    let mut records = records(text)?.into_iter();
    let (_, head) = records.next().ok_or("it is empty")?;
    if !(head == COLUMNS || head == COLUMNS[..3]) {
        return Err(format!("line 1: the head is not {}", COLUMNS.join(",")));
    }
    records
        .map(|(line, cells)| {
            if cells.len() != head.len() {
                return Err(format!("line {line}: {} cells under a head of {}", cells.len(), head.len()));
            }
            let mut cells = cells.into_iter();
            let mut next = || cells.next().unwrap_or_default();
            Ok(Item { payee: next(), amount: next(), reason: next(), purchase: next() })
        })
        .collect()
}

/// The records of a CSV text (RFC 4180) with the lines that they begin on. Empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let (mut records, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begin, mut quoted, mut was_quoted) = (1, 1, false, false);
    let mut chars = text.chars().peekable();
    loop {
        let c = chars.next();
        line += usize::from(c == Some('\n'));
        match c {
            Some('"') if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            Some('"') if quoted => quoted = false,
            None if quoted => return Err(format!("line {begin}: a quote is not closed")),
            Some(c) if quoted => cell.push(c),
            Some('"') if cell.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            Some('"') => return Err(format!("line {line}: a quote within a cell")),
            Some(',') => {
                cells.push(std::mem::take(&mut cell));
                was_quoted = false;
            }
            Some('\r') if matches!(chars.peek(), Some('\n') | None) => {}
            Some('\n') | None => {
                if !(cells.is_empty() && cell.is_empty() && !was_quoted) {
                    cells.push(std::mem::take(&mut cell));
                    records.push((begin, std::mem::take(&mut cells)));
                }
                (begin, was_quoted) = (line, false);
                if c.is_none() {
                    return Ok(records);
                }
            }
            Some(_) if was_quoted => return Err(format!("line {line}: text behind a quote")),
            Some(c) => cell.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn item(payee: &str, amount: &str, reason: &str, purchase: &str) -> Item {
        let [payee, amount, reason, purchase] = [payee, amount, reason, purchase].map(str::to_owned);
        Item { payee, amount, reason, purchase }
    }

    #[test]
    fn both_forms_are_read() {
        let expected = vec![item("shop", "1.50", "a \"good\" deal, today", "7"), item("0x11", "2", "x", "")];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        for text in [
            "payee,amount,reason,purchase\r\nshop,1.50,\"a \"\"good\"\" deal, today\",7\r\n\r\n0x11,2,x,\r\n",
            "{\"payee\":\"shop\",\"amount\":\"1.50\",\"reason\":\"a \\\"good\\\" deal, today\",\"purchase\":\"7\"}\n\n{\"payee\":\"0x11\",\"amount\":\"2\",\"reason\":\"x\"}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(load(&path).unwrap(), expected, "{text}");
        }
        std::fs::write(&path, "payee,amount,reason\nshop,1,x").unwrap();
        assert_eq!(load(&path).unwrap(), [item("shop", "1", "x", "")]);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line() {
        for (text, told) in [
            ("", "empty"),
            ("payee,amount,reason\n", "no payment"),
            ("payee,amount\nshop,1", "line 1"),
            ("payee,amount,reason\nshop,1\n", "line 2: 2 cells"),
            ("payee,amount,reason\nshop,1,x\n\nshop,1,\"x\n", "line 4: a quote is not closed"),
            ("payee,amount,reason\nshop,1,x\"y\n", "line 2: a quote within"),
            ("payee,amount,reason\nshop,1,\"x\"y\n", "line 2: text behind"),
            ("{\"payee\":\"shop\",\"amount\":\"1\",\"reason\":\"x\"}\n{\"payee\":1}", "line 2"),
            ("{\"payee\":\"shop\",\"amount\":\"1\",\"reason\":\"x\",\"colour\":\"red\"}", "colour"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("list");
            std::fs::write(&path, text).unwrap();
            let failure = load(&path).unwrap_err();
            assert_eq!(failure.code, "BatchInvalid");
            assert!(failure.cause.contains(told), "{text}: {}", failure.cause);
        }
    }
}
