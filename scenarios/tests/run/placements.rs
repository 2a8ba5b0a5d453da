//! Faults fire when they are placed and wait for whom they name, and a run that proves nothing
//! says so.

use seedbed_scenarios::format::units::Nanos;
use seedbed_scenarios::run::{RunOptions, RunOutput, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, plan, run, traced};

fn times(faults: Value) -> Vec<(u64, String)> {
    fault_lines(&traced(json!({ "faults": faults })))
}

fn verdict(over: Value) -> (Verdict, Option<String>) {
    let record = run(over);
    (record.verdict, record.message)
}

#[test]
fn a_condition_fires_once_and_later_by_after() {
    let lines = times(json!([{ "pause": {
        "when": { "milestone": "heard" }, "after": "300ms", "select": "n1", "for": "50ms" } }]));
    assert_eq!(lines[0], (311, "pause n1 for 50ms".to_owned()));
    assert_eq!(lines[1], (361, "pause n1 ends".to_owned()));
    assert_eq!(lines.len(), 3, "and the heal: {lines:?}");
    let sent = times(json!([{ "pause": {
        "when": { "sent": { "kind": "tick", "count": 60 } }, "select": "n1", "for": "50ms" } }]));
    assert_eq!(sent[0].0, 100);
    let output = traced(json!({ "workloads": [{ "adds": { "clients": 1 } }], "faults": [
        { "pause": { "when": { "operations": 5 }, "select": "n2", "for": "50ms" } } ] }));
    let ended = super::lines(&output).iter().filter(|line| line.what == "ended");
    let fifth = ended.map(|line| line.time_ns / 1_000_000).nth(4);
    assert_eq!(Some(fault_lines(&output)[0].0), fifth);
}

#[test]
fn every_repeats_and_counts() {
    let lines = times(json!([{ "pause": {
        "every": { "period": "300ms", "from": "100ms", "times": 3 }, "select": "n1",
        "for": "50ms" } }]));
    let begun: Vec<u64> = lines.iter().filter(|it| it.1.contains("for")).map(|it| it.0).collect();
    assert_eq!(begun, [100, 400, 700]);
    let record = run(json!({ "faults": [
        { "pause": { "every": "500ms", "select": "n1", "for": "50ms" } }] }));
    // At 0.5, 1 and 1.5 s; at 2 s everything heals.
    assert_eq!(record.faults["pause"], 3);
}

