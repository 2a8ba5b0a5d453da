//! A lock with owners.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::model::{Call, Model, Others, Step, value_mark};
use crate::linearizable::{Decision, owned_lock};

/// What a client may ask of a lock. The number is the owner: usually the client's, through all of
/// its generations, for a lock that was acquired without an answer may be released by hand. Give
/// every operation the same owner to judge a lock that anybody may release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockOp {
    /// Take the lock for this owner.
    Acquire(u32),
    /// Give it back.
    Release(u32),
}

impl fmt::Display for LockOp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockOp::Acquire(owner) => write!(formatter, "acquire for {owner}"),
            LockOp::Release(owner) => write!(formatter, "release for {owner}"),
        }
    }
}

/// What a lock may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockRet {
    /// The owner has the lock, or has given it back.
    Done,
    /// Nothing happened: to an acquire, because the lock was held, by whomever; to a release,
    /// because this owner did not hold it.
    Refused,
}

impl fmt::Display for LockRet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LockRet::Done => "done",
            LockRet::Refused => "refused",
        })
    }
}

/// A lock; whoever holds it cannot take it again. A state is the owner, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock;

/// Set if an operation gives the lock back.
const MARK_RELEASES: u64 = 1;

/// The marks that are left are for the owners that may take the lock.
fn mark_of_owner(owner: u32) -> u64 {
    value_mark(&owner, 1, 63)
}

impl Model for Lock {
    type Op = LockOp;
    type Ret = LockRet;
    type State = Option<u32>;
    type Key = ();

    fn init(&self) -> Option<u32> {
        None
    }

    fn step(&self, state: &Option<u32>, op: &LockOp, ret: Option<&LockRet>) -> Step<Option<u32>> {
        let (possible, next) = match op {
            LockOp::Acquire(owner) => (state.is_none(), Some(*owner)),
            LockOp::Release(owner) => (*state == Some(*owner), None),
        };
        match (possible, ret) {
            (true, None | Some(LockRet::Done)) => Step::Next(next),
            (false, None | Some(LockRet::Refused)) => Step::Same,
            (true, Some(LockRet::Refused)) | (false, Some(LockRet::Done)) => Step::Refused,
        }
    }

    fn key(&self, _op: &LockOp) -> Option<()> {
        None
    }

    fn is_read_only(&self, _op: &LockOp, ret: Option<&LockRet>) -> bool {
        ret == Some(&LockRet::Refused)
    }

    fn marks(&self, op: &LockOp, ret: Option<&LockRet>) -> u64 {
        match op {
            LockOp::Acquire(_) | LockOp::Release(_) if ret == Some(&LockRet::Refused) => 0,
            LockOp::Acquire(owner) => mark_of_owner(*owner),
            LockOp::Release(_) => MARK_RELEASES,
        }
    }

    fn is_observation(&self, _op: &LockOp, ret: &LockRet) -> bool {
        *ret == LockRet::Done
    }

    /// What is held must be given back first, and what is given back must be taken.
    fn can_reach(
        &self,
        state: &Option<u32>,
        others: &Others<'_, Self::Op, Self::Ret>,
        op: &LockOp,
        ret: &LockRet,
    ) -> bool {
        match (op, ret) {
            (LockOp::Acquire(_), LockRet::Done) => {
                state.is_none() || others.marks & MARK_RELEASES != 0
            }
            (LockOp::Release(owner), LockRet::Done) => {
                *state == Some(*owner) || others.marks & mark_of_owner(*owner) != 0
            }
            (LockOp::Acquire(_) | LockOp::Release(_), LockRet::Refused) => true,
        }
    }

    fn decide(&self, calls: &[Call<'_, LockOp, LockRet>]) -> Option<Decision> {
        owned_lock(calls)
    }

    /// An owner's operations leave together; a refusal may be any owner's fault.
    fn values(&self, op: &LockOp, ret: Option<&LockRet>) -> Option<Vec<u64>> {
        match (op, ret) {
            (LockOp::Acquire(owner) | LockOp::Release(owner), None | Some(LockRet::Done)) => {
                Some(vec![u64::from(*owner)])
            }
            (LockOp::Acquire(_) | LockOp::Release(_), Some(LockRet::Refused)) => None,
        }
    }
}
