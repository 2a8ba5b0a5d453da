//! What a generated scenario may name: all of it from the registry, so that what is added there is
//! drawn here without a word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seedbed_scenarios::format::{Catalog, Entry, Fault};
use serde_json::Value;

/// The names that a protocol gives a scenario.
pub struct Names {
    pub protocol: String,
    pub selectors: Vec<String>,
    pub milestones: Vec<String>,
    pub kinds: Vec<String>,
    pub invariants: Vec<String>,
    pub properties: Vec<String>,
    /// History checkers, which take no options.
    pub checkers: Vec<String>,
    /// Bounds, which take a band.
    pub bounds: Vec<String>,
    pub measures: Vec<String>,
    /// `params` that the scenarios of the library use, key by key.
    pub params: BTreeMap<String, Vec<Value>>,
    /// Workloads that the scenarios of the library use: the name, and key by key the options.
    pub workloads: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    /// The examples of the catalogue of faults, by the fault's name: alone, without other faults.
    pub examples: BTreeMap<String, Vec<Value>>,
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.name.clone()).collect()
}

impl Names {
    /// The names of one protocol, and what its folder of the library uses.
    pub fn new(catalog: &Catalog, protocol: &str) -> Names {
        let entry = &catalog.protocols[protocol];
        let service = entry.service.as_ref().map(|service| &catalog.services[service]);
        let mut kinds = entry.kinds.clone();
        kinds.extend(["client-request", "client-reply"].map(str::to_owned));
        let checkers = names(service.map_or(&[], |service| &service.checks));
        let bounds = names(&catalog.checks);
        let invariants = names(&entry.invariants);
        let properties =
            [&invariants[..], &checkers, &bounds, &names(&catalog.properties)].concat();
        let mut found = Names {
            protocol: protocol.to_owned(),
            selectors: names(&entry.selectors),
            milestones: names(&entry.milestones),
            kinds,
            invariants,
            properties,
            checkers,
            bounds,
            measures: names(&catalog.measures),
            params: BTreeMap::new(),
            workloads: BTreeMap::new(),
            examples: BTreeMap::new(),
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(protocol);
        for path in json_files(&folder) {
            let text = std::fs::read_to_string(path).expect("a readable scenario");
            found.learn(&serde_json::from_str(&text).expect("the library is JSON"));
        }
        for (name, manual) in Fault::MANUALS {
            let faults: Vec<Value> =
                serde_json::from_str(&format!("[{}]", manual.example)).expect("an example");
            found.examples.insert((*name).to_owned(), faults);
        }
        found
    }

    /// Takes note of what only the protocol or its service can say is right.
    fn learn(&mut self, scenario: &Value) {
        for (key, value) in scenario["params"].as_object().into_iter().flatten() {
            note(self.params.entry(key.clone()).or_default(), value);
        }
        for workload in scenario["workloads"].as_array().into_iter().flatten() {
            for (name, options) in workload.as_object().into_iter().flatten() {
                let known = self.workloads.entry(name.clone()).or_default();
                for (key, value) in options.as_object().into_iter().flatten() {
                    note(known.entry(key.clone()).or_default(), value);
                }
            }
        }
    }
}

fn note(known: &mut Vec<Value>, value: &Value) {
    if !known.contains(value) {
        known.push(value.clone());
    }
}

/// Every JSON file below a folder, in the order of their names.
pub fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
