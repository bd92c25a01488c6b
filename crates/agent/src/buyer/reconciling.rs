//! What became of purchases whose process ended, or whose seller gave no answer: the chain knows.

use super::refusal::{not_told, of_file};
use super::{Buyer, wall_clock};
use crate::journal::{Purchase, State};
use crate::purchase_lock::PurchaseLock;
use crate::purse::Fate;
use alloy::providers::Provider;
use purse_protocol::{PaymentRefusal, RetryHow};

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
    /// Asks the chain about every purchase under way that no process is at, and notes what became of it. Gives those that
    /// are decided now.
    ///
    /// # Errors
    /// A refusal where journal or node fail; what was noted stays noted.
    pub async fn reconcile(&self) -> Result<Vec<Purchase>, PaymentRefusal> {
        let mut decided = Vec::new();
        for left in self.journal.under_way()? {
            let purchase = left.bought.purchase;
            let Some(_lock) = PurchaseLock::try_take(&self.locks, &purchase).map_err(of_file)? else { continue };
            let Some(known) = self.journal.find(&purchase)? else { continue }; // as it is under the lock
            if !matches!(self.standing(known).await?, Standing::Alive(_)) {
                decided.extend(self.journal.find(&purchase)?);
            }
        }
        Ok(decided)
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
            State::Settled => Ok(Standing::Paid(known)),
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
