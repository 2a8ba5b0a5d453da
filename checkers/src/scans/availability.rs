//! Availability: how much of what was asked was answered, and for how long nothing was.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, Outcome};

use super::{Blame, Scan};

/// The operations invoked in one window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When the window begins, in nanoseconds.
    pub begins_ns: u64,
    /// How many of them were answered.
    pub ok: u64,
    /// How many failed.
    pub fail: u64,
    /// Of how many nobody knows.
    pub info: u64,
}

impl Window {
    /// How many operations were invoked in it.
    pub fn invoked(&self) -> u64 {
        self.ok + self.fail + self.info
    }

    fn add<R>(&mut self, outcome: &Outcome<R>) {
        match outcome {
            Outcome::Ok(_) => self.ok += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
    }

    fn ok_per_mille(&self) -> u64 {
        (self.ok * 1000).checked_div(self.invoked()).unwrap_or(1000)
    }
}

/// What is demanded; by default, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityDemand {
    /// Of all operations, at least so many in a thousand are answered.
    pub ok_per_mille_min: u64,
    /// The longest that nothing may be answered for, in nanoseconds.
    pub gap_ns_max: Option<u64>,
}

/// What [`availability`] counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityReport {
    /// All operations; it begins with the first invocation.
    pub total: Window,
    /// Of all operations, so many in a thousand were answered, rounded down.
    pub ok_per_mille: u64,
    /// The windows in which something was invoked, in order.
    pub windows: Vec<Window>,
    /// The longest time without an answer, in nanoseconds: between two answers, before the first
    /// one (from the first invocation), or after the last one (until the last record).
    pub longest_gap_ns: u64,
    /// When that time began, in nanoseconds.
    pub longest_gap_from_ns: u64,
}

/// Counts the operations of each window of `window_ns` nanoseconds from time 0 on, by invocation,
/// and holds them against the demand.
///
/// # Panics
/// If windows have no length.
pub fn availability<O: fmt::Display, R: fmt::Display>(
    history: &History<O, R>,
    window_ns: u64,
    demand: AvailabilityDemand,
) -> Scan<AvailabilityReport> {
    assert!(window_ns > 0, "a window has a length");
    let mut by_time: Vec<(u64, &Outcome<R>)> = history
        .operations()
        .iter()
        .map(|operation| (operation.invoked_ns, &operation.outcome))
        .collect();
    by_time.sort_by_key(|&(invoked_ns, _)| invoked_ns);
    let begins_ns = by_time.first().map_or(0, |&(invoked_ns, _)| invoked_ns);
    let mut total = Window { begins_ns, ..Window::default() };
    let mut windows: Vec<Window> = Vec::new();
    for &(invoked_ns, outcome) in &by_time {
        let begins_ns = invoked_ns - invoked_ns % window_ns;
        if windows.last().is_none_or(|last| last.begins_ns != begins_ns) {
            windows.push(Window { begins_ns, ..Window::default() });
        }
        windows.last_mut().expect("it has just been added").add(outcome);
        total.add(outcome);
    }
    let (longest_gap_ns, longest_gap_from_ns) = longest_gap(history, begins_ns);
    let ok_per_mille = total.ok_per_mille();
    let report =
        AvailabilityReport { total, ok_per_mille, windows, longest_gap_ns, longest_gap_from_ns };
    let mut blame = Blame::new(history);
    if report.total.invoked() == 0 {
        blame.unknown("availability: nothing was asked");
    }
    if ok_per_mille < demand.ok_per_mille_min {
        blame.fail("ok-share", [], || {
            let (ok, all) = (report.total.ok, report.total.invoked());
            let wanted = demand.ok_per_mille_min;
            format!("{ok} of {all} operations were answered, fewer than {wanted} in a thousand")
        });
    }
    if demand.gap_ns_max.is_some_and(|most| longest_gap_ns > most) {
        blame.fail("longest-gap", [], || {
            format!("nothing was answered for {longest_gap_ns} ns from {longest_gap_from_ns} ns on")
        });
    }
    Scan { verdict: blame.verdict, report }
}

/// How long the longest time without an answer was, and when it began.
fn longest_gap<O, R>(history: &History<O, R>, begins_ns: u64) -> (u64, u64) {
    let mut answers: Vec<u64> = vec![begins_ns];
    let mut last_ns = begins_ns;
    for operation in history.operations() {
        last_ns = last_ns.max(operation.ended_ns.unwrap_or(operation.invoked_ns));
        if let (Outcome::Ok(_), Some(ended_ns)) = (&operation.outcome, operation.ended_ns) {
            answers.push(ended_ns);
        }
    }
    answers.push(last_ns);
    answers.sort_unstable();
    let gaps = answers.windows(2).map(|pair| (pair[1] - pair[0], pair[0]));
    // Of equally long ones the first.
    gaps.fold((0, begins_ns), |best, gap| if gap.0 > best.0 { gap } else { best })
}
