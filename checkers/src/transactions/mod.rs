//! Transactions: which isolation levels does a history keep, and what shows that it does not?
//!
//! A history of transactions over lists (append, read all) or registers (write, read) is judged
//! at any [`Level`], from read uncommitted to strict serializable, each also with the order of
//! processes and with real time where that is a level of its own. [`check`] judges one level,
//! [`report`] all of them, with every kind of anomaly that is there and the strongest levels that
//! hold. Evidence is a shortest cycle of the worst class, each of its edges in words.
//!
//! ```
//! use seedbed_checkers::Process;
//! use seedbed_checkers::transactions::{
//!     Completed, Level, MicroOp, Options, Seen, TransactionHistory, TransactionOp, check,
//! };
//!
//! // Write skew: each reads what the other one is about to write.
//! let mut history = TransactionHistory::new();
//! for (client, read, write) in [(1, "x", "y"), (2, "y", "x")] {
//!     let ops = vec![MicroOp::Read(read, Seen::Nothing), MicroOp::Write(write, client)];
//!     let op = TransactionOp::Transaction(ops.clone());
//!     let id = history.invoke(Process::client(client), 10, op);
//!     history.ok(id, 20, Completed(ops));
//! }
//! let options = Options::default();
//! assert!(check(Level::SnapshotIsolation, &history, &options).is_pass());
//! let verdict = check(Level::Serializable, &history, &options).to_string();
//! assert!(verdict.contains("T0 read x as nil, before T1 wrote 2"));
//! ```
//!
//! # What a history tells
//!
//! Values must be unique for each key, so that a read names the write that it saw. `ok` is
//! committed and `fail` aborted. `info` may be either: it is committed if a committed transaction
//! read what it wrote (or a recorded order holds it), and is left out otherwise, which no level
//! minds. Its end is unknown, so that it is before nothing in real time. Reads count only in
//! transactions that are committed for certain. A read of a list reads the version that its last
//! element made.
//!
//! Some anomalies need no order of versions ([`AnomalyKind`] has them all): garbage, aborted and
//! intermediate reads, transactions that contradict themselves, lists that contradict each other,
//! lost updates. They are found while the history is read (`reads`, `internal`, `rmw`).
//!
//! # Levels as cycles
//!
//! The rest is Adya's serialization graph (thesis, 1999, chapter 3; Elle, VLDB 2020, does the
//! same): a transaction depends on whose version it overwrote (ww) or read (wr), and one that read
//! a version comes before the one that overwrote it (rw). Each level forbids some cycles, or asks
//! the same of a graph made from this one (`encoding`):
//!
//! | level | holds if there is an order of the versions of each key without |
//! |---|---|
//! | read uncommitted | a cycle of ww |
//! | read committed | a cycle of ww and wr |
//! | cursor stability | also a version between one that a transaction read and the one it wrote |
//! | consistent view, parallel snapshot isolation | a cycle with at most one rw |
//! | prefix | a cycle of snapshots and commits, ww between commits |
//! | snapshot isolation | a cycle without two rw in a row |
//! | repeatable read, serializable | a cycle |
//!
//! Monotonic atomic view, read atomic and causal follow the axioms of Biswas and Enea (OOPSLA
//! 2019): what a reader has seen must not be newer than what it reads (`visibility`). Session
//! levels add edges between the transactions of a process, strong and strict ones also real time;
//! intervals are closed. From read atomic on, and for consistent view and repeatable read, a
//! transaction must agree with itself.
//!
//! # Cost
//!
//! With known orders everything is linear: of lists the longest read gives the order, of what a
//! simulator recorded ([`Options::version_orders`]) the record. If the whole graph has no cycle,
//! every level of that order of time holds, and nothing else is looked at; otherwise the strong
//! components are, which are small unless the store is very wrong. Real time is a chain of moments
//! (O(1) edges a transaction) to decide, and the usual frontier sweep to explain.
//!
//! # When the order is unknown
//!
//! Registers do not tell the order of their versions, nor do lists that of elements nobody read.
//! A verdict is then for the best order there is, so that pass and fail are both certain. Levels
//! below the order (read committed, monotonic atomic view, read atomic, causal) need no choice.
//! For the others a greedy search builds one order of events (`frontier`): it succeeds on most
//! histories of correct stores, of any size. If it does not, the components in which a cycle is
//! possible are searched completely (`solver`): saturation, then decisions, depth first, under
//! the budget. Out of budget is unknown.
//!
//! # How this differs from Elle, and what is left out
//!
//! Elle infers some orders of registers and ignores the rest; it passes what no order can save.
//! It hardly looks at fractured reads and causality. Predicate reads are left out: there are none
//! in these histories, so that repeatable read is serializability. Histories with values that
//! several transactions wrote are not judged (unknown).

mod anomaly;
mod catalogue;
mod closure;
mod cycles;
mod dependencies;
mod encoding;
mod explain;
mod frontier;
mod graph;
mod internal;
mod judge;
mod level;
mod micro_op;
mod model;
mod options;
mod reads;
mod report;
mod rmw;
mod single;
mod solver;
mod time;
mod visibility;
mod windows;

use std::fmt;

pub use anomaly::{Anomaly, AnomalyKind, Class, Variant};
pub use level::{Level, ParseLevelError};
pub use micro_op::{Completed, MicroOp, Seen, TransactionHistory, TransactionOp};
pub use options::{Budget, Options, Searches};
pub use report::Report;

use crate::verdict::Verdict;
use judge::Judge;

/// Judges a history at one level. Unknown if the budget is used up, or if the history cannot be
/// judged: two transactions wrote the same value, or a recorded order does not fit.
pub fn check<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    level: Level,
    history: &TransactionHistory<K, V>,
    options: &Options<K, V>,
) -> Verdict {
    match Judge::of(history, options) {
        Ok(judge) => judge.verdict(level),
        Err(unclear) => Verdict::Unknown(unclear),
    }
}

/// Judges a history at all levels, and lists everything that is wrong with it.
pub fn report<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    history: &TransactionHistory<K, V>,
    options: &Options<K, V>,
) -> Report {
    match Judge::of(history, options) {
        Ok(judge) => report::report(&judge),
        Err(unclear) => Report {
            anomalies: Vec::new(),
            verdicts: Level::ALL.map(|level| (level, Verdict::Unknown(unclear.clone()))).to_vec(),
        },
    }
}
