//! What the audit judges beside the views: approvals in the calls (I5), reasons of what did not pay (I11), the vault's
//! address (I14), the most that can leave (I17); and what it says that it cannot judge (I2, I10).

use crate::promises::{audit, broken};
use crate::synthetic::{CHAIN, KEY, ONE, OWNER, PAYEE, RELAYER, Synthetic, TOKEN, TREASURY, VAULT, who};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::{SolCall, SolError};
use purse_audit::observed::{ObservedApproval, ObservedOrigin, ObservedOutflow};
use purse_audit::{Outcome, Report, Trail, compare};
use purse_protocol::SessionId;
use purse_protocol::abi::IVault;
use purse_protocol::create2::{VaultConfig, vault_address};
use purse_protocol::typed_data::approval_digest;

fn check<'report>(report: &'report Report, id: &str) -> &'report purse_audit::Check {
    report.checks.iter().find(|check| check.id == id).unwrap()
}

/// A vault whose owner is a key, with one payment above its cap; and that payment.
fn above_its_cap() -> (Synthetic, PrivateKeySigner, IVault::Payment) {
    let owner = PrivateKeySigner::from_bytes(&keccak256("the owner")).unwrap();
    let mut vault = Synthetic::with_session(0);
    let newOwner = owner.address();
    vault.emit(|sequence| IVault::OwnershipTransferStarted { owner: OWNER, pendingOwner: newOwner, sequence });
    vault.emit(|sequence| IVault::OwnershipTransferred { previousOwner: OWNER, newOwner, sequence });
    vault.next_block(1);
    vault.pay(1, 12 * ONE, 0);
    let payment = IVault::Payment {
        session: 1,
        nonce: 1,
        deadline: u32::MAX,
        token: TOKEN,
        payee: PAYEE,
        amount: 12 * ONE,
        fee: 0,
        feeRecipient: Address::ZERO,
        r#ref: B256::with_last_byte(1),
    };
    (vault, owner, payment)
}

fn call(payment: &IVault::Payment, approval: Bytes) -> Bytes {
    IVault::payCall { payment: payment.clone(), signature: Bytes::new(), approval }.abi_encode().into()
}

fn judged(vault: &Synthetic, input: Bytes, owner: Address, owner_is_contract: bool) -> Report {
    let mut observed = vault.observed();
    let tx = vault.trail().payments[0].place.tx;
    assert_eq!(vault.trail().questions().approvals.into_iter().collect::<Vec<_>>(), [(tx, owner)]);
    observed.approvals = vec![ObservedApproval { tx, to: Some(VAULT), input, owner, owner_is_contract }];
    compare(&vault.trail(), &observed)
}

/// I5
#[test]
fn an_approval_is_read_out_of_the_call() {
    let (vault, owner, payment) = above_its_cap();
    let approve = |by: &PrivateKeySigner, payment: &IVault::Payment| -> Bytes {
        by.sign_hash_sync(&approval_digest(CHAIN, VAULT, payment)).unwrap().as_bytes().into()
    };
    let good = approve(&owner, &payment);
    let report = judged(&vault, call(&payment, good.clone()), owner.address(), false);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
    assert!(check(&report, "per_payment_cap").detail.contains("1 with the signature of the owner's key, 0 by"));
    let item = IVault::BatchItem { payment: payment.clone(), signature: Bytes::new(), approval: good.clone() };
    let batch = IVault::payBatchCall { items: vec![item] }.abi_encode().into();
    assert!(judged(&vault, batch, owner.address(), false).holds());

    let stranger = PrivateKeySigner::from_bytes(&keccak256("a stranger")).unwrap();
    let other = IVault::Payment { amount: 11 * ONE, ..payment.clone() };
    let bad = [
        ("has no approval", call(&payment, Bytes::new())),
        ("not signed by the owner", call(&payment, approve(&stranger, &payment))),
        ("not signed by the owner", call(&payment, approve(&owner, &other))),
        ("another payment", call(&other, approve(&owner, &other))),
        ("another payment", Bytes::from_static(b"no call")),
    ];
    for (problem, input) in bad {
        let report = judged(&vault, input, owner.address(), false);
        assert_eq!(broken(&report), ["per_payment_cap"], "{problem}");
        assert!(report.differences().next().unwrap().1.problem.contains(problem), "{problem}");
    }
    // A contract signs as it likes; what came through another contract was not seen.
    let report = judged(&vault, call(&payment, Bytes::from_static(b"yes")), owner.address(), true);
    assert!(report.holds() && check(&report, "per_payment_cap").detail.contains("1 by the vault's word"));
    assert!(audit(&vault).holds());
}

