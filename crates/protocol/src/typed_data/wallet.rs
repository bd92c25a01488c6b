//! What is signed, as a wallet takes it: the JSON of `eth_signTypedData_v4`, which shows every field to whoever signs.
//! The digest that a wallet makes of it is that of [`super`].

use super::{ACT_TYPE, APPROVAL_TYPE, PAYMENT_TYPE, domain};
use crate::abi::IVault::Payment;
use alloy::primitives::{Address, hex};
pub use alloy_dyn_abi::TypedData;
use alloy_dyn_abi::eip712::Resolver;
use serde_json::{Value, json};

/// A payment, for a session key in a wallet.
pub fn payment(chain_id: u64, vault: Address, payment: &Payment) -> TypedData {
    typed_data(chain_id, vault, PAYMENT_TYPE, payment_fields(payment))
}

/// The approval of a payment, for the owner's wallet (I5).
///
/// ```
/// use alloy::primitives::address;
/// use purse_protocol::{abi::IVault::Payment, typed_data};
/// let vault = address!("23C14fcEac7676b670Aa56866076586Ea1ce15DD");
/// let payment = Payment { session: 1, nonce: 1, amount: 5_000_000, ..Default::default() };
/// let asked = typed_data::wallet::approval(31_337, vault, &payment);
/// assert_eq!(asked.eip712_signing_hash()?, typed_data::approval_digest(31_337, vault, &payment));
/// println!("{}", serde_json::to_string_pretty(&asked)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn approval(chain_id: u64, vault: Address, payment: &Payment) -> TypedData {
    typed_data(chain_id, vault, APPROVAL_TYPE, json!({ "payment": payment_fields(payment) }))
}

/// An act, for the owner's wallet, or the guardian's where it stops something (I9).
pub fn act(chain_id: u64, vault: Address, call: &[u8], nonce: u32, deadline: u32) -> TypedData {
    let fields = json!({
        "call": hex::encode_prefixed(call),
        "nonce": nonce.to_string(),
        "deadline": deadline.to_string(),
    });
    typed_data(chain_id, vault, ACT_TYPE, fields)
}

/// Numbers as decimal text: JavaScript's own end at 53 bits.
fn payment_fields(payment: &Payment) -> Value {
    json!({
        "session": payment.session.to_string(),
        "nonce": payment.nonce.to_string(),
        "deadline": payment.deadline.to_string(),
        "token": payment.token,
        "payee": payment.payee,
        "amount": payment.amount.to_string(),
        "fee": payment.fee.to_string(),
        "feeRecipient": payment.feeRecipient,
        "ref": payment.r#ref,
    })
}

#[expect(clippy::expect_used, reason = "the three types are constants, and tests read each of them")]
fn typed_data(chain_id: u64, vault: Address, encoded_type: &str, message: Value) -> TypedData {
    let domain = domain(chain_id, vault);
    let mut resolver = Resolver::default();
    resolver.ingest_string(domain.encode_type()).expect("the domain's type is well formed");
    resolver.ingest_string(encoded_type).expect("the type is well formed");
    let primary_type = encoded_type.split('(').next().unwrap_or_default().to_owned();
    TypedData { domain, resolver, primary_type, message }
}
