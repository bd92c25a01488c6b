//! Every change of the vault goes the same way: proposed for another wallet, tried, or sent and read back.

use crate::act_file;
use crate::args::{Change, Signing};
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::library_failure;
use crate::money::of_view;
use crate::names::{Names, address};
use crate::output::{Reply, green, yellow};
use crate::read_back;
use alloy::primitives::Address;
use alloy::providers::DynProvider;
use purse_owner::{Owner, Verb, Waits, safe_batch};
use purse_protocol::RefusalContext;
use purse_protocol::time::{rfc3339, span};
use serde_json::{Value, json};
use std::path::Path;

/// Stands for a key that a dry run does not make.
pub(crate) const NEW_KEY: Address = Address::repeat_byte(0xa1);

/// What came of a change.
#[derive(Debug)]
pub(crate) struct Made {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
    /// Whether all of it is in force now.
    pub(crate) done: bool,
    /// The numbers of the changes that wait out the owner's delay.
    pub(crate) waits: Vec<u32>,
    form: Form,
}

/// What the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Lines for people; what to do next comes below.
    Lines,
    /// Lines that say what to do next.
    Whole,
    /// A document that another program reads; what to do with it goes to stderr.
    Document(&'static str),
}

/// What to do with a batch of calls.
const IMPORT: &str =
    "Nothing was sent. Import this batch in Safe's Transaction Builder, or sign its calls with any wallet.";

impl Made {
    /// What came of it, in words and for programs.
    pub(crate) fn of(text: String, json: Value, done: bool) -> Self {
        Self { text, json, done, waits: Vec::new(), form: Form::Lines }
    }

    /// Something that was written and not sent; the text says what to do next.
    pub(crate) fn written(text: String, json: Value) -> Self {
        Self { form: Form::Whole, ..Self::of(text, json, false) }
    }

    /// A document that another program reads; nothing was sent. `note` says what to do with it.
    pub(crate) fn document(text: String, json: Value, note: &'static str) -> Self {
        Self { form: Form::Document(note), ..Self::of(text, json, false) }
    }

    /// One more line for people. Beside a document it goes to stderr: another program reads the document.
    pub(crate) fn add_line(&mut self, context: &Context, line: &str) {
        if let Form::Document(_) = self.form {
            context.output.note(line);
        } else {
            self.text.push('\n');
            self.text.push_str(line);
        }
    }

    /// The command's answer, with one suggestion of what to do next.
    pub(crate) fn reply(self, context: &Context, next: &str) -> Reply {
        match self.form {
            Form::Lines => {}
            Form::Whole => return Reply::new(self.text, self.json),
            Form::Document(note) => {
                context.output.note(note);
                return Reply::new(self.text, self.json);
            }
        }
        let next = match self.waits.as_slice() {
            [] if self.done => next,
            [] => "Nothing was sent. Next: run it again without --dry-run",
            [_] => "It is not in force yet. Next: purse waiting",
            _ => "What waits is not in force yet. Next: purse waiting",
        };
        Reply::new(format!("{}\n{next}", self.text), self.json)
    }
}

/// How a command is told to make its change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How<'a> {
    flags: Change,
    signing: Option<&'a Signing>,
}

impl<'a> How<'a> {
    /// By transaction only.
    pub(crate) const fn sent(flags: Change) -> Self {
        Self { flags, signing: None }
    }

    /// By transaction, or by signature.
    pub(crate) const fn sent_or_signed(flags: Change, signing: &'a Signing) -> Self {
        Self { flags, signing: Some(signing) }
    }

    /// The file that the signature goes to, if it is to be signed.
    fn file(&self) -> Option<(&'a Path, &'a str)> {
        self.signing.and_then(|signing| Some((signing.sign.as_deref()?, signing.valid_for.as_str())))
    }

    /// Whether this sends a transaction, after which there is no way back.
    pub(crate) const fn sends(&self) -> bool {
        let signs = match self.signing {
            Some(signing) => signing.sign.is_some(),
            None => false,
        };
        !self.flags.dry_run && !self.flags.propose && !signs
    }
}

/// Does `verbs`, one transaction each, as the flags say.
pub(crate) async fn run(context: &Context, how: How<'_>, verbs: &[Verb]) -> Result<Made, Failure> {
    run_naming(context, how, verbs, |_| {}).await
}

