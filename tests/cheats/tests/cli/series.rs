//! Series, studies and comparisons.

use std::fs;

use serde_json::{Value, json};

use crate::Lab;

fn rows(lab: &Lab, folder: &str) -> Vec<Value> {
    let text = lab.read(&format!("{folder}/results.jsonl"));
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn series_are_the_same_with_any_number_of_jobs_and_after_a_kill() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds 30 --series --jobs 1 --out one");
    lab.expect(0, "sweep fine.json --seeds 30 --series --jobs 2 --out two");
    let whole = lab.read("one/results.jsonl");
    assert_eq!(lab.read("two/results.jsonl"), whole);
    // A kill leaves some whole lines and a piece of one.
    let kept: String = whole.split_inclusive('\n').take(12).collect();
    lab.write("killed/results.part.jsonl", &format!("{kept}{{\"also\":["));
    lab.expect(2, "sweep fine.json --seeds 30 --out killed --resume");
    lab.expect(2, "sweep fine.json --seeds 30 --series --bin 50ms --out killed --resume");
    lab.expect(0, "sweep fine.json --seeds 30 --series --out killed --resume");
    assert_eq!(lab.read("killed/results.jsonl"), whole);
    let histograms =
        |folder: &str| lab.read_json(&format!("{folder}/summary.json"))["histograms"].clone();
    assert_eq!(histograms("killed"), histograms("one"));
}

/// Bins that cannot be are refused; bins that are wider than asked for are said to be.
#[test]
fn the_width_of_bins_is_taken_at_its_word() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(2, "sweep fine.json --seeds 2 --series --bin 0s --out zero");
    let said = lab.run("sweep fine.json --seeds 2 --series --bin 1ns --out narrow");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("hint: bins are ") && said.stderr.contains("of 1ns"));
    assert!(rows(&lab, "narrow")[0]["series"]["bin_ns"].as_u64() > Some(1));
    let said = lab.run("sweep fine.json --seeds 2 --series --bin 10ms --out wide");
    assert!(!said.stderr.contains("hint"), "{}", said.stderr);
}

/// Without `--series` results are what they always were: but for the field, rows are the same,
/// and so is the header.
#[test]
fn series_only_add_a_field() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.expect(100, "sweep fails.json --seeds 30 --out plain");
    lab.expect(100, "sweep fails.json --seeds 30 --series --bin 10ms --out series");
    let mut with = rows(&lab, "series");
    for row in &mut with {
        let series = row.as_object_mut().unwrap().remove("series").unwrap();
        assert_eq!(series["bin_ns"], json!(10_000_000));
    }
    assert_eq!(with, rows(&lab, "plain"));
    let mut head: [Value; 2] = ["series", "plain"].map(|folder| {
        serde_json::from_str(lab.read(&format!("{folder}/results.jsonl")).lines().next().unwrap())
            .unwrap()
    });
    assert_eq!(
        head[0].as_object_mut().unwrap().remove("series"),
        Some(json!({ "bin_ns": 10_000_000 }))
    );
    assert_eq!(head[0], head[1]);
    assert!(!lab.read("plain/results.jsonl").contains("series"));
}

/// The rows of a few seeds, to the byte, as they were before there were series.
#[test]
fn rows_without_series_are_the_bytes_that_they_were() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.expect(100, "sweep fails.json --seeds 12 --out out");
    let text = lab.read("out/results.jsonl");
    let (_, body) = text.split_once('\n').unwrap();
    crate::golden::assert_golden("rows.jsonl", body);
}

fn study(lab: &Lab, file: &str, change: impl Fn(&mut Value)) {
    let mut study = json!({
        "format_version": 1, "name": "hosts", "about": "How many messages so many hosts send.",
        "scenario": "fine.json",
        "vary": [{ "path": "nodes", "values": [2, 3, 5] }],
        "seeds": 4,
        "measures": [{ "name": "messages_sent", "title": "Messages", "against": "nodes" }],
        "published": [{ "measure": "messages_sent", "label": "five to each other",
            "source": "arithmetic",
            "points": [{ "at": { "nodes": 3 }, "numbers": { "mean": 30, "p50": 30 } }] }],
    });
    change(&mut study);
    lab.write(file, &format!("{study:#}\n"));
}

