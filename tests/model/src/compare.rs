//! Every view of the contract against the model.

use crate::cast::Cast;
use crate::model::{Purse, Scope, Session, Vault, WINDOWS};
use crate::pair::Pair;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::{IVault, IVaultLens};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// A session that nobody is granted.
const NOBODY: u32 = 4_000_000_000;

/// How an answer differs from the model's, if it does.
type Difference = Option<String>;

fn differ<T: PartialEq + Debug>(what: impl FnOnce() -> String, model: T, contract: T) -> Difference {
    (model != contract).then(|| format!("{}\nmodel: {model:?}\ncontract: {contract:?}", what()))
}

/// Returns from the function with the first difference.
macro_rules! same {
    ($what:expr, $model:expr, $contract:expr) => {
        if let Some(difference) = differ(|| $what, $model, $contract) {
            return Ok(Some(difference));
        }
    };
}

/// The sequence number, the running hash and the owner nonce: after every step.
pub(crate) fn head(pair: &mut Pair, now: u64) -> anyhow::Result<Difference> {
    let head = pair.chain.view(&IVault::headCall {}, now)?;
    let trail = &pair.model.trail;
    same!("head()".into(), (trail.sequence, trail.running_hash()), (head.sequence, head.runningHash));
    same!("ownerNonce()".into(), trail.owner_nonce, pair.chain.view(&IVault::ownerNonceCall {}, now)?);
    Ok(None)
}

/// Every view, and every token balance.
pub(crate) fn everything(pair: &mut Pair, cast: &Cast, now: u64) -> anyhow::Result<Difference> {
    if let Some(difference) = head(pair, now)? {
        return Ok(Some(difference));
    }
    let Pair { chain, model, .. } = pair;
    let vault = chain.vault;
    same!("owner()".into(), model.owner, chain.view(&IVault::ownerCall {}, now)?);
    same!("pendingOwner()".into(), model.pending_owner, chain.view(&IVault::pendingOwnerCall {}, now)?);
    same!("guardian()".into(), model.guardian, chain.view(&IVault::guardianCall {}, now)?);
    same!("treasury()".into(), model.treasury, chain.view(&IVault::treasuryCall {}, now)?);
    same!("delay()".into(), model.delay, chain.view(&IVault::delayCall {}, now)?);
    same!("paused()".into(), model.paused, chain.view(&IVault::pausedCall {}, now)?);
    same!("epoch()".into(), model.epoch, chain.view(&IVault::epochCall {}, now)?);
    same!("waiting()".into(), model.waiting_view(), chain.look(&IVaultLens::waitingCall { vault }, now)?);

    for session in model.sessions.keys().copied().chain([0, NOBODY]) {
        let view = chain.look(&IVaultLens::sessionOfCall { vault, session }, now)?;
        same!(format!("sessionOf({session})"), model.session_view(session), view);
    }
    let strangers = cast.owners.iter().chain(&cast.agents).copied();
    for key in model.keys.keys().copied().chain(strangers).collect::<BTreeSet<_>>() {
        let view = chain.view(&IVault::sessionOfKeyCall { key }, now)?;
        same!(format!("sessionOfKey({key})"), model.session_of_key(key), view);
    }
    for payee in model
        .payees
        .keys()
        .chain(model.purses.keys())
        .copied()
        .chain(cast.payees.iter().copied())
        .collect::<BTreeSet<_>>()
    {
        let view = chain.view(&IVault::payeeOfCall { payee }, now)?;
        same!(format!("payeeOf({payee})"), model.category(payee), view);
    }
    for token in &cast.tokens {
        let view = chain.view(&IVault::tokenOfCall { token: *token }, now)?;
        let known = (model.tokens.contains_key(token), model.unit_bits(*token));
        same!(format!("tokenOf({token})"), known, (view.listed, view.unitBits));
    }
    for of in purses(model) {
        same!(format!("targetOf({of:?})"), model.purse_target(of), chain.target_of(of, now)?);
    }
    for scope in scopes(model, cast) {
        let Scope { session, category, token } = scope;
        let view = chain.look(&IVaultLens::remainingCall { vault, session, category, token }, now)?;
        let told = (view.perPaymentCap, view.limits);
        same!(format!("remaining({session}, {category}, {token})"), model.remaining_view(scope, now), told);
        for window in WINDOWS {
            let view = chain.look(&IVaultLens::meterOfCall { vault, session, category, token, window }, now)?;
            let what = || format!("meterOf({session}, {category}, {token}, {window})");
            same!(what(), model.meter_view(scope, window), view);
        }
    }
    for token in &cast.tokens {
        for account in accounts(model, cast) {
            let known = model.world.tokens.get(token).map_or(U256::ZERO, |token| token.balance(account));
            same!(format!("{account}'s balance of {token}"), known, chain.balance(*token, account)?);
        }
    }
    Ok(None)
}

/// Every scope that may have limits, and one that has none.
fn scopes(model: &Vault, cast: &Cast) -> BTreeSet<Scope> {
    let known = model.limits.keys().map(|(scope, _)| *scope);
    let sessions = model.sessions.iter().filter(|(_, Session { valid_until, .. })| *valid_until != 0);
    let whole = sessions
        .map(|(session, _)| *session)
        .chain([0, NOBODY])
        .flat_map(|session| cast.tokens.iter().map(move |token| Scope { session, category: 0, token: *token }));
    known.chain(whole).collect()
}

/// Every purse, and those of every scope by category.
fn purses(model: &Vault) -> BTreeSet<Purse> {
    let scopes = model.limits.keys().map(|(scope, _)| *scope).filter(|scope| scope.category != 0);
    let of_scopes = scopes.map(|Scope { session, category, token }| Purse { session, category, token });
    model.purses.values().copied().chain(of_scopes).collect()
}

fn accounts(model: &Vault, cast: &Cast) -> BTreeSet<Address> {
    let everybody = cast.payees.iter().chain(&cast.treasuries).chain(&cast.owners).chain(&cast.guardians);
    everybody.chain(model.purses.keys()).copied().chain([model.address, model.treasury]).collect()
}
