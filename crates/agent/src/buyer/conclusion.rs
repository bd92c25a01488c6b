//! What became of a purchase: the seller's answer beside what the chain has, which decides.

use super::buying::not_settled;
use super::exchange::Heard;
use super::refusal::{about, not_noted, not_told, open_end, paid_in_vain};
use super::{Buyer, wall_clock};
use crate::PaymentRequest;
use crate::journal::{Answer, NewPurchase, Purchase, Settlement, State};
use crate::settlement::{Fate, Transfer};
use crate::x402::answer::blob_in;
use crate::x402::{Authorization, Receipt};
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use purse_protocol::{MoneyMoved, PaymentRefusal, RetryHow, RpcFault, WhoCanFix};
use reqwest::StatusCode;
use serde::Serialize;
use std::time::{Duration, Instant};

/// First pause between two looks; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Largest body that is kept in the journal, for whoever asks for the purchase again.
const LARGEST_KEPT: usize = 256 * 1_024;

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// The seller's answer.
    pub answer: Answer,
    /// What was paid for it; `None` where the seller demanded nothing.
    pub receipt: Option<PurchaseReceipt>,
    /// Whether the answer was kept from before, so that nothing was sent now.
    pub replayed: bool,
}

/// What was paid for a purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurchaseReceipt {
    /// The purchase.
    pub purchase_id: String,
    /// Base units.
    pub amount: u128,
    /// In which token.
    pub token: Address,
    /// Who got it.
    pub payee: Address,
    /// The payee's category.
    pub category: u8,
    /// Who paid.
    pub purse: Address,
    /// The token's nonce.
    pub nonce: B256,
    /// Commits to the purchase and its reason. Kept in the journal; unlike that of a direct payment, not on the chain.
    pub reference: B256,
    /// Whether the chain has the payment. If not, it may come until `valid_before`.
    pub settled: bool,
    /// Whether no reorganisation of the chain can change that any more.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The transaction, where it is known.
    pub transaction: Option<B256>,
    /// Its block.
    pub block: Option<u64>,
    /// From this time on nothing more can be paid under this purchase's authorisation (the chain's time).
    pub valid_before: u64,
}

impl PurchaseReceipt {
    /// The receipt of a purchase for which something was signed.
    pub fn of(purchase: &Purchase) -> Self {
        let bought = &purchase.bought;
        Self {
            purchase_id: bought.purchase.to_string(),
            amount: bought.amount,
            token: bought.token,
            payee: bought.payee,
            category: bought.category,
            purse: bought.purse,
            nonce: bought.nonce,
            reference: bought.reference,
            settled: purchase.state == State::Settled,
            is_final: purchase.is_final,
            transaction: purchase.transaction,
            block: purchase.block,
            valid_before: bought.valid_before,
        }
    }
}

impl Bought {
    pub(super) fn free(heard: Heard) -> Result<Self, PaymentRefusal> {
        let (status, content_type) = (heard.status.as_u16(), heard.content_type());
        let Some(body) = heard.body else {
            let what = "the seller's answer is larger than allowed; nothing was paid for it";
            return Err(PaymentRefusal::new("AnswerTooLarge", what).next("ask for less at once"));
        };
        let answer = Answer { status, content_type, body: Some(body) };
        Ok(Self { answer, receipt: None, replayed: false })
    }

    pub(super) fn again(known: &Purchase, answer: Answer) -> Self {
        Self { answer, receipt: Some(PurchaseReceipt::of(known)), replayed: true }
    }
}

impl<P: Provider> Buyer<P> {
    /// Concludes from an answer, or from none.
    pub(super) async fn conclude(
        &self,
        known: Purchase,
        heard: Result<Heard, String>,
    ) -> Result<Bought, PaymentRefusal> {
        if let Some(answer) = heard.as_ref().ok().and_then(kept) {
            let noted = self.journal.answered(&known.bought.purchase, &answer, wall_clock()); // before this process can be killed
            noted.map_err(|error| not_noted(&error, &known))?;
        }
        let said = heard.as_ref().ok().and_then(|heard| heard.header(known.bought.version.answer_header()));
        let said = said.and_then(Receipt::read).unwrap_or_default();
        let shown = match said.transaction.filter(|_| said.success) {
            Some(transaction) => self.agent.shown_by(transfer_of(&known), transaction).await,
            None => None,
        };
        if let Some(settlement) = shown {
            let known = self.settled(known, settlement)?;
            return self.concluded(known, heard, &said);
        }
        let known = match self.seen(&known, &said).await {
            Ok(Fate::Used) => self.note_settled(known, said.transaction, false).await?,
            Ok(fate) => return self.not_seen(known, heard, &said, fate).await,
            Err(fault) => {
                let refusal = not_told(&fault, &known);
                let noted = self.journal.unknown(&known.bought.purchase, &refusal, wall_clock());
                noted.map_err(|error| not_noted(&error, &known))?;
                return Err(refusal);
            }
        };
        self.concluded(known, heard, &said)
    }

