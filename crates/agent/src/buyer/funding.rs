//! Money in the purse: opened where it is not, refilled where it is short, each by a transaction with the agent's own
//! gas, and never by two processes at once.

use super::lifetime::valid_before;
use super::plan::Plan;
use super::{Buyer, wall_clock};
use crate::journal::{NewPurchase, NotReserved, Short};
use crate::purchase_lock::PurchaseLock;
use crate::purse::Purse;
use crate::submit::{Cargo, NotSent, Waited};
use crate::{DEFAULT_DEADLINE_SECONDS, Outcome, PaymentRequest};
use alloy::primitives::Bytes;
use alloy::providers::Provider;
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::openPurseCall;
use purse_protocol::{PaymentRefusal, Refusal, RefusalContext, RetryHow, WhoCanFix};
use std::time::Duration;

/// A refill asks for so much of the room below the target: a stranger's speck of dust in the purse must not make it fail.
const REFILL_SHARE: (u128, u128) = (15, 16);
/// Longest wait for another process's refill: as long as its transaction may take.
const REFILL_WAIT: Duration = Duration::from_secs(DEFAULT_DEADLINE_SECONDS as u64 + 60);
/// How often money that others took meanwhile is made up for.
const ROUNDS: usize = 4;

impl<P: Provider> Buyer<P> {
    /// Reserves a purchase against its purse, which is opened and refilled first where that is needed.
    pub(crate) async fn fund(&self, plan: &mut Plan, new: &mut NewPurchase) -> Result<(), PaymentRefusal> {
        let mut short = Short { available: 0, held: 0 };
        for _ in 0..ROUNDS {
            if plan.purse.open {
                let (asked, chain) = (plan.offer.max_timeout_seconds, self.agent.session().chain_id);
                new.valid_before = valid_before(asked, wall_clock(), plan.purse.funds.time, chain)?;
                match self.journal.reserve(new, plan.purse.funds, wall_clock())? {
                    Ok(()) => return Ok(()),
                    Err(NotReserved::Short(left)) => short = left,
                    Err(NotReserved::DayFull(full)) => return Err(self.day_full(new.amount, full).await),
                }
            }
            plan.purse = self.refilled(plan, short).await?;
        }
        Err(self.too_short(plan, short).await)
    }

    /// The purse, open and with more in it, whoever saw to that.
    async fn refilled(&self, plan: &Plan, short: Short) -> Result<Purse, PaymentRefusal> {
        let name = format!("refill-{:x}", plan.purse.address);
        let lock = PurchaseLock::take_name(&self.locks, &name, REFILL_WAIT).await.map_err(super::refusal::of_file)?;
        if lock.is_none() {
            let what = "another process of this agent has been refilling the purse for minutes";
            return Err(PaymentRefusal::new("RefillBusy", what).retry(RetryHow::After).by(WhoCanFix::Operator));
        }
        let seen = self.agent.purse(plan.purse.category).await?;
        if seen.open && seen.funds.balance > plan.purse.funds.balance {
            return Ok(seen); // another process did it meanwhile
        }
        let plan = Plan { purse: seen, ..plan.clone() };
        let missing = self.may_refill(&plan, short).await?;
        if !seen.open {
            self.open_purse(seen.category).await?;
        }
        self.refill(seen, missing).await?;
        Ok(self.agent.purse(seen.category).await?)
    }

    /// How much must come into the purse, if anything may.
    async fn may_refill(&self, plan: &Plan, short: Short) -> Result<u128, PaymentRefusal> {
        let Purse { funds, target, open, .. } = plan.purse;
        if plan.offer.amount > target {
            return Err(self.above_target(plan).await);
        }
        if open && funds.balance.saturating_mul(2) >= target {
            return Err(self.too_short(plan, short).await);
        }
        let missing = plan.offer.amount.saturating_add(short.held).saturating_sub(funds.balance);
        if missing > target.saturating_sub(funds.balance) {
            return Err(self.too_short(plan, short).await);
        }
        match &plan.vault_says {
            Some(refusal) => Err(refusal.clone().into()),
            None => Ok(missing),
        }
    }

    /// How much would come into the purse for this payment; `left` is what it holds beside what is promised, `most` what
    /// is left of the limits.
    pub(super) async fn would_refill(&self, plan: &Plan, left: u128, most: u128) -> Result<u128, PaymentRefusal> {
        let held = plan.purse.funds.balance.saturating_sub(left);
        let missing = self.may_refill(plan, Short { available: left, held }).await?;
        if plan.purse.open {
            let request = PaymentRequest::new(plan.purse.address, missing, "", "");
            self.agent.judge_request(&request, false).await??;
        } // else the vault judges the refill once the purse is there
        Ok(usual_refill(plan.purse, missing).min(most).max(missing))
    }

