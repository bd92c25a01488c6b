//! Every change of the vault goes the same way: proposed for another wallet, tried, or sent and read back.

use crate::args::Change;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::library_failure;
use crate::money::of_view;
use crate::names::{Names, address};
use crate::output::{Reply, green};
use crate::read_back;
use alloy::primitives::Address;
use alloy::providers::DynProvider;
use purse_owner::{Owner, Verb, safe_batch};
use purse_protocol::RefusalContext;
use serde_json::{Value, json};

/// Stands for a key that a dry run does not make.
pub(crate) const NEW_KEY: Address = Address::repeat_byte(0xa1);

/// What came of a change.
#[derive(Debug)]
pub(crate) struct Made {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
    /// Whether it is in force now.
    pub(crate) done: bool,
    /// Whether the text is a document that another program reads.
    document: bool,
}

impl Made {
    /// One more line for people. Beside a document it goes to stderr: another program reads the document.
    pub(crate) fn add_line(&mut self, context: &Context, line: &str) {
        if self.document {
            context.output.note(line);
        } else {
            self.text.push('\n');
            self.text.push_str(line);
        }
    }

    /// The command's answer, with one suggestion of what to do next.
    pub(crate) fn reply(self, context: &Context, next: &str) -> Reply {
        if self.document {
            context.output.note(
                "Nothing was sent. Import this batch in Safe's Transaction Builder, or sign its calls with any wallet.",
            );
            return Reply::new(self.text, self.json);
        }
        let next = if self.done { next } else { "Nothing was sent. Next: run it again without --dry-run" };
        Reply::new(format!("{}\n{next}", self.text), self.json)
    }
}

/// Does `verbs`, one transaction each, as the flags say.
pub(crate) async fn run(context: &Context, flags: Change, verbs: &[Verb]) -> Result<Made, Failure> {
    run_naming(context, flags, verbs, |_| {}).await
}

/// Like [`run`], with names for what only comes to be: they are used in words, and saved by the caller if all goes well.
pub(crate) async fn run_naming(
    context: &Context,
    flags: Change,
    verbs: &[Verb],
    name: impl FnOnce(&mut Names),
) -> Result<Made, Failure> {
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
    let mut all = Made { text: String::new(), json: json!({ "changes": [] }), done: true, document: false };
    for verb in verbs {
        let made = send(&vault, signer.address, verb, &names).await.map_err(|failure| after(failure, &all))?;
        if !all.text.is_empty() {
            all.text.push('\n');
        }
        all.text.push_str(&made.text);
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
async fn would(owner: &Owner<DynProvider>, verb: &Verb, names: &RefusalContext) -> Result<(), Failure> {
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
    Made { text, json, done: false, document: true }
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
    let (mut means, made_up) = (Vec::with_capacity(verbs.len()), NEW_KEY.to_string());
    for verb in verbs {
        would(&owner, verb, &names).await?;
        means
            .push(verb.describe(&names).replace(&format!("key {NEW_KEY}"), "a new key").replace(&made_up, "a new key"));
    }
    let lines = means.iter().map(|means| format!("{} {means}", green("would"))).collect::<Vec<_>>();
    let json = json!({ "sent": false, "would": means, "from": sender });
    Ok(Made { text: lines.join("\n"), json, done: false, document: false })
}

/// Does one change and reads it back. What stands already is not sent.
pub(crate) async fn send(vault: &Vault, sender: Address, verb: &Verb, names: &RefusalContext) -> Result<Made, Failure> {
    let owner = owner(vault, sender, names).await?;
    would(&owner, verb, names).await?;
    if owner.stands(verb).await.map_err(|error| library_failure::of_owner(&error))? {
        let means = verb.describe(names);
        let text = format!("{}  {means}: nothing was sent", green("already so"));
        let json = json!({ "already_so": verb.name(), "means": means, "changed": [] });
        return Ok(Made { text, json, done: true, document: false });
    }
    let change = owner.send(verb).await.map_err(|error| match error {
        purse_owner::OwnerError::Refused(refusal) => {
            library_failure::of_refused_change(&refusal, &verb.describe(names))
        }
        error => library_failure::of_owner(&error),
    })?;
    let mut lines = vec![format!(
        "{}  {}   block {}   tx {}",
        green("done"),
        verb.describe(names),
        change.block,
        change.transaction
    )];
    let differences = read_back::differences(verb, &change, names);
    lines.extend(differences.iter().map(|one| format!("      {}: {} -> {}", one.what, one.before, one.after)));
    let differences =
        differences.iter().map(|one| json!({ "what": one.what, "before": one.before, "after": one.after }));
    let json = json!({
        "done": verb.name(),
        "means": verb.describe(names),
        "block": change.block,
        "tx": change.transaction,
        "gas_used": change.gas_used,
        "changed": differences.collect::<Vec<_>>(),
    });
    Ok(Made { text: lines.join("\n"), json, done: true, document: false })
}

async fn owner(vault: &Vault, sender: Address, names: &RefusalContext) -> Result<Owner<DynProvider>, Failure> {
    let owner = Owner::connect(vault.node.provider.clone(), vault.node.chain_id, vault.address, sender).await;
    Ok(owner.map_err(|error| library_failure::of_owner(&error))?.with_names(names.clone()))
}

/// What the verbs' words can name. A token that can't be read is written by its address.
async fn words(context: &Context, vault: &Vault, verbs: &[Verb]) -> RefusalContext {
    let token = verbs.iter().find_map(Verb::token).or_else(|| {
        verbs.iter().find_map(|verb| match verb {
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
