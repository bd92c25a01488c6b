//! Deploying: the same addresses for the same code, nothing twice, nothing believed; and the Rust side agrees with the
//! contracts about addresses (I14), ABI, digests (I2) and the running hash (I13).

use alloy::hex::encode;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::Filter;
use alloy::signers::SignerSync;
use alloy::sol;
use alloy::sol_types::eip712_domain;
use anyhow::{Context, ensure};
use purse_deployer::{
    Build, DeployError, Outcome, TestUsdcError, book, deploy_factory, deploy_lens, deploy_test_usdc, deploy_vault,
    verify_lens,
};
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IVault::{self, IVaultCalls, IVaultErrors, IVaultEvents};
use purse_protocol::abi::IVaultFactory::{
    IVaultFactoryCalls, IVaultFactoryErrors, IVaultFactoryEvents, IVaultFactoryInstance,
};
use purse_protocol::abi::IVaultLens::{IVaultLensCalls, IVaultLensErrors};
use purse_protocol::create2::{DETERMINISTIC_DEPLOYER, vault_address};
use purse_protocol::event::{RunningHash, next_hash, running_hash_of_head};
use purse_protocol::{Chain, VaultConfig, VaultRecord, typed_data};
use purse_tests::{LocalChain, Scene, refusal};
use std::collections::BTreeSet;

fn build() -> anyhow::Result<Build> {
    Ok(Build::compile(&LocalChain::checkout())?)
}

fn config(chain: &LocalChain) -> VaultConfig {
    VaultConfig {
        owner: chain.actors.owner.address(),
        treasury: chain.actors.treasury.address(),
        guardian: chain.actors.guardian.address(),
    }
}

#[tokio::test]
async fn deploying_twice_deploys_once_and_says_so() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    let (provider, id, config) = (&chain.provider, Chain::ANVIL, config(&chain));

    let factory = deploy_factory(provider, id, &build).await?;
    let vault = deploy_vault(provider, id, &build, &config, B256::ZERO).await?;
    assert!(factory.is_new() && vault.is_new());
    assert_eq!(vault.record().compiler, "0.8.37+commit.f401782d");
    let height = provider.get_block_number().await?;
    assert_eq!((factory.record().block, vault.record().block), (Some(height - 1), Some(height)));
    for record in [factory.record(), vault.record()] {
        assert_eq!(record.code_hash, keccak256(provider.get_code_at(record.address).await?));
    }

    // The vault is found with its block and transaction; the factory logs nothing to find it by.
    let again = deploy_vault(provider, id, &build, &config, B256::ZERO).await?;
    assert_eq!(again, Outcome::AlreadyThere(vault.record().clone()));
    let again = deploy_factory(provider, id, &build).await?;
    assert!(matches!(&again, Outcome::AlreadyThere(record) if record.address == factory.record().address));
    assert_eq!(provider.get_block_number().await?, height, "nothing was sent");

    let other = deploy_vault(provider, id, &build, &config, B256::with_last_byte(1)).await?;
    assert!(other.is_new());
    assert_ne!(other.record().address, vault.record().address);
    Ok(())
}

