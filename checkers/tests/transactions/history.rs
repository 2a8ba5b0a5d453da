//! Histories of tests, written down transaction by transaction.

use seedbed_checkers::transactions::{Completed, MicroOp, TransactionHistory, TransactionOp};
use seedbed_checkers::{Kind, Process, Record};

/// A micro-operation of these tests.
pub type Micro = MicroOp<String, i64>;
/// A history of these tests.
pub type History = TransactionHistory<String, i64>;

/// How a transaction of a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Ok,
    Fail,
    Info,
}

/// A transaction of a test.
#[derive(Clone, Debug)]
pub struct Txn {
    pub process: u32,
    pub fate: Fate,
    pub start: u64,
    pub end: u64,
    pub ops: Vec<Micro>,
}

/// A history of these transactions; the i-th operation is the i-th transaction only if they are
/// sorted by their starts.
pub fn history(txns: &[Txn]) -> History {
    let mut records = Vec::new();
    for (index, txn) in txns.iter().enumerate() {
        let (process, op) =
            (Process::client(txn.process), TransactionOp::Transaction(txn.ops.clone()));
        let invoke =
            Record { time_ns: txn.start, process, kind: Kind::Invoke, op: op.clone(), ret: None };
        let (kind, ret) = match txn.fate {
            Fate::Ok => (Kind::Ok, Some(Completed(txn.ops.clone()))),
            Fate::Fail => (Kind::Fail, None),
            Fate::Info => (Kind::Info, None),
        };
        records.push((txn.start, index, 0, invoke));
        records.push((txn.end, index, 1, Record { time_ns: txn.end, process, kind, op, ret }));
    }
    // Within a process an end goes before the next start at the same time; the stable order of
    // the transactions sees to it, for a later transaction of a process comes later.
    records.sort_by_key(|&(time, index, half, _)| (time, index, half));
    History::from_records(records.into_iter().map(|(.., record)| record)).expect("a sound history")
}
