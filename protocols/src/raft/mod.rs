//! Raft: a replicated log with a strong leader.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)",
//! 2014. Section numbers below are that paper's; "the thesis" is Ongaro's, of the same year.
//!
//! # The log
//!
//! Every host holds a log of commands. Raft makes the logs agree: once an entry is *committed*, it
//! is at its index in the log of every later leader, and no host ever applies another one there.
//! A state machine that applies committed entries in order is then the same on every host.
//! (Section 5.3. In memory: [`Log`]; on the disk: `storage`.)
//!
//! # Terms
//!
//! Time is divided into *terms*, numbered by consecutive integers; each begins with an election and
//! has at most one leader. Every message carries its sender's term. Who sees a higher one adopts it
//! and is a follower; who gets a message of a lower one ignores it, but for telling the sender.
//! That is one place in the code ([`Raft`]'s `on_message`), so no other handler ever sees a message
//! that is not of its own term. (Section 5.1.)
//!
//! # Leader election
//!
//! Each host is a *follower*, a *candidate* or the *leader*. A follower that hears of no leader for
//! an election timeout, drawn anew each time, begins a term of its own, votes for itself and asks
//! the others. A host gives one vote a term, to the first who asks and whose log is at least as
//! up-to-date as its own. A majority of votes makes a leader: two majorities share a host, so a
//! term has one leader at most, and an elected leader's log has every committed entry. (Sections
//! 5.2 and 5.4.1.)
//!
//! # Replication
//!
//! The leader appends what clients ask for, and sends entries to its followers together with the
//! index and the term of the entry before them. A follower takes them only if it has that entry:
//! by induction, two logs that have an entry of the same index and term agree up to it. A follower
//! that refuses says where its conflicting term begins, and the leader tries again from there. What
//! conflicts is removed from the follower's log, and nothing else ever is. (Section 5.3.)
//!
//! # Commitment
//!
//! An entry of the leader's own term is committed when a majority has it on disk; all before it
//! are committed with it. Entries of earlier terms are never committed by counting: figure 8 of the
//! paper shows a majority that is not enough. (Section 5.4.2.)
//!
//! # What is on the disk
//!
//! Term, vote and log. All of it is written before anything is promised that depends on it: a vote,
//! an acknowledgement, a leader's counting of itself. Every promise goes through one function
//! (`promise`), which calls `ctx.sync()` first. The commit index is not kept: a restarted host
//! learns it from the leader, and applies the log from its beginning.
//!
//! # Clients
//!
//! Followers refuse appends and name the leader. The leader answers when the entry is committed. A
//! leader that is deposed answers *unknown*, never *failed*: its successor may have the entry.
//! Reads go to any host: see below.
//!
//! # How this differs from the paper
//!
//! - The leader writes to its disk while its followers do (thesis, section 10.2.1), and so it tells
//!   itself what is durable, in a message of its own kind (`persisted`).
//! - At most one message with entries is on its way to each follower; what clients ask meanwhile
//!   goes into the next. Heartbeats carry no entries; an answer to one that shows missing entries
//!   has them sent again.
//! - A read follows section 8: the leader must have committed an entry of its term, and hears from
//!   a majority after the read has come. The paper has only the leader answer. Here any host does:
//!   a follower asks its leader how far the log is committed (`read-index`), and answers from its
//!   own log when it is committed as far. So a host answers only with a complete log; while it
//!   cannot know, it refuses, and the client asks again.
//! - The no-op at the start of a term is a choice (`noop`): with it, logs have entries that no
//!   client asked for.
//!
//! # What is left out
//!
//! Snapshots and log compaction (section 7), membership changes (section 6), leadership transfer,
//! leases, and the pre-vote and check-quorum rules of the thesis: a host that comes back from a
//! partition with a high term deposes a healthy leader, and a leader that can send but not receive
//! stays in office.

