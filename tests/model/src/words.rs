//! Calls, events and refusals in words, for whoever reads of a divergence.

use alloy::hex;
use alloy::primitives::LogData;
use alloy::sol_types::{SolEventInterface, SolInterface};
use purse_protocol::abi::IVault::{IVaultCalls, IVaultErrors, IVaultEvents};

/// A log of the vault.
pub(crate) fn event(log: &LogData) -> String {
    match IVaultEvents::decode_raw_log(log.topics(), &log.data) {
        Ok(event) => format!("{event:?}"),
        Err(_) => format!("unknown event {:?}", log.topics()),
    }
}

/// A call, by the strict decoder; what that refuses, as bytes.
pub(crate) fn call(data: &[u8]) -> String {
    match IVaultCalls::abi_decode(data) {
        Ok(call) => format!("{call:?}"),
        Err(_) => format!("malformed 0x{}", hex::encode(data)),
    }
}

/// What a call reverted with.
pub(crate) fn reason(bytes: &[u8]) -> String {
    match IVaultErrors::abi_decode(bytes) {
        Ok(error) => format!("{error:?}"),
        Err(_) => format!("revert 0x{}", hex::encode(bytes)),
    }
}