fn refuse(vault: &mut Synthetic, nonce: u32, reason: &impl SolError) {
    let reason = reason.abi_encode().into();
    vault.beside(&IVault::PaymentFailed { session: 1, payee: PAYEE, r#ref: B256::ZERO, nonce, reason });
}

/// I11
#[test]
fn a_reason_that_was_not_so_is_named() {
    let until = Synthetic::with_session(0).trail().sessions().next().unwrap().word.valid_until;
    let untrue: [fn(&mut Synthetic, u32); 11] = [
        |vault, _| refuse(vault, 9, &IVault::VaultPaused {}),
        |vault, _| refuse(vault, 9, &IVault::SessionRevoked { session: 1 }),
        |vault, until| refuse(vault, 9, &IVault::SessionExpired { session: 1, validUntil: until }),
        |vault, _| refuse(vault, 9, &IVault::SessionNotYetValid { session: 1, validFrom: 0 }),
        |vault, _| refuse(vault, 9, &IVault::KeyRetired { session: 1, key: KEY }),
        |vault, _| refuse(vault, 9, &IVault::PaymentExpired { deadline: u32::MAX, time: U256::ZERO }),
        |vault, _| refuse(vault, 9, &IVault::NonceUsed { session: 1, nonce: 9 }),
        |vault, _| refuse(vault, 9, &IVault::PayeeNotInBook { payee: PAYEE }),
        |vault, _| refuse(vault, 9, &IVault::CategoryNotGranted { session: 1, category: 1 }),
        |vault, _| refuse(vault, 9, &IVault::TokenNotGranted { session: 1, token: TOKEN }),
        |vault, _| refuse(vault, 1_025, &IVault::NonceTooFar { session: 1, nonce: 1_025, furthest: U256::from(1_025) }),
    ];
    for (index, say) in untrue.into_iter().enumerate() {
        let mut vault = Synthetic::with_session(0);
        vault.pay(1, ONE, 0);
        say(&mut vault, until);
        let report = audit(&vault);
        assert_eq!(broken(&report), ["refusals"], "reason {index}");
        assert!(report.differences().next().unwrap().1.problem.contains("was not so then"), "reason {index}");
    }
}

/// I11: the state of that moment counts, not that of the end.
#[test]
fn a_reason_that_was_so_then_passes() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, ONE, 0);
    refuse(&mut vault, 1, &IVault::NonceUsed { session: 1, nonce: 1 });
    refuse(&mut vault, 2, &IVault::PayeeNotInBook { payee: who(50) });
    refuse(&mut vault, 3, &IVault::AbovePerPaymentCap { requested: U256::from(11 * ONE), perPaymentCap: 10 * ONE });
    refuse(&mut vault, 1_026, &IVault::NonceTooFar { session: 1, nonce: 1_026, furthest: U256::from(1_025) });
    refuse(&mut vault, 4, &IVault::VaultShort { balance: U256::ZERO, needed: U256::from(1) });
    vault.next_block(1);
    vault.emit(|sequence| IVault::Paused { by: OWNER, sequence });
    refuse(&mut vault, 5, &IVault::VaultPaused {});
    vault.next_block(1);
    vault.emit(|sequence| IVault::Unpaused { by: OWNER, sequence });
    vault.emit(|sequence| IVault::Revoked { session: 1, by: OWNER, sequence });
    refuse(&mut vault, 6, &IVault::SessionRevoked { session: 1 });
    let report = audit(&vault);
    assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
    assert!(
        check(&report, "refusals").detail.contains("7 refused items, 6 of them"),
        "{:?}",
        check(&report, "refusals")
    );
}

