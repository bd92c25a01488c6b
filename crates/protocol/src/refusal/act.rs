//! What acts by signature, conditional changes, waiting changes and the lens refuse, in plain words (I9, I17).

use super::WhoCanFix::{Operator, Owner};
use super::told::Told;
use super::{IVaultErrors, IVaultLensErrors, RefusalContext, Retry};
use crate::abi::IVault::IVaultCalls;
use crate::time::{rfc3339, span};
use alloy::primitives::{Address, FixedBytes, U256};

/// The words for an error of an act or a waiting change; `None` when it belongs elsewhere.
pub(super) fn explain(error: &IVaultErrors) -> Option<Told> {
    about_signed_acts(error).or_else(|| about_calls(error)).or_else(|| about_waiting(error))
}

/// `lodge`: an act that owner or guardian has signed.
fn about_signed_acts(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::ActNotSigned(_) => Told::new(
            Owner,
            Retry::Now,
            "neither the owner nor, to stop something, the guardian has signed exactly this act on this chain and vault",
            "sign it again with the owner's account; the guardian signs for pausing, revoking, removing and cancelling",
        ),
        E::ActExpired(e) => Told::new(
            Owner,
            Retry::Now,
            format!(
                "the signed act was valid until {}; the chain's time was {}",
                rfc3339(e.deadline.into()),
                rfc3339(e.time.saturating_to())
            ),
            "sign it anew with a later deadline",
        )
        .time("deadline", e.deadline)
        .time("time", e.time.saturating_to::<u64>()),
        E::OwnerNonceWrong(e) => Told::new(
            Owner,
            Retry::Now,
            format!(
                "the act was signed for owner nonce {}, and it is {} now: something was changed or stopped since",
                e.nonce, e.current
            ),
            "look at what was changed with `purse log`; if the act is still wanted, sign it anew for the present nonce",
        )
        .fact("nonce", e.nonce)
        .fact("current", e.current),
        E::OwnerNonceSpent(_) => Told::new(
            Owner,
            Retry::Never,
            "this vault has counted 16,777,215 acts: it takes no more by signature, and no change waits any more",
            "act by transaction; to loosen anything more, move the money to a new vault",
        ),
        _ => return None,
    })
}

/// Calls within calls: `lodge`, `replace` and `execute`.
fn about_calls(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::VerbNotAllowed(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} cannot be called so: by signature or on condition only some verbs can", verb_name(e.verb)),
            "send it as a transaction of its own from the owner's account",
        )
        .fact("verb", verb_name(e.verb)),
        E::CallMalformed(e) => Told::new(
            Operator,
            Retry::Now,
            "the bytes given as a call are none: a selector, or the call within a `replace`, is missing",
            "encode the call with a standard ABI encoder",
        )
        .fact("verb", verb_name(e.verb)),
        E::StaleChange(e) => Told::new(
            Owner,
            Retry::Now,
            format!(
                "the value to be replaced is {}, not {}: somebody else has changed it",
                word(e.actual),
                word(e.expected)
            ),
            "look at the present value; if the change is still wanted, make it anew on top of that",
        )
        .fact("expected", word(e.expected))
        .fact("actual", word(e.actual)),
        _ => return None,
    })
}

/// Changes that wait out the owner's delay.
fn about_waiting(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::ChangeUnknown(e) => Told::new(
            Owner,
            Retry::Never,
            format!("no change number {} waits: it took effect, was taken away, or never was", e.change),
            "see the changes that wait with `purse status`",
        )
        .fact("change", e.change),
        E::ChangeDiffers(e) => Told::new(
            Operator,
            Retry::Now,
            format!("the call given is not the one that waits as change {}", e.change),
            "give the bytes that the vault logged when the change began to wait (ChangeCall)",
        )
        .fact("change", e.change),
        E::ChangeNotYetExecutable(e) => Told::new(
            Owner,
            Retry::After,
            format!("change {} waits until {}", e.change, rfc3339(e.executableFrom.into())),
            "wait until then; anyone may execute it from then on, for 7 days",
        )
        .fact("change", e.change)
        .time("executable_from", e.executableFrom)
        .time("retry_after", e.executableFrom),
        E::ChangeExpired(e) => Told::new(
            Owner,
            Retry::Never,
            format!("change {} could be executed until {}", e.change, rfc3339(e.executableUntil.into())),
            "if it is still wanted, cancel it and make the change again; it waits anew",
        )
        .fact("change", e.change)
        .time("executable_until", e.executableUntil),
        E::ChangeKilled(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "change {} is dead: what it is about was set or stopped since, everything was revoked, or the owner changed",
                e.change
            ),
            "if it is still wanted, cancel it and make the change again; it waits anew",
        )
        .fact("change", e.change),
        E::GuardianCannotCancel(e) => Told::new(
            Owner,
            Retry::Never,
            format!("change {} is of the guardian, who cannot cancel that", e.change),
            "the owner cancels it, if it is not wanted",
        )
        .fact("change", e.change),
        E::TooManyWaiting(e) => Told::new(
            Owner,
            Retry::After,
            format!("{} changes wait already, and no more can", e.largest),
            "execute or cancel one first: `purse status` shows them; the killed and the overdue count too",
        )
        .fact("largest", e.largest),
        E::DelayTooLong(e) => Told::new(
            Owner,
            Retry::Never,
            format!("a delay of {} is longer than the longest, {}", span(e.delay.into()), span(e.longest.into())),
            "give a delay of at most 30 days",
        )
        .fact("delay", span(e.delay.into()))
        .fact("longest", span(e.longest.into())),
        _ => return None,
    })
}

/// The words for an error of the lens.
pub(super) fn explain_lens(error: &IVaultLensErrors, context: &RefusalContext) -> Told {
    use IVaultLensErrors as E;
    match error {
        E::NoVaultLimit(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "the vault has no limit of its own in {}, so nothing bounds all agents together",
                context.token_name(e.token)
            ),
            "ask for one agent, or the owner sets a limit of the vault itself",
        )
        .fact("token", e.token),
        E::WaitingCallMissing(e) => Told::new(
            Operator,
            Retry::Now,
            format!("change {} waits, and its call was not given: the bound would be a guess", e.change),
            "give the calls of all changes that wait, as the vault logged them (ChangeCall)",
        )
        .fact("change", e.change),
    }
}

/// A verb's name, or its selector where the vault has none of it.
fn verb_name(verb: FixedBytes<4>) -> String {
    IVaultCalls::name_by_selector(verb.0).map_or_else(|| verb.to_string(), str::to_owned)
}

/// A value that a change replaces: an address where it is too large for anything else, or a number.
fn word(value: U256) -> String {
    let bytes = value.to_be_bytes::<32>();
    if value.bit_len() > 128 { Address::from_slice(&bytes[12..]).to_string() } else { value.to_string() }
}
