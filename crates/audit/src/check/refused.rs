//! What a batch said of an item that did not pay (`PaymentFailed`), against the state of that moment (I11): a reason that
//! was not so then is a finding. Reasons that the trail cannot know (balances, tokens, approvals) are not judged; nor is
//! what a limit had left, which the items paid in the same block share.

use crate::books::Books;
use crate::refusal::TrailRefusal;
use crate::session::SessionWord;
use alloy::primitives::Address;
use alloy::sol_types::SolInterface;
use purse_protocol::abi::IVault::IVaultErrors;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the reason is one that the trail can judge, and why it was not so then.
pub(crate) enum Judged {
    /// Nothing here tells.
    Unknown,
    /// It was so.
    So,
    /// It was not so.
    NotSo(String),
}

pub(crate) fn judge(books: &Books, nonces: &BTreeMap<Address, BTreeSet<u32>>, refusal: &TrailRefusal) -> Judged {
    let Ok(error) = IVaultErrors::abi_decode(&refusal.reason) else { return Judged::Unknown };
    let (id, time) = (refusal.session.get(), refusal.time);
    let grant = books.sessions.get(&id);
    let used = grant.and_then(|grant| nonces.get(&grant.key));
    let highest = used.and_then(|used| used.last().copied()).unwrap_or(0);
    use IVaultErrors as E;
    let so = match &error {
        E::VaultPaused(_) => books.paused,
        E::SessionRevoked(_) => grant.is_some_and(|grant| grant.revoked || grant.epoch != books.epoch),
        E::SessionExpired(e) => grant.is_some_and(|grant| grant.until == e.validUntil && time >= grant.until.into()),
        E::SessionNotYetValid(e) => grant.is_some_and(|grant| grant.from == e.validFrom && time < grant.from.into()),
        E::KeyRetired(e) => books.keys.contains(&e.key) && grant.is_some_and(|grant| grant.key != e.key),
        E::PaymentExpired(e) => time >= e.deadline.into(),
        E::NonceUsed(_) => used.is_some_and(|used| used.contains(&refusal.nonce)),
        E::NonceTooOld(_) => refusal.nonce.saturating_add(SessionWord::NONCE_WINDOW) <= highest,
        E::NonceTooFar(_) => refusal.nonce > highest.saturating_add(SessionWord::NONCE_LEAP),
        // The fee's recipient too is refused by these names.
        E::PayeeNotInBook(e) => books.category(e.payee) == 0,
        E::CategoryNotGranted(e) => {
            grant.is_some_and(|grant| e.category == 0 || grant.categories >> e.category & 1 == 0)
        }
        E::TokenNotGranted(e) => books.limits_of(id, 0, e.token) == 0,
        E::AbovePerPaymentCap(e) => e.requested > alloy::primitives::U256::from(e.perPaymentCap),
        _ => return Judged::Unknown,
    };
    if so { Judged::So } else { Judged::NotSo(format!("nonce {} of {}", refusal.nonce, refusal.error)) }
}
