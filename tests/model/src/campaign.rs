//! Many tests, each with a vault of its own, a seed, and some hundred steps.

use crate::cast::Cast;
use crate::chain::{Chain, Receipt};
use crate::compare;
use crate::generate::Generator;
use crate::pair::{Code, Pair, Scenario, Shown};
use crate::shrink;
use crate::step::Step;
use crate::tally::{self, Tally};
use alloy::json_abi::JsonAbi;
use anyhow::{Context as _, bail};
use purse_deployer::Build;
use std::collections::BTreeMap;
use std::path::Path;

/// Steps of one test: enough for deep states, few enough to be shrunk soon.
const STEPS: usize = 250;
/// After how many steps every view is compared; the vault's head is after each.
const VIEWS_EVERY: usize = 25;

/// The contract, and who acts.
pub struct Campaign {
    code: Code,
    abi: JsonAbi,
    names: BTreeMap<[u8; 4], String>,
    cast: Cast,
}

/// Where and how model and contract part.
#[derive(Clone, Debug)]
pub(crate) struct Divergence {
    /// The step, from 0.
    pub(crate) step: usize,
    pub(crate) what: String,
}

impl Campaign {
    /// Compiles the contracts of the checkout at `root`, if that was not done before.
    ///
    /// # Errors
    /// When they do not compile.
    pub fn new(root: &Path) -> anyhow::Result<Self> {
        let build = Build::compile(root)?;
        let abi = build.vault.abi;
        let mut cast = Cast::new()?;
        cast.name(Chain::vault_address(), "vault");
        let code = Code { vault: build.vault.creation_code, lens: build.lens.runtime_code };
        Ok(Self { code, names: tally::names(&abi), abi, cast })
    }

    /// The vault's compiled interface.
    pub fn abi(&self) -> &JsonAbi {
        &self.abi
    }

    /// Makes at least so many calls, from a seed on.
    ///
    /// # Errors
    /// At the first divergence: with its seed, the fewest steps that were found to lead to it, what the model expects
    /// and what the contract does.
    pub fn run(&self, seed: u64, calls: usize) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        for seed in (seed..).take(calls.div_ceil(STEPS)) {
            let mut generator = Generator::new(seed, &self.cast);
            let scenario = generator.scenario();
            let (steps, divergence) =
                self.explore(&scenario, &mut generator, &mut tally).with_context(|| format!("seed {seed}"))?;
            if let Some(divergence) = divergence {
                bail!("{}", self.report(&format!("seed {seed}"), &scenario, &steps, &divergence)?);
            }
        }
        Ok(tally)
    }

    /// Makes one test, step by step.
    fn explore(
        &self,
        scenario: &Scenario,
        generator: &mut Generator<'_>,
        tally: &mut Tally,
    ) -> anyhow::Result<(Vec<Step>, Option<Divergence>)> {
        let mut pair = Pair::new(&self.code, &self.cast, scenario)?;
        let mut steps = Vec::with_capacity(STEPS);
        let mut time = scenario.start;
        for number in 0..STEPS {
            let step = generator.next(&pair.model)?;
            tally.backwards += u64::from(step.time < time);
            time = step.time;
            steps.push(step.clone());
            let thorough = number % VIEWS_EVERY == VIEWS_EVERY - 1 || number == STEPS - 1;
            match self.advance(&mut pair, &step, thorough)? {
                Ok(receipt) => tally.count(&self.names, &step.data, &receipt),
                Err(what) => return Ok((steps, Some(Divergence { step: number, what }))),
            }
        }
        tally.count_spending(&pair.spending);
        Ok((steps, None))
    }

    /// Makes the steps anew; every view is compared after each.
    pub(crate) fn replay(&self, scenario: &Scenario, steps: &[Step]) -> anyhow::Result<Option<Divergence>> {
        let mut pair = Pair::new(&self.code, &self.cast, scenario)?;
        for (number, step) in steps.iter().enumerate() {
            let thorough = steps.len() < 2 * VIEWS_EVERY || number == steps.len() - 1;
            if let Err(what) = self.advance(&mut pair, step, thorough)? {
                return Ok(Some(Divergence { step: number, what }));
            }
        }
        Ok(None)
    }

    fn advance(&self, pair: &mut Pair, step: &Step, thorough: bool) -> anyhow::Result<Result<Receipt, String>> {
        let receipt = match pair.step(step)? {
            Shown::Same(receipt) => receipt,
            Shown::Differs(what) => return Ok(Err(what)),
        };
        let difference =
            if thorough { compare::everything(pair, &self.cast, step.time)? } else { compare::head(pair, step.time)? };
        Ok(difference.map_or(Ok(receipt), Err))
    }

    /// What to print of a divergence: the fewest steps that lead to one.
    pub(crate) fn report(
        &self,
        seed: &str,
        scenario: &Scenario,
        steps: &[Step],
        divergence: &Divergence,
    ) -> anyhow::Result<String> {
        let end = (divergence.step + 1).min(steps.len());
        let few = shrink::fewest(steps[..end].to_vec(), |steps| self.replay(scenario, steps))?;
        let last = self.replay(scenario, &few)?.unwrap_or_else(|| divergence.clone());
        let lines: Vec<String> = few.iter().map(|step| step.describe(&self.cast)).collect();
        let text = format!(
            "model and contract part at {seed}, step {}\n{}\n\nthe same with {} of {end} steps:\n{scenario:?}\n  {}\nthen at the last of them\n{}",
            divergence.step,
            divergence.what,
            few.len(),
            lines.join("\n  "),
            last.what,
        );
        Ok(self.cast.named(&text))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::step::Around;
    use alloy::primitives::U256;

    /// A divergence that is planted, money that leaves the contract behind the model's back, is found and shrunk to the
    /// two steps that it takes: one that brings money and one that loses it.
    #[test]
    fn a_planted_divergence_is_found_and_shrunk() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let campaign = Campaign::new(&root).unwrap();
        let mut generator = Generator::new(7, &campaign.cast);
        let scenario = generator.scenario();
        let (mut steps, divergence) = campaign.explore(&scenario, &mut generator, &mut Tally::default()).unwrap();
        assert!(divergence.is_none(), "{divergence:?}");
        let token = campaign.cast.tokens[3];
        steps[59].around.push(Around::Mint { token, amount: U256::from(5) });
        steps[60].around.push(Around::Leak { token, amount: U256::from(1) });
        let divergence = campaign.replay(&scenario, &steps[..62]).unwrap().unwrap();
        let report = campaign.report("seed 7", &scenario, &steps, &divergence).unwrap();
        assert!(report.contains("vault's balance of token_unlisted"), "{report}");
        assert!(report.contains("the same with 2 of"), "{report}");
    }

    /// One seed, one test: else a report would be worth nothing.
    #[test]
    fn a_seed_makes_the_same_steps_again() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let campaign = Campaign::new(&root).unwrap();
        let explore = || {
            let mut generator = Generator::new(3, &campaign.cast);
            let scenario = generator.scenario();
            (scenario, campaign.explore(&scenario, &mut generator, &mut Tally::default()).unwrap().0)
        };
        assert_eq!(explore(), explore());
    }
}
