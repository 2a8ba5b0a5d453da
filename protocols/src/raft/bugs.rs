//! Published bugs that `params.bug` plants, one at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol;

/// A planted bug. Each is one branch beside the right code, marked by this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is described in the table below")]
pub enum Bug {
    VoteNotPersisted,
    SameTermStepDownClearsVote,
    StaleVoteCounted,
    VoteReplyCountedTwice,
    ElectionRestrictionByLength,
    PriorTermCommit,
    MatchingSuffixErased,
    ConflictKeepsTail,
    CommitBeyondLastNewEntry,
    CommitRegresses,
    MatchFromOwnLastIndex,
    MatchRegresses,
    DeposedLeaderStampsNewTerm,
    StaleAppendAccepted,
    AckBeforeSync,
    LeaderCountsItselfEarly,
    TornTailNotCut,
    CommitByHalf,
    AppliesUncommitted,
    AnswersOnAppend,
    WaitersByIndex,
    DeposedOperationsFailed,
    IndexFromZero,
    NoopReadAsCommand,
}

impl Bug {
    /// Every bug, in the order of [`BUGS`].
    pub const ALL: [Bug; 24] = [
        Bug::VoteNotPersisted,
        Bug::SameTermStepDownClearsVote,
        Bug::StaleVoteCounted,
        Bug::VoteReplyCountedTwice,
        Bug::ElectionRestrictionByLength,
        Bug::PriorTermCommit,
        Bug::MatchingSuffixErased,
        Bug::ConflictKeepsTail,
        Bug::CommitBeyondLastNewEntry,
        Bug::CommitRegresses,
        Bug::MatchFromOwnLastIndex,
        Bug::MatchRegresses,
        Bug::DeposedLeaderStampsNewTerm,
        Bug::StaleAppendAccepted,
        Bug::AckBeforeSync,
        Bug::LeaderCountsItselfEarly,
        Bug::TornTailNotCut,
        Bug::CommitByHalf,
        Bug::AppliesUncommitted,
        Bug::AnswersOnAppend,
        Bug::WaitersByIndex,
        Bug::DeposedOperationsFailed,
        Bug::IndexFromZero,
        Bug::NoopReadAsCommand,
    ];

    /// Its name in scenario files.
    pub fn name(self) -> &'static str {
        BUGS[self as usize].name
    }
}

