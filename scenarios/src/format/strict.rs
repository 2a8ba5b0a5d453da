//! Reads JSON values as types the way `serde_json` does, but for one thing: an object is an object.
//!
//! `serde_json` also takes a list for a struct, its entries for the fields in the order in which our
//! code happens to declare them: `"end": ["40s", "10s"]`. No author means that.

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value, map};

/// A value that is read strictly.
#[derive(Clone, Copy)]
pub(super) struct Strict<'v>(pub(super) &'v Value);

struct Entries<'v>(std::slice::Iter<'v, Value>);

struct Fields<'v> {
    fields: map::Iter<'v>,
    value: Option<&'v Value>,
}

impl<'v> Fields<'v> {
    fn of(map: &'v Map<String, Value>) -> Fields<'v> {
        Fields { fields: map.iter(), value: None }
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                let mut entries = Entries(items.iter());
                let read = visitor.visit_seq(&mut entries)?;
                match entries.0.len() {
                    0 => Ok(read),
                    _ => Err(de::Error::invalid_length(items.len(), &"fewer elements in array")),
                }
            }
            Value::Object(map) => {
                let mut fields = Fields::of(map);
                let read = visitor.visit_map(&mut fields)?;
                match fields.fields.len() {
                    0 => Ok(read),
                    _ => Err(de::Error::invalid_length(map.len(), &"fewer elements in map")),
                }
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                plain.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(map) if map.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(&mut Fields::of(map)))
            }
            // A word, or a mistake that is told alike.
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(Strict(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(IntoDeserializer::<Error>::into_deserializer(key.as_str())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(Strict(value)),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{CrashLoss, End, Limits};
    use serde::Deserialize;
    use serde_json::json;

    fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> Result<T, Error> {
        T::deserialize(Strict(value))
    }

    #[test]
    fn no_list_is_taken_for_an_object() {
        let limits: Limits =
            read(&json!({ "events": 5, "events_per_instant": 6 })).expect("limits");
        assert_eq!((limits.events, limits.events_per_instant), (5, 6));
        let error = read::<Limits>(&json!([5, 6])).expect_err("a list");
        assert!(error.to_string().starts_with("invalid type: sequence"), "{error}");
        assert!(read::<Option<End>>(&json!(["40s", "10s"])).is_err());
        assert_eq!(read::<CrashLoss>(&json!("strict")).expect("a word"), CrashLoss::Strict);
        assert_eq!(read::<(u64, u64)>(&json!([5, 6])).expect("a pair"), (5, 6));
        assert!(read::<(u64, u64)>(&json!([5, 6, 7])).is_err());
    }
}
