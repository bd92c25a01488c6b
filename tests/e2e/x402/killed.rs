//! A process that is killed at every question that it asks its node: the next one finishes the purchase, and it is paid
//! once.

use super::stall::{AS_AGENT, CENT, Stall};
use crate::cli::purse::{Home, Ran};
use anyhow::{Context, ensure};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Whether the question at which the process is killed reaches the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    /// It is not asked.
    Before,
    /// It is asked, and the process never hears the answer.
    After,
}

/// A way to the node that stops at one question.
struct Gate {
    url: String,
    /// Says so when that question has come.
    reached: Receiver<()>,
}

impl Gate {
    /// Lets `passing` questions pass.
    fn before(node: &str, passing: usize, killed: Killed) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let node = node.strip_prefix("http://").context("a plain URL")?.trim_end_matches('/').to_owned();
        let (tell, reached) = channel();
        let asked = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (node, asked, tell) = (node.clone(), asked.clone(), tell.clone());
                thread::spawn(move || carry(client, &node, passing, killed, &asked, &tell));
            }
        });
        Ok(Self { url, reached })
    }
}

/// Carries questions and answers of one connection; one after the other, as HTTP/1.1 has them.
fn carry(
    mut client: TcpStream,
    node: &str,
    passing: usize,
    killed: Killed,
    asked: &AtomicUsize,
    tell: &Sender<()>,
) -> Option<()> {
    let mut upstream = TcpStream::connect(node).ok()?;
    loop {
        let question = message(&mut client)?;
        let stops = asked.fetch_add(1, Ordering::SeqCst) >= passing;
        if !stops || killed == Killed::After {
            upstream.write_all(&question).ok()?;
            let answer = message(&mut upstream)?;
            if !stops {
                client.write_all(&answer).ok()?;
                continue;
            }
        }
        tell.send(()).ok()?;
        message(&mut client)?; // until the client is gone
    }
}

/// One HTTP message with a length, as it came.
fn message(from: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut bytes, mut part) = (Vec::new(), [0; 16_384]);
    loop {
        let count = from.read(&mut part).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&part[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            return Some(bytes);
        }
    }
}

/// What the caller says the purchase is: by an id of its own, or by nothing but the request.
const CALLED: [&[&str]; 2] = [&["--purchase-id", "order-7781"], &[]];

/// Kills one process at its `at`-th question; `None` where it has no more.
fn kill(home: &Home, stall: &Stall, at: usize, killed: Killed, called: &[&str]) -> anyhow::Result<Option<()>> {
    let gate = Gate::before(&stall.scene.rpc_url(), at, killed)?;
    let url = format!("{}/cent", stall.market.seller);
    let pay = ["pay", &url, "--reason", "forecast", "--rpc-url", &gate.url];
    let mut command = home.command(&[&pay[..], called, AS_AGENT].concat())?;
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    loop {
        if gate.reached.try_recv().is_ok() {
            process.kill()?; // SIGKILL
            process.wait()?;
            return Ok(Some(()));
        }
        if process.try_wait()?.is_some() {
            return Ok(None);
        }
        thread::yield_now();
    }
}

/// From a closed purse on, so that the opening and the refill are among what is cut off.
async fn every_kill(killed: Killed) -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let url = format!("{}/cent", stall.market.seller);
    let pay = ["pay", &url, "--reason", "forecast"];
    // What is not done before one question is done after the one before it: half of each is every place, by turns with an
    // id and without. `make proof` cuts off at every question both ways, with and without.
    let (first, step) = match (std::env::var_os("PURSE_EVERY_KILL"), killed) {
        (Some(_), _) => (0, 1),
        (None, Killed::Before) => (0, 2),
        (None, Killed::After) => (1, 2),
    };
    let mut kills = first;
    'questions: loop {
        let turns = if step == 1 { CALLED.to_vec() } else { vec![CALLED[kills / 2 % 2]] };
        for called in turns {
            let (home, snapshot) = (Home::of(&stall.scene)?, stall.scene.snapshot().await?);
            if kill(&home, &stall, kills, killed, called)?.is_none() {
                break 'questions;
            }
            let ran = Ran::of(home.command(&[&pay[..], called, AS_AGENT].concat())?.output()?)?;
            let place = format!("killed {killed:?} question {kills} {called:?}, then: {}{}", ran.stdout, ran.stderr);
            let (earned, purse) = (stall.earned().await?, stall.has(stall.purse().await?).await?);
            ensure!(ran.code == 0 && earned == CENT, "the seller has {earned}, {place}");
            ensure!(stall.left_vault().await? == CENT + purse, "{place}");
            stall.scene.revert(snapshot).await?;
        }
        kills += step;
    }
    ensure!(kills > 30, "only {kills} questions: was anything bought?");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_question_it_pays_once() -> anyhow::Result<()> {
    every_kill(Killed::Before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_any_question_it_pays_once() -> anyhow::Result<()> {
    every_kill(Killed::After).await
}
