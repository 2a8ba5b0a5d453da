//! The hidden command behind `sweep --check-determinism`: a task on stdin, a line a run on stdout.

use std::io;
use std::path::Path;

use seedbed_scenarios::determinism::{ChildTask, serve};
use seedbed_scenarios::sweep::Point;
use serde_json::Value;

use crate::exit_codes::Exit;
use crate::halt::Halt;
use crate::laboratory::Laboratory;

pub fn execute(laboratory: &Laboratory) -> Result<Exit, Halt> {
    let task: ChildTask = serde_json::from_reader(io::stdin().lock())
        .map_err(|error| Halt::CommandLine(format!("this command is not for people: {error}")))?;
    let make_unit = |json: &Value, protocol: &str| {
        let name = Path::new("(scenario)");
        laboratory
            .unit_of_json(name, json, protocol, Point::new())
            .map_err(|_| format!("cannot read a scenario of protocol {protocol}"))
    };
    serve(&task, laboratory, &make_unit, &mut io::stdout())
        .map_err(|error| Halt::Internal(error.to_string()))?;
    Ok(Exit::Fine)
}
