//! How long something takes, as scenario files say it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::{require_one_key, wrong_key_count};
use super::units::{Chance, Nanos};

/// How long something takes: a constant or a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Latency {
    /// `"10ms"` or `{"constant": "10ms"}`.
    Constant(Nanos),
    /// `{"uniform": ["1ms", "10ms"]}`: evenly between the two, both included.
    Uniform(Nanos, Nanos),
    /// `{"exponential": {"mean": "5ms", "min": "1ms"}}`.
    Exponential(Exponential),
    /// `{"empirical": ["1ms", "2ms", "9ms"]}`: a table of evenly spaced quantiles, from the least
    /// to the greatest, with straight lines between them.
    Empirical(Vec<Nanos>),
    /// `{"normal": {"mean": "10ms", "deviation": "2ms", "min": "5ms"}}`.
    Normal(Normal),
    /// `{"lognormal": {"mean": "10ms", "deviation": "5ms"}}`.
    LogNormal(LogNormal),
    /// `{"pareto": {"scale": "1ms", "shape": 2.5}}`.
    Pareto(Pareto),
    /// `{"mixture": [{"weight": 999, "latency": "1ms"}, {"weight": 1, "latency": "100ms"}]}`.
    Mixture(Vec<Part>),
    /// `{"quantiles": [[0, "1ms"], ["50%", "2ms"], [1, "9ms"]]}`: a table of quantiles, each with
    /// its position, with straight lines between them.
    Quantiles(Vec<(Chance, Nanos)>),
}

/// An exponential distribution that starts at `min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The mean of the whole, `min` included.
    pub mean: Nanos,
    /// The least value.
    #[serde(default)]
    pub min: Nanos,
}

/// A normal distribution (the bell curve) without what lies below `min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// The mean of the whole bell.
    pub mean: Nanos,
    /// The standard deviation of the whole bell.
    pub deviation: Nanos,
    /// The least value: what would be less is drawn again.
    #[serde(default)]
    pub min: Nanos,
}

/// A lognormal distribution: its logarithm is normal, so it is skewed and has a long tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// The mean of the time itself, not of its logarithm.
    pub mean: Nanos,
    /// The standard deviation of the time itself.
    pub deviation: Nanos,
}

/// A Pareto distribution: a power law, whose tail is the heavier the nearer `shape` is to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pareto {
    /// The least value.
    pub scale: Nanos,
    /// The share of times longer than `t` is `scale / t` to this power; above 1.
    pub shape: Shape,
}

/// A part of a mixture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How often it is drawn, compared with the other parts.
    pub weight: u32,
    /// How long it takes then.
    pub latency: Latency,
}

/// A number such as 2.5, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// A million is 1.
    pub millionths: u64,
}

impl Shape {
    /// 1.
    pub const ONE: Shape = Shape { millionths: 1_000_000 };
    /// The largest that is read.
    const MAX: f64 = 1_000_000.0;
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShapeVisitor;
        impl Visitor<'_> for ShapeVisitor {
            type Value = Shape;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number above 1, such as 2.5")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Shape, E> {
                self.visit_f64(number as f64)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Shape, E> {
                if (0.0..=Shape::MAX).contains(&number) {
                    return Ok(Shape { millionths: (number * 1e6).round() as u64 });
                }
                Err(E::custom(format!("{number} is no shape: it is above 1, and at most 1000000")))
            }
        }
        deserializer.deserialize_any(ShapeVisitor)
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.millionths.is_multiple_of(Shape::ONE.millionths) {
            return serializer.serialize_u64(self.millionths / Shape::ONE.millionths);
        }
        serializer.serialize_f64(self.millionths as f64 / 1e6)
    }
}

impl JsonSchema for Shape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Shape".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 1, "maximum": 1_000_000 })
    }
}

