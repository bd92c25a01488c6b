//! An event's fields as JSON, by their names in the Solidity interface. Amounts and masks are text: numbers above 2^53 would
//! be rounded by many readers of JSON.

use alloy::primitives::{B256, Bytes, LogData};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::event;
use serde_json::{Value, json};

/// An event: its name, its vault's number of it, its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) fields: String,
}

/// The factory's event of a new vault; none for any other log.
pub(crate) fn created(topics: &[B256], data: &Bytes) -> Option<VaultCreated> {
    if topics.first() != Some(&VaultCreated::SIGNATURE_HASH) {
        return None;
    }
    VaultCreated::decode_log_data(&LogData::new_unchecked(topics.to_vec(), data.clone())).ok()
}

/// What the factory's event says.
pub(crate) fn of_creation(created: &VaultCreated) -> Told {
    let VaultCreated { vault, owner, treasury, guardian, salt } = created;
    let fields = json!({ "vault": vault, "owner": owner, "treasury": treasury, "guardian": guardian, "salt": salt });
    Told { name: "VaultCreated", fields: plain(fields) }
}

/// A vault's event; none where this program does not know it.
pub(crate) fn decoded(topics: &[B256], data: &Bytes) -> Option<IVaultEvents> {
    event::decode(&LogData::new_unchecked(topics.to_vec(), data.clone())).ok()
}

/// What a vault's event says.
pub(crate) fn of_vault(happened: &IVaultEvents) -> Told {
    use IVaultEvents as E;
    let fields = match happened {
        E::Paid(e) => json!({
            "session": e.session, "payee": e.payee, "ref": e.r#ref, "token": e.token, "amount": e.amount.to_string(),
            "fee": e.fee.to_string(), "feeRecipient": e.feeRecipient, "category": e.category, "nonce": e.nonce,
        }),
        E::Withdrawn(e) => json!({ "token": e.token, "treasury": e.treasury, "amount": e.amount.to_string() }),
        E::SessionGranted(e) => json!({
            "session": e.session, "key": e.key, "validFrom": e.validFrom, "validUntil": e.validUntil,
            "categories": e.categories.to_string(), "epoch": e.epoch,
        }),
        E::CategoriesSet(e) => json!({ "session": e.session, "categories": e.categories.to_string() }),
        E::PerPaymentCapSet(e) => json!({
            "session": e.session, "token": e.token, "perPaymentCap": e.perPaymentCap.to_string(),
        }),
        E::LimitSet(e) => json!({
            "session": e.session, "token": e.token, "category": e.category, "window": e.window,
            "cap": e.cap.to_string(), "used": e.used.to_string(),
        }),
        E::PurseTargetSet(e) => json!({
            "session": e.session, "category": e.category, "token": e.token, "target": e.target.to_string(),
        }),
        E::PaymentFailed(_)
        | E::KeyRotated(_)
        | E::ValiditySet(_)
        | E::LimitRemoved(_)
        | E::Revoked(_)
        | E::AllRevoked(_)
        | E::Paused(_)
        | E::Unpaused(_)
        | E::TokenAdded(_)
        | E::PayeeSet(_)
        | E::PayeeRemoved(_)
        | E::OwnershipTransferStarted(_)
        | E::OwnershipTransferred(_)
        | E::GuardianSet(_)
        | E::TreasurySet(_)
        | E::DelaySet(_)
        | E::ChangeWaiting(_)
        | E::ChangeCall(_)
        | E::ChangeExecuted(_)
        | E::ChangeCancelled(_)
        | E::PurseOpened(_) => inner(happened),
    };
    Told { name: event::name(happened), fields: plain(fields) }
}

/// The fields of an event that holds nothing larger than 32 bits, addresses and bytes.
fn inner(event: &IVaultEvents) -> Value {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.as_object().and_then(|event| event.values().next()).cloned().unwrap_or_default()
}

/// The sequence number is a column of its own.
fn plain(mut fields: Value) -> String {
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("sequence");
    }
    fields.to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::{Address, U256};
    use alloy::sol_types::SolEventInterface;
    use purse_protocol::abi::IVault::{LimitSet, Withdrawn};

    /// Every event that a vault can log has fields, and the largest amounts are not rounded.
    #[test]
    fn every_event_is_told_and_amounts_are_exact() {
        let mut seen = 0;
        for topic in IVaultEvents::SELECTORS {
            let all = [B256::from(*topic), B256::repeat_byte(0xff), B256::repeat_byte(0xff), B256::repeat_byte(0xff)];
            let decoded = (1..=all.len()).find_map(|count| IVaultEvents::decode_raw_log(&all[..count], &[0; 256]).ok());
            let Some(event) = decoded else { continue };
            let told = of_vault(&event);
            let fields: Value = serde_json::from_str(&told.fields).unwrap();
            assert!(fields.is_object(), "{told:?}");
            seen += 1;
        }
        assert_eq!(seen, IVaultEvents::SELECTORS.len());
        let token = Address::repeat_byte(1);
        let withdrawn = Withdrawn { token, treasury: token, amount: U256::MAX, sequence: 7 };
        let text = of_vault(&IVaultEvents::Withdrawn(withdrawn)).fields;
        assert!(text.contains(&format!("\"{}\"", U256::MAX)) && !text.contains("sequence"), "{text}");
        let limit =
            LimitSet { session: 1, token, category: 0, window: 3_600, cap: u128::MAX, used: u128::MAX, sequence: 8 };
        let text = of_vault(&IVaultEvents::LimitSet(limit)).fields;
        assert!(text.contains("\"cap\":\"340282366920938463463374607431768211455\""), "{text}");
    }
}
