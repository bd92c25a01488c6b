//! What a command starts from: flags over environment over config file, and from there the node and the vault.

use crate::args::Global;
use crate::config::{self, Config, Profile};
use crate::connect::{Node, chain_name};
use crate::failure::Failure;
use crate::money::{self, Token};
use crate::names::{Names, address, short};
use crate::output::Output;
use crate::rpc_failure;
use crate::secrets::Asking;
use crate::sent::Sent;
use crate::signer::Signer;
use alloy::network::EthereumWallet;
use alloy::primitives::Address;
use alloy::providers::{DynProvider, Provider as _};
use purse_agent::SessionFile;
use purse_protocol::abi::IVault::IVaultInstance;
use purse_protocol::{Chain, RefusalContext, VaultReader};
use std::path::{Path, PathBuf};

/// The node that is asked when none is named and the chain is the local one.
const LOCAL_RPC: &str = "http://127.0.0.1:8545";

/// The flags, the config file and where to print.
#[derive(Debug)]
pub(crate) struct Context {
    /// The flags and their environment.
    pub(crate) global: Global,
    /// How to print.
    pub(crate) output: Output,
    /// What was sent so far.
    pub(crate) sent: Sent,
    /// The config file's place, whether it exists or not.
    pub(crate) config_path: PathBuf,
    /// The config file.
    pub(crate) config: Config,
}

/// A vault on a node, and the names that the operator gave.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    /// The node.
    pub(crate) node: Node,
    /// The vault's address.
    pub(crate) address: Address,
    /// Names of agents and payees.
    pub(crate) names: Names,
}

impl Context {
    /// Reads the config file. One that the operator named must be there, unless the command does without.
    pub(crate) fn new(global: Global, output: Output, sent: Sent, does_without: bool) -> Result<Self, Failure> {
        let config_path = match &global.config {
            Some(path) => path.clone(),
            None => config::default_path()?,
        };
        if global.config.is_some() && !does_without && !config_path.exists() {
            return Err(Failure::error(
                "ConfigMissing",
                format!("there is no config file {}", config_path.display()),
                "--config or PURSE_CONFIG names it",
                "correct the path, or make the file: purse init",
            ));
        }
        let config = Config::load(&config_path)?;
        Ok(Self { global, output, sent, config_path, config })
    }

    /// The folder of the config file.
    pub(crate) fn folder(&self) -> &Path {
        self.config_path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
    }

    /// Whether and where questions are asked.
    pub(crate) fn asking(&self) -> Asking {
        Asking { never: self.global.no_input, yes: self.global.yes }
    }

    /// The name of the profile in use, if any.
    pub(crate) fn profile_name(&self) -> Option<&str> {
        self.global.profile.as_deref().or(self.config.default.as_deref())
    }

    /// The profile in use; empty when there is none.
    pub(crate) fn profile(&self) -> Result<Profile, Failure> {
        let Some(name) = self.profile_name() else { return Ok(Profile::default()) };
        self.config.profile.get(name).cloned().ok_or_else(|| {
            let known = self.config.profile.keys().map(String::as_str).collect::<Vec<_>>();
            Failure::error(
                "ProfileUnknown",
                format!("no profile \"{name}\""),
                format!("{} has {}", self.config_path.display(), list_or(&known, "no profiles")),
                "name one of these with --profile, or make one: purse init",
            )
        })
    }

    /// The node's URL.
    pub(crate) fn rpc_url(&self) -> Result<String, Failure> {
        if let Some(url) = &self.global.rpc_url {
            return Ok(url.clone());
        }
        if let Some(url) = self.profile()?.rpc_url {
            return Ok(url);
        }
        if self.expected_chain()? == Some(Chain::ANVIL) {
            return Ok(LOCAL_RPC.to_owned());
        }
        Err(Failure::usage(
            "RpcUrlMissing",
            "no node to ask",
            "neither --rpc-url, nor ETH_RPC_URL, nor the profile names one",
            "add --rpc-url URL, or make a profile: purse init",
        ))
    }

    /// The chain that the node must be on, if the operator said one.
    pub(crate) fn expected_chain(&self) -> Result<Option<u64>, Failure> {
        match &self.global.chain {
            Some(text) => chain_id(text).map(Some),
            None => self.profile()?.chain.as_deref().map(chain_id).transpose(),
        }
    }

    /// Connects an agent, whose chain is its session's.
    pub(crate) async fn node_of(&self, session: &SessionFile) -> Result<Node, Failure> {
        if let Some(text) = &self.global.chain
            && chain_id(text)? != session.chain_id
        {
            return Err(Failure::error(
                "WrongChain",
                format!("the agent's session is not on {}", chain_name(chain_id(text)?)),
                format!("its session file says {}", chain_name(session.chain_id)),
                "leave --chain out, or name the session file of an agent on that chain",
            ));
        }
        Node::connect(&self.rpc_url_of(session)?, Some(session.chain_id), None, &self.sent).await
    }

    /// The node's URL for an agent: its session file may name one, which beats the profile.
    fn rpc_url_of(&self, session: &SessionFile) -> Result<String, Failure> {
        match (&self.global.rpc_url, &session.rpc_url) {
            (None, Some(url)) => Ok(url.clone()),
            (None, None) if session.chain_id == Chain::ANVIL && self.profile()?.rpc_url.is_none() => {
                Ok(LOCAL_RPC.to_owned())
            }
            _ => self.rpc_url(),
        }
    }

