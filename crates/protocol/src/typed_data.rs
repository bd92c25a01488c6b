//! What is signed, as EIP-712 digests: a payment by the session's key, its approval and an act by the owner (an act
//! that stops something by the guardian too). Twin of `contracts/src/libraries/PaymentHash.sol` and of `lodge`.
//!
//! - [`wallet`]: the same as a wallet takes it, to be shown and signed there

pub mod wallet;

#[cfg(test)]
mod tests;

use crate::abi::IVault::Payment;
use alloy::primitives::{Address, B256, Signature, keccak256};
use alloy::sol_types::{Eip712Domain, SolValue, eip712_domain};

/// The EIP-712 type of a payment. Written out, because the hash that `sol!` derives is of another type: it calls the
/// last field `r#ref`, as Rust does. Never sign [`Payment`]'s own `eip712_signing_hash`.
pub const PAYMENT_TYPE: &str = "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,\
                                uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)";

/// The EIP-712 type of the owner's approval of a payment, which is of another type than the payment itself: no session
/// key's signature is one (I5).
pub const APPROVAL_TYPE: &str = "PaymentApproval(Payment payment)Payment(uint32 session,uint32 nonce,uint32 deadline,\
                                 address token,address payee,uint128 amount,uint128 fee,address feeRecipient,\
                                 bytes32 ref)";

/// The EIP-712 type of an act by signature: a verb's calldata, valid at one owner nonce and before a deadline (I9).
pub const ACT_TYPE: &str = "Act(bytes call,uint32 nonce,uint32 deadline)";

/// The EIP-712 domain of a vault: the digest binds the chain and the vault's address (I2).
pub fn domain(chain_id: u64, vault: Address) -> Eip712Domain {
    eip712_domain! {
        name: "Pursestrings Vault",
        version: "1",
        chain_id: chain_id,
        verifying_contract: vault,
    }
}

/// The EIP-712 struct hash of `payment`, which binds every field (I2).
pub fn payment_struct_hash(payment: &Payment) -> B256 {
    keccak256([keccak256(PAYMENT_TYPE).as_slice(), &payment.abi_encode()].concat())
}

/// The EIP-712 struct hash of the approval of `payment` (I5).
pub fn approval_struct_hash(payment: &Payment) -> B256 {
    keccak256([keccak256(APPROVAL_TYPE), payment_struct_hash(payment)].concat())
}

/// The EIP-712 struct hash of an act: `call` is the verb's whole calldata (I9).
pub fn act_struct_hash(call: &[u8], nonce: u32, deadline: u32) -> B256 {
    keccak256((keccak256(ACT_TYPE), keccak256(call), nonce, deadline).abi_encode())
}

/// The digest that the session key signs to make `payment` from `vault` on chain `chain_id`.
pub fn payment_digest(chain_id: u64, vault: Address, payment: &Payment) -> B256 {
    digest(chain_id, vault, payment_struct_hash(payment))
}

/// Whose key made `signature` over `digest`: 64 bytes (EIP-2098) or 65. `None` if it is nobody's.
pub fn signer_of(signature: &[u8], digest: B256) -> Option<Address> {
    let signature = match signature.len() {
        64 => Signature::from_erc2098(signature),
        _ => Signature::from_raw(signature).ok()?,
    };
    signature.recover_address_from_prehash(&digest).ok()
}

/// The digest that the owner signs to approve `payment` above the session's per-payment cap (I5).
pub fn approval_digest(chain_id: u64, vault: Address, payment: &Payment) -> B256 {
    digest(chain_id, vault, approval_struct_hash(payment))
}

/// The digest that the owner, or to stop something the guardian, signs so that anyone may `lodge` the call while the
/// owner nonce is exactly `nonce` and the chain's time is before `deadline` (I9).
pub fn act_digest(chain_id: u64, vault: Address, call: &[u8], nonce: u32, deadline: u32) -> B256 {
    digest(chain_id, vault, act_struct_hash(call, nonce, deadline))
}

fn digest(chain_id: u64, vault: Address, struct_hash: B256) -> B256 {
    keccak256([b"\x19\x01", domain(chain_id, vault).separator().as_slice(), struct_hash.as_slice()].concat())
}
