//! A set that only grows: what became of each element.
//!
//! After Jepsen's `set-full`. An element is *known* from the end of its acknowledged add, or of
//! the first read that has it, whichever is earlier. Of the reads that have it and of those that
//! do not, the ones invoked last decide:
//!
//! - *stable*: a read that has it was invoked after every read that has not.
//! - *lost*: a read that has not was invoked after it was known, and after every read that has it.
//! - *never read* otherwise: no read had a chance to tell, or nobody knows that it was added.
//!
//! Whether reads have an element while it is added, or are absent then, says nothing either way.
//! A stable element that was missing in some read invoked after it was known is *stale*: for how
//! long is its stable latency. That is allowed unless the set is to be linearizable.
//!
//! How it differs: Jepsen compares places in the history, this compares times, and equal ones are
//! excused; and elements that nobody added, that failed, or that a read has twice, are violations
//! here. Removals are not judged: no element that anybody tried to remove is.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::history::{History, OperationId, Outcome};
use crate::linearizable::table::Interner;
use crate::models::{SetOp, SetRet};

use super::{Blame, Quantiles, Scan, ended_ns};

/// Whether reads may miss elements that were added before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleReads {
    /// For a while.
    #[default]
    Allowed,
    /// Never, as of a linearizable set.
    Forbidden,
}

/// What [`set_full`] counts. Elements that are added several times count once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetReport {
    /// Elements of adds that did not fail.
    pub attempted: u64,
    /// Elements whose add was acknowledged.
    pub acknowledged: u64,
    /// Reads that were answered.
    pub reads: u64,
    /// Elements that stay.
    pub stable: u64,
    /// Stable elements that were missing for a while after they were known.
    pub stale: u64,
    /// Elements that were known, and are gone.
    pub lost: u64,
    /// Elements of which no read tells.
    pub never_read: u64,
    /// Stable elements whose every add is of unknown fate.
    pub recovered: u64,
    /// Elements that were read and that nobody added, or whose every add failed.
    pub unexpected: u64,
    /// Elements that a read has twice.
    pub duplicated: u64,
    /// From when stable elements were known until the last read that misses them was invoked.
    pub stable_latency: Quantiles,
    /// From when lost elements were known until the last read that has them was invoked.
    pub lost_latency: Quantiles,
}

/// What is known of an element.
#[derive(Clone, Debug)]
struct Element {
    add: Option<OperationId>,
    failed: Option<OperationId>,
    is_acknowledged: bool,
    is_removed: bool,
    /// When it is known from, and by what.
    known: Option<(u64, OperationId)>,
    /// The read of the highest rank that has it.
    present: Option<usize>,
    /// No read from this rank on is without it.
    absent_below: usize,
    /// The read looked at last that has it.
    seen: Option<usize>,
    is_twice: bool,
}

/// A read that was answered. Its rank is its place in the order of invocations.
struct Read<'a, V> {
    id: OperationId,
    invoked_ns: u64,
    ended_ns: u64,
    members: &'a [V],
}

/// Says what became of each element of a set that was added to and read as a whole.
pub fn set_full<V: Eq + Hash + fmt::Debug>(
    history: &History<SetOp<V>, SetRet<V>>,
    stale_reads: StaleReads,
) -> Scan<SetReport> {
    let mut names: Interner<&V> = Interner::default();
    let mut elements: Vec<Element> = Vec::new();
    let mut reads: Vec<Read<'_, V>> = Vec::new();
    let mut report = SetReport::default();
    let mut blame = Blame::new(history);
    for (id, operation) in history.iter() {
        let (value, is_removal) = match (&operation.op, &operation.outcome) {
            (SetOp::Add(value), _) => (value, false),
            (SetOp::Remove(value), Outcome::Ok(_) | Outcome::Info) => (value, true),
            (SetOp::Read, Outcome::Ok(SetRet::Members(members))) => {
                let (invoked_ns, ended_ns) = (operation.invoked_ns, ended_ns(operation));
                reads.push(Read { id, invoked_ns, ended_ns, members });
                continue;
            }
            (SetOp::Read, Outcome::Ok(_)) => {
                blame.fail("answer-fits", [id], || "a read was answered without members".into());
                continue;
            }
            (SetOp::Remove(_), Outcome::Fail)
            | (SetOp::Read, Outcome::Fail | Outcome::Info)
            | (SetOp::Contains(_), _) => continue,
        };
        let element = element_of(names.intern(value), &mut elements);
        match &operation.outcome {
            _ if is_removal => element.is_removed = true,
            Outcome::Ok(_) => {
                element.add.get_or_insert(id);
                element.is_acknowledged = true;
                element.know(ended_ns(operation), id);
            }
            Outcome::Info => {
                element.add.get_or_insert(id);
            }
            Outcome::Fail => {
                element.failed.get_or_insert(id);
            }
        }
    }
    reads.sort_by_key(|read| (read.invoked_ns, read.id));
    look(&reads, &mut names, &mut elements);
    report.reads = super::count(reads.len());
    let mut latencies = (Vec::new(), Vec::new());
    for (number, element) in (0..).zip(&elements) {
        let name = *names.value(number);
        judge(element, name, &reads, stale_reads, (&mut report, &mut blame), &mut latencies);
    }
    report.stable_latency = Quantiles::of(latencies.0);
    report.lost_latency = Quantiles::of(latencies.1);
    if report.stable == 0 {
        blame.unknown("set-full: no element was read");
    }
    Scan { verdict: blame.verdict, report }
}

