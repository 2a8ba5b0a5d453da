//! Every form of partition cuts what it says and nothing else; some come and go.

use std::collections::BTreeSet;

use seedbed_scenarios::run::{RunOptions, RunOutput, TraceLevel, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, plan, run, ticks, traced};

const NAMES: [&str; 7] = ["n1", "n2", "n3", "n4", "n5", "n6", "n7"];

/// A run of so many hosts that a partition cuts from 500 ms to 1 s.
fn cut(nodes: usize, seed: u64, form: &Value) -> RunOutput {
    let mut partition = json!({ "at": "500ms", "for": "500ms" });
    for (key, value) in form.as_object().expect("an object") {
        partition[key] = value.clone();
    }
    let plan = plan(json!({ "nodes": nodes, "faults": [{ "partition": partition }],
        "workloads": [{ "adds": { "clients": 2 } }] }));
    let output = plan.run(seed, &RunOptions { trace: TraceLevel::Full, ..Default::default() });
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    assert_eq!(output.record.faults["partition"], 1);
    for name in &NAMES[..nodes] {
        let other = if *name == "n1" { "n2" } else { "n1" };
        assert_eq!(ticks(&output, name, other, 1050..1450), 40, "it ends");
    }
    output
}

/// Whom each host heard during the partition, itself included. A link that let only some through
/// would be a mistake of the partition.
fn heard(output: &RunOutput, nodes: usize) -> Vec<BTreeSet<usize>> {
    let from = |to: usize, from: usize| match ticks(output, NAMES[from], NAMES[to], 550..950) {
        0 => false,
        40 => true,
        other => panic!("{other} ticks"),
    };
    (0..nodes).map(|to| (0..nodes).filter(|it| *it == to || from(to, *it)).collect()).collect()
}

#[test]
fn a_bridge_sees_both_sides_which_do_not_see_each_other() {
    let mut bridges = BTreeSet::new();
    for seed in 0..12 {
        let output = cut(5, seed, &json!({ "bridge": "random" }));
        let heard = heard(&output, 5);
        let bridge = heard.iter().position(|whom| whom.len() == 5).expect("a bridge");
        bridges.insert(bridge);
        for (host, whom) in heard.iter().enumerate().filter(|(host, _)| *host != bridge) {
            assert_eq!(whom.len(), 3, "itself, one more, and the bridge");
            for other in whom.iter().filter(|other| **other != bridge) {
                assert_eq!(heard[*other], *whom, "{host} and {other} are on one side");
            }
        }
    }
    assert!(bridges.len() > 2, "{bridges:?}");
    let named = cut(4, 1, &json!({ "bridge": "leader" }));
    assert_eq!(heard(&named, 4)[0].len(), 4);
    let (_, text) = &fault_lines(&named)[0];
    assert!(text.ends_with("bridged by n1 for 500ms"), "{text}");
}

#[test]
fn in_a_ring_each_sees_another_majority() {
    for nodes in 4..8 {
        let output = cut(nodes, nodes as u64, &json!({ "majorities_ring": true }));
        let heard = heard(&output, nodes);
        assert!(heard.iter().all(|whom| whom.len() > nodes / 2 && whom.len() < nodes));
        let different: BTreeSet<_> = heard.iter().collect();
        assert_eq!(different.len(), nodes);
        for (host, whom) in heard.iter().enumerate() {
            assert!(whom.iter().all(|other| heard[*other].contains(&host)), "both see each other");
        }
    }
}

/// The sizes of the sides, the smaller first; all hosts of a side hear just each other.
fn sides(output: &RunOutput, nodes: usize) -> (usize, BTreeSet<usize>) {
    let heard = heard(output, nodes);
    let sides: BTreeSet<_> = heard.iter().cloned().collect();
    assert_eq!(sides.len(), 2, "{sides:?}");
    assert_eq!(sides.iter().map(BTreeSet::len).sum::<usize>(), nodes);
    let smaller = sides.into_iter().min_by_key(BTreeSet::len).expect("two");
    (smaller.len(), smaller)
}

