//! What an agent asks for, what it signs, and what became of it.

use alloy::primitives::{Address, B256, Bytes};
use alloy::sol_types::SolCall;
use purse_protocol::Refusal;
use purse_protocol::abi::IVault::{BatchItem, Payment, payCall};

/// Seconds from the chain's time to a payment's deadline, where nothing else is asked for: ten blocks of the slowest
/// chain, and short enough that a payment which was not made is soon certain not to be.
pub const DEFAULT_DEADLINE_SECONDS: u32 = 120;

/// A payment that an agent wants to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// To whom.
    pub payee: Address,
    /// How much the payee gets, in base units of the session's token.
    pub amount: u128,
    /// What is bought: an id of the agent's own, such as an order number. Only its hash is published.
    pub purchase: String,
    /// What for, in words. Only its hash is published.
    pub purpose: String,
    /// A fee on top and who gets it.
    pub fee: Option<Fee>,
    /// Seconds from the chain's time until the payment can no longer be made.
    pub deadline_seconds: u32,
}

/// A fee on top of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Who gets it: in the payee book too.
    pub recipient: Address,
    /// How much, in base units of the same token; not 0.
    pub amount: u128,
}

impl PaymentRequest {
    /// A payment of `amount` base units to `payee`, without a fee, to be made within two minutes.
    pub fn new(payee: Address, amount: u128, purchase: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self {
            payee,
            amount,
            purchase: purchase.into(),
            purpose: purpose.into(),
            fee: None,
            deadline_seconds: DEFAULT_DEADLINE_SECONDS,
        }
    }
}

/// A payment with the session key's signature: all that anyone needs to submit it, until its deadline. Submitted or
/// not, it can pay once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPayment {
    /// What was signed.
    pub payment: Payment,
    /// Its EIP-712 digest.
    pub digest: B256,
    /// The compact signature (ERC-2098), 64 bytes: a byte shorter on the chain than the usual form.
    pub signature: Bytes,
    /// The owner's approval, where the payment is above the per-payment cap; else empty.
    pub approval: Bytes,
}

impl SignedPayment {
    /// The call to the vault that makes the payment.
    pub fn calldata(&self) -> Bytes {
        let BatchItem { payment, signature, approval } = self.clone().into_item();
        payCall { payment, signature, approval }.abi_encode().into()
    }

    /// The same as an item of a batch.
    pub fn into_item(self) -> BatchItem {
        BatchItem { payment: self.payment, signature: self.signature, approval: self.approval }
    }
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made, in that block. Whether the block is final is the chain's matter.
    Paid(Paid),
    /// The vault refused: nothing moved. Where it was refused on the chain, the facts `transaction`, `block` and
    /// `gas_used` say so, and gas was spent; else nothing was sent.
    Refused(Refusal),
    /// Its deadline passed, or the wait ended, before it was mined.
    NotMined(NotMined),
}

/// A payment that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The transaction.
    pub transaction: B256,
    /// The block's number.
    pub block: u64,
    /// Gas used by the whole transaction, with all the payments that a batch makes.
    pub gas_used: u64,
    /// What was paid: the vault's log says the same.
    pub payment: Payment,
    /// The payee's category when it was paid.
    pub category: u8,
    /// The vault's number of the event (I13).
    pub sequence: u32,
}

/// A payment that was not mined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMined {
    /// The transaction.
    pub transaction: B256,
    /// The payment that it carries.
    pub payment: Payment,
    /// Whether the chain's time has passed the deadline. If so it can never be made; if not, it still may be.
    pub over: bool,
}
