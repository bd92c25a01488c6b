//! EIP-712 typed data as wallets take it: JSON with the types, the vault's domain and the message.

use alloy::primitives::Address;
use purse_protocol::typed_data::domain;
use serde_json::{Value, json};

/// One field of a type.
pub(crate) fn field(kind: &str, name: &str) -> Value {
    json!({ "name": name, "type": kind })
}

/// Typed data in the domain of a vault.
pub(crate) fn of(chain_id: u64, vault: Address, primary: &str, mut types: Value, message: Value) -> Value {
    let domain = domain(chain_id, vault);
    types["EIP712Domain"] = json!([
        field("string", "name"),
        field("string", "version"),
        field("uint256", "chainId"),
        field("address", "verifyingContract"),
    ]);
    json!({
        "types": types,
        "primaryType": primary,
        "domain": { "name": domain.name, "version": domain.version, "chainId": chain_id, "verifyingContract": vault },
        "message": message,
    })
}
