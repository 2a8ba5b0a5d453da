//! How runs end: heal and settle, milestones, limits, violations, and what is judged then.

use seedbed_scenarios::run::{RunOptions, Verdict};
use serde_json::{Value, json};

use super::{plan, run};

fn clients() -> Value {
    json!([{ "adds": { "clients": 2 } }])
}

#[test]
fn a_run_ends_when_it_has_settled_and_clients_have_finished() {
    let output = plan(json!({ "workloads": clients() })).run(
        1,
        &RunOptions { history: true, show: vec!["n2".into(), "n9".into()], ..Default::default() },
    );
    let record = &output.record;
    assert_eq!((record.verdict, record.virtual_time_ns), (Verdict::Pass, 4_000_000_000));
    let history = output.history.expect("asked for");
    let finals = history.lines().filter(|line| line.contains("\"op\":7777"));
    assert_eq!(finals.count(), 4, "each client adds the final number, once");
    assert!(record.operations.ok > 50 && record.measures["latency_p50_ns"] > 0.0);
    let requests = record.messages.by_kind["client-request"];
    let own = record.messages.sent - requests - record.messages.by_kind["client-reply"];
    assert_eq!(record.measures["messages_per_operation"], own as f64 / record.operations.ok as f64);
    assert_eq!(record.milestones["heard"], 11_000_000);
    assert_eq!(record.milestones_after_heal["heard"], 0);
    assert_eq!(output.shown[0].1["me"], json!(1));
    assert_eq!(output.shown[1].1, Value::Null);
}

#[test]
fn clients_that_do_not_finish_in_time_violate_liveness() {
    let record = run(json!({ "workloads": clients(), "params": { "mute": true },
        "end": { "heal_at": "1s", "settle": "5s" } }));
    assert_eq!(record.verdict, Verdict::Fail);
    assert_eq!(record.property.as_deref(), Some("clients-finished"));
    // The bound of the protocol is 2 s.
    assert_eq!(record.virtual_time_ns, 3_000_000_000);
}

#[test]
fn a_milestone_ends_a_run_or_is_missed() {
    let until = |name: &str| json!({ "end": { "when": name, "at_most": "3s" } });
    let record = run(until("heard"));
    assert_eq!((record.verdict, record.virtual_time_ns), (Verdict::Pass, 11_000_000));
    let record = run(until("never"));
    assert_eq!((record.verdict, record.virtual_time_ns), (Verdict::Fail, 3_000_000_000));
    assert_eq!(record.property.as_deref(), Some("never"));
}

#[test]
fn milestones_are_checked_when_they_are_due() {
    let check = |name: &str, within: &str, after: &str| {
        let check = json!({ "name": name, "within": within, "after": after });
        run(json!({ "checks": [{ "milestone": check }] }))
    };
    assert_eq!(check("heard", "20ms", "start").verdict, Verdict::Pass);
    let early = check("heard", "5ms", "start");
    assert_eq!((early.verdict, early.virtual_time_ns), (Verdict::Fail, 5_000_000));
    assert_eq!(early.property.as_deref(), Some("heard"));
    assert_eq!(check("heard", "1ms", "heal").verdict, Verdict::Pass);
    let after = check("never", "500ms", "heal");
    assert_eq!((after.verdict, after.virtual_time_ns), (Verdict::Fail, 2_500_000_000));
}

#[test]
fn limits_leave_a_run_unknown() {
    let record = run(json!({ "limits": { "events": 500 } }));
    assert_eq!((record.verdict, record.events), (Verdict::Unknown, 500));
    assert_eq!(record.property.as_deref(), Some("limits"));
    let early = plan(json!({}))
        .run(7, &RunOptions { until_ns: Some(1_500_000_000), ..Default::default() })
        .record;
    assert_eq!((early.verdict, early.virtual_time_ns), (Verdict::Unknown, 1_500_000_000));
}

#[test]
fn invariants_stop_a_run_unless_it_goes_on_or_they_are_taken_out() {
    let calm = json!({ "params": { "calm": 50 }, "workloads": clients(), "checks": ["few"] });
    let output = plan(calm.clone()).run(7, &RunOptions::default());
    let record = output.record;
    assert_eq!((record.verdict, record.property.as_deref()), (Verdict::Fail, Some("calm")));
    assert!(record.message.expect("a message").contains("has heard 50 ticks"));
    let point = output.violation.expect("a point");
    assert_eq!((point.event, point.time_ns), (record.events, record.virtual_time_ns));
    let on = plan(calm).run(7, &RunOptions { keep_going: true, ..Default::default() });
    assert_eq!(on.record.virtual_time_ns, 4_000_000_000);
    assert_eq!(on.record.property.as_deref(), Some("calm"));
    assert_eq!(on.record.also, ["few"]);
    assert_eq!(on.violation.expect("a point"), point);
    let without = run(json!({ "params": { "calm": 50 }, "checks": [{ "without": ["calm"] }] }));
    assert_eq!(without.verdict, Verdict::Pass);
}

#[test]
fn a_panic_is_a_violation_and_ends_even_a_run_that_goes_on() {
    let panics = json!({ "params": { "panics": 30 } });
    let options = RunOptions { keep_going: true, ..Default::default() };
    let record = plan(panics).run(7, &options).record;
    assert_eq!(record.property.as_deref(), Some("node-panicked"));
    assert_eq!(record.virtual_time_ns, 300_000_000);
    assert!(record.message.expect("a message").contains("tick 30 is too many"));
}

#[test]
fn checkers_and_bounds_judge_what_happened() {
    let checked = |check: Value| run(json!({ "workloads": clients(), "checks": [check] }));
    let few = checked(json!("few"));
    assert_eq!((few.verdict, few.property.as_deref()), (Verdict::Fail, Some("few")));
    let bound = |name: &str, band: Value| {
        let record = checked(json!({ name: band }));
        (record.verdict, record.property)
    };
    assert_eq!(bound("messages_per_operation", json!({ "at_most": 1000 })).0, Verdict::Pass);
    let (verdict, property) = bound("messages_per_operation", json!({ "at_most": 1 }));
    assert_eq!((verdict, property.as_deref()), (Verdict::Fail, Some("messages_per_operation")));
    assert_eq!(bound("latency_p99_ns", json!({ "at_most": "1s" })).0, Verdict::Pass);
    assert_eq!(bound("latency_p50_ns", json!({ "at_least": "1s" })).0, Verdict::Fail);
    let nobody = run(json!({ "checks": [{ "latency_p50_ns": { "at_most": "1s" } }] }));
    assert_eq!(nobody.verdict, Verdict::Unknown);
}

#[test]
fn hosts_that_are_left_out_keep_the_numbers_of_the_others() {
    let record = run(json!({ "nodes": ["n1", "n3", "n7"], "faults": [
        { "crash": { "at": "500ms", "select": "n7", "for": "50ms" } }] }));
    assert_eq!((record.verdict, record.faults["crash"]), (Verdict::Pass, 1));
    // Three hosts, two others each: about 6 ticks each 10 ms for 4 s.
    assert!((2350..=2400).contains(&record.messages.by_kind["tick"]));
}
