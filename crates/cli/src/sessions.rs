//! Sessions as the chain has them: read together, shown in one table, with the most that each can still let out.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::granted::{self, Granted};
use crate::money::{Token, of_view, of_words};
use crate::purses::{self, OpenPurse};
use alloy::primitives::U256;
use futures::future::try_join_all;
use purse_owner::Verb;
use purse_owner::worst_case::{Exposure, Limits, most_units};
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IVaultLens::{LimitView, SessionView, remainingReturn};
use purse_protocol::time::span;
use purse_protocol::{Category, CategoryMask, Meter, Scope, SessionId, Window, meter};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Sessions read at once: each costs a few requests.
pub(crate) const READS_AT_ONCE: usize = 32;

/// What is said where not all sessions are known.
pub(crate) const NOT_ALL: &str =
    "The node did not tell every agent: others may be able to pay too. Next: purse index, then this again";

/// The sessions of a vault.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Those that are known, by number.
    pub(crate) list: Vec<Session>,
    /// Whether these are all. If not, others may be able to pay too.
    pub(crate) complete: bool,
}

/// A session and what it may still spend of one token.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Its number.
    pub(crate) id: u32,
    /// As the contract says.
    pub(crate) view: SessionView,
    /// Base units.
    pub(crate) per_payment_cap: u128,
    /// As the contract says, ascending by window.
    pub(crate) limits: Vec<LimitView>,
    /// The limits of its categories, where it has any.
    pub(crate) by_category: BTreeMap<Category, Vec<LimitView>>,
}

impl Session {
    /// Reads one session, with the limits of all its categories.
    pub(crate) async fn read(vault: &Vault, id: u32, token: &Token) -> Result<Self, Failure> {
        let mut session = Self::read_own(vault, id, token).await?;
        let granted = session.categories();
        session.read_categories(vault, token, granted.iter()).await?;
        Ok(session)
    }

    /// Reads one session without the limits of its categories.
    async fn read_own(vault: &Vault, id: u32, token: &Token) -> Result<Self, Failure> {
        let reader = vault.reader();
        let view = async { reader.session_of(id).await.map_err(of_words) };
        let remaining = async {
            let Some(scope) = Scope::new(id, 0) else { return Ok(remainingReturn::default()) };
            reader.remaining(scope, token.address).await.map_err(of_words)
        };
        let (view, remaining) = tokio::try_join!(view, remaining)?;
        let (per_payment_cap, limits) = (remaining.perPaymentCap, remaining.limits);
        Ok(Self { id, view, per_payment_cap, limits, by_category: BTreeMap::new() })
    }

    /// Reads the limits of some of its categories.
    async fn read_categories(
        &mut self,
        vault: &Vault,
        token: &Token,
        categories: impl Iterator<Item = Category>,
    ) -> Result<(), Failure> {
        let read = categories.map(async |category| {
            let limits = limits_of(vault, Scope::new(self.id, category.number()), token).await?;
            Ok::<_, Failure>((category, limits))
        });
        let read = try_join_all(read).await?;
        self.by_category = read.into_iter().filter(|(_, limits)| !limits.is_empty()).collect();
        Ok(())
    }

    /// Reads one session that must exist.
    pub(crate) async fn existing(vault: &Vault, id: SessionId, token: &Token) -> Result<Self, Failure> {
        let session = Self::read(vault, id.get(), token).await?;
        if session.view.key.is_zero() {
            return Err(Failure::error(
                "SessionUnknown",
                format!("no session {id}"),
                "this vault never granted it",
                "list the agents: purse agent list",
            ));
        }
        Ok(session)
    }

