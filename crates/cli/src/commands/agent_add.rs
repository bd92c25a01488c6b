//! `purse agent add`: grants a new agent a session, and makes the files that the agent pays with.

use crate::agent_session::ENDING;
use crate::args::{Change, Signing};
use crate::change::{self, How};
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::granted;
use crate::money::{Token, of_words};
use crate::names::{Names, valid_name};
use crate::output::{Reply, green};
use crate::policy::{Policy, PolicyText, show_categories};
use crate::sessions::{VaultBound, meters, next_free, roughly};
use crate::unfinished::Unfinished;
use crate::{gas_money, library_failure};
use alloy::primitives::{Address, U256};
use clap::Args;
use purse_agent::{SessionFile, keystore};
use purse_owner::Verb;
use purse_owner::worst_case::{Exposure, fresh};
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, SessionId};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Flags of `purse agent add`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse agent add researcher --per-payment 2 --limit 10/24h --limit 150/30d --category data --expires 30d\n  purse agent add researcher --policy researcher.toml\n  purse agent add researcher --policy researcher.toml --dry-run"
)]
pub(crate) struct AddArgs {
    /// What to call the agent on this machine
    name: String,
    /// A policy file (TOML) in place of the flags below
    #[arg(long, value_name = "PATH", conflicts_with_all = ["per_payment", "limit", "category", "expires", "token"], required_unless_present = "per_payment")]
    policy: Option<PathBuf>,
    /// The largest single payment, such as 2
    #[arg(long, value_name = "AMOUNT", requires_all = ["limit", "category", "expires"])]
    per_payment: Option<String>,
    /// At most so much in any window of 1h, 24h, 7d or 30d, or over the lifetime, such as 10/24h or 500/lifetime; of one
    /// category data:5/24h; may be repeated
    #[arg(long, value_name = "AMOUNT/WINDOW", requires = "per_payment")]
    limit: Vec<String>,
    /// What kind of payees it may pay: a name, a number or mcc:CODE; may be repeated
    #[arg(long, value_name = "CATEGORY", requires = "per_payment", value_delimiter = ',')]
    category: Vec<String>,
    /// When it ends: 30d, 12h, 2026-12-31
    #[arg(long, value_name = "WHEN", requires = "per_payment")]
    expires: Option<String>,
    /// The token [default: the profile's]
    #[arg(long, value_name = "TOKEN", requires = "per_payment")]
    token: Option<String>,
    /// The session's number [default: the next free one]
    #[arg(long, value_name = "NUMBER")]
    number: Option<SessionId>,
    /// Where to write the agent's files
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Ether to send to the new key, which pays the gas of its payments, such as 0.01
    #[arg(long, value_name = "ETHER", conflicts_with_all = ["propose", "dry_run", "sign"])]
    gas: Option<String>,
    /// A file that holds the new key's password [default: ask]
    #[arg(long, value_name = "PATH")]
    key_password_file: Option<PathBuf>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Grants.
pub(crate) async fn run(context: &Context, args: &AddArgs) -> Result<Reply, Failure> {
    valid_name(&args.name)?;
    let text = policy_text(args)?;
    let gas = args.gas.as_deref().map(gas_money::parse).transpose()?;
    let vault = context.vault().await?;
    if let Some(session) = vault.names.agent(&args.name) {
        return Err(name_taken(&vault, &args.name, session).await?);
    }
    let token = context.token(&vault, text.token.as_deref(), None).await?;
    let head = vault.head().await?;
    let policy = text.parse(&token, head.time)?;
    let session = match args.number {
        Some(number) => number,
        None => next_free(&vault).await?,
    };
    let bound = VaultBound::read(&vault, &token).await?;
    let mut shown = Shown::of(&policy, &token, head.time, &bound);
    shown.payees = granted::payees(context, &vault).await?.map(|book| {
        let may_pay = |number: &&u8| Category::new(**number).is_some_and(|one| policy.categories.contains(one));
        book.values().filter(may_pay).count()
    });
    context.output.note(&shown.text(&args.name, &policy, &token));

    if args.change.dry_run {
        let verb = Verb::Grant(policy.grant(session, change::NEW_KEY, token.address));
        let name = |names: &mut Names| names.set_agent(&args.name, session);
        let mut made = change::run_naming(context, How::sent(args.change), &[verb], name).await?;
        made.json["policy"] = shown.json(&policy, &token);
        return Ok(made.reply(context, "Next: run it again without --dry-run"));
    }
    let how = How::sent_or_signed(args.change, &args.signing);
    if how.sends() {
        context.asking().confirm("Grant this?").await?;
    }
    if let Some(wei) = gas {
        gas_money::must_have(&vault, wei).await?;
    }
    let (files, unfinished) = Files::create(context, args, &vault, session, token.address).await?;
    let verb = Verb::Grant(policy.grant(session, files.key, token.address));
    let name = |names: &mut Names| names.set_agent(&args.name, session);
    let mut made = change::run_naming(context, how, &[verb], name).await?;
    unfinished.keep();
    let mut names = vault.names;
    names.set_agent(&args.name, session);
    names.save()?;
    let (session_path, key_path) = (files.session.display(), files.keystore.display());
    let written = format!(
        "{}  {session_path} and {key_path} (mode 0600; give both to the agent, never the owner's key)",
        green("written")
    );
    made.add_line(context, &written);
    made.json["agent"] = json!({ "name": args.name, "session": session, "key": files.key });
    made.json["files"] = json!({ "session": files.session, "keystore": files.keystore });
    made.json["policy"] = shown.json(&policy, &token);
    gas_money::give(context, &mut made, files.key, gas).await?;
    Ok(made.reply(context, &format!("Next: purse pay PAYEE AMOUNT --reason WHY --session {session_path}")))
}

async fn name_taken(vault: &Vault, name: &str, session: u32) -> Result<Failure, Failure> {
    let taken = |cause: &str, fix: &str| {
        Failure::error("NameTaken", format!("there is an agent \"{name}\" already"), cause, fix)
    };
    let view = vault.reader().session_of(session).await.map_err(of_words)?;
    Ok(if view.key.is_zero() {
        let (file, line) = (vault.names.path().display(), format!("{name} = {session}"));
        taken(
            &format!("session {session} was proposed under this name, and was never granted so far"),
            &format!("have the proposal executed; or give it up: take the line {line} out of {file}"),
        )
    } else {
        let fix = format!("choose another name, or change that agent: purse agent limit {name}");
        taken("names of agents are unique on this machine", &fix)
    })
}

fn policy_text(args: &AddArgs) -> Result<PolicyText, Failure> {
    match &args.policy {
        Some(path) => PolicyText::load(path),
        None => Ok(PolicyText {
            token: args.token.clone(),
            per_payment: args.per_payment.clone().unwrap_or_default(),
            limits: args.limit.clone(),
            categories: args.category.clone(),
            expires: args.expires.clone().unwrap_or_default(),
        }),
    }
}

/// What a policy comes to.
struct Shown {
    day: U256,
    total: U256,
    now: u64,
    /// How many payees it can pay as the book is now, if that is known.
    payees: Option<usize>,
}

impl Shown {
    fn of(policy: &Policy, token: &Token, now: u64, bound: &VaultBound) -> Self {
        let limits = |category: Option<Category>| {
            let of_scope = policy.limits.iter().filter(move |limit| limit.category == category);
            of_scope.map(|limit| (limit.window, fresh(limit.cap, token.unit_bits))).collect()
        };
        let exposure = Exposure {
            session: limits(None),
            categories: policy.categories.iter().map(|category| (category, limits(Some(category)))).collect(),
            vault: meters(&bound.limits),
            unit_bits: token.unit_bits,
            per_payment_cap: policy.per_payment,
            balance: bound.balance,
        };
        let until = u64::from(policy.valid_until);
        Self {
            day: exposure.in_any_day().min(exposure.within(now, until)),
            total: exposure.within(now, until),
            now,
            payees: None,
        }
    }

