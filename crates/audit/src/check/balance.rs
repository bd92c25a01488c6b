//! The double entry: what came in, minus what the events say went out, is what is there; and each event that moves
//! money has the token's own `Transfer` (I1, I11).

use crate::observed::{Observed, ObservedTransfer};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, B256, U256, U512};
use purse_protocol::abi::IVault::IVaultEvents;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a token's balance comes from. All in base units; sums of more than 256 bits are exact too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBook {
    /// The token.
    pub token: Address,
    /// What the vault received.
    #[serde(with = "crate::decimal")]
    pub received: U512,
    /// What payees got.
    #[serde(with = "crate::decimal")]
    pub paid: U512,
    /// What fee recipients got.
    #[serde(with = "crate::decimal")]
    pub fees: U512,
    /// What the treasury got.
    #[serde(with = "crate::decimal")]
    pub withdrawn: U512,
    /// What is there.
    #[serde(with = "crate::decimal")]
    pub balance: U256,
}

/// A movement that an event announced: the token's `Transfer` must follow it in the same transaction.
struct Leg {
    token: Address,
    to: Address,
    value: U256,
    tx: B256,
    after: u64,
    subject: Subject,
}

pub(crate) fn check(trail: &Trail, observed: &Observed) -> (Vec<Check>, Vec<TokenBook>) {
    let legs = legs(trail);
    let moved = unmatched(trail.vault, &legs, &observed.transfers);
    let title = "each payment and withdrawal moved the tokens, and nothing else did";
    let detail = format!("{} movements out, {} transfers seen", legs.len(), observed.transfers.len());
    let transfers = Check::new("transfers", "I1", title, detail, moved);

    let books = books(trail, observed);
    let differences = books.iter().filter_map(|book| {
        let out = book.paid + book.fees + book.withdrawn;
        let about = Subject::Token { token: book.token };
        let Some(expected) = book.received.checked_sub(out) else {
            let problem = format!("more went out ({out}) than ever came in ({})", book.received);
            return Some(Difference::new(about, problem));
        };
        Difference::between(about, "the balance", &expected, &U512::from(book.balance))
    });
    let title = "received - paid - fees - withdrawn = balance";
    let detail = format!("{} tokens, transfers from block {} on", books.len(), observed.transfers_from);
    let balances = Check::new("balances", "I1", title, detail, differences.collect());
    (vec![transfers, balances], books)
}

fn legs(trail: &Trail) -> Vec<Leg> {
    let mut legs = Vec::new();
    for payment in &trail.payments {
        let mut leg = |to, value: u128| {
            let (token, tx, after) = (payment.token, payment.place.tx, payment.place.log_index);
            legs.push(Leg { token, to, value: U256::from(value), tx, after, subject: Subject::payment(payment) });
        };
        leg(payment.payee, payment.amount);
        if payment.fee != 0 {
            leg(payment.fee_recipient, payment.fee);
        }
    }
    for event in &trail.events {
        if let IVaultEvents::Withdrawn(e) = &event.event {
            legs.push(Leg {
                token: e.token,
                to: e.treasury,
                value: e.amount,
                tx: event.place.tx,
                after: event.place.log_index,
                subject: crate::check::head::named(event),
            });
        }
    }
    legs
}

/// Announced movements without a `Transfer`, and `Transfer`s out of the vault that nothing announced.
fn unmatched(vault: Address, legs: &[Leg], transfers: &[ObservedTransfer]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut by_tx: BTreeMap<B256, Vec<&ObservedTransfer>> = BTreeMap::new();
    // Anybody can make many tokens log a transfer of nothing from anyone.
    for transfer in transfers.iter().filter(|transfer| transfer.from == vault && !transfer.value.is_zero()) {
        by_tx.entry(transfer.tx).or_default().push(transfer);
    }
    for leg in legs {
        let open = by_tx.entry(leg.tx).or_default();
        let matching = |transfer: &&ObservedTransfer| {
            transfer.token == leg.token
                && transfer.to == leg.to
                && transfer.value == leg.value
                && transfer.log_index > leg.after
        };
        match open.iter().position(matching) {
            Some(index) => {
                open.remove(index);
            }
            None => {
                let problem = format!("the token {} logged no transfer of {} to {}", leg.token, leg.value, leg.to);
                found.push(Difference::new(leg.subject.clone(), problem));
            }
        }
    }
    for transfer in by_tx.into_values().flatten() {
        found.push(Difference::new(Subject::transfer(transfer), "left the vault, and no event of the vault says why"));
    }
    found
}

fn books(trail: &Trail, observed: &Observed) -> Vec<TokenBook> {
    let mut books: BTreeMap<Address, TokenBook> = BTreeMap::new();
    for token in &observed.tokens {
        books.insert(token.token, TokenBook { token: token.token, balance: token.balance, ..TokenBook::default() });
    }
    let mut add = |token: Address, field: fn(&mut TokenBook) -> &mut U512, value: U256| {
        let book = books.entry(token).or_insert_with(|| TokenBook { token, ..TokenBook::default() });
        *field(book) += U512::from(value);
    };
    for transfer in observed.transfers.iter().filter(|transfer| transfer.to == trail.vault) {
        add(transfer.token, |book| &mut book.received, transfer.value);
    }
    for payment in &trail.payments {
        add(payment.token, |book| &mut book.paid, U256::from(payment.amount));
        add(payment.token, |book| &mut book.fees, U256::from(payment.fee));
    }
    for event in &trail.events {
        if let IVaultEvents::Withdrawn(e) = &event.event {
            add(e.token, |book| &mut book.withdrawn, e.amount);
        }
    }
    books.into_values().collect()
}
