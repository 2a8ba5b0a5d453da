//! A set: add, remove, contains, read.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step, value_mark};
use crate::hashing::hash_of;
use crate::linearizable::{Decision, element_once, growing_set};

/// What a client may ask of a set of values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetOp<V> {
    /// Put the value in, if it is not there.
    Add(V),
    /// Take the value out, if it is there.
    Remove(V),
    /// Say whether the value is there.
    Contains(V),
    /// Return all values.
    Read,
}

impl<V: fmt::Debug> fmt::Display for SetOp<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetOp::Add(value) => write!(formatter, "add {value:?}"),
            SetOp::Remove(value) => write!(formatter, "remove {value:?}"),
            SetOp::Contains(value) => write!(formatter, "contains {value:?}"),
            SetOp::Read => formatter.write_str("read"),
        }
    }
}

/// What a set may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetRet<V> {
    /// The add or remove took place, whether or not it changed anything.
    Done,
    /// To `contains`: whether the value is there. To an add or remove: whether it changed
    /// anything.
    Answer(bool),
    /// A read found these, in any order.
    Members(Vec<V>),
}

impl<V: fmt::Debug> fmt::Display for SetRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetRet::Done => formatter.write_str("done"),
            SetRet::Answer(true) => formatter.write_str("yes"),
            SetRet::Answer(false) => formatter.write_str("no"),
            SetRet::Members(values) => write!(formatter, "{values:?}"),
        }
    }
}

/// A set. Where no operation reads all of it, each value is a part of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set<V> {
    values: PhantomData<fn(V)>,
}

impl<V> Set<V> {
    /// A set with nothing in it.
    pub fn new() -> Set<V> {
        Set { values: PhantomData }
    }
}

impl<V> Default for Set<V> {
    fn default() -> Set<V> {
        Set::new()
    }
}

/// The half of the marks for values that may be put in.
fn mark_in<V: Hash>(value: &V) -> u64 {
    value_mark(value, 0, 32)
}

/// The half of the marks for values that may be taken out.
fn mark_out<V: Hash>(value: &V) -> u64 {
    value_mark(value, 32, 32)
}

impl<V: Clone + Ord + Hash + fmt::Debug> Model for Set<V> {
    type Op = SetOp<V>;
    type Ret = SetRet<V>;
    type State = BTreeSet<V>;
    type Key = V;

    fn init(&self) -> BTreeSet<V> {
        BTreeSet::new()
    }

    fn step(
        &self,
        state: &BTreeSet<V>,
        op: &SetOp<V>,
        ret: Option<&SetRet<V>>,
    ) -> Step<BTreeSet<V>> {
        let changed = |changes: bool, change: &dyn Fn(&mut BTreeSet<V>)| match ret {
            Some(SetRet::Members(_)) => Step::Refused,
            Some(SetRet::Answer(answer)) if *answer != changes => Step::Refused,
            None | Some(SetRet::Done | SetRet::Answer(_)) if !changes => Step::Same,
            None | Some(SetRet::Done | SetRet::Answer(_)) => {
                let mut next = state.clone();
                change(&mut next);
                Step::Next(next)
            }
        };
        match (op, ret) {
            (SetOp::Add(value), _) => changed(!state.contains(value), &|next| {
                next.insert(value.clone());
            }),
            (SetOp::Remove(value), _) => changed(state.contains(value), &|next| {
                next.remove(value);
            }),
            (SetOp::Contains(_) | SetOp::Read, None) => Step::Same,
            (SetOp::Contains(value), Some(SetRet::Answer(answer))) => {
                Step::same_if(*answer == state.contains(value))
            }
            (SetOp::Read, Some(SetRet::Members(members))) => {
                Step::same_if(members.len() == state.len() && is_set_of(members, state))
            }
            (SetOp::Contains(_), Some(SetRet::Done | SetRet::Members(_)))
            | (SetOp::Read, Some(SetRet::Done | SetRet::Answer(_))) => Step::Refused,
        }
    }

    fn key(&self, op: &SetOp<V>) -> Option<V> {
        match op {
            SetOp::Add(value) | SetOp::Remove(value) | SetOp::Contains(value) => {
                Some(value.clone())
            }
            SetOp::Read => None,
        }
    }

    fn is_read_only(&self, op: &SetOp<V>, ret: Option<&SetRet<V>>) -> bool {
        match op {
            SetOp::Contains(_) | SetOp::Read => true,
            SetOp::Add(_) | SetOp::Remove(_) => ret == Some(&SetRet::Answer(false)),
        }
    }

    fn marks(&self, op: &SetOp<V>, ret: Option<&SetRet<V>>) -> u64 {
        match op {
            SetOp::Add(_) | SetOp::Remove(_) if ret == Some(&SetRet::Answer(false)) => 0,
            SetOp::Add(value) => mark_in(value),
            SetOp::Remove(value) => mark_out(value),
            SetOp::Contains(_) | SetOp::Read => 0,
        }
    }

    fn is_observation(&self, _op: &SetOp<V>, ret: &SetRet<V>) -> bool {
        match ret {
            SetRet::Answer(_) | SetRet::Members(_) => true,
            SetRet::Done => false,
        }
    }

    /// What is missing can be put in, and what is too much taken out.
    fn can_reach(
        &self,
        state: &BTreeSet<V>,
        others: &Others<'_, Self::Op, Self::Ret>,
        op: &SetOp<V>,
        ret: &SetRet<V>,
    ) -> bool {
        let can_be = |value: &V, wanted: bool| match (state.contains(value), wanted) {
            (true, false) => others.marks & mark_out(value) != 0,
            (false, true) => others.marks & mark_in(value) != 0,
            (true, true) | (false, false) => true,
        };
        match (op, ret) {
            (SetOp::Contains(value) | SetOp::Remove(value), SetRet::Answer(there)) => {
                can_be(value, *there)
            }
            (SetOp::Add(value), SetRet::Answer(added)) => can_be(value, !*added),
            (SetOp::Read, SetRet::Members(members)) => {
                let sorted: BTreeSet<&V> = members.iter().collect();
                members.iter().all(|value| can_be(value, true))
                    && state.iter().all(|value| can_be(value, sorted.contains(value)))
            }
            (SetOp::Add(_) | SetOp::Remove(_) | SetOp::Contains(_) | SetOp::Read, _) => true,
        }
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        match calls.iter().any(|call| matches!(call.op, SetOp::Read)) {
            true => growing_set(calls),
            false => element_once(calls),
        }
    }

    /// A read is about all values, everything else about its own.
    fn values(&self, op: &SetOp<V>, _ret: Option<&SetRet<V>>) -> Option<Vec<u64>> {
        match op {
            SetOp::Add(value) | SetOp::Remove(value) | SetOp::Contains(value) => {
                Some(vec![hash_of(value)])
            }
            SetOp::Read => None,
        }
    }
}

/// Whether `members`, of which there are as many as of `state`, are those of `state`: each once.
fn is_set_of<V: Ord>(members: &[V], state: &BTreeSet<V>) -> bool {
    let distinct: BTreeSet<&V> = members.iter().collect();
    distinct.len() == members.len() && members.iter().all(|value| state.contains(value))
}
