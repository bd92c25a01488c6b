//! What goes wrong between us and a node, as a failure with the right exit code.

use crate::exit::Exit;
use crate::failure::Failure;
use purse_protocol::{Refusal, RefusalContext, RpcFault};

/// The failure of a request to a node.
pub(crate) fn of(error: impl Into<RpcFault>) -> Failure {
    of_fault(&error.into())
}

/// The failure that a fault of the node stands for.
pub(crate) fn of_fault(fault: &RpcFault) -> Failure {
    let (exit, message) = match fault {
        RpcFault::Unreachable { .. } => (Exit::RpcUnreachable, "cannot reach the node"),
        RpcFault::Nonsense { .. } => (Exit::RpcUnreachable, "the node's answer makes no sense"),
        RpcFault::Rejected { message, .. } if message.to_lowercase().contains("insufficient funds") => {
            return Failure::error(
                "NoGasMoney",
                "the account that sends can't pay the gas",
                message.as_str(),
                "send some of the chain's own coin to that account",
            );
        }
        RpcFault::Rejected { .. } => (Exit::Error, "the node declined the request"),
        RpcFault::Reverted { data } => return of_refusal(&Refusal::decode(data, &RefusalContext::default())),
    };
    Failure::new(exit, fault.code(), message, fault.to_string(), fault.fix())
}

/// The failure that a refusal by the contract is: exit 3, under the Solidity error's name.
pub(crate) fn of_refusal(refusal: &Refusal) -> Failure {
    let mut failure =
        Failure::new(Exit::Refused, refusal.code, "the vault refused", refusal.cause.as_str(), refusal.fix.as_str())
            .with_fact("retry", refusal.retry.to_string())
            .with_fact("who_can_fix", refusal.who_can_fix.to_string());
    failure.facts.extend(refusal.facts.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    failure
}
