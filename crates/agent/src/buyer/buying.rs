//! The whole way of a purchase: ask, choose, fund, reserve, sign, send, and find out what became of it.

use super::conclusion::{Bought, authorization_of};
use super::exchange::{Exchange, NoAnswer, ask, hear_within, unreachable};
use super::plan::Plan;
use super::reconciling::Standing;
use super::refusal::{not_noted, of_file, open_end, paid_in_vain};
use super::request::without_query;
use super::{Buyer, Purchasing, wall_clock};
use crate::journal::{NewPurchase, Purchase, State};
use crate::purchase_lock::PurchaseLock;
use crate::settlement::{Fate, SEARCHED, Transfer};
use crate::x402::{Demand, payment_header, purse_blob};
use crate::{PurchaseId, reference};
use alloy::primitives::{B256, Bytes};
use alloy::providers::Provider;
use purse_protocol::{MoneyMoved, PaymentRefusal, RetryHow};
use reqwest::{Response, StatusCode};

/// What a request came to.
pub(crate) enum Flow {
    /// The seller demanded nothing.
    Free(Response),
    /// It was paid for, now or before.
    Bought(Bought),
}

/// The right to work on a purchase.
struct Claim {
    purchase: PurchaseId,
    derived: bool,
    known: Option<Purchase>,
    _lock: PurchaseLock,
}

impl<P: Provider> Buyer<P> {
    /// Buys: asks the seller, pays what it demands if the vault allows, and gives its answer.
    ///
    /// Under one purchase id at most one payment is ever made. Asked again, a purchase that was paid for gives the answer
    /// that was kept, or sends the same signed authorisation once more; never a second one until the first is dead.
    ///
    /// # Errors
    /// A refusal; `money_moved` says whether a seller got money.
    pub async fn pay_url(&self, purchasing: &Purchasing) -> Result<Bought, PaymentRefusal> {
        let mut client = self.client.clone();
        match self.buy(&mut client, purchasing).await? {
            Flow::Bought(bought) => Ok(bought),
            Flow::Free(response) => {
                let heard = hear_within(response, self.bounds).await.map_err(|cause| unreachable(&cause))?;
                Bought::free(heard)
            }
        }
    }

    pub(crate) async fn buy(
        &self,
        exchange: &mut dyn Exchange,
        purchasing: &Purchasing,
    ) -> Result<Flow, PaymentRefusal> {
        purchasing.check()?;
        self.reach.allows(&purchasing.url)?;
        self.reconcile_once().await;
        let claim = self.claim(purchasing).await?;
        let id = claim.purchase.clone();
        let bought = self.buy_claimed(exchange, purchasing, claim).await;
        bought.map_err(|refusal| refusal.fact("purchase_id", &id))
    }

    async fn buy_claimed(
        &self,
        exchange: &mut dyn Exchange,
        purchasing: &Purchasing,
        claim: Claim,
    ) -> Result<Flow, PaymentRefusal> {
        // Another machine may have bought under the caller's id what this one knows nothing of, or has written off.
        let elsewhere = !claim.derived && claim.known.as_ref().is_none_or(|known| known.state == State::Refused);
        if let Some(known) = claim.known.clone()
            && let Some(bought) = self.resume(exchange, purchasing, known).await?
        {
            return Ok(Flow::Bought(bought));
        }
        let response = ask(exchange, purchasing, None, self.bounds).await?;
        if response.status() != StatusCode::PAYMENT_REQUIRED {
            return Ok(Flow::Free(response));
        }
        let heard = hear_within(response, self.bounds).await.map_err(|cause| unreachable(&cause))?;
        let demand = heard.demand()?;
        let wanted = self.wanted(purchasing.max).await?;
        let planned = self.plan(&demand, &wanted).await;
        let mut plan = planned.map_err(|refusal| self.pay_to_changed(purchasing, refusal))?;
        let mut new = self.new_purchase(purchasing, &claim, &demand, &plan);
        if elsewhere {
            self.not_paid_before(&new).await?;
        }
        self.may_cost(plan.offer.amount).await?;
        self.fund(&mut plan, &mut new).await?;
        if let Err(refusal) = self.sign(&demand, &plan, &new).await {
            self.journal.refused(&new.purchase, &refusal, false, wall_clock())?;
            return Err(refusal);
        }
        let bought = self.send(exchange, purchasing, &new.purchase).await?;
        Ok(Flow::Bought(bought))
    }

