//! What all events of a vault have: a name and a sequence number.

use purse_protocol::abi::IVault::IVaultEvents;

macro_rules! events {
    ($($name:ident),* $(,)?) => {
        /// An event's name, as in the interface.
        pub const fn name(event: &IVaultEvents) -> &'static str {
            match event { $(IVaultEvents::$name(_) => stringify!($name)),* }
        }

        /// An event's sequence number (I13).
        pub(crate) const fn sequence(event: &IVaultEvents) -> u32 {
            match event { $(IVaultEvents::$name(event) => event.sequence),* }
        }
    };
}

events!(
    Paid,
    Withdrawn,
    SessionGranted,
    KeyRotated,
    ValiditySet,
    CategoriesSet,
    PerPaymentCapSet,
    LimitSet,
    LimitRemoved,
    Revoked,
    AllRevoked,
    Paused,
    Unpaused,
    TokenAdded,
    PayeeSet,
    PayeeRemoved,
    OwnershipTransferStarted,
    OwnershipTransferred,
    GuardianSet,
    TreasurySet,
);
