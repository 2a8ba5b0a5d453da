//! What must hold at every moment of a run of Raft.
//!
//! The order below is the order in which violations of one event are named: those that tell early
//! what went wrong come before those that show the damage.
//!
//! | name | about | source |
//! |---|---|---|
//! | `persist-before-send` | promises | figure 2: "updated on stable storage" first |
//! | `one-vote` | promises | section 5.2: one vote a term |
//! | `monotone` | belief | figure 2: "increases monotonically" |
//! | `election-safety` | belief | figure 3 |
//! | `leader-append-only` | belief | figure 3 |
//! | `log-matching` | belief | figure 3 |
//! | `commit-rule` | belief | section 5.4.2 |
//! | `progress-truth` | belief, against disks | section 5.3: `matchIndex` |
//! | `leader-completeness` | belief | figure 3 |
//! | `committed-prefix` | belief | section 5.4: committed entries are durable for ever |
//! | `quorum-log` | disks | section 5.4.3: any two majorities overlap |
//! | `state-machine-safety` | what was applied | figure 3 |
//!
//! All of them hold while crashed hosts come back with their disks and disks keep what they
//! synced; none promises anything beyond that contract. Of the disk of a host to which its device
//! has lied, those that look at disks demand nothing; the others show what comes of it.
//!
//! Two statements that look like invariants are not. *A voter's committed entries are in its
//! candidate's log*: the vote may be too old to matter. *The more up-to-date of two logs holds what
//! the other has committed*: let an isolated leader of term 2 append an entry that nobody gets,
//! while the leader of term 3, which never heard of it, spreads entries of term 1 and commits them
//! with one of its own. A follower that has only got the old entries, and knows them committed,
//! ends in term 1; the log of the old leader ends in term 2 and lacks them. It cannot be elected (a
//! majority ends in term 3), but it is the more up-to-date of the two.

mod commit;
mod durability;
mod election;
mod history;
mod logs;
mod progress;

use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::Invariant;

use super::node::Raft;
use history::History;

/// What several invariants look at together.
type Shared = Rc<RefCell<History>>;

/// All invariants, in declared order.
pub fn all() -> Vec<Box<dyn Invariant<Raft>>> {
    let shared = Shared::default();
    vec![
        Box::new(durability::PersistBeforeSend::new(shared.clone())),
        Box::new(election::OneVote::default()),
        Box::new(progress::Monotone::default()),
        Box::new(election::ElectionSafety::default()),
        Box::new(logs::LeaderAppendOnly::default()),
        Box::new(logs::LogMatching::new(shared.clone())),
        Box::new(commit::CommitRule::default()),
        Box::new(progress::ProgressTruth::new(shared.clone())),
        Box::new(commit::LeaderCompleteness::new(shared.clone())),
        Box::new(commit::CommittedPrefix::new(shared.clone())),
        Box::new(durability::QuorumLog::new(shared)),
        Box::new(commit::StateMachineSafety::default()),
    ]
}

/// The entry of `host` in a table by host, which grows as hosts turn up.
fn of<T: Default>(table: &mut Vec<T>, host: seedbed_sim::NodeId) -> &mut T {
    if table.len() <= host.index() {
        table.resize_with(host.index() + 1, T::default);
    }
    &mut table[host.index()]
}
