//! Acts for an owner whose wallet this program cannot reach: written out, never sent.

use crate::Verb;
use alloy::primitives::Address;
use purse_protocol::RefusalContext;
use serde_json::{Value, json};

/// A batch for Safe's Transaction Builder (format 1.0): import it there, look at it, sign it. Sends nothing. The
/// description says each act in words; the calls themselves are what counts.
///
/// ```
/// use alloy::primitives::Address;
/// use purse_owner::{Verb, safe_batch};
/// let batch = safe_batch(8453, Address::repeat_byte(7), &[Verb::Pause], &Default::default());
/// assert_eq!(batch["chainId"], "8453");
/// assert_eq!(batch["transactions"][0]["data"], "0x8456cb59");
/// ```
pub fn safe_batch(chain_id: u64, vault: Address, verbs: &[Verb], names: &RefusalContext) -> Value {
    let transactions: Vec<Value> = verbs.iter().map(|verb| transaction(vault, verb)).collect();
    let words: Vec<String> = verbs.iter().map(|verb| verb.describe(names)).collect();
    json!({
        "version": "1.0",
        "chainId": chain_id.to_string(),
        "meta": {
            "name": verbs.iter().map(Verb::name).collect::<Vec<_>>().join(", "),
            "description": format!("Vault {vault}: {}", words.join("; ")),
        },
        "transactions": transactions,
    })
}

fn transaction(vault: Address, verb: &Verb) -> Value {
    json!({
        "to": vault.to_string(),
        "value": "0",
        "data": verb.calldata().to_string(),
        "contractMethod": null,
        "contractInputsValues": null,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::verb::tests::all;

    #[test]
    fn a_batch_has_exactly_the_fields_of_the_format_and_every_call() {
        let verbs = all();
        let batch = safe_batch(31_337, Address::repeat_byte(7), &verbs, &RefusalContext::default());
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&batch), ["chainId", "meta", "transactions", "version"]);
        let transactions = batch["transactions"].as_array().unwrap();
        assert_eq!(transactions.len(), verbs.len());
        for (transaction, verb) in transactions.iter().zip(&verbs) {
            assert_eq!(keys(transaction), ["contractInputsValues", "contractMethod", "data", "to", "value"]);
            assert_eq!(transaction["data"], verb.calldata().to_string());
            assert_eq!(transaction["value"], "0", "a vault takes no ether (I1)");
        }
    }
}