    fn text(&self, name: &str, policy: &Policy, token: &Token) -> String {
        let mut lines = vec![
            format!("\n  {name} may spend"),
            format!("    at most {} per payment", token.show(U256::from(policy.per_payment))),
        ];
        for limit in &policy.limits {
            let under = limit.category.map_or_else(String::new, |category| format!(" to payees of {category}"));
            lines.push(format!("    at most {} {}{under}", token.show(U256::from(limit.cap)), limit.window.phrase()));
        }
        let until = u64::from(policy.valid_until);
        lines.push(format!("    only to payees of: {}", show_categories(policy.categories)));
        lines.push(format!("    until {} ({})", rfc3339(until), roughly(until - self.now)));
        lines.push(format!(
            "\n  Worst case if this key is stolen: {} in any 24 hours, {} in total.",
            token.show(self.day),
            token.show(self.total)
        ));
        let all = match self.payees {
            Some(1) => "All of it goes to the 1 payee that is in the book for this.".to_owned(),
            Some(count) => format!("All of it goes to the {count} payees that are in the book for this."),
            None => "How many payees the book has for this, the node did not tell: purse index.".to_owned(),
        };
        lines.push(format!("  {all}\n"));
        lines.join("\n")
    }

    fn json(&self, policy: &Policy, token: &Token) -> serde_json::Value {
        let limits = policy.limits.iter().map(|limit| {
            json!({ "category": limit.category, "window": limit.window, "cap": token.plain(U256::from(limit.cap)) })
        });
        json!({
            "token": token.symbol,
            "per_payment": token.plain(U256::from(policy.per_payment)),
            "limits": limits.collect::<Vec<_>>(),
            "categories": policy.categories.iter().map(|category| category.to_string()).collect::<Vec<_>>(),
            "valid_until": rfc3339(policy.valid_until.into()),
            "worst_case": { "any_24h": token.plain(self.day), "in_total": token.plain(self.total) },
            "payees": self.payees,
        })
    }
}

/// The agent's key and its two files.
struct Files {
    key: Address,
    keystore: PathBuf,
    session: PathBuf,
}

impl Files {
    async fn create(
        context: &Context,
        args: &AddArgs,
        vault: &Vault,
        session: SessionId,
        token: Address,
    ) -> Result<(Self, Unfinished), Failure> {
        let keystore = args.out.join(format!("{}.key.json", args.name));
        let file = args.out.join(format!("{}{ENDING}", args.name));
        if let Some(there) = [&keystore, &file].into_iter().find(|path| path.exists()) {
            return Err(Failure::error(
                "FileExists",
                format!("{} is there already", there.display()),
                "an agent's files are never overwritten",
                "choose another name or folder (--out), or move the file away",
            ));
        }
        let password_file = args.key_password_file.as_deref();
        let password = context.asking().new_password(password_file, &keystore.display().to_string()).await?;
        let unfinished = Unfinished::new(vec![keystore.clone(), file.clone()], &context.sent);
        let key = create_key(&keystore, password).await?;
        let files = Self { key, keystore, session: file };
        let name = PathBuf::from(format!("{}.key.json", args.name));
        let mut content = SessionFile::new(&files.session, vault.address, vault.node.chain_id, session, token, &name);
        content.rpc_url = context.rpc_url_to_give()?;
        content.create().map_err(|error| {
            Failure::error(
                error.code(),
                format!("cannot write {}", files.session.display()),
                error.to_string(),
                error.fix(),
            )
        })?;
        Ok((files, unfinished))
    }
}

/// Makes a key and its keystore, off the async threads: the key's encryption takes half a second.
pub(crate) async fn create_key(path: &Path, password: zeroize::Zeroizing<String>) -> Result<Address, Failure> {
    let file = path.to_owned();
    match tokio::task::spawn_blocking(move || keystore::create(&file, &password)).await {
        Ok(created) => created.map_err(|error| library_failure::of_keystore(&error, path)),
        Err(error) => {
            Err(Failure::error("Internal", "making the key stopped", error.to_string(), "run the command again"))
        }
    }
}