/// I14
#[test]
fn a_vault_at_another_address_than_the_factory_makes_is_named() {
    let code = Bytes::from_static(b"the vault's creation code");
    let (factory, salt, expected_code_hash) = (who(40), B256::with_last_byte(3), keccak256(&code));
    let config = VaultConfig { owner: OWNER, treasury: TREASURY, guardian: Address::ZERO };
    let address = vault_address(factory, CHAIN, &code, &config, salt);
    let origin = ObservedOrigin { factory, creation_code: code, salt, expected_code_hash };
    let judge = |vault: Address, origin: Option<&ObservedOrigin>| {
        let synthetic = Synthetic::new();
        let trail = Trail::fold(CHAIN, vault, synthetic.logs.clone()).unwrap();
        let mut observed = synthetic.observed();
        (observed.vault, observed.origin) = (vault, origin.cloned());
        compare(&trail, &observed)
    };
    let report = judge(address, Some(&origin));
    assert!(report.holds() && check(&report, "origin").outcome == Outcome::Holds);
    assert_eq!(broken(&judge(who(41), Some(&origin))), ["origin"]);
    for change in [
        |origin: &mut ObservedOrigin| origin.factory = RELAYER,
        |origin: &mut ObservedOrigin| origin.salt = B256::ZERO,
        |origin: &mut ObservedOrigin| origin.creation_code = Bytes::new(),
        |origin: &mut ObservedOrigin| origin.expected_code_hash = B256::ZERO,
    ] {
        let mut forged = origin.clone();
        change(&mut forged);
        assert_eq!(broken(&judge(address, Some(&forged))), ["origin"]);
    }
    let unseen = judge(address, None);
    assert!(unseen.holds() && check(&unseen, "origin").outcome == Outcome::NotJudged);
}

/// I1: a token may say anything, and its book is exact all the same.
#[test]
fn a_book_of_more_than_256_bits_is_exact() {
    let mut vault = Synthetic::with_session(0);
    let all = U256::MAX;
    let rest = all - U256::from(1_000 * ONE);
    for value in [rest, all, U256::from(5)] {
        vault.transfer(TREASURY, VAULT, value);
        if value > U256::from(5) {
            vault.emit(|sequence| IVault::Withdrawn { token: TOKEN, treasury: TREASURY, amount: all, sequence });
            vault.transfer(VAULT, TREASURY, all);
        }
        vault.next_block(1);
    }
    assert_eq!(broken(&compare(&vault.trail(), &vault.observed_with_balance(U256::from(5)))), [""; 0]);
    assert_eq!(broken(&compare(&vault.trail(), &vault.observed_with_balance(U256::from(4)))), ["balances"]);
}

/// I17
#[test]
fn a_lens_that_says_another_number_is_named() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(1, 5 * ONE, 0);
    let session = SessionId::new(1).unwrap();
    let judge = |vault: &Synthetic, horizon: u32, most: u128| {
        let mut observed = vault.observed();
        observed.outflows = vec![ObservedOutflow { session, token: TOKEN, horizon, most: U256::from(most) }];
        compare(&vault.trail(), &observed)
    };
    // 20 are left of the day's 25, all of it again from the sixth bucket on; 30 days are bound by their 100.
    for (horizon, most) in [(0, 20), (86_400, 20), (5 * 21_600, 45), (2_591_999, 95)] {
        let report = judge(&vault, horizon, most * ONE);
        assert!(report.holds(), "{horizon}: {:#?}", report.differences().collect::<Vec<_>>());
        assert_eq!(broken(&judge(&vault, horizon, most * ONE + 1)), ["max_outflow"], "{horizon}");
        assert_eq!(broken(&judge(&vault, horizon, most * ONE - 1)), ["max_outflow"], "{horizon}");
    }
    vault.emit(|sequence| IVault::Revoked { session: 1, by: OWNER, sequence });
    assert!(judge(&vault, 86_400, 0).holds());
    assert_eq!(broken(&judge(&vault, 86_400, 1)), ["max_outflow"]);
    assert_eq!(check(&audit(&vault), "max_outflow").outcome, Outcome::NotJudged);
    let mut vault = Synthetic::with_session(0);
    vault.set_delay(60);
    vault.put_by(&IVault::unpauseCall {});
    assert_eq!(check(&judge(&vault, 86_400, 0), "max_outflow").outcome, Outcome::NotJudged);
    assert_eq!(broken(&judge(&vault, 59, 0)), ["max_outflow"]);
}

/// I2, I10
#[test]
fn what_cannot_be_judged_says_so() {
    let report = audit(&Synthetic::with_session(0));
    for id in ["signatures", "exit"] {
        assert_eq!(check(&report, id).outcome, Outcome::NotJudged);
        assert!(check(&report, id).detail.starts_with("not judged here"), "{id}");
    }
}
