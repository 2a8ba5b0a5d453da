//! The operator: what each verb of a script does, and what it says when it is disappointed.

use seedbed_scenarios::run::{RunRecord, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, run, ticks, traced};

fn script(steps: Value) -> RunRecord {
    run(json!({ "script": steps, "end": null }))
}

fn with_params(params: Value, steps: Value) -> RunRecord {
    run(json!({ "script": steps, "end": null, "params": params }))
}

/// The property and the message of a script that fails.
fn failure(record: RunRecord) -> (String, String) {
    assert_eq!(record.verdict, Verdict::Fail, "{:?}", record.message);
    (record.property.expect("a property"), record.message.expect("a message"))
}

#[test]
fn submissions_are_accepted_or_not_and_at_an_index() {
    let record = script(json!([
        { "wait": "100ms" },
        { "submit": { "to": "n1", "op": 5, "expect": { "accepted": true, "index": 1, "ret": 1 } } },
        { "submit": { "to": "n2", "op": 6, "expect": { "accepted": false } } },
        { "submit": { "to": "all", "op": 7, "expect": { "accepted": true, "index": [2, 9] } } },
    ]));
    assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
    let wrong = |step: Value| failure(script(json!([{ "wait": "100ms" }, { "submit": step }])));
    let (property, message) = wrong(json!({ "to": "n2", "op": 6, "expect": { "accepted": true } }));
    assert_eq!(property, "submit");
    assert_eq!(message, "script[1].submit: no host accepted it");
    let (_, message) = wrong(json!({ "to": "n1", "op": 6, "expect": { "index": [4, 5] } }));
    assert!(message.contains("n1 accepted it at index 1, expected one of [4, 5]"), "{message}");
    let (_, message) = wrong(json!({ "to": "n1", "op": 6, "expect": { "ret": 3 } }));
    assert!(message.contains("it returned 1, expected 3"), "{message}");
}

#[test]
fn agreement_is_of_so_many_hosts_at_an_index() {
    let agree = |on: u64| json!({ "agree": { "op": 5, "on": on, "within": "3s", "index": 1 } });
    assert_eq!(script(json!([agree(3)])).verdict, Verdict::Pass);
    let deaf = json!({ "deaf": 3 });
    assert_eq!(with_params(deaf.clone(), json!([agree(2)])).verdict, Verdict::Pass);
    let record = with_params(deaf, json!([agree(3)]));
    // One attempt of two seconds, since it does not retry.
    assert!((2_000..2_100).contains(&(record.virtual_time_ns / 1_000_000)));
    let (property, message) = failure(record);
    assert_eq!(property, "agree");
    assert!(message.ends_with("n1 accepted 5 at index 1, and 2 of 3 hosts applied it"));
}

#[test]
fn a_lost_operation_is_submitted_again_only_if_asked() {
    // The additions of the first second reach nobody.
    let steps = |retry: bool| {
        json!([
            { "loss": { "chance": "100%", "from": "n1", "to": "all", "for": "1s" } },
            { "agree": { "op": 5, "on": 3, "within": "10s", "retry": retry, "bind": "A" } },
            { "if": { "same": ["$A", "n1"], "steps": [{ "wait": "1s" }] } },
        ])
    };
    assert_eq!(failure(script(steps(false))).0, "agree");
    let record = script(steps(true));
    assert_eq!(record.verdict, Verdict::Pass);
    assert!((3_000..3_200).contains(&(record.virtual_time_ns / 1_000_000)));
}

#[test]
fn what_is_committed_is_known_by_operation_reference_and_index() {
    let not = |what: Value| {
        failure(script(json!([
            { "agree": { "op": 5, "on": 3, "within": "3s", "bind": "five" } },
            { "not_committed": what },
        ])))
    };
    let (property, message) = not(json!({ "op": 5, "for": "0" }));
    assert_eq!(property, "not-committed");
    assert_eq!(message, "script[1].not_committed: 5 is committed at index 1");
    assert!(not(json!({ "index": 1, "for": "0" })).1.ends_with("5 is committed at index 1"));
    assert!(not(json!({ "ref": "five", "for": "0" })).1.contains("`five`, 5, is committed"));
    let record = script(json!([
        { "agree": { "op": 5, "on": 3, "within": "3s" } },
        { "not_committed": { "op": 6, "for": "1s" } },
        { "not_committed": { "index": 2, "for": "1s" } },
    ]));
    assert_eq!(record.verdict, Verdict::Pass);
    assert!((2_000..2_100).contains(&(record.virtual_time_ns / 1_000_000)));
}

