//! What tokens call themselves, and how many decimals they say they have. The chain's own table is known; any other token
//! is asked, once. A token's word for itself is quoted, never trusted: base units stand beside every amount.

use alloy::primitives::{Address, keccak256};
use alloy::providers::Provider;
use futures::future::{BoxFuture, join_all};
use purse_protocol::Chain;
use purse_protocol::abi::IErc20::IErc20Instance;
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
/// Tokens that are remembered: anybody may create a vault that lists any number.
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
    known: Mutex<BTreeMap<Address, Result<TokenWords, Instant>>>,
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
        let found = join_all(tokens.into_iter().map(|token| async move { Some((token, self.of(token).await?)) }));
        found.await.into_iter().flatten().collect()
    }

    async fn of(&self, token: Address) -> Option<TokenWords> {
        let official = Chain::by_id(self.chain_id).and_then(|chain| chain.tokens.iter().find(|of| of.address == token));
        if let Some(official) = official {
            return Some(TokenWords { symbol: official.symbol.clone(), decimals: official.decimals });
        }
        match self.remembered(token) {
            Some(Ok(words)) => return Some(words),
            Some(Err(since)) if since.elapsed() < SULKING => return None,
            _ => {}
        }
        let answer = tokio::time::timeout(PATIENCE, self.asker.as_ref()?.ask(token)).await.ok().flatten();
        let words = answer.map(|words| TokenWords { symbol: cut(&words.symbol), ..words });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED || known.contains_key(&token) {
            known.insert(token, words.clone().ok_or_else(Instant::now));
        }
        words
    }

    fn remembered(&self, token: Address) -> Option<Result<TokenWords, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&token).cloned()
    }

    /// Changes whenever a token is known that was not: answers that name tokens are not the same then.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let words = known.iter().filter_map(|(token, words)| Some((token, words.as_ref().ok()?)));
        let bytes: Vec<u8> = words
            .flat_map(|(token, words)| [token.as_slice(), words.symbol.as_bytes(), &[0, words.decimals]].concat())
            .collect();
        keccak256(bytes).0
    }
}

fn cut(symbol: &str) -> String {
    symbol.chars().take(LONGEST_SYMBOL).collect()
}
