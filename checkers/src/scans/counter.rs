//! A counter: no read is below what must have been added, or above what may have been.
//!
//! A read takes effect at some instant of its interval. By then every add that was acknowledged
//! before has taken effect, and every add that was invoked may have. So at each instant the count
//! lies between two bounds: acknowledged increments with all decrements invoked, and all
//! increments invoked with acknowledged decrements. Between two neighbouring instants the bounds
//! move by one add, and never apart from each other, so a read fits if it lies between the lowest
//! lower and the highest upper bound of its interval. An add that was answered with the count is
//! held against the bounds too, with itself included for certain.
//!
//! Jepsen's `counter` does so for increments. Left out: whether some *selection* of the adds in
//! doubt gives exactly that count, and whether reads that follow each other fit together; the
//! search for linearizations decides both, in exponential time.

use serde::{Deserialize, Serialize};

use crate::history::{History, Outcome};
use crate::models::{CounterOp, CounterRet};

use super::{Blame, Scan, ended_ns};

/// What [`counter`] counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterReport {
    /// Answers that show a count.
    pub reads: u64,
    /// Those out of bounds.
    pub wrong_reads: u64,
    /// By how much the worst of them is out of bounds.
    pub greatest_error: u64,
    /// Adds that were answered.
    pub acknowledged: u64,
    /// Adds of unknown fate.
    pub unknown: u64,
    /// The least that the counter may hold at the end.
    pub final_least: i64,
    /// The most that it may hold at the end.
    pub final_most: i64,
}

/// The bounds after each change of them.
struct Bounds {
    /// When: adds count as possible from their invocation on, as certain after their end.
    changes: Vec<(u64, Phase, i128, i128)>,
    /// Lowest lower and highest upper bound of groups of neighbours, as a tree: leaf `i` is at
    /// `leaves + i`, its parent at half that place.
    tree: Vec<(i128, i128)>,
    leaves: usize,
}

/// At one instant, invocations count first: intervals are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Invoked,
    Ended,
}

impl Bounds {
    fn of(history: &History<CounterOp, CounterRet>, initial: i64) -> Bounds {
        let mut changes = Vec::new();
        for operation in history.operations() {
            let CounterOp::Add(number) = operation.op else { continue };
            let (up, down) = (i128::from(number.max(0)), i128::from(number.min(0)));
            match operation.outcome {
                Outcome::Fail => continue,
                Outcome::Ok(_) => changes.push((ended_ns(operation), Phase::Ended, up, down)),
                Outcome::Info => {}
            }
            changes.push((operation.invoked_ns, Phase::Invoked, down, up));
        }
        changes.sort_unstable();
        let leaves = (changes.len() + 1).next_power_of_two();
        let mut tree = vec![(i128::MAX, i128::MIN); 2 * leaves];
        let mut bounds = (i128::from(initial), i128::from(initial));
        tree[leaves] = bounds;
        for (place, &(_, _, lower, upper)) in changes.iter().enumerate() {
            bounds = (bounds.0 + lower, bounds.1 + upper);
            tree[leaves + place + 1] = bounds;
        }
        for place in (1..leaves).rev() {
            tree[place] = widest(tree[2 * place], tree[2 * place + 1]);
        }
        Bounds { changes, tree, leaves }
    }

    /// How many changes have happened at an instant.
    fn changes_by(&self, time_ns: u64) -> usize {
        self.changes.partition_point(|change| (change.0, change.1) <= (time_ns, Phase::Invoked))
    }

    /// The bounds of what may be read in an interval.
    fn within(&self, invoked_ns: u64, ended_ns: u64) -> (i128, i128) {
        let mut from = self.leaves + self.changes_by(invoked_ns);
        let mut to = self.leaves + self.changes_by(ended_ns) + 1;
        let mut bounds = (i128::MAX, i128::MIN);
        while from < to {
            if from % 2 == 1 {
                bounds = widest(bounds, self.tree[from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                bounds = widest(bounds, self.tree[to]);
            }
            (from, to) = (from / 2, to / 2);
        }
        bounds
    }

    /// The bounds once everything that will happen has.
    fn at_end(&self) -> (i128, i128) {
        self.tree[self.leaves + self.changes.len()]
    }
}

fn widest(one: (i128, i128), other: (i128, i128)) -> (i128, i128) {
    (one.0.min(other.0), one.1.max(other.1))
}

fn saturated(number: i128) -> i64 {
    let clamped = number.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(clamped).expect("it has been clamped")
}

/// Holds every count that was read against its bounds. The counter began at `initial`.
pub fn counter(history: &History<CounterOp, CounterRet>, initial: i64) -> Scan<CounterReport> {
    let bounds = Bounds::of(history, initial);
    let mut report = CounterReport::default();
    let mut blame = Blame::new(history);
    for (id, operation) in history.iter() {
        let added = match (operation.op, &operation.outcome) {
            (CounterOp::Add(_), Outcome::Info) => {
                report.unknown += 1;
                continue;
            }
            (CounterOp::Add(_), Outcome::Ok(CounterRet::Done)) => {
                report.acknowledged += 1;
                continue;
            }
            (_, Outcome::Fail) | (CounterOp::Read, Outcome::Info) => continue,
            (CounterOp::Read, Outcome::Ok(CounterRet::Done)) => {
                blame.fail("answer-fits", [id], || "a read was answered without a count".into());
                continue;
            }
            (CounterOp::Add(number), Outcome::Ok(CounterRet::Value(_))) => {
                report.acknowledged += 1;
                i128::from(number)
            }
            (CounterOp::Read, Outcome::Ok(CounterRet::Value(_))) => 0,
        };
        let Outcome::Ok(CounterRet::Value(value)) = operation.outcome else { continue };
        let (lower, upper) = bounds.within(operation.invoked_ns, ended_ns(operation));
        // Its own add was in doubt for the bounds, and is certain for its answer.
        let (lower, upper) = (lower + added.max(0), upper + added.min(0));
        report.reads += 1;
        let value = i128::from(value);
        let error = (lower - value).max(value - upper).max(0);
        if error > 0 {
            report.wrong_reads += 1;
            let error = u64::try_from(error).unwrap_or(u64::MAX);
            report.greatest_error = report.greatest_error.max(error);
            blame.fail("bounds", [id], || {
                format!("the count was {value}, but it was between {lower} and {upper} then")
            });
        }
    }
    let (least, most) = bounds.at_end();
    report.final_least = saturated(least);
    report.final_most = saturated(most);
    Scan { verdict: blame.verdict, report }
}
