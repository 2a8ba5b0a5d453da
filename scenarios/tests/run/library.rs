//! The scenarios of the library load and run.

use std::path::{Path, PathBuf};

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::{Expect, load};
use seedbed_scenarios::run::{RunOptions, Verdict};

/// How many seeds of each scenario are run here.
const SEEDS: u64 = 3;

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

/// A scenario that expects a violation may fail here, and must if it says that so few seeds are
/// enough. A sweep of as many as it wants judges the whole.
#[test]
fn every_scenario_of_raft_is_as_expected_in_a_few_seeds() {
    let registry = Registry::standard();
    let catalog = registry.catalog();
    let mut found = Vec::new();
    scenarios(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/library/raft")), &mut found);
    assert!(!found.is_empty());
    let mut wrong = Vec::new();
    for path in found {
        let loaded = match load(&path, &[], &catalog) {
            Ok(loaded) => loaded,
            Err(errors) => panic!("{}: {errors}", path.display()),
        };
        let expected = match &loaded.scenario.expect {
            Expect::Pass => None,
            Expect::Violation(violation) => Some(violation),
        };
        for plan in registry.plans(&loaded.scenario).expect("plans") {
            let mut was_found = false;
            for seed in 0..SEEDS {
                let record = plan.run(seed, &RunOptions::default()).record;
                let is_expected = expected.is_some_and(|violation| {
                    record.property.as_deref() == Some(violation.property.as_str())
                });
                was_found |= is_expected;
                let may_fail = expected.is_some() && record.verdict == Verdict::Fail;
                if record.verdict != Verdict::Pass && !may_fail {
                    wrong.push(format!(
                        "{} seed {seed}: {:?} {:?} {:?}",
                        record.scenario, record.verdict, record.property, record.message
                    ));
                }
            }
            if let Some(violation) = expected.filter(|it| it.within_seeds <= SEEDS)
                && !was_found
            {
                wrong.push(format!("{} never broke {}", path.display(), violation.property));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
