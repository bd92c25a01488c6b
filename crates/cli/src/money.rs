//! Tokens and their amounts, as people write and read them.

use crate::context::Vault;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::names::{address, short};
use crate::rpc_failure;
use crate::sanitize::clean;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IVault::IVaultInstance;
use purse_protocol::meter::{MAX_UNITS, base_units};
use purse_protocol::{AmountError, Chain, RpcFault, format_amount, parse_amount};

/// The largest unit that a vault takes: 2^97 base units.
const MAX_UNIT_BITS: u8 = 97;

/// A token, and how its amounts are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where it is.
    pub(crate) address: Address,
    /// Its symbol, made safe to print.
    pub(crate) symbol: String,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// The vault counts it in units of 2^this base units.
    pub(crate) unit_bits: u8,
    /// Whether the vault has listed it.
    pub(crate) listed: bool,
}

impl Token {
    /// Asks the token and the vault. The four questions go out together.
    pub(crate) async fn read(vault: &Vault, token: Address) -> Result<Self, Failure> {
        let contract = IErc20Instance::new(token, &vault.node.provider);
        let book = IVaultInstance::new(vault.address, &vault.node.provider);
        let (symbol, decimals, listing) = (contract.symbol(), contract.decimals(), book.tokenOf(token));
        let (symbol, decimals, listing) = tokio::join!(symbol.call(), decimals.call(), listing.call());
        let listing = listing.map_err(of_view)?;
        let not_a_token = |error: alloy::contract::Error| match RpcFault::from(error) {
            fault @ RpcFault::Unreachable { .. } => rpc_failure::of_fault(&fault),
            _ => Failure::error(
                "TokenUnknown",
                format!("{} is no token", short(token)),
                format!("the contract at {token} does not say its decimals and symbol"),
                "check the token's address and the chain",
            ),
        };
        Ok(Self {
            address: token,
            symbol: clean(&symbol.map_err(not_a_token)?),
            decimals: decimals.map_err(not_a_token)?,
            unit_bits: listing.unitBits,
            listed: listing.listed,
        })
    }

    /// `12.34 USDC`
    pub(crate) fn show(&self, base: impl TryInto<U256>) -> String {
        format!("{} {}", self.plain(base), self.symbol)
    }

    /// `12.34`
    pub(crate) fn plain(&self, base: impl TryInto<U256>) -> String {
        format_amount(base.try_into().unwrap_or(U256::MAX), self.decimals)
    }

    /// Reads an amount that may be zero.
    pub(crate) fn parse_or_zero(&self, text: &str) -> Result<u128, Failure> {
        parse_amount(text, self.decimals).map_err(|error| of_amount(&error, text))
    }

    /// The largest cap that the vault can hold in this token.
    pub(crate) fn largest_cap(&self) -> U256 {
        largest(self.unit_bits)
    }

    /// `limits of up to 34,359.73 USDC, in steps of 0.000016 USDC`: what can't be changed once the token is listed.
    pub(crate) fn show_scale(&self) -> String {
        let step = self.show(base_units(1, self.unit_bits));
        format!("limits of up to {}, in steps of {step}", self.show(self.largest_cap()))
    }

    /// Reads a cap, zero allowed, as the vault will hold it: in whole units, rounded down.
    pub(crate) fn parse_cap(&self, text: &str) -> Result<u128, Failure> {
        let cap = self.parse_or_zero(text)?;
        if self.listed && U256::from(cap) > self.largest_cap() {
            let fix = format!("give at most {}, or pay from a vault of larger steps", self.show(self.largest_cap()));
            return Err(Failure::new(
                Exit::Refused,
                "CapTooLarge",
                format!("the vault can't hold a limit of {}", self.show(cap)),
                format!("the token is listed for {}", self.show_scale()),
                format!("{fix}: purse init --number 1 --largest-limit {text}"),
            ));
        }
        Ok(cap >> self.unit_bits << self.unit_bits)
    }

    /// Reads an amount above zero.
    pub(crate) fn parse(&self, text: &str) -> Result<u128, Failure> {
        match self.parse_or_zero(text)? {
            0 => {
                Err(Failure::usage("AmountInvalid", "the amount is zero", "nothing would be paid", "give more than 0"))
            }
            amount => Ok(amount),
        }
    }
}

