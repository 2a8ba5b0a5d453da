//! What is checked beside the invariants, which are always on.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::one_key::{Named, require_one_key, wrong_key_count};
use super::units::Nanos;

/// A check: `"linearizable"`, `{"name": {options}}`, `{"milestone": {..}}` or `{"without": [..]}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// A history checker or a bound, by name, with its raw options (`null` if only named).
    Checker(Named),
    /// A milestone must be reached in time.
    Milestone(MilestoneCheck),
    /// Takes invariants out.
    Without(Vec<String>),
}

/// A milestone must be reached in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MilestoneCheck {
    /// The milestone.
    pub name: String,
    /// How soon.
    pub within: Nanos,
    /// Counted from here.
    #[serde(default)]
    pub after: Since,
}

/// From when a time is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The start of the run.
    #[default]
    Start,
    /// The heal.
    Heal,
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CheckVisitor;
        impl<'de> Visitor<'de> for CheckVisitor {
            type Value = Check;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a check, or an object with one key, its name")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Check, E> {
                Ok(Check::Checker(Named { name: name.to_owned(), options: Value::Null }))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Check, A::Error> {
                require_one_key(&map, "a check")?;
                let Some(name) = map.next_key::<String>()? else {
                    return Err(wrong_key_count(0, "a check"));
                };
                match name.as_str() {
                    "milestone" => map.next_value().map(Check::Milestone),
                    "without" => map.next_value().map(Check::Without),
                    _ => {
                        let options = map.next_value()?;
                        Ok(Check::Checker(Named { name, options }))
                    }
                }
            }
        }
        deserializer.deserialize_any(CheckVisitor)
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Check::Checker(check) if check.options.is_null() => {
                serializer.serialize_str(&check.name)
            }
            Check::Checker(check) => check.serialize(serializer),
            Check::Milestone(check) => serializer.collect_map([("milestone", check)]),
            Check::Without(names) => serializer.collect_map([("without", names)]),
        }
    }
}

impl JsonSchema for Check {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Check".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let milestone = generator.subschema_for::<MilestoneCheck>();
        json_schema!({
            "description": "A check by name, with options, or `without` invariants.",
            "anyOf": [
                { "type": "string", "description": "A history checker or a bound, by name." },
                { "type": "object", "properties": { "milestone": milestone },
                  "required": ["milestone"], "additionalProperties": false,
                  "description": "A milestone must be reached in time." },
                { "type": "object",
                  "properties": { "without": { "type": "array", "items": { "type": "string" } } },
                  "required": ["without"], "additionalProperties": false,
                  "description": "Takes invariants out." },
                { "type": "object", "minProperties": 1, "maxProperties": 2,
                  "propertyNames": { "not": { "enum": ["milestone", "without"] } },
                  "description": "A history checker or a bound, with its options." }
            ]
        })
    }
}
