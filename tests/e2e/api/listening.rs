//! Server-sent events: each payment once, in order, through reorganisations and reconnections.

use super::served::{Answer, Database, Liar, Served, on_both};
use alloy::transports::http::reqwest::Response;
use anyhow::{Context, ensure};
use purse_api::TokenWords;
use purse_protocol::abi::IVault;
use purse_protocol::text::printable;
use purse_tests::Scene;
use serde_json::{Value, json};

on_both!(
    each_payment_is_told_once,
    a_reorganisation_is_told_and_what_happened_instead,
    who_comes_back_is_told_what_he_missed,
    a_hostile_token_cannot_break_the_stream
);

/// A stream of events.
pub(super) struct Stream {
    answer: Response,
    buffer: String,
}

/// An event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: Value,
}

impl Stream {
    pub(super) async fn open(served: &Served, path: &str, last: Option<&str>) -> anyhow::Result<Self> {
        let request = served.get(path);
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        Self::of(request.send().await?)
    }

    pub(super) fn of(answer: Response) -> anyhow::Result<Self> {
        ensure!(answer.status() == 200, "{}", answer.status());
        Ok(Self { answer, buffer: String::new() })
    }

    /// The next event; comments are passed over.
    pub(super) async fn next(&mut self) -> anyhow::Result<Event> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let fields: Vec<_> = block.lines().filter_map(|line| line.split_once(": ")).collect();
                let of = |name| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
                let Some(name) = of("event") else { continue };
                ensure!(fields.len() <= 3, "one line of data: {block}");
                let data = serde_json::from_str(&of("data").context("data")?)?;
                return Ok(Event { name, id: of("id").unwrap_or_default(), data });
            }
            let chunk = self.answer.chunk().await?.context("the stream goes on")?;
            self.buffer.push_str(std::str::from_utf8(&chunk)?);
        }
    }
}

fn path(scene: &Scene) -> String {
    format!("/v1/vaults/{:#x}/live", scene.vault)
}

async fn pay(scene: &Scene, nonce: u32, tokens: u128) -> anyhow::Result<()> {
    scene.pay(&scene.payment(nonce, tokens * Scene::USDC), &scene.actors.agents[0]).await.map(drop)
}

async fn each_payment_is_told_once(database: Database) -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    pay(&scene, 1, 1).await?;
    let mut served = Served::new(&scene, database).await?;
    let mut streams =
        [Stream::open(&served, &path(&scene), None).await?, Stream::open(&served, &path(&scene), None).await?];
    for nonce in 2..=4 {
        pay(&scene, nonce, nonce.into()).await?;
        if nonce != 2 {
            served.sync().await?;
        }
    }
    scene.own(&IVault::pauseCall {}).await?;
    served.sync().await?;
    let listed = served.json(&format!("/v1/vaults/{:#x}/payments", scene.vault)).await?;
    for stream in &mut streams {
        for nonce in 2..=4 {
            let event = stream.next().await?;
            ensure!(event.name == "payment" && event.data["nonce"] == nonce, "{event:?}");
            assert_eq!(event.data["amount"]["amount"], format!("{nonce}.00"));
            assert_eq!(event.data, listed["payments"][4 - nonce as usize], "as it is listed");
            assert!(event.id.starts_with(&format!("{}-0x", event.data["sequence"])));
        }
        let event = stream.next().await?;
        ensure!(event.name == "change" && event.data["event"] == "Paused", "{event:?}");
    }
    Ok(())
}

