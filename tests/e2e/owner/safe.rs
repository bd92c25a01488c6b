//! An owner that is a contract: its batch is proposed as JSON, signed by two people, and executed as it stands.

use super::acting;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256, hex};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use alloy::sol_types::SolValue;
use anyhow::{Context, ensure};
use purse_owner::{SignedAct, State, Verb, safe_batch};
use purse_protocol::abi::IVault;
use purse_protocol::typed_data::approval_digest;
use purse_protocol::{Category, RefusalContext, Scope, Window};
use purse_tests::{LocalChain, Scene, refusal};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

sol! {
    #[sol(rpc)]
    "contracts/SafeLike.sol"
}

/// Compiles the test's owner with the pinned compiler.
fn creation_code() -> anyhow::Result<Vec<u8>> {
    let source = include_str!("../../contracts/SafeLike.sol");
    let input = json!({
        "language": "Solidity",
        "sources": { "SafeLike.sol": { "content": source } },
        "settings": { "outputSelection": { "*": { "*": ["evm.bytecode.object"] } } },
    });
    let solc = LocalChain::checkout().join("scripts/solc");
    let mut child = Command::new(solc).arg("--standard-json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("a pipe")?.write_all(input.to_string().as_bytes())?;
    let output: Value = serde_json::from_slice(&child.wait_with_output()?.stdout)?;
    let code = output["contracts"]["SafeLike.sol"]["SafeLike"]["evm"]["bytecode"]["object"].as_str();
    Ok(hex::decode(code.with_context(|| format!("the compiler says {output}"))?)?)
}

struct Safe<'a> {
    scene: &'a Scene,
    address: Address,
    people: [&'a PrivateKeySigner; 2],
}

impl<'a> Safe<'a> {
    async fn deploy(scene: &'a Scene) -> anyhow::Result<Self> {
        let people = [&scene.actors.relayer, &scene.actors.treasury];
        let arguments = (people[0].address(), people[1].address()).abi_encode_params();
        let code = [creation_code()?, arguments].concat();
        let mut request = TransactionRequest::default().with_from(scene.actors.deployer.address()).with_input(code);
        request.set_kind(TxKind::Create);
        let receipt = scene.provider.send_transaction_sync(request).await?;
        Ok(Self { scene, address: receipt.contract_address.context("the safe was not created")?, people })
    }

    /// Both people's signatures over a digest.
    fn sign(&self, digest: B256) -> anyhow::Result<Bytes> {
        let mut signatures = Vec::new();
        for person in self.people {
            signatures.extend(person.sign_hash_sync(&digest)?.as_bytes());
        }
        Ok(signatures.into())
    }

    /// Reads the batch as a Safe's app does, has both people sign it, and executes it.
    async fn execute(&self, batch: &Value) -> anyhow::Result<()> {
        let chain_id: u64 = batch["chainId"].as_str().context("chainId is text")?.parse()?;
        ensure!(batch["version"] == "1.0" && chain_id == self.scene.chain_id());
        let calls = batch["transactions"].as_array().context("transactions")?.iter().map(call);
        let calls = calls.collect::<anyhow::Result<Vec<_>>>()?;
        let safe = SafeLike::new(self.address, &self.scene.provider);
        let nonce = safe.nonce().call().await?;
        let hash = safe.hashOf(calls.clone(), nonce).call().await?;
        let signatures = self.sign(hash)?;
        let magic = safe.isValidSignature(hash, signatures.clone()).call().await?;
        assert_eq!(magic, [0x16, 0x26, 0xba, 0x7e], "ERC-1271");
        let execute = SafeLike::executeCall { calls, signatures };
        self.scene.send(self.scene.actors.deployer.address(), self.address, &execute).await?;
        Ok(())
    }
}

fn call(transaction: &Value) -> anyhow::Result<SafeLike::Call> {
    let text = |key: &str| transaction[key].as_str().with_context(|| format!("{key} is text"));
    Ok(SafeLike::Call { to: text("to")?.parse()?, value: text("value")?.parse()?, data: text("data")?.parse()? })
}

/// A proposal sends nothing; executed by a contract owner, it does all that it says.
#[tokio::test]
async fn a_safe_executes_what_was_proposed() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let safe = Safe::deploy(&scene).await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    owner.send(&Verb::TransferOwnership { new_owner: safe.address }).await?;

    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let mut grant = scene.default_grant(Scene::SESSION, scene.actors.agents[0].address());
    grant.tokens.truncate(1);
    let verbs = [
        Verb::AcceptOwnership,
        Verb::SetPayees(scene.actors.payees.map(|payee| (payee, data)).to_vec()),
        Verb::Grant(grant),
        Verb::SetLimit {
            scope: Scope::Session(super::session()?),
            token: scene.usdc,
            window: Window::Week,
            cap: 50 * Scene::USDC,
        },
        Verb::Withdraw { token: scene.plain, amount: None },
    ];
    let head = scene.vault().head().call().await?.sequence;
    let names = RefusalContext::default().token(scene.usdc, "USDC", 6);
    let batch = safe_batch(scene.chain_id(), scene.vault, &verbs, &names);
    assert_eq!(scene.vault().head().call().await?.sequence, head, "a proposal sends nothing");
    assert!(batch["meta"]["description"].as_str().is_some_and(|words| words.contains("50.00 USDC in any 7d")));

    safe.execute(&serde_json::from_str(&batch.to_string())?).await?;
    assert_eq!(scene.vault().owner().call().await?, safe.address);
    assert_eq!(scene.balance(scene.plain, scene.vault).await?, U256::ZERO);
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;

    // The same verbs are tried in its name, without its keys.
    let contract = acting(&scene, safe.address).await?;
    contract.dry_run(&Verb::Pause).await??;
    assert_eq!(contract.dry_run(&Verb::AcceptOwnership).await?.map_err(|refusal| refusal.code), Err("NotPendingOwner"));
    safe.execute(&safe_batch(scene.chain_id(), scene.vault, &[Verb::Pause], &names)).await?;
    assert_eq!(contract.state(&Verb::Pause).await?, State::Paused(true));
    Ok(())
}

