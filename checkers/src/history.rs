//! Histories: what clients asked, what they were told, and when.
//!
//! A history is a list of records: an operation is *invoked* and later *ends* as `ok` with an
//! answer, as `fail` (it definitely never took place) or as `info` (nobody knows). An operation
//! that never ends counts as `info` too. A negative answer, such as "no such key", is `ok`.
//!
//! **Intervals are closed.** Operation A comes before operation B only if A's end is strictly
//! earlier than B's invocation. Equal timestamps mean concurrent: within one clock tick nobody
//! can tell which was first, and a checker that assumed an order would blame correct systems.
//!
//! Times are nanoseconds of whatever clock the recorder used; it must be one clock for all.
//! Records need not be sorted across processes, but each process's own must be in its order.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::process::Process;

/// What a record says about its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The process asked.
    Invoke,
    /// The process was answered.
    Ok,
    /// The operation definitely did not take place, and never will.
    Fail,
    /// The process gave up waiting: the operation may have taken place, or may yet.
    Info,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Invoke => "invoke",
            Kind::Ok => "ok",
            Kind::Fail => "fail",
            Kind::Info => "info",
        })
    }
}

/// One line of a history. An end repeats the operation, so that a line can be read on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(deserialize = "O: Deserialize<'de>, R: Deserialize<'de>"))]
pub struct Record<O, R> {
    /// When, in nanoseconds.
    pub time_ns: u64,
    /// Who.
    pub process: Process,
    /// What happened to the operation.
    pub kind: Kind,
    /// The operation.
    pub op: O,
    /// The answer, with `ok` only. The key is absent otherwise: `null` is an answer like others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default = "no_answer", deserialize_with = "present_answer")]
    pub ret: Option<R>,
}

fn no_answer<R>() -> Option<R> {
    None
}

/// Serde would read `null` as an absent answer, and "there is no such key" would be lost.
fn present_answer<'de, D, R>(deserializer: D) -> Result<Option<R>, D::Error>
where
    D: Deserializer<'de>,
    R: Deserialize<'de>,
{
    R::deserialize(deserializer).map(Some)
}

/// Names an operation within its history, in the order of the invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId(u64);

impl OperationId {
    /// The operation's place in [`History::operations`], from 0.
    pub fn index(self) -> usize {
        usize::try_from(self.0).expect("an operation in memory has a place in memory")
    }

    pub(crate) fn at(index: usize) -> OperationId {
        OperationId(u64::try_from(index).expect("a count of things in memory fits 64 bits"))
    }
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It took place, and this was the answer.
    Ok(R),
    /// It never took place.
    Fail,
    /// It may have taken place, or may yet: also while no end is recorded.
    Info,
}

/// An invocation with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<O, R> {
    /// Who asked.
    pub process: Process,
    /// What was asked.
    pub op: O,
    /// When it was asked.
    pub invoked_ns: u64,
    /// When its end was recorded. The end of an `info` bounds nothing: see [`Operation::until_ns`].
    pub ended_ns: Option<u64>,
    /// How it ended.
    pub outcome: Outcome<R>,
}

impl<O, R> Operation<O, R> {
    /// The last instant at which the operation can have taken effect; `None` is "any time from
    /// its invocation on", for the effect of an operation given up may land much later.
    pub fn until_ns(&self) -> Option<u64> {
        match self.outcome {
            Outcome::Ok(_) | Outcome::Fail => self.ended_ns,
            Outcome::Info => None,
        }
    }
}

impl<O, R> Operation<O, R> {
    /// The interval as [`Operation`]s show it: ` from 1.000000ms to 2.000000ms`.
    pub(crate) fn interval(&self) -> Interval {
        Interval { invoked_ns: self.invoked_ns, ended_ns: self.ended_ns }
    }
}

/// A beginning, and an end unless there is none.
pub(crate) struct Interval {
    invoked_ns: u64,
    ended_ns: Option<u64>,
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(" from ")?;
        write_time(formatter, self.invoked_ns)?;
        if let Some(ended_ns) = self.ended_ns {
            formatter.write_str(" to ")?;
            write_time(formatter, ended_ns)?;
        }
        Ok(())
    }
}

impl<O: fmt::Display, R: fmt::Display> fmt::Display for Operation<O, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}{}", self.process, self.op, self.interval())?;
        match &self.outcome {
            Outcome::Ok(ret) => write!(formatter, ": ok, {ret}"),
            Outcome::Fail => formatter.write_str(": fail"),
            Outcome::Info if self.ended_ns.is_some() => formatter.write_str(": info"),
            Outcome::Info => formatter.write_str(": no end"),
        }
    }
}

