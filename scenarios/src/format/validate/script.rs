//! Scripts: names are bound before they are used, and every step can do something.

use std::collections::BTreeSet;

use crate::format::catalog::Entry;
use crate::format::decode::Problem;
use crate::format::faults::Fault;
use crate::format::names::suggest;
use crate::format::one_key::Named;
use crate::format::path::Path;
use crate::format::script::{Agree, ExpectReply, If, MeasureSteps, NotCommitted, Step, Submit};
use crate::format::selector::{Selector, Targets};
use crate::format::spec::Scenario;

use super::Findings;
use super::faults::{Where, all_targets, check_fault};
use super::hosts::check_range;

/// What is bound so far, in the order of the text.
#[derive(Default)]
struct Bindings {
    /// Names that stand for hosts.
    hosts: BTreeSet<String>,
    /// Names that stand for submissions (and for the host that accepted).
    submissions: BTreeSet<String>,
}

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let mut bindings = Bindings::default();
    let path = Path::root().key("script");
    check_steps(&scenario.script, &path, scenario, &mut bindings, findings);
}

fn check_steps(
    steps: &[Step],
    path: &Path,
    scenario: &Scenario,
    bindings: &mut Bindings,
    findings: &mut Findings<'_>,
) {
    for (index, step) in steps.iter().enumerate() {
        check_step(step, &path.index(index), scenario, bindings, findings);
    }
}

fn check_inner(
    steps: &[Step],
    path: &Path,
    scenario: &Scenario,
    bindings: &mut Bindings,
    findings: &mut Findings<'_>,
) {
    if steps.is_empty() {
        findings.value(path, "there are no steps");
    }
    check_steps(steps, path, scenario, bindings, findings);
}

fn check_step(
    step: &Step,
    outer: &Path,
    scenario: &Scenario,
    bindings: &mut Bindings,
    findings: &mut Findings<'_>,
) {
    let path = outer.key(step.key());
    match step {
        Step::Submit(submit) => check_submit(submit, &path, bindings, findings),
        Step::Agree(agree) => check_agree(agree, &path, scenario, bindings, findings),
        Step::NotCommitted(step) => check_not_committed(step, &path, bindings, findings),
        Step::Wait(wait) => check_range(wait.low, wait.high, &path, findings),
        Step::Repeat(repeat) => {
            if repeat.times == 0 {
                findings.value(&path.key("times"), "it is never done");
            }
            check_inner(&repeat.steps, &path.key("steps"), scenario, bindings, findings);
        }
        Step::Chance(chance) => {
            check_inner(&chance.steps, &path.key("steps"), scenario, bindings, findings);
            check_steps(&chance.otherwise, &path.key("else"), scenario, bindings, findings);
        }
        Step::If(condition) => {
            check_if(condition, &path, bindings, findings);
            check_inner(&condition.steps, &path.key("steps"), scenario, bindings, findings);
            check_steps(&condition.otherwise, &path.key("else"), scenario, bindings, findings);
        }
        Step::Measure(measure) => {
            check_measure(measure, &path, findings);
            check_inner(&measure.steps, &path.key("steps"), scenario, bindings, findings);
        }
        Step::ExpectLeader(expect) => {
            require_leader(&path, findings);
            check_some_bound(expect.among.as_ref(), &path.key("among"), bindings, findings);
            if let Some(name) = &expect.bind {
                bind(name, &path.key("bind"), &mut bindings.hosts, findings);
            }
        }
        Step::ExpectNoLeader(expect) => {
            require_leader(&path, findings);
            check_some_bound(expect.among.as_ref(), &path.key("among"), bindings, findings);
        }
        Step::Bind(names) => {
            if names.is_empty() {
                findings.value(&path, "no name is bound");
            }
            for (name, selector) in names {
                check_bound(selector, &path.key(name), bindings, findings);
            }
            for name in names.keys() {
                bind(name, &path.key(name), &mut bindings.hosts, findings);
            }
        }
        Step::Fault(fault) => {
            check_fault(fault, outer, Where::Inline, scenario, findings);
            check_fault_bound(fault, outer, bindings, findings);
        }
        Step::Service(verb) => check_verb(verb, outer, findings),
    }
}

