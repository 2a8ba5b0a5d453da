//! A stack: last in, first out.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step};
use super::queue::{TakeRet, mark_in};
use super::takes::{Claims, MARK_TAKES, Stay, can_be_taken, concurrent, seen_pending, stays};
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

impl<V> StackOp<V> {
    /// The value that the operation puts in.
    fn put(&self) -> Option<&V> {
        match self {
            StackOp::Push(value) => Some(value),
            StackOp::Pop => None,
        }
    }
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
#[derive(Clone, Debug)]
pub struct Stack<V> {
    /// What is known of the calls to be judged.
    claims: Option<Claims<V>>,
}

impl<V> Stack<V> {
    /// A stack with nothing on it.
    pub fn new() -> Stack<V> {
        Stack { claims: None }
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
        if let (Some(claims), None) = (&self.claims, ret) {
            let is_possible = match op {
                StackOp::Push(value) => claims.may_be_put(value),
                StackOp::Pop => state.last().is_none_or(|value| claims.may_be_taken(value)),
            };
            if !is_possible {
                return Step::Refused;
            }
        }
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

    fn seen_pending(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Vec<(usize, usize)> {
        seen_pending(calls, StackOp::put)
    }

    fn informed(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Self> {
        Some(Stack { claims: Some(Claims::of(calls, StackOp::put)) })
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
        let can_be_taken = |values: &[V]| {
            can_be_taken(
                values.iter(),
                others,
                |op| matches!(op, StackOp::Pop),
                self.claims.as_ref(),
            )
        };
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

    /// What is popped first was not below: it was pushed later, or popped before the other one was
    /// pushed. And what was pushed onto something leaves before it.
    fn precedences(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Vec<(usize, usize)> {
        let (stays, first_pending_ns) = stays(calls, StackOp::put);
        let puts: Vec<(usize, Stay)> = stays.iter().map(|&stay| (stay.put, stay)).collect();
        let takes: Vec<(usize, Stay)> =
            stays.iter().filter_map(|&stay| Some((stay.take?, stay))).collect();
        let is_before =
            |first: usize, second: usize| calls[first].until_ns < calls[second].invoked_ns;
        let is_first_out = |first: Stay, second: Stay| match (first.take, second.take) {
            (Some(first), Some(second)) => is_before(first, second),
            (Some(first), None) => calls[first].until_ns < first_pending_ns,
            (None, _) => false,
        };
        let mut precedences = Vec::new();
        concurrent(calls, &puts, &puts, |first, second| {
            if let Some(take) = first.take
                && is_first_out(first, second)
                && is_before(second.put, take)
            {
                precedences.push((second.put, first.put));
            }
        });
        concurrent(calls, &takes, &puts, |first, second| {
            if let Some(take) = first.take
                && is_first_out(first, second)
                && is_before(first.put, second.put)
            {
                precedences.push((take, second.put));
            }
        });
        concurrent(calls, &takes, &takes, |below, above| {
            if let (Some(take), Some(first)) = (below.take, above.take)
                && is_before(below.put, above.put)
                && is_before(above.put, take)
            {
                precedences.push((first, take));
            }
        });
        precedences
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
