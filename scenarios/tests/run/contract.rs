//! The contract: a core that is healed while the rest stays broken, and what is judged beyond what a
//! protocol tolerates.

use std::collections::BTreeSet;
use std::path::Path;

use seedbed_scenarios::format::load_text;
use seedbed_scenarios::run::{RunOptions, RunRecord, Verdict};
use seedbed_scenarios::{Plan, Registry};
use serde_json::{Value, json};

use super::{fault_lines, run, ticks, traced};

/// Three hosts and a client; at 2 s a core is healed, and the run goes on for 4 s.
fn with_core(core: &[u32], faults: Value) -> Value {
    json!({ "params": { "core": core }, "faults": faults,
        "workloads": [{ "adds": { "clients": 1 } }],
        "end": { "heal_at": "2s", "settle": "4s", "core_only": true } })
}

#[test]
fn a_core_is_healed_with_its_clients_and_the_rest_stays_broken() {
    let output = traced(with_core(
        &[1, 2],
        json!([
            { "crash": { "at": "500ms", "select": "n3", "for": "2s" } },
            { "pause": { "at": "600ms", "select": "n2" } },
            { "partition": { "at": "700ms", "isolate": "n1" } },
            { "partition": { "at": "700ms", "clients": { "from": "all" } } },
            { "loss": { "at": "700ms", "chance": "100%" } },
        ]),
    ));
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    assert_eq!(
        (ticks(&output, "n1", "n2", 750..2000), ticks(&output, "n2", "n1", 750..2000)),
        (0, 0)
    );
    assert_eq!(ticks(&output, "n1", "n2", 2100..6000), 390);
    assert_eq!(ticks(&output, "n2", "n1", 2100..6000), 390);
    // Its crash would have lasted until 2.5 s.
    assert_eq!(ticks(&output, "n3", "n1", 600..6000), 0);
    assert!(output.record.operations.ok > 10);
    assert!(fault_lines(&output).contains(&(2000, "core n1 n2".to_owned())));
    assert!(output.drawn.contains(&"core n1 n2".to_owned()));
    let outside: Vec<&str> =
        output.faults_active.iter().map(|text| text.split(' ').next().unwrap_or("")).collect();
    assert_eq!(outside, ["crash", "partition", "loss"], "{:?}", output.faults_active);
}

#[test]
fn outside_of_a_core_pauses_cuts_and_clogs_stay_and_the_healthy_live_on() {
    let outside = |fault: Value| {
        let output = traced(with_core(&[1], json!([fault])));
        assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
        let heard = |from: &str, to: &str| ticks(&output, from, to, 2100..5900);
        [heard("n1", "n2"), heard("n2", "n1"), heard("n3", "n2")]
    };
    let all = 380;
    assert_eq!(outside(json!({ "pause": { "at": "1s", "select": "n2", "for": "2s" } })), [0, 0, 0]);
    assert_eq!(outside(json!({ "crash": { "at": "1s", "select": "n2" } })), [0, 0, 0]);
    assert_eq!(outside(json!({ "partition": { "at": "1s", "isolate": "n2" } })), [0, 0, 0]);
    let one_way = json!({ "partition": { "at": "1s", "one_way": { "from": "n1", "to": "n2" } } });
    assert_eq!(outside(one_way), [0, all, all]);
    let clog = json!({ "clog": { "at": "1s", "from": "n2", "to": "n1", "for": "3s" } });
    assert_eq!(outside(clog), [all, 0, all]);
    // Released in time, so nothing holds it at heal.
    assert_eq!(
        outside(json!({ "crash": { "at": "1s", "select": "n2", "for": "500ms" } })),
        [all; 3]
    );
    // A swizzle that is under way stops where it is.
    let swizzle = json!({ "swizzle_clog": { "at": "1900ms", "select": "n2", "for": "1s" } });
    assert_eq!(outside(swizzle), [0, 0, 0]);
}

/// The planted failure of liveness: this protocol needs n1, and its core says otherwise.
#[test]
fn a_core_that_does_not_suffice_is_seen() {
    let crash = || json!([{ "crash": { "at": "1s", "select": "n1" } }]);
    let record = run(with_core(&[2, 3], crash()));
    assert_eq!(record.verdict, Verdict::Fail);
    assert_eq!(record.property.as_deref(), Some("clients-finished"));
    assert_eq!(run(with_core(&[1, 2], crash())).verdict, Verdict::Pass);
}

