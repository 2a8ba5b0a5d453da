//! The scenarios of the library load and run.

use std::path::{Path, PathBuf};

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::{Expect, load, load_text};
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

/// How many seeds of a scenario that expects a violation are tried here; the others are for sweeps.
const SEEDS_MAX: u64 = 60;

/// What is wrong with a scenario of the library, if anything.
fn trouble(registry: &Registry, path: &Path) -> Option<String> {
    let loaded = match load(path, &[], &registry.catalog()) {
        Ok(loaded) => loaded,
        Err(errors) => return Some(format!("{}: {errors}", path.display())),
    };
    let plans = registry.plans(&loaded.scenario).expect("plans");
    let run = |seed| plans[0].run(seed, &RunOptions::default()).record;
    if let Expect::Violation(expected) = &loaded.scenario.expect {
        let name = &loaded.scenario.name;
        let seeds = expected.within_seeds;
        let found =
            || (0..seeds).any(|seed| run(seed).property.as_ref() == Some(&expected.property));
        let missed = seeds <= SEEDS_MAX && !found();
        return missed.then(|| format!("{name}: no {} in {seeds} seeds", expected.property));
    }
    (0..3).map(run).find(|record| record.verdict != Verdict::Pass).map(|record| {
        let told = (record.verdict, record.property, record.message);
        format!("{} seed {}: {told:?}", record.scenario, record.seed)
    })
}

#[test]
fn every_scenario_of_raft_shows_what_it_expects() {
    let registry = Registry::standard();
    let mut found = Vec::new();
    scenarios(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/library/raft")), &mut found);
    assert!(found.len() > 20);
    let wrong: Vec<String> = found.iter().filter_map(|path| trouble(&registry, path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Seeds that once failed, and what it took: they are run for ever.
#[test]
fn seeds_that_once_failed_pass() {
    let registry = Registry::standard();
    let library = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/library/raft"));
    let failed: [(&str, &[u64]); 2] = [
        // Final reads that a lossy network kept from clients for too long.
        ("quickstart.json", &[73, 175, 26703]),
        // A write that failed half-way was taken for rot, and kept its host away for ever.
        ("faults/write_errors.json", &[14]),
    ];
    for (name, seeds) in failed {
        let loaded = load(&library.join(name), &[], &registry.catalog()).expect("a fine scenario");
        let plans = registry.plans(&loaded.scenario).expect("plans");
        for seed in seeds {
            let record = plans[0].run(*seed, &RunOptions::default()).record;
            assert_eq!(record.verdict, Verdict::Pass, "{name} {seed}: {:?}", record.message);
        }
    }
}

/// Readers at several followers once asked their leader again with each message of its, and it
/// answered each question with a message to all of them: more messages than any run can hold.
/// (Found by scenarios that are drawn from the schema.)
#[test]
fn many_readers_do_not_flood_the_network() {
    let registry = Registry::standard();
    let text = r#"{ "format_version": 1, "name": "readers", "protocol": "raft", "nodes": 5,
        "workloads": [ { "log": { "clients": 14, "rate": "300/s" } } ],
        "limits": { "events": 100000 },
        "end": { "heal_at": "2889ms", "settle": "3s" } }"#;
    let loaded = load_text(Path::new("readers.json"), text, &[], &registry.catalog());
    let plans = registry.plans(&loaded.expect("a fine scenario").scenario).expect("plans");
    for seed in 0..10 {
        let record = plans[0].run(seed, &RunOptions::default()).record;
        assert_eq!(record.verdict, Verdict::Pass, "seed {seed}: {:?}", record.message);
        let reads = record.messages.by_kind.get("read-index").copied().unwrap_or(0);
        assert!((1..2000).contains(&reads), "seed {seed}: {reads} questions for 14 x 5 reads");
    }
}