/// Like [`run`], with names for what only comes to be: they are used in words, and saved by the caller if all goes well.
pub(crate) async fn run_naming(
    context: &Context,
    how: How<'_>,
    verbs: &[Verb],
    name: impl FnOnce(&mut Names),
) -> Result<Made, Failure> {
    let flags = how.flags;
    if let Some((file, valid_for)) = how.file() {
        let mut vault = context.vault().await?;
        name(&mut vault.names);
        let names = words(context, &vault, verbs).await;
        return act_file::sign(context, &vault, flags.propose, file, valid_for, verbs, &names).await;
    }
    if flags.propose {
        let mut vault = context.vault().await?;
        name(&mut vault.names);
        let names = words(context, &vault, verbs).await;
        return Ok(propose(&vault, verbs, &names));
    }
    if flags.dry_run {
        let mut vault = context.vault().await?;
        name(&mut vault.names);
        return dry_run(context, &vault, verbs).await;
    }
    let (mut vault, signer) = context.vault_with_key().await?;
    name(&mut vault.names);
    let names = words(context, &vault, verbs).await;
    // One transaction each: none is sent unless the vault would do them all.
    if verbs.len() > 1 {
        let owner = owner(&vault, signer.address, &names).await?;
        for verb in verbs {
            would(&owner, verb, &names).await?;
        }
    }
    let mut all = Made::of(String::new(), json!({ "changes": [] }), true);
    for verb in verbs {
        let made = send(&vault, signer.address, verb, &names).await.map_err(|failure| after(failure, &all))?;
        if !all.text.is_empty() {
            all.text.push('\n');
        }
        all.text.push_str(&made.text);
        all.done &= made.done;
        all.waits.extend(made.waits);
        if let Some(changes) = all.json["changes"].as_array_mut() {
            changes.push(made.json);
        }
    }
    Ok(all)
}

