//! One line per event of a vault, for people and for programs.

use crate::context::Vault;
use crate::money::Token;
use crate::policy::show_categories;
use alloy::primitives::{Address, Bytes, U256};
use purse_audit::{TrailEvent, event_name};
use purse_owner::Verb;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::time::{rfc3339, span};
use purse_protocol::{Category, CategoryMask, Refusal, Window};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is needed to put events into words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    /// Its names.
    pub(crate) vault: &'a Vault,
    /// The token whose amounts are known how to write.
    pub(crate) token: &'a Token,
    /// The calls of changes that waited, by their numbers.
    pub(crate) calls: &'a BTreeMap<u32, Bytes>,
}

impl Words<'_> {
    /// `2026-11-22T14:22:00Z  block 7   #12  Paid  …`
    pub(crate) fn line(&self, event: &TrailEvent) -> Vec<String> {
        vec![
            format!("#{}", event.place.sequence),
            rfc3339(event.place.time),
            format!("block {}", event.place.block),
            event_name(&event.event).to_owned(),
            self.tell(&event.event),
        ]
    }

    /// The event for programs.
    pub(crate) fn json(&self, event: &TrailEvent) -> Value {
        let mut object = json!({
            "sequence": event.place.sequence,
            "time": rfc3339(event.place.time),
            "block": event.place.block,
            "tx": event.place.tx,
            "event": event_name(&event.event),
            "text": self.tell(&event.event),
        });
        if let (IVaultEvents::Paid(paid), Some(fields)) = (&event.event, object.as_object_mut()) {
            fields.insert("session".into(), json!(paid.session));
            fields.insert("payee".into(), json!(paid.payee));
            fields.insert("token_address".into(), json!(paid.token));
            if paid.token == self.token.address {
                fields.insert("amount".into(), json!(self.token.plain(U256::from(paid.amount))));
                fields.insert("token".into(), json!(self.token.symbol));
            } else {
                fields.insert("base_units".into(), json!(paid.amount.to_string()));
            }
            fields.insert("reference".into(), json!(paid.r#ref));
            fields.insert("nonce".into(), json!(paid.nonce));
            fields.insert("category".into(), json!(category(paid.category)));
        }
        object
    }

    /// A token's symbol, or its address.
    pub(crate) fn token(&self, token: Address) -> String {
        if token == self.token.address { self.token.symbol.clone() } else { format!("token {token}") }
    }

    /// An amount of a token.
    pub(crate) fn amount(&self, token: Address, base: U256) -> String {
        if token == self.token.address { self.token.show(base) } else { format!("{base} base units of {token}") }
    }

    fn tell(&self, event: &IVaultEvents) -> String {
        use IVaultEvents as E;
        let session = |id: u32| self.vault.names.show_session(id);
        let account = |address: Address| {
            if address.is_zero() { "nobody".to_owned() } else { self.vault.names.show_payee(address) }
        };
        match event {
            E::Paid(e) => {
                let amount = self.amount(e.token, U256::from(e.amount));
                format!("{} paid {amount} to {} ({})", session(e.session), account(e.payee), category(e.category))
            }
            E::Withdrawn(e) => format!("{} to the treasury {}", self.amount(e.token, e.amount), account(e.treasury)),
            E::SessionGranted(e) => {
                let (mask, until) = (categories(e.categories), rfc3339(e.validUntil.into()));
                format!("{} (session {}), {mask}, until {until}", session(e.session), e.session)
            }
            E::KeyRotated(e) => format!("{}: key {} replaced by {}", session(e.session), e.oldKey, e.newKey),
            E::ValiditySet(e) => format!("{}: until {}", session(e.session), rfc3339(e.validUntil.into())),
            E::CategoriesSet(e) => format!("{}: {}", session(e.session), categories(e.categories)),
            E::PerPaymentCapSet(e) => {
                let cap = self.amount(e.token, U256::from(e.perPaymentCap));
                format!("{}: at most {cap} per payment", session(e.session))
            }
            E::LimitSet(e) => {
                let (cap, used) = (self.amount(e.token, U256::from(e.cap)), self.amount(e.token, U256::from(e.used)));
                let window = Window::from_seconds(e.window)
                    .map_or_else(|| Window::text(e.window), |window| window.phrase().to_owned());
                format!("{}: {cap} {window}, {used} used", self.scope(e.session, e.category))
            }
            E::LimitRemoved(e) => {
                let scope = self.scope(e.session, e.category);
                format!("{scope}: no limit over {} any more, in {}", Window::text(e.window), self.token(e.token))
            }
            E::Revoked(e) => format!("{} by {}", session(e.session), account(e.by)),
            E::AllRevoked(e) => format!("every session so far, by {}", account(e.by)),
            E::Paused(e) => format!("by {}", account(e.by)),
            E::Unpaused(e) => format!("by {}", account(e.by)),
            E::TokenAdded(e) => format!("{}, in units of 2^{} base units", e.token, e.unitBits),
            E::PurseOpened(e) => {
                format!("{} for {}: {}", session(e.session), category(e.category), account(e.purse))
            }
            E::PurseTargetSet(e) => {
                let target = self.amount(e.token, U256::from(e.target));
                format!("{} for {}: refilled to at most {target}", session(e.session), category(e.category))
            }
            E::PayeeSet(e) => format!("{}: {}", account(e.payee), category(e.category)),
            E::PayeeRemoved(e) => format!("{} by {}", account(e.payee), account(e.by)),
            E::OwnershipTransferStarted(e) => format!("from {} to {}", account(e.owner), account(e.pendingOwner)),
            E::OwnershipTransferred(e) => format!("from {} to {}", account(e.previousOwner), account(e.newOwner)),
            E::GuardianSet(e) => account(e.guardian),
            E::TreasurySet(e) => account(e.treasury),
            E::DelaySet(e) => match e.delay {
                0 => "every change takes effect at once".to_owned(),
                seconds => format!("loosenings wait {}", span(seconds.into())),
            },
            E::ChangeWaiting(e) => {
                let what = self.calls.get(&e.change).map_or_else(String::new, |call| format!(": {}", self.call(call)));
                format!("change {}, can be executed from {}{what}", e.change, rfc3339(e.executableFrom.into()))
            }
            E::ChangeCall(e) => format!("change {}: {}", e.change, self.call(&e.call)),
            E::ChangeExecuted(e) => format!("change {}", e.change),
            E::ChangeCancelled(e) => format!("change {} by {}", e.change, account(e.by)),
            E::PaymentFailed(e) => {
                let refusal = Refusal::decode(&e.reason, &self.vault.words(self.token));
                format!("{} to {}: {}", session(e.session), account(e.payee), refusal.code)
            }
        }
    }

    /// Whose payments a limit counts.
    pub(crate) fn scope(&self, session: u32, category: u8) -> String {
        match (session, category) {
            (0, _) => "all agents together".to_owned(),
            (session, 0) => self.vault.names.show_session(session),
            (session, number) => format!("{} under {}", self.vault.names.show_session(session), self::category(number)),
        }
    }

    /// A verb's calldata, in words.
    fn call(&self, call: &[u8]) -> String {
        let verb = Verb::from_call(call);
        verb.map_or_else(|| "an unknown call".to_owned(), |verb| verb.describe(&self.vault.words(self.token)))
    }
}

fn category(number: u8) -> String {
    Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string())
}

fn categories(bits: u64) -> String {
    CategoryMask::from_bits(bits).map_or_else(|_| format!("{bits:#x}"), show_categories)
}