fn raft_plan(text: &str) -> Plan {
    let registry = Registry::standard();
    match load_text(Path::new("raft.json"), text, &[], &registry.catalog()) {
        Ok(loaded) => registry.plans(&loaded.scenario).expect("a plan").remove(0),
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// Two of five hosts are down for good, whichever they are; Raft goes on with the others.
#[test]
fn raft_lives_on_any_core() {
    let plan = raft_plan(
        r#"{ "format_version": 1, "name": "core", "protocol": "raft", "nodes": 5,
            "workloads": [{ "log": { "clients": 2, "rate": "40/s" } }],
            "faults": [ { "crash": { "at": "2s", "select": ["n1", "n2"], "lose": "reorder" } },
                { "partition": { "at": "2s", "isolate": ["n3"] } },
                { "pause": { "at": "2500ms", "select": "n4" } } ],
            "end": { "heal_at": "4s", "settle": "8s", "core_only": true } }"#,
    );
    let mut cores = BTreeSet::new();
    for seed in 0..12 {
        let output = plan.run(seed, &RunOptions::default());
        assert_eq!(output.record.verdict, Verdict::Pass, "{seed}: {:?}", output.record.message);
        let core = output.drawn.iter().find_map(|line| line.strip_prefix("core "));
        let core = core.expect("a core").to_owned();
        assert_eq!(core.split(' ').count(), 3);
        cores.insert(core);
    }
    assert!(cores.len() > 5, "{cores:?}");
}

/// Whether `calm`, which breaks whatever happens, is judged.
fn calm(contract: &str, over: Value) -> RunRecord {
    let mut scenario = json!({ "contract": contract,
        "params": { "calm": 50, "tolerates": 1, "unpromised": ["calm"] },
        "faults": [{ "crash": { "at": "100ms", "select": "n3", "for": "100ms" } }] });
    for (key, value) in over.as_object().expect("an object") {
        scenario[key] = value.clone();
    }
    run(scenario)
}

#[test]
fn beyond_the_contract_only_promises_are_judged() {
    let violated = |record: &RunRecord| record.property.clone().unwrap_or_default();
    let within = calm("within", json!({}));
    assert_eq!((within.verdict, violated(&within).as_str()), (Verdict::Fail, "calm"));
    assert_eq!(calm("beyond", json!({})).verdict, Verdict::Pass);
    // It depends on what goes beyond: nothing is down here.
    let calm_days = calm("beyond", json!({ "faults": [] }));
    assert_eq!(calm_days.verdict, Verdict::Fail);
    // A promise that is kept.
    let promised = json!({ "params": { "calm": 50, "unpromised": ["clients-finished"] } });
    assert_eq!(violated(&calm("beyond", promised)), "calm");
    // A scenario that is there to show it broken.
    let expected = json!({ "expect": { "violation": { "property": "calm", "within_seeds": 1 } } });
    assert_eq!(violated(&calm("beyond", expected)), "calm");
    // What a script or a `random` does counts as well.
    let random = json!([{ "random": { "from": "100ms", "until": "1s", "kinds": ["crash"],
        "times": [1, 1], "for": ["50ms", "100ms"] } }]);
    assert_eq!(calm("beyond", json!({ "faults": random })).verdict, Verdict::Pass);
    let script = json!([{ "wait": "50ms" }, { "repeat": { "times": 1, "steps": [
        { "crash": { "select": "n3", "for": "100ms" } } ] } }]);
    let scripted = calm("beyond", json!({ "faults": [], "script": script }));
    assert_eq!(scripted.verdict, Verdict::Pass, "{:?}", scripted.message);
    let nested = json!([{ "sequence": { "at": "100ms", "steps": [
        { "crash": { "select": "n3", "for": "100ms" } } ] } }]);
    assert_eq!(calm("beyond", json!({ "faults": nested })).verdict, Verdict::Pass);
}

#[test]
fn beyond_the_contract_liveness_is_judged_if_it_is_promised() {
    let mute = |unpromised: Value| {
        run(json!({ "contract": "beyond", "params": { "mute": true, "unpromised": unpromised },
            "faults": [{ "crash": { "at": "100ms", "select": "n3", "for": "100ms" } }],
            "workloads": [{ "adds": { "clients": 1 } }],
            "end": { "heal_at": "1s", "settle": "5s" } }))
    };
    let promised = mute(json!([]));
    assert_eq!(promised.property.as_deref(), Some("clients-finished"));
    let unpromised = mute(json!(["clients-finished"]));
    assert_eq!((unpromised.verdict, unpromised.virtual_time_ns), (Verdict::Pass, 6_000_000_000));
}

/// A crash of three of five, for longer than Raft likes: safety holds, and so does liveness after
/// heal.
#[test]
fn raft_keeps_its_promises_beyond_too_many_crashes() {
    let plan = raft_plan(
        r#"{ "format_version": 1, "name": "beyond", "protocol": "raft", "nodes": 5,
            "contract": "beyond",
            "workloads": [{ "log": { "clients": 2, "rate": "40/s" } }],
            "faults": [ { "crash": { "at": "2s", "select": "majority" } },
                { "random": { "from": "1s", "until": "4s", "kinds": ["crash"], "times": [3, 6],
                    "for": ["100ms", "1s"] } } ],
            "end": { "heal_at": "4s", "settle": "5s" }, "checks": ["log-consistent"] }"#,
    );
    for seed in 0..10 {
        let record = plan.run(seed, &RunOptions::default()).record;
        assert_eq!(record.verdict, Verdict::Pass, "{seed}: {:?}", record.message);
        assert!(record.faults["crash"] >= 2);
    }
}

#[test]
fn within_the_contract_crashes_for_good_are_counted() {
    let scenario = |over: &str| {
        format!(
            r#"{{ "format_version": 1, "name": "x", "protocol": "raft", "nodes": 5, {over}
                "end": {{ "heal_at": "9s", "settle": "9s" }} }}"#
        )
    };
    let accepted = |over: &str| {
        let catalog = Registry::standard().catalog();
        load_text(Path::new("x.json"), &scenario(over), &[], &catalog).is_ok()
    };
    let crash = |hosts: &str, lasts: &str| {
        format!(r#""faults": [ {{ "crash": {{ "at": "1s", "select": [{hosts}] {lasts} }} }} ],"#)
    };
    assert!(accepted(&crash(r#""n1", "n2""#, "")));
    assert!(!accepted(&crash(r#""n1", "n2", "n3""#, "")));
    // They come back with their disks: only liveness suffers, for a while.
    assert!(accepted(&crash(r#""n1", "n2", "n3""#, r#", "for": "1s""#)));
    let beyond = crash(r#""n1", "n2", "n3""#, "") + r#""contract": "beyond","#;
    assert!(accepted(&beyond));
}