async fn a_reorganisation_is_told_and_what_happened_instead(database: Database) -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    pay(&scene, 1, 1).await?;
    let mut served = Served::new(&scene, database).await?;
    let mut stream = Stream::open(&served, &path(&scene), None).await?;
    pay(&scene, 2, 1).await?;
    served.sync().await?;
    let kept = stream.next().await?;
    let snapshot = scene.snapshot().await?;
    pay(&scene, 3, 1).await?;
    pay(&scene, 4, 1).await?;
    served.sync().await?;
    assert_eq!((&stream.next().await?.data["nonce"], &stream.next().await?.data["nonce"]), (&json!(3), &json!(4)));
    // Both are taken back; two others and one more happen instead.
    scene.revert(snapshot).await?;
    for nonce in [5, 3, 6] {
        pay(&scene, nonce, 2).await?;
    }
    served.sync().await?;
    let undone = stream.next().await?;
    assert_eq!((undone.name.as_str(), &undone.data), ("rolled_back", &json!({ "sequence": kept.data["sequence"] })));
    assert_eq!(undone.id, kept.id, "who comes back now goes on from there");
    for nonce in [5, 3, 6] {
        let event = stream.next().await?;
        assert_eq!((event.name.as_str(), &event.data["nonce"]), ("payment", &json!(nonce)));
        assert_eq!(event.data["amount"]["amount"], "2.00");
    }
    Ok(())
}

async fn who_comes_back_is_told_what_he_missed(database: Database) -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let mut served = Served::new(&scene, database).await?;
    let mut first = Stream::open(&served, &path(&scene), None).await?;
    pay(&scene, 1, 1).await?;
    served.sync().await?;
    let last = first.next().await?.id;
    drop(first);
    let snapshot = scene.snapshot().await?;
    pay(&scene, 2, 1).await?;
    pay(&scene, 3, 1).await?;
    served.sync().await?;
    let mut back = Stream::open(&served, &path(&scene), Some(&last)).await?;
    let (second, third) = (back.next().await?, back.next().await?);
    assert_eq!((&second.data["nonce"], &third.data["nonce"]), (&json!(2), &json!(3)));
    // What he heard last is taken back while he is away: he must read again.
    scene.revert(snapshot).await?;
    for nonce in 4..=6 {
        pay(&scene, nonce, 1).await?;
    }
    served.sync().await?;
    let mut lost = Stream::open(&served, &path(&scene), Some(&third.id)).await?;
    assert_eq!(lost.next().await?.name, "restart");
    let mut found = Stream::open(&served, &path(&scene), Some(&last)).await?;
    assert_eq!(found.next().await?.data["nonce"], 4);
    for bad in ["", "7", "x-y", "7-0x12"] {
        let request = served.get(&path(&scene)).header("last-event-id", bad);
        let answer: Answer = served.ask(request).await?;
        assert_eq!((answer.status, answer.json()?["code"].as_str()), (400, Some("EventIdInvalid")), "{bad:?}");
    }
    Ok(())
}

async fn a_hostile_token_cannot_break_the_stream(database: Database) -> anyhow::Result<()> {
    let symbol = format!("\"}}\n\nevent: payment\u{1b}[2J\u{202e}{}", "x".repeat(1_000));
    let scene = Scene::with_session().await?;
    let liar = Liar(TokenWords { symbol: symbol.clone(), decimals: u8::MAX });
    let mut served = Served::with_tokens(&scene, database, Box::new(liar)).await?;
    let mut stream = Stream::open(&served, &path(&scene), None).await?;
    pay(&scene, 1, 1).await?;
    pay(&scene, 2, 1).await?;
    served.sync().await?;
    for nonce in 1..=2 {
        let event = stream.next().await?;
        assert_eq!(event.data["nonce"], nonce);
        let amount = &event.data["amount"];
        assert_eq!(amount["symbol"].as_str(), Some(&*printable(&symbol, 32)));
        ensure!(!amount.to_string().contains(['\u{1b}', '\u{202e}', '\n']), "{amount}");
        assert_eq!(amount["base_units"], "1000000", "exact, whatever the token says");
    }
    let list = served.json(&format!("/v1/vaults/{:#x}/payments", scene.vault)).await?;
    assert_eq!(list["payments"].as_array().map(Vec::len), Some(2));
    Ok(())
}
