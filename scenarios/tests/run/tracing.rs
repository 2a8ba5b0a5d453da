//! The same again: digests do not depend on what is written down, and traces say what caused what.

use seedbed_scenarios::run::{RunOptions, TraceLevel, signature};
use serde_json::{Value, json};

use super::{plan, run, traced};

fn storm() -> Value {
    json!({ "workloads": [{ "adds": { "clients": 2 } }],
        "network": { "latency": { "uniform": ["1ms", "10ms"] }, "loss": "2%" },
        "faults": [{ "random": { "from": "100ms", "until": "1900ms",
            "kinds": ["crash", "pause", "partition", "delay"],
            "times": [5, 9], "for": ["50ms", "400ms"] } }] })
}

#[test]
fn a_seed_runs_the_same_whatever_is_written_down() {
    let plan = plan(storm());
    for seed in 0..5 {
        let at = |trace| plan.run(seed, &RunOptions { trace, ..RunOptions::default() });
        let (off, digests, full) =
            (at(TraceLevel::Off), at(TraceLevel::Digests), at(TraceLevel::Full));
        assert_eq!(off.record, digests.record);
        assert_eq!(off.record, full.record);
        assert!(off.recording.is_none());
        let (digests, full) = (digests.recording.expect("a"), full.recording.expect("b"));
        assert_eq!(digests.digests, full.digests);
        assert!(digests.lines.is_empty() && !full.lines.is_empty());
        assert_eq!(digests.digests.len() as u64, off.record.events);
        assert_ne!(off.record.digest, plan.run(seed + 100, &RunOptions::default()).record.digest);
    }
}

#[test]
fn a_fault_a_little_later_is_another_run() {
    let at = |time: &str| {
        run(json!({ "faults": [{ "pause": { "at": time, "select": "n1", "for": "1us" } }] })).digest
    };
    assert_ne!(at("500500us"), at("500501us"));
    assert_eq!(at("500500us"), at("500500us"));
}

#[test]
fn lines_name_the_event_that_caused_them() {
    let output = traced(storm());
    let lines = super::lines(&output);
    let mut checked = 0;
    for line in lines.iter().filter(|line| line.what == "handled") {
        let cause = line.cause.expect("somebody sent it");
        assert!(cause < line.event);
        let sent = lines.iter().find(|it| {
            it.event == cause && it.what == "sent" && it.host == line.peer && it.kind == line.kind
        });
        checked += usize::from(sent.is_some());
        assert!(sent.is_some(), "{line:?}");
        if checked == 200 {
            break;
        }
    }
    let fired = lines.iter().find(|line| line.what == "timer-fired").expect("ticks");
    let set = lines.iter().find(|it| it.what == "timer-set" && Some(it.event) == fired.cause);
    assert_eq!(set.expect("it was set").host, fired.host);
}

#[test]
fn a_violation_has_a_causal_past_and_a_signature() {
    let output = traced(json!({ "params": { "calm": 50 } }));
    let point = output.violation.expect("a violation");
    let host = point.host.expect("a host in the middle of it");
    let recording = output.recording.expect("a trace");
    let tail = &recording.causal_tail;
    assert_eq!(tail.len(), 12);
    assert_eq!((tail[11].event.as_str(), tail[11].message.as_str()), ("handled", "tick"));
    assert_eq!(tail[11].role, if host == "n1" { "leader" } else { "" });
    let signature_of_this = signature("calm", &recording);
    let again = traced(json!({ "params": { "calm": 50 } })).recording.expect("a trace");
    assert_eq!(signature_of_this, signature("calm", &again));
    assert_ne!(signature_of_this, signature("storm", &again));
}

#[test]
fn what_the_runner_finds_is_in_the_trace() {
    let output = traced(json!({ "checks": [
        { "milestone": { "name": "never", "within": "1s" } }] }));
    let found = super::lines(&output).iter().find(|line| line.what == "violation");
    let found = found.expect("a violation");
    assert_eq!((found.kind.as_deref(), found.time_ns), (Some("never"), 1_000_000_000));
    assert_eq!(found.text, "`never` was not reached within 1s of the start");
    assert_eq!(output.recording.expect("a trace").causal_tail.len(), 12);
}

#[test]
fn the_end_says_which_faults_were_active() {
    let output = traced(json!({ "params": { "calm": 150 }, "faults": [
        { "partition": { "at": "200ms", "groups": [["n1"], ["rest"]], "for": "5ms" } },
        { "partition": { "at": "300ms", "groups": [["n2"], ["rest"]] } },
        { "crash": { "at": "400ms", "select": "n2" } } ] }));
    assert_eq!(output.record.property.as_deref(), Some("calm"));
    let active = output.faults_active;
    assert_eq!(active.len(), 2, "{active:?}");
    assert!(active[0].starts_with("partition {n2}|{n1 n3} since "), "{active:?}");
    assert!(active[1].starts_with("crash n2 since "), "{active:?}");
    let output = traced(json!({ "params": { "calm": 150 }, "faults": [
        { "leave": { "at": "100ms", "select": "n3" } } ] }));
    assert_eq!(output.record.property.as_deref(), Some("calm"));
    assert_eq!(output.faults_active, ["n3 has left"]);
}
