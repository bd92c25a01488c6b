//! What leaves a purse: the digests to which it says yes (I15), and what it gives back to its vault.

use super::signatures::signer;
use super::tokens::Transfer;
use super::{Purse, Scope, Vault};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::sol_types::{SolError, SolValue};
use purse_protocol::abi::IPurse::{SessionNotOver, SweepFailed};

const AUTHORIZATION: &str = "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,\
                             uint256 validBefore,bytes32 nonce)";

/// What somebody wants to take from a purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) valid_after: U256,
    pub(crate) valid_before: U256,
    pub(crate) nonce: B256,
}

impl Terms {
    /// The token's own digest of them.
    pub(crate) fn digest(&self, separator: B256, purse: Address) -> B256 {
        let Self { to, value, valid_after, valid_before, nonce } = *self;
        let words = (keccak256(AUTHORIZATION), purse, to, value, valid_after, valid_before, nonce).abi_encode();
        keccak256([&[0x19, 0x01], separator.as_slice(), keccak256(words).as_slice()].concat())
    }

    /// `abi.encode` of them and a signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        let Self { to, value, valid_after, valid_before, nonce } = *self;
        (to, value, valid_after, valid_before, nonce, signature.to_vec()).abi_encode_params()
    }

    /// Terms and signature of a blob, in the one encoding: five words, where the signature begins, its length, its bytes in
    /// whole words.
    fn read(blob: &[u8]) -> Option<(Self, &[u8])> {
        let word = |at: usize| blob.get(32 * at..32 * at + 32).map(U256::from_be_slice);
        let to = word(0).filter(|word| word.bit_len() <= 160)?;
        let length: usize = word(6).filter(|length| [64, 65].map(U256::from).contains(length))?.to();
        if word(5) != Some(U256::from(6 * 32)) || blob.len() != 7 * 32 + length.next_multiple_of(32) {
            return None;
        }
        let [value, valid_after, valid_before, nonce] = [word(1)?, word(2)?, word(3)?, word(4)?];
        let terms = Self { to: Address::from_word(to.into()), value, valid_after, valid_before, nonce: nonce.into() };
        Some((terms, blob.get(7 * 32..7 * 32 + length)?))
    }
}

impl Vault {
    /// Whether an opened purse says yes to a digest.
    pub(crate) fn purse_says_yes(&self, purse: Address, hash: B256, blob: &[u8], now: u64) -> bool {
        let (Some(of), Some((terms, signature))) = (self.purses.get(&purse), Terms::read(blob)) else { return false };
        let separator = self.world.tokens.get(&of.token).and_then(|token| token.separator());
        if separator.is_none_or(|separator| terms.digest(separator, purse) != hash) {
            return false;
        }
        let Some(session) = self.sessions.get(&of.session) else { return false };
        let alive = !self.paused
            && !self.is_revoked(session)
            && (u64::from(session.valid_from)..u64::from(session.valid_until)).contains(&now);
        let to_whom = self.payees.get(&terms.to) == Some(&of.category) && session.categories >> of.category & 1 == 1;
        let limited = self.standing(Scope { session: of.session, category: 0, token: of.token }).next().is_some();
        let most = self.per_payment_cap(of.session, of.token).min(self.purse_balance(purse, *of));
        let how_much = limited && !terms.value.is_zero() && terms.value <= most;
        signer(hash, signature) == Some(session.key) && alive && to_whom && how_much
    }

    /// A sweep of any token out of an opened purse: how much, or what it reverts with.
    pub(crate) fn sweep(&mut self, purse: Address, token: Address, from: Address, now: u64) -> Result<U256, Vec<u8>> {
        let Purse { session, .. } = self.purses.get(&purse).copied().unwrap_or_default();
        let known = self.sessions.get(&session);
        let over = known.is_some_and(|known| self.is_revoked(known) || now >= u64::from(known.valid_until));
        if from != self.owner && !over {
            return Err(SessionNotOver { session, caller: from }.abi_encode());
        }
        let vault = self.address;
        let Some(known) = self.world.tokens.get_mut(&token) else { return Ok(U256::ZERO) };
        let amount = known.told(purse).unwrap_or_default();
        if amount.is_zero() || known.transfer(purse, vault, amount) == Transfer::Done || known.balance(purse).is_zero()
        {
            return Ok(amount);
        }
        Err(SweepFailed { token, amount }.abi_encode())
    }
}
