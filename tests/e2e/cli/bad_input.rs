//! What goes wrong has a name, a cause, a fix and an exit code, and leaves nothing half-written.

use super::purse::Home;
use anyhow::{Context, ensure};
use purse_indexer::rpc::http::LONGEST_ANSWER;
use purse_tests::{LocalChain, Scene};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PASSWORD: [&str; 2] = ["--password-file", "password"];

/// Runs `args` as text and as JSON, and expects that name and exit code both times, and no trace.
fn fails(home: &Home, args: &[&str], code: &str, exit: i32) -> anyhow::Result<()> {
    let before = home.files()?;
    let text = home.run(args)?;
    let said = &text.stderr;
    ensure!(text.code == exit && said.contains(&format!("error[{code}]: ")), "{args:?}: {}, {said}", text.code);
    for word in ["  cause: ", "  fix:   "] {
        let line = said.lines().find_map(|line| line.strip_prefix(word));
        ensure!(line.is_some_and(|rest| !rest.trim().is_empty()), "{args:?} gives no{word}: {said}");
    }
    ensure!(text.stdout.is_empty(), "{args:?}: stdout is for results: {}", text.stdout);

    let json = home.run(&[args, &["--json"]].concat())?;
    let value: Value = serde_json::from_str(&json.stdout).with_context(|| format!("{args:?}: {}", json.stdout))?;
    ensure!(json.code == exit && value["ok"] == false && value["error"]["code"] == code, "{args:?}: {value}");
    ensure!(value["error"]["exit"] == exit, "{value}");
    for field in ["message", "cause", "fix"] {
        ensure!(value["error"][field].as_str().is_some_and(|text| !text.is_empty()), "{value}");
    }
    ensure!(home.files()? == before, "{args:?} left something");
    Ok(())
}

#[tokio::test]
async fn words_that_make_no_sense() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let sequence = scene.vault().head().call().await?.sequence;
    let payee = scene.actors.payees[0].to_string();
    let stranger = scene.actors.relayer.address().to_string();
    let wrong_checksum = payee.replacen(|c: char| c.is_ascii_uppercase(), "a", 1);

    for amount in ["1e3", "-1", "1,000", "0.0000001", "1.0000000", "+1", "0", "", "0x10", "１"] {
        fails(&home, &["pay", &payee, amount, "--reason", "x", PASSWORD[0], PASSWORD[1]], "AmountInvalid", 2)?;
        fails(&home, &["check", &payee, amount], "AmountInvalid", 2)?;
    }
    let table: [(&[&str], &str, i32); 25] = [
        (&["check", &payee, "1", "EURX"], "TokenUnknown", 1),
        (&["check", &payee, "1", &stranger], "TokenUnknown", 1),
        (&["check", "nobody", "1"], "PayeeUnknown", 1),
        (&["check", &wrong_checksum, "1"], "AddressInvalid", 2),
        (&["check", &stranger, "1"], "PayeeNotInBook", 3),
        (&["check", &payee, "1", "--session", "none.toml"], "FileMissing", 4),
        (&["agent", "show", "ghost"], "AgentUnknown", 1),
        (&["agent", "show", "99"], "SessionUnknown", 1),
        (&["agent", "limit", "1", "--limit", "10/2h"], "LimitInvalid", 2),
        (&["agent", "limit", "1", "--limit", "1e3/24h"], "AmountInvalid", 2),
        (&["agent", "limit", "1", "--categories", "gambling"], "CategoryInvalid", 2),
        (&["agent", "limit", "1", "--expires", "yesterday"], "ExpiryInvalid", 2),
        (&["agent", "add", "9lives", "--policy", "p.toml"], "NameInvalid", 2),
        (&["agent", "add", "rex", "--policy", "p.toml"], "PolicyMissing", 1),
        (&["payee", "add", "0x12", "--category", "data"], "AddressInvalid", 2),
        (&["revoke", "1", "--no-input"], "NobodyToAsk", 2),
        (&["status", "--vault", &stranger], "NoVault", 1),
        (&["status", "--profile", "other"], "ProfileUnknown", 1),
        (&["status", "--config", "none.toml"], "ConfigMissing", 1),
        (&["check", &payee, "1", "--config", "none.toml"], "ConfigMissing", 1),
        (&["init", "second", "--vault", &scene.usdc.to_string()], "NoVault", 1),
        (&["status", "--rpc-url", "ftp://x"], "RpcUrlInvalid", 2),
        (&["status", "--chain", "atlantis"], "ChainUnknown", 2),
        (&["frobnicate"], "Usage", 2),
        (&["pay", &payee, "1"], "Usage", 2),
    ];
    for (args, code, exit) in table {
        fails(&home, args, code, exit)?;
    }
    ensure!(scene.vault().head().call().await?.sequence == sequence, "nothing happened on the chain");
    Ok(())
}

