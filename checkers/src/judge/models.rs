//! The models, in a table.

use super::levels::Level;
use super::{Judgement, Question, objects, scanned, transactional};
use crate::formats::Source;
use crate::formats::typed::{IdOp, Translate};
use crate::history::HistoryError;
use crate::log::LogOp;
use crate::models::{CounterOp, KvOp, LockOp, QueueOp, RegisterOp, SetOp, StackOp, VersionedKvOp};
use crate::scans::{BankOp, MessageOp};
use crate::transactions::{Level as Isolation, TransactionOp};
use crate::value::Value;
use crate::weak::Level as Weak;

/// What an object may hold before anybody has touched it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Any value; nil unless something else is said.
    Value,
    /// An integer; 0 of a counter, and of a bank what its first read shows, unless something else
    /// is said.
    Number,
    /// Nothing can be said: the model knows.
    Fixed,
}

/// What a history may be a history of.
#[derive(Debug)]
pub struct ModelKind {
    /// Its name on the command line.
    pub name: &'static str,
    /// A line about it.
    pub about: &'static str,
    /// The operations by their names in the formats of others, with what their values are.
    pub operations: &'static [(&'static str, &'static str)],
    /// A short history in our own [`crate::json_lines`], which uses every operation.
    pub example: &'static str,
    /// What [`Question::initial`] may be.
    pub initial: Initial,
    levels: fn() -> Vec<Level>,
    pub(super) judge: fn(&Source, &Question) -> Result<Judgement, HistoryError>,
}

