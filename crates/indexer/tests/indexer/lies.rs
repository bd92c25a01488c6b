//! A node that lies, through its transport: the right result or a loud stop, never silently something else.

use crate::chain::{Contents, FACTORY, FakeChain, TOKEN, contents, rebuilt};
use crate::database::{Database, on_both};
use crate::node::{Answer, Lie, Node};
use alloy::consensus::EMPTY_ROOT_HASH;
use alloy::primitives::{Address, B256, Bloom, U256};
use alloy::sol_types::SolEvent;
use purse_indexer::{IndexError, Store, Truth};
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use serde_json::{Value, json};

/// What must come of a lie.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Due {
    /// It changes nothing: the index is right at once.
    Right,
    /// The index stops, and says why.
    Stop,
}

use Due::{Right, Stop};

/// A lie in words, what must come of it, and the lie.
type Told = (&'static str, Due, Lie);

/// 3 + 60 events of one vault and 3 + 30 of another, far below the head and near it.
fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let mut state = chain.state();
    let vaults = [state.create_vault(1), state.create_vault(2)];
    let purse = state.open_purse(vaults[1]);
    for round in 0..30 {
        state.events(vaults[0], 2);
        state.events(vaults[1], 1);
        state.mine(1);
        state.purchase(purse, round + 1);
        state.transfer(vaults[0], purse, round + 1);
    }
    drop(state);
    (chain, vaults[0])
}

/// Changes the list of logs in every answer.
fn logs(mut change: impl FnMut(&mut Vec<Value>) + Send + 'static) -> Lie {
    Box::new(move |method, _, answer| {
        if method == "eth_getLogs"
            && let Answer::Result(Value::Array(logs)) = answer
        {
            change(logs);
        }
    })
}

/// Changes every log of the vault with that number.
fn one(vault: Address, number: u64, change: impl Fn(&mut Value) + Send + 'static) -> Lie {
    logs(move |logs| logs.iter_mut().filter(|log| is(log, vault, number)).for_each(&change))
}

fn is(log: &Value, vault: Address, number: u64) -> bool {
    log["address"] == json!(vault) && log["data"].as_str().is_some_and(|data| data.ends_with(&format!("{number:064x}")))
}

/// Changes every answer to one method.
fn method(name: &'static str, mut change: impl FnMut(&Value, &mut Answer) + Send + 'static) -> Lie {
    Box::new(move |method, params, answer| {
        if method == name {
            change(params, answer);
        }
    })
}

/// Changes the answers about blocks that are asked for by number.
fn blocks(mut change: impl FnMut(u64, &mut Answer) + Send + 'static) -> Lie {
    method("eth_getBlockByNumber", move |params, answer| {
        let number = params[0].as_str().and_then(|text| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok());
        if let Some(number) = number {
            change(number, answer);
        }
    })
}

fn field(number: u64, name: &'static str, value: Value) -> Lie {
    blocks(move |asked, answer| {
        if let (true, Answer::Result(block)) = (asked == number, answer) {
            block[name] = value.clone();
        }
    })
}

/// An answer to the first so many questions of a method.
fn at_first(name: &'static str, mut times: u32, answer: Answer) -> Lie {
    method(name, move |_, given| {
        if times > 0 {
            times -= 1;
            *given = answer.clone();
        }
    })
}

fn always(name: &'static str, answer: Answer) -> Lie {
    method(name, move |_, given| *given = answer.clone())
}

