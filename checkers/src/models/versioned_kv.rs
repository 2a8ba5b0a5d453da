//! A key/value store with versions, as in lab 2 of MIT 6.5840 (2025).
//!
//! A key that is not there can be put with expected version 0, and is then of version 1; each
//! further put must expect the present version, and adds one. A client that repeats a put because
//! an answer was lost, and is then told that the version differs, cannot know whether its first
//! attempt was the one that changed it: it reports `maybe`.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::model::{Model, Others, Step};

/// What a client may ask of a store of keys `K` and values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionedKvOp<K, V> {
    /// Return the key's value and version.
    Get(K),
    /// Replace the key's value if its version is this.
    Put(K, V, u64),
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Display for VersionedKvOp<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionedKvOp::Get(key) => write!(formatter, "get {key:?}"),
            VersionedKvOp::Put(key, value, version) => {
                write!(formatter, "put {key:?} {value:?} at version {version}")
            }
        }
    }
}

/// What a versioned store may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionedKvRet<V> {
    /// A get found this value, of this version.
    Value(V, u64),
    /// The put took place.
    Done,
    /// The put found another version, and did not take place.
    VersionMismatch,
    /// The put took place, or found another version.
    Maybe,
    /// The key is not there; a put that expects a version other than 0 did not take place.
    NoKey,
}

impl<V: fmt::Debug> fmt::Display for VersionedKvRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionedKvRet::Value(value, version) => {
                write!(formatter, "{value:?} of version {version}")
            }
            VersionedKvRet::Done => formatter.write_str("done"),
            VersionedKvRet::VersionMismatch => formatter.write_str("version mismatch"),
            VersionedKvRet::Maybe => formatter.write_str("maybe"),
            VersionedKvRet::NoKey => formatter.write_str("no such key"),
        }
    }
}

/// A key/value store with versions. A state is the value and version of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedKv<K, V> {
    keys: PhantomData<fn(K, V)>,
}

impl<K, V> VersionedKv<K, V> {
    /// An empty store.
    pub fn new() -> VersionedKv<K, V> {
        VersionedKv { keys: PhantomData }
    }
}

impl<K, V> Default for VersionedKv<K, V> {
    fn default() -> VersionedKv<K, V> {
        VersionedKv::new()
    }
}

/// Set if an operation may change the version.
const MARK_PUTS: u64 = 1;

fn version_of<V>(state: &Option<(V, u64)>) -> u64 {
    state.as_ref().map_or(0, |(_, version)| *version)
}

impl<K, V> Model for VersionedKv<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug,
    V: Clone + Eq + Hash + fmt::Debug,
{
    type Op = VersionedKvOp<K, V>;
    type Ret = VersionedKvRet<V>;
    type State = Option<(V, u64)>;
    type Key = K;

    fn init(&self) -> Self::State {
        None
    }

    fn step(
        &self,
        state: &Self::State,
        op: &VersionedKvOp<K, V>,
        ret: Option<&VersionedKvRet<V>>,
    ) -> Step<Self::State> {
        use VersionedKvRet::{Done, Maybe, NoKey, Value, VersionMismatch};
        match op {
            VersionedKvOp::Get(_) => match ret {
                None => Step::Same,
                Some(NoKey) => Step::same_if(state.is_none()),
                Some(Value(value, version)) => Step::same_if(
                    state.as_ref().is_some_and(|(held, at)| held == value && at == version),
                ),
                Some(Done | VersionMismatch | Maybe) => Step::Refused,
            },
            VersionedKvOp::Put(_, value, expected) => {
                let matches = version_of(state) == *expected;
                match (ret, matches) {
                    (None | Some(Done | Maybe), true) => {
                        let version = expected.checked_add(1).expect("versions fit 64 bits");
                        Step::Next(Some((value.clone(), version)))
                    }
                    (None | Some(Maybe), false) => Step::Same,
                    (Some(VersionMismatch), matches) => Step::same_if(!matches && state.is_some()),
                    (Some(NoKey), matches) => Step::same_if(!matches && state.is_none()),
                    (Some(Done), false) | (Some(Value(..)), _) => Step::Refused,
                }
            }
        }
    }

    fn key(&self, op: &VersionedKvOp<K, V>) -> Option<K> {
        match op {
            VersionedKvOp::Get(key) | VersionedKvOp::Put(key, _, _) => Some(key.clone()),
        }
    }

    fn is_read_only(&self, op: &VersionedKvOp<K, V>, ret: Option<&VersionedKvRet<V>>) -> bool {
        match op {
            VersionedKvOp::Get(_) => true,
            VersionedKvOp::Put(..) => {
                matches!(ret, Some(VersionedKvRet::VersionMismatch | VersionedKvRet::NoKey))
            }
        }
    }

    fn marks(&self, op: &VersionedKvOp<K, V>, ret: Option<&VersionedKvRet<V>>) -> u64 {
        if self.is_read_only(op, ret) { 0 } else { MARK_PUTS }
    }

    fn is_observation(&self, op: &VersionedKvOp<K, V>, ret: &VersionedKvRet<V>) -> bool {
        match op {
            VersionedKvOp::Get(_) => true,
            VersionedKvOp::Put(..) => {
                matches!(ret, VersionedKvRet::Done | VersionedKvRet::NoKey)
            }
        }
    }

    /// Versions only grow, by puts, and a key that is there stays.
    fn can_reach(
        &self,
        state: &Self::State,
        others: &Others<'_, Self::Op, Self::Ret>,
        op: &VersionedKvOp<K, V>,
        ret: &VersionedKvRet<V>,
    ) -> bool {
        let puts = others.marks & MARK_PUTS != 0;
        match (op, ret) {
            (VersionedKvOp::Get(_), VersionedKvRet::Value(value, version)) => {
                (puts && version_of(state) < *version)
                    || state.as_ref().is_some_and(|(held, at)| held == value && at == version)
            }
            (VersionedKvOp::Get(_) | VersionedKvOp::Put(..), VersionedKvRet::NoKey) => {
                state.is_none()
            }
            (VersionedKvOp::Put(_, _, expected), VersionedKvRet::Done) => {
                version_of(state) == *expected || (puts && version_of(state) < *expected)
            }
            (VersionedKvOp::Get(_) | VersionedKvOp::Put(..), _) => true,
        }
    }
}
