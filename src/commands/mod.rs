//! The commands, one file each.

mod asked;
mod check;
mod compare;
mod digests;
mod judge;
mod judge_text;
mod list;
mod replay;
mod report;
mod run;
mod schema;
mod settings;
mod sweep;
mod sweep_text;

use clap::{Parser, Subcommand};

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;
use crate::laboratory::Laboratory;

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SEEDBED_COMMIT"), ")");

const AFTER_HELP: &str = "\
Exit codes: 0 all as expected, 1 internal or IO error, 2 bad command line, 3 bad scenario, failure
or history file, 4 nothing ran, 5 unknown or vacuous, 100 a property was violated, 110 determinism
broken, 130 interrupted (partial results are written).";

/// A laboratory for distributed systems: simulate, break, replay.
#[derive(Debug, Parser)]
#[command(version = VERSION, after_help = AFTER_HELP, max_term_width = 100)]
pub struct CommandLine {
    /// For whom results are written.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what there is: protocols, scenarios, studies, checks, faults, bugs.
    List(list::Arguments),
    /// Says what is wrong with scenario files.
    Check(check::Arguments),
    /// Makes one run of a scenario.
    Run(run::Arguments),
    /// Makes the same run again, and compares.
    Replay(replay::Arguments),
    /// Runs many seeds.
    Sweep(Box<sweep::Arguments>),
    /// Says what differs between two results, and whether it is more than chance.
    Compare(compare::Arguments),
    /// Draws results: SVG, PNG and CSV files.
    Report(report::Arguments),
    /// Judges histories of operations, from anywhere: was it linearizable, serializable, ...?
    Judge(Box<judge::Arguments>),
    /// Prints the JSON schema of scenario or study files.
    Schema(schema::Arguments),
    /// Makes the runs that another process gives it, for `sweep --check-determinism`.
    #[command(name = determinism_name(), hide = true)]
    Digests,
}

/// The name of the hidden command: nothing that anybody types by accident.
pub fn determinism_name() -> &'static str {
    "digests-of-runs"
}

impl CommandLine {
    /// Reads the process's arguments.
    pub fn read() -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse()
    }
}

impl Command {
    /// Does it.
    pub fn execute(self, laboratory: &Laboratory, console: &Console) -> Result<Exit, Halt> {
        match self {
            Command::List(arguments) => list::execute(&arguments, laboratory, console),
            Command::Check(arguments) => check::execute(&arguments, laboratory, console),
            Command::Run(arguments) => run::execute(&arguments, laboratory, console),
            Command::Replay(arguments) => replay::execute(&arguments, laboratory, console),
            Command::Sweep(arguments) => sweep::execute(&arguments, laboratory, console),
            Command::Compare(arguments) => compare::execute(&arguments, console),
            Command::Report(arguments) => report::execute(&arguments, console),
            Command::Judge(arguments) => judge::execute(&arguments, console),
            Command::Schema(arguments) => Ok(schema::execute(&arguments, console)),
            Command::Digests => digests::execute(laboratory),
        }
    }
}
