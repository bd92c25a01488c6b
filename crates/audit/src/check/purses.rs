//! What went into purses and came out of them, by their tokens' own `Transfer`s: all of it counted before by a refill or
//! given by somebody (I16), and paid to sellers in the purse's category alone, under authorizations of its own (I15).

use crate::books::{Books, PurseOf};
use crate::entry::{Cause, entries};
use crate::observed::{Observed, ObservedTransfer};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, U256, U512};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a purse's balance comes from. All in base units of its token; sums of more than 256 bits are exact too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurseBook {
    /// The purse.
    pub purse: Address,
    /// Its token.
    pub token: Address,
    /// What the vault put in; its limits counted that.
    #[serde(with = "crate::decimal")]
    pub refilled: U512,
    /// What anyone else gave.
    #[serde(with = "crate::decimal")]
    pub received: U512,
    /// What sellers got.
    #[serde(with = "crate::decimal")]
    pub paid: U512,
    /// What the vault got back.
    #[serde(with = "crate::decimal")]
    pub swept: U512,
    /// What is there.
    #[serde(with = "crate::decimal")]
    pub balance: U256,
}

pub(crate) fn check(trail: &Trail, observed: &Observed) -> (Vec<Check>, Vec<PurseBook>) {
    let (mut paid, books) = replayed(trail, observed);
    paid.extend(unauthorized(trail, observed));
    let title = "purses paid sellers of their category, while the session might";
    let left = observed.purse_transfers.iter().filter(|transfer| trail.purses.contains_key(&transfer.from)).count();
    let detail = format!("{left} transfers out of purses, {} authorizations used", observed.authorizations.len());
    let paid = Check::new("purse_payments", "I15", title, detail, paid);

    let accounts = accounts(trail, observed);
    let title = "of each purse: refilled + received = paid + swept + balance, its target as the rules say";
    let detail = format!("{} purses", trail.purses.len());
    let held = Check::new("purses", "I16", title, detail, held(trail, observed, &books, &accounts));
    (vec![paid, held], accounts)
}

/// The double entry: what left a purse to anyone but the vault was authorized, and what was authorized left it.
fn unauthorized(trail: &Trail, observed: &Observed) -> Vec<Difference> {
    let purses: BTreeMap<_, _> = trail.purses.iter().map(|(&purse, of)| (purse, of.token)).collect();
    let of_purses = |moved: &&ObservedTransfer| {
        !moved.value.is_zero() && [moved.from, moved.to].iter().any(|who| purses.get(who) == Some(&moved.token))
    };
    let transfers: Vec<_> = observed.purse_transfers.iter().filter(of_purses).copied().collect();
    let found = entries(trail.vault, &purses, Vec::new(), &observed.authorizations, &transfers);
    let unexplained = transfers
        .iter()
        .zip(found.causes)
        .filter(|(moved, cause)| *cause == Cause::Unexplained && purses.get(&moved.from) == Some(&moved.token));
    let problem = "left a purse, and its token logged no authorization that was used";
    let mut differences: Vec<_> =
        unexplained.map(|(moved, _)| Difference::new(Subject::transfer(moved), problem)).collect();
    differences.extend(found.unsettled.iter().map(|used| {
        let problem = format!(
            "used up authorization {} in block {}, transaction {}, and its token logged no transfer",
            used.nonce, used.block, used.tx
        );
        Difference::new(Subject::Payee { payee: used.purse }, problem)
    }));
    differences
}

/// What left a purse, judged by the books of its moment; and the books as they are in the end.
fn replayed(trail: &Trail, observed: &Observed) -> (Vec<Difference>, Books) {
    let (mut books, mut found, mut time) = (Books::default(), Vec::new(), 0);
    let mut transfers = observed.purse_transfers.iter().filter(|transfer| !transfer.value.is_zero()).peekable();
    for event in &trail.events {
        let at = (event.place.block, event.place.log_index);
        while let Some(transfer) = transfers.next_if(|transfer| (transfer.block, transfer.log_index) < at) {
            found.extend(judge(trail, &books, time, transfer));
        }
        time = event.place.time;
        books.follow(&event.event);
    }
    for transfer in transfers {
        found.extend(judge(trail, &books, time, transfer));
    }
    (found, books)
}