impl ModelKind {
    /// The model of a name.
    pub fn named(name: &str) -> Option<&'static ModelKind> {
        MODELS.iter().find(|model| model.name == name)
    }

    /// Whether it has an operation of this name, in the formats of others or in our own.
    pub fn knows(&self, operation: &str) -> bool {
        let mut names = self.operations.iter().flat_map(|(names, _)| names.split(", "));
        names.any(|name| name == operation)
            || self.example.contains(&format!(r#""op":"{operation}""#))
            || self.example.contains(&format!(r#""op":{{"{operation}""#))
    }

    /// The levels at which it can be judged; the first is the usual one.
    pub fn levels(&self) -> Vec<Level> {
        (self.levels)()
    }

    /// The level of a name, in any case of letters. Isolation levels are known by the names of
    /// Adya's thesis and of Elle, too.
    pub fn level(&self, name: &str) -> Option<Level> {
        let levels = self.levels();
        let same = |level: &&Level| level.name().eq_ignore_ascii_case(name);
        let other = || name.parse().ok().map(Level::Isolation).filter(|it| levels.contains(it));
        levels.iter().find(same).copied().or_else(other)
    }
}

/// All models.
pub static MODELS: &[ModelKind] = &[
    ModelKind {
        name: "register",
        about: "a value that is read and written",
        operations: RegisterOp::<Value>::NAMES,
        example: include_str!("examples/register.jsonl"),
        initial: Initial::Value,
        levels: registers,
        judge: objects::register,
    },
    ModelKind {
        name: "cas-register",
        about: "a register with compare-and-set",
        operations: RegisterOp::<Value>::NAMES,
        example: include_str!("examples/cas-register.jsonl"),
        initial: Initial::Value,
        levels: registers,
        judge: objects::register,
    },
    ModelKind {
        name: "kv",
        about: "a map: get, put, append, delete, compare-and-set by key",
        operations: KvOp::<Value, Value>::NAMES,
        example: include_str!("examples/kv.jsonl"),
        initial: Initial::Value,
        levels: registers,
        judge: objects::kv,
    },
    ModelKind {
        name: "versioned-kv",
        about: "a map whose put names the version that must be there",
        operations: VersionedKvOp::<Value, Value>::NAMES,
        example: include_str!("examples/versioned-kv.jsonl"),
        initial: Initial::Fixed,
        levels: others,
        judge: objects::versioned_kv,
    },
    ModelKind {
        name: "counter",
        about: "a number that is read and added to",
        operations: CounterOp::NAMES,
        example: include_str!("examples/counter.jsonl"),
        initial: Initial::Number,
        levels: with_rules,
        judge: objects::counter,
    },
    ModelKind {
        name: "set",
        about: "a set: add, remove, contains, read",
        operations: SetOp::<Value>::NAMES,
        example: include_str!("examples/set.jsonl"),
        initial: Initial::Fixed,
        levels: with_rules,
        judge: objects::set,
    },
    ModelKind {
        name: "queue",
        about: "a first-in first-out queue",
        operations: QueueOp::<Value>::NAMES,
        example: include_str!("examples/queue.jsonl"),
        initial: Initial::Fixed,
        levels: of_queues,
        judge: objects::queue,
    },
    ModelKind {
        name: "stack",
        about: "a last-in first-out stack",
        operations: StackOp::<Value>::NAMES,
        example: include_str!("examples/stack.jsonl"),
        initial: Initial::Fixed,
        levels: others,
        judge: objects::stack,
    },
    ModelKind {
        name: "lock",
        about: "a lock that is acquired and released",
        operations: LockOp::NAMES,
        example: include_str!("examples/lock.jsonl"),
        initial: Initial::Fixed,
        levels: of_locks,
        judge: objects::lock,
    },
    ModelKind {
        name: "list-append",
        about: "transactions that append to lists and read them",
        operations: TransactionOp::<Value, Value>::NAMES,
        example: include_str!("examples/list-append.jsonl"),
        initial: Initial::Fixed,
        levels: isolation,
        judge: transactional::transactions,
    },
    ModelKind {
        name: "rw-register",
        about: "transactions that write registers and read them",
        operations: TransactionOp::<Value, Value>::NAMES,
        example: include_str!("examples/rw-register.jsonl"),
        initial: Initial::Fixed,
        levels: isolation,
        judge: transactional::transactions,
    },
    ModelKind {
        name: "log",
        about: "a replicated log: append, read",
        operations: LogOp::<Value>::NAMES,
        example: include_str!("examples/log.jsonl"),
        initial: Initial::Fixed,
        levels: rules,
        judge: scanned::of_log,
    },
    ModelKind {
        name: "message-log",
        about: "messages by key and offset: send, poll",
        operations: MessageOp::<Value, Value>::NAMES,
        example: include_str!("examples/message-log.jsonl"),
        initial: Initial::Fixed,
        levels: rules,
        judge: scanned::of_messages,
    },
    ModelKind {
        name: "bank",
        about: "accounts with transfers between them, whose total stays",
        operations: BankOp::<Value>::NAMES,
        example: include_str!("examples/bank.jsonl"),
        initial: Initial::Number,
        levels: || vec![Level::Rules, Level::Debts],
        judge: scanned::of_bank,
    },
    ModelKind {
        name: "unique-ids",
        about: "identifiers, each of which is given once",
        operations: IdOp::NAMES,
        example: include_str!("examples/unique-ids.jsonl"),
        initial: Initial::Fixed,
        levels: rules,
        judge: scanned::of_ids,
    },
];

fn registers() -> Vec<Level> {
    let weaker = Weak::ALL.into_iter().map(Level::Weak);
    [Level::Linearizable].into_iter().chain(weaker).chain([Level::EventualConvergence]).collect()
}

fn others() -> Vec<Level> {
    vec![Level::Linearizable, Level::Weak(Weak::Sequential)]
}

/// Strict serializability is what Jepsen asks of transactions, too, if nothing else is said.
fn isolation() -> Vec<Level> {
    Isolation::ALL.into_iter().rev().map(Level::Isolation).collect()
}

fn with_rules() -> Vec<Level> {
    [others(), rules()].concat()
}

fn of_queues() -> Vec<Level> {
    [with_rules(), vec![Level::Unordered]].concat()
}

fn of_locks() -> Vec<Level> {
    [with_rules(), vec![Level::Leases]].concat()
}

fn rules() -> Vec<Level> {
    vec![Level::Rules]
}
