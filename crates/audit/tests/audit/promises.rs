//! Each promise broken on purpose, in an otherwise sound trail: its check and no other says so, and names the payment.

use crate::synthetic::{KEY, ONE, OWNER, PAYEE, RELAYER, START, Synthetic, TOKEN, TREASURY, VAULT, observe, who};
use alloy::primitives::{Address, B256, U256, U512};
use purse_audit::{Report, Subject, compare};
use purse_protocol::abi::IVault::{
    AllRevoked, CategoriesSet, KeyRotated, LimitRemoved, OwnershipTransferStarted, OwnershipTransferred, Paid, Paused,
    PayeeRemoved, PayeeSet, Revoked, SessionGranted, Unpaused, ValiditySet, Withdrawn, unpauseCall,
};

/// Something that happens to a vault, with its name.
type Act = (&'static str, fn(&mut Synthetic));

pub(crate) fn audit(vault: &Synthetic) -> Report {
    compare(&vault.trail(), &vault.observed())
}

/// The checks that do not hold.
pub(crate) fn broken(report: &Report) -> Vec<&str> {
    report.checks.iter().filter(|check| !check.differences.is_empty()).map(|check| check.id.as_str()).collect()
}

/// The only check that does not hold, and the nonce of the payment that it names.
pub(crate) fn the_one(vault: &Synthetic) -> (String, u32) {
    let report = audit(vault);
    let ids = broken(&report);
    assert_eq!(ids.len(), 1, "{ids:?} {:#?}", report.differences().collect::<Vec<_>>());
    let (_, difference) = report.differences().next().unwrap();
    match &difference.subject {
        Subject::Payment(payment) => (ids[0].to_owned(), payment.nonce),
        other => panic!("{other:?} is no payment"),
    }
}

pub(crate) fn paid(vault: &mut Synthetic, change: impl FnOnce(&mut Paid)) {
    let mut transfers = Vec::new();
    vault.emit(|sequence| {
        let mut event = Paid {
            session: 1,
            payee: PAYEE,
            r#ref: B256::ZERO,
            token: TOKEN,
            amount: ONE,
            fee: 0,
            feeRecipient: Address::ZERO,
            category: 1,
            nonce: 9,
            sequence,
        };
        change(&mut event);
        transfers.push((event.payee, event.amount));
        if event.fee != 0 {
            transfers.push((event.feeRecipient, event.fee));
        }
        event
    });
    for (to, value) in transfers {
        vault.transfer(VAULT, to, U256::from(value));
    }
    vault.next_block(1);
}

#[test]
fn a_sound_trail_passes_every_check() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 2 * ONE, ONE / 10);
    vault.pay(2, 3 * ONE, 0);
    vault.emit(|sequence| Withdrawn { token: TOKEN, treasury: TREASURY, amount: U256::from(ONE), sequence });
    vault.transfer(VAULT, TREASURY, U256::from(ONE));
    let report = audit(&vault);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
    let promises: Vec<_> = report.checks.iter().map(|check| check.promise.as_str()).collect();
    assert_eq!(
        promises,
        [
            "I13", "I12", "I12", "I5", "I3", "I6", "I8", "I7", "I11", "I16", "I9", "I4", "I1", "I1", "I15", "I16",
            "I2", "I9", "I8", "I14", "I17", "I10"
        ]
    );
    let book = report.books[0];
    assert_eq!(
        (book.received, book.paid, book.fees),
        (U512::from(1_000 * ONE), U512::from(5 * ONE), U512::from(ONE / 10))
    );
    assert_eq!((book.withdrawn, book.balance), (U512::from(ONE), U256::from(1_000 * ONE - 6 * ONE - ONE / 10)));
    let day = &report.limits[0];
    assert_eq!((day.used, day.cap), (U256::from(5 * ONE + ONE / 10), U256::from(25 * ONE)));
    assert_eq!((report.payments, report.events), (2, vault.logs.len() as u32));
}

