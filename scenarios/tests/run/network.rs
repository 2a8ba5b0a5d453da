//! What the network does to single messages, and how long they take, through scenarios.

use std::collections::BTreeMap;

use seedbed_scenarios::run::{RunOutput, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, lines, run, ticks, traced};

/// A run with one fault from 500 ms to 1 s.
fn with(mut fault: Value) -> RunOutput {
    let inner = fault.as_object_mut().and_then(|fault| fault.values_mut().next()).expect("a fault");
    inner["at"] = json!("500ms");
    inner["for"] = json!("500ms");
    let output = traced(json!({ "faults": [fault], "workloads": [{ "adds": { "clients": 1 } }] }));
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    output
}

/// Ticks on a link before, during and after the fault, each in 400 ms.
fn counts(output: &RunOutput, from: &str, to: &str) -> [usize; 3] {
    [50..450, 550..950, 1050..1450].map(|ms| ticks(output, from, to, ms))
}

/// How long the ticks of a link were on their way, in microseconds, in order of arrival.
fn latencies(output: &RunOutput, from: &str, to: &str) -> Vec<u64> {
    let times: BTreeMap<u64, u64> =
        lines(output).iter().map(|line| (line.event, line.time_ns)).collect();
    let handled = lines(output).iter().filter(|line| {
        line.what == "handled"
            && line.kind.as_deref() == Some("tick")
            && line.host.as_deref() == Some(to)
            && line.peer.as_deref() == Some(from)
    });
    handled.map(|line| (line.time_ns - times[&line.cause.unwrap()]) / 1000).collect()
}

#[test]
fn corruption_is_on_the_links_that_are_named() {
    let output = with(json!({ "corrupt": { "chance": "100%", "from": "n1", "to": "n2" } }));
    // A tick has no bit to spare: whichever flips, it is no tick any more.
    assert_eq!(counts(&output, "n1", "n2"), [40, 0, 40]);
    assert_eq!(counts(&output, "n2", "n1"), [40, 40, 40]);
    let it = &output.record;
    assert!(it.messages.undecodable >= 50, "{:?}", it.messages);
    assert!(it.messages.corrupted >= it.messages.undecodable);
    assert_eq!((it.faults["corrupt"], it.messages.misdirected), (1, 0));
    assert_eq!(fault_lines(&output)[0].1, "corruption of 1 n1 -> n2 for 500ms");
    let told = |what: &str| lines(&output).iter().filter(|line| line.what == what).count() as u64;
    assert_eq!(told("corrupted"), it.messages.corrupted);
}

#[test]
fn misdirected_messages_come_to_another_host() {
    let output = with(json!({ "misdirect":
        { "chance": "100%", "from": "n1", "to": "n2", "kinds": ["tick"] } }));
    assert_eq!(counts(&output, "n1", "n2"), [40, 0, 40]);
    assert_eq!(counts(&output, "n1", "n3"), [40, 80, 40]);
    let it = &output.record;
    assert_eq!((it.faults["misdirect"], it.messages.misdirected), (1, 50));
    assert_eq!(it.messages.undecodable, 0);
    assert_eq!(fault_lines(&output)[0].1, "misdirection of 1 n1 -> n2 of tick for 500ms");
}

#[test]
fn faults_strike_the_kinds_that_are_named() {
    for (key, more) in [("loss", None), ("reorder", Some("600ms")), ("delay", Some("600ms"))] {
        let mut inner = json!({ "from": "n1", "to": "n2", "kinds": ["added"] });
        if key != "delay" {
            inner["chance"] = json!(1);
        }
        if let Some(by) = more {
            inner["by"] = json!(by);
        }
        let of_others = with(json!({ key: inner.clone() }));
        assert_eq!(counts(&of_others, "n1", "n2"), [40, 40, 40], "{key}");
        inner["kinds"] = json!(["added", "tick"]);
        let of_ticks = with(json!({ key: inner }));
        assert_eq!(counts(&of_ticks, "n1", "n2")[1], 0, "{key}");
        if key == "loss" {
            assert!(of_others.record.messages.lost > 10);
        } else {
            assert_eq!(counts(&of_ticks, "n1", "n2"), [40, 0, 75], "{key}");
        }
    }
}

/// The longest time without a tick on any link, in ticks.
fn longest_silence(output: &RunOutput) -> u64 {
    let mut longest = 0;
    for (from, to) in [("n1", "n2"), ("n2", "n1"), ("n1", "n3"), ("n3", "n1"), ("n2", "n3")] {
        let mut last = 0;
        for line in lines(output) {
            if line.kind.as_deref() == Some("tick")
                && line.what == "handled"
                && line.host.as_deref() == Some(to)
                && line.peer.as_deref() == Some(from)
            {
                longest = longest.max((line.time_ns - last) / 10_000_000);
                last = line.time_ns;
            }
        }
    }
    longest
}

