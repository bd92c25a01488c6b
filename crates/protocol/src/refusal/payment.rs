//! What `pay`, `payBatch` and `check` refuse, in plain words.

use super::WhoCanFix::{Agent, Operator, Owner, Relayer};
use super::context::{Fits, category_name, scope_name};
use super::told::Told;
use super::{IVaultErrors, RefusalContext, Retry};
use crate::Window;
use crate::abi::IVault::LimitExceeded;
use crate::time::rfc3339;
use alloy::primitives::U256;

/// The words for an error of a payment; `None` when it belongs to `super::change`.
pub(super) fn explain(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    about_session(error, context)
        .or_else(|| about_message(error, context))
        .or_else(|| about_money(error, context))
        .or_else(|| about_batch(error))
}

/// The vault, the session and its key.
fn about_session(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::VaultPaused(_) => Told::new(
            Owner,
            Retry::After,
            "payments from this vault are paused",
            "wait until the owner resumes them with `purse resume`",
        ),
        E::SignerNotSessionKey(e) => Told::new(
            Agent,
            Retry::Never,
            format!(
                "the signature is not by the key of {}, or not over exactly this payment on this chain and vault",
                context.session_name(e.session)
            ),
            "compare vault, chain and session of the session file with `purse agent show`, and use that session's key",
        )
        .fact("session", e.session)
        .fact("signer", e.signer),
        E::KeyRetired(e) => Told::new(
            Agent,
            Retry::Never,
            format!("the key {} of {} was replaced by a newer one", e.key, context.session_name(e.session)),
            "use the session file of the new key; if there is none, the owner makes one with `purse agent rotate`",
        )
        .fact("session", e.session)
        .fact("key", e.key),
        E::SessionUnknown(e) => Told::new(
            Owner,
            Retry::Never,
            format!("this vault never granted {}", context.session_name(e.session)),
            "see `purse agent list` for the sessions there are; the owner creates one with `purse agent add`",
        )
        .fact("session", e.session),
        E::SessionRevoked(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} was revoked, for good", context.session_name(e.session)),
            "the owner may create a new session with `purse agent add`; a revoked one never comes back",
        )
        .fact("session", e.session),
        E::SessionNotYetValid(e) => Told::new(
            Agent,
            Retry::After,
            format!("{} may pay from {} on", context.session_name(e.session), rfc3339(e.validFrom.into())),
            "wait until then",
        )
        .fact("session", e.session)
        .time("valid_from", e.validFrom)
        .time("retry_after", e.validFrom),
        E::SessionExpired(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} ended at {}", context.session_name(e.session), rfc3339(e.validUntil.into())),
            format!("the owner extends it with `purse agent limit {}`", context.session_argument(e.session)),
        )
        .fact("session", e.session)
        .time("valid_until", e.validUntil),
        _ => return None,
    })
}

