//! The chapter `docs/judge.md` says what the command really says.
//!
//! Blocks that name a file (```` ```edn stale.edn ````) are files; in `console` blocks each
//! command is followed by what it prints.

use std::fs;

use crate::{Lab, repository};

#[test]
fn every_example_is_true() {
    let path = repository("docs/judge.md");
    let chapter = fs::read_to_string(&path).expect("the chapter");
    let lab = Lab::new();
    let mut written = String::new();
    let mut lines = chapter.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        written.push_str(&format!("{line}\n"));
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let shown = match info.split_once(' ') {
            Some((_, file)) => {
                lab.write(file, format!("{}\n", block.join("\n")));
                block.join("\n")
            }
            None if info == "console" => {
                commands += block.iter().filter(|line| line.starts_with("$ ")).count();
                session(&lab, &block)
            }
            None => block.join("\n"),
        };
        written.push_str(&format!("{shown}\n```\n"));
    }
    assert!(commands >= 8, "the chapter shows {commands} commands");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, written).expect("the chapter can be written");
    } else {
        assert!(chapter == written, "docs/judge.md shows what is not so; it should be:\n{written}");
    }
}

/// Runs the commands of a block, and shows what they print and how they end.
fn session(lab: &Lab, block: &[&str]) -> String {
    let mut shown = Vec::new();
    let mut code = 0;
    for line in block.iter().filter(|line| line.starts_with("$ ")) {
        shown.push((*line).to_owned());
        let command = line.trim_start_matches("$ ");
        if command == "echo $?" {
            shown.push(code.to_string());
            continue;
        }
        let line = command.strip_prefix("seedbed ").expect("a command of ours");
        let (line, is_shown) = match line.strip_suffix(" > /dev/null") {
            Some(line) => (line, false),
            None => (line, true),
        };
        let scenarios = repository("scenarios/library").display().to_string();
        let said = lab.run(&line.replace("scenarios/library", &scenarios));
        code = said.code;
        let text = if is_shown { said.stdout + &said.stderr } else { said.stderr };
        shown.extend(text.trim_end().lines().map(str::to_owned));
    }
    shown.join("\n")
}
