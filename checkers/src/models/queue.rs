//! A first-in-first-out queue.

use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step, value_mark};
use crate::hashing::hash_of;
use crate::linearizable::{Decision, unique_queue};

/// What a client may ask of a queue of values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueOp<V> {
    /// Put the value at the end.
    Enqueue(V),
    /// Take the first value out.
    Dequeue,
}

impl<V: fmt::Debug> fmt::Display for QueueOp<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueueOp::Enqueue(value) => write!(formatter, "enqueue {value:?}"),
            QueueOp::Dequeue => formatter.write_str("dequeue"),
        }
    }
}

/// What a queue or a stack may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakeRet<V> {
    /// The value was put in.
    Done,
    /// This value was taken out.
    Value(V),
    /// There was none to take.
    Empty,
}

impl<V: fmt::Debug> fmt::Display for TakeRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TakeRet::Done => formatter.write_str("done"),
            TakeRet::Value(value) => write!(formatter, "{value:?}"),
            TakeRet::Empty => formatter.write_str("empty"),
        }
    }
}

/// A first-in-first-out queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue<V> {
    values: PhantomData<fn(V)>,
}

impl<V> Queue<V> {
    /// A queue with nothing in it.
    pub fn new() -> Queue<V> {
        Queue { values: PhantomData }
    }
}

impl<V> Default for Queue<V> {
    fn default() -> Queue<V> {
        Queue::new()
    }
}

/// Set if an operation takes something out.
pub(super) const MARK_TAKES: u64 = 1;

/// The marks that are left are for the values that operations put in.
pub(super) fn mark_in<V: Hash>(value: &V) -> u64 {
    value_mark(value, 1, 63)
}

/// Whether others may take out all of `values`: each must be the answer of one of them, or one
/// must have had no answer. `takes` says which operations take something out.
pub(super) fn can_be_taken<'v, V: Eq + 'v, O>(
    mut values: impl Iterator<Item = &'v V>,
    others: &Others<'_, O, TakeRet<V>>,
    takes: impl Fn(&O) -> bool,
) -> bool {
    let Some(calls) = others.calls else {
        return others.marks & MARK_TAKES != 0 || values.next().is_none();
    };
    let mut unknown = 0;
    let mut answers = Vec::new();
    for (_, ret) in calls.iter().filter(|(op, _)| takes(op)) {
        match ret {
            Some(TakeRet::Value(value)) => answers.push(value),
            Some(TakeRet::Empty | TakeRet::Done) => {}
            None => unknown += 1,
        }
    }
    let missing = values.filter(|value| {
        let answer = answers.iter().position(|answer| answer == value);
        answer.map(|answer| answers.swap_remove(answer)).is_none()
    });
    missing.count() <= unknown
}

impl<V: Clone + Eq + Hash + fmt::Debug> Model for Queue<V> {
    type Op = QueueOp<V>;
    type Ret = TakeRet<V>;
    type State = VecDeque<V>;
    type Key = ();

    fn init(&self) -> VecDeque<V> {
        VecDeque::new()
    }

    fn step(
        &self,
        state: &VecDeque<V>,
        op: &QueueOp<V>,
        ret: Option<&TakeRet<V>>,
    ) -> Step<VecDeque<V>> {
        let fits = match (op, ret) {
            (QueueOp::Enqueue(_), None | Some(TakeRet::Done)) | (QueueOp::Dequeue, None) => true,
            (QueueOp::Dequeue, Some(TakeRet::Value(value))) => state.front() == Some(value),
            (QueueOp::Dequeue, Some(TakeRet::Empty)) => state.is_empty(),
            (QueueOp::Enqueue(_), Some(TakeRet::Value(_) | TakeRet::Empty))
            | (QueueOp::Dequeue, Some(TakeRet::Done)) => false,
        };
        match (fits, op) {
            (false, _) => Step::Refused,
            (true, QueueOp::Dequeue) if state.is_empty() => Step::Same,
            (true, QueueOp::Dequeue) => Step::Next(state.iter().skip(1).cloned().collect()),
            (true, QueueOp::Enqueue(value)) => {
                Step::Next(state.iter().chain([value]).cloned().collect())
            }
        }
    }

    fn key(&self, _op: &QueueOp<V>) -> Option<()> {
        None
    }

    fn is_read_only(&self, op: &QueueOp<V>, ret: Option<&TakeRet<V>>) -> bool {
        *op == QueueOp::Dequeue && ret == Some(&TakeRet::Empty)
    }

    fn marks(&self, op: &QueueOp<V>, ret: Option<&TakeRet<V>>) -> u64 {
        match op {
            QueueOp::Enqueue(value) => mark_in(value),
            QueueOp::Dequeue if ret == Some(&TakeRet::Empty) => 0,
            QueueOp::Dequeue => MARK_TAKES,
        }
    }

    fn is_observation(&self, _op: &QueueOp<V>, ret: &TakeRet<V>) -> bool {
        *ret != TakeRet::Done
    }

    /// What is dequeued will be enqueued, or is in the queue and others can dequeue all before it.
    fn can_reach(
        &self,
        state: &VecDeque<V>,
        others: &Others<'_, QueueOp<V>, TakeRet<V>>,
        _op: &QueueOp<V>,
        ret: &TakeRet<V>,
    ) -> bool {
        let can_be_taken = |count: usize| {
            can_be_taken(state.iter().take(count), others, |op| matches!(op, QueueOp::Dequeue))
        };
        match ret {
            TakeRet::Done => true,
            TakeRet::Empty => can_be_taken(state.len()),
            TakeRet::Value(value) => {
                others.marks & mark_in(value) != 0
                    || state.iter().position(|held| held == value).is_some_and(can_be_taken)
            }
        }
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        unique_queue(calls)
    }

    /// Everything about a value leaves with it; a queue found empty is then no less empty.
    fn values(&self, op: &QueueOp<V>, ret: Option<&TakeRet<V>>) -> Option<Vec<u64>> {
        match (op, ret) {
            (QueueOp::Enqueue(value), _) | (QueueOp::Dequeue, Some(TakeRet::Value(value))) => {
                Some(vec![hash_of(value)])
            }
            (QueueOp::Dequeue, None | Some(TakeRet::Empty | TakeRet::Done)) => Some(Vec::new()),
        }
    }
}
