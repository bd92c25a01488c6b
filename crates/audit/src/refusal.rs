//! Items of a batch that did not pay: what the vault says of them, outside its running hash.

use alloy::primitives::{Address, B256, Bytes};
use purse_protocol::abi::IVault::PaymentFailed;
use purse_protocol::{Refusal, RefusalContext, SessionId};
use serde::{Deserialize, Serialize};

/// A signed payment that a batch refused (`PaymentFailed`). It moved nothing and counts nowhere. It has no sequence number,
/// so nothing proves that the trail has all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRefusal {
    /// The session whose key signed the payment.
    pub session: SessionId,
    /// Its nonce, unused by this.
    pub nonce: u32,
    /// Who would have got the amount.
    pub payee: Address,
    /// What it was for.
    pub reference: B256,
    /// The error's name: `LimitExceeded` and so on. `purse_protocol::Refusal::decode` puts the bytes into words.
    pub error: String,
    /// What `pay` would have reverted with.
    pub reason: Bytes,
    /// The sequence number of the vault's last event before it.
    pub after: u32,
    /// The block's height.
    pub block: u64,
    /// The block's time, seconds since 1970.
    pub time: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// The log's number within the block.
    pub log_index: u64,
}

/// What the vault never says of a payment that its session's key has not signed.
const UNSIGNED: [&str; 4] = ["PaymentMalformed", "SignatureInvalid", "SessionUnknown", "SignerNotSessionKey"];

/// The name of the error that an item failed with.
///
/// # Errors
/// Where the vault does not log such an item: why not.
pub(crate) fn error_of(event: &PaymentFailed) -> Result<String, String> {
    if event.reason.is_empty() {
        return Err("it has no reason".to_owned());
    }
    match Refusal::decode(&event.reason, &RefusalContext::default()).code {
        code if UNSIGNED.contains(&code) => Err(format!("a {code} proves no signature of the session's key")),
        code => Ok(code.to_owned()),
    }
}
