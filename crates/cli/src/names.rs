//! Names that the operator gives to agents and payees of one vault: the chain knows only numbers and addresses.

use crate::config::one_line;
use crate::failure::Failure;
use crate::files;
use alloy::primitives::Address;
use purse_protocol::{SessionId, parse_address};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest name: one column of a table, one label of a host name.
const MAX_NAME: usize = 63;

/// The names of one vault's agents and payees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    #[serde(default)]
    agents: BTreeMap<String, u32>,
    #[serde(default)]
    payees: BTreeMap<String, Address>,
    /// Where a payee's address came from: the origin of the seller whose 402 answer named it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    origins: BTreeMap<String, Address>,
    #[serde(skip)]
    path: PathBuf,
}

impl Names {
    /// Reads the names of `vault` from the folder `names` beside the config file; none yet is empty.
    pub(crate) fn load(config_folder: &Path, chain_id: u64, vault: Address) -> Result<Self, Failure> {
        let path = config_folder.join("names").join(format!("{chain_id}-{vault:#x}.toml"));
        let mut names: Self = match files::read_if_there(&path)? {
            None => Self::default(),
            Some(text) => toml::from_str(&text).map_err(|error| {
                Failure::error(
                    "NamesInvalid",
                    format!("cannot understand {}", path.display()),
                    one_line(&error.to_string()),
                    "correct the file: it has the tables agents (name = number), payees (name = address) and origins (URL = address)",
                )
            })?,
        };
        names.path = path;
        Ok(names)
    }

    /// Writes the names, whole.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let text = toml::to_string(self).map_err(|error| {
            Failure::error("NamesInvalid", "cannot write the names", error.to_string(), "report this as a bug")
        })?;
        files::write_whole(&self.path, &text, 0o644)
    }

    /// The session that `text` names: a name, or a number.
    pub(crate) fn session(&self, text: &str) -> Result<SessionId, Failure> {
        let unknown = || {
            Failure::error(
                "AgentUnknown",
                format!("no agent \"{text}\""),
                "it is neither a name given on this machine nor a session number",
                "list the agents: purse agent list",
            )
        };
        let id = match self.agents.get(text) {
            Some(id) => *id,
            None => text.parse::<u32>().map_err(|_| unknown())?,
        };
        SessionId::new(id).ok_or_else(unknown)
    }

    /// The address that `text` names: a name, or an address.
    pub(crate) fn payee(&self, text: &str) -> Result<Address, Failure> {
        if let Some(address) = self.payees.get(text) {
            return Ok(*address);
        }
        if text.starts_with("0x") {
            return address(text);
        }
        Err(Failure::error(
            "PayeeUnknown",
            format!("no payee \"{text}\""),
            "it is neither a name given on this machine nor an address",
            format!("use its address, or name it: purse payee add ADDRESS --category CATEGORY --name {text}"),
        ))
    }

    /// The name of a session, if it has one.
    pub(crate) fn of_session(&self, session: u32) -> Option<&str> {
        self.agents.iter().find(|(_, id)| **id == session).map(|(name, _)| name.as_str())
    }

    /// A session for the eye: its name, or `agent 7`.
    pub(crate) fn show_session(&self, session: u32) -> String {
        self.of_session(session).map_or_else(|| format!("agent {session}"), str::to_owned)
    }

    /// The name of a payee, if it has one.
    pub(crate) fn of_payee(&self, payee: Address) -> Option<&str> {
        self.payees.iter().find(|(_, address)| **address == payee).map(|(name, _)| name.as_str())
    }

    /// An address for the eye: `name (0x7a1f…5e44)`, or the whole address where it has no name.
    pub(crate) fn show_payee(&self, payee: Address) -> String {
        self.of_payee(payee).map_or_else(|| payee.to_string(), |name| format!("{name} ({})", short(payee)))
    }

    /// Named agents with their session numbers.
    pub(crate) fn agents(&self) -> impl Iterator<Item = (&str, u32)> {
        self.agents.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// Named payees with their addresses.
    pub(crate) fn payees(&self) -> impl Iterator<Item = (&str, Address)> {
        self.payees.iter().map(|(name, address)| (name.as_str(), *address))
    }

    /// The number of the agent that has this name.
    pub(crate) fn agent(&self, name: &str) -> Option<u32> {
        self.agents.get(name).copied()
    }

    /// Where the names are kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Names a session; a name it had before is forgotten.
    pub(crate) fn set_agent(&mut self, name: &str, session: SessionId) {
        self.agents.retain(|_, id| *id != session.get());
        self.agents.insert(name.to_owned(), session.get());
    }

    /// Refuses a name that another payee has: whoever pays it must reach whom it named before.
    pub(crate) fn free_for_payee(&self, name: &str, payee: Address) -> Result<(), Failure> {
        match self.payees.get(name) {
            Some(other) if *other != payee => Err(Failure::error(
                "NameTaken",
                format!("there is a payee \"{name}\" already"),
                format!("it is {other}"),
                "choose another name, or give that payee another one first: purse payee add, with its address",
            )),
            _ => Ok(()),
        }
    }

    /// Names a payee; a name it had before is forgotten.
    pub(crate) fn set_payee(&mut self, name: &str, payee: Address) {
        self.payees.retain(|_, address| *address != payee);
        self.payees.insert(name.to_owned(), payee);
    }

    /// The address that a seller's 402 answer named when it was put in the book.
    pub(crate) fn of_origin(&self, origin: &str) -> Option<Address> {
        self.origins.get(origin).copied()
    }

    /// Remembers which seller named an address.
    pub(crate) fn set_origin(&mut self, origin: &str, payee: Address) {
        self.origins.insert(origin.to_owned(), payee);
    }

    /// Forgets a payee's name.
    pub(crate) fn forget_payee(&mut self, payee: Address) {
        self.payees.retain(|_, address| *address != payee);
    }
}

