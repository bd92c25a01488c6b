//! `grant`: a new session with all it gets.

use super::limits::Scope;
use super::limits::check_category;
use super::refusal::{Verdict, either, refuse};
use super::waiting::{Act, Subject};
use super::{Session, Vault};
use crate::calldata::{Malformed, Reader};
use purse_protocol::abi::IVault::{self, Grant, Limit, TokenGrant};
use std::collections::BTreeSet;

/// Words of the heads of a grant, of what it gives of a token, and of a limit.
const GRANT_WORDS: usize = 6;
const TOKEN_WORDS: usize = 3;
const LIMIT_WORDS: usize = 3;

/// The argument of `grant`.
pub(super) fn read_grant(arguments: &[u8]) -> Result<Grant, Malformed> {
    let grant = Reader::new(arguments, 1)?.dynamic_struct(0, GRANT_WORDS)?;
    let tokens = grant.dynamic_structs(5, TOKEN_WORDS)?;
    Ok(Grant {
        session: grant.u32(0)?,
        key: grant.address(1)?,
        validFrom: grant.u32(2)?,
        validUntil: grant.u32(3)?,
        categories: grant.u64(4)?,
        tokens: tokens.iter().map(read_token).collect::<Result<_, _>>()?,
    })
}

fn read_token(token: &Reader<'_>) -> Result<TokenGrant, Malformed> {
    let limits = token.static_structs(2, LIMIT_WORDS)?;
    let read = |limit: &Reader<'_>| Ok(Limit { category: limit.u8(0)?, window: limit.u32(1)?, cap: limit.u128(2)? });
    Ok(TokenGrant {
        token: token.address(0)?,
        perPaymentCap: token.u128(1)?,
        limits: limits.iter().map(read).collect::<Result<_, _>>()?,
    })
}

impl Vault {
    pub(super) fn grant(&mut self, act: &Act<'_>, grant: Grant) -> Verdict<()> {
        self.check_new(&grant)?;
        let waits = self.must_wait(act, Subject::Session(grant.session), true)?;
        if !waits {
            self.create(&grant);
        }
        let session = grant.session;
        let mut last_token = None;
        for (index, TokenGrant { token, perPaymentCap, limits }) in grant.tokens.into_iter().enumerate() {
            if last_token.replace(token).is_some_and(|last| token <= last) {
                return not_ascending(index);
            }
            self.cap_units(token, perPaymentCap)?;
            if !waits {
                self.put_per_payment_cap(session, token, perPaymentCap)?;
            }
            let mut last_limit = None;
            for (index, Limit { category, window, cap }) in limits.into_iter().enumerate() {
                let place = (category, window);
                if last_limit.replace(place).is_some_and(|last| place <= last) {
                    return not_ascending(index);
                }
                check_category(category)?;
                either(Self::check_window(window), self.cap_units(token, cap).map(drop))?;
                if !waits {
                    self.put_limit(Scope { session, category, token }, window, cap)?;
                }
            }
        }
        Ok(())
    }

    fn create(&mut self, grant: &Grant) {
        let Grant { session, key, validFrom, validUntil, categories, .. } = *grant;
        let epoch = self.epoch;
        self.granted = true;
        self.keys.insert(key, session);
        let paid = BTreeSet::new();
        let new = Session { key, valid_from: validFrom, valid_until: validUntil, categories, epoch, paid };
        self.sessions.insert(session, new);
        self.log(|sequence| IVault::SessionGranted {
            session,
            key,
            validFrom,
            validUntil,
            categories,
            epoch,
            sequence,
        });
    }

    fn check_new(&self, grant: &Grant) -> Verdict<()> {
        let session = grant.session;
        if session == 0 {
            return refuse(IVault::SessionZero {});
        }
        if self.sessions.contains_key(&session) {
            return refuse(IVault::SessionExists { session });
        }
        self.check_new_key(grant.key)?;
        self.check_validity(grant.validFrom, grant.validUntil)?;
        Self::check_categories(grant.categories)
    }
}

pub(super) fn not_ascending<T>(index: usize) -> Verdict<T> {
    refuse(IVault::NotAscending { index: alloy::primitives::U256::from(index) })
}
