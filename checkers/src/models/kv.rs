//! A key/value store: get, put, append, delete, compare-and-set.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::append::{Append, can_be_completed};
use super::model::{Call, Model, Others, Step, value_mark};
use crate::hashing::hash_of;
use crate::linearizable::{Access, Decision, unique_appends, unique_register};

/// What a client may ask of a store of keys `K` and values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KvOp<K, V> {
    /// Return the key's value, or the missing value.
    Get(K),
    /// Replace the key's value.
    Put(K, V),
    /// Append to the key's value: see [`Append`].
    Append(K, V),
    /// Make the key missing.
    Delete(K),
    /// Replace the key's value by the second one if it is the first.
    CompareAndSet(K, V, V),
}

impl<K, V> KvOp<K, V> {
    /// The key that the operation is about.
    pub fn key(&self) -> &K {
        match self {
            KvOp::Get(key)
            | KvOp::Put(key, _)
            | KvOp::Append(key, _)
            | KvOp::Delete(key)
            | KvOp::CompareAndSet(key, _, _) => key,
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Display for KvOp<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KvOp::Get(key) => write!(formatter, "get {key:?}"),
            KvOp::Put(key, value) => write!(formatter, "put {key:?} {value:?}"),
            KvOp::Append(key, value) => write!(formatter, "append {key:?} {value:?}"),
            KvOp::Delete(key) => write!(formatter, "delete {key:?}"),
            KvOp::CompareAndSet(key, old, new) => {
                write!(formatter, "compare-and-set {key:?} {old:?} to {new:?}")
            }
        }
    }
}

/// What a store may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KvRet<V> {
    /// A get found this. To a put, append or delete: the value until then.
    Value(V),
    /// The put, append or delete took place.
    Done,
    /// Whether compare-and-set found the old value, and so set the new one.
    Swapped(bool),
}

impl<V: fmt::Debug> fmt::Display for KvRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KvRet::Value(value) => write!(formatter, "{value:?}"),
            KvRet::Done => formatter.write_str("done"),
            KvRet::Swapped(true) => formatter.write_str("swapped"),
            KvRet::Swapped(false) => formatter.write_str("not swapped"),
        }
    }
}

/// A key/value store. Each key is a part of its own, so a state is the value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kv<K, V> {
    missing: V,
    keys: PhantomData<fn(K)>,
}

impl<K, V> Kv<K, V> {
    /// An empty store: a get of a key that is not there is answered with `missing`.
    pub fn new(missing: V) -> Kv<K, V> {
        Kv { missing, keys: PhantomData }
    }

    /// What a key that is not there reads as.
    pub fn missing(&self) -> &V {
        &self.missing
    }
}

/// Set if an operation appends.
const MARK_APPENDS: u64 = 1;
/// Set if an operation replaces the value.
const MARK_REPLACES: u64 = 2;

/// The marks that are left are for the values that operations leave.
fn mark_of_value<V: Hash>(value: &V) -> u64 {
    value_mark(value, 2, 62)
}

impl<K, V: Append + Clone + Eq> Kv<K, V> {
    /// What `op` makes of `state`, whatever it is answered; `None` if it cannot be applied.
    fn effect(&self, state: &V, op: &KvOp<K, V>) -> Option<V> {
        match op {
            KvOp::Get(_) => Some(state.clone()),
            KvOp::Put(_, value) => Some(value.clone()),
            KvOp::Append(_, suffix) => state.appended(suffix),
            KvOp::Delete(_) => Some(self.missing.clone()),
            KvOp::CompareAndSet(_, old, new) => {
                Some(if old == state { new } else { state }.clone())
            }
        }
    }
}

