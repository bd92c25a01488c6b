//! Whether an answer would be the one that the client has: same head, known as well, same question, same words for tokens.

use crate::tokens::Tokens;
use alloy::primitives::{hex, keccak256};
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue};
use purse_indexer::Moment;
use serde::Serialize;

/// The entity tag of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

impl Tag {
    /// The tag of what `uri` asks at a moment.
    pub(crate) fn of(moment: &Moment, tokens: &Tokens, uri: &Uri) -> Self {
        let cursor = moment.extent.cursor.map(|cursor| cursor.hash).unwrap_or_default();
        let question = uri.path_and_query().map_or("", |question| question.as_str());
        let parts = [
            env!("CARGO_PKG_VERSION").as_bytes(),
            cursor.as_slice(),
            &moment.extent.finalized.to_be_bytes(),
            &moment.extent.confirmed.to_be_bytes(),
            &moment.truth.to_be_bytes(),
            &tokens.digest(),
            question.as_bytes(),
        ];
        Self(format!("\"{}\"", hex::encode(&keccak256(parts.concat())[..16])))
    }

    /// Whether the client has that answer.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0)
    }

    /// The answer, or that the client has it.
    pub(crate) fn answer(&self, headers: &HeaderMap, body: impl Serialize) -> Response {
        if self.is_known(headers) {
            return self.unchanged();
        }
        (self.headers(), Json(body)).into_response()
    }

    /// That the client has it.
    pub(crate) fn unchanged(&self) -> Response {
        (StatusCode::NOT_MODIFIED, self.headers()).into_response()
    }

    fn headers(&self) -> HeaderMap {
        let tag = HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        HeaderMap::from_iter([(ETAG, tag), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))])
    }
}
