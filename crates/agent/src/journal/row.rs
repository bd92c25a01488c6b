//! A purchase as it is kept.

use crate::PurchaseId;
use crate::x402::Version;
use alloy::primitives::{Address, B256};
use purse_protocol::PaymentRefusal;
use rusqlite::types::{FromSql, FromSqlError, Type};
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "purchase, derived, request, method, url, reason, reference, version, purse, token, \
     payee, category, amount, nonce, valid_before, state, reconciled, reserved_block, header, tx, block, refusal, \
     answer_status, answer_type, answer_body, created, updated, handed_over, final, headers";

/// Where a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Known, its price held; nothing is signed.
    Reserved,
    /// Signed, not sent.
    Signed,
    /// The seller has it, or may have it.
    Sent,
    /// The chain has the payment.
    Settled,
    /// It came to nothing, and can come to nothing else.
    Refused,
    /// Sent, and no answer tells whether it was paid; until its time is over it may be.
    Unknown,
}

impl State {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Signed => "signed",
            Self::Sent => "sent",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let all = [Self::Reserved, Self::Signed, Self::Sent, Self::Settled, Self::Refused, Self::Unknown];
        all.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// A purchase that is about to be signed for. It is bound to one purse, and so to one token and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPurchase {
    /// Its id.
    pub purchase: PurchaseId,
    /// Whether the id was made up here, for one invocation and its retries.
    pub derived: bool,
    /// Hash of method, URL and body.
    pub request: B256,
    /// Hash of the headers that select the answer.
    pub headers: B256,
    /// The request's method.
    pub method: String,
    /// What is bought.
    pub url: String,
    /// What for.
    pub reason: String,
    /// Commits to id and reason. Not on the chain.
    pub reference: B256,
    /// By which version of x402.
    pub version: Version,
    /// Who pays.
    pub purse: Address,
    /// In which token.
    pub token: Address,
    /// Who is paid.
    pub payee: Address,
    /// The payee's category.
    pub category: u8,
    /// Base units.
    pub amount: u128,
    /// The token's nonce.
    pub nonce: B256,
    /// From this time on the authorisation is dead (the chain's time).
    pub valid_before: u64,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What was reserved.
    pub bought: NewPurchase,
    /// Where it stands.
    pub state: State,
    /// Whether that was learnt from the chain afterwards.
    pub reconciled: bool,
    /// Whether no reorganisation of the chain can change it any more.
    pub is_final: bool,
    /// The block at which the purse's balance was read.
    pub reserved_block: u64,
    /// The signed authorisation as it goes to the seller.
    pub header: Option<String>,
    /// The transaction that paid, where it is known.
    pub transaction: Option<B256>,
    /// Its block.
    pub block: Option<u64>,
    /// Why it came to nothing, or why that is not known.
    pub refusal: Option<PaymentRefusal>,
    /// What the seller answered.
    pub answer: Option<Answer>,
    /// Whether whoever bought has that answer.
    pub handed_over: bool,
    /// Seconds since 1970, by this machine's clock.
    pub created: u64,
    /// Seconds since 1970, by this machine's clock.
    pub updated: u64,
}

/// A seller's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, where it has one.
    pub content_type: Option<String>,
    /// The body; `None` where it was too large to keep.
    pub body: Option<Vec<u8>>,
}

/// How the chain has a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The transaction, where it is known.
    pub transaction: Option<B256>,
    /// Its block.
    pub block: Option<u64>,
    /// To whom it went, and how much, in base units: under the same nonce other terms may have been signed elsewhere.
    pub moved: Option<(Address, u128)>,
    /// Whether it was found later, not told by the seller.
    pub reconciled: bool,
}

pub(super) fn state_of(tx: &Transaction<'_>, purchase: &PurchaseId) -> rusqlite::Result<Option<State>> {
    let name: Option<String> = tx
        .query_row("SELECT state FROM purchases WHERE purchase = ?1", [purchase.as_str()], |row| row.get(0))
        .optional()?;
    Ok(name.and_then(|name| State::of(&name)))
}

