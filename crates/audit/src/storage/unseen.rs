//! What no view of the contract tells of a vault's words: flags, marks and units, whose a purse is, what replaced keys leave
//! behind, and that nothing else stands in them.

use super::{Words, at, by_category, subjects};
use crate::change::ChangeSubject;
use crate::report::{Difference, Subject};
use crate::session::SessionWord;
use crate::trail::Trail;
use alloy::primitives::{Address, B256, U256};
use purse_protocol::storage::field::{self, Field};
use purse_protocol::storage::{self, subject};
use purse_protocol::{Scope, Window};
use std::collections::BTreeSet;

/// What these bits say otherwise than the trail.
pub(super) fn compare(trail: &Trail, words: &Words) -> Vec<Difference> {
    let mut unseen = Unseen { trail, words, found: Vec::new() };
    unseen.vault();
    unseen.sessions();
    let marked = by_category(trail);
    for &(scope, token) in trail.policies.keys().chain(&marked).collect::<BTreeSet<_>>() {
        unseen.scope(scope, token, marked.contains(&(scope, token)));
    }
    unseen.book();
    unseen.waiting();
    unseen.found
}

impl ChangeSubject {
    /// As the vault writes it down.
    pub(super) fn word(self) -> U256 {
        match self {
            Self::Session(session) => subject::session(session),
            Self::VaultLimits(token) => subject::limits(token),
            Self::Payees => subject::PAYEES,
            Self::Pause => subject::PAUSE,
            Self::Delay => subject::DELAY,
            Self::Ownership => subject::OWNERSHIP,
            Self::Guardian => subject::GUARDIAN,
            Self::Treasury => subject::TREASURY,
        }
    }
}

struct Unseen<'a> {
    trail: &'a Trail,
    words: &'a Words,
    found: Vec<Difference>,
}

