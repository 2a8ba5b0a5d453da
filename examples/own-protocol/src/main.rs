//! seedbed with one more protocol: `cargo run --release -- sweep scenarios/flooding.json`.

mod flooding;

use std::process::ExitCode;

fn main() -> ExitCode {
    seedbed::main(seedbed::Registry::standard().with::<flooding::Flooding>())
}