fn check_submit(
    submit: &Submit,
    path: &Path,
    bindings: &mut Bindings,
    findings: &mut Findings<'_>,
) {
    check_targets(&submit.to, &path.key("to"), bindings, findings);
    check_operation(&submit.op, path, findings);
    if let Some(expect) = &submit.expect {
        check_expect(expect, &path.key("expect"), findings);
    }
    if let Some(name) = &submit.bind {
        bind(name, &path.key("bind"), &mut bindings.submissions, findings);
    }
}

fn check_expect(expect: &ExpectReply, path: &Path, findings: &mut Findings<'_>) {
    if *expect == ExpectReply::default() {
        let help = "write `accepted`, `index` or `ret`";
        findings.value_help(path, "nothing is expected", help);
    }
    let demands_reply = expect.index.is_some() || expect.ret.is_some();
    if expect.accepted == Some(false) && demands_reply {
        findings.value(path, "a submission that is not accepted has no index and no return");
    }
}

fn check_agree(
    agree: &Agree,
    path: &Path,
    scenario: &Scenario,
    bindings: &mut Bindings,
    findings: &mut Findings<'_>,
) {
    check_operation(&agree.op, path, findings);
    let hosts = scenario.nodes.count() + u64::from(scenario.spare);
    if agree.on == 0 {
        findings.value(&path.key("on"), "no host agrees on anything by itself: write 1 or more");
    } else if u64::from(agree.on) > hosts {
        let message = format!("there are only {hosts} hosts");
        findings.value(&path.key("on"), message);
    }
    if let Some(name) = &agree.bind {
        bind(name, &path.key("bind"), &mut bindings.submissions, findings);
    }
}

fn check_operation(op: &serde_json::Value, path: &Path, findings: &mut Findings<'_>) {
    if !findings.vocabulary.is_complete {
        return;
    }
    match findings.vocabulary.service {
        Some(service) => findings.options(service.operation.clone(), &path.key("op"), op),
        None => {
            let message = format!("{} takes no operations", findings.vocabulary.owner());
            findings.key(path, message, None);
        }
    }
}

fn check_not_committed(
    step: &NotCommitted,
    path: &Path,
    bindings: &Bindings,
    findings: &mut Findings<'_>,
) {
    let ways = [step.op.is_some(), step.reference.is_some(), step.index.is_some()];
    if ways.iter().filter(|given| **given).count() != 1 {
        let help = "write exactly one of `op`, `ref` and `index`";
        findings.value_help(path, "it does not say what is not committed", help);
    }
    if let Some(op) = &step.op {
        check_operation(op, path, findings);
    }
    if let Some(name) = &step.reference {
        let bare = name.strip_prefix('$').unwrap_or(name);
        if !bindings.submissions.contains(bare) {
            let valid = bindings.submissions.iter().map(String::as_str);
            let help = suggest(bare, valid)
                .unwrap_or_else(|| "name one with `bind` of `submit` or `agree`".to_owned());
            let message = format!("no submission is called `{bare}` before this");
            findings.value_help(&path.key("ref"), message, help);
        }
    }
}

fn check_if(condition: &If, path: &Path, bindings: &Bindings, findings: &mut Findings<'_>) {
    let ways = [
        condition.alive.is_some(),
        condition.leader.is_some(),
        condition.accepted.is_some(),
        condition.same.is_some(),
    ];
    if ways.iter().filter(|given| **given).count() != 1 {
        let help = "write exactly one of `alive`, `leader`, `accepted` and `same`";
        findings.value_help(path, "it does not say on which condition", help);
    }
    if condition.leader.is_some() {
        require_leader(&path.key("leader"), findings);
    }
    if let Some((one, other)) = &condition.same {
        check_bound(one, &path.key("same").index(0), bindings, findings);
        check_bound(other, &path.key("same").index(1), bindings, findings);
    }
}