/// The largest cap that units of 2^`unit_bits` base units can hold.
fn largest(unit_bits: u8) -> U256 {
    base_units(MAX_UNITS, unit_bits)
}

/// The finest unit that can hold a cap of `amount`, as a power of two.
pub(crate) fn finest_unit(amount: u128) -> Option<u8> {
    (0..=MAX_UNIT_BITS).find(|bits| largest(*bits) >= U256::from(amount))
}

/// Refuses what is no amount of any token, before anything is asked or opened.
pub(crate) fn looks_like_amount(text: &str) -> Result<(), Failure> {
    parse_amount(text, 38).map(drop).or_else(|error| match error {
        AmountError::TooLarge => Ok(()),
        error => Err(of_amount(&error, text)),
    })
}

/// The failure of a text that is no amount.
fn of_amount(error: &AmountError, text: &str) -> Failure {
    Failure::usage("AmountInvalid", format!("\"{text}\" is no amount"), error.to_string(), error.fix())
}

/// The token that `text` names by symbol or address; without a text, `usual` or the chain's official USDC.
pub(crate) async fn resolve(vault: &Vault, text: Option<&str>, usual: Option<Address>) -> Result<Token, Failure> {
    let chain = Chain::by_id(vault.node.chain_id);
    let official = chain.and_then(Chain::usdc).map(|token| token.address);
    match text {
        Some(text) if text.starts_with("0x") => Token::read(vault, address(text)?).await,
        Some(symbol) => {
            if let Some(usual) = usual {
                let token = Token::read(vault, usual).await?;
                if token.symbol == symbol {
                    return Ok(token);
                }
            }
            match chain.and_then(|chain| chain.token(symbol)) {
                Some(token) => Token::read(vault, token.address).await,
                None => Err(unknown(symbol)),
            }
        }
        None => match usual.or(official) {
            Some(token) => Token::read(vault, token).await,
            None => Err(Failure::usage(
                "TokenMissing",
                "no token named",
                "neither the command, nor the profile, nor the chain says which token",
                "name it by its address, or set token in the profile",
            )),
        },
    }
}

fn unknown(symbol: &str) -> Failure {
    Failure::error(
        "TokenUnknown",
        format!("no token \"{symbol}\""),
        "it is neither the profile's token nor an official token of this chain",
        "name the token by its address",
    )
}

/// The failure of a view of the vault. No view of a vault answers nothing or fails without a reason.
pub(crate) fn of_view(error: alloy::contract::Error) -> Failure {
    if let alloy::contract::Error::ZeroData(..) | alloy::contract::Error::AbiError(_) = error {
        return no_vault();
    }
    of_words(RpcFault::from(error))
}

fn no_vault() -> Failure {
    Failure::error(
        "NoVault",
        "that contract is not a vault",
        "it does not answer as a vault does",
        "check --vault and the profile",
    )
}

/// Why a vault's words could not be read.
pub(crate) fn of_words(fault: RpcFault) -> Failure {
    match fault {
        RpcFault::Reverted { data } if data.is_empty() => no_vault(),
        fault => rpc_failure::of_fault(&fault),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn usdc(unit_bits: u8) -> Token {
        Token { address: Address::repeat_byte(1), symbol: "USDC".into(), decimals: 6, unit_bits, listed: true }
    }

    #[test]
    fn a_unit_is_the_finest_that_holds_the_largest_cap() {
        assert_eq!(finest_unit(0), Some(0));
        assert_eq!(finest_unit(2_147_483_647), Some(0));
        assert_eq!(finest_unit(2_147_483_648), Some(1));
        assert_eq!(finest_unit(250_000_000_000), Some(7));
        assert_eq!(finest_unit(u128::MAX), None);
        assert_eq!(usdc(7).largest_cap(), U256::from(274_877_906_816_u64));
    }

    #[test]
    fn a_cap_is_what_the_vault_will_hold() {
        assert_eq!(usdc(4).parse_cap("0.01").unwrap(), 10_000, "cents stay what they are");
        assert_eq!(usdc(7).parse_cap("1").unwrap(), 999_936, "and larger units round down");
        let failure = usdc(0).parse_cap("2147.483648").unwrap_err();
        assert_eq!((failure.code.as_str(), failure.exit), ("CapTooLarge", Exit::Refused));
        assert!(failure.cause.contains("up to 2147.483647 USDC, in steps of 0.000001 USDC"), "{}", failure.cause);
    }
}
