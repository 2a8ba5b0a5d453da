//! The examples of the catalogue of faults run, and do what they show.

use std::path::Path;

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::{Fault, load_text};
use seedbed_scenarios::run::{RunOptions, RunRecord, Verdict};

/// Raft with some load, and the example's fault.
fn run(example: &str, needs: &str, seed: u64) -> RunRecord {
    let comma = if needs.is_empty() { "" } else { "," };
    let text = format!(
        r#"{{ "format_version": 1, "name": "example", "protocol": "raft", "nodes": 5,
            "workloads": [ {{ "log": {{ "clients": 2, "rate": "40/s" }} }} ],
            "faults": [ {example} ], "end": {{ "heal_at": "5s", "settle": "5s" }}{comma} {needs} }}"#
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