#[test]
fn a_report_survives_json_with_amounts_as_decimal_text() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 2 * ONE, 0);
    vault.transfer(VAULT, who(99), U256::MAX >> 8);
    let mut observed = vault.observed_with_balance(U256::MAX);
    observed.paused = true;
    let report = compare(&vault.trail(), &observed);
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains(&format!("\"balance\":\"{}\"", U256::MAX)), "{json}");
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let json = serde_json::to_string(&observed).unwrap();
    assert_eq!(serde_json::from_str::<purse_audit::Observed>(&json).unwrap(), observed);
}

/// I4: the window slides; a calendar day would have let this through.
#[test]
fn more_than_the_cap_within_any_window_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.next_block(40_000);
    for nonce in 1..=5 {
        vault.pay(nonce, 5 * ONE, 0);
    }
    let exact = vault.clone();
    assert!(audit(&exact).holds());
    vault.next_block(86_400 - 10);
    vault.pay(6, 1, 0);
    let report = audit(&vault);
    assert_eq!(broken(&report), ["limits"]);
    assert_eq!(the_one(&vault), ("limits".into(), 6));
    let day = &report.limits[0];
    assert_eq!((day.used, day.at.unwrap().sequence), (U256::from(25 * ONE + 1), vault.logs.len() as u32));
    // A window later the same payment is none of the day's business.
    let mut later = exact;
    later.next_block(86_400);
    later.pay(6, 1, 0);
    assert!(audit(&later).holds());
}

/// I4: a payment counts for exactly the window's length.
#[test]
fn a_payment_leaves_the_window_after_its_length() {
    for (seconds, sound) in [(86_399, false), (86_400, true)] {
        let mut vault = Synthetic::with_session(0);
        vault.limit(1, 0, 86_400, 9 * ONE, 0);
        let paid_at = vault.time;
        vault.pay(1, 9 * ONE, 0);
        vault.time = paid_at + seconds;
        vault.pay(2, ONE, 0);
        // The meter, which is coarser, would still count it.
        assert_eq!(audit(&vault).holds(), sound, "{seconds}");
    }
}

/// I4: what was paid while a limit did not stand is not counted by it; what it had counted stays.
#[test]
fn a_removed_limit_counts_nothing_and_forgets_nothing() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 9 * ONE, 0);
    vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window: 86_400, sequence });
    for nonce in 2..=4 {
        vault.pay(nonce, 9 * ONE, 0);
    }
    vault.limit(1, 0, 86_400, 10 * ONE, 9 * ONE);
    vault.pay(5, ONE, 0);
    assert!(audit(&vault).holds(), "{:#?}", audit(&vault).differences().collect::<Vec<_>>());
    vault.pay(6, 1, 0);
    assert_eq!(the_one(&vault), ("limits".into(), 6));
}

/// I7: a limit that is set again must count what it counted.
#[test]
fn an_allowance_given_back_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 9 * ONE, 0);
    vault.limit(1, 0, 86_400, 25 * ONE, 0);
    let report = audit(&vault);
    assert_eq!(broken(&report), ["meters"]);
    let (_, difference) = report.differences().next().unwrap();
    assert_eq!(difference.trail.as_deref(), Some("9000000"));
    assert_eq!(difference.chain.as_deref(), Some("0"));
}

/// I3
#[test]
fn a_nonce_that_pays_twice_or_runs_too_far_ahead_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(7, ONE, 0);
    vault.pay(7, ONE, 0);
    assert_eq!(the_one(&vault), ("nonces".into(), 7));
    for (nonce, sound) in [(1_024, true), (1_025, false)] {
        let mut vault = Synthetic::with_session(0);
        vault.pay(nonce, ONE, 0);
        assert_eq!(audit(&vault).holds(), sound, "{nonce}");
    }
    // A new key starts afresh.
    let mut vault = Synthetic::with_session(0);
    vault.pay(7, ONE, 0);
    vault.emit(|sequence| KeyRotated { session: 1, oldKey: KEY, newKey: who(60), sequence });
    vault.pay(7, ONE, 0);
    assert!(audit(&vault).holds());
}

