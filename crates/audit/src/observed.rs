//! What the contract itself says at one block, as somebody read it from a node. Plain values, no judgement.

use alloy::primitives::{Address, B256, Bytes, U256};
use purse_protocol::abi::IVaultLens::{LimitView, SessionView, WaitingChange};
use purse_protocol::event::RunningHash;
use purse_protocol::{Scope, SessionId, Window};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a vault's views, its tokens' balances and `Transfer` logs say at one block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The block that everything was read at.
    pub block: ObservedBlock,
    /// `head()` at that block.
    pub head: ObservedHead,
    /// `head()` at earlier blocks, ascending: read when `head` differs from the trail, to find the first difference.
    pub earlier_heads: Vec<ObservedHead>,
    /// The blocks that have events of the trail, ascending; one that the node does not have is left out.
    pub blocks: Vec<ObservedHeader>,
    /// `paused()`
    pub paused: bool,
    /// `epoch()`
    pub epoch: u32,
    /// `ownerNonce()`
    pub owner_nonce: u32,
    /// `delay()`
    pub delay: u32,
    /// `waiting()`
    pub waiting: Vec<WaitingChange>,
    /// `owner()`
    pub owner: Address,
    /// `pendingOwner()`
    pub pending_owner: Address,
    /// `treasury()`
    pub treasury: Address,
    /// `guardian()`
    pub guardian: Address,
    /// `sessionOf` each session.
    pub sessions: Vec<(SessionId, SessionView)>,
    /// `sessionOfKey` each key; 0 = none.
    pub keys: Vec<(Address, u32)>,
    /// `remaining` each scope and token.
    pub policies: Vec<ObservedPolicy>,
    /// `meterOf` each scope, token and window.
    pub meters: Vec<ObservedMeter>,
    /// `payeeOf` each payee; 0 = not in the book.
    pub payees: Vec<(Address, u8)>,
    /// Each token.
    pub tokens: Vec<ObservedToken>,
    /// Every `Transfer` of these tokens to or from the vault, in the order of the chain, up to that block.
    pub transfers: Vec<ObservedTransfer>,
    /// The first block that transfers were asked for; money that came before it is unknown.
    pub transfers_from: u64,
    /// Each purse.
    #[serde(default)]
    pub purses: Vec<ObservedPurse>,
    /// Every `Transfer` of a purse's token to or from it, in the order of the chain, up to that block.
    #[serde(default)]
    pub purse_transfers: Vec<ObservedTransfer>,
    /// Every `AuthorizationUsed` of a purse by its token, in the order of the chain, up to that block.
    #[serde(default)]
    pub authorizations: Vec<ObservedAuthorization>,
    /// The calls of payments above their cap, as far as the node tells.
    #[serde(default)]
    pub approvals: Vec<ObservedApproval>,
    /// The owners whose approvals were seen and are none of their key, and whether there is code at their address.
    #[serde(default)]
    pub owners: BTreeMap<Address, bool>,
    /// What a lens says; empty where none was asked.
    #[serde(default)]
    pub outflows: Vec<ObservedOutflow>,
    /// The call that created the vault, if it was seen.
    #[serde(default)]
    pub origin: Option<ObservedOrigin>,
    /// The transactions of all events, where they were read.
    #[serde(default)]
    pub calls: Vec<ObservedCall>,
}

/// A transaction that made the vault log something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedCall {
    /// Its hash.
    pub tx: B256,
    /// Whose key signed it.
    pub from: Address,
    /// Whom it called; none = it created a contract.
    pub to: Option<Address>,
    /// With what.
    pub input: Bytes,
}

/// The transaction of a payment that must have had the owner's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedApproval {
    /// Its hash.
    pub tx: B256,
    /// Whom it called.
    pub to: Option<Address>,
    /// With what.
    pub input: Bytes,
    /// The vault's owner at that block, by the trail.
    pub owner: Address,
    /// Whether the owner has code, and may so have signed as a contract.
    pub owner_is_contract: bool,
}

/// `VaultLens.maxOutflow`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedOutflow {
    /// The session.
    pub session: SessionId,
    /// The token.
    pub token: Address,
    /// Seconds from the block's time.
    pub horizon: u32,
    /// Base units.
    #[serde(with = "crate::decimal")]
    pub most: U256,
}

