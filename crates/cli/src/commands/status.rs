//! `purse status`: one screen about what agents may still spend.

use crate::connect::chain_name;
use crate::context::{Context, Vault};
use crate::expiry;
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::outflow::Outflow;
use crate::output::{Reply, bold, green, red, yellow};
use crate::purses;
use crate::sessions::{NOT_ALL, READS_AT_ONCE, Session, Sessions, VaultBound};
use crate::table::aligned;
use crate::waits;
use alloy::primitives::{Address, U256};
use clap::Args;
use futures::future::try_join_all;
use purse_protocol::Window;
use purse_protocol::abi::IVaultLens::LimitView;
use purse_protocol::time::{rfc3339, span};
use serde_json::{Map, Value, json};

/// The horizons of the worst case that are shown where none is named.
const HORIZONS: [&str; 2] = ["24h", "30d"];
/// That of `at_most_24h`.
const DAY: u64 = 86_400;

/// Flags of `purse status`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse status\n  purse status --horizon 7d --horizon 90d\n  purse status --json | jq .agents"
)]
pub(crate) struct StatusArgs {
    /// The token [default: the profile's]
    token: Option<String>,
    /// How far ahead to say what can leave at most, such as 7d; may be repeated [default: 24h and 30d]
    #[arg(long, value_name = "SPAN")]
    horizon: Vec<String>,
}

/// Shows the vault and its agents.
pub(crate) async fn run(context: &Context, args: &StatusArgs) -> Result<Reply, Failure> {
    let horizons = horizons(&args.horizon)?;
    let vault = context.vault().await?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let contract = vault.contract();
    let (paused, delay) = (contract.paused(), contract.delay());
    let (owner, treasury, guardian) = (contract.owner(), contract.treasury(), contract.guardian());
    let roles = async {
        tokio::try_join!(
            owner.call().into_future(),
            treasury.call().into_future(),
            guardian.call().into_future(),
            delay.call().into_future()
        )
    };
    let (head, paused, bound, roles, sessions, waiting) = tokio::join!(
        vault.head(),
        paused.call(),
        VaultBound::read(&vault, &token),
        roles,
        Session::all(context, &vault, &token),
        waits::all(context, &vault)
    );
    let (head, paused, bound, waiting) = (head?, paused.map_err(of_view)?, bound?, waiting?);
    let (owner, treasury, guardian, delay) = roles.map_err(of_view)?;
    let Sessions { list: sessions, complete } = sessions?;

    let (now, names) = (head.time, vault.words(&token));
    let outflow = Outflow::new(context, &vault, &token, &bound, &waiting, now).await?;
    let most = Most::ask(&outflow, &sessions, &horizons, bound.in_all(), paused).await?;
    let title = format!(
        "{}  {}  {}  block {}",
        bold(context.profile_name().unwrap_or("vault")),
        chain_name(vault.node.chain_id),
        token.show(bound.balance),
        head.number
    );
    let mut lines = vec![title];
    let roles = [("vault", vault.address), ("owner", owner), ("treasury", treasury), ("guardian", guardian)];
    lines.extend(roles.map(|(role, account)| format!("  {role:<8}  {}", account_or_nobody(account))));
    if delay != 0 {
        lines.push(format!("  {:<8}  {}, before agents may do more", "delay", span(delay.into())));
    }
    for limit in &bound.limits {
        let [used, cap] = [limit.used, limit.cap].map(|base| token.plain(U256::from(base)));
        let window = Window::text(limit.window);
        lines.push(format!("  {:<8}  {used} / {cap} over {window}, all agents together", "limit"));
    }
    if paused {
        lines.push(format!("{}: no agent can pay. Next: purse resume", red("PAUSED")));
    }
    lines.push(String::new());
    if !waiting.is_empty() {
        lines.extend(super::waiting::lines(&waiting, &names, now));
        lines.push(String::new());
    }
    if sessions.is_empty() {
        lines.push("No agents yet. Next: purse agent add NAME".to_owned());
    } else {
        lines.push(agent_table(&vault, &token, &sessions, now));
        lines.push(String::new());
        if !bound.purses.is_empty() {
            lines.push(purses::table(&vault, &token, &bound.purses));
            lines.push(String::new());
        }
        lines.extend(most.table(&vault, &token, &sessions, &horizons, complete));
        if !waiting.is_empty() && !outflow.counts_waiting() {
            lines.push(yellow("What waits is left aside in that: purse init and purse index let it be counted in"));
        }
    }
    if !complete {
        lines.push(yellow(NOT_ALL));
    }
    let agents = sessions.iter().zip(&most.sessions).map(|(session, most)| {
        let mut json = agent_json(&vault, &token, session, now);
        json["at_most"] = at_most_json(&token, &horizons, most);
        json["at_most_24h"] = json!(token.plain(most.first().copied().unwrap_or_default()));
        json
    });
    let json = json!({
        "vault": vault.address,
        "owner": owner,
        "treasury": treasury,
        "guardian": (!guardian.is_zero()).then_some(guardian),
        "delay_seconds": delay,
        "chain": vault.node.chain_id,
        "block": head.number,
        "time": rfc3339(now),
        "paused": paused,
        "token": { "symbol": token.symbol, "address": token.address, "decimals": token.decimals },
        "balance": token.plain(bound.balance),
        "purses": bound.purses.iter().map(|purse| purse.json(&vault, &token)).collect::<Vec<_>>(),
        "limits": bound.limits.iter().map(|limit| limit_json(&token, limit)).collect::<Vec<_>>(),
        "at_most": at_most_json(&token, &horizons, &most.all),
        "at_most_24h": token.plain(most.all.first().copied().unwrap_or_default()),
        "at_most_by_vault_limits": most.vault.as_ref().map(|most| at_most_json(&token, &horizons, most)),
        "at_most_counts_waiting": outflow.counts_waiting(),
        "waiting": waiting.iter().map(|one| one.json(&names, now)).collect::<Vec<_>>(),
        "all_agents_known": complete,
        "agents": agents.collect::<Vec<_>>(),
    });
    Ok(Reply::new(lines.join("\n"), json))
}

