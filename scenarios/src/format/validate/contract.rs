//! The contract: within it, no fault asks more of a protocol than it says that it tolerates.

use std::collections::BTreeSet;

use seedbed_protocols::Strain;

use crate::format::expect::Contract;
use crate::format::faults::Fault;
use crate::format::path::Path;
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
            Strain::Crashes | Strain::Amnesia | Strain::Disks | Strain::Clocks => {
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
        Strain::Disks => "disks that lose or change what is on them",
        Strain::Clocks => "clocks that do not run as clocks should",
        Strain::Corruption => "messages whose bits have flipped",
        Strain::Misdirection => "messages that were for another host",
    }
}

/// Within the contract, no more hosts may be crashed for good than the protocol tolerates. Only
/// what the file says outright is looked at: hosts by name, and crashes that nothing ends before
/// the heal.
pub(super) fn check_crashes(scenario: &Scenario, path: &Path, findings: &mut Findings<'_>) {
    let ends_crashes =
        |fault: &Fault| matches!(fault, Fault::Restart(_) | Fault::Heal(_) | Fault::Sequence(_));
    if scenario.contract == Contract::Beyond || scenario.faults.iter().any(ends_crashes) {
        return;
    }
    let hosts = scenario.nodes.count();
    let tolerances = findings.vocabulary.protocols.iter();
    let tolerances = tolerances
        .filter_map(|(name, entry)| Some((entry.tolerance?(hosts).crashes as u64, name.clone())));
    let Some((tolerated, protocol)) = tolerances.min() else {
        return;
    };
    let mut crashed: BTreeSet<u32> = BTreeSet::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let Fault::Crash(crash) = fault else { continue };
        if crash.duration.is_some() {
            continue;
        }
        let named = crash.select.0.iter().filter_map(|s| static_hosts(s, scenario));
        crashed.extend(named.flatten());
        if crashed.len() as u64 > tolerated {
            let message = format!(
                "with this, {} of {hosts} hosts are down until the heal, and `{protocol}` \
                 tolerates {tolerated}",
                crashed.len()
            );
            let help = "let them restart with `for`, or write `\"contract\": \"beyond\"`";
            findings.value_help(&path.index(index).key("crash").key("select"), message, help);
            return;
        }
    }
}
