//! About elections: `election-safety` and `one-vote`.

use std::collections::BTreeMap;

use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch, broken};

use super::of;
use crate::raft::log::Term;
use crate::raft::message::Message;
use crate::raft::node::Raft;

/// Election Safety (figure 3): at most one leader can be elected in a given term.
///
/// Over the whole run, not at one moment: two leaders of one term that never meet are as wrong.
/// Observes belief: who says that it leads.
#[derive(Debug, Default)]
pub(super) struct ElectionSafety {
    leaders: BTreeMap<Term, NodeId>,
    /// The last term in which each host was seen to lead.
    seen: Vec<Term>,
}

impl Invariant<Raft> for ElectionSafety {
    fn name(&self) -> &'static str {
        "election-safety"
    }

    fn about(&self) -> &'static str {
        "at most one leader can be elected in a given term"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        if !node.is_leader() {
            return Ok(());
        }
        let term = node.term();
        if std::mem::replace(of(&mut self.seen, host), term) == term {
            return Ok(());
        }
        let first = *self.leaders.entry(term).or_insert(host);
        if first == host {
            Ok(())
        } else {
            broken(format!("{first} and {host} were both elected leader in term {term}"))
        }
    }
}

/// One vote (section 5.2): each server votes for at most one candidate in a given term, whatever
/// crashes lie between.
///
/// Observes promises: granted votes as they leave their host. A candidate's vote for itself leaves,
/// too, for itself.
#[derive(Debug, Default)]
pub(super) struct OneVote {
    granted: BTreeMap<(NodeId, Term), NodeId>,
}

impl Invariant<Raft> for OneVote {
    fn name(&self) -> &'static str {
        "one-vote"
    }

    fn about(&self) -> &'static str {
        "a host votes for at most one candidate in a term"
    }

    fn watches(&self) -> Watch {
        Watch::LEFT
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, _: &View<'_, Raft>) -> Check {
        let Observation::Left { from, to, message } = *seen else {
            return Ok(());
        };
        let Message::VoteReply { term, granted: true } = *message else {
            return Ok(());
        };
        let first = *self.granted.entry((from, term)).or_insert(to);
        if first == to {
            Ok(())
        } else {
            broken(format!("{from} voted in term {term} for {first} and for {to}"))
        }
    }
}