    /// Takes the purchase for this process: the caller's, or one that asks for the same and was left unfinished, or a
    /// new one.
    async fn claim(&self, purchasing: &Purchasing) -> Result<Claim, PaymentRefusal> {
        let request = purchasing.fingerprint();
        if let Some(purchase) = purchasing.purchase.clone() {
            let patience = self.bounds.answer_within + self.bounds.settle_within;
            let taken = PurchaseLock::take(&self.locks, &purchase, patience).await.map_err(of_file)?;
            let Some(lock) = taken else { return Err(under_way(&purchase)) };
            let known = self.journal.find(&purchase)?;
            if let Some(known) = &known
                && known.state != State::Refused
                && known.bought.request != request
            {
                let what = format!("purchase \"{purchase}\" is of another request");
                return Err(PaymentRefusal::new("PurchaseIdTaken", what)
                    .retry(RetryHow::Now)
                    .quoted("url", without_query(&known.bought.url))
                    .next("give this purchase an id of its own"));
            }
            return Ok(Claim { purchase, derived: false, known, _lock: lock });
        }
        let headers = self.headers_hash(purchasing);
        if let Some(left) = self.journal.unfinished_like(request, headers, wall_clock())? {
            let purchase = left.bought.purchase;
            if let Some(lock) = PurchaseLock::try_take(&self.locks, &purchase).map_err(of_file)? {
                let known = self.journal.find(&purchase)?; // as it is under the lock
                if known.as_ref().is_some_and(|known| known.state != State::Refused && !known.handed_over) {
                    return Ok(Claim { purchase, derived: true, known, _lock: lock });
                }
            }
        }
        let purchase = PurchaseId::generate();
        let lock = PurchaseLock::try_take(&self.locks, &purchase).map_err(of_file)?;
        let lock = lock.ok_or_else(|| under_way(&purchase))?;
        Ok(Claim { purchase, derived: true, known: None, _lock: lock })
    }

    /// Goes on with a purchase that is known: its answer, or its authorisation sent again. `None` where nothing of it is
    /// alive. The chain is asked first, so that the receipt beside a kept answer says what is so now.
    async fn resume(
        &self,
        exchange: &mut dyn Exchange,
        purchasing: &Purchasing,
        known: Purchase,
    ) -> Result<Option<Bought>, PaymentRefusal> {
        let same = known.bought.request == purchasing.fingerprint(); // what came to nothing may be another's
        let kept = known.answer.clone().filter(|answer| same && answer.body.is_some());
        let known = match self.standing(known.clone()).await? {
            Standing::Free if kept.is_none() => return Ok(None),
            Standing::Free => self.journal.find(&known.bought.purchase)?.unwrap_or(known),
            Standing::Paid(known) | Standing::Alive(known) => known,
        };
        if let Some(answer) = kept {
            self.given(&known)?;
            return Ok(Some(Bought::again(&known, answer)));
        }
        if known.header.is_none() {
            let what = "nothing of what was sent is kept, so the seller cannot be reminded of it";
            return Err(paid_in_vain("PaidButNotServed", what, &known));
        }
        self.send(exchange, purchasing, &known.bought.purchase).await.map(Some)
    }

    /// Sends what was signed, and concludes from the seller's answer and the chain.
    async fn send(
        &self,
        exchange: &mut dyn Exchange,
        purchasing: &Purchasing,
        purchase: &PurchaseId,
    ) -> Result<Bought, PaymentRefusal> {
        let missing = || PaymentRefusal::new("JournalUnusable", "the purchase is not in the journal any more");
        let known = self.journal.find(purchase)?.ok_or_else(missing)?;
        let header = known.header.clone().ok_or_else(missing)?;
        if known.state != State::Settled {
            let noted = self.journal.sent(purchase, wall_clock());
            noted.map_err(|error| match known.state {
                State::Signed => error.into(), // nobody has it yet
                _ => not_noted(&error, &known),
            })?;
        }
        let heard = match ask(exchange, purchasing, Some((known.bought.version, &header)), self.bounds).await {
            Ok(response) => hear_within(response, self.bounds).await,
            Err(NoAnswer::Refused(refusal)) => Err(refusal.what_happened),
            Err(NoAnswer::Failed(cause)) => Err(cause),
        };
        self.conclude(known, heard).await
    }

    fn headers_hash(&self, purchasing: &Purchasing) -> B256 {
        purchasing.headers_hash(self.agent.session().salt.get())
    }