/// The failure of one change of several, with those that were made before it.
fn after(mut failure: Failure, made: &Made) -> Failure {
    let changes = made.json["changes"].as_array().into_iter().flatten();
    let made = changes.map(|change| format!("{} (tx {})", text(&change["means"]), text(&change["tx"])));
    let made = made.collect::<Vec<_>>();
    if made.is_empty() {
        return failure;
    }
    failure.cause.push_str(&format!("; made before that, and still in force: {}", made.join("; ")));
    failure.with_fact("made_before", made.join("; "))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Asks the vault whether it would do that.
pub(crate) async fn would(owner: &Owner<DynProvider>, verb: &Verb, names: &RefusalContext) -> Result<(), Failure> {
    let answer = owner.dry_run(verb).await.map_err(|error| library_failure::of_owner(&error))?;
    answer.map_err(|refusal| library_failure::of_refused_change(&refusal, &verb.describe(names)))
}

/// Writes the changes out for another wallet.
pub(crate) fn propose(vault: &Vault, verbs: &[Verb], names: &RefusalContext) -> Made {
    let batch = safe_batch(vault.node.chain_id, vault.address, verbs, names);
    let calls =
        verbs.iter().map(|verb| json!({ "to": vault.address, "data": verb.calldata(), "means": verb.describe(names) }));
    let json = json!({ "sent": false, "calls": calls.collect::<Vec<_>>(), "safe_batch": batch });
    let text = serde_json::to_string_pretty(&batch).unwrap_or_default();
    Made::document(text, json, IMPORT)
}

/// Asks the vault whether it would do it, from the account that would send it; the owner's when none is named.
async fn dry_run(context: &Context, vault: &Vault, verbs: &[Verb]) -> Result<Made, Failure> {
    let from = match &context.global.from {
        Some(text) => Some(address(text)?),
        None => context.profile()?.from,
    };
    let sender = match from {
        Some(from) => from,
        None => vault.contract().owner().call().await.map_err(of_view)?,
    };
    let names = words(context, vault, verbs).await;
    let owner = owner(vault, sender, &names).await?;
    let (mut lines, mut means, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for verb in verbs {
        would(&owner, verb, &names).await?;
        let wait = owner.would_wait(verb).await.map_err(|error| library_failure::of_owner(&error))?;
        let made_up = NEW_KEY.to_string();
        let told = verb.describe(&names).replace(&format!("key {NEW_KEY}"), "a new key").replace(&made_up, "a new key");
        let wait_told = wait.map_or_else(String::new, |seconds| format!("   after {}", span(seconds.into())));
        lines.push(format!("{} {told}{wait_told}", green("would")));
        means.push(told);
        waits.push(wait);
    }
    let json = json!({ "sent": false, "would": means, "waits_seconds": waits, "from": sender });
    Ok(Made::of(lines.join("\n"), json, false))
}

/// Does one change and reads it back. What stands already is not sent.
pub(crate) async fn send(vault: &Vault, sender: Address, verb: &Verb, names: &RefusalContext) -> Result<Made, Failure> {
    let owner = owner(vault, sender, names).await?;
    would(&owner, verb, names).await?;
    let means = verb.inner().as_ref().unwrap_or(verb).describe(names);
    if owner.stands(verb).await.map_err(|error| library_failure::of_owner(&error))? {
        let text = format!("{}  {means}: nothing was sent", green("already so"));
        return Ok(Made::of(text, json!({ "already_so": verb.name(), "means": means, "changed": [] }), true));
    }
    let change = owner.send(verb).await.map_err(|error| match error {
        purse_owner::OwnerError::Refused(refusal) => library_failure::of_refused_change(&refusal, &means),
        error => library_failure::of_owner(&error),
    })?;
    let place = format!("block {}   tx {}", change.block, change.transaction);
    if let Some(waits) = change.waits {
        return Ok(waiting(verb, &means, waits, &change, &place));
    }
    let mut lines = vec![format!("{}  {means}   {place}", green("done"))];
    let differences = read_back::differences(verb, &change, names);
    lines.extend(differences.iter().map(|one| format!("      {}: {} -> {}", one.what, one.before, one.after)));
    let differences =
        differences.iter().map(|one| json!({ "what": one.what, "before": one.before, "after": one.after }));
    let json = json!({
        "done": verb.name(),
        "means": means,
        "block": change.block,
        "tx": change.transaction,
        "gas_used": change.gas_used,
        "changed": differences.collect::<Vec<_>>(),
    });
    Ok(Made::of(lines.join("\n"), json, true))
}

/// A change that was put by: from when on it can be executed, and how to take it away.
fn waiting(verb: &Verb, means: &str, waits: Waits, change: &purse_owner::Change, place: &str) -> Made {
    let (from, until) = (rfc3339(waits.executable_from.into()), rfc3339(waits.executable_until.into()));
    let number = waits.change;
    let text = format!(
        "{}  {means}   {place}\n      as waiting change {number}: nothing of it is in force before {from}\n      from then until {until}: purse execute {number}; to take it away: purse cancel {number}",
        yellow("waits")
    );
    let json = json!({
        "waits": verb.name(),
        "means": means,
        "change": number,
        "executable_from": from,
        "executable_until": until,
        "cancel": format!("purse cancel {number}"),
        "block": change.block,
        "tx": change.transaction,
        "gas_used": change.gas_used,
        "changed": [],
    });
    Made { waits: vec![number], ..Made::of(text, json, false) }
}

/// Whoever acts on the vault as `sender`.
pub(crate) async fn owner(
    vault: &Vault,
    sender: Address,
    names: &RefusalContext,
) -> Result<Owner<DynProvider>, Failure> {
    let owner = Owner::connect(vault.node.provider.clone(), vault.node.chain_id, vault.address, sender).await;
    Ok(owner.map_err(|error| library_failure::of_owner(&error))?.with_names(names.clone()))
}

/// What the verbs' words can name. A token that can't be read is written by its address.
pub(crate) async fn words(context: &Context, vault: &Vault, verbs: &[Verb]) -> RefusalContext {
    let token = verbs.iter().find_map(Verb::token).or_else(|| {
        verbs.iter().find_map(|verb| match verb.inner().as_ref().unwrap_or(verb) {
            Verb::Grant(grant) => grant.tokens.first().map(|token| token.token),
            _ => None,
        })
    });
    match token {
        Some(token) => match context.token(vault, Some(&token.to_string()), None).await {
            Ok(token) => vault.words(&token),
            Err(_) => vault.names_only(),
        },
        None => vault.names_only(),
    }
}
