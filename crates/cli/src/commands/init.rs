//! `purse init`: deploys a vault, or takes up one that exists, and saves a profile for it.

use crate::config::{Config, Profile, secrecy};
use crate::connect::{Node, chain_name};
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::ledger::{Follow, books};
use crate::money::{Token, finest_unit, looks_like_amount, of_view};
use crate::names::{address, short, valid_name};
use crate::output::{Reply, green};
use crate::{change, library_failure, project, rpc_failure};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent as _;
use clap::Args;
use purse_deployer::{
    Build, Outcome, book, deploy_factory, deploy_lens, deploy_test_usdc, deploy_vault, verify_factory, verify_lens,
    verify_vault,
};
use purse_owner::Verb;
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::{Chain, Deployed, VaultConfig, VaultRecord};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The largest limit that a new vault can hold, unless told otherwise, in whole tokens. In USDC that gives steps of 16
/// base units, in which every cent is exact; larger steps would refuse 1.00 under a limit of 1.00.
const LARGEST_LIMIT: &str = "34000";
/// Test USDC that a new local vault gets, in base units: 1,000.00.
const TEST_USDC: u64 = 1_000_000_000;

/// Flags of `purse init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse init --rpc-url http://127.0.0.1:8545 --unlocked --test-usdc\n  purse init ops --chain base-sepolia --rpc-url https://sepolia.base.org --keystore owner.json\n  purse init --vault 0x7a1f000000000000000000000000000000005e44 --rpc-url https://sepolia.base.org"
)]
pub(crate) struct InitArgs {
    /// The profile's name
    #[arg(default_value = "main")]
    name: String,
    /// The vault's owner [default: the account that sends]
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<String>,
    /// The only address that withdrawals go to; better a cold one [default: the owner]
    #[arg(long, value_name = "ADDRESS")]
    treasury: Option<String>,
    /// Who may stop things besides the owner
    #[arg(long, value_name = "ADDRESS")]
    guardian: Option<String>,
    /// The token to pay in [default: the chain's official USDC]
    #[arg(long, value_name = "ADDRESS")]
    token: Option<String>,
    /// Deploy Circle's USDC as a test token and put 1,000.00 into the vault (local chain only)
    #[arg(long, conflicts_with = "token")]
    test_usdc: bool,
    /// The largest limit that agents can ever get: it sets the steps in which the vault counts, for good
    #[arg(long, value_name = "AMOUNT", default_value = LARGEST_LIMIT)]
    largest_limit: String,
    /// Tells apart vaults of one owner
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    number: u64,
    /// Replace a profile of the same name
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    follow: Follow,
}

