//! What a checker must know of an object.

use std::fmt;
use std::hash::Hash;

use crate::hashing::hash_of;
use crate::linearizable::Decision;

/// What an operation does to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<S> {
    /// In this state it cannot have been answered so.
    Refused,
    /// It may have been, and leaves the state as it is.
    Same,
    /// It may have been, and this is the next state.
    Next(S),
}

impl<S: PartialEq> Step<S> {
    /// The step from `state` to `next`, which may be the same.
    pub fn to(next: S, state: &S) -> Step<S> {
        if next == *state { Step::Same } else { Step::Next(next) }
    }

    /// Leaves the state as it is, if the answer fits.
    pub fn same_if(fits: bool) -> Step<S> {
        if fits { Step::Same } else { Step::Refused }
    }
}

/// A completed or pending operation as the models see it.
#[derive(Debug)]
pub struct Call<'a, O, R> {
    /// What was asked.
    pub op: &'a O,
    /// What was answered; `None` while nobody knows.
    pub ret: Option<&'a R>,
    /// When it was asked.
    pub invoked_ns: u64,
    /// When it was answered; `u64::MAX` without an answer.
    pub until_ns: u64,
}

impl<O, R> Clone for Call<'_, O, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O, R> Copy for Call<'_, O, R> {}

/// Operations that may take place before an observation: see [`Model::can_reach`].
#[derive(Debug)]
pub struct Others<'a, O, R> {
    /// The marks of all of them.
    pub marks: u64,
    /// Those that may change a state, as often as there are of each; `None` if they are too many
    /// to be listed.
    pub calls: Option<&'a [(&'a O, Option<&'a R>)]>,
}

/// An object that clients use concurrently, as it behaves when they take turns.
///
/// `init`, `step` and `key` define it. The rest are hints: each has a default that is right for
/// every object, and costs time only.
pub trait Model {
    /// What a client may ask.
    type Op: Eq + Hash + fmt::Display;
    /// What it may be answered.
    type Ret: Eq + Hash + fmt::Display;
    /// The object between two operations; of one key, if operations have keys.
    type State: Clone + Eq + Hash + fmt::Debug;
    /// Names the independent part of the object that an operation is about.
    type Key: Clone + Eq + Hash + fmt::Debug;

    /// The state in which an object (or each part of it) begins.
    fn init(&self) -> Self::State;

    /// What `op`, answered with `ret`, does to `state`. Without an answer (`None`) it is applied
    /// whatever it would have answered, and refused only if it cannot be applied at all.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Step<Self::State>;

    /// The part of the object that `op` is about; `None` is "several, or all". A history whose
    /// every operation names its part is checked part by part, which is what makes long histories
    /// feasible: linearizability is local (Herlihy & Wing 1990, theorem 1).
    fn key(&self, op: &Self::Op) -> Option<Self::Key>;

    /// Whether `op`, answered with `ret`, leaves *every* state as it is. That it leaves one state
    /// as it is does not count: a write of the present value is no read.
    fn is_read_only(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        let _ = (op, ret);
        false
    }

    /// Marks, up to 64 of them, of what `op` may do to a state, for [`Model::can_reach`].
    fn marks(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> u64 {
        let _ = (op, ret);
        0
    }

    /// Whether [`Model::can_reach`] may say no for this operation.
    fn is_observation(&self, op: &Self::Op, ret: &Self::Ret) -> bool {
        let _ = (op, ret);
        false
    }

    /// Look-ahead: whether `op` may be answered with `ret` in `state`, or in one that some of the
    /// `others` may turn it into, in any order. Others are all that may take place before `op`.
    fn can_reach(
        &self,
        state: &Self::State,
        others: &Others<'_, Self::Op, Self::Ret>,
        op: &Self::Op,
        ret: &Self::Ret,
    ) -> bool {
        let _ = (state, others, op, ret);
        true
    }

    /// Decides in polynomial time whether the calls of one part are linearizable, if they are of
    /// a form that allows it; `None` leaves it to the search.
    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        let _ = calls;
        None
    }

    /// Which values (as hashes) the operation is about; `None` is "may be about any".
    ///
    /// Used to make the evidence of a violation small. The promise: if all operations about some
    /// set of values are taken out of a correct history, and no operation that stays is about any
    /// of them, then what stays is a correct history.
    fn values(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Vec<u64>> {
        let _ = (op, ret);
        None
    }
}

/// One of `count` marks for a value, from mark `first` on: different values may share one.
pub(crate) fn value_mark<V: Hash>(value: &V, first: u32, count: u32) -> u64 {
    1 << (first + u32::try_from(hash_of(value) % u64::from(count)).expect("below 64"))
}
