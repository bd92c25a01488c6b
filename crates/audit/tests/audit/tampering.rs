//! A trail that somebody altered: dropped, changed, reordered or added events are caught, and named (I13).

use crate::synthetic::{CHAIN, ONE, Synthetic, VAULT, forged, observe, who};
use alloy::primitives::B256;
use proptest::prelude::*;
use purse_audit::observed::ObservedHeader;
use purse_audit::{Report, Subject, Trail, TrailError, TrailLog, compare};
use purse_protocol::abi::IVault::{IVaultEvents, setDelayCall};
use purse_protocol::event::sequence_of;

fn vault() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    for nonce in 1..=12 {
        vault.pay(nonce, ONE, 5);
    }
    vault
}

/// The same with a change that waits: its call is a log of its own.
fn vault_with_a_change() -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    vault.set_delay(86_400);
    vault.put_by(&setDelayCall { newDelay: 60 });
    vault.next_block(1);
    for nonce in 1..=12 {
        vault.pay(nonce, ONE, 5);
    }
    vault
}

/// The altered logs against the true chain.
fn audit(vault: &Synthetic, logs: Vec<TrailLog>) -> Result<Report, TrailError> {
    Ok(compare(&Trail::fold(CHAIN, VAULT, logs)?, &vault.observed()))
}

/// The sequence numbers of the events that a report names for the running hash.
fn named(report: &Report) -> Vec<u32> {
    let of_hash = report.differences().filter(|(check, _)| check.id == "running_hash");
    of_hash
        .filter_map(|(_, difference)| match &difference.subject {
            Subject::Payment(payment) => Some(payment.place.sequence),
            Subject::Event { place, .. } => Some(place.sequence),
            _ => None,
        })
        .collect()
}

#[test]
fn a_dropped_event_is_named_by_the_next_one() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs.remove(13);
    let error = audit(&vault, logs).unwrap_err();
    let TrailError::SequenceBroken { block, expected, found, .. } = error else { panic!("{error}") };
    assert_eq!((block, expected, found), (vault.logs[14].block_number, 14, 15));
    assert!(error.to_string().ends_with("is #15, expected #14: #14 is missing"), "{error}");
}

/// What is missing is said by number; what only came again, by the number that should have come.
#[test]
fn missing_events_are_numbered() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs.drain(13..16);
    let error = audit(&vault, logs).unwrap_err();
    assert_eq!(error.missing(), Some(14..=16));
    assert!(error.to_string().ends_with("is #17, expected #14: #14 to #16 are missing"), "{error}");
    let mut logs = vault.logs.clone();
    logs.insert(15, TrailLog { log_index: logs[14].log_index + 50, ..logs[14].clone() });
    let error = audit(&vault, logs).unwrap_err();
    assert_eq!(error.missing(), None);
    assert!(error.to_string().ends_with("is #15, expected #16: #15 was there before"), "{error}");
    let error = audit(&vault, vault.logs[3..].to_vec()).unwrap_err();
    assert_eq!(error.missing(), Some(1..=3));
}

/// I12, and I4 by its times: what the trail says of an event's block is what the node says.
#[test]
fn blocks_are_the_nodes() {
    type Change = fn(&mut ObservedHeader);
    let vault = vault();
    let block = vault.logs[15].block_number;
    let changes: [(&str, Change); 4] = [
        ("the hash differs", |header| header.hash = B256::ZERO),
        ("the parent's hash differs", |header| header.parent = B256::ZERO),
        ("the time differs", |header| header.time += 1),
        ("has no transaction", |header| header.transactions.clear()),
    ];
    for (problem, change) in changes {
        let mut observed = vault.observed();
        change(observed.blocks.iter_mut().find(|header| header.number == block).unwrap());
        let report = compare(&vault.trail(), &observed);
        let found: Vec<_> = report.differences().collect();
        assert_eq!(found.len(), 1, "{problem}: {found:?}");
        assert_eq!((found[0].0.id.as_str(), &found[0].1.subject), ("blocks", &Subject::Block { number: block }));
        assert!(found[0].1.problem.contains(problem), "{problem}: {found:?}");
    }
    let mut observed = vault.observed();
    observed.blocks.retain(|header| header.number != block);
    let report = compare(&vault.trail(), &observed);
    let (check, difference) = report.differences().next().unwrap();
    assert_eq!((check.id.as_str(), difference.problem.as_str()), ("blocks", "the node gave no such block"));
}

