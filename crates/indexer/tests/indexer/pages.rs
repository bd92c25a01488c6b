//! What is read a page at a time, on both databases: filters, marks, and an answer of one moment.

use crate::chain::{FIRST, FakeChain};
use crate::database::{Database, on_both};
use alloy::primitives::Address;
use purse_indexer::{BlockRef, LARGEST_PAGE, PageMark, PaymentQuery, PlacedPayment, Store};

on_both!(
    every_payment_is_on_one_page,
    filters_choose,
    a_mark_outlasts_new_payments,
    a_reader_gets_what_it_lacks,
    a_reader_of_an_orphaned_block_begins_again,
    a_page_of_an_altered_payment_is_refused
);

/// A chain whose vault has logged 45 events, every third a payment.
fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    let other = chain.state().create_vault(2);
    for _ in 0..9 {
        chain.state().events(vault, 5);
        chain.state().events(other, 4);
    }
    (chain, vault)
}

async fn synced(chain: &FakeChain, database: Database) -> Box<dyn Store> {
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    indexer.into_store()
}

fn all(vault: Address) -> PaymentQuery {
    PaymentQuery { vault, limit: LARGEST_PAGE, ..PaymentQuery::default() }
}

fn sequences(payments: &[PlacedPayment]) -> Vec<u32> {
    payments.iter().map(|placed| placed.payment.sequence).collect()
}

fn mark(placed: &PlacedPayment) -> PageMark {
    PageMark { block: placed.block, sequence: placed.payment.sequence }
}

async fn every_payment_is_on_one_page(database: Database) {
    let (chain, vault) = chain();
    let store = synced(&chain, database).await;
    let mut expected = store.payments(vault).unwrap();
    expected.reverse();
    assert!(expected.len() > 10, "{}", expected.len());
    for limit in [1, 2, 4, 100] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = store.payment_page(&PaymentQuery { limit, before, ..all(vault) }).unwrap();
            assert!(page.payments.len() <= limit as usize);
            assert_eq!(page.moment.extent, store.extent().unwrap());
            let Some(last) = page.payments.last() else { break };
            assert_eq!(page.more, found.len() + page.payments.len() < expected.len());
            before = Some(mark(last));
            found.extend(page.payments);
        }
        assert_eq!(found.iter().map(|placed| placed.payment.clone()).collect::<Vec<_>>(), expected);
        let logs = store.logs(vault).unwrap();
        for placed in found {
            let log = logs
                .iter()
                .find(|log| (log.block_hash, log.log_index) == (placed.payment.block_hash, placed.payment.log_index));
            let log = log.unwrap();
            assert_eq!((placed.block, placed.time, placed.tx), (log.block_number, log.time, log.tx));
        }
    }
    let greedy = store.payment_page(&PaymentQuery { limit: u32::MAX, ..all(vault) }).unwrap();
    assert_eq!(greedy.payments.len(), expected.len());
}

async fn filters_choose(database: Database) {
    let (chain, vault) = chain();
    let store = synced(&chain, database).await;
    let every = store.payment_page(&all(vault)).unwrap().payments;
    let by = |query: PaymentQuery| sequences(&store.payment_page(&query).unwrap().payments);
    let where_ = |wanted: &dyn Fn(&PlacedPayment) -> bool| {
        sequences(&every.iter().filter(|placed| wanted(placed)).cloned().collect::<Vec<_>>())
    };
    let one = every[every.len() / 2].clone();
    let (session, payee, category) = (one.payment.session, one.payment.payee, one.payment.category);
    let found = by(PaymentQuery { session: Some(session), ..all(vault) });
    assert_eq!(found, where_(&|placed| placed.payment.session == session));
    assert!(by(PaymentQuery { session: Some(session + 1_000), ..all(vault) }).is_empty());
    let found = by(PaymentQuery { payee: Some(payee), ..all(vault) });
    assert_eq!(found, where_(&|placed| placed.payment.payee == payee));
    assert!(by(PaymentQuery { payee: Some(Address::repeat_byte(0x77)), ..all(vault) }).is_empty());
    let found = by(PaymentQuery { category: Some(category), ..all(vault) });
    assert_eq!(found, where_(&|placed| placed.payment.category == category));
    assert!(by(PaymentQuery { category: Some(category + 1), ..all(vault) }).is_empty());
    let found = by(PaymentQuery { token: Some(one.payment.token), ..all(vault) });
    assert_eq!(found, where_(&|placed| placed.payment.token == one.payment.token));
    assert!(by(PaymentQuery { token: Some(vault), ..all(vault) }).is_empty());
    // From the time of a block on, and before it: each payment is on one side.
    let later = by(PaymentQuery { from: Some(one.time), ..all(vault) });
    let earlier = by(PaymentQuery { until: Some(one.time), ..all(vault) });
    assert_eq!(later, where_(&|placed| placed.time >= one.time));
    assert_eq!(earlier, where_(&|placed| placed.time < one.time));
    assert!(!later.is_empty() && !earlier.is_empty());
    assert!(by(PaymentQuery { limit: 0, ..all(vault) }).is_empty());
    assert!(by(all(Address::repeat_byte(0x77))).is_empty());
}

