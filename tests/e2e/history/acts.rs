//! What happens next: acts of owner, guardian, relayer and strangers, mostly such as the vault lets through.

use super::History;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::{self, Grant, Limit, PayeeEntry, Payment, TokenGrant};
use purse_protocol::{Scope, SessionId, Window, typed_data};
use purse_tests::Scene;

/// Masks of categories that sessions get: 63 is for fees.
const CATEGORIES: [u64; 5] = [2, 14, 2 | 1 << 63, 14 | 1 << 63, 14 | 1 << 63];
/// Seconds that pass: about a delay, a bucket, a window.
const SPANS: [u64; 10] = [59, 60, 61, 900, 1_800, 3_599, 3_600, 21_600, 86_400, 200_000];
const YEARS: u32 = 1_000_000_000;

/// A call to the vault.
pub(super) struct Act {
    pub(super) by: Address,
    pub(super) call: Vec<u8>,
    /// When it is made at the earliest.
    pub(super) not_before: Option<u64>,
}

impl History {
    pub(super) async fn next_act(&mut self) -> anyhow::Result<Act> {
        let now = self.scene.now().await?;
        let (owner, relayer) = (self.trail.owner, self.scene.actors.relayer.address());
        let not_before = self.draw.chance(20).then(|| now + self.draw.of(&SPANS));
        let act = |by, call: Vec<u8>| Ok(Act { by, call, not_before });
        if self.trail.paused && self.draw.chance(40) {
            return act(owner, IVault::unpauseCall {}.abi_encode());
        }
        if let Some(change) = self.dead_change(now)? {
            return act(owner, IVault::cancelCall { change }.abi_encode());
        }
        match self.draw.below(100) {
            0..=34 => {
                let (payment, signature, approval) = self.payment(now)?;
                act(relayer, IVault::payCall { payment, signature, approval }.abi_encode())
            }
            35..=44 => {
                let items = (0..=self.draw.below(5)).map(|_| self.payment(now)).collect::<anyhow::Result<Vec<_>>>()?;
                let item = |(payment, signature, approval)| IVault::BatchItem { payment, signature, approval };
                act(relayer, IVault::payBatchCall { items: items.into_iter().map(item).collect() }.abi_encode())
            }
            45..=71 => act(owner, self.setter(now)?),
            72..=74 => {
                let (expected, call) = (U256::from(self.draw.of(&[0_u64, 0, 2, 14, 3_600])), self.setter(now)?.into());
                act(owner, IVault::replaceCall { expected, call }.abi_encode())
            }
            75..=77 => {
                let (call, nonce, deadline) =
                    (Bytes::from(self.setter(now)?), self.trail.owner_nonce, now as u32 + YEARS);
                let digest = typed_data::act_digest(self.scene.chain_id(), self.scene.vault, &call, nonce, deadline);
                let signature = self.owner().sign_hash_sync(&digest)?.as_bytes().into();
                act(relayer, IVault::lodgeCall { call, nonce, deadline, signature }.abi_encode())
            }
            78..=89 => Ok(self.execution(now).unwrap_or(Act { by: owner, call: self.setter(now)?, not_before })),
            90..=92 => {
                act(owner, IVault::rotateKeyCall { session: self.session(), newKey: self.new_key()? }.abi_encode())
            }
            93..=94 if !self.trail.pending_owner.is_zero() => {
                act(self.trail.pending_owner, IVault::acceptOwnershipCall {}.abi_encode())
            }
            95..=97 => {
                let by = [owner, self.scene.actors.guardian.address()];
                let (by, call) = (self.draw.of(&by), self.stop());
                act(by, call)
            }
            _ => act(owner, self.setter(now)?),
        }
    }

    /// A change that can only be cancelled, now and then where many wait.
    fn dead_change(&mut self, now: u64) -> anyhow::Result<Option<u32>> {
        let dead = |change: &&purse_audit::Change| change.killed || u64::from(change.executable_until) < now;
        let dead: Vec<_> = self.trail.waiting.iter().filter(dead).map(|change| change.number).collect();
        Ok((self.trail.waiting.len() > 4 && !dead.is_empty() && self.draw.chance(30)).then(|| self.draw.of(&dead)))
    }