impl Unseen<'_> {
    /// A word whose `told` bits are compared elsewhere, whose `fields` are these, and of which the rest is zero.
    fn word(&mut self, about: &Subject, slot: B256, told: U256, fields: &[(Field, U256)]) {
        let word = U256::from_be_bytes(at(self.words, slot).0);
        let mut rest = word & !told;
        for (field, due) in fields {
            self.found.extend(Difference::between(about.clone(), field.name, due, &field.of(word)));
            rest &= !field.mask();
        }
        self.found.extend(Difference::between(about.clone(), "what means nothing in its word", &U256::ZERO, &rest));
    }

    fn vault(&mut self) {
        let trail = self.trail;
        let is_limited = trail.policies.keys().any(|(scope, _)| *scope == Scope::Vault);
        let is_granted = trail.keys.values().any(|word| word.epoch == trail.epoch);
        let flags = [
            (field::LIMITED, U256::from(is_limited)),
            (field::GRANTED, U256::from(is_granted)),
            (field::WAITING, U256::from(!trail.waiting.is_empty())),
        ];
        self.word(&Subject::Vault, storage::VAULT_WORD, field::VAULT_TOLD.mask(), &flags);
        let [owner, others @ ..] = storage::role_slots();
        self.word(&Subject::Vault, owner, field::OWNER_TOLD.mask(), &[]);
        for slot in others {
            self.word(&Subject::Vault, slot, field::ADDRESS.mask(), &[]);
        }
    }

    fn sessions(&mut self) {
        let trail = self.trail;
        for &session in trail.session_keys.keys() {
            self.word(&Subject::Session { session }, storage::key_slot(session.get()), field::ADDRESS.mask(), &[]);
        }
        // Of the key that a session has now, the views tell all.
        let has_served = |key: &Address, word: &SessionWord| trail.session_keys.get(&word.session) != Some(key);
        for (&key, word) in trail.keys.iter().filter(|(key, word)| has_served(key, word)) {
            let fields = [
                (field::EPOCH, U256::from(word.epoch)),
                (field::VALID_FROM, U256::from(word.valid_from)),
                (field::VALID_UNTIL, U256::from(word.valid_until)),
                (field::NONCE_HIGHEST, U256::from(word.nonce_highest)),
                (field::NONCE_WINDOW, U256::from(word.nonce_window)),
                (field::CATEGORIES, U256::from(word.categories.bits())),
            ];
            self.word(&Subject::Key { key }, storage::session_slot(key), field::SESSION.mask(), &fields);
        }
    }

    /// A scope's word. Which of the limits that stand is the first, the order of their setting tells; any may be.
    fn scope(&mut self, scope: Scope, token: Address, is_marked: bool) {
        let slot = storage::limit_slots(scope, token)[0];
        let stored = self.trail.policies.get(&(scope, token));
        let policy = stored.copied().unwrap_or_default();
        let first_is = field::FIRST.of(U256::from_be_bytes(at(self.words, slot).0));
        let standing = || Window::ALL.into_iter().filter(|&window| policy.stands(window));
        let number = |window: Window| U256::from(window.index() + 1);
        let first = standing().find(|&window| number(window) == first_is).or_else(|| standing().next());
        let others = first.map_or(policy, |first| policy.without_window(first)).windows;
        let mut told = first.map_or(U256::ZERO, |_| field::FIRST_METER.mask());
        let mut fields = vec![
            (field::FIRST, first.map_or(U256::ZERO, number)),
            (field::UNIT, U256::from(policy.unit_bits)),
            (field::OTHERS, U256::from(others)),
        ];
        match scope {
            Scope::Vault => {}
            Scope::Session(_) => {
                fields.push((field::BY_CATEGORY, U256::from(is_marked)));
                told |= stored.map_or(U256::ZERO, |_| field::PER_PAYMENT.mask());
            }
            Scope::Category(..) => {
                let units = U256::from(policy.purse_target.unwrap_or_default()) >> usize::from(policy.unit_bits);
                fields.push((field::HAS_TARGET, U256::from(policy.purse_target.is_some())));
                fields.push((field::TARGET, units));
            }
        }
        self.word(&Subject::Limit { scope, token, window: None }, slot, told, &fields);
    }

    fn book(&mut self) {
        let trail = self.trail;
        for &payee in trail.payees.keys() {
            let purse = trail.purses.get(&payee).map(|of| {
                let token = U256::from_be_slice(of.token.as_slice());
                [(field::PURSE_TOKEN, token), (field::PURSE_SESSION, U256::from(of.session.get()))]
            });
            let fields = purse.as_ref().map_or(&[][..], |fields| &fields[..]);
            self.word(&Subject::Payee { payee }, storage::payee_slot(payee), field::CATEGORY.mask(), fields);
        }
        for &token in trail.tokens.keys() {
            let fields = [(field::LISTED, U256::ONE)];
            self.word(&Subject::Token { token }, storage::token_slot(token), field::TOKEN_UNIT.mask(), &fields);
        }
    }

    fn waiting(&mut self) {
        let trail = self.trail;
        let [list, everything] = storage::waiting_slots();
        let numbers = trail.waiting.iter().rev();
        let due = numbers.fold(U256::ZERO, |list, change| (list << 24_usize) | U256::from(change.number));
        let found = U256::from_be_bytes(at(self.words, list).0);
        self.found.extend(Difference::between(Subject::Vault, "the list of what waits", &due, &found));
        for change in &trail.waiting {
            let about = Subject::Change { change: change.number };
            let fields = [(field::SUBJECT, change.subject.word())];
            self.word(&about, storage::change_slots(change.number)[0], field::EXECUTABLE_FROM.mask(), &fields);
        }
        // What is killed of what waits, the views tell. Beyond the owner nonce, what is yet to wait would be dead.
        let killed = subjects(trail).into_iter().map(storage::killed_slot).chain([everything]);
        let last = killed.map(|slot| U256::from_be_bytes(at(self.words, slot).0)).max().unwrap_or_default();
        if last > U256::from(trail.owner_nonce) {
            let problem = format!("changes up to {last} are killed, the owner nonce is {}", trail.owner_nonce);
            self.found.push(Difference::new(Subject::Vault, problem));
        }
    }
}
