//! What a run of Raft is expected to reach, and the names it gives to hosts.

use std::cmp::Reverse;

use seedbed_sim::{Milestone, NodeId, View};

use super::node::{Raft, Role};
use crate::protocol::Selector;

pub(super) const LEADER_DEPOSED: &str = "leader-deposed";
pub(super) const UNCOMMITTED_ENTRY_TRUNCATED: &str = "uncommitted-entry-truncated";
pub(super) const COMMIT_AFTER_RESTART: &str = "commit-after-restart";
pub(super) const DISK_DAMAGE_NOTICED: &str = "disk-damage-noticed";
pub(super) const STALE_TERM_MESSAGE: &str = "stale-term-message";

/// What a run is expected to reach.
pub(super) fn milestones() -> Vec<Milestone<Raft>> {
    vec![
        Milestone::anywhere(
            "leader-elected",
            "a candidate has won an election",
            |_, _, node: &Raft| node.is_leader(),
        ),
        Milestone::each_host(
            "leader-known",
            "the host has won an election, or has heard from who has",
            |_, _, node: &Raft| node.is_leader() || node.leader().is_some(),
        ),
        Milestone::each_host(
            "first-commit",
            "the host knows an entry to be committed",
            |_, _, node: &Raft| node.commit() > 0,
        ),
        Milestone::reported(LEADER_DEPOSED, "a leader has learned of a higher term"),
        Milestone::anywhere(
            "split-vote",
            "every host that is up has voted in one term, and nobody has a majority",
            is_split,
        ),
        Milestone::reported(
            UNCOMMITTED_ENTRY_TRUNCATED,
            "a follower has removed entries that conflict with its leader's",
        ),
        Milestone::reported(
            COMMIT_AFTER_RESTART,
            "a host that crashed has learned again that an entry is committed",
        ),
        Milestone::reported(
            DISK_DAMAGE_NOTICED,
            "a host has found its files damaged, and takes no part",
        ),
        Milestone::reported(
            STALE_TERM_MESSAGE,
            "a message was handled that is two or more terms behind its receiver",
        ),
    ]
}

/// Asked of candidates only: who else would learn that nobody wins?
fn is_split(world: &View<'_, Raft>, _: NodeId, candidate: &Raft) -> bool {
    if !matches!(candidate.role(), Role::Candidate(_)) {
        return false;
    }
    let term = candidate.term();
    let all_voted =
        || world.nodes().map(|(_, node)| node.voted_for().filter(|_| node.term() == term));
    let majority = world.members().len() / 2 + 1;
    let wins = |host: NodeId| all_voted().filter(|vote| *vote == Some(host)).count() >= majority;
    all_voted().all(|vote| vote.is_some())
        && all_voted().count() >= majority
        && !world.members().iter().any(|host| wins(*host))
}

/// Names for hosts by their state.
pub(super) fn selectors() -> Vec<Selector<Raft>> {
    vec![
        Selector::new(
            "leader",
            "who leads, by its own belief, in the highest term",
            |world: &View<'_, Raft>| {
                let mut leaders: Vec<_> =
                    world.nodes().filter(|(_, node)| node.is_leader()).collect();
                leaders.sort_by_key(|(host, node)| (Reverse(node.term()), *host));
                leaders.into_iter().map(|(host, _)| host).collect()
            },
        ),
        Selector::new("follower", "hosts that are up and do not lead", |world: &View<'_, Raft>| {
            world.nodes().filter(|(_, node)| !node.is_leader()).map(|(host, _)| host).collect()
        }),
    ]
}
