//! What a transaction does: micro-operations, and their text form.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::history::History;

/// One step of a transaction on one key. Written as in Jepsen's histories: `["append","x",1]`,
/// `["w","x",1]`, `["r","x",[1,2]]`, `["r","x",1]` or `["r","x",null]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MicroOp<K, V> {
    /// Append a value to the list under a key. Values must be unique for each key.
    Append(K, V),
    /// Set the register under a key. Values must be unique for each key.
    Write(K, V),
    /// Read a key, and what was seen there.
    Read(K, Seen<V>),
}

impl<K, V> MicroOp<K, V> {
    /// The key on which it works.
    pub fn key(&self) -> &K {
        match self {
            MicroOp::Append(key, _) | MicroOp::Write(key, _) | MicroOp::Read(key, _) => key,
        }
    }
}

/// What a read saw. In a transaction that did not commit for certain it means nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen<V> {
    /// The initial state: nobody had written there. An empty list says the same.
    Nothing,
    /// The value of a register.
    Value(V),
    /// The elements of a list, the first one appended first.
    List(Vec<V>),
}

impl<V: fmt::Display> fmt::Display for Seen<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Nothing => formatter.write_str("nil"),
            Seen::Value(value) => write!(formatter, "{value}"),
            Seen::List(elements) => {
                formatter.write_str("[")?;
                for (place, element) in elements.iter().enumerate() {
                    let space = if place == 0 { "" } else { " " };
                    write!(formatter, "{space}{element}")?;
                }
                formatter.write_str("]")
            }
        }
    }
}

impl<K: fmt::Display, V: fmt::Display> fmt::Display for MicroOp<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MicroOp::Append(key, value) => write!(formatter, "append {key} {value}"),
            MicroOp::Write(key, value) => write!(formatter, "w {key} {value}"),
            MicroOp::Read(key, seen) => write!(formatter, "r {key} {seen}"),
        }
    }
}

impl<K: Serialize, V: Serialize> Serialize for MicroOp<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MicroOp::Append(key, value) => ("append", key, value).serialize(serializer),
            MicroOp::Write(key, value) => ("w", key, value).serialize(serializer),
            MicroOp::Read(key, seen) => ("r", key, seen).serialize(serializer),
        }
    }
}

impl<V: Serialize> Serialize for Seen<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Seen::Nothing => serializer.serialize_unit(),
            Seen::Value(value) => value.serialize(serializer),
            Seen::List(elements) => elements.serialize(serializer),
        }
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for MicroOp<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MicroOp<K, V>, D::Error> {
        deserializer.deserialize_seq(MicroOpVisitor(PhantomData))
    }
}

struct MicroOpVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for MicroOpVisitor<K, V> {
    type Value = MicroOp<K, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(r#"a micro-operation such as ["append", "x", 1] or ["r", "x", null]"#)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<MicroOp<K, V>, A::Error> {
        let name: String = required(&mut sequence, 0)?;
        let key: K = required(&mut sequence, 1)?;
        let op = match name.as_str() {
            "append" => MicroOp::Append(key, required(&mut sequence, 2)?),
            "w" => MicroOp::Write(key, required(&mut sequence, 2)?),
            "r" => MicroOp::Read(key, required(&mut sequence, 2)?),
            other => {
                let problem = format!("`{other}` is no micro-operation: use `append`, `w` or `r`");
                return Err(A::Error::custom(problem));
            }
        };
        match sequence.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(op),
            Some(_) => Err(A::Error::custom("a micro-operation has three parts, this one more")),
        }
    }
}

fn required<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    sequence: &mut A,
    place: usize,
) -> Result<T, A::Error> {
    let missing = || A::Error::custom(format!("a micro-operation has three parts, not {place}"));
    sequence.next_element()?.ok_or_else(missing)
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Seen<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seen<V>, D::Error> {
        deserializer.deserialize_any(SeenVisitor(PhantomData))
    }
}

struct SeenVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for SeenVisitor<V> {
    type Value = Seen<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what a read saw: null, a value or a list of values")
    }

    fn visit_unit<E: Error>(self) -> Result<Seen<V>, E> {
        Ok(Seen::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Seen<V>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(sequence)).map(Seen::List)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Seen<V>, E> {
        V::deserialize(value.into_deserializer()).map(Seen::Value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Seen<V>, E> {
        V::deserialize(value.into_deserializer()).map(Seen::Value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Seen<V>, E> {
        V::deserialize(value.into_deserializer()).map(Seen::Value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Seen<V>, E> {
        V::deserialize(value.into_deserializer()).map(Seen::Value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Seen<V>, E> {
        V::deserialize(value.into_deserializer()).map(Seen::Value)
    }
}

/// What a client asks of a transactional store: `{"transaction": [["r", "x", null], ..]}`. What
/// its reads have seen is not known when it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[serde(bound(deserialize = "K: Deserialize<'de>, V: Deserialize<'de>"))]
pub enum TransactionOp<K, V> {
    /// Run these micro-operations, in this order, as one transaction.
    Transaction(Vec<MicroOp<K, V>>),
}

impl<K, V> TransactionOp<K, V> {
    /// The micro-operations, in program order.
    pub fn micro_ops(&self) -> &[MicroOp<K, V>] {
        let TransactionOp::Transaction(micro_ops) = self;
        micro_ops
    }
}

/// The same micro-operations once the transaction is committed, with what its reads saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(deserialize = "K: Deserialize<'de>, V: Deserialize<'de>"))]
pub struct Completed<K, V>(pub Vec<MicroOp<K, V>>);

/// What the checkers of this module judge. `ok` means committed, `fail` aborted, and `info` that
/// nobody knows.
pub type TransactionHistory<K, V> = History<TransactionOp<K, V>, Completed<K, V>>;

impl<K: fmt::Display, V: fmt::Display> fmt::Display for TransactionOp<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(formatter, self.micro_ops())
    }
}

impl<K: fmt::Display, V: fmt::Display> fmt::Display for Completed<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(formatter, &self.0)
    }
}

pub(super) fn write_list<T: fmt::Display>(
    formatter: &mut fmt::Formatter<'_>,
    items: &[T],
) -> fmt::Result {
    formatter.write_str("{")?;
    for (place, item) in items.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        write!(formatter, "{comma}{item}")?;
    }
    formatter.write_str("}")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Op = MicroOp<String, u64>;

    #[test]
    fn text_goes_both_ways() {
        let texts = [
            r#"["append","x",1]"#,
            r#"["w","x",1]"#,
            r#"["r","x",null]"#,
            r#"["r","x",7]"#,
            r#"["r","x",[]]"#,
            r#"["r","x",[1,2]]"#,
        ];
        for text in texts {
            let op: Op = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&op).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_micro_operation_is_refused_with_a_reason() {
        for (text, reason) in [
            (r#"["x","y",1]"#, "`x` is no micro-operation"),
            (r#"["w","y"]"#, "three parts, not 2"),
            (r#"["w","y",1,2]"#, "three parts, this one more"),
            (r#"["w",[],1]"#, "string"),
            (r#"["r","x","seven"]"#, "u64"),
        ] {
            let error = serde_json::from_str::<Op>(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
