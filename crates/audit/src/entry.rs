//! The double entry: why each thing moved. A vault's payments, fees and withdrawals are announced by its events, and the
//! token's `Transfer` follows in the same transaction; a purse's purchases by the token's `AuthorizationUsed`.

use crate::observed::{ObservedAuthorization, ObservedTransfer};
use alloy::primitives::{Address, B256, U256};
use purse_protocol::abi::IVault::IVaultEvents;
use std::collections::{BTreeMap, BTreeSet};

/// Why something moved from or to a vault or one of its purses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A payment of the vault to somebody, by the event of that number.
    Payment(u32),
    /// Its fee.
    Fee(u32),
    /// A payment of the vault to one of its purses.
    Refill(u32),
    /// A withdrawal to the treasury.
    Withdrawal(u32),
    /// A purse paid a seller, under the authorization with that nonce.
    Purchase(B256),
    /// A purse gave back to the vault.
    Sweep,
    /// It came from anyone else.
    Received,
    /// It left, and nothing says why.
    Unexplained,
}

/// A movement that an event of the vault announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Why.
    pub cause: Cause,
    /// The token.
    pub token: Address,
    /// To whom.
    pub to: Address,
    /// How much, in base units.
    pub value: U256,
    /// The transaction.
    pub tx: B256,
    /// The number of the event's log within the block: the token's log comes after it.
    pub log_index: u64,
}

/// What an event of the vault announces.
pub fn announced(
    event: &IVaultEvents,
    tx: B256,
    log_index: u64,
    purses: &BTreeMap<Address, Address>,
) -> Vec<Announced> {
    let of = |cause, token, to, value| Announced { cause, token, to, value, tx, log_index };
    match event {
        IVaultEvents::Paid(e) => {
            let refill = purses.get(&e.payee) == Some(&e.token);
            let cause = if refill { Cause::Refill(e.sequence) } else { Cause::Payment(e.sequence) };
            let fee = of(Cause::Fee(e.sequence), e.token, e.feeRecipient, U256::from(e.fee));
            let paid = of(cause, e.token, e.payee, U256::from(e.amount));
            [paid].into_iter().chain((e.fee != 0).then_some(fee)).collect()
        }
        IVaultEvents::Withdrawn(e) => vec![of(Cause::Withdrawal(e.sequence), e.token, e.treasury, e.amount)],
        _ => Vec::new(),
    }
}

/// What moved, each with its cause, and what should have moved and did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// The cause of each transfer, in their order.
    pub causes: Vec<Cause>,
    /// Announced, but no token logged that it moved.
    pub unmoved: Vec<Announced>,
    /// Used, but no token logged that it moved.
    pub unsettled: Vec<ObservedAuthorization>,
}

/// Finds the cause of every transfer from or to `vault` and `purses` (each with its token). All lists are in the order of
/// the chain. Where one transaction has several alike, the first goes with the first.
pub fn entries(
    vault: Address,
    purses: &BTreeMap<Address, Address>,
    announced: Vec<Announced>,
    authorizations: &[ObservedAuthorization],
    transfers: &[ObservedTransfer],
) -> Entries {
    let (mut open, mut used) = (Tally::new(announced, |one| one.tx), Tally::new(authorizations.to_vec(), |one| one.tx));
    let mut causes = Vec::with_capacity(transfers.len());
    for moved in transfers {
        causes.push(if moved.from == vault {
            let fits = |one: &Announced| {
                (one.token, one.to, one.value) == (moved.token, moved.to, moved.value)
                    && one.log_index < moved.log_index
            };
            open.take(moved.tx, fits).map_or(Cause::Unexplained, |one| one.cause)
        } else if !purses.contains_key(&moved.from) {
            Cause::Received
        } else if moved.to == vault {
            Cause::Sweep
        } else {
            let fits = |one: &ObservedAuthorization| (one.token, one.purse) == (moved.token, moved.from);
            used.take(moved.tx, fits).map_or(Cause::Unexplained, |one| Cause::Purchase(one.nonce))
        });
    }
    // Only in its own token can a purse's authorization move anything.
    let of_purse = |one: &ObservedAuthorization| purses.get(&one.purse) == Some(&one.token);
    Entries { causes, unmoved: open.rest(), unsettled: used.rest().into_iter().filter(of_purse).collect() }
}

/// What is still to be found, by transaction.
struct Tally<T> {
    all: Vec<T>,
    by_tx: BTreeMap<B256, BTreeSet<usize>>,
}

