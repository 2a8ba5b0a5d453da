//! A queue: what goes in comes out, once, and in order.
//!
//! After Jepsen's `total-queue`. A value is *lost* if its enqueue was acknowledged, no dequeue
//! returned it, and a dequeue that was invoked after that found the queue empty; but every dequeue
//! without an answer, invoked before that one ended, may have taken one such value with it. It is
//! *duplicated* if more dequeues returned it than enqueues may have put in, *unexpected* if nobody
//! put it in, or not until after it was taken out, and *recovered* if its only enqueues are of
//! unknown fate and it came out. In a queue that promises order, two values are *reordered* if
//! one was put in before the other, and taken out after it (before and after as intervals are).
//!
//! Left out: a value that stays in while one behind it is taken. Linearizability is the search for
//! an order of everything; this is the list of what is wrong with each value.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::history::{History, OperationId, Outcome};
use crate::linearizable::table::Interner;
use crate::models::{QueueOp, TakeRet};

use super::{Blame, Scan, count, ended_ns};

/// Whether the queue promises an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueOrder {
    /// First in, first out. Judged for values that went in once.
    FirstInFirstOut,
    /// None.
    Any,
}

/// What [`queue`] counts: values, where a value that went in twice counts twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueReport {
    /// Enqueues that did not fail.
    pub attempted: u64,
    /// Enqueues that were acknowledged.
    pub acknowledged: u64,
    /// Dequeues that returned a value.
    pub dequeued: u64,
    /// Dequeues without an answer.
    pub unanswered: u64,
    /// Lost for certain, whatever the unanswered dequeues took.
    pub lost: u64,
    /// Acknowledged and never seen again, but not certainly lost.
    pub remaining: u64,
    /// Taken out more often than put in.
    pub duplicated: u64,
    /// Taken out before, or without, being put in.
    pub unexpected: u64,
    /// Taken out although no enqueue was acknowledged.
    pub recovered: u64,
    /// Taken out after a value that was put in later.
    pub reordered: u64,
}

/// What happened to one value.
#[derive(Clone, Debug, Default)]
struct Life {
    /// Enqueues that may have taken place: invoked, acknowledged (`u64::MAX` if not), which.
    into: Vec<(u64, u64, OperationId)>,
    /// Dequeues that returned it: invoked, ended, which.
    out: Vec<(u64, u64, OperationId)>,
    failed: Option<OperationId>,
}

/// Says what became of each value of a queue.
pub fn queue<V: Eq + Hash + fmt::Debug>(
    history: &History<QueueOp<V>, TakeRet<V>>,
    order: QueueOrder,
) -> Scan<QueueReport> {
    let mut names: Interner<&V> = Interner::default();
    let mut lives: Vec<Life> = Vec::new();
    let mut report = QueueReport::default();
    let mut blame = Blame::new(history);
    // The dequeue invoked last that found nothing, and when unanswered ones were invoked.
    let mut empty: Option<(u64, u64, OperationId)> = None;
    let mut unanswered: Vec<u64> = Vec::new();
    for (id, operation) in history.iter() {
        let invoked_ns = operation.invoked_ns;
        match (&operation.op, &operation.outcome) {
            (QueueOp::Enqueue(value), Outcome::Ok(_)) => {
                report.acknowledged += 1;
                life_of(value, &mut names, &mut lives).into.push((
                    invoked_ns,
                    ended_ns(operation),
                    id,
                ));
            }
            (QueueOp::Enqueue(value), Outcome::Info) => {
                life_of(value, &mut names, &mut lives).into.push((invoked_ns, u64::MAX, id));
            }
            (QueueOp::Enqueue(value), Outcome::Fail) => {
                life_of(value, &mut names, &mut lives).failed = Some(id)
            }
            (QueueOp::Dequeue, Outcome::Ok(TakeRet::Value(value))) => {
                report.dequeued += 1;
                life_of(value, &mut names, &mut lives).out.push((
                    invoked_ns,
                    ended_ns(operation),
                    id,
                ));
            }
            (QueueOp::Dequeue, Outcome::Ok(TakeRet::Empty)) => {
                empty = empty.max(Some((invoked_ns, ended_ns(operation), id)));
            }
            (QueueOp::Dequeue, Outcome::Ok(TakeRet::Done)) => {
                blame.fail("answer-fits", [id], || "a dequeue was answered `done`".into());
            }
            (QueueOp::Dequeue, Outcome::Info) => unanswered.push(invoked_ns),
            (QueueOp::Dequeue, Outcome::Fail) => {}
        }
    }
    report.unanswered = count(unanswered.len());
    for (number, life) in (0..).zip(&mut lives) {
        life.into.sort_unstable();
        life.out.sort_unstable_by_key(|&(_, ended_ns, id)| (ended_ns, id));
        judge(life, *names.value(number), (&mut report, &mut blame));
    }
    judge_lost(&lives, &names, empty, &unanswered, (&mut report, &mut blame));
    if order == QueueOrder::FirstInFirstOut {
        judge_order(&lives, &names, (&mut report, &mut blame));
    }
    Scan { verdict: blame.verdict, report }
}

fn life_of<'l, 'h, V: Eq + Hash>(
    value: &'h V,
    names: &mut Interner<&'h V>,
    lives: &'l mut Vec<Life>,
) -> &'l mut Life {
    let place = names.intern(value) as usize;
    if place == lives.len() {
        lives.push(Life::default());
    }
    &mut lives[place]
}

