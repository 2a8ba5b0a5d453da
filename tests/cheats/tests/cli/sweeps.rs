//! Sweeps: the same bytes however they are made, interrupted and taken up again.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Lab, said};

/// All that must not depend on how a sweep was made: everything but `summary.json`'s `host`.
fn contents(lab: &Lab, folder: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut summary = lab.read_json(&format!("{folder}/summary.json"));
    summary.as_object_mut().unwrap().remove("host");
    all.insert("summary".to_owned(), summary.to_string());
    all.insert("results".to_owned(), lab.read(&format!("{folder}/results.jsonl")));
    let failures = lab.path(&format!("{folder}/failures"));
    if let Ok(entries) = std::fs::read_dir(failures) {
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            all.insert(name, std::fs::read_to_string(path).unwrap());
        }
    }
    all
}

#[test]
fn one_and_two_jobs_write_the_same() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(100, "sweep fails.json fine.json --seeds 60 --jobs 1 --out one");
    lab.expect(100, "sweep fine.json fails.json --seeds 60 --jobs 2 --out two");
    assert_eq!(contents(&lab, "one"), contents(&lab, "two"));
    assert!(contents(&lab, "one").len() > 3, "some seeds failed, and others did not");
}

#[test]
fn a_grid_runs_every_point() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(
        0,
        "sweep fine.json --seeds 2 --set params.panic_in=0 --vary nodes=3,5 \
         --vary network.loss=1%,2% --out out",
    );
    let points: Vec<Value> = lab
        .read("out/results.jsonl")
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["point"].clone())
        .collect();
    let point = |nodes: u64, loss: &str| {
        let panic_in = 0;
        json!({ "network.loss": loss, "nodes": nodes, "params.panic_in": panic_in })
    };
    let order = [point(3, "1%"), point(3, "2%"), point(5, "1%"), point(5, "2%")];
    let wanted: Vec<Value> =
        order.iter().flat_map(|point| [point.clone(), point.clone()]).collect();
    assert_eq!(points, wanted);
}

#[test]
fn shards_share_the_seeds() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    let rows = |out: &str| -> Vec<String> {
        lab.read(&format!("{out}/results.jsonl")).lines().map(str::to_owned).collect()
    };
    lab.expect(0, "sweep fine.json --seeds 10 --out whole");
    let mut all = Vec::new();
    for part in 1..=3 {
        lab.expect(0, &format!("sweep fine.json --seeds 10 --shard {part}/3 --out part{part}"));
        let part = rows(&format!("part{part}"));
        assert_eq!(part[0], rows("whole")[0], "headers know nothing of shards");
        all.extend(part.into_iter().skip(1));
    }
    all.sort();
    let mut whole: Vec<String> = rows("whole").into_iter().skip(1).collect();
    whole.sort();
    assert_eq!(all, whole);
}

#[test]
fn seeds_are_counted_from_a_text() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    let seeds = |out: &str| -> Vec<u64> {
        let rows = lab.read(&format!("{out}/results.jsonl"));
        let seeds = rows
            .lines()
            .skip(1)
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seed"].as_u64().unwrap());
        seeds.collect()
    };
    lab.expect(0, "sweep fine.json --seeds 3 --seed-from abc123 --out one");
    lab.expect(0, "sweep fine.json --seeds 3 --seed-from abc123 --out two");
    lab.expect(0, "sweep fine.json --seeds 3 --seed-from abc124 --out three");
    let one = seeds("one");
    assert_eq!(one, seeds("two"));
    assert_ne!(one, seeds("three"));
    assert_eq!(one, [one[0], one[0] + 1, one[0] + 2]);
    lab.expect(0, "sweep fine.json --seeds 18446744073709551614..18446744073709551615 --out last");
    assert!(lab.read("last/results.jsonl").contains("\"seed\":\"18446744073709551614\""));
}

