//! The model and the contract side by side: each step goes to both.

use crate::bytecode;
use crate::cast::Cast;
use crate::chain::{Chain, GAS_LIMIT, Receipt};
use crate::compare;
use crate::model::refusal::{Expected, Verdict};
use crate::model::tokens::{Token, World};
use crate::model::{Call, Configuration, Counters, Vault, read_opening};
use crate::step::{Around, Step};
use crate::words;
use alloy::primitives::{Address, B256, Bytes, FixedBytes, LogData, TxKind, U256};
use alloy::sol_types::{SolCall, SolError, SolEvent, SolValue};
use anyhow::anyhow;
use purse_protocol::abi::IPurse::{isValidSignatureCall, sweepCall};
use purse_protocol::abi::IVault::{BatchGasShort, PurseOpened, openPurseCall};
use std::collections::BTreeMap;

/// What a test begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scenario {
    pub(crate) start: u64,
    pub(crate) owner: Address,
    pub(crate) treasury: Address,
    pub(crate) guardian: Address,
    /// Of an old vault.
    pub(crate) counters: Option<Counters>,
}

/// ERC-1271's answers.
const YES: FixedBytes<4> = FixedBytes([0x16, 0x26, 0xba, 0x7e]);
const NO: FixedBytes<4> = FixedBytes([0xff; 4]);

/// The chain of every test.
pub(crate) const CHAIN_ID: u64 = 31_337;

/// What is deployed: the vault's creation code, and the code of the lens.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) vault: Bytes,
    pub(crate) lens: Bytes,
}

/// Model and contract.
pub(crate) struct Pair {
    pub(crate) chain: Chain,
    pub(crate) model: Vault,
    /// How often purses were asked and swept, with which end.
    pub(crate) spending: BTreeMap<&'static str, u64>,
}

/// What a step has shown.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Both say the same: what the contract said.
    Same(Receipt),
    /// They differ, so.
    Differs(String),
}

impl Pair {
    /// A chain with the tokens and wallets of the cast, a new vault, and its model.
    pub(crate) fn new(code: &Code, cast: &Cast, scenario: &Scenario) -> anyhow::Result<Self> {
        let mut chain = Chain::new(CHAIN_ID);
        let mut world = World::default();
        for token in &cast.tokens {
            chain.put_code(*token, bytecode::token());
            world.tokens.insert(*token, Token::default());
        }
        chain.put_code(cast.wallet_code, bytecode::wallet());
        for wallet in &cast.wallets {
            if *wallet == cast.delegated {
                chain.delegate(*wallet, cast.wallet_code);
            } else {
                chain.put_code(*wallet, bytecode::wallet());
            }
            world.wallets.insert(*wallet, BTreeMap::new());
        }
        for account in cast.owners.iter().chain(&cast.guardians).chain(&cast.strangers) {
            chain.fund(*account)?;
        }
        let Scenario { start, owner, treasury, guardian, counters } = *scenario;
        let first = Configuration { chain_id: CHAIN_ID, address: Chain::vault_address(), owner, treasury, guardian };
        chain.deploy(&code.vault, first, start)?;
        chain.put_lens(code.lens.clone());
        let model =
            Vault::new(first, world).map_err(|refusal| anyhow!("the model refuses {scenario:?}: {refusal:?}"))?;
        let mut pair = Self { chain, model, spending: BTreeMap::new() };
        if let Some(counters) = counters {
            pair.around(&Around::Age(counters), start)?;
            compare::head(&mut pair, start)?.map_or(Ok(()), |told| Err(anyhow!("the vault did not age: {told}")))?;
        }
        Ok(pair)
    }

    /// Does the same around both, and makes the same call to both.
    pub(crate) fn step(&mut self, step: &Step) -> anyhow::Result<Shown> {
        for around in &step.around {
            if let Some(difference) = self.around(around, step.time)? {
                return Ok(Shown::Differs(difference));
            }
        }
        if let Some(arguments) = step.data.strip_prefix(&openPurseCall::SELECTOR)
            && let Ok(of) = read_opening(arguments)
        {
            let place = self.chain.purse_of(of, step.time)?;
            self.model.world.purse_places.insert(of, place);
        }
        let before = (step.gas < GAS_LIMIT).then(|| self.model.clone());
        let call = Call { from: step.from, value: step.value, data: &step.data, time: step.time };
        let verdict = self.model.call(call);
        let receipt = self.chain.call(step.from, step.value, step.data.clone(), step.gas, step.time)?;
        if let (Some(before), Receipt::Reverted { reason }) = (before, &receipt)
            && is_want_of_gas(reason)
        {
            self.model = before;
            return Ok(Shown::Same(receipt));
        }
        Ok(match difference(&verdict, &receipt) {
            None => Shown::Same(receipt),
            Some(difference) => Shown::Differs(difference),
        })
    }

