//! Failure files: written, replayed, damaged.

use serde_json::{Value, json};

use crate::{Lab, first_failure};

/// A lab with a failure file.
fn with_failure() -> (Lab, String) {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.expect(100, "sweep fails.json --seeds 40 --out out");
    let file = format!("out/failures/{}", first_failure(&lab.path("out/failures")));
    (lab, file)
}

#[test]
fn a_failure_replays_exactly_and_stands_alone() {
    let (lab, file) = with_failure();
    std::fs::remove_file(lab.path("fails.json")).unwrap();
    let text = lab.expect(100, &format!("replay {file}"));
    assert!(text.starts_with("replayed exactly (digest "), "{text}");
    assert!(text.contains("no-99 violated again"), "{text}");
}

#[test]
fn a_failure_file_has_every_documented_field() {
    let (lab, file) = with_failure();
    let failure = lab.read_json(&file);
    let wanted = [
        "build",
        "checkpoints",
        "checksum",
        "digest",
        "event",
        "format_version",
        "inputs",
        "message",
        "property",
        "protocol",
        "scenario",
        "seed",
        "signature",
        "tail",
        "virtual_time_ns",
    ];
    let fields: Vec<&String> = failure.as_object().unwrap().keys().collect();
    assert_eq!(fields, wanted);
    assert_eq!(failure["inputs"], json!({}));
    assert_eq!(failure["scenario"]["name"], "fails");
    for field in ["version", "commit", "stream_layout", "executable"] {
        assert!(!failure["build"][field].is_null(), "{field}");
    }
    let tail = failure["tail"].as_array().unwrap();
    assert_eq!(tail.len() as u64, failure["event"].as_u64().unwrap(), "it stopped right there");
}

#[test]
fn the_run_and_the_sweep_write_the_same_failure() {
    let (lab, file) = with_failure();
    let seed = lab.read_json(&file)["seed"].as_u64().unwrap();
    lab.expect(100, &format!("run fails.json --seed {seed}"));
    assert_eq!(lab.read(&file), lab.read(&format!("failures/fails-{seed}.json")));
}

#[test]
fn damaged_files_are_refused_with_clear_words() {
    let (lab, file) = with_failure();
    let whole = lab.read(&file);
    let refused = |text: &str, words: &str| {
        lab.write("damaged.json", text);
        let said = lab.run("replay damaged.json");
        assert_eq!(said.code, 3, "{}", said.stderr);
        assert!(said.stderr.contains(words), "wanted `{words}`: {}", said.stderr);
        assert!(said.stderr.contains("damaged.json"), "{}", said.stderr);
    };
    refused(&whole[..whole.len() / 2], "cut off");
    refused("", "cut off");
    refused("nonsense", "no JSON");
    refused("[]", "one JSON object");
    let other_version = whole.replace("\"format_version\": 1,\n", "\"format_version\": 9,\n");
    refused(&other_version, "format_version 9; this seedbed reads 1");
    refused(&whole.replace("no-99", "no-98"), "checksum does not match");
    refused("{\"format_version\": 1}", "checksum: this field is missing");
    refused("{}", "format_version: this field is missing");
}

/// Changes fields of a failure file as somebody would who knows how to compute the checksum.
fn forge(lab: &Lab, file: &str, change: impl FnOnce(&mut Value)) {
    let mut failure = lab.read_json(file);
    change(&mut failure);
    failure.as_object_mut().unwrap().remove("checksum");
    let hash = seedbed::scenarios::canonical::hash_value(&failure);
    failure["checksum"] = json!(seedbed::scenarios::canonical::hex(hash));
    lab.write("forged.json", &failure.to_string());
}

#[test]
fn the_first_differing_event_is_named_and_means_110_only_for_the_same_program() {
    let (lab, file) = with_failure();
    let event = lab.read_json(&file)["event"].as_u64().unwrap();
    let other_digest = |failure: &mut Value| {
        failure["digest"] = json!("0123456789abcdef");
        let last = failure["tail"].as_array().unwrap().len() - 1;
        failure["tail"][last] = json!("0123456789abcdef");
        let last = failure["checkpoints"].as_array().unwrap().len() - 1;
        failure["checkpoints"][last][1] = json!("0123456789abcdef");
    };
    forge(&lab, &file, other_digest);
    let text = lab.expect(110, "replay forged.json");
    assert!(text.contains(&format!("event {event} is the first that differs")), "{text}");
    forge(&lab, &file, |failure| {
        other_digest(failure);
        failure["build"]["executable"] = json!("0123456789abcdef");
        failure["build"]["commit"] = json!("abcdef");
    });
    let text = lab.expect(100, "replay forged.json");
    assert!(text.contains("not the same run"), "{text}");
    assert!(text.contains("commit abcdef wrote the file"), "{text}");
    lab.expect(110, "replay forged.json --digest 0123456789abcdef");
}

#[test]
fn a_failure_that_is_repaired_replays_as_fine() {
    let (lab, file) = with_failure();
    forge(&lab, &file, |failure| {
        failure["scenario"]["params"]["say_99_in"] = json!(0);
        failure["build"]["executable"] = json!("0123456789abcdef");
    });
    let text = lab.expect(0, "replay forged.json");
    assert!(text.contains("not violated any more"), "{text}");
}

#[test]
fn a_wrong_scenario_inside_is_a_wrong_file() {
    let (lab, file) = with_failure();
    forge(&lab, &file, |failure| failure["scenario"]["nodez"] = json!(3));
    lab.expect(3, "replay forged.json");
    forge(&lab, &file, |failure| failure["protocol"] = json!("other"));
    lab.expect(3, "replay forged.json");
    forge(&lab, &file, |failure| failure["inputs"] = json!({ "gone.csv": "0123456789abcdef" }));
    lab.expect(3, "replay forged.json");
}

#[test]
fn printed_commands_work_when_pasted() {
    let (lab, _) = with_failure();
    let output = lab.command("sweep fails.json --seeds 40").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("replay "))
        .map(str::trim)
        .collect();
    assert!(!commands.is_empty(), "{text}");
    for command in commands {
        let mut shell = std::process::Command::new("sh");
        let status = shell.args(["-c", command]).current_dir(lab.path("")).output().unwrap().status;
        assert_eq!(status.code(), Some(100), "{command}");
    }
}
