//! The fold of what waits (I9, I12): the contract's list, what kills, and the calls beside.

use crate::loosenings::{DAY, delayed, limit_call, nothing, payees_call, said, sound};
use crate::synthetic::{ONE, OWNER, Synthetic, TOKEN};
use alloy::primitives::{Bytes, U256};
use alloy::sol_types::SolCall;
use purse_audit::ChangeSubject;
use purse_protocol::abi::IVault::{
    ChangeCancelled, Paused, PerPaymentCapSet, replaceCall, setPerPaymentCapCall, unpauseCall, withdrawCall,
};

/// The list is the contract's: newest first, each with its number, times, subject and call; the owner nonce counts all
/// events but payments.
#[test]
fn what_waits_is_listed_as_the_contract_does() {
    let mut vault = delayed(nothing);
    let acts = vault.acts;
    vault.pay(1, ONE, 0);
    assert_eq!(vault.trail().owner_nonce, acts);
    let first = vault.put_by(&limit_call(0, ONE));
    assert_eq!(first, acts + 1);
    vault.next_block(60);
    let call = replaceCall { expected: U256::ZERO, call: payees_call().abi_encode().into() };
    let second = vault.put_by(&call);
    let third = vault.put_by(&unpauseCall {});
    let trail = vault.trail();
    assert_eq!(trail.owner_nonce, acts + 3);
    let listed: Vec<_> = trail.waiting.iter().map(|change| (change.number, change.subject)).collect();
    let subjects = [ChangeSubject::Pause, ChangeSubject::Payees, ChangeSubject::VaultLimits(TOKEN)];
    assert_eq!(listed, [third, second, first].into_iter().zip(subjects).collect::<Vec<_>>());
    assert_eq!(trail.waiting[1].call, Bytes::from(call.abi_encode()));
    assert_eq!(trail.waiting[1].executable_from, vault.time as u32 + DAY);
    assert_eq!(trail.waiting[1].executable_until, vault.time as u32 + DAY + 604_800);
    vault.emit(|sequence| ChangeCancelled { change: second, by: OWNER, sequence });
    let trail = vault.trail();
    assert_eq!(trail.waiting.iter().map(|change| change.number).collect::<Vec<_>>(), [third, first]);
    assert_eq!(trail.calls.keys().copied().collect::<Vec<_>>(), [first, second, third]);
}

/// What is executed kills nothing, whatever it would kill as an act of its own.
#[test]
fn what_is_executed_kills_nothing() {
    let mut vault = delayed(nothing);
    // By the time it is executed the limit is higher anyway: the vault performs it as a change that waited.
    let first = vault.put_by(&limit_call(1, 30 * ONE));
    let second = vault.put_by(&limit_call(1, 50 * ONE));
    let third = vault.put_by(&limit_call(1, 60 * ONE));
    vault.next_block(DAY.into());
    vault.execute(second);
    vault.limit(1, 0, DAY, 50 * ONE, 0);
    vault.execute(first);
    vault.limit(1, 0, DAY, 30 * ONE, 0);
    assert!(!vault.trail().waiting[0].killed);
    sound(&vault, "");
    // The same again, as an act of its own.
    vault.limit(1, 0, DAY, 30 * ONE, 0);
    assert!(vault.trail().waiting[0].killed);
    assert_eq!(vault.trail().waiting[0].number, third);
    // The event of an execution, in another transaction, is an act of its own.
    let mut vault = delayed(nothing);
    vault.put_by(&limit_call(1, 60 * ONE));
    let change = vault.put_by(&limit_call(1, 50 * ONE));
    vault.next_block(DAY.into());
    vault.execute(change);
    vault.next_block(1);
    vault.limit(1, 0, DAY, 50 * ONE, 0);
    assert!(vault.trail().waiting[0].killed);
    // Nothing to resume: the change is executed and logs nothing more.
    let mut vault = delayed(nothing);
    let change = vault.put_by(&unpauseCall {});
    vault.next_block(DAY.into());
    vault.execute(change);
    sound(&vault, "");
}

/// A cap takes effect rounded down to the token's unit, as the event says; the call has it as it was asked for.
#[test]
fn caps_take_effect_rounded_down() {
    let units = |amount: u128| amount >> 7 << 7;
    let mut vault = Synthetic::with_session(7);
    vault.set_delay(DAY);
    let limit = vault.put_by(&limit_call(1, 50 * ONE + 1));
    let perPaymentCap = 20 * ONE + 1;
    let cap = vault.put_by(&setPerPaymentCapCall { session: 1, token: TOKEN, perPaymentCap });
    vault.next_block(DAY.into());
    vault.execute(limit);
    vault.limit(1, 0, DAY, units(50 * ONE + 1), 0);
    vault.execute(cap);
    let perPaymentCap = units(perPaymentCap);
    vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap, sequence });
    sound(&vault, "");
}

/// The call of a change is outside the running hash: it is held by the hash that the change's own event has.
#[test]
fn a_call_that_is_not_the_changes_is_named() {
    let mut vault = delayed(nothing);
    vault.put_by(&limit_call(1, 50 * ONE));
    let fold = |logs| purse_audit::Trail::fold(1, OWNER, logs).map_err(|error| error.to_string());
    let call = vault.logs.len() - 2;

    let mut logs = vault.logs.clone();
    logs.remove(call);
    assert!(fold(logs).unwrap_err().contains("the log of its call is missing"));

    let mut logs = vault.logs.clone();
    let mut data = logs[call].data.to_vec();
    data[32 * 2 + 4 + 31] ^= 2; // the session within the call
    logs[call].data = data.into();
    assert!(fold(logs).unwrap_err().contains("the call logged before it is another one"));

    // A call of no change: in the middle and at the end.
    let mut logs = vault.logs.clone();
    let forged = logs[call].clone();
    let last = logs.last().unwrap();
    logs.push(purse_audit::TrailLog { log_index: last.log_index + 1, ..forged });
    vault.logs = logs.clone();
    assert!(said(&vault, "").contains("without the change"));
    vault.next_block(1);
    vault.emit(|sequence| Paused { by: OWNER, sequence });
    assert!(fold(vault.logs).unwrap_err().contains("without the change"));

    // A call that never waits.
    let mut vault = delayed(nothing);
    vault.put_by(&withdrawCall { token: TOKEN, amount: U256::ONE });
    assert!(fold(vault.logs).unwrap_err().contains("none that waits"));
}
