//! Scripts: steps that an operator takes one after the other.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::faults::{Fault, fault_of_key};
use super::one_key::{Named, one_or_many, require_one_key, serialize_one_or_many, wrong_key_count};
use super::selector::{Selector, Targets};
use super::units::{Amount, Chance, Nanos};

/// A step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Hands an operation to hosts, and does not wait for it.
    Submit(Submit),
    /// Hands an operation to whoever leads, and demands that hosts agree on it in time.
    Agree(Agree),
    /// Demands that something is not committed.
    NotCommitted(NotCommitted),
    /// Lets time pass.
    Wait(Wait),
    /// Repeats steps.
    Repeat(Repeat),
    /// Takes steps with a chance.
    Chance(ChanceSteps),
    /// Takes steps on a condition.
    If(If),
    /// Bounds what steps cost.
    Measure(MeasureSteps),
    /// Demands exactly one leader in time.
    ExpectLeader(ExpectLeader),
    /// Demands that nobody leads for a while.
    ExpectNoLeader(ExpectNoLeader),
    /// Gives names to what selectors resolve to now.
    Bind(Bind),
    /// A fault, at once.
    Fault(Fault),
    /// A verb that the protocol's service brings, with its raw options.
    Service(Named),
}

impl Step {
    /// The steps inside it.
    pub fn inner(&self) -> impl Iterator<Item = &Step> {
        let (steps, otherwise): (&[Step], &[Step]) = match self {
            Step::Repeat(repeat) => (&repeat.steps, &[]),
            Step::Chance(chance) => (&chance.steps, &chance.otherwise),
            Step::If(condition) => (&condition.steps, &condition.otherwise),
            Step::Measure(measure) => (&measure.steps, &[]),
            Step::Submit(_)
            | Step::Agree(_)
            | Step::NotCommitted(_)
            | Step::Wait(_)
            | Step::ExpectLeader(_)
            | Step::ExpectNoLeader(_)
            | Step::Bind(_)
            | Step::Fault(_)
            | Step::Service(_) => (&[], &[]),
        };
        steps.iter().chain(otherwise)
    }
}

/// Hands an operation to hosts, and does not wait for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// Which hosts are asked; each of them is, if there are several.
    pub to: Targets,
    /// The operation, in the words of the service.
    pub op: Value,
    /// What the answer to the submission must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<ExpectReply>,
    /// A name for this submission: `ref` of `not_committed` takes it, and as the selector `$name`
    /// it means the (last) host that accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
}

/// What the answer to a submission must be; every field that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectReply {
    /// Whether a host took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// At which index of the log, or at one of which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Indexes>,
    /// What was returned, in the words of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ret: Option<Value>,
}

/// An index of the log, or a list of them: one of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexes(pub Vec<u64>);

/// Hands an operation to whoever leads, and demands that hosts agree on it in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agree {
    /// The operation, in the words of the service.
    pub op: Value,
    /// How many hosts must have applied it.
    pub on: u32,
    /// How soon.
    pub within: Nanos,
    /// Whether it is submitted again when it gets lost; else there is one attempt.
    #[serde(default)]
    pub retry: bool,
    /// At which index of the log it must be, or at one of which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Indexes>,
    /// A name for this operation, as in `submit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
}

/// Demands that no host applies something: exactly one of `op`, `ref` and `index` says what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotCommitted {
    /// The operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Value>,
    /// The submission of that name.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whatever is at that index of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// How long it must stay so; `"0"` looks once.
    #[serde(rename = "for")]
    pub duration: Nanos,
}

/// Lets time pass: `"2s"`, or `["0ms", "499ms"]` for a time drawn between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// At least.
    pub low: Nanos,
    /// At most.
    pub high: Nanos,
}

/// Repeats steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often.
    pub times: u64,
    /// What.
    pub steps: Vec<Step>,
}

/// Takes steps with a chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChanceSteps {
    /// The chance.
    pub p: Chance,
    /// What is done then.
    pub steps: Vec<Step>,
    /// What is done otherwise.
    #[serde(default, rename = "else", skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Step>,
}

/// Takes steps on a condition: exactly one of `alive`, `leader`, `accepted` and `same`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct If {
    /// How many hosts are up: `"<3"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive: Option<Comparison>,
    /// Whether there is a leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<bool>,
    /// Whether the last submission was accepted by anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// Two selectors that mean the same host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<(Selector, Selector)>,
    /// What is done then.
    pub steps: Vec<Step>,
    /// What is done otherwise.
    #[serde(default, rename = "else", skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Step>,
}

