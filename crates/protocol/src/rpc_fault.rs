//! Why a node gave no usable answer: one reading of RPC errors for everyone who asks a node. Pure: nothing is sent here.

use alloy::contract;
use alloy::primitives::Bytes;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use std::error::Error;

/// Longest piece of a node's own words that is shown, in characters: the rest helps nobody and may be a web page.
const MAX_WORDS: usize = 200;

/// Why a node gave no usable answer. Never holds the node's URL, which often carries an access key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcFault {
    /// No answer, or an HTTP error in its place.
    #[error("the RPC node cannot be reached: {cause}")]
    Unreachable {
        /// What the connection said.
        cause: String,
    },
    /// An answer that is not what was asked for.
    #[error("the RPC node answers nonsense: {cause}")]
    Nonsense {
        /// What does not fit.
        cause: String,
    },
    /// The node understood and declined.
    #[error("the RPC node declined: {message} (code {code})")]
    Rejected {
        /// The JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The contract reverted; [`crate::Refusal::decode`] reads the bytes.
    #[error("the contract refused the call ({} bytes of reason)", .data.len())]
    Reverted {
        /// The revert bytes; empty where the contract or the node gave none.
        data: Bytes,
    },
}

/// An answer that was not read to its end. A transport's error, which [`RpcFault`] takes for nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer of more than {} MiB", .longest >> 20)]
pub struct AnswerTooLong {
    /// How many bytes are read at most.
    pub longest: usize,
}

impl AnswerTooLong {
    /// Whether that is what a transport says.
    pub fn is_in(error: &TransportErrorKind) -> bool {
        matches!(error, TransportErrorKind::Custom(error) if error.is::<Self>())
    }
}

impl RpcFault {
    /// The fault's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "RpcUnreachable",
            Self::Nonsense { .. } => "RpcNonsense",
            Self::Rejected { .. } => "RpcRejected",
            Self::Reverted { .. } => "Reverted",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "check --rpc-url and that the node is up, then try again",
            Self::Nonsense { .. } => {
                "check that --rpc-url is a JSON-RPC endpoint of the right chain, or use another node"
            }
            Self::Rejected { .. } => "read the node's words; if they concern limits or permissions, use another node",
            Self::Reverted { .. } => "check that the address is a Pursestrings contract of this chain",
        }
    }

    /// The revert bytes, where the contract and not the node said no.
    pub fn revert_data(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted { data } => Some(data),
            _ => None,
        }
    }

    /// An answer that does not fit, in the asker's words.
    pub fn nonsense(cause: impl Into<String>) -> Self {
        Self::Nonsense { cause: cause.into() }
    }
}

impl From<TransportError> for RpcFault {
    fn from(error: TransportError) -> Self {
        match error {
            RpcError::ErrorResp(payload) => {
                if let Some(data) = payload.as_revert_data() {
                    return Self::Reverted { data };
                }
                // Code 3 is "execution reverted"; some nodes say so without any bytes.
                if payload.code == 3 || payload.message.contains("revert") {
                    return Self::Reverted { data: Bytes::new() };
                }
                Self::Rejected { code: payload.code, message: words(&payload.message) }
            }
            RpcError::Transport(kind) => from_transport(&kind),
            RpcError::NullResp => Self::nonsense("null where a value was due"),
            RpcError::DeserError { err, text } => Self::nonsense(format!("{err}, in \"{}\"", words(&text))),
            RpcError::SerError(err) => Self::nonsense(format!("the question cannot be written as JSON: {err}")),
            RpcError::UnsupportedFeature(feature) => Self::nonsense(format!("{feature} is not supported")),
            RpcError::LocalUsageError(err) => Self::nonsense(words(&innermost(&*err))),
        }
    }
}

impl From<contract::Error> for RpcFault {
    fn from(error: contract::Error) -> Self {
        match error {
            contract::Error::TransportError(error) => error.into(),
            contract::Error::ZeroData(function, _) => {
                Self::nonsense(format!("{function} returned nothing: there is no such contract at the address"))
            }
            other => Self::nonsense(words(&other.to_string())),
        }
    }
}

fn from_transport(kind: &TransportErrorKind) -> RpcFault {
    if let Some(http) = kind.as_http_error() {
        return RpcFault::Unreachable { cause: format!("HTTP status {}", http.status) };
    }
    match kind {
        kind if AnswerTooLong::is_in(kind) => RpcFault::nonsense(words(&innermost(kind))),
        TransportErrorKind::MissingBatchResponse(_) => RpcFault::nonsense("an answer is missing from a batch"),
        other => RpcFault::Unreachable { cause: words(&innermost(other)) },
    }
}

/// The innermost cause: the outer ones repeat it and name the URL.
fn innermost(error: &dyn Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}

/// A node's words: one line, bounded, no control characters, no URL.
fn words(text: &str) -> String {
    let line: Vec<&str> =
        text.split_whitespace().map(|word| if word.contains("://") { "[url]" } else { word }).collect();
    line.join(" ").chars().filter(|character| !character.is_control()).take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn answered(json: &str) -> RpcFault {
        TransportError::ErrorResp(serde_json::from_str(json).unwrap()).into()
    }

    #[test]
    fn a_revert_is_told_from_a_declining_node() {
        let fault = answered(r#"{"code":3,"message":"execution reverted","data":"0x82b42900"}"#);
        assert_eq!(fault.revert_data().unwrap().as_ref(), [0x82, 0xb4, 0x29, 0x00]);
        assert_eq!(answered(r#"{"code":-32000,"message":"execution reverted"}"#).revert_data().unwrap().len(), 0);
        let fault = answered(r#"{"code":-32005,"message":"daily limit"}"#);
        assert_eq!(fault, RpcFault::Rejected { code: -32005, message: "daily limit".to_owned() });
    }

    #[test]
    fn no_url_and_no_control_character_is_shown() {
        let error = TransportErrorKind::custom_str("refused for url (https://node.example/v2/SECRET)\n\u{1b}[2J");
        let fault = RpcFault::from(error);
        assert!(!fault.to_string().contains("SECRET"), "{fault}");
        assert!(!fault.to_string().chars().any(char::is_control));
        let fault = RpcFault::from(TransportErrorKind::http_error(403, "key SECRET is not allowed".to_owned()));
        assert_eq!(fault.to_string(), "the RPC node cannot be reached: HTTP status 403");
    }

    #[test]
    fn a_web_page_in_place_of_json_is_nonsense_and_bounded() {
        let page = format!("<html>{}</html>", "x ".repeat(5_000));
        let err = serde_json::from_str::<u8>(&page).unwrap_err();
        let fault = RpcFault::from(TransportError::deser_err(err, page));
        assert!(matches!(fault, RpcFault::Nonsense { .. }));
        assert!(fault.to_string().len() < 400);
    }
}
