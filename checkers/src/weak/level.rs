//! The levels weaker than linearizability, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How weak a level of consistency a history is held to; the module page says what each demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// One order of all operations for all, in which each process's are in its order.
    Sequential,
    /// For each process an order of all writes and its own reads that respects causality.
    CausalMemory,
    /// One order of all writes for all that respects causality: each read returns the last write
    /// of its causal past.
    CausalConvergence,
    /// No read returns what was overwritten in its causal past.
    Causal,
    /// For each process an order of all writes and its own operations, in which every process's
    /// are in its order.
    Pram,
    /// A process's reads see what it wrote before.
    ReadYourWrites,
    /// A process's reads do not go back.
    MonotonicReads,
    /// Processes see each process's writes in its order.
    MonotonicWrites,
    /// Processes see what a writer had read before they see what it wrote then.
    WritesFollowReads,
}

impl Level {
    /// All levels; a level comes before those that it implies.
    pub const ALL: [Level; 9] = [
        Level::Sequential,
        Level::CausalMemory,
        Level::CausalConvergence,
        Level::Causal,
        Level::Pram,
        Level::ReadYourWrites,
        Level::MonotonicReads,
        Level::MonotonicWrites,
        Level::WritesFollowReads,
    ];

    /// The name under which scenarios and reports know it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Sequential => "sequential",
            Level::CausalMemory => "causal-memory",
            Level::CausalConvergence => "causal-convergence",
            Level::Causal => "causal",
            Level::Pram => "pram",
            Level::ReadYourWrites => "read-your-writes",
            Level::MonotonicReads => "monotonic-reads",
            Level::MonotonicWrites => "monotonic-writes",
            Level::WritesFollowReads => "writes-follow-reads",
        }
    }

    /// Whether every history at this level is at the other one too.
    pub fn implies(self, other: Level) -> bool {
        self == other || self.directly_implies().iter().any(|&weaker| weaker.implies(other))
    }

    fn directly_implies(self) -> &'static [Level] {
        match self {
            Level::Sequential => &[Level::CausalMemory, Level::CausalConvergence],
            Level::CausalMemory => &[Level::Causal, Level::Pram, Level::WritesFollowReads],
            Level::CausalConvergence => &[Level::Causal, Level::MonotonicReads],
            Level::Causal => &[Level::ReadYourWrites],
            Level::Pram => &[Level::ReadYourWrites, Level::MonotonicWrites],
            Level::MonotonicWrites | Level::WritesFollowReads => &[Level::MonotonicReads],
            Level::ReadYourWrites | Level::MonotonicReads => &[],
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A text that names no level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError {
    text: String,
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Level::ALL.iter().map(|level| level.name()).collect();
        write!(formatter, "`{}` is no level: expected {}", self.text, names.join(", "))
    }
}

impl std::error::Error for ParseLevelError {}

/// Capital letters are as good as small ones: the literature writes PRAM.
impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Level, ParseLevelError> {
        let name = text.to_ascii_lowercase();
        let found = Level::ALL.into_iter().find(|level| level.name() == name);
        found.ok_or_else(|| ParseLevelError { text: text.to_owned() })
    }
}
