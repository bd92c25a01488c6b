//! Several nodes of one chain as one source: whoever answers is asked first next time, and what one says of the ends of
//! each range is compared with what the others say.

use crate::receipts::ChainReceipt;
use crate::rows::BlockRef;
use crate::source::{AccountProof, ChainLog, ChainSource, Header, Served, SourceError, Span, VaultHead, Wanted};
use alloy::primitives::{Address, B256, Bytes};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A head that does not move for so long stands still: many blocks of any chain of ours.
const STILL: Duration = Duration::from_secs(60);

/// Nodes of one chain.
#[derive(Debug)]
pub struct Nodes<S> {
    nodes: Vec<Node<S>>,
    /// The one that is asked first: whichever answered last.
    first: AtomicUsize,
    /// The highest head that was told, and when.
    seen: Mutex<(u64, Instant)>,
    still: Duration,
}

#[derive(Debug)]
struct Node<S> {
    name: String,
    source: S,
    answers: AtomicU64,
    failures: AtomicU64,
}

impl<S: ChainSource> Nodes<S> {
    /// These nodes, each with a name for messages, the one that is asked first at the front.
    pub fn new(nodes: impl IntoIterator<Item = (String, S)>) -> Self {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let node = |(name, source): (String, S)| {
            let times = seen.entry(name.clone()).or_default();
            *times += 1;
            let name = if *times == 1 { name } else { format!("{name} ({times})") };
            Node { name, source, answers: AtomicU64::new(0), failures: AtomicU64::new(0) }
        };
        let (nodes, seen) = (nodes.into_iter().map(node).collect(), Mutex::new((0, Instant::now())));
        Self { nodes, first: AtomicUsize::new(0), seen, still: STILL }
    }

    /// Takes a head for one that stands still after so long instead of 60 s.
    #[must_use]
    pub const fn with_still(mut self, still: Duration) -> Self {
        self.still = still;
        self
    }

    /// Whether a head that was just told is none that is new, and has not been for long.
    fn stands_still(&self, head: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if head > seen.0 {
            *seen = (head, Instant::now());
            return false;
        }
        seen.1.elapsed() >= self.still
    }

