//! Sessions as the chain has them: read together, shown in one table, with the most that each can still let out.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::granted::{self, Granted};
use crate::money::{Token, of_view};
use alloy::primitives::U256;
use futures::future::try_join_all;
use purse_owner::Verb;
use purse_owner::worst_case::Exposure;
use purse_protocol::abi::IVault::{LimitView, SessionView};
use purse_protocol::time::span;
use purse_protocol::{Category, CategoryMask, Meter, SessionId, Window, meter};

/// Sessions read at once: each costs two requests.
const READS_AT_ONCE: usize = 32;

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
}

impl Session {
    /// Reads one session.
    pub(crate) async fn read(vault: &Vault, id: u32, token: &Token) -> Result<Self, Failure> {
        let contract = vault.contract();
        let (view, remaining) = (contract.sessionOf(id), contract.remaining(id, token.address));
        let (view, remaining) = tokio::join!(view.call(), remaining.call());
        let (view, remaining) = (view.map_err(of_view)?, remaining.map_err(of_view)?);
        Ok(Self { id, view, per_payment_cap: remaining.perPaymentCap, limits: remaining.limits })
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
        let Granted { mut ids, complete } = granted::sessions(context, vault).await?;
        if !complete {
            ids.extend(1..next_free(vault).await?.get());
            ids.extend(vault.names.agents().map(|(_, id)| id));
        }
        let ids = ids.into_iter().collect::<Vec<_>>();
        let mut list = Vec::with_capacity(ids.len());
        for some in ids.chunks(READS_AT_ONCE) {
            list.extend(try_join_all(some.iter().map(|id| Self::read(vault, *id, token))).await?);
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

    /// Base units that the key's thief can take between `now` and `end`, bounded by `balance`.
    pub(crate) fn worst_case(&self, token: &Token, now: u64, end: u64, balance: U256) -> U256 {
        if !self.lives(now) {
            return U256::ZERO;
        }
        let limits = self.limits.iter();
        let limits =
            limits.filter_map(|limit| Some((Window::from_seconds(limit.window)?, Meter::from_word(limit.meter))));
        let exposure = Exposure {
            limits: limits.collect(),
            unit_bits: token.unit_bits,
            per_payment_cap: self.per_payment_cap,
            balance,
        };
        exposure.within(now.max(self.view.validFrom.into()), end.min(self.view.validUntil.into()))
    }

    /// The same session after `verbs`, for its worst case. A limit that is new counts as if nothing was spent.
    pub(crate) fn after(&self, verbs: &[Verb], unit_bits: u8) -> Self {
        let mut after = self.clone();
        for verb in verbs {
            match verb {
                Verb::SetPerPaymentCap { cap, .. } => after.per_payment_cap = *cap,
                Verb::SetCategories { categories, .. } => after.view.categories = categories.bits(),
                Verb::SetValidity { valid_until, .. } => after.view.validUntil = *valid_until,
                Verb::RemoveLimit { window, .. } => after.limits.retain(|limit| limit.window != window.seconds()),
                Verb::SetLimit { window, cap, .. } => {
                    let stands = after.limits.iter().position(|limit| limit.window == window.seconds());
                    let mut limit = stands.map(|at| after.limits.remove(at)).unwrap_or_default();
                    let units = meter::units_down(U256::from(*cap), unit_bits).min(meter::MAX_UNITS);
                    limit.window = window.seconds();
                    limit.meter = Meter::from_word(limit.meter).with_cap(units).to_word();
                    after.limits.push(limit);
                }
                _ => {}
            }
        }
        after
    }

    /// The categories it may pay.
    pub(crate) fn categories(&self) -> CategoryMask {
        self.view.categories_mask()
    }
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
    let contract = vault.contract();
    let taken = async |id: u32| -> Result<bool, Failure> {
        if vault.names.of_session(id).is_some() {
            return Ok(true);
        }
        Ok(!contract.sessionOf(id).call().await.map_err(of_view)?.key.is_zero())
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
