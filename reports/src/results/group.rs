//! What the runs of one scenario, as one protocol, at one point of the grid have in common.

use std::collections::BTreeMap;

use seedbed_scenarios::histogram::Histogram;
use seedbed_scenarios::run::Verdict;
use seedbed_scenarios::sweep::{OverTime, Point, Spread, parts_of};

use super::read::Line;
use super::sample::Sample;

/// Something that is one number a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// When a milestone was first reached, in nanoseconds.
    Milestone(String),
    /// How long after heal it held, in nanoseconds.
    AfterHeal(String),
    /// What was measured.
    Measure(String),
}

impl Quantity {
    /// What studies and `--vary` call it: `milestones.NAME`, `milestones_after_heal.NAME`, or the
    /// measure's name.
    #[must_use]
    pub fn parse(name: &str) -> Quantity {
        if let Some(milestone) = name.strip_prefix("milestones.") {
            return Quantity::Milestone(milestone.to_owned());
        }
        match name.strip_prefix("milestones_after_heal.") {
            Some(milestone) => Quantity::AfterHeal(milestone.to_owned()),
            None => Quantity::Measure(name.to_owned()),
        }
    }

    fn parts(&self) -> u64 {
        match self {
            Quantity::Milestone(_) | Quantity::AfterHeal(_) => 1,
            Quantity::Measure(name) => parts_of(name),
        }
    }
}

/// Runs that violated one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub runs: u64,
    /// How many runs came before the first of them.
    pub first_position: u64,
}

/// What the runs of one scenario, as one protocol, at one point have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which of the sources it is from.
    pub source: usize,
    /// The scenario's name.
    pub scenario: String,
    /// The protocol.
    pub protocol: String,
    /// The values of `--set` and `--vary`.
    pub point: Point,
    /// How many runs.
    pub runs: u64,
    /// One number a run.
    pub quantities: BTreeMap<Quantity, Sample>,
    /// Messages sent in a run, by kind; runs that sent none are not counted.
    pub by_kind: BTreeMap<String, Sample>,
    /// What was violated.
    pub found: BTreeMap<String, Found>,
    /// What happened over time; only with series.
    pub series: Option<OverTime>,
}

impl Group {
    /// Nothing yet.
    #[must_use]
    pub fn new(source: usize, scenario: String, protocol: String, point: Point) -> Group {
        Group {
            source,
            scenario,
            protocol,
            point,
            runs: 0,
            quantities: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            found: BTreeMap::new(),
            series: None,
        }
    }

    /// What a summary says.
    #[must_use]
    pub fn of_spread(source: usize, spread: Spread) -> Group {
        let mut group = Group::new(source, spread.scenario, spread.protocol, spread.point);
        group.runs = spread.runs;
        let whole = |histogram: &Histogram| Sample::of_histogram(histogram, 1);
        for (name, histogram) in &spread.milestones {
            group.quantities.insert(Quantity::Milestone(name.clone()), whole(histogram));
        }
        for (name, histogram) in &spread.milestones_after_heal {
            group.quantities.insert(Quantity::AfterHeal(name.clone()), whole(histogram));
        }
        for (name, measure) in &spread.measures {
            let sample = Sample::of_histogram(&measure.histogram, measure.parts);
            group.quantities.insert(Quantity::Measure(name.clone()), sample);
        }
        for (property, violation) in &spread.violations {
            let first_position = violation.first_position;
            let found = Found { runs: violation.events.count(), first_position };
            group.found.insert(property.clone(), found);
        }
        for (kind, histogram) in &spread.messages {
            group.by_kind.insert(kind.clone(), whole(histogram));
        }
        group.series = spread.series;
        group
    }

    /// Takes in a run.
    pub(super) fn add(&mut self, line: &Line) {
        let position = self.runs;
        self.runs += 1;
        for (name, time) in &line.milestones {
            self.note(Quantity::Milestone(name.clone()), *time as f64);
        }
        for (name, time) in &line.milestones_after_heal {
            self.note(Quantity::AfterHeal(name.clone()), *time as f64);
        }
        for (name, number) in &line.measures {
            self.note(Quantity::Measure(name.clone()), *number);
        }
        for (kind, count) in &line.messages.by_kind {
            let sample = self.by_kind.entry(kind.clone()).or_insert_with(|| Sample::new(1));
            sample.add(*count as f64);
        }
        if let (Verdict::Fail, Some(property)) = (line.verdict, &line.property) {
            let new = Found { runs: 0, first_position: position };
            self.found.entry(property.clone()).or_insert(new).runs += 1;
        }
        if let Some(series) = &line.series {
            let over_time = self.series.get_or_insert_with(OverTime::default);
            over_time.add(series, line.virtual_time_ns);
        }
    }

    fn note(&mut self, quantity: Quantity, number: f64) {
        let parts = quantity.parts();
        self.quantities.entry(quantity).or_insert_with(|| Sample::new(parts)).add(number);
    }

    /// Sorts, once all runs are in.
    pub(super) fn finish(&mut self) {
        self.quantities.values_mut().for_each(Sample::finish);
        self.by_kind.values_mut().for_each(Sample::finish);
    }
}