/// Two logs cannot be of two blocks at one height.
#[test]
fn a_block_of_two_hashes_is_named() {
    let changes: [fn(&mut TrailLog); 3] =
        [|log| log.block_hash = B256::ZERO, |log| log.parent_hash = B256::ZERO, |log| log.time += 1];
    for change in changes {
        let vault = vault();
        let mut logs = vault.logs.clone();
        change(&mut logs[2]);
        let block = logs[2].block_number;
        assert_eq!(audit(&vault, logs).unwrap_err(), TrailError::TwoBlocks { block, log_index: 3 });
    }
}

#[test]
fn a_trail_without_its_end_is_not_the_contracts() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs.pop();
    let report = audit(&vault, logs).unwrap();
    assert!(!report.holds());
    let (check, difference) = report.differences().next().unwrap();
    assert_eq!((check.id.as_str(), difference.problem.as_str()), ("running_hash", "the number of events differs"));
}

#[test]
fn a_swapped_pair_is_named() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs.swap(14, 15);
    assert!(matches!(audit(&vault, logs).unwrap_err(), TrailError::SequenceBroken { expected: 15, found: 16, .. }));
    // Put where the other was, they are still out of order in the vault's own count.
    let mut logs = vault.logs.clone();
    let (first, second) = (logs[14].clone(), logs[15].clone());
    logs[14] = TrailLog { topics: second.topics, data: second.data, ..first.clone() };
    logs[15] = TrailLog { topics: first.topics, data: first.data, ..logs[15].clone() };
    assert!(matches!(audit(&vault, logs).unwrap_err(), TrailError::SequenceBroken { expected: 15, found: 16, .. }));
}

#[test]
fn an_added_event_is_named() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs.insert(15, TrailLog { log_index: logs[14].log_index + 50, ..logs[14].clone() });
    assert!(matches!(audit(&vault, logs).unwrap_err(), TrailError::SequenceBroken { expected: 16, found: 15, .. }));
    // Added at the end with the right number, only the chain can tell.
    let mut longer = vault.clone();
    longer.pay(13, ONE, 0);
    let report = audit(&vault, longer.logs).unwrap();
    assert!(!report.holds());
}

/// A forger who keeps the sequence numbers right is caught by the hash, and the payment is named by it and by the
/// token's own transfer.
#[test]
fn a_forged_amount_names_the_payment() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs[15] = forged(&logs[15], |event| {
        let IVaultEvents::Paid(paid) = event else { panic!("a payment") };
        paid.amount -= 1;
    });
    let report = audit(&vault, logs).unwrap();
    assert_eq!(named(&report), [16]);
    let by_transfer = report.differences().any(|(check, difference)| {
        check.id == "transfers" && matches!(&difference.subject, Subject::Payment(p) if p.place.sequence == 16)
    });
    assert!(by_transfer);
}

#[test]
fn a_forged_payee_entry_is_named() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    logs[4] = forged(&logs[4], |event| {
        let IVaultEvents::PayeeSet(set) = event else { panic!("a payee") };
        set.payee = who(66);
    });
    let report = audit(&vault, logs).unwrap();
    // The block has three events; one of them is wrong, and the state says which payee.
    assert_eq!(named(&report), [4, 5, 6]);
    let state = report.checks.iter().find(|check| check.id == "state").unwrap();
    assert!(state.differences.iter().any(|d| matches!(d.subject, Subject::Payee { payee } if payee == who(66))));
}

#[test]
fn what_is_no_event_of_a_vault_is_named() {
    let vault = vault();
    for change in [
        (|log: &mut TrailLog| log.topics[0].0[0] ^= 1) as fn(&mut TrailLog),
        |log| log.data = log.data.slice(..log.data.len() - 32),
        |log| log.topics.clear(),
    ] {
        let mut logs = vault.logs.clone();
        change(&mut logs[15]);
        let error = audit(&vault, logs).unwrap_err();
        assert!(matches!(error, TrailError::UnknownEvent { block, .. } if block == vault.logs[15].block_number));
    }
}

