//! Digests by three independent encoders: ours, which is written for these three types; alloy's, which reads a type at
//! run time; and viem's, in the vectors of `scripts/vectors.mjs`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use alloy::primitives::Bytes;
use alloy::sol_types::SolStruct;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A vector of a payment and its approval; numbers are decimal text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PaymentVector {
    chain_id: String,
    vault: Address,
    payment: BTreeMap<String, String>,
    domain_separator: B256,
    struct_hash: B256,
    digest: B256,
    approval_struct_hash: B256,
    approval_digest: B256,
}

/// A vector of an act.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActVector {
    chain_id: String,
    vault: Address,
    act: Act,
    struct_hash: B256,
    digest: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    call: Bytes,
    nonce: String,
    deadline: String,
}

/// The running hash over the digests of drawn structs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DrawnVectors {
    structs: usize,
    checkpoint_every: usize,
    checkpoints: Vec<B256>,
}

fn payment(fields: &BTreeMap<String, String>) -> Payment {
    assert_eq!(fields.len(), 9);
    Payment {
        session: fields["session"].parse().unwrap(),
        nonce: fields["nonce"].parse().unwrap(),
        deadline: fields["deadline"].parse().unwrap(),
        token: fields["token"].parse().unwrap(),
        payee: fields["payee"].parse().unwrap(),
        amount: fields["amount"].parse().unwrap(),
        fee: fields["fee"].parse().unwrap(),
        feeRecipient: fields["feeRecipient"].parse().unwrap(),
        r#ref: fields["ref"].parse().unwrap(),
    }
}

/// A field added to the interface must be added to the types.
#[test]
fn the_types_are_those_of_the_interface() {
    assert_eq!(Payment::eip712_root_type().replace("r#", ""), PAYMENT_TYPE);
    assert_eq!(APPROVAL_TYPE, format!("PaymentApproval(Payment payment){PAYMENT_TYPE}"));
    let interface = include_str!("../../../../contracts/src/interfaces/IVault.sol");
    assert!(interface.contains(&format!("EIP-712: {ACT_TYPE}.")));
}

/// I2, I5: every field, the chain and the vault are in the digest, and no payment's digest is its approval's.
#[test]
fn digests_of_payments_and_approvals_are_those_of_viem() {
    let vectors: Vec<PaymentVector> =
        serde_json::from_str(include_str!("../../../../tests/vectors/payment.json")).unwrap();
    assert!(vectors.len() >= 20);
    for vector in &vectors {
        let (payment, chain_id) = (payment(&vector.payment), vector.chain_id.parse().unwrap());
        assert_eq!(domain(chain_id, vector.vault).separator(), vector.domain_separator);
        assert_eq!(payment_struct_hash(&payment), vector.struct_hash);
        assert_eq!(payment_digest(chain_id, vector.vault, &payment), vector.digest);
        assert_eq!(approval_struct_hash(&payment), vector.approval_struct_hash);
        assert_eq!(approval_digest(chain_id, vector.vault, &payment), vector.approval_digest);
    }
    let digests: BTreeSet<_> = vectors.iter().flat_map(|vector| [vector.digest, vector.approval_digest]).collect();
    assert_eq!(digests.len(), 2 * vectors.len(), "no two vectors share a digest");
}

/// I9: the call, the owner nonce, the deadline, the chain and the vault are in the digest.
#[test]
fn digests_of_acts_are_those_of_viem() {
    let vectors: Vec<ActVector> = serde_json::from_str(include_str!("../../../../tests/vectors/act.json")).unwrap();
    assert!(vectors.len() >= 10);
    for ActVector { chain_id, vault, act, struct_hash, digest } in &vectors {
        let (nonce, deadline) = (act.nonce.parse().unwrap(), act.deadline.parse().unwrap());
        assert_eq!(act_struct_hash(&act.call, nonce, deadline), *struct_hash);
        assert_eq!(act_digest(chain_id.parse().unwrap(), *vault, &act.call, nonce, deadline), *digest);
    }
    let digests: BTreeSet<_> = vectors.iter().map(|vector| vector.digest).collect();
    assert_eq!(digests.len(), vectors.len(), "no two vectors share a digest");
}