#[test]
fn a_sequence_goes_step_by_step() {
    let lines = times(json!([{ "sequence": { "at": "200ms", "steps": [
        { "partition": { "isolate": "n1" } }, { "wait": "100ms" },
        { "crash": { "select": "n2" } }, { "wait": "150ms" },
        { "restart": { "select": "n2" } }, { "heal": {} } ] } }]));
    let expected = [
        (200, "partition isolates n1"),
        (300, "crash n2"),
        (450, "restart n2"),
        (450, "heal all"),
        (2000, "everything"),
    ];
    let found: Vec<(u64, &str)> = lines.iter().map(|(ms, text)| (*ms, text.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_fault_waits_up_to_five_seconds_for_whom_it_names() {
    // Two other hosts tick each 10 ms: 300 ticks are heard after 1.5 s.
    let waiting = |heard: u64, at: &str| {
        json!({ "params": { "seasoned": heard }, "end": { "heal_at": "9s", "settle": "2s" },
            "faults": [{ "pause": { "at": at, "select": "seasoned", "for": "50ms" } }] })
    };
    let output = traced(waiting(300, "500ms"));
    let at = fault_lines(&output)[0].0;
    assert!((1500..1520).contains(&at), "{at}");
    assert_eq!(output.record.verdict, Verdict::Pass);
    // 1240 ticks are heard at 6.2 s, and it waits until 5.5 s.
    let (verdict, message) = verdict(waiting(1240, "500ms"));
    assert_eq!(verdict, Verdict::Vacuous);
    assert_eq!(message.as_deref(), Some("faults[0].pause never took effect"));
}

#[test]
fn what_never_took_effect_proves_nothing() {
    let crash_twice = |optional: Value| {
        let mut second = json!({ "at": "600ms", "select": "n1", "for": "50ms" });
        if !optional.is_null() {
            second["optional"] = optional;
        }
        json!({ "faults": [
            { "crash": { "at": "500ms", "select": "n1", "for": "500ms" } }, { "crash": second } ] })
    };
    let message = Some("faults[1].crash never took effect".to_owned());
    assert_eq!(verdict(crash_twice(Value::Null)), (Verdict::Vacuous, message));
    assert_eq!(verdict(crash_twice(json!("it may be down"))).0, Verdict::Pass);
    let never = json!({ "faults": [
        { "crash": { "when": { "milestone": "never" }, "select": "n1", "for": "50ms" } }] });
    let message = "faults[0].crash waited for a condition that never came".to_owned();
    assert_eq!(verdict(never), (Verdict::Vacuous, Some(message)));
    // Its condition came, and heal came before it was due: it is cancelled, and exempt.
    let pending = json!({ "faults": [{ "crash": {
        "when": { "milestone": "heard" }, "after": "1995ms", "select": "n1", "for": "50ms" } }] });
    assert_eq!(verdict(pending).0, Verdict::Pass);
}

fn random(kinds: Value, over: Value) -> Value {
    let mut scenario = json!({ "faults": [{ "random": { "from": "100ms", "until": "1500ms",
        "kinds": kinds, "times": [0, 3], "for": ["50ms", "100ms"] } }] });
    for (key, value) in over.as_object().expect("an object") {
        scenario[key] = value.clone();
    }
    scenario
}

#[test]
fn no_seed_draws_nothing() {
    let kinds = [
        "crash",
        "pause",
        "partition",
        "partial_partition",
        "clog",
        "swizzle_clog",
        "loss",
        "duplicate",
        "reorder",
        "delay",
    ];
    for kind in kinds {
        let plan = plan(random(json!([kind]), json!({})));
        let mut counts = std::collections::BTreeSet::new();
        for seed in 0..30 {
            let output = plan.run(seed, &RunOptions::default());
            let count = output.record.faults.get(kind).copied().unwrap_or(0);
            assert!((1..=3).contains(&count), "seed {seed}: {count} of {kind}");
            assert_eq!(output.drawn.len() as u64, count, "{:?}", output.drawn);
            assert_eq!(output.record.verdict, Verdict::Pass);
            counts.insert(count);
        }
        assert_eq!(counts.len(), 3, "how many is drawn");
    }
}

#[test]
fn drawn_crashes_stay_within_what_is_tolerated() {
    let storm = |tolerates: u64| {
        json!({ "contract": "within", "nodes": 5, "params": { "tolerates": tolerates },
            "faults": [{ "random": { "from": "100ms", "until": "1500ms", "kinds": ["crash"],
                "times": [8, 8], "for": ["200ms", "300ms"] } }] })
    };
    let tolerant = traced(storm(2));
    let mut down: u64 = 0;
    let mut most = 0;
    for line in super::lines(&tolerant) {
        match line.what.as_str() {
            "crash" => down += 1,
            "boot" if line.text != "life 1" => down -= 1,
            _ => {}
        }
        most = most.max(down);
    }
    assert_eq!(most, 2);
    assert_eq!(tolerant.record.faults["crash"], 8, "those that must wait are not lost");
    let none = run(storm(0));
    assert_eq!((none.verdict, none.faults.get("crash")), (Verdict::Vacuous, None));
    assert_eq!(none.message.as_deref(), Some("faults[0].random drew nothing that took effect"));
}

#[test]
fn drawn_faults_strike_whom_they_may() {
    let plan = plan(json!({ "faults": [{ "random": { "from": "100ms", "until": "1500ms",
        "kinds": ["crash", "pause"], "times": [3, 5], "for": ["50ms", "100ms"],
        "select": ["n2"] } }] }));
    for seed in 0..10 {
        for line in plan.run(seed, &RunOptions::default()).drawn {
            assert!(line.starts_with("crash n2 at") || line.starts_with("pause n2 at"), "{line}");
        }
    }
}

#[test]
fn partial_partitions_are_of_every_form() {
    let plan = plan(json!({ "nodes": 5, "faults": [{ "random": { "from": "100ms",
        "until": "1500ms", "kinds": ["partial_partition"], "times": [4, 4],
        "for": ["50ms", "100ms"] } }] }));
    let mut counts = [0; 3];
    for seed in 0..20 {
        for line in plan.run(seed, &RunOptions::default()).drawn {
            let forms = ["bridged by", "ring of majorities", "-x->"];
            let form = forms.iter().position(|form| line.contains(form)).expect(&line);
            counts[form] += 1;
        }
    }
    assert_eq!(counts.iter().sum::<u32>(), 80);
    assert!(counts.iter().all(|count| (14..40).contains(count)), "{counts:?}");
}

/// When each drawn fault began and ended, in nanoseconds.
fn stretches(output: &RunOutput) -> Vec<(u64, u64)> {
    let ns = |text: &str| Nanos::parse(text).expect(text).0;
    let times = output.drawn.iter().map(|line| {
        let (_, times) = line.rsplit_once(" at ").expect("a time");
        let (at, lasts) = times.split_once(" for ").expect("a duration");
        (ns(at), ns(at) + ns(lasts))
    });
    let mut found: Vec<(u64, u64)> = times.collect();
    found.sort_unstable();
    found
}

#[test]
fn all_is_well_for_a_while_between_stable_faults() {
    let storm = |stable: Value| {
        let mut random = json!({ "from": "100ms", "until": "8s", "kinds": ["pause", "crash", "clog"],
            "times": [12, 12], "for": ["100ms", "300ms"] });
        if !stable.is_null() {
            random["stable"] = stable;
        }
        plan(
            json!({ "faults": [{ "random": random }], "end": { "heal_at": "9s", "settle": "2s" } }),
        )
    };
    let (stable, free) = (storm(json!("500ms")), storm(Value::Null));
    let mut overlapped = 0;
    for seed in 0..20 {
        let output = stable.run(seed, &RunOptions::default());
        assert_eq!(output.record.verdict, Verdict::Pass);
        let found = stretches(&output);
        for pair in found.windows(2) {
            assert!(pair[1].0 >= pair[0].1 + 500_000_000, "seed {seed}: {found:?}");
        }
        assert!((6..=12).contains(&found.len()), "{found:?}");
        assert!(found.iter().all(|(at, _)| *at < 8_000_000_000));
        let free = stretches(&free.run(seed, &RunOptions::default()));
        // The first never waits, and what is drawn is drawn alike.
        assert_eq!(free[0], found[0]);
        overlapped += free.windows(2).filter(|pair| pair[1].0 < pair[0].1 + 500_000_000).count();
    }
    assert!(overlapped > 20, "{overlapped}");
}

#[test]
fn one_draw_is_left_however_long_all_must_be_well() {
    let plan = plan(json!({ "faults": [{ "random": { "from": "100ms", "until": "1500ms",
        "kinds": ["pause"], "times": [3, 6], "for": ["50ms", "100ms"], "stable": "1h" } }] }));
    for seed in 0..10 {
        let record = plan.run(seed, &RunOptions::default()).record;
        assert_eq!((record.verdict, record.faults["pause"]), (Verdict::Pass, 1));
    }
}

#[test]
fn swarm_switches_some_kinds_off_and_says_which() {
    let plan = plan(json!({ "swarm": true, "faults": [
        { "crash": { "at": "300ms", "select": "n1", "for": "50ms" } },
        { "pause": { "at": "500ms", "select": "n2", "for": "50ms" } },
        { "random": { "from": "600ms", "until": "1500ms", "kinds": ["clog", "loss"],
            "times": [2, 3], "for": ["50ms", "100ms"] } } ] }));
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let record = plan.run(seed, &RunOptions::default()).record;
        assert_eq!(record.verdict, Verdict::Pass, "{:?}", record.message);
        assert!(record.swarm_off.len() < 4, "never all");
        for kind in &record.swarm_off {
            assert!(!record.faults.contains_key(kind), "{kind} is off");
        }
        let off = |kind: &str| record.swarm_off.iter().any(|it| it == kind);
        assert_eq!(record.faults.contains_key("crash"), !off("crash"));
        assert_eq!(
            record.faults.contains_key("clog") || record.faults.contains_key("loss"),
            !(off("clog") && off("loss"))
        );
        seen.insert(record.swarm_off.join(" "));
    }
    assert!(seen.len() > 8, "{seen:?}");
}

#[test]
fn a_draw_depends_on_no_other_fault() {
    let storm = json!({ "random": { "name": "storm", "from": "100ms", "until": "1500ms",
        "kinds": ["crash", "pause", "partition"], "times": [3, 5], "for": ["50ms", "100ms"] } });
    let other = json!({ "loss": { "at": "1900ms", "chance": "10%", "for": "10ms" } });
    let drawn =
        |faults: Value| plan(json!({ "faults": faults })).run(3, &RunOptions::default()).drawn;
    assert_eq!(drawn(json!([storm])), drawn(json!([other, storm])));
}

#[test]
fn swarm_reaches_into_sequences_and_excuses_what_depends_on_it() {
    let plan = plan(json!({ "swarm": true, "faults": [
        { "sequence": { "at": "200ms", "steps": [
            { "crash": { "select": "n1" } }, { "wait": "50ms" },
            { "pause": { "select": "n2", "for": "20ms" } }, { "wait": "50ms" },
            { "restart": { "select": "n1" } } ] } },
        { "clog": { "when": { "milestone": "restarted" }, "select": "n3", "for": "50ms",
            "optional": "nothing restarts where crashes are off" } },
        { "random": { "from": "600ms", "until": "1500ms", "kinds": ["crash", "loss"],
            "times": [2, 3], "for": ["50ms", "100ms"] } } ] }));
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let record = plan.run(seed, &RunOptions::default()).record;
        assert_eq!(record.verdict, Verdict::Pass, "{:?}: {:?}", record.swarm_off, record.message);
        let off = |kind: &str| record.swarm_off.iter().any(|it| it == kind);
        for kind in ["crash", "pause"] {
            assert_eq!(record.faults.contains_key(kind), !off(kind), "{:?}", record.faults);
        }
        // Repairs are never switched off, and are excused where there is nothing to mend.
        assert!(!off("restart") && !off("sequence") && !off("random"));
        assert_eq!(record.faults.contains_key("restart"), !off("crash"));
        assert!(!record.faults.contains_key("loss") || !off("loss"));
        seen.insert(record.swarm_off.join(" "));
    }
    // Of 16 subsets of four kinds, all but the one of all.
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn a_swarm_excuses_what_it_switched_off_and_nothing_else() {
    let faults = |condition: &str| {
        json!({ "swarm": true, "faults": [
            { "crash": { "when": { "milestone": condition }, "select": "n1", "for": "50ms" } },
            { "pause": { "at": "500ms", "select": "n2", "for": "50ms" } } ] })
    };
    let never = plan(faults("never"));
    let mut verdicts = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let record = never.run(seed, &RunOptions::default()).record;
        let is_off = record.swarm_off.iter().any(|kind| kind == "crash");
        let expected = if is_off { Verdict::Pass } else { Verdict::Vacuous };
        assert_eq!(record.verdict, expected, "{:?}: {:?}", record.swarm_off, record.message);
        verdicts.insert(record.verdict);
    }
    assert_eq!(verdicts.len(), 2);
}
