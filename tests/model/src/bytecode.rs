//! The tokens and ERC-1271 accounts around the vault, written in the EVM's own words: their storage is what
//! `model::tokens` says, so that a test can set and read it.

use crate::model::tokens::{Answer, Mood};
use alloy::primitives::{Address, B256, Bytes, U256};
use std::collections::BTreeMap;

mod op {
    pub(super) const ADD: u8 = 0x01;
    pub(super) const SUB: u8 = 0x03;
    pub(super) const LT: u8 = 0x10;
    pub(super) const EQ: u8 = 0x14;
    pub(super) const OR: u8 = 0x17;
    pub(super) const SHR: u8 = 0x1c;
    pub(super) const CALLER: u8 = 0x33;
    pub(super) const CALLDATALOAD: u8 = 0x35;
    pub(super) const POP: u8 = 0x50;
    pub(super) const MSTORE: u8 = 0x52;
    pub(super) const SLOAD: u8 = 0x54;
    pub(super) const SSTORE: u8 = 0x55;
    pub(super) const JUMP: u8 = 0x56;
    pub(super) const JUMPI: u8 = 0x57;
    pub(super) const JUMPDEST: u8 = 0x5b;
    pub(super) const DUP1: u8 = 0x80;
    pub(super) const DUP2: u8 = 0x81;
    pub(super) const SWAP1: u8 = 0x90;
    pub(super) const RETURN: u8 = 0xf3;
    pub(super) const REVERT: u8 = 0xfd;
}

/// Where a token keeps its mood.
pub(crate) const MOOD_SLOT: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);

/// Where a token keeps a balance.
pub(crate) fn balance_slot(account: Address) -> U256 {
    U256::from_be_slice(account.as_slice())
}

/// Where a token keeps whom it shuns.
pub(crate) fn shunned_slot(account: Address) -> U256 {
    balance_slot(account) | (U256::from(1) << 160)
}

/// Code in the making: jumps name their targets.
#[derive(Default)]
struct Assembler {
    code: Vec<u8>,
    places: BTreeMap<&'static str, usize>,
    jumps: Vec<(usize, &'static str)>,
}

impl Assembler {
    fn ops(&mut self, ops: &[u8]) -> &mut Self {
        self.code.extend(ops);
        self
    }

    fn push(&mut self, value: impl Into<U256>) -> &mut Self {
        self.code.push(0x7f);
        self.code.extend(value.into().to_be_bytes::<32>());
        self
    }

    fn place(&mut self, name: &'static str) -> &mut Self {
        self.places.insert(name, self.code.len());
        self.ops(&[op::JUMPDEST])
    }

    fn target(&mut self, name: &'static str) -> &mut Self {
        self.jumps.push((self.code.len() + 1, name));
        self.ops(&[0x61, 0, 0])
    }

    fn jump(&mut self, name: &'static str) -> &mut Self {
        self.target(name).ops(&[op::JUMP])
    }

    /// Jumps if the top of the stack is not zero.
    fn jump_if(&mut self, name: &'static str) -> &mut Self {
        self.target(name).ops(&[op::JUMPI])
    }

    /// Jumps if the top of the stack, which stays, is that value.
    fn jump_if_is(&mut self, value: impl Into<U256>, name: &'static str) -> &mut Self {
        self.ops(&[op::DUP1]).push(value).ops(&[op::EQ]).jump_if(name)
    }

    fn argument(&mut self, index: usize) -> &mut Self {
        self.push(U256::from(4 + 32 * index)).ops(&[op::CALLDATALOAD])
    }

    fn selector(&mut self) -> &mut Self {
        self.push(U256::ZERO).ops(&[op::CALLDATALOAD]).push(U256::from(224)).ops(&[op::SHR])
    }

    fn give(&mut self, word: U256, length: u64) -> &mut Self {
        self.push(word).push(U256::ZERO).ops(&[op::MSTORE]).push(U256::from(length)).push(U256::ZERO).ops(&[op::RETURN])
    }

    fn revert(&mut self) -> &mut Self {
        self.push(U256::ZERO).push(U256::ZERO).ops(&[op::REVERT])
    }

