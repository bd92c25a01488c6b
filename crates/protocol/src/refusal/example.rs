//! One refusal of each kind, for the tests and the reference page.

use super::{Refusal, RefusalContext};
use crate::abi::{IPurse as P, IVault as V, IVaultFactory as F, IVaultLens as L};
use alloy::primitives::{Address, B256, U256, address};
use alloy::sol_types::{Panic, Revert, SolCall, SolError};

/// One code of the reference page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// `IVault`, `IVaultFactory`, `IVaultLens` or `IPurse`; `any` for what every contract may revert with.
    pub contract: &'static str,
    /// The error as Solidity writes it, such as `VaultShort(uint256,uint256)`; empty where there is none.
    pub signature: &'static str,
    /// What a refusal with this code looks like.
    pub example: Refusal,
}

const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const PAYEE: Address = address!("4b1c00000000000000000000000000000000077a");
const SOMEBODY: Address = address!("A11ce00000000000000000000000000000009e01");
const SESSION: u32 = 1;
const DAY: u32 = 86_400;
/// 2026-11-22T14:22:00Z
const TIME: u32 = 1_795_357_320;

/// Every code that [`Refusal::decode`] gives, with an example: the vault's errors in the order of the interface, the
/// factory's, the lens's, a purse's, then those of foreign contracts.
pub fn all_codes() -> Vec<Documented> {
    let vault = payments().into_iter().chain(purses()).chain(changes()).chain(acts()).map(|made| made.told("IVault"));
    vault
        .chain(factory().into_iter().map(|made| made.told("IVaultFactory")))
        .chain(lens().into_iter().map(|made| made.told("IVaultLens")))
        .chain(purse().into_iter().map(|made| made.told("IPurse")))
        .chain(any().into_iter().map(|made| made.told("any")))
        .collect()
}

fn purses() -> Vec<Made> {
    let (token, purse) = (USDC, SOMEBODY);
    vec![
        made(V::PurseOfAnother { purse, session: 2, token }),
        made(V::PurseNotLow { purse, balance: usdc(140), target: usdc(250) }),
        made(V::PurseOverfilled { purse, balance: usdc(100), amount: usdc(160), target: usdc(250) }),
        made(V::PurseExists { purse }),
        made(V::PurseTargetTooHigh { target: 7_000_000, largest: usdc(625) }),
        made(V::TokenNotEip3009 { token }),
    ]
}

/// An error's signature and an instance of it, encoded.
struct Made {
    signature: &'static str,
    revert: Vec<u8>,
}

impl Made {
    fn told(self, contract: &'static str) -> Documented {
        let context = RefusalContext::default()
            .token(USDC, "USDC", 6)
            .paying_with(USDC)
            .session(SESSION, "researcher")
            .payee(PAYEE, "api.weather.example")
            .fits_at(TIME.into());
        Documented { contract, signature: self.signature, example: Refusal::decode(&self.revert, &context) }
    }
}

fn made<E: SolError>(error: E) -> Made {
    Made { signature: E::SIGNATURE, revert: error.abi_encode() }
}

fn usdc(hundredths: u64) -> U256 {
    U256::from(hundredths * 10_000)
}

fn payments() -> Vec<Made> {
    let (session, token, payee) = (SESSION, USDC, PAYEE);
    vec![
        made(V::VaultPaused {}),
        made(V::PaymentExpired { deadline: TIME, time: U256::from(TIME + 60) }),
        made(V::ZeroAmount {}),
        made(V::FeeMismatch { fee: 10_000, feeRecipient: Address::ZERO }),
        made(V::PaymentMalformed {}),
        made(V::SignatureInvalid {}),
        made(V::ApprovalNotNeeded {}),
        made(V::ApprovalInvalid {}),
        made(V::SignerNotSessionKey { session, signer: SOMEBODY }),
        made(V::KeyRetired { session, key: SOMEBODY }),
        made(V::SessionUnknown { session: 7 }),
        made(V::SessionRevoked { session }),
        made(V::SessionNotYetValid { session, validFrom: TIME }),
        made(V::SessionExpired { session, validUntil: TIME }),
        made(V::NonceUsed { session, nonce: 40 }),
        made(V::NonceTooOld { session, nonce: 2, oldest: 9 }),
        made(V::NonceTooFar { session, nonce: 5_000, furthest: U256::from(1_064) }),
        made(V::PayeeNotInBook { payee }),
        made(V::CategoryNotGranted { session, category: 14 }),
        made(V::TokenNotGranted { session, token }),
        made(V::AbovePerPaymentCap { requested: usdc(300), perPaymentCap: 2_000_000 }),
        made(V::LimitExceeded { session, category: 0, token, window: DAY, requested: usdc(150), remaining: usdc(120) }),
        made(V::VaultShort { balance: usdc(25), needed: usdc(150) }),
        made(V::TransferFailed { token, to: payee, amount: usdc(150) }),
        made(V::BatchTooLong { items: U256::from(40), largest: U256::from(32) }),
        made(V::BatchGasShort { item: U256::from(3), gasLeft: U256::from(400_000), needed: U256::from(520_000) }),
        made(V::BatchItemUnexplained { item: U256::from(3) }),
    ]
}

