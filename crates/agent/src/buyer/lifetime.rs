//! Until when an authorisation lives: as long as the seller asks, two minutes at most. By this machine's clock, since that
//! is how facilitators judge it; so that clock must not be far from the chain's. Pure.

use purse_protocol::time::rfc3339;
use purse_protocol::{Chain, PaymentRefusal, RetryHow, WhoCanFix};

/// Longest life of an authorisation, in seconds: what is out with a slow facilitator is money in limbo.
pub(super) const LONGEST_AUTHORIZATION: u64 = 120;
/// An authorisation with less than that many seconds to live is refused by facilitators (6 s) or too late for the chain.
const SHORTEST_AUTHORIZATION: u64 = 8;
/// How old the newest block of a public chain may be, in seconds. A local chain makes blocks when it is asked to.
const OLDEST_HEAD: u64 = 300;

/// Until when an authorisation lives that is signed now, by this machine's clock `now`. `newest` is the time of the
/// chain's newest block.
///
/// # Errors
/// A refusal where the seller gives too little time, or the clocks are so far apart that the authorisation would be dead,
/// or would live longer than meant.
pub(super) fn valid_before(asked: u64, now: u64, newest: u64, chain_id: u64) -> Result<u64, PaymentRefusal> {
    let lifetime = asked.min(LONGEST_AUTHORIZATION);
    if lifetime < SHORTEST_AUTHORIZATION {
        let what = format!("the seller gives {lifetime} s for the payment, too short for any chain");
        return Err(PaymentRefusal::new("TimeoutTooShort", what)
            .by(WhoCanFix::Seller)
            .next("tell the seller to raise maxTimeoutSeconds"));
    }
    let valid_before = now.saturating_add(lifetime);
    let apart = |what: &str| {
        PaymentRefusal::new("ClocksDiffer", what)
            .retry(RetryHow::After)
            .by(WhoCanFix::Operator)
            .fact("chain_time", rfc3339(newest))
            .fact("this_machine", rfc3339(now))
            .next("set this machine's clock; if it is right, the node is behind the chain: use another")
    };
    if newest + SHORTEST_AUTHORIZATION > valid_before {
        return Err(apart("the chain's clock is so far ahead of this machine's that the authorisation would be dead"));
    }
    if chain_id != Chain::ANVIL && now > newest.saturating_add(OLDEST_HEAD) {
        return Err(apart(
            "this machine's clock is so far ahead of the chain's that the authorisation would live too long",
        ));
    }
    Ok(valid_before)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const BASE: u64 = 8_453;

    #[test]
    fn as_long_as_the_seller_asks_and_two_minutes_at_most() {
        let until = |asked| valid_before(asked, 1_000, 1_000, BASE).map_err(|refusal| refusal.code);
        assert_eq!(until(60), Ok(1_060));
        assert_eq!(until(SHORTEST_AUTHORIZATION), Ok(1_008));
        for asked in [120, 121, 10_u64.pow(18), u64::MAX] {
            assert_eq!(until(asked), Ok(1_120));
        }
        for asked in [0, SHORTEST_AUTHORIZATION - 1] {
            assert_eq!(until(asked).unwrap_err(), "TimeoutTooShort");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_signs_nothing() {
        let at = |now, newest, chain_id| valid_before(60, now, newest, chain_id).map_err(|refusal| refusal.code);
        assert_eq!(at(1_000, 1_052, BASE), Ok(1_060));
        assert_eq!(at(1_000, 1_053, BASE).unwrap_err(), "ClocksDiffer");
        assert_eq!(at(1_000, 700, BASE), Ok(1_060));
        assert_eq!(at(1_001, 700, BASE).unwrap_err(), "ClocksDiffer");
        assert_eq!(at(87_400, 700, Chain::ANVIL), Ok(87_460));
    }
}
