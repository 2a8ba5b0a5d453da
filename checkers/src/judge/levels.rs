//! The levels of all families under one type.

use crate::transactions::Level as Isolation;
use crate::weak::{EVENTUAL_CONVERGENCE, Level as Weak};

/// What is promised of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each operation takes effect at one moment between its invocation and its end.
    Linearizable,
    /// A level of registers that is weaker than linearizability.
    Weak(Weak),
    /// Once writing stops, all reads agree.
    EventualConvergence,
    /// An isolation level of transactions.
    Isolation(Isolation),
    /// The rules of the model's own checker.
    Rules,
    /// The rules of a queue without those about its order.
    Unordered,
    /// The rules of a lock that is taken away from an owner who does not release it.
    Leases,
    /// The rules of a bank whose accounts may be in debt.
    Debts,
}

impl Level {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Level::Linearizable => "linearizable",
            Level::Weak(level) => level.name(),
            Level::EventualConvergence => EVENTUAL_CONVERGENCE,
            Level::Isolation(level) => level.name(),
            Level::Rules => "rules",
            Level::Unordered => "unordered",
            Level::Leases => "leases",
            Level::Debts => "debts",
        }
    }

    /// A line about it.
    pub fn about(self) -> &'static str {
        match self {
            Level::Linearizable => {
                "each operation takes effect at one moment between its invocation and its end"
            }
            Level::Weak(level) => about_weak(level),
            Level::EventualConvergence => "reads after the last write of their key agree",
            Level::Isolation(level) => about_isolation(level),
            Level::Rules => "the rules of the model's own checker",
            Level::Unordered => "of a queue: the rules, but for the order",
            Level::Leases => "of a lock: the rules, but a holder that does not release may lose it",
            Level::Debts => "of a bank: the rules, but accounts may be in debt",
        }
    }

    /// What kind of level it is: the reference page has a table for each kind.
    pub(super) fn family(self) -> Family {
        match self {
            Level::Linearizable | Level::Weak(Weak::Sequential) => Family::Objects,
            Level::Weak(_) | Level::EventualConvergence => Family::Registers,
            Level::Isolation(_) => Family::Transactions,
            Level::Rules | Level::Unordered | Level::Leases | Level::Debts => Family::Rules,
        }
    }
}

/// Levels of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Objects,
    Registers,
    Transactions,
    Rules,
}

impl Family {
    pub(super) const ALL: [Family; 4] =
        [Family::Objects, Family::Registers, Family::Transactions, Family::Rules];

    pub(super) fn title(self) -> &'static str {
        match self {
            Family::Objects => "Of objects",
            Family::Registers => "Of registers",
            Family::Transactions => "Of transactions",
            Family::Rules => "Of models with rules of their own",
        }
    }

    /// What the levels have in common, and what judging them costs.
    pub(super) fn about(self) -> &'static str {
        match self {
            Family::Objects => {
                "Any model whose operations take turns. Both are NP-complete in general. \
                 Linearizability is judged in O(n log n) where an algorithm for unique values \
                 applies (registers, maps with puts or appends, sets, queues, locks), and is \
                 searched for otherwise; sequential consistency is searched for after all that is \
                 forced. A search ends with its budget."
            }
            Family::Registers => {
                "Reads and writes of registers, by key or without; also of a map of which only \
                 get, put and delete are used. Real time does not count, only the order of each \
                 process. Polynomial if no value is written twice to a key, else a search in a \
                 budget."
            }
            Family::Transactions => {
                "The levels of Adya's thesis, of Elle, and of Biswas and Enea. `session-` and \
                 `strong-session-` levels respect the order of each process, `strong-` and \
                 `strict-` levels real time as well. O(n) where the order of the versions is \
                 known, as it is for lists that are read; else a search in a budget."
            }
            Family::Rules => {
                "What must be true whatever the interleaving was, in one pass of O(n log n), with \
                 numbers: a set's lost, stale and never-read elements, a queue's lost, duplicated \
                 and reordered values, a counter's bounds, a lock held twice, a bank's total. \
                 What fails is certainly wrong; what passes may still not be linearizable."
            }
        }
    }
}

fn about_weak(level: Weak) -> &'static str {
    match level {
        Weak::Sequential => "one order of all operations, in which each process keeps its own",
        Weak::CausalMemory => "each process sees an order of the writes that respects causality",
        Weak::CausalConvergence => "all see one order of the writes, which respects causality",
        Weak::Causal => "no read returns what was overwritten in its causal past",
        Weak::Pram => "each process sees the writes of each other one in their order",
        Weak::ReadYourWrites => "a process sees what it wrote",
        Weak::MonotonicReads => "what a process reads does not go back",
        Weak::MonotonicWrites => "the writes of each process are seen in their order",
        Weak::WritesFollowReads => "a write is seen after what its writer had read",
    }
}

fn about_isolation(level: Isolation) -> &'static str {
    match level {
        Isolation::ReadUncommitted => "PL-1: no cycle of writes (G0)",
        Isolation::StrongSessionReadUncommitted => "PL-1 that respects sessions",
        Isolation::StrongReadUncommitted => "PL-1 that respects real time",
        Isolation::ReadCommitted => {
            "PL-2: no aborted, no intermediate reads, no circular information flow (G1)"
        }
        Isolation::StrongSessionReadCommitted => "PL-2 that respects sessions",
        Isolation::StrongReadCommitted => "PL-2 that respects real time",
        Isolation::CursorStability => "PL-2, and no update is lost",
        Isolation::MonotonicAtomicView => "what a transaction has seen of another does not vanish",
        Isolation::ReadAtomic => "all of a transaction is seen, or nothing",
        Isolation::Causal => "what is seen includes all that led to it",
        Isolation::SessionCausal => "causal, with the order of each session",
        Isolation::Prefix => "everybody reads from a prefix of one order of commits",
        Isolation::SessionPrefix => "prefix, with the order of each session",
        Isolation::ConsistentView => "PL-2+: no cycle with exactly one anti-dependency (G-single)",
        Isolation::ParallelSnapshotIsolation => "PL-2+ that respects sessions",
        Isolation::SnapshotIsolation => "reads from a snapshot, and the first committer wins",
        Isolation::StrongSessionSnapshotIsolation => "snapshot isolation that respects sessions",
        Isolation::StrongSnapshotIsolation => "snapshot isolation that respects real time",
        Isolation::RepeatableRead => "PL-2.99: no cycle of dependencies on items (G2-item)",
        Isolation::Serializable => "PL-3: as if transactions had run one after the other (G2)",
        Isolation::StrongSessionSerializable => "serializable, with the order of each session",
        Isolation::StrictSerializable => "serializable, with real time",
    }
}