async fn a_mark_outlasts_new_payments(database: Database) {
    let (chain, vault) = chain();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let every = sequences(&indexer.store().payment_page(&all(vault)).unwrap().payments);
    let first = indexer.store().payment_page(&PaymentQuery { limit: 3, ..all(vault) }).unwrap();
    chain.state().events(vault, 6);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = first.payments.last().map(mark);
    let rest = indexer.store().payment_page(&PaymentQuery { before, ..all(vault) }).unwrap();
    assert_eq!([sequences(&first.payments), sequences(&rest.payments)].concat(), every);
    assert_ne!(first.moment, rest.moment);
}

async fn a_reader_gets_what_it_lacks(database: Database) {
    let (chain, vault) = chain();
    let mut indexer = chain.indexer(database.fresh());
    let nothing = indexer.store().moment().unwrap();
    assert_eq!((nothing.extent.cursor, nothing.time), (None, 0));
    indexer.sync_to_head(|_| {}).await.unwrap();
    let store = indexer.store();
    let part = store.trail_since(vault, None).unwrap();
    assert_eq!(part.logs, store.logs(vault).unwrap());
    let moment = store.moment().unwrap();
    assert_eq!(part.moment, moment);
    assert_eq!(moment.extent, store.extent().unwrap());
    let head = moment.extent.cursor.unwrap().number;
    assert_eq!(moment.time, 1_800_000_000 + 12 * head);
    assert!(head > FIRST);
    let mut known = None;
    for log in &part.logs {
        known = Some(BlockRef { number: log.block_number, hash: log.block_hash });
        let rest = store.trail_since(vault, known).unwrap();
        assert!(rest.continues);
        let above = part.logs.iter().filter(|other| other.block_number > log.block_number);
        assert_eq!(rest.logs, above.cloned().collect::<Vec<_>>());
    }
    chain.state().events(vault, 2);
    chain.state().mine(200);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let rest = indexer.store().trail_since(vault, known).unwrap();
    assert_eq!((rest.continues, rest.logs.len()), (true, 2));
}

async fn a_reader_of_an_orphaned_block_begins_again(database: Database) {
    let (chain, vault) = chain();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let logs = indexer.store().logs(vault).unwrap();
    let last = logs.last().unwrap();
    let known = Some(BlockRef { number: last.block_number, hash: last.block_hash });
    chain.state().undo(3);
    chain.state().events(vault, 1);
    chain.state().mine(5);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let part = indexer.store().trail_since(vault, known).unwrap();
    assert!(!part.continues);
    assert_eq!(part.logs, indexer.store().logs(vault).unwrap());
    assert_ne!(part.logs, logs);
    let payments = indexer.store().payment_page(&all(vault)).unwrap().payments;
    assert_eq!(payments.len(), indexer.store().payments(vault).unwrap().len());
}

async fn a_page_of_an_altered_payment_is_refused(database: Database) {
    let (chain, vault) = chain();
    let place = database.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    // What no vault logs: an address of more than twenty bytes.
    let word = match database {
        Database::Sqlite => "CAST(X'01' || substr(data, 2) AS BLOB)",
        Database::Postgres => "'\\x01'::bytea || substr(data, 2)",
    };
    place.change(&format!("UPDATE logs SET data = {word} WHERE sequence = 9"));
    let error = place.open().payment_page(&all(vault)).unwrap_err();
    assert!(matches!(error, purse_indexer::StoreError::ColumnAltered { column: "data", .. }), "{error}");
}
