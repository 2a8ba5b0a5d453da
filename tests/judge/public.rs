//! The public histories of porcupine's tests, through the command.

use std::fs;

use serde_json::Value;

use crate::{Lab, repository};

/// The files with the verdict that is known, and the model.
fn files() -> Vec<(String, String, &'static str)> {
    let folder = repository("checkers/tests/data/porcupine");
    let verdicts = fs::read_to_string(folder.join("verdicts.json")).expect("the verdicts");
    let verdicts: Value = serde_json::from_str(&verdicts).expect("JSON");
    let mut files = Vec::new();
    for (name, entry) in verdicts.as_object().expect("an object") {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let model = if entry["model"] == "kv" { "kv" } else { "cas-register" };
        // One history is empty: nobody can say anything of it.
        let verdict = match entry["verdict"].as_str() {
            Some("ok") => "pass",
            Some("bad") => "fail",
            Some(_) | None => "vacuous",
        };
        files.push((path.display().to_string(), verdict.to_owned(), model));
    }
    files
}

#[test]
fn all_public_histories_get_their_verdicts() {
    let files = files();
    assert!(files.len() > 50, "there are {} histories", files.len());
    let lab = Lab::new();
    for model in ["kv", "cas-register"] {
        let of_model: Vec<&(String, String, &str)> =
            files.iter().filter(|(_, _, other)| *other == model).collect();
        let paths: Vec<&str> = of_model.iter().map(|(path, _, _)| path.as_str()).collect();
        let line = format!("judge --model {model} --format json {}", paths.join(" "));
        let said = lab.run(&line);
        assert_eq!(said.code, 100, "{}", said.stderr);
        let result: Value = serde_json::from_str(&said.stdout).expect("JSON");
        for (found, (path, verdict, _)) in
            result["histories"].as_array().expect("a list").iter().zip(&of_model)
        {
            assert_eq!(found["file"].as_str(), Some(path.as_str()));
            assert_eq!(found["verdict"].as_str(), Some(verdict.as_str()), "{path}");
        }
    }
}

/// The exit code of one history at a time.
#[test]
fn exit_codes_follow_the_verdict() {
    let lab = Lab::new();
    for (path, verdict, model) in files().into_iter().step_by(7) {
        let said = lab.run(&format!("judge {path} --model {model}"));
        let expected = match verdict.as_str() {
            "pass" => 0,
            "fail" => 100,
            _ => 5,
        };
        assert_eq!(said.code, expected, "{path}: {}{}", said.stdout, said.stderr);
    }
}

#[test]
fn stdin_is_a_file() {
    let (path, _, model) = files().into_iter().find(|(_, verdict, _)| verdict == "fail").unwrap();
    let text = fs::read_to_string(path).expect("a history");
    let said = Lab::new().run_with(&format!("judge - --model {model}"), &text);
    assert_eq!(said.code, 100, "{}", said.stderr);
    assert!(said.stdout.starts_with("FAIL -   "), "{}", said.stdout);
}
