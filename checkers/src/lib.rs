//! Histories and verdicts: what clients of a distributed system saw, and whether the system may
//! have behaved so.
//!
//! - [`History`] records invocations and their ends (`ok`, `fail`, `info`), pairs them into
//!   [`Operation`]s, and reads and writes JSON Lines (see [`json_lines`]).
//! - A checker takes a history and returns a [`Verdict`]: pass, fail with an [`Explanation`] that
//!   names the broken clause and the operations that contradict each other, or unknown.
//! - [`log_consistent`] is the checker of replicated logs; [`log`] says what it demands.
//!
//! Checkers are functions of the history alone: the same history gets the same verdict, with the
//! same evidence, on every machine. The crate knows no simulator; histories may come from
//! anywhere.
//!
//! ```
//! use seedbed_checkers::{LogHistory, LogOp, LogRet, Process, log_consistent};
//!
//! let mut history = LogHistory::new();
//! let append = history.invoke(Process::client(1), 10, LogOp::Append("x"));
//! history.ok(append, 20, LogRet::Index(1));
//! let read = history.invoke(Process::client(2), 30, LogOp::Read { final_read: true });
//! assert!(log_consistent(&history).is_pass());
//! history.ok(read, 40, LogRet::Log(vec![])); // Acknowledged, and gone.
//! let verdict = log_consistent(&history).to_string();
//! assert!(verdict.starts_with("fail: acknowledged-kept: \"x\" was acknowledged at index 1"));
//! ```

pub mod budget;
mod hashing;
pub mod history;
pub mod json_lines;
pub mod linearizable;
pub mod log;
pub mod models;
pub mod process;
pub mod scans;
pub mod timeline;
pub mod value;
pub mod verdict;
pub mod weak;

pub use budget::{Budget, Spent};
pub use history::{History, HistoryError, Kind, Operation, OperationId, Outcome, Record};
pub use linearizable::{check_linearizable, linearizable};
pub use log::{LogClause, LogHistory, LogOp, LogRet, log_consistent, log_violations};
pub use models::{
    Counter, CounterOp, CounterRet, Keyed, KeyedOp, Kv, KvOp, KvRet, Lock, LockOp, LockRet, Model,
    Queue, QueueOp, Register, RegisterOp, RegisterRet, Set, SetOp, SetRet, Stack, StackOp, TakeRet,
    VersionedKv, VersionedKvOp, VersionedKvRet,
};
pub use process::Process;
pub use value::Value;
pub use verdict::{Evidence, Explanation, Verdict};

/// The examples of the crate's front page, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
