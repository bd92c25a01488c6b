//! Payments.

use super::Generator;
use crate::model::{Scope, Session, Vault};
use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::{self, BatchItem, Payment};

/// How many items a batch may have.
const MAX_ITEMS: usize = 32;

impl Generator<'_> {
    /// A signed payment.
    pub(super) fn pay(&mut self, vault: &Vault) -> anyhow::Result<Vec<u8>> {
        let BatchItem { payment, signature, approval } = self.item(vault, 0)?;
        let data = IVault::payCall { payment, signature, approval }.abi_encode();
        Ok(self.dirty(data, 4))
    }

    /// Some signed payments.
    pub(super) fn batch(&mut self, vault: &Vault) -> anyhow::Result<Vec<u8>> {
        let few = self.dice.between(1, 5);
        let count = if self.dice.slip() { self.dice.one(&[0, MAX_ITEMS + 1]) } else { few };
        let count = if self.dice.chance(0.01) { MAX_ITEMS } else { count };
        let items = (0..count as u32).map(|index| self.item(vault, index)).collect::<Result<Vec<_>, _>>()?;
        // selector, offset, length, an offset for each, then the first item's payment
        let first = 4 + 64 + 32 * items.len();
        let mut data = IVault::payBatchCall { items }.abi_encode();
        // Where the first item's signature is said to be, there is nothing
        if self.dice.slip()
            && let Some(offset) = data.get_mut(first + 32 * 9 + 24..first + 32 * 9 + 32)
        {
            offset.fill(0x7f);
        }
        Ok(if count == 0 { data } else { self.dirty(data, first) })
    }

    pub(super) fn check(&mut self, vault: &Vault) -> Vec<u8> {
        let payment = self.payment(vault, 0);
        let approved = self.dice.chance(0.5);
        let data = IVault::checkCall { payment, approved }.abi_encode();
        self.dirty(data, 4)
    }

    /// A payment as the `index`th of a batch, signed by its session's key, approved where that is asked for; mostly.
    fn item(&mut self, vault: &Vault, index: u32) -> anyhow::Result<BatchItem> {
        let mut payment = self.payment(vault, index);
        let known = vault.sessions.get(&payment.session);
        let stranger = self.dice.one(&self.cast.agents);
        let mut key = known.map_or(stranger, |session| session.key);
        if self.dice.slip() {
            let retired = vault.keys.iter().filter(|(key, session)| {
                **session == payment.session && known.is_some_and(|session| session.key != **key)
            });
            let others: Vec<Address> = retired.map(|(key, _)| *key).collect();
            let others = if others.is_empty() { vec![stranger, vault.owner] } else { others };
            key = self.dice.one(&others);
        }
        let domain = self.domain(vault);
        let signature = self.signature(key, domain.payment(&payment))?;

        let total = U256::from(payment.amount) + U256::from(payment.fee);
        let refill = vault.is_purse(payment.payee);
        let above = !refill && total > vault.per_payment_cap(payment.session, payment.token);
        let approved = if self.dice.slip() { !above } else { above };
        let approval = if approved {
            let domain = self.domain(vault);
            let digest = if self.dice.slip() { domain.payment(&payment) } else { domain.approval(&payment) };
            let wrong = [vault.guardian, key, self.dice.one(&self.cast.owners)];
            let signer = if self.dice.slip() { self.dice.one(&wrong) } else { vault.owner };
            self.signature(signer, digest)?
        } else {
            Vec::new()
        };
        if self.dice.slip() {
            payment.amount = payment.amount.wrapping_add(1);
        }
        Ok(BatchItem { payment, signature: signature.into(), approval: approval.into() })
    }

    fn payment(&mut self, vault: &Vault, index: u32) -> Payment {
        let payable = self.payable(vault);
        let (session, token) = match self.dice.pick(&payable) {
            Some(place) if !self.dice.slip() => place,
            _ => {
                let session = self.session(vault);
                (session, self.paid_token(vault, session))
            }
        };
        let known = vault.sessions.get(&session);
        let payee = self.payee(vault, known);
        let paid = self.dice.chance(0.25);
        let fee_recipient = if paid { self.payee(vault, known) } else { Address::ZERO };
        let categories = [vault.category(payee), vault.category(fee_recipient)];
        let total = self.total(vault, session, token, categories);
        let fee = if paid { self.dice.between(1, (total / 10).max(1)).min(total.saturating_sub(1)) } else { 0 };
        let mut payment = Payment {
            session,
            nonce: self.nonce(known, index),
            deadline: self.deadline(),
            token,
            payee,
            amount: total - fee,
            fee,
            feeRecipient: if fee == 0 { Address::ZERO } else { fee_recipient },
            r#ref: B256::from(self.dice.word()),
        };
        if self.dice.chance(0.15) {
            self.aim_at_purse(vault, &mut payment);
        }
        if self.dice.slip() {
            match self.dice.below(5) {
                0 => payment.amount = 0,
                1 => payment.fee = 0,
                2 => payment.feeRecipient = Address::ZERO,
                3 => payment.feeRecipient = payee,
                _ => payment.fee = self.dice.one(&[1, u128::MAX]),
            }
        }
        payment
    }

    /// A token that the session may pay, mostly.
    fn paid_token(&mut self, vault: &Vault, session: u32) -> Address {
        let granted = vault
            .limits
            .iter()
            .filter(|((scope, _), limit)| limit.stands && scope.session == session && scope.category == 0);
        let granted: Vec<Address> = granted.map(|((scope, _), _)| scope.token).collect();
        if granted.is_empty() || self.dice.slip() { self.token(vault) } else { self.dice.one(&granted) }
    }

    /// A payee in the book under a category that the session has, mostly.
    fn payee(&mut self, vault: &Vault, session: Option<&Session>) -> Address {
        if self.dice.slip() {
            let book: Vec<Address> = vault.payees.keys().copied().collect();
            let purse = self.a_purse(vault);
            let others = [self.dice.one(&book), self.dice.one(&self.cast.payees), vault.owner, Address::ZERO, purse];
            return self.dice.one(&others);
        }
        let granted = session.map_or(u64::MAX, |session| session.categories);
        let payees = vault.payees.iter().filter(|(_, category)| granted >> **category & 1 == 1);
        let payees: Vec<Address> = payees.map(|(payee, _)| *payee).collect();
        if payees.is_empty() { self.dice.one(&self.cast.payees) } else { self.dice.one(&payees) }
    }

    /// An amount that is left in every limit, mostly; often all of it, or one more.
    fn total(&mut self, vault: &Vault, session: u32, token: Address, categories: [u8; 2]) -> u128 {
        let scopes = [(session, 0), (0, 0), (session, categories[0]), (session, categories[1])];
        let left = scopes.into_iter().flat_map(|(session, category)| {
            let now = self.now;
            vault.standing(Scope { session, category, token }).map(move |(window, limit)| limit.left(window, now))
        });
        let left: u128 = vault.amount(token, left.min().unwrap_or_default()).saturating_to();
        let cap: u128 = vault.per_payment_cap(session, token).saturating_to();
        let held = vault.world.tokens.get(&token).map(|token| token.balance(vault.address)).unwrap_or_default();
        if self.dice.slip() {
            let one_more = self.dice.one(&[left, cap]).saturating_add(1);
            return self.dice.one(&[one_more, one_more, held.saturating_to::<u128>().saturating_add(1), u128::MAX, 1]);
        }
        let most = left.min(held.saturating_to());
        let alone = most.min(cap);
        let some = self.dice.between(1, (alone / 4).max(1));
        let with_approval = self.dice.between(alone.min(most), most);
        self.dice.one(&[some, some, some, some, some, alone, alone / 2, with_approval, most]).max(1)
    }

    /// A nonce that has not paid and is not out of reach, mostly.
    fn nonce(&mut self, session: Option<&Session>, index: u32) -> u32 {
        let Some(session) = session else { return 0 };
        let highest = session.paid.last().copied().unwrap_or_default();
        if self.dice.slip() {
            let used: Vec<u32> = session.paid.iter().copied().collect();
            let around = [highest.saturating_sub(31), highest.saturating_sub(32), highest + 1_024, highest + 1_025];
            let one_used = self.dice.one(&used);
            return self.dice.one(&[around.as_slice(), &[one_used, 0, u32::MAX]].concat());
        }
        let free: Vec<u32> =
            (highest.saturating_sub(31)..highest).filter(|nonce| !session.paid.contains(nonce)).collect();
        if self.dice.chance(0.25) && !free.is_empty() {
            return free.get((index as usize + self.dice.below(free.len())) % free.len()).copied().unwrap_or(highest);
        }
        let leap = if self.dice.chance(0.3) { self.dice.between(1, 40) } else { 0 };
        highest + 1 + index + leap
    }

    /// Sets a bit above a word's type, now and then, in the payment that begins at a place.
    fn dirty(&mut self, mut data: Vec<u8>, payment: usize) -> Vec<u8> {
        if !self.dice.slip() {
            return data;
        }
        // Bits of the types, word by word; the reference has no bit to spare
        let bits = [32, 32, 32, 160, 160, 128, 128, 160];
        let word = self.dice.below(bits.len());
        let bit = self.dice.between(bits.get(word).copied().unwrap_or(255), 255);
        let at = payment + 32 * word + 31 - bit / 8;
        if let Some(byte) = data.get_mut(at) {
            *byte |= 1 << (bit % 8);
        }
        data
    }
}
