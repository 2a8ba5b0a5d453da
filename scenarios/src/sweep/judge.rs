//! What a sweep says about a scenario as a whole: `expect`, `sometimes` and `measures`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tally::{UnitTally, Unproven};
use crate::format::{Band, Chance, Expect, Measure, Scenario, Statistic};

/// What a scenario as a whole must show. It stands in the header of results, so that shards can be
/// judged together without the scenario's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// How many seeds it wants; with fewer, `sometimes` and `measures` are not judged.
    pub seeds: u64,
    /// What a sweep must find.
    pub expect: Expect,
    /// Milestones that must be reached in a share of the seeds.
    pub sometimes: BTreeMap<String, Chance>,
    /// Numbers that must lie somewhere.
    pub measures: Vec<Measure>,
    /// Whether a bug is planted: `sometimes` says nothing then.
    pub planted: bool,
}

/// How one unit of a sweep turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The scenario.
    pub scenario: String,
    /// The protocol.
    pub protocol: String,
    /// The point of the grid.
    pub point: BTreeMap<String, Value>,
    /// How many runs were made.
    pub runs: u64,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
    /// Whether all is as expected; `None` where a shard leaves that to `merge`.
    pub as_expected: Option<bool>,
    /// For an expected violation: how many seeds showed it, and the first that did.
    pub shown: Option<(u64, u64)>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Runs failed, and none should.
    Failed {
        /// How many.
        runs: u64,
    },
    /// The expected violation is in none of the seeds that should show it.
    ExpectedViolationMissing {
        /// The property that should break.
        property: String,
        /// Among how many seeds.
        within_seeds: u64,
    },
    /// The expected violation has not been found, but not all the seeds ran.
    ExpectedViolationUndecided {
        /// The property that should break.
        property: String,
        /// Among how many seeds.
        within_seeds: u64,
        /// How many of those ran.
        ran: u64,
    },
    /// A measure lies outside of its band.
    MeasureMissed {
        /// The measure.
        name: String,
        /// What of it was judged.
        statistic: Statistic,
        /// What it was.
        value: f64,
        /// Where it should be.
        band: Band,
    },
    /// No run measured it.
    MeasureAbsent {
        /// The measure.
        name: String,
    },
    /// A milestone was reached too seldom.
    SometimesUnmet {
        /// The milestone.
        name: String,
        /// In how many seeds it should be.
        wanted: Chance,
        /// In how many it was.
        reached: u64,
        /// Of how many.
        runs: u64,
    },
    /// Runs came to no verdict.
    Unknown {
        /// How many.
        runs: u64,
        /// The first of them.
        first: Option<Unproven>,
    },
    /// Runs proved nothing.
    Vacuous {
        /// How many.
        runs: u64,
        /// The first of them.
        first: Option<Unproven>,
    },
}

impl Finding {
    /// Whether something is violated, rather than merely not shown.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        match self {
            Finding::Failed { .. }
            | Finding::ExpectedViolationMissing { .. }
            | Finding::MeasureMissed { .. } => true,
            Finding::ExpectedViolationUndecided { .. }
            | Finding::MeasureAbsent { .. }
            | Finding::SometimesUnmet { .. }
            | Finding::Unknown { .. }
            | Finding::Vacuous { .. } => false,
        }
    }
}

impl Standard {
    /// What a scenario must show.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Standard {
        Standard {
            seeds: scenario.seeds,
            expect: scenario.expect.clone(),
            sometimes: scenario.sometimes.clone(),
            measures: scenario.measures.clone(),
            planted: plants_bug(&scenario.params),
        }
    }

    /// How many seeds run when the command line does not say.
    #[must_use]
    pub fn own_seeds(&self) -> u64 {
        match &self.expect {
            Expect::Pass => self.seeds,
            Expect::Violation(violation) => violation.within_seeds,
        }
    }

    /// Whether failing runs are what the scenario is for.
    #[must_use]
    pub fn expects_violation(&self) -> bool {
        match self.expect {
            Expect::Pass => false,
            Expect::Violation(_) => true,
        }
    }
}

