//! What a session key signs to pay from a purse: the token's own `TransferWithAuthorization` (EIP-3009), whose payer is
//! the purse; and the blob in which the purse's hook finds the fields again.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolStruct, SolValue};
use serde::{Deserialize, Serialize};

alloy::sol! {
    /// EIP-3009.
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

/// A transfer that the holder of a purse's session key authorises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The purse.
    pub from: Address,
    /// The seller.
    pub to: Address,
    /// Base units.
    pub value: u128,
    /// Valid after this time: block.timestamp > validAfter.
    pub valid_after: u64,
    /// Valid before this time: block.timestamp < validBefore.
    pub valid_before: u64,
    /// The token uses a (payer, nonce) at most once.
    pub nonce: B256,
}

impl Authorization {
    /// The EIP-712 digest that the session key signs. `domain_separator` is the token's own, read from the token.
    pub fn digest(&self, domain_separator: B256) -> B256 {
        let message = TransferWithAuthorization {
            from: self.from,
            to: self.to,
            value: U256::from(self.value),
            validAfter: U256::from(self.valid_after),
            validBefore: U256::from(self.valid_before),
            nonce: self.nonce,
        };
        let hash = message.eip712_hash_struct();
        keccak256([b"\x19\x01", domain_separator.as_slice(), hash.as_slice()].concat())
    }
}

/// What goes to the token in place of a signature: the purse's hook decodes it, recomputes the digest from it, and
/// recovers the session key from its last part.
/// `abi.encode(address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)`.
pub fn purse_blob(authorization: &Authorization, signature: &[u8]) -> Bytes {
    let fields = (
        authorization.to,
        U256::from(authorization.value),
        U256::from(authorization.valid_after),
        U256::from(authorization.valid_before),
        authorization.nonce,
        Bytes::copy_from_slice(signature),
    );
    fields.abi_encode_params().into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::{address, b256};
    use alloy_dyn_abi::TypedData;
    use serde_json::json;

    fn sample() -> Authorization {
        Authorization {
            from: address!("7a1f000000000000000000000000000000005e44"),
            to: address!("4b1c000000000000000000000000000000000077"),
            value: 10_000,
            valid_after: 0,
            valid_before: 1_795_357_320,
            nonce: B256::repeat_byte(9),
        }
    }

    /// An encoder that knows the type only as text gives the same digest.
    #[test]
    fn the_digest_is_that_of_the_typed_data() {
        let one = sample();
        let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let data: TypedData = serde_json::from_value(json!({
            "types": {
                "EIP712Domain": [field("name", "string"), field("version", "string"), field("chainId", "uint256"),
                                 field("verifyingContract", "address")],
                "TransferWithAuthorization": [
                    field("from", "address"), field("to", "address"), field("value", "uint256"),
                    field("validAfter", "uint256"), field("validBefore", "uint256"), field("nonce", "bytes32")],
            },
            "primaryType": "TransferWithAuthorization",
            "domain": { "name": "USD Coin", "version": "2", "chainId": 8453,
                        "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913" },
            "message": { "from": one.from, "to": one.to, "value": one.value.to_string(), "validAfter": "0",
                         "validBefore": one.valid_before.to_string(), "nonce": one.nonce },
        }))
        .unwrap();
        let digest = one.digest(data.domain().separator());
        assert_eq!(digest, data.eip712_signing_hash().unwrap());
    }

    /// FiatTokenV2_2's `TRANSFER_WITH_AUTHORIZATION_TYPEHASH`.
    #[test]
    fn the_type_is_the_tokens() {
        let expected = b256!("7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267");
        assert_eq!(keccak256(TransferWithAuthorization::eip712_root_type().as_bytes()), expected);
    }

    #[test]
    fn the_blob_is_abi_encoded_and_never_65_bytes() {
        let blob = purse_blob(&sample(), &[7; 65]);
        assert_eq!(blob.len(), 7 * 32 + 96);
        let fields = <(Address, U256, U256, U256, B256, Bytes)>::abi_decode_params(&blob).unwrap();
        assert_eq!((fields.0, fields.1, fields.4), (sample().to, U256::from(10_000), sample().nonce));
        assert_eq!(fields.5.as_ref(), [7; 65]);
    }
}
