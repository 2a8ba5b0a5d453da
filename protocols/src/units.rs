//! Values with units, as scenario files write them: `"10ms"`, `"1%"`, `"64KiB"`, `"50/s"`,
//! `"20ppm"`.
//!
//! Every one is parsed to an integer, with no rounding that could differ between machines except
//! the single rounding of a chance to its grid of 2^32, and every one is written back as text that
//! parses to the same value.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seedbed_sim::Distribution;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration or a point of virtual time, in nanoseconds. Written `"10ms"`; `"0"` needs no unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

/// A duration that may be negative, in nanoseconds: a clock's offset. Written `"-5ms"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedNanos(pub i64);

/// A chance, in parts of 2^32, so that it is exact in the kernel. Written `0.01` or `"1%"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chance {
    /// Parts out of 2^32; at most 2^32, which is certainty.
    pub parts: u64,
}

/// A clock's drift in parts per million. Written `"20ppm"` or `"-20ppm"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Drift {
    /// Parts per million; positive runs fast.
    pub ppm: i64,
}

/// A number of bytes. Written `"64KiB"`, `"2kB"`, `"512B"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// So many in so long. Written `"50/s"`, `"3/10ms"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how long.
    pub per: Nanos,
}

impl Rate {
    /// The time between two operations of one of `clients` clients that share the rate:
    /// exponential, so that together they are a Poisson process.
    #[must_use]
    pub fn interval(&self, clients: u32) -> Distribution {
        let mean = self.per.0.saturating_mul(u64::from(clients)) / self.count.max(1);
        Distribution::Exponential { mean, min: 0 }
    }
}

/// A count or a number of bytes: an integer, or a size such as `"200kB"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub u64);

/// What a measure is compared with: a number, or a duration (then in nanoseconds).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Quantity(pub f64);

/// Units of time with their nanoseconds, longest first so that printing picks the shortest text.
const TIME_UNITS: &[(&str, u64)] = &[
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Other spellings of units of time that are read but never written.
const TIME_UNITS_READ: &[(&str, u64)] = &[("m", 60_000_000_000), ("µs", 1_000), ("μs", 1_000)];

/// Units of size with their bytes.
const SIZE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

const CHANCE_ONE: u64 = 1 << 32;

impl Nanos {
    /// The same as a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// No time at all.
    pub const ZERO: Nanos = Nanos(0);

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Nanos {
        Nanos(milliseconds.saturating_mul(1_000_000))
    }

    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Nanos {
        Nanos(seconds.saturating_mul(1_000_000_000))
    }

    /// Reads `"10ms"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Nanos, String> {
        if text == "0" {
            return Ok(Nanos::ZERO);
        }
        if text.starts_with('-') {
            return Err(format!("`{text}` is negative: this duration is not"));
        }
        let (number, unit) = split_unit(text);
        if number.is_empty() {
            return Err(format!(
                "`{text}` is not a duration: write a number and a unit, as `10ms`"
            ));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write `{text}ms` or `{text}s`"));
        }
        let scale = find_unit(unit, TIME_UNITS).or_else(|| find_unit(unit, TIME_UNITS_READ));
        let scale = scale.ok_or_else(|| {
            format!("`{unit}` is no unit of time: use `ns`, `us`, `ms`, `s`, `min` or `h`")
        })?;
        scale_decimal(number, scale, "nanoseconds")
            .map(Nanos)
            .map_err(|why| format!("`{text}` is not a duration: {why}"))
    }
}

impl SignedNanos {
    /// Reads `"-5ms"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<SignedNanos, String> {
        let (negative, rest) = split_sign(text);
        let size = i64::try_from(Nanos::parse(rest)?.0)
            .map_err(|_| format!("`{text}` is too long for a clock"))?;
        Ok(SignedNanos(if negative { -size } else { size }))
    }
}

impl Chance {
    /// Never.
    pub const NEVER: Chance = Chance { parts: 0 };
    /// Always.
    pub const ALWAYS: Chance = Chance { parts: CHANCE_ONE };

    /// Rounds a number of 0 to 1 to the grid of 2^32.
    ///
    /// # Errors
    /// A sentence that says why the number is no chance.
    pub fn from_ratio(ratio: f64) -> Result<Chance, String> {
        if !ratio.is_finite() || ratio < 0.0 {
            return Err(format!("{ratio} is no chance: it lies between 0 and 1"));
        }
        if ratio > 1.0 {
            let hint = if ratio <= 100.0 {
                format!("; did you mean \"{ratio}%\"?")
            } else {
                String::new()
            };
            return Err(format!("{ratio} is above 1, and a chance lies between 0 and 1{hint}"));
        }
        Ok(Chance { parts: (ratio * CHANCE_ONE as f64).round() as u64 })
    }