/// Whether `params`, or the params of a nested protocol inside them, plant a bug.
fn plants_bug(params: &Value) -> bool {
    match params {
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| (key == "bug" && !value.is_null()) || plants_bug(value)),
        Value::Array(items) => items.iter().any(plants_bug),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a point plants a bug: `--set params.raft.bug=vote-twice`.
fn point_plants_bug(point: &BTreeMap<String, Value>) -> bool {
    point.iter().any(|(path, value)| {
        let sets_bug = path == "bug" || path.ends_with(".bug");
        (sets_bug && !value.is_null()) || (path.starts_with("params") && plants_bug(value))
    })
}

/// Judges one unit. A shard sees only some of the seeds: what is said of all of them is left open.
#[must_use]
pub fn judge(
    scenario: &str,
    protocol: &str,
    point: &BTreeMap<String, Value>,
    standard: &Standard,
    tally: &UnitTally,
    whole: bool,
) -> Judgement {
    let mut findings = Vec::new();
    let mut shown = None;
    match &standard.expect {
        Expect::Pass => judge_runs(tally, &mut findings),
        Expect::Violation(expected) => {
            shown = tally.shown.map(|(_, seed)| (tally.shown_count, seed));
            let (property, within_seeds) = (expected.property.clone(), expected.within_seeds);
            if whole && shown.is_none() {
                findings.push(if tally.early >= within_seeds {
                    Finding::ExpectedViolationMissing { property, within_seeds }
                } else {
                    let ran = tally.early;
                    Finding::ExpectedViolationUndecided { property, within_seeds, ran }
                });
            }
        }
    }
    if whole && tally.runs >= standard.seeds {
        judge_measures(standard, tally, &mut findings);
        let planted = standard.planted || point_plants_bug(point);
        if !planted && !standard.expects_violation() {
            judge_sometimes(standard, tally, &mut findings);
        }
    }
    // A unit of which nothing ran says nothing, unless it should have shown something.
    let silent = tally.runs == 0 && findings.is_empty();
    let decided = !silent && (whole || !standard.expects_violation());
    Judgement {
        scenario: scenario.to_owned(),
        protocol: protocol.to_owned(),
        point: point.clone(),
        runs: tally.runs,
        as_expected: decided.then_some(findings.is_empty()),
        findings,
        shown,
    }
}

fn judge_runs(tally: &UnitTally, findings: &mut Vec<Finding>) {
    if tally.fail > 0 {
        findings.push(Finding::Failed { runs: tally.fail });
    }
    if tally.unknown > 0 {
        findings.push(Finding::Unknown { runs: tally.unknown, first: tally.first_unknown.clone() });
    }
    if tally.vacuous > 0 {
        findings.push(Finding::Vacuous { runs: tally.vacuous, first: tally.first_vacuous.clone() });
    }
}

fn judge_measures(standard: &Standard, tally: &UnitTally, findings: &mut Vec<Finding>) {
    for measure in &standard.measures {
        let name = measure.name.clone();
        let Some(values) = tally.values.get(&name).filter(|values| !values.is_empty()) else {
            findings.push(Finding::MeasureAbsent { name });
            continue;
        };
        let mut sorted = values.clone();
        // Sorted also for the mean: a sum of floats depends on the order, and the order in which
        // runs finish must not matter.
        sorted.sort_by(f64::total_cmp);
        for (statistic, band) in measure.bounds() {
            let value = statistic_of(statistic, &sorted);
            if !band.contains(value) {
                let name = name.clone();
                findings.push(Finding::MeasureMissed { name, statistic, value, band });
            }
        }
    }
}

fn statistic_of(statistic: Statistic, sorted: &[f64]) -> f64 {
    let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
    match statistic {
        Statistic::Mean => sorted.iter().sum::<f64>() / sorted.len() as f64,
        Statistic::P50 => rank(50),
        Statistic::P99 => rank(99),
        Statistic::Max => rank(100),
    }
}

fn judge_sometimes(standard: &Standard, tally: &UnitTally, findings: &mut Vec<Finding>) {
    for (name, wanted) in &standard.sometimes {
        let reached = tally.reached.get(name).copied().unwrap_or(0);
        // Chances are rounded to 2^-32: 30 % of ten seeds are three, and not three and a bit.
        let needed = (wanted.ratio() * tally.runs as f64 - 1e-6).ceil();
        if (reached as f64) < needed {
            let (name, wanted) = (name.clone(), *wanted);
            findings.push(Finding::SometimesUnmet { name, wanted, reached, runs: tally.runs });
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Failed { runs } => write!(f, "{} failed", count(*runs, "run")),
            Finding::ExpectedViolationMissing { property, within_seeds } => write!(
                f,
                "expected-violation-missing: `{property}` was not violated in {}",
                count(*within_seeds, "seed")
            ),
            Finding::ExpectedViolationUndecided { property, within_seeds, ran } => write!(
                f,
                "`{property}` should be violated within {}; {ran} ran, and none did",
                count(*within_seeds, "seed")
            ),
            Finding::MeasureMissed { name, statistic, value, band } => write!(
                f,
                "the {} of `{name}` is {value}, and should be {}",
                statistic_name(*statistic),
                band_text(*band)
            ),
            Finding::MeasureAbsent { name } => write!(f, "no run measured `{name}`"),
            Finding::SometimesUnmet { name, wanted, reached, runs } => write!(
                f,
                "`{name}` was reached in {reached} of {} ({:.1} %), wanted {:.1} %",
                count(*runs, "seed"),
                *reached as f64 * 100.0 / (*runs).max(1) as f64,
                wanted.ratio() * 100.0
            ),
            Finding::Unknown { runs, first } => {
                write!(f, "{} came to no verdict (unknown)", count(*runs, "run"))?;
                write_first(f, first.as_ref())
            }
            Finding::Vacuous { runs, first } => {
                write!(f, "{} proved nothing (vacuous)", count(*runs, "run"))?;
                write_first(f, first.as_ref())
            }
        }
    }
}

fn write_first(f: &mut fmt::Formatter<'_>, first: Option<&Unproven>) -> fmt::Result {
    match first {
        Some(first) => write!(f, "; seed {}: {}", first.seed, first.why),
        None => Ok(()),
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn statistic_name(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Mean => "mean",
        Statistic::P50 => "median",
        Statistic::P99 => "99th percentile",
        Statistic::Max => "maximum",
    }
}

fn band_text(band: Band) -> String {
    match band {
        Band::Between((low, high)) => format!("between {} and {}", low.0, high.0),
        Band::AtMost(high) => format!("at most {}", high.0),
        Band::AtLeast(low) => format!("at least {}", low.0),
    }
}