/// Sequence numbers right, but not the order of the chain.
#[test]
fn a_log_out_of_the_chains_order_is_named() {
    let vault = vault();
    let changes: [fn(&mut TrailLog); 3] = [
        |log| log.block_number -= 5,
        |log| (log.block_number, log.log_index) = (log.block_number - 1, 1),
        |log| log.time -= 60,
    ];
    for change in changes {
        let mut logs = vault.logs.clone();
        change(&mut logs[15]);
        let (block, tx) = (logs[15].block_number, logs[15].tx);
        let error = audit(&vault, logs).unwrap_err();
        assert_eq!(error, TrailError::OutOfOrder { block, tx, log_index: 1 });
    }
}

/// One edit of a true trail.
#[derive(Debug, Clone)]
enum Edit {
    Drop,
    Flip { byte: usize, bit: u8 },
    FlipTopic { byte: usize, bit: u8 },
    Swap { with: usize },
    Repeat,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Drop),
        (any::<usize>(), 0..8_u8).prop_map(|(byte, bit)| Edit::Flip { byte, bit }),
        (any::<usize>(), 0..8_u8).prop_map(|(byte, bit)| Edit::FlipTopic { byte, bit }),
        any::<usize>().prop_map(|with| Edit::Swap { with }),
        Just(Edit::Repeat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// 1,000 random edits of one event, 1,000 caught; those that only the hash can tell name the event.
    #[test]
    fn every_edit_is_caught(at in any::<usize>(), edit in edit()) {
        let vault = vault_with_a_change();
        let mut logs = vault.logs.clone();
        let at = at % logs.len();
        let numbered = sequence_of(&logs[at].topics, &logs[at].data);
        match edit {
            Edit::Drop => drop(logs.remove(at)),
            Edit::Flip { byte, bit } => {
                let mut data = logs[at].data.to_vec();
                let byte = byte % data.len();
                data[byte] ^= 1 << bit;
                logs[at].data = data.into();
            }
            Edit::FlipTopic { byte, bit } => {
                let topics = logs[at].topics.len() * 32;
                let byte = byte % topics;
                logs[at].topics[byte / 32].0[byte % 32] ^= 1 << bit;
            }
            Edit::Swap { with } => {
                let with = with % logs.len();
                prop_assume!(with != at);
                logs.swap(at, with);
            }
            Edit::Repeat => {
                let again = logs[at].clone();
                logs.insert(at, again);
            }
        }
        match audit(&vault, logs) {
            Err(_) => {}
            Ok(report) => {
                prop_assert!(!report.holds(), "{edit:?} of log {at} was not caught");
                if matches!(edit, Edit::Flip { .. } | Edit::FlipTopic { .. }) {
                    let sequence = numbered.expect("an edit of a call is caught by the fold");
                    prop_assert!(named(&report).contains(&sequence), "{edit:?} of event {sequence} was not named");
                }
            }
        }
    }
}

/// The time of a block is no part of the hash, but what the meters counted when is part of the state (I12).
#[test]
fn a_payment_moved_to_another_time_is_seen_by_the_meters() {
    let vault = vault();
    let mut logs = vault.logs.clone();
    let payments = logs.len() - 12;
    for log in &mut logs[payments..] {
        log.time += 86_400 / 4;
    }
    let report = audit(&vault, logs).unwrap();
    assert!(report.differences().all(|(check, _)| check.id == "state" || check.id == "blocks"));
    let state = report.checks.iter().find(|check| check.id == "state").unwrap();
    assert!(!state.differences.is_empty());
}

#[test]
fn another_vaults_trail_is_not_this_ones() {
    let (vault, mut other) = (vault(), Synthetic::with_session(0));
    for nonce in 1..=12 {
        other.pay(nonce, 2 * ONE, 5);
    }
    let observed = observe(&other.trail(), &other.transfers, other.block, other.time);
    assert!(!compare(&vault.trail(), &observed).holds());
}
