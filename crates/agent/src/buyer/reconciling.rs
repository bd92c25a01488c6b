//! What became of purchases whose process ended, or whose seller gave no answer: the chain knows.

use super::refusal::{not_told, of_file, open_end};
use super::{Buyer, wall_clock};
use crate::journal::{Purchase, State};
use crate::purchase_lock::PurchaseLock;
use crate::purse::Head;
use crate::settlement::Fate;
use alloy::providers::Provider;
use purse_protocol::{PaymentRefusal, RetryHow};
use std::sync::atomic::Ordering;

/// Which of the purchases that were decided are looked at again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// All that a reorganisation may still take away.
    All,
    /// Those that none can take away any more: each is asked about once, however many there are.
    NowFinal,
}

/// How a known purchase stands.
pub(super) enum Standing {
    /// Nothing of it is alive: it may start anew.
    Free,
    /// What was signed may still be used, and has not been.
    Alive(Purchase),
    /// The chain has the payment.
    Paid(Purchase),
}

impl<P: Provider> Buyer<P> {
    /// Asks the chain about every purchase under way that no process is at, and notes what became of it; and once more
    /// about those that were decided in blocks that a reorganisation may have taken away. Gives those that stand
    /// otherwise now.
    ///
    /// # Errors
    /// A refusal where journal or node fail; what was noted stays noted.
    pub async fn reconcile(&self) -> Result<Vec<Purchase>, PaymentRefusal> {
        self.reconcile_all_and(Again::All).await
    }

    /// The same without what was decided and may still be taken away, which has time until it is asked for: so a start
    /// costs a busy agent no question for each purchase of the last minutes. A buyer does so by itself before it first
    /// buys.
    ///
    /// # Errors
    /// As [`Buyer::reconcile`].
    pub async fn reconcile_unfinished(&self) -> Result<Vec<Purchase>, PaymentRefusal> {
        self.reconcile_all_and(Again::NowFinal).await
    }

    async fn reconcile_all_and(&self, again: Again) -> Result<Vec<Purchase>, PaymentRefusal> {
        let mut decided = self.look_again(again).await?;
        for left in self.journal.under_way()? {
            let purchase = left.bought.purchase;
            let Some(_lock) = PurchaseLock::try_take(&self.locks, &purchase).map_err(of_file)? else { continue };
            let Some(known) = self.journal.find(&purchase)? else { continue }; // as it is under the lock
            if !matches!(self.standing(known).await?, Standing::Alive(_)) {
                decided.extend(self.journal.find(&purchase)?);
            }
        }
        self.reconciled.store(true, Ordering::Relaxed);
        Ok(decided)
    }

    /// Does so once for this buyer. Where journal or node fail, the next purchase tries again: what is wrong with another
    /// purchase is no reason to refuse this one, which asks both itself.
    pub(super) async fn reconcile_once(&self) {
        if !self.reconciled.load(Ordering::Relaxed) {
            let _ = self.reconcile_unfinished().await;
        }
    }

    /// What was decided and is not final: as the chain has it now.
    async fn look_again(&self, again: Again) -> Result<Vec<Purchase>, PaymentRefusal> {
        let decided = self.journal.not_final()?;
        if decided.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.agent.final_head().await?;
        let mut changed = Vec::new();
        for before in decided {
            if again == Again::NowFinal && !cannot_be_undone(&before, last) {
                continue;
            }
            let purchase = before.bought.purchase;
            let Some(_lock) = PurchaseLock::try_take(&self.locks, &purchase).map_err(of_file)? else { continue };
            let Some(known) = self.journal.find(&purchase)? else { continue }; // as it is under the lock
            let now = self.as_the_chain_has_it(known, last).await?;
            if now.state != before.state {
                changed.push(now);
            }
        }
        Ok(changed)
    }

    /// A purchase that was decided, as it stands now, and whether that is final. `last`: the newest block that is.
    async fn as_the_chain_has_it(&self, known: Purchase, last: Head) -> Result<Purchase, PaymentRefusal> {
        let purchase = known.bought.purchase.clone();
        let fate = self.agent.fate(known.bought.purse, known.bought.nonce, known.bought.valid_before).await;
        let known = match (known.state, fate.map_err(|fault| not_told(&fault, &known))?) {
            (State::Settled | State::Refused, Fate::Used) => {
                let (transaction, reconciled) = (known.transaction, known.reconciled);
                let known = self.note_settled(known, transaction, reconciled).await?;
                if cannot_be_undone(&known, last) {
                    self.journal.now_final(&purchase)?;
                }
                known
            }
            (State::Settled, fate) => {
                let to = if fate == Fate::Dead { State::Refused } else { State::Unknown };
                let what = "a reorganisation of the chain has taken the payment away";
                let refusal = match to {
                    State::Refused => PaymentRefusal::new("PaymentUndone", format!("{what}, and its time is over"))
                        .retry(RetryHow::Now)
                        .next("ask again, if it is still wanted"),
                    _ => open_end("PaymentUndone", what, &known),
                };
                self.journal.undone(&purchase, to, &refusal, wall_clock())?;
                known
            }
            (State::Refused, Fate::Dead) if known.bought.valid_before <= last.time => {
                self.journal.now_final(&purchase)?;
                known
            }
            _ => known,
        };
        Ok(self.journal.find(&purchase)?.unwrap_or(known))
    }

    /// How a purchase stands, whose lock this process holds. What the chain decided is noted.
    pub(super) async fn standing(&self, known: Purchase) -> Result<Standing, PaymentRefusal> {
        let bought = &known.bought;
        let not_paid = |code: &'static str, what: &str| {
            let refusal = PaymentRefusal::new(code, what).retry(RetryHow::Now);
            self.journal.refused(
                &bought.purchase,
                &refusal.next("ask again, if it is still wanted"),
                true,
                wall_clock(),
            )
        };
        match known.state {
            State::Refused => Ok(Standing::Free),
            State::Settled if known.is_final => Ok(Standing::Paid(known)),
            State::Settled => {
                let last = self.agent.final_head().await.map_err(|fault| not_told(&fault, &known))?;
                let known = self.as_the_chain_has_it(known, last).await?;
                Ok(match known.state {
                    State::Settled => Standing::Paid(known),
                    State::Refused => Standing::Free,
                    _ => Standing::Alive(known),
                })
            }
            State::Reserved => {
                not_paid("Abandoned", "its process ended before anything was signed")?;
                Ok(Standing::Free)
            }
            State::Signed | State::Sent | State::Unknown => {
                let fate = self.agent.fate(bought.purse, bought.nonce, bought.valid_before).await;
                match fate.map_err(|fault| not_told(&fault, &known))? {
                    Fate::Used => Ok(Standing::Paid(self.note_settled(known, None, true).await?)),
                    Fate::Alive => Ok(Standing::Alive(known)),
                    Fate::Dead => {
                        not_paid("AuthorizationOver", "its authorisation was not used, and its time is over")?;
                        Ok(Standing::Free)
                    }
                }
            }
        }
    }
}

/// Whether what was decided stays so: it is in a block that is final; or its time was over in one, before which it must
/// have been used, wherever it was. `last`: the newest block that is final.
fn cannot_be_undone(decided: &Purchase, last: Head) -> bool {
    decided.block.is_some_and(|block| block <= last.number) || decided.bought.valid_before <= last.time
}
