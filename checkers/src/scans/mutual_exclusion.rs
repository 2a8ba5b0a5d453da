//! Mutual exclusion: no two owners hold a lock at the same time.
//!
//! An owner holds the lock for certain from the end of an acknowledged acquire until it asks to
//! release it, however that ends. Two such holds of different owners that overlap are a violation.
//! So is a second acquire of an owner that holds the lock for certain, and a release that was
//! acknowledged although the owner had not acquired it, by any acquire that may have taken place.
//!
//! What is of unknown fate counts for nobody: an acquire without an answer is no hold, and a
//! release without an answer ends one; but it may also take effect late, and end a later hold of
//! its owner, which is then no certain one.
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

/// What an owner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// An acquire that may have taken effect is invoked: from now on a release may be right.
    Acquiring,
    /// An acquire was acknowledged.
    Acquired,
    /// A release that may have taken effect is invoked: from now on the lock may be free.
    Releasing,
    /// A release was acknowledged.
    Released,
}

/// When an owner does it.
#[derive(Clone, Copy, Debug)]
struct Event {
    time_ns: u64,
    id: OperationId,
    what: What,
}

type LockHistory = History<LockOp, LockRet>;

/// Checks that a lock is held by one owner at a time.
pub fn mutual_exclusion(history: &LockHistory, crashed: CrashedHolders) -> Scan<LockReport> {
    let mut report = LockReport::default();
    let mut blame = Blame::new(history);
    let mut owners: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    for (id, operation) in history.iter() {
        let (LockOp::Acquire(owner) | LockOp::Release(owner)) = operation.op;
        add_events(id, operation, owners.entry(owner).or_default(), &mut report);
    }
    let mut holds: Vec<Hold> = Vec::new();
    for (owner, mut events) in owners {
        events.sort_by_key(|event| (event.time_ns, event.id));
        holds_of(owner, &events, crashed, &mut holds, (&mut report, &mut blame));
    }
    holds.sort_unstable_by_key(|hold| (hold.from_ns, hold.until_ns, hold.acquire));
    // Of the holds so far, the one that lasts longest, and the one of other owners that does.
    let mut longest: [Option<Hold>; 2] = [None, None];
    for &hold in &holds {
        let other = longest.iter().flatten().find(|other| other.owner != hold.owner);
        if let Some(other) = other.filter(|other| hold.from_ns < other.until_ns) {
            report.overlaps += 1;
            let ids = [Some(other.acquire), Some(hold.acquire), other.release];
            blame.fail("one-holder", ids.into_iter().flatten(), || {
                let (first, second) = (other.owner, hold.owner);
                format!("{second} acquired the lock while {first} held it")
            });
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
    events: &mut Vec<Event>,
    report: &mut LockReport,
) {
    let mut add = |time_ns, what| events.push(Event { time_ns, id, what });
    match (operation.op, &operation.outcome) {
        (LockOp::Acquire(_), Outcome::Ok(LockRet::Done)) => {
            report.acquired += 1;
            add(operation.invoked_ns, What::Acquiring);
            add(ended_ns(operation), What::Acquired);
        }
        (LockOp::Release(_), Outcome::Ok(LockRet::Done)) => {
            add(operation.invoked_ns, What::Releasing);
            add(ended_ns(operation), What::Released);
        }
        (LockOp::Acquire(_), Outcome::Info) => {
            report.unknown += 1;
            add(operation.invoked_ns, What::Acquiring);
        }
        (LockOp::Release(_), Outcome::Info) => {
            report.unknown += 1;
            add(operation.invoked_ns, What::Releasing);
        }
        (LockOp::Acquire(_), Outcome::Ok(LockRet::Refused)) => report.refused += 1,
        (LockOp::Release(_), Outcome::Ok(LockRet::Refused)) | (_, Outcome::Fail) => {}
    }
}

/// Counts one owner's acquires and releases.
///
/// Acquires and releases that take effect alternate. Those acquires have taken effect that were
/// acknowledged, and those releases may have that were invoked: so if there are more of the former
/// by some instant, the owner holds the lock then, and if there are more by two, that is wrong.
fn holds_of(
    owner: u32,
    events: &[Event],
    crashed: CrashedHolders,
    holds: &mut Vec<Hold>,
    (report, blame): (&mut LockReport, &mut Blame<'_, LockOp, LockRet>),
) {
    let mut counts = Counts::default();
    let mut held: Option<(u64, OperationId)> = None;
    // What happens at one instant has no order: intervals are closed.
    for instant in events.chunk_by(|one, other| one.time_ns == other.time_ns) {
        let now_ns = instant[0].time_ns;
        for event in instant {
            counts.add(event.what);
        }
        let last = |what| instant.iter().rfind(|event| event.what == what).map(|event| event.id);
        let acquire = last(What::Acquired);
        if let (2.., Some(id)) = (counts.ahead(), acquire) {
            report.repeated += 1;
            let first = held.map(|(_, first)| first);
            blame.fail("not-twice", first.into_iter().chain([id]), || {
                format!("{owner} acquired the lock while it held it")
            });
        }
        if let (true, Some(id)) = (counts.released > counts.acquiring, last(What::Released)) {
            report.stray += 1;
            blame.fail("own-release", [id], || {
                format!("{owner} released the lock, which it had not acquired")
            });
        }
        if let (Some((from_ns, acquire)), Some(release)) = (held, last(What::Releasing)) {
            let (until_ns, release) = (now_ns, Some(release));
            holds.push(Hold { from_ns, until_ns, owner, acquire, release });
            held = None;
        }
        if let (1.., None, Some(acquire)) = (counts.ahead(), held, acquire) {
            held = Some((now_ns, acquire));
        }
    }
    if let Some((from_ns, acquire)) = held {
        report.unreleased += 1;
        match crashed {
            CrashedHolders::KeepIt => {
                holds.push(Hold { from_ns, until_ns: u64::MAX, owner, acquire, release: None });
            }
            CrashedHolders::MayLoseIt => {}
        }
    }
}

/// How many of an owner's operations have come so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    acquiring: u32,
    acquired: u32,
    releasing: u32,
    released: u32,
}

impl Counts {
    fn add(&mut self, what: What) {
        *match what {
            What::Acquiring => &mut self.acquiring,
            What::Acquired => &mut self.acquired,
            What::Releasing => &mut self.releasing,
            What::Released => &mut self.released,
        } += 1;
    }

    /// By how many certain acquires are ahead of possible releases.
    fn ahead(self) -> i64 {
        i64::from(self.acquired) - i64::from(self.releasing)
    }
}
