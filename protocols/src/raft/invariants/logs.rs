//! About logs in memory: `leader-append-only` and `log-matching`.

use std::collections::BTreeMap;

use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch, broken};

use super::{Shared, of};
use crate::raft::log::{Index, LogCursor, Term};
use crate::raft::node::Raft;

/// Leader Append-Only (figure 3): a leader never overwrites or deletes entries in its log; it only
/// appends new entries.
///
/// Observes belief: the leader's log in memory.
#[derive(Debug, Default)]
pub(super) struct LeaderAppendOnly {
    seen: Vec<(Option<Term>, LogCursor)>,
}

impl Invariant<Raft> for LeaderAppendOnly {
    fn name(&self) -> &'static str {
        "leader-append-only"
    }

    fn about(&self) -> &'static str {
        "a leader never overwrites or deletes entries of its log, it only appends"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let (led, cursor) = of(&mut self.seen, host);
        let leads = node.is_leader().then_some(node.term());
        let still = leads.is_some() && *led == leads;
        *led = leads;
        if leads.is_none() || (still && node.log().seen_by(cursor)) {
            return Ok(());
        }
        let len = cursor.len();
        let from = node.log().changed_since(cursor);
        if still && from <= len {
            let term = node.term();
            return broken(format!(
                "{host}, leader of term {term}, changed its log from index {from} on, of {len}"
            ));
        }
        Ok(())
    }
}

/// Log Matching (figure 3): if two logs contain an entry with the same index and term, then the
/// logs are identical in all entries up through the given index.
///
/// Observes belief: every log in memory, at every change, against every log that ever was. It
/// remembers one hash for each index and term that was ever seen, of the whole log up to there.
#[derive(Debug)]
pub(super) struct LogMatching {
    shared: Shared,
    known: BTreeMap<(Index, Term), (u64, NodeId)>,
    cursors: Vec<LogCursor>,
}

impl LogMatching {
    pub(super) fn new(shared: Shared) -> Self {
        LogMatching { shared, known: BTreeMap::new(), cursors: Vec::new() }
    }
}

impl Invariant<Raft> for LogMatching {
    fn name(&self) -> &'static str {
        "log-matching"
    }

    fn about(&self) -> &'static str {
        "logs that share an entry of one index and term are identical up to it"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let cursor = of(&mut self.cursors, host);
        if node.log().seen_by(cursor) {
            return Ok(());
        }
        let from = node.log().changed_since(cursor);
        let mut history = self.shared.borrow_mut();
        let log = history.memory(host, node);
        for index in from..=log.len() {
            let Some(entry) = log.get(index) else {
                break;
            };
            let new = (entry.hash, host);
            let (hash, first) = *self.known.entry((index, entry.term)).or_insert(new);
            if hash != entry.hash {
                let term = entry.term;
                return broken(format!(
                    "{first} and {host} have logs that differ at or below index {index}, where \
                     both have an entry of term {term}"
                ));
            }
        }
        Ok(())
    }
}
