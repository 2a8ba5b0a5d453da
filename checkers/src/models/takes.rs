//! What queues and stacks have in common: values that are put in and taken out.

use std::hash::Hash;

use super::model::{Call, Others};
use super::queue::TakeRet;
use crate::linearizable::Interner;

/// Set if an operation takes something out. The other marks are for values that are put in.
pub(super) const MARK_TAKES: u64 = 1;

/// What the answers say about pending operations.
#[derive(Clone, Debug)]
pub(super) struct Claims<V> {
    /// Values that are taken, by completed operations, as often as they are put in: no pending
    /// operation can have taken one.
    exhausted: Interner<V>,
    /// Values that completed operations take: a pending one that puts in another need not have
    /// taken place, for nobody has seen it.
    taken: Interner<V>,
}

impl<V: Clone + Eq + Hash> Claims<V> {
    /// Counts what is put in and taken out. `put` says what an operation puts in.
    pub fn of<O>(calls: &[Call<'_, O, TakeRet<V>>], put: impl Fn(&O) -> Option<&V>) -> Claims<V> {
        let mut values: Interner<&V> = Interner::default();
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for call in calls {
            let (value, is_put) = match (put(call.op), call.ret) {
                (Some(value), _) => (value, true),
                (None, Some(TakeRet::Value(value))) => (value, false),
                (None, Some(TakeRet::Empty | TakeRet::Done) | None) => continue,
            };
            let number = values.intern(value) as usize;
            counts.resize(values.len(), (0, 0));
            match is_put {
                true => counts[number].0 += 1,
                false => counts[number].1 += 1,
            }
        }
        let mut claims = Claims { exhausted: Interner::default(), taken: Interner::default() };
        for (value, (puts, takes)) in values.into_values().into_iter().zip(counts) {
            if takes > 0 {
                claims.taken.intern(value.clone());
            }
            if takes >= puts {
                claims.exhausted.intern(value.clone());
            }
        }
        claims
    }

    /// Whether a pending operation may have taken this value.
    pub fn may_be_taken(&self, value: &V) -> bool {
        self.exhausted.find(value).is_none()
    }

    /// Whether it matters that a pending operation has put this value in.
    pub fn may_be_put(&self, value: &V) -> bool {
        self.taken.find(value).is_some()
    }
}

/// Whether others may take out all of `values`: each must be the answer of one of them, or one
/// must have had no answer.
pub(super) fn can_be_taken<'v, V: Clone + Eq + Hash + 'v, O>(
    mut values: impl Iterator<Item = &'v V>,
    others: &Others<'_, O, TakeRet<V>>,
    takes: impl Fn(&O) -> bool,
    claims: Option<&Claims<V>>,
) -> bool {
    let Some(calls) = others.calls else {
        return others.marks & MARK_TAKES != 0 || values.next().is_none();
    };
    let mut unknown = 0;
    let mut answers = Vec::new();
    for (_, ret) in calls.iter().filter(|(op, _)| takes(op)) {
        match ret {
            Some(TakeRet::Value(value)) => answers.push(value),
            Some(TakeRet::Empty | TakeRet::Done) => {}
            None => unknown += 1,
        }
    }
    values.all(|value| {
        if let Some(answer) = answers.iter().position(|answer| *answer == value) {
            answers.swap_remove(answer);
            return true;
        }
        let is_free = claims.is_none_or(|claims| claims.may_be_taken(value)) && unknown > 0;
        unknown -= usize::from(is_free);
        is_free
    })
}

/// A value that is put in once, and the calls that do so and that take it out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub put: usize,
    pub take: Option<usize>,
}

/// A value's calls: how often it is put in, how often it is taken, and the last calls of each.
type Found = (usize, usize, Stay);

fn found<V: Eq + Hash, O>(
    calls: &[Call<'_, O, TakeRet<V>>],
    put: impl Fn(&O) -> Option<&V>,
) -> (Vec<Found>, u64) {
    let mut values: Interner<&V> = Interner::default();
    let mut found: Vec<Found> = Vec::new();
    let mut first_pending_ns = u64::MAX;
    for (index, call) in calls.iter().enumerate() {
        let (value, is_put) = match (put(call.op), call.ret) {
            (Some(value), _) => (value, true),
            (None, Some(TakeRet::Value(value))) => (value, false),
            (None, Some(TakeRet::Empty | TakeRet::Done)) => continue,
            (None, None) => {
                first_pending_ns = first_pending_ns.min(call.invoked_ns);
                continue;
            }
        };
        let number = values.intern(value) as usize;
        if number == found.len() {
            found.push((0, 0, Stay { put: index, take: None }));
        }
        let (puts, takes, stay) = &mut found[number];
        match is_put {
            true => (*puts, stay.put) = (*puts + 1, index),
            false => (*takes, stay.take) = (*takes + 1, Some(index)),
        }
    }
    (found, first_pending_ns)
}

/// Values that are put in once, by calls with ends, and taken at most once by completed calls; and
/// the invocation of the first pending call that may take anything. `put` says what an operation
/// puts in.
pub(super) fn stays<V: Eq + Hash, O>(
    calls: &[Call<'_, O, TakeRet<V>>],
    put: impl Fn(&O) -> Option<&V>,
) -> (Vec<Stay>, u64) {
    let (found, first_pending_ns) = found(calls, put);
    let once = found.into_iter().filter(|(puts, takes, stay)| {
        *puts == 1 && *takes <= 1 && calls[stay.put].until_ns != u64::MAX
    });
    (once.map(|(_, _, stay)| stay).collect(), first_pending_ns)
}

/// Pending calls that put in a value that no other does, with the completed calls that took it.
pub(super) fn seen_pending<V: Eq + Hash, O>(
    calls: &[Call<'_, O, TakeRet<V>>],
    put: impl Fn(&O) -> Option<&V>,
) -> Vec<(usize, usize)> {
    let seen = found(calls, put).0.into_iter().filter_map(|(puts, _, stay)| {
        let is_pending = puts == 1 && calls[stay.put].ret.is_none();
        stay.take.filter(|_| is_pending).map(|take| (stay.put, take))
    });
    seen.collect()
}

/// How many concurrent calls each call is compared with, so that the work stays linear.
const MOST_NEIGHBOURS: usize = 64;

/// Pairs of concurrent calls out of two lists, each in both lists' order; both orders if the
/// lists are the same.
pub(super) fn concurrent<O, R>(
    calls: &[Call<'_, O, R>],
    first: &[(usize, Stay)],
    second: &[(usize, Stay)],
    mut each: impl FnMut(Stay, Stay),
) {
    let mut events: Vec<(u64, bool, usize, Stay)> = Vec::new();
    for (is_second, list) in [(false, first), (true, second)] {
        events.extend(
            list.iter().map(|&(call, stay)| (calls[call].invoked_ns, is_second, call, stay)),
        );
    }
    events.sort_by_key(|&(invoked_ns, is_second, call, _)| (invoked_ns, is_second, call));
    let mut open: [Vec<(u64, Stay)>; 2] = [Vec::new(), Vec::new()];
    for (invoked_ns, is_second, call, stay) in events {
        for list in &mut open {
            list.retain(|(until_ns, _)| *until_ns >= invoked_ns);
        }
        for &(_, other) in open[usize::from(!is_second)].iter().rev().take(MOST_NEIGHBOURS) {
            match is_second {
                true => each(other, stay),
                false => each(stay, other),
            }
        }
        open[usize::from(is_second)].push((calls[call].until_ns, stay));
    }
}