    /// Somebody executes a change, mostly one that can be and when it can be.
    fn execution(&mut self, now: u64) -> Option<Act> {
        let alive = |change: &&purse_audit::Change| !change.killed && u64::from(change.executable_until) > now;
        let alive: Vec<_> = self.trail.waiting.iter().filter(alive).cloned().collect();
        let any = if alive.is_empty() || self.draw.chance(10) { self.trail.waiting.clone() } else { alive };
        if any.is_empty() {
            return None;
        }
        let change = &any[self.draw.below(any.len() as u64) as usize];
        let (late, call) = (self.draw.of(&[0, 0, 0, 0, 1, 604_799, 604_800]), change.call.clone());
        let at = u64::from(change.executable_from) + late;
        Some(Act {
            by: self.scene.actors.relayer.address(),
            call: IVault::executeCall { change: change.number, call }.abi_encode(),
            not_before: (at > now && self.draw.chance(80)).then_some(at),
        })
    }

    fn stop(&mut self) -> Vec<u8> {
        match self.draw.below(8) {
            0..=1 => IVault::pauseCall {}.abi_encode(),
            2 => IVault::revokeAllCall {}.abi_encode(),
            3..=4 => IVault::revokeCall { session: self.session() }.abi_encode(),
            5 => IVault::removePayeeCall { payee: self.payee() }.abi_encode(),
            _ => {
                let (token, amount) = (self.token(), U256::from(self.draw.below(1_000_000)));
                IVault::withdrawCall { token, amount }.abi_encode()
            }
        }
    }

    /// One of the owner's verbs that may have to wait.
    fn setter(&mut self, now: u64) -> anyhow::Result<Vec<u8>> {
        let (session, token, actors) = (self.session(), self.token(), self.scene.actors.clone());
        let (from, until) =
            (now as u32 - self.draw.below(1_000) as u32, now as u32 + 86_400 * self.draw.below(2_000) as u32);
        let (scope, window) = (self.scope(), self.draw.of(&Window::ALL).seconds());
        Ok(match self.draw.below(16) {
            0..=1 => self.grant(from, until)?,
            2..=5 => {
                let (session, category, cap) = (scope.session(), scope.category(), self.amount(token));
                IVault::setLimitCall { session, category, token, window, cap }.abi_encode()
            }
            6 => {
                let (session, category) = (scope.session(), scope.category());
                IVault::removeLimitCall { session, category, token, window }.abi_encode()
            }
            7..=8 => {
                let payees = self.payees();
                let entry = |payee| PayeeEntry { payee, category: self.category() };
                IVault::setPayeesCall { entries: payees.into_iter().map(entry).collect() }.abi_encode()
            }
            9 => IVault::setCategoriesCall { session, categories: self.draw.of(&CATEGORIES) }.abi_encode(),
            10 => IVault::setValidityCall { session, validFrom: from, validUntil: until }.abi_encode(),
            11 => IVault::setPerPaymentCapCall { session, token, perPaymentCap: self.amount(token) / 4 }.abi_encode(),
            12 => IVault::unpauseCall {}.abi_encode(),
            13 => {
                let guardians = [Address::ZERO, actors.guardian.address(), actors.guardian.address()];
                IVault::setGuardianCall { newGuardian: self.draw.of(&guardians) }.abi_encode()
            }
            14 if self.draw.chance(50) => {
                let treasuries = [actors.treasury.address(), actors.deployer.address()];
                IVault::setTreasuryCall { newTreasury: self.draw.of(&treasuries) }.abi_encode()
            }
            14 => {
                let owners = [Address::ZERO, actors.owner.address(), actors.deployer.address()];
                IVault::transferOwnershipCall { newOwner: self.draw.of(&owners) }.abi_encode()
            }
            _ => IVault::setDelayCall { newDelay: self.draw.of(&[0, 60, 600, 3_600]) }.abi_encode(),
        })
    }

