#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use crate::x402::Version;
use purse_protocol::MoneyMoved;
use std::os::unix::fs::PermissionsExt;

const VAULT: Address = Address::repeat_byte(1);
const PURSE: Address = Address::repeat_byte(2);
const FUNDS: Funds = Funds { balance: 100, block: 10, time: 1_000 };

struct Desk {
    journal: Journal,
    home: tempfile::TempDir,
}

fn desk() -> Desk {
    let home = tempfile::tempdir().unwrap();
    let journal = open(&home).unwrap();
    Desk { journal, home }
}

fn open(home: &tempfile::TempDir) -> Result<Journal, JournalError> {
    Journal::open(&home.path().join("a.session.journal"), 31_337, VAULT, 1)
}

fn id(text: &str) -> PurchaseId {
    text.parse().unwrap()
}

fn new(purchase: &str, amount: u128) -> NewPurchase {
    let purchase = id(purchase);
    NewPurchase {
        nonce: purchase.nonce(1, B256::repeat_byte(7), 0),
        purchase,
        derived: false,
        request: B256::repeat_byte(3),
        headers: B256::repeat_byte(8),
        method: "GET".to_owned(),
        url: "https://api.example/x".to_owned(),
        reason: "forecast".to_owned(),
        reference: B256::repeat_byte(4),
        version: Version::V2,
        purse: PURSE,
        token: Address::repeat_byte(5),
        payee: Address::repeat_byte(6),
        category: 1,
        amount,
        valid_before: 1_120,
    }
}

fn settlement(block: u64) -> Settlement {
    Settlement { transaction: Some(B256::repeat_byte(9)), block: Some(block), moved: None, reconciled: false }
}

#[test]
fn a_purchase_goes_its_way_and_is_read_back() {
    let desk = desk();
    let (journal, one) = (&desk.journal, id("one"));
    assert_eq!(journal.find(&one).unwrap(), None);
    journal.reserve(&new("one", 40), FUNDS, 5).unwrap().unwrap();
    let row = journal.find(&one).unwrap().unwrap();
    assert_eq!((row.state, row.bought, row.created, row.reserved_block), (State::Reserved, new("one", 40), 5, 10));
    journal.signed(&one, "header", 6).unwrap();
    journal.sent(&one, 7).unwrap();
    journal.settled(&one, settlement(12), 8).unwrap();
    let answer = Answer { status: 200, content_type: Some("text/plain".to_owned()), body: Some(b"x".to_vec()) };
    journal.answered(&one, &answer, 9).unwrap();
    let row = open(&desk.home).unwrap().find(&one).unwrap().unwrap();
    assert_eq!(
        (row.state, row.header.as_deref(), row.block, row.updated),
        (State::Settled, Some("header"), Some(12), 9)
    );
    assert_eq!((row.transaction, row.answer, row.reconciled), (Some(B256::repeat_byte(9)), Some(answer), false));
    let mode = std::fs::metadata(journal.path()).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
}

#[test]
fn no_step_is_left_out_and_none_is_taken_back() {
    let desk = desk();
    let (journal, one) = (&desk.journal, id("one"));
    assert_eq!(journal.signed(&one, "header", 1).unwrap_err().code(), "PurchaseUnderWay", "it is not there");
    journal.reserve(&new("one", 40), FUNDS, 5).unwrap().unwrap();
    assert!(journal.sent(&one, 6).is_err(), "not signed yet");
    assert!(journal.reserve(&new("one", 40), FUNDS, 6).is_err(), "one purchase, one row");
    journal.signed(&one, "header", 6).unwrap();
    assert!(journal.signed(&one, "another", 6).is_err(), "signed once");
    journal.sent(&one, 6).unwrap();
    let why = PaymentRefusal::new("SellerSilent", "no answer").money(MoneyMoved::Unknown);
    journal.unknown(&one, &why, 7).unwrap();
    assert_eq!(journal.find(&one).unwrap().unwrap().refusal, Some(why.clone()));
    journal.sent(&one, 8).unwrap();
    journal.settled(&one, settlement(12), 9).unwrap();
    assert!(journal.refused(&one, &why, false, 9).is_err() && journal.unknown(&one, &why, 9).is_err());
    assert!(journal.reserve(&new("one", 40), FUNDS, 9).is_err(), "paid once");
}

