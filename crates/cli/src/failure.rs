//! How a command fails: one error with a name, a cause and a fix, as text or as JSON, and its exit code.

use crate::exit::Exit;
use crate::sanitize::{clean, clean_prose};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A failure as the operator sees it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The name: for refusals the Solidity error's, else ours.
    pub(crate) code: String,
    /// What did not happen, in one line.
    pub(crate) message: Box<str>,
    /// Why, with the values that matter.
    pub(crate) cause: String,
    /// What to do about it.
    pub(crate) fix: String,
    /// The exit code.
    pub(crate) exit: Exit,
    /// Values for programs (JSON only).
    pub(crate) facts: BTreeMap<String, Value>,
}

impl Failure {
    /// A failure with all its words.
    pub(crate) fn new(
        exit: Exit,
        code: impl Into<String>,
        message: impl Into<String>,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            message: message.into().into(),
            cause: cause.into(),
            fix: fix.into(),
            exit,
            facts: BTreeMap::new(),
        }
    }

    /// A failure of the command line (exit 2).
    pub(crate) fn usage(
        code: impl Into<String>,
        message: impl Into<String>,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(Exit::Usage, code, message, cause, fix)
    }

    /// A plain error (exit 1).
    pub(crate) fn error(
        code: impl Into<String>,
        message: impl Into<String>,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(Exit::Error, code, message, cause, fix)
    }

    /// The same failure with one more value for programs.
    pub(crate) fn with_fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The same failure said of something else.
    pub(crate) fn about(mut self, message: impl Into<String>) -> Self {
        self.message = message.into().into();
        self
    }

    /// The object that `--json` prints.
    pub(crate) fn to_json(&self) -> Value {
        let fact = |value: &Value| value.as_str().map_or_else(|| value.clone(), |text| clean_prose(text).into());
        let facts = self.facts.iter().map(|(name, value)| (clean(name), fact(value))).collect::<BTreeMap<_, _>>();
        json!({
            "ok": false,
            "error": {
                "code": clean(&self.code),
                "message": clean_prose(&self.message),
                "cause": clean_prose(&self.cause),
                "fix": clean_prose(&self.fix),
                "exit": self.exit.code(),
                "facts": facts,
            }
        })
    }

    /// The lines that go to stderr.
    pub(crate) fn to_text(&self) -> String {
        let red = "\u{1b}[1;31m";
        let bold = "\u{1b}[1m";
        let off = "\u{1b}[0m";
        format!(
            "{red}error[{}]{off}: {}\n  {bold}cause{off}: {}\n  {bold}fix{off}:   {}",
            clean(&self.code),
            clean_prose(&self.message),
            clean_prose(&self.cause),
            clean_prose(&self.fix)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn foreign_text_in_an_error_is_made_safe() {
        let failure = Failure::error("Code", "a\u{1b}]0;x", "b\u{202e}", "c");
        assert!(!failure.to_text().contains("\u{1b}]"));
        assert!(!failure.to_json().to_string().contains('\u{202e}'));
    }
}
