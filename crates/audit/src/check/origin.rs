//! Where the vault comes from (I14): its address must be what the factory's CREATE2 makes of the chain, the vault's own code
//! and the configuration that its first events tell. A contract that only logs like a vault has another address.

use crate::observed::{Observed, ObservedOrigin};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, keccak256};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::create2::{VaultConfig, vault_address};

const TITLE: &str = "the vault's address is made of its chain, code and first configuration";

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let Some(origin) = &observed.origin else {
        let why = "the call that created it was not seen: it went through another contract, or nobody looked";
        return Check::not_judged("origin", "I14", TITLE, why.to_owned());
    };
    let detail = format!("factory {}, salt {}", origin.factory, origin.salt);
    Check::new("origin", "I14", TITLE, detail, differences(trail, origin))
}

fn differences(trail: &Trail, origin: &ObservedOrigin) -> Vec<Difference> {
    let config = first_configuration(trail);
    let about = || Subject::Vault;
    let made = vault_address(origin.factory, trail.chain_id, &origin.creation_code, &config, origin.salt);
    let code = keccak256(&origin.creation_code);
    let found = [
        Difference::between(about(), "the hash of the vault's creation code", &code, &origin.expected_code_hash),
        Difference::between(about(), "the address that the factory makes", &made, &trail.vault),
    ];
    found.into_iter().flatten().collect()
}

/// What the constructor logged.
fn first_configuration(trail: &Trail) -> VaultConfig {
    let first = |of: fn(&IVaultEvents) -> Option<Address>| {
        trail.events.iter().find_map(|event| of(&event.event)).unwrap_or_default()
    };
    VaultConfig {
        owner: first(|event| match event {
            IVaultEvents::OwnershipTransferred(e) => Some(e.newOwner),
            _ => None,
        }),
        treasury: first(|event| match event {
            IVaultEvents::TreasurySet(e) => Some(e.treasury),
            _ => None,
        }),
        guardian: first(|event| match event {
            IVaultEvents::GuardianSet(e) => Some(e.guardian),
            _ => None,
        }),
    }
}
