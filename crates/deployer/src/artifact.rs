//! One compiled contract.

use crate::build_error::BuildError;
use alloy::json_abi::JsonAbi;
use alloy::primitives::{B256, Bytes, keccak256};
use foundry_compilers::artifacts::Contract;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One compiled contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// The source file, relative to the checkout, as the compiler and block explorers know it.
    pub file: String,
    /// The contract's name.
    pub name: String,
    /// What it can be asked, says and refuses with.
    pub abi: JsonAbi,
    /// The code that creates it, without constructor arguments.
    pub creation_code: Bytes,
    /// The code at its address, with zeros where the constructor puts immutables.
    pub runtime_code: Bytes,
    /// Where in the runtime code each immutable stands, by name: offsets of 32 byte words.
    pub immutables: BTreeMap<String, Vec<usize>>,
}

impl Artifact {
    /// keccak256 of the creation code, without constructor arguments.
    pub fn creation_code_hash(&self) -> B256 {
        keccak256(&self.creation_code)
    }

    /// Takes a contract out of the compiler's answer; `names` are the names of immutables by their AST id.
    pub(crate) fn take(
        file: String,
        name: &str,
        contract: Contract,
        names: &BTreeMap<String, String>,
    ) -> Result<Self, BuildError> {
        let missing = |what: &str| BuildError::AnswerIncomplete { what: format!("{what} of {name}") };
        let evm = contract.evm.ok_or_else(|| missing("the code"))?;
        let deployed = evm.deployed_bytecode.ok_or_else(|| missing("the runtime code"))?;
        let mut immutables = BTreeMap::new();
        for (id, places) in deployed.immutable_references {
            let immutable = names.get(&id).ok_or_else(|| missing(&format!("the name of immutable {id}")))?;
            if places.iter().any(|place| place.length != 32) {
                return Err(missing(&format!("a whole word for immutable {immutable}")));
            }
            immutables.insert(immutable.clone(), places.iter().map(|place| place.start as usize).collect());
        }
        let code = |bytecode: Option<foundry_compilers::artifacts::Bytecode>, what: &str| {
            bytecode.and_then(|code| code.object.into_bytes()).ok_or_else(|| missing(what))
        };
        Ok(Self {
            file,
            name: name.to_owned(),
            abi: contract.abi.ok_or_else(|| missing("the ABI"))?,
            creation_code: code(evm.bytecode, "the creation code")?,
            runtime_code: code(deployed.bytecode, "the runtime code")?,
            immutables,
        })
    }
}
