//! What opening, refilling and sizing purses meets, in plain words (I16).

use super::WhoCanFix::{Agent, Operator, Owner, Seller};
use super::told::Told;
use super::{IPurseErrors, IVaultErrors, RefusalContext, Retry};
use alloy::primitives::U256;

/// The words for an error about purses; `None` when it belongs elsewhere.
pub(super) fn explain(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    use IVaultErrors as E;
    let amount = |base: U256| context.amount(None, base);
    Some(match error {
        E::PurseOfAnother(e) => Told::new(
            Agent,
            Retry::Never,
            format!(
                "{} is the purse of {}, and only that session refills it",
                e.purse,
                context.session_name(e.session)
            ),
            "pay the payee itself, or refill the session's own purse",
        )
        .fact("purse", e.purse)
        .fact("session", e.session)
        .fact("token", e.token),
        E::PurseNotLow(e) => Told::new(
            Agent,
            Retry::After,
            format!(
                "the purse holds {} of at most {}, and is refilled only when it holds less than half",
                amount(e.balance),
                amount(e.target)
            ),
            "pay from the purse first",
        )
        .fact("purse", e.purse)
        .amount("balance", context, None, e.balance)
        .amount("target", context, None, e.target),
        E::PurseOverfilled(e) => Told::new(
            Agent,
            Retry::Now,
            format!(
                "the purse holds {}, and with {} more it would hold more than its {}",
                amount(e.balance),
                amount(e.amount),
                amount(e.target)
            ),
            "refill less",
        )
        .fact("purse", e.purse)
        .amount("balance", context, None, e.balance)
        .amount("amount", context, None, e.amount)
        .amount("target", context, None, e.target),
        E::PurseExists(e) => Told::new(
            Agent,
            Retry::Never,
            format!("the purse is open: it is {}", e.purse),
            "use it; a purse is opened once",
        )
        .fact("purse", e.purse),
        E::PurseTargetTooHigh(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "a purse may hold at most {} here, a quarter of the least limit that its refills count in, and {} was \
                 asked for",
                amount(e.largest),
                amount(U256::from(e.target))
            ),
            "set a smaller target, or raise the limit first",
        )
        .amount("target", context, None, U256::from(e.target))
        .amount("largest", context, None, e.largest),
        E::TokenNotEip3009(e) => Told::new(
            Seller,
            Retry::Never,
            format!(
                "{} knows no authorised transfers (EIP-3009), so nobody could be paid from a purse of it",
                context.token_name(e.token)
            ),
            "pay in a token that has them, such as USDC, or pay the seller's address from the vault itself",
        )
        .fact("token", e.token),
        _ => return None,
    })
}

/// The words for what a purse itself refuses.
pub(super) fn explain_purse(error: &IPurseErrors, context: &RefusalContext) -> Told {
    use IPurseErrors as E;
    match error {
        E::SessionNotOver(e) => Told::new(
            Owner,
            Retry::After,
            format!(
                "{} lives, and while it does only the vault's owner may sweep its purse, which {} is not",
                context.session_name(e.session),
                e.caller
            ),
            "the owner sweeps it; anyone may once the session is revoked or has ended",
        )
        .fact("session", e.session)
        .fact("caller", e.caller),
        E::SweepFailed(e) => Told::new(
            Operator,
            Retry::After,
            format!(
                "{} did not move {} back to the vault",
                context.token_name(e.token),
                context.amount(None, e.amount)
            ),
            "ask whoever runs the token: it may be paused, or may have blocked the purse or the vault",
        )
        .fact("token", e.token)
        .amount("amount", context, None, e.amount),
    }
}