    /// Does it around both; how they differ, if they do.
    fn around(&mut self, around: &Around, time: u64) -> anyhow::Result<Option<String>> {
        let vault = self.chain.vault;
        if let Around::Ask { purse, .. } | Around::Sweep { purse, .. } = around
            && !self.model.is_purse(*purse)
        {
            return Ok(None); // while fewer steps are tried, none may have opened it
        }
        let world = &mut self.model.world;
        match around {
            Around::Mint { token, amount } => {
                let balance = self.chain.balance(*token, vault)?.saturating_add(*amount);
                self.chain.set_balance(*token, vault, balance)?;
                let known = world.tokens.entry(*token).or_default().balances.entry(vault).or_default();
                *known = known.saturating_add(*amount);
            }
            Around::Hold { token, account, amount } => {
                self.chain.set_balance(*token, *account, *amount)?;
                world.tokens.entry(*token).or_default().balances.insert(*account, *amount);
            }
            Around::Ask { purse, hash, blob } => return self.ask(*purse, *hash, blob, time),
            Around::Sweep { purse, token, from } => return self.sweep(*purse, *token, *from, time),
            Around::SetMood { token, mood } => {
                self.chain.set_mood(*token, *mood)?;
                world.tokens.entry(*token).or_default().mood = *mood;
            }
            Around::Shun { token, account, shunned } => {
                self.chain.set_shunned(*token, *account, *shunned)?;
                let known = &mut world.tokens.entry(*token).or_default().shunned;
                if *shunned {
                    known.insert(*account)
                } else {
                    known.remove(account)
                };
            }
            Around::Answer { wallet, digest, answer } => {
                self.chain.set_answer(*wallet, *digest, *answer)?;
                world.wallets.entry(*wallet).or_default().insert(*digest, *answer);
            }
            Around::Age(counters) => {
                self.chain.age(*counters)?;
                self.model.age(*counters);
            }
            #[cfg(test)]
            Around::Leak { token, amount } => {
                let balance = self.chain.balance(*token, vault)?;
                self.chain.set_balance(*token, vault, balance.saturating_sub(*amount))?;
            }
        }
        Ok(None)
    }

    /// The hook's answer, by both.
    fn ask(&mut self, purse: Address, hash: B256, blob: &Bytes, time: u64) -> anyhow::Result<Option<String>> {
        let expected = self.model.purse_says_yes(purse, hash, blob, time);
        let got = self.chain.ask(purse, &isValidSignatureCall { hash, blob: blob.clone() }, time)?;
        *self.spending.entry(if expected { "hook: yes" } else { "hook: no" }).or_default() += 1;
        let same = got == if expected { YES } else { NO };
        Ok((!same).then(|| format!("isValidSignature of {purse}\nmodel: {expected}\ncontract: {got}")))
    }

    /// A sweep, by both: what it gives back, or why not.
    fn sweep(&mut self, purse: Address, token: Address, from: Address, time: u64) -> anyhow::Result<Option<String>> {
        let expected = self.model.sweep(purse, token, from, time);
        let (call, gas) = (sweepCall { token }.abi_encode().into(), GAS_LIMIT);
        let got = match self.chain.transact(from, TxKind::Call(purse), U256::ZERO, call, gas, time)? {
            Receipt::Done { output, .. } => Ok(U256::from_be_slice(&output)),
            Receipt::Reverted { reason } => Err(reason.to_vec()),
        };
        *self.spending.entry(if expected.is_ok() { "sweep: done" } else { "sweep: refused" }).or_default() += 1;
        let (model, held) = (self.model.world.tokens.get(&token), self.chain.balance(token, purse)?);
        let same = expected == got && model.is_none_or(|model| model.balance(purse) == held);
        Ok((!same).then(|| format!("sweep of {token} by {from}\nmodel: {expected:?}\ncontract: {got:?}, {held} left")))
    }
}

/// Whether a batch that was given little gas has failed for that.
fn is_want_of_gas(reason: &[u8]) -> bool {
    let told = BatchGasShort::abi_decode(reason);
    reason.is_empty() || told.is_ok_and(|short| short.gasLeft < short.needed)
}

/// What a call answers: nothing, or where the purse is that it has opened.
fn expected_output(logs: &[LogData]) -> Bytes {
    let opened = logs.iter().find_map(|log| PurseOpened::decode_log_data(log).ok());
    opened.map(|opened| opened.purse.abi_encode().into()).unwrap_or_default()
}

/// How verdict and receipt differ, if they do.
fn difference(verdict: &Verdict<Vec<Expected>>, receipt: &Receipt) -> Option<String> {
    let got = match receipt {
        Receipt::Reverted { reason } => words::reason(reason),
        Receipt::Done { logs, output } => {
            let logs: Vec<String> = logs.iter().map(words::event).collect();
            format!("success with output {output} and {} events:\n    {}", logs.len(), logs.join("\n    "))
        }
    };
    let same = match (verdict, receipt) {
        (Ok(events), Receipt::Done { logs, output }) => {
            let pairs = events.iter().zip(logs);
            *output == expected_output(logs)
                && events.len() == logs.len()
                && pairs.into_iter().all(|(event, log)| event.is(log))
        }
        (Err(refusal), Receipt::Reverted { reason }) => refusal.is(reason),
        _ => false,
    };
    let expected = match verdict {
        Ok(events) => {
            let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
            format!("success with {} events:\n    {}", events.len(), events.join("\n    "))
        }
        Err(refusal) => format!("{refusal:?}"),
    };
    (!same).then(|| format!("model: {expected}\ncontract: {got}"))
}
