//! `replay`: the same run again, compared with the first one.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use seedbed_scenarios::canonical;
use seedbed_scenarios::failure::Failure;
use seedbed_scenarios::replay::{Replay, Twice, replay_failure, run_twice};
use seedbed_scenarios::run::RunRecord;
use serde_json::{Value, json};

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;
use crate::laboratory::{Laboratory, units_of};

use super::run::exit_of;
use super::settings::point_of;

/// What `replay` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A failure file, or a scenario with a seed.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The seed, for a scenario: it is run twice.
    #[arg(long)]
    seed: Option<u64>,
    /// The digest that the run must have.
    #[arg(long, value_name = "HEX", value_parser = read_digest)]
    digest: Option<u64>,
    /// Sets a field of the scenario.
    #[arg(long, value_name = "PATH=VALUE", requires = "seed")]
    set: Vec<String>,
}

fn read_digest(text: &str) -> Result<u64, String> {
    canonical::parse_hex(text).ok_or_else(|| "expected 16 hex digits".to_owned())
}

pub fn execute(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    match arguments.seed {
        Some(seed) => replay_scenario(arguments, seed, laboratory, console),
        None => replay_file(arguments, laboratory, console),
    }
}

fn replay_file(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let path = &arguments.file;
    let unusable = |error| Halt::failure_file(path, &error);
    let failure = match Failure::read(path) {
        Ok(failure) => failure,
        Err(_) if is_scenario(path) => {
            let message = format!("`{}` is a scenario: add --seed", path.display());
            return Err(Halt::CommandLine(message));
        }
        Err(error) => return Err(unusable(error)),
    };
    let name = PathBuf::from(format!("{} (scenario)", path.display()));
    let (scenario, protocol) = (&failure.scenario, &failure.protocol);
    let unit = laboratory.unit_of_json(&name, scenario, protocol, failure.point.clone())?;
    let build = laboratory.build()?;
    let replay =
        replay_failure(&failure, &unit, laboratory, &build, arguments.digest).map_err(unusable)?;
    let exit = if replay.is_broken() {
        Exit::Nondeterministic
    } else if replay.violated_again {
        Exit::Violated
    } else {
        Exit::Fine
    };
    match console.format {
        Format::Json => print_record(console, &replay.output.record),
        Format::Human => console.print(&describe(console, &failure, &replay)),
    }
    if replay.is_broken() {
        console
            .complain("error: determinism is broken: this run should have had the same digest\n");
    }
    Ok(exit)
}

/// Whether a file is JSON that looks more like a scenario than like a failure.
fn is_scenario(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    value.get("nodes").is_some() || value.get("extends").is_some()
}

fn describe(console: &Console, failure: &Failure, replay: &Replay) -> String {
    let record = &replay.output.record;
    let mut text = match &replay.divergence {
        None => format!("replayed exactly (digest {})\n", record.digest),
        // Only `--digest` says otherwise.
        Some(_) if record.digest == failure.digest => {
            format!("replayed exactly (digest {}), but --digest wants another\n", record.digest)
        }
        Some(divergence) => {
            let was = &failure.digest;
            format!("not the same run: digest {}, was {was}; {divergence}\n", record.digest)
        }
    };
    for difference in &replay.build_differences {
        text.push_str(&format!("  another program: {difference}\n"));
    }
    let (property, seed) = (&failure.property, failure.seed);
    let word = if replay.violated_again {
        console.red("violated again")
    } else {
        console.green("not violated any more")
    };
    text.push_str(&format!("{} seed {seed}: {property} {word}\n", record.scenario));
    if let Some(message) = &record.message {
        text.push_str(&format!("     {message}\n"));
    }
    text
}

fn replay_scenario(
    arguments: &Arguments,
    seed: u64,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let loaded = laboratory.load(&arguments.file, &arguments.set);
    let loaded = loaded.map_err(|errors| Halt::Scenarios(vec![errors]))?;
    let units = units_of(loaded, point_of(&arguments.set)?)?;
    if units.len() > 1 && arguments.digest.is_some() {
        let message = "the scenario has several protocols: choose one with --set protocol=NAME";
        return Err(Halt::CommandLine(message.to_owned()));
    }
    let mut exit = Exit::Fine;
    for unit in &units {
        let twice = run_twice(unit, seed, laboratory);
        exit = exit.or(judge_twice(&twice, arguments.digest, console));
    }
    Ok(exit)
}

fn judge_twice(twice: &Twice, wanted: Option<u64>, console: &Console) -> Exit {
    let record = &twice.output.record;
    let mut exit = exit_of(record.verdict);
    let mut text = format!("{} seed {}: ", record.scenario, record.seed);
    match &twice.divergence {
        None => text.push_str(&format!("the same twice (digest {})", record.digest)),
        Some(divergence) => {
            let (one, other) = (&record.digest, &twice.second_digest);
            text.push_str(&format!("digests {one} and {other}: {divergence}"));
            exit = exit.or(Exit::Nondeterministic);
        }
    }
    if let Some(wanted) = wanted.map(canonical::hex)
        && wanted != record.digest
    {
        text.push_str(&format!(", wanted {wanted}"));
        exit = exit.or(Exit::Nondeterministic);
    }
    text.push_str(&format!("\n  verdict    {}\n", verdict_text(record)));
    match console.format {
        Format::Json => print_record(console, record),
        Format::Human => console.print(&text),
    }
    if exit == Exit::Nondeterministic {
        console.complain(&format!("error: determinism is broken: {text}"));
    }
    exit
}

fn verdict_text(record: &RunRecord) -> String {
    let verdict = json!(record.verdict);
    let verdict = verdict.as_str().unwrap_or_default();
    match &record.property {
        Some(property) => format!("{verdict}: {property}"),
        None => verdict.to_owned(),
    }
}

fn print_record(console: &Console, record: &RunRecord) {
    console.print(&format!("{}\n", canonical::line(&json!(record))));
}
