//! Limits count by scope (I4): the vault, a session, a category within one; and what a batch refused counts in none.

use crate::promises::{audit, broken, paid, the_one};
use crate::synthetic::{CHAIN, KEY, ONE, PAYEE, RELAYER, START, Synthetic, TOKEN, VAULT, who};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolError;
use purse_audit::{Subject, Trail, TrailLog, compare};
use purse_protocol::abi::IVault::{
    CategoriesSet, LimitExceeded, LimitRemoved, PayeeSet, PaymentFailed, PerPaymentCapSet, SessionGranted,
    SignerNotSessionKey, VaultPaused,
};
use purse_protocol::{Scope, SessionId, Window};

const DAY: u32 = 86_400;

fn scope(session: u32, category: u8) -> Scope {
    Scope::new(session, category).unwrap()
}

/// A second session, which may pay the same payee 25 a day.
fn two_sessions() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    let (session, key, categories) = (2, who(61), 2);
    let (validFrom, validUntil) = (START as u32, u32::MAX);
    vault.emit(|sequence| SessionGranted { session, key, validFrom, validUntil, categories, epoch: 0, sequence });
    vault.emit(|sequence| PerPaymentCapSet { session, token: TOKEN, perPaymentCap: 25 * ONE, sequence });
    vault.limit(2, 0, DAY, 25 * ONE, 0);
    vault
}

/// What limits have counted, by scope and window, after all events.
fn used(vault: &Synthetic, scope: Scope) -> Vec<(Window, u128)> {
    let limits = vault.trail().limits(scope, TOKEN, vault.time);
    limits.iter().map(|limit| (limit.window, limit.used.to())).collect()
}

/// A payment counts whole in its session, the vault and the payee's category; the fee alone in the relayer's.
#[test]
fn a_payment_counts_in_every_scope_that_has_limits() {
    let mut vault = Synthetic::with_session(0);
    vault.limit(0, 0, DAY, 30 * ONE, 0);
    vault.limit(1, 1, u32::MAX, 12 * ONE, 0);
    vault.limit(1, 63, DAY, ONE, 0);
    vault.limit(1, 2, DAY, ONE, 0);
    vault.pay(1, 5 * ONE, 7);
    let total = 5 * ONE + 7;
    assert_eq!(used(&vault, scope(1, 0)), [(Window::Day, total), (Window::Month, total)]);
    assert_eq!(used(&vault, scope(0, 0)), [(Window::Day, total)]);
    assert_eq!(used(&vault, scope(1, 1)), [(Window::Lifetime, total)]);
    assert_eq!(used(&vault, scope(1, 63)), [(Window::Day, 7)]);
    assert_eq!(used(&vault, scope(1, 2)), [(Window::Day, 0)]);
    let report = audit(&vault);
    assert!(report.holds());
    let by_scope: Vec<_> = report.limits.iter().map(|limit| (limit.scope, limit.used.to::<u128>())).collect();
    let expected = [
        (scope(0, 0), total),
        (scope(1, 0), total),
        (scope(1, 0), total),
        (scope(1, 1), total),
        (scope(1, 2), 0),
        (scope(1, 63), 7),
    ];
    assert_eq!(by_scope, expected);
}

/// A fee to a recipient of the payee's own category is part of the one count, not of another.
#[test]
fn a_fee_in_the_payees_category_counts_once() {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| PayeeSet { payee: RELAYER, category: 1, sequence });
    vault.limit(1, 1, DAY, 5 * ONE + 7, 0);
    vault.pay(1, 5 * ONE, 7);
    assert_eq!(used(&vault, scope(1, 1)), [(Window::Day, 5 * ONE + 7)]);
    assert!(audit(&vault).holds());
}

