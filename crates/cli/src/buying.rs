//! Buying by HTTP 402: the buyer of a session, and how a refused purchase is told.

use crate::agent_session::Whose;
use crate::commands::pay;
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::library_failure;
use crate::money::Token;
use alloy::providers::DynProvider;
use purse_agent::journal::Purchase;
use purse_agent::{Agent, Buyer, SessionFile, keystore};
use purse_protocol::{MoneyMoved, PaymentRefusal, RetryHow, WhoCanFix};

/// A buyer, and what names its amounts.
pub(crate) struct Desk {
    /// Buys.
    pub(crate) buyer: Buyer<DynProvider>,
    /// The vault that its session is of.
    pub(crate) vault: Vault,
    /// What it pays with.
    pub(crate) token: Token,
}

/// Opens the session's key and journal, and finds out what became of purchases that were left unfinished.
pub(crate) async fn open(context: &Context, whose: &Whose) -> Result<Desk, Failure> {
    let (vault, token, session) = known(context, whose).await?;
    let agent = pay::agent(context, &vault, &token, session).await?;
    let desk = desk(vault, token, agent)?;
    tell(context, desk.buyer.reconcile_unfinished().await);
    Ok(desk)
}

/// The same with the key's address in place of the key: it asks and lists, signs nothing, and needs no password.
pub(crate) async fn look(context: &Context, whose: &Whose) -> Result<Desk, Failure> {
    let desk = unreconciled(context, whose).await?;
    tell(context, desk.buyer.reconcile_unfinished().await);
    Ok(desk)
}

/// The same, which looks at all that a reorganisation may still change.
pub(crate) async fn look_at_all(context: &Context, whose: &Whose) -> Result<Desk, Failure> {
    let desk = unreconciled(context, whose).await?;
    tell(context, desk.buyer.reconcile().await);
    Ok(desk)
}

async fn unreconciled(context: &Context, whose: &Whose) -> Result<Desk, Failure> {
    let (vault, token, session) = known(context, whose).await?;
    let path = session.keystore_path();
    let address = match path.exists() {
        true => keystore::address(&path).map_err(|error| library_failure::of_keystore(&error, &path))?,
        false => None,
    };
    let agent = Agent::asking(vault.node.provider.clone(), session, address).await;
    let agent = agent.map_err(|error| library_failure::of_agent(&error))?.with_context(vault.words(&token));
    desk(vault, token, agent)
}

async fn known(context: &Context, whose: &Whose) -> Result<(Vault, Token, SessionFile), Failure> {
    let session = whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let token = Token::read(&vault, session.token).await?;
    Ok((vault, token, session))
}

fn desk(vault: Vault, token: Token, agent: Agent<DynProvider>) -> Result<Desk, Failure> {
    let buyer = Buyer::new(agent).map_err(|refusal| of_refusal(&refusal))?;
    Ok(Desk { buyer, vault, token })
}

/// Says what became of purchases that were left.
fn tell(context: &Context, reconciled: Result<Vec<Purchase>, PaymentRefusal>) {
    match reconciled {
        Ok(decided) => {
            for decided in decided {
                let (id, state) = (&decided.bought.purchase, decided.state);
                context.output.note(&format!("purchase {id}, left unfinished before, is {state}"));
            }
        }
        // No reason to refuse anything: who buys asks journal and node about that purchase
        Err(refusal) => {
            context.output.note(&format!("purchases left unfinished were not looked up: {}", refusal.what_happened));
        }
    }
}

/// The failure of a purchase. Whether money moved comes first.
pub(crate) fn of_refusal(refusal: &PaymentRefusal) -> Failure {
    let (exit, message) = match refusal.money_moved {
        MoneyMoved::Yes => (Exit::Error, "money moved: yes; the purchase failed all the same"),
        MoneyMoved::Unknown => (Exit::NotFinal, "money moved: not known; an authorisation is out"),
        MoneyMoved::No if refusal.code == "RpcUnreachable" || refusal.code == "RpcNonsense" => {
            (Exit::RpcUnreachable, "money moved: no")
        }
        MoneyMoved::No if matches!(refusal.who_can_fix, WhoCanFix::Seller | WhoCanFix::Operator) => {
            (Exit::Error, "money moved: no")
        }
        MoneyMoved::No => (Exit::Refused, "money moved: no"),
    };
    let cause = refusal.what_happened.as_str();
    let mut failure = Failure::new(exit, refusal.code.clone(), message, cause, refusal.next_step.as_str());
    if refusal.retry == RetryHow::WithSamePurchaseId
        && let Some(id) = refusal.facts.get("purchase_id")
    {
        failure.fix = format!("{}   (--purchase-id {id})", failure.fix);
    }
    failure = failure
        .with_fact("money_moved", refusal.money_moved.to_string())
        .with_fact("retry", refusal.retry.to_string())
        .with_fact("who_can_fix", refusal.who_can_fix.to_string())
        .with_fact("nothing_paid", refusal.money_moved == MoneyMoved::No);
    failure.facts.extend(refusal.facts.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    failure
}