/// The call that created the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedOrigin {
    /// The factory that was called.
    pub factory: Address,
    /// The creation code that it was given.
    pub creation_code: Bytes,
    /// The salt that it was given.
    pub salt: B256,
    /// keccak256 of the creation code of the vaults that the reader knows.
    pub expected_code_hash: B256,
}

/// The block of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedBlock {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, seconds since 1970.
    pub time: u64,
}

/// The header of a block that has events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedHeader {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// Its time, seconds since 1970.
    pub time: u64,
    /// Those of the transactions that were asked about that are in it.
    pub transactions: BTreeSet<B256>,
}

/// `head()` at a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedHead {
    /// The block.
    pub block: u64,
    /// How many events the vault has logged.
    pub sequence: u32,
    /// The hash over them.
    pub running_hash: RunningHash,
}

/// `remaining(session, category, token)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservedPolicy {
    /// What its limits count.
    pub scope: Scope,
    /// The token.
    pub token: Address,
    /// Base units.
    #[serde(with = "crate::decimal")]
    pub per_payment_cap: u128,
    /// The limits that stand, ascending by window.
    #[serde(with = "limits")]
    pub limits: Vec<LimitView>,
}

/// `meterOf(session, category, token, window)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedMeter {
    /// What the limit counts.
    pub scope: Scope,
    /// The token.
    pub token: Address,
    /// The window.
    pub window: Window,
    /// The storage word.
    pub word: U256,
}

/// `tokenOf(token)` and the vault's balance of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedToken {
    /// The token.
    pub token: Address,
    /// Whether the vault lists it.
    pub listed: bool,
    /// Amounts count in units of 2^`unit_bits` base units.
    pub unit_bits: u8,
    /// The vault's balance, base units.
    #[serde(with = "crate::decimal")]
    pub balance: U256,
}

/// What a purse holds of its token, and what it may be refilled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedPurse {
    /// The purse.
    pub purse: Address,
    /// Base units.
    #[serde(with = "crate::decimal")]
    pub balance: U256,
    /// `targetOf`, base units.
    #[serde(with = "crate::decimal")]
    pub target: U256,
}

/// A `Transfer` of a token to or from the vault, or a purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedTransfer {
    /// The token.
    pub token: Address,
    /// Who gave.
    pub from: Address,
    /// Who got.
    pub to: Address,
    /// Base units.
    #[serde(with = "crate::decimal")]
    pub value: U256,
    /// The block.
    pub block: u64,
    /// The transaction.
    pub tx: B256,
    /// The log within the block.
    pub log_index: u64,
}

/// An `AuthorizationUsed` of a purse by its token: somebody settled what the agent signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedAuthorization {
    /// The token.
    pub token: Address,
    /// Whose it was.
    pub purse: Address,
    /// Its nonce, which commits to the purchase.
    pub nonce: B256,
    /// The block.
    pub block: u64,
    /// The transaction.
    pub tx: B256,
    /// The log within the block.
    pub log_index: u64,
}

/// Limits in JSON, amounts as decimal text.
mod limits {
    use super::{Deserialize, LimitView, Serialize, U256};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Limit {
        window: u32,
        #[serde(with = "crate::decimal")]
        cap: u128,
        #[serde(with = "crate::decimal")]
        used: u128,
        #[serde(with = "crate::decimal")]
        remaining: u128,
        meter: U256,
    }

    pub(super) fn serialize<S: Serializer>(limits: &[LimitView], serializer: S) -> Result<S::Ok, S::Error> {
        let text = |&LimitView { window, cap, used, remaining, meter }: &LimitView| Limit {
            window,
            cap,
            used,
            remaining,
            meter,
        };
        serializer.collect_seq(limits.iter().map(text))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LimitView>, D::Error> {
        let limits = Vec::<Limit>::deserialize(deserializer)?;
        let view =
            |Limit { window, cap, used, remaining, meter }: Limit| LimitView { window, cap, used, remaining, meter };
        Ok(limits.into_iter().map(view).collect())
    }
}
