//! `pay`, `payBatch`, `check`; and the other way money leaves, `withdraw`.

use super::Vault;
use super::limits::total;
use super::refusal::{Refusal, Verdict, refuse};
use super::signatures::signer;
use super::tokens::{Token, Transfer};
use super::trail::wide;
use crate::calldata::{Reader, follow, word_at};
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolError;
use purse_protocol::abi::IVault::{self, Payment};

/// Words of a payment.
const PAYMENT_WORDS: usize = 9;
/// Words of an item's head: a payment and where signature and approval stand. So are the arguments of `pay`.
const ITEM_WORDS: usize = PAYMENT_WORDS + 2;
/// Items of a batch.
const MAX_ITEMS: usize = 32;
/// What an EVM can pay for copying: beyond it there is no gas.
const MAX_COPY: usize = 1 << 24;

/// A payment as it stands in calldata, where a word with bits that its type does not have has a name of its own.
fn read_payment(reader: &Reader<'_>) -> Verdict<Payment> {
    let read = || {
        Ok::<_, crate::calldata::Malformed>(Payment {
            session: reader.u32(0)?,
            nonce: reader.u32(1)?,
            deadline: reader.u32(2)?,
            token: reader.address(3)?,
            payee: reader.address(4)?,
            amount: reader.u128(5)?,
            fee: reader.u128(6)?,
            feeRecipient: reader.address(7)?,
            r#ref: reader.word(8).into(),
        })
    };
    read().or_else(|_| refuse(IVault::PaymentMalformed {}))
}