type Findings<'r, 'h, V> = (&'r mut QueueReport, &'r mut Blame<'h, QueueOp<V>, TakeRet<V>>);

/// Whether each dequeue of a value has an enqueue. Pairing the first ended with the first invoked
/// finds enqueues for all if that is possible at all.
fn judge<V: fmt::Debug>(life: &Life, name: &V, (report, blame): Findings<'_, '_, V>) {
    report.attempted += count(life.into.len());
    for (place, &(_, ended_ns, taken)) in life.out.iter().enumerate() {
        match life.into.get(place) {
            Some(&(invoked_ns, _, put)) if ended_ns < invoked_ns => {
                report.unexpected += 1;
                blame.fail("expected", [taken, put], || {
                    format!("{name:?} was taken out before it was put in")
                });
            }
            Some(_) => {}
            None if life.into.is_empty() => {
                report.unexpected += 1;
                blame.fail("expected", life.failed.into_iter().chain([taken]), || {
                    match life.failed {
                        Some(_) => format!("{name:?} was taken out, but its enqueue failed"),
                        None => format!("{name:?} was taken out, but nobody put it in"),
                    }
                });
            }
            None => {
                report.duplicated += 1;
                let first = life.out[0].2;
                blame.fail("once", [life.into[0].2, first, taken], || {
                    format!("{name:?} was taken out more often than it was put in")
                });
            }
        }
    }
    let acknowledged = life.into.iter().filter(|put| put.1 != u64::MAX).count();
    let taken = life.out.len().min(life.into.len());
    report.recovered += count(taken.saturating_sub(acknowledged));
}

/// How many acknowledged values are certainly lost.
fn judge_lost<V: Eq + Hash + fmt::Debug>(
    lives: &[Life],
    names: &Interner<&V>,
    empty: Option<(u64, u64, OperationId)>,
    unanswered: &[u64],
    (report, blame): Findings<'_, '_, V>,
) {
    let mut gone: Vec<(u32, OperationId)> = Vec::new();
    for (number, life) in (0..).zip(lives) {
        let mut acknowledged: Vec<(u64, OperationId)> =
            life.into.iter().filter(|put| put.1 != u64::MAX).map(|put| (put.1, put.2)).collect();
        acknowledged.sort_unstable();
        // Whichever of several came out: let it be the first ones, and the last ones be missing.
        let missing = acknowledged.len().saturating_sub(life.out.len());
        for &(ended_ns, put) in &acknowledged[acknowledged.len() - missing..] {
            match empty {
                Some((invoked_ns, ..)) if ended_ns < invoked_ns => gone.push((number, put)),
                Some(_) | None => report.remaining += 1,
            }
        }
    }
    let Some((_, empty_ended_ns, empty)) = empty else { return };
    let excused = unanswered.iter().filter(|&&invoked_ns| invoked_ns <= empty_ended_ns).count();
    let lost = gone.len().saturating_sub(excused);
    report.lost = count(lost);
    report.remaining += count(gone.len() - lost);
    if let (Some(&(number, put)), true) = (gone.first(), lost > 0) {
        blame.fail("kept", [put, empty], || {
            let name = names.value(number);
            match excused {
                0 => format!("{name:?} was put in and never taken out, yet the queue was empty"),
                _ => format!(
                    "{} values, such as {name:?}, were put in and never taken out, yet the queue \
                     was empty, and only {excused} dequeues may have taken one unseen",
                    gone.len()
                ),
            }
        });
    }
}

/// A value that went in once and came out.
#[derive(Clone, Copy)]
struct Passage {
    number: u32,
    put: (u64, u64, OperationId),
    taken: (u64, u64, OperationId),
}

/// How many values were overtaken: by one that was put in later and taken out earlier.
fn judge_order<V: Eq + Hash + fmt::Debug>(
    lives: &[Life],
    names: &Interner<&V>,
    (report, blame): Findings<'_, '_, V>,
) {
    let mut passages: Vec<Passage> = (0..)
        .zip(lives)
        .filter_map(|(number, life)| match (life.into.as_slice(), life.out.as_slice()) {
            (&[put], &[taken]) => Some(Passage { number, put, taken }),
            (_, _) => None,
        })
        .collect();
    let mut by_put = passages.clone();
    by_put.sort_unstable_by_key(|passage| (passage.put.0, passage.number));
    passages.sort_unstable_by_key(|passage| (passage.put.1, passage.number));
    // From the last one put in to the first: of those put in later, which was taken out first?
    let mut earliest: Option<Passage> = None;
    for passage in passages.iter().rev() {
        while let Some(later) = by_put.pop_if(|later| later.put.0 > passage.put.1) {
            earliest = Some(match earliest {
                Some(earliest) if earliest.taken.1 <= later.taken.1 => earliest,
                Some(_) | None => later,
            });
        }
        if let Some(later) = earliest.filter(|later| later.taken.1 < passage.taken.0) {
            report.reordered += 1;
            let ids = [passage.put.2, later.put.2, later.taken.2, passage.taken.2];
            blame.fail("first-in-first-out", ids, || {
                let (first, second) = (names.value(passage.number), names.value(later.number));
                format!("{first:?} was put in before {second:?}, and taken out after it")
            });
        }
    }
}
