//! Mutual exclusion: no two owners hold a lock at the same time.
//!
//! An owner holds the lock for certain from the end of an acknowledged acquire until it asks to
//! release it, however that ends. Two such holds of different owners that overlap are a violation.
//! So is a second acquire of an owner that holds the lock for certain, and a release that was
//! acknowledged although the owner had not acquired it, by any acquire that may have taken place.
//!
//! What is of unknown fate counts for nobody: an acquire without an answer is no hold, and a
//! release without an answer ends one; but it may take effect late, so an owner with such a
//! release outstanding holds nothing for certain until an acquire of its shows that it has taken
//! effect.
//!
//! An owner that never releases holds the lock for ever, unless [`CrashedHolders`] says otherwise.
//!
//! Left out: whether a refusal was right. Linearizability decides that too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{History, Operation, OperationId, Outcome};
use crate::models::{LockOp, LockRet};

use super::{Blame, Quantiles, Scan, ended_ns};

/// What becomes of a lock whose holder never asks to release it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashedHolders {
    /// It is held for ever.
    #[default]
    KeepIt,
    /// The service may take it away at any time, as one with leases does.
    MayLoseIt,
}

/// What [`mutual_exclusion`] counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockReport {
    /// Acquires that were acknowledged.
    pub acquired: u64,
    /// Acquires that were refused.
    pub refused: u64,
    /// Acquires and releases without an answer.
    pub unknown: u64,
    /// Holds that their owners never asked to end.
    pub unreleased: u64,
    /// Holds that begin while another owner holds the lock.
    pub overlaps: u64,
    /// Acquires by owners that held the lock.
    pub repeated: u64,
    /// Releases by owners that did not hold it.
    pub stray: u64,
    /// For how long the lock was certainly held each time, where that has an end.
    pub held: Quantiles,
}

/// A time in which an owner certainly holds the lock.
#[derive(Clone, Copy, Debug)]
struct Hold {
    from_ns: u64,
    /// `u64::MAX` is "for ever".
    until_ns: u64,
    owner: u32,
    acquire: OperationId,
    release: Option<OperationId>,
}

/// What an owner does at one time, in the order in which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A release is invoked: from now on the lock may be free.
    Releasing { is_answered: bool },
    /// An acquire is invoked: from now on a release may be right.
    Acquiring,
    /// An acquire was acknowledged.
    Acquired,
    /// A release was acknowledged.
    Released,
}

type LockHistory = History<LockOp, LockRet>;

/// Checks that a lock is held by one owner at a time.
pub fn mutual_exclusion(history: &LockHistory, crashed: CrashedHolders) -> Scan<LockReport> {
    let mut report = LockReport::default();
    let mut blame = Blame::new(history);
    let mut owners: BTreeMap<u32, Vec<(u64, Event, OperationId)>> = BTreeMap::new();
    for (id, operation) in history.iter() {
        let (LockOp::Acquire(owner) | LockOp::Release(owner)) = operation.op;
        add_events(id, operation, owners.entry(owner).or_default(), &mut report);
    }
    let mut holds: Vec<Hold> = Vec::new();
    for (owner, mut events) in owners {
        events.sort_unstable();
        holds_of(owner, &events, crashed, &mut holds, (&mut report, &mut blame));
    }
    holds.sort_unstable_by_key(|hold| (hold.from_ns, hold.until_ns, hold.acquire));
    // Of the holds so far, the one that lasts longest, and the one of other owners that does.
    let mut longest: [Option<Hold>; 2] = [None, None];
    for &hold in &holds {
        let other = longest.iter().flatten().find(|other| other.owner != hold.owner);
        if let Some(other) = other.filter(|other| hold.from_ns < other.until_ns) {
            // A hold of no length is an instant: it may be that of the exchange, at either end.
            if other.from_ns < hold.until_ns {
                report.overlaps += 1;
                let ids = [Some(other.acquire), Some(hold.acquire), other.release];
                blame.fail("one-holder", ids.into_iter().flatten(), || {
                    let (first, second) = (other.owner, hold.owner);
                    format!("{second} acquired the lock while {first} held it")
                });
            }
        }
        longest = match longest {
            [Some(first), second] if first.owner == hold.owner => {
                [Some(longer(first, hold)), second]
            }
            [Some(first), _] if hold.until_ns > first.until_ns => [Some(hold), Some(first)],
            [Some(first), Some(second)] => [Some(first), Some(longer(second, hold))],
            [Some(first), None] => [Some(first), Some(hold)],
            [None, _] => [Some(hold), None],
        };
    }
    let ended = holds.iter().filter(|hold| hold.release.is_some());
    report.held = Quantiles::of(ended.map(|hold| hold.until_ns - hold.from_ns).collect());
    Scan { verdict: blame.verdict, report }
}

