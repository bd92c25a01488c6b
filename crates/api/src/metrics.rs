//! The health of the index and of this server in the text that Prometheus reads. Routes are told apart, vaults are not:
//! the number of series does not grow with what is indexed.

use crate::health::Health;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the buckets of an answer's time, in seconds.
const SECONDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// A kind of answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: String,
    status: u16,
}

/// What this server counts.
#[derive(Debug)]
pub struct Metrics {
    answers: Family<Answer, Counter>,
    seconds: Histogram,
    listeners: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { answers: Family::default(), seconds: Histogram::new(SECONDS), listeners: Gauge::default() }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, route: &str, status: u16, seconds: f64) {
        self.answers.get_or_create(&Answer { route: route.to_owned(), status }).inc();
        self.seconds.observe(seconds);
    }

    /// How many listen to events now.
    pub fn set_listeners(&self, count: usize) {
        self.listeners.set(count.try_into().unwrap_or(i64::MAX));
    }

    /// Everything, as text. `now`: seconds since 1970.
    ///
    /// # Errors
    /// Never, as it is written to memory.
    pub fn text(&self, health: &Health, now: u64) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("purse");
        let (readiness, counts) = (health.readiness(now), health.counts());
        let gauges = [
            ("index_block", "The last block of the index", readiness.block.unwrap_or(0)),
            (
                "index_confirmed_block",
                "The last block up to which the vaults' own running hashes agree with every event",
                readiness.confirmed_block,
            ),
            ("index_node_block", "The newest block that the node has told of", readiness.node_block),
            ("index_lag_blocks", "Blocks that the index is behind the node", readiness.lag_blocks),
            ("index_lag_seconds", "Age of the last block of the index", readiness.lag_seconds),
            (
                "index_proven_block",
                "The last block at which a vault's state was proven to be the chain's",
                counts.proven_block,
            ),
            (
                "index_early_balances",
                "Accounts that hold more of a token than came since they are there: it came before, or is left out",
                counts.early,
            ),
            ("index_ready", "Whether the index follows its chain", readiness.ready.into()),
        ];
        for (name, help, value) in gauges {
            registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
        }
        let counters = [
            ("index_polls", "Polls of the node that were answered", counts.polls),
            ("index_poll_failures", "Polls of the node that failed", counts.failures),
            ("index_logs", "Logs that were added", counts.logs),
            ("index_rollbacks", "Reorganisations that were rolled back", counts.rollbacks),
            ("index_orphaned_blocks", "Blocks that were rolled back", counts.orphaned_blocks),
            ("index_states_compared", "States of vaults that were held against the chain's own", counts.compared),
            ("index_words_proven", "Words of storage and balances that were proven", counts.proven_words),
            ("index_proofs_forged", "Proofs of a vault's state that proved nothing", counts.forged),
            ("index_stalls", "Times that there was no new block for too long", counts.alarms),
        ];
        for (name, help, value) in counters {
            registry.register(name, help, ConstCounter::new(value));
        }
        registry.register("api_answers", "Requests that were answered", self.answers.clone());
        registry.register("api_answer_seconds", "How long an answer took", self.seconds.clone());
        registry.register("api_listeners", "Connections that listen to events", self.listeners.clone());
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}