/// The condition of an [`If`], once validation has seen that exactly one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepCondition {
    /// How many hosts are up.
    Alive(Comparison),
    /// Whether there is a leader.
    Leader(bool),
    /// Whether the last submission was accepted by anybody.
    Accepted(bool),
    /// Two selectors that mean the same host.
    Same(Selector, Selector),
}

/// A comparison with a number: `"<3"`, `">=2"`, `"=5"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How it is compared.
    pub relation: Relation,
    /// With what.
    pub number: u64,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

/// Bounds what steps cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureSteps {
    /// What is counted while the steps run.
    pub count: Counted,
    /// No more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Amount>,
    /// No less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Amount>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// What a `measure` step counts, over all hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Messages sent.
    Messages,
    /// Bytes sent.
    Bytes,
}

/// Demands exactly one leader in time (of the latest term, where the protocol has such).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectLeader {
    /// How soon.
    #[serde(default = "five_seconds")]
    pub within: Nanos,
    /// Among which hosts; if absent, those that no partition isolates and that are up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Targets>,
    /// A name for it: `$name` from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
}

fn five_seconds() -> Nanos {
    Nanos::from_secs(5)
}

/// Demands that nobody leads for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectNoLeader {
    /// For how long; `"0"` looks once.
    #[serde(rename = "for")]
    pub duration: Nanos,
    /// Among which hosts; if absent, those that no partition isolates and that are up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Targets>,
}

/// Gives names to what selectors resolve to now: `{"L1": "leader"}`.
pub type Bind = std::collections::BTreeMap<String, Selector>;

impl If {
    /// The condition. If a file gives several (which validation refuses), the first counts; none at
    /// all is taken for a leader.
    #[must_use]
    pub fn condition(&self) -> StepCondition {
        match (self.alive, self.leader, self.accepted, &self.same) {
            (Some(comparison), _, _, _) => StepCondition::Alive(comparison),
            (None, Some(leader), _, _) => StepCondition::Leader(leader),
            (None, None, Some(accepted), _) => StepCondition::Accepted(accepted),
            (None, None, None, Some((one, other))) => {
                StepCondition::Same(one.clone(), other.clone())
            }
            (None, None, None, None) => StepCondition::Leader(true),
        }
    }
}

/// The signs of comparison, the longer before their prefixes.
const RELATIONS: &[(&str, Relation)] = &[
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("!=", Relation::NotEqual),
    ("<", Relation::Less),
    (">", Relation::Greater),
    ("=", Relation::Equal),
];

impl Comparison {
    /// Reads `"<3"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Comparison, String> {
        let wrong = || format!("`{text}` is no comparison: write `<3`, `>=2` or `=5`");
        let (relation, number) = RELATIONS
            .iter()
            .find_map(|(sign, relation)| text.strip_prefix(sign).map(|rest| (*relation, rest)))
            .ok_or_else(wrong)?;
        let number = number.trim();
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        Ok(Comparison { relation, number: number.parse().map_err(|_| wrong())? })
    }

    /// Whether it holds of a number.
    #[must_use]
    pub fn holds(self, number: u64) -> bool {
        match self.relation {
            Relation::Less => number < self.number,
            Relation::LessOrEqual => number <= self.number,
            Relation::Equal => number == self.number,
            Relation::NotEqual => number != self.number,
            Relation::GreaterOrEqual => number >= self.number,
            Relation::Greater => number > self.number,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Equal => "=",
            Relation::NotEqual => "!=",
            Relation::GreaterOrEqual => ">=",
            Relation::Greater => ">",
        };
        write!(formatter, "{sign}{}", self.number)
    }
}

impl<'de> Deserialize<'de> for Comparison {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Comparison::parse(&text).map_err(de::Error::custom)
    }
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Comparison {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Comparison".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A comparison with a number: \"<3\", \">=2\", \"=5\".",
            "type": "string", "pattern": r"^(<=|>=|!=|<|>|=)\s*[0-9]+$"
        })
    }
}

impl<'de> Deserialize<'de> for Indexes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer).map(Indexes)
    }
}

impl Serialize for Indexes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_one_or_many(&self.0, serializer)
    }
}

