//! Why the contracts could not be compiled.

use std::path::PathBuf;

/// Why the contracts could not be compiled. The message is the cause; [`fix`](Self::fix) is what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no `foundry.toml` where the checkout should be.
    #[error("{} is no checkout of Pursestrings: it has no foundry.toml", path.display())]
    NotACheckout {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The npm packages that the contracts import are not installed.
    #[error("{} is missing: the compiler and the Solidity libraries are not installed", path.display())]
    NotInstalled {
        /// What is missing.
        path: PathBuf,
    },
    /// `foundry.toml` cannot be read as settings.
    #[error("foundry.toml is not understood: {cause}")]
    SettingsInvalid {
        /// What is wrong with it.
        cause: String,
    },
    /// `foundry.toml` has a setting of which nobody has said whether it changes bytecode.
    #[error(
        "foundry.toml has the setting \"{name}\", which this program does not know, so its bytecode could differ from forge's"
    )]
    SettingUnknown {
        /// The setting.
        name: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Imports lead nowhere.
    #[error("cannot find what the contracts import: {}", imports.join(", "))]
    ImportMissing {
        /// Each as `import in file`.
        imports: Vec<String>,
    },
    /// The compiler did not run.
    #[error("the Solidity compiler {} did not run: {cause}", solc.display())]
    CompilerUnusable {
        /// The compiler.
        solc: PathBuf,
        /// What went wrong.
        cause: String,
    },
    /// The compiler refused the contracts.
    #[error("the contracts do not compile:\n{diagnostics}")]
    Rejected {
        /// The compiler's own words.
        diagnostics: String,
    },
    /// The compiler's answer lacks something that was asked for.
    #[error("the compiler's answer is incomplete: {what}")]
    AnswerIncomplete {
        /// What is missing.
        what: String,
    },
}

impl BuildError {
    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NotACheckout { .. } => "run it inside a checkout, or name one",
            Self::NotInstalled { .. } | Self::ImportMissing { .. } | Self::CompilerUnusable { .. } => {
                "run `make setup` in the checkout (it needs node 20 or later)"
            }
            Self::SettingsInvalid { .. } => "compare foundry.toml with the one in the repository",
            Self::SettingUnknown { .. } => {
                "take the setting out, or teach crates/deployer/src/settings.rs what it does to bytecode"
            }
            Self::File { .. } => "make the file accessible to this user, then run again",
            Self::Rejected { .. } => "correct the contracts; `forge build` shows the same",
            Self::AnswerIncomplete { .. } => "use the pinned compiler: run `make setup`",
        }
    }
}
