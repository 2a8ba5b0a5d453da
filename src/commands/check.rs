//! `check`: says what is wrong with scenario and study files.

use std::path::PathBuf;

use clap::Args;
use seedbed_scenarios::sweep::{Point, plan_units};
use serde_json::json;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::files::{Files, find_files};
use crate::halt::{Halt, error_list, render};
use crate::laboratory::Laboratory;

/// What `check` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Scenario and study files, or folders of them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub fn execute(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let Files { scenarios, studies } = find_files(&arguments.paths)?;
    let mut wrong = Vec::new();
    let mut right = Vec::new();
    for file in &scenarios {
        match laboratory.load(file, &[]) {
            Ok(loaded) => {
                let json = loaded.document.value().clone();
                right.push(vec![(Point::new(), loaded.scenario, json)]);
            }
            Err(errors) => wrong.push(errors),
        }
    }
    let mut fine_studies = 0;
    for file in &studies {
        match laboratory.load_study(file) {
            Ok(_) => fine_studies += 1,
            Err(errors) => wrong.push(errors),
        }
    }
    let (fine, bad) = (right.len() + fine_studies, wrong.len());
    if console.format == Format::Json {
        let errors = error_list(&wrong);
        let result = json!({ "files": fine + bad, "fine": fine, "errors": errors });
        console.print(&format!("{result}\n"));
    } else {
        for errors in &wrong {
            console.complain(&render(errors, console.colour_stderr));
        }
        let files = |count: usize| if count == 1 { "file" } else { "files" };
        let sort = if studies.is_empty() { "scenario " } else { "" };
        let text = match (fine, bad) {
            (fine, 0) => format!("{fine} {sort}{} fine\n", files(fine)),
            (fine, bad) => format!("{bad} {sort}{} wrong, {fine} fine\n", files(bad)),
        };
        console.print(&text);
    }
    if bad > 0 {
        return Ok(Exit::BadFile);
    }
    plan_units(right).map_err(|error| Halt::BadFile(error.to_string()))?;
    Ok(Exit::Fine)
}
