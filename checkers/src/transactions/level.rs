//! The isolation levels, what each forbids, and which implies which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::anomaly::AnomalyKind;

/// An isolation level. The names are those of Adya's thesis and of Elle; `session-` and
/// `strong-session-` levels also respect the order of each process, `strong-` and `strict-`
/// levels that order and real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// PL-1: no cycle of write dependencies (Adya 4.2.1).
    ReadUncommitted,
    /// The same with the order of each process.
    StrongSessionReadUncommitted,
    /// The same with real time.
    StrongReadUncommitted,
    /// PL-2: no aborted, no intermediate reads, and no circular information flow (Adya 4.2.2).
    ReadCommitted,
    /// The same with the order of each process.
    StrongSessionReadCommitted,
    /// The same with real time.
    StrongReadCommitted,
    /// PL-CS: read committed, and nothing comes between the version of a key that a transaction
    /// read and the one that it wrote (Adya 4.2.3, every read taken for one through a cursor).
    CursorStability,
    /// Read committed, and what a transaction has seen of another one does not vanish in its
    /// later reads (Bailis et al. VLDB 2014; the Read Committed axiom of Biswas and Enea 2019).
    MonotonicAtomicView,
    /// All or nothing of each transaction is seen, in whatever order it is read (Biswas and
    /// Enea 2019, Read Atomic).
    ReadAtomic,
    /// What a transaction sees includes all that led to it (Biswas and Enea 2019, Causal
    /// Consistency, without sessions).
    Causal,
    /// The same with the order of each process.
    SessionCausal,
    /// Every transaction reads from a prefix of one order of commits (Biswas and Enea 2019,
    /// Prefix Consistency, without sessions).
    Prefix,
    /// The same with the order of each process.
    SessionPrefix,
    /// PL-2+: read committed without a cycle with exactly one anti-dependency (Adya 4.2.1).
    ConsistentView,
    /// The same with the order of each process (Cerone and Gotsman 2016).
    ParallelSnapshotIsolation,
    /// PL-2.99: no cycle of dependencies on items (Adya 3.2.4). Histories here have no predicate
    /// reads, so that it is serializability.
    RepeatableRead,
    /// PL-SI: no cycle without two anti-dependencies in a row (Adya 4.3; Cerone and Gotsman 2016).
    SnapshotIsolation,
    /// The same with the order of each process.
    StrongSessionSnapshotIsolation,
    /// The same with real time.
    StrongSnapshotIsolation,
    /// PL-3: no cycle of dependencies at all (Adya 3.2.3).
    Serializable,
    /// The same with the order of each process.
    StrongSessionSerializable,
    /// The same with real time.
    StrictSerializable,
}

/// Which order of transactions a level respects beside what they wrote and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// None.
    Free,
    /// That of each process.
    Session,
    /// That of each process, and real time between all.
    RealTime,
}

/// How the dependencies of a level are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    /// No cycle of write dependencies.
    Writes,
    /// No cycle of write and read dependencies.
    Dependencies,
    /// The same, and no version between one that was read and one then written.
    Cursor,
    /// Later reads are no older than what earlier reads have seen.
    Monotonic,
    /// Reads are no older than what any read of the transaction has seen.
    Atomic,
    /// Reads are no older than what is in the transaction's past.
    Causal,
    /// Reads are from a prefix of the commits.
    Prefix,
    /// No cycle with at most one anti-dependency.
    Single,
    /// Reads are from a prefix of the commits, which holds all conflicting ones.
    Snapshot,
    /// No cycle.
    Serial,
}

impl Level {
    /// All levels, from the weaker to the stronger: none implies a later one that it does not
    /// equal.
    pub const ALL: [Level; 22] = [
        Level::ReadUncommitted,
        Level::StrongSessionReadUncommitted,
        Level::StrongReadUncommitted,
        Level::ReadCommitted,
        Level::StrongSessionReadCommitted,
        Level::StrongReadCommitted,
        Level::CursorStability,
        Level::MonotonicAtomicView,
        Level::ReadAtomic,
        Level::Causal,
        Level::SessionCausal,
        Level::Prefix,
        Level::SessionPrefix,
        Level::ConsistentView,
        Level::ParallelSnapshotIsolation,
        Level::SnapshotIsolation,
        Level::StrongSessionSnapshotIsolation,
        Level::StrongSnapshotIsolation,
        Level::RepeatableRead,
        Level::Serializable,
        Level::StrongSessionSerializable,
        Level::StrictSerializable,
    ];

