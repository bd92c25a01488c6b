//! Purses: opened, given targets, refilled.

use super::Generator;
use super::verbs::Act;
use crate::model::tokens::Mood;
use crate::model::{Purse, Scope, Session, Vault};
use crate::step::Around;
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::{self, Payment};

impl Generator<'_> {
    /// Any purse; zero if there is none.
    pub(super) fn a_purse(&mut self, vault: &Vault) -> Address {
        let purses: Vec<Address> = vault.purses.keys().copied().collect();
        self.dice.one(&purses)
    }

    /// A purse that could be opened, mostly.
    pub(super) fn open_purse(&mut self, vault: &Vault) -> Vec<u8> {
        if self.dice.slip() {
            let token = self.cast.moody();
            self.around.push(Around::SetMood { token, mood: Mood::Discreet });
        }
        let Purse { session, category, token } = self.some_purse(vault, true);
        IVault::openPurseCall { session, token, category }.abi_encode()
    }

    pub(super) fn set_purse_target(&mut self, vault: &Vault) -> Act {
        let of @ Purse { session, category, token } = self.some_purse(vault, false);
        let (standing, largest) = vault.purse_target(of);
        let (standing, largest): (u128, u128) = (standing.saturating_to(), largest.saturating_to());
        let target = if self.dice.slip() {
            self.dice.one(&[largest.saturating_add(1 << vault.unit_bits(token)), u128::MAX, largest * 2])
        } else {
            let some = self.dice.between(0, largest);
            self.dice.one(&[some, some, some, largest, standing, standing / 2, 0])
        };
        let call = IVault::setPurseTargetCall { session, category, token, target };
        Act::replacing(call.abi_encode(), U256::from(standing))
    }

    /// Session, category and token of a purse, opened or not; a new one if that is wanted, mostly.
    fn some_purse(&mut self, vault: &Vault, fresh: bool) -> Purse {
        let open: Vec<Purse> = vault.purses.values().copied().collect();
        let again = if fresh { self.dice.slip() } else { self.dice.chance(0.5) };
        if again && !open.is_empty() {
            return self.dice.one(&open);
        }
        let (session, token) = match self.dice.pick(&self.payable(vault)) {
            Some(place) if !self.dice.slip() => place,
            _ => (self.session(vault), self.token(vault)),
        };
        let granted = vault.sessions.get(&session).map_or(0, |Session { categories, .. }| *categories);
        let free = |category: &u8| {
            granted >> category & 1 == 1 && !(fresh && open.contains(&Purse { session, category: *category, token }))
        };
        let free: Vec<u8> = (1..64).filter(free).collect();
        let category = if free.is_empty() || self.dice.slip() { self.category() } else { self.dice.one(&free) };
        Purse { session, category, token }
    }

    /// Makes a refill of a payment, if its session has a purse: to its own and in time, mostly.
    pub(super) fn aim_at_purse(&mut self, vault: &Vault, payment: &mut Payment) {
        let slip = self.dice.slip();
        let mine = vault.purses.iter().filter(|(purse, of)| {
            let (target, _) = vault.purse_target(**of);
            let low = vault.purse_balance(**purse, **of).saturating_mul(U256::from(2)) < target;
            slip || ((of.session, of.token) == (payment.session, payment.token) && low)
        });
        let mine: Vec<(Address, Purse)> = mine.map(|(purse, of)| (*purse, *of)).collect();
        let Some((purse, of)) = self.dice.pick(&mine) else { return };
        let (target, _) = vault.purse_target(of);
        let room: u128 = target.saturating_sub(vault.purse_balance(purse, of)).saturating_to();
        let Purse { session, category, token } = of;
        let scopes = [(session, 0), (0, 0), (session, category)];
        let now = self.now;
        let left = scopes.into_iter().flat_map(|(session, category)| {
            let scope = Scope { session, category, token };
            vault.standing(scope).map(move |(window, limit)| limit.left(window, now))
        });
        let left: u128 = vault.amount(token, left.min().unwrap_or_default()).saturating_to();
        let most = room.min(left.saturating_sub(payment.fee)).max(1);
        payment.payee = purse;
        let some = self.dice.between(1, most);
        payment.amount = if self.dice.slip() { room.saturating_add(1) } else { self.dice.one(&[some, some, most]) };
        if self.dice.chance(0.7) {
            (payment.fee, payment.feeRecipient) = (0, Address::ZERO);
        }
    }
}
