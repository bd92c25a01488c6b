//! The audit: a trail and what the contract says at the same block, judged promise by promise.
//!
//! - `head`: the running hash (I13); `blocks`: the events' blocks (I12, I4); `state`: the contract's views (I12)
//! - `rejudge`: every payment under the policy of its moment (I3, I5, I6, I8); `refused`: reasons of what did not pay (I11)
//! - `loosening`: what waited (I9); `authority`: who changed what, by which key (I9); `duties`: who is more than one of
//!   those who grant, pay, stop and fund
//! - `windows`: sums over sliding windows (I4); `balance`: the double entry (I1); `purses`: what purses got, paid and gave
//!   back (I15, I16)
//! - `approvals`: the owner's signatures (I5), `signatures`: the payments' (I2), both out of the calls
//! - `outflow`: what a thief could take (I17); `origin`: the vault's address (I14)

pub(crate) mod approvals;
mod authority;
pub(crate) mod balance;
mod blocks;
mod duties;
mod head;
pub mod indexed;
mod loosening;
mod origin;
mod outflow;
pub(crate) mod purses;
mod refused;
pub(crate) mod rejudge;
mod signatures;
pub(crate) mod state;
pub(crate) mod windows;

use crate::observed::Observed;
use crate::report::{Check, Report};
use crate::trail::Trail;

/// Checks every promise that logs, views and transfers can show, and reports each difference by payment.
///
/// `observed` must be of the block up to which the trail's logs go, and answer all of [`Trail::questions`]. A promise that
/// nothing here can show has a row that says so: signatures of payments and deadlines (I2) are in the transactions, which
/// `observed` may lack, and that a withdrawal always succeeds (I10) is seen only by trying.
pub fn compare(trail: &Trail, observed: &Observed) -> Report {
    let (limits, uses) = windows::check(trail);
    let (balances, books) = balance::check(trail, observed);
    let mut checks = vec![head::check(trail, observed), blocks::check(trail, observed), state::check(trail, observed)];
    let (judged, approved) = rejudge::check(trail);
    checks.push(approvals::check(trail, &observed.approvals, &approved));
    checks.extend(judged);
    checks.push(loosening::check(trail));
    checks.push(limits);
    checks.extend(balances);
    let (of_purses, purses) = purses::check(trail, observed);
    checks.extend(of_purses);
    checks.extend([
        signatures::check(trail, observed),
        authority::check(trail, observed),
        duties::check(trail, observed),
    ]);
    checks.extend([origin::check(trail, observed), outflow::check(trail, observed), exit()]);
    Report {
        chain_id: trail.chain_id,
        vault: trail.vault,
        block: observed.block,
        events: trail.sequence,
        running_hash: trail.running_hash,
        payments: trail.payments.len(),
        checks,
        limits: uses,
        approved,
        refusals: trail.refusals.clone(),
        books,
        purses,
    }
}

fn exit() -> Check {
    let why = "not judged here: only a withdrawal shows it; the contract's tests and proofs do";
    Check::not_judged("exit", "I10", "the owner can withdraw at any time", why.to_owned())
}