impl Vault {
    pub(super) fn pay(&mut self, arguments: &[u8]) -> Verdict<()> {
        let reader = Reader::new(arguments, ITEM_WORDS)?;
        let (signature, approval) = (reader.bytes(PAYMENT_WORDS)?, reader.bytes(PAYMENT_WORDS + 1)?);
        let payment = read_payment(&reader)?;
        let Some(key) = signer(self.domain().payment(&payment), signature) else {
            return refuse(IVault::SignatureInvalid {});
        };
        let (category, fee_category) = self.judge(&payment, key)?;
        if self.is_above_cap(&payment)? {
            if approval.is_empty() {
                return refuse(self.above_cap_error(&payment));
            }
            if !self.has_signed(self.owner, self.domain().approval(&payment), approval) {
                return refuse(IVault::ApprovalInvalid {});
            }
        } else if !approval.is_empty() {
            return refuse(IVault::ApprovalNotNeeded {});
        }
        let counts = Self::counts(&payment, category, fee_category);
        self.judge_amounts(&counts)?;
        self.move_money(&payment)?;

        if let Some(session) = self.sessions.get_mut(&payment.session) {
            session.paid.insert(payment.nonce);
        }
        for (scope, amount) in counts {
            self.count(scope, amount);
        }
        let Payment { session, nonce, token, payee, amount, fee, feeRecipient, r#ref, .. } = payment;
        self.log_by_anyone(|sequence| IVault::Paid {
            session,
            payee,
            r#ref,
            token,
            amount,
            fee,
            feeRecipient,
            category,
            nonce,
            sequence,
        });
        Ok(())
    }

    /// Amount and fee move, or nothing does.
    fn move_money(&mut self, payment: &Payment) -> Verdict<()> {
        let Payment { token, payee, amount, fee, feeRecipient, .. } = *payment;
        let mut after = self.world.tokens.get(&token).cloned();
        let legs = [(payee, wide(amount), U256::ZERO), (feeRecipient, wide(fee), wide(amount))];
        for (to, amount, already) in legs {
            if amount.is_zero() {
                continue;
            }
            let moved = after.as_mut().map(|token| token.transfer(self.address, to, amount));
            if moved == Some(Transfer::Done) {
                continue;
            }
            // A token that lies tells its balance after it has moved the money all the same
            let told = after.as_ref().and_then(|token| token.told(self.address));
            return match told.map(|balance| balance + already) {
                Some(balance) if balance < total(payment) => {
                    refuse(IVault::VaultShort { balance, needed: total(payment) })
                }
                _ => refuse(IVault::TransferFailed { token, to, amount }),
            };
        }
        self.world.tokens.extend(after.map(|after| (token, after)));
        Ok(())
    }

    pub(super) fn check(&self, arguments: &[u8]) -> Verdict<()> {
        let reader = Reader::new(arguments, PAYMENT_WORDS + 1)?;
        let approved = reader.bool(PAYMENT_WORDS)?;
        let payment = read_payment(&reader)?;
        let key = self.sessions.get(&payment.session).map_or(Address::ZERO, |session| session.key);
        let (category, fee_category) = self.judge(&payment, key)?;
        if self.is_above_cap(&payment)? && !approved {
            return refuse(self.above_cap_error(&payment));
        }
        self.judge_amounts(&Self::counts(&payment, category, fee_category))?;
        let told = self.world.tokens.get(&payment.token).and_then(|token| token.told(self.address));
        match told {
            Some(balance) if balance < total(&payment) => {
                refuse(IVault::VaultShort { balance, needed: total(&payment) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn pay_batch(&mut self, arguments: &[u8]) -> Verdict<()> {
        let (start, count) = Reader::new(arguments, 1)?.pointers(0)?;
        if count == 0 {
            return refuse(IVault::EmptyList {});
        }
        if count > MAX_ITEMS {
            return refuse(IVault::BatchTooLong { items: U256::from(count), largest: U256::from(MAX_ITEMS) });
        }
        for index in 0..count {
            let item = follow(arguments, start, start + 32 * index, 32 * ITEM_WORDS)?;
            let call = item_call(arguments, item)?;
            let Err(refusal) = self.pay(&call) else { continue };
            if refusal == Refusal::Malformed {
                return refuse(IVault::BatchItemUnexplained { item: U256::from(index) });
            }
            if proves_signature(&refusal) {
                self.tell_failure(&read_payment(&Reader::new(&call, ITEM_WORDS)?)?, refusal);
            }
        }
        Ok(())
    }

    pub(super) fn withdraw(&mut self, token: Address, amount: U256) -> Verdict<()> {
        let mut after = self.world.tokens.get(&token).cloned();
        let told = |token: &Option<Token>| token.as_ref().and_then(|token| token.told(self.address));
        let before = told(&after);
        let amount = if amount == U256::MAX { before.unwrap_or_default() } else { amount };
        if amount.is_zero() {
            return refuse(IVault::ZeroAmount {});
        }
        let moved = after.as_mut().map(|token| token.transfer(self.address, self.treasury, amount));
        let left = told(&after);
        // What has left is what was asked for, whatever the token says about it
        let gone =
            left.is_some_and(|left| before.unwrap_or_default().checked_sub(left).is_some_and(|gone| gone >= amount));
        if moved != Some(Transfer::Done) && !gone {
            return match (left, before.unwrap_or_default()) {
                (Some(_), balance) if balance < amount => refuse(IVault::VaultShort { balance, needed: amount }),
                _ => refuse(IVault::TransferFailed { token, to: self.treasury, amount }),
            };
        }
        self.world.tokens.extend(after.map(|after| (token, after)));
        let treasury = self.treasury;
        self.log(|sequence| IVault::Withdrawn { token, treasury, amount, sequence });
        Ok(())
    }
}

/// An item's encoding is that of the arguments of `pay`, the approval last: what stands from its head to its approval's
/// end, in whole words.
fn item_call(arguments: &[u8], item: usize) -> Verdict<Vec<u8>> {
    let approval = follow(arguments, item, item + 32 * (ITEM_WORDS - 1), 32)?;
    let length = word_at(arguments, approval);
    let space = arguments.len().checked_sub(approval + 32).ok_or(Refusal::Malformed)?;
    if length > U256::from(space) {
        return Err(Refusal::Malformed);
    }
    let end = approval + 32 + length.saturating_to::<usize>();
    let size = end.checked_sub(item).ok_or(Refusal::Malformed)?.next_multiple_of(32);
    if size > MAX_COPY {
        return Err(Refusal::Malformed);
    }
    let mut call: Vec<u8> = arguments[item..].iter().copied().take(size).collect();
    call.resize(size, 0);
    Ok(call)
}

/// Whether a failure proves that a key of the session has signed: nobody else can have the vault tell of it.
fn proves_signature(refusal: &Refusal) -> bool {
    let Refusal::Named(errors) = refusal else { return false };
    let unsigned = [
        IVault::PaymentMalformed::SELECTOR,
        IVault::SignatureInvalid::SELECTOR,
        IVault::SessionUnknown::SELECTOR,
        IVault::SignerNotSessionKey::SELECTOR,
    ];
    errors.iter().all(|error| !unsigned.iter().any(|selector| error.starts_with(selector)))
}