#[test]
fn what_was_refused_may_start_anew() {
    let desk = desk();
    let (journal, one) = (&desk.journal, id("one"));
    journal.reserve(&new("one", 40), FUNDS, 5).unwrap().unwrap();
    let why = PaymentRefusal::new("Abandoned", "its process ended");
    journal.refused(&one, &why, true, 6).unwrap();
    journal.reserve(&NewPurchase { valid_before: 2_000, ..new("one", 50) }, FUNDS, 7).unwrap().unwrap();
    let row = journal.find(&one).unwrap().unwrap();
    assert_eq!((row.bought.amount, row.state, row.refusal, row.reconciled), (50, State::Reserved, None, false));
    assert_eq!(row.bought.nonce, new("one", 1).nonce, "under the same nonce");
}

/// What a reorganisation takes away is under way again, and what it brings back is paid; until neither can be.
#[test]
fn what_is_not_final_is_looked_at_again() {
    let desk = desk();
    let (journal, one) = (&desk.journal, id("one"));
    journal.reserve(&new("one", 40), FUNDS, 5).unwrap().unwrap();
    journal.signed(&one, "header", 6).unwrap();
    assert!(journal.not_final().unwrap().is_empty(), "nothing is decided");
    journal.settled(&one, settlement(12), 7).unwrap();
    assert_eq!(journal.not_final().unwrap().len(), 1);
    let why = PaymentRefusal::new("PaymentUndone", "a reorganisation").money(MoneyMoved::Unknown);
    journal.undone(&one, State::Unknown, &why, 8).unwrap();
    let row = journal.find(&one).unwrap().unwrap();
    assert_eq!((row.state, row.transaction, row.block, row.refusal), (State::Unknown, None, None, Some(why.clone())));
    assert!(journal.not_final().unwrap().is_empty() && journal.under_way().unwrap().len() == 1);
    journal.refused(&one, &why, true, 9).unwrap();
    let moved = Settlement { moved: Some((Address::repeat_byte(8), 7)), ..settlement(13) };
    journal.settled(&one, moved, 10).unwrap();
    let row = journal.find(&one).unwrap().unwrap();
    assert_eq!((row.state, row.bought.payee, row.bought.amount), (State::Settled, Address::repeat_byte(8), 7));
    journal.settled(&one, Settlement::default(), 11).unwrap();
    let row = journal.find(&one).unwrap().unwrap();
    assert_eq!(
        (row.transaction, row.block),
        (settlement(13).transaction, Some(13)),
        "a node that is silent takes nothing back"
    );
    journal.now_final(&one).unwrap();
    assert!(journal.not_final().unwrap().is_empty() && journal.find(&one).unwrap().unwrap().is_final);
}

/// Money in flight is held until a balance shows what became of it, and not longer.
#[test]
fn purchases_under_way_hold_their_price() {
    let desk = desk();
    let journal = &desk.journal;
    journal.reserve(&new("one", 40), FUNDS, 5).unwrap().unwrap();
    journal.reserve(&new("two", 60), FUNDS, 5).unwrap().unwrap();
    let short = NotReserved::Short(Short { available: 0, held: 100 });
    assert_eq!(journal.reserve(&new("three", 1), FUNDS, 5).unwrap(), Err(short));
    // paid in block 12: a balance of block 11 still shows the money, one of block 12 does not
    journal.signed(&id("one"), "header", 6).unwrap();
    journal.sent(&id("one"), 6).unwrap();
    journal.settled(&id("one"), settlement(12), 7).unwrap();
    assert_eq!(journal.held(PURSE, Funds { block: 11, ..FUNDS }).unwrap(), 100);
    assert_eq!(journal.held(PURSE, Funds { block: 12, balance: 60, ..FUNDS }).unwrap(), 60);
    // over at 1,120
    assert_eq!(journal.held(PURSE, Funds { block: 12, time: 1_119, ..FUNDS }).unwrap(), 60);
    assert_eq!(journal.held(PURSE, Funds { block: 12, time: 1_120, ..FUNDS }).unwrap(), 0);
    assert_eq!(journal.held(VAULT, FUNDS).unwrap(), 0, "another purse");
    journal.refused(&id("two"), &PaymentRefusal::new("X", "y"), false, 8).unwrap();
    assert_eq!(journal.held(PURSE, FUNDS).unwrap(), 40, "refused: it holds nothing");
}

/// Eight processes with a journal of their own connection promise no more than there is.
#[test]
fn many_at_once_promise_no_more_than_there_is() {
    let desk = desk();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let journal = open(&desk.home).unwrap();
            std::thread::spawn(move || {
                let reserve = |n| journal.reserve(&new(&format!("{thread}-{n}"), 7), FUNDS, 5).unwrap().is_ok();
                (0..10).filter(|n| reserve(*n)).count()
            })
        })
        .collect();
    let reserved: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(reserved, 14, "14 times 7 is 98 of 100");
    assert_eq!(desk.journal.under_way().unwrap().len(), 14);
}

