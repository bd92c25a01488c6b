//! `purse status`: one screen about what agents may still spend.

use crate::connect::chain_name;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::output::{Reply, bold, green, red, yellow};
use crate::sessions::{NOT_ALL, Session, Sessions};
use crate::table::aligned;
use alloy::primitives::{Address, U256};
use clap::Args;
use purse_protocol::Window;
use purse_protocol::abi::IErc20::IErc20Instance;
use serde_json::{Value, json};

/// The horizon of the worst case that is shown.
const HORIZON_SECONDS: u64 = 86_400;

/// Flags of `purse status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse status\n  purse status --json | jq .agents")]
pub(crate) struct StatusArgs {
    /// The token [default: the profile's]
    token: Option<String>,
}

/// Shows the vault and its agents.
pub(crate) async fn run(context: &Context, args: &StatusArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let contract = vault.contract();
    let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
    let (paused, balance) = (contract.paused(), erc20.balanceOf(vault.address));
    let (owner, treasury, guardian) = (contract.owner(), contract.treasury(), contract.guardian());
    let roles = async {
        tokio::try_join!(owner.call().into_future(), treasury.call().into_future(), guardian.call().into_future())
    };
    let (head, paused, balance, roles, sessions) =
        tokio::join!(vault.head(), paused.call(), balance.call(), roles, Session::all(context, &vault, &token));
    let (head, paused, balance) = (head?, paused.map_err(of_view)?, balance.map_err(of_view)?);
    let (owner, treasury, guardian) = roles.map_err(of_view)?;
    let Sessions { list: sessions, complete } = sessions?;

    let now = head.time;
    let worst = |session: &Session| session.worst_case(&token, now, now + HORIZON_SECONDS, balance);
    let at_most = if paused {
        U256::ZERO
    } else {
        sessions.iter().map(worst).fold(U256::ZERO, U256::saturating_add).min(balance)
    };
    let title = format!(
        "{}  {}  {}  block {}",
        bold(context.profile_name().unwrap_or("vault")),
        chain_name(vault.node.chain_id),
        token.show(balance),
        head.number
    );
    let mut lines = vec![title];
    let roles = [("vault", vault.address), ("owner", owner), ("treasury", treasury), ("guardian", guardian)];
    lines.extend(roles.map(|(role, account)| format!("  {role:<8}  {}", account_or_nobody(account))));
    if paused {
        lines.push(format!("{}: no agent can pay. Next: purse resume", red("PAUSED")));
    }
    lines.push(String::new());
    if sessions.is_empty() {
        lines.push("No agents yet. Next: purse agent add NAME".to_owned());
    } else {
        lines.push(agent_table(&vault, &token, &sessions, now));
        lines.push(String::new());
        let agents = if complete { "" } else { " by these agents" };
        lines.push(format!("At most {} can leave in the next 24 hours{agents}.", token.show(at_most)));
    }
    if !complete {
        lines.push(yellow(NOT_ALL));
    }
    let json = json!({
        "vault": vault.address,
        "owner": owner,
        "treasury": treasury,
        "guardian": (!guardian.is_zero()).then_some(guardian),
        "chain": vault.node.chain_id,
        "block": head.number,
        "time": purse_protocol::time::rfc3339(now),
        "paused": paused,
        "token": { "symbol": token.symbol, "address": token.address, "decimals": token.decimals },
        "balance": token.plain(balance),
        "at_most_24h": token.plain(at_most),
        "all_agents_known": complete,
        "agents": sessions.iter().map(|session| agent_json(&vault, &token, session, now, worst(session))).collect::<Vec<_>>(),
    });
    Ok(Reply::new(lines.join("\n"), json))
}

fn account_or_nobody(account: Address) -> String {
    if account.is_zero() { "nobody".to_owned() } else { account.to_string() }
}

/// The table of agents: used and cap per window.
pub(crate) fn agent_table(vault: &Vault, token: &Token, sessions: &[Session], now: u64) -> String {
    let windows = Window::ALL
        .into_iter()
        .filter(|window| sessions.iter().any(|s| s.limits.iter().any(|limit| limit.window == window.seconds())))
        .collect::<Vec<_>>();
    let mut head = vec!["AGENT".to_owned(), "NO".to_owned()];
    head.extend(windows.iter().map(|window| window.name().to_uppercase()));
    head.extend(["PER PAYMENT".to_owned(), "STATE".to_owned()]);
    let mut rows = vec![head];
    for session in sessions {
        let mut row = vec![vault.names.of_session(session.id).unwrap_or("-").to_owned(), session.id.to_string()];
        row.extend(windows.iter().map(|window| {
            let limit = session.limits.iter().find(|limit| limit.window == window.seconds());
            limit.map_or_else(
                || "-".to_owned(),
                |limit| format!("{} / {}", token.plain(U256::from(limit.used)), token.plain(U256::from(limit.cap))),
            )
        }));
        let state = session.state(now);
        let state = match state.split_once(',') {
            Some(_) => green(&state),
            None if session.lives(now) => yellow(&state),
            None => red(&state),
        };
        row.extend([token.plain(U256::from(session.per_payment_cap)), state]);
        rows.push(row);
    }
    aligned(&rows)
}

/// One agent for programs.
pub(crate) fn agent_json(vault: &Vault, token: &Token, session: &Session, now: u64, worst: U256) -> Value {
    let limits = session.limits.iter().map(|limit| {
        json!({
            "window": Window::from_seconds(limit.window).map_or("?", Window::name),
            "cap": token.plain(U256::from(limit.cap)),
            "used": token.plain(U256::from(limit.used)),
            "remaining": token.plain(U256::from(limit.remaining)),
        })
    });
    json!({
        "session": session.id,
        "name": vault.names.of_session(session.id),
        "key": session.view.key,
        "state": session.state(now),
        "revoked": session.view.revoked,
        "valid_from": purse_protocol::time::rfc3339(session.view.validFrom.into()),
        "valid_until": purse_protocol::time::rfc3339(session.view.validUntil.into()),
        "categories": session.categories().iter().map(|category| category.to_string()).collect::<Vec<_>>(),
        "per_payment_cap": token.plain(U256::from(session.per_payment_cap)),
        "limits": limits.collect::<Vec<_>>(),
        "at_most_24h": token.plain(worst),
    })
}
