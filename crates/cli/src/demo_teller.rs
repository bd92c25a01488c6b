//! How the demo tells its steps: each in a line as it happens, and all of them to programs at the end.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, green, yellow};
use purse_agent::{Outcome, Paid};
use purse_protocol::Refusal;
use serde_json::{Value, json};
use std::time::Instant;

/// Width of the column of deeds.
const DEEDS: usize = 50;
/// Width of the column of verdicts.
const VERDICTS: usize = 9;

/// Tells the steps as they happen.
pub(crate) struct Teller {
    output: Output,
    /// What was told.
    pub(crate) steps: Vec<Value>,
}

impl Teller {
    /// Tells to that output.
    pub(crate) const fn new(output: Output) -> Self {
        Self { output, steps: Vec::new() }
    }

    /// One line.
    pub(crate) fn line(&mut self, deed: &str, verdict: &str, detail: &str) {
        self.steps.push(json!({ "deed": deed, "verdict": verdict, "detail": detail }));
        let dots = ".".repeat(DEEDS.saturating_sub(deed.chars().count() + 1).max(2));
        let blanks = if detail.is_empty() { 0 } else { VERDICTS.saturating_sub(verdict.len()) };
        let verdict = if matches!(verdict, "refused" | "waits") { yellow(verdict) } else { green(verdict) };
        self.output.tell(&format!("{deed} {dots} {verdict}{}{detail}", " ".repeat(blanks)));
    }

    /// Something is ready, this long after the last one was.
    pub(crate) fn ready(&mut self, deed: &str, clock: &mut Instant) {
        self.line(deed, "ready", &format!("{:.1} s", clock.elapsed().as_secs_f64()));
        *clock = Instant::now();
    }

    /// A payment that must be made.
    pub(crate) fn paid(&mut self, deed: &str, outcome: Outcome) -> Result<Paid, Failure> {
        match outcome {
            Outcome::Paid(paid) => {
                self.line(deed, "paid", &format!("block {}", paid.block));
                Ok(paid)
            }
            Outcome::Refused(refusal) => Err(differs(deed, "a payment", refusal.code)),
            Outcome::NotMined(_) => Err(differs(deed, "a payment", "nothing mined")),
        }
    }

    /// A payment that must be refused by that name.
    pub(crate) fn refused(&mut self, deed: &str, outcome: Outcome, expected: &str) -> Result<(), Failure> {
        match outcome {
            Outcome::Refused(refusal) => self.replayed(deed, Some(refusal), expected),
            Outcome::Paid(_) | Outcome::NotMined(_) => self.replayed(deed, None, expected),
        }
    }

    /// A call that must be refused by that name.
    pub(crate) fn replayed(&mut self, deed: &str, refusal: Option<Refusal>, expected: &str) -> Result<(), Failure> {
        match refusal {
            Some(refusal) if refusal.code == expected => {
                self.line(deed, "refused", refusal.code);
                Ok(())
            }
            Some(refusal) => Err(differs(deed, expected, refusal.code)),
            None => Err(differs(deed, expected, "no refusal")),
        }
    }
}

/// The failure of a line that is not as it must be.
pub(crate) fn differs(deed: &str, expected: &str, found: &str) -> Failure {
    Failure::new(
        Exit::Differs,
        "DemoDiffers",
        format!("not as it must be: {deed}"),
        format!("expected {expected}, found {found}"),
        "report this as a bug; do not trust this build",
    )
}
