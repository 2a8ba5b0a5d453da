//! Faults that cut the network, and what mends it.

use schemars::JsonSchema;
use seedbed_sim::{CLIENT_REPLY, CLIENT_REQUEST};
use serde::{Deserialize, Serialize};

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct, visit_some};
use crate::format::path::Path;
use crate::format::selector::{Selector, Targets};
use crate::format::spec::Scenario;
use crate::format::units::Nanos;
use crate::format::validate::{Findings, Sort, check_overlap, check_range};

fault_struct! {
    /// Cuts the network, in exactly one of these forms: `groups`, `isolate`, `one_way`, `bridge`,
    /// `majorities_ring`, `minority`, `halves` or `clients`.
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
        /// This host (`"random"` draws it) sees every other one; those fall into two drawn halves
        /// that do not see each other. As Jepsen's `bridge`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bridge: Option<Targets>,
        /// Each host sees a majority, itself included, and no two see the same one: the hosts stand
        /// in a ring of drawn order, and each sees its nearest neighbours on both sides. As Jepsen's
        /// `majorities-ring`; needs four hosts.
        #[serde(default, skip_serializing_if = "crate::format::is_false")]
        majorities_ring: bool,
        /// A drawn minority of drawn size is split off from the others.
        #[serde(default, skip_serializing_if = "crate::format::is_false")]
        minority: bool,
        /// The hosts fall into two drawn halves; of an odd number the second has one more.
        #[serde(default, skip_serializing_if = "crate::format::is_false")]
        halves: bool,
        /// Clients cannot reach some hosts, nor hear from them; hosts are not cut from each other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clients: Option<ClientCut>,
        /// Only messages of these kinds are cut; of all kinds if absent. What clients ask and hear is
        /// `client-request` and `client-reply`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kinds: Option<Vec<String>>,
        /// The partition comes and goes, for as long as it lasts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flap: Option<Flap>,
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

/// Which clients are cut off from which hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCut {
    /// The clients; all if absent.
    #[serde(default = "every_client")]
    pub select: Targets,
    /// The hosts.
    pub from: Targets,
}

/// How a partition comes and goes: both times are drawn anew each time, between two bounds. It
/// begins cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flap {
    /// How long it cuts, at least and at most.
    pub on: (Nanos, Nanos),
    /// How long it lets up, at least and at most.
    pub off: (Nanos, Nanos),
}