#[test]
fn halves_and_minorities_are_drawn() {
    let mut halves = BTreeSet::new();
    let mut minorities = BTreeSet::new();
    let mut sizes = BTreeSet::new();
    for seed in 0..20 {
        let (size, hosts) = sides(&cut(5, seed, &json!({ "halves": true })), 5);
        assert_eq!(size, 2);
        halves.insert(hosts);
        let (size, hosts) = sides(&cut(5, seed, &json!({ "minority": true })), 5);
        sizes.insert(size);
        minorities.insert(hosts);
    }
    assert_eq!(sizes, BTreeSet::from([1, 2]), "a minority of five");
    assert!(halves.len() > 4 && minorities.len() > 6, "{halves:?} {minorities:?}");
    assert_eq!(sides(&cut(4, 1, &json!({ "halves": true })), 4).0, 2);
    assert_eq!(sides(&cut(4, 1, &json!({ "minority": true })), 4).0, 1);
}

#[test]
fn clients_are_cut_from_hosts_that_are_not_cut_from_each_other() {
    let mail = |output: &RunOutput, client: &str| {
        let lines = super::lines(output).iter().filter(|line| {
            line.what == "handled"
                && line.host.as_deref() == Some("n1")
                && line.peer.as_deref() == Some(client)
                && (550..950).contains(&(line.time_ns / 1_000_000))
        });
        lines.count()
    };
    let all = cut(3, 1, &json!({ "clients": { "from": "leader" } }));
    assert!(heard(&all, 3).iter().all(|whom| whom.len() == 3));
    assert_eq!((mail(&all, "c1"), mail(&all, "c2")), (0, 0));
    assert!(all.record.messages.cut > 0);
    let one = cut(3, 1, &json!({ "clients": { "select": "c1", "from": "all" } }));
    assert_eq!(mail(&one, "c1"), 0);
    assert!(mail(&one, "c2") > 10);
}

#[test]
fn a_partition_of_some_kinds_lets_the_others_through() {
    let added = |output: &RunOutput, host: &str, ms: std::ops::Range<u64>| {
        let lines = super::lines(output).iter().filter(|line| {
            line.what == "handled"
                && line.kind.as_deref() == Some("added")
                && line.host.as_deref() == Some(host)
                && ms.contains(&(line.time_ns / 1_000_000))
        });
        lines.count()
    };
    let form = json!({ "isolate": "n1", "kinds": ["added"] });
    let output = cut(3, 1, &form);
    assert!(heard(&output, 3).iter().all(|whom| whom.len() == 3), "ticks go through");
    assert_eq!((added(&output, "n2", 550..950), added(&output, "n3", 550..950)), (0, 0));
    assert!(output.record.messages.cut > 10);
    assert_eq!(fault_lines(&output)[0].1, "partition isolates n1 of added for 500ms");
    let ticks_only = cut(3, 1, &json!({ "groups": [["n1"], ["n2"]], "kinds": ["tick"] }));
    assert!(added(&ticks_only, "n2", 550..950) > 10);
    assert_eq!(heard(&ticks_only, 3)[1], BTreeSet::from([1, 2]));
    // Of clients: requests get through, and answers do not.
    let replies = cut(3, 1, &json!({ "clients": { "from": "all" }, "kinds": ["client-reply"] }));
    assert!(added(&replies, "n2", 504..550) > 0 && replies.record.messages.cut > 0);
    let requests = cut(3, 1, &json!({ "clients": { "from": "all" }, "kinds": ["client-request"] }));
    assert!(added(&requests, "n2", 504..950) == 0 && requests.record.messages.cut > 0);
}

#[test]
fn a_partition_of_some_kinds_flaps_and_heals_like_any_other() {
    let partition = json!({ "at": "500ms", "isolate": ["n1", "n2"], "kinds": ["tick"],
        "flap": { "on": ["100ms", "200ms"], "off": ["50ms", "100ms"] } });
    let plan = plan(json!({ "end": { "heal_at": "3s", "settle": "2s" }, "faults": [
        { "partition": partition }, { "heal": { "at": "1500ms", "select": "n1" } }] }));
    let output = plan.run(3, &RunOptions { trace: TraceLevel::Full, ..Default::default() });
    assert_eq!((output.record.verdict, output.record.faults["heal"]), (Verdict::Pass, 1));
    assert!((3..6).contains(&gaps(&output, 50..1500).len()));
    assert_eq!(gaps(&output, 1520..3000), []);
    assert!(ticks(&output, "n2", "n3", 1520..2990) < 120, "n2 goes on flapping");
}