    /// The node's URL for a file that goes to an agent; none where it may hold a key, which is then said.
    pub(crate) fn rpc_url_to_give(&self) -> Result<Option<String>, Failure> {
        let url = self.rpc_url()?;
        if config::may_hold_key(&url) {
            self.output.note("Your node's URL may hold a key, so the agent does not get it: it must set ETH_RPC_URL.");
            return Ok(None);
        }
        Ok(Some(url))
    }

    /// Connects, to read only.
    pub(crate) async fn node(&self) -> Result<Node, Failure> {
        Node::connect(&self.rpc_url()?, self.expected_chain()?, None, &self.sent).await
    }

    /// Connects with the key of whoever changes the vault.
    pub(crate) async fn node_with_key(&self) -> Result<(Node, Signer), Failure> {
        let node = self.node().await?;
        let signer = Signer::open(self, node.chain_id).await?;
        let wallet = EthereumWallet::from(signer.key.clone());
        let node = Node::connect(&self.rpc_url()?, Some(node.chain_id), Some(wallet), &self.sent).await?;
        Ok((node, signer))
    }

    /// The vault that the flags or the profile name, on `node`.
    pub(crate) async fn vault_on(&self, node: Node) -> Result<Vault, Failure> {
        let address = match &self.global.vault {
            Some(text) => address(text)?,
            None => self.profile()?.vault.ok_or_else(|| {
                Failure::usage(
                    "VaultMissing",
                    "no vault to speak of",
                    "neither --vault, nor PURSE_VAULT, nor the profile names one",
                    "add --vault ADDRESS, or make a profile: purse init",
                )
            })?,
        };
        Vault::at(node, address, self.folder()).await
    }

    /// Connects, to read the vault only.
    pub(crate) async fn vault(&self) -> Result<Vault, Failure> {
        self.vault_on(self.node().await?).await
    }

    /// Connects to the vault with the key of whoever changes it.
    pub(crate) async fn vault_with_key(&self) -> Result<(Vault, Signer), Failure> {
        let (node, signer) = self.node_with_key().await?;
        Ok((self.vault_on(node).await?, signer))
    }

    /// The token that `text` names (symbol or address), or the usual one.
    pub(crate) async fn token(
        &self,
        vault: &Vault,
        text: Option<&str>,
        usual: Option<Address>,
    ) -> Result<Token, Failure> {
        let usual = match usual {
            Some(token) => Some(token),
            None => self.profile()?.token,
        };
        money::resolve(vault, text, usual).await
    }
}

impl Vault {
    /// The vault at `address`, which must hold code.
    pub(crate) async fn at(node: Node, address: Address, config_folder: &Path) -> Result<Self, Failure> {
        let code = node.provider.get_code_at(address).await.map_err(rpc_failure::of)?;
        if code.is_empty() {
            return Err(Failure::error(
                "NoVault",
                format!("there is no vault at {}", short(address)),
                format!("{address} holds no code on {}", chain_name(node.chain_id)),
                "check --vault, --chain and the profile, or deploy one: purse init",
            ));
        }
        let names = Names::load(config_folder, node.chain_id, address)?;
        Ok(Self { node, address, names })
    }

    /// The contract, to call.
    pub(crate) fn contract(&self) -> IVaultInstance<&DynProvider> {
        IVaultInstance::new(self.address, &self.node.provider)
    }

    /// The vault's own words, to read.
    pub(crate) fn reader(&self) -> VaultReader<&DynProvider> {
        VaultReader::now(self.address, &self.node.provider)
    }

    /// What refusals can name: the token, agents, payees.
    pub(crate) fn words(&self, token: &Token) -> RefusalContext {
        self.names_only().token(token.address, &token.symbol, token.decimals).paying_with(token.address)
    }

    /// What refusals can name where no token is spoken of: agents, payees.
    pub(crate) fn names_only(&self) -> RefusalContext {
        let words = RefusalContext::default();
        let words = self.names.agents().fold(words, |words, (name, id)| words.session(id, name));
        self.names.payees().fold(words, |words, (name, payee)| words.payee(payee, name))
    }

    /// The newest block's number and time.
    pub(crate) async fn head(&self) -> Result<Head, Failure> {
        head(&self.node.provider).await
    }
}

/// The newest block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Its number.
    pub(crate) number: u64,
    /// Its time: whole seconds since 1970.
    pub(crate) time: u64,
}

/// The newest block of a node.
pub(crate) async fn head(provider: &DynProvider) -> Result<Head, Failure> {
    let block = provider.get_block(alloy::eips::BlockId::latest()).await;
    let block = block.map_err(rpc_failure::of)?;
    let block =
        block.ok_or_else(|| rpc_failure::of(purse_protocol::RpcFault::nonsense("the node knows no newest block")))?;
    Ok(Head { number: block.header.number, time: block.header.timestamp })
}

/// The id of a chain, given by name or number.
fn chain_id(text: &str) -> Result<u64, Failure> {
    let known = Chain::by_name(text).map(|chain| chain.id).or_else(|| text.parse().ok());
    known.ok_or_else(|| {
        let names = Chain::all().iter().map(|chain| chain.name.as_str()).collect::<Vec<_>>();
        Failure::usage(
            "ChainUnknown",
            format!("no chain \"{text}\""),
            format!("the chains with a name are {}", names.join(", ")),
            "use one of these, or the chain's number",
        )
    })
}

fn list_or(items: &[&str], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}
