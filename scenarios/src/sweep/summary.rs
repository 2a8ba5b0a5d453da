//! `summary.json`: what a sweep found, on one page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::judge::Judgement;
use super::spread::Spread;
use super::tally::Tally;

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// How many runs were made.
    pub seeds: u64,
    /// Of which passed.
    pub pass: u64,
    /// Of which failed.
    pub fail: u64,
    /// Of which came to no verdict.
    pub unknown: u64,
    /// Of which proved nothing.
    pub vacuous: u64,
    /// Whether each scenario turned out as expected; what a shard cannot say is left out.
    pub as_expected: BTreeMap<String, bool>,
    /// Events of all runs.
    pub events: u64,
    /// Failures by signature, the most frequent first.
    pub signatures: Vec<SignatureSummary>,
    /// In how many runs each milestone of `sometimes` was reached.
    pub sometimes: BTreeMap<String, u64>,
    /// How often each kind of fault took effect.
    pub faults: BTreeMap<String, u64>,
    /// How widely what was measured is spread: by scenario, protocol and point, in the order of
    /// results.
    pub histograms: Vec<Spread>,
    /// What depends on the machine.
    pub host: HostSummary,
}

/// Failures that most likely have one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureSummary {
    /// The property that they violate.
    pub property: String,
    /// The signature.
    pub signature: String,
    /// How many runs.
    pub seeds: u64,
    /// The lowest seed.
    #[serde(with = "crate::run::seed")]
    pub first_seed: u64,
}

/// What depends on the machine, and on nothing that a scenario says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSummary {
    /// Seconds that the sweep took.
    pub wall_s: f64,
    /// Runs a second.
    pub seeds_per_s: f64,
    /// Events a second.
    pub events_per_s: f64,
    /// Threads.
    pub jobs: u64,
}

impl HostSummary {
    /// Rates from what was done in this sitting: resumed runs do not count.
    #[must_use]
    pub fn new(wall_s: f64, runs: u64, events: u64, jobs: usize) -> HostSummary {
        // Rounded to milliseconds: a file for people.
        let round = |number: f64| (number * 1000.0).round() / 1000.0;
        let seconds = wall_s.max(1e-9);
        HostSummary {
            wall_s: round(wall_s),
            seeds_per_s: round(runs as f64 / seconds),
            events_per_s: round(events as f64 / seconds),
            jobs: jobs as u64,
        }
    }
}

impl Summary {
    /// Puts counts and judgements together.
    #[must_use]
    pub fn new(tally: &Tally, judgements: &[Judgement], host: HostSummary) -> Summary {
        let mut as_expected = BTreeMap::new();
        for judgement in judgements {
            if let Some(expected) = judgement.as_expected {
                let entry = as_expected.entry(judgement.scenario.clone()).or_insert(true);
                *entry &= expected;
            }
        }
        let mut sometimes = BTreeMap::new();
        for (name, reached) in tally.units.iter().flat_map(|unit| &unit.reached) {
            *sometimes.entry(name.clone()).or_default() += reached;
        }
        let sum = |count: fn(&super::tally::UnitTally) -> u64| tally.units.iter().map(count).sum();
        Summary {
            seeds: tally.runs(),
            pass: sum(|unit| unit.pass),
            fail: sum(|unit| unit.fail),
            unknown: sum(|unit| unit.unknown),
            vacuous: sum(|unit| unit.vacuous),
            as_expected,
            events: tally.events,
            signatures: signatures(tally),
            sometimes,
            faults: tally.faults.clone(),
            histograms: tally.units.iter().map(|unit| unit.spread.clone()).collect(),
            host,
        }
    }
}

fn signatures(tally: &Tally) -> Vec<SignatureSummary> {
    let entries = tally.signatures.iter().map(|(signature, entry)| SignatureSummary {
        property: entry.property.clone(),
        signature: signature.clone(),
        seeds: entry.runs,
        first_seed: entry.first_seed,
    });
    let mut signatures: Vec<SignatureSummary> = entries.collect();
    signatures.sort_by(|one, other| {
        other.seeds.cmp(&one.seeds).then_with(|| one.signature.cmp(&other.signature))
    });
    signatures
}
