//! The built program, in an empty home that is thrown away.

use anyhow::{Context, bail, ensure};
use purse_agent::{SessionFile, SessionKey, keystore};
use purse_deployer::book;
use purse_protocol::SessionId;
use purse_tests::{LocalChain, Scene};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Opens every keystore of these tests.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A home folder with the program's environment: no config, no session, nothing inherited.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// An empty home, with a password file.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let home = Self { folder: tempfile::tempdir()? };
        std::fs::write(home.path("password"), format!("{PASSWORD}\n"))?;
        std::fs::set_permissions(home.path("password"), PermissionsExt::from_mode(0o600))?;
        Ok(home)
    }

    /// A home with a profile and an address book for the scene's vault, the owner's keystore, and the session and key of the
    /// first agent.
    pub(crate) fn of(scene: &Scene) -> anyhow::Result<Self> {
        let home = Self::new()?;
        let owner = SessionKey::from_bytes(&scene.actors.owner.to_bytes().0).context("a key")?;
        keystore::store(&home.path("owner.json"), &owner, PASSWORD)?;
        let agent = SessionKey::from_bytes(&scene.actors.agents[0].to_bytes().0).context("a key")?;
        keystore::store(&home.path("researcher.key.json"), &agent, PASSWORD)?;
        let session = SessionId::new(Scene::SESSION).context("sessions start at 1")?;
        let path = home.path("researcher.session.toml");
        let key = Path::new("researcher.key.json");
        SessionFile::new(&path, scene.vault, scene.chain_id(), session, scene.usdc, key).create()?;
        let config = format!(
            "default = \"ops\"\n[profile.ops]\nchain = \"anvil\"\nrpc_url = \"{}\"\nvault = \"{}\"\ntoken = \"{}\"\nkeystore = \"../../owner.json\"\n",
            scene.rpc_url(),
            scene.vault,
            scene.usdc
        );
        std::fs::create_dir_all(home.path(".config/purse/deployments"))?;
        std::fs::write(home.path(".config/purse/config.toml"), config)?;
        book::save(&home.path(".config/purse/deployments"), &scene.address_book())?;
        Ok(home)
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these arguments, not started yet.
    pub(crate) fn command(&self, args: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(program()?);
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("PURSE_HOME", LocalChain::checkout());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("PURSE_ANVIL", LocalChain::checkout().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"));
        Ok(command)
    }

    /// Runs it.
    pub(crate) fn run(&self, args: &[&str]) -> anyhow::Result<Ran> {
        Ran::of(self.command(args)?.output()?)
    }

    /// Runs it, and expects it to succeed.
    pub(crate) fn done(&self, args: &[&str]) -> anyhow::Result<String> {
        let ran = self.run(args)?;
        ensure!(ran.code == 0, "purse {args:?} ended with {}\n{}{}", ran.code, ran.stdout, ran.stderr);
        Ok(ran.stdout)
    }

    /// Runs it with `--json`, and expects it to succeed.
    pub(crate) fn json(&self, args: &[&str]) -> anyhow::Result<Value> {
        let value: Value = serde_json::from_str(&self.done(&[args, &["--json"]].concat())?)?;
        ensure!(value["ok"] == true, "{value}");
        Ok(value)
    }

    /// Every file with its contents: to see that nothing was written.
    pub(crate) fn files(&self) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), std::fs::read(path)?);
                }
            }
        }
        Ok(files)
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> anyhow::Result<Self> {
        Ok(Self {
            code: output.status.code().context("it was killed")?,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }
}

/// Where cargo puts the program: beside the folder of this test's own.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.parent().and_then(Path::parent).context("a target folder")?.join("purse");
    if !program.is_file() {
        bail!("{} is not there: build it with cargo build -p purse-cli (make test does)", program.display());
    }
    Ok(program)
}
