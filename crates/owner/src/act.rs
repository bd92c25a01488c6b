//! Acts by signature: what the owner, or to stop something the guardian, signs for anyone to lodge (I8, I9).

use crate::Verb;
use crate::typed_data::{field, of};
use alloy::primitives::{Address, B256, Bytes};
use alloy::signers::{Result as Signed, SignerSync};
use purse_protocol::typed_data::act_digest;
use serde_json::{Value, json};

/// A verb's call, to be performed while the owner nonce is exactly `nonce` and the chain's time is before `deadline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The verb's calldata.
    pub call: Bytes,
    /// The owner nonce at which alone it is valid: any other change of the vault makes it void.
    pub nonce: u32,
    /// In chain time, seconds since 1970.
    pub deadline: u32,
}

/// An act and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    /// What was signed.
    pub act: Act,
    /// The owner's or guardian's: of its key, or whatever its contract takes (ERC-1271).
    pub signature: Bytes,
}

impl Act {
    /// The act of that verb.
    pub fn new(verb: &Verb, nonce: u32, deadline: u32) -> Self {
        Self { call: verb.calldata(), nonce, deadline }
    }

    /// The digest that is signed.
    pub fn digest(&self, chain_id: u64, vault: Address) -> B256 {
        act_digest(chain_id, vault, &self.call, self.nonce, self.deadline)
    }

    /// The same for a wallet that signs typed data (`eth_signTypedData_v4`).
    pub fn typed_data(&self, chain_id: u64, vault: Address) -> Value {
        let types = json!({ "Act": [field("bytes", "call"), field("uint32", "nonce"), field("uint32", "deadline")] });
        let message = json!({ "call": self.call, "nonce": self.nonce, "deadline": self.deadline });
        of(chain_id, vault, "Act", types, message)
    }

    /// Signs it with a key.
    ///
    /// # Errors
    /// The signer's.
    pub fn sign(self, chain_id: u64, vault: Address, signer: &impl SignerSync) -> Signed<SignedAct> {
        let signature = signer.sign_hash_sync(&self.digest(chain_id, vault))?;
        Ok(SignedAct { act: self, signature: Bytes::copy_from_slice(&signature.as_bytes()) })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::dyn_abi::TypedData;
    use alloy::signers::local::PrivateKeySigner;

    /// A wallet that is handed the typed data signs the digest that the vault recovers.
    #[test]
    fn the_typed_data_has_the_digest() {
        let (act, vault) = (Act::new(&Verb::Pause, 7, 1_800_000_000), Address::repeat_byte(7));
        let typed: TypedData = serde_json::from_value(act.typed_data(8_453, vault)).unwrap();
        assert_eq!(typed.eip712_signing_hash().unwrap(), act.digest(8_453, vault));
        let key = PrivateKeySigner::random();
        let signed = act.clone().sign(8_453, vault, &key).unwrap();
        let signature = alloy::primitives::Signature::try_from(signed.signature.as_ref()).unwrap();
        let signer = signature.recover_address_from_prehash(&act.digest(8_453, vault)).unwrap();
        assert_eq!(signer, key.address());
    }
}
