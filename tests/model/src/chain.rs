//! The compiled contract in an EVM in this process, under the rules of Osaka. Each call is a block of its own, dated as
//! the test says.

use crate::bytecode;
use crate::model::tokens::{Answer, Mood};
use crate::model::{Configuration, Counters, Purse};
use alloy::primitives::{Address, B256, Bytes, LogData, TxKind, U256};
use alloy::sol_types::{SolCall, SolValue};
use anyhow::{Context as _, bail, ensure};
use purse_protocol::abi::IPurses;
use purse_protocol::create2::purses_address;
use revm::context::result::{ExecutionResult, Output};
use revm::context::{Context, TxEnv};
use revm::database::InMemoryDB;
use revm::handler::MainnetContext;
use revm::primitives::hardfork::SpecId;
use revm::state::{AccountInfo, Bytecode};
use revm::{ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainnetEvm};

/// The gas that a transaction may have (EIP-7825).
pub(crate) const GAS_LIMIT: u64 = 16_777_216;
/// Where the lens is.
const LENS: Address = Address::repeat_byte(0xee);
/// The slot of the word with the vault's counters: docs/spec.md, and libraries/VaultWord.sol for its bits.
const VAULT_SLOT: U256 = U256::ZERO;

/// What became of a call.
#[derive(Clone, Debug)]
pub(crate) enum Receipt {
    /// It succeeded, and the vault logged this.
    Done { logs: Vec<LogData>, output: Bytes },
    /// It reverted with this; nothing, if it ran out of gas.
    Reverted { reason: Bytes },
}

/// A chain with one vault.
pub(crate) struct Chain {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
    pub(crate) vault: Address,
}

impl Chain {
    /// A chain without a vault yet.
    pub(crate) fn new(chain_id: u64) -> Self {
        let mut context = MainnetContext::<InMemoryDB>::new(InMemoryDB::default(), SpecId::OSAKA);
        context.cfg.chain_id = chain_id;
        context.cfg.disable_nonce_check = true;
        context.cfg.disable_eip3607 = true; // contracts call too: a Safe that owns a vault
        Self { evm: Context::build_mainnet(context), vault: Address::ZERO }
    }

    /// Deploys the vault.
    pub(crate) fn deploy(&mut self, code: &Bytes, first: Configuration, time: u64) -> anyhow::Result<Vec<LogData>> {
        let arguments = (first.owner, first.treasury, first.guardian).abi_encode();
        let init = [code.as_ref(), &arguments].concat();
        let deployer = Address::repeat_byte(0xdd);
        self.vault = first.address;
        ensure!(deployer.create(0) == first.address, "the vault's address does not follow from its deployer's");
        match self.transact(deployer, TxKind::Create, U256::ZERO, init.into(), GAS_LIMIT, time)? {
            Receipt::Done { logs, .. } => Ok(logs),
            Receipt::Reverted { reason } => bail!("the vault's creation reverts: {}", crate::words::reason(&reason)),
        }
    }

    /// Where the vault of a new chain will be.
    pub(crate) fn vault_address() -> Address {
        Address::repeat_byte(0xdd).create(0)
    }

    /// Calls the vault.
    pub(crate) fn call(
        &mut self,
        from: Address,
        value: U256,
        data: Bytes,
        gas: u64,
        time: u64,
    ) -> anyhow::Result<Receipt> {
        self.transact(from, TxKind::Call(self.vault), value, data, gas, time)
    }

    /// Asks a view of the vault.
    pub(crate) fn view<C: SolCall>(&mut self, call: &C, time: u64) -> anyhow::Result<C::Return> {
        self.ask(self.vault, call, time)
    }

    /// Puts the lens beside the vault: it has no state, and no immutables.
    pub(crate) fn put_lens(&mut self, code: Bytes) {
        self.put_code(LENS, code);
    }

    /// Asks a view of the lens.
    pub(crate) fn look<C: SolCall>(&mut self, call: &C, time: u64) -> anyhow::Result<C::Return> {
        self.ask(LENS, call, time)
    }

    /// Where the vault's purse of these will be.
    pub(crate) fn purse_of(&mut self, of: Purse, time: u64) -> anyhow::Result<Address> {
        let Purse { session, category, token } = of;
        self.ask(purses_address(self.vault), &IPurses::purseOfCall { session, token, category }, time)
    }

    /// What a purse may be refilled to, and the most that may be set.
    pub(crate) fn target_of(&mut self, of: Purse, time: u64) -> anyhow::Result<(U256, U256)> {
        let Purse { session, category, token } = of;
        let told = self.ask(purses_address(self.vault), &IPurses::targetOfCall { session, category, token }, time)?;
        Ok((told.target, told.largest))
    }