/// I4: each scope's cap is held; the payment that passes it is named, with the scope.
#[test]
fn more_than_the_cap_of_any_scope_is_named() {
    let cases: [(u32, u8, u32, &str); 5] = [
        (0, 0, DAY, "the 24h limit of vault"),
        (1, 0, u32::MAX, "the lifetime limit of session 1"),
        (1, 1, DAY, "the 24h limit of session 1 category data"),
        (1, 63, u32::MAX, "the lifetime limit of session 1 category relay"),
        (0, 0, u32::MAX, "the lifetime limit of vault"),
    ];
    for (session, category, window, said) in cases {
        let mut vault = Synthetic::with_session(0);
        let (cap, fee) = if category == 63 { (8, 4) } else { (10 * ONE + 8, 4) };
        vault.limit(session, category, window, cap, 0);
        vault.pay(1, 5 * ONE, fee);
        vault.pay(2, 5 * ONE, fee);
        assert!(audit(&vault).holds(), "{said}");
        // For a lifetime it is never too late.
        if window == u32::MAX {
            vault.next_block(80 * u64::from(DAY));
        }
        vault.pay(3, 1, 1);
        assert_eq!(the_one(&vault), ("limits".into(), 3), "{said}");
        let report = audit(&vault);
        assert!(report.differences().next().unwrap().1.problem.contains(said), "{said}");
    }
}

/// I4: the vault's own limit counts all sessions together; a session's counts its own.
#[test]
fn the_vaults_limit_counts_all_sessions() {
    let mut vault = two_sessions();
    vault.limit(0, 0, DAY, 12 * ONE, 0);
    vault.pay(1, 6 * ONE, 0);
    paid(&mut vault, |paid| (paid.session, paid.amount) = (2, 6 * ONE));
    assert!(audit(&vault).holds());
    assert_eq!(used(&vault, scope(0, 0)), [(Window::Day, 12 * ONE)]);
    assert_eq!(used(&vault, scope(2, 0)), [(Window::Day, 6 * ONE)]);
    vault.pay(3, 1, 0);
    assert_eq!(the_one(&vault), ("limits".into(), 3));
}

/// I6: a limit of the vault or of a category does not let a session pay; a session's own does.
#[test]
fn only_a_session_limit_lets_a_token_be_paid() {
    let mut vault = Synthetic::with_session(0);
    for window in [DAY, 30 * DAY] {
        vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window, sequence });
    }
    vault.limit(0, 0, DAY, 30 * ONE, 0);
    vault.limit(1, 1, DAY, 30 * ONE, 0);
    paid(&mut vault, |_| {});
    assert_eq!(the_one(&vault), ("scope".into(), 9));
}

/// I7: a limit by category that is set again must count what it counted, in its own meter.
#[test]
fn an_allowance_given_back_to_a_category_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.limit(1, 1, DAY, 9 * ONE, 0);
    vault.pay(1, 9 * ONE, 0);
    vault.limit(1, 2, DAY, 9 * ONE, 0);
    vault.limit(1, 1, DAY, 20 * ONE, 9 * ONE);
    assert!(audit(&vault).holds());
    vault.limit(1, 1, DAY, 20 * ONE, 0);
    assert_eq!(broken(&audit(&vault)), ["meters"]);
}

