//! Gas of every verb of the vault, by whole transactions on anvil under Osaka rules: intrinsic gas and calldata
//! included, as a user pays it. Prints the table and writes `contracts/snapshots/gas.json`; with `--check`, compares
//! with that file instead and fails where a number moved.
#![expect(clippy::print_stdout, reason = "the table is the result of this program")]

use alloy::primitives::{Address, Bytes, U256, keccak256};
use alloy::rpc::types::TransactionReceipt;
use alloy::signers::SignerSync;
use alloy::sol_types::SolCall;
use anyhow::{Context, bail, ensure};
use purse_protocol::abi::{IErc20, IVault};
use purse_protocol::typed_data;
use purse_tests::{LocalChain, Scene};
use std::collections::BTreeMap;

const SNAPSHOT: &str = "contracts/snapshots/gas.json";
const UNIT: u128 = 1_000_000;
const DAY: u32 = 86_400;
const SESSION: u32 = 1;
const RELAY: u8 = 63;

type Gas = BTreeMap<String, u64>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    let gas = measure().await?;
    for (name, used) in &gas {
        println!("{name:<34} {used:>9}");
    }
    let path = LocalChain::checkout().join(SNAPSHOT);
    if !check {
        std::fs::create_dir_all(path.parent().context("the snapshot has a folder")?)?;
        std::fs::write(&path, serde_json::to_string_pretty(&gas)? + "\n")?;
        return Ok(());
    }
    let committed: Gas = serde_json::from_str(&std::fs::read_to_string(&path).context("fix: run `make gas`")?)?;
    let moved: Vec<String> = gas
        .keys()
        .chain(committed.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter(|name| gas.get(*name) != committed.get(*name))
        .map(|name| format!("{name}: {:?} was {:?}", gas.get(name), committed.get(name)))
        .collect();
    if !moved.is_empty() {
        bail!("gas moved; look, then run `make gas` and say so in the commit:\n  {}", moved.join("\n  "));
    }
    check_readme(&std::fs::read_to_string(LocalChain::checkout().join("README.md"))?, &gas)
}

/// Every row of the README's table, "| words | `name` | 12,345 |", says what was measured.
fn check_readme(readme: &str, gas: &Gas) -> anyhow::Result<()> {
    let rows: Vec<(&str, String)> = readme
        .lines()
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim).skip(1);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((name, cells.next()?.replace(',', "")))
        })
        .collect();
    ensure!(!rows.is_empty(), "README.md has no table of gas");
    for (name, stated) in rows {
        let measured = gas.get(name).with_context(|| format!("README.md states the gas of {name}: no such name"))?;
        ensure!(stated == measured.to_string(), "README.md says that {name} takes {stated} gas; it takes {measured}");
    }
    Ok(())
}

/// A scene, with a plain token whose unit is one base unit, as USDC's is.
struct Bench {
    scene: Scene,
    plain: Address,
    nonce: u32,
    gas: Gas,
}

async fn measure() -> anyhow::Result<Gas> {
    let scene = Scene::start().await?;
    let plain = scene.deploy_plain(scene.vault).await?;
    let mut bench = Bench { scene, plain, nonce: 0, gas: Gas::new() };
    bench.floors().await?;
    bench.owner_sets_up().await?;
    bench.agent_pays().await?;
    bench.owner_changes().await?;
    bench.stops().await?;
    Ok(bench.gas)
}

impl Bench {
    /// What the tokens alone cost: transfers by an EOA to a holder.
    async fn floors(&mut self) -> anyhow::Result<()> {
        let [payee, ..] = self.scene.actors.payees;
        let (usdc, plain) = (self.scene.usdc, self.plain);
        let treasury = self.scene.actors.treasury.address();
        for (name, token) in [("floor_transfer_plain", plain), ("floor_transfer_usdc", usdc)] {
            let funds = IVault::withdrawCall { token, amount: U256::from(100 * UNIT) };
            self.scene.own(&funds).await?;
            let transfer = IErc20::transferCall { to: payee, value: U256::from(10 * UNIT) };
            self.scene.send(treasury, token, &transfer).await?;
            let receipt = self.scene.send(treasury, token, &transfer).await?;
            self.note(name, &receipt);
        }
        Ok(())
    }

    async fn owner_sets_up(&mut self) -> anyhow::Result<()> {
        let (usdc, plain) = (self.scene.usdc, self.plain);
        self.own("add_token", &IVault::addTokenCall { token: plain, unitBits: 0 }).await?;
        let [payee, second, relayer] = self.scene.actors.payees;
        let entry = |payee, category| IVault::PayeeEntry { payee, category };
        self.own("set_payees_one", &IVault::setPayeesCall { entries: vec![entry(payee, 3)] }).await?;
        let two = vec![entry(second, 3), entry(relayer, RELAY)];
        self.own("set_payees_two", &IVault::setPayeesCall { entries: two }).await?;

        let key = self.scene.actors.agents[0].address();
        let one_limit = |token| IVault::TokenGrant {
            token,
            perPaymentCap: 20 * UNIT,
            limits: vec![IVault::Limit { window: DAY, cap: 1_000 * UNIT }],
        };
        self.own("grant", &IVault::grantCall { newSession: grant(SESSION, key, vec![one_limit(plain)]) }).await?;
        let other = self.scene.actors.agents[1].address();
        let mut tokens = vec![one_limit(plain), one_limit(usdc)];
        tokens.sort_by_key(|grant| grant.token);
        for tokens in &mut tokens {
            tokens.limits.push(IVault::Limit { window: 30 * DAY, cap: 1_000 * UNIT });
        }
        self.own("grant_two_tokens_two_limits", &IVault::grantCall { newSession: grant(2, other, tokens) }).await?;
        let limit = IVault::setLimitCall { session: SESSION, token: usdc, window: DAY, cap: 1_000 * UNIT };
        self.own("set_limit_first", &limit).await?;
        let cap = IVault::setPerPaymentCapCall { session: SESSION, token: usdc, perPaymentCap: 20 * UNIT };
        self.own("set_per_payment_cap", &cap).await?;
        Ok(())
    }

