//! An act by signature on its way from who signs it to who hands it in: a file, with the call in words.

use crate::change::{self, Made};
use crate::config::one_line;
use crate::context::{Context, Vault};
use crate::expiry;
use crate::failure::Failure;
use crate::files;
use crate::library_failure;
use crate::money::of_view;
use crate::output::green;
use crate::signer::Signer;
use alloy::primitives::{Address, Bytes};
use purse_owner::{Act, SignedAct, Verb};
use purse_protocol::RefusalContext;
use purse_protocol::time::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// Longest file that is read: a list of a thousand payees has 130 KB.
const MAX_BYTES: usize = 512 * 1024;

/// What to do with typed data.
const SIGN: &str = "Nothing was signed or sent. Sign this typed data (eth_signTypedData_v4), then: purse lodge FILE --signature SIGNATURE";

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActFile {
    /// What it does, for the eye: whoever hands it in is told anew, from the call.
    pub(crate) text: String,
    /// The vault's chain.
    pub(crate) chain_id: u64,
    /// The vault.
    pub(crate) vault: Address,
    /// The verb's calldata.
    pub(crate) call: Bytes,
    /// The owner nonce at which alone it is valid.
    pub(crate) nonce: u32,
    /// Seconds since 1970, chain time.
    pub(crate) deadline: u32,
    /// None where another wallet is to sign.
    pub(crate) signature: Option<Bytes>,
}

impl ActFile {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let invalid = |cause: String| {
            Failure::error(
                "ActFileInvalid",
                format!("cannot understand {}", path.display()),
                cause,
                "name a file that a command wrote with --sign FILE",
            )
        };
        let text = files::read_if_there(path)?.ok_or_else(|| invalid("there is no such file".to_owned()))?;
        if text.len() > MAX_BYTES {
            return Err(invalid(format!("it has {} bytes; at most {MAX_BYTES} are read", text.len())));
        }
        serde_json::from_str(&text).map_err(|error| invalid(one_line(&error.to_string())))
    }

    /// The verb that lodges it.
    pub(crate) fn verb(&self, signature: Bytes) -> Verb {
        let act = Act { call: self.call.clone(), nonce: self.nonce, deadline: self.deadline };
        Verb::Lodge(SignedAct { act, signature })
    }

    fn save(&self, path: &Path) -> Result<(), Failure> {
        if path.exists() {
            return Err(Failure::error(
                "FileExists",
                format!("{} is there already", path.display()),
                "a signed act is never overwritten",
                "choose another name, or move the file away",
            ));
        }
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        files::write_whole(path, &(text + "\n"), 0o600)
    }
}

/// Signs the one verb, or writes out what another wallet is to sign; either way into a file, and sends nothing.
pub(crate) async fn sign(
    context: &Context,
    vault: &Vault,
    propose: bool,
    path: &Path,
    valid_for: &str,
    verbs: &[Verb],
    names: &RefusalContext,
) -> Result<Made, Failure> {
    let verb = signable(verbs)?;
    let (chain_id, now) = (vault.node.chain_id, vault.head().await?.time);
    let deadline = expiry::parse(valid_for, now)?;
    let signer = if propose { None } else { Some(Signer::open(context, chain_id).await?) };
    let by = match &signer {
        Some(signer) => signer.address,
        None => vault.contract().owner().call().await.map_err(of_view)?,
    };
    let owner = change::owner(vault, by, names).await?;
    change::would(&owner, verb, names).await?;
    let act = owner.act(verb, deadline).await.map_err(|error| library_failure::of_owner(&error))?;
    let (means, until) = (verb.describe(names), rfc3339(deadline.into()));
    let mut file = ActFile {
        text: format!("{means}; valid until {until}, if nothing else is changed before"),
        chain_id,
        vault: vault.address,
        call: act.call.clone(),
        nonce: act.nonce,
        deadline,
        signature: None,
    };
    let facts = json!({
        "sent": false,
        "means": means,
        "file": path,
        "nonce": act.nonce,
        "deadline": until,
        "digest": act.digest(chain_id, vault.address),
    });
    let Some(signer) = signer else {
        let typed = act.typed_data(chain_id, vault.address);
        file.save(path)?;
        let text = serde_json::to_string_pretty(&typed).unwrap_or_default();
        let mut json = facts;
        json["typed_data"] = typed;
        return Ok(Made::document(text, json, SIGN));
    };
    let signed = act.sign(chain_id, vault.address, &signer.key).map_err(|error| {
        Failure::error("NotSigned", "the act could not be signed", error.to_string(), "run the command again")
    })?;
    file.signature = Some(signed.signature);
    file.save(path)?;
    let text = format!(
        "{}  {means}\n      by {by}, valid until {until}, if nothing else is changed before (owner nonce {})\n      in {}: whoever has it can hand it in\nNothing was sent. Next: purse lodge {}",
        green("signed"),
        file.nonce,
        path.display(),
        path.display()
    );
    let mut made = Made::written(text, facts);
    made.json["signer"] = json!(by);
    Ok(made)
}

/// The vault takes some verbs by signature, one at a time.
fn signable(verbs: &[Verb]) -> Result<&Verb, Failure> {
    match verbs {
        [verb] if verb.is_signable() => Ok(verb),
        [verb] => Err(Failure::usage(
            "NotSignable",
            format!("{} can't come by signature", verb.name()),
            "the vault takes by signature: grant, setLimit, setPayees, rotateKey, withdraw; and what stops something",
            "send it as a transaction, or --propose it",
        )),
        verbs => Err(Failure::usage(
            "NotSignable",
            format!("{} changes can't come by one signature", verbs.len()),
            "each act makes the signatures before it void",
            "sign one, have it handed in, then sign the next",
        )),
    }
}
