//! How many bytes a device moves in a second.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Size, no_unit};

/// Bytes per second. Written `"100MB/s"`: a size and `/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Throughput(pub u64);

impl Throughput {
    /// Reads `"100MB/s"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Throughput, String> {
        let Some(size) = text.strip_suffix("/s") else {
            return Err(format!("`{text}` is no throughput: write a size and `/s`, as `100MB/s`"));
        };
        match Size::parse(size.trim_end())? {
            Size(0) => Err(format!("`{text}` moves nothing: write a `disk_stuck`")),
            Size(bytes) => Ok(Throughput(bytes)),
        }
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/s", Size(self.0))
    }
}

string_unit!(
    Throughput,
    "a throughput such as \"100MB/s\"",
    "MB/s",
    r"^[0-9]+(\.[0-9]+)?\s*(B|kB|KB|KiB|MB|MiB|GB|GiB)\s*/s$",
    "Bytes per second with their unit: \"100MB/s\", \"64KiB/s\"."
);