#[test]
fn losses_come_together_where_they_are_correlated() {
    let fault = |correlation: Value| {
        let mut loss = json!({ "loss": { "at": "100ms", "chance": "50%" } });
        if !correlation.is_null() {
            loss["loss"]["correlation"] = correlation;
        }
        longest_silence(&traced(json!({ "faults": [loss] })))
    };
    let setting = |correlation: Value| {
        longest_silence(&traced(json!({ "network": { "latency": "1ms", "loss": "50%",
            "correlation": correlation } })))
    };
    // 200 messages a link: a burst of twenty is one in a million, or the ordinary thing.
    assert!(fault(Value::Null) < 20 && setting(json!(0)) < 20);
    assert!(fault(json!("95%")) > 20 && setting(json!("95%")) > 20);
}

#[test]
fn settings_of_the_network_corrupt_misdirect_and_hold_back() {
    let of = |network: Value| run(json!({ "network": network })).messages;
    let corrupted = of(json!({ "latency": "1ms", "corrupt": "20%" }));
    assert!(corrupted.corrupted > 200 && corrupted.undecodable > 200, "{corrupted:?}");
    let checked = of(json!({ "latency": "1ms", "corrupt": "20%", "checksum": true }));
    assert_eq!(checked.corrupted, checked.undecodable);
    let astray = of(json!({ "latency": "1ms", "misdirect": "20%" }));
    assert!(astray.misdirected > 200 && astray.undecodable == 0, "{astray:?}");
    let addressed = of(json!({ "latency": "1ms", "misdirect": "20%", "addressee": true }));
    assert_eq!(addressed.misdirected, addressed.undecodable);
    let held = traced(json!({ "network": { "latency": "1ms", "reorder": "20%",
        "reorder_by": "50ms" } }));
    let times = latencies(&held, "n1", "n2");
    let late = times.iter().filter(|time| **time == 51_000).count();
    assert!(times.iter().all(|time| [1_000, 51_000].contains(time)));
    assert!((40..130).contains(&late), "{late} of {}", times.len());
}

#[test]
fn zones_have_a_matrix_of_latencies() {
    let output = traced(json!({
        "nodes": 4,
        "zones": { "east": ["n1", "n2"], "west": ["n3"] },
        "network": { "latency": "1ms",
            "zones": { "east": { "west": "52ms", "east": "3ms" } },
            "links": [
                { "from": "west", "to": "east", "jitter": "0", "latency": "74ms" },
                { "from": "n2", "to": "n3", "latency": "9ms" },
                { "from": "n1", "to": "n3", "duplicate": "100%" } ] },
    }));
    let all = |from: &str, to: &str, millis: u64| {
        let times = latencies(&output, from, to);
        assert!(times.len() > 100, "{from} {to}");
        assert!(times.iter().all(|time| *time == millis * 1000), "{from} {to}: {times:?}");
        times.len()
    };
    all("n1", "n2", 3);
    all("n2", "n1", 3);
    all("n3", "n1", 74);
    all("n2", "n3", 9);
    all("n4", "n1", 1);
    all("n3", "n4", 1);
    // A link of its own keeps what its zones say and it does not.
    assert!(all("n1", "n3", 52) > 700);
}

#[test]
fn a_matrix_is_symmetric_unless_it_says_otherwise() {
    let output = traced(json!({
        "zones": { "east": ["n1"], "west": ["n2"], "south": ["n3"] },
        "network": { "latency": "1ms", "zones": {
            "east": { "west": "20ms", "south": "30ms" }, "south": { "east": "40ms" } } },
    }));
    let all = |from: &str, to: &str| {
        let times = latencies(&output, from, to);
        assert!(times.windows(2).all(|pair| pair[0] == pair[1]), "{times:?}");
        times[0] / 1000
    };
    let found = ["n1 n2", "n2 n1", "n1 n3", "n3 n1", "n2 n3"].map(|link| {
        let (from, to) = link.split_once(' ').unwrap();
        all(from, to)
    });
    assert_eq!(found, [20, 20, 30, 40, 1]);
}

#[test]
fn a_measured_network_takes_as_long_as_was_measured() {
    let output = traced(json!({
        "zones": { "virginia": ["n1"], "oregon": ["n2"], "sao-paulo": ["n3"] },
        "network": { "wan": "ec2" }, "end": { "heal_at": "8s", "settle": "2s" },
    }));
    let mean = |from: &str, to: &str| {
        let times = latencies(&output, from, to);
        times.iter().sum::<u64>() / times.len() as u64
    };
    // Half of the measured round trips: 82.6, 165 and 208 ms.
    for (from, to, expected) in [("n1", "n2", 41_400), ("n3", "n1", 83_000), ("n2", "n3", 104_000)]
    {
        let found = mean(from, to);
        assert!(found.abs_diff(expected) < expected / 20, "{from} {to}: {found}");
    }
}

#[test]
fn corruption_and_misdirection_can_be_drawn() {
    let record = run(json!({ "faults": [{ "random": { "from": "100ms", "until": "1500ms",
        "kinds": ["corrupt", "misdirect"], "times": [8, 8], "for": ["200ms", "400ms"] } }] }));
    assert_eq!(record.faults["corrupt"] + record.faults["misdirect"], 8);
    assert!(record.messages.corrupted > 5 && record.messages.misdirected > 5);
    let it = &record.messages;
    let fates = it.delivered + it.lost + it.cut + it.queue_dropped + it.undecodable + it.host_down;
    assert_eq!(it.sent + it.duplicated, fates + it.in_flight_at_end);
}
