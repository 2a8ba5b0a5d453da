//! Selectors: the names by which faults and scripts mean hosts, resolved when they fire.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_key::{FromScalar, one_or_many, serialize_one_or_many};

/// One name of hosts or clients.
///
/// Reading the text decides all but the last three against one another: a plain word is
/// [`Selector::Named`] until validation knows the host roles, zones and the protocol's own
/// selectors, and puts [`Selector::Role`], [`Selector::Zone`] or [`Selector::Protocol`] in its
/// place. No `Named` is left in a scenario that was loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// `n1`: the host of that number, from 1.
    Host(u32),
    /// `c1`: the client of that number, from 1. Clients are cut only when named.
    Client(u32),
    /// `random`: one host, drawn; each mention draws on its own.
    Random,
    /// `majority`: a drawn majority of the hosts.
    Majority,
    /// `minority`: a drawn minority of the hosts, as large as it can be.
    Minority,
    /// `all`: every host.
    All,
    /// `rest`: the hosts that no other group of the same fault took.
    Rest,
    /// `clients`: every client.
    Clients,
    /// `$L1` or `$L1+1`: what a script bound, and the host so many further on (cyclically).
    Bound {
        /// The bound name, without the `$`.
        name: String,
        /// How many hosts further on.
        offset: u32,
    },
    /// A plain word that validation has not resolved yet.
    Named {
        /// The word.
        name: String,
        /// How many hosts further on.
        offset: u32,
    },
    /// Every host of a host role (`worker`).
    Role(String),
    /// Every host of a zone (`east`).
    Zone(String),
    /// A selector of the protocol: `leader`, `leader+1`.
    Protocol {
        /// The protocol's name for it.
        name: String,
        /// How many hosts further on (cyclically).
        offset: u32,
    },
}

/// One selector or a list of them: all that any of them names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(pub Vec<Selector>);

/// The words with a fixed meaning.
const WORDS: &[(&str, Selector)] = &[
    ("random", Selector::Random),
    ("majority", Selector::Majority),
    ("minority", Selector::Minority),
    ("all", Selector::All),
    ("rest", Selector::Rest),
    ("clients", Selector::Clients),
];

impl Selector {
    /// The words with a fixed meaning, for hints and completion.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// Reads `n1`, `leader+1`, `$L1`.
    ///
    /// # Errors
    /// A sentence that says why the text names nothing.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let (name, offset) = match text.split_once('+') {
            Some((name, offset)) => (name, parse_offset(text, offset)?),
            None => (text, 0),
        };
        if let Some(name) = name.strip_prefix('$') {
            check_word(text, name)?;
            return Ok(Selector::Bound { name: name.to_owned(), offset });
        }
        check_word(text, name)?;
        let fixed = WORDS.iter().find(|(word, _)| *word == name).map(|(_, fixed)| fixed.clone());
        let fixed = fixed.or_else(|| parse_numbered(name));
        match fixed {
            Some(_) if text.contains('+') => Err(format!(
                "`{text}` is no selector: only the protocol's own or a bound one takes `+{offset}`"
            )),
            Some(selector) => Ok(selector),
            None => Ok(Selector::Named { name: name.to_owned(), offset }),
        }
    }
}

fn parse_offset(text: &str, offset: &str) -> Result<u32, String> {
    let digits = !offset.is_empty() && offset.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { offset.parse().ok() } else { None };
    number.ok_or_else(|| format!("`{text}` is no selector: a whole number follows the `+`"))
}

/// `n3` or `c3`; `None` if the word is something else, such as `n0` or `node`.
fn parse_numbered(word: &str) -> Option<Selector> {
    let digits = word.get(1..)?;
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if plain {
        digits.parse::<u32>().ok()?
    } else {
        return None;
    };
    match word.as_bytes().first() {
        Some(b'n') => Some(Selector::Host(number)),
        Some(b'c') => Some(Selector::Client(number)),
        Some(_) | None => None,
    }
}

/// A word is a letter or underscore, then letters, digits, `_`, `-`, `/` or `.`.
fn check_word(text: &str, word: &str) -> Result<(), String> {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let others = letters.all(|c| c.is_alphanumeric() || "_-/.".contains(c));
    if first && others {
        Ok(())
    } else {
        Err(format!("`{text}` is no selector: write a name such as `n1`, `leader+1` or `$bound`"))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Host(number) => write!(formatter, "n{number}"),
            Selector::Client(number) => write!(formatter, "c{number}"),
            Selector::Random => formatter.write_str("random"),
            Selector::Majority => formatter.write_str("majority"),
            Selector::Minority => formatter.write_str("minority"),
            Selector::All => formatter.write_str("all"),
            Selector::Rest => formatter.write_str("rest"),
            Selector::Clients => formatter.write_str("clients"),
            Selector::Bound { name, offset: 0 } => write!(formatter, "${name}"),
            Selector::Bound { name, offset } => write!(formatter, "${name}+{offset}"),
            Selector::Role(name)
            | Selector::Zone(name)
            | Selector::Named { name, offset: 0 }
            | Selector::Protocol { name, offset: 0 } => formatter.write_str(name),
            Selector::Named { name, offset } | Selector::Protocol { name, offset } => {
                write!(formatter, "{name}+{offset}")
            }
        }
    }
}

impl Targets {
    /// The single selector `all`.
    #[must_use]
    pub fn all() -> Targets {
        Targets(vec![Selector::All])
    }
}

impl FromScalar<'_> for Selector {
    const EXPECTING: &'static str = "a selector such as \"n1\" or \"leader\"";
    fn from_text<E: de::Error>(text: &str) -> Result<Self, E> {
        Selector::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SelectorVisitor;
        impl Visitor<'_> for SelectorVisitor {
            type Value = Selector;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Selector::EXPECTING)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Selector, E> {
                Selector::from_text(text)
            }
        }
        deserializer.deserialize_str(SelectorVisitor)
    }
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Selector {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Selector".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Hosts, named when the fault fires: `n1`, `c1`, a host role, a zone, a \
                selector of the protocol (`leader`, `leader+1`), `random`, `majority`, `minority`, \
                `all`, `rest`, `clients`, or what a script bound (`$L1`, `$L1+1`).",
            "type": "string",
            "pattern": r"^\$?[^\W\d][\w./-]*(\+[0-9]+)?$"
        })
    }
}

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer).map(Targets)
    }
}

impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_one_or_many(&self.0, serializer)
    }
}

impl JsonSchema for Targets {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Targets".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Selector>();
        json_schema!({
            "description": "One selector, or a list of them.",
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}
