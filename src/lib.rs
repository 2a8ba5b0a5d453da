//! seedbed: a deterministic laboratory for distributed systems.
//!
//! This crate is the command line. A binary with protocols of its own has every command:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     seedbed::main(seedbed::Registry::standard())
//! }
//! ```

mod commands;
mod console;
mod exit_codes;
mod failure_text;
mod files;
mod halt;
mod laboratory;
mod panics;
mod progress;

use std::env;
use std::process::ExitCode;

pub use seedbed_checkers as checkers;
pub use seedbed_protocols as protocols;
pub use seedbed_scenarios as scenarios;
pub use seedbed_scenarios::Registry;
pub use seedbed_sim as sim;

use crate::commands::CommandLine;
use crate::console::{Console, shell_word};
use crate::exit_codes::Exit;
use crate::laboratory::Laboratory;

/// The whole program: reads the command line, does what it says, and returns the exit code.
#[must_use]
pub fn main(registry: Registry) -> ExitCode {
    panics::install_hook();
    run_command(registry).into()
}

fn run_command(registry: Registry) -> Exit {
    let program = env::args().next().map_or_else(|| "seedbed".to_owned(), |word| shell_word(&word));
    let line = match CommandLine::read() {
        Ok(line) => line,
        // Help goes to stdout and is fine; both go nowhere if nobody reads any more.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::CommandLine } else { Exit::Fine };
        }
    };
    let console = Console::new(line.format, program);
    let laboratory = Laboratory::new(registry);
    let exit = match line.command.execute(&laboratory, &console) {
        Ok(exit) => exit,
        Err(halt) => halt.report(&console),
    };
    if console.is_broken() { exit.or(Exit::Internal) } else { exit }
}
