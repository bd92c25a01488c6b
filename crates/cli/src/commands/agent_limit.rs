//! `purse agent limit`: changes what an agent may spend. What was spent stays counted, and is shown.

use crate::args::{Change, Condition, Signing};
use crate::change::{self, How};
use crate::condition::on_condition;
use crate::context::Context;
use crate::expiry;
use crate::failure::Failure;
use crate::money::{Token, looks_like_amount};
use crate::output::Reply;
use crate::policy::{parse_categories, parse_category, parse_limits, parse_window, split_limit};
use crate::sessions::Session;
use crate::worst_case;
use alloy::primitives::U256;
use clap::Args;
use purse_owner::Verb;
use purse_protocol::{Category, CategoryMask, Scope, SessionId};

/// Flags of `purse agent limit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse agent limit researcher --limit 20/24h\n  purse agent limit researcher --category data --limit 5/24h --if-unchanged\n  purse agent limit researcher --per-payment 5 --categories data,tools\n  purse agent limit researcher --remove 1h --dry-run"
)]
#[group(id = "what", required = true, multiple = true, args = ["limit", "remove", "per_payment", "categories", "expires"])]
pub(crate) struct LimitArgs {
    /// The agent's name or session number
    agent: String,
    /// At most so much in any window of 1h, 24h, 7d or 30d, or over the lifetime, such as 20/24h or 500/lifetime; may be
    /// repeated
    #[arg(long, value_name = "AMOUNT/WINDOW")]
    limit: Vec<String>,
    /// Remove the limit over this window; may be repeated
    #[arg(long, value_name = "WINDOW")]
    remove: Vec<String>,
    /// --limit and --remove speak of what is paid under this category, not of all that the agent pays
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// The largest single payment
    #[arg(long, value_name = "AMOUNT")]
    per_payment: Option<String>,
    /// What kinds of payees it may pay, in place of those it had; may be repeated
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    categories: Vec<String>,
    /// When it ends: 30d, 12h, 2026-12-31
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
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

/// Changes limits, as owner.
pub(crate) async fn run(context: &Context, args: &LimitArgs) -> Result<Reply, Failure> {
    for limit in &args.limit {
        looks_like_amount(split_limit(limit)?.1)?;
    }
    let vault = context.vault().await?;
    let session = vault.names.session(&args.agent)?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let standing = Session::existing(&vault, session, &token).await?;

    let verbs = verbs(args, session, &token, &standing, vault.head().await?.time)?;
    let read = |text: &str| expected(args, text, &token, &standing);
    let verbs = on_condition(&vault, &args.condition, verbs, read).await?;
    let how = How::sent_or_signed(args.change, &args.signing);
    if how.sends() {
        let worst = worst_case::of_session(&vault, &token, &standing, &verbs).await?;
        if worst.rises {
            context.output.note(&worst.text);
            context.asking().confirm("Let this agent pay more?").await?;
        }
    }
    let made = change::run(context, how, &verbs).await?;
    Ok(made.reply(context, &format!("Next: purse agent show {}", args.agent)))
}

/// What the flags ask for.
fn verbs(
    args: &LimitArgs,
    session: SessionId,
    token: &Token,
    standing: &Session,
    now: u64,
) -> Result<Vec<Verb>, Failure> {
    let category = args.category.as_deref().map(parse_category).transpose()?;
    let scope = |category: Option<Category>| match category {
        Some(category) => Scope::Category(session, category),
        None => Scope::Session(session),
    };
    let mut verbs = Vec::new();
    if !args.categories.is_empty() {
        verbs.push(Verb::SetCategories { session, categories: parse_categories(&args.categories)? });
    }
    if let Some(amount) = &args.per_payment {
        let cap = token.parse_cap(amount)?;
        verbs.push(Verb::SetPerPaymentCap { session, token: token.address, cap });
    }
    if !args.limit.is_empty() {
        for limit in parse_limits(&args.limit, category, token)? {
            let (window, cap) = (limit.window, limit.cap);
            verbs.push(Verb::SetLimit { scope: scope(limit.category), token: token.address, window, cap });
        }
    }
    for window in &args.remove {
        let window = parse_window(window)?;
        verbs.push(Verb::RemoveLimit { scope: scope(category), token: token.address, window });
    }
    if let Some(expires) = &args.expires {
        let valid_until = expiry::parse(expires, now)?;
        verbs.push(Verb::SetValidity { session, valid_from: standing.view.validFrom, valid_until });
    }
    Ok(verbs)
}

/// The one word that is expected in the place of what the flags ask for.
fn expected(args: &LimitArgs, text: &str, token: &Token, standing: &Session) -> Result<U256, Failure> {
    if !args.categories.is_empty() {
        let names = text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mask = if text == "none" { CategoryMask::default() } else { parse_categories(&names)? };
        return Ok(U256::from(mask.bits()));
    }
    if args.expires.is_some() {
        let until = expiry::point(text).and_then(|until| u32::try_from(until).ok()).ok_or_else(|| {
            Failure::usage(
                "ExpiryInvalid",
                format!("\"{text}\" is no time"),
                "the end that is expected must be a day or a time",
                "write it as purse agent show does: 2026-12-31T00:00:00Z",
            )
        })?;
        return Ok(U256::from(u64::from(standing.view.validFrom) << 32 | u64::from(until)));
    }
    if text == "none" { Ok(U256::ZERO) } else { token.parse_cap(text).map(U256::from) }
}
