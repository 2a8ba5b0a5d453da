//! What is judged when a run is over: history checkers, bounds, and whether it proves anything.

use std::collections::BTreeMap;

use seedbed_checkers as checkers;
use seedbed_protocols::{HistoryRecord, Tested};
use seedbed_sim::{CLIENT_REPLY, CLIENT_REQUEST};
use serde::Deserialize;

use super::director::Tally;
use super::history::latencies;
use super::record::{Messages, Operations};
use crate::format::{Band, Check, Named, Scenario};

/// What a judgement found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    Violated { property: String, message: String },
    Unknown { property: String, message: String },
}

/// The measures that every protocol has, with a line about each; each can be bounded in `checks`.
pub fn measure_names() -> &'static [(&'static str, &'static str)] {
    &[
        ("messages_per_operation", "messages between hosts for each operation that ended ok"),
        ("latency_p50_ns", "the median latency of operations that ended ok"),
        ("latency_p99_ns", "the 99th percentile of those latencies"),
        ("messages_sent", "messages that left their host, client traffic included"),
        ("bytes_sent", "the bytes of those"),
        ("operations_ok", "operations that ended ok"),
    ]
}

/// Every measure that this run has.
pub(crate) fn measures<S: Tested>(
    history: &[HistoryRecord<S>],
    messages: &Messages,
    operations: &Operations,
) -> BTreeMap<String, f64> {
    let mut measures = BTreeMap::new();
    let mut set = |name: &str, number: f64| measures.insert(name.to_owned(), number);
    set("messages_sent", messages.sent as f64);
    set("bytes_sent", messages.bytes as f64);
    set("operations_ok", operations.ok as f64);
    if operations.ok > 0 {
        let by_clients = [CLIENT_REQUEST, CLIENT_REPLY].map(|kind| messages.by_kind.get(kind));
        let by_clients: u64 = by_clients.into_iter().flatten().sum();
        let own = messages.sent - by_clients;
        set("messages_per_operation", own as f64 / operations.ok as f64);
    }
    let took = latencies::<S>(history).into_iter();
    let mut latencies: Vec<u64> = took.map(|(_, latency)| latency).collect();
    latencies.sort_unstable();
    for (name, percent) in [("latency_p50_ns", 50), ("latency_p99_ns", 99)] {
        if let Some(latency) = quantile(&latencies, percent) {
            set(name, latency as f64);
        }
    }
    measures
}

/// The least number that at least so many percent do not exceed.
pub(crate) fn quantile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Judges the history and the bounds, in the order of `checks`.
pub(crate) fn judge<S: Tested>(
    scenario: &Scenario,
    history: &[HistoryRecord<S>],
    measures: &BTreeMap<String, f64>,
) -> Vec<Found> {
    let known = S::checks();
    let mut found = Vec::new();
    for check in &scenario.checks {
        let Check::Checker(named) = check else {
            continue;
        };
        let property = named.name.clone();
        let verdict = match known.iter().find(|check| check.name == named.name) {
            Some(checker) => (checker.judge)(history),
            None => judge_bound(named, measures),
        };
        match verdict {
            checkers::Verdict::Pass => {}
            checkers::Verdict::Fail(explanation) => {
                let message = explanation.to_string();
                found.push(Found::Violated { property, message });
            }
            checkers::Verdict::Unknown(message) => found.push(Found::Unknown { property, message }),
        }
    }
    found
}

fn judge_bound(named: &Named, measures: &BTreeMap<String, f64>) -> checkers::Verdict {
    let band = match Band::deserialize(&named.options) {
        Ok(band) => band,
        // Validation refuses such a scenario.
        Err(error) => return checkers::Verdict::Unknown(error.to_string()),
    };
    let Some(number) = measures.get(&named.name) else {
        return checkers::Verdict::Unknown(format!("this run has no `{}`", named.name));
    };
    if band.contains(*number) {
        return checkers::Verdict::Pass;
    }
    checkers::Verdict::Fail(checkers::Explanation {
        clause: named.name.clone(),
        summary: format!("it is {number}, and must be {}", describe(band)),
        operations: Vec::new(),
    })
}

fn describe(band: Band) -> String {
    match band {
        Band::Between((low, high)) => format!("between {} and {}", low.0, high.0),
        Band::AtMost(high) => format!("at most {}", high.0),
        Band::AtLeast(low) => format!("at least {}", low.0),
    }
}

/// What makes the run vacuous: the place of the first fault that should have taken effect and never
/// did, and a sentence about it.
pub(crate) fn vacuous(tallies: &[Tally]) -> Option<(String, String)> {
    tallies.iter().find_map(|tally| {
        let why = tally.vacuous()?;
        Some((tally.path.clone(), format!("{} {why}", tally.path)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_list() {
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&[7], 99), Some(7));
        assert_eq!(quantile(&[1, 2, 3, 4], 50), Some(2));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(quantile(&hundred, 99), Some(99));
    }
}