fn write_time(formatter: &mut fmt::Formatter<'_>, time_ns: u64) -> fmt::Result {
    const NS_PER_MS: u64 = 1_000_000;
    write!(formatter, "{}.{:06}ms", time_ns / NS_PER_MS, time_ns % NS_PER_MS)
}

/// What is wrong with a record, or with a line of text that should have been one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryError {
    line: Option<usize>,
    problem: String,
}

impl HistoryError {
    pub(crate) fn new(problem: String) -> HistoryError {
        HistoryError { line: None, problem }
    }

    pub(crate) fn on_line(self, line: usize) -> HistoryError {
        HistoryError { line: Some(line), ..self }
    }

    /// What is wrong, without the place.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The number of the offending record or line, from 1, where it came from a list of them.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.problem),
            None => formatter.write_str(&self.problem),
        }
    }
}

impl std::error::Error for HistoryError {}

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// It waits for the end of this operation.
    Busy(OperationId),
    /// Its last operation ended at this time.
    Idle { since_ns: u64 },
    /// Its last operation is `info`, so it may never ask again under this name.
    Retired,
}

/// A record's place, without the operation that both records of a pair share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: OperationId,
    kind: Kind,
}

/// A recorded history of operations `O` with answers `R`, paired as it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<O, R> {
    operations: Vec<Operation<O, R>>,
    entries: Vec<Entry>,
    activities: BTreeMap<Process, Activity>,
}

impl<O, R> Default for History<O, R> {
    fn default() -> History<O, R> {
        History { operations: Vec::new(), entries: Vec::new(), activities: BTreeMap::new() }
    }
}

impl<O, R> History<O, R> {
    /// A history in which nothing has happened yet.
    pub fn new() -> History<O, R> {
        History::default()
    }

