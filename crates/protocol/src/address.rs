//! Addresses as people write them.

use alloy::primitives::Address;

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not 20 bytes in hex.
    #[error("an address is 0x and 40 hex digits")]
    NotAnAddress,
    /// Letters of both cases that are not the checksum's.
    #[error("its upper and lower case letters do not fit (EIP-55): a digit may be wrong")]
    ChecksumWrong,
}

/// Reads an address; a mixed-case one must have the right checksum, since a wrong one is a typing error.
///
/// # Errors
/// [`AddressError`].
///
/// ```
/// use purse_protocol::{AddressError, parse_address};
/// let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
/// assert_eq!(parse_address(right), parse_address(&right.to_lowercase()));
/// assert_eq!(parse_address(&right.replace('B', "b")), Err(AddressError::ChecksumWrong));
/// assert_eq!(parse_address("0x5aAe"), Err(AddressError::NotAnAddress));
/// ```
pub fn parse_address(text: &str) -> Result<Address, AddressError> {
    let address: Address = text.parse().map_err(|_| AddressError::NotAnAddress)?;
    let digits = text.trim_start_matches("0x");
    let mixed = digits.chars().any(|c| c.is_ascii_uppercase()) && digits.chars().any(|c| c.is_ascii_lowercase());
    if mixed && address.to_checksum(None) != format!("0x{digits}") {
        return Err(AddressError::ChecksumWrong);
    }
    Ok(address)
}
