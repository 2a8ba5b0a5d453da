//! What `run --history` writes, `judge` reads.

use std::fs;

use crate::{Lab, repository};

fn history(lab: &Lab, scenario: &str, more: &str) -> i32 {
    let scenario = repository(scenario);
    let line = format!("run {} --history history.jsonl {more}", scenario.display());
    lab.run(line.trim()).code
}

#[test]
fn the_history_of_a_run_is_judged_as_the_run_was() {
    let lab = Lab::new();
    assert_eq!(history(&lab, "scenarios/library/raft/quickstart.json", "--seed 7"), 0);
    let text = fs::read_to_string(lab.path("history.jsonl")).expect("the history");
    // Final reads are held to more than others, so the file says which they are.
    assert!(text.contains(r#""op":{"read":{"final_read":true}}"#), "{text}");
    let said = lab.run("judge history.jsonl --model log");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.starts_with("PASS history.jsonl   log rules\n"), "{}", said.stdout);
}

/// One entry of the last read changed: the log is no log any more.
#[test]
fn a_changed_history_is_no_history_of_a_log() {
    let lab = Lab::new();
    assert_eq!(history(&lab, "scenarios/library/raft/quickstart.json", "--seed 7"), 0);
    let text = fs::read_to_string(lab.path("history.jsonl")).expect("the history");
    let at = text.rfind("1000000001").expect("the first value of the first client");
    lab.write("changed.jsonl", format!("{}9{}", &text[..at], &text[at + 1..]));
    let said = lab.run("judge changed.jsonl --model log");
    assert_eq!(said.code, 100, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("acknowledged-kept"), "{}", said.stdout);
}