/// Lies about logs.
fn about_logs(vault: Address, chain: &FakeChain) -> Vec<Told> {
    let head = chain.state().head().number;
    vec![
        ("one dropped", Stop, logs(move |logs| logs.retain(|log| !is(log, vault, 20)))),
        ("the last dropped", Stop, logs(move |logs| logs.retain(|log| !is(log, vault, 63)))),
        ("all of a vault dropped", Stop, logs(move |logs| logs.retain(|log| log["address"] != json!(vault)))),
        ("a vault's beginning dropped", Stop, logs(move |logs| logs.retain(|log| !is(log, vault, 1)))),
        ("empty answers, but for the factory", Stop, logs(|logs| logs.retain(|log| log["address"] == json!(FACTORY)))),
        ("capped without a word", Stop, logs(|logs| logs.truncate(25))),
        ("only the first half of a range", Stop, logs(|logs| logs.truncate(logs.len().div_ceil(2)))),
        ("one twice", Stop, logs(|logs| logs.extend(logs.first().cloned()))),
        ("in another order", Right, logs(|logs| logs.reverse())),
        (
            "two in each other's place",
            Stop,
            logs(move |logs| {
                let at = |number| logs.iter().position(|log| is(log, vault, number));
                if let (Some(a), Some(b)) = (at(20), at(21)) {
                    let (first, second) = (logs[a]["logIndex"].clone(), logs[b]["logIndex"].clone());
                    (logs[a]["logIndex"], logs[b]["logIndex"]) = (second, first);
                }
            }),
        ),
        (
            "one added at the end",
            Stop,
            logs(move |logs| {
                if let Some(mut forged) = logs.iter().find(|log| is(log, vault, 63)).cloned() {
                    forged["logIndex"] = json!("0x9");
                    let data = forged["data"].as_str().unwrap();
                    forged["data"] = json!(format!("{}40", &data[..data.len() - 2]));
                    logs.push(forged);
                }
            }),
        ),
        ("altered data", Stop, one(vault, 21, |log| flip(&mut log["data"], 10))),
        ("altered topic", Stop, one(vault, 21, |log| flip(&mut log["topics"][1], 60))),
        ("another event", Stop, one(vault, 20, |log| flip(&mut log["topics"][0], 60))),
        ("altered number", Stop, one(vault, 20, |log| flip(&mut log["data"], 4))),
        ("cut data", Stop, one(vault, 20, |log| log["data"] = json!("0x"))),
        ("another contract's", Stop, one(vault, 20, |log| log["address"] = json!(Address::repeat_byte(9)))),
        ("another hash of its block", Stop, one(vault, 20, |log| log["blockHash"] = json!(B256::repeat_byte(9)))),
        ("another block's number", Stop, one(vault, 20, |log| log["blockNumber"] = json!("0x3"))),
        ("beyond the range", Stop, one(vault, 20, move |log| log["blockNumber"] = json!(format!("{:#x}", head + 5)))),
        ("of the pending block", Stop, one(vault, 20, |log| log["blockNumber"] = Value::Null)),
        ("marked as removed", Stop, one(vault, 20, |log| log["removed"] = json!(true))),
        ("no list", Stop, always("eth_getLogs", Answer::Result(json!({})))),
        ("null", Stop, always("eth_getLogs", Answer::Result(Value::Null))),
        (
            "a vault at an address that it cannot have",
            Stop,
            logs(|logs| {
                for log in logs.iter_mut().filter(|log| log["address"] == json!(FACTORY)) {
                    log["topics"][1] = json!(Address::repeat_byte(0xee).into_word());
                }
            }),
        ),
    ]
}

/// Lies about what tokens logged, where everything is to be proven from receipts or comes from log queries.
fn about_movements(vault: Address, chain: &FakeChain) -> Vec<Told> {
    let head = chain.state().head().number;
    let out = move |log: &Value| log["address"] == json!(TOKEN) && log["topics"][1] == json!(vault.into_word());
    let every = move |change: fn(&mut Value)| logs(move |logs| logs.iter_mut().filter(|log| out(log)).for_each(change));
    vec![
        (
            "a stranger's transfer added",
            Stop,
            logs(move |logs| {
                if let Some(mut forged) = logs.iter().find(|log| out(log)).cloned() {
                    forged["topics"][1] = json!(Address::repeat_byte(0x31).into_word());
                    forged["topics"][2] = json!(Address::repeat_byte(0x32).into_word());
                    forged["logIndex"] = json!("0x99");
                    logs.push(forged);
                }
            }),
        ),
        ("another event of the token added", Stop, every(|log| log["topics"][0] = json!(B256::repeat_byte(7)))),
        ("the giver altered", Stop, every(|log| flip(&mut log["topics"][1], 60))),
        ("a transfer with a topic too few", Stop, every(|log| drop(log["topics"].as_array_mut().unwrap().drain(1..)))),
        ("another transaction's", Stop, every(|log| flip(&mut log["transactionHash"], 60))),
        ("another hash of its block", Stop, every(|log| log["blockHash"] = json!(B256::repeat_byte(9)))),
        ("in an event's place", Stop, every(|log| log["logIndex"] = json!("0x0"))),
        (
            "one twice in an answer",
            Stop,
            logs(move |logs| {
                let again = logs.iter().find(|log| out(log)).cloned();
                logs.extend(again);
            }),
        ),
        (
            "two answers that differ",
            Stop,
            method("eth_getLogs", move |params, answer| {
                // A movement between two accounts is asked for twice: from one, and to the other.
                if let (true, Answer::Result(Value::Array(logs))) = (params[0]["topics"][2].is_array(), answer) {
                    logs.iter_mut().filter(|log| out(log)).for_each(|log| flip(&mut log["data"], 60));
                }
            }),
        ),
        (
            "beyond the range",
            Stop,
            logs(move |logs| {
                let beyond = json!(format!("{:#x}", head + 5));
                logs.iter_mut().filter(|log| out(log)).for_each(|log| log["blockNumber"] = beyond.clone());
            }),
        ),
    ]
}

