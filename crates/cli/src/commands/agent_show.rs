//! `purse agent show`: one agent whole.

use super::status::agent_json;
use crate::context::Context;
use crate::failure::Failure;
use crate::money::Token;
use crate::outflow::Outflow;
use crate::output::{Reply, bold};
use crate::policy::show_categories;
use crate::sessions::{Session, VaultBound};
use crate::waits;
use alloy::primitives::U256;
use clap::Args;
use purse_protocol::abi::IVaultLens::LimitView;
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, Meter, Window};
use serde_json::json;

/// Flags of `purse agent show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse agent show researcher\n  purse agent show 7 --json")]
pub(crate) struct ShowArgs {
    /// The agent's name or session number
    agent: String,
    /// The token [default: the profile's]
    token: Option<String>,
}

/// Shows an agent.
pub(crate) async fn run(context: &Context, args: &ShowArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let id = vault.names.session(&args.agent)?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let (head, session, bound, waiting) = tokio::join!(
        vault.head(),
        Session::existing(&vault, id, &token),
        VaultBound::read(&vault, &token),
        waits::all(context, &vault)
    );
    let (now, session, bound, waiting) = (head?.time, session?, bound?, waiting?);
    let outflow = Outflow::new(context, &vault, &token, &bound, &waiting, now).await?;
    let (worst, in_all) =
        tokio::try_join!(outflow.of_session(&session, 86_400), outflow.of_session(&session, u32::MAX.into()))?;
    let mut lines = vec![
        format!("{}  session {id}  {}", bold(&vault.names.show_session(id.get())), session.state(now)),
        format!("  key          {}", session.view.key),
        format!("  from         {}", rfc3339(session.view.validFrom.into())),
        format!("  until        {}", rfc3339(session.view.validUntil.into())),
        format!("  categories   {}", show_categories(session.categories())),
        format!("  per payment  {}", token.show(U256::from(session.per_payment_cap))),
    ];
    lines.extend(session.limits.iter().map(|limit| limit_line(&token, None, limit, now)));
    for (category, limits) in &session.by_category {
        lines.extend(limits.iter().map(|limit| limit_line(&token, Some(*category), limit, now)));
    }
    for purse in bound.purses.iter().filter(|purse| purse.session == id.get()) {
        let (holds, target) = (token.plain(purse.balance), token.show(purse.target));
        let category = Category::new(purse.category).map_or_else(String::new, |category| category.to_string());
        lines.push(format!("  purse        {holds} of {target} for {category}, at {}", purse.address));
    }
    lines.push(format!(
        "  Worst case if this key is stolen: {} in the next 24 hours, {} in total.",
        token.show(worst),
        token.show(in_all)
    ));
    let mut json = agent_json(&vault, &token, &session, now);
    if let Some(object) = json.as_object_mut() {
        object.insert("at_most_24h".to_owned(), json!(token.plain(worst)));
        object.insert("at_most_in_total".to_owned(), json!(token.plain(in_all)));
        let own = bound.purses.iter().filter(|purse| purse.session == id.get());
        object.insert("purses".to_owned(), own.map(|purse| purse.json(&vault, &token)).collect());
        object.insert("nonce_highest".to_owned(), json!(session.view.nonceHighest));
    }
    Ok(Reply::new(lines.join("\n"), json))
}

/// What a limit has and had, and when there is more again.
fn limit_line(token: &Token, category: Option<Category>, limit: &LimitView, now: u64) -> String {
    let (used, cap) = (token.plain(U256::from(limit.used)), token.show(U256::from(limit.cap)));
    let known = Window::from_seconds(limit.window);
    let when = known.map_or_else(|| Window::text(limit.window), |window| window.phrase().to_owned());
    let under = category.map_or_else(String::new, |category| format!(" under {category}"));
    let mut line = format!("  {when:<11}  {used} of {cap} used{under}");
    if let Some(at) = known.and_then(|window| next_room(Meter::from_word(limit.meter), window, now)) {
        line.push_str(&format!(", less from {}", rfc3339(at)));
    }
    line
}

/// The first time at which something of what is used stops counting.
fn next_room(meter: Meter, window: Window, now: u64) -> Option<u64> {
    let left = meter.remaining_units();
    if meter.used_units() == 0 { None } else { meter.fits_at(left + 1, window, now) }
}
