//! The owner's verbs by transaction, without a delay.

use crate::bench::{
    ALL, BY_CATEGORY, Bench, CATEGORY, DAY, ONE_LIMIT, PER_PAYMENT, RELAY, TWO_LIMITS, UNIT, day_limit, grant,
};
use alloy::primitives::{Address, U256, keccak256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;
use purse_tests::LocalChain;

/// Tokens, payees, grants.
pub(crate) async fn set_up(bench: &mut Bench) -> anyhow::Result<()> {
    let (usdc, plain) = (bench.scene.usdc, bench.plain);
    bench.own("add_token", &IVault::addTokenCall { token: plain, unitBits: 0 }).await?;
    let [payee, second, relayer] = bench.scene.actors.payees;
    let entry = |payee, category| IVault::PayeeEntry { payee, category };
    bench.own("set_payees_one", &IVault::setPayeesCall { entries: vec![entry(payee, CATEGORY)] }).await?;
    let two = vec![entry(second, CATEGORY), entry(relayer, RELAY)];
    bench.own("set_payees_two", &IVault::setPayeesCall { entries: two }).await?;

    let day = day_limit(1_000 * UNIT);
    let key = |session| anyhow::Ok(Bench::key(session)?.address());
    bench.own("grant", &grant(ONE_LIMIT, key(ONE_LIMIT)?, &[plain], std::slice::from_ref(&day))).await?;
    let month = IVault::Limit { window: 30 * DAY, ..day.clone() };
    let two = grant(TWO_LIMITS, key(TWO_LIMITS)?, &[plain, usdc], &[day.clone(), month]);
    bench.own("grant_two_tokens_two_limits", &two).await?;
    let by_category = [day.clone(), IVault::Limit { category: CATEGORY, ..day }];
    bench.own("grant_category_limit", &grant(BY_CATEGORY, key(BY_CATEGORY)?, &[plain], &by_category)).await?;
    bench.own("set_limit_first", &limit(ONE_LIMIT, 0, usdc, DAY, 1_000)).await?;
    bench.own("set_per_payment_cap", &cap(ONE_LIMIT, usdc, PER_PAYMENT)).await?;
    bench.scene.own(&limit(BY_CATEGORY, 0, usdc, DAY, 1_000)).await?;
    bench.scene.own(&cap(BY_CATEGORY, usdc, PER_PAYMENT)).await?;
    bench.own("set_limit_category_first", &limit(BY_CATEGORY, CATEGORY, usdc, DAY, 1_000)).await
}

/// Changes of what stands.
pub(crate) async fn later(bench: &mut Bench) -> anyhow::Result<()> {
    let (plain, until) = (bench.plain, LocalChain::GENESIS as u32 + 60 * DAY);
    bench.own("set_limit_steady", &limit(ONE_LIMIT, 0, plain, DAY, 500)).await?;
    let inner = limit(ONE_LIMIT, 0, plain, DAY, 400).abi_encode().into();
    bench.own("replace_set_limit", &IVault::replaceCall { expected: U256::from(500 * UNIT), call: inner }).await?;
    bench.own("set_limit_second", &limit(ONE_LIMIT, 0, plain, 30 * DAY, 1_000)).await?;
    let remove = |window| IVault::removeLimitCall { session: ONE_LIMIT, category: 0, token: plain, window };
    bench.own("remove_limit", &remove(30 * DAY)).await?;
    bench.own("set_limit_lifetime", &limit(ONE_LIMIT, 0, plain, u32::MAX, 1_000)).await?;
    bench.own("set_categories", &IVault::setCategoriesCall { session: ONE_LIMIT, categories: 1 << 3 }).await?;
    let validity = IVault::setValidityCall { session: ONE_LIMIT, validFrom: 1, validUntil: until };
    bench.own("set_validity", &validity).await?;
    let new_key = Address::from_word(keccak256("a new key"));
    bench.own("rotate_key", &IVault::rotateKeyCall { session: ONE_LIMIT, newKey: new_key }).await?;
    for (name, token) in bench.tokens() {
        bench.own(&format!("withdraw_{name}"), &IVault::withdrawCall { token, amount: ALL }).await?;
    }
    let treasury = bench.scene.actors.treasury.address();
    bench.own("set_treasury", &IVault::setTreasuryCall { newTreasury: treasury }).await?;
    let guardian = bench.scene.actors.guardian.address();
    bench.own("set_guardian", &IVault::setGuardianCall { newGuardian: guardian }).await?;
    let before = bench.scene.snapshot().await?;
    let heir = bench.scene.actors.deployer.address();
    bench.own("transfer_ownership", &IVault::transferOwnershipCall { newOwner: heir }).await?;
    bench.act("accept_ownership", heir, &IVault::acceptOwnershipCall {}).await?;
    bench.scene.revert(before).await
}

/// A limit of so many tokens.
pub(crate) fn limit(session: u32, category: u8, token: Address, window: u32, tokens: u128) -> IVault::setLimitCall {
    IVault::setLimitCall { session, category, token, window, cap: tokens * UNIT }
}

fn cap(session: u32, token: Address, cap: u128) -> IVault::setPerPaymentCapCall {
    IVault::setPerPaymentCapCall { session, token, perPaymentCap: cap }
}
