//! Whose logs belong to the trail: all of the factory and its vaults, and what tokens log about vaults and purses. Pure.

use crate::source::Wanted;
use alloy::primitives::{Address, B256, Bloom, BloomInput};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use std::collections::BTreeSet;

/// Contracts or accounts named in one log query: several providers refuse more than 1,000.
const NAMED_IN_A_QUERY: usize = 500;

/// Contracts all of whose logs are asked for, and accounts whose movements are, whichever token logs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Interest {
    pub(crate) contracts: BTreeSet<Address>,
    pub(crate) accounts: BTreeSet<Address>,
}

impl Interest {
    /// One contract.
    pub(crate) fn of(contract: Address) -> Self {
        Self { contracts: BTreeSet::from([contract]), accounts: BTreeSet::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.contracts.is_empty() && self.accounts.is_empty()
    }

    /// What is not in `other` too.
    pub(crate) fn without(&self, other: &Self) -> Self {
        Self {
            contracts: self.contracts.difference(&other.contracts).copied().collect(),
            accounts: self.accounts.difference(&other.accounts).copied().collect(),
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.contracts.extend(&other.contracts);
        self.accounts.extend(&other.accounts);
    }

    /// A vault: its own logs, and what comes to it and leaves it.
    pub(crate) fn vault(&mut self, vault: Address) {
        self.contracts.insert(vault);
        self.accounts.insert(vault);
    }

    /// Whether a log belongs to the trail.
    pub(crate) fn wants(&self, contract: Address, topics: &[B256]) -> bool {
        self.contracts.contains(&contract)
            || is_from(topics, |account| self.accounts.contains(account))
            || is_to(topics, |account| self.accounts.contains(account))
    }

    /// The questions that bring all of it. A movement between two accounts is in the answers to two of them.
    pub(crate) fn queries(&self) -> Vec<Wanted> {
        let contracts = parts(&self.contracts).map(Wanted::Of);
        let accounts = parts(&self.accounts).flat_map(|part| [Wanted::From(part.clone()), Wanted::To(part)]);
        contracts.chain(accounts).collect()
    }
}

fn parts(all: &BTreeSet<Address>) -> impl Iterator<Item = BTreeSet<Address>> {
    let all: Vec<_> = all.iter().copied().collect();
    let parts: Vec<_> = all.chunks(NAMED_IN_A_QUERY).map(|part| part.iter().copied().collect()).collect();
    parts.into_iter()
}

/// A `Transfer` from one of these accounts, or an `AuthorizationUsed` of one of them.
pub(crate) fn is_from(topics: &[B256], is_one: impl Fn(&Address) -> bool) -> bool {
    matches!(topics, [kind, from, ..]
        if (*kind == Transfer::SIGNATURE_HASH || *kind == AuthorizationUsed::SIGNATURE_HASH) && names(from, is_one))
}

/// A `Transfer` to one of these accounts.
pub(crate) fn is_to(topics: &[B256], is_one: impl Fn(&Address) -> bool) -> bool {
    matches!(topics, [kind, _, to, ..] if *kind == Transfer::SIGNATURE_HASH && names(to, is_one))
}

fn names(word: &B256, is_one: impl Fn(&Address) -> bool) -> bool {
    let account = Address::from_word(*word);
    account.into_word() == *word && is_one(&account)
}

/// What bloom filters are asked for.
pub(crate) struct Screen {
    contracts: Vec<Bloom>,
    movements: Vec<Bloom>,
    accounts: Vec<Bloom>,
}

impl Screen {
    pub(crate) fn new(interest: &Interest) -> Self {
        let filter = |bytes: &[u8]| Bloom::from(BloomInput::Raw(bytes));
        Self {
            contracts: interest.contracts.iter().map(|contract| filter(contract.as_slice())).collect(),
            movements: [Transfer::SIGNATURE_HASH, AuthorizationUsed::SIGNATURE_HASH].map(|kind| filter(&kind.0)).into(),
            accounts: interest.accounts.iter().map(|account| filter(account.into_word().as_slice())).collect(),
        }
    }

    /// Whether a block with this filter may hold a log of the trail.
    pub(crate) fn lets_through(&self, bloom: &Bloom) -> bool {
        let has_one = |of: &[Bloom]| of.iter().any(|one| bloom.contains(one));
        has_one(&self.contracts) || has_one(&self.movements) && has_one(&self.accounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Log, U256};

    const VAULT: Address = Address::repeat_byte(7);
    const STRANGER: Address = Address::repeat_byte(8);
    const TOKEN: Address = Address::repeat_byte(9);

    fn transfer(from: Address, to: Address) -> Log {
        let (topics, data) = Transfer { from, to, value: U256::ONE }.encode_log_data().split();
        Log::new_unchecked(TOKEN, topics, data)
    }

    fn of_vault() -> Interest {
        let mut interest = Interest::default();
        interest.vault(VAULT);
        interest
    }

    #[test]
    fn what_moves_from_and_to_an_account_is_wanted_and_no_other_traffic_of_its_token() {
        let interest = of_vault();
        for (from, to, wanted) in [(VAULT, STRANGER, true), (STRANGER, VAULT, true), (STRANGER, TOKEN, false)] {
            let log = transfer(from, to);
            assert_eq!(interest.wants(TOKEN, log.topics()), wanted);
            let asked = interest.queries().iter().filter(|query| query.fits(TOKEN, log.topics())).count();
            assert_eq!(asked, usize::from(wanted), "one question brings it");
        }
        let within = transfer(VAULT, VAULT);
        assert_eq!(interest.queries().iter().filter(|query| query.fits(TOKEN, within.topics())).count(), 2);
        let used = AuthorizationUsed { authorizer: VAULT, nonce: B256::ZERO }.encode_log_data();
        assert!(interest.wants(TOKEN, used.topics()));
        let mut dirty = transfer(VAULT, STRANGER).topics().to_vec();
        dirty[1].0[0] = 1;
        assert!(!interest.wants(TOKEN, &dirty), "no account has such a word");
    }

    #[test]
    fn a_bloom_filter_excludes() {
        let interest = of_vault();
        let screen = Screen::new(&interest);
        let bloom = |log: Log| [log].iter().collect::<Bloom>();
        assert!(screen.lets_through(&bloom(Log::new_unchecked(VAULT, vec![B256::repeat_byte(3)], Default::default()))));
        assert!(screen.lets_through(&bloom(transfer(STRANGER, VAULT))));
        assert!(!screen.lets_through(&bloom(transfer(STRANGER, TOKEN))));
        let other = Log::new_unchecked(TOKEN, vec![B256::repeat_byte(3), VAULT.into_word()], Default::default());
        assert!(!screen.lets_through(&bloom(other)), "names the vault, but moves nothing");
    }

    #[test]
    fn many_are_asked_for_in_parts() {
        let mut interest = Interest::default();
        (0..1_001_u64).for_each(|number| interest.vault(Address::left_padding_from(&number.to_be_bytes())));
        let queries = interest.queries();
        assert_eq!(queries.len(), 9);
        let named = queries.iter().map(|query| match query {
            Wanted::Of(who) | Wanted::From(who) | Wanted::To(who) => who.len(),
        });
        assert_eq!(named.sum::<usize>(), 3 * 1_001);
    }
}