/// The payment's own fields.
fn about_message(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::PaymentExpired(e) => Told::new(
            Agent,
            Retry::Now,
            format!(
                "the payment was valid until {}; the chain's time was {}",
                rfc3339(e.deadline.into()),
                rfc3339(e.time.saturating_to())
            ),
            "sign it anew with a later deadline and the same nonce, so that it cannot pay twice",
        )
        .time("deadline", e.deadline)
        .time("time", e.time.saturating_to::<u64>()),
        E::ZeroAmount(_) => {
            Told::new(Agent, Retry::Never, "the amount is zero", "give an amount above zero; zero moves nothing")
        }
        E::FeeMismatch(e) if e.fee == 0 => Told::new(
            Agent,
            Retry::Never,
            format!("the payment names {} to get a fee, but the fee is zero", context.payee_name(e.feeRecipient)),
            "leave the fee's recipient empty, or give a fee",
        )
        .amount("fee", context, None, U256::from(e.fee))
        .fact("fee_recipient", e.feeRecipient),
        E::FeeMismatch(e) => Told::new(
            Agent,
            Retry::Never,
            format!("a fee of {} has no recipient", context.amount(None, U256::from(e.fee))),
            "name the fee's recipient, who must be in the payee book, or leave the fee out",
        )
        .amount("fee", context, None, U256::from(e.fee))
        .fact("fee_recipient", e.feeRecipient),
        E::SignatureInvalid(_) => Told::new(
            Agent,
            Retry::Now,
            "the signature is damaged: of the wrong length, or nobody can have made it",
            "sign the payment again, for example with `purse pay`; pass all 64 or 65 bytes of the signature",
        ),
        E::PaymentMalformed(_) => Told::new(
            Agent,
            Retry::Now,
            "a field of the payment holds more than its type: the call was not encoded by the ABI",
            "encode the call with a standard ABI encoder, or pay with `purse pay`",
        ),
        E::ApprovalNotNeeded(_) => Told::new(
            Agent,
            Retry::Now,
            "the payment came with an approval that it does not need",
            "send it with an empty approval",
        ),
        E::ApprovalInvalid(_) => Told::new(
            Owner,
            Retry::Now,
            "the approval is not the owner's signature over exactly this payment on this chain and vault",
            "the owner approves this very payment, every field of it; or pay less at once, which needs no approval",
        ),
        E::NonceUsed(e) => Told::new(
            Agent,
            Retry::Never,
            format!("{} has already paid with nonce {}", context.session_name(e.session), e.nonce),
            "look in `purse log` whether this payment was made; only if it was not, pay with a new nonce",
        )
        .fact("session", e.session)
        .fact("nonce", e.nonce),
        E::NonceTooOld(e) => Told::new(
            Agent,
            Retry::Never,
            format!(
                "nonce {} of {} is too old, the oldest still open is {}",
                e.nonce,
                context.session_name(e.session),
                e.oldest
            ),
            "look in `purse log` whether this payment was made; only if it was not, pay with a new nonce",
        )
        .fact("session", e.session)
        .fact("nonce", e.nonce)
        .fact("oldest", e.oldest),
        E::NonceTooFar(e) => Told::new(
            Agent,
            Retry::Now,
            format!(
                "nonce {} of {} is too far ahead, the furthest allowed is {}",
                e.nonce,
                context.session_name(e.session),
                e.furthest
            ),
            "sign it anew with the next free nonce, the one after the highest paid",
        )
        .fact("session", e.session)
        .fact("nonce", e.nonce)
        .fact("furthest", e.furthest),
        _ => return None,
    })
}

/// To whom, how much, and whether the money is there.
fn about_money(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::PayeeNotInBook(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} is not in the vault's payee book", context.payee_name(e.payee)),
            format!("if it should be paid, the owner adds it with `purse payee add {} --category CATEGORY`", e.payee),
        )
        .fact("payee", e.payee),
        E::CategoryNotGranted(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "the payee's category is {}, which {} may not pay",
                category_name(e.category),
                context.session_name(e.session)
            ),
            format!(
                "pay someone of a granted category, or the owner grants it with `purse agent limit {}`",
                context.session_argument(e.session)
            ),
        )
        .fact("session", e.session)
        .fact("category", category_name(e.category)),
        E::TokenNotGranted(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "{} has no limit in {}, so it may spend none of it",
                context.session_name(e.session),
                context.token_name(e.token)
            ),
            format!(
                "pay in a granted token, or the owner sets a limit with `purse agent limit {}`",
                context.session_argument(e.session)
            ),
        )
        .fact("session", e.session)
        .fact("token", e.token),
        E::AbovePerPaymentCap(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "the payment takes {} with its fee, and this agent may pay at most {} at once",
                context.amount(None, e.requested),
                context.amount(None, U256::from(e.perPaymentCap))
            ),
            "pay less at once; or ask the owner to approve this one payment: add --request-approval FILE to `purse pay`; \
             or the owner raises the cap per payment with `purse agent limit`",
        )
        .amount("requested", context, None, e.requested)
        .amount("per_payment_cap", context, None, U256::from(e.perPaymentCap)),
        E::LimitExceeded(e) => limit_exceeded(e, context),
        E::VaultShort(e) => Told::new(
            Owner,
            Retry::After,
            format!(
                "the vault holds {} and this takes {}",
                context.amount(None, e.balance),
                context.amount(None, e.needed)
            ),
            format!(
                "send at least {} more to the vault's address, which `purse status` shows",
                context.amount(None, e.needed.saturating_sub(e.balance))
            ),
        )
        .amount("balance", context, None, e.balance)
        .amount("needed", context, None, e.needed),
        E::TransferFailed(e) => Told::new(
            Operator,
            Retry::After,
            format!(
                "{} did not move {} to {}, although the vault holds enough",
                context.token_name(e.token),
                context.amount(Some(e.token), e.amount),
                context.payee_name(e.to)
            ),
            "ask the token's issuer whether the token is paused, or the vault or the payee is blocked",
        )
        .fact("token", e.token)
        .fact("to", e.to)
        .amount("amount", context, Some(e.token), e.amount),
        _ => return None,
    })
}

