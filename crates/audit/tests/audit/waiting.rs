//! I9: a loosening waits the delay, visibly; what was stopped or set meanwhile never takes effect.

use crate::loosenings::{DAY, LOOSENINGS, delayed, executed, limit_call, nothing, said, sound};
use crate::promises::{audit, broken};
use crate::synthetic::{KEY, ONE, OWNER, PAYEE, START, Synthetic, TOKEN, TREASURY, who};
use purse_audit::Subject;
use purse_protocol::abi::IVault::{
    AllRevoked, CategoriesSet, ChangeCancelled, GuardianSet, KeyRotated, LimitRemoved, OwnershipTransferStarted,
    OwnershipTransferred, PayeeRemoved, PerPaymentCapSet, Revoked, TreasurySet, ValiditySet, removeLimitCall,
    setDelayCall, setGuardianCall, setTreasuryCall, unpauseCall,
};

const WEEK: u64 = 604_800;

#[test]
fn a_loosening_that_waited_the_delay_is_sound() {
    for loosening in &LOOSENINGS {
        for seconds in [DAY.into(), u64::from(DAY) + WEEK - 1] {
            let mut vault = executed(loosening, seconds);
            (loosening.effect)(&mut vault);
            sound(&vault, loosening.name);
            assert!(vault.trail().waiting.is_empty(), "{}", loosening.name);
        }
    }
}

#[test]
fn a_loosening_at_once_is_named() {
    for loosening in &LOOSENINGS {
        let mut vault = delayed(loosening.before);
        (loosening.effect)(&mut vault);
        assert!(said(&vault, loosening.name).contains("at once, and the delay was 24h"), "{}", loosening.name);
        // Without a delay nothing waits.
        let mut vault = Synthetic::with_session(0);
        (loosening.before)(&mut vault);
        (loosening.effect)(&mut vault);
        sound(&vault, loosening.name);
    }
}

/// One base unit, second or category more is a loosening; as much as before is none.
#[test]
fn the_least_loosening_waits() {
    let until = START as u32 + 90 * DAY;
    let all = 1 << 1 | 1 << 63;
    type Act = fn(&mut Synthetic, u32, u64);
    let acts: [(Act, u32, u64); 4] = [
        (|vault, more, _| vault.limit(1, 0, DAY, 25 * ONE + u128::from(more), 0), 1, 0),
        (
            |vault, more, _| {
                let perPaymentCap = 10 * ONE + u128::from(more);
                vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap, sequence });
            },
            1,
            0,
        ),
        (
            |vault, more, until| {
                let (validFrom, validUntil) = (START as u32, until as u32 + more);
                vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil, sequence });
            },
            1,
            until.into(),
        ),
        (
            |vault, more, mask| {
                let categories = mask | u64::from(more) << 1;
                vault.emit(|sequence| CategoriesSet { session: 1, categories, sequence });
            },
            2,
            all,
        ),
    ];
    for (act, more, value) in acts {
        let mut vault = delayed(nothing);
        act(&mut vault, 0, value);
        sound(&vault, "as before");
        act(&mut vault, more, value);
        assert!(said(&vault, "more").contains("at once"));
    }
    // Earlier by a second, and a delay shorter by one.
    let mut vault = delayed(nothing);
    let (validFrom, validUntil) = (START as u32 - 1, until);
    vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil, sequence });
    assert!(said(&vault, "earlier").contains("at once"));
    let mut vault = delayed(nothing);
    vault.set_delay(DAY - 1);
    assert!(said(&vault, "shorter").contains("at once"));
}

#[test]
fn a_loosening_before_or_after_its_time_is_named() {
    for loosening in &LOOSENINGS {
        for (seconds, problem) in [(u64::from(DAY) - 1, "1s too early"), (u64::from(DAY) + WEEK, "whose time was over")]
        {
            let mut vault = executed(loosening, seconds);
            (loosening.effect)(&mut vault);
            let said = said(&vault, loosening.name);
            assert!(said.contains(problem), "{}: {said}", loosening.name);
        }
    }
}

#[test]
fn a_change_that_waits_less_than_the_delay_is_named() {
    let mut vault = delayed(nothing);
    vault.delay = DAY - 1;
    vault.put_by(&limit_call(1, 50 * ONE));
    assert!(said(&vault, "").contains("the delay is 24h"));
}

