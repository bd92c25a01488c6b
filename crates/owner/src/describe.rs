//! A verb in words, for whoever signs it.

use crate::Verb;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{Grant, TokenGrant};
use purse_protocol::time::{rfc3339, span};
use purse_protocol::{CategoryMask, RefusalContext, SessionId};

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
            Self::SetLimit { session, token, window, cap } => {
                format!(
                    "let {} pay at most {} in any {window}; what was spent stays counted",
                    who(session),
                    money(token, *cap)
                )
            }
            Self::RemoveLimit { session, token, window } => {
                format!("remove the limit of {} over any {window} in {}", who(session), names.token_name(*token))
            }
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
        }
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
    let window = |seconds: u32| span(u64::from(seconds));
    let limits = token.limits.iter().map(|limit| format!("{} in any {}", money(limit.cap), window(limit.window)));
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
             at once, 10.00 USDC in any 24h; categories: data; from 2027-01-15T08:00:00Z until 2027-02-14T08:00:00Z"
        );
    }
}
