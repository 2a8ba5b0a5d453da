//! Protocols that misbehave within their rights.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::units::Chance;

/// A quarter, which is what FoundationDB uses for both.
const QUARTER: Chance = Chance { parts: 1 << 30 };

/// How often the places say yes that a protocol has marked with `buggify`. Written `true`, `false`
/// (the default), or with both chances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BuggifySettings {
    /// The chance that a place is on, drawn for each place and seed.
    pub on: Chance,
    /// The chance that a place that is on fires, each time that the protocol comes by.
    pub fires: Chance,
}

impl BuggifySettings {
    /// No place is on.
    pub const OFF: BuggifySettings = BuggifySettings { on: Chance::NEVER, fires: Chance::NEVER };
    /// A place is on for a quarter of the seeds, and fires a quarter of the time.
    pub const QUARTERS: BuggifySettings = BuggifySettings { on: QUARTER, fires: QUARTER };

    /// Whether nothing ever fires.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.on == Chance::NEVER || self.fires == Chance::NEVER
    }
}

impl Default for BuggifySettings {
    fn default() -> Self {
        BuggifySettings::OFF
    }
}

/// The long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chances {
    #[serde(default = "quarter")]
    on: Chance,
    #[serde(default = "quarter")]
    fires: Chance,
}

fn quarter() -> Chance {
    QUARTER
}

impl<'de> Deserialize<'de> for BuggifySettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BuggifyVisitor;
        impl<'de> Visitor<'de> for BuggifyVisitor {
            type Value = BuggifySettings;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false, or { \"on\": \"25%\", \"fires\": \"25%\" }")
            }
            fn visit_bool<E: de::Error>(self, on: bool) -> Result<BuggifySettings, E> {
                Ok(if on { BuggifySettings::QUARTERS } else { BuggifySettings::OFF })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BuggifySettings, A::Error> {
                let Chances { on, fires } = Chances::deserialize(MapAccessDeserializer::new(map))?;
                Ok(BuggifySettings { on, fires })
            }
        }
        deserializer.deserialize_any(BuggifyVisitor)
    }
}

impl JsonSchema for BuggifySettings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Buggify".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let chance = generator.subschema_for::<Chance>();
        json_schema!({
            "description": "Whether the protocol misbehaves within its rights: `true` for a \
                quarter of its places in each seed, which fire a quarter of the time, or both \
                chances.",
            "anyOf": [
                { "type": "boolean" },
                { "type": "object", "additionalProperties": false,
                  "properties": { "on": chance, "fires": chance } }
            ]
        })
    }
}
