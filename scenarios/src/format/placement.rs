//! When a fault happens: at a time, on a condition, or again and again.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::one_key_enum;
use super::units::Nanos;

/// What a fault may wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The milestone of this name is reached for the first time.
    Milestone(String),
    /// So many client operations have ended.
    Operations(u64),
    /// So many messages of a kind have been sent.
    Sent(SentCondition),
}

one_key_enum!(Condition, "a condition", {
    "milestone" => Milestone, "operations" => Operations, "sent" => Sent,
});

/// So many messages of a kind have been sent, by any host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentCondition {
    /// The message kind.
    pub kind: String,
    /// How many of them.
    #[serde(default = "one")]
    pub count: u64,
}

fn one() -> u64 {
    1
}

/// Again and again: `"5s"`, or an object with `from`, `until` and `times`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// The time between two firings.
    pub period: Nanos,
    /// The first firing; one period after the start if absent.
    pub from: Option<Nanos>,
    /// No firing at or after this; the heal, or the end, if absent.
    pub until: Option<Nanos>,
    /// How many firings at most.
    pub times: Option<u64>,
}

/// Again and again, with bounds.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EveryObject {
    /// The time between two firings.
    period: Nanos,
    /// The first firing; one period after the start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Nanos>,
    /// No firing at or after this; the heal, or the end, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Nanos>,
    /// How many firings at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

/// When a fault happens, once validation has seen that exactly one way is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// At once: a fault inside a script or a sequence, or a `message` fault, which waits for its
    /// message.
    Inline,
    /// At a time.
    At(Nanos),
    /// So long after a condition first holds.
    When {
        /// What is waited for.
        condition: Condition,
        /// How long after it.
        after: Nanos,
    },
    /// Again and again.
    Every(Every),
}

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EveryVisitor;
        impl<'de> Visitor<'de> for EveryVisitor {
            type Value = Every;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a period such as \"5s\", or an object with `period`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Every, E> {
                let period = Nanos::parse(text).map_err(E::custom)?;
                Ok(Every { period, from: None, until: None, times: None })
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Every, E> {
                Err(E::custom(format!("{number} has no unit: write \"{number}s\"")))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Every, A::Error> {
                let EveryObject { period, from, until, times } =
                    EveryObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Every { period, from, until, times })
            }
        }
        deserializer.deserialize_any(EveryVisitor)
    }
}

impl Serialize for Every {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Every { period, from, until, times } = *self;
        if from.is_none() && until.is_none() && times.is_none() {
            return period.serialize(serializer);
        }
        EveryObject { period, from, until, times }.serialize(serializer)
    }
}

impl JsonSchema for Every {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Every".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        let object = generator.subschema_for::<EveryObject>();
        json_schema!({
            "description": "Again and again: a period, or one with `from`, `until` and `times`.",
            "anyOf": [time, object]
        })
    }
}
