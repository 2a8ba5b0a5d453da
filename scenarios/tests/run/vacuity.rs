//! A run that proves nothing says so, and says what made it so: each clause of the rule.

use seedbed_scenarios::run::Verdict;
use serde_json::{Value, json};

use super::run;

/// A fault in `faults` that can have no effect: its host is down already.
fn idle(placement: Value) -> Value {
    let mut fault = json!({ "select": "n1", "for": "10ms" });
    for (key, value) in placement.as_object().expect("an object") {
        fault[key] = value.clone();
    }
    json!({ "crash": fault })
}

fn random(over: Value) -> Value {
    let mut random = json!({ "from": "600ms", "until": "900ms", "kinds": ["crash"],
        "times": [2, 2], "for": ["10ms", "20ms"], "select": "n1" });
    for (key, value) in over.as_object().expect("an object") {
        random[key] = value.clone();
    }
    json!({ "random": random })
}

/// With n1 down from 100 ms to 1 s: what the run says of some faults.
fn verdict(faults: Value) -> (Verdict, Option<String>) {
    let down = json!({ "crash": { "at": "100ms", "select": "n1", "for": "900ms" } });
    let mut all = vec![down];
    all.extend(faults.as_array().expect("a list").iter().cloned());
    let record = run(json!({ "faults": all }));
    (record.verdict, record.message)
}

#[test]
fn each_way_to_prove_nothing_is_named() {
    let never = json!({ "milestone": "never" });
    let cases: [(&str, Value, &str); 10] = [
        (
            "a placed fault that was reached",
            json!([idle(json!({ "at": "500ms" }))]),
            "faults[1].crash never took effect",
        ),
        (
            "on a condition that came",
            json!([idle(json!({ "when": { "milestone": "heard" }, "after": "500ms" }))]),
            "faults[1].crash never took effect",
        ),
        (
            "on a condition that never came",
            json!([idle(json!({ "when": never }))]),
            "faults[1].crash waited for a condition that never came",
        ),
        (
            "all firings of one that repeats",
            json!([idle(json!({ "every": { "period": "100ms", "from": "200ms", "times": 5 } }))]),
            "faults[1].crash never took effect",
        ),
        (
            "a step of a sequence",
            json!([{ "sequence": { "at": "200ms", "steps": [
                { "pause": { "select": "n2", "for": "10ms" } }, idle(json!({})) ] } }]),
            "faults[1].sequence.steps[1].crash never took effect",
        ),
        (
            "a step of a sequence that repeats",
            json!([{ "sequence": { "every": { "period": "200ms", "times": 3 }, "steps": [
                { "pause": { "select": "n2", "for": "10ms" } }, idle(json!({})) ] } }]),
            "faults[1].sequence.steps[1].crash never took effect",
        ),
        (
            "a sequence whose condition never came",
            json!([{ "sequence": { "when": never, "steps": [
                { "pause": { "select": "n2", "for": "10ms" } } ] } }]),
            "faults[1].sequence waited for a condition that never came",
        ),
        (
            "no draw of a random fault",
            json!([random(json!({ "select": "seasoned" }))]),
            "faults[1].random drew nothing that took effect",
        ),
        (
            "whom it names is nobody",
            json!([{ "pause": { "at": "200ms", "select": "seasoned", "for": "10ms" } }]),
            "faults[1].pause never took effect",
        ),
        (
            "a repair with nothing to mend",
            json!([{ "unclog": { "at": "200ms", "select": "n2" } }]),
            "faults[1].unclog never took effect",
        ),
    ];
    for (title, faults, expected) in cases {
        let (found, message) = verdict(faults.clone());
        assert_eq!(found, Verdict::Vacuous, "{title}");
        assert_eq!(message.as_deref(), Some(expected), "{title}");
        // The same with a reason why it may be so.
        let mut excused = faults;
        let fault = excused[0].as_object_mut().expect("an object");
        fault.values_mut().for_each(|inner| inner["optional"] = json!("it may be down"));
        assert_eq!(verdict(excused), (Verdict::Pass, None), "{title}");
    }
}