    /// Reads `"1%"`, or the text of a number.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Chance, String> {
        let Some(percent) = text.strip_suffix('%') else {
            let ratio = parse_plain_number(text);
            let ratio =
                ratio.ok_or_else(|| format!("`{text}` is not a chance: write 0.05 or \"5%\""))?;
            return Chance::from_ratio(ratio);
        };
        let percent = parse_plain_number(percent)
            .ok_or_else(|| format!("`{text}` is not a chance: write 0.05 or \"5%\""))?;
        if percent > 100.0 {
            return Err(format!("`{text}` is above 100%, and a chance is not"));
        }
        Chance::from_ratio(percent / 100.0)
    }

    /// The chance as a number of 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.parts as f64 / CHANCE_ONE as f64
    }
}

impl Drift {
    /// Reads `"20ppm"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Drift, String> {
        let (negative, rest) = split_sign(text);
        let Some(number) = rest.strip_suffix("ppm") else {
            return Err(format!("`{text}` is not a drift: write parts per million, as `20ppm`"));
        };
        let number = number.trim_end();
        let ppm = Some(number).filter(|number| is_digits(number));
        let ppm = ppm.and_then(|number| number.parse::<i64>().ok());
        let ppm = ppm.filter(|ppm| *ppm < 1_000_000);
        let ppm = ppm.ok_or_else(|| {
            format!("`{text}` is not a drift: a whole number below 1000000, then `ppm`")
        })?;
        Ok(Drift { ppm: if negative { -ppm } else { ppm } })
    }
}

impl Size {
    /// Reads `"64KiB"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Size, String> {
        let (number, unit) = split_unit(text);
        if number.is_empty() {
            return Err(format!("`{text}` is not a size: write a number and a unit, as `64KiB`"));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write `{text}B` or `{text}KiB`"));
        }
        let scale = find_unit(unit, SIZE_UNITS).ok_or_else(|| {
            format!("`{unit}` is no unit of size: use `B`, `kB`, `KiB`, `MB`, `MiB`, `GB` or `GiB`")
        })?;
        scale_decimal(number, scale, "bytes")
            .map(Size)
            .map_err(|why| format!("`{text}` is not a size: {why}"))
    }
}

impl Rate {
    /// Reads `"50/s"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Rate, String> {
        let wrong = || format!("`{text}` is not a rate: write `50/s` or `3/10ms`");
        let (count, per) = text.split_once('/').ok_or_else(wrong)?;
        let count = count.trim();
        if !is_digits(count) {
            return Err(wrong());
        }
        let count = count.parse::<u64>().map_err(|_| wrong())?;
        let per = per.trim();
        let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
            Nanos::parse(per)?
        } else {
            Nanos::parse(&format!("1{per}"))?
        };
        if count == 0 || per == Nanos::ZERO {
            return Err(format!("`{text}` is no rate: neither side may be zero"));
        }
        Ok(Rate { count, per })
    }

    /// The mean time between two of them, rounded down.
    #[must_use]
    pub fn mean_interval(self) -> Nanos {
        Nanos(self.per.0 / self.count.max(1))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Splits `"1.5ms"` into its number and its unit; either may be empty.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

fn find_unit(unit: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale)
}

/// Digits with at most one point, and no exponent, sign, `inf` or `NaN`.
fn parse_plain_number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain { None } else { text.parse::<f64>().ok().filter(|number| number.is_finite()) }
}

/// `number * scale` in integers: a decimal fraction must come out whole.
fn scale_decimal(number: &str, scale: u64, unit_name: &str) -> Result<u64, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(format!("`{number}` is not a number"));
    }
    let too_large = || format!("`{number}` is too large");
    let whole = whole.parse::<u64>().map_err(|_| too_large())?;
    let whole = whole.checked_mul(scale).ok_or_else(too_large)?;
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return Ok(whole);
    }
    let too_fine = || format!("`{number}` is finer than whole {unit_name}");
    let power = u32::try_from(fraction.len()).ok().and_then(|digits| 10_u64.checked_pow(digits));
    let power = power.ok_or_else(too_fine)?;
    let digits = fraction.parse::<u64>().map_err(|_| too_fine())?;
    let scaled = u128::from(digits) * u128::from(scale);
    if scaled % u128::from(power) != 0 {
        return Err(too_fine());
    }
    let part = u64::try_from(scaled / u128::from(power)).map_err(|_| too_large())?;
    whole.checked_add(part).ok_or_else(too_large)
}

impl fmt::Display for Nanos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        // The largest unit that divides it: `90s`, not `1.5min`; always exact.
        for (unit, scale) in TIME_UNITS {
            if self.0.is_multiple_of(*scale) {
                return write!(formatter, "{}{unit}", self.0 / scale);
            }
        }
        write!(formatter, "{}ns", self.0)
    }
}

