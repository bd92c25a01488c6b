//! What a verb touches, as the vault's views show it: read before and after.

use crate::Verb;
use alloy::contract::CallBuilder;
use alloy::eips::BlockId;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider;
use alloy::sol_types::SolCall;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IPurses::IPursesInstance;
use purse_protocol::abi::IVault::IVaultInstance;
use purse_protocol::abi::IVaultLens::{LimitView, SessionView};
use purse_protocol::{Category, RpcFault, Scope, SessionId, VaultReader, Window, create2};
use std::collections::BTreeSet;
use std::future::Future;
use std::iter;
use std::marker::PhantomData;
use std::time::Duration;

/// Longest wait for one answer of a node; a healthy one takes well under a second.
pub(crate) const RPC_WAIT: Duration = Duration::from_secs(20);

/// What a verb touches, as it stands in one block. Amounts are base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A session, and what it may spend of the tokens that the verb names.
    Session {
        /// All zero if never granted.
        session: SessionView,
        /// Per scope and token, in the verb's order; a session's own scope stands before those of its categories.
        allowances: Vec<Allowance>,
    },
    /// The vault's own limits in a token.
    Vault(Allowance),
    /// A token's listing.
    Token {
        /// Whether it is listed.
        listed: bool,
        /// Its unit is 2^unit_bits base units.
        unit_bits: u8,
    },
    /// Payees and their categories; 0 = not in the book.
    Payees(Vec<(Address, u8)>),
    /// Whether payments are stopped.
    Paused(bool),
    /// How often everything was revoked.
    Epoch(u32),
    /// Who holds how much of a token.
    Balances {
        /// In the vault.
        vault: U256,
        /// At the treasury.
        treasury: U256,
    },
    /// The owner and who is named as the next.
    Owner {
        /// The owner.
        owner: Address,
        /// Zero = nobody.
        pending: Address,
    },
    /// The guardian; zero = none.
    Guardian(Address),
    /// Where withdrawals go.
    Treasury(Address),
    /// How long loosenings wait, in seconds.
    Delay(u32),
    /// Whether the change still waits.
    Waiting(bool),
    /// A session's purse for a category and token.
    Purse {
        /// Where it is, or would be.
        purse: Address,
        /// Whether it was opened.
        open: bool,
        /// What it may be refilled to.
        target: u128,
        /// The most that its target may be.
        largest: u128,
        /// The token's unit is 2^unit_bits base units.
        unit_bits: u8,
    },
}

/// What may be spent of a token in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The scope.
    pub scope: Scope,
    /// The token.
    pub token: Address,
    /// Its unit is 2^unit_bits base units.
    pub unit_bits: u8,
    /// The most that one payment may take without an approval; 0 for any scope but a session's own.
    pub per_payment_cap: u128,
    /// Its limits, ascending by window.
    pub limits: Vec<LimitState>,
}

/// A limit as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Over which window.
    pub window: Window,
    /// What binds.
    pub cap: u128,
    /// What counts against it now.
    pub used: u128,
    /// What is left.
    pub remaining: u128,
}

impl Allowance {
    /// The limit over that window, if one stands.
    pub fn limit(&self, window: Window) -> Option<&LimitState> {
        self.limits.iter().find(|limit| limit.window == window)
    }
}

/// Reads what `verb` touches, as of `block`.
pub(crate) async fn read<P: Provider>(
    provider: &P,
    vault: Address,
    verb: &Verb,
    block: BlockId,
) -> Result<State, RpcFault> {
    let (words, vault) = (VaultReader::new(vault, provider, block), IVaultInstance::new(vault, provider));
    Reader { vault, words, block }.read(verb).await
}

struct Reader<'a, P> {
    vault: IVaultInstance<&'a P>,
    words: VaultReader<&'a P>,
    block: BlockId,
}

