//! Faults that cut the network, and what mends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct, visit_some};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;
use crate::format::validate::{Findings, check_overlap};

fault_struct! {
    /// Cuts the network: `groups`, `isolate` or `one_way`, exactly one of them.
    Partition {
        /// Hosts of different groups cannot reach one another; hosts in no group are not cut. If
        /// groups overlap when they resolve, the first wins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        groups: Option<Vec<Targets>>,
        /// Each of these hosts is cut off from every other host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        isolate: Option<Targets>,
        /// Messages from some hosts to others are lost; answers still arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        one_way: Option<Direction>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Ends every hold on some hosts.
    Heal {
        /// Which hosts; all if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<Targets>,
    }
}

/// The links of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Direction {
    /// The senders.
    pub from: Targets,
    /// The receivers.
    pub to: Targets,
}

/// What a partition cuts, once validation has seen that exactly one form is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PartitionShape<'a> {
    /// Between groups.
    Groups(&'a [Targets]),
    /// Each of these from every other host.
    Isolate(&'a Targets),
    /// One direction.
    OneWay(&'a Direction),
}

impl Partition {
    /// What it cuts. If a file gives several forms (which validation refuses), the first counts,
    /// and no form at all is no group.
    #[must_use]
    pub fn shape(&self) -> PartitionShape<'_> {
        match (&self.groups, &self.isolate, &self.one_way) {
            (Some(groups), _, _) => PartitionShape::Groups(groups),
            (None, Some(isolate), _) => PartitionShape::Isolate(isolate),
            (None, None, Some(direction)) => PartitionShape::OneWay(direction),
            (None, None, None) => PartitionShape::Groups(&[]),
        }
    }
}

impl FaultKind for Partition {
    const MANUAL: Manual = Manual {
        models: "A switch, a link or a firewall rule that fails: hosts that are up and cannot reach \
                 each other. (Alquraan et al., An Analysis of Network-Partitioning Failures in \
                 Cloud Systems, OSDI 2018)",
        example: r#"{ "partition": { "at": "2s", "groups": [["leader"], ["rest"]], "for": "2s" } }"#,
        needs: "",
        evidence: "`messages.cut` counts what was sent into it.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        for (index, group) in self.groups.iter_mut().flatten().enumerate() {
            visit(&path.key("groups").index(index), Standing::Group, group);
        }
        visit_some(&mut self.isolate, path, "isolate", visit);
        if let Some(one_way) = &mut self.one_way {
            let path = path.key("one_way");
            visit(&path.key("from"), Standing::Group, &mut one_way.from);
            visit(&path.key("to"), Standing::Group, &mut one_way.to);
        }
    }

    fn check(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        let forms = [self.groups.is_some(), self.isolate.is_some(), self.one_way.is_some()];
        if forms.iter().filter(|given| **given).count() != 1 {
            let help = "write exactly one of `groups`, `isolate` and `one_way`";
            findings.value_help(path, "it does not say what is cut", help);
        }
        let Some(groups) = &self.groups else {
            return;
        };
        let path = path.key("groups");
        if groups.len() < 2 {
            let help = "write two or more, such as [[\"leader\"], [\"rest\"]]";
            findings.value_help(&path, "one group is cut off from nothing", help);
        }
        check_overlap(groups, &path, scenario, findings);
    }
}

impl FaultKind for Heal {
    const MANUAL: Manual = Manual {
        models: "An operator who mends everything, or everything about some hosts.",
        example: r#"{ "pause": { "at": "2s", "select": "n1" } }, { "heal": { "at": "4s", "select": "n1" } }"#,
        needs: "",
        evidence: "`faults.heal` counts how often there was something to mend.",
    };
    const REPAIRS: bool = true;

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.select, path, "select", visit);
    }
}
