//! About disks: `persist-before-send` and `quorum-log`.

use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch, broken};

use super::history::History;
use super::{Shared, of};
use crate::raft::log::{Index, Term};
use crate::raft::message::{AppendOutcome, Message};
use crate::raft::node::Raft;

/// Persist before you send (figure 2: persistent state is "updated on stable storage before
/// responding to RPCs").
///
/// Observes promises, when they leave their host, against the durable disk, never the node's word:
///
/// - a granted vote: term and vote are durable;
/// - an acknowledgement of entries up to n: the durable log has 1 to n, as the leader has them; the
///   same for what a leader tells itself before it counts itself;
/// - no message carries a term above its sender's.
///
/// A host whose disk has lied to it (what a sync acknowledged is not there) cannot know better: of
/// what is on its disk nothing is demanded any more.
#[derive(Debug)]
pub(super) struct PersistBeforeSend {
    shared: Shared,
    /// The last acknowledgement of each host that was found true, while its disk is as it was.
    verified: Vec<Option<(Term, Index)>>,
}

impl PersistBeforeSend {
    pub(super) fn new(shared: Shared) -> Self {
        PersistBeforeSend { shared, verified: Vec::new() }
    }

    /// `host` says to `candidate` that it votes for it.
    fn check_vote(
        &self,
        (host, candidate): (NodeId, NodeId),
        term: Term,
        world: &View<'_, Raft>,
    ) -> Check {
        if world.disk_has_lied(host) {
            return Ok(());
        }
        let state = self.shared.borrow_mut().durable_state(host, world);
        let kept = state.is_some_and(|state| {
            state.term > term || (state.term == term && state.voted_for == Some(candidate))
        });
        if kept {
            return Ok(());
        }
        broken(format!("{host} votes for {candidate} in term {term}, but its disk does not say so"))
    }

    /// `host` says to `leader` that it has entries 1 to `index`.
    fn check_ack(
        &mut self,
        (host, leader): (NodeId, NodeId),
        (term, index): (Term, Index),
        world: &View<'_, Raft>,
    ) -> Check {
        let verified = of(&mut self.verified, host);
        if *verified == Some((term, index)) || world.disk_has_lied(host) {
            return Ok(());
        }
        let mut history = self.shared.borrow_mut();
        let durable_term = history.durable_state(host, world).map_or(0, |state| state.term);
        if durable_term < term {
            return broken(format!(
                "{host} acknowledges entries in term {term}, but only term {durable_term} is on \
                 its disk"
            ));
        }
        let len = history.durable(host, world).len();
        if len < index {
            return broken(format!(
                "{host} acknowledges entries up to {index}, but its disk has them up to {len}"
            ));
        }
        let leading = world.node(leader).filter(|node| node.is_leader() && node.term() == term);
        if let Some(node) = leading {
            let (memory, durable) = history.both((leader, node), host, world);
            if !memory.agrees(durable, index) {
                return broken(format!(
                    "{host} acknowledges entries up to {index}, but its disk has others than \
                     {leader}"
                ));
            }
        }
        *verified = Some((term, index));
        Ok(())
    }
}

impl Invariant<Raft> for PersistBeforeSend {
    fn name(&self) -> &'static str {
        "persist-before-send"
    }

    fn about(&self) -> &'static str {
        "what a host promises is on its disk before the promise leaves"
    }

    fn watches(&self) -> Watch {
        Watch::LEFT.and(Watch::DURABLE).and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) -> Check {
        let (from, to, message) = match *seen {
            Observation::Left { from, to, message } => (from, to, message),
            Observation::Durable { host } | Observation::Crashed { host } => {
                self.shared.borrow_mut().disk_changed(host);
                *of(&mut self.verified, host) = None;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let term = message.term();
        if world.node(from).is_some_and(|node| node.term() < term) {
            return broken(format!("{from} sends a message of term {term} before it is there"));
        }
        match *message {
            Message::VoteReply { granted: true, .. } => self.check_vote((from, to), term, world),
            Message::AppendReply { outcome: AppendOutcome::Matched { index }, .. }
            | Message::Persisted { index, .. } => self.check_ack((from, to), (term, index), world),
            Message::Vote { .. }
            | Message::VoteReply { granted: false, .. }
            | Message::AppendEntries(_)
            | Message::AppendReply { outcome: AppendOutcome::Conflict { .. }, .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. } => Ok(()),
        }
    }
}

/// Quorum log (section 5.4.3): a committed entry is on a majority of disks, so that any majority
/// that elects a leader includes one that has it.
///
/// Observes disks: the durable log of every host, up or down, whenever something is committed for
/// the first time and whenever a disk that had it all has it no more.
#[derive(Debug)]
pub(super) struct QuorumLog {
    shared: Shared,
    /// Which hosts have all that was committed, as of the last count.
    holders: Vec<bool>,
    counted: Index,
}

impl QuorumLog {
    pub(super) fn new(shared: Shared) -> Self {
        QuorumLog { shared, holders: Vec::new(), counted: 0 }
    }

    fn count(&mut self, history: &mut History, world: &View<'_, Raft>) -> Check {
        self.counted = history.committed();
        let members = world.members();
        let mut holding = 0;
        for host in members {
            let holds = holds_all(history, *host, world);
            *of(&mut self.holders, *host) = holds;
            holding += usize::from(holds);
        }
        if holding > members.len() / 2 {
            return Ok(());
        }
        let (index, all) = (self.counted, members.len());
        broken(format!("index {index} is committed, but on the disks of {holding} of {all} hosts"))
    }
}

/// Whether the durable log of `host` has everything that was ever committed, or would have, had its
/// disk not lied to it.
fn holds_all(history: &mut History, host: NodeId, world: &View<'_, Raft>) -> bool {
    if world.disk_has_lied(host) {
        return true;
    }
    let index = history.committed();
    let committed = history.ledger(index).map(|committed| committed.entry);
    history.durable(host, world).get(index) == committed
}

impl Invariant<Raft> for QuorumLog {
    fn name(&self) -> &'static str {
        "quorum-log"
    }

    fn about(&self) -> &'static str {
        "a committed entry is on the disks of a majority"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED.and(Watch::DURABLE).and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) -> Check {
        let shared = self.shared.clone();
        match *seen {
            Observation::Handled { host, node } if node.commit() > self.counted => {
                let mut history = shared.borrow_mut();
                history.enter_commits(host, node);
                self.count(&mut history, world)
            }
            Observation::Durable { host } | Observation::Crashed { host } => {
                let mut history = shared.borrow_mut();
                history.disk_changed(host);
                if *of(&mut self.holders, host) && !holds_all(&mut history, host, world) {
                    return self.count(&mut history, world);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
