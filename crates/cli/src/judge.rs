//! Asks the vault whether it would pay, without a key and without paying: `check` runs the judge that `pay` runs.

use crate::context::Vault;
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::rpc_failure;
use crate::sessions::{Session, Spending, spending};
use alloy::primitives::{Address, B256, U256};
use purse_protocol::abi::IVault::{LimitExceeded, Payment};
use purse_protocol::{Category, Refusal, RpcFault, SessionId, meter};

/// Seconds from now to the deadline of the payment that is asked about.
const DEADLINE_SECONDS: u64 = 120;

/// The fact of a refusal that names the block at which the vault was asked.
pub(crate) const CHECKED_AT: &str = "checked_at_block";

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// Which agent.
    pub(crate) session: SessionId,
    /// To whom.
    pub(crate) payee: Address,
    /// Base units.
    pub(crate) amount: u128,
}

/// The vault's answer at its newest block: `None` means that it would pay.
pub(crate) async fn ask(vault: &Vault, token: &Token, question: Question) -> Result<Option<Refusal>, Failure> {
    let (head, session) = tokio::join!(vault.head(), Session::read(vault, question.session.get(), token));
    let (head, session) = (head?, session?);
    let payment = Payment {
        session: question.session.get(),
        nonce: session.view.nonceHighest.saturating_add(1),
        deadline: u32::try_from(head.time + DEADLINE_SECONDS).unwrap_or(u32::MAX),
        token: token.address,
        payee: question.payee,
        amount: question.amount,
        fee: 0,
        feeRecipient: Address::ZERO,
        r#ref: B256::ZERO,
    };
    let refusal = would_pay_at(vault, token, &payment, false, &session, head.time).await?;
    Ok(refusal.map(|mut refusal| {
        refusal.facts.insert(CHECKED_AT.to_owned(), head.number.to_string());
        refusal
    }))
}

/// The vault's answer about that very payment: `None` means that it would make it. `approved`: as if the owner had
/// approved it.
pub(crate) async fn would_pay(
    vault: &Vault,
    token: &Token,
    payment: &Payment,
    approved: bool,
) -> Result<Option<Refusal>, Failure> {
    let (head, session) = tokio::join!(vault.head(), Session::read(vault, payment.session, token));
    would_pay_at(vault, token, payment, approved, &session?, head?.time).await
}

async fn would_pay_at(
    vault: &Vault,
    token: &Token,
    payment: &Payment,
    approved: bool,
    session: &Session,
    now: u64,
) -> Result<Option<Refusal>, Failure> {
    let Err(error) = vault.contract().check(payment.clone(), approved).call().await else { return Ok(None) };
    let is_limit = error.as_decoded_error::<LimitExceeded>().is_some();
    match RpcFault::from(error) {
        RpcFault::Reverted { data } => {
            let mut words = vault.words(token);
            if is_limit {
                let category = Category::new(category(vault, payment.payee).await?);
                let spending = spending(vault, token, session, category).await?;
                let total = U256::from(payment.amount) + U256::from(payment.fee);
                words = match fits_at(&spending, token, total, now) {
                    Some(time) => words.fits_at(time),
                    None => words.never_fits(),
                };
            }
            Ok(Some(Refusal::decode(&data, &words)))
        }
        fault => Err(rpc_failure::of_fault(&fault)),
    }
}

/// When the total fits every limit, if nothing else is paid until then.
fn fits_at(spending: &[Spending], token: &Token, total: U256, now: u64) -> Option<u64> {
    let units = meter::units_up(total, token.unit_bits);
    spending.iter().try_fold(now, |latest, one| Some(latest.max(one.meter.fits_at(units, one.window, now)?)))
}

/// The category of a payee; 0 when it is not in the book.
pub(crate) async fn category(vault: &Vault, payee: Address) -> Result<u8, Failure> {
    vault.contract().payeeOf(payee).call().await.map_err(of_view)
}