    fn finish(&mut self) -> Bytes {
        for (at, name) in &self.jumps {
            let place = self.places.get(name).copied().unwrap_or_default();
            self.code[*at..at + 2].copy_from_slice(&[(place >> 8) as u8, place as u8]);
        }
        self.code.clone().into()
    }
}

/// An ERC-20 token, as far as a vault asks one.
pub(crate) fn token() -> Bytes {
    let mood = |mood: Mood| U256::from(mood as u8);
    let mut code = Assembler::default();
    code.push(MOOD_SLOT).ops(&[op::SLOAD]); // mood
    code.selector(); // mood selector
    code.jump_if_is(U256::from(0x70a0_8231_u32), "balanceOf");
    code.jump_if_is(U256::from(0xa905_9cbb_u32), "transfer");
    code.jump_if_is(U256::from(0x3644_e515_u32), "domain");
    code.jump_if_is(U256::from(0xe94a_0102_u32), "unused");
    code.place("revert").revert();

    code.place("balanceOf").ops(&[op::POP]).jump_if_is(mood(Mood::Discreet), "revert");
    code.argument(0).ops(&[op::SLOAD]).push(U256::ZERO).ops(&[op::MSTORE]);
    code.push(U256::from(32)).push(U256::ZERO).ops(&[op::RETURN]);

    // DOMAIN_SEPARATOR, authorizationState: as far as the opening of a purse asks
    code.place("domain").ops(&[op::POP]).jump_if_is(mood(Mood::Discreet), "revert").give(U256::from(1), 32);
    code.place("unused").give(U256::ZERO, 32);

    code.place("transfer").ops(&[op::POP]).jump_if_is(mood(Mood::Frozen), "revert");
    code.jump_if_is(mood(Mood::Refusing), "false");
    code.argument(0).push(U256::from(1) << 160).ops(&[op::OR, op::SLOAD]).jump_if("false");
    // mood amount balance
    code.argument(1).ops(&[op::CALLER, op::SLOAD]);
    code.ops(&[op::DUP2, op::DUP2, op::LT]).jump_if("revert"); // balance < amount
    code.ops(&[op::DUP2, op::SWAP1, op::SUB, op::CALLER, op::SSTORE]); // mood amount
    code.argument(0).ops(&[op::SLOAD, op::ADD]).argument(0).ops(&[op::SSTORE]); // mood
    code.jump_if_is(mood(Mood::Silent), "silent");
    code.jump_if_is(mood(Mood::Lying), "false");
    code.give(U256::from(1), 32);
    code.place("silent").push(U256::ZERO).push(U256::ZERO).ops(&[op::RETURN]);
    code.place("false").give(U256::ZERO, 32);
    code.finish()
}

/// What `isValidSignature` answers if all is well.
fn magic() -> U256 {
    U256::from(0x1626_ba7e_u32) << 224
}

/// An ERC-1271 account: it answers about a digest as the storage word under the digest says.
pub(crate) fn wallet() -> Bytes {
    let answer = |answer: Answer| U256::from(answer as u8);
    let mut code = Assembler::default();
    code.selector().push(U256::from(0x1626_ba7e_u32)).ops(&[op::EQ]).jump_if("asked");
    code.place("revert").revert();
    code.place("asked").argument(0).ops(&[op::SLOAD]);
    code.jump_if_is(answer(Answer::Yes), "yes");
    code.jump_if_is(answer(Answer::Revert), "revert");
    code.jump_if_is(answer(Answer::Short), "short");
    code.jump_if_is(answer(Answer::Endless), "endless");
    code.jump_if_is(answer(Answer::Dirty), "dirty");
    code.jump_if_is(answer(Answer::Long), "long");
    code.give(U256::from(0xffff_ffff_u32) << 224, 32);
    code.place("yes").give(magic(), 32);
    code.place("short").give(magic(), 31);
    code.place("endless").jump("endless");
    code.place("dirty").give(magic() | U256::from(1), 32);
    code.place("long").give(magic(), 96);
    code.finish()
}

/// Where a wallet keeps its answer about a digest.
pub(crate) fn answer_slot(digest: B256) -> U256 {
    digest.into()
}
