//! Runs of scenarios: most of them of a protocol that is small enough to know what must happen.

mod contract;
mod ends;
mod faults;
mod library;
mod manuals;
mod network;
mod partitions;
mod placements;
mod scripts;
mod series;
mod tick;
mod tracing;
mod vacuity;

use std::path::Path;

use seedbed_scenarios::format::load_text;
use seedbed_scenarios::run::{RunOptions, RunOutput, RunRecord, TraceLevel, TraceLine};
use seedbed_scenarios::{Plan, Registry};
use serde_json::{Value, json};

use tick::Tick;

/// A scenario of the protocol `tick` on three hosts, with more fields put over it.
fn plan(over: Value) -> Plan {
    let mut scenario = json!({
        "format_version": 1, "name": "test", "protocol": "tick", "nodes": 3,
        "network": { "latency": "1ms" }, "boot_spread": "0", "contract": "beyond",
        "end": { "heal_at": "2s", "settle": "2s" },
    });
    let fields = scenario.as_object_mut().expect("an object");
    for (key, value) in over.as_object().expect("an object") {
        fields.insert(key.clone(), value.clone());
    }
    if fields.get("end").is_some_and(Value::is_null) {
        fields.remove("end");
    }
    let registry = Registry::new().with::<Tick>();
    let text = scenario.to_string();
    match load_text(Path::new("test.json"), &text, &[], &registry.catalog()) {
        Ok(loaded) => registry.plans(&loaded.scenario).expect("a plan").remove(0),
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

fn run(over: Value) -> RunRecord {
    plan(over).run(7, &RunOptions::default()).record
}

fn traced(over: Value) -> RunOutput {
    plan(over).run(7, &RunOptions { trace: TraceLevel::Full, ..RunOptions::default() })
}

/// The lines about faults: when, and what was said.
fn fault_lines(output: &RunOutput) -> Vec<(u64, String)> {
    lines(output)
        .iter()
        .filter(|line| line.what == "fault")
        .map(|line| (line.time_ns / 1_000_000, line.text.clone()))
        .collect()
}

fn lines(output: &RunOutput) -> &[TraceLine] {
    &output.recording.as_ref().expect("a trace").lines
}

/// How many ticks one host has handled from another in some milliseconds.
fn ticks(output: &RunOutput, from: &str, to: &str, ms: std::ops::Range<u64>) -> usize {
    let handled = lines(output).iter().filter(|line| {
        line.what == "handled"
            && line.kind.as_deref() == Some("tick")
            && line.host.as_deref() == Some(to)
            && line.peer.as_deref() == Some(from)
            && ms.contains(&(line.time_ns / 1_000_000))
    });
    handled.count()
}