impl Latency {
    /// The forms, as written.
    pub const NAMES: &'static [&'static str] = &[
        "constant",
        "uniform",
        "exponential",
        "empirical",
        "normal",
        "lognormal",
        "pareto",
        "mixture",
        "quantiles",
    ];
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LatencyVisitor;
        impl<'de> Visitor<'de> for LatencyVisitor {
            type Value = Latency;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("a duration such as \"10ms\", or {\"uniform\": [\"1ms\", \"10ms\"]}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Latency, E> {
                Nanos::parse(text).map(Latency::Constant).map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Latency, E> {
                Err(E::custom(format!("{number} has no unit: write \"{number}ms\"")))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Latency, E> {
                Err(E::custom(format!("{number} has no unit: write \"{number}ms\"")))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Latency, A::Error> {
                require_one_key(&map, "a latency")?;
                let Some(form) = map.next_key::<String>()? else {
                    return Err(wrong_key_count(0, "a latency"));
                };
                match form.as_str() {
                    "constant" => map.next_value().map(Latency::Constant),
                    "uniform" => map.next_value().map(|(low, high)| Latency::Uniform(low, high)),
                    "exponential" => map.next_value().map(Latency::Exponential),
                    "empirical" => map.next_value().map(Latency::Empirical),
                    "normal" => map.next_value().map(Latency::Normal),
                    "lognormal" => map.next_value().map(Latency::LogNormal),
                    "pareto" => map.next_value().map(Latency::Pareto),
                    "mixture" => map.next_value().map(Latency::Mixture),
                    "quantiles" => map.next_value().map(Latency::Quantiles),
                    _ => Err(de::Error::unknown_variant(&form, Latency::NAMES)),
                }
            }
        }
        deserializer.deserialize_any(LatencyVisitor)
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Latency::Constant(time) = self {
            return time.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Latency::Constant(time) => map.serialize_entry("constant", time)?,
            Latency::Uniform(low, high) => map.serialize_entry("uniform", &(low, high))?,
            Latency::Exponential(shape) => map.serialize_entry("exponential", shape)?,
            Latency::Empirical(table) => map.serialize_entry("empirical", table)?,
            Latency::Normal(bell) => map.serialize_entry("normal", bell)?,
            Latency::LogNormal(bell) => map.serialize_entry("lognormal", bell)?,
            Latency::Pareto(law) => map.serialize_entry("pareto", law)?,
            Latency::Mixture(parts) => map.serialize_entry("mixture", parts)?,
            Latency::Quantiles(table) => map.serialize_entry("quantiles", table)?,
        }
        map.end()
    }
}

impl JsonSchema for Latency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Latency".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        let position = generator.subschema_for::<Chance>();
        let exponential = generator.subschema_for::<Exponential>();
        let normal = generator.subschema_for::<Normal>();
        let lognormal = generator.subschema_for::<LogNormal>();
        let pareto = generator.subschema_for::<Pareto>();
        let part = generator.subschema_for::<Part>();
        let form = |name: &str, value: Schema| {
            json_schema!({
                "type": "object", "properties": { name: value },
                "required": [name], "additionalProperties": false
            })
        };
        let pair = json_schema!({ "type": "array", "items": time, "minItems": 2, "maxItems": 2 });
        let table = json_schema!({ "type": "array", "items": time, "minItems": 2 });
        let parts = json_schema!({ "type": "array", "items": part, "minItems": 1 });
        let entry = json_schema!({
            "type": "array", "prefixItems": [position, time], "minItems": 2, "maxItems": 2
        });
        let quantiles = json_schema!({ "type": "array", "items": entry, "minItems": 2 });
        json_schema!({
            "description": "How long something takes: a constant or a distribution.",
            "anyOf": [
                time, form("constant", time.clone()), form("uniform", pair),
                form("exponential", exponential), form("empirical", table),
                form("normal", normal), form("lognormal", lognormal), form("pareto", pareto),
                form("mixture", parts), form("quantiles", quantiles)
            ]
        })
    }
}
