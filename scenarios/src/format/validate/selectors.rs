//! Selectors: every one is found, checked, and given its meaning.

use crate::format::faults::{Fault, SequenceStep, Standing};
use crate::format::names::suggest;
use crate::format::path::Path;
use crate::format::script::Step;
use crate::format::selector::{Selector, Targets};
use crate::format::spec::Scenario;

use super::Findings;

/// Where a selector stands, which limits what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Fixed for the whole run: names, host roles, zones, `all`.
    Hosts,
    /// In a zone: names and host roles.
    ZoneMembers,
    /// Fixed, and clients too.
    Links,
    /// Whatever resolves when a fault fires.
    Fault,
    /// The same, in a group of a partition, where `rest` means something.
    Group,
    /// The same in a script, where names are bound.
    Script,
    /// In a script's group.
    ScriptGroup,
}

/// A selector with its place.
type Visit<'v> = dyn FnMut(&Path, Use, &mut Selector) + 'v;

/// Resolves every selector of the scenario, or says why it cannot be.
pub(super) fn resolve(scenario: &mut Scenario, findings: &mut Findings<'_>) {
    let names = HostNames::new(scenario);
    visit_all(scenario, &mut |path, place, selector| {
        resolve_one(path, place, selector, &names, findings);
    });
}

/// What there is to select, apart from what the protocol brings.
struct HostNames {
    numbers: Vec<u32>,
    roles: Vec<String>,
    zones: Vec<String>,
    /// How many clients there are, if every workload says.
    clients: Option<u64>,
}

impl HostNames {
    fn new(scenario: &Scenario) -> HostNames {
        let hosts = scenario.nodes.hosts().into_iter().map(|host| host.number);
        let numbers = hosts.chain(scenario.spare_hosts()).collect();
        let clients = scenario.workloads.iter().map(|workload| workload.options.get("clients"));
        HostNames {
            numbers,
            roles: scenario.nodes.roles().map(str::to_owned).collect(),
            zones: scenario.zones.keys().cloned().collect(),
            clients: clients.map(|count| count.and_then(serde_json::Value::as_u64)).sum(),
        }
    }
}

fn resolve_one(
    path: &Path,
    place: Use,
    selector: &mut Selector,
    names: &HostNames,
    findings: &mut Findings<'_>,
) {
    match selector {
        Selector::Host(number) => {
            if names.numbers.binary_search(number).is_err() && !names.numbers.is_empty() {
                let message = format!("there is no host `n{number}`");
                findings.value_help(path, message, describe_hosts(&names.numbers));
            }
        }
        Selector::Client(number) => {
            if names.clients.is_some_and(|count| u64::from(*number) > count) {
                let count = names.clients.unwrap_or_default();
                let message = format!("there is no client `c{number}`");
                let help = match count {
                    0 => "there are no clients".to_owned(),
                    count => format!("there are `c1` to `c{count}`"),
                };
                findings.value_help(path, message, help);
            }
        }
        Selector::Named { name, offset } => {
            let (name, offset) = (name.clone(), *offset);
            match resolve_name(&name, offset, names, findings) {
                Ok(found) => *selector = found,
                Err((message, help)) => {
                    findings
                        .problems
                        .push(crate::format::decode::Problem::value(path, message).help(help));
                    return;
                }
            }
        }
        Selector::Random
        | Selector::Majority
        | Selector::Minority
        | Selector::All
        | Selector::Rest
        | Selector::Clients
        | Selector::Bound { .. }
        | Selector::Role(_)
        | Selector::Zone(_)
        | Selector::Protocol { .. } => {}
    }
    if let Some(message) = misplaced(place, selector) {
        findings.value(path, message);
    }
}

fn describe_hosts(numbers: &[u32]) -> String {
    let contiguous = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    match numbers {
        [one] => format!("there is only `n{one}`"),
        [first, .., last] if contiguous => format!("there are `n{first}` to `n{last}`"),
        many => {
            let shown: Vec<String> = many.iter().take(10).map(|n| format!("`n{n}`")).collect();
            let dots = if many.len() > 10 { " ..." } else { "" };
            format!("there are {}{dots}", shown.join(", "))
        }
    }
}

/// What a plain word means: a host role, a zone, or a selector of the protocol.
fn resolve_name(
    name: &str,
    offset: u32,
    names: &HostNames,
    findings: &Findings<'_>,
) -> Result<Selector, (String, Option<String>)> {
    let is_role = names.roles.iter().any(|role| role == name);
    let is_zone = names.zones.iter().any(|zone| zone == name);
    if (is_role || is_zone) && offset > 0 {
        let message = format!("`{name}+{offset}` means nothing: `{name}` is a set of hosts");
        return Err((message, None));
    }
    let vocabulary = &findings.vocabulary;
    let known = vocabulary.selectors.contains(&name) || !vocabulary.is_complete;
    match (is_role, is_zone) {
        (true, _) => Ok(Selector::Role(name.to_owned())),
        (false, true) => Ok(Selector::Zone(name.to_owned())),
        (false, false) if known => Ok(Selector::Protocol { name: name.to_owned(), offset }),
        (false, false) => {
            let roles = names.roles.iter().chain(&names.zones).map(String::as_str);
            let own = vocabulary.selectors.iter().copied();
            let valid: Vec<&str> =
                own.chain(roles).chain(Selector::words().map(|word| -> &str { word })).collect();
            let help = match suggest(name, valid) {
                Some(help) if help.starts_with("expected one of ") => {
                    format!("{help}, or a host such as `n1`")
                }
                Some(help) => help,
                None => "write a host such as `n1`".to_owned(),
            };
            Err((format!("unknown selector `{name}`"), Some(help)))
        }
    }
}

