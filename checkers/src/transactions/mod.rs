//! Transactions: is a history serializable, and if not, what is it?

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

/// Judges a history at one level.
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
