//! How widely what runs measured is spread: the histograms of `summary.json`, by scenario, protocol
//! and point, from which a million seeds can be drawn without their records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::grid::Point;
use super::over_time::OverTime;
use crate::histogram::Histogram;
use crate::run::{RunRecord, Verdict};

/// What the runs of one scenario, as one protocol, at one point of the grid measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The scenario's name.
    pub scenario: String,
    /// The protocol.
    pub protocol: String,
    /// The values of `--set` and `--vary`.
    pub point: Point,
    /// How many runs: those that a histogram of milestone times lacks never reached it.
    pub runs: u64,
    /// When each milestone was first reached, in nanoseconds.
    pub milestones: BTreeMap<String, Histogram>,
    /// How long after heal each milestone held, in nanoseconds.
    pub milestones_after_heal: BTreeMap<String, Histogram>,
    /// What each measure was.
    pub measures: BTreeMap<String, MeasureSpread>,
    /// What was violated, by property.
    pub violations: BTreeMap<String, ViolationSpread>,
    /// How many messages of each kind were sent in a run; runs that sent none are not counted.
    pub messages: BTreeMap<String, Histogram>,
    /// What they did over time. Only with `--series`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<OverTime>,
}

/// A measure over many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureSpread {
    /// Histograms hold whole numbers: what they hold is the measure times this, rounded. 1 for
    /// nanoseconds and counts, else 1000.
    pub parts: u64,
    /// The measure of each run that has it, in such parts.
    pub histogram: Histogram,
}

/// Runs that violated a property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViolationSpread {
    /// How many runs of this point come before the first of them, in the order of seeds: with
    /// that many seeds fewer the violation would not have been found.
    pub first_position: u64,
    /// The seed of that run.
    #[serde(with = "crate::run::seed")]
    pub first_seed: u64,
    /// How many events it took, run by run.
    pub events: Histogram,
}

/// How fine the histogram of a measure is: whole nanoseconds, operations and bytes, thousandths of
/// everything else.
#[must_use]
pub fn parts_of(measure: &str) -> u64 {
    let whole = ["_ns", "_sent", "_ok"].iter().any(|ending| measure.ends_with(ending));
    if whole { 1 } else { 1000 }
}

impl Spread {
    /// Takes in a run, made as number `position` of its point.
    pub fn add(&mut self, position: u64, record: &RunRecord) {
        self.runs += 1;
        add_numbers(&mut self.messages, &record.messages.by_kind);
        add_numbers(&mut self.milestones, &record.milestones);
        add_numbers(&mut self.milestones_after_heal, &record.milestones_after_heal);
        for (name, number) in &record.measures {
            let parts = parts_of(name);
            let spread = self
                .measures
                .entry(name.clone())
                .or_insert_with(|| MeasureSpread { parts, histogram: Histogram::new() });
            // Casts from floats saturate: what is below nothing counts as nothing.
            spread.histogram.record((number * parts as f64).round() as u64);
        }
        if let (Verdict::Fail, Some(property)) = (record.verdict, &record.property) {
            let new = || ViolationSpread {
                first_position: position,
                first_seed: record.seed,
                events: Histogram::new(),
            };
            let spread = self.violations.entry(property.clone()).or_insert_with(new);
            if position < spread.first_position {
                (spread.first_position, spread.first_seed) = (position, record.seed);
            }
            spread.events.record(record.events);
        }
        if let Some(series) = &record.series {
            let over_time = self.series.get_or_insert_with(OverTime::default);
            over_time.add(series, record.virtual_time_ns);
        }
    }

    /// Takes in what other runs of the same scenario, protocol and point measured.
    pub fn merge(&mut self, other: &Spread) {
        self.runs += other.runs;
        merge_all(&mut self.milestones, &other.milestones);
        merge_all(&mut self.milestones_after_heal, &other.milestones_after_heal);
        merge_all(&mut self.messages, &other.messages);
        for (name, measure) in &other.measures {
            let spread = self.measures.entry(name.clone()).or_default();
            spread.parts = measure.parts;
            spread.histogram.merge(&measure.histogram);
        }
        for (name, violation) in &other.violations {
            match self.violations.get_mut(name) {
                None => {
                    self.violations.insert(name.clone(), violation.clone());
                }
                Some(known) => {
                    known.events.merge(&violation.events);
                    if violation.first_position < known.first_position {
                        known.first_position = violation.first_position;
                        known.first_seed = violation.first_seed;
                    }
                }
            }
        }
        if let Some(series) = &other.series {
            self.series.get_or_insert_with(OverTime::default).merge(series);
        }
    }
}

fn add_numbers(histograms: &mut BTreeMap<String, Histogram>, numbers: &BTreeMap<String, u64>) {
    for (name, number) in numbers {
        if let Some(histogram) = histograms.get_mut(name) {
            histogram.record(*number);
        } else {
            histograms.insert(name.clone(), Histogram::from_iter([*number]));
        }
    }
}