/// I5: logs hold no approvals, so what must have had one is listed, with whose it must be.
#[test]
fn a_payment_above_its_cap_is_listed_with_the_owner_of_its_moment() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 10 * ONE, 0);
    assert!(audit(&vault).approved.is_empty());
    vault.pay(2, 10 * ONE - 1, 2);
    vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: who(71), sequence });
    vault.emit(|sequence| OwnershipTransferred { previousOwner: OWNER, newOwner: who(71), sequence });
    vault.next_block(86_400);
    vault.pay(3, 11 * ONE, 0);
    let report = audit(&vault);
    assert!(report.holds());
    let listed: Vec<_> = report.approved.iter().map(|approved| (approved.payment.nonce, approved.owner)).collect();
    assert_eq!(listed, [(2, OWNER), (3, who(71))]);
    assert!(report.approved.iter().all(|approved| approved.per_payment_cap == 10 * ONE));
    let check = report.checks.iter().find(|check| check.id == "per_payment_cap").unwrap();
    assert!(check.detail.contains("2 above their cap"), "{}", check.detail);
    // An approval lifts the cap for a payment, and nothing else.
    vault.pay(4, 15 * ONE, 0);
    assert_eq!(the_one(&vault), ("limits".into(), 4));
}

/// I6
#[test]
fn a_payment_out_of_scope_is_named() {
    let changes: [Act; 5] = [
        ("payee not in the book", |vault| paid(vault, |paid| paid.payee = who(50))),
        ("payee taken out", |vault| {
            vault.emit(|sequence| PayeeRemoved { payee: PAYEE, by: OWNER, sequence });
            paid(vault, |_| {});
        }),
        ("category not granted", |vault| {
            vault.emit(|sequence| CategoriesSet { session: 1, categories: 1 << 63, sequence });
            paid(vault, |_| {});
        }),
        ("payee moved to another category", |vault| {
            vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 2, sequence });
            paid(vault, |_| {});
        }),
        ("fee recipient not in the book", |vault| {
            paid(vault, |paid| (paid.fee, paid.feeRecipient) = (1, who(51)));
        }),
    ];
    for (what, change) in changes {
        let mut vault = Synthetic::with_session(0);
        change(&mut vault);
        assert_eq!(the_one(&vault), ("scope".into(), 9), "{what}");
    }
    let mut vault = Synthetic::with_session(0);
    for window in [86_400, 2_592_000] {
        vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window, sequence });
    }
    paid(&mut vault, |_| {});
    assert_eq!(the_one(&vault), ("scope".into(), 9), "no limit in the token");
    let mut vault = Synthetic::with_session(0);
    paid(&mut vault, |paid| (paid.fee, paid.feeRecipient) = (1, RELAYER));
    assert!(audit(&vault).holds());
}

/// I8
#[test]
fn a_payment_after_a_stop_is_named() {
    let stops: [Act; 5] = [
        ("pause", |vault| vault.emit(|sequence| Paused { by: OWNER, sequence })),
        ("revoke", |vault| vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence })),
        ("revoke all", |vault| vault.emit(|sequence| AllRevoked { epoch: 1, by: OWNER, sequence })),
        ("expired", |vault| {
            let validUntil = vault.time as u32;
            vault.emit(|sequence| ValiditySet { session: 1, validFrom: 0, validUntil, sequence });
        }),
        ("not yet valid", |vault| {
            let validFrom = vault.time as u32 + 1;
            vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil: u32::MAX, sequence });
        }),
    ];
    for (what, stop) in stops {
        let mut vault = Synthetic::with_session(0);
        stop(&mut vault);
        paid(&mut vault, |_| {});
        assert_eq!(the_one(&vault), ("stops".into(), 9), "{what}");
    }
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| Paused { by: OWNER, sequence });
    vault.emit(|sequence| Unpaused { by: OWNER, sequence });
    paid(&mut vault, |_| {});
    assert!(audit(&vault).holds());
}

/// I8: a revoked session never comes back; a key that served never serves again.
#[test]
fn what_was_revoked_does_not_come_back() {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| AllRevoked { epoch: 1, by: OWNER, sequence });
    let validUntil = START as u32 + 1_000;
    vault.emit(|sequence| ValiditySet { session: 1, validFrom: 0, validUntil, sequence });
    let report = audit(&vault);
    assert_eq!(broken(&report), ["stops"]);
    assert!(report.differences().next().unwrap().1.problem.contains("revoked"));
    // The fold itself refuses a second grant of an id or a key.
    vault.emit(|sequence| SessionGranted {
        session: 2,
        key: KEY,
        validFrom: 0,
        validUntil,
        categories: 2,
        epoch: 1,
        sequence,
    });
    let error = purse_audit::Trail::fold(1, VAULT, vault.logs.clone()).unwrap_err();
    assert!(error.to_string().contains("SessionGranted in block 13"), "{error}");
}

