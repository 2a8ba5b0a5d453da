//! The examples of the catalogue of faults run, and do what they show.

use std::path::Path;

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::{Fault, load_text};
use seedbed_scenarios::reference::PLACEMENTS;
use seedbed_scenarios::run::{RunOptions, RunRecord, Verdict};

/// Raft with some load, and the example's fault.
fn run(example: &str, needs: &str, seed: u64) -> RunRecord {
    let comma = if needs.is_empty() { "" } else { "," };
    run_fields(&format!(r#""faults": [ {example} ]{comma} {needs}"#), seed)
}

/// Raft with some load, and further fields; with an end, if they give none.
fn run_fields(fields: &str, seed: u64) -> RunRecord {
    let end = r#", "end": { "heal_at": "5s", "settle": "5s" }"#;
    let end = if fields.contains(r#""end""#) { "" } else { end };
    let text = format!(
        r#"{{ "format_version": 1, "name": "example", "protocol": "raft", "nodes": 5,
            "workloads": [ {{ "log": {{ "clients": 2, "rate": "40/s" }} }} ], {fields}{end} }}"#
    );
    let registry = Registry::standard();
    let loaded = match load_text(Path::new("example.json"), &text, &[], &registry.catalog()) {
        Ok(loaded) => loaded,
        Err(errors) => panic!("{errors}\n{text}"),
    };
    let plan = registry.plans(&loaded.scenario).expect("a plan").remove(0);
    plan.run(seed, &RunOptions::default()).record
}

#[test]
fn every_kind_of_fault_has_an_example_that_takes_effect() {
    let mut wrong = Vec::new();
    for (name, manual) in Fault::MANUALS {
        let records: Vec<RunRecord> =
            (0..3).map(|seed| run(manual.example, manual.needs, seed)).collect();
        // What is made of other faults is counted under their names.
        let shown = ["sequence", "random"].contains(name)
            || manual.example.contains("\"optional\"")
            || records.iter().all(|record| record.faults.get(*name).is_some_and(|&took| took > 0));
        if !shown {
            wrong.push(format!("{name}: never took effect"));
        }
        for record in records.iter().filter(|record| record.verdict != Verdict::Pass) {
            wrong.push(format!("{name}: {:?} {:?}", record.verdict, record.message));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_of_a_placement_passes() {
    for placing in PLACEMENTS {
        for seed in 0..3 {
            let record = run_fields(placing.example, seed);
            // With `swarm` a seed may have nothing left to show.
            let is_fine = record.verdict == Verdict::Pass || !record.swarm_off.is_empty();
            let told = (record.verdict, &record.property, &record.message);
            assert!(is_fine, "{} seed {seed}: {told:?}", placing.title);
        }
    }
}
