//! How fast a processor is, beside what its protocol reckons with.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const FULL_PPM: f64 = 1e6;
/// A thousand times as fast as the protocol reckons.
const PPM_MAX: f64 = 1e9;

/// A speed: 1 is full speed, 0.5 takes twice as long. Written `0.5` or `"50%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speed {
    /// Parts per million of full speed; at least 1.
    pub ppm: u32,
}

impl Speed {
    /// Full speed.
    pub const FULL: Speed = Speed { ppm: 1_000_000 };

    fn from_ratio(ratio: f64) -> Result<Speed, String> {
        let ppm = (ratio * FULL_PPM).round();
        if !(1.0..=PPM_MAX).contains(&ppm) {
            return Err(format!("{ratio} is no speed: it lies above 0 and up to 1000"));
        }
        Ok(Speed { ppm: ppm as u32 })
    }

    fn parse(text: &str) -> Result<Speed, String> {
        let (number, scale) = match text.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let number: f64 = number
            .trim()
            .parse()
            .map_err(|_| format!("`{text}` is no speed: write 0.5 or \"50%\""))?;
        Speed::from_ratio(number / scale)
    }
}

impl Default for Speed {
    fn default() -> Self {
        Speed::FULL
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", f64::from(self.ppm) / FULL_PPM)
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpeedVisitor;
        impl Visitor<'_> for SpeedVisitor {
            type Value = Speed;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a speed such as 0.5 or \"50%\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Speed, E> {
                Speed::parse(text).map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Speed, E> {
                Speed::from_ratio(number as f64).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Speed, E> {
                Speed::from_ratio(number as f64).map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Speed, E> {
                Speed::from_ratio(number).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(SpeedVisitor)
    }
}

impl Serialize for Speed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.ppm) / FULL_PPM)
    }
}

impl JsonSchema for Speed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Speed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A speed: 1 is full speed, 0.5 takes twice as long; or \"50%\".",
            "anyOf": [
                { "type": "number", "minimum": 1e-6, "maximum": 1000 },
                { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%?$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Speed, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn speeds_read_as_they_are_written() {
        for (text, ppm) in [("0.5", 500_000), ("\"50%\"", 500_000), ("2", 2_000_000), ("1e-6", 1)] {
            let speed = read(text).expect("a speed");
            assert_eq!(speed.ppm, ppm, "{text}");
            assert_eq!(read(&serde_json::to_string(&speed).expect("JSON")), Ok(speed));
        }
        for text in ["0", "-1", "1001", "1e-9", "\"fast\"", "\"\"", "null"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