    /// All levels, from the weaker to the stronger.
    pub fn all() -> &'static [Level] {
        &Level::ALL
    }

    /// The name under which the level is known on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::ReadUncommitted => "read-uncommitted",
            Level::StrongSessionReadUncommitted => "strong-session-read-uncommitted",
            Level::StrongReadUncommitted => "strong-read-uncommitted",
            Level::ReadCommitted => "read-committed",
            Level::StrongSessionReadCommitted => "strong-session-read-committed",
            Level::StrongReadCommitted => "strong-read-committed",
            Level::CursorStability => "cursor-stability",
            Level::MonotonicAtomicView => "monotonic-atomic-view",
            Level::ReadAtomic => "read-atomic",
            Level::Causal => "causal",
            Level::SessionCausal => "session-causal",
            Level::Prefix => "prefix",
            Level::SessionPrefix => "session-prefix",
            Level::ConsistentView => "consistent-view",
            Level::ParallelSnapshotIsolation => "parallel-snapshot-isolation",
            Level::RepeatableRead => "repeatable-read",
            Level::SnapshotIsolation => "snapshot-isolation",
            Level::StrongSessionSnapshotIsolation => "strong-session-snapshot-isolation",
            Level::StrongSnapshotIsolation => "strong-snapshot-isolation",
            Level::Serializable => "serializable",
            Level::StrongSessionSerializable => "strong-session-serializable",
            Level::StrictSerializable => "strict-serializable",
        }
    }

    pub(super) fn order(self) -> Order {
        match self {
            Level::ReadUncommitted
            | Level::ReadCommitted
            | Level::CursorStability
            | Level::MonotonicAtomicView
            | Level::ReadAtomic
            | Level::Causal
            | Level::Prefix
            | Level::ConsistentView
            | Level::RepeatableRead
            | Level::SnapshotIsolation
            | Level::Serializable => Order::Free,
            Level::StrongSessionReadUncommitted
            | Level::StrongSessionReadCommitted
            | Level::SessionCausal
            | Level::SessionPrefix
            | Level::ParallelSnapshotIsolation
            | Level::StrongSessionSnapshotIsolation
            | Level::StrongSessionSerializable => Order::Session,
            Level::StrongReadUncommitted
            | Level::StrongReadCommitted
            | Level::StrongSnapshotIsolation
            | Level::StrictSerializable => Order::RealTime,
        }
    }

    pub(super) fn condition(self) -> Condition {
        match self {
            Level::ReadUncommitted
            | Level::StrongSessionReadUncommitted
            | Level::StrongReadUncommitted => Condition::Writes,
            Level::ReadCommitted
            | Level::StrongSessionReadCommitted
            | Level::StrongReadCommitted => Condition::Dependencies,
            Level::CursorStability => Condition::Cursor,
            Level::MonotonicAtomicView => Condition::Monotonic,
            Level::ReadAtomic => Condition::Atomic,
            Level::Causal | Level::SessionCausal => Condition::Causal,
            Level::Prefix | Level::SessionPrefix => Condition::Prefix,
            Level::ConsistentView | Level::ParallelSnapshotIsolation => Condition::Single,
            Level::SnapshotIsolation
            | Level::StrongSessionSnapshotIsolation
            | Level::StrongSnapshotIsolation => Condition::Snapshot,
            Level::RepeatableRead
            | Level::Serializable
            | Level::StrongSessionSerializable
            | Level::StrictSerializable => Condition::Serial,
        }
    }

    /// Whether every history at this level is also at `other`. A level implies itself.
    pub fn implies(self, other: Level) -> bool {
        self.order() >= other.order() && self.condition().implies(other.condition())
    }

    /// Whether the level rules out an anomaly that needs no cycle to be seen. Cycles are judged
    /// by the level's own graph.
    pub(super) fn forbids(self, kind: AnomalyKind) -> bool {
        let condition = self.condition();
        match kind {
            AnomalyKind::DuplicateElements | AnomalyKind::GarbageRead => true,
            AnomalyKind::G1a
            | AnomalyKind::G1b
            | AnomalyKind::DirtyUpdate
            | AnomalyKind::IncompatibleOrder
            | AnomalyKind::CyclicVersions => condition != Condition::Writes,
            AnomalyKind::Internal | AnomalyKind::FutureRead => match condition {
                Condition::Writes
                | Condition::Dependencies
                | Condition::Cursor
                | Condition::Monotonic => false,
                Condition::Atomic
                | Condition::Causal
                | Condition::Prefix
                | Condition::Single
                | Condition::Snapshot
                | Condition::Serial => true,
            },
            AnomalyKind::LostUpdate => match condition {
                Condition::Writes
                | Condition::Dependencies
                | Condition::Monotonic
                | Condition::Atomic
                | Condition::Causal
                | Condition::Prefix => false,
                Condition::Cursor | Condition::Single | Condition::Snapshot | Condition::Serial => {
                    true
                }
            },
            AnomalyKind::Cycle(..)
            | AnomalyKind::ObservedTransactionVanishes
            | AnomalyKind::FracturedRead
            | AnomalyKind::CausalityViolation(_)
            | AnomalyKind::NoOrder => false,
        }
    }
}

