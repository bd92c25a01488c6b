//! The audit: a trail and what the contract says at the same block, judged promise by promise.

use crate::observed::Observed;
use crate::report::Report;
use crate::trail::Trail;
use crate::{balance, blocks, head, loosening, rejudge, state, windows};

/// Checks every promise that logs, views and transfers can show, and reports each difference by payment.
///
/// `observed` must be of the block up to which the trail's logs go, and answer all of [`Trail::questions`]. What logs
/// cannot show: signatures, approvals and deadlines (they are in the transactions), and payments that were refused; of
/// those a batch logs some, which are listed and prove nothing.
pub fn compare(trail: &Trail, observed: &Observed) -> Report {
    let (limits, uses) = windows::check(trail);
    let (balances, books) = balance::check(trail, observed);
    let mut checks = vec![head::check(trail, observed), blocks::check(trail, observed), state::check(trail, observed)];
    let (judged, approved) = rejudge::check(trail);
    checks.extend(judged);
    checks.push(loosening::check(trail));
    checks.push(limits);
    checks.extend(balances);
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
    }
}
