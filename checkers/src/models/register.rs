//! A register: read, write, compare-and-set.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step, value_mark};
use crate::hashing::hash_of;
use crate::linearizable::{Access, Decision, unique_register};

/// What a client may ask of a register of values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterOp<V> {
    /// Return the value.
    Read,
    /// Replace the value.
    Write(V),
    /// Replace the value by the second one if it is the first.
    CompareAndSet(V, V),
}

impl<V: fmt::Debug> fmt::Display for RegisterOp<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterOp::Read => formatter.write_str("read"),
            RegisterOp::Write(value) => write!(formatter, "write {value:?}"),
            RegisterOp::CompareAndSet(old, new) => {
                write!(formatter, "compare-and-set {old:?} to {new:?}")
            }
        }
    }
}

/// What a register may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterRet<V> {
    /// A read found this.
    Value(V),
    /// The write took place.
    Done,
    /// Whether compare-and-set found the old value, and so set the new one.
    Swapped(bool),
}

impl<V: fmt::Debug> fmt::Display for RegisterRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterRet::Value(value) => write!(formatter, "{value:?}"),
            RegisterRet::Done => formatter.write_str("done"),
            RegisterRet::Swapped(true) => formatter.write_str("swapped"),
            RegisterRet::Swapped(false) => formatter.write_str("not swapped"),
        }
    }
}

/// A register, with compare-and-set or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register<V> {
    initial: V,
}

impl<V> Register<V> {
    /// A register that nobody has written yet, and that reads as `initial`.
    pub fn new(initial: V) -> Register<V> {
        Register { initial }
    }

    /// What it reads as before anybody writes it.
    pub fn initial(&self) -> &V {
        &self.initial
    }
}

impl<V: Clone + Eq + Hash + fmt::Debug> Model for Register<V> {
    type Op = RegisterOp<V>;
    type Ret = RegisterRet<V>;
    type State = V;
    type Key = ();

    fn init(&self) -> V {
        self.initial.clone()
    }

    fn step(&self, state: &V, op: &RegisterOp<V>, ret: Option<&RegisterRet<V>>) -> Step<V> {
        match (op, ret) {
            (RegisterOp::Read, None) => Step::Same,
            (RegisterOp::Read, Some(RegisterRet::Value(value))) => Step::same_if(value == state),
            (RegisterOp::Write(value), None | Some(RegisterRet::Done)) => {
                Step::to(value.clone(), state)
            }
            (RegisterOp::CompareAndSet(old, new), None | Some(RegisterRet::Swapped(true)))
                if old == state =>
            {
                Step::to(new.clone(), state)
            }
            (RegisterOp::CompareAndSet(..), None) => Step::Same,
            (RegisterOp::CompareAndSet(old, _), Some(RegisterRet::Swapped(false))) => {
                Step::same_if(old != state)
            }
            (
                RegisterOp::Read | RegisterOp::Write(_) | RegisterOp::CompareAndSet(..),
                Some(RegisterRet::Value(_) | RegisterRet::Done | RegisterRet::Swapped(_)),
            ) => Step::Refused,
        }
    }

    fn key(&self, _op: &RegisterOp<V>) -> Option<()> {
        None
    }

    fn is_read_only(&self, op: &RegisterOp<V>, ret: Option<&RegisterRet<V>>) -> bool {
        match (op, ret) {
            (RegisterOp::Read, _) => true,
            (RegisterOp::Write(_), _) => false,
            (RegisterOp::CompareAndSet(old, new), ret) => {
                old == new || ret == Some(&RegisterRet::Swapped(false))
            }
        }
    }

    /// One mark for the value that the operation leaves.
    fn marks(&self, op: &RegisterOp<V>, ret: Option<&RegisterRet<V>>) -> u64 {
        match (op, ret) {
            (RegisterOp::Read, _)
            | (RegisterOp::CompareAndSet(..), Some(RegisterRet::Swapped(false))) => 0,
            (RegisterOp::Write(value) | RegisterOp::CompareAndSet(_, value), _) => {
                value_mark(value, 0, 64)
            }
        }
    }

    fn is_observation(&self, op: &RegisterOp<V>, ret: &RegisterRet<V>) -> bool {
        match (op, ret) {
            (RegisterOp::Read, RegisterRet::Value(_))
            | (RegisterOp::CompareAndSet(..), RegisterRet::Swapped(true)) => true,
            (RegisterOp::Read | RegisterOp::Write(_) | RegisterOp::CompareAndSet(..), _) => false,
        }
    }

    /// The value observed is there, or some operation leaves it.
    fn can_reach(
        &self,
        state: &V,
        others: &Others<'_, Self::Op, Self::Ret>,
        op: &RegisterOp<V>,
        ret: &RegisterRet<V>,
    ) -> bool {
        let seen = match (op, ret) {
            (RegisterOp::Read, RegisterRet::Value(value))
            | (RegisterOp::CompareAndSet(value, _), RegisterRet::Swapped(true)) => value,
            (RegisterOp::Read | RegisterOp::Write(_) | RegisterOp::CompareAndSet(..), _) => {
                return true;
            }
        };
        seen == state || others.marks & value_mark(seen, 0, 64) != 0
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        unique_register(&self.initial, calls, |call| match (call.op, call.ret) {
            (RegisterOp::Read, Some(RegisterRet::Value(value))) => Some(Access::Read(value)),
            (RegisterOp::Read, None) => Some(Access::Nothing),
            (RegisterOp::Write(value), None | Some(RegisterRet::Done)) => {
                Some(Access::Write(value))
            }
            (RegisterOp::Read | RegisterOp::Write(_) | RegisterOp::CompareAndSet(..), _) => None,
        })
    }

    /// Reads, writes and swaps of a set of values, and of no others, leave with those values. What
    /// was not swapped depends on a value that is not named.
    fn values(&self, op: &RegisterOp<V>, ret: Option<&RegisterRet<V>>) -> Option<Vec<u64>> {
        match (op, ret) {
            (RegisterOp::Read, Some(RegisterRet::Value(value))) | (RegisterOp::Write(value), _) => {
                Some(vec![hash_of(value)])
            }
            (RegisterOp::Read, _) => Some(Vec::new()),
            (RegisterOp::CompareAndSet(..), Some(RegisterRet::Swapped(false))) => None,
            (RegisterOp::CompareAndSet(old, new), _) => Some(vec![hash_of(old), hash_of(new)]),
        }
    }
}