fn longer(one: Hold, other: Hold) -> Hold {
    if other.until_ns > one.until_ns { other } else { one }
}

fn add_events(
    id: OperationId,
    operation: &Operation<LockOp, LockRet>,
    events: &mut Vec<(u64, Event, OperationId)>,
    report: &mut LockReport,
) {
    let invoked_ns = operation.invoked_ns;
    match (operation.op, &operation.outcome) {
        (LockOp::Acquire(_), Outcome::Ok(LockRet::Done)) => {
            report.acquired += 1;
            events.push((invoked_ns, Event::Acquiring, id));
            events.push((ended_ns(operation), Event::Acquired, id));
        }
        (LockOp::Release(_), Outcome::Ok(LockRet::Done)) => {
            events.push((invoked_ns, Event::Releasing { is_answered: true }, id));
            events.push((ended_ns(operation), Event::Released, id));
        }
        (LockOp::Acquire(_), Outcome::Info) => {
            report.unknown += 1;
            events.push((invoked_ns, Event::Acquiring, id));
        }
        (LockOp::Release(_), Outcome::Info) => {
            report.unknown += 1;
            events.push((invoked_ns, Event::Releasing { is_answered: false }, id));
        }
        (LockOp::Acquire(_), Outcome::Ok(LockRet::Refused)) => report.refused += 1,
        (LockOp::Release(_), Outcome::Ok(LockRet::Refused)) | (_, Outcome::Fail) => {}
    }
}

/// Goes through what one owner did, in order.
fn holds_of(
    owner: u32,
    events: &[(u64, Event, OperationId)],
    crashed: CrashedHolders,
    holds: &mut Vec<Hold>,
    (report, blame): (&mut LockReport, &mut Blame<'_, LockOp, LockRet>),
) {
    let mut held: Option<(u64, OperationId)> = None;
    // Releases without an answer that may yet take effect.
    let mut floating = 0_u32;
    let (mut acquiring, mut released) = (0_u32, 0_u32);
    for &(time_ns, event, id) in events {
        match event {
            Event::Acquiring => acquiring += 1,
            Event::Acquired => {
                if let (Some((_, first)), 0) = (held, floating) {
                    report.repeated += 1;
                    blame.fail("not-twice", [first, id], || {
                        format!("{owner} acquired the lock while it held it")
                    });
                }
                // The lock was free, so a release had taken effect if it was held before.
                if held.is_some() {
                    floating = floating.saturating_sub(1);
                }
                held = Some((time_ns, id));
            }
            Event::Releasing { is_answered } => {
                if let (Some((from_ns, acquire)), 0) = (held, floating) {
                    let (until_ns, release) = (time_ns, Some(id));
                    holds.push(Hold { from_ns, until_ns, owner, acquire, release });
                }
                match is_answered {
                    true => held = None,
                    false => floating += 1,
                }
            }
            Event::Released => {
                released += 1;
                if released > acquiring {
                    report.stray += 1;
                    blame.fail("own-release", [id], || {
                        format!("{owner} released the lock, which it had not acquired")
                    });
                }
            }
        }
    }
    if let (Some((from_ns, acquire)), 0) = (held, floating) {
        report.unreleased += 1;
        match crashed {
            CrashedHolders::KeepIt => {
                holds.push(Hold { from_ns, until_ns: u64::MAX, owner, acquire, release: None });
            }
            CrashedHolders::MayLoseIt => {}
        }
    }
}
