//! What Raft nodes say to each other.

use std::borrow::Cow;

use seedbed_sim::Message as SimMessage;
use serde::{Deserialize, Serialize};

use super::log::{Entry, Index, Term};

/// A message. The sender's identity comes with its arrival, so the paper's `candidateId` and
/// `leaderId` are not repeated inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// RequestVote: a candidate asks for a vote (section 5.2).
    Vote {
        /// The term in which the sender is a candidate.
        term: Term,
        /// The index of the last entry of its log, 0 if that is empty.
        last_index: Index,
        /// The term of that entry, 0 if there is none.
        last_term: Term,
    },
    /// The answer to [`Message::Vote`]. A candidate sends one to itself, too, so that its own vote
    /// counts when it is durable and not before.
    VoteReply {
        /// The sender's term, after it saw the request: a higher one deposes the candidate.
        term: Term,
        /// Whether the sender's vote of this term is the candidate's.
        granted: bool,
    },
    /// AppendEntries: new entries for a follower's log, or none, as a heartbeat (section 5.3).
    AppendEntries(Append),
    /// The answer to [`Message::AppendEntries`].
    AppendReply {
        /// The sender's term: a higher one deposes the leader.
        term: Term,
        /// The round of the request, which the sender thereby confirms.
        round: u64,
        /// What became of the entries.
        outcome: AppendOutcome,
    },
    /// From a leader to itself: its own log is durable up to here. The paper lets a leader write
    /// to its disk while its followers do (thesis, section 10.2.1); it counts itself only then.
    Persisted {
        /// The term in which the entries were written.
        term: Term,
        /// The last entry that is durable.
        index: Index,
    },
    /// A host that was asked to read asks its leader how far the log is committed (section 8; the
    /// paper serves all reads at the leader, so this message is ours).
    ReadIndex {
        /// The sender's term.
        term: Term,
        /// The sender's own number for the question.
        serial: u64,
    },
    /// The answer to [`Message::ReadIndex`].
    ReadIndexReply {
        /// The leader's term.
        term: Term,
        /// The number of the question.
        serial: u64,
        /// Everything committed before the question was asked lies at or below this index; none
        /// if the leader cannot know, because it has committed nothing in its own term yet.
        commit: Option<Index>,
    },
}

/// The body of [`Message::AppendEntries`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// The leader's term.
    pub term: Term,
    /// The index of the entry before the new ones.
    pub prev_index: Index,
    /// The term of that entry.
    pub prev_term: Term,
    /// How far the leader knows the log to be committed.
    pub commit: Index,
    /// Counts up with every read that the leader has to confirm, and comes back in the answer: an
    /// answer to a message sent after the read began says that nobody has replaced the leader.
    pub round: u64,
    /// The new entries, from `prev_index + 1` on. None in a heartbeat.
    pub entries: Vec<Entry>,
}

/// What became of the entries of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppendOutcome {
    /// The follower's log agrees with the leader's up to here, durably: what the request was
    /// about, not what else the follower may have.
    Matched {
        /// `prev_index` of the request plus the number of its entries.
        index: Index,
    },
    /// The follower has no entry at `prev_index`, or one of another term. The hint lets the leader
    /// skip all entries of that term at once (section 5.3, at its end).
    Conflict {
        /// `prev_index` of the request, by which a leader recognises a late answer.
        rejected: Index,
        /// The term of the follower's entry at `prev_index`; none if its log is too short.
        term: Option<Term>,
        /// The first index that the follower stores for that term; one past its last entry if its
        /// log is too short.
        index: Index,
    },
}

impl Message {
    /// The term of the sender.
    pub fn term(&self) -> Term {
        match self {
            Message::Vote { term, .. }
            | Message::VoteReply { term, .. }
            | Message::AppendEntries(Append { term, .. })
            | Message::AppendReply { term, .. }
            | Message::Persisted { term, .. }
            | Message::ReadIndex { term, .. }
            | Message::ReadIndexReply { term, .. } => *term,
        }
    }
}

impl SimMessage for Message {
    fn kinds() -> Vec<Cow<'static, str>> {
        let names = [
            "vote",
            "vote-reply",
            "append-entries",
            "append-reply",
            "persisted",
            "read-index",
            "read-index-reply",
        ];
        names.into_iter().map(Cow::Borrowed).collect()
    }

    fn kind(&self) -> usize {
        match self {
            Message::Vote { .. } => 0,
            Message::VoteReply { .. } => 1,
            Message::AppendEntries(_) => 2,
            Message::AppendReply { .. } => 3,
            Message::Persisted { .. } => 4,
            Message::ReadIndex { .. } => 5,
            Message::ReadIndexReply { .. } => 6,
        }
    }
}
