//! Seeds in JSON: numbers, but strings above 2^53, which not every reader of JSON carries exactly.

use std::fmt;

use serde::{Deserializer, Serializer, de};

const EXACT_MAX: u64 = 1 << 53;

/// Writes a seed.
pub fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    if *seed > EXACT_MAX { serializer.collect_str(seed) } else { serializer.serialize_u64(*seed) }
}

/// Reads a seed, as a number or a string.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(SeedVisitor)
}

struct SeedVisitor;

impl de::Visitor<'_> for SeedVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a seed: an integer, or a string of digits")
    }

    fn visit_u64<E: de::Error>(self, seed: u64) -> Result<u64, E> {
        Ok(seed)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
