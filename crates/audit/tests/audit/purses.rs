//! Purses (I15, I16): what the limits counted for them, what they paid, and what a thief finds in them (I17).

use crate::promises::{audit, broken, paid, the_one};
use crate::synthetic::{KEY, ONE, OWNER, PAYEE, PURSE, RELAYER, START, Synthetic, TARGET, TOKEN, VAULT, who};
use alloy::primitives::{U256, U512};
use purse_audit::check::indexed::{self, Indexed};
use purse_audit::observed::{ObservedAuthorization, ObservedOutflow, ObservedTransfer};
use purse_audit::{ChangeSubject, Subject, compare};
use purse_protocol::SessionId;
use purse_protocol::abi::IVault::{
    AllRevoked, CategoriesSet, Paid, Paused, PayeeRemoved, PerPaymentCapSet, PurseOpened, PurseTargetSet, Revoked,
    SessionGranted, setPurseTargetCall,
};

/// Session 1 with a purse in category 1, filled to its target by the first nonce.
fn filled() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| PurseOpened { session: 1, token: TOKEN, purse: PURSE, category: 1, sequence });
    vault.next_block(1);
    refill(&mut vault, |_| {});
    vault
}

fn refill(vault: &mut Synthetic, change: impl FnOnce(&mut Paid)) {
    paid(vault, |event| {
        (event.payee, event.amount, event.nonce) = (PURSE, TARGET, 1);
        change(event);
    });
}

/// The purse pays somebody.
fn sells(vault: &mut Synthetic, to: alloy::primitives::Address, amount: u128) {
    vault.transfer(PURSE, to, U256::from(amount));
    vault.next_block(1);
}

/// I16: refilled + received = paid + swept + balance; and a refill above the per-payment cap asks for no approval (I5).
#[test]
fn a_purse_that_keeps_the_rules_passes() {
    let mut vault = filled();
    sells(&mut vault, PAYEE, ONE);
    vault.transfer(who(99), PURSE, U256::from(7));
    sells(&mut vault, VAULT, ONE / 2);
    vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: ONE, sequence });
    vault.next_block(1);
    refill(&mut vault, |event| {
        (event.nonce, event.amount, event.fee, event.feeRecipient) = (2, 3 * ONE / 2, 1, RELAYER)
    });
    let report = audit(&vault);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
    assert!(report.approved.is_empty());
    let account = report.purses[0];
    assert_eq!((account.refilled, account.received), (U512::from(4 * ONE), U512::from(7)));
    assert_eq!((account.paid, account.swept), (U512::from(ONE), U512::from(ONE / 2)));
    assert_eq!(account.balance, U256::from(5 * ONE / 2 + 7));
}

/// I15: only sellers of its category, and only while the session may pay them.
#[test]
fn what_a_purse_must_not_pay_is_named() {
    type Before = (&'static str, fn(&mut Synthetic));
    let before: [Before; 7] = [
        ("who was not in the book", |vault| vault.emit(|sequence| PayeeRemoved { payee: PAYEE, by: OWNER, sequence })),
        ("paused", |vault| vault.emit(|sequence| Paused { by: OWNER, sequence })),
        ("revoked", |vault| vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence })),
        ("revoked", |vault| vault.emit(|sequence| AllRevoked { epoch: 1, by: OWNER, sequence })),
        ("no longer had", |vault| {
            vault.emit(|sequence| CategoriesSet { session: 1, categories: 1 << 63, sequence });
        }),
        ("above the per-payment cap", |vault| {
            vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: ONE - 1, sequence });
        }),
        ("was over", |vault| {
            vault.next_block(90 * 86_400);
            vault.emit(|sequence| PayeeRemoved { payee: RELAYER, by: OWNER, sequence });
        }),
    ];
    for (why, act) in before {
        let mut vault = filled();
        act(&mut vault);
        vault.next_block(1);
        sells(&mut vault, PAYEE, ONE);
        let report = audit(&vault);
        assert_eq!(broken(&report), ["purse_payments"], "{why}");
        let (_, difference) = report.differences().next().unwrap();
        assert!(difference.problem.contains(why), "{why}: {}", difference.problem);
        assert!(matches!(difference.subject, Subject::Transfer { to: PAYEE, .. }), "{:?}", difference.subject);
    }
    for stranger in [who(99), RELAYER] {
        let mut vault = filled();
        sells(&mut vault, stranger, 1);
        assert_eq!(broken(&audit(&vault)), ["purse_payments"]);
    }
}