/// I5, I8, I9: a contract signs too (ERC-1271): the approval of a payment, and acts that a stranger lodges.
#[tokio::test]
async fn a_safe_approves_and_signs_acts() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let safe = Safe::deploy(&scene).await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    owner.send(&Verb::TransferOwnership { new_owner: safe.address }).await?;
    safe.execute(&safe_batch(scene.chain_id(), scene.vault, &[Verb::AcceptOwnership], &RefusalContext::default()))
        .await?;

    let payment = scene.payment(1, 12 * Scene::USDC);
    let signature = scene.sign(&payment, &scene.actors.agents[0])?;
    let approval = safe.sign(approval_digest(scene.chain_id(), scene.vault, &payment))?;
    let pay = |approval| IVault::payCall { payment: payment.clone(), signature: signature.clone(), approval };
    let stranger = scene.actors.relayer.address();
    let half = Bytes::copy_from_slice(&approval[..65]);
    let refused = refusal(scene.send(stranger, scene.vault, &pay(half)).await)?;
    assert_eq!(refused.code, "ApprovalInvalid");
    let other = safe.sign(approval_digest(scene.chain_id(), scene.vault, &scene.payment(2, 12 * Scene::USDC)))?;
    let refused = refusal(scene.send(stranger, scene.vault, &pay(other)).await)?;
    assert_eq!(refused.code, "ApprovalInvalid", "of another payment");
    scene.send(stranger, scene.vault, &pay(approval)).await?;

    let lodging = acting(&scene, stranger).await?;
    let deadline = u32::try_from(scene.now().await? + 600)?;
    for verb in [
        Verb::SetLimit { scope: Scope::Vault, token: scene.usdc, window: Window::Day, cap: 50 * Scene::USDC },
        Verb::Pause,
        Verb::Revoke { session: super::session()? },
        Verb::Withdraw { token: scene.usdc, amount: None },
    ] {
        let act = lodging.act(&verb, deadline).await?;
        let signature = safe.sign(act.digest(scene.chain_id(), scene.vault))?;
        let signed = Verb::Lodge(SignedAct { act, signature });
        super::act(&lodging, signed.clone()).await?;
        let again = lodging.dry_run(&signed).await?.map_err(|refusal| refusal.code);
        assert_eq!(again, Err("OwnerNonceWrong"), "{} was handed in twice", verb.name());
    }
    Ok(())
}
