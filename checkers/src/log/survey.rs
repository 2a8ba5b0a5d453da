//! A history of a log, sorted into what the clauses speak of.

use std::fmt;

use super::{Findings, LogClause, LogHistory, LogOp, LogRet};
use crate::history::{Operation, OperationId, Outcome};

/// An acknowledged append.
#[derive(Debug)]
pub(super) struct Ack<'a, V> {
    pub(super) id: OperationId,
    pub(super) value: &'a V,
    pub(super) index: u64,
    pub(super) invoked_ns: u64,
    pub(super) ended_ns: u64,
}

impl<V> Clone for Ack<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Ack<'_, V> {}

/// A read that was answered.
pub(super) struct Read<'a, V> {
    pub(super) id: OperationId,
    pub(super) final_read: bool,
    pub(super) entries: &'a [Option<V>],
    pub(super) invoked_ns: u64,
    pub(super) ended_ns: u64,
}

/// An append whose fate is unknown, or that failed.
pub(super) struct Unanswered<'a, V> {
    pub(super) id: OperationId,
    pub(super) value: &'a V,
    pub(super) invoked_ns: u64,
}

/// A history, sorted into what the clauses speak of.
pub(super) struct Survey<'a, V> {
    pub(super) acks: Vec<Ack<'a, V>>,
    pub(super) reads: Vec<Read<'a, V>>,
    /// Sorted by value, then invocation.
    pub(super) unknown: Vec<Unanswered<'a, V>>,
    /// Sorted by value.
    pub(super) failed: Vec<Unanswered<'a, V>>,
}

impl<'a, V: Ord + fmt::Debug> Survey<'a, V> {
    pub(super) fn of(history: &'a LogHistory<V>, findings: &mut Findings<'a, V>) -> Survey<'a, V> {
        let (acks, reads, unknown, failed) = Default::default();
        let mut survey = Survey { acks, reads, unknown, failed };
        for (id, operation) in history.iter() {
            survey.take(id, operation, findings);
        }
        survey.unknown.sort_by_key(|append| (append.value, append.invoked_ns));
        survey.failed.sort_by_key(|append| append.value);
        survey
    }

    fn take(
        &mut self,
        id: OperationId,
        operation: &'a Operation<LogOp<V>, LogRet<V>>,
        findings: &mut Findings<'a, V>,
    ) {
        let invoked_ns = operation.invoked_ns;
        match (&operation.op, &operation.outcome) {
            (LogOp::Append(value), Outcome::Ok(LogRet::Index(index))) if *index > 0 => {
                let ended_ns = ended_ns(operation);
                self.acks.push(Ack { id, value, index: *index, invoked_ns, ended_ns });
            }
            (LogOp::Append(value), Outcome::Info) => {
                self.unknown.push(Unanswered { id, value, invoked_ns });
            }
            (LogOp::Append(value), Outcome::Fail) => {
                self.failed.push(Unanswered { id, value, invoked_ns });
            }
            (LogOp::Read { final_read }, Outcome::Ok(LogRet::Log(entries))) => {
                let (final_read, ended_ns) = (*final_read, ended_ns(operation));
                self.reads.push(Read { id, final_read, entries, invoked_ns, ended_ns });
            }
            (LogOp::Read { .. }, Outcome::Fail | Outcome::Info) => {}
            (LogOp::Append(value), Outcome::Ok(ret @ (LogRet::Index(_) | LogRet::Log(_)))) => {
                // Whatever the answer is, it says that the append took place somewhere.
                self.unknown.push(Unanswered { id, value, invoked_ns });
                findings.blame(LogClause::AnswerFits, [id], || {
                    format!("an append was answered with {ret}, not with an index from 1 on")
                });
            }
            (LogOp::Read { .. }, Outcome::Ok(ret @ LogRet::Index(_))) => {
                findings.blame(LogClause::AnswerFits, [id], || {
                    format!("a read was answered with {ret}, not with a log")
                });
            }
        }
    }
}

fn ended_ns<O, R>(operation: &Operation<O, R>) -> u64 {
    operation.ended_ns.expect("an operation that is ok has an end")
}

/// The index of a log's entry, from 1, of its offset, from 0.
pub(super) fn index_at(offset: usize) -> u64 {
    u64::try_from(offset).expect("a length in memory fits 64 bits") + 1
}
