//! Determinism: five cheats are caught, and what is honest is the same everywhere.

use serde_json::{Value, json};

use crate::Lab;

/// Every cheat says what it saw in its third message, 30 ms after boot.
fn caught(protocol: &str) {
    let lab = Lab::new();
    lab.scenario("cheat.json", protocol, json!({}));
    let said = lab.run("sweep cheat.json --seeds 6 --jobs 1 --check-determinism");
    assert_eq!(said.code, 110, "{protocol}: {}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("determinism is broken: cheat"), "{}", said.stderr);
    let event = named_event(&said.stderr);
    let trace = lab.path("trace.jsonl");
    lab.expect(0, "run cheat.json --seed 0 --trace trace.jsonl");
    let text = std::fs::read_to_string(trace).unwrap();
    let line: Value = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["event"] == event)
        .unwrap();
    let time = line["time_ns"].as_u64().unwrap();
    assert!((30_000_000..50_000_000).contains(&time), "{protocol}: event {event} is at {time}");
}

fn named_event(text: &str) -> u64 {
    let at = text.find("; event ").unwrap_or_else(|| panic!("no event is named: {text}"));
    let digits: String = text[at + 8..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn the_order_of_a_hash_map_is_caught() {
    caught("cheat-hash-order");
}

#[test]
fn a_static_that_outlives_a_run_is_caught() {
    caught("cheat-static-counter");
}

#[test]
fn an_address_is_caught() {
    caught("cheat-address");
}

#[test]
fn the_wall_clock_is_caught() {
    caught("cheat-wall-clock");
}

#[test]
fn a_thread_local_that_outlives_a_run_is_caught() {
    caught("cheat-thread-local");
}

#[test]
fn an_honest_protocol_is_not_accused() {
    let lab = Lab::new();
    lab.failing("honest.json");
    lab.expect(100, "sweep honest.json --seeds 40 --jobs 2 --check-determinism");
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds 40 --check-determinism");
    lab.expect(0, "sweep fine.json --seeds 4 --vary nodes=3,5 --check-determinism --out out");
}

#[test]
fn running_twice_catches_what_changes_at_once() {
    let lab = Lab::new();
    for protocol in ["cheat-hash-order", "cheat-static-counter", "cheat-wall-clock"] {
        lab.scenario("cheat.json", protocol, json!({}));
        let text = lab.expect(110, "replay cheat.json --seed 1");
        assert!(text.contains("is the first that differs"), "{text}");
    }
}

#[test]
fn the_digest_does_not_depend_on_process_trace_or_history() {
    let lab = Lab::new();
    lab.failing("fails.json");
    for seed in [0, 1, 2] {
        let digest = |options: &str| {
            let said = lab.run(&format!("run fails.json --seed {seed} --format json {options}"));
            let record: Value = serde_json::from_str(&said.stdout).unwrap();
            record["digest"].as_str().unwrap().to_owned()
        };
        let plain = digest("");
        assert_eq!(plain, digest(""));
        assert_eq!(plain, digest("--trace trace.jsonl --history history.jsonl --show n1"));
        assert_eq!(plain, digest("--output out"));
        lab.run(&format!("replay fails.json --seed {seed} --digest {plain}"));
    }
}

#[test]
fn a_wrong_digest_is_said_to_be_wrong() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(110, "replay fine.json --seed 1 --digest 0123456789abcdef");
}