/// When ticks from n1 to n2 got through, as stretches of milliseconds that lack some.
fn gaps(output: &RunOutput, ms: std::ops::Range<u64>) -> Vec<(u64, u64)> {
    let mut gaps: Vec<(u64, u64)> = Vec::new();
    for at in ms.step_by(10) {
        if ticks(output, "n1", "n2", at..at + 10) == 0 {
            match gaps.last_mut() {
                Some((_, end)) if *end == at => *end = at + 10,
                Some(_) | None => gaps.push((at, at + 10)),
            }
        }
    }
    gaps
}

fn flapping(seed: u64, over: Value) -> RunOutput {
    let mut partition = json!({ "at": "500ms", "isolate": "n1", "for": "2s", "name": "flapping",
        "flap": { "on": ["100ms", "200ms"], "off": ["50ms", "100ms"] } });
    for (key, value) in over.as_object().expect("an object") {
        partition[key] = value.clone();
    }
    let faults = json!([{ "partition": partition },
        { "heal": { "at": "1900ms", "select": "n1", "optional": "it may have ended" } }]);
    let faults = if over.get("heal").is_some() {
        json!([{ "partition": { "at": "500ms", "isolate": "n1", "name": "flapping",
            "flap": { "on": ["100ms", "200ms"], "off": ["50ms", "100ms"] } } },
            { "heal": { "at": "1100ms", "select": over["heal"] } }])
    } else {
        json!([faults[0]])
    };
    let plan = plan(json!({ "faults": faults, "end": { "heal_at": "3s", "settle": "2s" } }));
    plan.run(seed, &RunOptions { trace: TraceLevel::Full, ..Default::default() })
}

#[test]
fn a_flapping_partition_comes_and_goes_for_drawn_times() {
    let mut first = BTreeSet::new();
    for seed in 0..8 {
        let output = flapping(seed, json!({}));
        assert_eq!((output.record.verdict, output.record.faults["partition"]), (Verdict::Pass, 1));
        let gaps = gaps(&output, 50..3000);
        assert!((7..14).contains(&gaps.len()), "{gaps:?}");
        assert_eq!(gaps[0].0, 500, "it begins cut");
        // The last may be cut short by the end.
        for pair in gaps.windows(2) {
            let (on, off) = (pair[0].1 - pair[0].0, pair[1].0 - pair[0].1);
            assert!((90..=210).contains(&on), "{gaps:?}");
            assert!((40..=110).contains(&off), "{gaps:?}");
        }
        assert!(gaps.iter().all(|(_, end)| *end <= 2510), "{gaps:?}");
        first.insert(gaps[0].1);
    }
    assert!(first.len() > 2, "times are drawn");
}

#[test]
fn a_heal_ends_flapping_whether_or_not_it_cuts_just_then() {
    let mut was_on = BTreeSet::new();
    for seed in 0..30 {
        for heal in ["n1", "all"] {
            let output = flapping(seed, json!({ "heal": heal }));
            assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
            assert_eq!(output.record.faults["heal"], 1);
            assert_eq!(ticks(&output, "n1", "n2", 1120..2920), 180, "seed {seed}");
            was_on.insert(ticks(&output, "n1", "n2", 1085..1100) == 0);
        }
        // A heal of another host leaves the rest of the partition as it is.
        let output = flapping(seed, json!({ "heal": "n3" }));
        assert!(gaps(&output, 1200..2900).len() > 5);
    }
    assert_eq!(was_on.len(), 2);
}

#[test]
fn flapping_draws_from_a_stream_of_its_own() {
    let alone = flapping(5, json!({}));
    let other = json!({ "loss": { "at": "100ms", "chance": "10%", "for": "100ms" } });
    let plan = plan(json!({ "end": { "heal_at": "3s", "settle": "2s" }, "faults": [other,
        { "partition": { "at": "500ms", "isolate": "n1", "for": "2s", "name": "flapping",
            "flap": { "on": ["100ms", "200ms"], "off": ["50ms", "100ms"] } } }] }));
    let both = plan.run(5, &RunOptions { trace: TraceLevel::Full, ..Default::default() });
    assert_eq!(gaps(&alone, 500..3000), gaps(&both, 500..3000));
}

