//! Disks through scenarios: settings, faults, and the atlas that keeps damage within the contract.

use std::path::Path;

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::load_text;
use seedbed_scenarios::run::{RunOptions, RunRecord, TraceLevel, Verdict};

/// Raft under load, with more fields of the scenario; and the lines of its trace about faults.
fn raft(fields: &str, seed: u64) -> (RunRecord, Vec<String>) {
    let text = format!(
        r#"{{ "format_version": 1, "name": "disks", "protocol": "raft", "nodes": 5,
            "workloads": [ {{ "log": {{ "clients": 2, "rate": "40/s" }} }} ],
            "end": {{ "heal_at": "6s", "settle": "5s" }}, {fields} }}"#
    );
    let registry = Registry::standard();
    let loaded = load_text(Path::new("disks.json"), &text, &[], &registry.catalog());
    let loaded = loaded.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let plan = registry.plans(&loaded.scenario).expect("a plan").remove(0);
    let options = RunOptions { trace: TraceLevel::Full, ..RunOptions::default() };
    let output = plan.run(seed, &options);
    let lines = super::fault_lines(&output).into_iter();
    (output.record, lines.map(|(ms, text)| format!("{ms} {text}")).collect())
}

fn has_milestone(record: &RunRecord, name: &str) -> bool {
    record.milestones.contains_key(name)
}

const ROT_EVERYWHERE: &str = r#""faults": [
    { "bit_rot": { "at": "3s", "select": "all", "places": 2 } },
    { "crash": { "at": "4s", "select": "all", "for": "200ms" } } ]"#;

/// Rot of all five hosts is rot of two within the contract, and the rest goes on without them.
#[test]
fn damage_stays_within_the_contract() {
    for seed in 0..5 {
        let (record, lines) = raft(ROT_EVERYWHERE, seed);
        assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
        assert!(lines[0].starts_with("3000 bit rot in 2 places on n1 n2"), "{lines:?}");
        assert!(!lines[0].contains("n3"), "{lines:?}");
        assert!(has_milestone(&record, "disk-damage-noticed"));
    }
}

/// Beyond it, all five rot.
#[test]
fn damage_goes_beyond_the_contract_where_the_scenario_does() {
    let (_, lines) = raft(&format!(r#"{ROT_EVERYWHERE}, "contract": "beyond""#), 0);
    assert!(lines[0].starts_with("3000 bit rot in 2 places on n1 n2 n3 n4 n5"), "{lines:?}");
}

/// A second fault finds the contract used up, whichever hosts it names; and nothing is rotten
/// any more once the first has let go.
#[test]
fn the_atlas_counts_over_faults_and_time() {
    let faults = r#""faults": [
        { "bit_rot": { "at": "2s", "select": ["n1", "n2"], "for": "2s" } },
        { "bit_rot": { "at": "3s", "select": ["n3", "n4"], "for": "1s", "optional": "too many" } },
        { "bit_rot": { "at": "5s", "select": ["n3", "n4"] } } ]"#;
    let (record, lines) = raft(faults, 1);
    assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
    assert_eq!(record.faults["bit_rot"], 2, "{lines:?}");
}

/// A host that finds its disk rotten is back when the mask is lifted, and one whose rot stays is
/// waited for by nobody.
#[test]
fn a_host_is_back_when_its_rot_is_lifted() {
    let crash = r#"{ "crash": { "at": "3s", "select": "n1", "for": "100ms" } }"#;
    let with = |lasts: &str| {
        let rot = format!(r#"{{ "bit_rot": {{ "at": "2s", "select": "n1" {lasts} }} }}"#);
        raft(&format!(r#""faults": [ {rot}, {crash} ]"#), 2).0
    };
    for record in [with(r#", "for": "2s""#), with("")] {
        assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
        assert!(has_milestone(&record, "disk-damage-noticed"));
    }
    // Only the one that came back has learned again what is committed.
    assert!(has_milestone(&with(r#", "for": "2s""#), "commit-after-restart"));
    assert!(!has_milestone(&with(""), "commit-after-restart"));
}

/// A fault that strikes by chance has taken effect when it has struck, not when it took hold.
#[test]
fn what_never_strikes_has_taken_no_effect() {
    let with = |files: &str| {
        let fault = format!(
            r#"{{ "write_errors": {{ "at": "2s", "select": "n1", "chance": "50%", "for": "1s",
                 "files": "{files}" }} }}"#
        );
        raft(&format!(r#""faults": [ {fault} ]"#), 0).0
    };
    let (log, other) = (with("log"), with("other"));
    assert_eq!((log.verdict, log.faults["write_errors"]), (Verdict::Pass, 1));
    assert_eq!((other.verdict, other.faults.get("write_errors")), (Verdict::Vacuous, None));
    assert!(has_milestone(&log, "restarted") && !has_milestone(&other, "restarted"));
}

/// Throughput and capacity are settings of hosts.
#[test]
fn a_disk_has_a_throughput_and_a_capacity() {
    let with = |disk: &str| {
        raft(&format!(r#""hosts": [ {{ "select": "all", "disk": {{ {disk} }} }} ]"#), 0).0
    };
    let usual = with(r#""capacity": "1GB""#);
    let slow = with(r#""throughput": "300B/s""#);
    let full = with(r#""capacity": "1500B""#);
    assert_eq!(usual.verdict, Verdict::Pass);
    assert!(
        slow.operations.ok < usual.operations.ok,
        "{} {}",
        slow.operations.ok,
        usual.operations.ok
    );
    assert!(has_milestone(&full, "restarted"), "it crashes for want of room");
    assert!(!has_milestone(&usual, "restarted"));
}
