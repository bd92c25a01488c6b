//! The owner's approvals (I5). Logs have none; the calls do, where a payment was sent to the vault itself: then the
//! approval is read out of the call and must be the owner's signature over that very payment. Where the owner is a
//! contract, or the call came through another contract, the vault's word stands.

use crate::observed::Observed;
use crate::payment::{ApprovedPayment, TrailPayment};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::sol_types::SolInterface;
use purse_protocol::abi::IVault::{BatchItem, IVaultCalls, Payment};
use purse_protocol::typed_data::{approval_digest, signer_of};

const TITLE: &str = "payments above their per-payment cap have the owner's approval";

/// How an approval was seen.
enum Seen {
    /// The owner's key signed it.
    Signed,
    /// By the vault's word only.
    Told,
    /// It is none.
    Wrong(String),
}

pub(crate) fn check(trail: &Trail, observed: &Observed, approved: &[ApprovedPayment]) -> Check {
    let (mut signed, mut told, mut found) = (0, 0, Vec::new());
    for one in approved {
        match see(trail, observed, one) {
            Seen::Signed => signed += 1,
            Seen::Told => told += 1,
            Seen::Wrong(problem) => found.push(Difference::new(Subject::payment(&one.payment), problem)),
        }
    }
    let (payments, above) = (trail.payments.len(), approved.len());
    let detail = format!(
        "{payments} payments, {above} above their cap: {signed} with the signature of the owner's key, {told} by the vault's word"
    );
    Check::new("per_payment_cap", "I5", TITLE, detail, found)
}

fn see(trail: &Trail, observed: &Observed, one: &ApprovedPayment) -> Seen {
    let call = observed.approvals.iter().find(|call| call.tx == one.payment.place.tx && call.owner == one.owner);
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
    match call.owner_is_contract {
        true => Seen::Told,
        false => Seen::Wrong(format!("its approval is not signed by the owner {}", one.owner)),
    }
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