/// Lies about tokens that only receipts can show: without them the range is not called proven.
fn that_only_receipts_show(vault: Address) -> Vec<(&'static str, Lie)> {
    let out = move |log: &Value| log["address"] == json!(TOKEN) && log["topics"][1] == json!(vault.into_word());
    vec![
        ("a transfer dropped", logs(move |logs| logs.retain(|log| !out(log)))),
        (
            "an amount altered",
            logs(move |logs| logs.iter_mut().filter(|log| out(log)).for_each(|log| flip(&mut log["data"], 60))),
        ),
        (
            "a transfer that never was",
            logs(move |logs| {
                if let Some(mut forged) = logs.iter().rfind(|log| out(log)).cloned() {
                    forged["logIndex"] = json!("0x99");
                    logs.push(forged);
                }
            }),
        ),
        (
            "an authorization dropped",
            logs(|logs| logs.retain(|log| log["topics"][0] != json!(AuthorizationUsed::SIGNATURE_HASH))),
        ),
    ]
}

/// In receipts each of them stops the index; in log queries it changes nothing where everything is proven; and where nothing
/// is, no range that holds the lie is called proven.
async fn lies_that_only_receipts_show(db: Database) {
    let (chain, vault) = chain();
    let truth = rebuilt(&chain).await;
    let count = that_only_receipts_show(vault).len();
    for which in 0..count {
        let (what, lie) = that_only_receipts_show(vault).swap_remove(which);
        let node = Node::new(chain.clone());
        node.lies(Some(lie));
        let mut claimed = node.indexer(db.fresh());
        claimed.sync_to_head(|_| {}).await.unwrap();
        assert_ne!(contents(claimed.store()), truth, "{what} is a lie");
        assert!(claimed.store().ranges().unwrap().iter().all(|range| range.truth < Truth::Proven), "{what}");
        let mut proven = node.indexer(db.fresh()).with_truth(Truth::Proven);
        proven.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(proven.store()), truth, "{what}");
        // The same, in the receipts.
        let (_, mut lie) = that_only_receipts_show(vault).swap_remove(which);
        node.lies(Some(method("eth_getBlockReceipts", move |params, answer| {
            let Answer::Result(Value::Array(receipts)) = answer else { return };
            for receipt in receipts {
                let mut logs = Answer::Result(receipt["logs"].take());
                lie("eth_getLogs", params, &mut logs);
                if let Answer::Result(logs) = logs {
                    receipt["logs"] = logs;
                }
            }
        })));
        let mut proven = node.indexer(db.fresh()).with_truth(Truth::Proven);
        let error = proven.sync_to_head(|_| {}).await.unwrap_err();
        assert!(matches!(error, IndexError::ReceiptsForged { .. }), "{what}: {error}");
    }
}