    async fn agent_pays(&mut self) -> anyhow::Result<()> {
        let (usdc, plain) = (self.scene.usdc, self.plain);
        self.pay("pay_plain_first", plain, 0).await?;
        self.pay("pay_plain_steady", plain, 0).await?;
        self.pay("pay_usdc_first", usdc, 0).await?;
        self.pay("pay_usdc_steady", usdc, 0).await?;
        self.pay("pay_fee_plain_first", plain, UNIT).await?;
        self.pay("pay_fee_plain_steady", plain, UNIT).await?;
        let month = IVault::setLimitCall { session: SESSION, token: plain, window: 30 * DAY, cap: 1_000 * UNIT };
        self.own("set_limit_second", &month).await?;
        self.pay("pay_plain_two_limits_first", plain, 0).await?;
        self.pay("pay_plain_two_limits_steady", plain, 0).await?;
        self.own("remove_limit", &IVault::removeLimitCall { session: SESSION, token: plain, window: 30 * DAY }).await?;
        Ok(())
    }

    async fn owner_changes(&mut self) -> anyhow::Result<()> {
        let (plain, until) = (self.plain, LocalChain::GENESIS as u32 + 60 * DAY);
        let limit = IVault::setLimitCall { session: SESSION, token: plain, window: DAY, cap: 500 * UNIT };
        self.own("set_limit_steady", &limit).await?;
        self.own("set_categories", &IVault::setCategoriesCall { session: SESSION, categories: 1 << 3 }).await?;
        let validity = IVault::setValidityCall { session: SESSION, validFrom: 1, validUntil: until };
        self.own("set_validity", &validity).await?;
        let new_key = Address::from_word(keccak256("a new key"));
        self.own("rotate_key", &IVault::rotateKeyCall { session: SESSION, newKey: new_key }).await?;
        let all = IVault::withdrawCall { token: self.scene.usdc, amount: U256::MAX };
        self.own("withdraw_usdc", &all).await?;
        let treasury = self.scene.actors.treasury.address();
        self.own("set_treasury", &IVault::setTreasuryCall { newTreasury: treasury }).await?;
        let guardian = self.scene.actors.guardian.address();
        self.own("set_guardian", &IVault::setGuardianCall { newGuardian: guardian }).await?;
        Ok(())
    }

    async fn stops(&mut self) -> anyhow::Result<()> {
        self.own("pause", &IVault::pauseCall {}).await?;
        self.own("unpause", &IVault::unpauseCall {}).await?;
        self.own("remove_payee", &IVault::removePayeeCall { payee: self.scene.actors.payees[1] }).await?;
        self.own("revoke", &IVault::revokeCall { session: SESSION }).await?;
        let guardian = self.scene.actors.guardian.address();
        let receipt = self.scene.send(guardian, self.scene.vault, &IVault::revokeCall { session: 2 }).await?;
        self.note("revoke_by_guardian", &receipt);
        self.own("revoke_all", &IVault::revokeAllCall {}).await
    }

    async fn own(&mut self, name: &str, call: &impl SolCall) -> anyhow::Result<()> {
        let receipt = self.scene.own(call).await?;
        self.note(name, &receipt);
        Ok(())
    }

    /// The agent signs in the 64-byte form and the relayer submits: 10 tokens, `fee` on top.
    async fn pay(&mut self, name: &str, token: Address, fee: u128) -> anyhow::Result<()> {
        let [payee, _, relayer] = self.scene.actors.payees;
        let payment = IVault::Payment {
            session: SESSION,
            nonce: self.nonce,
            deadline: LocalChain::GENESIS as u32 + 20 * DAY,
            token,
            payee,
            amount: 10 * UNIT,
            fee,
            feeRecipient: if fee == 0 { Address::ZERO } else { relayer },
            r#ref: keccak256(self.nonce.to_be_bytes()),
        };
        self.nonce += 1;
        let digest = typed_data::payment_digest(self.scene.chain_id(), self.scene.vault, &payment);
        let signature = self.scene.actors.agents[0].sign_hash_sync(&digest)?.as_erc2098();
        let call = IVault::payCall { payment, signature: signature.to_vec().into(), approval: Bytes::new() };
        let receipt = self.scene.send(self.scene.actors.relayer.address(), self.scene.vault, &call).await?;
        self.note(name, &receipt);
        Ok(())
    }

    fn note(&mut self, name: &str, receipt: &TransactionReceipt) {
        self.gas.insert(name.to_owned(), receipt.gas_used);
    }
}

fn grant(session: u32, key: Address, tokens: Vec<IVault::TokenGrant>) -> IVault::Grant {
    IVault::Grant {
        session,
        key,
        validFrom: LocalChain::GENESIS as u32,
        validUntil: LocalChain::GENESIS as u32 + 30 * DAY,
        categories: (1 << 3) | (1 << RELAY),
        tokens,
    }
}
