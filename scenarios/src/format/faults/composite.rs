//! Faults made of others: one after the other, or drawn.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kind::{
    CommonFields, FaultKind, Labelled, Manual, TargetVisitor, fault_struct, visit_some,
};
use super::{Fault, RandomKind, fault_of_key};
use crate::format::one_key::{require_one_key, wrong_key_count};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;
use crate::format::validate::{Findings, check_random};

fault_struct! {
    /// Faults and waits one after the other.
    Sequence {
        /// The steps. Faults in it have no placement of their own.
        steps: Vec<SequenceStep>,
    }
}

/// A step of a `sequence`.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceStep {
    /// Waits.
    Wait(Nanos),
    /// A fault, at once. Boxed: it is many times larger than a wait.
    Fault(Box<Fault>),
}

/// Faults drawn per run: how many, when, and to whom (among those on whom the kind takes effect).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// No earlier than this.
    pub from: Nanos,
    /// No later than this.
    pub until: Nanos,
    /// Which kinds to draw from.
    pub kinds: Vec<RandomKind>,
    /// How many, at least and at most.
    pub times: (u32, u32),
    /// How long each lasts, at least and at most.
    #[serde(rename = "for")]
    pub duration: (Nanos, Nanos),
    /// The drawn faults follow one another: none begins before the one before it has ended and all
    /// has been well for so long. A fault that is due earlier waits; one for which no time is left
    /// before `until` is dropped. Without it, faults may overlap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<Nanos>,
    /// The hosts it may strike; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Targets>,
    /// A name for reports, and for its own random stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it may never take effect without making the run vacuous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<String>,
}

impl<'de> Deserialize<'de> for SequenceStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StepVisitor;
        impl<'de> Visitor<'de> for StepVisitor {
            type Value = SequenceStep;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a fault or {\"wait\": \"1s\"}, an object with one key")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SequenceStep, A::Error> {
                require_one_key(&map, "a step")?;
                let Some(key) = map.next_key::<String>()? else {
                    return Err(wrong_key_count(0, "a step"));
                };
                if key == "wait" {
                    return map.next_value().map(SequenceStep::Wait);
                }
                let names = Fault::STEP_NAMES;
                // A sequence in a sequence, or a drawn one, has no time at which to happen.
                let fault = names.contains(&&*key).then(|| fault_of_key(&key, &mut map)).flatten();
                match fault {
                    Some(fault) => fault.map(Box::new).map(SequenceStep::Fault),
                    None => Err(de::Error::unknown_variant(&key, names)),
                }
            }
        }
        deserializer.deserialize_map(StepVisitor)
    }
}

impl Serialize for SequenceStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            SequenceStep::Wait(time) => serializer.collect_map([("wait", time)]),
            SequenceStep::Fault(fault) => fault.serialize(serializer),
        }
    }
}

impl JsonSchema for SequenceStep {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SequenceStep".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        let fault = generator.subschema_for::<Fault>();
        json_schema!({
            "description": "A fault without a placement, or a wait.",
            "anyOf": [
                { "type": "object", "properties": { "wait": time }, "required": ["wait"],
                  "additionalProperties": false },
                fault
            ]
        })
    }
}

impl FaultKind for Sequence {
    const MANUAL: Manual = Manual {
        models: "A scenario that unfolds: this first, then, a while later, that.",
        example: r#"{ "sequence": { "at": "2s", "steps": [ { "pause": { "select": "n1" } }, { "wait": "1s" }, { "heal": { "select": "n1" } } ] } }"#,
        needs: "",
        evidence: "Each step is counted under its own kind.",
    };

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.steps.is_empty() {
            findings.value(&path.key("steps"), "a sequence of no steps does nothing");
        }
    }
}

impl Labelled for RandomFaults {
    fn common(&self) -> Option<CommonFields<'_>> {
        None
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn optional(&self) -> Option<&str> {
        self.optional.as_deref()
    }
}

impl FaultKind for RandomFaults {
    const MANUAL: Manual = Manual {
        models: "Whatever may go wrong, drawn anew for each seed: how many, when, whom and how hard.",
        example: r#"{ "random": { "from": "1s", "until": "4s", "kinds": ["crash", "pause", "partition"], "times": [2, 4], "for": ["100ms", "1s"] } }"#,
        needs: "",
        evidence: "Each drawn fault is counted under its own kind; the failure report lists what was drawn.",
    };

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.select, path, "select", visit);
    }

    fn check(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        check_random(self, path, scenario, findings);
    }
}
