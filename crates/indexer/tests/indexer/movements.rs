//! What tokens say of vaults and purses belongs to the trail: found with the vaults' events, in the same pass.

use crate::chain::{FakeChain, OTHER_TOKEN, SELLER, STRANGER, TOKEN, Twist, contents, moved_in, rebuilt};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, U256, keccak256};
use alloy::sol_types::SolEvent;
use purse_indexer::{
    ChainLog, Extent, IndexError, StoreError, StoredTransfer, TransferMark, TransferQuery, Truth, Wanted,
};
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;

/// Two vaults and a purse of each, far below the head and near it; money came to the first purse and to the second vault
/// before they were there.
fn chain() -> (FakeChain, [Address; 2], [Address; 2]) {
    let chain = FakeChain::new();
    let mut state = chain.state();
    let first = state.create_vault(1);
    state.transfer(STRANGER, first, 500);
    state.transfer(STRANGER, next_purse(first, 4), 40);
    let mut purses = vec![state.open_purse(first)];
    let trunk = state.save();
    let second = state.create_vault(2);
    state.restore(&trunk);
    state.transfer(STRANGER, second, 600);
    assert_eq!(state.create_vault(2), second);
    state.mine(90);
    purses.push(state.open_purse(second));
    for round in 0..12 {
        state.events(first, 3);
        state.purchase(purses[round % 2], round as u64 + 1);
        state.refill(first, purses[0]);
        state.mine(5);
    }
    drop(state);
    (chain, [first, second], [purses[0], purses[1]])
}

/// Where the next purse of a vault will be.
fn next_purse(vault: Address, sequence: u32) -> Address {
    Address::from_word(keccak256([vault.as_slice(), &sequence.to_be_bytes()].concat()))
}

fn places(transfers: &[StoredTransfer]) -> Vec<(u64, u64, Address, U256)> {
    transfers.iter().map(|of| (of.block.number, of.log_index, of.token, of.amount)).collect()
}

async fn what_moves_is_there_once_from_the_block_on_that_names_the_account(db: Database) {
    let (chain, vaults, purses) = chain();
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let store = indexer.store();
    for account in vaults.into_iter().chain(purses) {
        let stored = store.transfers(account).unwrap();
        assert!(stored.iter().all(|of| of.from == account || of.to == account));
        assert_eq!(places(&stored), chain.state().transfers_of(account));
    }
    let opened = store.purses().unwrap();
    assert_eq!(
        opened.iter().map(|purse| (purse.address, purse.vault)).collect::<Vec<_>>(),
        [(purses[0], vaults[0]), (purses[1], vaults[1])]
    );
    assert_eq!((opened[0].session, opened[0].category, opened[0].token), (1, 7, TOKEN));
    // What came before the purse's block is not there; what came in it is.
    let first = &store.transfers(purses[0]).unwrap()[0];
    assert_eq!((first.from, first.amount, first.block), (STRANGER, U256::from(5), opened[0].block));
    // Each purchase has its authorization before it, in the same transaction.
    for purse in purses {
        let used = store.authorizations(purse).unwrap();
        assert_eq!(used.len(), 6);
        let moved = store.transfers(purse).unwrap();
        for used in used {
            let follows = |of: &&StoredTransfer| of.log_index == used.log_index + 1 && of.block == used.block;
            let moved = moved.iter().find(follows).unwrap();
            assert_eq!((moved.from, moved.to, moved.tx), (purse, SELLER, used.tx));
        }
    }
    assert!(store.transfers(STRANGER).unwrap().iter().all(|of| of.from == STRANGER));
    assert_eq!(contents(store), rebuilt(&chain).await);
}

/// Whatever the ranges, how the blocks are known, and when an account was found: the same rows.
async fn the_rows_do_not_depend_on_how_they_were_asked_for(db: Database) {
    let (chain, ..) = chain();
    let whole = rebuilt(&chain).await;
    assert!(whole.3.1.iter().all(|transfers| !transfers.is_empty()));
    for largest in [1, 2, 7, 40, u64::MAX] {
        chain.state().largest_range = largest;
        for truth in Truth::ALL {
            let mut indexer = chain.indexer(db.fresh()).with_truth(truth);
            indexer.sync_to_head(|_| {}).await.unwrap();
            assert!(contents(indexer.store()) == whole, "ranges of {largest}, {truth}");
        }
    }
    // And block by block, as the chain grows.
    chain.state().largest_range = u64::MAX;
    let head = chain.state().head().number;
    let mut indexer = chain.indexer(db.fresh());
    for shown in (6..=head).step_by(db.stride()).chain([head]) {
        chain.state().shows_up_to = Some(shown);
        indexer.sync_to_head(|_| {}).await.unwrap();
    }
    assert!(contents(indexer.store()) == whole, "block by block");
}

