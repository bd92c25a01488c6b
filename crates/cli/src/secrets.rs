//! Passwords: from a file or asked for, never from a flag or the environment; wiped after use.

use crate::exit::Exit;
use crate::failure::Failure;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest password file read: longer than any password, short enough to notice a wrong file.
const MAX_PASSWORD_BYTES: u64 = 1024;

/// The permission bits of group and world.
const OTHERS: u32 = 0o077;

/// May a question be asked?
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    /// `--no-input`
    pub(crate) never: bool,
    /// `--yes`
    pub(crate) yes: bool,
}

impl Asking {
    fn possible(self) -> bool {
        !self.never && std::io::stdin().is_terminal()
    }

    /// Reads a password from `file`, or asks for the one of `what`.
    pub(crate) async fn password(self, file: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Failure> {
        self.password_by(file, what, "--password-file").await
    }

    async fn password_by(self, file: Option<&Path>, what: &str, flag: &str) -> Result<Zeroizing<String>, Failure> {
        if let Some(file) = file {
            return password_file(file);
        }
        if !self.possible() {
            return Err(Failure::new(
                Exit::Key,
                "PasswordMissing",
                format!("no password for {what}"),
                "nobody can be asked (--no-input, or no terminal), and no password file is named",
                format!("name the file that holds it: {flag} PATH"),
            ));
        }
        let prompt = format!("Password of {what}: ");
        let _terminal = Terminal::remember();
        let answer = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await;
        let not_read = |cause: String| {
            Failure::new(Exit::Key, "PasswordMissing", "no password was read", cause, format!("use {flag} PATH"))
        };
        match answer {
            Ok(Ok(password)) => Ok(Zeroizing::new(password)),
            Ok(Err(error)) => Err(not_read(error.to_string())),
            Err(error) => Err(not_read(error.to_string())),
        }
    }

    /// Asks for a new password of `what`, twice; or reads it from `file`.
    pub(crate) async fn new_password(self, file: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Failure> {
        let first = self.password_by(file, &format!("{what} (new)"), "--key-password-file").await?;
        if file.is_none() && *first != *self.password(None, &format!("{what} (again)")).await? {
            return Err(Failure::new(
                Exit::Key,
                "PasswordsDiffer",
                "the two passwords differ",
                "the second time you typed something else",
                "run the command again",
            ));
        }
        Ok(first)
    }

    /// Asks a yes-or-no question; `--yes` answers it, and no is the default.
    pub(crate) async fn confirm(self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let answer = self.line(&format!("{question} [y/N] ")).await?;
        if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(declined()) }
    }

    /// Asks to type `word`; `--yes` answers it.
    pub(crate) async fn confirm_by_typing(self, question: &str, word: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let answer = self.line(&format!("{question} Type {word} to confirm: ")).await?;
        if answer.trim() == word { Ok(()) } else { Err(declined()) }
    }

    async fn line(self, prompt: &str) -> Result<String, Failure> {
        if !self.possible() {
            return Err(Failure::usage(
                "NobodyToAsk",
                "this needs an answer",
                "nobody can be asked (--no-input, or no terminal)",
                "run it again with --yes if you mean it",
            ));
        }
        crate::output::to_stderr_open(prompt);
        let read = tokio::task::spawn_blocking(|| {
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer).map(|_| answer)
        });
        Ok(read.await.ok().and_then(Result::ok).unwrap_or_default())
    }
}

/// The terminal as it was before a password was asked for. A Ctrl-C leaves the prompt without its own clean-up, and
/// the shell would go on without showing what is typed.
struct Terminal {
    device: File,
    before: Termios,
}

impl Terminal {
    fn remember() -> Option<Self> {
        let device = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let before = tcgetattr(&device).ok()?;
        Some(Self { device, before })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.device, OptionalActions::Now, &self.before);
    }
}

fn declined() -> Failure {
    Failure::error("Declined", "nothing was changed", "you did not confirm", "run the command again to confirm")
}

/// The first line of a password file.
fn password_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failure = |cause: String| {
        Failure::new(
            Exit::Key,
            "PasswordMissing",
            format!("cannot read the password file {}", path.display()),
            cause,
            "name a file whose first line is the password: --password-file PATH",
        )
    };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(|error| failure(error.to_string()))?;
    let about = file.metadata().map_err(|error| failure(error.to_string()))?;
    let mode = about.permissions().mode() & 0o777;
    // A pipe, such as <(pass show owner), is for its reader alone.
    if about.is_file() && mode & OTHERS != 0 {
        return Err(Failure::new(
            Exit::Key,
            "PermissionsTooOpen",
            format!("the password file {} is open to others", path.display()),
            format!("others can read or change it (mode {mode:04o})"),
            format!("run   chmod 600 {}   and, if others may have read it, change the password", path.display()),
        ));
    }
    file.take(MAX_PASSWORD_BYTES).read_to_string(&mut text).map_err(|error| failure(error.to_string()))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
