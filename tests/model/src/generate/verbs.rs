//! The owner's verbs.

use super::Generator;
use super::values::{CATEGORIES, DAY, HOUR, MAX_UNITS};
use crate::model::{Scope, Vault, WINDOWS};
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::{self, Grant, Limit, PayeeEntry, TokenGrant};

/// A verb's calldata, and the value that it replaces.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) call: Vec<u8>,
    pub(super) replaces: Option<U256>,
}

impl Act {
    pub(super) fn plain(call: Vec<u8>) -> Self {
        Self { call, replaces: None }
    }

    pub(super) fn replacing(call: Vec<u8>, value: impl Into<U256>) -> Self {
        Self { call, replaces: Some(value.into()) }
    }
}

fn word(account: Address) -> U256 {
    U256::from_be_slice(account.as_slice())
}

/// Makes a verb.
pub(super) type Make<'a> = fn(&mut Generator<'a>, &Vault) -> Act;

impl<'a> Generator<'a> {
    /// Some verb of the owner, by some way.
    pub(super) fn owner_verb(&mut self, vault: &Vault) -> anyhow::Result<(Address, Vec<u8>)> {
        let verbs: [(u32, Make<'a>); 12] = [
            (10, Self::set_purse_target),
            (45, Self::set_limit),
            (16, Self::remove_limit),
            (14, Self::set_per_payment_cap),
            (14, Self::set_validity),
            (14, Self::set_categories),
            (14, Self::rotate_key),
            (16, Self::withdraw),
            (7, Self::set_guardian),
            (5, Self::set_treasury),
            (6, Self::transfer_ownership),
            (9, Self::set_delay),
        ];
        let sessions = vault.sessions.values().any(|session| !vault.is_revoked(session));
        // The first of them are about sessions, mostly
        let verbs = if sessions || self.dice.chance(0.1) { &verbs[..] } else { &verbs[7..] };
        let make = self.dice.weighted(verbs).unwrap_or(Self::set_limit);
        self.envelope(vault, make)
    }

    pub(super) fn grant(&mut self, vault: &Vault) -> Act {
        let next = vault.sessions.keys().last().map_or(1, |last| last.wrapping_add(1));
        let known: Vec<u32> = vault.sessions.keys().copied().chain([0]).collect();
        let session = if self.dice.slip() { self.dice.one(&known) } else { next };
        let (from, until) = self.validity();
        let mut listed: Vec<Address> = vault.tokens.keys().copied().collect();
        if self.dice.slip() {
            listed = self.cast.tokens.clone();
            listed.reverse();
        }
        let tokens = self.dice.some(&listed, 3);
        let mut tokens: Vec<TokenGrant> = tokens.into_iter().map(|token| self.token_grant(vault, token)).collect();
        if self.dice.slip() {
            tokens.extend(tokens.first().cloned());
        }
        let key = self.new_key(vault);
        let categories = self.mask();
        let grant = Grant { session, key, validFrom: from, validUntil: until, categories, tokens };
        Act::plain(IVault::grantCall { newSession: grant }.abi_encode())
    }

    fn token_grant(&mut self, vault: &Vault, token: Address) -> TokenGrant {
        let mut places: Vec<(u8, u32)> = self.dice.some(&WINDOWS, 3).into_iter().map(|window| (0, window)).collect();
        if self.dice.chance(0.4) {
            let categories = self.dice.some(&CATEGORIES, 2);
            places.extend(categories.into_iter().map(|category| (category, self.dice.one(&WINDOWS))));
        }
        if self.dice.slip() {
            places.push((self.category(), self.window()));
        }
        if self.dice.slip() {
            places.reverse();
        }
        let limits = places.into_iter().map(|(category, window)| {
            let cap = self.cap(vault, token);
            Limit { category, window, cap }
        });
        let limits: Vec<Limit> = limits.collect();
        let widest = limits.iter().map(|limit| limit.cap).max().unwrap_or_default();
        let cap = if self.dice.chance(0.7) { widest / 3 + 1 } else { self.cap(vault, token) };
        TokenGrant { token, perPaymentCap: cap, limits }
    }

    /// A limit that stands, mostly; else the place of one.
    fn place(&mut self, vault: &Vault, standing: f64) -> (Scope, u32) {
        let all: Vec<(Scope, u32)> =
            vault.limits.iter().filter(|(_, limit)| limit.stands).map(|(place, _)| *place).collect();
        let all: Vec<(Scope, u32)> = all
            .iter()
            .filter(|(scope, _)| {
                let known = vault.sessions.get(&scope.session);
                known.is_none_or(|session| !vault.is_revoked(session))
            })
            .copied()
            .collect();
        if let Some(place) = self.dice.pick(&all)
            && self.dice.chance(standing)
        {
            return place;
        }
        let session = if self.dice.chance(0.25) { 0 } else { self.session(vault) };
        let by_category = self.dice.chance(0.4) && (session != 0 || self.dice.chance(0.1));
        let category = if by_category { self.category() } else { 0 };
        (Scope { session, category, token: self.token(vault) }, self.window())
    }

    fn set_limit(&mut self, vault: &Vault) -> Act {
        let (scope, window) = self.place(vault, 0.5);
        let Scope { session, category, token } = scope;
        let mut cap = self.cap(vault, token);
        if session == 0 && self.dice.chance(0.7) {
            cap = MAX_UNITS << vault.unit_bits(token);
        }
        let standing = vault.standing(scope).find(|(known, _)| *known == window);
        let value = vault.amount(token, standing.map_or(0, |(_, limit)| limit.cap_units));
        if self.dice.chance(0.1) {
            cap = value.saturating_to();
        }
        Act::replacing(IVault::setLimitCall { session, category, token, window, cap }.abi_encode(), value)
    }

    fn remove_limit(&mut self, vault: &Vault) -> Act {
        let standing = if self.dice.slip() { 0.0 } else { 1.0 };
        let (scope, window) = self.place(vault, standing);
        let Scope { session, category, token } = scope;
        let standing = vault.standing(scope).find(|(known, _)| *known == window);
        let value = vault.amount(token, standing.map_or(0, |(_, limit)| limit.cap_units));
        Act::replacing(IVault::removeLimitCall { session, category, token, window }.abi_encode(), value)
    }

    fn set_per_payment_cap(&mut self, vault: &Vault) -> Act {
        let (session, token) = (self.session(vault), self.token(vault));
        let cap = self.cap(vault, token);
        let value = vault.per_payment_cap(session, token);
        let call = IVault::setPerPaymentCapCall { session, token, perPaymentCap: cap };
        Act::replacing(call.abi_encode(), value)
    }

    fn set_validity(&mut self, vault: &Vault) -> Act {
        let session = self.session(vault);
        let (from, until) = self.validity();
        let known = vault.sessions.get(&session).map_or((0, 0), |known| (known.valid_from, known.valid_until));
        let value = (U256::from(known.0) << 32) | U256::from(known.1);
        let call = IVault::setValidityCall { session, validFrom: from, validUntil: until };
        Act::replacing(call.abi_encode(), value)
    }

    fn set_categories(&mut self, vault: &Vault) -> Act {
        let session = self.session(vault);
        let value = vault.sessions.get(&session).map_or(0, |known| known.categories);
        let categories = if self.dice.chance(0.1) { value } else { self.mask() };
        Act::replacing(IVault::setCategoriesCall { session, categories }.abi_encode(), U256::from(value))
    }

    fn rotate_key(&mut self, vault: &Vault) -> Act {
        let session = self.session(vault);
        let old = vault.sessions.get(&session).map_or(Address::ZERO, |known| known.key);
        let call = IVault::rotateKeyCall { session, newKey: self.new_key(vault) };
        Act::replacing(call.abi_encode(), word(old))
    }

    pub(super) fn set_payees(&mut self, vault: &Vault) -> Act {
        let mut payees = self.cast.payees.clone();
        payees.sort();
        if self.dice.slip() {
            payees.extend([vault.address, vault.owner, Address::ZERO]);
            payees.extend(vault.keys.keys().chain(vault.tokens.keys()).take(4));
            payees.extend(vault.purses.keys().take(2));
            if self.dice.chance(0.6) {
                payees.sort();
            }
        }
        let chosen = self.dice.some(&payees, 4);
        let same = self.dice.chance(0.15);
        let entries = chosen.into_iter().map(|payee| {
            let category = if same { vault.category(payee) } else { self.category() };
            PayeeEntry { payee, category }
        });
        let mut entries: Vec<PayeeEntry> = entries.collect();
        if self.dice.slip() {
            entries.clear();
        }
        // A list has one expected value for all: mostly one that some of them have
        let value = entries.first().map_or(0, |entry| vault.category(entry.payee));
        if self.dice.chance(0.8) {
            entries.retain(|entry| vault.category(entry.payee) == value || self.cast.payees.is_empty());
        }
        Act::replacing(IVault::setPayeesCall { entries }.abi_encode(), U256::from(value))
    }

    fn set_guardian(&mut self, vault: &Vault) -> Act {
        let used: Vec<Address> = vault.keys.keys().copied().collect();
        let guardians = &self.cast.guardians;
        let some = [self.dice.one(guardians), self.dice.one(guardians), vault.guardian, Address::ZERO];
        let new = if self.dice.slip() { self.dice.one(&used) } else { self.dice.one(&some) };
        Act::replacing(IVault::setGuardianCall { newGuardian: new }.abi_encode(), word(vault.guardian))
    }

    fn set_treasury(&mut self, vault: &Vault) -> Act {
        let used: Vec<Address> = vault.keys.keys().copied().collect();
        let new = if self.dice.slip() {
            let purses: Vec<Address> = vault.purses.keys().copied().collect();
            let others = [
                self.dice.one(&used),
                Address::ZERO,
                vault.address,
                self.dice.one(&self.cast.tokens),
                self.dice.one(&purses),
            ];
            self.dice.one(&others)
        } else {
            let some = [self.dice.one(&self.cast.treasuries), self.dice.one(&self.cast.treasuries), vault.treasury];
            self.dice.one(&some)
        };
        Act::replacing(IVault::setTreasuryCall { newTreasury: new }.abi_encode(), word(vault.treasury))
    }

    fn transfer_ownership(&mut self, vault: &Vault) -> Act {
        let used: Vec<Address> = vault.keys.keys().copied().collect();
        let some = [self.dice.one(&self.cast.owners), self.dice.one(&self.cast.owners), Address::ZERO];
        let new = if self.dice.slip() { self.dice.one(&used) } else { self.dice.one(&some) };
        Act::replacing(IVault::transferOwnershipCall { newOwner: new }.abi_encode(), word(vault.pending_owner))
    }

    fn set_delay(&mut self, vault: &Vault) -> Act {
        let delays = [0, 0, 0, 1, HOUR, HOUR, DAY, 30 * DAY];
        let new = if self.dice.slip() { 30 * DAY + 1 } else { self.dice.one(&delays) };
        Act::replacing(IVault::setDelayCall { newDelay: new }.abi_encode(), U256::from(vault.delay))
    }

    fn withdraw(&mut self, vault: &Vault) -> Act {
        let tokens = [self.cast.tokens.as_slice(), &[vault.owner, vault.address]].concat();
        let token = if self.dice.slip() { self.dice.one(&tokens) } else { self.token(vault) };
        let held = vault.world.tokens.get(&token).map(|token| token.balance(vault.address)).unwrap_or_default();
        let some = held >> self.dice.between(1_usize, 20);
        let amount = if self.dice.slip() {
            self.dice.one(&[U256::ZERO, held + U256::from(1), U256::MAX - U256::from(1)])
        } else {
            self.dice.one(&[some.max(U256::from(1)), some.max(U256::from(1)), held.max(U256::from(1)), U256::MAX])
        };
        Act::plain(IVault::withdrawCall { token, amount }.abi_encode())
    }

    pub(super) fn add_token(&mut self, vault: &Vault) -> Vec<u8> {
        let listed: Vec<Address> = self.cast.tokens.iter().take(3).copied().collect();
        let missing: Vec<Address> = listed.iter().filter(|token| !vault.tokens.contains_key(*token)).copied().collect();
        let token = if self.dice.slip() || missing.is_empty() {
            let payees: Vec<Address> = vault.payees.keys().copied().collect();
            let others = [
                vault.address,
                self.dice.one(&payees),
                self.dice.one(&listed),
                self.dice.one(&self.cast.wallets),
                self.a_purse(vault),
            ];
            self.dice.one(&others)
        } else {
            self.dice.one(&missing)
        };
        let bits = if self.dice.slip() { self.dice.one(&[98, 255]) } else { self.dice.one(&[0, 0, 7, 12, 40, 97]) };
        IVault::addTokenCall { token, unitBits: bits }.abi_encode()
    }
}