/// The rest of a token's traffic is not asked for, let alone kept.
async fn no_other_traffic_of_a_token_is_asked_for(db: Database) {
    let (chain, vaults, purses) = chain();
    let brought = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = brought.clone();
    chain.state().twist = Some(Box::new(move |_, logs| {
        seen.lock()
            .unwrap()
            .extend(logs.iter().filter(|log| log.address == TOKEN || log.address == OTHER_TOKEN).cloned());
        Ok(())
    }));
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    // Ranges that were asked for before an account was known are asked for it alone; those after it, for all at once.
    chain.state().events(vaults[0], 1);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let accounts: Vec<_> = vaults.into_iter().chain(purses).map(|account| account.into_word()).collect();
    let brought = brought.lock().unwrap();
    assert!(brought.len() > 60, "{}", brought.len());
    assert!(brought.iter().all(|log| log.topics[1..].iter().any(|topic| accounts.contains(topic))));
    let state = chain.state();
    assert!(state.wanted.iter().any(|wanted| matches!(wanted, Wanted::From(who) if who.len() == 4)));
}

/// A purse that is opened in a range, and a vault's, at whatever place: its first purchase is not missed.
async fn a_purse_of_a_vault_created_in_the_same_range_is_found(db: Database) {
    for blocks_between in [0, 1, 3] {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        chain.state().mine(blocks_between);
        let purse = chain.state().open_purse(vault);
        chain.state().purchase(purse, 12);
        chain.state().mine(100);
        let mut indexer = chain.indexer(db.fresh());
        indexer.sync_to_head(|_| {}).await.unwrap();
        let amounts: Vec<_> =
            indexer.store().transfers(purse).unwrap().iter().map(|of| of.amount.to::<u64>()).collect();
        assert_eq!(amounts, [5, 1_000, 12, 9]);
        assert_eq!(indexer.store().authorizations(purse).unwrap().len(), 1);
    }
}