/// A day first, whatever else is asked for.
fn horizons(texts: &[String]) -> Result<Vec<u64>, Failure> {
    let given: Vec<&str> = texts.iter().map(String::as_str).collect();
    let texts = if given.is_empty() { HORIZONS.to_vec() } else { given };
    let mut horizons = vec![DAY];
    for text in texts {
        let seconds = expiry::span(text).filter(|seconds| *seconds > 0).ok_or_else(|| {
            Failure::usage(
                "HorizonInvalid",
                format!("\"{text}\" is no span"),
                "how far ahead?",
                "give a span such as 24h or 30d",
            )
        })?;
        if !horizons.contains(&seconds) {
            horizons.push(seconds);
        }
    }
    Ok(horizons)
}

/// The most that can leave, per horizon.
struct Most {
    /// Of each session.
    sessions: Vec<Vec<U256>>,
    /// Of all together by the vault's own limits; none where it has none.
    vault: Option<Vec<U256>>,
    /// Of all together, whatever bounds them.
    all: Vec<U256>,
}

impl Most {
    async fn ask(
        outflow: &Outflow<'_>,
        sessions: &[Session],
        horizons: &[u64],
        balance: U256,
        paused: bool,
    ) -> Result<Self, Failure> {
        let of_session = async |session: &Session| -> Result<Vec<U256>, Failure> {
            try_join_all(horizons.iter().map(|seconds| outflow.of_session(session, *seconds))).await
        };
        let mut most = Vec::with_capacity(sessions.len());
        for some in sessions.chunks(READS_AT_ONCE) {
            most.extend(try_join_all(some.iter().map(of_session)).await?);
        }
        let vault: Option<Vec<U256>> =
            try_join_all(horizons.iter().map(|seconds| outflow.of_vault(*seconds))).await?.into_iter().collect();
        let all = (0..horizons.len()).map(|at| {
            let sum = most.iter().filter_map(|most| most.get(at)).fold(U256::ZERO, |sum, one| sum.saturating_add(*one));
            let by_vault = vault.as_ref().and_then(|most| most.get(at)).copied().unwrap_or(U256::MAX);
            if paused { U256::ZERO } else { sum.min(by_vault).min(balance) }
        });
        let all = all.collect();
        Ok(Self { sessions: most, vault, all })
    }