    /// Reads every session that was granted, on whichever machine. Where the node does not tell, those that have a
    /// name here or follow on from number 1.
    pub(crate) async fn all(context: &Context, vault: &Vault, token: &Token) -> Result<Sessions, Failure> {
        let Granted { mut ids, by_category, complete } = granted::sessions(context, vault).await?;
        if !complete {
            ids.extend(1..next_free(vault).await?.get());
            ids.extend(vault.names.agents().map(|(_, id)| id));
        }
        let read = async |id: u32| {
            let mut session = Self::read_own(vault, id, token).await?;
            let limited = |category: &Category| !complete || by_category.contains(&(id, category.number()));
            let granted = session.categories();
            session.read_categories(vault, token, granted.iter().filter(limited)).await?;
            Ok::<_, Failure>(session)
        };
        let ids = ids.into_iter().collect::<Vec<_>>();
        let mut list = Vec::with_capacity(ids.len());
        for some in ids.chunks(READS_AT_ONCE) {
            list.extend(try_join_all(some.iter().map(|id| read(*id))).await?);
        }
        list.retain(|session| !session.view.key.is_zero());
        Ok(Sessions { list, complete })
    }

    /// Whether it can pay at `now`, seconds since 1970.
    pub(crate) fn lives(&self, now: u64) -> bool {
        !self.view.revoked && now < u64::from(self.view.validUntil)
    }

    /// `active, expires in 30d`, `revoked`, …
    pub(crate) fn state(&self, now: u64) -> String {
        let (from, until) = (u64::from(self.view.validFrom), u64::from(self.view.validUntil));
        if self.view.revoked {
            "revoked".to_owned()
        } else if now >= until {
            "expired".to_owned()
        } else if now < from {
            format!("begins in {}", roughly(from - now))
        } else {
            format!("active, expires in {}", roughly(until - now))
        }
    }

    /// Base units that the key's thief can take between `now` and `end`, bounded by `vault`, what is beside the session.
    /// What waits is left aside.
    pub(crate) fn worst_case(&self, token: &Token, now: u64, end: u64, vault: &VaultBound) -> U256 {
        if !self.lives(now) {
            return U256::ZERO;
        }
        let category = |category: Category| self.by_category.get(&category).map(|limits| meters(limits));
        let categories = self.categories().iter().map(|one| (one, category(one).unwrap_or_default()));
        let exposure = Exposure {
            session: meters(&self.limits),
            categories: categories.collect(),
            vault: meters(&vault.limits),
            unit_bits: token.unit_bits,
            per_payment_cap: self.per_payment_cap,
            balance: vault.balance,
        };
        let most = exposure.within(now.max(self.view.validFrom.into()), end.min(self.view.validUntil.into()));
        let own = vault.purses.iter().filter(|purse| purse.session == self.id);
        own.fold(most, |sum, purse| sum.saturating_add(purse.balance))
    }

    /// The same session after `verbs`, for its worst case. A limit that is new counts as if nothing was spent.
    pub(crate) fn after(&self, verbs: &[Verb], unit_bits: u8) -> Self {
        let mut after = self.clone();
        for verb in verbs {
            match verb.inner().as_ref().unwrap_or(verb) {
                Verb::SetPerPaymentCap { cap, .. } => after.per_payment_cap = *cap,
                Verb::SetCategories { categories, .. } => after.view.categories = categories.bits(),
                Verb::SetValidity { valid_until, .. } => after.view.validUntil = *valid_until,
                Verb::RemoveLimit { scope, window, .. } => {
                    after.limits_in(*scope).retain(|limit| limit.window != window.seconds());
                }
                Verb::SetLimit { scope, window, cap, .. } => {
                    set_limit(after.limits_in(*scope), *window, *cap, unit_bits);
                }
                _ => {}
            }
        }
        after
    }

    /// Its own limits, or those of one of its categories.
    fn limits_in(&mut self, scope: Scope) -> &mut Vec<LimitView> {
        match scope {
            Scope::Category(_, category) => self.by_category.entry(category).or_default(),
            Scope::Vault | Scope::Session(_) => &mut self.limits,
        }
    }

    /// The categories it may pay.
    pub(crate) fn categories(&self) -> CategoryMask {
        self.view.categories_mask()
    }
}