impl<K, V> Model for Kv<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug,
    V: Append + Clone + Eq + Hash + fmt::Debug,
{
    type Op = KvOp<K, V>;
    type Ret = KvRet<V>;
    type State = V;
    type Key = K;

    fn init(&self) -> V {
        self.missing.clone()
    }

    fn step(&self, state: &V, op: &KvOp<K, V>, ret: Option<&KvRet<V>>) -> Step<V> {
        let fits = match (op, ret) {
            (_, None) => true,
            (KvOp::Get(_), Some(KvRet::Value(value))) => return Step::same_if(value == state),
            (KvOp::CompareAndSet(_, old, _), Some(KvRet::Swapped(swapped))) => {
                *swapped == (old == state)
            }
            (KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_), Some(KvRet::Done)) => true,
            (KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_), Some(KvRet::Value(value))) => {
                value == state
            }
            (
                KvOp::Get(_)
                | KvOp::Put(..)
                | KvOp::Append(..)
                | KvOp::Delete(_)
                | KvOp::CompareAndSet(..),
                Some(KvRet::Value(_) | KvRet::Done | KvRet::Swapped(_)),
            ) => false,
        };
        match (fits, op) {
            (false, _) => Step::Refused,
            (true, KvOp::Get(_)) => Step::Same,
            (true, _) => self.effect(state, op).map_or(Step::Refused, |next| Step::to(next, state)),
        }
    }

    fn key(&self, op: &KvOp<K, V>) -> Option<K> {
        Some(op.key().clone())
    }

    fn is_read_only(&self, op: &KvOp<K, V>, ret: Option<&KvRet<V>>) -> bool {
        match op {
            KvOp::Get(_) => true,
            KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_) => false,
            KvOp::CompareAndSet(_, old, new) => old == new || ret == Some(&KvRet::Swapped(false)),
        }
    }

    fn marks(&self, op: &KvOp<K, V>, ret: Option<&KvRet<V>>) -> u64 {
        match op {
            KvOp::Get(_) => 0,
            KvOp::Put(_, value) => MARK_REPLACES | mark_of_value(value),
            KvOp::Append(..) => MARK_APPENDS,
            KvOp::Delete(_) => MARK_REPLACES | mark_of_value(&self.missing),
            KvOp::CompareAndSet(..) if ret == Some(&KvRet::Swapped(false)) => 0,
            KvOp::CompareAndSet(_, _, new) => MARK_REPLACES | mark_of_value(new),
        }
    }

    fn is_observation(&self, op: &KvOp<K, V>, ret: &KvRet<V>) -> bool {
        self.seen(op, ret).is_some()
    }

    /// The value observed is there; or some operation leaves it; or, with appends, some operation
    /// leads to it: appends to what it begins with, or leaves what it begins with.
    fn can_reach(
        &self,
        state: &V,
        others: &Others<'_, KvOp<K, V>, KvRet<V>>,
        op: &KvOp<K, V>,
        ret: &KvRet<V>,
    ) -> bool {
        let Some(seen) = self.seen(op, ret) else { return true };
        if seen == state {
            return true;
        }
        let appends = others.marks & MARK_APPENDS != 0;
        let replaces = others.marks & MARK_REPLACES != 0;
        if !appends {
            return replaces && others.marks & mark_of_value(seen) != 0;
        }
        let Some(calls) = others.calls else {
            return replaces || state.is_prefix_of(seen);
        };
        let pieces: Vec<&V> = calls
            .iter()
            .filter_map(|(op, _)| match op {
                KvOp::Append(_, suffix) => Some(suffix),
                KvOp::Get(_) | KvOp::Put(..) | KvOp::Delete(_) | KvOp::CompareAndSet(..) => None,
            })
            .collect();
        let leads_there =
            |value: &V| value.is_prefix_of(seen) && can_be_completed(seen, value.length(), &pieces);
        leads_there(state)
            || calls.iter().any(|(op, ret)| match op {
                KvOp::Put(_, value) => leads_there(value),
                KvOp::Delete(_) => leads_there(&self.missing),
                KvOp::CompareAndSet(_, _, new) => {
                    *ret != Some(&KvRet::Swapped(false)) && leads_there(new)
                }
                KvOp::Get(_) | KvOp::Append(..) => false,
            })
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        match calls.iter().any(|call| matches!(call.op, KvOp::Append(..))) {
            true => unique_appends(&self.missing, calls, access),
            false => unique_register(&self.missing, calls, access),
        }
    }

    /// As for registers; what an append leaves depends on any value.
    fn values(&self, op: &KvOp<K, V>, ret: Option<&KvRet<V>>) -> Option<Vec<u64>> {
        match (op, ret) {
            (KvOp::Get(_), Some(KvRet::Value(value))) => Some(vec![hash_of(value)]),
            (KvOp::Get(_), _) => Some(Vec::new()),
            (KvOp::Put(_, value), None | Some(KvRet::Done)) => Some(vec![hash_of(value)]),
            (KvOp::Delete(_), None | Some(KvRet::Done)) => Some(vec![hash_of(&self.missing)]),
            (KvOp::CompareAndSet(..), Some(KvRet::Swapped(false))) => None,
            (KvOp::CompareAndSet(_, old, new), _) => Some(vec![hash_of(old), hash_of(new)]),
            (KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_), _) => None,
        }
    }
}

impl<K, V> Kv<K, V> {
    /// The value that was there when the operation took place, if the answer tells.
    fn seen<'a>(&self, op: &'a KvOp<K, V>, ret: &'a KvRet<V>) -> Option<&'a V> {
        match (op, ret) {
            (
                KvOp::Get(_) | KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_),
                KvRet::Value(value),
            )
            | (KvOp::CompareAndSet(_, value, _), KvRet::Swapped(true)) => Some(value),
            (
                KvOp::Get(_)
                | KvOp::Put(..)
                | KvOp::Append(..)
                | KvOp::Delete(_)
                | KvOp::CompareAndSet(..),
                KvRet::Value(_) | KvRet::Done | KvRet::Swapped(_),
            ) => None,
        }
    }
}

/// What a call does to its key's value, if it is of the kinds that need no search.
fn access<'a, K, V>(call: &Call<'a, KvOp<K, V>, KvRet<V>>) -> Option<Access<'a, V>> {
    match (call.op, call.ret) {
        (KvOp::Get(_), Some(KvRet::Value(value))) => Some(Access::Read(value)),
        (KvOp::Get(_), None) => Some(Access::Nothing),
        (KvOp::Put(_, value), None | Some(KvRet::Done)) => Some(Access::Write(value)),
        (KvOp::Append(_, value), None | Some(KvRet::Done)) => Some(Access::Append(value)),
        (
            KvOp::Get(_)
            | KvOp::Put(..)
            | KvOp::Append(..)
            | KvOp::Delete(_)
            | KvOp::CompareAndSet(..),
            _,
        ) => None,
    }
}
