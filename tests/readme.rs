//! The commands that the README shows, run as it shows them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that looks like a clone as far as the commands can tell.
fn clone() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("seedbed-readme-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    for part in ["scenarios/library", "checkers/tests/data/porcupine"] {
        copy(&root.join(part), &folder.join(part));
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The arguments of every seedbed command in the README, in order.
fn commands() -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let text = text.expect("a README");
    let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
    let lines = lines.map(|line| line.split(" #").next().unwrap_or_default().trim());
    let commands = lines.filter_map(|line| {
        line.strip_prefix("seedbed ").or(line.strip_prefix("cargo run --release -- "))
    });
    commands.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// What a command must exit with: a planted bug is found, and found again by replay.
fn expected_code(command: &[String]) -> i32 {
    let plants = command.iter().any(|word| word.starts_with("params.bug="));
    if plants || command[0] == "replay" { 100 } else { 0 }
}

#[test]
fn every_command_does_what_the_readme_says() {
    let folder = clone();
    let commands = commands();
    assert!(commands.len() >= 7, "the README shows fewer commands than this test knows of");
    for mut command in commands {
        let expected = expected_code(&command);
        if command[0] == "sweep" {
            // The same sweep with few seeds: how many change nothing but the time.
            if let Some(at) = command.iter().position(|word| word == "--seeds") {
                command.drain(at..at + 2);
            }
            let library = command[1].contains("labs");
            command.extend(["--seeds".to_owned(), if library { "1" } else { "200" }.to_owned()]);
        }
        let output = Command::new(env!("CARGO_BIN_EXE_seedbed"))
            .args(&command)
            .current_dir(&folder)
            .output()
            .expect("the command starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "seedbed {}:\n{text}", command.join(" "));
    }
    fs::remove_dir_all(&folder).expect("the folder goes");
}

/// The picture on the first screen shows what that seed really does.
#[test]
fn the_picture_is_true() {
    let output = Command::new(env!("CARGO_BIN_EXE_seedbed"))
        .args(["run", "--seed", "409", "--format", "json", "--output"])
        .arg(std::env::temp_dir().join(format!("seedbed-picture-{}", std::process::id())))
        .arg("scenarios/library/raft/bugs/stale-vote-counted.json")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("n3 and n4 were both elected leader in term 3"), "{text}");
}
