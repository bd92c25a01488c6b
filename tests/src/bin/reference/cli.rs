//! The page about the command line: the help of every command, as the built program prints it.

use anyhow::{Context, ensure};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// As wide as `purse` ever prints.
const COLUMNS: &str = "100";
/// The headings of what every command's help repeats.
const REPEATED: [&str; 2] = ["Global options:", "Exit codes:"];
/// Commands nest this deep at most: `purse agent add`.
const MAX_DEPTH: usize = 3;

const INTRODUCTION: &str = "# Command line

Flags that every command takes, and the exit codes, stand once, under [`purse`](#purse). stdout carries the result only;
`--json` changes its form and nothing else. Amounts are decimal strings.
";

/// The page.
///
/// # Errors
/// When the program at `purse` is not there, or its help cannot be read.
pub(crate) fn page(purse: &Path) -> anyhow::Result<String> {
    let mut page = INTRODUCTION.to_owned();
    let mut waiting = vec![Vec::<String>::new()];
    while let Some(command) = waiting.pop() {
        let help = help(purse, &command)?;
        let title = [&["purse".to_owned()], command.as_slice()].concat().join(" ");
        let shown = if command.is_empty() { help.clone() } else { without_repeated(&help) };
        write!(page, "\n## {title}\n\n```text\n{shown}\n```\n")?;
        let below = subcommands(&help);
        ensure!(below.is_empty() || command.len() + 1 < MAX_DEPTH, "`{title}` nests deeper than {MAX_DEPTH}");
        // The last one waiting is the next one taken: a command's own come right after it, in their order.
        waiting.extend(below.into_iter().rev().map(|name| [command.as_slice(), &[name]].concat()));
    }
    Ok(page)
}

/// What a command prints when asked for help, without the blanks at the ends of its lines.
fn help(purse: &Path, command: &[String]) -> anyhow::Result<String> {
    let fix = "fix: run `cargo build -p purse-cli`";
    let output = Command::new(purse)
        .args(command)
        .arg("--help")
        .env_clear() // help quotes the environment
        .env("COLUMNS", COLUMNS)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} does not run\n{fix}", purse.display()))?;
    ensure!(output.status.success(), "`purse {} --help` ended with {}\n{fix}", command.join(" "), output.status);
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned())
}

/// The names under "Commands:".
fn subcommands(help: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = below.take_while(|line| line.starts_with("  ")).filter_map(|line| {
        // Deeper lines continue a description.
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then(|| name.to_owned())
    });
    names.collect()
}

/// The help without what every command's help repeats.
fn without_repeated(help: &str) -> String {
    let mut repeated = false;
    let kept = help.lines().filter(|line| {
        if !line.is_empty() && !line.starts_with(' ') {
            repeated = REPEATED.contains(line);
        }
        !repeated
    });
    kept.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{page, subcommands, without_repeated};
    use std::path::Path;

    const HELP: &str = "Does.\n\nCommands:\n  add   Adds\n        more\n  list  Lists\n  help  Helps\n\nGlobal options:\n      \
                        --json\n\nExamples:\n  purse add";

    #[test]
    fn help_is_taken_apart() {
        assert_eq!(subcommands(HELP), ["add", "list"]);
        assert!(subcommands("Usage: purse\n\nOptions:\n  -h").is_empty());
        let rest = without_repeated(HELP);
        assert!(!rest.contains("--json") && rest.contains("list") && rest.ends_with("Examples:\n  purse add"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_a_fix() {
        let page = page(Path::new("/nowhere/purse"));
        assert!(page.is_err_and(|error| error.to_string().contains("fix: run `cargo build -p purse-cli`")));
    }
}
