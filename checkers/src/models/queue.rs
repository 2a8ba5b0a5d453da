//! A first-in-first-out queue.

use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step, value_mark};
use super::takes::{Claims, MARK_TAKES, Stay, can_be_taken, concurrent, seen_pending, stays};
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

impl<V> QueueOp<V> {
    /// The value that the operation puts in.
    fn put(&self) -> Option<&V> {
        match self {
            QueueOp::Enqueue(value) => Some(value),
            QueueOp::Dequeue => None,
        }
    }
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
#[derive(Clone, Debug)]
pub struct Queue<V> {
    /// What is known of the calls to be judged.
    claims: Option<Claims<V>>,
}

impl<V> Queue<V> {
    /// A queue with nothing in it.
    pub fn new() -> Queue<V> {
        Queue { claims: None }
    }
}

impl<V> Default for Queue<V> {
    fn default() -> Queue<V> {
        Queue::new()
    }
}

/// The marks that are left are for the values that operations put in.
pub(super) fn mark_in<V: Hash>(value: &V) -> u64 {
    value_mark(value, 1, 63)
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
        if let (Some(claims), None) = (&self.claims, ret) {
            let is_possible = match op {
                QueueOp::Enqueue(value) => claims.may_be_put(value),
                QueueOp::Dequeue => state.front().is_none_or(|value| claims.may_be_taken(value)),
            };
            if !is_possible {
                return Step::Refused;
            }
        }
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

    fn seen_pending(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Vec<(usize, usize)> {
        seen_pending(calls, QueueOp::put)
    }

    fn informed(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Self> {
        Some(Queue { claims: Some(Claims::of(calls, QueueOp::put)) })
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
            can_be_taken(
                state.iter().take(count),
                others,
                |op| matches!(op, QueueOp::Dequeue),
                self.claims.as_ref(),
            )
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

    /// Values leave in the order in which they came, and came in the order in which they leave.
    fn precedences(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Vec<(usize, usize)> {
        let (stays, first_pending_ns) = stays(calls, QueueOp::put);
        let puts: Vec<(usize, Stay)> = stays.iter().map(|&stay| (stay.put, stay)).collect();
        let takes: Vec<(usize, Stay)> =
            stays.iter().filter_map(|&stay| Some((stay.take?, stay))).collect();
        let is_before =
            |first: usize, second: usize| calls[first].until_ns < calls[second].invoked_ns;
        let mut precedences = Vec::new();
        concurrent(calls, &puts, &puts, |first, second| {
            let is_first_out = match (first.take, second.take) {
                (Some(first), Some(second)) => is_before(first, second),
                // What stays behind came later, unless a pending dequeue may have taken it.
                (Some(first), None) => calls[first].until_ns < first_pending_ns,
                (None, _) => false,
            };
            if is_first_out {
                precedences.push((first.put, second.put));
            }
        });
        concurrent(calls, &takes, &takes, |first, second| {
            if let (Some(take), Some(next)) = (first.take, second.take)
                && is_before(first.put, second.put)
            {
                precedences.push((take, next));
            }
        });
        precedences
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