    /// Refills: up to the target where the limits let it, else as much as they let it, if that is enough.
    async fn refill(&self, purse: Purse, missing: u128) -> Result<(), PaymentRefusal> {
        let room = purse.target - purse.funds.balance;
        let usual = usual_refill(purse, missing);
        let request = |amount| PaymentRequest::new(purse.address, amount, "refill", "pocket money of this session");
        match self.agent.pay(&request(usual)).await? {
            Outcome::Paid(_) => Ok(()),
            Outcome::Refused(refusal) => {
                let left = refusal.facts.get("remaining_base_units").and_then(|left| left.parse::<u128>().ok());
                match left.filter(|left| refusal.code == "LimitExceeded" && *left >= missing) {
                    Some(left) => match self.agent.pay(&request(left.min(room))).await? {
                        Outcome::Paid(_) => Ok(()),
                        Outcome::Refused(refusal) => Err(refusal.into()),
                        Outcome::NotMined(late) => Err(not_mined(late.transaction)),
                    },
                    None => Err(refusal.into()),
                }
            }
            Outcome::NotMined(late) => Err(not_mined(late.transaction)),
        }
    }

    async fn open_purse(&self, category: u8) -> Result<(), PaymentRefusal> {
        let session = self.agent.session();
        let call = openPurseCall { session: session.session.get(), token: session.token, category };
        let refused = |data: &Bytes| PaymentRefusal::from(Refusal::decode(data, &RefusalContext::default()));
        let (mut guard, view) = self.agent.lock().await?;
        let deadline = view.deadline(DEFAULT_DEADLINE_SECONDS)?;
        let cargo = Cargo { call: call.abi_encode().into(), nonce: 0, deadline };
        let sent = match self.agent.submit(&mut guard, cargo).await {
            Ok(sent) => sent,
            Err(NotSent::Reverted(data)) => return Err(refused(&data)),
            Err(NotSent::Failed(error)) => return Err(error.into()),
        };
        drop(guard);
        match self.agent.wait(&sent, DEFAULT_DEADLINE_SECONDS).await? {
            Waited::Mined(receipt) if receipt.status() => Ok(()),
            Waited::Mined(receipt) => Err(refused(&self.agent.revert_of(&sent, &receipt).await?)),
            Waited::Late { .. } => Err(not_mined(sent.transaction)),
        }
    }

    async fn above_target(&self, plan: &Plan) -> PaymentRefusal {
        let (price, target) = (self.amount(plan.offer.amount).await, self.amount(plan.purse.target).await);
        let what = format!("the seller asks {price}, and the purse of this category holds at most {target}");
        PaymentRefusal::new("PriceAbovePurse", what)
            .by(WhoCanFix::Owner)
            .fact("price", price)
            .fact("target", target)
            .fact("category", plan.purse.category)
            .next(format!("buy something cheaper, or ask the owner for a larger target: {}", self.larger_target(plan)))
    }

    /// What the owner runs.
    fn larger_target(&self, plan: &Plan) -> String {
        let (session, category) = (self.agent.session().session, plan.purse.category);
        format!("purse agent purse {session} --category {category} --target AMOUNT")
    }

    /// It holds half of its target or more, so it is not refilled, and what is left is not enough.
    async fn too_short(&self, plan: &Plan, short: Short) -> PaymentRefusal {
        let price = self.amount(plan.offer.amount).await;
        let (left, held) = (self.amount(short.available).await, self.amount(short.held).await);
        let what = format!(
            "the seller asks {price}; the purse has {left} left beside {held} promised to purchases under way, and is \
             refilled only below half of its target"
        );
        let refusal = PaymentRefusal::new("PurseShort", what).retry(RetryHow::After).fact("price", price);
        let refusal = refusal.fact("left", left).fact("held", held).fact("category", plan.purse.category);
        match short.held {
            0 => refusal.by(WhoCanFix::Owner).next(format!(
                "buy something cheaper first, or ask the owner for a larger target: {}",
                self.larger_target(plan)
            )),
            _ => refusal.next("wait until the purchases under way are settled, then ask again"),
        }
    }
}

/// How much a refill asks for at first.
fn usual_refill(purse: Purse, missing: u128) -> u128 {
    let room = purse.target.saturating_sub(purse.funds.balance);
    (room / REFILL_SHARE.1 * REFILL_SHARE.0).max(missing).min(room)
}

fn not_mined(transaction: alloy::primitives::B256) -> PaymentRefusal {
    let what = "the transaction that brings money into the purse is in no block yet; no seller was paid";
    PaymentRefusal::new("RefillNotMined", what)
        .retry(RetryHow::After)
        .by(WhoCanFix::Operator)
        .fact("transaction", transaction)
        .next("look at the node and the gas price, then ask again")
}
