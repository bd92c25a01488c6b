//! One payment explained by the policy of its moment; another policy held against what was paid.

use crate::promises::paid;
use crate::synthetic::{CHAIN, KEY, ONE, OWNER, PAYEE, PURSE, RELAYER, Synthetic, TARGET, TOKEN, VAULT};
use alloy::primitives::U256;
use purse_audit::explain;
use purse_audit::what_if::{Refused, Rules, refused};
use purse_protocol::abi::IVault::{PerPaymentCapSet, PurseOpened};
use purse_protocol::{Category, CategoryMask, Scope, SessionId, Window};

fn category(number: u8) -> Category {
    Category::new(number).unwrap()
}

/// Session 1: at most 10 at once, 25 in a day, 100 in 30 days, then 3 at once; a payment of 4 and 0.5, and one of 5.
fn vault() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 4 * ONE, ONE / 2);
    vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: 3 * ONE, sequence });
    vault.next_block(1);
    vault.pay(2, 5 * ONE, 0);
    vault
}

/// The policy is that of the moment before, not of now (I4, I5).
#[test]
fn a_payment_is_explained_by_the_policy_of_its_moment() {
    let vault = vault();
    let trail = vault.trail();
    let of = |index: usize| {
        let sequence = trail.payments[index].place.sequence;
        explain(CHAIN, VAULT, vault.logs.clone(), sequence).unwrap().unwrap()
    };
    let (first, second) = (of(0), of(1));
    assert_eq!((first.payment.key, first.payment.payee, first.owner), (KEY, PAYEE, OWNER));
    assert_eq!((first.per_payment_cap, first.approved, first.total), (10 * ONE, false, U256::from(4_500_000)));
    assert_eq!((second.per_payment_cap, second.approved), (3 * ONE, true));
    let session = Scope::Session(SessionId::new(1).unwrap());
    let steps = |of: &purse_audit::Explanation| {
        let step = |step: &purse_audit::LimitStep| {
            assert_eq!(step.scope, session);
            let numbers = [step.cap, step.used_before, step.left_before, step.counted, step.left_after];
            (step.window, numbers.map(|number| number.to::<u128>()))
        };
        of.limits.iter().map(step).collect::<Vec<_>>()
    };
    let (half, whole) = (ONE / 2, ONE);
    assert_eq!(
        steps(&first),
        [
            (Window::Day, [25 * whole, 0, 25 * whole, 4 * whole + half, 20 * whole + half]),
            (Window::Month, [100 * whole, 0, 100 * whole, 4 * whole + half, 95 * whole + half]),
        ]
    );
    assert_eq!(
        steps(&second)[0],
        (Window::Day, [25 * whole, 4 * whole + half, 20 * whole + half, 5 * whole, 15 * whole + half])
    );
}

#[test]
fn what_is_no_payment_is_not_explained() {
    let vault = vault();
    assert_eq!(explain(CHAIN, VAULT, vault.logs.clone(), 1).unwrap(), None, "the constructor's event");
    assert_eq!(explain(CHAIN, VAULT, vault.logs.clone(), 1_000).unwrap(), None);
    assert!(explain(CHAIN, VAULT, vault.logs[1..].to_vec(), 8).is_err());
}

fn rules(limits: Vec<(Option<Category>, Window, u128)>) -> Rules {
    let categories = [category(1), category(63)].into_iter().collect::<CategoryMask>();
    Rules { token: TOKEN, unit_bits: 0, per_payment_cap: 5 * ONE, categories, limits }
}

/// Each rule refuses by itself; what is refused counts nowhere.
#[test]
fn another_policy_refuses_what_it_would_have_refused() {
    let mut vault = Synthetic::with_session(0);
    for (nonce, amount) in [(1, 2), (2, 6), (3, 2), (4, 2)] {
        vault.pay(nonce, amount * ONE, ONE / 2);
    }
    vault.next_block(86_400);
    vault.next_block(86_400);
    vault.pay(5, 2 * ONE, 0);
    let trail = vault.trail();
    let of = |rules: &Rules| {
        refused(rules, &trail.purses, &trail.payments)
            .into_iter()
            .map(|(payment, why)| (payment.nonce, why))
            .collect::<Vec<_>>()
    };
    let open = rules(vec![(None, Window::Lifetime, 100 * ONE)]);
    let cap = Refused::Cap { cap: 5 * ONE };
    assert_eq!(of(&open), [(2, cap.clone())]);
    // 2.5 and 2.5 fit in 5; the refused 6.5 did not count; the day after there is room again.
    let day = Refused::Limit { category: None, window: Window::Day, cap: U256::from(5 * ONE), left: U256::ZERO };
    assert_eq!(of(&rules(vec![(None, Window::Day, 5 * ONE)])), [(2, cap.clone()), (4, day)]);
    // Of the relayer's category only the fees count.
    let limit = (Some(category(63)), Window::Lifetime, ONE);
    let fees = Refused::Limit {
        category: Some(category(63)),
        window: Window::Lifetime,
        cap: U256::from(ONE),
        left: U256::ZERO,
    };
    assert_eq!(of(&rules(vec![limit])), [(2, cap), (4, fees)]);
    let mask = [category(1)].into_iter().collect();
    let no_relayer = Rules { categories: mask, per_payment_cap: 10 * ONE, ..open.clone() };
    let why = Refused::Category { category: category(63) };
    assert_eq!(of(&no_relayer), [1, 2, 3, 4].map(|nonce| (nonce, why.clone())));
    assert_eq!(of(&Rules { token: PAYEE, ..open }), [1, 2, 3, 4, 5].map(|nonce| (nonce, Refused::Token)));
}

/// Session 1 with its purse, filled above its cap of 1, with a fee of 0.5.
fn refilled() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| PurseOpened { session: 1, token: TOKEN, purse: PURSE, category: 1, sequence });
    vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: ONE, sequence });
    vault.next_block(1);
    paid(&mut vault, |event| {
        (event.payee, event.amount, event.nonce) = (PURSE, TARGET, 1);
        (event.fee, event.feeRecipient) = (ONE / 2, RELAYER);
    });
    vault
}

/// A refill of the session's own purse is bound by its target; the cap binds its fee alone, and nobody approved it (I5, I16).
#[test]
fn a_refill_above_the_cap_is_approved_by_nobody() {
    let vault = refilled();
    let trail = vault.trail();
    let explained = explain(CHAIN, VAULT, vault.logs.clone(), trail.payments[0].place.sequence).unwrap().unwrap();
    assert_eq!((explained.total, explained.per_payment_cap), (U256::from(TARGET + ONE / 2), ONE));
    assert_eq!((explained.approved, explained.refill), (false, true));

    let of = |per_payment_cap| {
        let rules = Rules { per_payment_cap, ..rules(vec![(None, Window::Lifetime, 100 * ONE)]) };
        refused(&rules, &trail.purses, &trail.payments).into_iter().map(|(_, why)| why).collect::<Vec<_>>()
    };
    assert_eq!(of(ONE), []);
    assert_eq!(of(ONE / 2), []);
    assert_eq!(of(ONE / 2 - 1), [Refused::Cap { cap: ONE / 2 - 1 }], "its fee is above that");
}
