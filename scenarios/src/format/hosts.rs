//! Which hosts there are, and what each is like.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::latency::Latency;
use super::selector::{Selector, Targets};
use super::units::{Drift, SignedNanos};

/// The hosts: how many, or which, perhaps by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// `5`, or `["n1", "n3"]`: hosts without roles.
    Plain(HostSet),
    /// `{"coordinator": 1, "worker": 4}`: hosts by role. Counted roles are numbered one role after
    /// the other, in the alphabetical order of their names, whatever order the file has.
    Roles(BTreeMap<String, HostSet>),
}

/// Some hosts, by count or by name. A list of names keeps every host's random streams when
/// shrinking drops some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSet {
    /// So many, numbered on from the last one before.
    Count(u32),
    /// Exactly these numbers.
    Names(Vec<u32>),
}

/// What is different about some hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSettings {
    /// Which hosts: names, host roles or zones.
    pub select: Targets,
    /// Their clocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSettings>,
    /// Their disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskSettings>,
    /// Fields of `params` that are different for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
}

/// How a host's clocks run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSettings {
    /// How far the wall clock is ahead at the start.
    #[serde(default)]
    pub offset: SignedNanos,
    /// How much faster both clocks run.
    #[serde(default)]
    pub drift: Drift,
}

/// How a host's disk behaves while nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskSettings {
    /// How long a disk operation takes.
    pub latency: Latency,
}

/// One host: its number and its role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// Its number, from 1: host 3 is `n3`.
    pub number: u32,
    /// The role from the scenario, if it gives any.
    pub role: Option<String>,
}

/// More hosts than anybody can simulate: a count above this is taken for a slip.
pub const HOSTS_MAX: u32 = 10_000_000;

impl Nodes {
    /// Every host, in the order of their numbers. Spare hosts are not among them; neither is what
    /// is above [`HOSTS_MAX`], which validation refuses.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        let mut hosts = Vec::new();
        match self {
            Nodes::Plain(set) => set.append_to(&mut hosts, None),
            Nodes::Roles(roles) => {
                roles.iter().for_each(|(role, set)| set.append_to(&mut hosts, Some(role)));
            }
        }
        hosts.sort();
        hosts
    }

    /// How many hosts there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Nodes::Plain(set) => set.count(),
            Nodes::Roles(roles) => roles.values().map(HostSet::count).sum(),
        }
    }

    /// The host roles, if hosts have any.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let roles = match self {
            Nodes::Plain(_) => None,
            Nodes::Roles(roles) => Some(roles.keys().map(String::as_str)),
        };
        roles.into_iter().flatten()
    }
}

impl HostSet {
    fn append_to(&self, hosts: &mut Vec<Host>, role: Option<&String>) {
        let room = (HOSTS_MAX as usize).saturating_sub(hosts.len());
        let host = |number| Host { number, role: role.cloned() };
        match self {
            HostSet::Count(count) => {
                let first = hosts.len() as u32 + 1;
                hosts.extend((first..first + count.min(&HOSTS_MAX)).take(room).map(host));
            }
            HostSet::Names(numbers) => hosts.extend(numbers.iter().copied().take(room).map(host)),
        }
    }

    /// How many hosts these are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            HostSet::Count(count) => u64::from(*count),
            HostSet::Names(numbers) => numbers.len() as u64,
        }
    }
}

/// Reads hosts; roles are allowed at the top only.
struct NodesVisitor {
    roles: bool,
}

impl<'de> Visitor<'de> for NodesVisitor {
    type Value = Nodes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of hosts, a list of names such as [\"n1\", \"n3\"]")?;
        formatter.write_str(if self.roles { ", or an object from role to either" } else { "" })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Nodes, E> {
        let count = u32::try_from(number).ok().filter(|count| *count <= HOSTS_MAX);
        let count = count.ok_or_else(|| {
            E::custom(format!("{number} hosts are too many: at most {HOSTS_MAX}"))
        })?;
        Ok(Nodes::Plain(HostSet::Count(count)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Nodes, A::Error> {
        let mut numbers = Vec::new();
        while let Some(HostName(number)) = list.next_element()? {
            if numbers.contains(&number) {
                return Err(de::Error::custom(format!("`n{number}` is listed twice")));
            }
            numbers.push(number);
        }
        Ok(Nodes::Plain(HostSet::Names(numbers)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nodes, A::Error> {
        if !self.roles {
            return Err(de::Error::invalid_type(de::Unexpected::Map, &self));
        }
        let mut roles = BTreeMap::new();
        while let Some((role, set)) = map.next_entry::<String, HostSet>()? {
            roles.insert(role, set);
        }
        Ok(Nodes::Roles(roles))
    }
}

/// A host's name, `n3`.
struct HostName(u32);

impl<'de> Deserialize<'de> for HostName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Selector::deserialize(deserializer)? {
            Selector::Host(number) => Ok(HostName(number)),
            other => {
                Err(de::Error::custom(format!("`{other}` is no host name: write `n1`, `n2` ...")))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodesVisitor { roles: true })
    }
}

impl<'de> Deserialize<'de> for HostSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(NodesVisitor { roles: false })? {
            Nodes::Plain(set) => Ok(set),
            Nodes::Roles(_) => Err(de::Error::custom("roles do not nest")),
        }
    }
}

impl Serialize for HostSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            HostSet::Count(count) => serializer.serialize_u32(*count),
            HostSet::Names(numbers) => {
                let mut list = serializer.serialize_seq(Some(numbers.len()))?;
                for number in numbers {
                    list.serialize_element(&Selector::Host(*number))?;
                }
                list.end()
            }
        }
    }
}

impl Serialize for Nodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Nodes::Plain(set) => set.serialize(serializer),
            Nodes::Roles(roles) => {
                let mut map = serializer.serialize_map(Some(roles.len()))?;
                for (role, set) in roles {
                    map.serialize_entry(role, set)?;
                }
                map.end()
            }
        }
    }
}

impl JsonSchema for HostSet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostSet".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of hosts, or their names.",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": HOSTS_MAX },
                { "type": "array", "items": { "type": "string", "pattern": "^n[1-9][0-9]*$" },
                  "minItems": 1, "uniqueItems": true }
            ]
        })
    }
}

impl JsonSchema for Nodes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Nodes".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let set = generator.subschema_for::<HostSet>();
        json_schema!({
            "description": "A number of hosts, their names, or an object from host role to either.",
            "anyOf": [set, { "type": "object", "additionalProperties": set, "minProperties": 1 }]
        })
    }
}
