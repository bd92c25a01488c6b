//! Events in JSON: the fields of `docs/reference/events.md` by their names there, amounts and categories in words.

use crate::amount::Amount;
use crate::folded::{Happened, What};
use crate::tokens::Words;
use alloy::primitives::{Address, B256, U256};
use purse_audit::event_name;
use purse_indexer::PlacedPayment;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::event::RunningHash;
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, CategoryMask};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Payment {
    /// The vault's number of the event.
    pub(crate) sequence: u32,
    /// The block's time (RFC 3339, UTC).
    #[schema(example = "2026-11-22T14:22:00Z")]
    pub(crate) time: String,
    /// The block's height.
    pub(crate) block: u64,
    /// The block's hash.
    #[schema(value_type = String)]
    pub(crate) block_hash: B256,
    /// The log's number within the block.
    pub(crate) log_index: u64,
    /// The transaction.
    #[schema(value_type = String)]
    pub(crate) tx: B256,
    /// Whether no reorganisation can take it back any more.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// The session that paid.
    pub(crate) session: u32,
    /// Pays at most once per key of the session (I3).
    pub(crate) nonce: u32,
    /// Who was paid.
    #[schema(value_type = String)]
    pub(crate) payee: Address,
    /// The payee's category then: its name, or its number where it has none.
    #[schema(example = "data")]
    pub(crate) category: String,
    /// How much.
    pub(crate) amount: Amount,
    /// How much on top went to whom; null = nothing.
    pub(crate) fee: Option<Fee>,
    /// What it was for: a commitment to the purchase.
    #[schema(value_type = String)]
    pub(crate) reference: B256,
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Fee {
    /// Who got it.
    #[schema(value_type = String)]
    pub(crate) recipient: Address,
    /// How much.
    pub(crate) amount: Amount,
}

/// Something that happened to a vault and is no payment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Change {
    /// The vault's number of the event.
    pub(crate) sequence: u32,
    /// The block's time (RFC 3339, UTC).
    pub(crate) time: String,
    /// The block's height.
    pub(crate) block: u64,
    /// The block's hash.
    #[schema(value_type = String)]
    pub(crate) block_hash: B256,
    /// The log's number within the block.
    pub(crate) log_index: u64,
    /// The transaction.
    #[schema(value_type = String)]
    pub(crate) tx: B256,
    /// Whether no reorganisation can take it back any more.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// The event's name in docs/reference/events.md.
    #[schema(example = "LimitSet")]
    pub(crate) event: String,
    /// The event's fields by their names there; amounts as `Amount`, categories as names.
    #[schema(value_type = Object)]
    pub(crate) fields: Map<String, Value>,
    /// The running hash over all events up to this one (I13).
    #[schema(value_type = String)]
    pub(crate) running_hash: RunningHash,
}

impl Payment {
    /// A payment of the index.
    pub(crate) fn listed(placed: &PlacedPayment, finalized: u64, words: &Words) -> Self {
        let paid = &placed.payment;
        Self {
            sequence: paid.sequence,
            time: rfc3339(placed.time),
            block: placed.block,
            block_hash: paid.block_hash,
            log_index: paid.log_index,
            tx: placed.tx,
            is_final: placed.block <= finalized,
            session: paid.session,
            nonce: paid.nonce,
            payee: paid.payee,
            category: category(paid.category),
            amount: Amount::new(paid.token, paid.amount, words),
            fee: fee(paid.token, paid.fee, paid.fee_recipient, words),
            reference: paid.reference,
        }
    }
}

/// What happened, as JSON and by its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Told {
    Payment(Box<Payment>),
    Change(Box<Change>),
}

impl Told {
    pub(crate) fn new(happened: &Happened, finalized: u64, words: &Words) -> Self {
        let (place, block_hash) = (happened.place, happened.block);
        let is_final = place.block <= finalized;
        match &happened.what {
            What::Paid(paid) => Self::Payment(Box::new(Payment {
                sequence: place.sequence,
                time: rfc3339(place.time),
                block: place.block,
                block_hash,
                log_index: place.log_index,
                tx: place.tx,
                is_final,
                session: paid.session.get(),
                nonce: paid.nonce,
                payee: paid.payee,
                category: paid.category.to_string(),
                amount: Amount::new(paid.token, paid.amount, words),
                fee: fee(paid.token, paid.fee, paid.fee_recipient, words),
                reference: paid.reference,
            })),
            What::Changed(event) => Self::Change(Box::new(Change {
                sequence: place.sequence,
                time: rfc3339(place.time),
                block: place.block,
                block_hash,
                log_index: place.log_index,
                tx: place.tx,
                is_final,
                event: event_name(&event.event).to_owned(),
                fields: fields(&event.event, words),
                running_hash: happened.hash,
            })),
        }
    }
}

/// The token that an event speaks of.
pub(crate) fn token_of(happened: &Happened) -> Option<Address> {
    match &happened.what {
        What::Paid(paid) => Some(paid.token),
        What::Changed(event) => match &event.event {
            IVaultEvents::PerPaymentCapSet(e) => Some(e.token),
            IVaultEvents::LimitSet(e) => Some(e.token),
            IVaultEvents::Withdrawn(e) => Some(e.token),
            IVaultEvents::PurseTargetSet(e) => Some(e.token),
            _ => None,
        },
    }
}

/// A category's name, or its number.
pub(crate) fn category(number: u8) -> String {
    Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string())
}

/// The names of a mask's categories.
pub(crate) fn categories(mask: CategoryMask) -> Vec<String> {
    mask.iter().map(|category| category.to_string()).collect()
}

fn fee(token: Address, fee: u128, recipient: Address, words: &Words) -> Option<Fee> {
    (fee != 0).then(|| Fee { recipient, amount: Amount::new(token, fee, words) })
}

fn fields(event: &IVaultEvents, words: &Words) -> Map<String, Value> {
    use IVaultEvents as E;
    let amount = |token, base: U256| json!(Amount::new(token, base, words));
    let mask =
        |bits| CategoryMask::from_bits(bits).map_or_else(|_| json!(format!("{bits:#x}")), |of| json!(categories(of)));
    let value = match event {
        // Numbers above 2^53 would be rounded by many readers of JSON.
        E::LimitSet(e) => json!({
            "session": e.session, "token": e.token, "category": e.category, "window": e.window,
            "cap": amount(e.token, U256::from(e.cap)), "used": amount(e.token, U256::from(e.used)),
        }),
        E::PerPaymentCapSet(e) => json!({
            "session": e.session, "token": e.token, "perPaymentCap": amount(e.token, U256::from(e.perPaymentCap)),
        }),
        E::Withdrawn(e) => json!({ "token": e.token, "treasury": e.treasury, "amount": amount(e.token, e.amount) }),
        E::SessionGranted(e) => json!({
            "session": e.session, "key": e.key, "validFrom": e.validFrom, "validUntil": e.validUntil,
            "categories": mask(e.categories), "epoch": e.epoch,
        }),
        E::PurseTargetSet(e) => json!({
            "session": e.session, "category": e.category, "token": e.token,
            "target": amount(e.token, U256::from(e.target)),
        }),
        E::CategoriesSet(e) => json!({ "session": e.session, "categories": mask(e.categories) }),
        other => {
            let value = serde_json::to_value(other).unwrap_or_default();
            value.as_object().and_then(|event| event.values().next()).cloned().unwrap_or_default()
        }
    };
    let Value::Object(mut fields) = value else { return Map::new() };
    fields.remove("sequence");
    fields
}