#[test]
fn a_repeated_partition_flaps_anew_each_time() {
    let output = traced(json!({ "end": { "heal_at": "3s", "settle": "2s" }, "faults": [
        { "partition": { "every": "1s", "halves": true, "for": "500ms",
            "flap": { "on": ["50ms", "150ms"], "off": ["50ms", "150ms"] } } }] }));
    assert_eq!(output.record.faults["partition"], 2);
    let toggles = |ms: std::ops::Range<u64>| -> Vec<u64> {
        let lines = fault_lines(&output);
        let within = lines.iter().filter(|(at, _)| ms.contains(at));
        within.map(|(at, _)| at - ms.start).collect()
    };
    assert!(toggles(1000..1499).len() > 3);
    assert_ne!(toggles(1000..1499), toggles(2000..2499));
}

#[test]
fn a_swizzle_clogs_one_by_one_and_lets_go_in_another_order() {
    let mut differ = 0;
    for seed in 0..10 {
        let plan = plan(json!({ "nodes": 5, "faults": [
            { "swizzle_clog": { "at": "500ms", "select": ["n1", "n2", "n3"], "for": "1s" } }] }));
        let output = plan.run(seed, &RunOptions { trace: TraceLevel::Full, ..Default::default() });
        assert_eq!(
            (output.record.verdict, output.record.faults["swizzle_clog"]),
            (Verdict::Pass, 1)
        );
        // From when on and until when nothing of a host came to n4, which is clogged by none.
        let silence = |host: &str| {
            let silent =
                (500..1500).step_by(10).filter(|at| ticks(&output, host, "n4", *at..*at + 10) == 0);
            let silent: Vec<u64> = silent.collect();
            (silent[0], silent[silent.len() - 1] + 10)
        };
        let hosts = ["n1", "n2", "n3"].map(silence);
        assert!(hosts.iter().all(|(from, until)| *from <= 1010 && *until >= 990), "{hosts:?}");
        assert_eq!(hosts.iter().map(|(from, _)| *from).min(), Some(500));
        assert_eq!(hosts.iter().map(|(_, until)| *until).max(), Some(1500));
        let order = |time: fn(&(u64, u64)) -> u64| {
            let mut order = [0, 1, 2];
            order.sort_by_key(|host| time(&hosts[*host]));
            order
        };
        differ += usize::from(order(|it| it.0) != order(|it| it.1));
        // What was held comes then, and all of it.
        assert_eq!(ticks(&output, "n1", "n4", 0..2000), ticks(&output, "n5", "n4", 0..2000));
    }
    assert!(differ > 4, "{differ}");
}

#[test]
fn a_heal_ends_a_swizzle_before_all_are_clogged() {
    let healed = |select: Value| {
        let mut heal = json!({ "at": "510ms" });
        if !select.is_null() {
            heal["select"] = select;
        }
        traced(json!({ "nodes": 5, "end": { "heal_at": "9s", "settle": "2s" }, "faults": [
            { "swizzle_clog": { "at": "500ms", "select": "all", "for": "6s" } }, { "heal": heal }] }))
    };
    for select in [Value::Null, json!("all")] {
        let output = healed(select);
        assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
        for (from, to) in [("n1", "n2"), ("n3", "n4"), ("n5", "n1")] {
            assert_eq!(ticks(&output, from, to, 600..6600), 600);
        }
    }
    // Of one host: nothing more happens to it.
    let output = healed(json!("n2"));
    let lines = fault_lines(&output);
    let clogged = |host: &str| lines.iter().any(|(_, it)| *it == format!("swizzle clogs {host}"));
    assert!(
        !clogged("n2") && ["n1", "n3", "n4", "n5"].iter().filter(|it| clogged(it)).count() >= 3
    );
}

#[test]
fn an_unnamed_swizzle_strikes_a_drawn_half() {
    let record =
        run(json!({ "nodes": 7, "faults": [{ "swizzle_clog": { "at": "1s", "for": "500ms" } }] }));
    assert_eq!((record.verdict, record.faults["swizzle_clog"]), (Verdict::Pass, 1));
    let output = traced(json!({ "nodes": 7, "faults": [
        { "swizzle_clog": { "at": "1s", "for": "500ms" } }] }));
    let (_, text) = &fault_lines(&output)[0];
    let hosts = text.split(" for ").next().expect("a text");
    assert_eq!(hosts.matches('n').count(), 3, "{text}");
}
