//! A refusal in the making: its words and facts, before it has its code.

use super::{Refusal, RefusalContext, Retry, WhoCanFix};
use crate::time;
use alloy::primitives::{Address, U256};
use std::collections::BTreeMap;

pub(super) struct Told {
    who_can_fix: WhoCanFix,
    retry: Retry,
    cause: String,
    fix: String,
    facts: BTreeMap<String, String>,
}

impl Told {
    pub(super) fn new(who_can_fix: WhoCanFix, retry: Retry, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { who_can_fix, retry, cause: cause.into(), fix: fix.into(), facts: BTreeMap::new() }
    }

    /// A value that the error carries.
    pub(super) fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// A point in time that the error carries.
    pub(super) fn time(self, name: &str, seconds: impl Into<u64>) -> Self {
        self.fact(name, time::rfc3339(seconds.into()))
    }

    /// An amount that the error carries: as text, and in base units.
    pub(super) fn amount(self, name: &str, context: &RefusalContext, token: Option<Address>, base: U256) -> Self {
        self.fact(name, context.amount(token, base)).fact(&format!("{name}_base_units"), base)
    }

    pub(super) fn refusal(self, code: &'static str) -> Refusal {
        let Self { who_can_fix, retry, cause, fix, facts } = self;
        Refusal { code, cause, fix, who_can_fix, retry, facts }
    }
}
