//! `log-consistent`: does a replicated log keep its promises?
//!
//! Clients append values and are told the index at which each was committed, from 1. Reads
//! return a host's committed log from index 1 on; an entry that no client asked for, such as a
//! new leader's no-op, reads as `None`. An append that ended `info`, or never ended, may be in
//! the log or not; the service does not deduplicate, so a value that was submitted twice may be
//! in it twice.
//!
//! The log is consistent if every clause of [`LogClause`] holds. Two choices are worth knowing:
//!
//! - A read is not required to be fresh. A host may lag, so what a read returns may be a shorter
//!   prefix of the log; but what it does return is committed, hence final. Only reads that are
//!   marked final promise to be complete, and only with respect to appends acknowledged before
//!   they were invoked. A history without a final read is therefore judged more leniently.
//! - The order of concurrent appends is free. Intervals are closed: see [`crate::history`].
//!
//! The cost is O(n log n), n being the operations and all the entries of all reads together.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, OperationId};
use crate::verdict::{Explanation, Verdict};

mod places;
mod survey;

use places::{Unacknowledged, check_places, places_read};
use survey::{Ack, Survey, index_at};

/// The name under which scenarios and reports know this checker.
pub const NAME: &str = "log-consistent";

/// What a client may ask of a log of values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogOp<V> {
    /// Append this value.
    Append(V),
    /// Return the committed log of one host.
    Read {
        /// Whether the answer must contain everything acknowledged before the invocation.
        final_read: bool,
    },
}

impl<V: fmt::Debug> fmt::Display for LogOp<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogOp::Append(value) => write!(formatter, "append {value:?}"),
            LogOp::Read { final_read: false } => formatter.write_str("read"),
            LogOp::Read { final_read: true } => formatter.write_str("final read"),
        }
    }
}

/// What a log may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogRet<V> {
    /// The append is committed at this index, from 1.
    Index(u64),
    /// The committed log from index 1 on; `None` is an entry that no client asked for.
    Log(Vec<Option<V>>),
}

/// Does not print the values of a log: there may be thousands.
impl<V> fmt::Display for LogRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogRet::Index(index) => write!(formatter, "index {index}"),
            LogRet::Log(entries) => write!(formatter, "a log of {} entries", entries.len()),
        }
    }
}

/// What [`log_consistent`] judges.
pub type LogHistory<V> = History<LogOp<V>, LogRet<V>>;

/// The rules of a consistent log, in the order in which violations are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogClause {
    /// Appends are answered with an index from 1 on, reads with a log.
    AnswerFits,
    /// No acknowledged append is lost: a read invoked after the acknowledgement has that value at
    /// that index, or ends before the index; a final read may not end before it.
    AcknowledgedKept,
    /// One index, one command: no two appends are acknowledged at one index, no two reads
    /// disagree about an entry, and no read contradicts an acknowledgement that it did not
    /// follow (if it did, that is [`LogClause::AcknowledgedKept`]).
    OneIndexOneCommand,
    /// One command, one index: a value is at no more indices than it was submitted to effect. An
    /// acknowledged append accounts for its own index, one with an unknown fate for any one.
    OneCommandOneIndex,
    /// Indices respect real time: if one append was acknowledged before another was invoked,
    /// then its index is the smaller one, also if the other one was never acknowledged but read.
    RealTimeOrder,
    /// A value whose every append ended `fail` is in no read.
    FailedNeverAppears,
    /// Reads contain nothing that nobody submitted, and nothing before it was submitted.
    OnlySubmitted,
}

impl LogClause {
    /// All clauses, in the order in which violations are reported.
    pub const ALL: [LogClause; 7] = [
        LogClause::AnswerFits,
        LogClause::AcknowledgedKept,
        LogClause::OneIndexOneCommand,
        LogClause::OneCommandOneIndex,
        LogClause::RealTimeOrder,
        LogClause::FailedNeverAppears,
        LogClause::OnlySubmitted,
    ];

    /// The name under which a violation is reported.
    pub fn name(self) -> &'static str {
        match self {
            LogClause::AnswerFits => "answer-fits",
            LogClause::AcknowledgedKept => "acknowledged-kept",
            LogClause::OneIndexOneCommand => "one-index-one-command",
            LogClause::OneCommandOneIndex => "one-command-one-index",
            LogClause::RealTimeOrder => "real-time-order",
            LogClause::FailedNeverAppears => "failed-never-appears",
            LogClause::OnlySubmitted => "only-submitted",
        }
    }
}

/// Judges a history of a replicated log: passes, or fails with the first violated clause.
pub fn log_consistent<V: Ord + fmt::Debug>(history: &LogHistory<V>) -> Verdict {
    match log_violations(history).into_iter().next() {
        Some(explanation) => Verdict::Fail(explanation),
        None => Verdict::Pass,
    }
}

/// Every violated clause, in the order of [`LogClause::ALL`], with one piece of evidence each.
pub fn log_violations<V: Ord + fmt::Debug>(history: &LogHistory<V>) -> Vec<Explanation> {
    let mut findings = Findings { history, explanations: BTreeMap::new() };
    let survey = Survey::of(history, &mut findings);
    let kept = AcksByIndex::of(&survey.acks, &mut findings);
    check_reads(&survey, &kept, &mut findings);
    let places = places_read(&survey, &mut findings);
    let unacknowledged = check_places(&survey, places, &mut findings);
    check_real_time_order(&survey, &unacknowledged, &mut findings);
    findings.explanations.into_values().collect()
}

/// The first piece of evidence against each clause.
struct Findings<'a, V> {
    history: &'a LogHistory<V>,
    explanations: BTreeMap<LogClause, Explanation>,
}

