//! About what nodes believe of others and of themselves: `monotone` and `progress-truth`.

use seedbed_sim::{Check, Invariant, Observation, View, Watch, broken};

use super::{Shared, of};
use crate::raft::leader::Leader;
use crate::raft::log::{Index, Term};
use crate::raft::node::Raft;

/// Monotone (figure 2): the term and the commit index never decrease while a host lives, nor does a
/// match index while its leader leads.
///
/// Observes belief. Across a crash a term may decrease if nothing was promised in it; what was
/// promised is for `persist-before-send`.
#[derive(Debug, Default)]
pub(super) struct Monotone {
    seen: Vec<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    term: Term,
    commit: Index,
    /// The term that it was last seen to lead, with its match indices then.
    led: Term,
    match_changes: u64,
    matched: Vec<Index>,
}

impl Seen {
    fn check_matches(&mut self, leader: &Leader, term: Term) -> Result<(), String> {
        let new_term = std::mem::replace(&mut self.led, term) != term;
        if new_term || self.matched.len() != leader.progress.len() {
            self.matched.clear();
            self.matched.resize(leader.progress.len(), 0);
        } else if self.match_changes == leader.match_changes {
            return Ok(());
        }
        self.match_changes = leader.match_changes;
        for (known, progress) in self.matched.iter_mut().zip(&leader.progress) {
            let before = std::mem::replace(known, progress.matched);
            if before > progress.matched {
                let (host, now) = (progress.host, progress.matched);
                return Err(format!("its match index for {host} fell from {before} to {now}"));
            }
        }
        Ok(())
    }
}

impl Invariant<Raft> for Monotone {
    fn name(&self) -> &'static str {
        "monotone"
    }

    fn about(&self) -> &'static str {
        "terms, commit indices and match indices never decrease"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED.and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let (host, node) = match *seen {
            Observation::Handled { host, node } => (host, node),
            Observation::Crashed { host } => {
                *of(&mut self.seen, host) = Seen::default();
                return Ok(());
            }
            _ => return Ok(()),
        };
        let known = of(&mut self.seen, host);
        let (term, commit) = (known.term, known.commit);
        known.term = node.term();
        known.commit = node.commit();
        if node.term() < term {
            let now = node.term();
            return broken(format!("the term of {host} fell from {term} to {now}"));
        }
        if node.commit() < commit {
            let now = node.commit();
            return broken(format!("the commit index of {host} fell from {commit} to {now}"));
        }
        let Some(leader) = node.as_leader() else {
            return Ok(());
        };
        match known.check_matches(leader, node.term()) {
            Ok(()) => Ok(()),
            Err(what) => broken(format!("{host} leads term {term}, and {what}")),
        }
    }
}

/// Progress truth (section 5.3): `matchIndex` is the highest log entry *known* to be replicated, so
/// the follower's disk has the leader's log up to it; `nextIndex` lies above it; and a leader has
/// what it takes for committed.
///
/// Observes belief, of the leader of the highest term that ever had one, against the durable disks
/// of its followers: an older leader's belief may have been overtaken.
#[derive(Debug)]
pub(super) struct ProgressTruth {
    shared: Shared,
    newest: Term,
    match_changes: u64,
}

impl ProgressTruth {
    pub(super) fn new(shared: Shared) -> Self {
        ProgressTruth { shared, newest: 0, match_changes: 0 }
    }
}

impl Invariant<Raft> for ProgressTruth {
    fn name(&self) -> &'static str {
        "progress-truth"
    }

    fn about(&self) -> &'static str {
        "a follower has on its disk what its leader believes it has"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED.and(Watch::DURABLE).and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) -> Check {
        let (host, node) = match *seen {
            Observation::Handled { host, node } => (host, node),
            Observation::Durable { host } | Observation::Crashed { host } => {
                self.shared.borrow_mut().disk_changed(host);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let Some(leader) = node.as_leader().filter(|_| node.term() >= self.newest) else {
            return Ok(());
        };
        if node.term() == self.newest && leader.match_changes == self.match_changes {
            return Ok(());
        }
        (self.newest, self.match_changes) = (node.term(), leader.match_changes);
        if node.commit() > node.log().last_index() {
            return broken(format!("{host} committed beyond its log"));
        }
        let mut history = self.shared.borrow_mut();
        for progress in &leader.progress {
            let (follower, matched, next) = (progress.host, progress.matched, progress.next);
            if next <= matched {
                return broken(format!(
                    "{host} would send {follower} entry {next}, though it matches up to {matched}"
                ));
            }
            let (memory, durable) = history.both((host, node), follower, world);
            if !memory.agrees(durable, matched) && !world.disk_has_lied(follower) {
                return broken(format!(
                    "{host} believes that {follower} has its log up to index {matched}, but the \
                     disk of {follower} does not"
                ));
            }
        }
        Ok(())
    }
}
