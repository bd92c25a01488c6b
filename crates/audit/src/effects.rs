//! What a verb does when it takes effect, as the events that it logs: so that what follows the execution of a waiting
//! change can be held against its call (I9).

use crate::change::call_within;
use alloy::primitives::{Address, B256, IntoLogData, LogData, U256};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IVault::{self, IVaultCalls, IVaultEvents};
use purse_protocol::meter;
use std::collections::{BTreeMap, VecDeque};

/// What an effect depends on besides the call.
pub(crate) struct Moment<'a> {
    pub(crate) owner: Address,
    pub(crate) epoch: u32,
    pub(crate) paused: bool,
    pub(crate) unit_bits: &'a BTreeMap<Address, u8>,
}

/// An event without what the call does not say: its sequence number and, of a limit, what it has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    topics: Vec<B256>,
    words: Vec<u8>,
}

impl Effect {
    pub(crate) fn of(event: &IVaultEvents) -> Self {
        let unsaid = if matches!(event, IVaultEvents::LimitSet(_)) { 2 } else { 1 };
        Self::without(event.to_log_data(), unsaid)
    }

    fn without(log: LogData, unsaid: usize) -> Self {
        let (topics, data) = log.split();
        let words = data[..data.len().saturating_sub(32 * unsaid)].to_vec();
        Self { topics, words }
    }

    fn made<E: SolEvent>(event: E) -> Self {
        Self::without(event.encode_log_data(), 1)
    }

    fn limit(event: IVault::LimitSet) -> Self {
        Self::without(event.encode_log_data(), 2)
    }
}

/// The events that a waiting change logs when it takes effect, in order; none where its call is none that waits.
pub(crate) fn effects(call: &[u8], moment: &Moment<'_>) -> Option<VecDeque<Effect>> {
    use IVaultCalls as C;
    let sequence = 0;
    Some(VecDeque::from(match call_within(call)? {
        C::grant(call) => granted(call.newSession, moment),
        C::setValidity(c) => vec![Effect::made(IVault::ValiditySet {
            session: c.session,
            validFrom: c.validFrom,
            validUntil: c.validUntil,
            sequence,
        })],
        C::setCategories(c) => {
            vec![Effect::made(IVault::CategoriesSet { session: c.session, categories: c.categories, sequence })]
        }
        C::setPerPaymentCap(c) => vec![cap(c.session, c.token, c.perPaymentCap, moment)],
        C::setLimit(c) => vec![limit(c.session, c.token, (c.category, c.window, c.cap), moment)],
        C::removeLimit(c) => vec![Effect::made(IVault::LimitRemoved {
            session: c.session,
            token: c.token,
            category: c.category,
            window: c.window,
            sequence,
        })],
        C::setPurseTarget(c) => vec![Effect::made(IVault::PurseTargetSet {
            session: c.session,
            token: c.token,
            category: c.category,
            target: rounded(c.target, c.token, moment),
            sequence,
        })],
        C::setPayees(c) => {
            let set = |entry: IVault::PayeeEntry| {
                Effect::made(IVault::PayeeSet { payee: entry.payee, category: entry.category, sequence })
            };
            c.entries.into_iter().map(set).collect()
        }
        C::unpause(_) if !moment.paused => Vec::new(),
        C::unpause(_) => vec![Effect::made(IVault::Unpaused { by: moment.owner, sequence })],
        C::setDelay(c) => vec![Effect::made(IVault::DelaySet { delay: c.newDelay, sequence })],
        C::transferOwnership(c) => vec![Effect::made(IVault::OwnershipTransferStarted {
            owner: moment.owner,
            pendingOwner: c.newOwner,
            sequence,
        })],
        C::setGuardian(c) => vec![Effect::made(IVault::GuardianSet { guardian: c.newGuardian, sequence })],
        C::setTreasury(c) => vec![Effect::made(IVault::TreasurySet { treasury: c.newTreasury, sequence })],
        _ => return None,
    }))
}

fn granted(grant: IVault::Grant, moment: &Moment<'_>) -> Vec<Effect> {
    let mut effects = vec![Effect::made(IVault::SessionGranted {
        session: grant.session,
        key: grant.key,
        validFrom: grant.validFrom,
        validUntil: grant.validUntil,
        categories: grant.categories,
        epoch: moment.epoch,
        sequence: 0,
    })];
    for granted in grant.tokens {
        effects.push(cap(grant.session, granted.token, granted.perPaymentCap, moment));
        for IVault::Limit { category, window, cap } in granted.limits {
            effects.push(limit(grant.session, granted.token, (category, window, cap), moment));
        }
    }
    effects
}

fn cap(session: u32, token: Address, asked: u128, moment: &Moment<'_>) -> Effect {
    let cap = rounded(asked, token, moment);
    Effect::made(IVault::PerPaymentCapSet { session, token, perPaymentCap: cap, sequence: 0 })
}

fn limit(session: u32, token: Address, (category, window, asked): (u8, u32, u128), moment: &Moment<'_>) -> Effect {
    let cap = rounded(asked, token, moment);
    Effect::limit(IVault::LimitSet { session, token, category, window, cap, used: 0, sequence: 0 })
}

/// A cap as it binds: rounded down to the token's unit.
fn rounded(asked: u128, token: Address, moment: &Moment<'_>) -> u128 {
    let unit_bits = moment.unit_bits.get(&token).copied().unwrap_or(0);
    meter::base_units(meter::units_down(U256::from(asked), unit_bits), unit_bits).saturating_to()
}
