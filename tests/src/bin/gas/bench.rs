//! The vault that is measured: a scene with one more plain token, sessions of several shapes, and what is noted.

use alloy::primitives::{Address, Bytes, U256, keccak256};
use alloy::rpc::types::TransactionReceipt;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;
use purse_tests::{LocalChain, Scene};
use std::collections::BTreeMap;

/// Gas by the name of what took it.
pub(crate) type Gas = BTreeMap<String, u64>;

/// A token, in base units of either.
pub(crate) const UNIT: u128 = 1_000_000;
/// What one payment pays.
pub(crate) const AMOUNT: u128 = 10 * UNIT;
/// The largest payment without an approval.
pub(crate) const PER_PAYMENT: u128 = 20 * UNIT;
/// Seconds.
pub(crate) const HOUR: u32 = 3_600;
pub(crate) const DAY: u32 = 24 * HOUR;
/// The category of payees, and that of relayers.
pub(crate) const CATEGORY: u8 = 3;
pub(crate) const RELAY: u8 = 63;
/// The session under one limit per token.
pub(crate) const ONE_LIMIT: u32 = 1;
/// The session under two.
pub(crate) const TWO_LIMITS: u32 = 2;
/// The session under one, and one of its category.
pub(crate) const BY_CATEGORY: u32 = 3;

/// A vault to be measured.
pub(crate) struct Bench {
    pub(crate) scene: Scene,
    /// A plain token whose unit is one base unit, as USDC's is.
    pub(crate) plain: Address,
    pub(crate) gas: Gas,
    nonces: BTreeMap<u32, u32>,
}

impl Bench {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let scene = Scene::start().await?;
        let plain = scene.deploy_plain(scene.vault).await?;
        Ok(Self { scene, plain, gas: Gas::new(), nonces: BTreeMap::new() })
    }

    /// The tokens and how they are called.
    pub(crate) fn tokens(&self) -> [(&'static str, Address); 2] {
        [("plain", self.plain), ("usdc", self.scene.usdc)]
    }

    /// The key of a session.
    pub(crate) fn key(session: u32) -> anyhow::Result<PrivateKeySigner> {
        Ok(PrivateKeySigner::from_bytes(&keccak256(format!("agent {session}")))?)
    }

    /// Has the owner call the vault, and notes what it took.
    pub(crate) async fn own(&mut self, name: &str, call: &impl SolCall) -> anyhow::Result<()> {
        self.act(name, self.scene.actors.owner.address(), call).await
    }

    /// Has somebody call the vault, and notes what it took.
    pub(crate) async fn act(&mut self, name: &str, who: Address, call: &impl SolCall) -> anyhow::Result<()> {
        let receipt = self.scene.send(who, self.scene.vault, call).await?;
        self.note(name, &receipt, 1);
        Ok(())
    }

    /// Has `signer` sign an act and the relayer lodge it, and notes what it took.
    pub(crate) async fn lodge(
        &mut self,
        name: &str,
        signer: &PrivateKeySigner,
        call: &impl SolCall,
    ) -> anyhow::Result<()> {
        let lodge = self.scene.act(call, signer).await?;
        self.act(name, self.scene.actors.relayer.address(), &lodge).await
    }

    /// The session pays 10 tokens, `fee` on top, and the relayer submits.
    pub(crate) async fn pay(&mut self, name: &str, session: u32, token: Address, fee: u128) -> anyhow::Result<()> {
        let item = self.item(session, token, AMOUNT, fee)?;
        let call = IVault::payCall { payment: item.payment, signature: item.signature, approval: item.approval };
        self.act(name, self.scene.actors.relayer.address(), &call).await
    }

    /// A payment, signed in the 64-byte form; approved by the owner where it is above the cap.
    pub(crate) fn item(
        &mut self,
        session: u32,
        token: Address,
        amount: u128,
        fee: u128,
    ) -> anyhow::Result<IVault::BatchItem> {
        let [payee, _, relayer] = self.scene.actors.payees;
        let nonce = self.nonces.entry(session).or_default();
        let payment = IVault::Payment {
            session,
            nonce: *nonce,
            deadline: LocalChain::GENESIS as u32 + 20 * DAY,
            token,
            payee,
            amount,
            fee,
            feeRecipient: if fee == 0 { Address::ZERO } else { relayer },
            r#ref: keccak256(nonce.to_be_bytes()),
        };
        *nonce += 1;
        let signature = self.scene.sign_compact(&payment, &Self::key(session)?)?;
        let approval = match amount > PER_PAYMENT {
            true => self.scene.approve(&payment, &self.scene.actors.owner)?,
            false => Bytes::new(),
        };
        Ok(IVault::BatchItem { payment, signature, approval })
    }

    /// Pays several at once, and notes what each took.
    pub(crate) async fn pay_batch(&mut self, name: &str, items: Vec<IVault::BatchItem>) -> anyhow::Result<()> {
        let count = items.len() as u64;
        let (relayer, vault) = (self.scene.actors.relayer.address(), self.scene.vault);
        let receipt = self.scene.send(relayer, vault, &IVault::payBatchCall { items }).await?;
        self.note(name, &receipt, count);
        Ok(())
    }

    /// Notes what a transaction took, for each of `count` things that it did.
    pub(crate) fn note(&mut self, name: &str, receipt: &TransactionReceipt, count: u64) {
        self.gas.insert(name.to_owned(), receipt.gas_used / count);
    }
}

/// A limit of the whole scope over a day.
pub(crate) fn day_limit(cap: u128) -> IVault::Limit {
    IVault::Limit { category: 0, window: DAY, cap }
}

/// A grant of those tokens with those limits each, for 30 days.
pub(crate) fn grant(session: u32, key: Address, tokens: &[Address], limits: &[IVault::Limit]) -> IVault::grantCall {
    let mut tokens: Vec<IVault::TokenGrant> = tokens
        .iter()
        .map(|token| IVault::TokenGrant { token: *token, perPaymentCap: PER_PAYMENT, limits: limits.to_vec() })
        .collect();
    tokens.sort_by_key(|grant| grant.token);
    IVault::grantCall {
        newSession: IVault::Grant {
            session,
            key,
            validFrom: LocalChain::GENESIS as u32,
            validUntil: LocalChain::GENESIS as u32 + 30 * DAY,
            categories: (1 << CATEGORY) | (1 << RELAY),
            tokens,
        },
    }
}

/// All there is.
pub(crate) const ALL: U256 = U256::MAX;
