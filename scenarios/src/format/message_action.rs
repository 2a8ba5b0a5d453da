//! What happens to a single message: `"lose"`, `"duplicate"`, `{"delay": "400ms"}`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::{require_one_key, wrong_key_count};
use super::units::Nanos;

/// What happens to a single message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// `"lose"`: it never arrives.
    Lose,
    /// `"duplicate"`: it arrives twice.
    Duplicate,
    /// `{"delay": "400ms"}`: it arrives so much later.
    Delay(Nanos),
}

impl<'de> Deserialize<'de> for MessageAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ActionVisitor;
        const NAMES: &[&str] = &["lose", "duplicate", "delay"];
        impl<'de> Visitor<'de> for ActionVisitor {
            type Value = MessageAction;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("\"lose\", \"duplicate\" or {\"delay\": \"400ms\"}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<MessageAction, E> {
                match text {
                    "lose" => Ok(MessageAction::Lose),
                    "duplicate" => Ok(MessageAction::Duplicate),
                    "delay" => Err(E::custom("a delay says how long: {\"delay\": \"400ms\"}")),
                    _ => Err(E::unknown_variant(text, NAMES)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MessageAction, A::Error> {
                require_one_key(&map, "an action")?;
                match map.next_key::<String>()?.as_deref() {
                    Some("delay") => map.next_value().map(MessageAction::Delay),
                    Some(key) => Err(de::Error::unknown_variant(key, &["delay"])),
                    None => Err(wrong_key_count(0, "an action")),
                }
            }
        }
        deserializer.deserialize_any(ActionVisitor)
    }
}

impl Serialize for MessageAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MessageAction::Lose => serializer.serialize_str("lose"),
            MessageAction::Duplicate => serializer.serialize_str("duplicate"),
            MessageAction::Delay(time) => serializer.collect_map([("delay", time)]),
        }
    }
}

impl JsonSchema for MessageAction {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageAction".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        json_schema!({
            "description": "What happens to the message.",
            "anyOf": [
                { "enum": ["lose", "duplicate"] },
                { "type": "object", "properties": { "delay": time }, "required": ["delay"],
                  "additionalProperties": false }
            ]
        })
    }
}
