//! Runs that never happened, for tests: what a sweep does with them is what matters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::failure::Build;
use crate::format::Scenario;
use crate::run::{
    CausalEvent, Messages, Operations, RECORD_VERSION, Recording, RunOptions, RunOutput, RunRecord,
    TraceLevel, Verdict, ViolationPoint,
};

/// Decides how a fake run ends.
pub(super) type Ending = dyn Fn(&Unit, u64) -> (Verdict, &'static str) + Sync;

/// Runs whose outcome is a function of unit and seed.
pub(super) struct Fake {
    pub(super) ending: Box<Ending>,
    /// Every run that was made, in the order of their starts.
    pub(super) made: Mutex<Vec<u64>>,
    /// Set once so many runs were made, as Ctrl-C would.
    pub(super) stop_after: u64,
    pub(super) stop: AtomicBool,
    /// Whether a run depends on how many were made before.
    pub(super) drifts: bool,
    pub(super) count: AtomicU64,
}

impl Fake {
    pub(super) fn new(
        ending: impl Fn(&Unit, u64) -> (Verdict, &'static str) + Sync + 'static,
    ) -> Fake {
        Fake {
            ending: Box::new(ending),
            made: Mutex::new(Vec::new()),
            stop_after: u64::MAX,
            stop: AtomicBool::new(false),
            drifts: false,
            count: AtomicU64::new(0),
        }
    }

    /// How many different seeds ran, counting one that failed and was studied once.
    pub(super) fn seeds(&self) -> Vec<u64> {
        let mut seeds = self.made.lock().unwrap().clone();
        seeds.sort();
        seeds.dedup();
        seeds
    }
}

impl Runs for Fake {
    fn run(&self, unit: &Unit, seed: u64, options: &RunOptions) -> RunOutput {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        if before + 1 >= self.stop_after {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.made.lock().unwrap().push(seed);
        let (verdict, property) = (self.ending)(unit, seed);
        let failed = verdict == Verdict::Fail;
        let events = 20 + seed % 7;
        let drift = if self.drifts { before } else { 0 };
        let digests: Vec<u64> = (1..=events)
            .map(|event| seed * 1000 + event + if event >= 5 { drift } else { 0 })
            .collect();
        let digest = *digests.last().unwrap();
        let mut output = output_of(unit, seed, verdict, (!property.is_empty()).then_some(property));
        output.record.events = events;
        output.record.digest = crate::canonical::hex(digest);
        output.violation =
            failed.then(|| ViolationPoint { event: events, time_ns: 7, host: Some("n1".into()) });
        output.recording = (options.trace != TraceLevel::Off).then(|| Recording {
            digests,
            lines: Vec::new(),
            causal_tail: vec![CausalEvent {
                event: "handled".into(),
                message: format!("kind-{}", seed % 2),
                role: "follower".into(),
            }],
        });
        output
    }
}

fn output_of(unit: &Unit, seed: u64, verdict: Verdict, property: Option<&str>) -> RunOutput {
    let record = RunRecord {
        format_version: RECORD_VERSION,
        scenario: unit.scenario.name.clone(),
        protocol: unit.protocol.clone(),
        seed,
        verdict,
        property: property.map(str::to_owned),
        message: property.map(|property| format!("{property} in {seed}")),
        also: Vec::new(),
        digest: String::new(),
        events: 0,
        virtual_time_ns: 1_000_000,
        milestones: if seed.is_multiple_of(2) {
            BTreeMap::from([("even".to_owned(), 5)])
        } else {
            BTreeMap::new()
        },
        milestones_after_heal: BTreeMap::new(),
        measures: BTreeMap::from([("load".to_owned(), seed as f64 / 3.0)]),
        messages: Messages::default(),
        operations: Operations::default(),
        faults: BTreeMap::from([("crash".to_owned(), 1)]),
        swarm_off: Vec::new(),
        series: None,
    };
    RunOutput {
        record,
        violation: None,
        recording: None,
        history: None,
        faults_active: Vec::new(),
        shown: Vec::new(),
        drawn: Vec::new(),
    }
}

/// A scenario with some fields of its own.
pub(super) fn scenario(name: &str, fields: Value) -> AtPoints {
    at_points(name, fields, &[Point::new()])
}

pub(super) fn at_points(name: &str, fields: Value, points: &[Point]) -> AtPoints {
    let mut json = json!({
        "format_version": 1, "name": name, "protocol": "flood", "nodes": 3,
        "end": {"heal_at": "1s", "settle": "1s"},
    });
    for (key, value) in fields.as_object().unwrap() {
        json[key] = value.clone();
    }
    let scenario: Scenario = serde_json::from_value(json.clone()).unwrap();
    points.iter().map(|point| (point.clone(), scenario.clone(), json.clone())).collect()
}

pub(super) fn build() -> Build {
    Build {
        version: "0.1.0".into(),
        commit: "abc".into(),
        stream_layout: 1,
        executable: crate::canonical::hex(1),
    }
}

/// A folder that is gone after the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("seedbed-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Every file below, with its text; `summary.json` holds times and is left out.
    pub(super) fn contents(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("summary.json") {
                    let name = path.strip_prefix(&self.0).unwrap().display().to_string();
                    found.insert(name, std::fs::read_to_string(&path).unwrap());
                }
            }
        }
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) struct Nobody;

impl Watch for Nobody {
    fn finished(&self, _: Progress) {}
}
