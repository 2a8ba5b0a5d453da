//! A lock whose owners do one thing at a time.

use std::collections::BTreeMap;

use super::{Decision, Interval};
use crate::models::{Call, LockOp, LockRet};

/// Decides a lock, if nothing was refused, and each owner's calls follow each other, a pending one
/// last.
///
/// An owner holds the lock at least from the end of its acquire to the invocation of its release,
/// and need not hold it longer. A pending acquire need not have taken place.
pub fn owned_lock(calls: &[Call<'_, LockOp, LockRet>]) -> Option<Decision> {
    let mut by_owner: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        if call.ret == Some(&LockRet::Refused) {
            return None;
        }
        let (LockOp::Acquire(owner) | LockOp::Release(owner)) = call.op;
        by_owner.entry(*owner).or_default().push(index);
    }
    let mut holds = Vec::new();
    for own in by_owner.values_mut() {
        own.sort_by_key(|&index| calls[index].invoked_ns);
        if own.windows(2).any(|pair| calls[pair[0]].until_ns >= calls[pair[1]].invoked_ns) {
            return None;
        }
        // Checked after all owners are known to be of the form.
        holds.push(own.as_slice());
    }
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    let mut sections = Vec::new();
    for own in holds {
        match sections_of(own, calls, &intervals) {
            Ok(more) => sections.extend(more),
            Err(decision) => return Some(decision),
        }
    }
    sections.sort_by_key(|section| (section.from_ns, section.to_ns));
    for pair in sections.windows(2) {
        if pair[1].from_ns < pair[0].to_ns {
            let calls: Vec<usize> = pair[0].calls().chain(pair[1].calls()).collect();
            let why = "two owners held the lock at the same time".to_owned();
            return Some(Decision::violated(calls, why));
        }
    }
    Some(Decision::Linearizable)
}

/// A time in which an owner held the lock for certain.
#[derive(Clone, Copy, Debug)]
struct Section {
    from_ns: u64,
    /// `u64::MAX` if it was never given back.
    to_ns: u64,
    acquire: usize,
    release: Option<usize>,
}

impl Section {
    fn calls(self) -> impl Iterator<Item = usize> {
        [self.acquire].into_iter().chain(self.release)
    }
}

fn sections_of(
    own: &[usize],
    calls: &[Call<'_, LockOp, LockRet>],
    intervals: &[Interval],
) -> Result<Vec<Section>, Decision> {
    let mut sections: Vec<Section> = Vec::new();
    let mut held: Option<usize> = None;
    for &index in own {
        match (calls[index].op, held) {
            (LockOp::Acquire(_), None) if calls[index].ret.is_some() => held = Some(index),
            (LockOp::Acquire(_), _) if calls[index].ret.is_none() => {}
            (LockOp::Release(_), Some(acquire)) => {
                let (from_ns, to_ns) = (intervals[acquire].until_ns, intervals[index].invoked_ns);
                sections.push(Section { from_ns, to_ns, acquire, release: Some(index) });
                held = None;
            }
            (LockOp::Acquire(_), Some(acquire)) => {
                let why = "an owner acquired the lock twice".to_owned();
                return Err(Decision::violated([acquire, index], why));
            }
            (LockOp::Release(_), None) if calls[index].ret.is_none() => {}
            (LockOp::Release(_) | LockOp::Acquire(_), None) => {
                let why = "an owner released a lock that it did not hold".to_owned();
                return Err(Decision::violated([index], why));
            }
        }
    }
    if let Some(acquire) = held {
        let from_ns = intervals[acquire].until_ns;
        sections.push(Section { from_ns, to_ns: u64::MAX, acquire, release: None });
    }
    Ok(sections)
}