    /// The chain has the payment: what the seller made of it.
    fn concluded(
        &self,
        known: Purchase,
        heard: Result<Heard, String>,
        said: &Receipt,
    ) -> Result<Bought, PaymentRefusal> {
        match heard {
            Ok(heard) if heard.status == StatusCode::PAYMENT_REQUIRED => {
                let what = "the seller still demands a payment: somebody else may have brought this one to the chain";
                let refusal = paid_in_vain("SettledButRefused", what, &known);
                Err(refusal.quoted("seller_says", said.reason.as_deref().unwrap_or_default()))
            }
            Ok(heard) if heard.status.as_u16() >= 400 => {
                let what = format!("the seller answered with status {}", heard.status.as_u16());
                Err(paid_in_vain("PaidButNotServed", &what, &known))
            }
            Ok(heard) => self.served(known, heard),
            Err(cause) => {
                let refusal = paid_in_vain("PaidButNotServed", "the seller gave no answer", &known);
                Err(refusal.quoted("cause", &cause))
            }
        }
    }

    /// Whether the chain has the payment. Where the seller says so, it is given time to show.
    async fn seen(&self, known: &Purchase, said: &Receipt) -> Result<Fate, RpcFault> {
        let bought = &known.bought;
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            match self.agent.fate(bought.purse, bought.nonce, bought.valid_before).await {
                Ok(Fate::Alive) if said.success && started.elapsed() < self.bounds.seen_within => {}
                fate => return fate,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Notes a payment that the chain has, with its transaction where the node tells it.
    pub(super) async fn note_settled(
        &self,
        known: Purchase,
        claimed: Option<B256>,
        reconciled: bool,
    ) -> Result<Purchase, PaymentRefusal> {
        let found = self.agent.settlement(transfer_of(&known), claimed, known.reserved_block).await;
        self.settled(known, Settlement { reconciled, ..found.unwrap_or_default() })
    }

    fn settled(&self, known: Purchase, settlement: Settlement) -> Result<Purchase, PaymentRefusal> {
        let purchase = &known.bought.purchase;
        let note = || {
            self.journal.settled(purchase, settlement, wall_clock())?;
            if self.agent.final_at_once() && settlement.block.is_some() {
                self.journal.now_final(purchase)?;
            }
            self.journal.find(purchase)
        };
        let noted = note().map_err(|error| {
            let what = format!("it could not be noted: {error}");
            paid_in_vain(error.code(), &what, &known).by(WhoCanFix::Operator)
        });
        Ok(noted?.unwrap_or(known))
    }

    /// The seller delivered.
    fn served(&self, known: Purchase, heard: Heard) -> Result<Bought, PaymentRefusal> {
        let (status, content_type) = (heard.status.as_u16(), heard.content_type());
        let Some(body) = heard.body else {
            let what = "the seller's answer is larger than allowed";
            let refusal = match known.state {
                State::Settled => paid_in_vain("AnswerTooLarge", what, &known),
                _ => open_end("AnswerTooLarge", what, &known),
            };
            let over = self.journal.handed_over(&known.bought.purchase, wall_clock()); // asking again gives no other
            over.map_err(|error| not_noted(&error, &known))?;
            let refusal = refusal.by(WhoCanFix::Agent).retry(RetryHow::Never);
            return Err(refusal.next("do not ask for it again: ask for less at once"));
        };
        let answer = Answer { status, content_type, body: Some(body) };
        self.given(&known)?;
        Ok(Bought { answer, receipt: Some(PurchaseReceipt::of(&known)), replayed: false })
    }

    /// Notes that whoever bought is given the answer, unless he says himself when he has it.
    pub(super) fn given(&self, known: &Purchase) -> Result<(), PaymentRefusal> {
        if self.hand_over_later {
            return Ok(());
        }
        let noted = self.journal.handed_over(&known.bought.purchase, wall_clock());
        noted.map_err(|error| not_noted(&error, known))
    }

    /// The chain does not have the payment.
    async fn not_seen(
        &self,
        known: Purchase,
        heard: Result<Heard, String>,
        said: &Receipt,
        fate: Fate,
    ) -> Result<Bought, PaymentRefusal> {
        let purchase = known.bought.purchase.clone();
        let refusal = match &heard {
            Ok(heard) if heard.status == StatusCode::PAYMENT_REQUIRED => {
                self.refused_payment(&known, heard, said).await
            }
            Ok(heard) if heard.status.as_u16() >= 400 => not_settled(
                "SellerFailed",
                &format!("the seller answered with status {}", heard.status.as_u16()),
                &known,
            ),
            Ok(_) => open_end("NotSettledYet", "the seller served without bringing the payment to the chain", &known),
            Err(cause) => {
                not_settled("SellerSilent", "the seller gave no answer to the payment", &known).quoted("cause", cause)
            }
        };
        let dead = fate == Fate::Dead || refusal.money_moved == MoneyMoved::No;
        let refusal = if dead { over(refusal) } else { refusal };
        let noted = match dead {
            true => self.journal.refused(&purchase, &refusal, false, wall_clock()),
            false => self.journal.unknown(&purchase, &refusal, wall_clock()),
        };
        noted.map_err(|error| not_noted(&error, &known))?;
        match heard {
            Ok(heard) if heard.status.as_u16() < 400 => self.served(known, heard),
            _ => Err(refusal),
        }
    }

    /// The seller demands a payment again, and the chain has none. Its words are a facilitator's and say little, so the
    /// vault and the purse are asked why.
    async fn refused_payment(&self, known: &Purchase, heard: &Heard, said: &Receipt) -> PaymentRefusal {
        let demand = heard.demand().ok();
        let reason = said.reason.clone().or_else(|| demand.as_ref().and_then(|demand| demand.error.clone()));
        let reason = reason.unwrap_or_default();
        let bought = &known.bought;
        let request = PaymentRequest::new(bought.payee, bought.amount, "", "");
        if let Ok(Err(refusal)) = self.agent.judge_request(&request, false).await
            && !super::plan::CHARGED_ALREADY.contains(&refusal.code)
        {
            // A revoked session never comes back, so what it signed is dead: unless it was used just before. What is
            // unused now, after the verdict, never will be.
            let money = match refusal.code {
                "SessionRevoked" => match self.agent.fate(bought.purse, bought.nonce, bought.valid_before).await {
                    Ok(Fate::Alive | Fate::Dead) => MoneyMoved::No,
                    Ok(Fate::Used) | Err(_) => MoneyMoved::Unknown,
                },
                _ => MoneyMoved::Unknown,
            };
            let told = PaymentRefusal::from(refusal).money(money).quoted("seller_says", &reason);
            let told = told.fact("dead_after", purse_protocol::time::rfc3339(bought.valid_before));
            return about(told, known);
        }
        let same = |amount: u128, pay_to: Address| (amount, pay_to) == (bought.amount, bought.payee);
        if let Some(demand) = demand.filter(|demand| !demand.offers.is_empty())
            && !demand.offers.iter().flatten().any(|offer| same(offer.amount, offer.pay_to))
        {
            let what = "the seller changed its price or its address while it was being paid";
            return not_settled("SellerChangedTerms", what, known).quoted("seller_says", &reason);
        }
        if self.purse_says_no(known).await {
            return not_settled("PurseRefused", "the purse says no to it by now: it may have been emptied", known)
                .by(WhoCanFix::Owner)
                .quoted("seller_says", &reason);
        }
        if reason.contains("signature") || reason.contains("smart_wallet") || reason.contains("contract") {
            let what = "the seller's facilitator says the signature is wrong, and the purse says it is right: it takes no \
                        payments from contracts";
            return not_settled("ContractPayerRefused", what, known)
                .retry(RetryHow::Never)
                .quoted("seller_says", &reason)
                .next("buy elsewhere, or ask the seller to use a facilitator that checks ERC-1271 signatures");
        }
        not_settled("SellerRefusedPayment", "the seller did not take the payment", known).quoted("seller_says", &reason)
    }

    /// Whether the purse says no to what was signed, now.
    async fn purse_says_no(&self, known: &Purchase) -> bool {
        let (Some(blob), Ok(separator)) = (known.header.as_deref().and_then(blob_in), self.domain_separator().await)
        else {
            return false;
        };
        let digest = authorization_of(&known.bought).digest(separator);
        matches!(self.agent.purse_says_yes(known.bought.purse, digest, &blob).await, Ok(false))
    }
}

/// What was signed for a purchase.
pub(super) const fn authorization_of(new: &NewPurchase) -> Authorization {
    Authorization {
        from: new.purse,
        to: new.payee,
        value: new.amount,
        valid_after: 0,
        valid_before: new.valid_before,
        nonce: new.nonce,
    }
}

/// What the token's log shows of a purchase that was paid for.
const fn transfer_of(known: &Purchase) -> Transfer {
    let bought = &known.bought;
    Transfer { purse: bought.purse, payee: bought.payee, amount: bought.amount, nonce: bought.nonce }
}

/// What is kept of an answer that delivers.
fn kept(heard: &Heard) -> Option<Answer> {
    let body = heard.body.as_ref().filter(|_| heard.status.as_u16() < 400)?;
    let body = (body.len() <= LARGEST_KEPT).then(|| body.clone());
    Some(Answer { status: heard.status.as_u16(), content_type: heard.content_type(), body })
}

/// The same of an authorisation that is dead.
fn over(refusal: PaymentRefusal) -> PaymentRefusal {
    refusal
        .money(MoneyMoved::No)
        .retry(RetryHow::Now)
        .next("no money moved, and what was signed can move none any more: ask again, if it is still wanted")
}
