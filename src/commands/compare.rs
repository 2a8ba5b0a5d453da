//! `compare`: two results side by side.

use std::path::PathBuf;

use clap::Args;
use seedbed_reports::compare::compare;
use seedbed_scenarios::canonical;
use serde_json::json;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;

/// What `compare` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder of a sweep's results, or its results.jsonl.
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The one that is compared with it.
    #[arg(value_name = "B")]
    second: PathBuf,
}

pub fn execute(arguments: &Arguments, console: &Console) -> Result<Exit, Halt> {
    let comparison = compare(&arguments.first, &arguments.second)?;
    match console.format {
        Format::Json => console.print(&format!("{}\n", canonical::line(&json!(comparison)))),
        Format::Human => console.print(&comparison.to_string()),
    }
    if comparison.groups.is_empty() {
        let message = "the two results have no scenario, protocol and point in common";
        return Err(Halt::NothingToRun(message.to_owned()));
    }
    Ok(Exit::Fine)
}
