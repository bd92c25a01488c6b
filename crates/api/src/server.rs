//! The server: routes, what holds for all of them, and the OpenAPI document, which is made from the same routes.

use crate::etag::Tag;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::readers::Readers;
use crate::routes::{history, limits, live, payments, probes, purses, ranges, refusals, sessions, transfers, vaults};
use crate::tokens::{AskToken, Tokens};
use crate::vaults::Vaults;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use purse_indexer::{Moment, Store};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Requests under way at once: more wait for the index anyway.
const REQUESTS: usize = 64;
/// Connections that listen at once: each costs a look at the index for each commit.
pub(crate) const LISTENERS: usize = 128;
/// An answer that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// What tells how the server is answers when it is busy too, from memory.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// The route whose answer has no end.
const ENDLESS: &str = "/v1/vaults/{vault}/live";

/// What every request may use.
#[derive(Debug, Clone)]
pub struct Api {
    pub(crate) readers: Readers,
    pub(crate) vaults: Arc<Vaults>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) listeners: Arc<Semaphore>,
    pub(crate) clock: fn() -> u64,
    requests: Arc<Semaphore>,
    is_local: bool,
}

impl Api {
    /// Answers from an index of chain `chain_id`. `clock`: seconds since 1970.
    pub fn new(
        chain_id: u64,
        readers: Readers,
        health: Arc<Health>,
        tokens: Option<Box<dyn AskToken>>,
        clock: fn() -> u64,
    ) -> Self {
        Self {
            readers,
            vaults: Arc::new(Vaults::new(chain_id)),
            tokens: Arc::new(Tokens::new(chain_id, tokens)),
            health,
            metrics: Arc::default(),
            listeners: Arc::new(Semaphore::new(LISTENERS)),
            clock,
            requests: Arc::new(Semaphore::new(REQUESTS)),
            is_local: true,
        }
    }

    /// Answers whatever host a request names: for a server that others reach. One that listens to its own machine refuses
    /// other names, or any web page could read it through a name that it points there.
    #[must_use]
    pub const fn for_any_host(mut self) -> Self {
        self.is_local = false;
        self
    }

    /// That the client has the answer already.
    pub(crate) async fn unchanged(&self, uri: &Uri, headers: &HeaderMap) -> Result<Option<Response>, Problem> {
        if !headers.contains_key(header::IF_NONE_MATCH) {
            return Ok(None);
        }
        let moment = self.readers.read(moment).await?;
        let tag = Tag::of(&moment, &self.tokens, uri);
        Ok(tag.is_known(headers).then(|| tag.unchanged()))
    }
}

fn moment(store: &dyn Store) -> Result<Moment, Problem> {
    store.moment().map_err(|error| Problem::from(&error))
}

/// What the document says beside the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pursestrings index",
        description = "What an index of vaults knows, for reading only. Everything comes from the chain. Amounts are decimal text. Errors are problems (RFC 9457) with a code, a cause (detail) and a fix.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "vaults", description = "Vaults, who may pay from them, and what is left"),
        (name = "payments", description = "What was paid, and what moved"),
        (name = "probes", description = "For those who run the server"),
    )
)]
struct Document;

/// The OpenAPI document, as `/openapi.json` gives it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(vaults::list))
        .routes(routes!(vaults::one))
        .routes(routes!(sessions::list))
        .routes(routes!(limits::list))
        .routes(routes!(payments::list))
        .routes(routes!(transfers::list))
        .routes(routes!(transfers::purchases))
        .routes(routes!(purses::list))
        .routes(routes!(ranges::list))
        .routes(routes!(live::listen))
        .routes(routes!(history::list))
        .routes(routes!(refusals::list))
        .routes(routes!(probes::healthz))
        .routes(routes!(probes::readyz))
        .routes(routes!(probes::metrics))
}

/// Every route.
pub fn router(api: Api) -> Router {
    let (router, document) = documented().split_for_parts();
    let document = Arc::new(document);
    let json = move || std::future::ready(axum::Json((*document).clone()));
    router
        .route("/openapi.json", get(json))
        .method_not_allowed_fallback(not_allowed)
        .fallback(not_found)
        .layer(from_fn_with_state(api.clone(), around))
        .with_state(api)
}

/// Answers on `listener` until it is dropped.
///
/// # Errors
/// When the socket fails.
pub async fn serve(listener: TcpListener, api: Api) -> std::io::Result<()> {
    axum::serve(listener, router(api)).await
}

/// What holds for every request.
async fn around(State(api): State<Api>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = route.map_or_else(|| "other".to_owned(), |route| route.as_str().to_owned());
    let answer = if api.is_local && !names_this_machine(request.headers()) {
        other_host().into_response()
    } else if route == ENDLESS || PROBES.contains(&route.as_str()) {
        next.run(request).await
    } else {
        match api.requests.try_acquire() {
            Err(_) => Problem::busy(format!("{REQUESTS} requests are under way")).into_response(),
            Ok(_permit) => match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(answer) => answer,
                Err(_) => Problem::busy(format!("there was no answer within {} s", PATIENCE.as_secs())).into_response(),
            },
        }
    };
    api.metrics.answered(&route, answer.status().as_u16(), begun.elapsed().as_secs_f64());
    answer
}

/// Whether the request was sent to this machine by a name of its own.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let Ok(authority) = host.parse::<axum::http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn other_host() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "OtherHost",
        "this server answers to its own machine",
        "the request names another host",
        "ask http://127.0.0.1 or http://localhost, with the same port",
    )
}

async fn not_found(uri: Uri) -> Problem {
    let cause = format!("there is nothing at \"{}\"", uri.path().escape_debug());
    Problem::missing("PathUnknown", "no such path", cause, "see /openapi.json")
}

async fn not_allowed() -> Problem {
    let title = "only reading is possible";
    let fix = "use GET; the vault is changed by its owner, on the chain";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", title, "the request's method is not GET", fix)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use axum::body::Body;
    use purse_indexer::{SqliteStore, StoreError};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_busy_server_still_tells_how_it_is() {
        let open = || -> Result<Box<dyn Store>, StoreError> { Ok(Box::new(SqliteStore::open(":memory:", 1)?)) };
        let api = Api::new(1, Readers::new(open), Arc::new(Health::new(3)), None, || 0);
        let _all = api.requests.clone().try_acquire_many_owned(u32::try_from(REQUESTS).unwrap()).unwrap();
        for (path, status) in [("/healthz", 200), ("/metrics", 200), ("/v1/vaults", 503)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router(api.clone()).oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}
