//! Duties apart: who grants, who pays, who stops, who takes and who funds. A session key that is one of the others breaks
//! I8; an account that has two of the other duties is something to look at, not a fault.

use crate::observed::Observed;
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::Address;
use purse_protocol::abi::IVault::IVaultEvents;
use std::collections::BTreeSet;

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let (mut owners, mut guardians, mut treasuries) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for event in &trail.events {
        let (list, who) = match &event.event {
            IVaultEvents::OwnershipTransferred(e) => (&mut owners, e.newOwner),
            IVaultEvents::GuardianSet(e) => (&mut guardians, e.guardian),
            IVaultEvents::TreasurySet(e) => (&mut treasuries, e.treasury),
            _ => continue,
        };
        if !who.is_zero() {
            list.insert(who);
        }
    }
    let into = |transfer: &&crate::observed::ObservedTransfer| transfer.to == trail.vault && !transfer.value.is_zero();
    let funders: BTreeSet<_> = observed.transfers.iter().filter(into).map(|transfer| transfer.from).collect();
    let paying: BTreeSet<_> = trail.payments.iter().map(|payment| payment.place.tx).collect();
    let senders = observed.calls.iter().filter(|call| paying.contains(&call.tx)).map(|call| call.from).collect();
    let roles: [(&str, &BTreeSet<Address>); 5] = [
        ("owner", &owners),
        ("guardian", &guardians),
        ("treasury", &treasuries),
        ("funder", &funders),
        ("sender of payments", &senders),
    ];
    let mut notes = Vec::new();
    for (index, (one, first)) in roles.iter().enumerate() {
        for (other, second) in &roles[index + 1..] {
            notes.extend(first.intersection(second).map(|who| format!("{who} is {one} and {other}")));
        }
    }
    let also = |key: &Address| roles[..3].iter().find(|(_, who)| who.contains(key)).map(|(role, _)| (*key, *role));
    let found =
        trail.keys.keys().filter_map(also).map(|(key, role)| {
            Difference::new(Subject::Key { key }, format!("a session key is the {role} too, or was"))
        });
    let title = "no session key is owner, guardian or treasury; duties are apart";
    let detail = if notes.is_empty() {
        "owner, guardian, treasury, funders and senders differ".into()
    } else {
        notes.join("; ")
    };
    let check = Check::new("duties", "I8", title, detail, found.collect());
    if notes.is_empty() { check } else { check.noted() }
}