/// What bounds every session of a vault in one token.
#[derive(Debug, Clone, Default)]
pub(crate) struct VaultBound {
    /// The vault's own limits, as the contract says.
    pub(crate) limits: Vec<LimitView>,
    /// What it holds, in base units.
    pub(crate) balance: U256,
    /// Its purses, whose money has left it and has reached no seller.
    pub(crate) purses: Vec<OpenPurse>,
}

impl VaultBound {
    /// The most that can leave at all, in base units.
    pub(crate) fn in_all(&self) -> U256 {
        self.balance.saturating_add(purses::held(&self.purses))
    }

    /// Reads both.
    pub(crate) async fn read(vault: &Vault, token: &Token) -> Result<Self, Failure> {
        let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
        let balance = erc20.balanceOf(vault.address);
        let (limits, balance, purses) =
            tokio::join!(limits_of(vault, Some(Scope::Vault), token), balance.call(), OpenPurse::all(vault, token));
        Ok(Self { limits: limits?, balance: balance.map_err(of_view)?, purses: purses? })
    }

    /// The same after `verbs`.
    pub(crate) fn after(&self, verbs: &[Verb], unit_bits: u8) -> Self {
        let mut after = self.clone();
        for verb in verbs {
            match verb.inner().as_ref().unwrap_or(verb) {
                Verb::SetLimit { scope: Scope::Vault, window, cap, .. } => {
                    set_limit(&mut after.limits, *window, *cap, unit_bits);
                }
                Verb::RemoveLimit { scope: Scope::Vault, window, .. } => {
                    after.limits.retain(|limit| limit.window != window.seconds());
                }
                _ => {}
            }
        }
        after
    }

    /// Base units that all sessions together can take between `now` and `end` by the vault's own limits.
    pub(crate) fn worst_case(&self, token: &Token, now: u64, end: u64) -> U256 {
        let units = meters(&self.limits).into_iter().map(|(window, meter)| most_units(meter, window, now, end)).min();
        let most = units.map_or(self.balance, |units| meter::base_units(units, token.unit_bits).min(self.balance));
        most.saturating_add(purses::held(&self.purses))
    }
}

/// Sets one limit of a scope; one that is new counts as if nothing was spent.
fn set_limit(limits: &mut Vec<LimitView>, window: Window, cap: u128, unit_bits: u8) {
    let stands = limits.iter().position(|limit| limit.window == window.seconds());
    let mut limit = stands.map(|at| limits.remove(at)).unwrap_or_default();
    let units = meter::units_down(U256::from(cap), unit_bits).min(meter::MAX_UNITS);
    limit.window = window.seconds();
    limit.meter = Meter::from_word(limit.meter).with_cap(units).to_word();
    limits.push(limit);
}

/// The limits of one scope, ascending by window.
async fn limits_of(vault: &Vault, scope: Option<Scope>, token: &Token) -> Result<Vec<LimitView>, Failure> {
    let Some(scope) = scope else { return Ok(Vec::new()) };
    Ok(vault.reader().remaining(scope, token.address).await.map_err(of_words)?.limits)
}

/// A limit that a payment counts in.
#[derive(Debug, Clone)]
pub(crate) struct Spending {
    /// What it counts.
    pub(crate) scope: Scope,
    /// Over which window.
    pub(crate) window: Window,
    /// What is left, without the token's symbol.
    pub(crate) left: String,
    /// What it counted so far.
    pub(crate) meter: Meter,
}

impl Spending {
    /// `9.75/24h`, `4.00/24h of data`, `400.00/24h of the vault`.
    pub(crate) fn show(&self) -> String {
        let of = match self.scope {
            Scope::Session(_) => String::new(),
            Scope::Category(_, category) => format!(" of {category}"),
            Scope::Vault => " of the vault".to_owned(),
        };
        format!("{}/{}{of}", self.left, self.window)
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let scope = match self.scope {
            Scope::Vault => "vault",
            Scope::Session(_) => "session",
            Scope::Category(..) => "category",
        };
        json!({ "scope": scope, "window": self.window, "amount": self.left })
    }
}

