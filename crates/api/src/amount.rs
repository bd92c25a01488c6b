//! Amounts in JSON: base units as decimal text, and as people write them where the token's decimals are known.

use crate::tokens::Words;
use alloy::primitives::{Address, U256};
use purse_protocol::format_amount;
use serde::Serialize;
use utoipa::ToSchema;

/// An amount of a token. `base_units` is exact and from the chain; `amount`, `symbol` and `decimals` follow the token's own
/// word for itself and are null where it gives none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Amount {
    /// The token's contract.
    #[schema(value_type = String, example = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913")]
    pub(crate) token: Address,
    /// What the token calls itself, at most 32 characters. Not to be trusted.
    #[schema(example = "USDC")]
    pub(crate) symbol: Option<String>,
    /// Digits after the point, as the token says.
    #[schema(example = 6)]
    pub(crate) decimals: Option<u8>,
    /// The amount in base units of the token, in decimal digits.
    #[schema(example = "12500000", pattern = "^[0-9]+$")]
    pub(crate) base_units: String,
    /// The amount as people write it, exact.
    #[schema(example = "12.50")]
    pub(crate) amount: Option<String>,
}

impl Amount {
    pub(crate) fn new(token: Address, base: impl TryInto<U256>, words: &Words) -> Self {
        let base: U256 = base.try_into().unwrap_or(U256::MAX);
        let of = words.get(&token);
        Self {
            token,
            symbol: of.map(|of| of.symbol.clone()),
            decimals: of.map(|of| of.decimals),
            base_units: base.to_string(),
            amount: of.map(|of| format_amount(base, of.decimals)),
        }
    }
}