/// I15: double entry. What left without an authorization, and an authorization that moved nothing, are named.
#[test]
fn a_purchase_without_its_other_half_is_named() {
    let mut vault = filled();
    sells(&mut vault, PAYEE, ONE);
    assert!(audit(&vault).holds());
    let taken = vault.authorizations.pop().unwrap();
    let report = audit(&vault);
    assert_eq!(broken(&report), ["purse_payments"]);
    let (_, difference) = report.differences().next().unwrap();
    assert!(difference.problem.contains("no authorization"), "{}", difference.problem);
    assert!(matches!(difference.subject, Subject::Transfer { to: PAYEE, .. }), "{:?}", difference.subject);
    // Another transaction's is not its own.
    vault.authorizations.push(ObservedAuthorization { tx: Default::default(), ..taken });
    assert_eq!(audit(&vault).differences().count(), 2);
    vault.authorizations = vec![taken];
    vault.authorize();
    let report = audit(&vault);
    assert_eq!(broken(&report), ["purse_payments"]);
    let (_, difference) = report.differences().next().unwrap();
    assert!(difference.problem.contains("no transfer"), "{}", difference.problem);
    // Of another token it says nothing: anybody can write one.
    vault.authorizations.last_mut().unwrap().token = PAYEE;
    assert!(audit(&vault).holds());
}

/// I13: what an index lacks of the tokens' logs, or has and the chain has not, is named.
#[test]
fn an_index_that_lacks_a_transfer_is_named() {
    let mut vault = filled();
    sells(&mut vault, PAYEE, ONE);
    let (trail, observed) = (vault.trail(), vault.observed());
    let transfers = [observed.transfers.clone(), observed.purse_transfers.clone()].concat();
    let whole = Indexed { transfers, authorizations: observed.authorizations.clone() };
    let problems = |indexed: &Indexed| indexed::check(&trail, &observed, indexed).differences;
    assert_eq!(problems(&whole), []);
    let mut lacks = whole.clone();
    let last = lacks.transfers.pop().unwrap();
    assert!(problems(&lacks)[0].problem.contains("not in the index"));
    lacks.transfers.push(ObservedTransfer { value: last.value + U256::ONE, ..last });
    assert_eq!(problems(&lacks).len(), 2, "an altered one is neither");
    let mut more = whole.clone();
    more.transfers.push(ObservedTransfer { log_index: last.log_index + 50, ..last });
    assert!(problems(&more)[0].problem.contains("not on the chain"));
    // Of a token that is none of the vault's, an index may have anything.
    let mut foreign = whole.clone();
    foreign.transfers.push(ObservedTransfer { log_index: last.log_index + 50, token: PAYEE, ..last });
    assert_eq!(problems(&foreign), []);
    let mut unused = whole;
    unused.authorizations.clear();
    assert_eq!(problems(&unused).len(), 1);
}

/// I16: no refill by another session, none above the target, no fee above the cap, no fee to a purse.
#[test]
fn refills_against_the_rules_are_named() {
    let mut vault = filled();
    vault.emit(|sequence| SessionGranted {
        session: 2,
        key: who(66),
        validFrom: START as u32,
        validUntil: START as u32 + 90 * 86_400,
        categories: 1 << 1 | 1 << 63,
        epoch: 0,
        sequence,
    });
    vault.emit(|sequence| PerPaymentCapSet { session: 2, token: TOKEN, perPaymentCap: 10 * ONE, sequence });
    vault.limit(2, 0, 86_400, 25 * ONE, 0);
    vault.next_block(1);
    refill(&mut vault, |event| (event.session, event.nonce) = (2, 3));
    assert_eq!(the_one(&vault), ("refills".into(), 3));

    let mut vault = filled();
    refill(&mut vault, |event| (event.nonce, event.amount) = (4, TARGET + 1));
    assert_eq!(the_one(&vault), ("refills".into(), 4));

    let mut vault = filled();
    refill(&mut vault, |event| (event.nonce, event.fee, event.feeRecipient) = (5, 10 * ONE + 1, RELAYER));
    assert_eq!(the_one(&vault), ("refills".into(), 5));

    let mut vault = filled();
    paid(&mut vault, |event| (event.nonce, event.fee, event.feeRecipient) = (6, 1, PURSE));
    let report = audit(&vault);
    assert!(broken(&report).contains(&"scope"), "{:?}", broken(&report));
}

