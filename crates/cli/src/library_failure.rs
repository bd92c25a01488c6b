//! The libraries' errors as failures: their own names, causes and fixes, and the exit code that fits.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::rpc_failure;
use purse_agent::AgentError;
use purse_agent::keystore::KeystoreError;
use purse_archive::{ArchiveError, Flaw};
use purse_audit::TrailError;
use purse_deployer::{BookError, BuildError, DeployError, TestUsdcError};
use purse_indexer::{CollectError, IndexError, ObserveError, SourceError, StoreError};
use purse_owner::OwnerError;
use purse_protocol::{Refusal, RpcFault};
use std::error::Error;
use std::path::Path;

/// The failure of opening or writing a keystore.
pub(crate) fn of_keystore(error: &KeystoreError, path: &Path) -> Failure {
    Failure::new(Exit::Key, error.code(), format!("cannot use {}", path.display()), error.to_string(), error.fix())
}

/// The failure of an agent that could not pay, for another reason than a refusal.
pub(crate) fn of_agent(error: &AgentError) -> Failure {
    let exit = match error {
        AgentError::Rpc(RpcFault::Unreachable { .. } | RpcFault::Nonsense { .. }) => Exit::RpcUnreachable,
        AgentError::OutcomeUnknown { .. } => Exit::NotFinal,
        _ => Exit::Error,
    };
    let failure = Failure::new(exit, error.code(), "the payment was not made", error.to_string(), error.fix());
    match error {
        AgentError::OutcomeUnknown { transaction, .. } => {
            failure.about("what became of the payment is not known").with_fact("tx", transaction.to_string())
        }
        _ => failure,
    }
}

/// The failure of an owner's or guardian's act.
pub(crate) fn of_owner(error: &OwnerError) -> Failure {
    let exit = match error {
        OwnerError::Rpc(fault) => return rpc_failure::of_fault(fault),
        OwnerError::Refused(refusal) => return rpc_failure::of_refusal(refusal),
        OwnerError::NotMined { .. } | OwnerError::OutcomeUnknown { .. } => Exit::NotFinal,
        _ => Exit::Error,
    };
    Failure::new(exit, error.code(), "the change is not known to be made", error.to_string(), error.fix())
}

/// The failure of a change that the vault refuses.
pub(crate) fn of_refused_change(refusal: &Refusal, what: &str) -> Failure {
    rpc_failure::of_refusal(refusal).about(format!("the vault refused to {what}"))
}

/// The failure of compiling the contracts.
pub(crate) fn of_build(error: &BuildError) -> Failure {
    plain(error, "the contracts could not be compiled", error.fix())
}

/// The failure of a deployment.
pub(crate) fn of_deploy(error: &DeployError) -> Failure {
    let message = "the contracts could not be deployed";
    match error {
        DeployError::Rpc { fault, .. } => rpc_failure::of_fault(fault),
        DeployError::Refused(refusal) => rpc_failure::of_refusal(refusal),
        DeployError::CodeDiffers { .. } | DeployError::ImmutableDiffers(_) => {
            Failure { exit: Exit::Differs, ..plain(error, message, error.fix()) }
        }
        DeployError::ReceiptLate { tx, .. } => {
            Failure { exit: Exit::NotFinal, ..plain(error, message, error.fix()) }.with_fact("tx", tx.to_string())
        }
        _ => plain(error, message, error.fix()),
    }
}

/// The failure of deploying the test USDC.
pub(crate) fn of_test_usdc(error: &TestUsdcError) -> Failure {
    match error {
        TestUsdcError::Rpc { fault, .. } => rpc_failure::of_fault(fault),
        _ => plain(error, "the test USDC could not be deployed", error.fix()),
    }
}

/// The failure of reading or writing the address book.
pub(crate) fn of_book(error: &BookError) -> Failure {
    plain(error, "the address book can't be used", error.fix())
}