fn changes() -> Vec<Made> {
    let (session, token) = (SESSION, USDC);
    vec![
        made(V::NotOwner { caller: SOMEBODY }),
        made(V::NotOwnerOrGuardian { caller: SOMEBODY }),
        made(V::NotPendingOwner { caller: SOMEBODY }),
        made(V::ZeroAddress {}),
        made(V::SessionZero {}),
        made(V::SessionExists { session }),
        made(V::KeyUsedBefore { key: SOMEBODY }),
        made(V::RoleConflict { account: SOMEBODY }),
        made(V::ValidityInvalid { validFrom: TIME, validUntil: TIME }),
        made(V::CategoryMaskInvalid { categories: 3 }),
        made(V::CategoryInvalid { category: 64 }),
        made(V::WindowUnknown { window: 7_200 }),
        made(V::CapTooLarge { cap: 3_000_000_000, largest: U256::from(crate::meter::MAX_UNITS) }),
        made(V::LimitUnknown { session, category: 0, token, window: DAY }),
        made(V::ScopeInvalid { session: 0, category: 1 }),
        made(V::TokenNotListed { token }),
        made(V::TokenListed { token, unitBits: 0 }),
        made(V::TokenHasNoCode { token: SOMEBODY }),
        made(V::UnitTooCoarse { unitBits: 98 }),
        made(V::NotAscending { index: U256::from(1) }),
        made(V::EmptyList {}),
    ]
}

fn acts() -> Vec<Made> {
    let (change, expected) = (12, U256::from(5_000_000));
    vec![
        made(V::ActNotSigned {}),
        made(V::ActExpired { deadline: TIME, time: U256::from(TIME + 60) }),
        made(V::OwnerNonceWrong { nonce: 11, current: 12 }),
        made(V::OwnerNonceSpent {}),
        made(V::VerbNotAllowed { verb: V::setTreasuryCall::SELECTOR.into() }),
        made(V::CallMalformed { verb: V::replaceCall::SELECTOR.into() }),
        made(V::StaleChange { expected, actual: U256::from(4_000_000) }),
        made(V::ChangeUnknown { change }),
        made(V::ChangeDiffers { change }),
        made(V::ChangeNotYetExecutable { change, executableFrom: TIME }),
        made(V::ChangeExpired { change, executableUntil: TIME }),
        made(V::ChangeKilled { change }),
        made(V::GuardianCannotCancel { change }),
        made(V::TooManyWaiting { largest: U256::from(10) }),
        made(V::DelayTooLong { delay: 31 * DAY, longest: 30 * DAY }),
    ]
}

fn lens() -> Vec<Made> {
    vec![made(L::NoVaultLimit { token: USDC }), made(L::WaitingCallMissing { change: 12 })]
}

fn purse() -> Vec<Made> {
    vec![
        made(P::SessionNotOver { session: SESSION, caller: SOMEBODY }),
        made(P::SweepFailed { token: USDC, amount: usdc(49) }),
    ]
}

fn factory() -> Vec<Made> {
    let (given, expected) = (B256::repeat_byte(0x11), B256::repeat_byte(0x22));
    vec![made(F::CodeMismatch { given, expected }), made(F::VaultExists { vault: SOMEBODY })]
}

fn any() -> Vec<Made> {
    vec![
        made(Revert { reason: "FiatToken: paused".to_owned() }),
        made(Panic { code: U256::from(0x11) }),
        Made { signature: "", revert: Vec::new() },
        Made { signature: "", revert: vec![0xde, 0xad, 0xbe, 0xef] },
    ]
}
