//! `purse agent limit`: changes what an agent may spend. What was spent stays counted, and is shown.

use crate::args::Change;
use crate::change;
use crate::context::Context;
use crate::expiry;
use crate::failure::Failure;
use crate::money::{looks_like_amount, of_view};
use crate::output::Reply;
use crate::policy::{parse_categories, parse_limits, parse_window, split_limit};
use crate::sessions::Session;
use clap::Args;
use purse_owner::Verb;
use purse_protocol::abi::IErc20::IErc20Instance;

/// Flags of `purse agent limit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse agent limit researcher --limit 20/24h\n  purse agent limit researcher --per-payment 5 --category data,tools\n  purse agent limit researcher --remove 1h --dry-run"
)]
#[group(id = "what", required = true, multiple = true, args = ["limit", "remove", "per_payment", "category", "expires"])]
pub(crate) struct LimitArgs {
    /// The agent's name or session number
    agent: String,
    /// At most so much in any window of 1h, 24h, 7d or 30d, such as 20/24h; may be repeated
    #[arg(long, value_name = "AMOUNT/WINDOW")]
    limit: Vec<String>,
    /// Remove the limit over this window; may be repeated
    #[arg(long, value_name = "WINDOW")]
    remove: Vec<String>,
    /// The largest single payment
    #[arg(long, value_name = "AMOUNT")]
    per_payment: Option<String>,
    /// What kinds of payees it may pay, in place of those it had; may be repeated
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    category: Vec<String>,
    /// When it ends: 30d, 12h, 2026-12-31
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// The token [default: the profile's]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    #[command(flatten)]
    change: Change,
}

/// Changes limits, as owner.
pub(crate) async fn run(context: &Context, args: &LimitArgs) -> Result<Reply, Failure> {
    for limit in &args.limit {
        looks_like_amount(split_limit(limit)?.0)?;
    }
    let vault = context.vault().await?;
    let session = vault.names.session(&args.agent)?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let standing = Session::existing(&vault, session, &token).await?;

    let mut verbs = Vec::new();
    if !args.category.is_empty() {
        verbs.push(Verb::SetCategories { session, categories: parse_categories(&args.category)? });
    }
    if let Some(amount) = &args.per_payment {
        let cap = token.parse_cap(amount)?;
        verbs.push(Verb::SetPerPaymentCap { session, token: token.address, cap });
    }
    if !args.limit.is_empty() {
        for (window, cap) in parse_limits(&args.limit, &token)? {
            verbs.push(Verb::SetLimit { session, token: token.address, window, cap });
        }
    }
    for window in &args.remove {
        verbs.push(Verb::RemoveLimit { session, token: token.address, window: parse_window(window)? });
    }
    if let Some(expires) = &args.expires {
        let valid_until = expiry::parse(expires, vault.head().await?.time)?;
        verbs.push(Verb::SetValidity { session, valid_from: standing.view.validFrom, valid_until });
    }
    if !args.change.dry_run && !args.change.propose {
        let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
        let balance = erc20.balanceOf(vault.address).call().await.map_err(of_view)?;
        let now = vault.head().await?.time;
        let after = standing.after(&verbs, token.unit_bits);
        let worst =
            |session: &Session| [now + 86_400, u64::MAX].map(|end| session.worst_case(&token, now, end, balance));
        let ([day, total], [new_day, new_total]) = (worst(&standing), worst(&after));
        let wider = after.view.categories & !standing.view.categories != 0;
        if new_day > day || new_total > total || wider {
            let show = |amount| token.show(amount);
            context.output.note(&format!(
                "Worst case if this key is stolen: {} in the next 24 hours (now {}), {} in total (now {}).",
                show(new_day),
                show(day),
                show(new_total),
                show(total)
            ));
            context.asking().confirm("Let this agent pay more?").await?;
        }
    }
    let made = change::run(context, args.change, &verbs).await?;
    Ok(made.reply(context, &format!("Next: purse agent show {}", args.agent)))
}
