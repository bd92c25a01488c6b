//! `purse agent rotate`: gives an agent a new key. The old one stops at once; what was spent stays counted.

use super::agent_add::create_key;
use crate::agent_session::ENDING;
use crate::args::{Change, Condition, Signing};
use crate::change::{self, How};
use crate::condition::{address_word, on_condition};
use crate::context::Context;
use crate::failure::Failure;
use crate::gas_money;
use crate::names::address;
use crate::output::{Reply, green};
use crate::sessions::Session;
use crate::unfinished::Unfinished;
use clap::Args;
use purse_agent::SessionFile;
use purse_owner::Verb;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Key files of one agent that may lie side by side.
const MAX_KEY_FILES: u32 = 1_000;

/// Flags of `purse agent rotate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse agent rotate researcher\n  purse agent rotate 7 --out ./keys --propose > batch.json"
)]
pub(crate) struct RotateArgs {
    /// The agent's name or session number
    agent: String,
    /// The token that the new session file names [default: the profile's]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Where the agent's files are
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
    #[command(flatten)]
    condition: Condition,
}

/// Rotates, as owner.
pub(crate) async fn run(context: &Context, args: &RotateArgs) -> Result<Reply, Failure> {
    let gas = args.gas.as_deref().map(gas_money::parse).transpose()?;
    let vault = context.vault().await?;
    let session = vault.names.session(&args.agent)?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    Session::existing(&vault, session, &token).await?;
    let name = vault.names.of_session(session.get()).map_or_else(|| format!("agent-{session}"), str::to_owned);
    if args.change.dry_run {
        let verb = Verb::RotateKey { session, new_key: change::NEW_KEY };
        let made = change::run(context, How::sent(args.change), &[verb]).await?;
        return Ok(made.reply(context, "Next: run it again without --dry-run"));
    }
    // Before the operator is asked: the key that he sees is the one that is replaced
    let read = |text: &str| address(text).map(address_word);
    let standing = vec![Verb::RotateKey { session, new_key: change::NEW_KEY }];
    let condition = on_condition(&vault, &args.condition, standing, read).await?;
    let how = How::sent_or_signed(args.change, &args.signing);
    if how.sends() {
        let question = format!("Give {name} a new key? The old one stops paying at once.");
        context.asking().confirm(&question).await?;
    }
    if let Some(wei) = gas {
        gas_money::must_have(&vault, wei).await?;
    }
    let file = free_key_file(&args.out, &name)?;
    let path = args.out.join(&file);
    let password_file = args.key_password_file.as_deref();
    let password = context.asking().new_password(password_file, &path.display().to_string()).await?;
    let unfinished = Unfinished::new(vec![path.clone()], &context.sent);
    let new_key = create_key(&path, password).await?;
    let verb = match condition.as_slice() {
        [Verb::Replace { expected, .. }] => {
            Verb::Replace { expected: *expected, verb: Box::new(Verb::RotateKey { session, new_key }) }
        }
        _ => Verb::RotateKey { session, new_key },
    };
    let mut made = change::run(context, how, &[verb]).await?;
    unfinished.keep();
    let session_path = args.out.join(format!("{name}{ENDING}"));
    if made.done {
        write_session(&session_path, &file, |path| {
            SessionFile::new(path, vault.address, vault.node.chain_id, session, token.address, &file)
        })?;
        let files = format!("{} and {}", session_path.display(), path.display());
        made.add_line(context, &format!("{}  {files} (mode 0600; give both to the agent)", green("written")));
    } else {
        let key = format!("The new key is in {}. Once this is executed, name it in the session file.", path.display());
        made.add_line(context, &key);
    }
    gas_money::give(context, &mut made, new_key, gas).await?;
    made.json["agent"] = json!({ "session": session, "key": new_key });
    made.json["files"] = json!({ "session": session_path, "keystore": path });
    Ok(made.reply(context, &format!("Next: purse agent show {}", args.agent)))
}

/// Names the new key in the session file: the salt of the old one is kept, since it opens references.
fn write_session(path: &Path, key: &Path, new: impl FnOnce(&Path) -> SessionFile) -> Result<(), Failure> {
    let written = if path.exists() {
        SessionFile::load(path).and_then(|mut file| {
            key.clone_into(&mut file.keystore);
            file.replace()
        })
    } else {
        new(path).create()
    };
    written.map_err(|error| {
        Failure::error(error.code(), format!("cannot write {}", path.display()), error.to_string(), error.fix())
    })
}

/// The first `NAME-2.key.json`, `NAME-3.key.json`, … that is not there yet.
fn free_key_file(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let mut names = (2..=MAX_KEY_FILES).map(|number| PathBuf::from(format!("{name}-{number}.key.json")));
    names.find(|file| !folder.join(file).exists()).ok_or_else(|| {
        Failure::error(
            "FileExists",
            "too many key files",
            format!("{} has them all", folder.display()),
            "move old ones away",
        )
    })
}