    /// A grant of the next id, or of one that is taken.
    fn grant(&mut self, from: u32, until: u32) -> anyhow::Result<Vec<u8>> {
        let next = self.trail.session_keys.len() as u32 + 1;
        let mut both = [self.scene.usdc, self.scene.plain];
        both.sort();
        let mut tokens = Vec::new();
        for token in both {
            let mut places: Vec<_> =
                self.draw.some(&Window::ALL).into_iter().map(|window| (0, window.seconds())).collect();
            if self.draw.chance(30) {
                places.push((self.category(), 86_400));
            }
            let limit = |(category, window)| Limit { category, window, cap: self.amount(token) };
            let limits = places.into_iter().map(limit).collect();
            tokens.push(TokenGrant { token, perPaymentCap: self.amount(token) / 4, limits });
        }
        let session = if self.draw.chance(90) { next } else { self.session() };
        let categories = self.draw.of(&CATEGORIES);
        let key = self.new_key()?;
        let new = Grant { session, key, validFrom: from, validUntil: until, categories, tokens };
        Ok(IVault::grantCall { newSession: new }.abi_encode())
    }

    /// A payment with its signature and, mostly where it needs one, an approval.
    fn payment(&mut self, now: u64) -> anyhow::Result<(Payment, Bytes, Bytes)> {
        let (session, token) = (self.session(), self.token());
        let id = SessionId::try_from(session)?;
        let standing = self.trail.session(id);
        let highest = standing.map_or(0, |session| session.word.nonce_highest);
        let fee = if self.draw.chance(40) { self.amount(token) / 50 } else { 0 };
        let payment = Payment {
            session,
            nonce: highest.saturating_sub(5) + self.draw.below(12) as u32,
            deadline: now as u32 + YEARS,
            token,
            payee: self.payee(),
            amount: self.amount(token) / 16 + 1,
            fee,
            feeRecipient: if fee == 0 { Address::ZERO } else { self.scene.actors.relayer.address() },
            r#ref: B256::with_last_byte(self.draw.below(256) as u8),
        };
        let key = standing.and_then(|session| self.keys.get(&session.key)).filter(|_| !self.draw.chance(3));
        let signature = self.scene.sign(&payment, key.unwrap_or(&self.scene.actors.agents[0]))?;
        let policy = self.trail.policies.get(&(Scope::Session(id), token)).copied().unwrap_or_default();
        let above = payment.amount + fee > policy.per_payment_cap;
        let owner: &PrivateKeySigner = self.owner();
        let approval = self.scene.approve(&payment, owner)?;
        Ok((payment, signature, if above && self.draw.chance(70) { approval } else { Bytes::new() }))
    }

    /// A session that is not revoked, mostly.
    fn session(&mut self) -> u32 {
        let live: Vec<_> =
            self.trail.sessions().filter(|session| !session.revoked).map(|session| session.id.get()).collect();
        if live.is_empty() || self.draw.chance(4) { 1 + self.draw.below(4) as u32 } else { self.draw.of(&live) }
    }

    fn scope(&mut self) -> Scope {
        let (session, category) = (self.session(), self.category());
        let (session, category) = self.draw.of(&[(0, 0), (session, category), (session, 0), (session, 0)]);
        Scope::new(session, category).unwrap_or(Scope::Vault)
    }

    fn category(&mut self) -> u8 {
        self.draw.of(&[1, 1, 2, 3, 63])
    }

    fn token(&mut self) -> Address {
        let tokens = [self.scene.usdc, self.scene.plain];
        self.draw.of(&tokens)
    }

    /// All that may be in the book: payees and the relayer.
    fn payees(&mut self) -> Vec<Address> {
        let mut all = self.scene.actors.payees.to_vec();
        all.push(self.scene.actors.relayer.address());
        all.sort();
        let some = self.draw.some(&all);
        if some.is_empty() { all } else { some }
    }

    fn payee(&mut self) -> Address {
        let payees = self.scene.actors.payees;
        self.draw.of(&payees)
    }

    /// Base units: seldom none, seldom dust, mostly up to 30 tokens.
    fn amount(&mut self, token: Address) -> u128 {
        let whole = if token == self.scene.usdc { Scene::USDC } else { Scene::PLAIN };
        let hundredths = u128::from(self.draw.below(3_000));
        match self.draw.below(20) {
            0 => 0,
            1 => hundredths,
            _ => whole * hundredths / 100,
        }
    }
}
