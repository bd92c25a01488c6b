//! Values that a verb or a payment is made of: mostly such as will do.

use super::Generator;
use crate::model::{LIFETIME, Limit, Scope, Session, Vault, WINDOWS};
use alloy::primitives::Address;

pub(super) const HOUR: u32 = 3_600;
pub(super) const DAY: u32 = 86_400;
/// The categories that tests mostly use; 63 is for fees.
pub(super) const CATEGORIES: [u8; 6] = [1, 2, 3, 4, 40, 63];
/// The largest cap in units.
pub(super) const MAX_UNITS: u128 = (1 << 31) - 1;

impl Generator<'_> {
    /// Whether a session can pay at all.
    pub(super) fn can_pay(&self, vault: &Vault, session: &Session) -> bool {
        let span = u64::from(session.valid_from)..u64::from(session.valid_until);
        !vault.is_revoked(session) && span.contains(&self.now)
    }

    /// Sessions and tokens that can be paid now: of a living session, with something left, to somebody in the book.
    pub(super) fn payable(&self, vault: &Vault) -> Vec<(u32, Address)> {
        let sessions = vault.sessions.iter().filter(|(_, session)| {
            self.can_pay(vault, session)
                && vault.payees.values().any(|category| session.categories >> category & 1 == 1)
        });
        let places = sessions.flat_map(|(id, _)| vault.tokens.keys().map(|token| (*id, *token)));
        let places = places.filter(|&(session, token)| {
            let scope = |session| Scope { session, category: 0, token };
            let left = |(window, limit): (u32, &Limit)| limit.left(window, self.now) > 0;
            vault.standing(scope(session)).next().is_some()
                && vault.standing(scope(session)).all(left)
                && vault.standing(scope(0)).all(left)
                && !vault.per_payment_cap(session, token).is_zero()
        });
        places.collect()
    }

    /// A session that can pay, mostly.
    pub(super) fn session(&mut self, vault: &Vault) -> u32 {
        let all: Vec<u32> = vault.sessions.keys().copied().collect();
        if self.dice.slip() {
            let id = self.dice.one(&all);
            return self.dice.one(&[0, id, id, 777_777, u32::MAX]);
        }
        let can_pay = |id: &&u32| vault.sessions.get(id).is_some_and(|session| self.can_pay(vault, session));
        let live: Vec<u32> = all.iter().filter(can_pay).copied().collect();
        let alive = |id: &&u32| vault.sessions.get(id).is_some_and(|session| !vault.is_revoked(session));
        let changeable: Vec<u32> = all.iter().filter(alive).copied().collect();
        let few = if live.is_empty() { changeable } else { live };
        // The youngest are the likeliest to have something left
        let from = few.len().saturating_sub(5);
        self.dice.one(few.get(from..).unwrap_or_default())
    }

    /// A listed token, mostly.
    pub(super) fn token(&mut self, vault: &Vault) -> Address {
        let listed: Vec<Address> = vault.tokens.keys().copied().collect();
        if listed.is_empty() || self.dice.slip() {
            return self.dice.one(&[self.cast.tokens.clone(), vec![vault.address, Address::ZERO]].concat());
        }
        self.dice.one(&listed)
    }

    /// A cap that some payments will reach.
    pub(super) fn cap(&mut self, vault: &Vault, token: Address) -> u128 {
        let bits = vault.unit_bits(token);
        if self.dice.slip() {
            return self.dice.one(&[0, 1, u128::MAX, (MAX_UNITS + 1) << bits, (1 << bits) - 1]);
        }
        let most = self.dice.one(&[100, 10_000, 1_000_000, 1_000_000, MAX_UNITS]);
        let units = self.dice.between(1, most);
        let rest = if self.dice.chance(0.3) { self.dice.between(0, (1 << bits) - 1) } else { 0 };
        (units << bits) + rest
    }

    pub(super) fn window(&mut self) -> u32 {
        if self.dice.slip() { self.dice.one(&[0, 1, 900, 3_601, LIFETIME - 1]) } else { self.dice.one(&WINDOWS) }
    }

    pub(super) fn category(&mut self) -> u8 {
        if self.dice.slip() { self.dice.one(&[0, 64, 65, 255]) } else { self.dice.one(&CATEGORIES) }
    }

    pub(super) fn mask(&mut self) -> u64 {
        let some = self.dice.some(&CATEGORIES, CATEGORIES.len());
        let mask = some.into_iter().fold(0, |mask, category| mask | 1_u64 << category);
        if self.dice.slip() {
            return self.dice.one(&[mask | 1, 0, u64::MAX]);
        }
        if self.dice.chance(0.6) { mask | 0x8000_0100_0000_001e } else { mask }
    }

    pub(super) fn validity(&mut self) -> (u32, u32) {
        let now = u32::try_from(self.now).unwrap_or(u32::MAX);
        let since = self.dice.one(&[0, now.saturating_sub(HOUR), now]);
        let for_long = self.dice.between(30 * DAY, 400 * DAY);
        let spans = [HOUR, 3 * DAY, for_long, for_long, for_long];
        let until = now.saturating_add(self.dice.one(&spans));
        if self.dice.chance(0.08) {
            return (now.saturating_add(self.dice.between(1, DAY)), until.saturating_add(DAY));
        }
        if self.dice.slip() {
            return self.dice.one(&[(until, until), (until, since), (since, now), (0, 0), (0, u32::MAX)]);
        }
        (since, until)
    }

    /// A key that never served, mostly.
    pub(super) fn new_key(&mut self, vault: &Vault) -> Address {
        if self.dice.slip() {
            let used: Vec<Address> = vault.keys.keys().copied().collect();
            let payees: Vec<Address> = vault.payees.keys().copied().collect();
            let others = [vault.owner, vault.guardian, vault.treasury, vault.address, Address::ZERO];
            let more = [self.dice.one(&used), self.dice.one(&payees), self.dice.one(&self.cast.tokens)];
            return self.dice.one(&[others.as_slice(), &more].concat());
        }
        // Now and then somebody who is about to have another role
        if self.dice.chance(0.04) {
            let roles = [&self.cast.owners, &self.cast.guardians].map(|roles| self.dice.one(roles));
            return self.dice.one(&[[vault.pending_owner].as_slice(), &roles].concat());
        }
        let fresh = self.cast.agents.iter().find(|agent| !vault.keys.contains_key(*agent));
        fresh.copied().unwrap_or(vault.owner)
    }
}
