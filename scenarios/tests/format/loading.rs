//! What loads: the sample, what it extends, what the command line sets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use seedbed_scenarios::format::{
    Chance, Fault, Latency, Loaded, MemoryFiles, Nanos, Placement, Scenario, Selector, Step, load,
    load_from, load_text, schema,
};
use serde_json::Value;

use crate::catalog::catalog;

/// The sample that says everything.
pub fn sample_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/everything.json")
}

/// Loads, or panics with what is wrong.
fn expect_loaded(result: Result<Loaded, seedbed_scenarios::format::Errors>) -> Loaded {
    result.unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.reports().iter().map(ToString::to_string).collect();
        panic!("the scenario does not load:\n{}", lines.join("\n"));
    })
}

fn load_sample(settings: &[&str]) -> Loaded {
    let settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
    expect_loaded(load(&sample_path(), &settings, &catalog()))
}

#[test]
fn the_sample_says_everything() {
    let text = std::fs::read_to_string(sample_path()).expect("the sample is there");
    let sample: Value = serde_json::from_str(&text).expect("the sample is JSON");
    let written: BTreeSet<&String> = sample.as_object().expect("an object").keys().collect();
    let schema = schema();
    let possible: BTreeSet<&String> =
        schema["properties"].as_object().expect("an object").keys().collect();
    assert_eq!(written, possible);
    let scenario = load_sample(&[]).scenario;
    let kinds: BTreeSet<&str> = scenario.faults.iter().map(Fault::key).collect();
    assert_eq!(kinds, Fault::NAMES.iter().copied().collect());
    fn verbs<'a>(steps: &'a [Step], found: &mut BTreeSet<&'a str>) {
        for step in steps {
            found.insert(step.key());
            match step {
                Step::Repeat(repeat) => verbs(&repeat.steps, found),
                Step::Chance(chance) => verbs(&chance.steps, found),
                Step::If(condition) => verbs(&condition.steps, found),
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    verbs(&scenario.script, &mut found);
    assert!(Step::NAMES.iter().all(|verb| found.contains(verb)), "{found:?}");
}

#[test]
fn the_sample_is_read_as_it_is_meant() {
    let scenario = load_sample(&[]).scenario;
    let uniform = Latency::Uniform(Nanos::from_millis(1), Nanos::from_millis(10));
    assert_eq!(scenario.network.latency, Some(uniform));
    assert_eq!(scenario.network.loss, Chance::parse("1%").ok());
    let leader = |offset| Selector::Protocol { name: "leader".to_owned(), offset };
    let Fault::Partition(partition) = &scenario.faults[1] else { panic!("a partition is second") };
    assert_eq!(partition.isolate.as_ref().map(|targets| &targets.0), Some(&vec![leader(1)]));
    let common = scenario.faults[1].common().expect("it says when");
    assert_eq!(common.placement(), Placement::At(Nanos::from_secs(6)));
    let east = &scenario.network.links[0].from.0;
    assert_eq!(east, &vec![Selector::Zone("virginia".to_owned())]);
}

#[test]
fn what_is_written_back_is_the_same_scenario() {
    let scenario = load_sample(&[]).scenario;
    let text = serde_json::to_string_pretty(&scenario).expect("a scenario can be written");
    let again = expect_loaded(load_text(Path::new("again.json"), &text, &[], &catalog()));
    assert_eq!(again.scenario, scenario);
}

#[test]
fn settings_replace_fields() {
    let loaded = load_sample(&[
        "nodes=7",
        "network.loss=2%",
        "faults[0].partition.for=4s",
        "boot_spread=0s",
        "limits.events=5",
        "about=one = two",
    ]);
    let Scenario { nodes, network, boot_spread, limits, about, .. } = &loaded.scenario;
    assert_eq!(nodes.count(), 7);
    assert_eq!(network.loss, Chance::parse("2%").ok());
    assert_eq!(*boot_spread, Nanos::ZERO);
    assert_eq!(limits.events, 5);
    assert_eq!(about, "one = two");
    assert_eq!(loaded.scenario.faults[0].duration(), Some(Nanos::from_secs(4)));
}

#[test]
fn a_field_of_the_file_replaces_that_of_its_base() {
    let files = MemoryFiles(BTreeMap::from([
        (
            PathBuf::from("a/child.json"),
            br#"{"extends": "../b/middle.json", "name": "child", "nodes": 5}"#.to_vec(),
        ),
        (
            PathBuf::from("b/middle.json"),
            br#"{"extends": "base.json", "name": "middle", "network": {"loss": "1%"}}"#.to_vec(),
        ),
        (
            PathBuf::from("b/base.json"),
            br#"{"format_version": 1, "name": "base", "protocol": "raft", "nodes": 3,
                "network": {"jitter": "1ms"}, "end": {"heal_at": "1s", "settle": "5s"}}"#
                .to_vec(),
        ),
    ]));
    let loaded = expect_loaded(load_from(&files, Path::new("a/child.json"), &[], &catalog()));
    assert_eq!(loaded.scenario.name, "child");
    assert_eq!(loaded.scenario.nodes.count(), 5);
    assert_eq!(loaded.scenario.network.jitter, None, "a field is replaced as a whole");
    assert_eq!(loaded.scenario.extends, None);
    assert_eq!(loaded.document.sources().len(), 3);
}

#[test]
fn comments_are_allowed_anywhere() {
    let text = r#"{
        "$comment": "one", "$comment": "two", "format_version": 1, "name": "x", "protocol": "raft",
        "params": {"$comment": "in params", "heartbeat": "50ms"}, "nodes": 3,
        "faults": [{"$comment": "beside the kind", "crash": {"$comment": [1], "at": "1s",
          "select": "n1", "for": "1s"}}],
        "end": {"heal_at": "10s", "settle": "5s", "$comment": {"deep": "too"}}
    }"#;
    let loaded = expect_loaded(load_text(Path::new("x.json"), text, &[], &catalog()));
    assert_eq!(loaded.scenario.faults.len(), 1);
}