    /// Asks a view of any contract.
    pub(crate) fn ask<C: SolCall>(&mut self, at: Address, call: &C, time: u64) -> anyhow::Result<C::Return> {
        self.date(time);
        let tx = Self::transaction(Address::ZERO, TxKind::Call(at), U256::ZERO, call.abi_encode().into(), GAS_LIMIT);
        let result = self.evm.transact(TxEnv { chain_id: None, ..tx })?.result;
        let output = result.output().with_context(|| format!("{} has no answer: {result:?}", C::SIGNATURE))?;
        ensure!(result.is_success(), "{} reverts: {}", C::SIGNATURE, crate::words::reason(output));
        Ok(C::abi_decode_returns(output)?)
    }

    /// Puts code at an address.
    pub(crate) fn put_code(&mut self, at: Address, code: Bytes) {
        let code = Bytecode::new_raw(code);
        let info = AccountInfo { code_hash: code.hash_slow(), code: Some(code), nonce: 1, ..AccountInfo::default() };
        self.evm.ctx.journaled_state.database.insert_account_info(at, info);
    }

    /// Delegates an account that has a key to the code at another address (EIP-7702).
    pub(crate) fn delegate(&mut self, account: Address, to: Address) {
        let code = Bytecode::new_eip7702(to);
        let info = AccountInfo { code_hash: code.hash_slow(), code: Some(code), nonce: 1, ..AccountInfo::default() };
        self.evm.ctx.journaled_state.database.insert_account_info(account, info);
    }

    /// Gives an account ether.
    pub(crate) fn fund(&mut self, account: Address) -> anyhow::Result<()> {
        let database = &mut self.evm.ctx.journaled_state.database;
        let mut info = database.load_account(account)?.info.clone();
        info.balance = U256::from(1_000_000);
        database.insert_account_info(account, info);
        Ok(())
    }

    pub(crate) fn set_balance(&mut self, token: Address, account: Address, amount: U256) -> anyhow::Result<()> {
        self.store(token, bytecode::balance_slot(account), amount)
    }

    pub(crate) fn set_mood(&mut self, token: Address, mood: Mood) -> anyhow::Result<()> {
        self.store(token, bytecode::MOOD_SLOT, U256::from(mood as u8))
    }

    pub(crate) fn set_shunned(&mut self, token: Address, account: Address, shunned: bool) -> anyhow::Result<()> {
        self.store(token, bytecode::shunned_slot(account), U256::from(u8::from(shunned)))
    }

    pub(crate) fn set_answer(&mut self, wallet: Address, digest: B256, answer: Answer) -> anyhow::Result<()> {
        self.store(wallet, bytecode::answer_slot(digest), U256::from(answer as u8))
    }

    pub(crate) fn balance(&mut self, token: Address, account: Address) -> anyhow::Result<U256> {
        self.load(token, bytecode::balance_slot(account))
    }

    /// Makes the vault's counters those of an old one.
    pub(crate) fn age(&mut self, counters: Counters) -> anyhow::Result<()> {
        let old = self.load(self.vault, VAULT_SLOT)?;
        let mask: U256 = ((U256::from(1) << 80) - U256::from(1)) << 168;
        let new = (U256::from(counters.sequence) << 168)
            | (U256::from(counters.epoch) << 200)
            | (U256::from(counters.owner_nonce) << 224);
        self.store(self.vault, VAULT_SLOT, (old & !mask) | new)
    }

    fn store(&mut self, at: Address, slot: U256, value: U256) -> anyhow::Result<()> {
        Ok(self.evm.ctx.journaled_state.database.insert_account_storage(at, slot, value)?)
    }

    fn load(&mut self, at: Address, slot: U256) -> anyhow::Result<U256> {
        use revm::Database;
        Ok(self.evm.ctx.journaled_state.database.storage(at, slot)?)
    }

    fn date(&mut self, time: u64) {
        self.evm.ctx.block.timestamp = U256::from(time);
    }

    fn transaction(from: Address, kind: TxKind, value: U256, data: Bytes, gas: u64) -> TxEnv {
        TxEnv { caller: from, kind, value, data, gas_limit: gas, ..TxEnv::default() }
    }

    /// Calls any contract.
    pub(crate) fn transact(
        &mut self,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
        gas: u64,
        time: u64,
    ) -> anyhow::Result<Receipt> {
        self.date(time);
        let tx = Self::transaction(from, kind, value, data, gas);
        let result = self.evm.transact_commit(TxEnv { chain_id: None, ..tx })?;
        Ok(match result {
            ExecutionResult::Success { logs, output, .. } => {
                let output = match output {
                    Output::Call(output) => output,
                    Output::Create(..) => Bytes::new(),
                };
                let of_vault = logs.into_iter().filter(|log| log.address == self.vault);
                Receipt::Done { logs: of_vault.map(|log| log.data).collect(), output }
            }
            ExecutionResult::Revert { output, .. } => Receipt::Reverted { reason: output },
            ExecutionResult::Halt { .. } => Receipt::Reverted { reason: Bytes::new() },
        })
    }
}
