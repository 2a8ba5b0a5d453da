//! Which runs a sweep makes, and in which order they start.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::grid::Point;
use super::judge::Standard;
use super::seeds::{Seeds, Shard};
use crate::canonical;
use crate::format::Scenario;
use crate::run::{RunOptions, RunOutput};

/// One scenario as one protocol at one point of the grid.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The scenario, with the point's values set.
    pub scenario: Arc<Scenario>,
    /// The same as JSON, self-contained: what failure files hold.
    pub json: Arc<Value>,
    /// Which of its protocols runs.
    pub protocol: String,
    /// The values of `--set` and `--vary`.
    pub point: Point,
    /// What the scenario as a whole must show.
    pub standard: Arc<Standard>,
    /// The name of its failure files, without seed and ending.
    pub file_stem: String,
}

/// What makes runs. The laboratory has one; tests have others, that fail or take their time.
pub trait Runs: Sync {
    /// Runs a unit with a seed.
    fn run(&self, unit: &Unit, seed: u64, options: &RunOptions) -> RunOutput;
}

/// One run of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// The place of the unit in the plan.
    pub unit: usize,
    /// The place of the seed among the unit's seeds, whatever the shard.
    pub position: u64,
    /// The seed.
    pub seed: u64,
}

/// All runs of a sweep, numbered in the order in which they start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Ordered by scenario name, protocol and point, as results are.
    pub units: Vec<Unit>,
    /// The seeds of each.
    pub seeds: Seeds,
    /// Which part of them runs here.
    pub shard: Shard,
    /// For each unit, the number of its first job; unused when going round.
    starts: Vec<u64>,
    total: Option<u64>,
}

/// Why scenarios cannot be swept together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

/// A scenario at every point of the grid, in the order of the grid.
pub type AtPoints = Vec<(Point, Scenario, Value)>;

/// The units of scenarios: ordered by name, protocol and point.
///
/// # Errors
/// Two scenarios whose names (or whose failure files) would be the same.
pub fn plan_units(scenarios: Vec<AtPoints>) -> Result<Vec<Unit>, PlanError> {
    let mut named: BTreeMap<String, AtPoints> = BTreeMap::new();
    let mut stems: BTreeMap<String, String> = BTreeMap::new();
    for points in scenarios {
        let Some((_, first, _)) = points.first() else { continue };
        let name = first.name.clone();
        if let Some(other) = stems.insert(name.replace('/', "-"), name.clone()) {
            let message = if other == name {
                format!("two scenario files are named `{name}`")
            } else {
                format!("`{other}` and `{name}` would have failure files of one name")
            };
            return Err(PlanError(message));
        }
        named.insert(name, points);
    }
    Ok(named.into_values().flat_map(units_of).collect())
}

fn units_of(points: AtPoints) -> Vec<Unit> {
    let Some((_, first, _)) = points.first() else { return Vec::new() };
    let standard = Arc::new(Standard::of(first));
    let mut protocols: Vec<String> = first.protocol.names().map(str::to_owned).collect();
    protocols.sort();
    let (many_protocols, many_points) = (protocols.len() > 1, points.len() > 1);
    let points: Vec<(Point, Arc<Scenario>, Arc<Value>)> = points
        .into_iter()
        .map(|(point, scenario, json)| (point, Arc::new(scenario), Arc::new(json)))
        .collect();
    let mut units = Vec::new();
    for protocol in &protocols {
        for (point, scenario, json) in &points {
            let mut file_stem = scenario.name.replace('/', "-");
            if many_protocols {
                file_stem = format!("{file_stem}-{protocol}");
            }
            if many_points {
                let hash = canonical::hash_value(&Value::from_iter(point.clone())) >> 32;
                file_stem = format!("{file_stem}-{hash:08x}");
            }
            units.push(Unit {
                scenario: Arc::clone(scenario),
                json: Arc::clone(json),
                protocol: protocol.clone(),
                point: point.clone(),
                standard: Arc::clone(&standard),
                file_stem,
            });
        }
    }
    units
}

impl Plan {
    /// Lays out the runs of `units`.
    #[must_use]
    pub fn new(units: Vec<Unit>, seeds: Seeds, shard: Shard) -> Plan {
        let mut starts = Vec::with_capacity(units.len());
        let mut total = Some(0_u64);
        for (index, unit) in units.iter().enumerate() {
            starts.push(total.unwrap_or(0));
            let count = seeds.count(index, unit.standard.own_seeds());
            let count = count.map(|count| shard.count_of(count));
            total = total.zip(count).map(|(total, count)| total.saturating_add(count));
        }
        Plan { units, seeds, shard, starts, total }
    }

    /// How many runs there are; `None` if there is no end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Run number `index`; `None` past the last.
    #[must_use]
    pub fn job(&self, index: u64) -> Option<Job> {
        if self.units.is_empty() {
            return None;
        }
        let (unit, own_index) = match self.total {
            Some(total) if index >= total => return None,
            // The last unit that starts at or before the index: units without seeds start where
            // the next one does.
            Some(_) => {
                let unit = self.starts.partition_point(|start| *start <= index) - 1;
                (unit, index - self.starts[unit])
            }
            None => {
                let count = self.units.len() as u64;
                ((index % count) as usize, index / count)
            }
        };
        let position = self.shard.position(own_index);
        let own = self.units[unit].standard.own_seeds();
        let seed = self.seeds.at(unit, own, position)?;
        Some(Job { unit, position, seed })
    }
}
