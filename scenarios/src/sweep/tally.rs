//! Counts over the runs of a sweep: all that judgement and summary need, in little memory.

use std::collections::BTreeMap;

use super::judge::Standard;
use super::plan::Unit;
use super::spread::Spread;
use crate::format::Expect;
use crate::run::{RunRecord, Verdict};

/// Counts over the runs of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitTally {
    /// How many runs.
    pub runs: u64,
    /// Of which passed.
    pub pass: u64,
    /// Of which were vacuous.
    pub vacuous: u64,
    /// Of which were unknown.
    pub unknown: u64,
    /// Of which failed.
    pub fail: u64,
    /// How many of the seeds in which an expected violation must be found ran.
    pub early: u64,
    /// The first of those that showed it: its position, and its seed.
    pub shown: Option<(u64, u64)>,
    /// How many of those showed it.
    pub shown_count: u64,
    /// The first run without a verdict.
    pub first_unknown: Option<Unproven>,
    /// The first run that proved nothing.
    pub first_vacuous: Option<Unproven>,
    /// In how many runs each milestone of `sometimes` was reached.
    pub reached: BTreeMap<String, u64>,
    /// How widely what was measured is spread.
    pub spread: Spread,
    /// The values of each measure that is judged.
    pub values: BTreeMap<String, Vec<f64>>,
}

/// A run that says nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unproven {
    /// Its place among the unit's runs.
    pub position: u64,
    /// Its seed.
    pub seed: u64,
    /// What it says about itself.
    pub why: String,
}

impl Unproven {
    fn of(position: u64, record: &RunRecord) -> Unproven {
        let property = record.property.clone().unwrap_or_default();
        let why = match &record.message {
            Some(message) => format!("{property}: {message}"),
            None => property,
        };
        Unproven { position, seed: record.seed, why }
    }
}

fn keep_first(first: &mut Option<Unproven>, new: Unproven) {
    if first.as_ref().is_none_or(|first| new < *first) {
        *first = Some(new);
    }
}

/// Counts over all runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// By the place of the unit in the plan.
    pub units: Vec<UnitTally>,
    /// Events of all runs.
    pub events: u64,
    /// How often each kind of fault took effect.
    pub faults: BTreeMap<String, u64>,
    /// Failures by signature.
    pub signatures: BTreeMap<String, SignatureTally>,
}

/// Failures of one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureTally {
    /// The property that they violate.
    pub property: String,
    /// How many runs.
    pub runs: u64,
    /// The lowest seed.
    pub first_seed: u64,
}

impl UnitTally {
    fn add(&mut self, standard: &Standard, position: u64, record: &RunRecord) {
        self.runs += 1;
        self.spread.add(position, record);
        match record.verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Vacuous => {
                self.vacuous += 1;
                keep_first(&mut self.first_vacuous, Unproven::of(position, record));
            }
            Verdict::Unknown => {
                self.unknown += 1;
                keep_first(&mut self.first_unknown, Unproven::of(position, record));
            }
            Verdict::Fail => self.fail += 1,
        }
        match &standard.expect {
            Expect::Violation(expected) if position < expected.within_seeds => {
                self.early += 1;
                let named = record.property.as_ref() == Some(&expected.property);
                if named && record.verdict == Verdict::Fail {
                    self.shown_count += 1;
                    let here = (position, record.seed);
                    self.shown = Some(self.shown.map_or(here, |other| other.min(here)));
                }
            }
            Expect::Violation(_) | Expect::Pass => {}
        }
        for name in standard.sometimes.keys() {
            let reached = u64::from(record.milestones.contains_key(name));
            *self.reached.entry(name.clone()).or_default() += reached;
        }
        for measure in &standard.measures {
            if let Some(value) = record.measures.get(&measure.name) {
                self.values.entry(measure.name.clone()).or_default().push(*value);
            }
        }
    }
}

impl Tally {
    /// Nothing yet, of these units.
    #[must_use]
    pub fn new(units: &[Unit]) -> Tally {
        let tally_of = |unit: &Unit| UnitTally {
            spread: Spread {
                scenario: unit.scenario.name.clone(),
                protocol: unit.protocol.clone(),
                point: unit.point.clone(),
                ..Spread::default()
            },
            ..UnitTally::default()
        };
        Tally { units: units.iter().map(tally_of).collect(), ..Tally::default() }
    }

    /// Takes in a run.
    pub fn add(
        &mut self,
        unit: usize,
        standard: &Standard,
        position: u64,
        record: &RunRecord,
        signature: Option<&str>,
    ) {
        self.units[unit].add(standard, position, record);
        self.events += record.events;
        for (kind, count) in &record.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
        let Some(signature) = signature else { return };
        let entry = self.signatures.entry(signature.to_owned()).or_insert_with(|| SignatureTally {
            property: record.property.clone().unwrap_or_default(),
            runs: 0,
            first_seed: record.seed,
        });
        entry.runs += 1;
        entry.first_seed = entry.first_seed.min(record.seed);
    }

    /// How many runs there are in all.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.units.iter().map(|unit| unit.runs).sum()
    }
}
