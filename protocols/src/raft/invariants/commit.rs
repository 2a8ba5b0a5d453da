//! About what is committed: `commit-rule`, `leader-completeness`, `committed-prefix` and
//! `state-machine-safety`.

use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch, broken, codec};

use super::{Shared, of};
use crate::raft::log::{Index, LogCursor, Term};
use crate::raft::node::Raft;

/// The commit rule (section 5.4.2): only log entries from the leader's current term are committed
/// by counting replicas.
///
/// Observes belief: the commit index of a leader, while it leads one term.
#[derive(Debug, Default)]
pub(super) struct CommitRule {
    seen: Vec<(Option<Term>, Index)>,
}

impl Invariant<Raft> for CommitRule {
    fn name(&self) -> &'static str {
        "commit-rule"
    }

    fn about(&self) -> &'static str {
        "a leader commits by counting replicas only where its own term is"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let leads = node.is_leader().then_some(node.term());
        let (led, commit) = std::mem::replace(of(&mut self.seen, host), (leads, node.commit()));
        if leads.is_none() || led != leads || commit == node.commit() {
            return Ok(());
        }
        let (index, term) = (node.commit(), node.term());
        match node.log().term_at(index) {
            Some(own) if own == term => Ok(()),
            Some(other) => broken(format!(
                "{host}, leader of term {term}, committed up to index {index}, an entry of term \
                 {other}"
            )),
            None => broken(format!("{host} committed up to index {index}, beyond its log")),
        }
    }
}

/// Leader Completeness (figure 3): if a log entry is committed in a given term, then that entry
/// will be present in the logs of the leaders for all higher-numbered terms.
///
/// Observes belief: the log of each new leader, against what was committed in earlier terms.
#[derive(Debug)]
pub(super) struct LeaderCompleteness {
    shared: Shared,
    led: Vec<Option<Term>>,
}

impl LeaderCompleteness {
    pub(super) fn new(shared: Shared) -> Self {
        LeaderCompleteness { shared, led: Vec::new() }
    }
}

impl Invariant<Raft> for LeaderCompleteness {
    fn name(&self) -> &'static str {
        "leader-completeness"
    }

    fn about(&self) -> &'static str {
        "a leader has every entry that was committed in an earlier term"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let leads = node.is_leader().then_some(node.term());
        let led = std::mem::replace(of(&mut self.led, host), leads);
        if leads.is_none() || led == leads {
            return Ok(());
        }
        let term = node.term();
        let mut history = self.shared.borrow_mut();
        let index = history.committed_before(term);
        let Some(committed) = history.ledger(index) else {
            return Ok(());
        };
        if history.memory(host, node).get(index) == Some(committed.entry) {
            return Ok(());
        }
        let first = committed.term;
        broken(format!(
            "{host} leads term {term}, but does not have the log up to index {index} as it was \
             committed in term {first}"
        ))
    }
}

/// Committed prefix (section 5.4): what one host knows to be committed, no host knows otherwise.
///
/// Observes belief: each host's log up to its commit index, against the ledger of all that was
/// ever known to be committed.
#[derive(Debug)]
pub(super) struct CommittedPrefix {
    shared: Shared,
    seen: Vec<(LogCursor, Index)>,
}

impl CommittedPrefix {
    pub(super) fn new(shared: Shared) -> Self {
        CommittedPrefix { shared, seen: Vec::new() }
    }
}

impl Invariant<Raft> for CommittedPrefix {
    fn name(&self) -> &'static str {
        "committed-prefix"
    }

    fn about(&self) -> &'static str {
        "what one host knows to be committed, no host knows otherwise"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let (cursor, commit) = of(&mut self.seen, host);
        if *commit == node.commit() && node.log().seen_by(cursor) {
            return Ok(());
        }
        let from = node.log().changed_since(cursor);
        let known = std::mem::replace(commit, node.commit());
        let index = node.commit();
        // Appending behind what is committed changes nothing here.
        if known == index && from > index {
            return Ok(());
        }
        let mut history = self.shared.borrow_mut();
        history.enter_commits(host, node);
        let Some(committed) = history.ledger(index) else {
            return if index == 0 {
                Ok(())
            } else {
                broken(format!("{host} committed up to index {index}, beyond its log"))
            };
        };
        if history.memory(host, node).get(index) == Some(committed.entry) {
            return Ok(());
        }
        let (first, term) = (committed.host, committed.term);
        broken(format!(
            "{host} takes its log up to index {index} for committed, but {first} committed another \
             one in term {term}"
        ))
    }
}

/// State Machine Safety (figure 3): if a server has applied a log entry at a given index to its
/// state machine, no other server will ever apply a different log entry for the same index.
///
/// Observes what was applied: every item that is delivered, in all lives of all hosts.
#[derive(Debug, Default)]
pub(super) struct StateMachineSafety {
    applied: Vec<Option<(u64, NodeId)>>,
}

impl Invariant<Raft> for StateMachineSafety {
    fn name(&self) -> &'static str {
        "state-machine-safety"
    }

    fn about(&self) -> &'static str {
        "no two hosts apply different entries at one index"
    }

    fn watches(&self) -> Watch {
        Watch::DELIVERED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Delivered { host, item } = *seen else {
            return Ok(());
        };
        let place = item.index as usize;
        if self.applied.len() <= place {
            self.applied.resize(place + 1, None);
        }
        let digest = codec::digest_of(item);
        let (known, first) = *self.applied[place].get_or_insert((digest, host));
        if known == digest {
            return Ok(());
        }
        let index = item.index;
        broken(format!("{first} and {host} applied different entries at index {index}"))
    }
}