fn element_of(number: u32, elements: &mut Vec<Element>) -> &mut Element {
    let place = number as usize;
    if place == elements.len() {
        elements.push(Element {
            add: None,
            failed: None,
            is_acknowledged: false,
            is_removed: false,
            known: None,
            present: None,
            absent_below: usize::MAX,
            seen: None,
            is_twice: false,
        });
    }
    &mut elements[place]
}

impl Element {
    fn know(&mut self, time_ns: u64, id: OperationId) {
        self.known = Some(self.known.unwrap_or((time_ns, id)).min((time_ns, id)));
    }
}

/// Looks through the reads, last ones first, so that the last read without an element is the first
/// gap in a row of reads that have it.
fn look<'a, V: Eq + Hash>(
    reads: &[Read<'a, V>],
    names: &mut Interner<&'a V>,
    elements: &mut Vec<Element>,
) {
    for (rank, read) in reads.iter().enumerate().rev() {
        for value in read.members {
            let element = element_of(names.intern(value), elements);
            if element.absent_below == usize::MAX {
                element.absent_below = reads.len();
            }
            if element.absent_below == rank + 1 {
                element.absent_below = rank;
            }
            element.know(read.ended_ns, read.id);
            element.is_twice |= element.seen == Some(rank);
            element.seen = Some(rank);
            element.present.get_or_insert(rank);
        }
    }
}

/// Puts an element into its class.
fn judge<V: fmt::Debug>(
    element: &Element,
    name: &V,
    reads: &[Read<'_, V>],
    stale_reads: StaleReads,
    (report, blame): (&mut SetReport, &mut Blame<'_, SetOp<V>, SetRet<V>>),
    latencies: &mut (Vec<u64>, Vec<u64>),
) {
    let present = element.present.map(|rank| &reads[rank]);
    let Some(add) = element.add else {
        if let Some(read) = present {
            report.unexpected += 1;
            blame.fail("expected", element.failed.into_iter().chain([read.id]), || {
                match element.failed {
                    Some(_) => format!("{name:?} was read, but its add failed"),
                    None => format!("{name:?} was read, but nobody added it"),
                }
            });
        }
        return;
    };
    report.attempted += 1;
    report.acknowledged += u64::from(element.is_acknowledged);
    if element.is_removed {
        report.never_read += 1;
        return;
    }
    if element.is_twice {
        report.duplicated += 1;
        let ids = present.map(|read| read.id);
        blame.fail("once", ids, || format!("a read has {name:?} twice"));
    }
    let absent = match element.absent_below.min(reads.len()) {
        0 => None,
        below => Some(&reads[below - 1]),
    };
    let Some((known_ns, known_by)) = element.known else {
        report.never_read += 1;
        return;
    };
    let present_ns = present.map(|read| read.invoked_ns);
    match absent.filter(|absent| absent.invoked_ns > known_ns) {
        Some(absent) if present_ns.is_none_or(|present_ns| present_ns < absent.invoked_ns) => {
            report.lost += 1;
            latencies.1.push(present_ns.unwrap_or(0).saturating_sub(known_ns));
            blame.fail("kept", [add, known_by, absent.id], || {
                format!("{name:?} was known to be in the set, and then it is gone")
            });
        }
        Some(absent) => {
            report.stable += 1;
            report.stale += 1;
            report.recovered += u64::from(!element.is_acknowledged);
            latencies.0.push(absent.invoked_ns - known_ns);
            match stale_reads {
                StaleReads::Allowed => {}
                StaleReads::Forbidden => blame.fail("fresh", [add, known_by, absent.id], || {
                    format!("{name:?} was known to be in the set, and a later read misses it")
                }),
            }
        }
        None if present.is_some() => {
            report.stable += 1;
            report.recovered += u64::from(!element.is_acknowledged);
            latencies.0.push(0);
        }
        None => report.never_read += 1,
    }
}
