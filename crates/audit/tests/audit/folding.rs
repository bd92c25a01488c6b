//! The fold, event by event, against words worked out by hand (I12). The end-to-end stories hold it against the contract.

use crate::synthetic::{KEY, ONE, OWNER, PAYEE, START, Synthetic, TOKEN, TREASURY, who};
use alloy::primitives::{Address, U256};
use purse_audit::{Trail, TrailError};
use purse_protocol::abi::IVault::{
    AllRevoked, GuardianSet, KeyRotated, LimitRemoved, OwnershipTransferStarted, OwnershipTransferred, Paused,
    PayeeRemoved, PayeeSet, Revoked, TokenAdded,
};
use purse_protocol::{Category, Scope, SessionId, Window};

const DAY: u64 = 86_400;

fn one() -> SessionId {
    SessionId::new(1).unwrap()
}

fn scope(session: u32, category: u8) -> Scope {
    Scope::new(session, category).unwrap()
}

#[test]
fn nonces_move_the_window() {
    let mut vault = Synthetic::with_session(0);
    for (nonce, highest, window) in [(3, 3, 0b1), (1, 3, 0b101), (4, 4, 0b1011), (40, 40, 1), (9, 40, 1 << 31 | 1)] {
        vault.pay(nonce, 1, 0);
        let word = vault.trail().session(one()).unwrap().word;
        assert_eq!((word.nonce_highest, word.nonce_window), (highest, window), "after nonce {nonce}");
    }
    // 32 behind the highest the window cannot tell, and the contract refuses it.
    vault.pay(8, 1, 0);
    let error = Trail::fold(1, KEY, vault.logs).unwrap_err();
    assert!(error.to_string().contains("nonce 8 is too old"), "{error}");
}

#[test]
fn a_rotated_key_leaves_its_nonces_and_ends() {
    let mut vault = Synthetic::with_session(0);
    vault.pay(5, ONE, 0);
    vault.emit(|sequence| KeyRotated { session: 1, oldKey: KEY, newKey: who(60), sequence });
    let trail = vault.trail();
    let (old, new) = (trail.keys[&KEY], trail.keys[&who(60)]);
    assert_eq!((old.nonce_highest, old.valid_until), (5, 0));
    assert_eq!((new.nonce_highest, new.nonce_window, new.valid_from), (0, 0, START as u32));
    let session = trail.session(one()).unwrap();
    assert_eq!((session.key, session.revoked), (who(60), false));
    // What was spent stays counted.
    assert_eq!(trail.limits(scope(1, 0), TOKEN, vault.time)[0].used, U256::from(ONE));
}

#[test]
fn meters_are_those_of_the_contract() {
    let mut vault = Synthetic::with_session(0);
    let bucket = vault.time / (DAY / 4);
    vault.pay(1, 7, 0);
    let word = U256::from(7) | U256::from(25 * ONE) << 155 | U256::from(bucket) << 186;
    assert_eq!(vault.trail().meter(scope(1, 0), TOKEN, Window::Day).to_word(), word);
    vault.next_block(2 * DAY / 4);
    vault.pay(2, 5, 0);
    let word = U256::from(5) | U256::from(7) << 62 | U256::from(25 * ONE) << 155 | U256::from(bucket + 2) << 186;
    assert_eq!(vault.trail().meter(scope(1, 0), TOKEN, Window::Day).to_word(), word);
    vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window: 86_400, sequence });
    let trail = vault.trail();
    let word = U256::from(5) | U256::from(7) << 62 | U256::from(bucket + 2) << 186;
    assert_eq!(trail.meter(scope(1, 0), TOKEN, Window::Day).to_word(), word);
    let windows: Vec<_> = trail.limits(scope(1, 0), TOKEN, vault.time).iter().map(|limit| limit.window).collect();
    assert_eq!(windows, [Window::Month]);
}

#[test]
fn roles_book_and_stops() {
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 9, sequence });
    vault.emit(|sequence| PayeeRemoved { payee: who(5), by: OWNER, sequence });
    vault.emit(|sequence| Paused { by: OWNER, sequence });
    vault.emit(|sequence| GuardianSet { guardian: who(70), sequence });
    vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: who(71), sequence });
    let trail = vault.trail();
    assert_eq!(trail.payees[&PAYEE], Category::new(9));
    assert_eq!(trail.payees[&who(5)], None);
    assert_eq!((trail.owner, trail.pending_owner, trail.guardian), (OWNER, who(71), who(70)));
    assert_eq!((trail.treasury, trail.paused, trail.epoch), (TREASURY, true, 0));
    vault.emit(|sequence| OwnershipTransferred { previousOwner: OWNER, newOwner: who(71), sequence });
    vault.emit(|sequence| AllRevoked { epoch: 1, by: OWNER, sequence });
    let trail = vault.trail();
    assert_eq!((trail.owner, trail.pending_owner), (who(71), Address::ZERO));
    assert!(trail.session(one()).unwrap().revoked);
    assert_ne!(trail.session(one()).unwrap().word.valid_until, 0, "revokeAll writes no session");
    let mut vault = Synthetic::with_session(0);
    vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence });
    assert_eq!(vault.trail().session(one()).unwrap().word.valid_until, 0);
}

/// An event of something that was never there stops the fold and leaves the trail as it was.
#[test]
fn what_cannot_be_changes_nothing() {
    let impossible: [fn(&mut Synthetic); 4] = [
        |vault| vault.emit(|sequence| Revoked { session: 2, by: OWNER, sequence }),
        |vault| vault.emit(|sequence| TokenAdded { token: TOKEN, unitBits: 1, sequence }),
        |vault| vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 64, sequence }),
        |vault| vault.pay(1, u128::MAX, u128::MAX),
    ];
    for act in impossible {
        let mut vault = Synthetic::with_session(0);
        let mut trail = vault.trail();
        let before = trail.clone();
        act(&mut vault);
        let error = trail.push(vault.logs.last().unwrap()).unwrap_err();
        assert!(matches!(error, TrailError::Impossible { block: 13, .. }), "{error}");
        assert!(!error.fix().is_empty());
        assert_eq!(trail, before);
    }
}
