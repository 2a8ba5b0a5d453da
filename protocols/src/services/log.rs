//! The `log` service: a sequence of commands that hosts agree on.
//!
//! Clients append commands and are told the index at which theirs was committed, from 1 on. The
//! service does not deduplicate, so a client never repeats an operation whose fate it does not
//! know: such an append ends `info` and may turn up in the log, or not.
//!
//! A read asks one host for its committed log. A host answers only if it knows that its log holds
//! everything committed before the read began; one that cannot know refuses. So the final reads
//! of a run, which every client repeats at every host until each is `ok`, show what the log was
//! in the end, and the checker may hold them to all that was acknowledged.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, schema_for};
use seedbed_checkers::{
    self as checkers, Explanation, HistoryError, LogHistory, LogOp as CheckedOp,
    LogRet as CheckedRet, log_consistent,
};
use seedbed_sim::{
    ClientConfig, ClientView, HistoryEvent, Next, NodeId, Outcome, Retry, Rng, Service, Target,
    Workload,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::history::process_of;
use crate::service::{
    CheckKind, HistoryRecord, OptionsError, Tested, WorkloadKind, WorkloadPlan, parse_options,
};
use crate::units::{Nanos, Rate, Size};

/// The service.
#[derive(Debug)]
pub enum Log {}

/// What is appended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
    /// The encoded operation of a protocol that keeps its state in a log.
    Bytes(#[serde(with = "seedbed_sim::codec::bytes")] Vec<u8>),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Number(number) => write!(f, "{number}"),
            Command::Text(text) => f.write_str(text),
            Command::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// What clients may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogOp {
    /// Append this command.
    Append(Command),
    /// Return the committed log of the host that is asked, once it is known to be complete.
    Read,
}

/// What a completed operation returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogRet {
    /// The command is committed at this index, from 1.
    Index(u64),
    /// The committed log from index 1 on; `None` is an entry that no client asked for.
    Log(Vec<Option<Command>>),
}

/// An entry of the log that is known to be committed: what a protocol delivers upward, in order of
/// the index, and again from index 1 on after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Committed {
    /// Its place in the log, from 1.
    pub index: u64,
    /// The term (or ballot) in which it was first appended.
    pub term: u64,
    /// What it says; none for an entry that no client asked for, such as a new leader's no-op.
    pub command: Option<Command>,
}

impl Service for Log {
    const NAME: &'static str = "log";
    type Op = LogOp;
    type Ret = LogRet;
    type Item = Committed;
    const RETRY: Retry = Retry::Never;
}

impl Tested for Log {
    const ABOUT: &'static str = "a replicated log: append a command, learn its index";

    fn workloads() -> Vec<WorkloadKind<Self>> {
        vec![WorkloadKind {
            name: "log",
            about: "clients that append commands, each of them unique",
            schema: || schema_for!(LogOptions),
            build: |options| parse_options::<LogOptions>(options)?.plan(),
        }]
    }

    fn finals(members: &[NodeId]) -> Vec<(LogOp, Target)> {
        members.iter().map(|host| (LogOp::Read, Target::Host(*host))).collect()
    }

    fn checks() -> Vec<CheckKind<Self>> {
        vec![CheckKind {
            name: checkers::log::NAME,
            about: "acknowledged appends stay where they were acknowledged, in real-time order",
            judge: |records| log_consistent(&checked_history(records, Command::clone)),
        }]
    }

    fn history_text(records: &[HistoryRecord<Log>]) -> Result<String, HistoryError> {
        checked_history(records, plain).to_json_lines()
    }

    fn parse_op(value: &Value) -> Result<LogOp, OptionsError> {
        match value {
            Value::Number(number) if number.is_u64() => {
                Ok(LogOp::Append(Command::Number(number.as_u64().unwrap_or_default())))
            }
            Value::String(text) if text == "read" => Ok(LogOp::Read),
            Value::String(text) => Ok(LogOp::Append(Command::Text(text.clone()))),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(OptionsError::new(
                "",
                format!("`{value}` is no command: write a whole number or a text (`read` reads)"),
            )),
        }
    }

    fn committed(item: &Committed) -> Option<(u64, Value)> {
        Some((item.index, plain(item.command.as_ref()?)))
    }
}

