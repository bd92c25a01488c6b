//! Why a request was not answered: RFC 9457, with a code, a cause and a fix.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purse_audit::TrailError;
use purse_indexer::{Stopped, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:pursestrings:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What did not happen, in one line.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// The status of the answer.
    pub status: u16,
    /// The cause.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
    /// The name of the problem, for programs.
    #[schema(example = "VaultUnknown")]
    pub code: String,
}

impl Problem {
    /// A problem with all its words.
    pub fn new(
        status: StatusCode,
        code: &str,
        title: impl Into<String>,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:pursestrings:problem:{code}"),
            title: title.into().into_boxed_str(),
            status: status.as_u16(),
            detail: cause.into(),
            fix: fix.into(),
            code: code.to_owned(),
        }
    }

    /// A request that asks for what cannot be asked (400).
    pub(crate) fn asked(code: &str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "the request can't be understood", cause, fix)
    }

    /// Something that is not there (404).
    pub(crate) fn missing(code: &str, title: impl Into<String>, cause: impl Into<String>, fix: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title, cause, fix)
    }

    /// More than the server does at once (503).
    pub(crate) fn busy(cause: impl Into<String>) -> Self {
        let fix = "ask again in a moment, and ask for less at once";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy", "the server is busy", cause, fix)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let title = "the index can't be read";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &variant(error), title, error.to_string(), error.fix())
    }
}

impl From<&TrailError> for Problem {
    fn from(error: &TrailError) -> Self {
        let title = "the vault's logs do not make a trail";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &variant(error), title, error.to_string(), error.fix())
    }
}

impl From<&Stopped> for Problem {
    fn from(stopped: &Stopped) -> Self {
        let title = "the vault's logs do not make a trail";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &stopped.code, title, stopped.why.as_str(), stopped.fix.as_str())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let media = [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
        (status, media, body).into_response()
    }
}

/// The name of an error's variant: the libraries name errors for what happened.
fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}
