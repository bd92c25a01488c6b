//! What is taken from purses: asked of the hook, and swept.

use super::Generator;
use crate::model::{Purse, Terms, Vault};
use crate::step::Around;
use alloy::primitives::{Address, B256, U256};

impl Generator<'_> {
    /// Now and then a seller's facilitator asks a purse, or somebody sweeps one.
    pub(super) fn spend(&mut self, vault: &Vault) -> anyhow::Result<()> {
        let purses: Vec<(Address, Purse)> = vault.purses.iter().map(|(purse, of)| (*purse, *of)).collect();
        let Some((purse, of)) = self.dice.pick(&purses) else { return Ok(()) };
        if self.dice.chance(0.3) {
            self.ask_purse(vault, purse, of)?;
        }
        if self.dice.chance(0.05) {
            let token = if self.dice.chance(0.2) { self.token(vault) } else { of.token };
            let stranger = self.dice.one(&self.cast.strangers);
            let from = if self.dice.chance(0.5) { stranger } else { vault.owner };
            self.around.push(Around::Sweep { purse, token, from });
        }
        Ok(())
    }

    /// An authorization out of a purse that it will allow, mostly.
    fn ask_purse(&mut self, vault: &Vault, purse: Address, of: Purse) -> anyhow::Result<()> {
        let mine = vault.payees.iter().filter(|(_, category)| **category == of.category);
        let mine: Vec<Address> = mine.map(|(payee, _)| *payee).collect();
        let others = [self.dice.one(&self.cast.payees), purse, vault.address, Address::ZERO];
        let to = if mine.is_empty() || self.dice.slip() { self.dice.one(&others) } else { self.dice.one(&mine) };
        let (mut held, cap) = (vault.purse_balance(purse, of), vault.per_payment_cap(of.session, of.token));
        if held.is_zero() && self.dice.chance(0.7) {
            held = vault.purse_target(of).0;
            self.around.push(Around::Hold { token: of.token, account: purse, amount: held });
        }
        let most: u128 = held.min(cap).saturating_to();
        let some = U256::from(self.dice.between(1, most.max(1)));
        let one = U256::from(1);
        let odd = [U256::ZERO, held + one, cap + one, U256::MAX];
        let value =
            if self.dice.slip() { self.dice.one(&odd) } else { self.dice.one(&[some, some, one, U256::from(most)]) };
        let terms = Terms {
            to,
            value,
            valid_after: U256::ZERO,
            valid_before: U256::from(self.now + 60),
            nonce: B256::from(self.dice.word()),
        };
        let separator = vault.world.tokens.get(&of.token).and_then(|token| token.separator()).unwrap_or_default();
        let place = if self.dice.slip() { vault.address } else { purse };
        let hash = terms.digest(separator, place);
        let own = vault.sessions.get(&of.session).map_or(Address::ZERO, |session| session.key);
        let retired: Vec<Address> = vault.keys.keys().copied().filter(|key| *key != own).collect();
        let key = if self.dice.slip() { self.dice.one(&retired) } else { own };
        let signed = if self.dice.slip() { B256::from(self.dice.word()) } else { hash };
        let signature = self.signature(key, signed)?;
        let mut blob = terms.with_signature(&signature);
        if self.dice.slip() {
            self.bend(&mut blob);
        }
        self.around.push(Around::Ask { purse, hash, blob: blob.into() });
        Ok(())
    }

    /// Not the one encoding any more, or not the same terms; or the same with other bytes after a signature.
    fn bend(&mut self, blob: &mut Vec<u8>) {
        let place = self.dice.below(blob.len());
        match self.dice.below(4) {
            0 => blob.truncate(place),
            1 => blob.extend([0; 32]),
            2 => blob.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1),
            _ => blob.iter_mut().last().into_iter().for_each(|byte| *byte ^= 1),
        }
    }
}
