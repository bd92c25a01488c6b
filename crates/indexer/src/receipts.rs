//! Events by their receipts: the header's receipts root commits to every log of a block, on Ethereum and the OP stack.
//! Pure.

use crate::error::IndexError;
use crate::interest::Interest;
use crate::source::{ChainLog, Header};
use alloy::consensus::proofs::ordered_trie_root_with_encoder;
use alloy::consensus::{ReceiptEnvelope, ReceiptWithBloom};
use alloy::eips::Encodable2718;
use alloy::primitives::{B256, Log};
use op_alloy_consensus::OpDepositReceipt;

/// A transaction's receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReceipt {
    /// The transaction's hash, on the node's word: no receipt commits to it.
    pub tx: B256,
    /// What the root commits to.
    pub body: ReceiptBody,
}

/// What a receipts root commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptBody {
    /// Of a transaction that Ethereum knows.
    Ethereum(ReceiptEnvelope),
    /// Of a deposit of the OP stack: type 0x7e.
    Deposit(ReceiptWithBloom<OpDepositReceipt>),
    /// Of a type that this program cannot encode: nothing about its block can be proven.
    Other(Vec<Log>),
}

impl ReceiptBody {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ethereum(receipt) => receipt.encode_2718(out),
            Self::Deposit(receipt) => op_alloy_consensus::OpReceiptEnvelope::Deposit(receipt.clone()).encode_2718(out),
            Self::Other(_) => {}
        }
    }

    /// Its logs.
    pub fn logs(&self) -> &[Log] {
        match self {
            Self::Ethereum(receipt) => receipt.logs(),
            Self::Deposit(receipt) => &receipt.receipt.inner.logs,
            Self::Other(logs) => logs,
        }
    }

    fn into_logs(self) -> Vec<Log> {
        match self {
            Self::Ethereum(receipt) => receipt.into_logs(),
            Self::Deposit(receipt) => receipt.receipt.inner.logs,
            Self::Other(logs) => logs,
        }
    }
}

/// The root that these receipts lead to; none where one of them is of a type that this program cannot encode.
pub fn root(receipts: &[ChainReceipt]) -> Option<B256> {
    let known = receipts.iter().all(|receipt| !matches!(receipt.body, ReceiptBody::Other(_)));
    known.then(|| ordered_trie_root_with_encoder(receipts, |receipt, out| receipt.body.encode(out)))
}

/// The logs of a block that are wanted, and whether they are proven to be all of them.
pub(crate) fn prove(
    header: &Header,
    receipts: Vec<ChainReceipt>,
    interest: &Interest,
) -> Result<(Vec<ChainLog>, bool), IndexError> {
    let committed = header.seal.map(|seal| seal.receipts_root);
    let proven = match (committed, root(&receipts)) {
        (Some(committed), Some(root)) if root != committed => {
            return Err(IndexError::ReceiptsForged { block: header.number, committed, root });
        }
        (committed, root) => committed.is_some() && root.is_some(),
    };
    let logs = receipts
        .into_iter()
        .flat_map(|ChainReceipt { tx, body }| body.into_logs().into_iter().map(move |log| (tx, log)));
    let logs =
        logs.enumerate().filter(|(_, (_, log))| interest.wants(log.address, log.topics())).map(|(index, (tx, log))| {
            let (topics, data) = log.data.split();
            let (block_number, block_hash) = (header.number, header.hash);
            ChainLog { address: log.address, topics, data, block_number, block_hash, tx, log_index: index as u64 }
        });
    Ok((logs.collect(), proven))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::source::Seal;
    use alloy::consensus::{Eip658Value, Receipt, TxType};
    use alloy::primitives::{Address, bytes};

    const VAULT: Address = Address::repeat_byte(7);

    fn logs() -> Vec<Log> {
        vec![
            Log::new_unchecked(Address::repeat_byte(1), vec![B256::repeat_byte(2)], bytes!("")),
            Log::new_unchecked(VAULT, vec![B256::repeat_byte(3)], bytes!("0405")),
        ]
    }

    fn receipts(kind: TxType) -> Vec<ChainReceipt> {
        let receipt = Receipt { status: Eip658Value::Eip658(true), cumulative_gas_used: 21_000, logs: logs() };
        let deposit = OpDepositReceipt {
            inner: receipt.clone(),
            deposit_nonce: Some(4_012_991),
            deposit_receipt_version: Some(1),
        };
        let body = ReceiptBody::Ethereum(ReceiptEnvelope::from_typed(kind, receipt.with_bloom()));
        let tx = B256::repeat_byte(9);
        vec![ChainReceipt { tx, body: ReceiptBody::Deposit(deposit.with_bloom()) }, ChainReceipt { tx, body }]
    }

    fn header(receipts: &[ChainReceipt]) -> Header {
        let bloom = logs().iter().collect();
        let seal = Some(Seal { state_root: B256::ZERO, receipts_root: root(receipts).unwrap(), bloom });
        Header { number: 5, hash: B256::repeat_byte(5), parent: B256::ZERO, time: 1, seal }
    }

    #[test]
    fn logs_are_numbered_within_the_block_and_proven() {
        let given = receipts(TxType::Eip1559);
        let (found, proven) = prove(&header(&given), given, &Interest::of(VAULT)).unwrap();
        assert!(proven);
        assert_eq!(found.iter().map(|log| log.log_index).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn whatever_is_edited_leads_to_another_root() {
        let header = header(&receipts(TxType::Eip1559));
        let contracts = Interest::of(VAULT);
        let edits: [fn(&mut Vec<ChainReceipt>); 5] = [
            |receipts| drop(receipts.pop()),
            |receipts| receipts.swap(0, 1),
            |receipts| receipts[0].body = receipts[1].body.clone(),
            |receipts| {
                if let ReceiptBody::Deposit(deposit) = &mut receipts[0].body {
                    deposit.receipt.deposit_nonce = None;
                }
            },
            |receipts| {
                if let ReceiptBody::Ethereum(ReceiptEnvelope::Eip1559(receipt)) = &mut receipts[1].body {
                    receipt.receipt.logs.pop();
                }
            },
        ];
        for edit in edits {
            let mut given = receipts(TxType::Eip1559);
            edit(&mut given);
            let error = prove(&header, given, &contracts).unwrap_err();
            assert!(matches!(error, IndexError::ReceiptsForged { block: 5, .. }), "{error}");
        }
        let error = prove(&header, receipts(TxType::Eip2930), &contracts).unwrap_err();
        assert!(matches!(error, IndexError::ReceiptsForged { .. }), "{error}");
    }

    #[test]
    fn receipts_of_another_kind_are_never_proven() {
        let mut given = receipts(TxType::Legacy);
        let header = header(&given);
        given[0].body = ReceiptBody::Other(logs());
        let (found, proven) = prove(&header, given, &Interest::of(VAULT)).unwrap();
        assert!(!proven && found.len() == 2);
        let unsealed = Header { seal: None, ..header };
        assert!(!prove(&unsealed, receipts(TxType::Legacy), &Interest::default()).unwrap().1);
    }
}