#[tokio::test]
async fn keys_that_do_not_open() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    let pay = ["pay", &payee, "1", "--reason", "x"];
    let with = |more: &[&'static str]| [&pay[..], more].concat();
    std::fs::write(home.path("wrong"), "wrong\n")?;
    std::fs::set_permissions(home.path("wrong"), PermissionsExt::from_mode(0o644))?;
    fails(&home, &with(&["--password-file", "wrong"]), "PermissionsTooOpen", 4)?;
    std::fs::set_permissions(home.path("wrong"), PermissionsExt::from_mode(0o600))?;
    fails(&home, &with(&["--password-file", "wrong"]), "WrongPassword", 4)?;
    fails(&home, &["pause", "--password-file", "wrong"], "WrongPassword", 4)?;
    fails(&home, &with(&["--password-file", "none"]), "PasswordMissing", 4)?;
    fails(&home, &with(&[]), "PasswordMissing", 4)?;
    fails(&home, &["pause", "--keystore", "none.json", PASSWORD[0], PASSWORD[1]], "KeystoreMissing", 4)?;
    let other = scene.actors.guardian.address().to_string();
    fails(&home, &["pause", "--from", &other, PASSWORD[0], PASSWORD[1]], "WrongKey", 4)?;
    fails(&home, &["withdraw", "1", "--unlocked", "--from", &scene.vault.to_string()], "KeyMissing", 4)?;
    fails(&home, &["withdraw", "1", "--unlocked", "--from", &other], "NotOwner", 3)?;

    let whole = std::fs::read(home.path("owner.json"))?;
    std::fs::write(home.path("owner.json"), &whole[..whole.len() / 2])?;
    fails(&home, &["pause", PASSWORD[0], PASSWORD[1]], "KeystoreTruncated", 4)?;
    std::fs::write(home.path("owner.json"), whole)?;
    std::fs::set_permissions(home.path("owner.json"), PermissionsExt::from_mode(0o644))?;
    fails(&home, &["pause", PASSWORD[0], PASSWORD[1]], "PermissionsTooOpen", 4)?;
    std::fs::remove_file(home.path("researcher.session.toml"))?;
    fails(&home, &with(&PASSWORD), "SessionMissing", 2)
}

#[tokio::test]
async fn files_that_are_not_understood() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let config = home.path(".config/purse/config.toml");
    let good = std::fs::read_to_string(&config)?;
    for bad in [format!("colour = \"red\"\n{good}"), good.replace("vault", "volt"), "default = ".to_owned()] {
        std::fs::write(&config, bad)?;
        fails(&home, &["status"], "ConfigInvalid", 1)?;
    }
    std::fs::write(&config, good)?;
    std::fs::write(home.path("rex.toml"), "per_payment = \"2\"\nrate = 3\n")?;
    fails(&home, &["agent", "add", "rex", "--policy", "rex.toml"], "PolicyInvalid", 1)?;
    let names = home.path(&format!(".config/purse/names/31337-{:#x}.toml", scene.vault));
    std::fs::create_dir_all(names.parent().context("a folder")?)?;
    std::fs::write(names, "[people]\n")?;
    fails(&home, &["status"], "NamesInvalid", 1)
}

#[tokio::test]
async fn nodes_that_are_wrong() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    let down = format!("http://127.0.0.1:{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
    let commands: [&[&str]; 6] = [
        &["status"],
        &["check", &payee, "1"],
        &["pay", &payee, "1", "--reason", "x", PASSWORD[0], PASSWORD[1]],
        &["pause", PASSWORD[0], PASSWORD[1]],
        &["index", "--factory", &payee],
        &["audit", "--factory", &payee],
    ];
    for command in commands {
        fails(&home, &[command, &["--rpc-url", &down]].concat(), "RpcUnreachable", 69)?;
    }
    for command in commands {
        fails(&home, &[command, &["--chain", "base"]].concat(), "WrongChain", 1)?;
    }
    for nonsense in ["<html>hello</html>", "", "{}", r#"{"jsonrpc":"2.0","id":0,"result":"zebra"}"#, "\u{1b}[2J"] {
        let url = serve(nonsense)?;
        for command in commands {
            fails(&home, &[command, &["--rpc-url", &url]].concat(), "RpcNonsense", 69)?;
        }
    }
    let (url, longest) = unending()?;
    for command in commands {
        fails(&home, &[command, &["--rpc-url", &url]].concat(), "RpcNonsense", 69)?;
    }
    let (read, bound) = (longest.load(Ordering::Relaxed), LONGEST_ANSWER);
    ensure!((bound..bound + (16 << 20)).contains(&read), "{read} bytes were read, or lay in sockets");

    let elsewhere = LocalChain::start(1).await?;
    let url = elsewhere.rpc_url();
    for command in &commands[..4] {
        fails(&home, &[command, &["--rpc-url", &url][..]].concat(), "WrongChain", 1)?;
    }
    let unlocked = ["pause", "--unlocked", "--chain", "1", "--rpc-url", &url];
    fails(&home, &unlocked, "UnlockedRefused", 4)
}

/// A server on a free port that answers every request with this body.
fn serve(body: &'static str) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, body)));
    Ok(url)
}

/// A server whose answers have no end, and how many bytes of one went out at most.
fn unending() -> anyhow::Result<(String, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let longest = Arc::<AtomicUsize>::default();
    let count = longest.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            let (part, mut written) = ([b' '; 1 << 16], 0);
            while stream.write_all(&part).is_ok() {
                written += part.len();
            }
            count.fetch_max(written, Ordering::Relaxed);
        }
    });
    Ok((url, longest))
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut request = [0; 4_096];
    let _ = stream.read(&mut request);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}
