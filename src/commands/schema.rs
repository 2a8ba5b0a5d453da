//! `schema`: the JSON schemas of what people write, for editors.

use clap::{Args, ValueEnum};
use seedbed_scenarios::format::{schema_text, study_schema_text};

use crate::console::Console;
use crate::exit_codes::Exit;

/// What `schema` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Of which files.
    #[arg(value_enum, default_value = "scenario", value_name = "SORT")]
    sort: Sort,
}

/// What people write.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    /// Scenario files.
    Scenario,
    /// Study files.
    Study,
}

pub fn execute(arguments: &Arguments, console: &Console) -> Exit {
    console.print(&match arguments.sort {
        Sort::Scenario => schema_text(),
        Sort::Study => study_schema_text(),
    });
    Exit::Fine
}
