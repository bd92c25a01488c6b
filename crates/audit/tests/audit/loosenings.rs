//! Every way to loosen, by its call and its events, with a stop or setting of the same subject (I9).

use crate::promises::{audit, broken};
use crate::synthetic::{ONE, OWNER, PAYEE, START, Synthetic, TOKEN, who};
use alloy::primitives::Address;
use purse_protocol::abi::IVault::{
    CategoriesSet, Grant, GuardianSet, Limit, LimitRemoved, OwnershipTransferStarted, OwnershipTransferred, Paused,
    PayeeEntry, PayeeRemoved, PayeeSet, PerPaymentCapSet, SessionGranted, TokenGrant, Unpaused, ValiditySet, grantCall,
    removeLimitCall, setCategoriesCall, setDelayCall, setGuardianCall, setLimitCall, setPayeesCall,
    setPerPaymentCapCall, setValidityCall, transferOwnershipCall, unpauseCall,
};

pub(crate) const DAY: u32 = 86_400;
const UNTIL: u32 = START as u32 + 90 * DAY;

/// A loosening, by its call and its events, and a stop or setting of the same subject.
pub(crate) struct Loosening {
    pub(crate) name: &'static str,
    pub(crate) before: fn(&mut Synthetic),
    pub(crate) call: fn(&mut Synthetic) -> u32,
    pub(crate) effect: fn(&mut Synthetic),
    pub(crate) kill: fn(&mut Synthetic),
}

pub(crate) const fn nothing(_: &mut Synthetic) {}

pub(crate) fn limit_call(session: u32, cap: u128) -> setLimitCall {
    setLimitCall { session, category: 0, token: TOKEN, window: DAY, cap }
}

pub(crate) fn granted(vault: &mut Synthetic) {
    vault.emit(|sequence| SessionGranted {
        session: 2,
        key: who(61),
        validFrom: 0,
        validUntil: UNTIL,
        categories: 2,
        epoch: 0,
        sequence,
    });
    vault.emit(|sequence| PerPaymentCapSet { session: 2, token: TOKEN, perPaymentCap: 2 * ONE, sequence });
    vault.limit(2, 0, DAY, 5 * ONE, 0);
    vault.limit(2, 1, u32::MAX, 9 * ONE, 0);
}

pub(crate) fn grant_call() -> grantCall {
    let limits = [(0, DAY, 5 * ONE), (1, u32::MAX, 9 * ONE)];
    let limits = limits.map(|(category, window, cap)| Limit { category, window, cap }).to_vec();
    let tokens = vec![TokenGrant { token: TOKEN, perPaymentCap: 2 * ONE, limits }];
    let newSession = Grant { session: 2, key: who(61), validFrom: 0, validUntil: UNTIL, categories: 2, tokens };
    grantCall { newSession }
}

pub(crate) fn payees_call() -> setPayeesCall {
    let entry = |payee, category| PayeeEntry { payee, category };
    setPayeesCall { entries: vec![entry(PAYEE, 1), entry(who(50), 2)] }
}

pub(crate) fn payees_set(vault: &mut Synthetic) {
    vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 1, sequence });
    vault.emit(|sequence| PayeeSet { payee: who(50), category: 2, sequence });
}

