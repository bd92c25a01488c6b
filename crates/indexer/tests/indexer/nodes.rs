//! Several nodes: one that fails is replaced, and what they disagree about stops the index.

use crate::chain::{FACTORY, FIRST, FakeChain, contents, rebuilt};
use crate::database::{Database, on_both};
use crate::node::{Answer, Lie, Node};
use alloy::primitives::{Address, B256, U256};
use purse_audit::AccountEvidence;
use purse_indexer::source::AccountProof;
use purse_indexer::{BlockRef, ChainSource, Indexer, Nodes, SourceError, Store};
use serde_json::json;
use std::time::Duration;

fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..100 {
        chain.state().events(vault, 1);
        chain.state().mine(1);
    }
    (chain, vault)
}

fn indexer(nodes: [&Node; 2], store: Box<dyn Store>) -> Indexer<impl ChainSource> {
    patient(nodes, store, Duration::from_secs(60))
}

/// An indexer for which a head stands still after so long.
fn patient(nodes: [&Node; 2], store: Box<dyn Store>, still: Duration) -> Indexer<impl ChainSource> {
    let nodes = nodes.map(|node| ("https://node.example".to_owned(), node.source()));
    Indexer::over(Nodes::new(nodes).with_still(still), store, FACTORY, FIRST)
        .with_creation_code(crate::chain::CREATION_CODE)
        .with_patience(Duration::from_millis(1))
}

/// The first node fails after some questions, for good: the other one goes on.
async fn another_node_goes_on(db: Database) {
    let (chain, _) = chain();
    let truth = rebuilt(&chain).await;
    for (after, answer) in [
        (0, Answer::Status(502)),
        (3, Answer::Page),
        (7, Answer::Error(-32_000, "pruned")),
        (7, Answer::Error(-32_005, "response size too large")),
    ] {
        let nodes = [Node::new(chain.clone()), Node::new(chain.clone())];
        let mut asked = 0;
        let lie: Lie = Box::new(move |_, _, given| {
            asked += 1;
            if asked > after {
                *given = answer.clone();
            }
        });
        nodes[0].lies(Some(lie));
        let mut indexer = indexer([&nodes[0], &nodes[1]], db.fresh());
        let synced = indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(indexer.store()), truth);
        assert!(synced.served[0].failures > 0 && synced.served[1].answers > 0, "{:?}", synced.served);
        assert_eq!(synced.served[1].name, "https://node.example (2)");
    }
}

/// What the first node does not have, the second may: a node without state confirms nothing, and one whose head stands still
/// tells of no new block.
async fn what_the_first_node_does_not_have_the_second_is_asked_for(db: Database) {
    let (poor, _) = chain();
    let (rich, vault) = chain();
    let nodes = [Node::new(poor), Node::new(rich.clone())];
    nodes[0].lies(Some(Box::new(|method, _, given| {
        if method == "eth_call" {
            *given = Answer::Error(-32_000, "missing trie node");
        }
    })));
    let mut indexer = indexer([&nodes[0], &nodes[1]], db.fresh());
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(synced.confirmed, "{:?}", synced.served);
    let before = synced.block;
    rich.state().events(vault, 1);
    // Whoever runs ahead is not believed for that, before the others have had the time that a block takes.
    nodes[0].lies(None);
    let mut ahead = patient([&nodes[0], &nodes[1]], db.fresh(), Duration::from_secs(60));
    ahead.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(ahead.sync_to_head(|_| {}).await.unwrap().block, before);
    let mut indexer = patient([&nodes[0], &nodes[1]], indexer.into_store(), Duration::ZERO);
    assert_eq!(indexer.sync_to_head(|_| {}).await.unwrap().block, before);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(synced.block.unwrap().number, rich.state().head().number);
    assert_eq!(contents(indexer.store()), rebuilt(&rich).await);
    // Behind both nodes: nothing new is no failure.
    assert_eq!(indexer.sync_to_head(|_| {}).await.unwrap().logs, 0);
}

/// None is left: each is named with what it said.
async fn when_all_fail_each_is_named(db: Database) {
    let (chain, _) = chain();
    let nodes = [Node::new(chain.clone()), Node::new(chain)];
    for node in &nodes {
        node.lies(Some(Box::new(|_, _, given| *given = Answer::Status(502))));
    }
    let error = indexer([&nodes[0], &nodes[1]], db.fresh()).sync_to_head(|_| {}).await.unwrap_err().to_string();
    assert!(error.contains("https://node.example: ") && error.contains("https://node.example (2): "), "{error}");
}

