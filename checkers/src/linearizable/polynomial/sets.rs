//! Sets that only grow, and elements that come and go once.

use std::fmt;
use std::hash::Hash;

use super::zones::{self, Cluster};
use super::{Decision, Interval};
use crate::linearizable::table::Interner;
use crate::models::{Call, SetOp, SetRet};

/// Decides a set whose values are added once, never removed, and read all at once: such reads are
/// ordered by inclusion, and adds lie between those that lack their value and those that have it.
pub fn growing_set<V: Eq + Hash + fmt::Debug>(
    calls: &[Call<'_, SetOp<V>, SetRet<V>>],
) -> Option<Decision> {
    let mut values: Interner<&V> = Interner::default();
    let mut adds = Vec::new();
    let mut reads: Vec<(usize, &[V])> = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        match (call.op, call.ret) {
            (SetOp::Add(value), None | Some(SetRet::Done)) => {
                if values.intern(value) as usize != adds.len() {
                    return None;
                }
                adds.push(index);
            }
            (SetOp::Read, Some(SetRet::Members(members))) => reads.push((index, members)),
            (SetOp::Read, None) => {}
            (SetOp::Add(_) | SetOp::Remove(_) | SetOp::Contains(_) | SetOp::Read, _) => {
                return None;
            }
        }
    }
    reads.sort_by_key(|(_, members)| members.len());
    let mut cluster = Cluster::default();
    // For each value, the stage of its add, which is below that of the first read (by size) that
    // has it, and the last read that has it.
    let mut stages = vec![(0_u32, usize::MAX); adds.len()];
    let mut stage = 0;
    let mut before: Option<(usize, &[V])> = None;
    for (index, members) in reads {
        if before.is_none_or(|(_, fewer)| fewer.len() < members.len()) {
            stage += 2;
        }
        let mut old = 0;
        for value in members {
            let Some(number) = values.find(&value) else {
                return Some(Decision::violated([index], format!("nobody ever added {value:?}")));
            };
            let (first, last) = &mut stages[number as usize];
            if *last == index {
                return Some(Decision::violated([index], format!("{value:?} is there twice")));
            }
            match *first {
                0 => *first = stage - 1,
                _ => old += 1,
            }
            *last = index;
        }
        if let Some((before, fewer)) = before.filter(|(_, fewer)| fewer.len() > old) {
            let why = format!(
                "one read has {} values and the other {}, but not all of the fewer are among the \
                 more",
                fewer.len(),
                members.len()
            );
            return Some(Decision::violated([before, index], why));
        }
        cluster.add(stage, index);
        before = Some((index, members));
    }
    for (&add, &(first, _)) in adds.iter().zip(&stages) {
        match (first, calls[add].ret) {
            (0, None) => {}
            (0, Some(_)) => cluster.add(stage + 1, add),
            (first, _) => cluster.add(first, add),
        }
    }
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    // In a cluster of its own: only the order within it matters.
    Some(zones::decide(&intervals, vec![Cluster::default(), cluster]))
}

/// Decides one element of a set that is added at most once, and removed at most once by an
/// operation that is known to have found it.
pub fn element_once<V>(calls: &[Call<'_, SetOp<V>, SetRet<V>>]) -> Option<Decision> {
    let (mut add, mut remove) = (None, None);
    let (mut there, mut not_there) = (Vec::new(), Vec::new());
    for (index, call) in calls.iter().enumerate() {
        let twice = match (call.op, call.ret) {
            (SetOp::Contains(_), None) => false,
            (SetOp::Contains(_), Some(SetRet::Answer(true)))
            | (SetOp::Add(_), Some(SetRet::Answer(false))) => {
                there.push(index);
                false
            }
            (SetOp::Contains(_) | SetOp::Remove(_), Some(SetRet::Answer(false))) => {
                not_there.push(index);
                false
            }
            (SetOp::Add(_), None | Some(SetRet::Done | SetRet::Answer(true))) => {
                add.replace(index).is_some()
            }
            (SetOp::Remove(_), Some(SetRet::Answer(true))) => remove.replace(index).is_some(),
            (SetOp::Add(_) | SetOp::Remove(_) | SetOp::Contains(_) | SetOp::Read, _) => true,
        };
        if twice {
            return None;
        }
    }
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    let seen: Vec<usize> = there.iter().copied().chain(remove).collect();
    let add = add.filter(|&add| calls[add].ret.is_some() || !seen.is_empty());
    let Some(add) = add else {
        return Some(match seen.first() {
            Some(&seen) => Decision::violated([seen], "nobody ever added the value".to_owned()),
            None => Decision::Linearizable,
        });
    };
    let mut present = Cluster::of_one(add);
    for &call in &there {
        present.add(1, call);
    }
    if let Some(remove) = remove {
        present.add(2, remove);
    }
    if let decision @ Decision::Violated(_) =
        zones::decide(&intervals, vec![Cluster::default(), present])
    {
        return Some(decision);
    }
    // The value is there at least from the first end to the last invocation among these.
    let known = || seen.iter().copied().chain([add]);
    let first = known().min_by_key(|&call| intervals[call].until_ns).expect("the add is known");
    let last = known().max_by_key(|&call| intervals[call].invoked_ns).expect("the add is known");
    for call in not_there {
        let Interval { invoked_ns, until_ns } = intervals[call];
        let is_before_end = remove.is_none() || until_ns < intervals[last].invoked_ns;
        if intervals[first].until_ns < invoked_ns && is_before_end {
            let why = "the value was there all the time in which the last operation missed it";
            return Some(Decision::violated([first, last, call], why.to_owned()));
        }
    }
    Some(Decision::Linearizable)
}
