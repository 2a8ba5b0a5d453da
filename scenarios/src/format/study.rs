//! Studies: a scenario over a grid, what is drawn of it, and what was published about it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::units::Quantity;

/// A study file. The header of its results holds it whole, so that results can be drawn without
/// reading anything else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Where the schema of study files is, for editors.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the format: 1.
    pub format_version: u32,
    /// Its name: `raft/election-time`.
    pub name: String,
    /// What is asked, in a sentence or two.
    pub about: String,
    /// The scenario file, relative to the study's own.
    pub scenario: String,
    /// Fields of the scenario that are set at every point, by path, as `--set` does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// The fields that are varied, as `--vary` does; every combination is a point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vary: Vec<Varied>,
    /// How many seeds a point gets, unless `--seeds` says; without, the scenario does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<u64>,
    /// What is drawn, one picture each.
    pub measures: Vec<Drawn>,
    /// What was published about these measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// A field that is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Varied {
    /// Its path in the scenario: `params.election_timeout`.
    pub path: String,
    /// Its values, in the order in which curves and legends show them.
    pub values: Vec<Value>,
    /// What legends call each of them; without, the values themselves are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// A picture of one measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// A measure of the runs, or `milestones.NAME` or `milestones_after_heal.NAME` for the time of
    /// a milestone (in nanoseconds).
    pub name: String,
    /// The picture's title.
    pub title: String,
    /// The varied field along the horizontal axis, one curve for each value of the others. Without,
    /// the picture is the cumulative distribution over the seeds, one curve a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Whether the axis of the measure is logarithmic, also where its values do not span two powers
    /// of ten: there it is anyway.
    #[serde(default)]
    pub log: bool,
}

/// Numbers that somebody published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Of which measure, named as in `measures`.
    pub measure: String,
    /// What the legend calls them.
    pub label: String,
    /// Where they were published.
    pub source: String,
    /// The numbers, point by point.
    pub points: Vec<PublishedPoint>,
}

/// The published numbers of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedPoint {
    /// Which point: varied fields with their values. What is left out does not matter.
    pub at: BTreeMap<String, Value>,
    /// The numbers in the unit of the measure (times also as durations: `"287ms"`): `mean`, `min`,
    /// `max`, or a percentile (`p50`).
    pub numbers: BTreeMap<String, Quantity>,
}