/// The failure of following the chain.
pub(crate) fn of_index(error: &IndexError) -> Failure {
    match error {
        IndexError::Source(source) => of_source(source),
        IndexError::Store(store) => of_store(store),
        IndexError::ReorgTooDeep { .. } => {
            let fix = format!("{}; a local chain that was started anew needs purse index --rebuild", error.fix());
            plain(error, "the index could not be brought up to date", fix)
        }
        IndexError::RowMissing { .. }
        | IndexError::RowAltered { .. }
        | IndexError::RowAdded { .. }
        | IndexError::BlockAltered { .. } => {
            let fix = format!("{}: purse index --rebuild --verify proven", error.fix());
            Failure { exit: Exit::Differs, ..plain(error, "the index is not what the chain says", fix) }
        }
        // What a node said is not what the chain committed to: a verification that failed, not a fault of ours.
        IndexError::VaultNotFromFactory { .. }
        | IndexError::SequenceBroken { .. }
        | IndexError::VaultWithoutEvents { .. }
        | IndexError::EventsAltered { .. }
        | IndexError::EventsMissing { .. }
        | IndexError::HeaderForged { .. }
        | IndexError::ReceiptsForged { .. }
        | IndexError::LogForged { .. }
        | IndexError::CheckpointMissed { .. } => Failure {
            exit: Exit::Differs,
            ..plain(error, "what the node says is not what the chain commits to", error.fix())
        },
        _ => plain(error, "the index could not be brought up to date", error.fix()),
    }
}

/// The failure of reading the chain for the audit.
pub(crate) fn of_observe(error: &ObserveError) -> Failure {
    match error {
        ObserveError::Source(source) => of_source(source),
        _ => plain(error, "the chain could not be read for the audit", error.fix()),
    }
}

/// The failure of reading the evidence from a node.
pub(crate) fn of_collect(error: &CollectError) -> Failure {
    match error {
        CollectError::Observe(error) => of_observe(error),
        CollectError::Trail(trail) => of_trail(trail).with_fact("fix", error.fix()),
        CollectError::NoEvents { .. } => plain(error, "there is nothing to verify", error.fix()),
    }
}

/// The failure of logs that make no trail: a verification that failed.
pub(crate) fn of_trail(error: &TrailError) -> Failure {
    Failure { exit: Exit::Differs, ..plain(error, "the logs do not make a trail", error.fix()) }
}

fn of_source(error: &SourceError) -> Failure {
    match error {
        SourceError::Fault(fault) => rpc_failure::of_fault(fault),
        SourceError::TooLarge(_) => plain(error, "the chain could not be read", error.fix()),
        SourceError::Disagree { .. } => {
            Failure { exit: Exit::Differs, ..plain(error, "the nodes tell of two chains", error.fix()) }
        }
        SourceError::TooOften { .. } | SourceError::NoneAnswers { .. } => {
            Failure { exit: Exit::RpcUnreachable, ..plain(error, "the chain could not be read", error.fix()) }
        }
    }
}

/// The failure of the index's file.
pub(crate) fn of_store(error: &StoreError) -> Failure {
    plain(error, "the index can't be used", error.fix())
}

/// The failure of an archive.
pub(crate) fn of_archive(error: &ArchiveError) -> Failure {
    match error {
        ArchiveError::Store(store) => of_store(store),
        ArchiveError::Flawed(flaw) => of_flaw(flaw),
        ArchiveError::OtherHistory(_) => {
            Failure { exit: Exit::Differs, ..plain(error, "nothing was archived", error.fix()) }
        }
        ArchiveError::Missing(_) => {
            Failure { code: "ArchiveMissing".to_owned(), ..plain(error, "there is nothing to check", error.fix()) }
        }
        _ => plain(error, "the archive could not be used", error.fix()),
    }
}

/// The failure of an archive with something wrong in it: a verification that failed.
pub(crate) fn of_flaw(flaw: &Flaw) -> Failure {
    Failure { exit: Exit::Differs, ..plain(flaw, "the archive does not verify", flaw.fix()) }
}

fn plain(error: &(impl Error + 'static), message: &str, fix: impl Into<String>) -> Failure {
    Failure::error(variant(error), message, error.to_string(), fix)
}

/// The name of an error's variant: the libraries name errors for what happened.
fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}
