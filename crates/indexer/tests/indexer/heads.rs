//! I13: the vaults' own running hashes find what sequence numbers cannot: altered events, and the last ones hidden.

use crate::chain::{FakeChain, contents, rebuilt};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256};
use purse_indexer::{ChainLog, IndexError};

/// A vault with 3 + 100 events, far below the head and near it.
fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..50 {
        chain.state().events(vault, 2);
        chain.state().mine(3);
    }
    (chain, vault)
}

/// Every log with this number of this vault, altered but for the number.
fn altered(vault: Address, number: u8) -> impl Fn(&mut ChainLog) + Send + 'static {
    move |log| {
        if log.address == vault && log.data.last() == Some(&number) {
            match log.topics.get_mut(1) {
                Some(topic) => topic.0[31] ^= 1,
                None => log.data = [&[1; 32], log.data.as_ref()].concat().into(),
            }
        }
    }
}

fn twist(chain: &FakeChain, change: impl Fn(&mut ChainLog) + Send + 'static) {
    chain.state().twist = Some(Box::new(move |_, logs| {
        logs.iter_mut().for_each(&change);
        Ok(())
    }));
}

/// Whichever event it is: of the creation, far below the head, near it, the last.
async fn an_altered_event_is_named(db: Database) {
    for number in [1, 4, 9, 50, 77, 102, 103_u8] {
        let (chain, vault) = chain();
        twist(&chain, altered(vault, number));
        let mut indexer = chain.indexer(db.fresh());
        let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
        // Where the header commits to them, a topic that is not there is found before the vault is asked.
        let (first, last, block) = match error {
            IndexError::EventsAltered { vault: found, first, last, block } if found == vault => (first, last, block),
            IndexError::LogForged { block, .. } => (number.into(), number.into(), block),
            _ => unreachable!("{error}"),
        };
        // The events of one block.
        assert!((first..=last).contains(&u32::from(number)) && last - first <= 2, "{number}: {first} to {last}");
        assert_eq!(
            chain.state().logs_of(vault).iter().find(|log| log.data.last() == Some(&number)).unwrap().block_number,
            block
        );
        assert!(error.fix().contains("another node"), "{}", error.fix());
        // Nothing of the last blocks was committed, and what was is not called confirmed.
        let extent = indexer.store().extent().unwrap();
        assert!(extent.cursor.is_none_or(|cursor| cursor.number > extent.confirmed));
    }
}

/// Two events of a block in each other's place: their numbers are right, their contents are not.
async fn reordered_events_are_named(db: Database) {
    let (chain, vault) = chain();
    chain.state().twist = Some(Box::new(move |_, logs| {
        let at = |number: u8| move |log: &ChainLog| log.address == vault && log.data.last() == Some(&number);
        let (Some(a), Some(b)) = (logs.iter().position(at(6)), logs.iter().position(at(7))) else { return Ok(()) };
        let (first, second) = (logs[a].clone(), logs[b].clone());
        (logs[a].topics, logs[b].topics) = (second.topics, first.topics);
        let renumbered = |data: &[u8], number: u8| [&data[..data.len() - 1], &[number]].concat().into();
        logs[a].data = renumbered(&second.data, 6);
        logs[b].data = renumbered(&first.data, 7);
        Ok(())
    }));
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::EventsAltered { first: 6, last: 7, .. }), "{error}");
}

/// No event of a vault after this one.
fn hide(vault: Address, after: u8) -> crate::chain::Twist {
    Box::new(move |_, logs| {
        logs.retain(|log| log.address != vault || log.data.last().is_none_or(|&number| number <= after));
        Ok(())
    })
}

/// The last events of a vault leave no gap when they are hidden, neither at once nor later.
async fn hidden_last_events_are_named(db: Database) {
    let (chain, vault) = chain();
    chain.state().twist = Some(hide(vault, 99));
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::EventsMissing { given: 99, counted: 103, .. }), "{error}");
    assert!(error.to_string().contains("#100 to #103 are missing"), "{error}");

    chain.state().twist = None;
    let mut indexer = chain.indexer(db.fresh());
    assert!(indexer.sync_to_head(|_| {}).await.unwrap().confirmed);
    chain.state().events(vault, 1);
    chain.state().twist = Some(hide(vault, 103));
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::EventsMissing { given: 103, counted: 104, .. }), "{error}");
    assert!(error.to_string().contains("#104 is missing"), "{error}");
    chain.state().twist = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A node that keeps no history names a range; one without any state of the head confirms nothing, and says so.
async fn a_node_without_history(db: Database) {
    let (chain, vault) = chain();
    let head = chain.state().head().number;
    chain.state().state_from = head;
    twist(&chain, altered(vault, 50));
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::EventsAltered { first: 1, last: 103, .. }), "{error}");

    chain.state().twist = None;
    chain.state().state_from = u64::MAX;
    let mut indexer = chain.indexer(db.fresh());
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(!synced.confirmed);
    assert_eq!(indexer.store().extent().unwrap().confirmed, 0);
    // Whoever hides the last events and answers for no vault is not found out, and not believed either.
    chain.state().twist = Some(hide(vault, 99));
    let mut hidden = chain.indexer(db.fresh());
    assert!(!hidden.sync_to_head(|_| {}).await.unwrap().confirmed);
    assert_eq!(hidden.store().heads(vault, None).unwrap().last().unwrap().sequence, 99);
    chain.state().twist = None;
    // With it again, what is there already is compared, though nothing new is to be fetched.
    chain.state().state_from = 0;
    assert!(indexer.sync_to_head(|_| {}).await.unwrap().confirmed);
    assert_eq!(indexer.store().extent().unwrap().confirmed, chain.state().head().number);
}

/// Events that this program does not know are of a newer vault: kept as they are, counted, in the running hash.
async fn unknown_events_are_kept_and_reported(db: Database) {
    let (chain, vault) = chain();
    chain.state().unknown_event(vault, B256::repeat_byte(0xab));
    chain.state().events(vault, 2);
    let mut indexer = chain.indexer(db.fresh());
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!((synced.unknown, synced.confirmed), (1, true));
    assert_eq!(indexer.store().logs(vault).unwrap(), chain.state().logs_of(vault));
}

/// Payments are decoded exactly, however large.
async fn payments_are_exact(db: Database) {
    let (chain, vault) = chain();
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let payments = indexer.store().payments(vault).unwrap();
    let numbers: Vec<_> = payments.iter().map(|payment| payment.sequence).collect();
    assert_eq!(numbers, (4..=103).filter(|number| number % 3 == 0).collect::<Vec<_>>());
    for payment in payments {
        assert_eq!(payment.amount, u128::MAX - u128::from(payment.sequence));
        assert_eq!((payment.fee, payment.nonce), (payment.sequence.into(), payment.sequence));
    }
}

on_both! {
    an_altered_event_is_named,
    reordered_events_are_named,
    hidden_last_events_are_named,
    a_node_without_history,
    unknown_events_are_kept_and_reported,
    payments_are_exact,
}