/// The limits that a payment of a session under a category counts in: the session's first.
pub(crate) async fn spending(
    vault: &Vault,
    token: &Token,
    session: &Session,
    category: Option<Category>,
) -> Result<Vec<Spending>, Failure> {
    let Some(id) = SessionId::new(session.id) else { return Ok(Vec::new()) };
    let of_vault = limits_of(vault, Some(Scope::Vault), token).await?;
    let of_category = category.and_then(|one| Some((one, session.by_category.get(&one)?)));
    let mut all = vec![(Scope::Session(id), &session.limits)];
    all.extend(of_category.map(|(category, limits)| (Scope::Category(id, category), limits)));
    all.push((Scope::Vault, &of_vault));
    let spending = all.into_iter().flat_map(|(scope, limits)| {
        limits.iter().filter_map(move |limit| {
            let left = token.plain(U256::from(limit.remaining));
            Some(Spending {
                scope,
                window: Window::from_seconds(limit.window)?,
                left,
                meter: Meter::from_word(limit.meter),
            })
        })
    });
    Ok(spending.collect())
}

/// The windows and meters of limits, for the arithmetic.
pub(crate) fn meters(limits: &[LimitView]) -> Limits {
    let known = |limit: &LimitView| Some((Window::from_seconds(limit.window)?, Meter::from_word(limit.meter)));
    limits.iter().filter_map(known).collect()
}

/// The categories of a session view, whatever its bits.
trait Categories {
    fn categories_mask(&self) -> CategoryMask;
}

impl Categories for SessionView {
    fn categories_mask(&self) -> CategoryMask {
        (1..=Category::MAX).filter(|bit| self.categories >> bit & 1 == 1).filter_map(Category::new).collect()
    }
}

/// A session number that was never granted, and that no name holds for a grant that was proposed: found by doubling and
/// halving, so with few questions.
pub(crate) async fn next_free(vault: &Vault) -> Result<SessionId, Failure> {
    let reader = vault.reader();
    let taken = async |id: u32| -> Result<bool, Failure> {
        if vault.names.of_session(id).is_some() {
            return Ok(true);
        }
        Ok(!reader.session_of(id).await.map_err(of_words)?.key.is_zero())
    };
    let (mut used, mut free) = (0_u32, 1_u32);
    while taken(free).await? {
        used = free;
        free = free.checked_mul(2).ok_or_else(|| {
            Failure::error("SessionsExhausted", "no free session number", "all numbers are used", "deploy a new vault")
        })?;
    }
    while free - used > 1 {
        let middle = used + (free - used) / 2;
        if taken(middle).await? { used = middle } else { free = middle }
    }
    SessionId::new(free).ok_or_else(|| {
        Failure::error("SessionsExhausted", "no free session number", "0 is none", "report this as a bug")
    })
}

/// A span for the eye, in its one largest unit, rounded to the nearest.
pub(crate) fn roughly(seconds: u64) -> String {
    let unit = [86_400, 3_600, 60, 1].into_iter().find(|unit| seconds >= 2 * unit).unwrap_or(1);
    match seconds.saturating_add(unit / 2) / unit * unit {
        86_400 => "24h".to_owned(),
        rounded if unit == 86_400 => format!("{}d", rounded / unit),
        rounded if unit == 3_600 => format!("{}h", rounded / unit),
        rounded => span(rounded),
    }
}

#[cfg(test)]
mod tests {
    use super::roughly;

    #[test]
    fn spans_have_one_unit() {
        let cases =
            [(30 * 86_400 - 1, "30d"), (86_400, "24h"), (90_000, "25h"), (3_540, "59m"), (59, "59s"), (0, "0s")];
        for (seconds, text) in cases {
            assert_eq!(roughly(seconds), text);
        }
    }
}
