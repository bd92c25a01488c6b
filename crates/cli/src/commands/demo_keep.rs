//! `purse demo --keep`: a chain, a vault, an agent and a seller to try things with, until Ctrl-C.

use crate::config::{Config, Profile};
use crate::connect::LOCAL_CHAIN;
use crate::context::Context;
use crate::demo_seller::DemoSeller;
use crate::demo_stage::Stage;
use crate::demo_teller::Teller;
use crate::failure::Failure;
use crate::files;
use crate::interrupt::interrupted;
use crate::library_failure;
use crate::output::{Reply, bold};
use purse_deployer::book;
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

/// Opens the key of an agent that lives as long as this command and has play money only.
const PASSWORD: &str = "demo";

/// Plays until it is stopped; then all of it goes.
pub(crate) async fn run(context: &Context) -> Result<Reply, Failure> {
    tokio::select! {
        biased;
        () = stopped() => Ok(Reply::new("\nStopped. Nothing is left of it.", json!({ "stopped": true }))),
        failure = stay(context) => Err(failure),
    }
}

/// By Ctrl-C, by whoever runs it, or since its terminal was closed.
async fn stopped() {
    match signal(SignalKind::hangup()) {
        Ok(mut closed) => tokio::select! {
            () = interrupted() => {}
            _ = closed.recv() => {}
        },
        Err(_) => interrupted().await,
    }
}

async fn stay(context: &Context) -> Failure {
    match opened(context).await {
        Err(failure) => failure,
        Ok((stage, seller)) => {
            std::future::pending::<()>().await;
            drop((stage, seller)); // they live until then
            Failure::error("Internal", "the demo ended", "it waits for ever", "run the command again")
        }
    }
}

/// Builds it all, and says what to try.
async fn opened(context: &Context) -> Result<(Stage, DemoSeller), Failure> {
    let mut teller = Teller::new(context.output);
    let stage = Stage::build(context, &mut teller, Some(PASSWORD)).await?;
    let mut clock = Instant::now();
    let seller = stage.seller().await?;
    teller.ready("Opening an x402 seller", &mut clock);
    let home = Home::furnish(&stage)?;
    let commands = home.commands(&seller.url);
    context.output.tell(&format!("\n{}\n", bold("To try in another terminal:")));
    context.output.tell(&format!("  {}", home.exports()));
    for command in &commands {
        context.output.tell(&format!("  {command}"));
    }
    context.output.tell("\nIt is play money on a chain of its own. All of it goes with Ctrl-C.");
    context.output.event(&json!({
        "ready": true,
        "seller": seller.url,
        "rpc_url": stage.anvil.url,
        "vault": stage.vault.address,
        "environment": home.environment,
        "commands": commands,
    }));
    Ok((stage, seller))
}

/// What other processes need to be this owner and this agent.
struct Home {
    environment: BTreeMap<&'static str, String>,
}

impl Home {
    /// Writes config, names, address book and password beside the session file.
    fn furnish(stage: &Stage) -> Result<Self, Failure> {
        let folder = stage.folder.path();
        let config_path = folder.join("config.toml");
        let profile = Profile {
            chain: Some("anvil".to_owned()),
            rpc_url: Some(stage.anvil.url.clone()),
            vault: Some(stage.vault.address),
            token: Some(stage.token.address),
            ..Profile::default()
        };
        let profiles = [("demo".to_owned(), profile)].into_iter().collect();
        Config { default: Some("demo".to_owned()), profile: profiles }.save(&config_path)?;
        stage.vault.names.save()?;
        let (factory, lens) = (stage.contracts.factory.record(), stage.contracts.lens.record());
        book::note(&folder.join("deployments"), LOCAL_CHAIN, factory, Some(lens), None)
            .map_err(|error| library_failure::of_book(&error))?;
        let password = folder.join("password");
        files::write_whole(&password, &format!("{PASSWORD}\n"), 0o600)?;
        let mut environment = BTreeMap::from([
            ("PURSE_CONFIG", shown(&config_path)),
            ("PURSE_SESSION", shown(stage.buyer.agent().session().path())),
            ("ETH_PASSWORD", shown(&password)),
            ("XDG_DATA_HOME", shown(&folder.join("data"))),
        ]);
        if let Some(program) = not_on_path() {
            environment.insert("PATH", format!("{}:$PATH", program.display()));
        }
        Ok(Self { environment })
    }

    fn exports(&self) -> String {
        let set = self.environment.iter().map(|(name, value)| format!("{name}=\"{value}\""));
        format!("export {}", set.collect::<Vec<_>>().join(" "))
    }

    fn commands(&self, seller: &str) -> Vec<String> {
        vec![
            format!("purse quote {seller}/forecast"),
            format!("purse pay {seller}/forecast --reason \"my first forecast\""),
            format!("purse pay {seller}/archive --reason \"3.00, and 2.00 is the most at once\""),
            "purse payments".to_owned(),
            "purse status".to_owned(),
            "purse audit".to_owned(),
        ]
    }
}

/// The folder of this program, where typing `purse` would not find it.
fn not_on_path() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("purse")).find(|path| path.is_file());
    let same = found.and_then(|found| found.canonicalize().ok()) == program.canonicalize().ok();
    if same { None } else { program.parent().map(Path::to_owned) }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