fn check_measure(measure: &MeasureSteps, path: &Path, findings: &mut Findings<'_>) {
    match (measure.at_least, measure.at_most) {
        (None, None) => {
            findings.value_help(path, "nothing is demanded", "write `at_most` or `at_least`");
        }
        (Some(low), Some(high)) if low > high => {
            let message = format!("`at_least` {} is more than `at_most` {}", low.0, high.0);
            findings.value(&path.key("at_least"), message);
        }
        (Some(_), _) | (None, Some(_)) => {}
    }
}

/// Steps about leaders need a protocol that has some.
fn require_leader(path: &Path, findings: &mut Findings<'_>) {
    let vocabulary = &findings.vocabulary;
    if vocabulary.is_complete && !vocabulary.selectors.contains(&"leader") {
        let message = format!("{} has no selector `leader`", vocabulary.owner());
        findings.key(path, message, None);
    }
}

fn bind(name: &str, path: &Path, names: &mut BTreeSet<String>, findings: &mut Findings<'_>) {
    let usable = matches!(
        Selector::parse(&format!("${name}")),
        Ok(Selector::Bound { offset: 0, name: read }) if read == name
    );
    if !usable {
        let help = "use letters, digits and `_`; `$` stands only before its uses";
        findings.value_help(path, format!("`{name}` cannot be bound"), help);
    }
    names.insert(name.to_owned());
}

fn check_bound(selector: &Selector, path: &Path, bindings: &Bindings, findings: &mut Findings<'_>) {
    let Selector::Bound { name, .. } = selector else {
        return;
    };
    if bindings.hosts.contains(name) || bindings.submissions.contains(name) {
        return;
    }
    let valid = bindings.hosts.iter().chain(&bindings.submissions).map(String::as_str);
    let help = suggest(name, valid).unwrap_or_else(|| "bind it with `bind` before".to_owned());
    let problem = Problem::value(path, format!("`${name}` is not bound before this"));
    findings.problems.push(problem.help(help));
}

fn check_targets(targets: &Targets, path: &Path, bindings: &Bindings, findings: &mut Findings<'_>) {
    if targets.0.is_empty() {
        findings.value(path, "this names no host");
    }
    for (index, selector) in targets.0.iter().enumerate() {
        check_bound(selector, &path.index(index), bindings, findings);
    }
}

fn check_some_bound(
    targets: Option<&Targets>,
    path: &Path,
    bindings: &Bindings,
    findings: &mut Findings<'_>,
) {
    if let Some(targets) = targets {
        check_targets(targets, path, bindings, findings);
    }
}

/// The bound names in a fault. That its lists are not empty is checked with the fault itself.
fn check_fault_bound(
    fault: &Fault,
    outer: &Path,
    bindings: &Bindings,
    findings: &mut Findings<'_>,
) {
    for (path, targets) in all_targets(fault, outer) {
        for (index, selector) in targets.0.iter().enumerate() {
            check_bound(selector, &path.index(index), bindings, findings);
        }
    }
    let steps = outer.key(fault.key()).key("steps");
    for (index, inner) in fault.inner() {
        check_fault_bound(inner, &steps.index(index), bindings, findings);
    }
}

fn check_verb(verb: &Named, outer: &Path, findings: &mut Findings<'_>) {
    let path = outer.key(&verb.name);
    let verbs: &[Entry] = findings.vocabulary.service.map_or(&[], |service| &service.verbs);
    if let Some(known) = verbs.iter().find(|known| known.name == verb.name) {
        findings.options(known.options.clone(), &path, &verb.options);
    } else if findings.vocabulary.is_complete {
        let own = verbs.iter().map(|known| known.name.as_str());
        let valid = Step::NAMES.iter().chain(Fault::NAMES).copied().chain(own);
        let help = suggest(&verb.name, valid);
        findings.key(&path, format!("unknown step `{}`", verb.name), help);
    }
}
