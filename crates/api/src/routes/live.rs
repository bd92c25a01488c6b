//! What happens to a vault, as it happens: server-sent events.

use crate::event::{Told, token_of};
use crate::live::{Heard, Listener, News};
use crate::parameters::VaultPath;
use crate::problem::Problem;
use crate::server::{Api, LISTENERS};
use alloy::primitives::Address;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, stream};
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// How often a quiet stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A connection that listens.
struct Connection {
    api: Api,
    vault: Address,
    listener: Listener,
    pulse: watch::Receiver<u64>,
    ready: VecDeque<Event>,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

/// Payments and changes of a vault as soon as they are indexed, from now on or after the event that the header
/// `Last-Event-ID` names. Events: `payment`; `change` (as in the policy history); `rolled_back` (a reorganisation took
/// back the events after `sequence`; what happened instead follows); `restart` (events were missed: read the payments
/// again, up to `sequence`); `problem` (the stream ends). A comment every 15 seconds says that the stream is alive.
#[utoipa::path(get, path = "/v1/vaults/{vault}/live", tag = "payments",
    params(
        ("vault" = String, Path, description = "The vault's address"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = "4XX", description = "No such vault, or no such event id", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or too many listen", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn listen(
    State(api): State<Api>,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").map(|id| {
        let heard = id.to_str().ok().and_then(Heard::from_id);
        let fix = "send the id of the last event as it was, or leave the header out";
        heard.ok_or_else(|| Problem::asked("EventIdInvalid", "Last-Event-ID is no id of ours", fix))
    });
    let last = last.transpose()?;
    let full = |_| Problem::busy(format!("{LISTENERS} connections listen already"));
    let permit = api.listeners.clone().try_acquire_owned().map_err(full)?;
    // Before the first look, so that nothing falls between.
    let mut pulse = api.health.pulse();
    pulse.mark_changed();
    let look = api.vaults.look(&api.readers, vault, move |folded, _| {
        last.map_or_else(|| Listener::from_now(folded), Listener::coming_back)
    });
    let listener = look.await?;
    let connection =
        Connection { api, vault, listener, pulse, ready: VecDeque::new(), is_over: false, _permit: permit };
    let events = stream::unfold(connection, |mut connection| async move {
        let event = connection.next().await?;
        Some((Ok(event), connection))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

impl Connection {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            // Ends with the program.
            self.pulse.changed().await.ok()?;
            if let Err(problem) = self.look().await {
                self.ready.push_back(event("problem", None, &json!(problem)));
                self.is_over = true;
            }
        }
    }

    /// What came since the last look.
    async fn look(&mut self) -> Result<(), Problem> {
        let mut listener = std::mem::replace(&mut self.listener, Listener::coming_back(Heard::default()));
        let look = self.api.vaults.look(&self.api.readers, self.vault, move |folded, moment| {
            let news = listener.news(folded);
            (listener, moment, news)
        });
        let (listener, moment, news) = look.await?;
        self.listener = listener;
        let happened = news.iter().filter_map(|news| match news {
            News::Happened(happened) => token_of(happened),
            _ => None,
        });
        let words = self.api.tokens.words(happened).await;
        for news in &news {
            self.ready.push_back(match news {
                News::Happened(happened) => {
                    let told = Told::new(happened, moment.extent.finalized, &words);
                    let name = if matches!(told, Told::Payment(_)) { "payment" } else { "change" };
                    event(name, Some(happened.into()), &json!(told))
                }
                News::RolledBack(to) => event("rolled_back", Some(*to), &json!({ "sequence": to.sequence })),
                News::Restart(to) => event("restart", Some(*to), &json!({ "sequence": to.sequence })),
            });
        }
        Ok(())
    }
}

fn event(name: &str, id: Option<Heard>, data: &serde_json::Value) -> Event {
    // Text in JSON has no line breaks, which would end the event's field.
    let event = Event::default().event(name).data(data.to_string());
    match id {
        Some(id) => event.id(id.id()),
        None => event,
    }
}
