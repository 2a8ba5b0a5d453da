//! Many objects of one model, each by its key.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step};
use crate::linearizable::Decision;

/// An operation on the object of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyedOp<K, O> {
    /// Which object.
    pub key: K,
    /// What is asked of it.
    pub op: O,
}

impl<K: fmt::Debug, O: fmt::Display> fmt::Display for KeyedOp<K, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.key, self.op)
    }
}

/// Many objects of one model. Each key is a part of its own, whatever the parts of the model are;
/// a state is that of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed<K, M> {
    model: M,
    keys: PhantomData<fn(K)>,
}

impl<K, M> Keyed<K, M> {
    /// As many objects as there are keys, each of this model.
    pub fn new(model: M) -> Keyed<K, M> {
        Keyed { model, keys: PhantomData }
    }

    /// The model of each object.
    pub fn model(&self) -> &M {
        &self.model
    }
}

impl<K: Clone + Eq + Hash + fmt::Debug, M: Model> Model for Keyed<K, M> {
    type Op = KeyedOp<K, M::Op>;
    type Ret = M::Ret;
    type State = M::State;
    type Key = K;

    fn init(&self) -> M::State {
        self.model.init()
    }

    fn step(&self, state: &M::State, op: &Self::Op, ret: Option<&M::Ret>) -> Step<M::State> {
        self.model.step(state, &op.op, ret)
    }

    fn key(&self, op: &Self::Op) -> Option<K> {
        Some(op.key.clone())
    }

    fn is_read_only(&self, op: &Self::Op, ret: Option<&M::Ret>) -> bool {
        self.model.is_read_only(&op.op, ret)
    }

    fn marks(&self, op: &Self::Op, ret: Option<&M::Ret>) -> u64 {
        self.model.marks(&op.op, ret)
    }

    fn is_observation(&self, op: &Self::Op, ret: &M::Ret) -> bool {
        self.model.is_observation(&op.op, ret)
    }

    fn can_reach(
        &self,
        state: &M::State,
        others: &Others<'_, Self::Op, M::Ret>,
        op: &Self::Op,
        ret: &M::Ret,
    ) -> bool {
        let calls: Option<Vec<_>> =
            others.calls.map(|calls| calls.iter().map(|&(op, ret)| (&op.op, ret)).collect());
        let others = Others { marks: others.marks, calls: calls.as_deref() };
        self.model.can_reach(state, &others, &op.op, ret)
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, M::Ret>]) -> Option<Decision> {
        self.model.decide(&without_keys::<K, M>(calls))
    }

    fn informed(&self, calls: &[Call<'_, Self::Op, M::Ret>]) -> Option<Self> {
        self.model.informed(&without_keys::<K, M>(calls)).map(Keyed::new)
    }

    fn seen_pending(&self, calls: &[Call<'_, Self::Op, M::Ret>]) -> Vec<(usize, usize)> {
        self.model.seen_pending(&without_keys::<K, M>(calls))
    }

    fn precedences(&self, calls: &[Call<'_, Self::Op, M::Ret>]) -> Vec<(usize, usize)> {
        self.model.precedences(&without_keys::<K, M>(calls))
    }

    fn values(&self, op: &Self::Op, ret: Option<&M::Ret>) -> Option<Vec<u64>> {
        self.model.values(&op.op, ret)
    }
}

/// A call about one of many objects.
type KeyedCall<'a, K, M> = Call<'a, KeyedOp<K, <M as Model>::Op>, <M as Model>::Ret>;

/// The calls of one key, as the model of one object sees them.
fn without_keys<'a, K, M: Model>(calls: &[KeyedCall<'a, K, M>]) -> Vec<Call<'a, M::Op, M::Ret>> {
    calls
        .iter()
        .map(|&Call { op, ret, invoked_ns, until_ns }| Call {
            op: &op.op,
            ret,
            invoked_ns,
            until_ns,
        })
        .collect()
}