impl fmt::Display for SignedNanos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(formatter, "{sign}{}", Nanos(self.0.unsigned_abs()))
    }
}

impl fmt::Display for Chance {
    /// The shortest decimal that parses back to the same parts.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for digits in 0..=12 {
            let text = format!("{:.digits$}", self.ratio());
            if Chance::parse(&text) == Ok(*self) {
                return formatter.write_str(&text);
            }
        }
        write!(formatter, "{}", self.ratio())
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}ppm", self.ppm)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, scale) in &SIZE_UNITS[..3] {
            if self.0 != 0 && self.0.is_multiple_of(*scale) {
                return write!(formatter, "{}{unit}", self.0 / scale);
            }
        }
        write!(formatter, "{}B", self.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = self.per.to_string();
        let one = per.strip_prefix('1').filter(|unit| !unit.starts_with(char::is_numeric));
        write!(formatter, "{}/{}", self.count, one.unwrap_or(&per))
    }
}

/// Implements `Deserialize`, `Serialize` and `JsonSchema` for a unit that is always a string.
macro_rules! string_unit {
    ($type:ident, $expecting:literal, $number_hint:literal, $pattern:literal, $about:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct UnitVisitor;
                impl Visitor<'_> for UnitVisitor {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$type, E> {
                        Err(E::custom(no_unit(number, $number_hint)))
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$type, E> {
                        Err(E::custom(no_unit(number, $number_hint)))
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$type, E> {
                        Err(E::custom(no_unit(number, $number_hint)))
                    }
                }
                deserializer.deserialize_any(UnitVisitor)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $about })
            }
        }
    };
}

mod throughput;

pub use self::throughput::Throughput;

fn no_unit(number: impl fmt::Display, unit: &str) -> String {
    format!("{number} has no unit: write \"{number}{unit}\"")
}

string_unit!(
    Nanos,
    "a duration such as \"10ms\"",
    "ms",
    r"^(0|[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|min|h))$",
    "A duration with its unit: \"10ms\", \"1.5s\", \"2min\"."
);
string_unit!(
    SignedNanos,
    "a duration such as \"-5ms\"",
    "ms",
    r"^[+-]?(0|[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|min|h))$",
    "A duration with its unit, which may be negative: \"-5ms\"."
);
string_unit!(
    Drift,
    "a drift such as \"20ppm\"",
    "ppm",
    r"^[+-]?[0-9]+\s*ppm$",
    "Parts per million: \"20ppm\", \"-20ppm\"."
);
string_unit!(
    Size,
    "a size such as \"64KiB\"",
    "B",
    r"^[0-9]+(\.[0-9]+)?\s*(B|kB|KB|KiB|MB|MiB|GB|GiB)$",
    "A number of bytes with its unit: \"64KiB\"."
);
string_unit!(
    Rate,
    "a rate such as \"50/s\"",
    "/s",
    r"^[0-9]+\s*/\s*([0-9]+(\.[0-9]+)?)?\s*(ns|us|ms|s|m|min|h)$",
    "So many in so long: \"50/s\", \"3/10ms\"."
);

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChanceVisitor;
        impl Visitor<'_> for ChanceVisitor {
            type Value = Chance;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a chance such as 0.05 or \"5%\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Chance, E> {
                Chance::parse(text).map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Chance, E> {
                Chance::from_ratio(number as f64).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Chance, E> {
                Chance::from_ratio(number as f64).map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Chance, E> {
                Chance::from_ratio(number).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(ChanceVisitor)
    }
}

impl Serialize for Chance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shortest = self.to_string().parse::<f64>();
        serializer.serialize_f64(shortest.unwrap_or_else(|_| self.ratio()))
    }
}

impl JsonSchema for Chance {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chance".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A chance: a number of 0 to 1, or a percentage such as \"5%\".",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$" }
            ]
        })
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;
        impl Visitor<'_> for AmountVisitor {
            type Value = Amount;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, or a size such as \"200kB\"")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Size::parse(text).map(|size| Amount(size.0)).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(AmountVisitor)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<Size>();
        json_schema!({
            "description": "A count, or a number of bytes.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, size]
        })
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;
        impl Visitor<'_> for QuantityVisitor {
            type Value = Quantity;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, or a duration such as \"287ms\"")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity, E> {
                Ok(Quantity(number as f64))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantity, E> {
                Ok(Quantity(number as f64))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
                Ok(Quantity(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                Nanos::parse(text).map(|time| Quantity(time.0 as f64)).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        json_schema!({
            "description": "A number, or a duration (counted in nanoseconds).",
            "anyOf": [{ "type": "number" }, time]
        })
    }
}
