//! New blocks, told by a node over a WebSocket. They wake the loop that follows, and are believed no more than that: what is in a
//! block is asked and checked as ever. Polls go on beside them.

use alloy::providers::{Provider, ProviderBuilder, WsConnect};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

/// How long to wait before the first new attempt; twice as long before each further one, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// What is heard of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The node tells of new blocks.
    Open,
    /// It does not, or no longer: why. It is tried again.
    Lost(String),
}

/// Rings `bell` whenever the node at `url` (`ws://` or `wss://`) has a new block. Tries again for ever where it fails; `told` hears of
/// the first failure of several. Cancelling it closes the connection.
pub async fn listen(url: &str, bell: &Notify, mut told: impl FnMut(Line) + Send) -> Infallible {
    let (mut wait, mut is_lost) = (SHORTEST, false);
    loop {
        let why = connected(url, bell, || {
            (wait, is_lost) = (SHORTEST, false);
            told(Line::Open);
        });
        let why = why.await;
        if !std::mem::replace(&mut is_lost, true) {
            told(Line::Lost(why));
        }
        tokio::time::sleep(wait).await;
        wait = LONGEST.min(2 * wait);
    }
}

/// Listens until the connection ends; why it did.
async fn connected(url: &str, bell: &Notify, open: impl FnOnce()) -> String {
    // One attempt, at once: if it fails, this loop tries again and says so.
    let connected = ProviderBuilder::new().connect_ws(WsConnect::new(url).with_max_retries(1)).await;
    let provider = match connected {
        Ok(provider) => provider,
        Err(error) => return error.to_string(),
    };
    let mut blocks = match provider.subscribe_blocks().await {
        Ok(blocks) => blocks,
        Err(error) => return error.to_string(),
    };
    open();
    // What came before it was heard of.
    bell.notify_one();
    loop {
        match blocks.recv().await {
            Ok(_) | Err(RecvError::Lagged(_)) => bell.notify_one(),
            Err(RecvError::Closed) => return "the connection ended".to_owned(),
        }
    }
}
