//! How fast a link carries bits, written as traffic control does.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{find_unit, no_unit, scale_decimal, split_unit};

/// Bits per second. Written `"1mbit"`, as `tc` does: powers of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(pub u64);

/// Units of bandwidth with their bits per second.
const BANDWIDTH_UNITS: &[(&str, u64)] =
    &[("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000), ("bit", 1)];

impl Bandwidth {
    /// Reads `"1mbit"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Bandwidth, String> {
        let (number, unit) = split_unit(text);
        if number.is_empty() {
            return Err(format!(
                "`{text}` is not a bandwidth: write a number and a unit, as `1mbit`"
            ));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write `{text}kbit` or `{text}mbit`"));
        }
        let scale = find_unit(unit, BANDWIDTH_UNITS).ok_or_else(|| {
            format!("`{unit}` is no unit of bandwidth: use `bit`, `kbit`, `mbit` or `gbit`")
        })?;
        match scale_decimal(number, scale, "bits per second") {
            Ok(0) => Err(format!("`{text}` carries nothing: write a `partition`")),
            Ok(bits) => Ok(Bandwidth(bits)),
            Err(why) => Err(format!("`{text}` is not a bandwidth: {why}")),
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, scale) in BANDWIDTH_UNITS {
            if self.0.is_multiple_of(*scale) {
                return write!(formatter, "{}{unit}", self.0 / scale);
            }
        }
        write!(formatter, "{}bit", self.0)
    }
}

string_unit!(
    Bandwidth,
    "a bandwidth such as \"1mbit\"",
    "kbit",
    r"^[0-9]+(\.[0-9]+)?\s*(bit|kbit|mbit|gbit)$",
    "Bits per second with their unit: \"1mbit\", \"64kbit\"."
);