/// Refuses names that are empty, long, a number or an address in disguise, or not plain letters, digits, `.`, `-`, `_`.
pub(crate) fn valid_name(name: &str) -> Result<(), Failure> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let starts_well = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    if plain && starts_well && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(Failure::usage(
        "NameInvalid",
        format!("\"{name}\" is no name"),
        format!("a name begins with a letter and has at most {MAX_NAME} letters, digits, dots, dashes, underscores"),
        "choose another name",
    ))
}

/// Parses an address; a mixed-case one must have the right checksum.
pub(crate) fn address(text: &str) -> Result<Address, Failure> {
    parse_address(text).map_err(|error| {
        let what = format!("\"{text}\" is no address");
        Failure::usage("AddressInvalid", what, error.to_string(), "give 0x and 40 hex digits")
    })
}

/// `0x7a1f…5e44`
pub(crate) fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[38..])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn names_come_back_and_numbers_work_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Address::repeat_byte(1);
        let mut names = Names::load(folder.path(), 31337, vault).unwrap();
        names.set_agent("researcher", SessionId::new(7).unwrap());
        names.set_payee("api.weather.example", Address::repeat_byte(2));
        names.save().unwrap();
        let again = Names::load(folder.path(), 31337, vault).unwrap();
        assert_eq!(again, names);
        assert_eq!(again.session("researcher").unwrap().get(), 7);
        assert_eq!(again.session("9").unwrap().get(), 9);
        assert_eq!(again.session("0").unwrap_err().code, "AgentUnknown");
        assert_eq!(again.payee("nobody").unwrap_err().code, "PayeeUnknown");
    }

    #[test]
    fn a_name_stands_for_one_thing_and_a_thing_has_one_name() {
        let mut names = Names::default();
        let session = SessionId::new(7).unwrap();
        names.set_agent("bot", session);
        names.set_agent("researcher", session);
        assert_eq!(names.agents().collect::<Vec<_>>(), [("researcher", 7)]);
        let (shop, thief) = (Address::repeat_byte(2), Address::repeat_byte(3));
        names.set_payee("shop", shop);
        names.free_for_payee("shop", shop).unwrap();
        assert_eq!(names.free_for_payee("shop", thief).unwrap_err().code, "NameTaken");
    }

    #[test]
    fn an_address_with_a_wrong_digit_is_refused() {
        assert!(address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266").is_ok());
        assert!(address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266").is_ok());
        assert_eq!(address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267").unwrap_err().code, "AddressInvalid");
        assert_eq!(address("0x12").unwrap_err().code, "AddressInvalid");
    }

    #[test]
    fn names_are_plain() {
        for bad in ["", "7", "0xabc", "a b", "../x", "é", &"x".repeat(64)] {
            assert_eq!(valid_name(bad).unwrap_err().code, "NameInvalid", "{bad}");
        }
        for good in ["researcher", "api.weather.example", "a_b-c2"] {
            valid_name(good).unwrap();
        }
    }
}