#[test]
fn retries_of_a_request_find_what_is_under_way() {
    let desk = desk();
    let journal = &desk.journal;
    journal.reserve(&new("named", 10), FUNDS, 5).unwrap().unwrap();
    let like = |request, headers, now| {
        let hashes = (B256::repeat_byte(request), B256::repeat_byte(headers));
        journal.unfinished_like(hashes.0, hashes.1, now).unwrap().map(|left| left.bought.purchase)
    };
    assert_eq!(like(3, 8, 0), None, "its id was the caller's");
    journal.reserve(&NewPurchase { derived: true, ..new("auto-1", 10) }, FUNDS, 5).unwrap().unwrap();
    assert_eq!(like(3, 8, 0), Some(id("auto-1")));
    assert_eq!(like(4, 8, 0), None);
    assert_eq!(like(3, 9, 0), None, "asked with other headers");
    journal.signed(&id("auto-1"), "header", 6).unwrap();
    journal.settled(&id("auto-1"), settlement(12), 6).unwrap();
    assert!(like(3, 8, 0).is_some(), "paid, and not delivered");
    journal.answered(&id("auto-1"), &Answer { status: 200, content_type: None, body: None }, 7).unwrap();
    assert!(like(3, 8, 0).is_some(), "kept, but nobody has it");
    let late = 5 + REMINDED_FOR;
    assert!(like(3, 8, late - 1).is_some(), "within the hour");
    assert_eq!(like(3, 8, late), None, "a seller that never serves blocks nothing");
    journal.handed_over(&id("auto-1"), 7).unwrap();
    assert_eq!(like(3, 8, 0), None, "delivered: that purchase is over");
    assert_eq!(journal.list(10).unwrap().len(), 2);
    assert_eq!(journal.list(1).unwrap()[0].bought.purchase, id("auto-1"), "the newest first");
}

#[test]
fn other_files_are_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.session.journal");
    std::fs::write(&path, "something else, long enough to be looked at as a database by its first bytes").unwrap();
    assert_eq!(open(&home).unwrap_err().code(), "JournalUnusable");
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    assert_eq!(open(&home).unwrap_err().code(), "JournalUnusable");
    std::fs::remove_file(&path).unwrap();
    open(&home).unwrap();
    let error = Journal::open(&path, 31_337, VAULT, 2).unwrap_err();
    assert!(error.to_string().contains("another session"), "{error}");
}

/// Safety 3.4: what was bought within 24 hours counts from when it was reserved, unless it was refused; the same in every
/// process.
#[test]
fn a_day_holds_no_more_than_its_cap() {
    let desk = desk();
    let journal = open(&desk.home).unwrap().at_most_a_day(Some(50));
    let funds = Funds { balance: 1_000, ..FUNDS };
    let (start, day) = (100_000, 86_400);
    journal.reserve(&new("one", 30), funds, start).unwrap().unwrap();
    desk.journal.reserve(&new("two", 10), funds, start + 10).unwrap().unwrap();
    let full = |fits_at| DayFull { cap: 50, spent: 40, fits_at };
    let refused = |amount, now| journal.reserve(&new("three", amount), funds, now).unwrap().unwrap_err();
    assert_eq!(refused(11, start + 20), NotReserved::DayFull(full(Some(start + day))));
    assert_eq!(refused(41, start + 20), NotReserved::DayFull(full(Some(start + 10 + day))));
    assert_eq!(refused(51, start + 20), NotReserved::DayFull(full(None)));
    assert_eq!(refused(11, start + day - 1), NotReserved::DayFull(full(Some(start + day))));
    assert_eq!(refused(11, start - 5_000), NotReserved::DayFull(full(Some(start + day))), "a clock that was put back");
    assert_eq!(journal.day_full(10, start + 20).unwrap(), None);
    assert_eq!(journal.spent_in_a_day(start + 20).unwrap(), 40);
    assert_eq!(journal.spent_in_a_day(start + day).unwrap(), 10);
    journal.reserve(&new("last", 10), funds, start + 20).unwrap().unwrap();
    assert!(journal.day_full(1, start + 20).unwrap().is_some());
    journal.refused(&id("two"), &PaymentRefusal::new("X", "y"), false, start + 30).unwrap();
    assert_eq!(journal.day_full(10, start + 30).unwrap(), None, "what was refused cost nothing");
    assert_eq!(journal.day_full(40, start + day).unwrap(), None, "a day later");
    assert_eq!(desk.journal.day_full(1_000, start + 30).unwrap(), None, "uncapped");
}
