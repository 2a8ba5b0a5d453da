//! The scenarios of the library load and run.

use std::path::{Path, PathBuf};

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::load;
use seedbed_scenarios::run::{RunOptions, Verdict};

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

#[test]
fn every_scenario_of_raft_passes_a_few_seeds() {
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
        for plan in registry.plans(&loaded.scenario).expect("plans") {
            for seed in 0..3 {
                let record = plan.run(seed, &RunOptions::default()).record;
                if record.verdict != Verdict::Pass {
                    wrong.push(format!(
                        "{} seed {seed}: {:?} {:?} {:?}",
                        record.scenario, record.verdict, record.property, record.message
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
