//! What accounts hold, by their token's own storage, beside what came to them and went by the index. Pure: who reads the words
//! proves them.

use super::Sums;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::sol_types::SolValue;
use purse_audit::{Difference, Subject};
use purse_protocol::Chain;
use std::collections::{BTreeMap, BTreeSet};

/// Where Circle's token keeps balances, of which the highest bit tells who is blocked.
const BALANCES: u64 = 9;

/// What is known of balances from one comparison to the next.
#[derive(Debug, Default)]
pub struct Balances {
    /// Tokens that keep balances as Circle's does.
    circles: BTreeSet<Address>,
    /// By account and token, in base units: what it holds beyond what came since it is there. Nothing that happens changes it.
    early: BTreeMap<(Address, Address), U256>,
}

/// What an account holds of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding {
    pub(super) account: Address,
    /// What came and went, by the index.
    pub(super) sums: Sums,
    /// What is there, by the token, in base units.
    pub(super) held: U256,
    /// Whether no reorganisation can change any more what came before the account was there.
    pub(super) is_final: bool,
}

impl Holding {
    /// What the word at [`slot`] holds.
    pub(super) fn in_word(word: B256) -> U256 {
        U256::from_be_bytes(word.0) & (U256::MAX >> 1)
    }

    /// What came since the account is there, and what it holds or has let go; none where 256 bits do not hold it.
    fn sides(&self) -> Option<(U256, U256)> {
        Some((self.sums.all_that_came()?, self.held.checked_add(self.sums.all_that_went()?)?))
    }
}

/// Where a balance stands.
pub(super) fn slot(account: Address) -> B256 {
    keccak256((account, U256::from(BALANCES)).abi_encode())
}

impl Balances {
    /// How many accounts hold more of a token than came since they are there. It came before; or the index has left it out from
    /// the start.
    pub fn early(&self) -> usize {
        self.early.values().filter(|early| !early.is_zero()).count()
    }

    /// Where the index says otherwise than a token; none where nobody knows where the token keeps balances.
    pub(super) fn compare(&mut self, chain_id: u64, token: Address, holdings: &[Holding]) -> Option<Vec<Difference>> {
        let is_usdc = || Chain::by_id(chain_id).and_then(Chain::usdc).is_some_and(|usdc| usdc.address == token);
        // One balance that is there and fits tells that a token keeps its balances so.
        let fits = |of: &Holding| !of.held.is_zero() && of.sums.balance() == Some(of.held);
        if !self.circles.contains(&token) {
            if !is_usdc() && !holdings.iter().any(fits) {
                return None;
            }
            self.circles.insert(token);
        }
        Some(holdings.iter().filter_map(|of| self.one(token, of)).collect())
    }

    fn one(&mut self, token: Address, of: &Holding) -> Option<Difference> {
        let (about, key) = (Subject::Token { token }, (of.account, token));
        // A token may say that more came than there can be: nothing follows from it.
        let (came, there) = of.sides()?;
        let Some(early) = there.checked_sub(came) else {
            let due = of.held + (came - there);
            return Difference::between(about, &format!("the balance of {}", of.account), &due, &of.held);
        };
        match self.early.get(&key) {
            Some(known) => {
                let what = format!("the balance of {}, without what came and went since it is there,", of.account);
                Difference::between(about, &what, known, &early)
            }
            None => {
                if of.is_final {
                    self.early.insert(key, early);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Address = Address::repeat_byte(1);
    const TOKEN: Address = Address::repeat_byte(2);

    fn holding(came: u64, went: u64, held: u64) -> Holding {
        let sums = Sums { came: Some(U256::from(came)), went: Some(U256::from(went)), ..Sums::default() };
        Holding { account: ACCOUNT, sums, held: U256::from(held), is_final: true }
    }

    /// What is told of a holding: nothing, as nobody knows where it stands; that it fits; or by the index and by the token.
    fn told(balances: &mut Balances, chain: u64, token: Address, of: Holding) -> Option<Option<(String, String)>> {
        let found = balances.compare(chain, token, &[of])?;
        Some(found.first().map(|one| (one.trail.clone().unwrap_or_default(), one.chain.clone().unwrap_or_default())))
    }

    fn differs(index: u64, token: u64) -> Option<Option<(String, String)>> {
        Some(Some((index.to_string(), token.to_string())))
    }

    #[test]
    fn a_token_that_fitted_once_is_compared_from_then_on() {
        let balances = &mut Balances::default();
        assert_eq!(told(balances, 1, TOKEN, holding(10, 0, 7)), None, "nobody knows where it keeps them");
        assert_eq!(told(balances, 1, TOKEN, holding(10, 3, 7)), Some(None));
        assert_eq!(told(balances, 1, TOKEN, holding(10, 2, 7)), differs(8, 7), "the only holder's sum is too high");
        assert_eq!(told(balances, 1, TOKEN, holding(10, 4, 7)), differs(0, 1), "and now too low");
    }

    #[test]
    fn circles_usdc_is_always_compared() {
        for (chain, usdc) in Chain::all().iter().filter_map(|chain| Some((chain.id, chain.usdc()?))) {
            assert_eq!(told(&mut Balances::default(), chain, usdc.address, holding(10, 2, 7)), differs(8, 7));
        }
    }

    #[test]
    fn what_came_before_the_account_was_never_changes() {
        let (chain, balances) = (&Chain::all()[0], &mut Balances::default());
        let token = chain.usdc().map_or(TOKEN, |usdc| usdc.address);
        assert_eq!(told(balances, chain.id, token, holding(10, 5, 105)), Some(None), "100 came before");
        assert_eq!(balances.early(), 1);
        assert_eq!(told(balances, chain.id, token, holding(10, 60, 50)), Some(None), "and are paid away");
        assert_eq!(told(balances, chain.id, token, holding(10, 60, 57)), differs(100, 107), "7 are not in the index");
        assert_eq!(told(balances, chain.id, token, holding(10, 60, 45)), differs(100, 95), "nor is where 5 went");
        assert_eq!(told(balances, chain.id, token, holding(17, 60, 57)), Some(None));
    }

    /// The block that paid it in advance may be replaced by one that does not.
    #[test]
    fn what_came_before_an_account_that_is_not_final_may_change() {
        let (chain, balances) = (&Chain::all()[0], &mut Balances::default());
        let token = chain.usdc().map_or(TOKEN, |usdc| usdc.address);
        let young = |held| Holding { is_final: false, ..holding(10, 0, held) };
        for held in [30, 10, 20] {
            assert_eq!(told(balances, chain.id, token, young(held)), Some(None));
        }
        assert_eq!(told(balances, chain.id, token, young(9)), differs(10, 9));
    }
}
