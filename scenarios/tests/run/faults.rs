//! Every kind of fault does what it says to the traffic of the hosts that it names.

use seedbed_scenarios::run::{RunOutput, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, run, ticks, traced};

/// A run with one fault from 500 ms to 1 s.
fn with(fault: Value) -> RunOutput {
    let output = traced(json!({ "faults": [fault], "workloads": [{ "adds": { "clients": 1 } }] }));
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    output
}

/// Ticks on a link before, during and after the fault, each in 400 ms.
fn counts(output: &RunOutput, from: &str, to: &str) -> [usize; 3] {
    [50..450, 550..950, 1050..1450].map(|ms| ticks(output, from, to, ms))
}

const NORMAL: [usize; 3] = [40, 40, 40];
const SILENT: [usize; 3] = [40, 0, 40];

#[test]
fn groups_cannot_reach_each_other_and_clients_reach_everybody() {
    let output = with(json!({ "partition":
        { "at": "500ms", "for": "500ms", "groups": [["n1"], ["rest"]] } }));
    assert_eq!(counts(&output, "n1", "n2"), SILENT);
    assert_eq!(counts(&output, "n3", "n1"), SILENT);
    assert_eq!(counts(&output, "n2", "n3"), NORMAL);
    assert_eq!(output.record.faults["partition"], 1);
    assert_eq!((output.record.operations.fail, output.record.operations.info), (0, 0));
    assert!(output.record.messages.cut > 0);
    let said: Vec<_> = fault_lines(&output);
    assert_eq!(said[0], (500, "partition {n1}|{n2 n3} for 500ms".to_owned()));
    assert_eq!(said[1], (1000, "partition {n1}|{n2 n3} ends".to_owned()));
}

#[test]
fn clients_are_cut_when_named() {
    let output = with(json!({ "partition":
        { "at": "500ms", "for": "1400ms", "groups": [["clients"], ["all"]] } }));
    assert_eq!(counts(&output, "n1", "n2"), NORMAL);
    assert!(output.record.operations.info > 0);
}

#[test]
fn the_first_of_overlapping_groups_has_whom_they_share() {
    let output = with(json!({ "partition":
        { "at": "500ms", "for": "500ms", "groups": [["leader"], ["majority"], ["rest"]] } }));
    let (_, text) = &fault_lines(&output)[0];
    assert!(text.starts_with("partition {n1}|{n2 n3}|{}"), "{text}");
}

#[test]
fn one_way_cuts_one_direction() {
    let output = with(json!({ "partition":
        { "at": "500ms", "for": "500ms", "one_way": { "from": "n1", "to": "rest" } } }));
    assert_eq!(counts(&output, "n1", "n2"), SILENT);
    assert_eq!(counts(&output, "n2", "n1"), NORMAL);
}

#[test]
fn isolation_is_of_one_host_from_every_other() {
    let output = with(json!({ "partition":
        { "at": "500ms", "for": "500ms", "isolate": "leader+1" } }));
    assert_eq!(counts(&output, "n2", "n3"), SILENT);
    assert_eq!(counts(&output, "n1", "n2"), SILENT);
    assert_eq!(counts(&output, "n1", "n3"), NORMAL);
}

#[test]
fn a_clog_holds_traffic_and_lets_it_go() {
    let output = with(json!({ "clog": { "at": "500ms", "for": "500ms", "select": "n2" } }));
    assert_eq!(counts(&output, "n1", "n2")[1], 0);
    assert_eq!(counts(&output, "n2", "n1")[1], 0);
    // What was held comes at once.
    assert!(ticks(&output, "n1", "n2", 1000..1005) >= 49);
    assert_eq!(counts(&output, "n1", "n3"), NORMAL);
}

#[test]
fn an_unclog_lets_go_before_time() {
    let output = traced(json!({ "faults": [
        { "clog": { "at": "500ms", "from": "n1", "to": "n2" } },
        { "unclog": { "at": "700ms", "from": "n1", "to": "all" } },
    ] }));
    assert_eq!(ticks(&output, "n1", "n2", 502..700), 0);
    assert!(ticks(&output, "n1", "n2", 700..705) >= 19);
    assert_eq!((output.record.faults["clog"], output.record.faults["unclog"]), (1, 1));
}

#[test]
fn a_crash_silences_a_host_until_it_restarts() {
    let output = with(json!({ "crash": { "at": "500ms", "for": "500ms", "select": "n3" } }));
    assert_eq!(counts(&output, "n3", "n1"), SILENT);
    assert_eq!(counts(&output, "n1", "n3"), SILENT);
    assert!(output.record.messages.host_down > 90);
    assert!(output.record.milestones["restarted"] >= 1_000_000_000);
}