/// A history of this service as the checker takes it. The service's final reads are the only ones
/// that are held to completeness.
fn checked_history<V>(
    records: &[HistoryRecord<Log>],
    value: impl Fn(&Command) -> V,
) -> LogHistory<V> {
    let mut history = LogHistory::new();
    let mut open = BTreeMap::new();
    for record in records {
        let time_ns = record.time.nanos();
        if let HistoryEvent::Invoke { op, .. } = &record.event {
            let op = match op {
                LogOp::Append(command) => CheckedOp::Append(value(command)),
                LogOp::Read => CheckedOp::Read { final_read: record.last },
            };
            open.insert(record.op, history.invoke(process_of(record), time_ns, op));
            continue;
        }
        let Some(id) = open.remove(&record.op) else {
            continue;
        };
        match &record.event {
            HistoryEvent::Ok(LogRet::Index(index)) => {
                history.ok(id, time_ns, CheckedRet::Index(*index));
            }
            HistoryEvent::Ok(LogRet::Log(entries)) => {
                let entries = entries.iter().map(|entry| entry.as_ref().map(&value));
                history.ok(id, time_ns, CheckedRet::Log(entries.collect()));
            }
            HistoryEvent::Fail => history.fail(id, time_ns),
            HistoryEvent::Info | HistoryEvent::Invoke { .. } => history.info(id, time_ns),
        }
    }
    history
}

/// A command as a script writes it.
fn plain(command: &Command) -> Value {
    match command {
        Command::Number(number) => Value::from(*number),
        Command::Text(_) | Command::Bytes(_) => Value::from(command.to_string()),
    }
}

/// Every clause that a history of this service breaks, with evidence.
pub fn log_violations(records: &[HistoryRecord<Log>]) -> Vec<Explanation> {
    checkers::log_violations(&checked_history(records, Command::clone))
}

/// The options of the workload `log`: clients that append commands, each of them unique.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogOptions {
    /// How many clients. Each has at most one operation outstanding.
    pub clients: u32,
    /// How many appends all clients together begin in a time, at random moments; without it each
    /// client begins its next append when its last one has ended.
    pub rate: Option<Rate>,
    /// Pads every command to at least this size; without it commands are numbers.
    pub payload: Option<Size>,
    /// How long a client waits for an answer before the operation ends `info`. Shorter than an
    /// election, and most operations that meet one end that way.
    pub timeout: Nanos,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { clients: 1, rate: None, payload: None, timeout: Nanos::from_secs(1) }
    }
}

/// No command may be padded beyond this (1 MiB).
const PAYLOAD_BYTES_MAX: u64 = 1 << 20;

impl LogOptions {
    /// The group of clients that these options describe.
    pub fn plan(&self) -> Result<WorkloadPlan<Log>, OptionsError> {
        if self.clients == 0 {
            return Err(OptionsError::new("clients", "no clients do nothing: give at least 1"));
        }
        if self.timeout == Nanos::ZERO {
            return Err(OptionsError::new("timeout", "a timeout of zero lets nothing finish"));
        }
        if self.payload.is_some_and(|payload| payload.0 > PAYLOAD_BYTES_MAX) {
            return Err(OptionsError::new("payload", "a payload is at most 1MiB"));
        }
        let config = ClientConfig {
            interval: self.rate.map(|rate| rate.interval(self.clients)),
            timeout: self.timeout.duration(),
            // A final read is asked again until it is answered: on a lossy network what counts is
            // how soon a lost answer is noticed. (Seed 26703 of the quickstart lost five.)
            attempt_timeout: self.timeout.duration() / 8,
            ..ClientConfig::default()
        };
        let payload = self.payload.map(|payload| payload.0 as usize);
        let program = move |number| -> Box<dyn Workload<Log>> {
            Box::new(Appender { number, payload, appended: 0 })
        };
        Ok(WorkloadPlan { clients: self.clients, config, program: Box::new(program) })
    }
}

/// Commands of one client are this far from those of the next.
const COMMANDS_PER_CLIENT: u64 = 1_000_000_000;

/// A client that appends one command after another.
struct Appender {
    number: u32,
    payload: Option<usize>,
    appended: u64,
}

impl Workload<Log> for Appender {
    fn next(
        &mut self,
        _client: &ClientView<'_>,
        _last: Option<(&LogOp, &Outcome<LogRet>)>,
        _rng: &mut Rng,
    ) -> Next<LogOp> {
        self.appended += 1;
        let client = u64::from(self.number) + 1;
        let command = match self.payload {
            None => Command::Number(client * COMMANDS_PER_CLIENT + self.appended),
            Some(bytes) => {
                let name = format!("c{client}-{} ", self.appended);
                Command::Text(format!("{name:.<bytes$}"))
            }
        };
        Next::Invoke(LogOp::Append(command), Target::Leader)
    }
}