/// I14: the address commits to chain, owner and first configuration; Rust and Solidity compute the same.
#[tokio::test]
async fn i14_rust_and_the_factory_agree_on_addresses() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    let factory = deploy_factory(&chain.provider, Chain::ANVIL, &build).await?.record().address;
    let contract = IVaultFactoryInstance::new(factory, &chain.provider);
    assert_eq!(contract.vaultCodeHash().call().await?, build.vault_code_hash());

    let one = config(&chain);
    let mut seen = BTreeSet::new();
    for config in [
        one,
        VaultConfig { owner: one.treasury, ..one },
        VaultConfig { treasury: one.owner, ..one },
        VaultConfig { guardian: Address::ZERO, ..one },
    ] {
        for salt in [B256::ZERO, B256::repeat_byte(0x5a)] {
            let code = build.vault.creation_code.clone();
            let on_chain = contract.vaultAddress(code.clone(), config.owner, config.treasury, config.guardian, salt);
            let on_chain = on_chain.call().await?;
            assert_eq!(on_chain, vault_address(factory, Chain::ANVIL, &code, &config, salt));
            assert!(seen.insert(on_chain), "no two configurations share an address");
            assert!(seen.insert(vault_address(factory, 1, &code, &config, salt)), "nor do two chains");
            let deployed = deploy_vault(&chain.provider, Chain::ANVIL, &build, &config, salt).await?;
            assert_eq!(deployed.record().address, on_chain);
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_address_with_other_code_is_refused() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    let (provider, id, config) = (&chain.provider, Chain::ANVIL, config(&chain));
    let factory = deploy_factory(provider, id, &build).await?.record().address;
    let vault = deploy_vault(provider, id, &build, &config, B256::ZERO).await?.record().address;
    let vault_again = || deploy_vault(provider, id, &build, &config, B256::ZERO);

    // The vault of another address has the same code, but its immutables give it away.
    let other = deploy_vault(provider, id, &build, &config, B256::with_last_byte(1)).await?.record().address;
    let honest = provider.get_code_at(vault).await?;
    provider.anvil_set_code(vault, provider.get_code_at(other).await?).await?;
    let error = vault_again().await.err().context("another vault's code was believed")?;
    assert!(matches!(&error, DeployError::ImmutableDiffers(found) if found.address == vault), "{error}");

    let mut forged = honest.to_vec();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    provider.anvil_set_code(vault, forged.into()).await?;
    let error = vault_again().await.err().context("forged code was believed")?;
    assert!(matches!(&error, DeployError::CodeDiffers { address, .. } if *address == vault), "{error}");
    assert!(error.fix().contains("do not use that address"));
    provider.anvil_set_code(vault, honest).await?;
    assert!(!vault_again().await?.is_new());

    // A factory that would deploy other vaults is refused before it is asked for one.
    let honest = provider.get_code_at(factory).await?;
    let mut forged = honest.to_vec();
    for offset in &build.factory.immutables["vaultCodeHash"] {
        forged[*offset] ^= 1;
    }
    provider.anvil_set_code(factory, forged.into()).await?;
    let error = deploy_factory(provider, id, &build).await.err().context("a forged factory was believed")?;
    assert!(matches!(&error, DeployError::ImmutableDiffers(found) if found.immutable == "vaultCodeHash"), "{error}");
    let error = vault_again().await.err().context("a forged factory was used")?;
    assert!(matches!(error, DeployError::ImmutableDiffers(_)), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_wrong_chain_and_one_without_the_deployer_are_refused() -> anyhow::Result<()> {
    const OTHER: u64 = 31_338;
    let (build, chain) = (build()?, LocalChain::start(OTHER).await?);
    let (provider, config) = (&chain.provider, config(&chain));
    let wrong =
        |error: &DeployError| matches!(error, DeployError::ChainIdWrong { expected: Chain::ANVIL, actual: OTHER });
    let error = deploy_factory(provider, Chain::ANVIL, &build).await.err().context("the wrong chain was used")?;
    assert!(wrong(&error), "{error}");
    let error = deploy_vault(provider, Chain::ANVIL, &build, &config, B256::ZERO).await.err().context("used")?;
    assert!(wrong(&error), "{error}");

    // Test money is for the local chain only.
    let deployer = chain.actors.deployer.address();
    let error = deploy_test_usdc(provider, &LocalChain::checkout(), deployer, &[]).await.err().context("deployed")?;
    assert!(matches!(error, TestUsdcError::NotAnvil { chain_id: OTHER }), "{error}");

    let error = deploy_vault(provider, OTHER, &build, &config, B256::ZERO).await.err().context("without a factory")?;
    assert!(matches!(error, DeployError::NotDeployed { .. }), "{error}");
    for code in [vec![], vec![0x5b, 0x00]] {
        provider.anvil_set_code(DETERMINISTIC_DEPLOYER, code.into()).await?;
        let error = deploy_factory(provider, OTHER, &build).await.err().context("without the deployer")?;
        assert!(matches!(error, DeployError::DeterministicDeployerMissing { chain_id: OTHER, .. }), "{error}");
    }
    assert_eq!(provider.get_block_number().await?, 0, "nothing was sent");
    Ok(())
}

#[tokio::test]
async fn two_who_deploy_at_once_deploy_once() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    let (one, id, config) = (&chain.provider, Chain::ANVIL, config(&chain));
    let other = ProviderBuilder::new().wallet(chain.actors.relayer.clone()).connect(&chain.rpc_url()).await?;
    other.client().set_poll_interval(one.client().poll_interval());

    let (mine, theirs) = tokio::join!(deploy_factory(one, id, &build), deploy_factory(&other, id, &build));
    assert!(mine?.is_new() != theirs?.is_new(), "exactly one deployed");
    let (mine, theirs) = tokio::join!(
        deploy_vault(one, id, &build, &config, B256::ZERO),
        deploy_vault(&other, id, &build, &config, B256::ZERO)
    );
    let (mine, theirs) = (mine?, theirs?);
    assert!(mine.is_new() != theirs.is_new(), "exactly one deployed");
    assert_eq!(mine.record(), theirs.record());
    Ok(())
}

#[tokio::test]
async fn what_the_vault_would_refuse_is_not_sent() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    deploy_factory(&chain.provider, Chain::ANVIL, &build).await?;
    let config = VaultConfig { owner: Address::ZERO, ..config(&chain) };
    let error = deploy_vault(&chain.provider, Chain::ANVIL, &build, &config, B256::ZERO).await.err();
    let error = error.context("a vault of nobody was deployed")?;
    assert!(matches!(&error, DeployError::Refused(refusal) if refusal.code == "ZeroAddress"), "{error}");
    assert_eq!(chain.provider.get_block_number().await?, 1, "only the factory was sent");
    Ok(())
}

#[tokio::test]
async fn the_address_book_reads_back_and_knows_the_blocks() -> anyhow::Result<()> {
    let (build, chain) = (build()?, LocalChain::start(Chain::ANVIL).await?);
    let (provider, id, config) = (&chain.provider, Chain::ANVIL, config(&chain));
    let folder = tempfile::tempdir()?;
    let factory = deploy_factory(provider, id, &build).await?;
    let vault = deploy_vault(provider, id, &build, &config, B256::ZERO).await?;
    let lens = deploy_lens(provider, id, &build).await?;
    assert!(lens.is_new());
    let record = |outcome: &Outcome| VaultRecord {
        vault: outcome.record().clone(),
        owner: config.owner,
        treasury: config.treasury,
        guardian: config.guardian,
        salt: B256::ZERO,
    };
    let written = book::note(folder.path(), id, factory.record(), Some(lens.record()), Some(record(&vault)))?;
    assert_eq!(book::load(folder.path(), id)?.as_ref(), Some(&written));
    assert_eq!(written.vault(vault.record().address), Some(&record(&vault)));

    let factory = deploy_factory(provider, id, &build).await?;
    let vault = deploy_vault(provider, id, &build, &config, B256::ZERO).await?;
    let lens = deploy_lens(provider, id, &build).await?;
    assert!(!lens.is_new(), "a chain has one lens");
    assert_eq!(verify_lens(provider, &build).await?, lens.record().code_hash);
    let again = book::note(folder.path(), id, factory.record(), Some(lens.record()), Some(record(&vault)))?;
    assert_eq!(again, written, "nothing is forgotten");
    Ok(())
}

/// The compiled ABI is the one that Rust reads from the interfaces: functions, errors and events, all of them.
#[test]
fn the_compiled_abi_is_the_one_rust_reads() -> anyhow::Result<()> {
    let build = build()?;
    let of_vault = pairs(IVaultErrors::SIGNATURES, IVaultErrors::SELECTORS);
    for (artifact, functions, errors, events) in [
        (
            &build.vault,
            pairs(IVaultCalls::SIGNATURES, IVaultCalls::SELECTORS),
            pairs(IVaultErrors::SIGNATURES, IVaultErrors::SELECTORS),
            pairs(IVaultEvents::SIGNATURES, IVaultEvents::SELECTORS),
        ),
        (
            &build.factory,
            pairs(IVaultFactoryCalls::SIGNATURES, IVaultFactoryCalls::SELECTORS),
            pairs(IVaultFactoryErrors::SIGNATURES, IVaultFactoryErrors::SELECTORS),
            pairs(IVaultFactoryEvents::SIGNATURES, IVaultFactoryEvents::SELECTORS),
        ),
        (
            &build.lens,
            pairs(IVaultLensCalls::SIGNATURES, IVaultLensCalls::SELECTORS),
            pairs(IVaultLensErrors::SIGNATURES, IVaultLensErrors::SELECTORS),
            BTreeSet::new(),
        ),
    ] {
        let abi = &artifact.abi;
        assert_eq!(functions, abi.functions().map(|item| (item.signature(), encode(item.selector()))).collect());
        // A lens that is asked for what the vault does not know says so as the vault would: by that error's name
        let vaults = if errors == of_vault { BTreeSet::new() } else { of_vault.clone() };
        let compiled = abi.errors().map(|item| (item.signature(), encode(item.selector())));
        assert_eq!(errors, compiled.filter(|error| !vaults.contains(error)).collect());
        assert_eq!(events, abi.events().map(|item| (item.signature(), encode(item.selector()))).collect());
    }
    Ok(())
}

fn pairs<const N: usize>(signatures: &[&str], selectors: &[[u8; N]]) -> BTreeSet<(String, String)> {
    signatures.iter().map(|text| (*text).to_owned()).zip(selectors.iter().map(encode)).collect()
}

/// What the stories pay with is Circle's code, set up as Circle does: its EIP-712 domain is the one that x402 signs for.
#[tokio::test]
async fn the_test_usdc_is_circles() -> anyhow::Result<()> {
    sol! {
        #[sol(rpc)]
        interface IFiatToken {
            function name() external view returns (string memory);
            function version() external view returns (string memory);
            function DOMAIN_SEPARATOR() external view returns (bytes32);
            function currency() external view returns (string memory);
            function initializeV2_2(address[] accountsToBlacklist, string newSymbol) external;
        }
    }
    let scene = Scene::start().await?;
    let usdc = IFiatToken::new(scene.usdc, &scene.provider);
    let plain = IErc20Instance::new(scene.usdc, &scene.provider);
    assert_eq!((plain.symbol().call().await?, plain.decimals().call().await?), ("USDC".to_owned(), 6));
    assert_eq!(usdc.currency().call().await?, "USD");
    let domain = eip712_domain! {
        name: usdc.name().call().await?,
        version: usdc.version().call().await?,
        chain_id: scene.chain_id(),
        verifying_contract: scene.usdc,
    };
    assert_eq!((domain.name.as_deref(), domain.version.as_deref()), (Some("USD Coin"), Some("2")));
    assert_eq!(usdc.DOMAIN_SEPARATOR().call().await?, domain.separator());
    ensure!(usdc.initializeV2_2(vec![], String::new()).call().await.is_err(), "the last initializer was not run");
    assert_eq!(scene.balance(scene.usdc, scene.vault).await?, U256::from(Scene::FUNDS * Scene::USDC));
    assert_eq!(scene.balance(scene.plain, scene.vault).await?, U256::from(Scene::FUNDS * Scene::PLAIN));
    Ok(())
}

/// I2: a payment signed in Rust moves real USDC; over any other digest it does not.
#[tokio::test]
async fn i2_rust_signs_what_the_vault_checks() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (agent, payee) = (&scene.actors.agents[0], scene.actors.payees[0]);
    let payment = scene.payment(1, 5 * Scene::USDC);

    let relayer = scene.actors.relayer.address();
    let wrong = [
        typed_data::payment_digest(scene.chain_id() + 1, scene.vault, &payment),
        typed_data::payment_digest(scene.chain_id(), scene.usdc, &payment),
        typed_data::payment_digest(scene.chain_id(), scene.vault, &scene.payment(2, 5 * Scene::USDC)),
    ];
    for digest in wrong {
        let signature = agent.sign_hash_sync(&digest)?.as_bytes().into();
        let call = IVault::payCall { payment: payment.clone(), signature, approval: Default::default() };
        let refused = refusal(scene.send(relayer, scene.vault, &call).await)?;
        assert_eq!(refused.code, "SignerNotSessionKey");
    }
    assert_eq!(refusal(scene.pay(&payment, &scene.actors.agents[1]).await)?.code, "SignerNotSessionKey");

    scene.pay(&payment, agent).await?;
    assert_eq!(scene.balance(scene.usdc, payee).await?, U256::from(5 * Scene::USDC));
    assert_eq!(scene.balance(scene.usdc, scene.vault).await?, U256::from((Scene::FUNDS - 5) * Scene::USDC));
    Ok(())
}

/// I13: the running hash, folded in Rust over all logs of the vault, is the one that the vault keeps.
#[tokio::test]
async fn i13_the_fold_of_the_logs_is_the_vaults_running_hash() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
    }
    scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    let logs = scene.provider.get_logs(&Filter::new().address(scene.vault).from_block(0)).await?;
    let fold = logs.iter().fold(RunningHash::ZERO, |hash, log| next_hash(hash, log.topics(), &log.data().data));
    let head = scene.vault().head().call().await?;
    assert_eq!(usize::try_from(head.sequence)?, logs.len());
    assert_eq!(running_hash_of_head(head.runningHash), Some(fold));

    // Without any one row it is another.
    for left_out in 0..logs.len() {
        let rest = logs.iter().enumerate().filter(|(index, _)| *index != left_out);
        let other = rest.fold(RunningHash::ZERO, |hash, (_, log)| next_hash(hash, log.topics(), &log.data().data));
        ensure!(other != fold, "row {left_out} does not count");
    }
    Ok(())
}