/// Deploys and saves.
pub(crate) async fn run(context: &Context, args: &InitArgs) -> Result<Reply, Failure> {
    valid_name(&args.name)?;
    looks_like_amount(&args.largest_limit)?;
    if context.config.profile.contains_key(&args.name) && !args.replace {
        return Err(Failure::error(
            "ProfileExists",
            format!("there is a profile \"{}\" already", args.name),
            format!("{} has it", context.config_path.display()),
            "choose another name, or add --replace",
        ));
    }
    if context.global.vault.is_some() {
        return take_up(context, args).await;
    }
    let (node, signer) = context.node_with_key().await?;
    let config = parties(args, signer.address)?;
    let root = project::root()?;
    let build = compile(root.clone()).await?;
    if args.token.is_none() && !args.test_usdc {
        official(node.chain_id)?;
    }

    let deployed = deploy(&node, &build, &config, args.number).await?;
    let record = VaultRecord {
        vault: deployed.vault.record().clone(),
        owner: config.owner,
        treasury: config.treasury,
        guardian: config.guardian,
        salt: B256::from(U256::from(args.number)),
    };
    let of_book = |error| library_failure::of_book(&error);
    let (factory, lens) = (deployed.factory.record(), deployed.lens.record());
    book::note(&books(context), node.chain_id, factory, Some(lens), Some(record)).map_err(of_book)?;
    let input = book::save_compiler_input(&books(context), node.chain_id, &build).map_err(of_book)?;
    let vault = Vault::at(node, deployed.vault.record().address, context.folder()).await?;
    let (token, new_token) = token(context, args, &vault, signer.address, &root).await?;
    let read = to_list(Token::read(&vault, token).await?, &args.largest_limit)?;
    let mut profile = profile(context, &vault, token)?;
    profile.from = profile.from.or(context.global.unlocked.then_some(signer.address));
    let bytes = save(context, &args.name, profile)?;

    let mut lines = vec![
        tell("factory", &deployed.factory),
        tell("vault", &deployed.vault),
        tell("lens", &deployed.lens),
        format!(
            "{}   profile {} in {} ({bytes} bytes, {})",
            green("saved"),
            args.name,
            context.config_path.display(),
            secrecy(&context.rpc_url()?)
        ),
        format!("{}   the compiler's input for block explorers in {}", green("saved"), input.display()),
    ];
    lines.push(list_token(&vault, &read, signer.address, config.owner).await?);
    if new_token {
        lines.push(format!("{}  {} of test USDC", green("funded"), read.show(U256::from(TEST_USDC))));
    } else {
        if args.test_usdc {
            lines.push(format!("there already test USDC {token}"));
        }
        lines.push(format!(
            "Fund it: send {} on {} to {}",
            read.symbol,
            chain_name(vault.node.chain_id),
            vault.address
        ));
    }
    if config.owner == signer.address && config.treasury == config.owner {
        lines.push("Owner and treasury are one single key: if it is lost, the money is lost.".to_owned());
    }
    let by = if context.global.unlocked { " --unlocked" } else { "" };
    lines.push(format!("Next: purse payee add ADDRESS --category data{by}, then purse agent add NAME{by}"));
    let json = json!({
        "profile": args.name,
        "chain": vault.node.chain_id,
        "vault": { "address": vault.address, "new": deployed.vault.is_new(), "tx": deployed.vault.record().tx, "block": deployed.vault.record().block },
        "factory": { "address": deployed.factory.record().address, "new": deployed.factory.is_new() },
        "lens": { "address": deployed.lens.record().address, "new": deployed.lens.is_new() },
        "owner": config.owner,
        "treasury": config.treasury,
        "guardian": config.guardian,
        "token": { "address": token, "symbol": read.symbol, "new": new_token, "largest_limit": read.plain(read.largest_cap()) },
        "config_bytes": bytes,
        "compiler_input": input,
    });
    Ok(Reply::new(lines.join("\n"), json))
}

/// Saves a profile for a vault that exists, and what its index must follow.
async fn take_up(context: &Context, args: &InitArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    vault.contract().head().call().await.map_err(of_view)?;
    let token = match &args.token {
        Some(text) => Some(address(text)?),
        None => None,
    };
    let token = context.token(&vault, None, token).await?;
    let code = check_code(&vault).await?;
    let (factory, from_block) = match (&args.follow.factory, &code) {
        (Some(text), _) => (Some(address(text)?), args.follow.from_block),
        (None, Ok(build)) => factory_of(&vault, build, args.follow.from_block).await,
        (None, Err(_)) => (None, None),
    };
    if let (Ok(build), Some(_)) = (&code, factory) {
        note_lens(context, &vault, build, from_block).await;
    }
    let taken = Profile { factory, from_block, ..profile(context, &vault, token.address)? };
    let bytes = save(context, &args.name, taken)?;
    let mut lines = vec![
        format!(
            "{}   profile {} for the vault {} in {} ({bytes} bytes, {})",
            green("saved"),
            args.name,
            short(vault.address),
            context.config_path.display(),
            secrecy(&context.rpc_url()?)
        ),
        match &code {
            Ok(_) => format!("{} the vault's code is that of this checkout", green("checked")),
            Err(why) => format!("The vault's code was not checked: {why}"),
        },
    ];
    if factory.is_none() {
        lines.push(
            "For purse index and purse audit, name its factory: --factory ADDRESS --from-block NUMBER".to_owned(),
        );
    }
    lines.push("Next: purse status".to_owned());
    let json = json!({
        "profile": args.name,
        "vault": { "address": vault.address, "new": false, "code_checked": code.is_ok() },
        "factory": factory,
        "config_bytes": bytes,
    });
    Ok(Reply::new(lines.join("\n"), json))
}

