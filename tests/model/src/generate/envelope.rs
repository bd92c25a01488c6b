//! By which way an act comes: by transaction, on condition, by signature, or after a wait.

use super::Generator;
use super::verbs::{Act, Make};
use crate::model::signatures::Domain;
use crate::model::tokens::Answer;
use crate::model::{Subject, Vault, Waiting};
use crate::step::Around;
use alloy::primitives::{Address, B256, Bytes, Signature, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;

impl<'a> Generator<'a> {
    /// A verb of the owner, sent by him, or lodged with his signature, with or without a condition.
    pub(super) fn envelope(&mut self, vault: &Vault, make: Make<'a>) -> anyhow::Result<(Address, Vec<u8>)> {
        let Act { call, replaces } = make(self, vault);
        let signable = [
            IVault::grantCall::SELECTOR,
            IVault::setLimitCall::SELECTOR,
            IVault::setPayeesCall::SELECTOR,
            IVault::rotateKeyCall::SELECTOR,
            IVault::withdrawCall::SELECTOR,
        ];
        let signable = call.first_chunk().is_some_and(|verb| signable.contains(verb));
        let conditional = if replaces.is_some() { self.dice.chance(0.25) } else { self.dice.slip() };
        let call = if conditional { self.replace(call, replaces.unwrap_or_default()) } else { call };
        let lodged = if signable { self.dice.chance(0.35) } else { self.dice.slip() };
        if lodged {
            return Ok((self.anybody(vault), self.lodge(vault, call, vault.owner)?));
        }
        Ok((self.owner(vault), call))
    }

    fn replace(&mut self, mut call: Vec<u8>, value: U256) -> Vec<u8> {
        let expected = if self.dice.slip() { value.wrapping_add(U256::from(1)) } else { value };
        if self.dice.slip() {
            call.truncate(self.dice.below(8));
        }
        if self.dice.slip() {
            call = IVault::replaceCall { expected, call: call.into() }.abi_encode();
        }
        IVault::replaceCall { expected, call: call.into() }.abi_encode()
    }

    /// A call with the signature of one who may sign it, mostly.
    fn lodge(&mut self, vault: &Vault, call: Vec<u8>, signer: Address) -> anyhow::Result<Vec<u8>> {
        let mut call = if self.dice.slip() { self.damage(call) } else { call };
        if self.dice.slip() {
            call.truncate(self.dice.below(5));
        }
        let mut nonce = vault.trail.owner_nonce;
        if self.dice.slip() {
            nonce = self.dice.one(&[nonce.wrapping_sub(1), nonce + 1, 0, u32::MAX]);
        }
        let deadline = self.deadline();
        let wrong = [self.dice.one(&self.cast.strangers), vault.guardian, self.dice.one(&self.cast.owners)];
        let signer = if self.dice.slip() { self.dice.one(&wrong) } else { signer };
        let domain = self.domain(vault);
        let signature = self.signature(signer, domain.act(&call, nonce, deadline))?;
        if self.dice.slip() {
            call.push(0);
        }
        Ok(IVault::lodgeCall { call: call.into(), nonce, deadline, signature: signature.into() }.abi_encode())
    }

    /// Not over yet, mostly.
    pub(super) fn deadline(&mut self) -> u32 {
        let now = u32::try_from(self.now).unwrap_or(u32::MAX);
        if self.dice.slip() {
            return self.dice.one(&[now, now.saturating_sub(1), 0]);
        }
        self.dice.one(&[now.saturating_add(1), now.saturating_add(3_600), u32::MAX])
    }

    /// The vault's domain, mostly.
    pub(super) fn domain(&mut self, vault: &Vault) -> Domain {
        let Vault { chain_id, address, .. } = *vault;
        if self.dice.slip() {
            let other = self.dice.one(&self.cast.tokens);
            return self
                .dice
                .pick(&[(chain_id + 1, address), (chain_id, other)])
                .map_or(Domain { chain_id, vault: address }, |(chain_id, vault)| Domain { chain_id, vault });
        }
        Domain { chain_id, vault: address }
    }

    /// An account's signature of a digest: by its key, or by its code's answer.
    pub(super) fn signature(&mut self, signer: Address, digest: B256) -> anyhow::Result<Vec<u8>> {
        let code_signs =
            self.cast.wallets.contains(&signer) && (signer != self.cast.delegated || self.dice.chance(0.4));
        let signed = self.cast.sign(signer, digest)?;
        if let Some(signature) = signed.filter(|_| !code_signs) {
            return Ok(self.signature_bytes(signature));
        }
        let answers = [Answer::Revert, Answer::Short, Answer::Endless, Answer::Dirty];
        let answer = if self.dice.slip() { self.dice.pick(&answers) } else { Some(Answer::Yes) };
        let answer = if self.dice.chance(0.2) {
            answer.map(|answer| if answer == Answer::Yes { Answer::Long } else { answer })
        } else {
            answer
        };
        let silent = self.dice.slip();
        if let Some(answer) = answer.filter(|_| self.cast.wallets.contains(&signer) && !silent) {
            self.around.push(Around::Answer { wallet: signer, digest, answer });
        }
        let length = self.dice.one(&[0, 1, 64, 65, 130]);
        Ok([self.dice.word(); 5].concat().into_iter().take(length).collect())
    }

    /// One of the two accepted forms of a signature, mostly.
    pub(super) fn signature_bytes(&mut self, signature: Signature) -> Vec<u8> {
        let (r, s, odd) = (signature.r(), signature.s(), signature.v());
        let long = |r: U256, s: U256, v: u8| [r.to_be_bytes_vec(), s.to_be_bytes_vec(), vec![v]].concat();
        let short = |s: U256, odd: bool| {
            let top = if odd { U256::from(1) << 255 } else { U256::ZERO };
            [r.to_be_bytes_vec(), (s | top).to_be_bytes_vec()].concat()
        };
        let v = 27 + u8::from(odd);
        if self.dice.slip() {
            let order = (crate::model::signatures::HALF_ORDER << 1) | U256::from(1);
            let high = order - s;
            let forms = [
                long(r, high, 55 - v),
                short(high, !odd),
                long(r, s, v - 27),
                long(r, s, 55 - v),
                long(r, s, v).into_iter().chain([0]).collect(),
                long(r, s, v).into_iter().take(63).collect(),
                long(U256::ZERO, s, v),
                long(r, U256::ZERO, v),
                long(order, s, v),
                Vec::new(),
            ];
            let form = self.dice.below(forms.len());
            return forms.into_iter().nth(form).unwrap_or_default();
        }
        if self.dice.chance(0.3) { short(s, odd) } else { long(r, s, v) }
    }

    /// A verb that stops something: by owner, guardian or agent; sent or lodged.
    pub(super) fn stop(&mut self, vault: &Vault) -> anyhow::Result<(Address, Vec<u8>)> {
        let session = self.session(vault);
        let payees: Vec<Address> = vault.payees.keys().copied().chain([self.dice.one(&self.cast.payees)]).collect();
        let waiting: Vec<Address> = vault.waiting.iter().flat_map(|change| payees_of(&change.call)).collect();
        let payee =
            if self.dice.chance(0.3) && !waiting.is_empty() { self.dice.one(&waiting) } else { self.dice.one(&payees) };
        let payee = if self.dice.slip() { self.dice.one(&self.cast.tokens) } else { payee };
        let stops = [
            (20, IVault::removePayeeCall { payee }.abi_encode()),
            (20, IVault::revokeCall { session }.abi_encode()),
            (8, IVault::pauseCall {}.abi_encode()),
            (6, IVault::revokeAllCall {}.abi_encode()),
        ];
        let places: Vec<(u32, usize)> = stops.iter().enumerate().map(|(place, (weight, _))| (*weight, place)).collect();
        let place = self.dice.weighted(&places).unwrap_or_default();
        let call = stops.into_iter().nth(place).map(|(_, call)| call).unwrap_or_default();
        let agent = vault.sessions.get(&session).map(|session| session.key);
        if let Some(agent) = agent.filter(|_| place == 1)
            && self.dice.chance(0.3)
        {
            return Ok((agent, call));
        }
        self.by_stopper(vault, call)
    }

    /// Takes a change away.
    pub(super) fn cancel(&mut self, vault: &Vault) -> anyhow::Result<(Address, Vec<u8>)> {
        let over = |change: &&Waiting| change.killed || u64::from(change.executable_until()) <= self.now;
        let dead = vault.waiting.iter().find(over).filter(|_| self.dice.chance(0.7));
        let change = dead.cloned().or_else(|| self.change(vault));
        let number = change.map_or(self.dice.between(0, 50), |change| change.number);
        let call = IVault::cancelCall { change: number }.abi_encode();
        self.by_stopper(vault, call)
    }

    fn by_stopper(&mut self, vault: &Vault, call: Vec<u8>) -> anyhow::Result<(Address, Vec<u8>)> {
        let guards = self.dice.chance(0.5) && !vault.guardian.is_zero();
        let by = if guards { vault.guardian } else { vault.owner };
        if self.dice.chance(0.35) {
            return Ok((self.anybody(vault), self.lodge(vault, call, by)?));
        }
        let from = if self.dice.slip() { self.dice.one(&self.cast.strangers) } else { by };
        Ok((from, call))
    }

    /// Executes a change, mostly one that can be, at a time when it can be.
    pub(super) fn execute(&mut self, vault: &Vault) -> Vec<u8> {
        let Some(change) = self.change(vault) else {
            let number = self.dice.between(0, vault.trail.owner_nonce);
            return IVault::executeCall { change: number, call: Bytes::new() }.abi_encode();
        };
        let (from, until) = (u64::from(change.executable_from), u64::from(change.executable_until()));
        if self.dice.chance(0.75) && self.now < from {
            let inside = self.dice.between(from, until.saturating_sub(1).max(from));
            self.now = self.dice.one(&[from, from, from, inside, until.saturating_sub(1).max(from)]);
            if self.dice.slip() {
                self.now = self.dice.one(&[from.saturating_sub(1), until]).max(self.now.min(from));
            }
        }
        let call = if self.dice.slip() { self.damage(change.call.clone()) } else { change.call.clone() };
        IVault::executeCall { change: change.number, call: call.into() }.abi_encode()
    }

    /// A change that waits: one that can be executed soon, mostly; now and then one that is dead.
    fn change(&mut self, vault: &Vault) -> Option<Waiting> {
        let some: Vec<&Waiting> = vault.waiting.iter().collect();
        let mut one = self.dice.pick(&some)?;
        if self.dice.slip() {
            let mut odd = some.iter().rev().filter(|change| change.killed || change.subject == Subject::Guardian);
            one = odd.next().unwrap_or(&one);
        } else if self.dice.chance(0.8) {
            let alive = some.iter().filter(|change| !change.killed && u64::from(change.executable_until()) > self.now);
            one = alive.min_by_key(|change| change.executable_from).unwrap_or(&one);
        }
        Some(one.clone())
    }
}

/// The payees that a call would put in the book.
fn payees_of(call: &[u8]) -> Vec<Address> {
    let entries = IVault::setPayeesCall::abi_decode(call).map(|call| call.entries).unwrap_or_default();
    entries.into_iter().map(|entry| entry.payee).collect()
}