/// I16: money that a purse has and nobody put there, or that is gone unseen.
#[test]
fn a_balance_that_nothing_explains_is_named() {
    for balance in [TARGET - 1, TARGET + 1] {
        let vault = filled();
        let mut observed = vault.observed();
        observed.purses[0].balance = U256::from(balance);
        assert_eq!(broken(&compare(&vault.trail(), &observed)), ["purses"]);
    }
    let vault = filled();
    let mut observed = vault.observed();
    observed.purse_transfers.clear();
    assert_eq!(broken(&compare(&vault.trail(), &observed)), ["purses"]);
    observed = vault.observed();
    observed.purses[0].target += U256::ONE;
    assert_eq!(broken(&compare(&vault.trail(), &observed)), ["purses"]);
    observed = vault.observed();
    observed.purses.clear();
    assert_eq!(broken(&compare(&vault.trail(), &observed)), ["purses"]);
}

/// I9: a higher target waits, and its execution is what its call says; one at once is named.
#[test]
fn a_raised_target_waits() {
    let set = |target| setPurseTargetCall { session: 1, category: 1, token: TOKEN, target };
    let mut vault = filled();
    vault.set_delay(60);
    let change = vault.put_by(&set(4 * ONE));
    assert_eq!(vault.trail().waiting[0].subject, ChangeSubject::Session(1));
    vault.next_block(60);
    vault.execute(change);
    let raised = |sequence| PurseTargetSet { session: 1, token: TOKEN, category: 1, target: 4 * ONE, sequence };
    vault.emit(raised);
    let mut observed = vault.observed();
    observed.purses[0].target = U256::from(4 * ONE);
    let report = compare(&vault.trail(), &observed);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());

    let mut vault = filled();
    vault.set_delay(60);
    vault.emit(raised);
    let mut observed = vault.observed();
    observed.purses[0].target = U256::from(4 * ONE);
    assert_eq!(broken(&compare(&vault.trail(), &observed)), ["waiting"]);
    // A lower one does not wait, and is what binds
    let mut vault = filled();
    vault.set_delay(60);
    vault.emit(|sequence| PurseTargetSet { session: 1, token: TOKEN, category: 1, target: ONE, sequence });
    let mut observed = vault.observed();
    observed.purses[0].target = U256::from(ONE);
    assert!(compare(&vault.trail(), &observed).holds());
}

/// I17: what purses hold comes on top, while the session has their category.
#[test]
fn what_purses_hold_can_be_taken() {
    let session = SessionId::new(1).unwrap();
    let judge = |vault: &Synthetic, most: u128| {
        let mut observed = vault.observed();
        observed.outflows = vec![ObservedOutflow { session, token: TOKEN, horizon: 60, most: U256::from(most) }];
        broken(&compare(&vault.trail(), &observed)).join(" ")
    };
    let mut vault = filled();
    let left = 25 * ONE - TARGET;
    assert_eq!(judge(&vault, left + TARGET), "");
    assert_eq!(judge(&vault, left), "max_outflow");
    vault.emit(|sequence| CategoriesSet { session: 1, categories: 1 << 63, sequence });
    assert_eq!(judge(&vault, left), "");
    vault.emit(|sequence| Revoked { session: 1, by: KEY, sequence });
    assert_eq!(judge(&vault, 0), "");
}