/// Notes the lens in the address book, if the chain has it: without it `status` reckons by itself, and leaves aside what
/// waits.
async fn note_lens(context: &Context, vault: &Vault, build: &Build, from_block: Option<u64>) {
    let (provider, chain_id) = (&vault.node.provider, vault.node.chain_id);
    let found = (verify_factory(provider, build).await, verify_lens(provider, build).await);
    if let (Ok(factory), Ok(lens)) = found {
        let record = |address, code_hash| Deployed {
            address,
            block: None,
            tx: None,
            code_hash,
            compiler: build.compiler.clone(),
        };
        let factory = Deployed { block: from_block, ..record(build.factory_address(), factory) };
        let noted = book::note(&books(context), chain_id, &factory, Some(&record(build.lens_address(), lens)), None);
        if let Err(error) = noted {
            context.output.note(&format!("the lens was not noted: {error}"));
        }
    }
}

/// The build that the vault is of; the inner error says why nobody could tell.
async fn check_code(vault: &Vault) -> Result<Result<Build, String>, Failure> {
    let Ok(root) = project::root() else { return Ok(Err("there is no checkout here to compare it with".to_owned())) };
    let build = match compile(root).await {
        Ok(build) => build,
        Err(failure) => return Ok(Err(failure.cause)),
    };
    match verify_vault(&vault.node.provider, vault.node.chain_id, &build, vault.address).await {
        Ok(_) => Ok(Ok(build)),
        Err(error) => Err(library_failure::of_deploy(&error).about("that vault is not one of this checkout")),
    }
}

/// The factory of a build, if it made the vault, and the block in which it did.
async fn factory_of(vault: &Vault, build: &Build, from_block: Option<u64>) -> (Option<Address>, Option<u64>) {
    let made = Filter::new()
        .address(build.factory_address())
        .event_signature(VaultCreated::SIGNATURE_HASH)
        .topic1(vault.address)
        .from_block(from_block.unwrap_or(0));
    // Many nodes search a short span of blocks only. Then the operator must name the factory.
    let log = vault.node.provider.get_logs(&made).await.ok().and_then(|logs| logs.into_iter().next());
    (log.as_ref().map(|log| log.address()), from_block.or(log.and_then(|log| log.block_number)))
}

fn parties(args: &InitArgs, sender: Address) -> Result<VaultConfig, Failure> {
    let given = |text: &Option<String>| text.as_deref().map(address).transpose();
    let owner = given(&args.owner)?.unwrap_or(sender);
    let treasury = given(&args.treasury)?.unwrap_or(owner);
    Ok(VaultConfig { owner, treasury, guardian: given(&args.guardian)?.unwrap_or_default() })
}

/// Compiles the contracts, off the async threads.
pub(crate) async fn compile(root: PathBuf) -> Result<Build, Failure> {
    let built = tokio::task::spawn_blocking(move || Build::compile(&root)).await;
    match built {
        Ok(built) => built.map_err(|error| library_failure::of_build(&error)),
        Err(error) => Err(Failure::error("Internal", "compiling stopped", error.to_string(), "run the command again")),
    }
}

/// A factory, a vault, and the lens that tells the most that can leave it.
pub(crate) struct Contracts {
    pub(crate) factory: Outcome,
    pub(crate) vault: Outcome,
    pub(crate) lens: Outcome,
}

/// Deploys what is not there yet.
pub(crate) async fn deploy(
    node: &Node,
    build: &Build,
    config: &VaultConfig,
    number: u64,
) -> Result<Contracts, Failure> {
    let failed = |error| library_failure::of_deploy(&error);
    let factory = deploy_factory(&node.provider, node.chain_id, build).await.map_err(failed)?;
    let salt = B256::from(U256::from(number));
    let vault = deploy_vault(&node.provider, node.chain_id, build, config, salt).await.map_err(failed)?;
    let lens = deploy_lens(&node.provider, node.chain_id, build).await.map_err(failed)?;
    Ok(Contracts { factory, vault, lens })
}