#[test]
fn a_change_that_does_something_else_is_named() {
    for loosening in &LOOSENINGS {
        // Nothing at all, at the end and before another transaction.
        let mut vault = executed(loosening, DAY.into());
        assert!(said(&vault, loosening.name).contains("did not do what its call says"), "{}", loosening.name);
        vault.next_block(1);
        vault.emit(|sequence| KeyRotated { session: 1, oldKey: KEY, newKey: who(62), sequence });
        assert!(said(&vault, loosening.name).contains("did not do what its call says"), "{}", loosening.name);
        // Its events in another transaction.
        let mut vault = executed(loosening, DAY.into());
        vault.next_block(1);
        (loosening.effect)(&mut vault);
        let said = said(&vault, loosening.name);
        assert!(said.contains("did not do") && said.contains("at once"), "{}: {said}", loosening.name);
    }
    // One base unit more than waited.
    let mut vault = executed(&LOOSENINGS[1], DAY.into());
    vault.limit(1, 0, DAY, 50 * ONE + 1, 0);
    assert!(said(&vault, "").contains("raises a limit at once"));
}

#[test]
fn what_was_stopped_or_set_meanwhile_does_not_take_effect() {
    for loosening in &LOOSENINGS {
        let mut vault = delayed(loosening.before);
        let change = (loosening.call)(&mut vault);
        vault.next_block(1);
        (loosening.kill)(&mut vault);
        sound(&vault, loosening.name);
        assert!(vault.trail().waiting[0].killed, "{}", loosening.name);
        vault.next_block(2 * u64::from(DAY));
        vault.execute(change);
        (loosening.effect)(&mut vault);
        assert!(said(&vault, loosening.name).contains("had killed"), "{}", loosening.name);
    }
}

/// Revoke-all kills every change but that of the guardian, who could else keep himself in office by it; a change of owner
/// kills them all.
#[test]
fn revoke_all_and_a_new_owner_kill_what_waits() {
    let revoke_all: fn(&mut Synthetic) = |vault| vault.emit(|sequence| AllRevoked { epoch: 1, by: OWNER, sequence });
    let new_owner: fn(&mut Synthetic) =
        |vault| vault.emit(|sequence| OwnershipTransferred { previousOwner: OWNER, newOwner: who(71), sequence });
    for (stop, killed) in [(revoke_all, [false, true, true]), (new_owner, [true; 3])] {
        let mut vault = delayed(|vault| {
            vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: who(71), sequence });
        });
        vault.put_by(&unpauseCall {});
        vault.put_by(&setTreasuryCall { newTreasury: who(80) });
        let guardian = vault.put_by(&setGuardianCall { newGuardian: who(70) });
        stop(&mut vault);
        let listed: Vec<_> = vault.trail().waiting.iter().map(|change| change.killed).collect();
        assert_eq!(listed, killed);
        sound(&vault, "");
        vault.next_block(u64::from(DAY));
        vault.execute(guardian);
        vault.emit(|sequence| GuardianSet { guardian: who(70), sequence });
        if killed[0] {
            assert!(said(&vault, "").contains("which OwnershipTransferred"));
        } else {
            sound(&vault, "");
        }
    }
}

/// What waits on the list no more cannot be executed.
#[test]
fn a_change_that_does_not_wait_stops_the_fold() {
    let mut vault = delayed(nothing);
    let change = vault.put_by(&unpauseCall {});
    vault.emit(|sequence| ChangeCancelled { change, by: OWNER, sequence });
    vault.execute(change);
    let error = purse_audit::Trail::fold(1, OWNER, vault.logs).unwrap_err();
    assert!(error.to_string().contains(&format!("no change {change} waits")), "{error}");
}

/// Without a delay a loosening takes effect at once; it kills what waits on the same, so that nothing older undoes it.
#[test]
fn nothing_older_undoes_what_is_newer() {
    let mut vault = delayed(nothing);
    let older = vault.put_by(&limit_call(1, 50 * ONE));
    let shorter = vault.put_by(&setDelayCall { newDelay: 0 });
    vault.next_block(u64::from(DAY));
    vault.execute(shorter);
    vault.set_delay(0);
    assert!(!vault.trail().waiting[0].killed);
    vault.limit(1, 0, DAY, 60 * ONE, 0);
    assert!(vault.trail().waiting[0].killed);
    sound(&vault, "");
    vault.execute(older);
    vault.limit(1, 0, DAY, 50 * ONE, 0);
    assert!(said(&vault, "").contains("which LimitSet"));
}

