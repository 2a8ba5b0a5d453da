//! The fields at the top: version, name, protocol, params, workloads, end, seeds.

use serde_json::Value;

use crate::format::catalog::ProtocolEntry;
use crate::format::end::End;
use crate::format::names::suggest;
use crate::format::path::Path;
use crate::format::spec::{FORMAT_VERSION, Scenario};
use crate::format::units::Nanos;

use super::Findings;
use super::vocabulary::Sort;

/// Protocols host protocols host protocols, but not for ever.
const NESTING_MAX: usize = 8;

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let root = Path::root();
    if scenario.format_version != FORMAT_VERSION {
        findings.value_help(
            &root.key("format_version"),
            format!("version {} is not known to this build", scenario.format_version),
            format!("this build reads version {FORMAT_VERSION}"),
        );
    }
    check_name(&scenario.name, findings);
    check_protocols(scenario, findings);
    check_params(scenario, findings);
    check_workloads(scenario, findings);
    match &scenario.end {
        Some(end) => check_end(scenario, end, findings),
        None if scenario.script.is_empty() => {
            let help = "write `\"end\": {\"heal_at\": \"40s\", \"settle\": \"10s\"}`; \
                        only a script ends by itself";
            findings.value_help(&root, "`end` is missing", help);
        }
        None => {}
    }
    if scenario.seeds == 0 {
        findings.value(&root.key("seeds"), "a sweep of no seed shows nothing");
    }
    let limits = root.key("limits");
    if scenario.limits.events == 0 {
        findings.value(&limits.key("events"), "no event may happen");
    }
    if scenario.limits.events_per_instant == 0 {
        findings.value(&limits.key("events_per_instant"), "no event may happen");
    }
}

/// With protocol, point and seed after it, a file name stays below the 255 bytes of common systems.
const NAME_MAX: usize = 120;

/// The name becomes part of file names.
fn check_name(name: &str, findings: &mut Findings<'_>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_./+ ".contains(c);
    let path = Path::root().key("name");
    if name.trim().is_empty() {
        findings.value(&path, "the name is empty");
    } else if name.len() > NAME_MAX {
        let length = name.len();
        findings.value(&path, format!("the name has {length} characters: at most {NAME_MAX}"));
    } else if !name.chars().all(fine) || name.starts_with('/') || name.contains("..") {
        findings.value_help(
            &path,
            format!("`{name}` cannot be part of a file name"),
            "use letters, digits, `-`, `_`, `.` and `/`, as in `raft/cut-leader`",
        );
    }
}

fn check_protocols(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("protocol");
    let catalog = findings.catalog;
    if scenario.protocol.0.is_empty() {
        findings.value(&path, "the list of protocols is empty");
    }
    for (index, name) in scenario.protocol.names().enumerate() {
        let place = path.index(index);
        if scenario.protocol.names().take(index).any(|earlier| earlier == name) {
            findings.value(&place, format!("protocol `{name}` is listed twice"));
        }
        if !catalog.protocols.contains_key(name) {
            let valid = catalog.protocols.keys().map(String::as_str);
            let help = suggest(name, valid).unwrap_or_else(|| "there is none".to_owned());
            findings.value_help(&place, format!("unknown protocol `{name}`"), help);
        }
    }
    let services: Vec<&Option<String>> =
        findings.vocabulary.protocols.iter().map(|(_, entry)| &entry.service).collect();
    if services.windows(2).any(|pair| pair[0] != pair[1]) {
        let message = "these protocols do not offer the same service";
        findings.value(&path, message);
    }
}

fn check_params(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("params");
    if !scenario.params.is_null() && !scenario.params.is_object() {
        findings.value(&path, "expected an object");
        return;
    }
    let is_list = scenario.protocol.is_list();
    if let (true, Some(params)) = (is_list, scenario.params.as_object()) {
        for key in params.keys() {
            if !scenario.protocol.names().any(|name| name == key) {
                let help = suggest(key, scenario.protocol.names());
                let message = format!("`{key}` is none of the protocols, which key `params` here");
                findings.key(&path.key(key), message, help);
            }
        }
    }
    let protocols: Vec<(String, &ProtocolEntry)> = findings.vocabulary.protocols.clone();
    for (name, entry) in protocols {
        let place = if is_list { path.key(&name) } else { path.clone() };
        let params = scenario.params_of(&name);
        let errors_before = findings.errors.len();
        findings.options(entry.params.clone(), &place, params);
        let is_right = findings.errors.len() == errors_before;
        check_bug(&name, entry, params, &place, 0, findings);
        for (index, host) in scenario.hosts.iter().enumerate() {
            let Some(host_params) = &host.params else {
                continue;
            };
            let host_path = Path::root().key("hosts").index(index).key("params");
            let (place, own) = match host_params.get(&name) {
                Some(own) if is_list => (host_path.key(&name), own),
                Some(_) | None => (host_path, host_params),
            };
            check_bug(&name, entry, own, &place, 0, findings);
            // Only the whole can be read, so what is wrong with the common part is not said again.
            if is_right {
                let whole = scenario.params_of_host(&name, host);
                findings.options(entry.params.clone(), &place, &whole);
            }
        }
    }
}