/// Lies about blocks, vaults and the chain; failures.
fn about_the_rest(vault: Address, chain: &FakeChain) -> Vec<Told> {
    let head = chain.state().head().number;
    let mut turn = 0;
    let finalized = |number: Value| -> Lie {
        method("eth_getBlockByNumber", move |params, answer| {
            if let (Some("finalized"), Answer::Result(block)) = (params[0].as_str(), answer) {
                block["number"] = number.clone();
            }
        })
    };
    vec![
        ("another chain", Stop, always("eth_chainId", Answer::Result(json!("0x1")))),
        ("no factory", Stop, always("eth_getCode", Answer::Result(json!("0x")))),
        (
            "a block it does not have",
            Stop,
            blocks(move |number, answer| {
                if number == head - 10 {
                    *answer = Answer::Result(Value::Null);
                }
            }),
        ),
        ("another block than asked for", Stop, field(head - 10, "number", json!("0x1"))),
        ("another parent", Stop, field(head - 10, "parentHash", json!(B256::repeat_byte(9)))),
        ("another hash", Stop, field(head - 10, "hash", json!(B256::repeat_byte(9)))),
        ("a block older than its parent", Stop, field(head - 10, "timestamp", json!("0x1"))),
        ("a block without a field", Stop, field(head - 10, "parentHash", Value::Null)),
        (
            "two back-ends, one of another chain",
            Stop,
            blocks(move |number, answer| {
                turn += 1;
                if let (true, Answer::Result(block)) = (turn % 2 == 0 && number > 20, answer) {
                    flip(&mut block["hash"], 60);
                    flip(&mut block["parentHash"], 60);
                }
            }),
        ),
        ("final beyond the head", Right, finalized(json!(format!("{:#x}", head + 1_000)))),
        ("nothing final yet", Right, finalized(json!("0x0"))),
        (
            "no final block known",
            Right,
            method("eth_getBlockByNumber", |params, answer| {
                if params[0] == json!("finalized") {
                    *answer = Answer::Error(-39_001, "Unknown block");
                }
            }),
        ),
        ("no state to ask", Right, always("eth_call", Answer::Error(-32_000, "missing trie node"))),
        ("no vault where it was", Stop, always("eth_call", Answer::Result(json!("0x")))),
        (
            "another running hash",
            Stop,
            method("eth_call", move |params, answer| {
                if let (true, Answer::Result(head)) = (params[0]["to"] == json!(vault), answer) {
                    flip(head, 120);
                }
            }),
        ),
        ("an error with status 200", Stop, always("eth_getLogs", Answer::Error(-32_603, "internal error"))),
        ("a page", Stop, always("eth_getLogs", Answer::Page)),
        ("a page now and then", Stop, at_first("eth_getBlockByNumber", 3, Answer::Page)),
        ("always away", Stop, always("eth_getLogs", Answer::Status(502))),
        ("away for a while", Right, at_first("eth_getLogs", 3, Answer::Status(503))),
        ("asked too often for a while", Right, at_first("eth_getLogs", 3, Answer::Status(429))),
        ("asked too often, in words", Right, at_first("eth_getLogs", 3, Answer::Error(-32_005, "rate limit exceeded"))),
        ("always asked too often", Stop, always("eth_getLogs", Answer::Error(429, "Too Many Requests"))),
        ("never small enough", Stop, always("eth_getLogs", Answer::Error(-32_005, "block range too large"))),
        (
            "small ranges only",
            Right,
            method("eth_getLogs", |params, answer| {
                let number =
                    |field: &str| params[0][field].as_str().map(|text| U256::from_str_radix(&text[2..], 16).unwrap());
                if let (Some(from), Some(to)) = (number("fromBlock"), number("toBlock"))
                    && to - from > U256::from(5)
                {
                    *answer = Answer::Status(413);
                }
            }),
        ),
    ]
}

/// Flips a bit of a hexadecimal digit.
fn flip(value: &mut Value, digit: usize) {
    let mut text = value.as_str().unwrap().to_owned();
    let old = u8::from_str_radix(&text[digit..=digit], 16).unwrap();
    text.replace_range(digit..=digit, &format!("{:x}", old ^ 1));
    *value = json!(text);
}

/// Changes all receipts of a block.
type Edit = Box<dyn FnMut(&mut Vec<Value>) + Send>;

/// Lies about what headers commit to, where everything is to be proven.
fn about_proofs(vault: Address, _: &FakeChain) -> Vec<Told> {
    let receipts = |mut change: Edit| -> Lie {
        method("eth_getBlockReceipts", move |_, answer| {
            if let Answer::Result(Value::Array(receipts)) = answer {
                change(receipts);
            }
        })
    };
    let in_one = |change: fn(&mut Vec<Value>, usize)| -> Lie {
        receipts(Box::new(move |receipts| {
            for receipt in receipts {
                let logs = receipt["logs"].as_array_mut().unwrap();
                if let Some(at) = logs.iter().position(|log| is(log, vault, 20)) {
                    change(logs, at);
                }
            }
        }))
    };
    vec![
        ("a receipt without one log", Stop, in_one(|logs, at| drop(logs.remove(at)))),
        ("a receipt with an altered log", Stop, in_one(|logs, at| flip(&mut logs[at]["data"], 10))),
        ("a receipt with one log twice", Stop, in_one(|logs, at| logs.push(logs[at].clone()))),
        ("a receipt with another's log", Stop, in_one(|logs, at| logs[at]["address"] = json!(Address::repeat_byte(9)))),
        (
            "a failed transaction",
            Stop,
            receipts(Box::new(|all| all.iter_mut().for_each(|one| one["status"] = json!("0x0")))),
        ),
        ("another type", Stop, receipts(Box::new(|all| all.iter_mut().for_each(|one| one["type"] = json!("0x1"))))),
        ("no receipts", Stop, receipts(Box::new(Vec::clear))),
        ("a receipt too many", Stop, receipts(Box::new(|all| all.extend(all.first().cloned())))),
        ("receipts of no such block", Stop, always("eth_getBlockReceipts", Answer::Result(Value::Null))),
        (
            "receipts that it does not serve",
            Stop,
            always("eth_getBlockReceipts", Answer::Error(-32_601, "method not found")),
        ),
        ("an empty bloom", Stop, field(18, "logsBloom", json!(Bloom::ZERO))),
        ("a full bloom", Stop, field(18, "logsBloom", json!(Bloom::repeat_byte(0xff)))),
        ("a wrong root", Stop, field(18, "receiptsRoot", json!(B256::repeat_byte(9)))),
        ("the root of no receipts", Stop, field(18, "receiptsRoot", json!(EMPTY_ROOT_HASH))),
        ("logs dropped from the other answers", Right, logs(Vec::clear)),
    ]
}