    /// Everything of the purchase but its time, which begins when it is reserved.
    fn new_purchase(&self, purchasing: &Purchasing, claim: &Claim, demand: &Demand, plan: &Plan) -> NewPurchase {
        let session = self.agent.session();
        let (salt, number) = (session.salt.get(), session.session.get());
        NewPurchase {
            nonce: claim.purchase.nonce(number, salt, 0),
            reference: reference(salt, claim.purchase.as_str(), &purchasing.reason),
            purchase: claim.purchase.clone(),
            derived: claim.derived,
            request: purchasing.fingerprint(),
            headers: self.headers_hash(purchasing),
            method: purchasing.method.to_string(),
            url: purchasing.url.to_string(),
            reason: purchasing.reason.clone(),
            version: demand.version,
            purse: plan.purse.address,
            token: session.token,
            payee: plan.offer.pay_to,
            category: plan.purse.category,
            amount: plan.offer.amount,
            valid_before: 0,
        }
    }

    /// Signs the token's own digest, notes it, and asks the purse whether it will say yes to it. Nothing is sent yet.
    async fn sign(&self, demand: &Demand, plan: &Plan, new: &NewPurchase) -> Result<(), PaymentRefusal> {
        let authorization = authorization_of(new);
        let digest = authorization.digest(self.domain_separator().await?);
        let blob: Bytes = purse_blob(&authorization, &self.agent.key.sign(digest)?.as_erc2098());
        let header =
            payment_header(demand, &plan.offer, &authorization, &blob, &PurchaseId::payment_identifier(new.nonce));
        // The disk and the node work at the same time
        let noted = async { self.journal.signed(&new.purchase, &header, wall_clock()) };
        let (says_yes, noted) = tokio::join!(self.agent.purse_says_yes(new.purse, digest, &blob), noted);
        noted?;
        if !says_yes? {
            self.memory.clear();
            let what = "the purse says no to this payment, though the vault would make it; nothing was sent";
            return Err(PaymentRefusal::new("PurseRefused", what)
                .retry(RetryHow::Now)
                .fact("purse", new.purse)
                .next("ask again: the vault's rules may have changed this very moment"));
        }
        Ok(())
    }

    /// The journal knows nothing of the caller's purchase, or that it came to nothing. The token knows, if it was paid from
    /// any of the session's purses, also under a category that was taken away since: the nonce follows from the id.
    async fn not_paid_before(&self, new: &NewPurchase) -> Result<(), PaymentRefusal> {
        for purse in self.purses_opened().await? {
            if self.agent.fate(purse, new.nonce, new.valid_before).await? != Fate::Used {
                continue;
            }
            let transfer = Transfer { purse, payee: new.payee, amount: new.amount, nonce: new.nonce };
            let from = self.agent.head().await?.number.saturating_sub(SEARCHED);
            let found = self.agent.settlement(transfer, None, from).await.unwrap_or_default();
            let what = "this purchase was paid for before; this machine's journal does not have it";
            let refusal = PaymentRefusal::new("AlreadyPaid", what)
                .money(MoneyMoved::Yes)
                .fact("purse", purse)
                .fact("nonce", new.nonce);
            let refusal = match found.moved {
                Some((payee, amount)) => refusal.fact("payee", payee).fact("amount_base_units", amount),
                None => refusal,
            };
            return Err(match found.transaction {
                Some(transaction) => refusal.fact("transaction", transaction).next(
                    "do not pay again: show the seller the transaction; to buy it once more, choose another purchase id",
                ),
                None => refusal.next(
                    "do not pay again: the token's log has the payment under that nonce, further back than was searched; \
                     to buy it once more, choose another purchase id",
                ),
            });
        }
        Ok(())
    }

    /// A payee that is not in the book, from an origin that was paid under another address before.
    fn pay_to_changed(&self, purchasing: &Purchasing, refusal: PaymentRefusal) -> PaymentRefusal {
        let origin = purchasing.url.origin().ascii_serialization();
        match self.journal.last_payee_of(&origin) {
            Ok(Some(before)) if refusal.code == "PayeeNotInBook" => {
                let what =
                    "this seller was paid at another address before, and the one it names now is not in the payee book";
                let changed = PaymentRefusal { code: "PayToChanged".into(), what_happened: what.to_owned(), ..refusal };
                changed.fact("paid_before", before).next(
                    "have the owner compare both addresses with the seller; some sellers use a new one each time and \
                     cannot be paid from a payee book",
                )
            }
            _ => refusal,
        }
    }
}

fn under_way(purchase: &PurchaseId) -> PaymentRefusal {
    let what = "another process of this agent is at this very purchase";
    PaymentRefusal::new("PurchaseUnderWay", what)
        .money(MoneyMoved::Unknown)
        .retry(RetryHow::WithSamePurchaseId)
        .fact("purchase_id", purchase)
        .next("ask again under the same purchase id: it never pays twice")
}

/// What the seller did with a payment that is not on the chain.
pub(super) fn not_settled(code: &'static str, what: &str, purchase: &Purchase) -> PaymentRefusal {
    open_end(code, what, purchase)
}
