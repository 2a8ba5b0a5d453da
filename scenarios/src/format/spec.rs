//! A scenario: everything that a file can say, typed.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seedbed_protocols::Strain;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::checks::Check;
use super::end::{End, Limits};
use super::expect::{Contract, Expect, Measure};
use super::faults::Fault;
use super::hosts::{HOSTS_MAX, HostSettings, Nodes};
use super::network::NetworkSettings;
use super::one_key::{Named, one_or_many, serialize_one_or_many};
use super::script::Step;
use super::selector::Targets;
use super::units::{Chance, Nanos};

/// The version of the format that this build reads.
pub const FORMAT_VERSION: u32 = 1;

/// A scenario: what is built, what load it gets, what goes wrong, and what must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A seedbed scenario")]
pub struct Scenario {
    /// Where editors find this schema.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub format_version: u32,
    /// Another file whose fields this one takes where it has none of its own: relative to this
    /// file, or absolute. `None` in a scenario that was loaded, since they are merged by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// The scenario's name: `kv/cut-leader`.
    pub name: String,
    /// What it is about, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The protocol, or a list of protocols that offer the same service: one run for each.
    pub protocol: Protocols,
    /// The protocol's settings, in its own words; keyed by protocol if there are several.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schemars(extend("type" = "object"))]
    pub params: Value,
    /// The hosts.
    pub nodes: Nodes,
    /// How many more hosts there are that do not run at first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spare: u32,
    /// Named sets of hosts (by host name or role): `{"east": ["n1", "n2"]}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, Targets>,
    /// What is different about some hosts; a later entry wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostSettings>,
    /// The network.
    #[serde(default)]
    pub network: NetworkSettings,
    /// Each host boots at a time drawn between zero and this; `"0"` boots all together, in order.
    #[serde(default = "ten_milliseconds")]
    pub boot_spread: Nanos,
    /// What clients do: one key each, the workload's name, with its options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<Named>,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What an operator does, step by step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<Step>,
    /// How a run ends. Without it, a scripted scenario ends with its script; any other needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// What ends a run as unknown.
    #[serde(default)]
    pub limits: Limits,
    /// What is checked beside the invariants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Milestones that must be reached in at least a share of the seeds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sometimes: BTreeMap<String, Chance>,
    /// Numbers that are measured; those with a bound are judged over a sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// How many seeds `sweep` runs by default.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 1))]
    pub seeds: u64,
    /// What a sweep must find.
    #[serde(default)]
    pub expect: Expect,
    /// Whether the faults stay within what the protocol tolerates.
    #[serde(default)]
    pub contract: Contract,
    /// Whether each seed switches a random subset of the fault kinds off.
    #[serde(default)]
    pub swarm: bool,
}

/// One protocol, or several that offer the same service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocols(pub Vec<String>);

fn ten_milliseconds() -> Nanos {
    Nanos::from_millis(10)
}

fn two_hundred() -> u64 {
    200
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Protocols {
    /// The protocols' names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the file gives a list, so that `params` are keyed by protocol.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.0.len() != 1
    }
}

impl Scenario {
    /// The `params` of one of its protocols; `null` if the file gives none.
    #[must_use]
    pub fn params_of(&self, protocol: &str) -> &Value {
        if self.protocol.is_list() {
            self.params.get(protocol).unwrap_or(&Value::Null)
        } else {
            &self.params
        }
    }

    /// Whether its runs are to have a measure that is not taken unless somebody wants it.
    #[must_use]
    pub fn wants_measure(&self, name: &str) -> bool {
        let is_bounded = |check: &Check| match check {
            Check::Checker(checker) => checker.name == name,
            Check::Milestone(_) | Check::Without(_) => false,
        };
        self.measures.iter().any(|measure| measure.name == name)
            || self.checks.iter().any(is_bounded)
    }

    /// The ways in which its faults ask a protocol to tolerate something.
    #[must_use]
    pub fn strains(&self) -> BTreeSet<Strain> {
        fn add(fault: &Fault, strains: &mut BTreeSet<Strain>) {
            strains.extend(fault.strain());
            if let Fault::Random(random) = fault {
                strains.extend(random.kinds.iter().filter_map(|kind| kind.strain()));
            }
            fault.inner().for_each(|(_, inner)| add(inner, strains));
        }
        let mut strains = BTreeSet::new();
        self.faults.iter().for_each(|fault| add(fault, &mut strains));
        let mut steps: Vec<&Step> = self.script.iter().collect();
        while let Some(step) = steps.pop() {
            if let Step::Fault(fault) = step {
                add(fault, &mut strains);
            }
            steps.extend(step.inner());
        }
        strains.extend(self.network.strains());
        strains.retain(|strain| !self.network.shields_from(*strain));
        strains
    }

    /// The numbers of the spare hosts: they follow the last host.
    pub fn spare_hosts(&self) -> impl Iterator<Item = u32> {
        let last = self.nodes.hosts().last().map_or(0, |host| host.number);
        let spare = self.spare.min(HOSTS_MAX);
        (1..=spare).filter_map(move |further| last.checked_add(further))
    }

    /// The `params` of one of its protocols as the hosts of an entry of `hosts` get them: fields of
    /// the entry replace those of the scenario, object by object.
    #[must_use]
    pub fn params_of_host(&self, protocol: &str, host: &HostSettings) -> Value {
        let of_host = match (&host.params, self.protocol.is_list()) {
            (Some(params), true) => params.get(protocol),
            (Some(params), false) => Some(params),
            (None, _) => None,
        };
        let mut params = self.params_of(protocol).clone();
        if let Some(of_host) = of_host {
            merge_params(&mut params, of_host);
        }
        params
    }
}

/// Puts the fields of one JSON value over those of another; whatever is not an object replaces.
fn merge_params(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge_params(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

impl<'de> Deserialize<'de> for Protocols {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer).map(Protocols)
    }
}

impl Serialize for Protocols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_one_or_many(&self.0, serializer)
    }
}

impl JsonSchema for Protocols {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Protocols".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A protocol, or a list of protocols that offer the same service.",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1,
                  "uniqueItems": true }
            ]
        })
    }
}
