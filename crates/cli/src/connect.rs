//! The node: a provider that is known to be on the right chain before anything else is asked of it.

use crate::failure::Failure;
use crate::rpc_failure;
use crate::sent::Sent;
use alloy::network::EthereumWallet;
use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::rpc::client::ClientBuilder;
use alloy::transports::http::reqwest;
use alloy::transports::utils::guess_local_url;
use purse_indexer::BoundedHttp;
use purse_protocol::Chain;
use std::time::Duration;

/// A node that does not take a connection in this time is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A request not answered in this time is given up: no view of ours takes a node longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a local node is asked for a receipt: it mines at once.
const LOCAL_POLL: Duration = Duration::from_millis(10);
/// How often any other node is asked for a receipt: chains of ours have a block every 2 seconds.
const REMOTE_POLL: Duration = Duration::from_secs(1);
/// The chain id of anvil.
pub(crate) const LOCAL_CHAIN: u64 = 31337;

/// A node on a known chain.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Asks and sends.
    pub(crate) provider: DynProvider,
    /// The chain that the node says it is on.
    pub(crate) chain_id: u64,
}

impl Node {
    /// Connects to `url`; with a wallet, transactions are signed by it here and sent raw.
    ///
    /// `expected` is the chain that the operator configured: a node on another one is refused.
    pub(crate) async fn connect(
        url: &str,
        expected: Option<u64>,
        wallet: Option<EthereumWallet>,
        sent: &Sent,
    ) -> Result<Self, Failure> {
        let provider = Self::provider(url, wallet, sent)?;
        let chain_id = provider.get_chain_id().await.map_err(rpc_failure::of)?;
        match expected {
            Some(expected) if expected != chain_id => Err(wrong_chain(expected, chain_id)),
            _ => Ok(Self { provider, chain_id }),
        }
    }

    /// What asks `url`, of which nothing is known yet.
    pub(crate) fn provider(url: &str, wallet: Option<EthereumWallet>, sent: &Sent) -> Result<DynProvider, Failure> {
        let parsed: reqwest::Url = url.parse().map_err(|error| invalid_url(url, &format!("{error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(invalid_url(
                url,
                "only http and https nodes can be asked; a WebSocket tells of new blocks: purse index --follow --heads URL",
            ));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| invalid_url(url, &error.to_string()))?;
        let local = guess_local_url(&parsed);
        let client = ClientBuilder::default().layer(sent.clone()).transport(BoundedHttp::new(http, parsed), local);
        let client = client.with_poll_interval(if local { LOCAL_POLL } else { REMOTE_POLL });
        Ok(match wallet {
            Some(wallet) => ProviderBuilder::new().wallet(wallet).connect_client(client).erased(),
            None => ProviderBuilder::new().connect_client(client).erased(),
        })
    }
}

/// A chain for the eye: its name, or `chain 12345`.
pub(crate) fn chain_name(id: u64) -> String {
    Chain::by_id(id).map_or_else(|| format!("chain {id}"), |chain| format!("{} (chain {id})", chain.name))
}

fn invalid_url(url: &str, cause: &str) -> Failure {
    Failure::usage(
        "RpcUrlInvalid",
        format!("\"{url}\" is no address of a node"),
        cause,
        "give a URL such as http://127.0.0.1:8545",
    )
}

fn wrong_chain(expected: u64, found: u64) -> Failure {
    Failure::error(
        "WrongChain",
        format!("the node is not on {}", chain_name(expected)),
        format!("it says that it is on {}", chain_name(found)),
        "name a node of the right chain with --rpc-url, or the right chain with --chain or in the profile",
    )
    .with_fact("expected", expected.to_string())
    .with_fact("found", found.to_string())
}