/// Why a selector cannot stand where it does.
fn misplaced(place: Use, selector: &Selector) -> Option<String> {
    let is_fixed = match selector {
        Selector::Host(_) | Selector::Role(_) | Selector::All | Selector::Zone(_) => true,
        Selector::Client(_) | Selector::Clients => place == Use::Links,
        Selector::Random
        | Selector::Majority
        | Selector::Minority
        | Selector::Rest
        | Selector::Bound { .. }
        | Selector::Named { .. }
        | Selector::Protocol { .. } => false,
    };
    match place {
        Use::Hosts | Use::Links if !is_fixed => {
            Some(format!("`{selector}` is not known before the run: name hosts, roles or zones"))
        }
        Use::ZoneMembers if !matches!(selector, Selector::Host(_) | Selector::Role(_)) => {
            Some(format!("`{selector}` cannot be in a zone: name hosts or host roles"))
        }
        Use::Fault | Use::Group if matches!(selector, Selector::Bound { .. }) => {
            Some(format!("`{selector}` is bound nowhere: only a script binds names"))
        }
        Use::Fault | Use::Script if matches!(selector, Selector::Rest) => {
            Some("`rest` means something only in a group of a partition".to_owned())
        }
        Use::Hosts
        | Use::Links
        | Use::ZoneMembers
        | Use::Fault
        | Use::Group
        | Use::Script
        | Use::ScriptGroup => None,
    }
}

fn visit_all(scenario: &mut Scenario, visit: &mut Visit<'_>) {
    let root = Path::root();
    for (zone, members) in &mut scenario.zones {
        visit_targets(members, &root.key("zones").key(zone), Use::ZoneMembers, visit);
    }
    for (index, host) in scenario.hosts.iter_mut().enumerate() {
        let path = root.key("hosts").index(index).key("select");
        visit_targets(&mut host.select, &path, Use::Hosts, visit);
    }
    for (index, link) in scenario.network.links.iter_mut().enumerate() {
        let path = root.key("network").key("links").index(index);
        visit_targets(&mut link.from, &path.key("from"), Use::Links, visit);
        visit_targets(&mut link.to, &path.key("to"), Use::Links, visit);
    }
    for (index, fault) in scenario.faults.iter_mut().enumerate() {
        visit_fault(fault, &root.key("faults").index(index), Use::Fault, visit);
    }
    visit_steps(&mut scenario.script, &root.key("script"), visit);
}

fn visit_targets(targets: &mut Targets, path: &Path, place: Use, visit: &mut Visit<'_>) {
    for (index, selector) in targets.0.iter_mut().enumerate() {
        visit(&path.index(index), place, selector);
    }
}

fn visit_some(targets: &mut Option<Targets>, path: &Path, place: Use, visit: &mut Visit<'_>) {
    if let Some(targets) = targets {
        visit_targets(targets, path, place, visit);
    }
}

fn visit_fault(fault: &mut Fault, path: &Path, place: Use, visit: &mut Visit<'_>) {
    let in_group = if place == Use::Script { Use::ScriptGroup } else { Use::Group };
    fault.visit_targets(path, &mut |path, standing, targets| {
        let place = match standing {
            Standing::Alone => place,
            Standing::Group => in_group,
        };
        visit_targets(targets, path, place, visit);
    });
    if let Fault::Sequence(sequence) = fault {
        let path = path.key("sequence").key("steps");
        for (index, step) in sequence.steps.iter_mut().enumerate() {
            match step {
                SequenceStep::Wait(_) => {}
                SequenceStep::Fault(inner) => visit_fault(inner, &path.index(index), place, visit),
            }
        }
    }
}

fn visit_steps(steps: &mut [Step], path: &Path, visit: &mut Visit<'_>) {
    for (index, step) in steps.iter_mut().enumerate() {
        let outer = path.index(index);
        let inner = outer.key(step.key());
        match step {
            Step::Submit(submit) => {
                visit_targets(&mut submit.to, &inner.key("to"), Use::Script, visit);
            }
            Step::ExpectLeader(expect) => {
                visit_some(&mut expect.among, &inner.key("among"), Use::Script, visit);
            }
            Step::ExpectNoLeader(expect) => {
                visit_some(&mut expect.among, &inner.key("among"), Use::Script, visit);
            }
            Step::Bind(names) => {
                for (name, selector) in names {
                    visit(&inner.key(name), Use::Script, selector);
                }
            }
            Step::Fault(fault) => visit_fault(fault, &outer, Use::Script, visit),
            Step::Repeat(repeat) => visit_steps(&mut repeat.steps, &inner.key("steps"), visit),
            Step::Measure(measure) => visit_steps(&mut measure.steps, &inner.key("steps"), visit),
            Step::Chance(chance) => {
                visit_steps(&mut chance.steps, &inner.key("steps"), visit);
                visit_steps(&mut chance.otherwise, &inner.key("else"), visit);
            }
            Step::If(condition) => {
                if let Some((one, other)) = &mut condition.same {
                    visit(&inner.key("same").index(0), Use::Script, one);
                    visit(&inner.key("same").index(1), Use::Script, other);
                }
                visit_steps(&mut condition.steps, &inner.key("steps"), visit);
                visit_steps(&mut condition.otherwise, &inner.key("else"), visit);
            }
            Step::Agree(_) | Step::NotCommitted(_) | Step::Wait(_) | Step::Service(_) => {}
        }
    }
}