#[test]
fn a_crash_lasts_until_a_restart_or_heal() {
    let output = traced(json!({ "faults": [
        { "crash": { "at": "500ms", "select": ["n2", "n3"] } },
        { "restart": { "at": "700ms", "select": "n2" } },
    ] }));
    assert_eq!(ticks(&output, "n2", "n1", 550..700), 0);
    assert_eq!(ticks(&output, "n2", "n1", 750..1150), 40);
    assert_eq!(ticks(&output, "n3", "n1", 550..2000), 0);
    assert!(ticks(&output, "n3", "n1", 2100..2500) == 40, "heal restarts");
}

#[test]
fn a_paused_host_handles_what_waited_when_it_goes_on() {
    let output = with(json!({ "pause": { "at": "500ms", "for": "500ms", "select": "n2" } }));
    assert_eq!(counts(&output, "n2", "n1"), SILENT);
    assert_eq!(counts(&output, "n1", "n2")[1], 0);
    assert!(ticks(&output, "n1", "n2", 1000..1005) >= 49);
    assert_eq!(output.record.messages.host_down, 0);
}

#[test]
fn loss_duplicates_and_delay_are_on_the_links_that_are_named() {
    let lost = with(json!({ "loss":
        { "at": "500ms", "for": "500ms", "chance": "100%", "from": "n1", "to": "n2" } }));
    assert_eq!(counts(&lost, "n1", "n2"), SILENT);
    assert_eq!(counts(&lost, "n2", "n1"), NORMAL);
    let twice = with(json!({ "duplicate":
        { "at": "500ms", "for": "500ms", "chance": "100%", "from": "n1", "to": "n2" } }));
    assert_eq!(counts(&twice, "n1", "n2"), [40, 80, 40]);
    let late = with(json!({ "delay":
        { "at": "500ms", "for": "500ms", "by": "600ms", "from": "n1", "to": "n2" } }));
    // The last five of those that come late come after what is counted.
    assert_eq!(counts(&late, "n1", "n2"), [40, 0, 75]);
    let mixed = with(json!({ "reorder": { "at": "500ms", "for": "500ms", "chance": "50%" } }));
    let plain = traced(json!({ "workloads": [{ "adds": { "clients": 1 } }] }));
    assert_ne!(mixed.record.digest, plain.record.digest);
    assert_eq!(mixed.record.faults["reorder"], 1);
}

#[test]
fn a_message_fault_takes_one_message() {
    let losing = |nth: u64| {
        json!({ "message":
            { "from": "n1", "to": "n2", "kind": "tick", "nth": nth, "do": "lose" } })
    };
    let output = traced(json!({ "faults": [losing(3)] }));
    assert_eq!((output.record.messages.lost, output.record.faults["message"]), (1, 1));
    assert_eq!(ticks(&output, "n1", "n2", 0..100), ticks(&output, "n1", "n3", 0..100) - 1);
    // It never came: the run proves nothing about it.
    let never = run(json!({ "faults": [losing(100_000)] }));
    assert_eq!((never.verdict, never.messages.lost), (Verdict::Vacuous, 0));
}

#[test]
fn a_message_fault_takes_what_a_client_asks_or_hears() {
    for (kind, from, to) in [("client-request", "c1", "all"), ("client-reply", "all", "c1")] {
        let losing = json!({ "message": { "from": from, "to": to, "kind": kind, "do": "lose" } });
        let output = with(losing);
        let it = &output.record;
        assert_eq!((it.messages.lost, it.faults["message"]), (1, 1), "{kind}");
    }
    let output = with(json!({ "pause": { "select": "n1", "for": "500ms",
        "when": { "sent": { "kind": "client-request", "count": 10 } } } }));
    assert_eq!(output.record.faults["pause"], 1);
}

#[test]
fn heal_of_one_isolated_host_leaves_the_other_alone() {
    let output = traced(json!({ "faults": [
        { "partition": { "at": "200ms", "isolate": ["n1", "n2"] } },
        { "heal": { "at": "600ms", "select": "n1" } },
        { "heal": { "at": "1s", "select": "n2" } },
    ] }));
    assert_eq!(ticks(&output, "n1", "n3", 250..600), 0);
    assert_eq!(ticks(&output, "n1", "n3", 650..950), 30);
    assert_eq!(ticks(&output, "n1", "n2", 250..1000), 0);
    assert_eq!(ticks(&output, "n1", "n2", 1050..1450), 40);
    assert_eq!(output.record.faults["heal"], 2);
}

#[test]
fn the_sum_of_fates_is_what_was_sent() {
    let output = with(json!({ "random": { "from": "100ms", "until": "1900ms",
        "kinds": ["crash", "pause", "partition", "clog", "loss", "duplicate", "reorder", "delay"],
        "times": [10, 20], "for": ["50ms", "400ms"] } }));
    let it = &output.record.messages;
    let fates = it.delivered + it.lost + it.cut + it.queue_dropped + it.undecodable + it.host_down;
    assert_eq!(it.sent + it.duplicated, fates + it.in_flight_at_end);
    assert_eq!(it.sent, it.by_kind.values().sum::<u64>());
    assert!(output.record.faults.values().sum::<u64>() >= 10);
    assert!(it.by_kind["client-request"] > 0 && it.by_kind["client-reply"] > 0);
}
