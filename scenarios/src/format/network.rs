//! The network while nothing is wrong with it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::{require_one_key, wrong_key_count};
use super::selector::Targets;
use super::units::{Bandwidth, Chance, Nanos, Size};

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

/// The network between all hosts, and the links that differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// How long a message travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// A further delay of each message, drawn evenly between zero and this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Nanos>,
    /// The chance that a message is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Chance>,
    /// The chance that a message arrives twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Chance>,
    /// The chance that a message is held back so that later ones overtake it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Chance>,
    /// How many bits each directed link carries in a second. Messages wait for each other in a
    /// queue of `queue` bytes, whose tail is dropped where it is full; a stream waits for room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// How many bytes may wait for a link that has a `bandwidth` or a `cost`: 64KiB if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Size>,
    /// How long each message occupies its link besides its bytes: headers, system calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Nanos>,
    /// How hosts talk to each other. Clients have a connection of their own an attempt either way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// How long a link may be cut, or lose one message again and again, before the stream over it
    /// breaks: 10s if absent. Streams only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_link: Option<Nanos>,
    /// How long after it was lost a message is sent again: 200ms if absent, twice as long each
    /// further time. Streams only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmit: Option<Nanos>,
    /// Links that are different, each field replacing the general one; a later entry wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkSettings>,
}

/// The links from some hosts to others: one direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSettings {
    /// The senders: names, host roles, zones, or `clients`.
    pub from: Targets,
    /// The receivers.
    pub to: Targets,
    /// How long a message travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// A further delay of each message, drawn evenly between zero and this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Nanos>,
    /// The chance that a message is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Chance>,
    /// The chance that a message arrives twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Chance>,
    /// The chance that a message is held back so that later ones overtake it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Chance>,
    /// How many bits the link carries in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// How many bytes may wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Size>,
    /// How long each message occupies it besides its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Nanos>,
}

/// How hosts talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Each message for itself: it may be lost, overtaken or doubled, and nobody is told.
    Datagram,
    /// One ordered stream for each pair of hosts. What is lost is sent again; a crash or a long
    /// cut breaks the stream, what is on its way is gone then, and both ends are told.
    Stream,
}

/// How many bytes may wait for a link that is limited, if the file does not say.
pub const QUEUE_DEFAULT: Size = Size(64 * 1024);

impl Latency {
    /// The forms, as written.
    pub const NAMES: &'static [&'static str] = &["constant", "uniform", "exponential", "empirical"];
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
        let exponential = generator.subschema_for::<Exponential>();
        let form = |name: &str, value: Schema| {
            json_schema!({
                "type": "object", "properties": { name: value },
                "required": [name], "additionalProperties": false
            })
        };
        let pair = json_schema!({ "type": "array", "items": time, "minItems": 2, "maxItems": 2 });
        let table = json_schema!({ "type": "array", "items": time, "minItems": 2 });
        json_schema!({
            "description": "How long something takes: a constant or a distribution.",
            "anyOf": [
                time, form("constant", time.clone()), form("uniform", pair),
                form("exponential", exponential), form("empirical", table)
            ]
        })
    }
}