#[test]
fn a_byte_order_mark_is_not_seen() {
    let text = concat!(
        "\u{feff}",
        r#"{"format_version": 1, "name": "x", "protocol": "raft", "nodes": 3,"#,
        r#""end": {"heal_at": "10s", "settle": "5s"}}"#
    );
    expect_loaded(load_text(Path::new("x.json"), text, &[], &catalog()));
}

#[test]
fn several_protocols_have_params_of_their_own() {
    let text = r#"{"format_version": 1, "name": "x", "protocol": ["raft", "raft2"], "nodes": 3,
        "params": {"raft": {"heartbeat": "50ms"}, "raft2": {"heartbeat": "60ms"}},
        "faults": [{"pause": {"at": "1s", "select": "leader", "for": "1s"}}],
        "end": {"heal_at": "10s", "settle": "5s"}}"#;
    let mut catalog = catalog();
    let raft = catalog.protocols["raft"].clone();
    catalog.protocols.insert("raft2".to_owned(), raft);
    let loaded = expect_loaded(load_text(Path::new("x.json"), text, &[], &catalog));
    assert_eq!(loaded.scenario.params_of("raft2")["heartbeat"], "60ms");
}

#[test]
fn hosts_are_numbered_role_by_role() {
    let text = r#"{"format_version": 1, "name": "x", "protocol": "map-reduce",
        "nodes": {"worker": 2, "coordinator": 1}, "spare": 1,
        "faults": [{"crash": {"at": "1s", "select": ["worker", "n4"], "for": "1s"}}],
        "end": {"heal_at": "10s", "settle": "5s"}}"#;
    let scenario = expect_loaded(load_text(Path::new("x.json"), text, &[], &catalog())).scenario;
    let roles: Vec<(u32, String)> = scenario
        .nodes
        .hosts()
        .into_iter()
        .map(|host| (host.number, host.role.unwrap_or_default()))
        .collect();
    let expected = [(1, "coordinator"), (2, "worker"), (3, "worker")];
    assert_eq!(roles, expected.map(|(number, role)| (number, role.to_owned())));
    let Fault::Crash(crash) = &scenario.faults[0] else { panic!("a crash is first") };
    assert_eq!(crash.select.0, [Selector::Role("worker".to_owned()), Selector::Host(4)]);
}

/// A protocol that hosts another takes its planted bugs and params, in their own place.
#[test]
fn inner_protocols_and_single_hosts_have_params_that_are_checked() {
    let load_with = |params: &str, host_params: &str| {
        let text = format!(
            r#"{{"format_version": 1, "name": "x", "protocol": "kv", "nodes": 3,
                "params": {params}, "hosts": [{{"select": "n1", "params": {host_params}}}],
                "end": {{"heal_at": "10s", "settle": "5s"}}}}"#
        );
        load_text(Path::new("x.json"), &text, &[], &catalog())
    };
    let good = r#"{"raft": {"bug": "vote-twice", "heartbeat": "50ms"}}"#;
    let loaded = expect_loaded(load_with(good, r#"{"raft": {"heartbeat": "9ms"}}"#));
    let Scenario { hosts, .. } = &loaded.scenario;
    let of_host = loaded.scenario.params_of_host("kv", &hosts[0]);
    assert_eq!(of_host["raft"], serde_json::json!({"bug": "vote-twice", "heartbeat": "9ms"}));

    let paths = |result: Result<Loaded, seedbed_scenarios::format::Errors>| {
        let errors = result.expect_err("a mistake").into_list();
        errors.iter().map(|error| error.path().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paths(load_with(r#"{"raft": {"bug": "vote-thrice"}}"#, "{}")), ["params.raft.bug"]);
    assert_eq!(paths(load_with(r#"{"bug": "vote-twice"}"#, "{}")), ["params.bug"]);
    let host_path = "hosts[0].params.raft.heartbaet";
    assert_eq!(paths(load_with("{}", r#"{"raft": {"heartbaet": "1ms"}}"#)), [host_path]);
}
