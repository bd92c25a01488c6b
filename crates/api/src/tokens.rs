//! What tokens call themselves, and how many decimals they say they have. The chain's own table is known; any other token
//! is asked, once. A token's word for itself is quoted, never trusted: base units stand beside every amount.

use alloy::primitives::{Address, keccak256};
use alloy::providers::Provider;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use purse_protocol::Chain;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::text::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest symbol that is passed on, in characters.
const LONGEST_SYMBOL: usize = 32;
/// A token that does not answer in this time is left without words.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a token that did not answer is not asked again.
const SULKING: Duration = Duration::from_secs(60);
/// Tokens asked at once: each is two calls to the node.
const AT_ONCE: usize = 8;
/// Tokens of one answer that are not asked by then are left without words.
const OVERALL: Duration = Duration::from_secs(4);
/// Tokens that are remembered, those asked last: anybody may create a vault that lists any number.
const REMEMBERED: usize = 1_024;

/// What a token says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWords {
    /// Its symbol, cut to 32 characters.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
}

/// Who can ask a token.
pub trait AskToken: Send + Sync {
    /// What it says; none when it does not say.
    fn ask(&self, token: Address) -> BoxFuture<'_, Option<TokenWords>>;
}

/// Asks tokens through a node.
#[derive(Debug, Clone)]
pub struct NodeTokens<P>(pub P);

impl<P: Provider> AskToken for NodeTokens<P> {
    fn ask(&self, token: Address) -> BoxFuture<'_, Option<TokenWords>> {
        Box::pin(async move {
            let contract = IErc20Instance::new(token, &self.0);
            let (symbol, decimals) = (contract.symbol(), contract.decimals());
            let (symbol, decimals) = tokio::join!(symbol.call(), decimals.call());
            Some(TokenWords { symbol: symbol.ok()?, decimals: decimals.ok()? })
        })
    }
}

/// The words of some tokens.
pub(crate) type Words = BTreeMap<Address, TokenWords>;

/// The tokens of one chain.
pub(crate) struct Tokens {
    chain_id: u64,
    asker: Option<Box<dyn AskToken>>,
    known: Mutex<BTreeMap<Address, (Instant, Option<TokenWords>)>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tokens").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn new(chain_id: u64, asker: Option<Box<dyn AskToken>>) -> Self {
        Self { chain_id, asker, known: Mutex::default() }
    }

    /// The words of these tokens, as far as they have any.
    pub(crate) async fn words(&self, tokens: impl IntoIterator<Item = Address>) -> Words {
        let tokens: BTreeSet<_> = tokens.into_iter().collect();
        let until = Instant::now() + OVERALL;
        let asked = tokens.into_iter().map(|token| async move { Some((token, self.of(token, until).await?)) });
        stream::iter(asked).buffered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    async fn of(&self, token: Address, until: Instant) -> Option<TokenWords> {
        let official = Chain::by_id(self.chain_id).and_then(|chain| chain.tokens.iter().find(|of| of.address == token));
        if let Some(official) = official {
            return Some(TokenWords { symbol: official.symbol.clone(), decimals: official.decimals });
        }
        match self.remembered(token) {
            Some((_, Some(words))) => return Some(words),
            Some((since, None)) if since.elapsed() < SULKING => return None,
            _ if Instant::now() > until => return None,
            _ => {}
        }
        let answer = tokio::time::timeout(PATIENCE, self.asker.as_ref()?.ask(token)).await.ok().flatten();
        let words = answer.map(|words| TokenWords { symbol: printable(&words.symbol, LONGEST_SYMBOL), ..words });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(&token) {
            let oldest = known.iter().min_by_key(|(_, (since, _))| *since).map(|(token, _)| *token);
            oldest.map(|oldest| known.remove(&oldest));
        }
        known.insert(token, (Instant::now(), words.clone()));
        words
    }

    fn remembered(&self, token: Address) -> Option<(Instant, Option<TokenWords>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&token).cloned()
    }

    /// Changes whenever a token is known that was not: answers that name tokens are not the same then.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let words = known.iter().filter_map(|(token, words)| Some((token, words.1.as_ref()?)));
        let bytes: Vec<u8> = words
            .flat_map(|(token, words)| [token.as_slice(), words.symbol.as_bytes(), &[0, words.decimals]].concat())
            .collect();
        keccak256(bytes).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Says something that turns a line around, after a moment, and counts who waits.
    #[derive(Default)]
    struct Odd {
        waiting: AtomicUsize,
        most: AtomicUsize,
        asked: AtomicUsize,
    }

    impl AskToken for Arc<Odd> {
        fn ask(&self, _: Address) -> BoxFuture<'_, Option<TokenWords>> {
            Box::pin(async {
                self.asked.fetch_add(1, Ordering::SeqCst);
                self.most.fetch_max(self.waiting.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                Some(TokenWords { symbol: "US\u{202e}CD\u{1b}[2J".into(), decimals: 6 })
            })
        }
    }

    #[tokio::test]
    async fn what_a_token_says_is_made_safe() {
        let tokens = Tokens::new(31_337, Some(Box::new(Arc::new(Odd::default()))));
        let words = tokens.words([Address::ZERO]).await;
        assert_eq!(words[&Address::ZERO].symbol, "US\u{fffd}CD\u{fffd}[2J");
    }

    #[tokio::test]
    async fn few_tokens_are_asked_at_once_and_each_once() {
        let odd = Arc::new(Odd::default());
        let tokens = Tokens::new(31_337, Some(Box::new(odd.clone())));
        let page = |from: u16| (from..from + 1_000).map(|n| Address::left_padding_from(&n.to_be_bytes()));
        for from in [0, 1_000] {
            for _ in 0..2 {
                assert_eq!(tokens.words(page(from)).await.len(), 1_000);
            }
        }
        assert_eq!(odd.asked.load(Ordering::SeqCst), 2_000, "a page is remembered, whatever was asked before");
        assert!(odd.most.load(Ordering::SeqCst) <= 8, "{:?}", odd.most);
    }
}
