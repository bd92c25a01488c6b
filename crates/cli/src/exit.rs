//! What the process answers to its caller: the exit codes, which `purse --help` lists and the tests hold.

/// An exit code with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// Something failed that no other code names.
    Error = 1,
    /// The command line could not be understood.
    Usage = 2,
    /// The vault refused, by its policy. Nothing was paid or changed.
    Refused = 3,
    /// A key, keystore or password is missing or wrong.
    Key = 4,
    /// A verification ran and found a difference.
    Differs = 6,
    /// A transaction was sent but was not seen in a block in time.
    NotFinal = 7,
    /// The RPC endpoint can't be reached, or does not answer as a node does.
    RpcUnreachable = 69,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

/// Every exit code and what it means, as `purse help` and the documentation print it.
pub(crate) const MEANINGS: [(Exit, &str); 9] = [
    (Exit::Ok, "done"),
    (Exit::Error, "error"),
    (Exit::Usage, "usage: the command line could not be understood"),
    (Exit::Refused, "refused by policy; nothing was paid or changed"),
    (Exit::Key, "key: a keystore or password is missing or wrong"),
    (Exit::Differs, "verification failed: a difference was found"),
    (Exit::NotFinal, "sent, but not seen in a block in time"),
    (Exit::RpcUnreachable, "the RPC endpoint can't be reached or gives no sense"),
    (Exit::Interrupted, "stopped by Ctrl-C"),
];

impl Exit {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// The end of `purse --help`: examples, and every exit code.
pub(crate) fn help(examples: &str) -> String {
    let mut text = format!("{examples}\n\nExit codes:");
    for (exit, meaning) in MEANINGS {
        text.push_str(&format!("\n  {:>3}  {meaning}", exit.code()));
    }
    text
}
