//! What runs with `--series` did over time, all together: enough to draw a million of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reach::Reach;
use super::timeline::Timeline;
use crate::histogram::Histogram;
use crate::run::Series;

/// The series of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverTime {
    /// How many runs have series.
    pub runs: u64,
    /// How long operations took, from their intended start, in nanoseconds: of all runs together;
    /// final operations are not among them.
    pub latency: Histogram,
    /// When hosts reached each milestone of theirs.
    pub reached: BTreeMap<String, Reach>,
    /// Counts over virtual time, summed.
    pub timeline: Timeline,
}

impl OverTime {
    /// Takes in a run that ended at `until_ns`.
    pub fn add(&mut self, series: &Series, until_ns: u64) {
        self.runs += 1;
        self.latency.merge(&series.latency);
        for (name, times) in &series.host_milestones {
            let reach = self.reached.entry(name.clone()).or_default();
            reach.add(series.hosts, times.values().copied());
        }
        self.timeline.add(series, until_ns);
    }

    /// Takes in everything that another one has.
    pub fn merge(&mut self, other: &OverTime) {
        self.runs += other.runs;
        self.latency.merge(&other.latency);
        for (name, reach) in &other.reached {
            self.reached.entry(name.clone()).or_default().merge(reach);
        }
        self.timeline.merge(&other.timeline);
    }
}
