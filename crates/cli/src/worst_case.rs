//! What a change lets a stolen key take (I17), said before the change is made: the same words for whichever way it comes,
//! sent, signed, handed in or executed.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::money::Token;
use crate::sessions::{Session, VaultBound, meters};
use alloy::primitives::Address;
use purse_owner::Verb;
use purse_owner::worst_case::{Exposure, fresh};
use purse_protocol::abi::IVault::{Grant, TokenGrant};
use purse_protocol::{Category, CategoryMask, SessionId, Window};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What the most comes to, before and after a change.
#[derive(Debug)]
pub(crate) struct WorstCase {
    /// In words.
    pub(crate) text: String,
    /// Whether more can be taken than before, or by more payees.
    pub(crate) rises: bool,
}

/// The worst case after `verbs`, which all concern one session, or the vault, in one token; none where no verb is
/// about what may be spent.
pub(crate) async fn of(context: &Context, vault: &Vault, verbs: &[Verb]) -> Result<Option<WorstCase>, Failure> {
    let inner: Vec<_> = verbs.iter().map(|verb| verb.inner().unwrap_or_else(|| verb.clone())).collect();
    if let [Verb::Grant(grant)] = inner.as_slice() {
        return of_grant(vault, grant).await;
    }
    let Some((session, token)) = inner.iter().find_map(about) else { return Ok(None) };
    let token = match token {
        Some(token) => Token::read(vault, token).await?,
        None => context.token(vault, None, None).await?,
    };
    let Some(session) = session else { return of_vault(vault, &token, &inner).await.map(Some) };
    let standing = Session::read(vault, session.get(), &token).await?;
    if standing.view.key.is_zero() {
        return Ok(None); // the vault says so by name
    }
    of_session(vault, &token, &standing, &inner).await.map(Some)
}

/// Session, or the vault; and token, if there is one, of a verb that sets what may be spent.
fn about(verb: &Verb) -> Option<(Option<SessionId>, Option<Address>)> {
    match verb {
        Verb::SetLimit { scope, token, .. } | Verb::RemoveLimit { scope, token, .. } => {
            Some((SessionId::new(scope.session()), Some(*token)))
        }
        Verb::SetPerPaymentCap { session, token, .. } => Some((Some(*session), Some(*token))),
        Verb::SetCategories { session, .. } | Verb::SetValidity { session, .. } => Some((Some(*session), None)),
        _ => None,
    }
}

/// The same for a session that stands.
pub(crate) async fn of_session(
    vault: &Vault,
    token: &Token,
    standing: &Session,
    verbs: &[Verb],
) -> Result<WorstCase, Failure> {
    let bound = VaultBound::read(vault, token).await?;
    let now = vault.head().await?.time;
    let after = standing.after(verbs, token.unit_bits);
    let worst = |session: &Session| [now + DAY, u64::MAX].map(|end| session.worst_case(token, now, end, &bound));
    let ([day, total], [new_day, new_total]) = (worst(standing), worst(&after));
    let wider = after.view.categories & !standing.view.categories != 0;
    let show = |amount| token.show(amount);
    Ok(WorstCase {
        text: format!(
            "Worst case if this key is stolen: {} in the next 24 hours (now {}), {} in total (now {}).",
            show(new_day),
            show(day),
            show(new_total),
            show(total)
        ),
        rises: new_day > day || new_total > total || wider,
    })
}

/// What all agents together can take by the vault's own limits.
async fn of_vault(vault: &Vault, token: &Token, verbs: &[Verb]) -> Result<WorstCase, Failure> {
    let standing = VaultBound::read(vault, token).await?;
    let now = vault.head().await?.time;
    let after = standing.after(verbs, token.unit_bits);
    let worst = |bound: &VaultBound| [now + DAY, u64::MAX].map(|end| bound.worst_case(token, now, end));
    let ([day, total], [new_day, new_total]) = (worst(&standing), worst(&after));
    let show = |amount| token.show(amount);
    Ok(WorstCase {
        text: format!(
            "Worst case if every key is stolen, by the vault's limits: {} in the next 24 hours (now {}), {} in total (now {}).",
            show(new_day),
            show(day),
            show(new_total),
            show(total)
        ),
        rises: new_day > day || new_total > total,
    })
}

/// What a new session's key can take, token by token.
async fn of_grant(vault: &Vault, grant: &Grant) -> Result<Option<WorstCase>, Failure> {
    let now = vault.head().await?.time;
    let mut told = Vec::new();
    for of_token in &grant.tokens {
        let token = Token::read(vault, of_token.token).await?;
        let bound = VaultBound::read(vault, &token).await?;
        let exposure = of_new(grant, of_token, &token, &bound);
        let (from, until) = (now.max(grant.validFrom.into()), u64::from(grant.validUntil));
        let total = exposure.within(from, until);
        let day = exposure.in_any_day().min(total);
        told.push(format!("{} in any 24 hours, {} in total", token.show(day), token.show(total)));
    }
    if told.is_empty() {
        return Ok(None);
    }
    Ok(Some(WorstCase { text: format!("Worst case if this key is stolen: {}.", told.join("; ")), rises: true }))
}

fn of_new(grant: &Grant, of_token: &TokenGrant, token: &Token, bound: &VaultBound) -> Exposure {
    let limits = |category: u8| {
        let of_scope = of_token.limits.iter().filter(move |limit| limit.category == category);
        let known = of_scope.filter_map(|limit| Some((Window::from_seconds(limit.window)?, limit.cap)));
        known.map(|(window, cap)| (window, fresh(cap, token.unit_bits))).collect()
    };
    let categories = CategoryMask::from_bits(grant.categories).unwrap_or_default();
    let category = |category: Category| (category, limits(category.number()));
    Exposure {
        session: limits(0),
        categories: categories.iter().map(category).collect(),
        vault: meters(&bound.limits),
        unit_bits: token.unit_bits,
        per_payment_cap: of_token.perPaymentCap,
        balance: bound.balance,
    }
}
