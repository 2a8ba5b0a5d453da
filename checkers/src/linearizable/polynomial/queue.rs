//! A queue whose every value is enqueued once.

use std::fmt;
use std::hash::Hash;

use super::{Decision, Interval};
use crate::linearizable::table::Interner;
use crate::models::{Call, QueueOp, TakeRet};

/// Decides a queue, if no value is enqueued twice and no dequeue is pending.
///
/// Such a history is wrong only if it has one of four patterns (Bouajjani, Emmi, Enea & Hamza,
/// ICALP 2015, section 5): a value is dequeued that was not enqueued before; a value is dequeued
/// twice; two values are enqueued one after the other and dequeued the other way round, or only
/// the second is; the queue is found empty while at each instant some value is in it.
pub fn unique_queue<V: Eq + Hash + fmt::Debug>(
    calls: &[Call<'_, QueueOp<V>, TakeRet<V>>],
) -> Option<Decision> {
    let mut values: Interner<&V> = Interner::default();
    let mut stays: Vec<Stay> = Vec::new();
    let mut empties = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        match (call.op, call.ret) {
            (QueueOp::Enqueue(value), None | Some(TakeRet::Done)) => {
                if values.intern(value) as usize != stays.len() {
                    return None;
                }
                stays.push(Stay { enqueue: index, dequeue: None });
            }
            (QueueOp::Dequeue, Some(TakeRet::Empty)) => empties.push(index),
            (QueueOp::Dequeue, Some(TakeRet::Value(_))) => {}
            (QueueOp::Dequeue, None | Some(TakeRet::Done)) | (QueueOp::Enqueue(_), _) => {
                return None;
            }
        }
    }
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    for (index, call) in calls.iter().enumerate() {
        let (QueueOp::Dequeue, Some(TakeRet::Value(value))) = (call.op, call.ret) else { continue };
        let Some(number) = values.find(&value) else {
            return Some(Decision::violated([index], format!("nobody ever enqueued {value:?}")));
        };
        let stay = &mut stays[number as usize];
        if let Some(first) = stay.dequeue.replace(index) {
            let why = format!("{value:?} was dequeued twice");
            return Some(Decision::violated([stay.enqueue, first, index], why));
        }
        if intervals[index].until_ns < intervals[stay.enqueue].invoked_ns {
            let why = format!("{value:?} was dequeued before it was enqueued");
            return Some(Decision::violated([index, stay.enqueue], why));
        }
    }
    stays.retain(|stay| stay.dequeue.is_some() || calls[stay.enqueue].ret.is_some());
    let violation =
        out_of_order(&stays, &intervals).or_else(|| never_empty(stays, empties, &intervals));
    Some(violation.unwrap_or(Decision::Linearizable))
}

/// A value's time in the queue, by the calls that put it in and took it out.
#[derive(Clone, Copy, Debug)]
struct Stay {
    enqueue: usize,
    dequeue: Option<usize>,
}

impl Stay {
    /// When the value had been put in for certain.
    fn in_by_ns(self, intervals: &[Interval]) -> u64 {
        intervals[self.enqueue].until_ns
    }

    /// Until when it had not been taken out for certain; `u64::MAX` if it never was.
    fn out_from_ns(self, intervals: &[Interval]) -> u64 {
        self.dequeue.map_or(u64::MAX, |dequeue| intervals[dequeue].invoked_ns)
    }

    fn calls(self) -> impl Iterator<Item = usize> {
        [self.enqueue].into_iter().chain(self.dequeue)
    }
}

/// Looks for two values that were enqueued in one order and dequeued in the other.
fn out_of_order(stays: &[Stay], intervals: &[Interval]) -> Option<Decision> {
    let mut by_end = stays.to_vec();
    by_end.sort_by_key(|stay| stay.in_by_ns(intervals));
    let mut by_begin = stays.to_vec();
    by_begin.sort_by_key(|stay| intervals[stay.enqueue].invoked_ns);
    let mut ended = by_end.into_iter().peekable();
    // Of the values that were in before, the one that stays longest.
    let mut longest: Option<Stay> = None;
    for stay in by_begin {
        let begin_ns = intervals[stay.enqueue].invoked_ns;
        while let Some(before) = ended.next_if(|before| before.in_by_ns(intervals) < begin_ns) {
            let out_from_ns = longest.map(|longest| longest.out_from_ns(intervals));
            if out_from_ns.is_none_or(|out_ns| out_ns < before.out_from_ns(intervals)) {
                longest = Some(before);
            }
        }
        let (Some(before), Some(dequeue)) = (longest, stay.dequeue) else { continue };
        let is_never_out = before.dequeue.is_none();
        if is_never_out || intervals[dequeue].until_ns < before.out_from_ns(intervals) {
            let why = "two values left in another order than they came";
            let calls: Vec<usize> = before.calls().chain(stay.calls()).collect();
            return Some(Decision::violated(calls, why.to_owned()));
        }
    }
    None
}

/// Looks for a queue that was found empty while there was always something in it.
fn never_empty(
    mut stays: Vec<Stay>,
    empties: Vec<usize>,
    intervals: &[Interval],
) -> Option<Decision> {
    stays.retain(|stay| stay.in_by_ns(intervals) < stay.out_from_ns(intervals));
    stays.sort_by_key(|stay| stay.in_by_ns(intervals));
    // Times in which the queue was not empty, with the range of the values that prove it. One
    // ends where the next value is in for certain only after the last is perhaps out.
    let mut filled: Vec<(u64, u64, std::ops::Range<usize>)> = Vec::new();
    for (index, stay) in stays.iter().enumerate() {
        let (from_ns, to_ns) = (stay.in_by_ns(intervals), stay.out_from_ns(intervals));
        match filled.last_mut().filter(|last| from_ns < last.1) {
            Some(last) => {
                last.1 = last.1.max(to_ns);
                last.2.end = index + 1;
            }
            None => filled.push((from_ns, to_ns, index..index + 1)),
        }
    }
    for empty in empties {
        let Interval { invoked_ns, until_ns } = intervals[empty];
        let after = filled.partition_point(|time| time.0 < invoked_ns);
        let Some((_, to_ns, proof)) = after.checked_sub(1).map(|before| &filled[before]) else {
            continue;
        };
        // A value that is never taken out stays beyond the end of time.
        let stays_on = stays[proof.clone()].iter().any(|stay| stay.dequeue.is_none());
        if until_ns < *to_ns || (stays_on && *to_ns == u64::MAX) {
            let within = |stay: &&Stay| {
                stay.in_by_ns(intervals) <= until_ns && invoked_ns <= stay.out_from_ns(intervals)
            };
            let proof = stays[proof.clone()].iter().filter(within).flat_map(|stay| stay.calls());
            let why = "the queue was found empty while some value was always in it".to_owned();
            return Some(Decision::violated(proof.chain([empty]).collect::<Vec<_>>(), why));
        }
    }
    None
}