impl Condition {
    fn implies(self, other: Condition) -> bool {
        use Condition::{
            Atomic, Causal, Cursor, Dependencies, Monotonic, Prefix, Serial, Single, Snapshot,
            Writes,
        };
        let weaker: &[Condition] = match self {
            Writes => &[],
            Dependencies => &[Writes],
            Cursor | Monotonic => &[Dependencies],
            Atomic => &[Monotonic],
            Causal => &[Atomic],
            Prefix => &[Causal],
            Single => &[Causal, Cursor],
            Snapshot => &[Prefix, Single],
            Serial => &[Snapshot],
        };
        self == other || weaker.iter().any(|condition| condition.implies(other))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A text that names no isolation level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError {
    text: String,
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Level::ALL.iter().map(|level| level.name()).collect();
        write!(formatter, "`{}` is no isolation level: use {}", self.text, names.join(", "))
    }
}

impl std::error::Error for ParseLevelError {}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Takes the names of [`Level::name`], and those of Adya's thesis and of Elle.
    fn from_str(text: &str) -> Result<Level, ParseLevelError> {
        if let Some(level) = Level::ALL.into_iter().find(|level| level.name() == text) {
            return Ok(level);
        }
        match text {
            "PL-1" => Ok(Level::ReadUncommitted),
            "PL-2" => Ok(Level::ReadCommitted),
            "PL-CS" => Ok(Level::CursorStability),
            "PL-2+" => Ok(Level::ConsistentView),
            "PL-2.99" => Ok(Level::RepeatableRead),
            "PL-SI" => Ok(Level::SnapshotIsolation),
            "PL-3" => Ok(Level::Serializable),
            "PL-SS" | "strong-serializable" => Ok(Level::StrictSerializable),
            "monotonic-view" => Ok(Level::MonotonicAtomicView),
            "causal-cerone" => Ok(Level::SessionCausal),
            _ => Err(ParseLevelError { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
        }
        assert_eq!("PL-3".parse(), Ok(Level::Serializable));
        assert!("serialisable".parse::<Level>().unwrap_err().to_string().contains("serializable"));
    }

    #[test]
    fn implication_is_an_order_from_the_weaker_to_the_stronger() {
        for (place, level) in Level::ALL.into_iter().enumerate() {
            assert!(level.implies(level));
            for later in Level::ALL.into_iter().skip(place + 1) {
                assert!(!level.implies(later) || later.implies(level), "{level} before {later}");
            }
        }
        assert!(Level::StrictSerializable.implies(Level::ReadUncommitted));
        assert!(Level::ParallelSnapshotIsolation.implies(Level::SessionCausal));
        assert!(Level::RepeatableRead.implies(Level::CursorStability));
        assert!(!Level::SnapshotIsolation.implies(Level::SessionPrefix));
        assert!(!Level::ConsistentView.implies(Level::Prefix));
    }
}