    /// Records that `process` asks for `op`.
    ///
    /// # Panics
    /// If the process still waits for an earlier operation, has been retired by an `info`, or
    /// asks before its last operation ended.
    pub fn invoke(&mut self, process: Process, time_ns: u64, op: O) -> OperationId {
        self.try_invoke(process, time_ns, op).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Records that operation `id` was answered with `ret`.
    ///
    /// # Panics
    /// If the operation has ended before, or is invoked later than this.
    pub fn ok(&mut self, id: OperationId, time_ns: u64, ret: R) {
        self.end(id, time_ns, Outcome::Ok(ret));
    }

    /// Records that operation `id` never took place, and never will.
    ///
    /// # Panics
    /// As [`History::ok`].
    pub fn fail(&mut self, id: OperationId, time_ns: u64) {
        self.end(id, time_ns, Outcome::Fail);
    }

    /// Records that nobody knows what became of operation `id`. Its process is retired: the
    /// client goes on as [`Process::next_generation`].
    ///
    /// # Panics
    /// As [`History::ok`].
    pub fn info(&mut self, id: OperationId, time_ns: u64) {
        self.end(id, time_ns, Outcome::Info);
    }

    /// The operations, in the order of their invocations' records.
    pub fn operations(&self) -> &[Operation<O, R>] {
        &self.operations
    }

    /// One operation.
    ///
    /// # Panics
    /// If the identifier is of another history, which has more operations than this one.
    pub fn operation(&self, id: OperationId) -> &Operation<O, R> {
        &self.operations[id.index()]
    }

    /// The operations with their names, in the order of their invocations' records.
    pub fn iter(&self) -> impl Iterator<Item = (OperationId, &Operation<O, R>)> {
        let named = |(index, operation)| (OperationId::at(index), operation);
        self.operations.iter().enumerate().map(named)
    }

    /// The records, in the order in which they were made.
    pub fn records(&self) -> impl Iterator<Item = Record<&O, &R>> {
        self.entries.iter().map(|entry| {
            let operation = self.operation(entry.id);
            let (time_ns, ret) = match (entry.kind, &operation.outcome) {
                (Kind::Invoke, _) => (operation.invoked_ns, None),
                (Kind::Ok, Outcome::Ok(ret)) => (self.ended_ns(entry.id), Some(ret)),
                (Kind::Ok | Kind::Fail | Kind::Info, _) => (self.ended_ns(entry.id), None),
            };
            let process = operation.process;
            Record { time_ns, process, kind: entry.kind, op: &operation.op, ret }
        })
    }

    /// To which operation each of [`History::records`] belongs.
    pub(crate) fn record_ids(&self) -> impl Iterator<Item = OperationId> {
        self.entries.iter().map(|entry| entry.id)
    }

    fn ended_ns(&self, id: OperationId) -> u64 {
        self.operation(id).ended_ns.expect("an operation with an end record has an end")
    }

    /// Pairs records that were kept elsewhere.
    ///
    /// # Errors
    /// If a process does two things at once, goes on after an `info`, goes back in time, ends
    /// what it never asked, ends another operation than it asked, or if an answer is there
    /// without `ok` or missing with it. The error's line is the record's number, from 1.
    pub fn from_records<I>(records: I) -> Result<History<O, R>, HistoryError>
    where
        I: IntoIterator<Item = Record<O, R>>,
        O: PartialEq,
    {
        let mut history = History::new();
        for (index, record) in records.into_iter().enumerate() {
            history.push(record).map_err(|error| error.on_line(index + 1))?;
        }
        Ok(history)
    }

    /// Adds one record that was made elsewhere, and says to which operation it belongs.
    ///
    /// # Errors
    /// As [`History::from_records`]; the history is then as it was.
    pub fn push(&mut self, record: Record<O, R>) -> Result<OperationId, HistoryError>
    where
        O: PartialEq,
    {
        let Record { time_ns, process, kind, op, ret } = record;
        let outcome = match (kind, ret) {
            (Kind::Invoke, None) => return self.try_invoke(process, time_ns, op),
            (Kind::Ok, Some(ret)) => Outcome::Ok(ret),
            (Kind::Fail, None) => Outcome::Fail,
            (Kind::Info, None) => Outcome::Info,
            (Kind::Ok, None) => {
                return Err(HistoryError::new("`ok` without an answer (`ret`)".to_owned()));
            }
            (Kind::Invoke | Kind::Fail | Kind::Info, Some(_)) => {
                return Err(HistoryError::new(format!("`{kind}` with an answer (`ret`)")));
            }
        };
        let Some(&Activity::Busy(id)) = self.activities.get(&process) else {
            let problem =
                format!("{process} ends (`{kind}`) an operation, but none is outstanding");
            return Err(HistoryError::new(problem));
        };
        if self.operation(id).op != op {
            let problem = format!("{process} ends (`{kind}`) another operation than it invoked");
            return Err(HistoryError::new(problem));
        }
        self.try_end(id, time_ns, outcome)?;
        Ok(id)
    }

    fn try_invoke(
        &mut self,
        process: Process,
        time_ns: u64,
        op: O,
    ) -> Result<OperationId, HistoryError> {
        match self.activities.get(&process) {
            Some(Activity::Busy(_)) => {
                let problem = format!("{process} invokes an operation while one is outstanding");
                return Err(HistoryError::new(problem));
            }
            Some(Activity::Retired) => {
                let next = process.next_generation();
                let problem = format!("{process} goes on after an `info`; it should be {next}");
                return Err(HistoryError::new(problem));
            }
            Some(&Activity::Idle { since_ns }) if time_ns < since_ns => {
                let problem = format!(
                    "{process} invokes at {time_ns} ns, before the end of its last operation \
                     at {since_ns} ns"
                );
                return Err(HistoryError::new(problem));
            }
            Some(Activity::Idle { .. }) | None => {}
        }
        let id = OperationId::at(self.operations.len());
        let outcome = Outcome::Info;
        let operation = Operation { process, op, invoked_ns: time_ns, ended_ns: None, outcome };
        self.operations.push(operation);
        self.entries.push(Entry { id, kind: Kind::Invoke });
        self.activities.insert(process, Activity::Busy(id));
        Ok(id)
    }

    fn end(&mut self, id: OperationId, time_ns: u64, outcome: Outcome<R>) {
        self.try_end(id, time_ns, outcome).unwrap_or_else(|error| panic!("{error}"));
    }

    fn try_end(
        &mut self,
        id: OperationId,
        time_ns: u64,
        outcome: Outcome<R>,
    ) -> Result<(), HistoryError> {
        let operation = &mut self.operations[id.index()];
        let process = operation.process;
        if operation.ended_ns.is_some() {
            let problem = format!("an operation of {process} ends a second time");
            return Err(HistoryError::new(problem));
        }
        if time_ns < operation.invoked_ns {
            let problem = format!(
                "an operation of {process} ends at {time_ns} ns, before its invocation at {} ns",
                operation.invoked_ns
            );
            return Err(HistoryError::new(problem));
        }
        let (kind, activity) = match &outcome {
            Outcome::Ok(_) => (Kind::Ok, Activity::Idle { since_ns: time_ns }),
            Outcome::Fail => (Kind::Fail, Activity::Idle { since_ns: time_ns }),
            Outcome::Info => (Kind::Info, Activity::Retired),
        };
        operation.ended_ns = Some(time_ns);
        operation.outcome = outcome;
        self.entries.push(Entry { id, kind });
        self.activities.insert(process, activity);
        Ok(())
    }
}
