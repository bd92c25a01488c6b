//! Events and errors of a Solidity interface with their comments, which the compiled ABI no longer has. Reads the form
//! that `forge fmt` gives our own interfaces, not Solidity at large; the pages compare what was read with the ABI.

use anyhow::{Context, ensure};

/// An event or error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) parameters: Vec<Parameter>,
    /// What the comment says, `@notice` and `@dev` in one.
    pub(crate) notice: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Event,
    Error,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) solidity_type: String,
    pub(crate) indexed: bool,
    pub(crate) name: String,
}

impl Item {
    /// As hashed for selector and topic: `VaultShort(uint256,uint256)`.
    pub(crate) fn signature(&self) -> String {
        let types: Vec<_> = self.parameters.iter().map(|parameter| parameter.solidity_type.as_str()).collect();
        format!("{}({})", self.name, types.join(","))
    }

    /// As declared: `VaultShort(uint256 balance, uint256 needed)`.
    pub(crate) fn declaration(&self) -> String {
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|Parameter { solidity_type, indexed, name }| {
                format!("{solidity_type} {}{name}", if *indexed { "indexed " } else { "" })
            })
            .collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}

/// All events and errors of an interface, in its order.
pub(crate) fn items(source: &str) -> anyhow::Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut comment = String::new();
    let mut lines = source.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("///") {
            let text = text.trim();
            let text = ["@notice", "@dev"].iter().find_map(|tag| text.strip_prefix(tag)).unwrap_or(text);
            comment.push_str(text.trim());
            comment.push(' ');
            continue;
        }
        let kind = match line.split_once(' ') {
            Some(("event", _)) => Some(Kind::Event),
            Some(("error", _)) => Some(Kind::Error),
            _ => None,
        };
        if let Some(kind) = kind {
            let mut declaration = line.to_owned();
            while !declaration.ends_with(';') {
                declaration.push(' ');
                declaration.push_str(lines.next().context("a declaration has no end")?);
            }
            items.push(item(kind, &declaration, comment.trim()).with_context(|| declaration.clone())?);
        }
        comment.clear();
    }
    Ok(items)
}

fn item(kind: Kind, declaration: &str, notice: &str) -> anyhow::Result<Item> {
    let (_, rest) = declaration.split_once(' ').context("it has no name")?;
    let (name, rest) = rest.split_once('(').context("it has no parameters")?;
    let list = rest.strip_suffix(");").context("its parameters have no end")?;
    ensure!(!notice.is_empty(), "it has no @notice");
    let parameters = list.split(',').map(str::trim).filter(|text| !text.is_empty());
    Ok(Item {
        kind,
        name: name.to_owned(),
        parameters: parameters.map(parameter).collect::<anyhow::Result<_>>()?,
        notice: notice.to_owned(),
    })
}

fn parameter(text: &str) -> anyhow::Result<Parameter> {
    let words: Vec<_> = text.split_whitespace().collect();
    let (solidity_type, indexed, name) = match words[..] {
        [solidity_type, name] => (solidity_type, false, name),
        [solidity_type, "indexed", name] => (solidity_type, true, name),
        _ => anyhow::bail!("\"{text}\" is no parameter"),
    };
    Ok(Parameter { solidity_type: solidity_type.to_owned(), indexed, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Kind, items};

    const SOURCE: &str = "
        interface I {
            // event Commented(uint8 out);
            /// @notice About the function.
            function f() external;

            /// @notice Money
            ///         moved.
            event Moved(
                uint32 indexed id, uint128 amount
            );
            /// @notice Nobody.
            /// @dev    Ever.
            error Nobody();
        }";

    #[test]
    fn declarations_are_read_with_their_comments() -> anyhow::Result<()> {
        let items = items(SOURCE)?;
        assert_eq!(items.len(), 2);
        assert_eq!((items[0].kind, items[0].notice.as_str()), (Kind::Event, "Money moved."));
        assert_eq!(items[0].signature(), "Moved(uint32,uint128)");
        assert_eq!(items[0].declaration(), "Moved(uint32 indexed id, uint128 amount)");
        assert_eq!((items[1].kind, items[1].notice.as_str()), (Kind::Error, "Nobody. Ever."));
        assert_eq!(items[1].signature(), "Nobody()");
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for source in ["event Endless(", "/// @notice n\nerror E(uint8);", "error NoComment();"] {
            assert!(items(source).is_err(), "{source}");
        }
    }
}
