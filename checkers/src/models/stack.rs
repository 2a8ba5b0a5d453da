//! A stack: last in, first out.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::model::{Model, Others, Step};
use super::queue::{MARK_TAKES, TakeRet, can_be_taken, mark_in};
use crate::hashing::hash_of;

/// What a client may ask of a stack of values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackOp<V> {
    /// Put the value on top.
    Push(V),
    /// Take the top value off.
    Pop,
}

impl<V: fmt::Debug> fmt::Display for StackOp<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StackOp::Push(value) => write!(formatter, "push {value:?}"),
            StackOp::Pop => formatter.write_str("pop"),
        }
    }
}

/// A stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack<V> {
    values: PhantomData<fn(V)>,
}

impl<V> Stack<V> {
    /// A stack with nothing on it.
    pub fn new() -> Stack<V> {
        Stack { values: PhantomData }
    }
}

impl<V> Default for Stack<V> {
    fn default() -> Stack<V> {
        Stack::new()
    }
}

impl<V: Clone + Eq + Hash + fmt::Debug> Model for Stack<V> {
    type Op = StackOp<V>;
    type Ret = TakeRet<V>;
    /// The top is last.
    type State = Vec<V>;
    type Key = ();

    fn init(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &StackOp<V>, ret: Option<&TakeRet<V>>) -> Step<Vec<V>> {
        let fits = match (op, ret) {
            (StackOp::Push(_), None | Some(TakeRet::Done)) | (StackOp::Pop, None) => true,
            (StackOp::Pop, Some(TakeRet::Value(value))) => state.last() == Some(value),
            (StackOp::Pop, Some(TakeRet::Empty)) => state.is_empty(),
            (StackOp::Push(_), Some(TakeRet::Value(_) | TakeRet::Empty))
            | (StackOp::Pop, Some(TakeRet::Done)) => false,
        };
        match (fits, op, state.split_last()) {
            (false, _, _) => Step::Refused,
            (true, StackOp::Pop, None) => Step::Same,
            (true, StackOp::Pop, Some((_, below))) => Step::Next(below.to_vec()),
            (true, StackOp::Push(value), _) => {
                Step::Next(state.iter().chain([value]).cloned().collect())
            }
        }
    }

    fn key(&self, _op: &StackOp<V>) -> Option<()> {
        None
    }

    fn is_read_only(&self, op: &StackOp<V>, ret: Option<&TakeRet<V>>) -> bool {
        *op == StackOp::Pop && ret == Some(&TakeRet::Empty)
    }

    fn marks(&self, op: &StackOp<V>, ret: Option<&TakeRet<V>>) -> u64 {
        match op {
            StackOp::Push(value) => mark_in(value),
            StackOp::Pop if ret == Some(&TakeRet::Empty) => 0,
            StackOp::Pop => MARK_TAKES,
        }
    }

    fn is_observation(&self, _op: &StackOp<V>, ret: &TakeRet<V>) -> bool {
        *ret != TakeRet::Done
    }

    /// What is popped will be pushed, or is on the stack and others can pop all above it.
    fn can_reach(
        &self,
        state: &Vec<V>,
        others: &Others<'_, StackOp<V>, TakeRet<V>>,
        _op: &StackOp<V>,
        ret: &TakeRet<V>,
    ) -> bool {
        let can_be_taken =
            |values: &[V]| can_be_taken(values.iter(), others, |op| matches!(op, StackOp::Pop));
        match ret {
            TakeRet::Done => true,
            TakeRet::Empty => can_be_taken(state),
            TakeRet::Value(value) => {
                others.marks & mark_in(value) != 0
                    || state
                        .iter()
                        .rposition(|held| held == value)
                        .is_some_and(|place| can_be_taken(&state[place + 1..]))
            }
        }
    }

    /// Everything about a value leaves with it; a stack found empty is then no less empty.
    fn values(&self, op: &StackOp<V>, ret: Option<&TakeRet<V>>) -> Option<Vec<u64>> {
        match (op, ret) {
            (StackOp::Push(value), _) | (StackOp::Pop, Some(TakeRet::Value(value))) => {
                Some(vec![hash_of(value)])
            }
            (StackOp::Pop, None | Some(TakeRet::Empty | TakeRet::Done)) => Some(Vec::new()),
        }
    }
}