fn limit_exceeded(error: &LimitExceeded, context: &RefusalContext) -> Told {
    let (left, requested) =
        (context.amount(Some(error.token), error.remaining), context.amount(Some(error.token), error.requested));
    let window = Window::from_seconds(error.window);
    let phrase = window.map_or_else(|| format!("over {}", Window::text(error.window)), |window| window.phrase().into());
    let (holder, category) = (context.holder_name(error.session), category_name(error.category));
    let cause = if error.category == 0 {
        format!("the payment takes {requested} with its fee, and {holder} has {left} left of its limit {phrase}")
    } else {
        format!("{requested} count as {category}, and {holder} has {left} left of its limit for that {phrase}")
    };
    let smaller = if error.remaining.is_zero() { String::new() } else { format!("pay at most {left} now, or ") };
    let raise = match error.session {
        0 => format!("{smaller}the owner raises the vault's own limit"),
        session => {
            let agent = context.session_argument(session);
            format!("{smaller}the owner raises the limit with `purse agent limit {agent}`")
        }
    };
    let told = match context.fits() {
        _ if window == Some(Window::Lifetime) => Told::new(Owner, Retry::Never, cause, raise),
        Fits::Unknown => {
            let fix = format!("wait until earlier payments have left the window, or {raise}");
            Told::new(Agent, Retry::After, cause, fix)
        }
        Fits::From(time) => {
            let cause = format!("{cause}; it fits from {} on", rfc3339(time));
            Told::new(Agent, Retry::After, cause, format!("wait until then, or {raise}")).time("retry_after", time)
        }
        Fits::Never => Told::new(Owner, Retry::Never, format!("{cause}; it exceeds the whole limit"), raise),
    };
    told.fact("session", error.session)
        .fact("category", category)
        .fact("scope", scope_name(error.session, error.category))
        .fact("token", error.token)
        .fact("window", Window::text(error.window))
        .amount("requested", context, Some(error.token), error.requested)
        .amount("remaining", context, Some(error.token), error.remaining)
}

/// A batch as a whole: nothing of it was paid.
fn about_batch(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::BatchTooLong(e) => Told::new(
            Relayer,
            Retry::Now,
            format!("the batch has {} payments, and one transaction takes at most {}", e.items, e.largest),
            "send it as several batches",
        )
        .fact("items", e.items)
        .fact("largest", e.largest),
        E::BatchGasShort(e) => Told::new(
            Relayer,
            Retry::Now,
            format!(
                "before payment {} of the batch {} gas was left, and each is guaranteed {}",
                e.item, e.gasLeft, e.needed
            ),
            format!("send the batch with more gas: at least {} for each payment, whatever an estimate says", e.needed),
        )
        .fact("item", e.item)
        .fact("gas_left", e.gasLeft)
        .fact("needed", e.needed),
        E::BatchItemUnexplained(e) => Told::new(
            Relayer,
            Retry::Now,
            format!("payment {} of the batch failed without a reason, as it does when it runs out of gas", e.item),
            "send that payment alone, which names its reason, and the others as a batch",
        )
        .fact("item", e.item),
        _ => return None,
    })
}