impl<T: Copy> Tally<T> {
    fn new(all: Vec<T>, tx: impl Fn(&T) -> B256) -> Self {
        let mut by_tx: BTreeMap<B256, BTreeSet<usize>> = BTreeMap::new();
        for (place, one) in all.iter().enumerate() {
            by_tx.entry(tx(one)).or_default().insert(place);
        }
        Self { all, by_tx }
    }

    fn take(&mut self, tx: B256, fits: impl Fn(&T) -> bool) -> Option<T> {
        let open = self.by_tx.get_mut(&tx)?;
        let place = open.iter().copied().find(|&place| fits(&self.all[place]))?;
        open.remove(&place);
        Some(self.all[place])
    }

    fn rest(self) -> Vec<T> {
        let mut open: Vec<_> = self.by_tx.into_values().flatten().collect();
        open.sort_unstable();
        open.into_iter().map(|place| self.all[place]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purse_protocol::abi::IVault::Paid;

    const VAULT: Address = Address::repeat_byte(1);
    const PURSE: Address = Address::repeat_byte(2);
    const TOKEN: Address = Address::repeat_byte(3);
    const SELLER: Address = Address::repeat_byte(4);
    const TX: B256 = B256::repeat_byte(5);

    fn moved(from: Address, to: Address, value: u64, log_index: u64) -> ObservedTransfer {
        ObservedTransfer { token: TOKEN, from, to, value: U256::from(value), block: 9, tx: TX, log_index }
    }

    fn used(nonce: u8, log_index: u64) -> ObservedAuthorization {
        let nonce = B256::repeat_byte(nonce);
        ObservedAuthorization { token: TOKEN, purse: PURSE, nonce, block: 9, tx: TX, log_index }
    }

    fn purses() -> BTreeMap<Address, Address> {
        BTreeMap::from([(PURSE, TOKEN)])
    }

    fn paid(payee: Address, sequence: u32, log_index: u64) -> Vec<Announced> {
        let event = Paid {
            session: 1,
            payee,
            r#ref: B256::ZERO,
            token: TOKEN,
            amount: 10,
            fee: 2,
            feeRecipient: SELLER,
            category: 1,
            nonce: 1,
            sequence,
        };
        announced(&IVaultEvents::Paid(event), TX, log_index, &purses())
    }

    #[test]
    fn each_movement_has_its_cause() {
        let open = [paid(SELLER, 7, 0), paid(PURSE, 8, 3)].concat();
        let transfers = [
            moved(VAULT, SELLER, 10, 1),
            moved(VAULT, SELLER, 2, 2),
            moved(VAULT, PURSE, 10, 4),
            moved(VAULT, SELLER, 2, 5),
            moved(PURSE, SELLER, 3, 7),
            moved(PURSE, SELLER, 3, 9),
            moved(PURSE, VAULT, 1, 10),
            moved(SELLER, VAULT, 4, 11),
            moved(VAULT, SELLER, 10, 12),
            moved(PURSE, SELLER, 3, 13),
        ];
        let found = entries(VAULT, &purses(), open, &[used(1, 6), used(2, 8)], &transfers);
        let nonce = B256::repeat_byte;
        let due = [
            Cause::Payment(7),
            Cause::Fee(7),
            Cause::Refill(8),
            Cause::Fee(8),
            Cause::Purchase(nonce(1)),
            Cause::Purchase(nonce(2)),
            Cause::Sweep,
            Cause::Received,
            Cause::Unexplained,
            Cause::Unexplained,
        ];
        assert_eq!(found.causes, due);
        assert!(found.unmoved.is_empty() && found.unsettled.is_empty());
    }

    #[test]
    fn what_did_not_move_is_told() {
        // Before its event, in another amount, in another transaction: none of them is the payment's.
        let mut elsewhere = moved(VAULT, SELLER, 10, 9);
        elsewhere.tx = B256::ZERO;
        let transfers = [moved(VAULT, SELLER, 10, 0), moved(VAULT, SELLER, 11, 5), elsewhere];
        let found = entries(VAULT, &purses(), paid(SELLER, 7, 3), &[used(1, 6)], &transfers);
        assert_eq!(found.causes, [Cause::Unexplained; 3]);
        assert_eq!(found.unmoved.iter().map(|one| one.cause).collect::<Vec<_>>(), [Cause::Payment(7), Cause::Fee(7)]);
        assert_eq!(found.unsettled, [used(1, 6)]);
        // Anybody can have a contract of his log an authorization of anyone.
        let foreign = ObservedAuthorization { token: SELLER, ..used(1, 6) };
        assert!(entries(VAULT, &purses(), Vec::new(), &[foreign], &[]).unsettled.is_empty());
    }
}
