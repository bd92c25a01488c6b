//! Whether the server lives, whether the index is new, and both for Prometheus.

use crate::health::Readiness;
use crate::problem::Problem;
use crate::server::{Api, LISTENERS};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The media type of Prometheus' text.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the server answers.
#[utoipa::path(get, path = "/healthz", tag = "probes", responses((status = 200, description = "It does", body = String)))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the index follows its chain, and how far it is behind.
#[utoipa::path(get, path = "/readyz", tag = "probes", responses(
    (status = 200, description = "It does", body = Readiness),
    (status = 503, description = "It does not: it stalls, or has not reached the head yet", body = Readiness),
))]
pub(crate) async fn readyz(State(api): State<Api>) -> Response {
    let readiness = api.health.readiness((api.clock)());
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

/// The same and more, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "probes", responses(
    (status = 200, description = "Metrics", body = String, content_type = "application/openmetrics-text")
))]
pub(crate) async fn metrics(State(api): State<Api>) -> Result<Response, Problem> {
    api.metrics.set_listeners(LISTENERS - api.listeners.available_permits());
    let text = api.metrics.text(&api.health, (api.clock)());
    let text = text.map_err(|_| Problem::busy("the metrics could not be written"))?;
    Ok(([(header::CONTENT_TYPE, METRICS)], text).into_response())
}
