//! A verb in words, for whoever signs it.

use crate::Verb;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{Grant, TokenGrant};
use purse_protocol::time::{rfc3339, span};
use purse_protocol::{Category, CategoryMask, RefusalContext, Scope, SessionId, Window};

impl Verb {
    /// What the verb does, in one sentence without a full stop. `names` turns tokens, sessions and payees into words;
    /// what it does not know is written out in full.
    pub fn describe(&self, names: &RefusalContext) -> String {
        let who = |session: &SessionId| names.session_name(session.get());
        let money = |token: &Address, base: u128| names.amount(Some(*token), U256::from(base));
        match self {
            Self::Grant(grant) => describe_grant(grant, names),
            Self::RotateKey { session, new_key } => {
                format!("replace the key of {} by {new_key}; what was spent stays counted", who(session))
            }
            Self::SetValidity { session, valid_from, valid_until } => {
                format!("let {} pay {}", who(session), between(*valid_from, *valid_until))
            }
            Self::SetCategories { session, categories } => {
                format!("let {} pay these categories only: {categories}", who(session))
            }
            Self::SetPerPaymentCap { session, token, cap } => {
                format!("let {} pay at most {} at once", who(session), money(token, *cap))
            }
            Self::SetLimit { scope, token, window, cap } => {
                let spender = scope_name(*scope, names);
                format!(
                    "let {spender} pay at most {} {}; what was spent while the limit stood stays counted",
                    money(token, *cap),
                    window.phrase()
                )
            }
            Self::RemoveLimit { scope, token, window } => {
                let spender = scope_name(*scope, names);
                format!("remove the limit of {spender} {} in {}", window.phrase(), names.token_name(*token))
            }
            Self::OpenPurse { session, category, token } => format!(
                "open the purse of {} for {category} in {}: the session's key alone can fill it",
                who(session),
                names.token_name(*token)
            ),
            Self::SetPurseTarget { session, category, token, target } => format!(
                "let the purse of {} for {category} be refilled to at most {}",
                who(session),
                money(token, *target)
            ),
            Self::AddToken { token, unit_bits } => format!(
                "list {}, for ever, counted in units of {} base units",
                names.token_name(*token),
                U256::ONE << usize::from(*unit_bits)
            ),
            Self::SetPayees(payees) => {
                let entry = |(payee, category): &(Address, _)| format!("{} as {category}", names.payee_name(*payee));
                format!("put in the payee book: {}", payees.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            Self::RemovePayee { payee } => format!("take {} out of the payee book", names.payee_name(*payee)),
            Self::Pause => "stop every payment until the owner resumes".to_owned(),
            Self::Unpause => "resume payments".to_owned(),
            Self::Revoke { session } => format!("revoke {} for good", who(session)),
            Self::RevokeAll => "revoke every session granted so far, for good".to_owned(),
            Self::Withdraw { token, amount: None } => {
                format!("send all of the vault's {} to the treasury", names.token_name(*token))
            }
            Self::Withdraw { token, amount: Some(amount) } => {
                format!("send {} to the treasury", names.amount(Some(*token), *amount))
            }
            Self::TransferOwnership { new_owner } if new_owner.is_zero() => {
                "take the offer of ownership back".to_owned()
            }
            Self::TransferOwnership { new_owner } => format!("offer ownership of the vault to {new_owner}"),
            Self::AcceptOwnership => "accept ownership of the vault".to_owned(),
            Self::SetGuardian { guardian } if guardian.is_zero() => "have no guardian".to_owned(),
            Self::SetGuardian { guardian } => {
                format!("make {} the guardian, who can only stop things", names.payee_name(*guardian))
            }
            Self::SetTreasury { treasury } => {
                format!("send withdrawals to {} from now on", names.payee_name(*treasury))
            }
            Self::SetDelay { seconds: 0 } => "let loosenings take effect at once".to_owned(),
            Self::SetDelay { seconds } => format!("let every loosening wait {}", span(u64::from(*seconds))),
            Self::Cancel { change } => format!("take waiting change {change} away"),
            Self::Execute { change, .. } => format!("execute waiting change {change}: {}", self.in_the_end(names)),
            Self::Replace { .. } => format!("if nobody has changed it since: {}", self.in_the_end(names)),
            Self::Lodge(_) => format!("lodge a signed act: {}", self.in_the_end(names)),
        }
    }

    /// What it performs, in words.
    fn in_the_end(&self, names: &RefusalContext) -> String {
        self.inner().map_or_else(|| "a call that is none of the vault's verbs".to_owned(), |verb| verb.describe(names))
    }
}

/// Whose payments a limit counts: `session 1`, `session 1 under data`, `the vault`.
fn scope_name(scope: Scope, names: &RefusalContext) -> String {
    match scope {
        Scope::Vault => "all sessions of the vault together".to_owned(),
        Scope::Session(session) => names.session_name(session.get()),
        Scope::Category(session, category) => format!("{} under {category}", names.session_name(session.get())),
    }
}

fn describe_grant(grant: &Grant, names: &RefusalContext) -> String {
    let categories = CategoryMask::from_bits(grant.categories)
        .map_or_else(|_| format!("mask {:#x}", grant.categories), |mask| mask.to_string());
    let tokens: Vec<String> = grant.tokens.iter().map(|token| describe_token(token, names)).collect();
    let money = if tokens.is_empty() { "nothing, in no token".to_owned() } else { tokens.join("; ") };
    format!(
        "let {} with key {} pay {money}; categories: {categories}; {}",
        names.session_name(grant.session),
        grant.key,
        between(grant.validFrom, grant.validUntil)
    )
}

fn describe_token(token: &TokenGrant, names: &RefusalContext) -> String {
    let money = |base: u128| names.amount(Some(token.token), U256::from(base));
    if token.limits.is_empty() {
        return format!("nothing of {}", names.token_name(token.token));
    }
    let limits = token.limits.iter().map(|limit| {
        let window = Window::from_seconds(limit.window).map_or_else(
            || format!("in any {}", Window::text(limit.window)), // which the vault refuses
            |window| window.phrase().to_owned(),
        );
        let under = Category::new(limit.category).map_or_else(String::new, |category| format!(" under {category}"));
        format!("{} {window}{under}", money(limit.cap))
    });
    format!("at most {} at once, {}", money(token.perPaymentCap), limits.collect::<Vec<_>>().join(", "))
}

fn between(from: u32, until: u32) -> String {
    format!("from {} until {}", rfc3339(from.into()), rfc3339(until.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::tests::all;

    #[test]
    fn every_verb_reads_as_one_sentence() {
        for verb in all() {
            let words = verb.describe(&RefusalContext::default());
            assert!(words.len() > 10 && !words.ends_with('.') && !words.contains('\n'), "{words}");
        }
    }

    #[test]
    fn a_grant_says_all_that_it_allows() {
        let token = Address::repeat_byte(0x70);
        let names = RefusalContext::default().token(token, "USDC", 6).session(1, "researcher");
        assert_eq!(
            all()[0].describe(&names),
            "let agent researcher (session 1) with key 0xA1A1a1a1A1A1A1A1A1a1a1a1a1a1A1A1a1A1a1a1 pay at most 2.00 USDC \
             at once, 10.00 USDC in any 24h, 50.00 USDC over the lifetime under data; categories: data; from 2027-01-15T08:00:00Z until 2027-02-14T08:00:00Z"
        );
    }
}