#[test]
fn random_seeds_can_be_taken_up_again() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds random:5 --out one");
    lab.expect(0, "sweep fine.json --seeds random:5 --out two");
    assert_ne!(lab.read("one/results.jsonl"), lab.read("two/results.jsonl"));
    let before = lab.read("one/results.jsonl");
    lab.expect(0, "sweep fine.json --seeds random:5 --out one --resume");
    assert_eq!(lab.read("one/results.jsonl"), before);
    lab.expect(2, "sweep fine.json --seeds random:6 --out one --resume");
}

#[test]
fn the_failed_seeds_run_again_on_request() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.expect(100, "sweep fails.json --seeds 50 --out out");
    let failed = lab.read_json("out/summary.json")["fail"].as_u64().unwrap();
    assert!(failed > 0 && failed < 50);
    lab.expect(100, "sweep fails.json --rerun out/results.jsonl --out again");
    let again = lab.read_json("again/summary.json");
    assert_eq!((again["seeds"].as_u64(), again["fail"].as_u64()), (Some(failed), Some(failed)));
    lab.scenario("other.json", "tiny", json!({}));
    lab.expect(2, "sweep other.json --rerun out/results.jsonl");
    lab.scenario("fails.json", "tiny", json!({}));
    lab.expect(0, "sweep fails.json --rerun out/results.jsonl");
}

#[test]
fn time_ends_a_sweep_without_being_a_failure() {
    let lab = Lab::new();
    lab.scenario("a.json", "tiny", json!({}));
    lab.scenario("b.json", "tiny", json!({}));
    lab.expect(0, "sweep a.json b.json --for 300ms --out out");
    let rows = lab.read("out/results.jsonl");
    let count = |name: &str| rows.matches(&format!("\"scenario\":\"{name}\"")).count();
    assert!(count("a") > 0 && count("b") > 0 && count("a").abs_diff(count("b")) <= 2);
}

#[test]
fn results_are_refused_or_resumed() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds 5 --out out");
    let before = contents(&lab, "out");
    lab.expect(2, "sweep fine.json --seeds 5 --out out");
    lab.expect(2, "sweep fine.json --seeds 6 --out out --resume");
    lab.expect(2, "sweep fine.json --seeds 5 --set nodes=4 --out out --resume");
    lab.expect(2, "sweep fine.json --seeds 5 --vary nodes=3,4 --out out --resume");
    lab.expect(0, "sweep fine.json --seeds 5 --out out --resume");
    assert_eq!(contents(&lab, "out"), before);
    lab.scenario("fine.json", "tiny", json!({ "about": "something else" }));
    lab.expect(2, "sweep fine.json --seeds 5 --out out --resume");
    lab.write("out/results.jsonl", "{\"format_version\":1}\nnonsense\n");
    lab.expect(2, "sweep fine.json --seeds 5 --out out --resume");
}

/// Sends a real Ctrl-C to a sweep that has begun, and waits for it.
#[cfg(unix)]
fn interrupt(lab: &Lab, line: &str, out: &str) -> crate::Said {
    let child = lab.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let part = lab.path(&format!("{out}/results.part.jsonl"));
    let rows = || std::fs::read_to_string(&part).map_or(0, |text| text.lines().count());
    for _ in 0..1000 {
        if rows() > 20 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(rows() > 20, "the sweep has begun");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    said(child.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_runs_and_resume_completes_it() {
    let lab = Lab::new();
    lab.failing("fails.json");
    let line = "sweep fails.json --seeds 6000 --jobs 2";
    let said = interrupt(&lab, &format!("{line} --out out"), "out");
    assert_eq!(said.code, 130, "{}", said.stderr);
    assert!(said.stderr.contains("--resume"), "{}", said.stderr);
    let rows = lab.read("out/results.jsonl").lines().count();
    assert!(rows > 20 && rows < 6001, "{rows} rows");
    assert!(!lab.path("out/results.part.jsonl").exists());
    lab.expect(100, &format!("{line} --out out --resume"));
    lab.expect(100, &format!("{line} --out whole"));
    assert_eq!(contents(&lab, "out"), contents(&lab, "whole"));
}