/// Adds a purchase, or starts one anew that was refused.
pub(super) fn insert(tx: &Transaction<'_>, new: &NewPurchase, block: u64, now: u64) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM purchases WHERE purchase = ?1", [new.purchase.as_str()])?;
    tx.execute(
        "INSERT INTO purchases (purchase, derived, request, method, url, reason, reference, version, purse, token, payee,
                                category, amount, nonce, valid_before, state, reserved_block, created, updated,
                                headers)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'reserved', ?16, ?17, ?17, ?18)",
        params![
            new.purchase.as_str(),
            new.derived,
            new.request.as_slice(),
            new.method,
            new.url,
            new.reason,
            new.reference.as_slice(),
            new.version.number(),
            new.purse.as_slice(),
            new.token.as_slice(),
            new.payee.as_slice(),
            new.category,
            new.amount.to_string(),
            new.nonce.as_slice(),
            new.valid_before.cast_signed(),
            block.cast_signed(),
            now.cast_signed(),
            new.headers.as_slice(),
        ],
    )?;
    Ok(())
}

pub(super) fn update(
    tx: &Transaction<'_>,
    purchase: &PurchaseId,
    state: State,
    set: &[(&str, &dyn ToSql)],
    now: u64,
) -> rusqlite::Result<()> {
    let assignments = set.iter().enumerate().map(|(at, (name, _))| format!(", {name} = ?{}", at + 4));
    let sql =
        format!("UPDATE purchases SET state = ?2, updated = ?3{} WHERE purchase = ?1", assignments.collect::<String>());
    let (id, state, now) = (purchase.as_str(), state.name(), now.cast_signed());
    let mut values: Vec<&dyn ToSql> = vec![&id, &state, &now];
    values.extend(set.iter().map(|(_, value)| *value));
    tx.execute(&sql, values.as_slice())?;
    Ok(())
}

pub(super) fn to_json(refusal: &PaymentRefusal) -> Option<String> {
    serde_json::to_string(refusal).ok()
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Purchase> {
    let purchase: String = row.get(0)?;
    let amount: String = row.get(12)?;
    let state: String = row.get(15)?;
    let refusal: Option<String> = row.get(21)?;
    let bought = NewPurchase {
        purchase: purchase.parse().map_err(|_| broken(0))?,
        derived: row.get(1)?,
        request: word(row, 2)?,
        headers: optional(row, 29)?.unwrap_or_default(),
        method: row.get(3)?,
        url: row.get(4)?,
        reason: row.get(5)?,
        reference: word(row, 6)?,
        version: Version::try_from(row.get::<_, u8>(7)?).map_err(|_| broken(7))?,
        purse: address(row, 8)?,
        token: address(row, 9)?,
        payee: address(row, 10)?,
        category: row.get(11)?,
        amount: amount.parse().map_err(|_| broken(12))?,
        nonce: word(row, 13)?,
        valid_before: number(row, 14)?,
    };
    let status: Option<u16> = row.get(22)?;
    let answer = match status {
        Some(status) => Some(Answer { status, content_type: row.get(23)?, body: row.get(24)? }),
        None => None,
    };
    Ok(Purchase {
        bought,
        state: State::of(&state).ok_or_else(|| broken(15))?,
        reconciled: row.get(16)?,
        reserved_block: number(row, 17)?,
        header: row.get(18)?,
        transaction: optional(row, 19)?,
        block: row.get::<_, Option<i64>>(20)?.map(i64::cast_unsigned),
        refusal: refusal.and_then(|text| serde_json::from_str(&text).ok()),
        answer,
        created: number(row, 25)?,
        updated: number(row, 26)?,
        handed_over: row.get(27)?,
        is_final: row.get(28)?,
    })
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(i64::cast_unsigned)
}

fn word(row: &Row<'_>, at: usize) -> rusqlite::Result<B256> {
    let bytes: Vec<u8> = row.get(at)?;
    B256::try_from(bytes.as_slice()).map_err(|_| broken(at))
}

fn optional(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<B256>> {
    match Option::<Vec<u8>>::column_result(row.get_ref(at)?)? {
        Some(bytes) => B256::try_from(bytes.as_slice()).map(Some).map_err(|_| broken(at)),
        None => Ok(None),
    }
}

fn address(row: &Row<'_>, at: usize) -> rusqlite::Result<Address> {
    let bytes: Vec<u8> = row.get(at)?;
    Address::try_from(bytes.as_slice()).map_err(|_| broken(at))
}

fn broken(at: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Blob, Box::new(FromSqlError::InvalidType))
}