impl JsonSchema for Indexes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Indexes".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An index of the log, or a list of them: one of those.",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 1 }
            ]
        })
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WaitVisitor;
        impl<'de> Visitor<'de> for WaitVisitor {
            type Value = Wait;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a duration such as \"2s\", or a range [\"0ms\", \"499ms\"]")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Wait, E> {
                let time = Nanos::parse(text).map_err(E::custom)?;
                Ok(Wait { low: time, high: time })
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Wait, E> {
                Err(E::custom(format!("{number} has no unit: write \"{number}s\"")))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Wait, A::Error> {
                let missing = |count| de::Error::invalid_length(count, &"a range of two durations");
                let low = list.next_element()?.ok_or_else(|| missing(0))?;
                let high = list.next_element()?.ok_or_else(|| missing(1))?;
                Ok(Wait { low, high })
            }
        }
        deserializer.deserialize_any(WaitVisitor)
    }
}

impl Serialize for Wait {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.low == self.high {
            return self.low.serialize(serializer);
        }
        (self.low, self.high).serialize(serializer)
    }
}

impl JsonSchema for Wait {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Wait".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        json_schema!({
            "description": "A duration, or a range of two from which it is drawn.",
            "anyOf": [time, { "type": "array", "items": time, "minItems": 2, "maxItems": 2 }]
        })
    }
}

/// Reads, writes and describes the kernel's verbs; a fault and a service's verb come after them.
macro_rules! kernel_steps {
    ($($name:literal => $variant:ident($type:ty), $about:literal;)*) => {
        impl Step {
            /// The verbs that need no service, beside the faults.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The verb under which this is written.
            #[must_use]
            pub fn key(&self) -> &str {
                match self {
                    $(Step::$variant(_) => $name,)*
                    Step::Fault(fault) => fault.key(),
                    Step::Service(verb) => &verb.name,
                }
            }
        }

        impl<'de> Deserialize<'de> for Step {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct StepVisitor;
                impl<'de> Visitor<'de> for StepVisitor {
                    type Value = Step;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("a step, an object with one key")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step, A::Error> {
                        require_one_key(&map, "a step")?;
                        let Some(key) = map.next_key::<String>()? else {
                            return Err(wrong_key_count(0, "a step"));
                        };
                        match key.as_str() {
                            $($name => return map.next_value().map(Step::$variant),)*
                            _ => {}
                        }
                        match fault_of_key(&key, &mut map) {
                            Some(fault) => fault.map(Step::Fault),
                            None => {
                                let options = map.next_value()?;
                                Ok(Step::Service(Named { name: key, options }))
                            }
                        }
                    }
                }
                deserializer.deserialize_map(StepVisitor)
            }
        }

        impl Serialize for Step {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = match self {
                    Step::Fault(fault) => return fault.serialize(serializer),
                    Step::Service(verb) => return verb.serialize(serializer),
                    $(Step::$variant(_))|* => serializer.serialize_map(Some(1))?,
                };
                match self {
                    $(Step::$variant(step) => map.serialize_entry($name, step)?,)*
                    Step::Fault(_) | Step::Service(_) => {}
                }
                map.end()
            }
        }

        impl JsonSchema for Step {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Step".into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut forms = vec![$({
                    let schema = generator.subschema_for::<$type>();
                    json_schema!({
                        "type": "object", "description": $about, "properties": { $name: schema },
                        "required": [$name], "additionalProperties": false
                    })
                }),*];
                forms.push(generator.subschema_for::<Fault>());
                let mut known: Vec<&str> = Step::NAMES.to_vec();
                known.extend(Fault::NAMES);
                forms.push(json_schema!({
                    "type": "object", "minProperties": 1, "maxProperties": 2,
                    "description": "A verb of the protocol's service.",
                    "propertyNames": { "not": { "enum": known } }
                }));
                json_schema!({ "description": "A step of a script.", "anyOf": forms })
            }
        }
    };
}

kernel_steps! {
    "submit" => Submit(Submit), "Hands an operation to hosts, and does not wait for it.";
    "agree" => Agree(Agree), "Submits an operation and demands that hosts agree on it in time.";
    "not_committed" => NotCommitted(NotCommitted), "Demands that something is not committed.";
    "wait" => Wait(Wait), "Lets time pass.";
    "repeat" => Repeat(Repeat), "Repeats steps.";
    "chance" => Chance(ChanceSteps), "Takes steps with a chance.";
    "if" => If(If), "Takes steps on a condition.";
    "measure" => Measure(MeasureSteps), "Bounds what steps cost.";
    "expect_leader" => ExpectLeader(ExpectLeader), "Demands exactly one leader in time.";
    "expect_no_leader" => ExpectNoLeader(ExpectNoLeader), "Demands that nobody leads for a while.";
    "bind" => Bind(Bind), "Gives names to what selectors resolve to now.";
}