pub(crate) const LOOSENINGS: [Loosening; 14] = [
    Loosening {
        name: "a grant",
        before: |vault| {
            vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: who(71), sequence });
        },
        call: |vault| vault.put_by(&grant_call()),
        effect: granted,
        kill: |vault| {
            vault.emit(|sequence| OwnershipTransferred { previousOwner: OWNER, newOwner: who(71), sequence });
        },
    },
    Loosening {
        name: "a raised limit of a session",
        before: nothing,
        call: |vault| vault.put_by(&limit_call(1, 50 * ONE)),
        effect: |vault| vault.limit(1, 0, DAY, 50 * ONE, 0),
        kill: |vault| vault.limit(1, 0, DAY, 20 * ONE, 0),
    },
    Loosening {
        name: "a raised limit of the vault",
        before: |vault| vault.limit(0, 0, DAY, 10 * ONE, 0),
        call: |vault| vault.put_by(&limit_call(0, 50 * ONE)),
        effect: |vault| vault.limit(0, 0, DAY, 50 * ONE, 0),
        kill: |vault| vault.limit(0, 0, 3_600, 20 * ONE, 0),
    },
    Loosening {
        name: "a first limit in a token",
        before: |vault| {
            for window in [DAY, 30 * DAY] {
                vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window, sequence });
            }
        },
        call: |vault| vault.put_by(&limit_call(1, ONE)),
        effect: |vault| vault.limit(1, 0, DAY, ONE, 0),
        kill: |vault| vault.emit(|sequence| CategoriesSet { session: 1, categories: 2, sequence }),
    },
    Loosening {
        name: "a removed limit",
        before: nothing,
        call: |vault| vault.put_by(&removeLimitCall { session: 1, category: 0, token: TOKEN, window: DAY }),
        effect: |vault| {
            vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window: DAY, sequence });
        },
        kill: |vault| vault.limit(1, 0, DAY, 25 * ONE, 0),
    },
    Loosening {
        name: "new payees",
        before: nothing,
        call: |vault| vault.put_by(&payees_call()),
        effect: payees_set,
        kill: |vault| vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 1, sequence }),
    },
    Loosening {
        name: "a payee taken out meanwhile",
        before: nothing,
        call: |vault| vault.put_by(&payees_call()),
        effect: payees_set,
        kill: |vault| vault.emit(|sequence| PayeeRemoved { payee: who(50), by: OWNER, sequence }),
    },
    Loosening {
        name: "more categories",
        before: nothing,
        call: |vault| vault.put_by(&setCategoriesCall { session: 1, categories: 1 << 1 | 1 << 2 }),
        effect: |vault| vault.emit(|sequence| CategoriesSet { session: 1, categories: 1 << 1 | 1 << 2, sequence }),
        kill: |vault| vault.emit(|sequence| CategoriesSet { session: 1, categories: 2, sequence }),
    },
    Loosening {
        name: "a longer span",
        before: nothing,
        call: |vault| vault.put_by(&setValidityCall { session: 1, validFrom: 0, validUntil: UNTIL }),
        effect: |vault| {
            vault.emit(|sequence| ValiditySet { session: 1, validFrom: 0, validUntil: UNTIL, sequence });
        },
        kill: |vault| {
            let (validFrom, validUntil) = (START as u32, UNTIL - 1);
            vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil, sequence });
        },
    },
    Loosening {
        name: "a raised per-payment cap",
        before: nothing,
        call: |vault| vault.put_by(&setPerPaymentCapCall { session: 1, token: TOKEN, perPaymentCap: 11 * ONE }),
        effect: |vault| {
            let perPaymentCap = 11 * ONE;
            vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap, sequence });
        },
        kill: |vault| {
            vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap: ONE, sequence });
        },
    },
    Loosening {
        name: "unpause",
        before: |vault| vault.emit(|sequence| Paused { by: OWNER, sequence }),
        call: |vault| vault.put_by(&unpauseCall {}),
        effect: |vault| vault.emit(|sequence| Unpaused { by: OWNER, sequence }),
        kill: |vault| vault.emit(|sequence| Paused { by: OWNER, sequence }),
    },
    Loosening {
        name: "a shorter delay",
        before: nothing,
        call: |vault| vault.put_by(&setDelayCall { newDelay: 0 }),
        effect: |vault| vault.set_delay(0),
        kill: |vault| vault.set_delay(2 * DAY),
    },
    Loosening {
        name: "another guardian",
        before: nothing,
        call: |vault| vault.put_by(&setGuardianCall { newGuardian: who(70) }),
        effect: |vault| vault.emit(|sequence| GuardianSet { guardian: who(70), sequence }),
        kill: |vault| vault.emit(|sequence| GuardianSet { guardian: Address::ZERO, sequence }),
    },
    Loosening {
        name: "a next owner",
        before: nothing,
        call: |vault| vault.put_by(&transferOwnershipCall { newOwner: who(71) }),
        effect: |vault| {
            vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: who(71), sequence });
        },
        kill: |vault| {
            vault.emit(|sequence| OwnershipTransferStarted { owner: OWNER, pendingOwner: Address::ZERO, sequence });
        },
    },
];

/// A vault with a session and a delay of a day.
pub(crate) fn delayed(before: fn(&mut Synthetic)) -> Synthetic {
    let mut vault = Synthetic::with_session(0);
    before(&mut vault);
    vault.set_delay(DAY);
    vault.next_block(1);
    vault
}

/// A change that is executed after so many seconds.
pub(crate) fn executed(loosening: &Loosening, seconds: u64) -> Synthetic {
    let mut vault = delayed(loosening.before);
    let change = (loosening.call)(&mut vault);
    vault.next_block(seconds);
    vault.execute(change);
    vault
}

pub(crate) fn sound(vault: &Synthetic, name: &str) {
    let report = audit(vault);
    assert!(report.holds(), "{name}: {:#?}", report.differences().collect::<Vec<_>>());
}

/// What the one check that does not hold says.
pub(crate) fn said(vault: &Synthetic, name: &str) -> String {
    let report = audit(vault);
    assert_eq!(broken(&report), ["waiting"], "{name}: {:#?}", report.differences().collect::<Vec<_>>());
    report.differences().map(|(_, difference)| difference.problem.as_str()).collect::<Vec<_>>().join("; ")
}
