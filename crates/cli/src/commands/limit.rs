//! `purse limit`: the vault's own limits, which all its agents share.

use crate::args::{Change, Condition, Signing};
use crate::change::{self, How};
use crate::condition::on_condition;
use crate::context::Context;
use crate::failure::Failure;
use crate::money::looks_like_amount;
use crate::output::Reply;
use crate::policy::{parse_limits, parse_window, split_limit};
use crate::sessions::VaultBound;
use crate::worst_case;
use alloy::primitives::U256;
use clap::Args;
use purse_owner::Verb;
use purse_protocol::{Scope, Window};
use serde_json::json;

/// Flags of `purse limit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse limit\n  purse limit --limit 500/24h --limit 5000/30d\n  purse limit --limit 800/24h --expect 500\n  purse limit --remove 30d --dry-run"
)]
pub(crate) struct LimitArgs {
    /// At most so much by all agents together in any window of 1h, 24h, 7d or 30d, or over the lifetime; may be repeated
    #[arg(long, value_name = "AMOUNT/WINDOW")]
    limit: Vec<String>,
    /// Remove the limit over this window; may be repeated
    #[arg(long, value_name = "WINDOW")]
    remove: Vec<String>,
    /// The token [default: the profile's]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    condition: Condition,
}

/// Shows the vault's limits, or changes them as owner.
pub(crate) async fn run(context: &Context, args: &LimitArgs) -> Result<Reply, Failure> {
    for limit in &args.limit {
        let (category, amount, _) = split_limit(limit)?;
        looks_like_amount(amount)?;
        if category.is_some() {
            return Err(Failure::usage(
                "LimitInvalid",
                "the limits can't be understood",
                "the vault's own limits have no category",
                "limit a category of one agent: purse agent limit AGENT --category CATEGORY --limit AMOUNT/WINDOW",
            ));
        }
    }
    if args.limit.is_empty() && args.remove.is_empty() {
        return show(context, args).await;
    }
    let vault = context.vault().await?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let mut verbs = Vec::new();
    if !args.limit.is_empty() {
        for limit in parse_limits(&args.limit, None, &token)? {
            let (window, cap) = (limit.window, limit.cap);
            verbs.push(Verb::SetLimit { scope: Scope::Vault, token: token.address, window, cap });
        }
    }
    for window in &args.remove {
        verbs.push(Verb::RemoveLimit { scope: Scope::Vault, token: token.address, window: parse_window(window)? });
    }
    let read = |text: &str| match text {
        "none" => Ok(U256::ZERO),
        text => token.parse_cap(text).map(U256::from),
    };
    let verbs = on_condition(&vault, &args.condition, verbs, read).await?;
    if let Some(worst) = worst_case::of(context, &vault, &verbs).await? {
        context.output.note(&worst.text);
    }
    let made = change::run(context, How::sent_or_signed(args.change, &args.signing), &verbs).await?;
    Ok(made.reply(context, "Next: purse status"))
}

async fn show(context: &Context, args: &LimitArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let bound = VaultBound::read(&vault, &token).await?;
    let limits = bound.limits.iter().map(|limit| {
        let window = Window::text(limit.window);
        let [cap, used, left] = [limit.cap, limit.used, limit.remaining].map(|base| token.plain(U256::from(base)));
        let line = format!("{used} of {cap} {} used by all agents together, over {window}; {left} left", token.symbol);
        (line, json!({ "window": window, "cap": cap, "used": used, "remaining": left }))
    });
    let (lines, limits): (Vec<_>, Vec<_>) = limits.unzip();
    let text = if lines.is_empty() {
        "The vault has no limit of its own in this token. Next: purse limit --limit AMOUNT/WINDOW".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Reply::new(text, json!({ "token": token.symbol, "limits": limits })))
}
