//! Compare-and-set: a change that is made only if nobody has changed the value that it replaces.

use crate::args::Condition;
use crate::change;
use crate::context::Vault;
use crate::failure::Failure;
use crate::library_failure;
use crate::money::of_view;
use alloy::primitives::{Address, U256};
use purse_owner::Verb;

/// The verbs on the condition that the flags name. The values that they replace are read now: before the operator is
/// asked, so that what he was shown is what is replaced.
///
/// `read` understands an expected value as the command writes it; only one verb can have one.
pub(crate) async fn on_condition(
    vault: &Vault,
    condition: &Condition,
    verbs: Vec<Verb>,
    read: impl FnOnce(&str) -> Result<U256, Failure>,
) -> Result<Vec<Verb>, Failure> {
    if let Some(text) = &condition.expect {
        let expected = read(text)?;
        return match <[Verb; 1]>::try_from(verbs) {
            Ok([verb]) => Ok(vec![Verb::Replace { expected, verb: Box::new(verb) }]),
            Err(verbs) => Err(Failure::usage(
                "ExpectInvalid",
                "--expect speaks of one value",
                format!("this would make {} changes", verbs.len()),
                "make them one by one, or use --if-unchanged",
            )),
        };
    }
    if !condition.if_unchanged {
        return Ok(verbs);
    }
    let owner = vault.contract().owner().call().await.map_err(of_view)?;
    let owner = change::owner(vault, owner, &vault.names_only()).await?;
    let mut conditional = Vec::with_capacity(verbs.len());
    for verb in verbs {
        let verb = owner.if_unchanged(&verb).await.map_err(|error| library_failure::of_owner(&error))?;
        conditional.push(verb.ok_or_else(|| {
            Failure::usage(
                "ExpectInvalid",
                "that replaces no single value",
                "the payees are in different categories now",
                "change them one by one",
            )
        })?);
    }
    Ok(conditional)
}

/// An address as the word that the vault compares; `none` is zero.
pub(crate) fn address_word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}
