//! The checkout: where the contracts' sources and the pinned compiler are. Only deploying needs it.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// What a checkout is known by.
const MARK: &str = "contracts/src/Vault.sol";

/// The checkout: `PURSE_HOME`, or the nearest folder above the working directory or above this program.
pub(crate) fn root() -> Result<PathBuf, Failure> {
    if let Some(home) = std::env::var_os("PURSE_HOME").map(PathBuf::from) {
        return if home.join(MARK).is_file() {
            Ok(home)
        } else {
            Err(missing(&format!("PURSE_HOME names {}", home.display())))
        };
    }
    let starts = [std::env::current_dir().ok(), std::env::current_exe().and_then(|exe| exe.canonicalize()).ok()];
    let found = starts.iter().flatten().find_map(|start| above(start));
    found.ok_or_else(|| missing("neither the working directory nor this program is inside a checkout"))
}

fn above(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| folder.join(MARK).is_file()).map(Path::to_owned)
}

fn missing(cause: &str) -> Failure {
    Failure::error(
        "CheckoutMissing",
        "the contracts to deploy are not here",
        format!("{cause}, and there is no {MARK}"),
        "run this inside the Pursestrings checkout, or set PURSE_HOME to it",
    )
}
