//! Tokens and their amounts, as people write and read them.

use crate::context::Vault;
use crate::failure::Failure;
use crate::names::{address, short};
use crate::rpc_failure;
use crate::sanitize::clean;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IVault::IVaultInstance;
use purse_protocol::{AmountError, Chain, RpcFault, format_amount, parse_amount};

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

/// The failure of a view of the vault.
pub(crate) fn of_view(error: alloy::contract::Error) -> Failure {
    if let alloy::contract::Error::ZeroData(..) | alloy::contract::Error::AbiError(_) = error {
        return Failure::error(
            "NoVault",
            "that contract is not a vault",
            "it does not answer as a vault does",
            "check --vault and the profile",
        );
    }
    rpc_failure::of(error)
}