#[test]
fn leaders_are_expected_among_connected_hosts() {
    let record = script(json!([
        { "expect_leader": { "bind": "L1" } },
        { "crash": { "select": "$L1" } },
        { "expect_leader": { "bind": "L2" } },
        { "crash": { "select": "$L2+1" } },
        { "crash": { "select": "$L2" } },
        { "expect_no_leader": { "for": "1s" } },
        { "restart": { "select": "$L1" } },
        { "expect_leader": {} },
    ]));
    assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
    assert_eq!(record.faults["crash"], 3);
    let isolated = script(json!([
        { "wait": "100ms" },
        { "partition": { "isolate": "n1" } },
        { "expect_no_leader": { "for": "100ms" } },
        { "expect_leader": { "within": "2s" } },
    ]));
    let (property, message) = failure(isolated);
    assert_eq!(property, "expect-leader");
    assert!(message.contains("nobody led within 2s among [n2, n3]"), "{message}");
    let among = script(json!([
        { "partition": { "isolate": "n1" } }, { "expect_leader": { "among": "all" } } ]));
    assert_eq!(among.verdict, Verdict::Pass);
    let (property, message) =
        failure(script(json!([{ "wait": "50ms" }, { "expect_no_leader": { "for": "0" } }])));
    assert_eq!((property.as_str(), message.contains("n1 leads at")), ("expect-no-leader", true));
    let two = with_params(json!({ "rival": true }), json!([{ "expect_leader": {} }]));
    assert_eq!(failure(two).1, "script[0].expect_leader: [n1, n2] all lead");
}

#[test]
fn steps_repeat_and_depend() {
    let record = script(json!([
        { "wait": "50ms" },
        { "repeat": { "times": 3, "steps": [
            { "submit": { "to": "n1", "op": 1, "bind": "S" } },
            { "if": { "accepted": true, "steps": [{ "crash": { "select": "$S" } }] } },
            { "if": { "alive": "<3", "steps": [{ "wait": "1s" }], "else": [{ "wait": "9s" }] } },
            { "restart": { "select": "all" } },
            { "if": { "leader": false, "steps": [{ "wait": "9s" }] } },
            { "wait": "10ms" } ] } },
        { "chance": { "p": "100%", "steps": [{ "wait": "1s" }], "else": [{ "wait": "9s" }] } },
        { "chance": { "p": "0%", "steps": [{ "wait": "9s" }] } },
    ]));
    assert_eq!((record.verdict, record.message), (Verdict::Pass, None));
    assert_eq!(record.virtual_time_ns, 4_080_000_000);
    assert_eq!((record.faults["crash"], record.faults["restart"]), (3, 3));
}

#[test]
fn a_measure_bounds_what_its_steps_cost() {
    let measure = |count: &str, band: &str, number: u64| {
        script(json!([
            { "wait": "101ms" },
            { "measure": { "count": count, band: number, "steps": [{ "wait": "1s" }] } },
        ]))
    };
    // Three hosts send two ticks each 10 ms.
    assert_eq!(measure("messages", "at_most", 600).verdict, Verdict::Pass);
    let (property, message) = failure(measure("messages", "at_most", 599));
    assert_eq!(property, "measure");
    assert_eq!(message, "script[1].measure: 600 messages, and 599 at most were allowed");
    assert_eq!(failure(measure("bytes", "at_least", 1_000_000)).0, "measure");
}

#[test]
fn faults_in_scripts_fire_at_once_and_together() {
    let output = traced(json!({ "end": null, "script": [
        { "wait": "100ms" },
        { "partition": { "isolate": ["n1", "n2"] } },
        { "wait": "100ms" },
        { "heal": { "select": "n1" } },
        { "wait": "100ms" },
        { "heal": {} },
        { "pause": { "select": "n3", "for": "100ms" } },
        { "wait": "200ms" },
    ] }));
    assert_eq!(output.record.verdict, Verdict::Pass);
    let at: Vec<u64> = fault_lines(&output).iter().map(|(ms, _)| *ms).collect();
    assert_eq!(at, [100, 200, 300, 300, 400]);
    assert_eq!(ticks(&output, "n1", "n3", 210..290), 8);
    assert_eq!(ticks(&output, "n1", "n2", 110..300), 0);
    // A repeated fault is one fault: all its firings together.
    let record = script(json!([{ "wait": "50ms" }, { "repeat": { "times": 2, "steps": [
        { "crash": { "select": "n1" } }, { "wait": "10ms" } ] } }]));
    assert_eq!((record.verdict, record.faults["crash"]), (Verdict::Pass, 1));
    let record = script(json!([{ "wait": "50ms" }, { "restart": { "select": "n1" } }]));
    assert_eq!(record.message.as_deref(), Some("script[1].restart never took effect"));
}

#[test]
fn a_script_that_is_cut_short_proves_nothing() {
    let record = run(json!({ "script": [{ "wait": "9s" }] }));
    assert_eq!((record.verdict, record.virtual_time_ns), (Verdict::Unknown, 4_000_000_000));
    assert!(record.message.expect("a message").contains("script[0].wait"));
    let record = run(json!({ "script": [{ "wait": "1s" }] }));
    assert_eq!((record.verdict, record.virtual_time_ns), (Verdict::Pass, 4_000_000_000));
}

#[test]
fn binding_waits_and_gives_up() {
    let steps = json!([{ "bind": { "S": "seasoned" } }, { "crash": { "select": "$S" } }]);
    let record = with_params(json!({ "seasoned": 100 }), steps.clone());
    assert_eq!((record.verdict, record.faults["crash"]), (Verdict::Pass, 1));
    assert_eq!(failure(with_params(json!({}), steps)).0, "bind");
}