impl<P: Provider> Reader<'_, P> {
    async fn read(&self, verb: &Verb) -> Result<State, RpcFault> {
        let vault = &self.vault;
        Ok(match verb {
            Verb::Grant(grant) => {
                let scopes = grant.tokens.iter().flat_map(|entry| {
                    let categories: BTreeSet<u8> = entry.limits.iter().map(|limit| limit.category).collect();
                    let scopes = iter::once(0).chain(categories.into_iter().filter(|category| *category != 0));
                    scopes.filter_map(|category| Some((Scope::new(grant.session, category)?, entry.token)))
                });
                self.session(grant.session, scopes).await?
            }
            Verb::RotateKey { session, .. }
            | Verb::SetValidity { session, .. }
            | Verb::SetCategories { session, .. }
            | Verb::Revoke { session } => self.session(session.get(), iter::empty()).await?,
            Verb::SetPerPaymentCap { session, token, .. } => {
                self.session(session.get(), iter::once((Scope::Session(*session), *token))).await?
            }
            Verb::SetLimit { scope: Scope::Vault, token, .. }
            | Verb::RemoveLimit { scope: Scope::Vault, token, .. } => {
                State::Vault(self.allowance(Scope::Vault, *token).await?)
            }
            Verb::SetLimit { scope, token, .. } | Verb::RemoveLimit { scope, token, .. } => {
                self.session(scope.session(), iter::once((*scope, *token))).await?
            }
            Verb::AddToken { token, .. } => {
                let entry = self.ask(vault.tokenOf(*token)).await?;
                State::Token { listed: entry.listed, unit_bits: entry.unitBits }
            }
            Verb::SetPayees(payees) => {
                let mut book = Vec::with_capacity(payees.len());
                for (payee, _) in payees {
                    book.push((*payee, self.ask(vault.payeeOf(*payee)).await?));
                }
                State::Payees(book)
            }
            Verb::RemovePayee { payee } => State::Payees(vec![(*payee, self.ask(vault.payeeOf(*payee)).await?)]),
            Verb::Pause | Verb::Unpause => State::Paused(self.ask(vault.paused()).await?),
            Verb::RevokeAll => State::Epoch(self.ask(vault.epoch()).await?),
            Verb::Withdraw { token, .. } => self.balances(*token).await?,
            Verb::TransferOwnership { .. } | Verb::AcceptOwnership => {
                let (owner, pending) = (self.ask(vault.owner()).await?, self.ask(vault.pendingOwner()).await?);
                State::Owner { owner, pending }
            }
            Verb::SetGuardian { .. } => State::Guardian(self.ask(vault.guardian()).await?),
            Verb::SetTreasury { .. } => State::Treasury(self.ask(vault.treasury()).await?),
            Verb::SetDelay { .. } => State::Delay(self.ask(vault.delay()).await?),
            Verb::Cancel { change } => {
                State::Waiting(within(self.words.waiting()).await?.iter().any(|waiting| waiting.change == *change))
            }
            Verb::OpenPurse { session, category, token } | Verb::SetPurseTarget { session, category, token, .. } => {
                self.purse(*session, *category, *token).await?
            }
            Verb::Execute { .. } | Verb::Replace { .. } | Verb::Lodge(_) => match verb.inner() {
                Some(inner) => Box::pin(self.read(&inner)).await?,
                None => State::Waiting(false), // whatever it does, nothing of it is known
            },
        })
    }

    async fn session(&self, session: u32, scopes: impl Iterator<Item = (Scope, Address)>) -> Result<State, RpcFault> {
        let view = within(self.words.session_of(session)).await?;
        let mut allowances = Vec::new();
        for (scope, token) in scopes {
            allowances.push(self.allowance(scope, token).await?);
        }
        Ok(State::Session { session: view, allowances })
    }

    async fn allowance(&self, scope: Scope, token: Address) -> Result<Allowance, RpcFault> {
        let unit_bits = self.ask(self.vault.tokenOf(token)).await?.unitBits;
        let remaining = within(self.words.remaining(scope, token)).await?;
        let limit = |view: &LimitView| {
            let window = Window::from_seconds(view.window)
                .ok_or_else(|| RpcFault::nonsense(format!("a limit over {} seconds", view.window)))?;
            Ok(LimitState { window, cap: view.cap, used: view.used, remaining: view.remaining })
        };
        let limits = remaining.limits.iter().map(limit).collect::<Result<_, RpcFault>>()?;
        Ok(Allowance { scope, token, unit_bits, per_payment_cap: remaining.perPaymentCap, limits })
    }

    async fn purse(&self, session: SessionId, category: Category, token: Address) -> Result<State, RpcFault> {
        let purses = IPursesInstance::new(create2::purses_address(*self.vault.address()), self.vault.provider());
        let purse = self.ask(purses.purseOf(session.get(), token, category.number())).await?;
        let target = self.ask(purses.targetOf(session.get(), category.number(), token)).await?;
        Ok(State::Purse {
            purse,
            open: self.ask(self.vault.payeeOf(purse)).await? != 0,
            target: target.target.saturating_to(),
            largest: target.largest.saturating_to(),
            unit_bits: self.ask(self.vault.tokenOf(token)).await?.unitBits,
        })
    }

    async fn balances(&self, token: Address) -> Result<State, RpcFault> {
        let treasury = self.ask(self.vault.treasury()).await?;
        let erc20 = IErc20Instance::new(token, self.vault.provider());
        let vault = self.ask(erc20.balanceOf(*self.vault.address())).await?;
        Ok(State::Balances { vault, treasury: self.ask(erc20.balanceOf(treasury)).await? })
    }

    async fn ask<Q: Provider, C: SolCall>(&self, call: CallBuilder<Q, PhantomData<C>>) -> Result<C::Return, RpcFault> {
        within(async { Ok(call.block(self.block).call().await?) }).await
    }
}

/// The vault's answer, in bounded time.
pub(crate) async fn within<T>(question: impl Future<Output = Result<T, RpcFault>>) -> Result<T, RpcFault> {
    match tokio::time::timeout(RPC_WAIT, question).await {
        Ok(answered) => answered,
        Err(_) => Err(RpcFault::Unreachable { cause: format!("no answer within {} s", RPC_WAIT.as_secs()) }),
    }
}

impl Verb {
    /// The session that the verb is about.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Grant(grant) => SessionId::new(grant.session),
            Self::RotateKey { session, .. }
            | Self::SetValidity { session, .. }
            | Self::SetCategories { session, .. }
            | Self::SetPerPaymentCap { session, .. }
            | Self::OpenPurse { session, .. }
            | Self::SetPurseTarget { session, .. }
            | Self::Revoke { session } => Some(*session),
            Self::SetLimit { scope, .. } | Self::RemoveLimit { scope, .. } => SessionId::new(scope.session()),
            Self::Execute { .. } | Self::Replace { .. } | Self::Lodge(_) => self.inner()?.session(),
            _ => None,
        }
    }
}
