//! Objects with exactly one key, the key naming the sort of thing: `{"crash": {...}}`.
//!
//! Serde's own enums would do, but for their errors: `flatten`, `tag` and `untagged` lose the place
//! of a mistake, and the plain form does not say which of two keys is one too many. So the reading
//! half is ours and the writing half, and the schema, are derived.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A name with raw options, `{"kv": {"clients": 4}}`: decoded later by who owns the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The one key.
    pub name: String,
    /// Its value, undecoded.
    pub options: Value,
}

/// Says what stands where one key was wanted. The wording is known to `decode.rs`.
pub(super) fn wrong_key_count<E: de::Error>(count: usize, what: &str) -> E {
    E::custom(format!("{what} is an object with exactly one key, and this one has {count}"))
}

/// Refuses a map that does not have exactly one key, before anything in it is read.
pub(super) fn require_one_key<'de, A: MapAccess<'de>>(map: &A, what: &str) -> Result<(), A::Error> {
    match map.size_hint() {
        Some(1) | None => Ok(()),
        Some(count) => Err(wrong_key_count(count, what)),
    }
}

/// Implements `Deserialize` for an enum of newtype variants from an object with one key.
macro_rules! one_key_enum {
    ($type:ident, $what:literal, { $($name:literal => $variant:ident),* $(,)? }) => {
        impl $type {
            /// The keys, in the order in which the documentation lists them.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The key under which this is written.
            #[must_use]
            pub fn key(&self) -> &'static str {
                match self { $($type::$variant(_) => $name,)* }
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct OneKeyVisitor;
                impl<'de> serde::de::Visitor<'de> for OneKeyVisitor {
                    type Value = $type;
                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str(concat!($what, ", an object with one key"))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$type, A::Error> {
                        use serde::de::Error as _;
                        crate::format::one_key::require_one_key(&map, $what)?;
                        let Some(key) = map.next_key::<String>()? else {
                            return Err(crate::format::one_key::wrong_key_count(0, $what));
                        };
                        let value = match key.as_str() {
                            $($name => $type::$variant(map.next_value()?),)*
                            _ => return Err(A::Error::unknown_variant(&key, $type::NAMES)),
                        };
                        match map.next_key::<String>()? {
                            None => Ok(value),
                            Some(_) => Err(crate::format::one_key::wrong_key_count(2, $what)),
                        }
                    }
                }
                deserializer.deserialize_map(OneKeyVisitor)
            }
        }
    };
}
pub(super) use one_key_enum;

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor;
        impl<'de> Visitor<'de> for NamedVisitor {
            type Value = Named;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with one key, the name, and its options")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                require_one_key(&map, "an entry here")?;
                match map.next_entry()? {
                    Some((name, options)) => Ok(Named { name, options }),
                    None => Err(wrong_key_count(0, "an entry here")),
                }
            }
        }
        deserializer.deserialize_map(NamedVisitor)
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.name, &self.options)?;
        map.end()
    }
}

impl JsonSchema for Named {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Named".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One key, the name, with the options (and perhaps a `$comment`).",
            "type": "object", "minProperties": 1, "maxProperties": 2
        })
    }
}

/// One value, or a list of them: `"n1"` or `["n1", "n2"]`.
pub(super) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromScalar<'de>,
{
    struct ListVisitor<T>(PhantomData<T>);
    impl<'de, T: FromScalar<'de>> Visitor<'de> for ListVisitor<T> {
        type Value = Vec<T>;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{0}, or a list of such", T::EXPECTING)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            Ok(vec![T::from_text(text)?])
        }
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Vec<T>, E> {
            Ok(vec![T::from_number(number)?])
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                items.push(item);
            }
            Ok(items)
        }
    }
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

/// Writes a list of one as the one, the way a person would.
pub(super) fn serialize_one_or_many<S: Serializer, T: Serialize>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match items {
        [one] => one.serialize(serializer),
        many => many.serialize(serializer),
    }
}

/// What [`one_or_many`] can read outside a list.
pub(super) trait FromScalar<'de>: Deserialize<'de> {
    /// Completes "expected ...".
    const EXPECTING: &'static str;

    /// From a string.
    fn from_text<E: de::Error>(text: &str) -> Result<Self, E> {
        Err(E::invalid_type(de::Unexpected::Str(text), &Self::EXPECTING))
    }

    /// From a whole number.
    fn from_number<E: de::Error>(number: u64) -> Result<Self, E> {
        Err(E::invalid_type(de::Unexpected::Unsigned(number), &Self::EXPECTING))
    }
}

impl FromScalar<'_> for String {
    const EXPECTING: &'static str = "a name";
    fn from_text<E: de::Error>(text: &str) -> Result<Self, E> {
        Ok(text.to_owned())
    }
}

impl FromScalar<'_> for u64 {
    const EXPECTING: &'static str = "a whole number";
    fn from_number<E: de::Error>(number: u64) -> Result<Self, E> {
        Ok(number)
    }
}