/// The token that the flags or the chain name, and whether it is new: a test USDC is deployed and put into the vault,
/// unless the profile that is replaced has one.
async fn token(
    context: &Context,
    args: &InitArgs,
    vault: &Vault,
    sender: Address,
    root: &Path,
) -> Result<(Address, bool), Failure> {
    let node = &vault.node;
    if let Some(text) = &args.token {
        return Ok((address(text)?, false));
    }
    if !args.test_usdc {
        return Ok((official(node.chain_id)?, false));
    }
    if let Some(known) = context.config.profile.get(&args.name).and_then(|profile| profile.token) {
        let code = node.provider.get_code_at(known).await.map_err(rpc_failure::of)?;
        if !code.is_empty() {
            return Ok((known, false));
        }
    }
    let mint = [(vault.address, U256::from(TEST_USDC))];
    let deployed = deploy_test_usdc(&node.provider, root, sender, &mint).await;
    deployed.map(|token| (token, true)).map_err(|error| library_failure::of_test_usdc(&error))
}

/// The token with the unit that it is to be counted in; a listed one has its unit for good.
fn to_list(token: Token, largest: &str) -> Result<Token, Failure> {
    if token.listed {
        return Ok(token);
    }
    let unit_bits = finest_unit(token.parse(largest)?).ok_or_else(|| {
        Failure::usage(
            "CapTooLarge",
            "no vault can hold so large a limit",
            format!("{largest} {} is about 2^128 base units", token.symbol),
            "give a smaller --largest-limit",
        )
    })?;
    Ok(Token { unit_bits, ..token })
}

/// The chain's official USDC.
fn official(chain_id: u64) -> Result<Address, Failure> {
    Chain::by_id(chain_id).and_then(Chain::usdc).map(|token| token.address).ok_or_else(|| {
        Failure::usage(
            "TokenMissing",
            "which token is to be paid in?",
            format!("{} has no official USDC", chain_name(chain_id)),
            "name it with --token ADDRESS; on a local chain --test-usdc deploys one",
        )
    })
}

/// Lists the token in the vault, or says how, where another wallet owns the vault.
async fn list_token(vault: &Vault, token: &Token, sender: Address, owner: Address) -> Result<String, Failure> {
    let verb = Verb::AddToken { token: token.address, unit_bits: token.unit_bits };
    let names = vault.words(token);
    let scale = token.show_scale();
    if token.listed {
        return Ok(format!("{}   token {}, as before: {scale}", green("listed"), short(token.address)));
    }
    if sender != owner {
        let batch = change::propose(vault, &[verb], &names).text;
        return Ok(format!("The owner must list the token first ({scale}); as a Safe batch:\n{batch}"));
    }
    let made = change::send(vault, sender, &verb, &names).await?;
    Ok(format!("{}\n      {scale}", made.text))
}

fn tell(what: &str, outcome: &Outcome) -> String {
    let record = outcome.record();
    let done = if outcome.is_new() { green("deployed") } else { "there already".to_owned() };
    let place = match (record.block, record.tx) {
        (Some(block), Some(tx)) => format!("   block {block}   tx {tx}"),
        _ => String::new(),
    };
    format!("{done} {what} {}{place}", record.address)
}

fn profile(context: &Context, vault: &Vault, token: Address) -> Result<Profile, Failure> {
    let chain_id = vault.node.chain_id;
    let chain = Chain::by_id(chain_id).map_or_else(|| chain_id.to_string(), |chain| chain.name.clone());
    let official = Chain::by_id(chain_id).and_then(Chain::usdc).map(|token| token.address);
    Ok(Profile {
        chain: Some(chain),
        rpc_url: Some(context.rpc_url()?),
        vault: Some(vault.address),
        token: if official == Some(token) { None } else { Some(token) },
        keystore: context.global.keystore.as_deref().map(|path| beside(path, context.folder())),
        from: context.global.from.as_deref().map(address).transpose()?,
        factory: None,
        from_block: None,
    })
}

/// A path as the config file has it: relative where the file lies beside it, absolute elsewhere.
fn beside(path: &Path, folder: &Path) -> PathBuf {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (path, folder) = (whole(path), whole(folder));
    path.strip_prefix(&folder).map(Path::to_owned).unwrap_or(path)
}

fn save(context: &Context, name: &str, profile: Profile) -> Result<usize, Failure> {
    let mut config: Config = context.config.clone();
    config.profile.insert(name.to_owned(), profile);
    config.default.get_or_insert_with(|| name.to_owned());
    config.save(&context.config_path)
}