/// Something that happens to a vault, and why it cannot be.
type Act = (fn(&mut Synthetic), &'static str);

/// Scopes that do not exist, and limits that do not stand, stop the fold.
#[test]
fn impossible_scopes_stop_the_fold() {
    let cases: [Act; 4] = [
        (|vault| vault.limit(0, 1, DAY, ONE, 0), "session 0 has no category 1"),
        (|vault| vault.limit(1, 64, DAY, ONE, 0), "session 1 has no category 64"),
        (|vault| vault.limit(7, 0, DAY, ONE, 0), "session 7 was never granted"),
        (
            |vault| {
                let (session, token, category, window) = (1, TOKEN, 1, DAY);
                vault.emit(|sequence| LimitRemoved { session, token, category, window, sequence });
            },
            "the session 1 category data has no limit over 24h",
        ),
    ];
    for (act, why) in cases {
        let mut vault = Synthetic::with_session(0);
        act(&mut vault);
        let error = Trail::fold(CHAIN, VAULT, vault.logs).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// The log of an item that did not pay.
fn refused(vault: &mut Synthetic, session: u32, reason: Vec<u8>) {
    let reason = Bytes::from(reason);
    vault.beside(&PaymentFailed { session, payee: PAYEE, r#ref: B256::ZERO, nonce: 8, reason });
}

/// A refusal in a batch is listed, and counts nowhere: not in the sequence, the hash, the nonces or the meters (I11, I13).
#[test]
fn a_refused_item_is_listed_and_counts_nowhere() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, ONE, 0);
    let before = vault.trail();
    let (session, category, window) = (1, 0, DAY);
    let (requested, remaining) = (U256::from(30 * ONE), U256::from(24 * ONE));
    let error = LimitExceeded { session, category, token: TOKEN, window, requested, remaining };
    refused(&mut vault, 1, error.abi_encode());
    let trail = vault.trail();
    assert_eq!((trail.sequence, trail.running_hash), (before.sequence, before.running_hash));
    assert_eq!((&trail.meters, &trail.keys, &trail.events), (&before.meters, &before.keys, &before.events));
    // The item after it pays, in the same transaction.
    vault.pay(8, ONE, 0);
    let report = audit(&vault);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
    assert_eq!(report.payments, 2);
    let [refusal] = &report.refusals[..] else { panic!("one refusal: {:?}", report.refusals) };
    assert_eq!((refusal.session, refusal.nonce, refusal.payee), (SessionId::new(1).unwrap(), 8, PAYEE));
    assert_eq!((refusal.error.as_str(), refusal.after), ("LimitExceeded", before.sequence));
    // Its block is the node's too.
    let mut vault = Synthetic::with_session(0);
    refused(&mut vault, 1, error.abi_encode());
    let mut observed = vault.observed();
    observed.blocks.last_mut().unwrap().transactions.clear();
    assert_eq!(broken(&compare(&vault.trail(), &observed)), ["blocks"]);
}

/// The vault tells only of payments that the session's key has signed, with a reason.
#[test]
fn a_refusal_that_the_vault_would_not_tell_stops_the_fold() {
    let unsigned = SignerNotSessionKey { session: 1, signer: KEY }.abi_encode();
    let cases = [
        (1, unsigned, "a SignerNotSessionKey proves no signature"),
        (1, Vec::new(), "it has no reason"),
        (7, VaultPaused {}.abi_encode(), "session 7 was never granted"),
    ];
    for (session, reason, why) in cases {
        let mut vault = Synthetic::with_session(0);
        refused(&mut vault, session, reason);
        let error = Trail::fold(CHAIN, VAULT, vault.logs).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    // Out of the chain's order, like any log.
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, ONE, 0);
    refused(&mut vault, 1, VaultPaused {}.abi_encode());
    let last = vault.logs.last_mut().unwrap();
    *last = TrailLog { time: last.time - 60, ..last.clone() };
    assert!(Trail::fold(CHAIN, VAULT, vault.logs).unwrap_err().to_string().contains("comes after a later one"));
}

/// I6: the fee's recipient is judged by the book of its moment.
#[test]
fn a_fee_to_a_category_that_is_not_granted_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| CategoriesSet { session: 1, categories: 2, sequence });
    paid(&mut vault, |paid| (paid.fee, paid.feeRecipient) = (1, RELAYER));
    let report = audit(&vault);
    assert_eq!(the_one(&vault), ("scope".into(), 9));
    let subject = &report.differences().next().unwrap().1.subject;
    assert!(matches!(subject, Subject::Payment(payment) if payment.fee_category.is_some()), "{subject:?}");
    let mut vault = Synthetic::with_session(0);
    paid(&mut vault, |paid| paid.feeRecipient = Address::ZERO);
    assert!(audit(&vault).holds());
}