/// What is known of each bug.
pub const BUGS: &[protocol::Bug] = &[
    protocol::Bug {
        name: "vote-not-persisted",
        about: "A vote is granted without writing it to the disk; only the term is.",
        property: "persist-before-send",
        source: "robustmq/robustmq#2039",
    },
    protocol::Bug {
        name: "same-term-step-down-clears-vote",
        about: "A candidate that yields to a leader of its own term forgets whom it voted for.",
        property: "one-vote",
        source: "ktoso/akka-raft#56, microsoft/CCF#8094",
    },
    protocol::Bug {
        name: "stale-vote-counted",
        about: "A candidate counts a granted vote without looking at its term.",
        property: "election-safety",
        source: "xnnyygn/xraft#33, andreev-io/little-raft#44",
    },
    protocol::Bug {
        name: "vote-reply-counted-twice",
        about: "Votes are tallied as a number, not as a set of voters: a duplicate counts.",
        property: "election-safety",
        source: "xnnyygn/xraft#27, microsoft/coyote-samples#8",
    },
    protocol::Bug {
        name: "election-restriction-by-length",
        about: "A voter compares the lengths of the logs, not the terms of their last entries.",
        property: "leader-completeness",
        source: "the paper, section 5.4.1, with the comparison left out",
    },
    protocol::Bug {
        name: "prior-term-commit",
        about: "A leader commits entries of earlier terms by counting replicas.",
        property: "commit-rule",
        source: "logcabin/logcabin#44, canonical/raft#220, async-raft#108, nats-server#7955",
    },
    protocol::Bug {
        name: "matching-suffix-erased",
        about: "A follower cuts its log after prev_index before it appends, also where the logs \
                agree.",
        property: "quorum-log",
        source: "zhebrak/raftos#26, microsoft/CCF#5991",
    },
    protocol::Bug {
        name: "conflict-keeps-tail",
        about: "A follower overwrites conflicting entries in place and keeps what follows them.",
        property: "log-matching",
        source: "mofa-org/mofa#1150",
    },
    protocol::Bug {
        name: "commit-beyond-last-new-entry",
        about: "A follower commits up to the end of its own log instead of the last entry that \
                the message has shown to match.",
        property: "committed-prefix",
        source: "atomix/copycat#265, scylladb/scylladb#9965",
    },
    protocol::Bug {
        name: "commit-regresses",
        about: "A follower takes over the leader's commit index even if its own is higher.",
        property: "monotone",
        source: "bakwc/PySyncObj#166",
    },
    protocol::Bug {
        name: "match-from-own-last-index",
        about: "A leader takes a success to mean that the follower has its whole log.",
        property: "progress-truth",
        source: "zhebrak/raftos#25, bakwc/PySyncObj#167",
    },
    protocol::Bug {
        name: "match-regresses",
        about: "A leader believes a late answer, and forgets how far the follower already was.",
        property: "monotone",
        source: "zhebrak/raftos#25, without the maximum",
    },
    protocol::Bug {
        name: "deposed-leader-stamps-new-term",
        about: "A leader that learns of a higher term still appends an entry, with that term.",
        property: "log-matching",
        source: "hashicorp/raft#695, camunda/camunda#5360, eliben/raft#13",
    },
    protocol::Bug {
        name: "stale-append-accepted",
        about: "Entries of a leader of an earlier term are taken, even by a leader.",
        property: "leader-append-only",
        source: "the paper, figure 2, AppendEntries rule 1, left out",
    },
    protocol::Bug {
        name: "ack-before-sync",
        about: "A follower acknowledges entries that are still in its cache.",
        property: "persist-before-send",
        source: "nats-io/nats-server#7564, hiqlite#361, tikv/tikv#994",
    },
    protocol::Bug {
        name: "leader-counts-itself-early",
        about: "A leader counts itself before its own disk has the entry.",
        property: "persist-before-send",
        source: "nats-io/nats-server#7567, goraft#150",
    },
    protocol::Bug {
        name: "torn-tail-not-cut",
        about: "Recovery stops at a torn record but leaves it in the file; later records land \
                behind it.",
        property: "persist-before-send",
        source: "amelielabs/amelie#17",
    },
    protocol::Bug {
        name: "commit-by-half",
        about: "A leader commits with half of the hosts instead of a majority.",
        property: "quorum-log",
        source: "openraft change-log d60f1e85 (there in the read path)",
    },
    protocol::Bug {
        name: "applies-uncommitted",
        about: "A follower applies entries when it appends them.",
        property: "state-machine-safety",
        source: "the paper, section 5.3: applied once committed, left out",
    },
    protocol::Bug {
        name: "answers-on-append",
        about: "A client is answered when its entry is appended, not when it is committed.",
        property: "log-consistent",
        source: "the paper, section 5.3: applied before the client is answered, left out",
    },
    protocol::Bug {
        name: "waiters-by-index",
        about: "Clients that wait at a deposed leader are told ok when any entry is committed at \
                their index.",
        property: "log-consistent",
        source: "a known trap of course implementations of Raft",
    },
    protocol::Bug {
        name: "deposed-operations-failed",
        about: "A deposed leader tells its clients that their operations never took place.",
        property: "log-consistent",
        source: "Jepsen, Redis-Raft 1b3fbf6 (aborted reads)",
    },
    protocol::Bug {
        name: "index-from-zero",
        about: "Clients are told indices that count from 0.",
        property: "log-consistent",
        source: "an off-by-one, for the checker's sake",
    },
    protocol::Bug {
        name: "noop-read-as-command",
        about: "A read shows a leader's no-op as if it were a command, number 0.",
        property: "log-consistent",
        source: "an encoding without an empty entry, for the checker's sake",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_bug_as_scenarios_do() {
        assert_eq!(BUGS.len(), Bug::ALL.len());
        for bug in Bug::ALL {
            assert_eq!(serde_json::to_value(bug).expect("a name"), bug.name());
        }
    }
}