#[test]
fn what_took_effect_once_or_was_not_reached_is_no_reason() {
    let cases = [
        // At 200 ms and at 1.1 s: the second takes effect.
        json!([idle(json!({ "every": { "period": "900ms", "from": "200ms", "times": 2 } }))]),
        // Its condition comes, and the run ends before its time does.
        json!([idle(json!({ "when": { "milestone": "heard" }, "after": "1995ms" }))]),
        // Never reached: a second step that waits for too long.
        json!([{ "sequence": { "at": "200ms", "steps": [
            { "pause": { "select": "n2", "for": "10ms" } }, { "wait": "9s" }, idle(json!({})) ] } }]),
        // Draws wait until n1 is up again.
        json!([random(json!({}))]),
    ];
    for faults in cases {
        assert_eq!(verdict(faults.clone()), (Verdict::Pass, None), "{faults}");
    }
}

/// Precedence: fail > unknown > vacuous > pass.
#[test]
fn a_violation_and_a_limit_say_more_than_vacuity() {
    let with = |over: Value| {
        let mut scenario = json!({ "faults": [idle(json!({ "when": { "milestone": "never" } }))] });
        for (key, value) in over.as_object().expect("an object") {
            scenario[key] = value.clone();
        }
        run(scenario).verdict
    };
    assert_eq!(with(json!({})), Verdict::Vacuous);
    assert_eq!(with(json!({ "limits": { "events": 500 } })), Verdict::Unknown);
    assert_eq!(with(json!({ "params": { "calm": 50 } })), Verdict::Fail);
}

/// A placement, and when the fault must begin, in milliseconds.
#[test]
fn every_placement_fires_when_it_says() {
    let sent = json!({ "sent": { "kind": "tick", "count": 60 } });
    let sequence = |placement: Value| {
        let mut inside = json!({ "steps": [ { "wait": "5ms" },
            { "pause": { "select": "n1", "for": "20ms" } }, { "wait": "30ms" },
            { "pause": { "select": "n1", "for": "20ms" } } ] });
        for (key, value) in placement.as_object().expect("an object") {
            inside[key] = value.clone();
        }
        json!({ "sequence": inside })
    };
    let pause = |placement: Value| {
        let mut inside = json!({ "select": "n1", "for": "20ms" });
        for (key, value) in placement.as_object().expect("an object") {
            inside[key] = value.clone();
        }
        json!({ "pause": inside })
    };
    let every = json!({ "period": "600ms", "from": "200ms", "until": "1500ms" });
    let placements: [(Value, &[u64]); 8] = [
        (json!({ "at": "500ms" }), &[500]),
        (json!({ "when": { "milestone": "heard" } }), &[11]),
        (json!({ "when": { "milestone": "heard" }, "after": "300ms" }), &[311]),
        (json!({ "when": sent }), &[100]),
        (json!({ "when": sent, "after": "7ms" }), &[107]),
        (json!({ "every": "700ms" }), &[700, 1400]),
        (json!({ "every": every }), &[200, 800, 1400]),
        (json!({ "every": { "period": "300ms", "from": "50ms", "times": 2 } }), &[50, 350]),
    ];
    for (placement, expected) in placements {
        let begins = |fault: Value| -> Vec<u64> {
            let output = super::traced(json!({ "faults": [fault] }));
            assert_eq!(output.record.verdict, Verdict::Pass, "{placement}");
            let lines = super::fault_lines(&output);
            let begun = lines.iter().filter(|(_, text)| text == "pause n1 for 20ms");
            begun.map(|(at, _)| *at).collect()
        };
        assert_eq!(begins(pause(placement.clone())), expected, "{placement}");
        let steps: Vec<u64> = expected.iter().flat_map(|at| [at + 5, at + 35]).collect();
        assert_eq!(begins(sequence(placement.clone())), steps, "{placement} of a sequence");
    }
    // Operations are counted as they end.
    let output = super::traced(json!({ "workloads": [{ "adds": { "clients": 1 } }],
        "faults": [pause(json!({ "when": { "operations": 5 }, "after": "40ms" }))] }));
    let ended = super::lines(&output).iter().filter(|line| line.what == "ended");
    let fifth = ended.map(|line| line.time_ns / 1_000_000).nth(4).expect("five operations");
    assert_eq!(super::fault_lines(&output)[0].0, fifth + 40);
}