async fn tell(db: Database, lies: fn(Address, &FakeChain) -> Vec<Told>) {
    tell_under(db, Truth::Claimed, lies).await;
}

async fn tell_under(db: Database, asked: Truth, lies: fn(Address, &FakeChain) -> Vec<Told>) {
    let (chain, vault) = chain();
    let truth = rebuilt(&chain).await;
    for (what, due, lie) in lies(vault, &chain) {
        let node = Node::new(chain.clone());
        node.lies(Some(lie));
        let mut indexer = node.indexer(db.fresh()).with_truth(asked);
        match indexer.sync_to_head(|_| {}).await {
            Ok(synced) => {
                assert_eq!(due, Right, "{what} went by: {synced:?}");
                assert_eq!(contents(indexer.store()), truth, "{what}");
            }
            Err(error) => {
                assert_eq!(due, Stop, "{what}: {error}");
                assert!(!error.fix().is_empty() && !error.to_string().is_empty(), "{what}");
                assert!(!is_whole(indexer.store(), &truth), "{what}: {error}, though nothing is wrong");
            }
        }
    }
}

/// Headers come in batches where the node takes them. Where it does not, it is asked one by one, and the index is the same.
async fn a_node_that_takes_no_batches(db: Database) {
    let (chain, _) = chain();
    let truth = rebuilt(&chain).await;
    for (declines, asked) in [(false, Truth::Claimed), (true, Truth::Claimed), (true, Truth::Linked)] {
        let node = Node::new(chain.clone());
        let node = if declines { node.declining_batches() } else { node };
        let mut indexer = node.indexer(db.fresh()).with_truth(asked);
        assert!(indexer.sync_to_head(|_| {}).await.unwrap().confirmed);
        assert_eq!(contents(indexer.store()), truth, "declines: {declines}, {asked}");
        assert!(node.batches() > 0, "a batch is tried");
    }
}

/// Whether an index claims to be complete and confirmed.
fn is_whole(store: &dyn Store, truth: &Contents) -> bool {
    let extent = store.extent().unwrap();
    extent.cursor == truth.0 && extent.cursor.is_some_and(|cursor| cursor.number == extent.confirmed)
}

async fn lies_about_logs(db: Database) {
    tell(db, about_logs).await;
}

async fn lies_about_movements(db: Database) {
    tell(db, about_movements).await;
}

async fn lies_about_the_rest(db: Database) {
    tell(db, about_the_rest).await;
}

async fn lies_about_proofs(db: Database) {
    tell_under(db, Truth::Proven, about_proofs).await;
}

#[test]
fn there_are_at_least_25_kinds() {
    let (chain, vault) = chain();
    assert!(about_logs(vault, &chain).len() + about_the_rest(vault, &chain).len() >= 25);
}

/// A head that goes back is a node that lags, until it shows another block.
async fn a_stale_head(db: Database) {
    let (chain, vault) = chain();
    let node = Node::new(chain.clone());
    let mut indexer = node.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let truth = contents(indexer.store());
    let head = chain.state().head().number;
    for shown in [head - 1, head - 30, 20] {
        chain.state().shows_up_to = Some(shown);
        assert_eq!(indexer.sync_to_head(|_| {}).await.unwrap().lagging_head, Some(shown));
        assert_eq!(contents(indexer.store()), truth);
    }
    chain.state().shows_up_to = None;
    chain.state().undo(10);
    chain.state().events(vault, 1);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(synced.rollbacks.len(), 1);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

on_both! {
    lies_about_logs,
    lies_about_movements,
    lies_that_only_receipts_show,
    lies_about_the_rest,
    lies_about_proofs,
    a_node_that_takes_no_batches,
    a_stale_head,
}