async fn a_reorganisation_takes_movements_back_and_keeps_what_it_orphaned(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    let trunk = chain.state().save();
    let purse = chain.state().open_purse(vault);
    chain.state().purchase(purse, 12);
    let fork = chain.state().save();
    let place = db.place();
    let mut indexer = chain.indexer(place.open());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = moved_in(indexer.store());
    assert_eq!((before.0.len(), before.1[0].len(), before.2[0].len()), (1, 1, 1));
    chain.state().restore(&trunk);
    chain.state().mine(3);
    let rollback = indexer.sync_to_head(|_| {}).await.unwrap().rollbacks.remove(0);
    // 3 of the purse's opening, and 3 of the purchase.
    assert_eq!((rollback.blocks, rollback.logs), (2, 6));
    assert_eq!(moved_in(indexer.store()), (Vec::new(), vec![Vec::new()], Vec::new()));
    // The purse is not followed where it was never opened.
    chain.state().purchase(purse, 13);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(indexer.store().transfers(purse).unwrap().is_empty());
    // And back again, with nothing twice.
    chain.state().restore(&fork);
    chain.state().mine(10);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(moved_in(indexer.store()), before);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

fn is_out(log: &ChainLog) -> bool {
    log.topics[0] == Transfer::SIGNATURE_HASH && log.topics[2] == SELLER.into_word()
}

/// A block that comes back has the movements that it had.
async fn movements_that_come_back_changed_are_refused(db: Database) {
    let twists: [fn(&mut Vec<ChainLog>); 4] = [
        |logs| logs.retain(|log| !is_out(log)),
        |logs| logs.iter_mut().filter(|log| is_out(log)).for_each(|log| log.data = vec![1; 32].into()),
        |logs| logs.retain(|log| log.topics[0] != AuthorizationUsed::SIGNATURE_HASH),
        |logs| {
            let used = |log: &&mut ChainLog| log.topics[0] == AuthorizationUsed::SIGNATURE_HASH;
            logs.iter_mut().filter(used).for_each(|log| log.topics[2].0[0] ^= 1);
        },
    ];
    for (which, twist) in twists.into_iter().enumerate() {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        let purse = chain.state().open_purse(vault);
        let trunk = chain.state().save();
        chain.state().purchase(purse, 12);
        let fork = chain.state().save();
        let mut indexer = chain.indexer(db.fresh());
        indexer.sync_to_head(|_| {}).await.unwrap();
        chain.state().restore(&trunk);
        chain.state().mine(2);
        indexer.sync_to_head(|_| {}).await.unwrap();
        chain.state().restore(&fork);
        chain.state().mine(3);
        // What its bloom filter excludes is found before; here the filter says nothing.
        chain.state().twist = Some(Box::new(move |_, logs| {
            twist(logs);
            Ok(())
        }));
        let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
        let refused = matches!(&error, IndexError::Store(StoreError::BlockChanged { number: 8, .. }));
        assert!(refused || which == 3 && matches!(error, IndexError::LogForged { .. }), "{which}: {error}");
    }
}

/// Where everything is proven, what a node leaves out of its other answers changes nothing; where nothing is, the label
/// says so.
async fn a_dropped_transfer_is_there_where_it_is_proven(db: Database) {
    let drop_all = || -> Twist {
        Box::new(|_, logs| {
            logs.retain(|log| log.address != TOKEN);
            Ok(())
        })
    };
    let (chain, vaults, _) = chain();
    let whole = rebuilt(&chain).await;
    chain.state().twist = Some(drop_all());
    let mut proven = chain.indexer(db.fresh()).with_truth(Truth::Proven);
    proven.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(proven.store()), whole);
    let mut claimed = chain.indexer(db.fresh());
    claimed.sync_to_head(|_| {}).await.unwrap();
    assert!(claimed.store().transfers(vaults[0]).unwrap().is_empty());
    assert!(claimed.store().ranges().unwrap().iter().all(|range| range.truth < Truth::Proven));
}

/// Payments of three tokens, the newest first, a page at a time, with all that happened in their blocks.
async fn transfers_are_read_a_page_at_a_time(db: Database) {
    let (chain, vaults, purses) = chain();
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let store = indexer.store();
    let accounts = vec![vaults[0], purses[0]];
    let all = TransferQuery {
        vault: vaults[0],
        accounts: accounts.clone(),
        tokens: vec![TOKEN],
        limit: 1_000,
        ..TransferQuery::default()
    };
    let mut expected: Vec<_> = accounts.iter().flat_map(|&account| store.transfers(account).unwrap()).collect();
    expected.retain(|of| of.token == TOKEN && !of.amount.is_zero());
    expected.sort_by_key(|of| (of.block.number, of.log_index));
    expected.dedup();
    expected.reverse();
    assert!(expected.len() > 20, "{}", expected.len());
    for limit in [1, 3, 100] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = store.transfer_page(&TransferQuery { limit, before, ..all.clone() }).unwrap();
            assert_eq!(page.ranges, store.ranges().unwrap());
            assert_eq!(page.moment, store.moment().unwrap());
            let Some(last) = page.transfers.last() else { break };
            before = Some(TransferMark { block: last.transfer.block.number, log_index: last.transfer.log_index });
            for placed in &page.transfers {
                let block = placed.transfer.block;
                assert_eq!(placed.time, 1_800_000_000 + 12 * block.number);
                assert!(page.beside.transfers.contains(&placed.transfer));
                let logs = store.logs(vaults[0]).unwrap();
                let due = logs.iter().filter(|log| log.block_hash == block.hash).count();
                assert_eq!(page.beside.logs.iter().filter(|log| log.block_hash == block.hash).count(), due);
                let used = store.authorizations(purses[0]).unwrap();
                let due: Vec<_> = used.iter().filter(|used| used.block == block).collect();
                assert_eq!(
                    page.beside.authorizations.iter().filter(|used| used.block == block).collect::<Vec<_>>(),
                    due
                );
            }
            found.extend(page.transfers.into_iter().map(|placed| placed.transfer));
            assert_eq!(page.more, found.len() < expected.len(), "pages of {limit}");
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
    let by = |query: TransferQuery| store.transfer_page(&query).unwrap().transfers;
    let out = by(TransferQuery { accounts: vec![purses[0]], outgoing: true, ..all.clone() });
    assert!(out.len() == 6 && out.iter().all(|placed| placed.transfer.to == SELLER));
    let time = out[3].time;
    let later = by(TransferQuery { accounts: vec![purses[0]], outgoing: true, from: Some(time), ..all.clone() });
    let earlier = by(TransferQuery { accounts: vec![purses[0]], outgoing: true, until: Some(time), ..all.clone() });
    assert_eq!((later.len(), earlier.len()), (4, 2));
    assert_eq!(by(TransferQuery { accounts: vec![purses[0]], tokens: vec![OTHER_TOKEN], ..all.clone() }).len(), 6);
    assert!(by(TransferQuery { tokens: Vec::new(), ..all.clone() }).is_empty());
    assert!(by(TransferQuery { accounts: Vec::new(), ..all }).is_empty());
}