/// Why a transfer out of a purse should not have been. `time` is that of the last event before it.
fn judge(trail: &Trail, books: &Books, time: u64, transfer: &ObservedTransfer) -> Option<Difference> {
    let of @ (session, category, token) = *books.purses.get(&transfer.from)?;
    if transfer.to == trail.vault || transfer.token != token {
        return None;
    }
    let problem = refused(books, of, time, transfer)?;
    Some(Difference::new(
        Subject::transfer(transfer),
        format!("left the purse of session {session} in category {category} {problem}"),
    ))
}

fn refused(books: &Books, of: PurseOf, time: u64, transfer: &ObservedTransfer) -> Option<String> {
    let (session, category, token) = of;
    let grant = books.sessions.get(&session)?;
    let by_book = if books.purses.contains_key(&transfer.to) { 0 } else { books.category(transfer.to) };
    if by_book != category {
        return Some(format!("for {}, who was not in the book under it", transfer.to));
    }
    if books.paused {
        return Some("while the vault was paused".into());
    }
    if grant.revoked || grant.epoch != books.epoch {
        return Some("after the session was revoked".into());
    }
    if time >= grant.until.into() {
        return Some("after the session was over".into());
    }
    if grant.categories >> category & 1 == 0 {
        return Some("which the session no longer had".into());
    }
    let cap = books.cap(session, token);
    if transfer.value > U256::from(cap) || books.limits_of(session, 0, token) == 0 {
        return Some(format!("above the per-payment cap of {cap}, or without a limit"));
    }
    None
}

fn accounts(trail: &Trail, observed: &Observed) -> Vec<PurseBook> {
    let zero = U512::ZERO;
    let new = |(&purse, of): (&Address, &crate::TrailPurse)| PurseBook {
        purse,
        token: of.token,
        refilled: zero,
        received: zero,
        paid: zero,
        swept: zero,
        balance: U256::ZERO,
    };
    let mut accounts: BTreeMap<Address, PurseBook> = trail.purses.iter().map(|entry| (*entry.0, new(entry))).collect();
    for transfer in &observed.purse_transfers {
        let (from, to, vault) = (transfer.from, transfer.to, trail.vault);
        let mut add = |purse: &Address, field: fn(&mut PurseBook) -> &mut U512| {
            if let Some(account) = accounts.get_mut(purse).filter(|account| account.token == transfer.token) {
                *field(account) += U512::from(transfer.value);
            }
        };
        add(&to, if from == vault { |account| &mut account.refilled } else { |account| &mut account.received });
        add(&from, if to == vault { |account| &mut account.swept } else { |account| &mut account.paid });
    }
    for one in &observed.purses {
        if let Some(account) = accounts.get_mut(&one.purse) {
            account.balance = one.balance;
        }
    }
    accounts.into_values().collect()
}

fn held(trail: &Trail, observed: &Observed, books: &Books, accounts: &[PurseBook]) -> Vec<Difference> {
    let mut found = Vec::new();
    let asked: BTreeMap<_, _> = observed.purses.iter().map(|one| (one.purse, one)).collect();
    for account in accounts {
        let about = || Subject::Payee { payee: account.purse };
        let Some(one) = asked.get(&account.purse) else {
            found.push(Difference::new(about(), "the contract was not asked about this purse"));
            continue;
        };
        let target = books.purses.get(&account.purse).map_or(0, |&of| books.target(of));
        found.extend(Difference::between(about(), "the purse's target", &U256::from(target), &one.target));
        let counted = trail.payments.iter().filter(|payment| payment.payee == account.purse);
        let counted = counted.fold(U512::ZERO, |sum, payment| sum + U512::from(payment.amount));
        found.extend(Difference::between(about(), "what the limits counted for it", &counted, &account.refilled));
        let came = account.refilled + account.received;
        let went = account.paid + account.swept + U512::from(account.balance);
        found.extend(Difference::between(about(), "the purse's balance, by what came and went", &came, &went));
    }
    found
}
