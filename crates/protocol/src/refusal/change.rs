//! What the owner's and the guardian's verbs, and the factory, refuse, in plain words.

use super::WhoCanFix::{Operator, Owner};
use super::context::{category_name, scope_name};
use super::told::Told;
use super::{IVaultErrors, IVaultFactoryErrors, RefusalContext, Retry};
use crate::Window;
use crate::time::rfc3339;
use alloy::primitives::U256;

/// The words for an error of a change; `None` when it belongs to `super::payment`.
pub(super) fn explain(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    about_roles(error).or_else(|| about_sessions(error)).or_else(|| about_limits(error, context))
}

/// Who may do what, and who may be what.
fn about_roles(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::NotOwner(e) => Told::new(
            Owner,
            Retry::Never,
            format!("only the vault's owner may do this, and {} is not the owner", e.caller),
            "send it from the owner's account, which `purse status` shows, or use --propose to hand it to the owner",
        )
        .fact("caller", e.caller),
        E::NotOwnerOrGuardian(e) => Told::new(
            Owner,
            Retry::Never,
            format!("only the vault's owner or guardian may do this, and {} is neither", e.caller),
            "send it from the owner's or the guardian's account, which `purse status` shows",
        )
        .fact("caller", e.caller),
        E::NotPendingOwner(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} was not named as the vault's next owner", e.caller),
            "accept from the account that the present owner named; if none was named, the owner names one first",
        )
        .fact("caller", e.caller),
        E::ZeroAddress(_) => Told::new(
            Owner,
            Retry::Never,
            "an address that must be somebody's is zero",
            "give the address of the owner, treasury, payee or session key that was left out",
        ),
        E::RoleConflict(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} already has a role in this vault that excludes the new one", e.account),
            "use an address of its own for each: a session key is nothing else, and the vault or a token is no payee",
        )
        .fact("account", e.account),
        _ => return None,
    })
}

/// Grants: ids, keys, spans, categories and lists.
fn about_sessions(error: &IVaultErrors) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::SessionZero(_) => {
            Told::new(Owner, Retry::Never, "session 0 does not exist", "number sessions from 1; `purse agent add` does")
        }
        E::SessionExists(e) => Told::new(
            Owner,
            Retry::Never,
            format!("session {} was granted before, and an id is granted once", e.session),
            "change it with `purse agent limit`, or grant the next free id: `purse agent list` shows those taken",
        )
        .fact("session", e.session),
        E::KeyUsedBefore(e) => Told::new(
            Owner,
            Retry::Never,
            format!("the key {} has served a session of this vault before", e.key),
            "make a new key; `purse agent add` and `purse agent rotate` do",
        )
        .fact("key", e.key),
        E::ValidityInvalid(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "the span from {} to {} is empty or over",
                rfc3339(e.validFrom.into()),
                rfc3339(e.validUntil.into())
            ),
            "give an end that is after the start and in the future; to end a session now, use `purse revoke`",
        )
        .time("valid_from", e.validFrom)
        .time("valid_until", e.validUntil),
        E::CategoryMaskInvalid(e) => Told::new(
            Owner,
            Retry::Never,
            "the categories include number 0, which does not exist",
            "give categories from 1 to 63: bit 5 of the mask stands for category 5",
        )
        .fact("categories", format!("{:#x}", e.categories)),
        E::CategoryInvalid(e) => Told::new(
            Owner,
            Retry::Never,
            format!("category {} does not exist", e.category),
            "give a category's name or its number from 1 to 63",
        )
        .fact("category", category_name(e.category)),
        E::NotAscending(e) => Told::new(
            Operator,
            Retry::Never,
            format!("entry {} of the list is not above the one before it, so the list may hold it twice", e.index),
            "sort the list (tokens and payees by address, limits by category, then window) and drop what is there twice",
        )
        .fact("index", e.index),
        E::EmptyList(_) => {
            Told::new(Owner, Retry::Never, "the list, of payees or of payments, is empty", "name at least one")
        }
        _ => return None,
    })
}

/// Limits and tokens.
fn about_limits(error: &IVaultErrors, context: &RefusalContext) -> Option<Told> {
    use IVaultErrors as E;
    Some(match error {
        E::WindowUnknown(e) => Told::new(
            Owner,
            Retry::Never,
            format!("no window is {} seconds long", e.window),
            format!("use one of {}", Window::ALL.map(Window::name).join(", ")),
        )
        .fact("window", format!("{}s", e.window)),
        E::CapTooLarge(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "a limit of {} is more than this vault can count in this token: {}",
                context.amount(None, U256::from(e.cap)),
                context.amount(None, e.largest)
            ),
            "set a lower limit",
        )
        .amount("cap", context, None, U256::from(e.cap))
        .amount("largest", context, None, e.largest),
        E::LimitUnknown(e) => Told::new(
            Owner,
            Retry::Never,
            format!(
                "{} has no limit in {} over {}{}",
                context.holder_name(e.session),
                context.token_name(e.token),
                Window::text(e.window),
                if e.category == 0 { String::new() } else { format!(" for {}", category_name(e.category)) }
            ),
            "see the limits there are with `purse status`",
        )
        .fact("session", e.session)
        .fact("category", category_name(e.category))
        .fact("scope", scope_name(e.session, e.category))
        .fact("token", e.token)
        .fact("window", Window::text(e.window)),
        E::ScopeInvalid(e) => Told::new(
            Owner,
            Retry::Never,
            "the vault's own limits are for all that it pays, and have no category",
            "leave the category out, or name the agent whose limit it is",
        )
        .fact("session", e.session)
        .fact("category", category_name(e.category)),
        E::TokenNotListed(e) => Told::new(
            Owner,
            Retry::Never,
            format!("this vault does not know {}", context.token_name(e.token)),
            "the owner lists the token first (addToken), once; then limits in it can be set",
        )
        .fact("token", e.token),
        E::TokenListed(e) => Told::new(
            Owner,
            Retry::Never,
            format!("{} is listed already, and its unit never changes", context.token_name(e.token)),
            "nothing to do: limits in it can be set",
        )
        .fact("token", e.token)
        .fact("unit_bits", e.unitBits),
        E::TokenHasNoCode(e) => Told::new(
            Owner,
            Retry::Never,
            format!("there is no contract at {} on this chain", e.token),
            "give the token's address on this very chain, as its issuer publishes it",
        )
        .fact("token", e.token),
        E::UnitTooCoarse(e) => Told::new(
            Owner,
            Retry::Never,
            format!("with a unit of 2^{} base units the largest cap would not fit an amount", e.unitBits),
            "list the token with a smaller unitBits: 7 fits a token of six decimals, 47 one of eighteen",
        )
        .fact("unit_bits", e.unitBits),
        _ => return None,
    })
}

/// The words for an error of the factory.
pub(super) fn explain_factory(error: &IVaultFactoryErrors) -> Told {
    use IVaultFactoryErrors as E;
    match error {
        E::CodeMismatch(e) => Told::new(
            Operator,
            Retry::Never,
            "the vault's code is not the one that this factory deploys",
            "use the build that the factory was made with, or deploy a factory for this build",
        )
        .fact("given", e.given)
        .fact("expected", e.expected),
        E::VaultExists(e) => Told::new(
            Operator,
            Retry::Never,
            format!("this vault exists already, at {}", e.vault),
            "use it as it is, or give another salt for a second vault of the same configuration",
        )
        .fact("vault", e.vault),
    }
}
