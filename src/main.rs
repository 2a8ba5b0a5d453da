//! The `seedbed` command: the standard protocols.

use std::process::ExitCode;

fn main() -> ExitCode {
    seedbed::main(seedbed::Registry::standard())
}
