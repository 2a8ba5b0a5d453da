//! Faults: placed once, before the end, on something, and within the contract.

use std::collections::BTreeMap;

use crate::format::faults::{CommonFields, Fault, RandomFaults};
use crate::format::path::Path;
use crate::format::placement::{Condition, Every};
use crate::format::selector::{Selector, Targets};
use crate::format::spec::Scenario;
use crate::format::units::Nanos;

use super::hosts::{check_range, static_hosts};
use super::vocabulary::Sort;
use super::{Findings, contract};

/// Where a fault stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In `faults`: it says when.
    Placed,
    /// In a sequence or a script: its time has come when it is reached.
    Inline,
}

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("faults");
    for (index, fault) in scenario.faults.iter().enumerate() {
        check_fault(fault, &path.index(index), Where::Placed, scenario, findings);
    }
    check_names(scenario, &path, findings);
    contract::check_crashes(scenario, &path, findings);
}

/// Checks one fault; `path` is that of the object with the one key.
pub(super) fn check_fault(
    fault: &Fault,
    path: &Path,
    place: Where,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    for (place, targets) in all_targets(fault, path) {
        if targets.0.is_empty() {
            findings.value(&place, "this names no host");
        }
    }
    let path = path.key(fault.key());
    match (fault.common(), place) {
        (Some(common), Where::Placed) => {
            let waits_itself = matches!(fault, Fault::Message(_));
            check_placement(&common, waits_itself, &path, scenario, findings);
        }
        (Some(common), Where::Inline) => check_inline(&common, &path, findings),
        (None, Where::Placed) => {}
        (None, Where::Inline) => {
            let help = "write it in `faults`, or use `chance` and `repeat`".to_owned();
            findings.key(&path, "`random` draws its own times, so it is no step", Some(help));
        }
    }
    if fault.duration() == Some(Nanos::ZERO) {
        findings.value(&path.key("for"), "a fault of no duration has no effect");
    }
    fault.check_kind(&path, scenario, findings);
    contract::check_strain(fault.strain(), &path, scenario, findings);
    for (index, inner) in fault.inner() {
        let place = path.key("steps").index(index);
        check_fault(inner, &place, Where::Inline, scenario, findings);
    }
}

/// Every list of targets in a fault, with its path, but not those of the faults inside a sequence;
/// `path` is that of the object with the one key.
pub(super) fn all_targets(fault: &Fault, path: &Path) -> Vec<(Path, Targets)> {
    let mut found = Vec::new();
    fault.clone().visit_targets(path, &mut |place, _, targets| {
        found.push((place.clone(), targets.clone()));
    });
    found
}

fn check_placement(
    common: &CommonFields<'_>,
    waits_itself: bool,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    let ways = [common.at.is_some(), common.when.is_some(), common.every.is_some()];
    match ways.iter().filter(|given| **given).count() {
        0 if !waits_itself => {
            let help = "write `at`, `when` or `every`";
            findings.value_help(path, "it does not say when", help);
        }
        0 | 1 => {}
        _ => findings.value_help(
            path,
            "it says when in more than one way",
            "keep one of `at`, `when` and `every`",
        ),
    }
    if common.after.is_some() && common.when.is_none() {
        findings.key(
            &path.key("after"),
            "`after` counts from a `when`, and there is none",
            Some("write `at` for a time from the start".to_owned()),
        );
    }
    if let Some(at) = common.at {
        check_before_end(at, "at", &path.key("at"), scenario, findings);
    }
    if let Some(condition) = common.when {
        check_condition(condition, &path.key("when"), findings);
    }
    if let Some(every) = common.every {
        check_every(&every, &path.key("every"), scenario, findings);
    }
}

/// In a step, time is given by the steps before.
fn check_inline(common: &CommonFields<'_>, path: &Path, findings: &mut Findings<'_>) {
    let given = [
        ("at", common.at.is_some()),
        ("when", common.when.is_some()),
        ("after", common.after.is_some()),
        ("every", common.every.is_some()),
    ];
    for (key, _) in given.into_iter().filter(|(_, given)| *given) {
        let message = format!("a step happens when it is reached, so `{key}` means nothing here");
        findings.key(&path.key(key), message, Some("put a `wait` before it".to_owned()));
    }
}

fn check_before_end(
    time: Nanos,
    key: &str,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    let Some(end) = &scenario.end else { return };
    let faults_end = end.faults_end();
    if time >= faults_end {
        let what = if end.when.is_some() { "the latest end" } else { "`heal_at`" };
        let message =
            format!("`{key}` is {time}, and no fault happens from {what}, {faults_end}, on");
        findings.value(path, message);
    }
}

