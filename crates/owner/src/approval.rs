//! Approvals: the owner's countersignature on one payment above the session's per-payment cap (I5).

use crate::typed_data::{field, of};
use alloy::primitives::{Address, Bytes};
use alloy::signers::{Result as Signed, SignerSync};
use purse_protocol::abi::IVault::Payment;
use purse_protocol::typed_data::approval_digest;
use serde_json::{Value, json};

/// Signs the approval of a payment with the owner's key.
///
/// # Errors
/// The signer's.
pub fn approve(chain_id: u64, vault: Address, payment: &Payment, signer: &impl SignerSync) -> Signed<Bytes> {
    let signature = signer.sign_hash_sync(&approval_digest(chain_id, vault, payment))?;
    Ok(Bytes::copy_from_slice(&signature.as_bytes()))
}

/// The approval for a wallet that signs typed data (`eth_signTypedData_v4`).
pub fn approval_typed_data(chain_id: u64, vault: Address, payment: &Payment) -> Value {
    let types = json!({
        "PaymentApproval": [field("Payment", "payment")],
        "Payment": [
            field("uint32", "session"),
            field("uint32", "nonce"),
            field("uint32", "deadline"),
            field("address", "token"),
            field("address", "payee"),
            field("uint128", "amount"),
            field("uint128", "fee"),
            field("address", "feeRecipient"),
            field("bytes32", "ref"),
        ],
    });
    let message = json!({
        "payment": {
            "session": payment.session,
            "nonce": payment.nonce,
            "deadline": payment.deadline,
            "token": payment.token,
            "payee": payment.payee,
            "amount": payment.amount.to_string(),
            "fee": payment.fee.to_string(),
            "feeRecipient": payment.feeRecipient,
            "ref": payment.r#ref,
        }
    });
    of(chain_id, vault, "PaymentApproval", types, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::dyn_abi::TypedData;
    use alloy::primitives::B256;
    use alloy::signers::local::PrivateKeySigner;

    /// I5: a wallet that is handed the typed data signs the digest that the vault recovers.
    #[test]
    fn the_typed_data_has_the_digest() {
        let vault = Address::repeat_byte(7);
        let payment = Payment {
            session: 1,
            nonce: 2,
            deadline: 1_800_000_000,
            token: Address::repeat_byte(3),
            payee: Address::repeat_byte(4),
            amount: u128::MAX,
            fee: 6,
            feeRecipient: Address::repeat_byte(5),
            r#ref: B256::repeat_byte(8),
        };
        let typed: TypedData = serde_json::from_value(approval_typed_data(8_453, vault, &payment)).unwrap();
        let digest = approval_digest(8_453, vault, &payment);
        assert_eq!(typed.eip712_signing_hash().unwrap(), digest);
        let key = PrivateKeySigner::random();
        let signature = approve(8_453, vault, &payment, &key).unwrap();
        let signature = alloy::primitives::Signature::try_from(signature.as_ref()).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&digest).unwrap(), key.address());
    }
}
