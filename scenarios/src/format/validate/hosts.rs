//! Hosts, zones and links: they exist, and each has one role and one zone.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::hosts::{HOSTS_MAX, HostSet, Nodes};
use crate::format::names::{list_names, suggest};
use crate::format::path::Path;
use crate::format::selector::Selector;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;

use super::Findings;
use super::network::check_latency;

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    check_nodes(scenario, findings);
    check_zones(scenario, findings);
    let root = Path::root();
    for (index, host) in scenario.hosts.iter().enumerate() {
        let path = root.key("hosts").index(index);
        if let Some(disk) = &host.disk {
            check_latency(&disk.latency, &path.key("disk").key("latency"), findings);
        }
        if host.params.as_ref().is_some_and(|params| !params.is_object()) {
            findings.value(&path.key("params"), "expected an object");
        }
    }
}

fn check_nodes(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("nodes");
    let count = scenario.nodes.count();
    if count == 0 {
        findings.value_help(&path, "there are no hosts", "write at least 1");
        return;
    }
    if count + u64::from(scenario.spare) > u64::from(HOSTS_MAX) {
        let message = format!("{count} hosts and {} spare ones are too many", scenario.spare);
        findings.value_help(&path, message, format!("at most {HOSTS_MAX}"));
        return;
    }
    if let Nodes::Roles(roles) = &scenario.nodes {
        for (role, set) in roles {
            if set.count() == 0 {
                findings.value(&path.key(role), format!("role `{role}` has no hosts"));
            }
            check_role(role, &path.key(role), findings);
        }
        let mixed = roles.values().any(|set| matches!(set, HostSet::Count(_)))
            && roles.values().any(|set| matches!(set, HostSet::Names(_)));
        if mixed {
            let help = "a counted role and a named one could claim the same host";
            findings.value_help(&path, "either count every role or name every role's hosts", help);
            return;
        }
    } else {
        let missing = findings
            .vocabulary
            .protocols
            .iter()
            .find(|(_, entry)| !entry.roles.is_empty() && !entry.roles_optional);
        if let Some((name, entry)) = missing {
            let roles: Vec<&str> = entry.roles.iter().map(|role| role.name.as_str()).collect();
            let message = format!("hosts of protocol `{name}` have roles");
            let help =
                format!("write an object from role to number; roles: {}", list_names(&roles));
            findings.value_help(&path, message, help);
        }
    }
    // Counted hosts are numbered apart; only names can clash.
    let Nodes::Roles(roles) = &scenario.nodes else { return };
    let mut role_of: BTreeMap<u32, &str> = BTreeMap::new();
    for (role, set) in roles {
        let HostSet::Names(numbers) = set else { continue };
        for (index, number) in numbers.iter().enumerate() {
            if let Some(earlier) = role_of.insert(*number, role) {
                let message = format!("`n{number}` is `{earlier}` already");
                findings.value(&path.key(role).index(index), message);
            }
        }
    }
}

fn check_role(role: &str, path: &Path, findings: &mut Findings<'_>) {
    if findings.vocabulary.is_complete && !findings.vocabulary.roles.contains(&role) {
        let owner = findings.vocabulary.owner();
        if findings.vocabulary.roles.is_empty() {
            let help = "write a number of hosts".to_owned();
            findings.key(path, format!("hosts of {owner} have no roles"), Some(help));
        } else {
            let help = suggest(role, findings.vocabulary.roles.iter().copied());
            findings.key(path, format!("{owner} has no host role `{role}`"), help);
        }
    }
}

fn check_zones(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("zones");
    let mut zone_of: BTreeMap<u32, &str> = BTreeMap::new();
    for (zone, targets) in &scenario.zones {
        let place = path.key(zone);
        let plain = matches!(Selector::parse(zone), Ok(Selector::Named { offset: 0, .. }));
        if !plain {
            findings.key(
                &place,
                format!("`{zone}` cannot name a zone: it means something else"),
                None,
            );
        }
        let role = scenario.nodes.roles().any(|role| role == zone);
        if role || findings.vocabulary.selectors.contains(&zone.as_str()) {
            let what = if role { "a host role" } else { "a selector of the protocol" };
            findings.key(
                &place,
                format!("`{zone}` is {what}, so no zone can have that name"),
                None,
            );
        }
        if targets.0.is_empty() {
            findings.value(&place, format!("zone `{zone}` has no hosts"));
        }
        for (index, selector) in targets.0.iter().enumerate() {
            for number in static_hosts(selector, scenario).unwrap_or_default() {
                match zone_of.insert(number, zone) {
                    Some(earlier) if earlier != zone => {
                        let message = format!("`n{number}` is in zone `{earlier}` already");
                        findings.value(&place.index(index), message);
                    }
                    Some(_) | None => {}
                }
            }
        }
    }
}

/// The hosts that a selector means whatever happens; `None` if that depends on the run.
pub(super) fn static_hosts(selector: &Selector, scenario: &Scenario) -> Option<BTreeSet<u32>> {
    let of_role = |role: &str| {
        let hosts = scenario.nodes.hosts().into_iter();
        let with_role = hosts.filter(|host| host.role.as_deref() == Some(role));
        with_role.map(|host| host.number).collect::<BTreeSet<u32>>()
    };
    match selector {
        Selector::Host(number) => Some(BTreeSet::from([*number])),
        Selector::All => Some(scenario.nodes.hosts().iter().map(|host| host.number).collect()),
        Selector::Role(role) => Some(of_role(role)),
        Selector::Named { name, offset: 0 } if scenario.nodes.roles().any(|role| role == name) => {
            Some(of_role(name))
        }
        Selector::Zone(zone) => {
            let members = scenario.zones.get(zone)?.0.iter();
            // Zones hold hosts and roles only, so this does not come back here.
            let plain = members.filter(|member| !matches!(member, Selector::Zone(_)));
            Some(plain.filter_map(|member| static_hosts(member, scenario)).flatten().collect())
        }
        Selector::Client(_)
        | Selector::Random
        | Selector::Majority
        | Selector::Minority
        | Selector::Rest
        | Selector::Clients
        | Selector::Bound { .. }
        | Selector::Named { .. }
        | Selector::Protocol { .. } => None,
    }
}

/// A range of two times, the lower first.
pub(in crate::format) fn check_range(
    low: Nanos,
    high: Nanos,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    if low > high {
        let help = format!("write [\"{high}\", \"{low}\"]");
        findings.value_help(path, format!("{low} is longer than {high}"), help);
    }
}
