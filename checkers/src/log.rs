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

use crate::history::{History, Operation, OperationId, Outcome};
use crate::verdict::{Explanation, Verdict};

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
    let mut findings = Findings {
        history,
        explanations: BTreeMap::new(),
    };
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

/// An acknowledged append.
#[derive(Debug)]
struct Ack<'a, V> {
    id: OperationId,
    value: &'a V,
    index: u64,
    invoked_ns: u64,
    ended_ns: u64,
}

impl<V> Clone for Ack<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Ack<'_, V> {}

/// A read that was answered.
struct Read<'a, V> {
    id: OperationId,
    final_read: bool,
    entries: &'a [Option<V>],
    invoked_ns: u64,
    ended_ns: u64,
}

/// An append whose fate is unknown, or that failed.
struct Unanswered<'a, V> {
    id: OperationId,
    value: &'a V,
    invoked_ns: u64,
}

/// A history, sorted into what the clauses speak of.
struct Survey<'a, V> {
    acks: Vec<Ack<'a, V>>,
    reads: Vec<Read<'a, V>>,
    /// Sorted by value, then invocation.
    unknown: Vec<Unanswered<'a, V>>,
    /// Sorted by value.
    failed: Vec<Unanswered<'a, V>>,
}

impl<'a, V: Ord + fmt::Debug> Survey<'a, V> {
    fn of(history: &'a LogHistory<V>, findings: &mut Findings<'a, V>) -> Survey<'a, V> {
        let (acks, reads, unknown, failed) = Default::default();
        let mut survey = Survey {
            acks,
            reads,
            unknown,
            failed,
        };
        for (id, operation) in history.iter() {
            survey.take(id, operation, findings);
        }
        survey
            .unknown
            .sort_by_key(|append| (append.value, append.invoked_ns));
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
                self.acks.push(Ack {
                    id,
                    value,
                    index: *index,
                    invoked_ns,
                    ended_ns,
                });
            }
            (LogOp::Append(value), Outcome::Info) => {
                self.unknown.push(Unanswered {
                    id,
                    value,
                    invoked_ns,
                });
            }
            (LogOp::Append(value), Outcome::Fail) => {
                self.failed.push(Unanswered {
                    id,
                    value,
                    invoked_ns,
                });
            }
            (LogOp::Read { final_read }, Outcome::Ok(LogRet::Log(entries))) => {
                let (final_read, ended_ns) = (*final_read, ended_ns(operation));
                self.reads.push(Read {
                    id,
                    final_read,
                    entries,
                    invoked_ns,
                    ended_ns,
                });
            }
            (LogOp::Read { .. }, Outcome::Fail | Outcome::Info) => {}
            (LogOp::Append(value), Outcome::Ok(ret @ (LogRet::Index(_) | LogRet::Log(_)))) => {
                // Whatever the answer is, it says that the append took place somewhere.
                self.unknown.push(Unanswered {
                    id,
                    value,
                    invoked_ns,
                });
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
    operation
        .ended_ns
        .expect("an operation that is ok has an end")
}

/// The index of a log's entry, from 1, of its offset, from 0.
fn index_at(offset: usize) -> u64 {
    u64::try_from(offset).expect("a length in memory fits 64 bits") + 1
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
        AcksByIndex {
            acks,
            earliest_from,
        }
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

/// A value at an index, and the read that was the first to end with it there.
struct Place<'a, V> {
    value: &'a V,
    index: u64,
    seen_ns: u64,
    read: OperationId,
}

/// Where reads have which values, sorted by value, then index, each place once.
fn places_read<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    findings: &mut Findings<'a, V>,
) -> Vec<Place<'a, V>> {
    // The first read to reach an index speaks for it. As long as reads agree, and they nearly
    // always do, thousands of entries of many reads collapse to one log without being sorted.
    let mut log: Vec<(&'a Option<V>, u64, OperationId)> = Vec::new();
    let mut places = Vec::new();
    for read in &survey.reads {
        for (offset, entry) in read.entries.iter().enumerate() {
            match log.get_mut(offset) {
                None => log.push((entry, read.ended_ns, read.id)),
                Some((first, seen_ns, seen_by)) if *first == entry => {
                    if read.ended_ns < *seen_ns {
                        (*seen_ns, *seen_by) = (read.ended_ns, read.id);
                    }
                }
                Some((first, _, seen_by)) => {
                    findings.blame(LogClause::OneIndexOneCommand, [*seen_by, read.id], || {
                        let (index, one, other) = (index_at(offset), Shown(*first), Shown(entry));
                        format!("at index {index} one read has {one}, another {other}")
                    });
                    places.extend(place(offset, entry, read.ended_ns, read.id));
                }
            }
        }
    }
    for (offset, (entry, seen_ns, read)) in log.into_iter().enumerate() {
        places.extend(place(offset, entry, seen_ns, read));
    }
    places.sort_by_key(|place| (place.value, place.index, place.seen_ns));
    places.dedup_by_key(|place| (place.value, place.index));
    places
}

fn place<V>(
    offset: usize,
    entry: &Option<V>,
    seen_ns: u64,
    read: OperationId,
) -> Option<Place<'_, V>> {
    let value = entry.as_ref()?;
    Some(Place {
        value,
        index: index_at(offset),
        seen_ns,
        read,
    })
}