/// The owner accepts, without a wait, only who was named.
#[test]
fn an_owner_who_was_not_named_is_named() {
    let mut vault = delayed(nothing);
    vault.emit(|sequence| OwnershipTransferred { previousOwner: OWNER, newOwner: who(71), sequence });
    assert!(said(&vault, "").contains("makes someone owner who was not named"));
}

/// A revoked session's changes are dead.
#[test]
fn a_change_of_a_revoked_session_does_not_take_effect() {
    let mut vault = delayed(nothing);
    let change = vault.put_by(&limit_call(1, 50 * ONE));
    vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence });
    assert!(vault.trail().waiting[0].killed);
    sound(&vault, "");
    vault.next_block(u64::from(DAY));
    vault.execute(change);
    vault.limit(1, 0, DAY, 50 * ONE, 0);
    let report = audit(&vault);
    assert_eq!(broken(&report), ["stops", "waiting"]);
}

/// Only owner and guardian cancel; the guardian not the change of the guardian.
#[test]
fn cancelling_is_for_owner_and_guardian() {
    let guardian = who(70);
    let cases = [
        (OWNER, false, ""),
        (guardian, false, ""),
        (OWNER, true, ""),
        (guardian, true, "which is of the guardian"),
        (who(90), false, "neither owner nor guardian"),
    ];
    for (by, of_guardian, problem) in cases {
        let mut vault = delayed(|vault| vault.emit(|sequence| GuardianSet { guardian: who(70), sequence }));
        let change = match of_guardian {
            true => vault.put_by(&setGuardianCall { newGuardian: who(72) }),
            false => vault.put_by(&unpauseCall {}),
        };
        vault.emit(|sequence| ChangeCancelled { change, by, sequence });
        assert!(vault.trail().waiting.is_empty());
        if problem.is_empty() {
            sound(&vault, problem);
        } else {
            assert!(said(&vault, problem).contains(problem));
        }
    }
}

/// Who moves the treasury moves every withdrawal: its own case, since the money's way out is by it.
#[test]
fn another_treasury_waits() {
    let mut vault = delayed(nothing);
    let change = vault.put_by(&setTreasuryCall { newTreasury: who(80) });
    vault.emit(|sequence| TreasurySet { treasury: TREASURY, sequence });
    assert!(vault.trail().waiting[0].killed, "setting it again confirms the present one");
    vault.next_block(DAY.into());
    vault.execute(change);
    vault.emit(|sequence| TreasurySet { treasury: who(80), sequence });
    let report = audit(&vault);
    assert_eq!(broken(&report), ["waiting"]);
    let subject = &report.differences().next().unwrap().1.subject;
    assert!(matches!(subject, Subject::Event { name, .. } if name == "ChangeExecuted"), "{subject:?}");
}

/// Tightening and what is neither never wait.
#[test]
fn what_does_not_loosen_takes_effect_at_once() {
    let acts: [fn(&mut Synthetic); 8] = [
        |vault| vault.limit(1, 0, DAY, 24 * ONE, 0),
        |vault| vault.limit(1, 0, u32::MAX, 24 * ONE, 0),
        |vault| vault.limit(0, 0, DAY, ONE, 0),
        |vault| vault.limit(1, 1, DAY, ONE, 0),
        |vault| {
            for window in [DAY, 30 * DAY] {
                // The first of two loosens; the last one takes with it all that could be paid.
                if window == DAY {
                    let change = vault.put_by(&removeLimitCall { session: 1, category: 0, token: TOKEN, window });
                    vault.next_block(DAY.into());
                    vault.execute(change);
                }
                vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window, sequence });
            }
        },
        |vault| vault.emit(|sequence| KeyRotated { session: 1, oldKey: KEY, newKey: who(62), sequence }),
        |vault| vault.emit(|sequence| PayeeRemoved { payee: PAYEE, by: OWNER, sequence }),
        |vault| vault.set_delay(30 * DAY),
    ];
    for act in acts {
        let mut vault = delayed(nothing);
        act(&mut vault);
        sound(&vault, "");
    }
    let mut vault = delayed(nothing);
    vault.set_delay(30 * DAY + 1);
    assert!(said(&vault, "").contains("longer than 30 days"));
}
