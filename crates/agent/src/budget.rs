//! What a session may still spend, as the vault counts it, and in which categories.

use crate::agent::Agent;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider;
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, PaymentRefusal, RpcFault, Window, format_amount};
use serde::Serialize;

/// What a session may still spend of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// The token's symbol.
    pub token: String,
    /// The largest single payment, such as `2.00`.
    pub per_payment: String,
    /// Every limit that counts its payments.
    pub limits: Vec<BudgetLimit>,
    /// The categories that it may pay.
    pub categories: Vec<String>,
    /// Its purses for x402 sellers that are open.
    pub purses: Vec<BudgetPurse>,
    /// Whether it may pay at all now.
    pub active: bool,
    /// When it ends.
    pub expires: String,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetLimit {
    /// What it counts: `session`, `vault`, or a category's name.
    pub scope: String,
    /// Over which window, such as `24h`.
    pub window: String,
    /// The cap, such as `10.00`.
    pub cap: String,
    /// What is left.
    pub remaining: String,
}

/// One limit, in base units.
#[derive(Clone, Debug)]
pub(crate) struct StandingLimit {
    pub(crate) scope: String,
    pub(crate) window: String,
    pub(crate) cap: u128,
    pub(crate) remaining: u128,
}

/// A purse for x402 sellers. What it holds was counted by the limits when it was refilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetPurse {
    /// Under which category it pays.
    pub category: String,
    /// What it holds, such as `0.49`.
    pub holds: String,
    /// What it may be refilled to.
    pub target: String,
}

impl<P: Provider> Agent<P> {
    /// What the session may still spend. `symbol` and `decimals` are its token's.
    ///
    /// # Errors
    /// A refusal where the node does not answer.
    pub async fn budget(&self, symbol: &str, decimals: u8) -> Result<Budget, PaymentRefusal> {
        let (view, number) = (self.view().await?, self.session.session.get());
        let session = &view.session;
        let granted = (1..=63_u8).filter(|category| session.categories >> category & 1 == 1).collect::<Vec<_>>();
        let show = |base: u128| format_amount(U256::from(base), decimals);
        let (per_payment, standing) = self.standing_limits(&granted, view.time).await?;
        let limits = standing.into_iter().map(|limit| BudgetLimit {
            scope: limit.scope,
            window: limit.window,
            cap: show(limit.cap),
            remaining: show(limit.remaining),
        });
        let limits = limits.collect();
        let mut purses = Vec::new();
        for category in &granted {
            let purse = self.purse(*category).await?;
            if purse.open {
                let (holds, target) = (show(purse.funds.balance), show(purse.target));
                purses.push(BudgetPurse { category: scope_name(number, *category), holds, target });
            }
        }
        let paused = self.paused().await?;
        let lives = !session.revoked
            && view.time >= u64::from(session.validFrom)
            && view.time < u64::from(session.validUntil)
            && session.key == self.address();
        Ok(Budget {
            token: symbol.to_owned(),
            per_payment: show(per_payment),
            limits,
            categories: granted.into_iter().filter_map(Category::new).map(|category| category.to_string()).collect(),
            purses,
            active: lives && !paused,
            expires: rfc3339(session.validUntil.into()),
        })
    }

    /// Whether the vault would pay that payee that much now, by the judge that judges payments; nothing is signed.
    ///
    /// # Errors
    /// The refusal that a payment would meet.
    pub async fn can_pay(&self, payee: Address, amount: u128) -> Result<(), PaymentRefusal> {
        Ok(self.judge_request(&crate::PaymentRequest::new(payee, amount, "", ""), false).await??)
    }

    /// The session's cap per payment, and every limit that counts its payments under these categories: its own, the
    /// vault's, the categories'.
    pub(crate) async fn standing_limits(
        &self,
        categories: &[u8],
        time: u64,
    ) -> Result<(u128, Vec<StandingLimit>), RpcFault> {
        let (number, token) = (self.session.session.get(), self.session.token);
        let scopes = [(number, 0), (0, 0)].into_iter().chain(categories.iter().map(|category| (number, *category)));
        let (mut per_payment, mut limits) = (0, Vec::new());
        for (owner, category) in scopes {
            let (cap, standing) = self.remaining(owner, category, token, time).await?;
            per_payment = per_payment.max(cap);
            limits.extend(standing.iter().map(|limit| StandingLimit {
                scope: scope_name(owner, category),
                window: Window::from_seconds(limit.window).map_or_else(String::new, |window| window.to_string()),
                cap: limit.cap,
                remaining: limit.remaining,
            }));
        }
        Ok((per_payment, limits))
    }

    async fn paused(&self) -> Result<bool, RpcFault> {
        self.vault().paused().call().await.map_err(RpcFault::from)
    }
}

fn scope_name(session: u32, category: u8) -> String {
    match (session, Category::new(category)) {
        (0, _) => "vault".to_owned(),
        (_, Some(category)) => category.to_string(),
        (_, None) => "session".to_owned(),
    }
}