fn check_condition(condition: &Condition, path: &Path, findings: &mut Findings<'_>) {
    match condition {
        Condition::Milestone(name) => {
            findings.require_name(Sort::Milestone, &path.key("milestone"), name, false);
        }
        Condition::Operations(0) => {
            findings.value(&path.key("operations"), "no operation is at once: write `at`");
        }
        Condition::Operations(_) => {}
        Condition::Sent(sent) => {
            let path = path.key("sent");
            findings.require_name(Sort::Kind, &path.key("kind"), &sent.kind, false);
            if sent.count == 0 {
                findings.value(&path.key("count"), "no message is at once: write `at`");
            }
        }
    }
}

fn check_every(every: &Every, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
    if every.period == Nanos::ZERO {
        findings.value(&path.key("period"), "a period is longer than nothing");
    }
    if every.times == Some(0) {
        findings.value(&path.key("times"), "it never happens");
    }
    let first = every.from.unwrap_or(every.period);
    if let Some(until) = every.until {
        check_before(first, until, path, findings);
    }
    check_before_end(first, "from", &path.key("from"), scenario, findings);
}

fn check_before(from: Nanos, until: Nanos, path: &Path, findings: &mut Findings<'_>) {
    if from >= until {
        let message = format!("`until` is {until}, which is not after `from`, {from}");
        findings.value(&path.key("until"), message);
    }
}

pub(in crate::format) fn check_random(
    random: &RandomFaults,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    check_before(random.from, random.until, path, findings);
    if let Some(end) = &scenario.end
        && random.until > end.faults_end()
    {
        let message = format!(
            "`until` is {}, and no fault happens from {} on",
            random.until,
            end.faults_end()
        );
        findings.value(&path.key("until"), message);
    }
    let (fewest, most) = random.times;
    if fewest > most {
        let help = format!("write [{most}, {fewest}]");
        findings.value_help(&path.key("times"), format!("{fewest} is more than {most}"), help);
    } else if most == 0 {
        findings.value(&path.key("times"), "nothing is ever drawn");
    }
    let (shortest, longest) = random.duration;
    check_range(shortest, longest, &path.key("for"), findings);
    if longest == Nanos::ZERO {
        findings.value(&path.key("for"), "a fault of no duration has no effect");
    }
    if random.stable == Some(Nanos::ZERO) {
        let help = "leave it out, and drawn faults may overlap";
        findings.value_help(&path.key("stable"), "all is well for no time", help);
    }
    if random.kinds.is_empty() {
        findings.value(&path.key("kinds"), "there is no kind to draw from");
    }
    for (index, kind) in random.kinds.iter().enumerate() {
        if random.kinds[..index].contains(kind) {
            findings.value(&path.key("kinds").index(index), "this kind is listed twice");
        }
        contract::check_strain(kind.strain(), &path.key("kinds").index(index), scenario, findings);
    }
}

/// No host, and no name, may be written into two groups.
pub(in crate::format) fn check_overlap(
    groups: &[Targets],
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    let mut group_of_host: BTreeMap<u32, usize> = BTreeMap::new();
    let mut group_of_name: BTreeMap<&Selector, usize> = BTreeMap::new();
    for (group_index, group) in groups.iter().enumerate() {
        let group_path = path.index(group_index);
        for (index, selector) in group.0.iter().enumerate() {
            let place = group_path.index(index);
            let overlap = |earlier: usize| {
                format!("group {} has it already: a host is in one group", earlier + 1)
            };
            // Each `random` is drawn anew, so two of them are two.
            let is_drawn = *selector == Selector::Random;
            let earlier = group_of_name.insert(selector, group_index).filter(|_| !is_drawn);
            if let Some(earlier) = earlier {
                findings.value(&place, format!("`{selector}`: {}", overlap(earlier)));
                continue;
            }
            for number in static_hosts(selector, scenario).unwrap_or_default() {
                match group_of_host.insert(number, group_index) {
                    Some(earlier) if earlier != group_index => {
                        findings.value(&place, format!("`n{number}`: {}", overlap(earlier)));
                        break;
                    }
                    Some(_) | None => {}
                }
            }
        }
    }
}

/// A name is a random stream of its own, so two faults cannot share it.
fn check_names(scenario: &Scenario, path: &Path, findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<String, Path> = BTreeMap::new();
    let mut pending: Vec<(&Fault, Path)> = Vec::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let place = path.index(index).key(fault.key());
        let steps = place.key("steps");
        pending.push((fault, place));
        let inner = fault.inner();
        pending.extend(inner.map(|(step, it)| (it, steps.index(step).key(it.key()))));
    }
    for (fault, place) in pending {
        let Some(name) = fault.name() else { continue };
        let place = place.key("name");
        if name.is_empty() {
            findings.value(&place, "the name is empty");
        } else if let Some(first) = seen.get(name) {
            findings.value(&place, format!("`{first}` has the name `{name}` already"));
        } else {
            seen.insert(name.to_owned(), place);
        }
    }
}