    /// The answer of the first node that gives one.
    async fn ask<'a, T, F>(&'a self, question: impl Fn(&'a S) -> F) -> Result<T, SourceError>
    where
        F: Future<Output = Result<T, SourceError>>,
    {
        self.ask_unless(question, |_| false).await
    }

    async fn ask_unless<'a, T, F>(
        &'a self,
        question: impl Fn(&'a S) -> F,
        gives_up: impl Fn(&SourceError) -> bool,
    ) -> Result<T, SourceError>
    where
        F: Future<Output = Result<T, SourceError>>,
    {
        let answered = self.ask_until(question, |_| true, gives_up).await?;
        let (at, answer) = answered.ok_or(SourceError::NoneAnswers { each: String::new(), later: None })?;
        self.first.store(at, Ordering::Relaxed);
        Ok(answer)
    }

    /// What the first node has that has it; none where all that answer have nothing.
    async fn ask_for<'a, T, F>(&'a self, question: impl Fn(&'a S) -> F) -> Result<Option<T>, SourceError>
    where
        F: Future<Output = Result<Option<T>, SourceError>>,
    {
        let has_answered = AtomicBool::new(false);
        let will_do = |answer: &Option<T>| {
            has_answered.store(true, Ordering::Relaxed);
            answer.is_some()
        };
        match self.ask_until(question, will_do, |_| false).await {
            Ok(Some((at, answer))) => {
                self.first.store(at, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(None) => Ok(None),
            Err(SourceError::NoneAnswers { .. }) if has_answered.load(Ordering::Relaxed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first answer that will do, and whose it is; none where all have answered and none will. Whoever fails is passed over,
    /// unless that `gives_up`.
    async fn ask_until<'a, T, F>(
        &'a self,
        question: impl Fn(&'a S) -> F,
        will_do: impl Fn(&T) -> bool,
        gives_up: impl Fn(&SourceError) -> bool,
    ) -> Result<Option<(usize, T)>, SourceError>
    where
        F: Future<Output = Result<T, SourceError>>,
    {
        let first = self.first.load(Ordering::Relaxed);
        let (mut failures, mut later) = (Vec::new(), None);
        for turn in 0..self.nodes.len() {
            let at = (first + turn) % self.nodes.len();
            let node = &self.nodes[at];
            match question(&node.source).await {
                Ok(answer) => {
                    node.answers.fetch_add(1, Ordering::Relaxed);
                    if will_do(&answer) {
                        return Ok(Some((at, answer)));
                    }
                }
                Err(error) if self.nodes.len() == 1 || gives_up(&error) => return Err(error),
                Err(error) => {
                    node.failures.fetch_add(1, Ordering::Relaxed);
                    // Whoever may answer soonest.
                    later = [later, error.later()].into_iter().flatten().min();
                    failures.push(format!("{}: {error}", node.name));
                }
            }
        }
        if failures.is_empty() {
            return Ok(None);
        }
        Err(SourceError::NoneAnswers { each: failures.join("; "), later })
    }
}

impl<S: ChainSource> ChainSource for Nodes<S> {
    /// Every node that answers must be of the same chain.
    async fn chain_id(&self) -> Result<u64, SourceError> {
        let id = self.ask(S::chain_id).await?;
        let first = &self.nodes[self.first.load(Ordering::Relaxed)];
        for node in &self.nodes {
            if let Ok(other) = node.source.chain_id().await
                && other != id
            {
                let what = format!("{} is on chain {id}, {} on chain {other}", first.name, node.name);
                return Err(SourceError::Disagree { what });
            }
        }
        Ok(id)
    }

    /// The first node's, unless that stands still: then the highest that any of them has. Not sooner, or whichever node runs ahead
    /// would be the one that is believed.
    async fn head(&self) -> Result<Header, SourceError> {
        let head = self.ask(S::head).await?;
        if !self.stands_still(head.number) || self.nodes.len() == 1 {
            return Ok(head);
        }
        let first = self.first.load(Ordering::Relaxed);
        let mut highest = (first, head);
        for (at, node) in self.nodes.iter().enumerate().filter(|(at, _)| *at != first) {
            match node.source.head().await {
                Ok(head) if head.number > highest.1.number => highest = (at, head),
                Ok(_) => {}
                Err(_) => drop(node.failures.fetch_add(1, Ordering::Relaxed)),
            }
        }
        let (at, head) = highest;
        self.first.store(at, Ordering::Relaxed);
        let _news = self.stands_still(head.number);
        Ok(head)
    }

    async fn finalized(&self) -> Result<Option<u64>, SourceError> {
        self.ask_for(S::finalized).await
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        self.ask_for(|source| source.header(number)).await
    }

    async fn headers(&self, numbers: &[u64]) -> Result<Vec<Option<Header>>, SourceError> {
        let numbers = &numbers.to_vec();
        self.ask(|source| async move { source.headers(numbers).await }).await
    }

    async fn logs(&self, span: Span, wanted: &Wanted) -> Result<Vec<ChainLog>, SourceError> {
        // What is asked outlives the question, not the nodes.
        let wanted = &wanted.clone();
        // Of several blocks: a smaller question is what it takes, not another node.
        let is_divisible = matches!(span, Span::Range(from, to) if from < to);
        let gives_up = |error: &SourceError| is_divisible && matches!(error, SourceError::TooLarge(_));
        self.ask_unless(|source| async move { source.logs(span, wanted).await }, gives_up).await
    }

    async fn receipts(&self, block: B256) -> Result<Option<Vec<ChainReceipt>>, SourceError> {
        self.ask_for(|source| source.receipts(block)).await
    }

    async fn input(&self, tx: B256) -> Result<Option<Bytes>, SourceError> {
        self.ask_for(|source| source.input(tx)).await
    }

    async fn vault_head(&self, vault: Address, at: BlockRef) -> Result<Option<VaultHead>, SourceError> {
        self.ask_for(|source| source.vault_head(vault, at)).await
    }

    /// One that serves no proofs says nothing against another that does.
    async fn storage(
        &self,
        account: Address,
        slots: &[B256],
        at: BlockRef,
    ) -> Result<Option<AccountProof>, SourceError> {
        let slots = &slots.to_vec();
        let asked = |source| async move { S::storage(source, account, slots, at).await };
        let proof = self.ask_until(asked, Option::is_some, |_| false).await?;
        Ok(proof.and_then(|(of, proof)| Some(AccountProof { node: self.nodes[of].name.clone(), ..proof? })))
    }

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        self.ask(|source| source.has_code(address)).await
    }

    /// All are asked, also whoever gave it: who that was, other questions may have changed meanwhile. A node that does not answer, or
    /// does not have the block yet, says nothing against it.
    async fn cross_check(&self, block: &Header, wanted: &[Wanted], logs: &[ChainLog]) -> Result<(), SourceError> {
        let mut agree = Vec::new();
        for node in self.nodes.iter().filter(|_| self.nodes.len() > 1) {
            match held(&node.source, block.number, wanted).await {
                Ok(None) => {}
                Ok(Some((hash, others))) if hash == block.hash && sorted(&others) == sorted(logs) => {
                    node.answers.fetch_add(1, Ordering::Relaxed);
                    agree.push(&*node.name);
                }
                Ok(Some((hash, others))) => {
                    let by = if agree.is_empty() { "what was fetched".to_owned() } else { agree.join(", ") };
                    let (number, name) = (block.number, &node.name);
                    let what = if hash == block.hash {
                        let (ours, theirs) = (logs.len(), others.len());
                        format!("block {number} holds {ours} logs of the trail by {by}, others ({theirs}) by {name}")
                    } else {
                        format!("block {number} is {} by {by}, {hash} by {name}", block.hash)
                    };
                    return Err(SourceError::Disagree { what });
                }
                Err(_) => drop(node.failures.fetch_add(1, Ordering::Relaxed)),
            }
        }
        Ok(())
    }

    fn served(&self) -> Vec<Served> {
        let served = |node: &Node<S>| Served {
            name: node.name.clone(),
            answers: node.answers.load(Ordering::Relaxed),
            failures: node.failures.load(Ordering::Relaxed),
        };
        self.nodes.iter().map(served).collect()
    }
}

/// The block that a node has at a height, and its answers to all questions about it; none where it has none.
async fn held<S: ChainSource>(
    source: &S,
    number: u64,
    wanted: &[Wanted],
) -> Result<Option<(B256, Vec<ChainLog>)>, SourceError> {
    let Some(header) = source.header(number).await? else { return Ok(None) };
    let mut logs = Vec::new();
    for wanted in wanted {
        logs.extend(source.logs(Span::Block(header.hash), wanted).await?);
    }
    Ok(Some((header.hash, logs)))
}

/// Logs in order; one that several questions brought, once.
fn sorted(logs: &[ChainLog]) -> Vec<&ChainLog> {
    let mut logs: Vec<_> = logs.iter().collect();
    logs.sort_by_key(|log| log.log_index);
    logs.dedup();
    logs
}

/// A node's URL as it may be shown: keys are in the path, the query or before the host.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".into() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let hidden = !rest[end..].trim_end_matches('/').is_empty();
    format!("{scheme}://{host}{}", if hidden { "/…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn no_key_is_shown() {
        assert_eq!(shown("http://127.0.0.1:8545/"), "http://127.0.0.1:8545");
        assert_eq!(shown("https://base.example.org/v2/SECRET"), "https://base.example.org/…");
        assert_eq!(shown("https://me:SECRET@base.example.org?key=SECRET"), "https://base.example.org/…");
        assert_eq!(shown("https://me:SE@CRET@base.example.org#SECRET"), "https://base.example.org/…");
        assert_eq!(shown("SECRET"), "…");
    }
}