    /// Each agent that can take anything, and all together.
    fn table(
        &self,
        vault: &Vault,
        token: &Token,
        sessions: &[Session],
        horizons: &[u64],
        complete: bool,
    ) -> Vec<String> {
        let mut head = vec!["AT MOST LEAVES WITHIN".to_owned()];
        head.extend(horizons.iter().map(|seconds| span(*seconds).to_uppercase()));
        let row = |name: String, most: &[U256]| {
            let mut row = vec![name];
            row.extend(most.iter().map(|most| token.plain(*most)));
            row
        };
        let mut rows = vec![head];
        for (session, most) in sessions.iter().zip(&self.sessions) {
            if most.iter().any(|most| !most.is_zero()) {
                rows.push(row(vault.names.show_session(session.id), most));
            }
        }
        if let Some(most) = &self.vault {
            rows.push(row("by the vault's limits".to_owned(), most));
        }
        let agents = if complete { "" } else { " by these agents" };
        let all = token.show(self.all.first().copied().unwrap_or_default());
        let table = if rows.len() > 1 { vec![aligned(&rows), String::new()] } else { Vec::new() };
        [table, vec![format!("At most {all} can leave in the next 24 hours{agents}.")]].concat()
    }
}

fn at_most_json(token: &Token, horizons: &[u64], most: &[U256]) -> Value {
    let rows = horizons.iter().zip(most);
    rows.map(|(seconds, most)| json!({ "within": span(*seconds), "amount": token.plain(*most) })).collect()
}

fn limit_json(token: &Token, limit: &LimitView) -> Value {
    json!({
        "window": Window::text(limit.window),
        "cap": token.plain(U256::from(limit.cap)),
        "used": token.plain(U256::from(limit.used)),
        "remaining": token.plain(U256::from(limit.remaining)),
    })
}

fn account_or_nobody(account: Address) -> String {
    if account.is_zero() { "nobody".to_owned() } else { account.to_string() }
}

/// The table of agents: used and cap per window, then the categories that have limits of their own.
pub(crate) fn agent_table(vault: &Vault, token: &Token, sessions: &[Session], now: u64) -> String {
    let windows = Window::ALL
        .into_iter()
        .filter(|window| {
            let has = |limits: &Vec<LimitView>| limits.iter().any(|limit| limit.window == window.seconds());
            sessions.iter().any(|session| has(&session.limits) || session.by_category.values().any(has))
        })
        .collect::<Vec<_>>();
    let mut head = vec!["AGENT".to_owned(), "NO".to_owned()];
    head.extend(windows.iter().map(|window| window.name().to_uppercase()));
    head.extend(["PER PAYMENT".to_owned(), "STATE".to_owned()]);
    let mut rows = vec![head];
    for session in sessions {
        let cells = |limits: &[LimitView]| {
            let cell = |window: &Window| {
                let limit = limits.iter().find(|limit| limit.window == window.seconds());
                limit.map_or_else(
                    || "-".to_owned(),
                    |limit| format!("{} / {}", token.plain(U256::from(limit.used)), token.plain(U256::from(limit.cap))),
                )
            };
            windows.iter().map(cell).collect::<Vec<_>>()
        };
        let mut row = vec![vault.names.of_session(session.id).unwrap_or("-").to_owned(), session.id.to_string()];
        row.extend(cells(&session.limits));
        let state = session.state(now);
        let state = match state.split_once(',') {
            Some(_) => green(&state),
            None if session.lives(now) => yellow(&state),
            None => red(&state),
        };
        row.extend([token.plain(U256::from(session.per_payment_cap)), state]);
        rows.push(row);
        for (category, limits) in &session.by_category {
            rows.push([vec![format!("  {category}"), String::new()], cells(limits)].concat());
        }
    }
    aligned(&rows)
}

/// One agent for programs.
pub(crate) fn agent_json(vault: &Vault, token: &Token, session: &Session, now: u64) -> Value {
    let limits = |limits: &[LimitView]| limits.iter().map(|limit| limit_json(token, limit)).collect::<Vec<_>>();
    let by_category = session.by_category.iter().map(|(category, of)| (category.to_string(), json!(limits(of))));
    json!({
        "session": session.id,
        "name": vault.names.of_session(session.id),
        "key": session.view.key,
        "state": session.state(now),
        "revoked": session.view.revoked,
        "valid_from": rfc3339(session.view.validFrom.into()),
        "valid_until": rfc3339(session.view.validUntil.into()),
        "categories": session.categories().iter().map(|category| category.to_string()).collect::<Vec<_>>(),
        "per_payment_cap": token.plain(U256::from(session.per_payment_cap)),
        "limits": limits(&session.limits),
        "limits_by_category": by_category.collect::<Map<_, _>>(),
    })
}
