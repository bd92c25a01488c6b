//! The views that only fold a vault's words, as the lens answers them, but asked of the vault alone: a chain without the
//! lens has them too. Twin of `contracts/src/libraries/VaultReader.sol`. Who asks brings the provider.

use crate::abi::IVault::IVaultInstance;
use crate::abi::IVaultLens::{SessionView, WaitingChange, remainingReturn};
use crate::{RpcFault, Scope, Window, storage};
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;

/// A vault, as it stands in one block.
#[derive(Clone, Debug)]
pub struct VaultReader<P> {
    vault: IVaultInstance<P>,
    block: BlockId,
}

impl<P: Provider> VaultReader<P> {
    /// The vault as it stands in `block`.
    pub const fn new(vault: Address, provider: P, block: BlockId) -> Self {
        Self { vault: IVaultInstance::new(vault, provider), block }
    }

    /// The vault as it stands now.
    pub fn now(vault: Address, provider: P) -> Self {
        Self::new(vault, provider, BlockId::latest())
    }

    /// A session; all zero if never granted.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn session_of(&self, session: u32) -> Result<SessionView, RpcFault> {
        let [key] = self.words([storage::key_slot(session)]).await?;
        let key = storage::key(key);
        if key.is_zero() {
            return Ok(SessionView::default());
        }
        let [word, vault] = self.words([storage::session_slot(key), storage::VAULT_WORD]).await?;
        Ok(storage::session(key, word, vault))
    }

    /// What a scope may still spend of a token: each limit, ascending by window; and the per-payment cap, which only a
    /// session has.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn remaining(&self, scope: Scope, token: Address) -> Result<remainingReturn, RpcFault> {
        let header = self.vault.provider().get_block(self.block).await.map_err(RpcFault::from)?;
        let header = header.ok_or_else(|| RpcFault::nonsense(format!("no block {:?}", self.block)))?.header;
        let slots = storage::limit_slots(scope, token);
        // What was read at the newest block and its time must be of one block
        let at = if self.block == BlockId::latest() { BlockId::number(header.number) } else { self.block };
        let words = self.vault.stateAt(slots).block(at).call().await.map_err(RpcFault::from)?;
        let (per_payment_cap, limits) = storage::remaining(scope, &words, header.timestamp).ok_or_else(missing)?;
        Ok(remainingReturn { perPaymentCap: per_payment_cap, limits })
    }

    /// The raw meter of a limit, that of a removed one included.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn meter_of(&self, scope: Scope, token: Address, window: Window) -> Result<U256, RpcFault> {
        let slots = storage::limit_slots(scope, token);
        let words = self.vault.stateAt(slots).block(self.block).call().await.map_err(RpcFault::from)?;
        storage::meter_word(&words, window).ok_or_else(missing)
    }

    /// The changes that wait, the newest first; those that were killed or are past their time included.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn waiting(&self) -> Result<Vec<WaitingChange>, RpcFault> {
        let [list, everything] = self.words(storage::waiting_slots()).await?;
        let mut changes = Vec::new();
        for change in storage::waiting_numbers(list) {
            let words = self.words(storage::change_slots(change)).await?;
            let [killed] = self.words([storage::killed_slot(storage::subject_of(words[0]))]).await?;
            changes.push(storage::waiting_change(change, words, killed, everything));
        }
        Ok(changes)
    }

    async fn words<const N: usize>(&self, slots: [B256; N]) -> Result<[B256; N], RpcFault> {
        let words = self.vault.stateAt(slots.to_vec()).block(self.block).call().await.map_err(RpcFault::from)?;
        words.try_into().map_err(|_| missing())
    }
}

fn missing() -> RpcFault {
    RpcFault::nonsense("a vault's words are missing")
}
