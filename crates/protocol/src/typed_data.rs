//! What a session key signs: the EIP-712 digest of a payment, twin of `contracts/src/libraries/PaymentHash.sol`.

use crate::abi::IVault::Payment;
use alloy::primitives::{Address, B256};
use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};

/// The EIP-712 domain of a vault: the digest binds the chain and the vault's address (I2).
pub fn domain(chain_id: u64, vault: Address) -> Eip712Domain {
    eip712_domain! {
        name: "Pursestrings Vault",
        version: "1",
        chain_id: chain_id,
        verifying_contract: vault,
    }
}

/// The digest that the session key signs to make `payment` from `vault` on chain `chain_id`.
pub fn payment_digest(chain_id: u64, vault: Address, payment: &Payment) -> B256 {
    payment.eip712_signing_hash(&domain(chain_id, vault))
}