async fn an_altered_purse_is_found(db: Database) {
    let (chain, ..) = chain();
    let place = db.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    place.change("UPDATE purses SET category = category + 1");
    let error = place.open().purses().unwrap_err();
    assert!(matches!(error, StoreError::ColumnAltered { column: "purse", .. }), "{error}");
}

/// An index of an older program lacks what tokens say: it begins anew, and nobody has to say so.
async fn an_older_index_begins_anew(db: Database) {
    let (chain, ..) = chain();
    let place = db.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    place.age();
    place.change(
        "DROP TABLE states; DROP TABLE purses; DROP VIEW payments; DROP TABLE transfers; DROP TABLE authorizations;",
    );
    place.change("CREATE TABLE payments (block INTEGER)");
    place.change(match db {
        Database::Sqlite => "PRAGMA user_version = 3",
        Database::Postgres => "UPDATE pursestrings_index SET version = 2",
    });
    let store = place.open();
    assert_eq!(store.extent().unwrap(), Extent::default());
    assert!(store.vaults().unwrap().is_empty());
    let mut indexer = chain.indexer(store);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// An index in which a payment was a row beside its log has all that it needs: it goes on, nothing is fetched again.
async fn an_index_with_rows_of_payments_is_carried_over(db: Database) {
    let (chain, ..) = chain();
    let place = db.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    place.age();
    place.change("DROP TABLE states; DROP VIEW payments; CREATE TABLE payments (block INTEGER)");
    place.change(match db {
        Database::Sqlite => "PRAGMA user_version = 4",
        Database::Postgres => "UPDATE pursestrings_index SET version = 4",
    });
    assert_eq!(contents(&*place.open()), rebuilt(&chain).await);
}

/// An index in which a block was its hash, orphans among them: nothing is lost, and it goes on, also back to what was orphaned.
async fn an_index_that_knew_blocks_by_their_hashes_is_carried_over(db: Database) {
    let (chain, [vault, _], _) = chain();
    let place = db.place();
    chain.state().events(vault, 3);
    let mut indexer = chain.indexer(place.open());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let saved = chain.state().save();
    chain.state().undo(1);
    chain.state().events(vault, 4);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let orphaned = indexer.store().orphaned_logs(vault).unwrap();
    assert!(!orphaned.is_empty());
    drop(indexer);
    place.age();
    let store = place.open();
    assert_eq!(contents(&*store), rebuilt(&chain).await);
    assert_eq!(store.orphaned_logs(vault).unwrap(), orphaned);
    chain.state().restore(&saved);
    chain.state().events(vault, 1);
    let mut indexer = chain.indexer(store);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

on_both! {
    an_index_that_knew_blocks_by_their_hashes_is_carried_over,
    an_older_index_begins_anew,
    an_index_with_rows_of_payments_is_carried_over,
    what_moves_is_there_once_from_the_block_on_that_names_the_account,
    the_rows_do_not_depend_on_how_they_were_asked_for,
    no_other_traffic_of_a_token_is_asked_for,
    a_purse_of_a_vault_created_in_the_same_range_is_found,
    a_reorganisation_takes_movements_back_and_keeps_what_it_orphaned,
    movements_that_come_back_changed_are_refused,
    a_dropped_transfer_is_there_where_it_is_proven,
    transfers_are_read_a_page_at_a_time,
    an_altered_purse_is_found,
}
