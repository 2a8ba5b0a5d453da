//! What is measured of a run of Raft.

use seedbed_sim::{NodeId, Observation, SimTime, View, Watch};

use super::log::{Index, Term};
use super::node::Raft;
use crate::measure::{Measure, Totals};

pub(super) fn measures() -> Vec<Box<dyn Measure<Raft>>> {
    vec![
        Box::new(AfterCrash::until(Regained::Leader)),
        Box::new(AfterCrash::until(Regained::Commit)),
        Box::<Committed>::default(),
        Box::new(MessagesPerEntry(Committed::default())),
    ]
}

/// What is missed after a leader has crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Regained {
    /// Somebody leads a later term. Figure 16 of the paper (extended version) shows this time.
    Leader,
    /// An entry of a later term is committed: clients are served again.
    Commit,
}

/// The longest time that a leader's crash took to be made good. A leader that is cut off is none
/// that has crashed: it may go on for a while, and nobody can say from when on it was missed.
#[derive(Clone, Debug)]
struct AfterCrash {
    regained: Regained,
    /// Who leads the highest term that had a leader.
    leader: Option<(Term, NodeId)>,
    /// When the leader of which term crashed, while that has not been made good.
    missed: Option<(Term, SimTime)>,
    longest_ns: Option<u64>,
}

impl AfterCrash {
    fn until(regained: Regained) -> AfterCrash {
        AfterCrash { regained, leader: None, missed: None, longest_ns: None }
    }

    fn is_regained(&self, crashed: Term, node: &Raft) -> bool {
        match self.regained {
            Regained::Leader => node.is_leader() && node.term() > crashed,
            Regained::Commit => {
                node.log().term_at(node.commit()).is_some_and(|term| term > crashed)
            }
        }
    }

    fn on_handled(&mut self, host: NodeId, node: &Raft, now: SimTime) {
        match self.leader {
            Some((_, leader)) if leader == host && !node.is_leader() => self.leader = None,
            Some((term, _)) if node.term() <= term => {}
            Some(_) | None if node.is_leader() => self.leader = Some((node.term(), host)),
            Some(_) | None => {}
        }
        if let Some((term, _)) = self.missed
            && self.is_regained(term, node)
        {
            self.longest_ns = self.longest(now);
            self.missed = None;
        }
    }

    fn longest(&self, until: SimTime) -> Option<u64> {
        let open = self.missed.map(|(_, since)| (until - since).as_nanos() as u64);
        self.longest_ns.max(open)
    }
}

impl Measure<Raft> for AfterCrash {
    fn name(&self) -> &'static str {
        match self.regained {
            Regained::Leader => "leaderless_time_ns",
            Regained::Commit => "recovery_time_ns",
        }
    }

    fn about(&self) -> &'static str {
        match self.regained {
            Regained::Leader => "the longest time from a leader's crash until somebody led again",
            Regained::Commit => {
                "the longest time from a leader's crash until an entry of a later term was committed"
            }
        }
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED.and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) {
        if let Observation::Handled { host, node } = seen {
            self.on_handled(*host, node, world.now());
        } else if let Observation::Crashed { host } = seen
            && let Some((term, leader)) = self.leader
            && leader == *host
        {
            self.leader = None;
            self.missed.get_or_insert((term, world.now()));
        }
    }

    /// A run that ends before has waited at least this long.
    fn value(&self, run: &Totals<'_>) -> Option<f64> {
        self.longest(run.end).map(|time| time as f64)
    }
}

/// How many entries were committed, those without a command included.
#[derive(Clone, Copy, Debug, Default)]
struct Committed {
    index: Index,
}

impl Measure<Raft> for Committed {
    fn name(&self) -> &'static str {
        "entries_committed"
    }

    fn about(&self) -> &'static str {
        "entries that were committed, those without a command included"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) {
        if let Observation::Handled { node, .. } = seen {
            self.index = self.index.max(node.commit());
        }
    }

    fn value(&self, _: &Totals<'_>) -> Option<f64> {
        Some(self.index as f64)
    }
}

/// Messages between hosts for each entry that was committed: elections, heartbeats and reads are
/// among them.
#[derive(Clone, Copy, Debug)]
struct MessagesPerEntry(Committed);

impl Measure<Raft> for MessagesPerEntry {
    fn name(&self) -> &'static str {
        "messages_per_entry"
    }

    fn about(&self) -> &'static str {
        "messages between hosts for each entry that was committed"
    }

    fn watches(&self) -> Watch {
        self.0.watches()
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) {
        self.0.observe(seen, world);
    }

    fn value(&self, run: &Totals<'_>) -> Option<f64> {
        let sent: u64 = run.messages.by_kind.iter().sum();
        (self.0.index > 0).then(|| sent as f64 / self.0.index as f64)
    }
}
