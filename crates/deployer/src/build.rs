//! The compiled contracts. Compiling is the same question to the same compiler, so its answer is kept under the hash of
//! the question: a second run compiles nothing.

use crate::artifact::Artifact;
use crate::build_error::BuildError;
use crate::settings::CompilerSettings;
use crate::{build_cache, sources};
use alloy::primitives::{Address, B256, Bytes};
use foundry_compilers::artifacts::{Contracts, Error, SolcInput, SolcLanguage};
use foundry_compilers::solc::Solc;
use purse_protocol::create2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const VAULT: (&str, &str) = ("Vault.sol", "Vault");
const FACTORY: (&str, &str) = ("VaultFactory.sol", "VaultFactory");
const LENS: (&str, &str) = ("VaultLens.sol", "VaultLens");

/// The compiled contracts, with everything that is needed to deploy, to verify and to publish them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The vault.
    pub vault: Artifact,
    /// The factory of vaults.
    pub factory: Artifact,
    /// What tells the most that can leave a vault (I17): stateless, needed by no vault.
    pub lens: Artifact,
    /// The compiler's version, as block explorers spell it: `0.8.37+commit.f401782d`.
    pub compiler: String,
    /// The compiler's very input ("standard JSON"), from which a block explorer gets the same bytecode.
    pub standard_json: serde_json::Value,
    /// Whether the compiler ran; `false` when the build was still known from an earlier run.
    #[serde(skip)]
    pub compiled: bool,
}

/// The part of the compiler's answer that is read.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errors: Vec<Error>,
    #[serde(default)]
    contracts: Contracts,
    #[serde(default)]
    sources: BTreeMap<PathBuf, SourceAnswer>,
}

#[derive(Deserialize)]
struct SourceAnswer {
    ast: serde_json::Value,
}

impl Build {
    /// Compiles the contracts of the checkout at `root`, exactly as forge does by its `foundry.toml`, offline.
    ///
    /// The first run takes some seconds; later ones, while no source and no setting changes, read
    /// `cache/deployer/` and do not start the compiler. See [`compiled`](Self::compiled).
    ///
    /// # Errors
    /// [`BuildError`], each with a [`fix`](BuildError::fix).
    pub fn compile(root: &Path) -> Result<Self, BuildError> {
        let not_a_checkout = |_| BuildError::NotACheckout { path: root.to_path_buf() };
        let root = root.canonicalize().map_err(not_a_checkout)?;
        let settings = CompilerSettings::read(&root)?;
        let sources = sources::collect(&root, &settings, &[VAULT.0, FACTORY.0, LENS.0])?;
        let input = SolcInput::new(SolcLanguage::Solidity, sources, settings.for_solc());
        let solc = root.join(&settings.solc);
        build_cache::get_or_make(&root, &input, &solc, || Self::run(&settings, &solc, input.clone()))
    }

    /// The factory's creation code with its constructor argument, the hash of the vault's creation code.
    pub fn factory_init_code(&self) -> Bytes {
        create2::factory_init_code(&self.factory.creation_code, &self.vault.creation_code).into()
    }

    /// Where the factory is, on every chain that has it.
    pub fn factory_address(&self) -> Address {
        create2::factory_address(&self.factory_init_code())
    }

    /// Where the lens is, on every chain that has it.
    pub fn lens_address(&self) -> Address {
        create2::lens_address(&self.lens.creation_code)
    }

    /// keccak256 of the vault's creation code: the one code that the factory deploys (I14).
    pub fn vault_code_hash(&self) -> B256 {
        self.vault.creation_code_hash()
    }

    fn run(settings: &CompilerSettings, solc: &Path, input: SolcInput) -> Result<Self, BuildError> {
        let unusable = |cause: String| BuildError::CompilerUnusable { solc: solc.to_path_buf(), cause };
        let compiler = Solc::new(solc).map_err(|error| unusable(error.to_string()))?;
        let mut answer: Answer = compiler.compile_as(&input).map_err(|error| unusable(error.to_string()))?;
        let errors: Vec<String> =
            answer.errors.iter().filter(|error| error.severity.is_error()).map(ToString::to_string).collect();
        if !errors.is_empty() {
            return Err(BuildError::Rejected { diagnostics: errors.join("\n") });
        }

        let mut names = BTreeMap::new();
        for source in answer.sources.values() {
            collect_immutables(&source.ast, &mut names);
        }
        let mut take = |(file, name): (&str, &str)| {
            let path = settings.src.join(file);
            let contract = answer.contracts.get_mut(&path).and_then(|contracts| contracts.remove(name));
            let contract = contract.ok_or_else(|| BuildError::AnswerIncomplete { what: name.to_owned() })?;
            Artifact::take(path.display().to_string(), name, contract, &names)
        };
        let version = &compiler.version;
        // The platform at the end of the build metadata ("Linux.g++") says nothing about the bytecode.
        let commit: Vec<&str> = version.build.as_str().split('.').take(2).collect();
        Ok(Self {
            vault: take(VAULT)?,
            factory: take(FACTORY)?,
            lens: take(LENS)?,
            compiler: format!("{}.{}.{}+{}", version.major, version.minor, version.patch, commit.join(".")),
            standard_json: serde_json::to_value(&input)
                .map_err(|error| BuildError::AnswerIncomplete { what: error.to_string() })?,
            compiled: true,
        })
    }
}

/// Collects the names of all immutables in a syntax tree by their id.
fn collect_immutables(node: &serde_json::Value, names: &mut BTreeMap<String, String>) {
    match node {
        serde_json::Value::Object(fields) => {
            if fields.get("mutability").and_then(|value| value.as_str()) == Some("immutable")
                && let (Some(id), Some(name)) = (fields.get("id"), fields.get("name").and_then(|name| name.as_str()))
            {
                names.insert(id.to_string(), name.to_owned());
            }
            for value in fields.values() {
                collect_immutables(value, names);
            }
        }
        serde_json::Value::Array(nodes) => {
            for node in nodes {
                collect_immutables(node, names);
            }
        }
        _ => {}
    }
}