mod bugs;
mod candidate;
mod follower;
pub mod invariants;
mod leader;
mod log;
mod measures;
mod message;
mod milestones;
mod node;
mod params;
mod storage;

use std::time::Duration;

use seedbed_sim::{Invariant, Milestone, NodeId, Rng, View};

pub use bugs::{BUGS, Bug};
pub use candidate::Candidate;
pub use follower::Follower;
pub use leader::{Leader, Progress};
pub use log::{Entry, Index, Log, LogCursor, Term};
pub use message::{Append, AppendOutcome, Message};
pub use node::{Raft, Role, Timer};
pub use params::Params;

use crate::measure::Measure;
use crate::protocol::{self, CLIENTS_FINISHED, FileRange, Protocol, Selector, Strain, Tolerance};

/// Liveness is promised within so many of the longest election timeouts.
const ELECTION_TIMEOUTS_UNTIL_LIVE: u32 = 10;

impl Protocol for Raft {
    const NAME: &'static str = "raft";
    const ABOUT: &'static str =
        "a replicated log with a strong leader (Ongaro and Ousterhout 2014)";

    fn invariants(_: &Params) -> Vec<Box<dyn Invariant<Self>>> {
        invariants::all()
    }

    fn milestones() -> Vec<Milestone<Self>> {
        milestones::milestones()
    }

    fn measures() -> Vec<Box<dyn Measure<Self>>> {
        measures::measures()
    }

    fn selectors() -> Vec<Selector<Self>> {
        milestones::selectors()
    }

    fn bugs() -> &'static [protocol::Bug] {
        BUGS
    }

    fn planted(params: &Params) -> Option<&'static str> {
        params.bug.map(Bug::name)
    }

    /// A majority must be up. Disks must keep what they said they have: an entry is committed by
    /// a majority of copies and not by one more, and a host that has lost its copy without knowing
    /// it votes for a log that lacks it. A copy that is noticed to be damaged is another matter:
    /// its host stays away, as if it were down.
    fn tolerance(_: &Params, hosts: usize) -> Tolerance {
        let minority = hosts.saturating_sub(1) / 2;
        Tolerance { crashes: minority, damaged_copies: minority, ..Tolerance::default() }
    }

    fn checked_ranges(world: &View<'_, Self>, host: NodeId) -> Option<Vec<FileRange>> {
        Some(storage::checked_ranges(&world.durable(host)))
    }

    /// Any majority, drawn anew each time.
    fn core(_: &Params, hosts: &[(NodeId, &str)], rng: &mut Rng) -> Option<Vec<NodeId>> {
        let mut core: Vec<NodeId> = hosts.iter().map(|(host, _)| *host).collect();
        rng.shuffle(&mut core);
        core.truncate(hosts.len() / 2 + 1);
        core.sort_unstable();
        Some(core)
    }

    /// Safety needs no clock (section 5.6: it must not depend on timing), and no majority that is
    /// up. Where disks forget or messages lie, two leaders may share a term, and what is left is
    /// what each host sees to alone.
    fn promises_beyond(_: &Params, strain: Strain, property: &str) -> bool {
        let left: &[&str] = match strain {
            Strain::Crashes => return true,
            Strain::Clocks => return property != CLIENTS_FINISHED,
            Strain::Amnesia => &["commit-rule", "leader-append-only", "persist-before-send"],
            Strain::Disks => &["commit-rule", "leader-append-only"],
            Strain::Corruption | Strain::Misdirection => &["leader-append-only", "one-vote"],
        };
        left.contains(&property)
    }

    /// Ten of the longest election timeouts: an election is won in the first or second, split votes
    /// and terms that the partition left behind take a few more, and the rest is for followers to
    /// catch up. A log whose replication takes longer than that (a round trip for each `batch_max`
    /// entries missed) needs a longer timeout, or larger batches.
    fn liveness_bound(params: &Params) -> Duration {
        params.election_timeout().1 * ELECTION_TIMEOUTS_UNTIL_LIVE
    }
}
