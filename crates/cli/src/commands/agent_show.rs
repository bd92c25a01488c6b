//! `purse agent show`: one agent whole.

use super::status::agent_json;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Reply, bold};
use crate::policy::show_categories;
use crate::sessions::Session;
use alloy::primitives::U256;
use clap::Args;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::time::rfc3339;
use purse_protocol::{Meter, Window};
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
    let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
    let balance = erc20.balanceOf(vault.address);
    let (head, session, balance) = tokio::join!(vault.head(), Session::existing(&vault, id, &token), balance.call());
    let (now, session, balance) = (head?.time, session?, balance.map_err(crate::money::of_view)?);

    let worst = session.worst_case(&token, now, now + 86_400, balance);
    let in_all = session.worst_case(&token, now, u64::MAX, balance);
    let mut lines = vec![
        format!("{}  session {id}  {}", bold(&vault.names.show_session(id.get())), session.state(now)),
        format!("  key          {}", session.view.key),
        format!("  from         {}", rfc3339(session.view.validFrom.into())),
        format!("  until        {}", rfc3339(session.view.validUntil.into())),
        format!("  categories   {}", show_categories(session.categories())),
        format!("  per payment  {}", token.show(U256::from(session.per_payment_cap))),
    ];
    for limit in &session.limits {
        let window = Window::from_seconds(limit.window).map_or("?", Window::name);
        let used = token.plain(U256::from(limit.used));
        let mut line = format!("  in any {window:<5} {used} of {} used", token.show(U256::from(limit.cap)));
        if let Some(window) = Window::from_seconds(limit.window)
            && let Some(at) = next_room(Meter::from_word(limit.meter), window, now)
        {
            line.push_str(&format!(", less from {}", rfc3339(at)));
        }
        lines.push(line);
    }
    lines.push(format!(
        "  Worst case if this key is stolen: {} in the next 24 hours, {} in total.",
        token.show(worst),
        token.show(in_all)
    ));
    let mut json = agent_json(&vault, &token, &session, now, worst);
    if let Some(object) = json.as_object_mut() {
        object.insert("at_most_in_total".to_owned(), json!(token.plain(in_all)));
        object.insert("nonce_highest".to_owned(), json!(session.view.nonceHighest));
    }
    Ok(Reply::new(lines.join("\n"), json))
}

/// The first time at which something of what is used stops counting.
fn next_room(meter: Meter, window: Window, now: u64) -> Option<u64> {
    let left = meter.remaining_units();
    if meter.used_units() == 0 { None } else { meter.fits_at(left + 1, window, now) }
}
