//! What a traced run leaves behind: the story for people and exporters, and the digests for
//! `replay`.

use serde::{Deserialize, Serialize};

/// How much a run writes down as it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceLevel {
    /// Nothing: digests and counters only.
    #[default]
    Off,
    /// The digest after each event.
    Digests,
    /// Everything.
    Full,
}

/// What was written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The digest after each event: `digests[0]` is that of event 1.
    pub digests: Vec<u64>,
    /// Everything that happened, in order; empty unless the level was [`TraceLevel::Full`].
    pub lines: Vec<TraceLine>,
    /// The last 12 events of the violation's causal past (the violating event last), each as
    /// (event kind, message kind, protocol role): what the signature is made of.
    pub causal_tail: Vec<CausalEvent>,
}

/// One thing that happened: a line of `run --trace FILE`, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceLine {
    /// The event in which it happened, from 1; 0 before the first.
    pub event: u64,
    /// When, in nanoseconds.
    pub time_ns: u64,
    /// The host or client (`n1`, `c1`); none for what happens to the world.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// What: `boot`, `sent`, `handled`, `timer-fired`, ...
    pub what: String,
    /// The message's kind, the milestone's or property's name, the fault's kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// The other end of a message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<String>,
    /// The event that caused this one: the one that sent the message or set the timer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<u64>,
    /// The details.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
}

/// One event of a violation's causal past.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CausalEvent {
    /// `handled`, `timer-fired`, `boot`, ...
    pub event: String,
    /// The kind of the message that was handled, if one was.
    pub message: String,
    /// The role of the host in the protocol (leader, follower), as its selectors say.
    pub role: String,
}
