//! The payments' signatures (I2). Logs have none; the calls do, where a payment was sent to the vault itself: then it must
//! be the session key's over that very payment, not past its deadline. Where the call came through another contract, the
//! vault's word stands, and the row is noted.

use crate::check::approvals::{is_same, items};
use crate::observed::{Observed, ObservedCall};
use crate::payment::TrailPayment;
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::B256;
use purse_protocol::typed_data::{payment_digest, signer_of};
use std::collections::BTreeMap;

const TITLE: &str = "every payment was signed by its session's key";

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    if observed.calls.is_empty() {
        let why = "not judged here: the vault checked each signature; it is in the transaction, which was not read";
        return Check::not_judged("signatures", "I2", TITLE, why.to_owned());
    }
    let calls: BTreeMap<B256, &ObservedCall> = observed.calls.iter().map(|call| (call.tx, call)).collect();
    let (mut signed, mut told, mut found) = (0_usize, 0_usize, Vec::new());
    for payment in &trail.payments {
        match calls.get(&payment.place.tx).filter(|call| call.to == Some(trail.vault)) {
            None => told += 1,
            Some(call) => match problem(trail, call, payment) {
                None => signed += 1,
                Some(problem) => found.push(Difference::new(Subject::payment(payment), problem)),
            },
        }
    }
    let detail = format!(
        "{} payments: {signed} with the signature of the session's key, {told} by the vault's word",
        trail.payments.len()
    );
    Check::new("signatures", "I2", TITLE, detail, found).noted_if(told > 0)
}

fn problem(trail: &Trail, call: &ObservedCall, payment: &TrailPayment) -> Option<String> {
    let items = items(&call.input);
    let mut same = items.iter().filter(|item| is_same(&item.payment, payment)).peekable();
    if same.peek().is_none() {
        return Some("its transaction calls the vault with another payment".into());
    }
    let good = same.find(|item| {
        let digest = payment_digest(trail.chain_id, trail.vault, &item.payment);
        signer_of(&item.signature, digest) == Some(payment.key)
    });
    match good {
        None => Some(format!("it is not signed by its session's key {}", payment.key)),
        Some(item) if payment.place.time >= item.payment.deadline.into() => {
            Some(format!("its deadline {} had passed", item.payment.deadline))
        }
        Some(_) => None,
    }
}