impl<V: fmt::Debug> Findings<'_, V> {
    /// Blames `ids`, unless the clause is known to be violated: the sentence is built only then.
    fn blame<const N: usize>(
        &mut self,
        clause: LogClause,
        ids: [OperationId; N],
        summary: impl FnOnce() -> String,
    ) {
        let history = self.history;
        self.explanations
            .entry(clause)
            .or_insert_with(|| Explanation::new(clause.name(), summary(), history, ids));
    }
}
/// Acknowledged appends by index, with the two earliest of different values at each.
///
/// Two are enough: an entry agrees with at most one of them, and if any acknowledgement that it
/// contradicts came before a read, then so did the earlier one that it contradicts.
struct AcksByIndex<'a, V> {
    /// Sorted by index, then by end; at most two an index.
    acks: Vec<Ack<'a, V>>,
    /// For each of `acks`, which one from it on ended first: the hardest to excuse in a log that
    /// ends before it.
    earliest_from: Vec<usize>,
}

impl<'a, V: Ord + fmt::Debug> AcksByIndex<'a, V> {
    fn of(all: &[Ack<'a, V>], findings: &mut Findings<'a, V>) -> AcksByIndex<'a, V> {
        let mut sorted = all.to_vec();
        sorted.sort_by_key(|ack| (ack.index, ack.ended_ns, ack.id));
        let mut acks: Vec<Ack<'a, V>> = Vec::with_capacity(sorted.len());
        for ack in sorted {
            let kept_from = acks.partition_point(|kept| kept.index < ack.index);
            let kept_here = &acks[kept_from..];
            if let Some(first) = kept_here.first() {
                findings.blame(LogClause::OneIndexOneCommand, [first.id, ack.id], || {
                    let (first, second, index) = (first.value, ack.value, ack.index);
                    format!("{first:?} and {second:?} were both acknowledged at index {index}")
                });
            }
            if kept_here.len() < 2 && kept_here.iter().all(|kept| kept.value != ack.value) {
                acks.push(ack);
            }
        }
        let mut earliest_from: Vec<usize> = (0..acks.len()).collect();
        for position in (1..acks.len()).rev() {
            let rest = earliest_from[position];
            if acks[rest].ended_ns < acks[position - 1].ended_ns {
                earliest_from[position - 1] = rest;
            }
        }
        AcksByIndex { acks, earliest_from }
    }
}

/// Holds each read against the acknowledgements.
fn check_reads<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    kept: &AcksByIndex<'a, V>,
    findings: &mut Findings<'a, V>,
) {
    for read in &survey.reads {
        let length = index_at(read.entries.len()) - 1;
        let within = kept.acks.partition_point(|ack| ack.index <= length);
        for ack in &kept.acks[..within] {
            let offset = usize::try_from(ack.index - 1).expect("the index is within the log");
            let entry = &read.entries[offset];
            if entry.as_ref() == Some(ack.value) {
                continue;
            }
            let clause = if ack.ended_ns < read.invoked_ns {
                LogClause::AcknowledgedKept
            } else {
                LogClause::OneIndexOneCommand
            };
            findings.blame(clause, [ack.id, read.id], || {
                let (value, index, entry) = (ack.value, ack.index, Shown(entry));
                format!("{value:?} was acknowledged at index {index}, but a read has {entry} there")
            });
        }
        let Some(&earliest) = kept.earliest_from.get(within) else {
            continue;
        };
        let ack = &kept.acks[earliest];
        if read.final_read && ack.ended_ns < read.invoked_ns {
            findings.blame(LogClause::AcknowledgedKept, [ack.id, read.id], || {
                let (value, index) = (ack.value, ack.index);
                format!(
                    "{value:?} was acknowledged at index {index}, but a later final read ends \
                     at index {length}"
                )
            });
        }
    }
}

/// An entry in a sentence.
struct Shown<'a, V>(&'a Option<V>);

impl<V: fmt::Debug> fmt::Display for Shown<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(formatter, "{value:?}"),
            None => formatter.write_str("an entry of no client"),
        }
    }
}
/// Looks for an append whose index is below one acknowledged before it was invoked. Equal
/// indices are left to the clauses about one index.
fn check_real_time_order<'a, V: fmt::Debug>(
    survey: &Survey<'a, V>,
    unacknowledged: &[Unacknowledged<'a, V>],
    findings: &mut Findings<'a, V>,
) {
    // An unacknowledged place counts from the earliest append that may have put it there, so
    // that nothing is held against a value that was submitted several times.
    let acknowledged = survey.acks.iter().map(|ack| (ack.invoked_ns, ack.index, ack.id, ack.value));
    let read = unacknowledged
        .iter()
        .map(|read| (read.invoked_ns, read.place.index, read.append, read.place.value));
    let mut appends: Vec<(u64, u64, OperationId, &V)> = acknowledged.chain(read).collect();
    appends.sort_by_key(|&(invoked_ns, index, id, _)| (invoked_ns, index, id));
    let mut finished: Vec<&Ack<'a, V>> = survey.acks.iter().collect();
    finished.sort_by_key(|ack| (ack.ended_ns, ack.id));
    let mut finished = finished.into_iter().peekable();
    let mut highest: Option<&Ack<'a, V>> = None;
    for (invoked_ns, index, id, value) in appends {
        while let Some(ack) = finished.next_if(|ack| ack.ended_ns < invoked_ns) {
            highest = highest.filter(|highest| highest.index >= ack.index).or(Some(ack));
        }
        if let Some(before) = highest.filter(|highest| highest.index > index) {
            findings.blame(LogClause::RealTimeOrder, [before.id, id], || {
                let (first, first_index) = (before.value, before.index);
                format!(
                    "{first:?} was acknowledged at index {first_index} before {value:?} was \
                     invoked, which is at index {index}"
                )
            });
        }
    }
}
