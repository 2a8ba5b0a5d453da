//! What a scenario as a whole must show: over the seeds of a sweep, not in one run.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::{one_key_enum, require_one_key, wrong_key_count};
use super::units::Quantity;

/// What a sweep of the scenario must find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// `"pass"`: nothing wrong in any seed.
    #[default]
    Pass,
    /// `{"violation": {..}}`: the property is violated in some seed.
    Violation(ExpectedViolation),
}

/// A violation that must be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedViolation {
    /// The property.
    pub property: String,
    /// Among how many seeds at most.
    pub within_seeds: u64,
}

/// What a scenario demands of a protocol's stated tolerance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// Faults stay within what the protocol says that it tolerates: every property holds.
    #[default]
    Within,
    /// Faults go beyond it: only those properties are judged that the protocol promises even then,
    /// the one that `expect` names, and what `checks` lists.
    Beyond,
}

/// A number of every run. Each of `mean`, `p50`, `p99` and `max` that is given is judged over a
/// sweep; without any, the number is only measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Which number.
    pub name: String,
    /// Judges the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Band>,
    /// Judges the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<Band>,
    /// Judges the 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<Band>,
    /// Judges the greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Band>,
}

/// Where a number must lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Between the two, both included.
    Between((Quantity, Quantity)),
    /// At most this.
    AtMost(Quantity),
    /// At least this.
    AtLeast(Quantity),
}

one_key_enum!(Band, "a bound", {
    "between" => Between, "at_most" => AtMost, "at_least" => AtLeast,
});

/// Which statistic of a measure is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
    /// The greatest.
    Max,
}

impl Measure {
    /// Every statistic that is judged, with its bound.
    pub fn bounds(&self) -> impl Iterator<Item = (Statistic, Band)> {
        let pairs = [
            (Statistic::Mean, self.mean),
            (Statistic::P50, self.p50),
            (Statistic::P99, self.p99),
            (Statistic::Max, self.max),
        ];
        pairs.into_iter().filter_map(|(statistic, band)| Some((statistic, band?)))
    }
}

impl Band {
    /// Whether a number lies there.
    #[must_use]
    pub fn contains(self, number: f64) -> bool {
        match self {
            Band::Between((low, high)) => low.0 <= number && number <= high.0,
            Band::AtMost(high) => number <= high.0,
            Band::AtLeast(low) => number >= low.0,
        }
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpectVisitor;
        const NAMES: &[&str] = &["pass", "violation"];
        impl<'de> Visitor<'de> for ExpectVisitor {
            type Value = Expect;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"pass\" or {\"violation\": {..}}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Expect, E> {
                match text {
                    "pass" => Ok(Expect::Pass),
                    "violation" => Err(E::custom(
                        "a violation says which: {\"violation\": {\"property\": .., \
                         \"within_seeds\": ..}}",
                    )),
                    _ => Err(E::unknown_variant(text, NAMES)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
                require_one_key(&map, "an expectation")?;
                match map.next_key::<String>()?.as_deref() {
                    Some("violation") => map.next_value().map(Expect::Violation),
                    Some(key) => Err(de::Error::unknown_variant(key, &["violation"])),
                    None => Err(wrong_key_count(0, "an expectation")),
                }
            }
        }
        deserializer.deserialize_any(ExpectVisitor)
    }
}

impl Serialize for Expect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Expect::Pass => serializer.serialize_str("pass"),
            Expect::Violation(violation) => serializer.collect_map([("violation", violation)]),
        }
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expect".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let violation = generator.subschema_for::<ExpectedViolation>();
        json_schema!({
            "description": "What a sweep must find: nothing wrong, or a violation.",
            "anyOf": [
                { "const": "pass" },
                { "type": "object", "properties": { "violation": violation },
                  "required": ["violation"], "additionalProperties": false }
            ]
        })
    }
}