/// One of them lies about a block at the end of a range, or about the chain: a stop that names both.
async fn nodes_that_disagree_stop_the_index(db: Database) {
    let (chain, _) = chain();
    let boundary = FIRST + 24;
    let lies: [fn(u64) -> Lie; 3] = [
        |boundary| {
            Box::new(move |method, params, answer| {
                let asked = json!(format!("{boundary:#x}"));
                if let ("eth_getBlockByNumber", Answer::Result(block)) = (method, answer)
                    && params[0] == asked
                {
                    block["extraData"] = json!("0x11");
                    block["hash"] = json!(B256::repeat_byte(9));
                }
            })
        },
        |_| {
            Box::new(|method, params, answer| {
                if method == "eth_getLogs" && params[0]["blockHash"].is_string() {
                    *answer = Answer::Result(json!([]));
                }
            })
        },
        |_| {
            Box::new(|method, _, answer| {
                if method == "eth_chainId" {
                    *answer = Answer::Result(json!("0x1"));
                }
            })
        },
    ];
    for (which, lie) in lies.into_iter().enumerate() {
        let nodes = [Node::new(chain.clone()), Node::new(chain.clone())];
        nodes[1].lies(Some(lie(boundary)));
        let mut indexer = indexer([&nodes[0], &nodes[1]], db.fresh());
        let error = indexer.sync_to_head(|_| {}).await.map(|_| which).unwrap_err().to_string();
        assert!(error.contains("by https://node.example") || which == 2, "{error}");
        assert!(error.contains("https://node.example (2)"), "{error}");
    }
}

/// A node that is behind says nothing against one that is not.
async fn a_node_that_is_behind_does_not_disagree(db: Database) {
    let (chain, _) = chain();
    let behind = chain.state().copy();
    behind.state().shows_up_to = Some(FIRST + 20);
    let nodes = [Node::new(chain.clone()), Node::new(behind)];
    let mut indexer = indexer([&nodes[0], &nodes[1]], db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A proof of storage, as far as anybody here looks at it.
fn proof() -> AccountProof {
    let (nonce, balance, hash) = (1, U256::ZERO, B256::repeat_byte(3));
    let account =
        AccountEvidence { nonce, balance, storage_root: hash, code_hash: hash, proof: Vec::new(), words: Vec::new() };
    AccountProof { node: "the node".to_owned(), account }
}

/// Whoever serves proofs is asked, and named; a failure is none that says that nobody serves any.
#[tokio::test]
async fn another_node_proves_what_the_first_does_not() {
    let (none, fails) = (None, Some(Err(SourceError::TooOften { why: "later".to_owned(), wait: None })));
    let of = |answers: [Option<Result<AccountProof, SourceError>>; 2]| {
        let [first, second] = answers.map(|answer| {
            let chain = FakeChain::new();
            chain.state().proof = answer;
            chain
        });
        Nodes::new([("first".to_owned(), first), ("second".to_owned(), second)])
    };
    let at = BlockRef { number: 5, hash: B256::ZERO };
    for (first, second, name) in [
        (none.clone(), Some(Ok(proof())), "second"),
        (fails.clone(), Some(Ok(proof())), "second"),
        (Some(Ok(proof())), none.clone(), "first"),
    ] {
        let nodes = of([first, second]);
        let given = nodes.storage(Address::ZERO, &[], at).await.unwrap().unwrap();
        assert_eq!(given, AccountProof { node: name.to_owned(), ..proof() });
        // Whoever is asked first for all else is not changed by that.
        nodes.head().await.unwrap();
        assert_eq!(nodes.served()[1].answers, u64::from(name == "second"));
    }
    assert_eq!(of([none.clone(), none.clone()]).storage(Address::ZERO, &[], at).await, Ok(None));
    for nodes in [of([none.clone(), fails.clone()]), of([fails, none])] {
        assert!(nodes.storage(Address::ZERO, &[], at).await.is_err());
    }
}

on_both! {
    what_the_first_node_does_not_have_the_second_is_asked_for,
    another_node_goes_on,
    when_all_fail_each_is_named,
    nodes_that_disagree_stop_the_index,
    a_node_that_is_behind_does_not_disagree,
}