/// A value that was read where no append of it was acknowledged, and the earliest append that
/// may have put it there.
struct Unacknowledged<'a, V> {
    place: Place<'a, V>,
    append: OperationId,
    invoked_ns: u64,
}

/// Finds an append for every place. Places where no append was acknowledged are returned.
fn check_places<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    places: Vec<Place<'a, V>>,
    findings: &mut Findings<'a, V>,
) -> Vec<Unacknowledged<'a, V>> {
    let mut acks: Vec<&Ack<'a, V>> = survey.acks.iter().collect();
    acks.sort_by_key(|ack| (ack.value, ack.index, ack.invoked_ns));
    let mut free = Vec::new();
    for place in places {
        let position =
            acks.partition_point(|ack| (ack.value, ack.index) < (place.value, place.index));
        match acks.get(position) {
            Some(ack) if (ack.value, ack.index) == (place.value, place.index) => {
                if place.seen_ns < ack.invoked_ns {
                    blame_too_early(&place, ack.id, findings);
                }
            }
            Some(_) | None => free.push(place),
        }
    }
    let mut unacknowledged = Vec::new();
    let mut rest = free.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut group = vec![first];
        while let Some(same) = rest.next_if(|place| place.value == group[0].value) {
            group.push(same);
        }
        check_free_places(survey, &acks, group, &mut unacknowledged, findings);
    }
    unacknowledged
}

/// Finds an append of unknown fate for every place of one value at which none was acknowledged.
fn check_free_places<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    acks: &[&Ack<'a, V>],
    mut group: Vec<Place<'a, V>>,
    unacknowledged: &mut Vec<Unacknowledged<'a, V>>,
    findings: &mut Findings<'a, V>,
) {
    let value = group[0].value;
    let from = survey
        .unknown
        .partition_point(|append| append.value < value);
    let to = survey
        .unknown
        .partition_point(|append| append.value <= value);
    let unknown = &survey.unknown[from..to];
    let ack = acks.get(acks.partition_point(|ack| ack.value < value));
    let ack = ack.filter(|ack| ack.value == value);
    if unknown.is_empty() && ack.is_none() {
        let failed = survey
            .failed
            .get(survey.failed.partition_point(|append| append.value < value));
        blame_unfounded(
            &group[0],
            failed.filter(|append| append.value == value),
            findings,
        );
        return;
    }
    // Each place needs an append invoked before it was seen. Pairing the earliest seen with the
    // earliest invoked finds appends for all if that is possible at all.
    group.sort_by_key(|place| place.seen_ns);
    for (position, place) in group.iter().enumerate() {
        match unknown.get(position) {
            Some(append) if place.seen_ns < append.invoked_ns => {
                blame_too_early(place, append.id, findings);
            }
            Some(_) => {}
            None => {
                // Something accounts for another place: an acknowledgement or another read.
                let other = ack.map_or(group[0].read, |ack| ack.id);
                findings.blame(LogClause::OneCommandOneIndex, [other, place.read], || {
                    let index = place.index;
                    format!("{value:?} is also at index {index}, more often than it was submitted")
                });
            }
        }
    }
    if let Some(append) = unknown.first() {
        unacknowledged.extend(group.into_iter().map(|place| Unacknowledged {
            place,
            append: append.id,
            invoked_ns: append.invoked_ns,
        }));
    }
}

fn blame_unfounded<'a, V: fmt::Debug>(
    place: &Place<'a, V>,
    failed: Option<&Unanswered<'a, V>>,
    findings: &mut Findings<'a, V>,
) {
    let (value, index) = (place.value, place.index);
    match failed {
        Some(append) => {
            findings.blame(
                LogClause::FailedNeverAppears,
                [append.id, place.read],
                || format!("the append of {value:?} failed, but a read has it at index {index}"),
            );
        }
        None => findings.blame(LogClause::OnlySubmitted, [place.read], || {
            format!("a read has {value:?} at index {index}, but nobody submitted it")
        }),
    }
}

fn blame_too_early<V: fmt::Debug>(
    place: &Place<'_, V>,
    append: OperationId,
    findings: &mut Findings<'_, V>,
) {
    findings.blame(LogClause::OnlySubmitted, [place.read, append], || {
        let (value, index) = (place.value, place.index);
        format!("a read had {value:?} at index {index} before it was submitted")
    });
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
    let acknowledged = survey
        .acks
        .iter()
        .map(|ack| (ack.invoked_ns, ack.index, ack.id, ack.value));
    let read = unacknowledged.iter().map(|read| {
        (
            read.invoked_ns,
            read.place.index,
            read.append,
            read.place.value,
        )
    });
    let mut appends: Vec<(u64, u64, OperationId, &V)> = acknowledged.chain(read).collect();
    appends.sort_by_key(|&(invoked_ns, index, id, _)| (invoked_ns, index, id));
    let mut finished: Vec<&Ack<'a, V>> = survey.acks.iter().collect();
    finished.sort_by_key(|ack| (ack.ended_ns, ack.id));
    let mut finished = finished.into_iter().peekable();
    let mut highest: Option<&Ack<'a, V>> = None;
    for (invoked_ns, index, id, value) in appends {
        while let Some(ack) = finished.next_if(|ack| ack.ended_ns < invoked_ns) {
            highest = highest
                .filter(|highest| highest.index >= ack.index)
                .or(Some(ack));
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