#[test]
fn a_study_runs_its_grid_and_its_results_say_so() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    study(&lab, "study.json", |_| {});
    assert_eq!(lab.expect(0, "check ."), "2 files fine\n");
    // In a folder it is no scenario.
    lab.expect(0, "sweep . --seeds 1 --out folder");
    assert_eq!(rows(&lab, "folder").len(), 1);
    lab.expect(0, "sweep study.json --out out");
    let points: Vec<Value> = rows(&lab, "out").iter().map(|row| row["point"].clone()).collect();
    let wanted = [2, 3, 5].map(|nodes| vec![json!({ "nodes": nodes }); 4]).concat();
    assert_eq!(points, wanted);
    for row in rows(&lab, "out") {
        let nodes = row["point"]["nodes"].as_u64().unwrap();
        assert_eq!(row["measures"]["messages_sent"], json!(5 * nodes * (nodes - 1)));
    }
    let head: Value =
        serde_json::from_str(lab.read("out/results.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(head["study"]["name"], json!("hosts"));
    assert_eq!(head["study"]["published"][0]["points"][0]["numbers"]["mean"], json!(30.0));
    assert_eq!(head["grid"]["vary"], json!([["nodes", [2, 3, 5]]]));
    // By its name it is swept alone.
    assert_eq!(lab.run("sweep study.json fine.json").code, 2);
    assert_eq!(lab.run("sweep study.json --vary nodes=3").code, 2);
    assert_eq!(lab.run("run study.json").code, 3);
    lab.expect(0, "sweep study.json --seeds 1 --series --out series");
    assert_eq!(rows(&lab, "series").len(), 3);
    fs::remove_file(lab.path("fine.json")).unwrap();
    assert_eq!(lab.run("check study.json").code, 3);
}

#[test]
fn what_is_wrong_with_a_study_has_a_place() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    study(&lab, "shape.json", |it| it["measurez"] = json!([]));
    study(&lab, "meaning.json", |it| {
        it["vary"][0]["labels"] = json!(["two"]);
        it["measures"][0]["name"] = json!("message_sent");
        it["measures"][0]["against"] = json!("node");
        it["published"][0]["points"][0] = json!({ "at": { "nodes": 4 }, "numbers": { "p101": 1 } });
    });
    study(&lab, "values.json", |it| it["vary"][0]["values"] = json!([2, 0, "many"]));
    study(&lab, "fixed.json", |it| it["vary"][0]["path"] = json!("seeds"));
    let lines = ["check shape.json", "check meaning.json", "check values.json", "check fixed.json"];
    crate::golden::assert_golden("studies.txt", &crate::golden::page(&lab, &lines));
}

#[test]
fn compare_says_what_a_change_did() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(100, "sweep fails.json fine.json --seeds 40 --out one");
    lab.expect(100, "sweep fails.json --set params.say_99_in=5 --seeds 40 --out often");
    lab.expect(0, "sweep fine.json --set nodes=5 --seeds 10..50 --out more");
    let lines = [
        "compare one often",
        "compare one/results.jsonl more",
        "compare one one --format json",
        "compare often more",
        "compare one nowhere",
    ];
    crate::golden::assert_golden("compare.txt", &crate::golden::page(&lab, &lines));
}

/// What one result never reaches is said, and is no reason to compare the few that did.
#[test]
fn compare_counts_what_was_never_reached() {
    let lab = Lab::new();
    let crash = json!({ "crash": { "at": "20ms", "select": "n1", "for": "1ms" } });
    lab.scenario("fine.json", "tiny", json!({ "faults": [crash] }));
    lab.expect(0, "sweep fine.json --seeds 30 --out with");
    lab.expect(0, "sweep fine.json --seeds 30 --set faults=[] --out without");
    let said = lab.expect(0, "compare with without");
    let line = said.lines().find(|line| line.trim_start().starts_with("milestones.restarted"));
    let words: Vec<&str> = line.expect("a line about restarts").split_whitespace().collect();
    assert_eq!(words[1..3], ["30", "0"], "{said}");
    assert_eq!(words[4..6], ["-", "-"], "{said}");
}