fn every_client() -> Targets {
    Targets(vec![Selector::Clients])
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
    /// All but these, into two halves.
    Bridge(&'a Targets),
    /// All hosts, from those far off in a ring.
    MajoritiesRing,
    /// A drawn minority from the others.
    Minority,
    /// One drawn half from the other.
    Halves,
    /// Clients from hosts.
    Clients(&'a ClientCut),
}

/// A bridge needs two hosts that it is between.
pub const BRIDGE_HOSTS_MIN: u64 = 3;
/// A minority of two hosts is nobody.
const MINORITY_HOSTS_MIN: u64 = 3;
const HALVES_HOSTS_MIN: u64 = 2;
/// Among three hosts, majorities that see each other are no ring but a line: a bridge.
pub const RING_HOSTS_MIN: u64 = 4;

impl Partition {
    /// What it cuts. If a file gives several forms (which validation refuses), the first counts,
    /// and no form at all is no group.
    #[must_use]
    pub fn shape(&self) -> PartitionShape<'_> {
        self.shapes().into_iter().flatten().next().unwrap_or(PartitionShape::Groups(&[]))
    }

    /// Each form that is given.
    fn shapes(&self) -> [Option<PartitionShape<'_>>; 8] {
        [
            self.groups.as_deref().map(PartitionShape::Groups),
            self.isolate.as_ref().map(PartitionShape::Isolate),
            self.one_way.as_ref().map(PartitionShape::OneWay),
            self.bridge.as_ref().map(PartitionShape::Bridge),
            self.majorities_ring.then_some(PartitionShape::MajoritiesRing),
            self.minority.then_some(PartitionShape::Minority),
            self.halves.then_some(PartitionShape::Halves),
            self.clients.as_ref().map(PartitionShape::Clients),
        ]
    }

    fn check_hosts(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        let (form, hosts_min) = match self.shape() {
            PartitionShape::Bridge(_) => ("bridge", BRIDGE_HOSTS_MIN),
            PartitionShape::MajoritiesRing => ("majorities_ring", RING_HOSTS_MIN),
            PartitionShape::Minority => ("minority", MINORITY_HOSTS_MIN),
            PartitionShape::Halves => ("halves", HALVES_HOSTS_MIN),
            PartitionShape::Groups(_)
            | PartitionShape::Isolate(_)
            | PartitionShape::OneWay(_)
            | PartitionShape::Clients(_) => return,
        };
        let hosts = scenario.nodes.count();
        if hosts < hosts_min {
            let message = format!("it needs {hosts_min} hosts or more, and there are {hosts}");
            if form == "majorities_ring" {
                let help = "three hosts that each see another majority are a `bridge`";
                findings.value_help(&path.key(form), message, help);
            } else {
                findings.value(&path.key(form), message);
            }
        }
    }
}

/// The kinds must be such as may be sent where the partition cuts.
fn check_kinds(partition: &Partition, path: &Path, findings: &mut Findings<'_>) {
    let Some(kinds) = &partition.kinds else {
        return;
    };
    let path = path.key("kinds");
    if kinds.is_empty() {
        findings.value_help(&path, "of no kind there is no message", "leave it out for all kinds");
    }
    let among_hosts = match partition.shape() {
        // These may name clients, too.
        PartitionShape::Groups(_) | PartitionShape::OneWay(_) => None,
        PartitionShape::Clients(_) => Some(false),
        PartitionShape::Isolate(_)
        | PartitionShape::Bridge(_)
        | PartitionShape::MajoritiesRing
        | PartitionShape::Minority
        | PartitionShape::Halves => Some(true),
    };
    for (index, kind) in kinds.iter().enumerate() {
        let path = path.index(index);
        findings.require_name(Sort::Kind, &path, kind, false);
        let of_client = [CLIENT_REQUEST, CLIENT_REPLY].contains(&kind.as_str());
        match among_hosts {
            Some(true) if of_client => {
                findings.value(&path, "hosts send none of these to each other");
            }
            Some(false) if !of_client => {
                findings.value(&path, "clients send and hear none of these");
            }
            Some(_) | None => {}
        }
    }
}

fn check_flap(flap: &Flap, path: &Path, findings: &mut Findings<'_>) {
    for (key, (shortest, longest)) in [("on", flap.on), ("off", flap.off)] {
        check_range(shortest, longest, &path.key(key), findings);
        if shortest == Nanos::ZERO {
            findings.value(&path.key(key), "it would come and go in no time");
        }
    }
}

fn check_clients(cut: &ClientCut, path: &Path, findings: &mut Findings<'_>) {
    let is_client =
        |selector: &Selector| matches!(selector, Selector::Clients | Selector::Client(_));
    for (index, selector) in cut.select.0.iter().enumerate() {
        if !is_client(selector) {
            let message = format!("`{selector}` is no client");
            let help = "hosts are cut from each other by `groups`";
            findings.value_help(&path.key("select").index(index), message, help);
        }
    }
    for (index, selector) in cut.from.0.iter().enumerate().filter(|(_, it)| is_client(it)) {
        let message = format!("`{selector}` is no host");
        findings.value(&path.key("from").index(index), message);
    }
}

impl FaultKind for Partition {
    const MANUAL: Manual = Manual {
        models: "A switch, a link or a firewall rule that fails: hosts that are up and cannot reach \
                 each other, all of them or only some. (Alquraan et al., An Analysis of \
                 Network-Partitioning Failures in Cloud Systems, OSDI 2018; Alfatafta et al., Toward \
                 a Generic Fault Tolerance Technique for Partial Network Partitioning, OSDI 2020)",
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
        visit_some(&mut self.bridge, path, "bridge", visit);
        if let Some(clients) = &mut self.clients {
            let path = path.key("clients");
            visit(&path.key("select"), Standing::Alone, &mut clients.select);
            visit(&path.key("from"), Standing::Alone, &mut clients.from);
        }
    }

    fn check(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        let help = "write exactly one of `groups`, `isolate`, `one_way`, `bridge`, \
                    `majorities_ring`, `minority`, `halves` and `clients`";
        match self.shapes().iter().flatten().count() {
            0 => findings.value_help(path, "it does not say what is cut", help),
            1 => {}
            _ => findings.value_help(path, "it says what is cut in more than one way", help),
        }
        self.check_hosts(path, scenario, findings);
        check_kinds(self, path, findings);
        if let Some(flap) = &self.flap {
            check_flap(flap, &path.key("flap"), findings);
        }
        if let Some(clients) = &self.clients {
            check_clients(clients, &path.key("clients"), findings);
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
