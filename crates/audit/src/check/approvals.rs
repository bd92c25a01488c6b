//! The owner's approvals (I5). Logs have none; the calls do, where a payment was sent to the vault itself: then the
//! approval is read out of the call and must be the owner's signature over that very payment. Where the owner is a
//! contract, or the call came through another contract, the vault's word stands, and the row is noted.

use crate::observed::{ObservedApproval, ObservedCall};
use crate::payment::{ApprovedPayment, TrailPayment};
use crate::questions::Questions;
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::Address;
use alloy::sol_types::SolInterface;
use purse_protocol::abi::IVault::{BatchItem, IVaultCalls, Payment};
use purse_protocol::typed_data::{approval_digest, signer_of};
use std::collections::{BTreeMap, BTreeSet};

const TITLE: &str = "payments above their per-payment cap have the owner's approval";

/// How an approval was seen.
enum Seen {
    /// The owner's key signed it.
    Signed,
    /// Not at all: the vault's word stands.
    Told,
    /// As none of the owner's key: the vault's word stands where there is a contract.
    OfNoKey {
        /// Whether there is.
        owner_is_contract: bool,
    },
    /// It is none.
    Wrong(String),
}

pub(crate) fn check(trail: &Trail, approvals: &[ObservedApproval], approved: &[ApprovedPayment]) -> Check {
    let (mut signed, mut told, mut found) = (0, 0, Vec::new());
    for one in approved {
        let mut say = |problem| found.push(Difference::new(Subject::payment(&one.payment), problem));
        match see(trail, approvals, one) {
            Seen::Signed => signed += 1,
            Seen::Told | Seen::OfNoKey { owner_is_contract: true } => told += 1,
            Seen::OfNoKey { owner_is_contract: false } => {
                say(format!("its approval is not signed by the owner {}", one.owner));
            }
            Seen::Wrong(problem) => say(problem),
        }
    }
    let (payments, above) = (trail.payments.len(), approved.len());
    let detail = format!(
        "{payments} payments, {above} above their cap: {signed} with the signature of the owner's key, {told} by the vault's word"
    );
    Check::new("per_payment_cap", "I5", TITLE, detail, found).noted_if(told > 0)
}

/// The calls that must hold approvals, as far as they are there; of `owners` those with code are contracts.
pub(crate) fn seen(
    calls: &[ObservedCall],
    questions: &Questions,
    owners: &BTreeMap<Address, bool>,
) -> Vec<ObservedApproval> {
    let found = questions.approvals.iter().filter_map(|&(tx, owner)| {
        let call = calls.iter().find(|call| call.tx == tx)?;
        let owner_is_contract = owners.get(&owner) == Some(&true);
        Some(ObservedApproval { tx, to: call.to, input: call.input.clone(), owner, owner_is_contract })
    });
    found.collect()
}

/// The owners of whom it matters whether they are contracts: their approvals were seen, and are none of their key.
pub(crate) fn of_no_key(
    trail: &Trail,
    approvals: &[ObservedApproval],
    approved: &[ApprovedPayment],
) -> BTreeSet<Address> {
    let of_no_key = |one: &&ApprovedPayment| matches!(see(trail, approvals, one), Seen::OfNoKey { .. });
    approved.iter().filter(of_no_key).map(|one| one.owner).collect()
}

fn see(trail: &Trail, approvals: &[ObservedApproval], one: &ApprovedPayment) -> Seen {
    let call = approvals.iter().find(|call| call.tx == one.payment.place.tx && call.owner == one.owner);
    let Some(call) = call.filter(|call| call.to == Some(trail.vault)) else { return Seen::Told };
    let items = items(&call.input);
    let same: Vec<_> = items.iter().filter(|item| is_same(&item.payment, &one.payment)).collect();
    if same.is_empty() {
        return Seen::Wrong("its transaction calls the vault with another payment".to_owned());
    }
    let digest = |payment: &Payment| approval_digest(trail.chain_id, trail.vault, payment);
    if same.iter().any(|item| signer_of(&item.approval, digest(&item.payment)) == Some(one.owner)) {
        return Seen::Signed;
    }
    if same.iter().all(|item| item.approval.is_empty()) {
        return Seen::Wrong("its transaction has no approval".to_owned());
    }
    Seen::OfNoKey { owner_is_contract: call.owner_is_contract }
}

/// The payments that a transaction asks for.
pub(crate) fn items(call: &[u8]) -> Vec<BatchItem> {
    match IVaultCalls::abi_decode(call) {
        Ok(IVaultCalls::pay(one)) => {
            vec![BatchItem { payment: one.payment, signature: one.signature, approval: one.approval }]
        }
        Ok(IVaultCalls::payBatch(batch)) => batch.items,
        _ => Vec::new(),
    }
}

/// Whether a payment that was asked for is the one that was logged.
pub(crate) fn is_same(payment: &Payment, logged: &TrailPayment) -> bool {
    (payment.session, payment.nonce, payment.token, payment.payee)
        == (logged.session.get(), logged.nonce, logged.token, logged.payee)
        && (payment.amount, payment.fee, payment.feeRecipient, payment.r#ref)
            == (logged.amount, logged.fee, logged.fee_recipient, logged.reference)
}
