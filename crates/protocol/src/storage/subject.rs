//! What a change is about, as the vault writes it down; twin of `contracts/src/libraries/Subject.sol`.

use alloy::primitives::{Address, U256};

/// Everything: killed by a revoke-all and by a change of owner.
pub const EVERYTHING: U256 = single(0);
/// Whether payments are stopped.
pub const PAUSE: U256 = single(1);
/// How long loosenings wait.
pub const DELAY: U256 = single(2);
/// Who owns the vault next.
pub const OWNERSHIP: U256 = single(3);
/// The guardian, whose change a revoke-all spares.
pub const GUARDIAN: U256 = single(4);
/// Where withdrawals go.
pub const TREASURY: U256 = single(5);
/// The payee book.
pub const PAYEES: U256 = single(6);

/// A session.
pub const fn session(session: u32) -> U256 {
    U256::from_limbs([session as u64, 0, 1 << 32, 0])
}

/// The vault's own limits in a token.
pub fn limits(token: Address) -> U256 {
    U256::from_be_slice(token.as_slice())
}

const fn single(number: u64) -> U256 {
    U256::from_limbs([number, 0, 2 << 32, 0])
}
