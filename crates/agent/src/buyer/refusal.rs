//! What goes wrong on the way to a purchase, in the one shape of refusals.

use crate::journal::{JournalError, Purchase, State};
use crate::private_file::FileError;
use crate::{AgentError, SigningFailed};
use purse_protocol::time::rfc3339;
use purse_protocol::{MoneyMoved, PaymentRefusal, RetryHow, RpcFault, WhoCanFix};

impl From<AgentError> for PaymentRefusal {
    fn from(error: AgentError) -> Self {
        if let AgentError::Rpc(fault) = error {
            return fault.into();
        }
        Self::new(error.code(), error.to_string()).retry(RetryHow::After).by(WhoCanFix::Operator).next(error.fix())
    }
}

impl From<JournalError> for PaymentRefusal {
    fn from(error: JournalError) -> Self {
        Self::new(error.code(), error.to_string()).retry(RetryHow::After).by(WhoCanFix::Operator).next(error.fix())
    }
}

impl From<SigningFailed> for PaymentRefusal {
    fn from(error: SigningFailed) -> Self {
        AgentError::from(error).into()
    }
}

pub(super) fn of_file(error: FileError) -> PaymentRefusal {
    JournalError::File(error).into()
}

/// Names the purchase in a refusal, so that the same can be asked for again.
pub(super) fn about(refusal: PaymentRefusal, purchase: &Purchase) -> PaymentRefusal {
    let bought = &purchase.bought;
    refusal.fact("purchase_id", &bought.purchase).fact("amount_base_units", bought.amount).fact("payee", bought.payee)
}

/// The money moved, and the seller did not deliver.
pub(super) fn paid_in_vain(code: &'static str, what: &str, purchase: &Purchase) -> PaymentRefusal {
    let refusal = PaymentRefusal::new(code, format!("the money moved, and {what}"))
        .money(MoneyMoved::Yes)
        .retry(RetryHow::WithSamePurchaseId)
        .by(WhoCanFix::Seller)
        .next(
            "do not pay again: ask again under the same purchase id, or show the seller the transaction; another \
             purchase id would buy it once more",
        );
    let refusal = about(refusal, purchase);
    match purchase.transaction {
        Some(transaction) => refusal.fact("transaction", transaction),
        None => refusal,
    }
}

/// An authorisation is out, and nothing tells yet what becomes of it.
pub(super) fn open_end(code: &'static str, what: &str, purchase: &Purchase) -> PaymentRefusal {
    let dead_after = rfc3339(purchase.bought.valid_before);
    let what = format!("{what}; the seller holds an authorisation that can be used until {dead_after}");
    let refusal = PaymentRefusal::new(code, what)
        .money(MoneyMoved::Unknown)
        .retry(RetryHow::WithSamePurchaseId)
        .by(WhoCanFix::Seller)
        .fact("dead_after", dead_after)
        .next("ask again under the same purchase id: it never pays twice");
    about(refusal, purchase)
}

/// The journal fails after a seller was given an authorisation: nobody may take the purchase for unpaid.
pub(super) fn not_noted(error: &JournalError, purchase: &Purchase) -> PaymentRefusal {
    let what = format!("what became of the payment could not be noted: {error}");
    match purchase.state {
        State::Settled => paid_in_vain(error.code(), &what, purchase).by(WhoCanFix::Operator),
        _ => open_end(error.code(), &what, purchase).by(WhoCanFix::Operator),
    }
}

/// The node did not say what became of an authorisation that is out.
pub(super) fn not_told(fault: &RpcFault, purchase: &Purchase) -> PaymentRefusal {
    open_end(fault.code(), &format!("{fault}, so it is not known whether the money moved"), purchase)
        .by(WhoCanFix::Operator)
}
