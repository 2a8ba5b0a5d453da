//! The contract: within it, no fault asks more of a protocol than it says that it tolerates.

use std::collections::BTreeSet;

use seedbed_protocols::Strain;

use crate::format::expect::Contract;
use crate::format::faults::Fault;
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;

use super::Findings;
use super::hosts::static_hosts;

/// Within the contract, a fault is of a sort that every protocol of the scenario tolerates. Of
/// crashes it is counted how many: see [`check_crashes`].
pub(super) fn check_strain(
    strain: Option<Strain>,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    let is_judged = scenario.contract == Contract::Within;
    let unshielded = strain.filter(|strain| !scenario.network.shields_from(*strain));
    let Some(strain) = unshielded.filter(|_| is_judged) else {
        return;
    };
    let hosts = scenario.nodes.count();
    let mut protocols = findings.vocabulary.protocols.iter();
    let intolerant = protocols.find(|(_, entry)| {
        entry.tolerance.is_some_and(|tolerance| !tolerance(hosts).tolerates(strain))
    });
    if let Some((protocol, _)) = intolerant {
        let message = format!("`{protocol}` does not tolerate {}", describe(strain));
        let help = match strain {
            Strain::Corruption => {
                "write `\"checksum\": true` in `network`, or `\"contract\": \"beyond\"`"
            }
            Strain::Misdirection => {
                "write `\"addressee\": true` in `network`, or `\"contract\": \"beyond\"`"
            }
            Strain::Crashes | Strain::Amnesia | Strain::Disks | Strain::Rot | Strain::Clocks => {
                "write `\"contract\": \"beyond\"`: only what it promises even then is judged"
            }
        };
        findings.value_help(path, message, help);
    }
}

fn describe(strain: Strain) -> &'static str {
    match strain {
        Strain::Crashes => "hosts that are down",
        Strain::Amnesia => "hosts that come back with blank disks",
        Strain::Disks => "disks that lose what they said they have",
        Strain::Rot => "bits that flip on disks",
        Strain::Clocks => "clocks that do not run as clocks should",
        Strain::Corruption => "messages whose bits have flipped",
        Strain::Misdirection => "messages that were for another host",
    }
}

/// Every fault in the order of the file, those inside sequences included, with the path of the
/// object with its key.
fn all_faults<'s>(scenario: &'s Scenario, path: &Path) -> Vec<(Path, &'s Fault)> {
    let mut found = Vec::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let place = path.index(index);
        let steps = place.key(fault.key()).key("steps");
        found.push((place, fault));
        found.extend(fault.inner().map(|(step, inner)| (steps.index(step), inner)));
    }
    found
}

/// Of the hosts that begin the run, those that the targets name whatever happens.
fn named_members(targets: &Targets, scenario: &Scenario) -> BTreeSet<u32> {
    let members: BTreeSet<u32> = scenario.nodes.hosts().iter().map(|host| host.number).collect();
    let named = targets.0.iter().filter_map(|it| static_hosts(it, scenario)).flatten();
    named.filter(|number| members.contains(number)).collect()
}

/// Whether a join may bring a host back that has left: not if the file says that it comes first.
fn joins_later(join: &Fault, left: &Fault) -> bool {
    let at = |fault: &Fault| fault.common().and_then(|common| common.at);
    !matches!((at(join), at(left)), (Some(joined), Some(left)) if joined < left)
}

/// Within the contract, no more hosts may be down for good than the protocol tolerates. Only what
/// the file says outright is looked at: hosts by name that leave and join no more, which no heal
/// brings back, and crashes if nothing in the file ends any before the heal.
pub(super) fn check_crashes(scenario: &Scenario, path: &Path, findings: &mut Findings<'_>) {
    if scenario.contract == Contract::Beyond {
        return;
    }
    let hosts = scenario.nodes.count();
    let tolerances = findings.vocabulary.protocols.iter();
    let tolerances = tolerances
        .filter_map(|(name, entry)| Some((entry.tolerance?(hosts).crashes as u64, name.clone())));
    let Some((tolerated, protocol)) = tolerances.min() else {
        return;
    };
    let faults = all_faults(scenario, path);
    let crashes_end =
        faults.iter().any(|(_, fault)| matches!(fault, Fault::Restart(_) | Fault::Heal(_)));
    // A join of whoever it may be may bring anybody back.
    let joined = |left: &Fault, host: u32| {
        faults.iter().filter(|(_, fault)| joins_later(fault, left)).any(|(_, fault)| match fault {
            Fault::Join(join) => join
                .select
                .0
                .iter()
                .any(|it| static_hosts(it, scenario).is_none_or(|named| named.contains(&host))),
            _ => false,
        })
    };
    let mut down: BTreeSet<u32> = BTreeSet::new();
    for (place, fault) in &faults {
        let (named, are, help) = match fault {
            Fault::Crash(crash) if crash.duration.is_none() && !crashes_end => {
                let help = "let them restart with `for`, or write `\"contract\": \"beyond\"`";
                (named_members(&crash.select, scenario), "are down until the heal", help)
            }
            Fault::Leave(leave) => {
                let mut named = named_members(&leave.select, scenario);
                named.retain(|host| !joined(fault, *host));
                let help = "let them `join` again, or write `\"contract\": \"beyond\"`";
                (named, "have left, which no heal ends, or are down", help)
            }
            _ => continue,
        };
        down.extend(named);
        if down.len() as u64 > tolerated {
            let message = format!(
                "with this, {} of {hosts} hosts {are}, and `{protocol}` tolerates {tolerated}",
                down.len()
            );
            findings.value_help(&place.key(fault.key()).key("select"), message, help);
            return;
        }
    }
}
