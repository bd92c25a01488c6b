//! Where words go: the result to stdout, everything else to stderr, colour only where it is wanted.

use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

/// What a command answers: the same facts as text and as one JSON object.
#[derive(Debug)]
pub(crate) struct Reply {
    /// What `--json` prints, without its `ok` field.
    pub(crate) json: Value,
    /// What a human reads on stdout; no newline at the end.
    pub(crate) text: String,
    /// What a seller answered: printed to stdout byte for byte, in place of the text.
    pub(crate) body: Option<Vec<u8>>,
    /// Nothing is printed: stdout belonged to somebody else.
    pub(crate) silent: bool,
    /// What a complete answer may still mean: an audit that found a difference.
    pub(crate) failure: Option<Failure>,
}

impl Reply {
    /// A successful answer.
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { json, text: text.into(), body: None, silent: false, failure: None }
    }

    /// An answer that is not printed.
    pub(crate) fn silent(json: Value) -> Self {
        Self { silent: true, ..Self::new("", json) }
    }

    /// The object that `--json` prints.
    fn to_json(&self) -> Value {
        let mut object = self.failure.as_ref().map_or_else(|| json!({ "ok": true }), Failure::to_json);
        if let (Some(target), Value::Object(fields)) = (object.as_object_mut(), &self.json) {
            target.extend(fields.clone());
        }
        object
    }

    fn exit(&self) -> Exit {
        self.failure.as_ref().map_or(Exit::Ok, |failure| failure.exit)
    }
}

/// How to print: chosen once, from the flags.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON object instead of text.
    pub(crate) json: bool,
    /// No notes on stderr.
    pub(crate) quiet: bool,
    /// Says more on stderr.
    pub(crate) verbose: bool,
}

impl Output {
    /// Prints a command's answer and gives its exit code.
    pub(crate) fn answer(self, answer: &Result<Reply, Failure>) -> Exit {
        match answer {
            Ok(reply) if reply.silent => reply.exit(),
            Ok(reply) if self.json => {
                to_stdout(&reply.to_json().to_string());
                reply.exit()
            }
            Ok(reply) => {
                if let Some(body) = &reply.body {
                    bytes_to_stdout(body);
                } else if !reply.text.is_empty() {
                    to_stdout(&reply.text);
                }
                if let Some(failure) = &reply.failure {
                    to_stderr(&failure.to_text());
                }
                reply.exit()
            }
            Err(failure) => {
                if self.json {
                    to_stdout(&failure.to_json().to_string());
                } else {
                    to_stderr(&failure.to_text());
                }
                failure.exit
            }
        }
    }

    /// A line for the human beside the result: stderr, not with `--quiet` or `--json`.
    pub(crate) fn note(self, line: &str) {
        if !self.quiet && !self.json {
            to_stderr(line);
        }
    }

    /// A line for whoever wants to know more: stderr, with `--verbose`.
    pub(crate) fn detail(self, line: &str) {
        if self.verbose {
            to_stderr(line);
        }
    }

    /// A line of a story that is told while it happens (`purse demo`): stdout, not with `--json`.
    pub(crate) fn tell(self, line: &str) {
        if !self.json {
            to_stdout(line);
        }
    }

    /// The same for programs, where a command goes on after it: one JSON object in a line on stdout, with `--json`.
    pub(crate) fn event(self, value: &Value) {
        if self.json {
            to_stdout(&value.to_string());
        }
    }

    /// Whether a progress bar would be seen by somebody.
    pub(crate) fn wants_progress(self) -> bool {
        !self.quiet && !self.json && std::io::stderr().is_terminal()
    }
}

/// Writes a line to stdout. A reader that went away (`| head`) is no error of ours.
fn to_stdout(line: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes bytes to stdout as they are: what was bought belongs to whoever asked for it.
fn bytes_to_stdout(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes a line to stderr.
pub(crate) fn to_stderr(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Text in green, where colour is on.
pub(crate) fn green(text: &str) -> String {
    format!("\u{1b}[32m{text}\u{1b}[0m")
}

/// Text in yellow, where colour is on.
pub(crate) fn yellow(text: &str) -> String {
    format!("\u{1b}[33m{text}\u{1b}[0m")
}

/// Text in red, where colour is on.
pub(crate) fn red(text: &str) -> String {
    format!("\u{1b}[31m{text}\u{1b}[0m")
}

/// Text in bold, where colour is on.
pub(crate) fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// Writes to stderr without ending the line: a question.
pub(crate) fn to_stderr_open(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}