/// I1
#[test]
fn money_that_moves_without_an_event_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, ONE, 0);
    vault.transfer(VAULT, who(66), U256::from(5));
    let report = audit(&vault);
    // The balance is what the token says, so the books do not close either.
    assert_eq!(broken(&report), ["transfers", "balances"]);
    let stolen = report.differences().next().unwrap().1;
    assert!(matches!(&stolen.subject, Subject::Transfer { to, value, .. } if *to == who(66) && value == "5"));
    // Anybody can make a token log a transfer of nothing.
    let mut vault = Synthetic::with_session(0);
    vault.transfer(VAULT, who(66), U256::ZERO);
    assert!(audit(&vault).holds());
}

/// I1, I11
#[test]
fn a_payment_that_moved_nothing_is_named() {
    for lost in [0, 1] {
        let mut vault = Synthetic::with_session(0);
        vault.pay(3, ONE, 5);
        vault.transfers.remove(1 + lost);
        let report = audit(&vault);
        assert_eq!(broken(&report), ["transfers", "balances"]);
        let subject = &report.differences().next().unwrap().1.subject;
        assert!(matches!(subject, Subject::Payment(payment) if payment.nonce == 3), "{subject:?}");
    }
    // A transfer of before the event is not the event's.
    let mut vault = Synthetic::with_session(0);
    vault.pay(3, ONE, 0);
    vault.transfers[1].log_index = 0;
    assert_eq!(the_one(&vault), ("transfers".into(), 3));
}

/// I12: each view that says something else is found.
#[test]
fn every_view_is_compared() {
    let mut vault = Synthetic::with_session(7);
    vault.limit(1, 1, 86_400, 12_800, 0);
    vault.set_delay(60);
    vault.put_by(&unpauseCall {});
    vault.put_by(&unpauseCall {});
    vault.pay(1, ONE / 100, 0);
    let changes: [fn(&mut purse_audit::Observed); 33] = [
        |o| o.chain_id += 1,
        |o| o.vault = who(90),
        |o| o.paused = true,
        |o| o.epoch += 1,
        |o| o.owner_nonce += 1,
        |o| o.delay += 1,
        |o| o.waiting.swap(0, 1),
        |o| o.waiting.truncate(1),
        |o| o.waiting[0].executableFrom += 1,
        |o| o.waiting[0].executableUntil += 1,
        |o| o.waiting[1].callHash = B256::ZERO,
        |o| o.waiting[1].killed = true,
        |o| o.owner = who(90),
        |o| o.pending_owner = who(90),
        |o| o.treasury = who(90),
        |o| o.guardian = who(90),
        |o| o.sessions[0].1.key = who(90),
        |o| o.sessions[0].1.validFrom += 1,
        |o| o.sessions[0].1.validUntil += 1,
        |o| o.sessions[0].1.categories += 2,
        |o| o.sessions[0].1.nonceHighest += 1,
        |o| o.sessions[0].1.nonceWindow ^= 4,
        |o| o.sessions[0].1.epoch += 1,
        |o| o.sessions[0].1.revoked = true,
        |o| o.keys[0].1 = 2,
        |o| o.policies[0].per_payment_cap += 1,
        |o| o.policies[0].limits[0].used += 1,
        |o| o.policies[0].limits.truncate(1),
        |o| o.meters[1].word += U256::ONE,
        |o| o.payees[0].1 = 2,
        |o| o.tokens[0].unit_bits = 6,
        |o| o.tokens[0].listed = false,
        |o| o.payees.truncate(1),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut observed = observe(&vault.trail(), &vault.transfers, vault.block, vault.time);
        change(&mut observed);
        let report = compare(&vault.trail(), &observed);
        assert_eq!(broken(&report), ["state"], "change {index}");
        assert_eq!(report.differences().count(), 1, "change {index}");
    }
}