fn check_bug(
    name: &str,
    entry: &ProtocolEntry,
    params: &Value,
    path: &Path,
    depth: usize,
    findings: &mut Findings<'_>,
) {
    let place = path.key("bug");
    // The protocol may have said so already, when it read its params.
    if let Some(bug) = params.get("bug").and_then(Value::as_str)
        && !entry.bugs.iter().any(|known| known.name == bug)
        && !findings.errors.iter().any(|error| *error.path() == place)
    {
        let help = suggest(bug, entry.bugs.iter().map(|bug| bug.name.as_str()));
        let help = help.unwrap_or_else(|| "it has none".to_owned());
        let message = format!("protocol `{name}` has no planted bug `{bug}`");
        findings.value_help(&place, message, help);
    }
    for (key, inner_name) in &entry.inner {
        let inner = findings.catalog.protocols.get(inner_name).filter(|_| depth < NESTING_MAX);
        if let (Some(inner), Some(params)) = (inner, params.get(key)) {
            check_bug(inner_name, inner, params, &path.key(key), depth + 1, findings);
        }
    }
}

fn check_workloads(scenario: &Scenario, findings: &mut Findings<'_>) {
    if !findings.vocabulary.is_complete {
        return;
    }
    for (index, workload) in scenario.workloads.iter().enumerate() {
        let path = Path::root().key("workloads").index(index).key(&workload.name);
        let Some(service) = findings.vocabulary.service else {
            let message = format!("{} takes no client operations", findings.vocabulary.owner());
            findings.key(&path, message, Some("leave `workloads` out".to_owned()));
            continue;
        };
        match service.workloads.iter().find(|known| known.name == workload.name) {
            Some(known) => findings.options(known.options.clone(), &path, &workload.options),
            None => {
                let valid = service.workloads.iter().map(|known| known.name.as_str());
                let help = suggest(&workload.name, valid);
                let message = format!("unknown workload `{}`", workload.name);
                findings.key(&path, message, help);
            }
        }
    }
}

fn check_end(scenario: &Scenario, end: &End, findings: &mut Findings<'_>) {
    let path = Path::root().key("end");
    let heals = end.heal_at.is_some() || end.settle.is_some();
    let waits = end.when.is_some() || end.at_most.is_some();
    if end.core_only {
        check_core(waits, &path.key("core_only"), findings);
    }
    if heals && waits {
        findings.value(&path, "`heal_at` and `settle` do not go with `when` and `at_most`");
    } else if !heals && !waits {
        let help = "write `heal_at` and `settle`, or `when` and `at_most`";
        findings.value_help(&path, "it says nothing", help);
    } else if heals {
        match (end.heal_at, end.settle) {
            (Some(_), Some(settle)) => check_settle(scenario, settle, &path, findings),
            (Some(_), None) => {
                let help = "it is how long the run goes on after `heal_at`";
                findings.value_help(&path, "`settle` is missing", help);
            }
            (None, _) => findings.value(&path, "`heal_at` is missing"),
        }
    } else {
        match &end.when {
            Some(name) => {
                findings.require_name(Sort::Milestone, &path.key("when"), name, false);
                if end.at_most.unwrap_or_default() == Nanos::ZERO {
                    findings.value(&path, "`at_most` is missing, or zero");
                }
            }
            None => findings.value(&path, "`when` is missing"),
        }
    }
}

fn check_core(waits: bool, path: &Path, findings: &mut Findings<'_>) {
    if waits {
        findings.key(path, "nothing heals where a milestone ends the run", None);
    }
    let mut protocols = findings.vocabulary.protocols.iter();
    if let Some((name, _)) = protocols.find(|(_, entry)| !entry.names_cores) {
        let message = format!("`{name}` names no core that would be healed");
        findings.key(path, message, Some("leave it out, and everything is healed".to_owned()));
    }
}

fn check_settle(scenario: &Scenario, settle: Nanos, path: &Path, findings: &mut Findings<'_>) {
    let hosts = scenario.nodes.count();
    let mut problems = Vec::new();
    for (name, entry) in &findings.vocabulary.protocols {
        let bound = entry.liveness_bound.and_then(|of| of(scenario.params_of(name), hosts));
        if let Some(bound) = bound.filter(|bound| settle < *bound) {
            problems.push(format!(
                "{settle} is shorter than the liveness bound of `{name}`, which is {bound} here"
            ));
        }
    }
    for message in problems {
        findings.value_help(
            &path.key("settle"),
            message,
            "nothing could be said about liveness: settle for at least that long",
        );
    }
}
