//! What `foundry.toml` says about compiling, for a second reader: forge is the first. Both must get the same bytecode,
//! so a setting that this reader does not know is refused rather than passed over.

use crate::build_error::BuildError;
use foundry_compilers::artifacts::output_selection::OutputSelection;
use foundry_compilers::artifacts::remappings::Remapping;
use foundry_compilers::artifacts::{BytecodeHash, EvmVersion, Optimizer, Settings, SettingsMetadata};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Settings of forge that do not reach the compiler's back end: they may be anything.
const HARMLESS: [&str; 25] = [
    "additional_compiler_profiles",
    "allow_paths",
    "auto_detect_remappings",
    "auto_detect_solc",
    "build_info",
    "cache",
    "cache_path",
    "deny",
    "dynamic_test_linking",
    "extra_output",
    "extra_output_files",
    "ffi",
    "fs_permissions",
    "gas_reports",
    "gas_reports_ignore",
    "gas_snapshot_check",
    "ignored_error_codes",
    "ignored_warnings_from",
    "isolate",
    "libs",
    "offline",
    "out",
    "script",
    "skip",
    "snapshots",
];

/// The part of `foundry.toml` that decides what the compiler is asked.
#[derive(Clone, Debug)]
pub(crate) struct CompilerSettings {
    /// The folder of the contracts, relative to the checkout.
    pub(crate) src: PathBuf,
    /// The compiler: an executable, relative to the checkout.
    pub(crate) solc: PathBuf,
    /// Where imports are found, relative to the checkout.
    pub(crate) remappings: Vec<Remapping>,
    evm_version: EvmVersion,
    optimizer: bool,
    optimizer_runs: usize,
    via_ir: bool,
    bytecode_hash: BytecodeHash,
    cbor_metadata: bool,
}

#[derive(Deserialize)]
struct FoundryToml {
    profile: Profiles,
}

#[derive(Deserialize)]
struct Profiles {
    default: DefaultProfile,
}

#[derive(Deserialize)]
struct DefaultProfile {
    src: PathBuf,
    solc: PathBuf,
    remappings: Vec<String>,
    evm_version: String,
    optimizer: bool,
    optimizer_runs: usize,
    via_ir: bool,
    bytecode_hash: String,
    cbor_metadata: bool,
    test: PathBuf,
    #[serde(default)]
    compilation_restrictions: Vec<CompilationRestriction>,
    #[serde(flatten)]
    rest: BTreeMap<String, toml::Value>,
}

/// A compiler profile for some files: of no concern here as long as they are tests.
#[derive(Deserialize)]
struct CompilationRestriction {
    paths: PathBuf,
}

impl CompilerSettings {
    /// Reads `foundry.toml` of the checkout at `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, BuildError> {
        let path = root.join("foundry.toml");
        let text = std::fs::read_to_string(&path).map_err(|_| BuildError::NotACheckout { path: root.to_path_buf() })?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, BuildError> {
        let invalid = |cause: String| BuildError::SettingsInvalid { cause };
        let profile = toml::from_str::<FoundryToml>(text).map_err(|error| invalid(error.to_string()))?.profile.default;
        if let Some(name) = profile.rest.into_keys().find(|name| !HARMLESS.contains(&name.as_str())) {
            return Err(BuildError::SettingUnknown { name });
        }
        if let Some(other) =
            profile.compilation_restrictions.iter().find(|other| !other.paths.starts_with(&profile.test))
        {
            let name = format!("compilation_restrictions for {}", other.paths.display());
            return Err(BuildError::SettingUnknown { name });
        }
        let remappings = profile
            .remappings
            .iter()
            .map(|text| Remapping::from_str(text).map_err(|error| invalid(format!("remapping \"{text}\": {error}"))));
        Ok(Self {
            src: profile.src,
            solc: profile.solc,
            remappings: remappings.collect::<Result<_, _>>()?,
            evm_version: EvmVersion::from_str(&profile.evm_version).map_err(invalid)?,
            optimizer: profile.optimizer,
            optimizer_runs: profile.optimizer_runs,
            via_ir: profile.via_ir,
            bytecode_hash: BytecodeHash::from_str(&profile.bytecode_hash).map_err(invalid)?,
            cbor_metadata: profile.cbor_metadata,
        })
    }

    /// The `settings` of the compiler's standard JSON input.
    pub(crate) fn for_solc(&self) -> Settings {
        let wanted =
            ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"];
        let selection = BTreeMap::from([(
            "*".to_owned(),
            BTreeMap::from([
                ("*".to_owned(), wanted.map(str::to_owned).to_vec()),
                (String::new(), vec!["ast".to_owned()]),
            ]),
        )]);
        Settings {
            remappings: self.remappings.clone(),
            optimizer: Optimizer { enabled: Some(self.optimizer), runs: Some(self.optimizer_runs), details: None },
            metadata: Some(SettingsMetadata::new(self.bytecode_hash, self.cbor_metadata)),
            evm_version: Some(self.evm_version),
            via_ir: Some(self.via_ir),
            output_selection: OutputSelection::from(selection),
            ..Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const GOOD: &str = r#"
        [profile.default]
        src = "contracts/src"
        solc = "scripts/solc"
        remappings = ["solady/=node_modules/solady/src/"]
        evm_version = "cancun"
        optimizer = true
        optimizer_runs = 7
        via_ir = true
        bytecode_hash = "none"
        cbor_metadata = false
        out = "out"
        test = "contracts/test"
    "#;

    #[test]
    fn every_setting_that_shapes_bytecode_reaches_the_compiler() {
        let settings = serde_json::to_value(CompilerSettings::parse(GOOD).unwrap().for_solc()).unwrap();
        assert_eq!(settings["optimizer"], serde_json::json!({"enabled": true, "runs": 7}));
        assert_eq!(settings["metadata"], serde_json::json!({"bytecodeHash": "none", "appendCBOR": false}));
        assert_eq!(settings["evmVersion"], "cancun");
        assert_eq!(settings["viaIR"], true);
        assert_eq!(settings["remappings"], serde_json::json!(["solady/=node_modules/solady/src/"]));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let text = format!("{GOOD}\n        optimizer_details = {{ yul = false }}\n");
        let error = CompilerSettings::parse(&text).unwrap_err();
        assert!(matches!(&error, BuildError::SettingUnknown { name } if name == "optimizer_details"), "{error}");
    }

    #[test]
    fn a_profile_of_its_own_is_for_tests_only() {
        let with =
            |paths: &str| format!("{GOOD}\ncompilation_restrictions = [{{ paths = \"{paths}\", via_ir = false }}]\n");
        CompilerSettings::parse(&with("contracts/test/**")).unwrap();
        let error = CompilerSettings::parse(&with("contracts/src/Vault.sol")).unwrap_err();
        assert!(matches!(error, BuildError::SettingUnknown { .. }), "{error}");
    }

    #[test]
    fn a_missing_or_misspelt_setting_is_refused() {
        for (from, to) in [("evm_version = \"cancun\"", ""), ("\"cancun\"", "\"cancan\""), ("\"none\"", "\"nothing\"")]
        {
            let error = CompilerSettings::parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(matches!(error, BuildError::SettingsInvalid { .. }), "{from} -> {to}: {error}");
        }
    }
}
