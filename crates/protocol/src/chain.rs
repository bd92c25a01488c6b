//! The chains that are known, and what differs between them: one table, `chains.toml`.

use alloy::primitives::Address;
use serde::Deserialize;
use std::sync::LazyLock;

/// A chain of the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// EIP-155 chain id.
    pub id: u64,
    /// Its name in commands and settings, such as `base-sepolia`.
    pub name: String,
    /// When a block of it counts as final.
    pub finality: Finality,
    /// What a receipt says about the fee.
    pub receipt: ReceiptFormat,
    /// Whether its headers commit to every log that its nodes tell of.
    pub provable: bool,
    /// Tokens as issued on this chain, by the issuer's own word.
    #[serde(rename = "token")]
    pub tokens: Vec<OfficialToken>,
}

/// When a block counts as final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Finality {
    /// As the node's `finalized` tag says.
    Tag(FinalizedTag),
    /// When that many blocks stand above it.
    Depth(u64),
}

/// The word `tag` in `chains.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinalizedTag {
    /// The node's `finalized` tag.
    Tag,
}

/// What a receipt says about the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptFormat {
    /// The whole fee is `gasUsed * effectiveGasPrice`.
    Ethereum,
    /// `l1Fee` comes on top.
    OpStack,
}

/// A token as issued on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficialToken {
    /// Its symbol, such as `USDC`.
    pub symbol: String,
    /// Digits after the point in one whole token.
    pub decimals: u8,
    /// The token's contract.
    pub address: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainFile {
    chain: Vec<Chain>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
static TABLE: LazyLock<Vec<Chain>> = LazyLock::new(|| {
    toml::from_str::<ChainFile>(include_str!("../chains.toml")).expect("chains.toml is well formed").chain
});

impl Chain {
    /// The id of a local anvil.
    pub const ANVIL: u64 = 31_337;

    /// The chain of that EIP-155 id.
    pub fn by_id(id: u64) -> Option<&'static Self> {
        Self::all().iter().find(|chain| chain.id == id)
    }

    /// The chain of that name, such as `base-sepolia`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|chain| chain.name == name)
    }

    /// Every chain of the table, ascending by id.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The token of that symbol.
    pub fn token(&self, symbol: &str) -> Option<&OfficialToken> {
        self.tokens.iter().find(|token| token.symbol == symbol)
    }

    /// Circle's USDC on this chain.
    pub fn usdc(&self) -> Option<&OfficialToken> {
        self.token("USDC")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_table_is_sound() {
        assert!(Chain::all().windows(2).all(|pair| pair[0].id < pair[1].id), "ascending by id");
        for chain in Chain::all() {
            assert_eq!(Chain::by_id(chain.id), Some(chain));
            assert_eq!(Chain::by_name(&chain.name), Some(chain));
            assert_eq!(chain.usdc().is_none(), chain.id == Chain::ANVIL, "{}", chain.name);
        }
        assert_eq!(Chain::by_id(0), None);
        assert_eq!(Chain::by_name("Base"), None);
    }

    #[test]
    fn addresses_carry_their_checksum() {
        for written in include_str!("../chains.toml").lines().filter_map(|line| line.strip_prefix("address = ")) {
            let written = written.trim_matches('"');
            assert!(Address::parse_checksummed(written, None).is_ok(), "{written}");
        }
    }

    #[test]
    fn finality_and_receipts_are_read() {
        assert_eq!(Chain::by_name("base").unwrap().finality, Finality::Tag(FinalizedTag::Tag));
        assert_eq!(Chain::by_name("base").unwrap().receipt, ReceiptFormat::OpStack);
        assert_eq!(Chain::by_id(Chain::ANVIL).unwrap().finality, Finality::Depth(0));
    }
}
