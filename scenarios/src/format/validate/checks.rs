//! Checks, milestones, measures and what a sweep must find.

use crate::format::checks::{Check, Since};
use crate::format::end::EndShape;
use crate::format::expect::{Band, Expect, Measure};
use crate::format::names::suggest;
use crate::format::path::Path;
use crate::format::spec::Scenario;

use super::Findings;
use super::vocabulary::Sort;

/// What a check may be beside those of the catalog.
const OWN_CHECKS: &[&str] = &["milestone", "without"];

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let root = Path::root();
    for (index, check) in scenario.checks.iter().enumerate() {
        check_one(check, &root.key("checks").index(index), scenario, findings);
    }
    for (name, share) in &scenario.sometimes {
        let path = root.key("sometimes").key(name);
        findings.require_name(Sort::Milestone, &path, name, true);
        if share.parts == 0 {
            findings.value(&path, "a share of nothing demands nothing");
        }
    }
    for (index, measure) in scenario.measures.iter().enumerate() {
        check_measure(measure, &root.key("measures").index(index), findings);
    }
    match &scenario.expect {
        Expect::Pass => {}
        Expect::Violation(violation) => {
            let path = root.key("expect").key("violation");
            let is_milestone =
                findings.vocabulary.milestones.contains(&violation.property.as_str());
            if !is_milestone {
                let path = path.key("property");
                findings.require_name(Sort::Property, &path, &violation.property, false);
            }
            if violation.within_seeds == 0 {
                findings.value(&path.key("within_seeds"), "among no seeds nothing is found");
            }
        }
    }
}

fn check_one(check: &Check, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
    match check {
        Check::Milestone(check) => {
            let path = path.key("milestone");
            findings.require_name(Sort::Milestone, &path.key("name"), &check.name, false);
            let heals = match scenario.end.as_ref().map(|end| end.shape()) {
                Some(EndShape::Heal { .. }) => true,
                Some(EndShape::Milestone { .. }) | None => false,
            };
            if check.after == Since::Heal && !heals {
                let message = "this scenario has no `heal_at` to count from";
                findings.value(&path.key("after"), message);
            }
        }
        Check::Without(names) => {
            let path = path.key("without");
            if names.is_empty() {
                findings.value(&path, "nothing is taken out");
            }
            for (index, name) in names.iter().enumerate() {
                findings.require_name(Sort::Invariant, &path.index(index), name, false);
            }
        }
        Check::Checker(check) => {
            let known = findings.vocabulary.checks.iter().find(|known| known.name == check.name);
            let place = if check.options.is_null() { path.clone() } else { path.key(&check.name) };
            match known {
                Some(known) => {
                    let options = known.options.clone();
                    findings.options(options, &place, &check.options);
                }
                None if findings.vocabulary.is_complete => {
                    let names = findings.vocabulary.checks.iter().map(|known| known.name.as_str());
                    let help = suggest(&check.name, names.chain(OWN_CHECKS.iter().copied()));
                    let message = format!("unknown check `{}`", check.name);
                    findings.key(&place, message, help);
                }
                None => {}
            }
        }
    }
}

fn check_measure(measure: &Measure, path: &Path, findings: &mut Findings<'_>) {
    findings.require_name(Sort::Measure, &path.key("name"), &measure.name, false);
    for (key, band) in
        [("mean", measure.mean), ("p50", measure.p50), ("p99", measure.p99), ("max", measure.max)]
    {
        let Some(band) = band else { continue };
        match band {
            Band::Between((low, high)) if low > high => {
                let message = format!("{} is more than {}", low.0, high.0);
                findings.value(&path.key(key).key("between"), message);
            }
            Band::Between(_) | Band::AtMost(_) | Band::AtLeast(_) => {}
        }
    }
}
