//! Is the code at an address the build's? Its own words ("I am a vault") prove nothing, so every byte is compared:
//! first the code with the immutables blanked out, then each immutable with the value it must have. Pure.

use crate::artifact::Artifact;
use crate::build::Build;
use crate::deploy_error::{DeployError, ImmutableDifference};
use alloy::primitives::{Address, B256, U256, keccak256};
use purse_protocol::typed_data;
use std::collections::BTreeMap;

const WORD: usize = 32;

/// Checks that `code`, found at `address`, is `artifact`'s runtime code with exactly the `expected` immutables (by
/// name), and returns the code's hash.
///
/// # Errors
/// [`DeployError::NotDeployed`], [`DeployError::CodeDiffers`] or [`DeployError::ImmutableDiffers`].
pub fn verify_runtime(
    artifact: &Artifact,
    address: Address,
    code: &[u8],
    expected: &BTreeMap<&str, B256>,
) -> Result<B256, DeployError> {
    let contract = artifact.name.clone();
    let differs = |difference: String| DeployError::CodeDiffers { contract: contract.clone(), address, difference };
    if code.is_empty() {
        return Err(DeployError::NotDeployed { contract, address });
    }
    let wanted = &artifact.runtime_code;
    if code.len() != wanted.len() {
        return Err(differs(format!("it has {} bytes, not {}", code.len(), wanted.len())));
    }

    let mut blanked = code.to_vec();
    for (name, offsets) in &artifact.immutables {
        let expected = *expected
            .get(name.as_str())
            .ok_or_else(|| differs(format!("this program does not know what its immutable {name} must be")))?;
        for offset in offsets {
            let word = blanked
                .get_mut(*offset..offset + WORD)
                .ok_or_else(|| differs(format!("its immutable {name} lies outside the code")))?;
            let actual = B256::from_slice(word);
            if actual != expected {
                // Another immutable value in foreign code would be a misleading finding: foreign code comes first.
                same_but_for_immutables(artifact, code).map_err(differs)?;
                let immutable = name.clone();
                let difference = ImmutableDifference { contract, address, immutable, expected, actual };
                return Err(DeployError::ImmutableDiffers(Box::new(difference)));
            }
            word.fill(0);
        }
    }
    first_difference(&blanked, wanted).map_err(differs)?;
    Ok(keccak256(code))
}

/// The values that the factory's immutables must have.
pub fn factory_immutables(build: &Build) -> BTreeMap<&'static str, B256> {
    BTreeMap::from([("vaultCodeHash", build.vault_code_hash())])
}

/// The values that the immutables of the vault at `address` on chain `chain_id` must have: what its EIP-712 domain is
/// made of, and where its contract for purses is, the first that it made.
pub fn vault_immutables(chain_id: u64, address: Address) -> BTreeMap<&'static str, B256> {
    let separator = typed_data::domain(chain_id, address).separator();
    let purses = B256::left_padding_from(address.create(1).as_slice());
    BTreeMap::from([("_firstChain", U256::from(chain_id).into()), ("_firstSeparator", separator), ("_purses", purses)])
}

fn same_but_for_immutables(artifact: &Artifact, code: &[u8]) -> Result<(), String> {
    let mut blanked = code.to_vec();
    for offset in artifact.immutables.values().flatten() {
        if let Some(word) = blanked.get_mut(*offset..offset + WORD) {
            word.fill(0);
        }
    }
    first_difference(&blanked, &artifact.runtime_code)
}

fn first_difference(code: &[u8], wanted: &[u8]) -> Result<(), String> {
    match code.iter().zip(wanted).position(|(one, other)| one != other) {
        Some(position) => Err(format!("they part at byte {position} of {}", wanted.len())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::Bytes;

    const WHERE: Address = Address::repeat_byte(0xaa);
    const VALUE: B256 = B256::repeat_byte(0x77);

    /// One immutable, at two places of 100 bytes.
    fn artifact() -> Artifact {
        let mut runtime = vec![1; 100];
        runtime[10..42].fill(0);
        runtime[60..92].fill(0);
        Artifact {
            file: "T.sol".to_owned(),
            name: "T".to_owned(),
            abi: alloy::json_abi::JsonAbi::new(),
            creation_code: Bytes::new(),
            runtime_code: runtime.into(),
            immutables: BTreeMap::from([("value".to_owned(), vec![10, 60])]),
        }
    }

    fn deployed() -> Vec<u8> {
        let mut code = artifact().runtime_code.to_vec();
        code[10..42].copy_from_slice(VALUE.as_slice());
        code[60..92].copy_from_slice(VALUE.as_slice());
        code
    }

    fn verify(code: &[u8]) -> Result<B256, DeployError> {
        verify_runtime(&artifact(), WHERE, code, &BTreeMap::from([("value", VALUE)]))
    }

    #[test]
    fn the_builds_code_with_the_right_immutables_passes() {
        assert_eq!(verify(&deployed()).unwrap(), keccak256(deployed()));
    }

    #[test]
    fn a_change_of_any_byte_is_found() {
        for position in 0..deployed().len() {
            let mut code = deployed();
            code[position] ^= 1;
            let error = verify(&code).unwrap_err();
            let immutable = (10..42).contains(&position) || (60..92).contains(&position);
            assert_eq!(matches!(error, DeployError::ImmutableDiffers(_)), immutable, "{position}: {error}");
            assert_eq!(matches!(error, DeployError::CodeDiffers { .. }), !immutable, "{position}: {error}");
        }
    }

    #[test]
    fn foreign_code_is_called_foreign_even_where_immutables_differ_too() {
        let error = verify(&[9; 100]).unwrap_err();
        assert!(matches!(error, DeployError::CodeDiffers { .. }), "{error}");
    }

    #[test]
    fn missing_and_longer_code_is_refused() {
        assert!(matches!(verify(&[]).unwrap_err(), DeployError::NotDeployed { .. }));
        let longer = [deployed(), vec![0]].concat();
        assert!(matches!(verify(&longer).unwrap_err(), DeployError::CodeDiffers { .. }));
    }

    #[test]
    fn an_immutable_that_nobody_knows_is_refused() {
        let error = verify_runtime(&artifact(), WHERE, &deployed(), &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("immutable value"), "{error}");
    }
}
