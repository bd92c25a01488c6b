//! The receipts and transactions of a block, each proven by itself: by the nodes that lead from the root in the block's
//! header to it. Pure; the tries are alloy's.

use alloy::primitives::{B256, Bytes, Log};
use alloy::rlp::{Buf, Decodable, Encodable, Header};
use alloy::trie::proof::{ProofRetainer, verify_proof};
use alloy::trie::root::adjust_index_for_rlp;
use alloy::trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};

/// A list of a block (receipts or transactions, encoded as EIP-2718 says) as the root that its header has, and the proofs
/// of those items that are `wanted`, by their place in the list.
pub fn prove(items: &[Bytes], wanted: &[usize]) -> (B256, Vec<Vec<Bytes>>) {
    if items.is_empty() {
        return (EMPTY_ROOT_HASH, Vec::new());
    }
    let targets: Vec<_> = wanted.iter().map(|&place| path(place)).collect();
    let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets.clone()));
    for turn in 0..items.len() {
        let place = adjust_index_for_rlp(turn, items.len());
        trie.add_leaf(path(place), &items[place]);
    }
    let root = trie.root();
    let nodes = trie.take_proof_nodes();
    let proof = |target| nodes.matching_nodes_sorted(target).into_iter().map(|(_, node)| node).collect();
    (root, targets.iter().map(proof).collect())
}

/// Whether `item` is at this place of the list that has this root.
pub fn is_proven(root: B256, place: usize, item: &Bytes, proof: &[Bytes]) -> bool {
    verify_proof(root, path(place), Some(item.to_vec()), proof).is_ok()
}

/// The logs of an encoded receipt, of whatever type: those of Ethereum, and those that have more fields behind the logs,
/// as the deposits of OP-stack chains.
///
/// # Errors
/// When the bytes are no receipt.
pub fn logs(receipt: &[u8]) -> alloy::rlp::Result<Vec<Log>> {
    let mut rest = receipt;
    // Below 0x80 it is the type; a list begins at 0xc0.
    if rest.first().is_some_and(|byte| *byte < 0x80) {
        rest.advance(1);
    }
    let list = Header::decode(&mut rest)?;
    if !list.list || list.payload_length != rest.len() {
        return Err(alloy::rlp::Error::Custom("not one list"));
    }
    // Status, gas used so far, bloom.
    for _ in 0..3 {
        let field = Header::decode(&mut rest)?;
        if field.list || field.payload_length > rest.len() {
            return Err(alloy::rlp::Error::InputTooShort);
        }
        rest.advance(field.payload_length);
    }
    Vec::<Log>::decode(&mut rest)
}

fn path(place: usize) -> Nibbles {
    let mut key = Vec::new();
    place.encode(&mut key);
    Nibbles::unpack(key)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::consensus::proofs::calculate_receipt_root;
    use alloy::consensus::{Eip658Value, Receipt, ReceiptEnvelope, ReceiptWithBloom};
    use alloy::eips::Encodable2718;
    use alloy::primitives::{Address, LogData};

    fn receipts(count: u64) -> Vec<ReceiptEnvelope> {
        let receipt = |number: u64| {
            let data = LogData::new_unchecked(vec![B256::with_last_byte(number as u8)], vec![7; 40].into());
            let logs = vec![Log { address: Address::repeat_byte(3), data }; (number % 4) as usize];
            let receipt =
                Receipt { status: Eip658Value::Eip658(true), cumulative_gas_used: 21_000 * (number + 1), logs };
            let receipt = ReceiptWithBloom::from(receipt);
            if number.is_multiple_of(3) { ReceiptEnvelope::Legacy(receipt) } else { ReceiptEnvelope::Eip1559(receipt) }
        };
        (0..count).map(receipt).collect()
    }

    /// The root is that of alloy; each item's proof leads to it, for lists of one item to those with keys of three bytes.
    #[test]
    fn every_item_is_proven_and_no_other() {
        for count in [1, 2, 3, 16, 17, 127, 128, 129, 300] {
            let receipts = receipts(count);
            let items: Vec<Bytes> = receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect();
            let wanted: Vec<_> = (0..items.len()).collect();
            let (root, proofs) = prove(&items, &wanted);
            assert_eq!(root, calculate_receipt_root(&receipts), "{count} receipts");
            for (place, proof) in proofs.iter().enumerate() {
                assert!(is_proven(root, place, &items[place], proof), "{place} of {count}");
                let mut altered = items[place].to_vec();
                *altered.last_mut().unwrap() ^= 1;
                assert!(!is_proven(root, place, &altered.into(), proof), "{place} of {count}, altered");
                assert!(!is_proven(root, place + 1, &items[place], proof), "{place} of {count}, elsewhere");
                assert!(!is_proven(root, place, &items[place], &proof[..proof.len() - 1]), "{place}, cut");
                let longer = [proof.as_slice(), &proof[proof.len() - 1..]].concat();
                assert!(!is_proven(root, place, &items[place], &longer), "{place}, with more");
            }
        }
        assert_eq!(prove(&[], &[]).0, EMPTY_ROOT_HASH);
    }

    #[test]
    fn logs_are_read_from_receipts_of_every_type() {
        for receipt in receipts(8) {
            assert_eq!(logs(&receipt.encoded_2718()).unwrap(), receipt.logs());
        }
        // A deposit of an OP-stack chain: two more numbers at the end of the list.
        let plain = receipts(4).pop().unwrap();
        let mut list = &plain.encoded_2718()[..];
        let mut body = Vec::new();
        assert!(Header::decode(&mut list).unwrap().list, "a legacy receipt has no type");
        body.extend_from_slice(list);
        4_u64.encode(&mut body);
        1_u64.encode(&mut body);
        let mut deposit = vec![0x7e];
        Header { list: true, payload_length: body.len() }.encode(&mut deposit);
        deposit.extend_from_slice(&body);
        assert_eq!(logs(&deposit).unwrap(), plain.logs());
        for bytes in [&[][..], &[0x02], &[0xc0], &[0x80], &deposit[..40]] {
            assert!(logs(bytes).is_err(), "{bytes:?}");
        }
    }
}
