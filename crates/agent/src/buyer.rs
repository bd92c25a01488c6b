//! Buying from sellers that demand a payment by HTTP 402 (x402), out of a session's purses.
//!
//! - `request`: what to buy, and from which URLs
//! - `exchange`: asking a seller, within bounds; `origin`: where one is; `reach`: which ones may be asked
//! - `plan`: from a demand to a payment that the vault allows
//! - `allowance`: what whoever runs the program lets be paid, beside the vault's limits
//! - `funding`: the purse opened and refilled; `lifetime`: until when an authorisation lives
//! - `buying`: the whole way of a purchase
//! - `conclusion`: what became of it, by the seller's word and the chain's
//! - `reconciling`: what became of purchases whose process ended
//! - `seller`: whom a seller wants paid, by its own word
//! - `quote`: what it would cost, and whether it may be bought
//! - `middleware`: the same as a layer of the caller's own HTTP client
//! - `refusal`: how it goes wrong

mod allowance;
mod buying;
mod conclusion;
mod exchange;
mod funding;
mod lifetime;
mod memory;
mod middleware;
mod origin;
mod plan;
mod quote;
mod reach;
mod reconciling;
mod refusal;
mod request;
mod seller;

pub use allowance::Allowance;
pub use conclusion::{Bought, PurchaseReceipt};
pub use exchange::Bounds;
pub use middleware::{Purpose, X402Layer};
pub use origin::{Origin, OriginInvalid};
pub use quote::{Quote, QuoteLimit};
pub use reach::Reach;
pub use request::{MAX_REASON, Purchasing, without_query};
pub use seller::Seller;

use crate::Agent;
use crate::journal::Journal;
use crate::x402::Wanted;
use alloy::primitives::B256;
use alloy::providers::Provider;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::text::printable;
use purse_protocol::{PaymentRefusal, RpcFault};
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longest symbol of a token that is shown, in characters.
const MAX_SYMBOL: usize = 16;
/// Longest wait for a connection to a seller.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// An agent that buys. Share it between tasks by reference or in an `Arc`; other processes may use the same session
/// file at the same time, and share its journal.
pub struct Buyer<P> {
    agent: Agent<P>,
    journal: Journal,
    /// Where the locks of purchases lie.
    locks: PathBuf,
    client: reqwest::Client,
    bounds: Bounds,
    reach: Reach,
    allowance: Allowance,
    token: OnceLock<Wanted>,
    separator: OnceLock<B256>,
    memory: memory::Memory,
    /// Whether the caller says when the answer is where it belongs.
    hand_over_later: bool,
    /// Whether what others left was looked up.
    reconciled: AtomicBool,
}

impl<P> fmt::Debug for Buyer<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Buyer").field("agent", &self.agent).field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl<P: Provider> Buyer<P> {
    /// A buyer whose journal lies beside the session file.
    ///
    /// # Errors
    /// A refusal where the journal cannot be used.
    pub fn new(agent: Agent<P>) -> Result<Self, PaymentRefusal> {
        let session = agent.session();
        let path = Journal::beside(session.path());
        let journal = Journal::open(&path, session.chain_id, session.vault, session.session.get())?;
        let (reach, allowance) = (Reach::everywhere(), Allowance::default());
        let client = client(&reach)?;
        let locks = path.with_extension("locks");
        let (token, separator) = (OnceLock::new(), OnceLock::new());
        let memory = memory::Memory::default();
        let (bounds, reconciled) = (Bounds::default(), AtomicBool::new(false));
        Ok(Self {
            agent,
            journal,
            locks,
            client,
            bounds,
            reach,
            allowance,
            token,
            separator,
            memory,
            reconciled,
            hand_over_later: false,
        })
    }

    /// The same within other bounds.
    pub fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The same, of those sellers only.
    ///
    /// # Errors
    /// A refusal where no such HTTP client can be made.
    pub fn reaching(self, reach: Reach) -> Result<Self, PaymentRefusal> {
        Ok(Self { client: client(&reach)?, reach, ..self })
    }

    /// The same, for no more than that, whatever the vault allows.
    pub fn allowed(self, allowance: Allowance) -> Self {
        Self { journal: self.journal.at_most_a_day(allowance.per_day), allowance, ..self }
    }

    /// The same, for a caller who says by [`handed_over`](Self::handed_over) when the answer is where it belongs: until
    /// then a command without an id that asks for the same gets the answer that was kept, and pays nothing more.
    pub fn hand_over_later(self) -> Self {
        Self { hand_over_later: true, ..self }
    }

    /// The answer is where it belongs.
    ///
    /// # Errors
    /// A refusal where the journal cannot be written.
    pub fn handed_over(&self, receipt: &PurchaseReceipt) -> Result<(), PaymentRefusal> {
        let Ok(purchase) = receipt.purchase_id.parse() else { return Ok(()) };
        Ok(self.journal.handed_over(&purchase, wall_clock())?)
    }

    /// The agent that pays.
    pub fn agent(&self) -> &Agent<P> {
        &self.agent
    }

    /// What was bought.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The symbol of the session's token, made safe to print, and its decimals.
    ///
    /// # Errors
    /// A refusal where the token does not say them.
    pub async fn token(&self) -> Result<(String, u8), PaymentRefusal> {
        let wanted = self.wanted(None).await?;
        Ok((wanted.symbol, wanted.decimals))
    }

    /// What the session pays with. The token is asked once.
    pub(crate) async fn wanted(&self, max: Option<u128>) -> Result<Wanted, PaymentRefusal> {
        if let Some(wanted) = self.token.get() {
            return Ok(Wanted { max, ..wanted.clone() });
        }
        let session = self.agent.session();
        let token = IErc20Instance::new(session.token, self.agent.provider());
        let (symbol, decimals) = (token.symbol(), token.decimals());
        let (symbol, decimals) = tokio::try_join!(symbol.call(), decimals.call()).map_err(RpcFault::from)?;
        let symbol = printable(&symbol, MAX_SYMBOL);
        let wanted = Wanted { chain_id: session.chain_id, token: session.token, symbol, decimals, max: None };
        Ok(Wanted { max, ..self.token.get_or_init(|| wanted).clone() })
    }

    /// The separator of the token's EIP-712 domain. The token is asked once: it changes only when its issuer renames it.
    pub(crate) async fn domain_separator(&self) -> Result<B256, PaymentRefusal> {
        match self.separator.get() {
            Some(separator) => Ok(*separator),
            None => {
                let separator = self.agent.domain_separator().await?;
                Ok(*self.separator.get_or_init(|| separator))
            }
        }
    }
}

/// A client for sellers. Redirects are followed by hand, within the origin; cookies are not kept.
fn client(reach: &Reach) -> Result<reqwest::Client, PaymentRefusal> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .user_agent(concat!("pursestrings/", env!("CARGO_PKG_VERSION")));
    reach.limit(client).build().map_err(no_client)
}

fn no_client(error: reqwest::Error) -> PaymentRefusal {
    PaymentRefusal::new("HttpClientFailed", format!("no HTTP client can be made: {error}"))
}

/// Seconds since 1970 by this machine's clock: facilitators judge an authorisation's time by theirs.
pub(crate) fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