/// What a wallet gets is JSON that says the same: read back, it has the same digest.
#[test]
fn a_wallet_makes_the_same_digest_of_its_json() {
    let (chain_id, vault) = (31_337, Address::repeat_byte(7));
    let payment = Payment { session: 1, amount: u128::MAX, r#ref: B256::repeat_byte(9), ..Default::default() };
    let read_back = |asked: wallet::TypedData| {
        let json = serde_json::to_value(&asked).unwrap();
        assert!(json["types"]["EIP712Domain"].as_array().is_some_and(|fields| fields.len() == 4));
        assert_eq!(json["domain"]["name"], "Pursestrings Vault");
        serde_json::from_value::<wallet::TypedData>(json).unwrap().eip712_signing_hash().unwrap()
    };
    let approval = wallet::approval(chain_id, vault, &payment);
    assert_eq!(approval.message["payment"]["amount"], u128::MAX.to_string(), "whole, as text");
    assert_eq!(read_back(approval), approval_digest(chain_id, vault, &payment));
    assert_eq!(read_back(wallet::payment(chain_id, vault, &payment)), payment_digest(chain_id, vault, &payment));
    let act = wallet::act(chain_id, vault, &[1, 2, 3], 4, 5);
    assert_eq!(read_back(act), act_digest(chain_id, vault, &[1, 2, 3], 4, 5));
}

/// I2, I5, I9: 10,000 drawn payments, approvals and acts have the same digest by all three encoders.
#[test]
fn drawn_digests_are_those_of_alloy_and_of_viem() {
    let vectors: DrawnVectors =
        serde_json::from_str(include_str!("../../../../tests/vectors/typed_data.json")).unwrap();
    assert!(vectors.structs >= 10_000);
    let (mut hash, mut checkpoints) = (B256::ZERO, Vec::new());
    for index in 0..vectors.structs {
        let (digest, asked) = drawn(index);
        assert_eq!(asked.eip712_signing_hash().unwrap(), digest, "struct {index}");
        hash = keccak256([hash, digest].concat());
        if (index + 1) % vectors.checkpoint_every == 0 {
            checkpoints.push(hash);
        }
    }
    assert_eq!(checkpoints, vectors.checkpoints);
}

/// What `scripts/typed-data.mjs` draws for an index: our digest, and what a wallet would be asked for.
fn drawn(index: usize) -> (B256, wallet::TypedData) {
    let mut words = Words { seed: keccak256(format!("pursestrings typed data {index}")), number: 0 };
    let (chain, vault) = (u64::from_be_bytes(words.cut()), words.cut().into());
    match index % 3 {
        0 => {
            let payment = words.payment();
            (payment_digest(chain, vault, &payment), wallet::payment(chain, vault, &payment))
        }
        1 => {
            let payment = words.payment();
            (approval_digest(chain, vault, &payment), wallet::approval(chain, vault, &payment))
        }
        _ => {
            let call = words.call();
            let (nonce, deadline) = (u32::from_be_bytes(words.cut()), u32::from_be_bytes(words.cut()));
            (act_digest(chain, vault, &call, nonce, deadline), wallet::act(chain, vault, &call, nonce, deadline))
        }
    }
}

/// Words that depend on the seed and their number only.
struct Words {
    seed: B256,
    number: u8,
}

impl Words {
    fn next(&mut self) -> B256 {
        let word = keccak256([self.seed.as_slice(), &[self.number]].concat());
        self.number += 1;
        word
    }

    /// Zero, largest, or the word's last bytes, by the word's first one.
    fn cut<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        let word = self.next();
        match word[0] % 8 {
            0 => [0; SIZE],
            1 => [u8::MAX; SIZE],
            _ => word[32 - SIZE..].try_into().unwrap(),
        }
    }

    fn payment(&mut self) -> Payment {
        Payment {
            session: u32::from_be_bytes(self.cut()),
            nonce: u32::from_be_bytes(self.cut()),
            deadline: u32::from_be_bytes(self.cut()),
            token: self.cut().into(),
            payee: self.cut().into(),
            amount: u128::from_be_bytes(self.cut()),
            fee: u128::from_be_bytes(self.cut()),
            feeRecipient: self.cut().into(),
            r#ref: self.cut().into(),
        }
    }

    fn call(&mut self) -> Vec<u8> {
        let length = usize::from(self.next()[31]) % 131;
        let mut call = Vec::new();
        while call.len() < length {
            call.extend_from_slice(self.next().as_slice());
        }
        call.truncate(length);
        call
    }
}
