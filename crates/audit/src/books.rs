//! The policy in force, as the events up to now made it: books of the checks' own, kept from the promises and not from
//! the contract.

use alloy::primitives::Address;
use purse_protocol::abi::IVault::IVaultEvents;
use std::collections::{BTreeMap, BTreeSet};

/// Session (0 = the vault), category (0 = every one), token, window in seconds.
pub(crate) type LimitKey = (u32, u8, Address, u32);

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) paused: bool,
    pub(crate) epoch: u32,
    pub(crate) delay: u32,
    pub(crate) owner: Address,
    pub(crate) pending_owner: Address,
    pub(crate) guardian: Address,
    pub(crate) treasury: Address,
    pub(crate) sessions: BTreeMap<u32, Grant>,
    pub(crate) keys: BTreeSet<Address>,
    pub(crate) payees: BTreeMap<Address, u8>,
    /// With their unit of 2^n base units.
    pub(crate) tokens: BTreeMap<Address, u8>,
    pub(crate) caps: BTreeMap<(u32, Address), u128>,
    pub(crate) limits: BTreeMap<LimitKey, u128>,
    pub(crate) purses: BTreeMap<Address, PurseOf>,
    /// Those that were set.
    pub(crate) targets: BTreeMap<PurseOf, u128>,
}

/// Session, category and token of a purse.
pub(crate) type PurseOf = (u32, u8, Address);

#[derive(Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) key: Address,
    pub(crate) epoch: u32,
    pub(crate) from: u32,
    pub(crate) until: u32,
    pub(crate) categories: u64,
    pub(crate) revoked: bool,
}

impl Books {
    /// A payee's category; 0 = not in the book.
    pub(crate) fn category(&self, payee: Address) -> u8 {
        self.payees.get(&payee).copied().unwrap_or(0)
    }

    /// What a session may pay at once; 0 = nothing was said of it.
    pub(crate) fn cap(&self, session: u32, token: Address) -> u128 {
        self.caps.get(&(session, token)).copied().unwrap_or(0)
    }

    /// How many limits stand in a scope.
    pub(crate) fn limits_of(&self, session: u32, category: u8, token: Address) -> usize {
        self.limits.range((session, category, token, 0)..=(session, category, token, u32::MAX)).count()
    }

    /// What a purse may be refilled to (I4): what was set, at most a quarter of the least cap that stands for it; a tenth
    /// where nothing was set. In whole units of the token.
    pub(crate) fn target(&self, of: PurseOf) -> u128 {
        let (session, category, token) = of;
        if self.limits_of(session, 0, token) == 0 {
            return 0;
        }
        let unit_bits = self.tokens.get(&token).copied().unwrap_or(0);
        let scopes = [(0, 0), (session, 0), (session, category)];
        let caps = scopes.into_iter().flat_map(|(session, category)| {
            self.limits.range((session, category, token, 0)..=(session, category, token, u32::MAX))
        });
        let least = caps.map(|(_, cap)| cap >> unit_bits).min().unwrap_or(0);
        let units = match self.targets.get(&of) {
            Some(set) => (set >> unit_bits).min(least / 4),
            None => least / 10,
        };
        units << unit_bits
    }

    /// The event takes effect.
    pub(crate) fn follow(&mut self, event: &IVaultEvents) {
        match event {
            IVaultEvents::SessionGranted(e) => {
                let (from, until, categories) = (e.validFrom, e.validUntil, e.categories);
                let grant = Grant { key: e.key, epoch: e.epoch, from, until, categories, revoked: false };
                self.sessions.insert(e.session, grant);
                self.keys.insert(e.key);
            }
            IVaultEvents::KeyRotated(e) => {
                self.keys.insert(e.newKey);
                self.change(e.session, |grant| grant.key = e.newKey);
            }
            IVaultEvents::ValiditySet(e) => {
                self.change(e.session, |grant| (grant.from, grant.until) = (e.validFrom, e.validUntil));
            }
            IVaultEvents::CategoriesSet(e) => self.change(e.session, |grant| grant.categories = e.categories),
            IVaultEvents::Revoked(e) => self.change(e.session, |grant| grant.revoked = true),
            IVaultEvents::AllRevoked(e) => self.epoch = e.epoch,
            IVaultEvents::Paused(_) => self.paused = true,
            IVaultEvents::Unpaused(_) => self.paused = false,
            IVaultEvents::TokenAdded(e) => {
                self.tokens.insert(e.token, e.unitBits);
            }
            IVaultEvents::PayeeSet(e) => {
                self.payees.insert(e.payee, e.category);
            }
            // A refill is a payment to the purse, under its category
            IVaultEvents::PurseOpened(e) => {
                self.payees.insert(e.purse, e.category);
                self.purses.insert(e.purse, (e.session, e.category, e.token));
            }
            IVaultEvents::PurseTargetSet(e) => {
                self.targets.insert((e.session, e.category, e.token), e.target);
            }
            IVaultEvents::PayeeRemoved(e) => {
                self.payees.remove(&e.payee);
            }
            IVaultEvents::PerPaymentCapSet(e) => {
                self.caps.insert((e.session, e.token), e.perPaymentCap);
            }
            IVaultEvents::LimitSet(e) => {
                self.limits.insert((e.session, e.category, e.token, e.window), e.cap);
            }
            IVaultEvents::LimitRemoved(e) => {
                self.limits.remove(&(e.session, e.category, e.token, e.window));
            }
            IVaultEvents::OwnershipTransferStarted(e) => self.pending_owner = e.pendingOwner,
            IVaultEvents::OwnershipTransferred(e) => {
                (self.owner, self.pending_owner) = (e.newOwner, Address::ZERO);
            }
            IVaultEvents::GuardianSet(e) => self.guardian = e.guardian,
            IVaultEvents::TreasurySet(e) => self.treasury = e.treasury,
            IVaultEvents::DelaySet(e) => self.delay = e.delay,
            IVaultEvents::Paid(_)
            | IVaultEvents::PaymentFailed(_)
            | IVaultEvents::Withdrawn(_)
            | IVaultEvents::ChangeWaiting(_)
            | IVaultEvents::ChangeCall(_)
            | IVaultEvents::ChangeExecuted(_)
            | IVaultEvents::ChangeCancelled(_) => {}
        }
    }

    fn change(&mut self, session: u32, change: impl FnOnce(&mut Grant)) {
        if let Some(grant) = self.sessions.get_mut(&session) {
            change(grant);
        }
    }
}
