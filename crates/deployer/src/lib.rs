//! Gets the contracts onto a chain: compiles them offline with the pinned compiler, deploys them to addresses that
//! follow from their code, and believes no address before its code is compared with the build.
//!
//! - [`Build`]: the compiled contracts, and the standard JSON input for block explorers
//! - [`Artifact`]: one compiled contract
//! - `settings`, `sources`, `build_cache`: what the compiler is asked, and the answers that are kept
//! - [`deploy_factory`], [`deploy_lens`], [`deploy_vault`]: idempotent deployment; [`Outcome`] says whether anything was deployed
//! - [`verify_runtime`]: is the code at an address the build's?
//! - [`book`]: the address books on disk, `deployments/<chain_id>.json`
//! - [`test_usdc`]: Circle's real USDC on a local anvil
//! - [`BuildError`], [`DeployError`]: what can go wrong, and what to do about it

mod artifact;
mod atomic_file;
pub mod book;
mod build;
mod build_cache;
mod build_error;
mod deploy;
mod deploy_error;
mod settings;
mod sources;
pub mod test_usdc;
mod verify;

pub use artifact::Artifact;
pub use book::BookError;
pub use build::Build;
pub use build_error::BuildError;
pub use deploy::{
    Outcome, check_chain_id, deploy_factory, deploy_lens, deploy_vault, verify_factory, verify_lens, verify_vault,
};
pub use deploy_error::{DeployError, ImmutableDifference};
pub use test_usdc::{TestUsdcError, deploy_test_usdc, deploy_test_usdc_anywhere};
pub use verify::{factory_immutables, vault_immutables, verify_runtime};