fn merge_all(histograms: &mut BTreeMap<String, Histogram>, other: &BTreeMap<String, Histogram>) {
    for (name, histogram) in other {
        histograms.entry(name.clone()).or_default().merge(histogram);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::{Fake, Folder, Nobody, at_points, build};
    use super::super::*;
    use super::*;
    use crate::canonical;
    use crate::run::Series;

    fn times(rows: &[Row], of: fn(&RunRecord) -> &BTreeMap<String, u64>, name: &str) -> Histogram {
        rows.iter().filter_map(|row| of(&row.record).get(name).copied()).collect()
    }

    /// Each histogram of the summary, computed again from the rows.
    #[test]
    fn the_summary_holds_what_the_rows_do() {
        let points: Vec<Point> =
            [1, 2].map(|k| Point::from([("params.k".to_owned(), k.into())])).to_vec();
        let fake = Fake::new(|_, seed| match seed % 10 {
            7 => (Verdict::Fail, "safe"),
            _ => (Verdict::Pass, ""),
        });
        let units = plan_units(vec![at_points("a", serde_json::json!({}), &points)]).unwrap();
        let plan = Plan::new(units, Seeds::Range { from: 5, count: 40 }, Shard::WHOLE);
        let folder = Folder::new("spread");
        let options = SweepOptions {
            jobs: 2,
            time_max: None,
            fail_fast: false,
            out: Some(folder.path().to_owned()),
            failures: folder.path().join("failures"),
            resume: false,
            series: None,
            stop: &fake.stop,
        };
        let header = header_of(&plan, &build(), &Made::default());
        let outcome = run_sweep(&plan, &header, &build(), &fake, &options, &Nobody, false).unwrap();
        assert_eq!(outcome.summary.histograms.len(), 2);
        for spread in &outcome.summary.histograms {
            let mut rows = Vec::new();
            read_rows(&folder.path().join("results.jsonl"), |row| {
                if row.point == spread.point {
                    rows.push(row);
                }
                Ok(())
            })
            .unwrap();
            assert_eq!((spread.runs, rows.len()), (40, 40));
            assert_eq!(spread.milestones["even"], times(&rows, |it| &it.milestones, "even"));
            let loads = rows.iter().map(|row| row.record.measures["load"] * 1000.0);
            let loads: Histogram = loads.map(|load| load.round() as u64).collect();
            assert_eq!(spread.measures["load"], MeasureSpread { parts: 1000, histogram: loads });
            // Seeds from 5: the first that ends in 7 is the third.
            let violation = &spread.violations["safe"];
            assert_eq!((violation.first_position, violation.first_seed), (2, 7));
            let failing = rows.iter().filter(|row| row.record.verdict == Verdict::Fail);
            let events: Histogram = failing.map(|row| row.record.events).collect();
            assert_eq!(violation.events, events);
            let sent = rows.iter().map(|row| row.record.messages.by_kind.clone());
            for (kind, histogram) in &spread.messages {
                let counts = sent.clone().filter_map(|kinds| kinds.get(kind).copied());
                assert_eq!(*histogram, counts.collect::<Histogram>());
            }
        }
    }

    fn record(seed: u64) -> RunRecord {
        let fake = Fake::new(|_, _| (Verdict::Fail, "safe"));
        let units = plan_units(vec![at_points("a", serde_json::json!({}), &[Point::new()])]);
        let mut record =
            fake.run(&units.unwrap()[0], seed, &crate::run::RunOptions::default()).record;
        let hosts = BTreeMap::from([("n1".to_owned(), seed * 1000)]);
        record.series = Some(Series {
            latency: Histogram::from_iter([seed * 999, 5]),
            host_milestones: BTreeMap::from([("heard".to_owned(), hosts)]),
            hosts: 3,
            ..Series::default()
        });
        record
    }

    /// Shards together measure what the whole does.
    #[test]
    fn a_merge_is_the_spread_of_all_runs() {
        let spread_of = |seeds: &[u64]| {
            let mut spread = Spread::default();
            seeds.iter().for_each(|seed| spread.add(*seed, &record(*seed)));
            spread
        };
        let mut merged = spread_of(&[3, 9, 4]);
        merged.merge(&spread_of(&[8, 1, 2, 7]));
        assert_eq!(merged, spread_of(&[1, 2, 3, 4, 7, 8, 9]));
        let series = merged.series.as_ref().unwrap();
        assert_eq!((series.runs, series.latency.count()), (7, 14));
        let text = canonical::line(&serde_json::to_value(&merged).unwrap());
        assert_eq!(serde_json::from_str::<Spread>(&text).unwrap(), merged);
    }
}
