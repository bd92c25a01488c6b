//! A purse as the trail knows it: whose it is, and for what.

use crate::place::Place;
use alloy::primitives::Address;
use purse_protocol::{Category, SessionId};
use serde::{Deserialize, Serialize};

/// A purse that was opened. What it holds, only its token tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailPurse {
    /// Whose key pays from it.
    pub session: SessionId,
    /// Of the sellers that it pays.
    pub category: Category,
    /// What it holds.
    pub token: Address,
    /// Where it was opened.
    pub place: Place,
}
