//! Every exit code, by something that a user would do.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::Lab;

#[test]
fn zero_when_all_is_as_expected() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "run fine.json");
    lab.expect(0, "sweep fine.json --seeds 5");
    lab.expect(0, "check fine.json");
    lab.expect(0, "replay fine.json --seed 3");
    lab.expect(0, "list");
    lab.expect(0, "schema");
    lab.expect(0, "--help");
    lab.expect(0, "--version");
    assert!(!lab.path("failures").exists(), "nothing failed, nothing is written");
}

#[test]
fn two_for_a_wrong_command_line() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    for line in [
        "",
        "frobnicate",
        "run",
        "run fine.json --sed 1",
        "run fine.json --seed x",
        "run fine.json --until 3",
        "run fine.json --set nodes",
        "run fine.json --set nodez=3",
        "run fine.json --set nodes=many",
        "sweep fine.json --seeds 5..x",
        "sweep fine.json --seeds 7..5",
        "sweep fine.json --shard 3/2",
        "sweep fine.json --shard auto",
        "sweep fine.json --jobs 0",
        "sweep fine.json --resume",
        "sweep fine.json --vary nodes",
        "sweep fine.json --vary nodes=3,[",
        "sweep fine.json --vary nodes=3,no",
        "sweep fine.json --seed-from abc --seeds 1..4",
        "replay fine.json",
        "replay fine.json --seed 1 --digest 12",
        "shrink fine.json",
    ] {
        let said = lab.run(line);
        assert_eq!(said.code, 2, "{line}: {}{}", said.stdout, said.stderr);
        assert!(!said.stderr.is_empty(), "{line}: something must be said");
    }
}

#[test]
fn three_for_a_wrong_file() {
    let lab = Lab::new();
    lab.write("no.json", "{");
    lab.scenario("unknown-key.json", "tiny", json!({ "nodez": 3 }));
    lab.scenario("unknown-protocol.json", "tinny", json!({}));
    lab.scenario("wrong-params.json", "tiny", json!({ "params": { "say_98_in": 3 } }));
    for file in ["no.json", "unknown-key.json", "unknown-protocol.json", "wrong-params.json"] {
        for command in ["check", "run", "sweep"] {
            lab.expect(3, &format!("{command} {file}"));
        }
    }
    lab.expect(3, "run absent.json");
    lab.expect(3, "replay absent.json");
    lab.expect(3, "replay no.json");
    lab.scenario("a/one.json", "tiny", json!({ "name": "same" }));
    lab.scenario("b/two.json", "tiny", json!({ "name": "same" }));
    lab.expect(3, "sweep a b");
}

#[test]
fn four_when_nothing_ran() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.write("empty/readme.txt", "nothing here");
    lab.expect(4, "sweep fine.json --seeds 0");
    lab.expect(4, "sweep fine.json --seeds 5..5");
    lab.expect(4, "sweep fine.json --seeds 1 --shard 2/2");
    lab.expect(4, "sweep empty");
    lab.expect(4, "check empty");
}

#[test]
fn five_without_a_verdict_or_when_nothing_is_proven() {
    let lab = Lab::new();
    lab.scenario("short.json", "tiny", json!({ "limits": { "events": 3 } }));
    lab.expect(5, "run short.json");
    lab.expect(5, "sweep short.json --seeds 3");
    let never = json!([{ "crash": { "when": { "sent": { "kind": "number", "count": 100000 } },
                                    "select": "n1" } }]);
    lab.scenario("never.json", "tiny", json!({ "faults": never }));
    let text = lab.expect(5, "run never.json");
    assert!(text.starts_with("VACUOUS"), "{text}");
    lab.expect(5, "sweep never.json --seeds 3");
    let seldom = json!({ "sometimes": { "restarted": "50%" }, "seeds": 4 });
    lab.scenario("seldom.json", "tiny", seldom);
    let text = lab.expect(5, "sweep seldom.json");
    assert!(text.contains("`restarted` was reached in 0 of 4 seeds"), "{text}");
    lab.expect(0, "sweep seldom.json --seeds 3");
}

#[test]
fn a_hundred_when_a_property_is_violated() {
    let lab = Lab::new();
    lab.scenario("fails.json", "tiny", json!({ "params": { "say_99_in": 1 } }));
    lab.expect(100, "run fails.json");
    lab.expect(100, "sweep fails.json --seeds 3");
    lab.expect(100, "replay failures/fails-0.json");
    lab.scenario("panics.json", "tiny", json!({ "params": { "panic_in": 1 } }));
    let said = lab.run("run panics.json");
    assert_eq!(said.code, 100);
    assert!(said.stdout.contains("node-panicked"), "{}", said.stdout);
    assert!(!said.stderr.contains("panicked at"), "protocols panic in silence: {}", said.stderr);
}

#[test]
fn an_expected_violation_is_judged_by_sweeps_and_not_by_runs() {
    let lab = Lab::new();
    let expect = json!({ "violation": { "property": "no-99", "within_seeds": 30 } });
    let fields = json!({ "params": { "say_99_in": 20 }, "expect": expect });
    lab.scenario("bug.json", "tiny", fields);
    let text = lab.expect(0, "sweep bug.json --out out");
    assert!(text.contains("as expected: violated in"), "{text}");
    assert_eq!(lab.read_json("out/summary.json")["seeds"], 30);
    let seed =
        lab.read_json(&format!("out/failures/{}", crate::first_failure(&lab.path("out/failures"))));
    lab.expect(100, &format!("run bug.json --seed {}", seed["seed"]));
    lab.scenario("no-bug.json", "tiny", json!({ "expect": expect_of("no-99", 10) }));
    let text = lab.expect(100, "sweep no-bug.json");
    assert!(text.contains("expected-violation-missing"), "{text}");
    lab.expect(5, "sweep no-bug.json --seeds 9");
}

fn expect_of(property: &str, within_seeds: u64) -> Value {
    json!({ "violation": { "property": property, "within_seeds": within_seeds } })
}

#[test]
fn a_violation_wins_over_what_is_not_proven() {
    let lab = Lab::new();
    lab.scenario("fails.json", "tiny", json!({ "params": { "say_99_in": 1 } }));
    lab.scenario("short.json", "tiny", json!({ "limits": { "events": 3 } }));
    lab.expect(100, "sweep fails.json short.json --seeds 2");
}

#[test]
fn a_reader_that_has_had_enough_is_no_panic() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    for line in ["list", "schema", "run fine.json", "sweep fine.json --seeds 3", "--help"] {
        let mut child =
            lab.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{line}: {complaint}");
        assert!(!complaint.contains("panicked"), "{line}: {complaint}");
    }
}
