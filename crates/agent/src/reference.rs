//! The reference of a payment: 32 bytes on the chain that commit to the purchase and its purpose and tell nothing of
//! them to whoever has not the session's salt.

use alloy::primitives::{B256, keccak256};
use alloy::sol_types::SolValue;

/// `keccak256(abi.encode(bytes32 salt, string purchase, string purpose))`. The same purchase for the same purpose has
/// the same reference; an auditor who is given the salt and both texts can check it.
///
/// ```
/// use alloy::primitives::B256;
/// use purse_agent::reference;
/// let salt = B256::repeat_byte(7);
/// assert_eq!(reference(salt, "order 7781", "forecast"), reference(salt, "order 7781", "forecast"));
/// assert_ne!(reference(salt, "order 77", "81forecast"), reference(salt, "order 7781", "forecast"));
/// ```
pub fn reference(salt: B256, purchase: &str, purpose: &str) -> B256 {
    keccak256((salt, purchase.to_owned(), purpose.to_owned()).abi_encode_params())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::b256;

    /// `cast keccak $(cast abi-encode "f(bytes32,string,string)" 0x07..07 "order 7781" "forecast")`
    #[test]
    fn the_reference_is_what_cast_computes() {
        let expected = b256!("b647ee64b84cf109d6a63647da40b80dddc19019cf5f2b50cc6f0c6966cdc13a");
        assert_eq!(reference(B256::repeat_byte(7), "order 7781", "forecast"), expected);
    }
}
