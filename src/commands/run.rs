//! `run`: one run of a scenario.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use seedbed_scenarios::canonical;
use seedbed_scenarios::format::Nanos;
use seedbed_scenarios::run::{
    RunOptions, RunOutput, RunRecord, SeriesOptions, TraceLevel, Verdict,
};
use seedbed_scenarios::sweep::{Runs, Unit, study, write_failure};
use serde_json::json;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::failure_text::{failure_block, seconds};
use crate::halt::Halt;
use crate::laboratory::{Laboratory, units_of};

use super::settings::point_of;

/// What `run` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The scenario file.
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// The seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Sets a field of the scenario: `network.loss=2%`.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Ends the run at this virtual time: `3.2s`.
    #[arg(long, value_name = "TIME", value_parser = Nanos::parse)]
    until: Option<Nanos>,
    /// Shows a host's state at the end of the run.
    #[arg(long, value_name = "HOST")]
    show: Vec<String>,
    /// Goes on after the first violation.
    #[arg(long)]
    keep_going: bool,
    /// Adds what the run looks like over time to what --format json prints.
    #[arg(long)]
    series: bool,
    /// How wide the bins of --series are: `100ms`.
    #[arg(long, value_name = "TIME", value_parser = Nanos::parse, requires = "series")]
    bin: Option<Nanos>,
    /// Writes everything that happens, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Writes the clients' history, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Writes run.json, trace.jsonl, history.jsonl and failures/ there.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn execute(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let loaded = laboratory.load(&arguments.scenario, &arguments.set);
    let loaded = loaded.map_err(|errors| Halt::Scenarios(vec![errors]))?;
    let units = units_of(loaded, point_of(&arguments.set)?)?;
    check_shown(&arguments.show, &units)?;
    let many = units.len() > 1;
    let mut exit = Exit::Fine;
    for unit in &units {
        exit = exit.or(run_unit(arguments, laboratory, console, unit, many)?);
    }
    Ok(exit)
}

/// Hosts that are to be shown must be there.
fn check_shown(shown: &[String], units: &[Unit]) -> Result<(), Halt> {
    let Some(unit) = units.first() else { return Ok(()) };
    let hosts: Vec<String> =
        unit.scenario.nodes.hosts().iter().map(|host| format!("n{}", host.number)).collect();
    match shown.iter().find(|name| !hosts.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let (first, last) = (&hosts[0], &hosts[hosts.len() - 1]);
            let message =
                format!("--show {name}: there is no such host: they are {first} to {last}");
            Err(Halt::CommandLine(message))
        }
    }
}

/// Runs one protocol; `many` are told apart by folders named after them.
fn run_unit(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
    unit: &Unit,
    many: bool,
) -> Result<Exit, Halt> {
    let places = Places::new(arguments, unit, many);
    let options = RunOptions {
        trace: if places.trace.is_some() { TraceLevel::Full } else { TraceLevel::Off },
        keep_going: arguments.keep_going,
        until_ns: arguments.until.map(|until| until.0),
        history: places.history.is_some(),
        series: arguments.series.then(|| SeriesOptions { bin_ns: arguments.bin.map(|bin| bin.0) }),
        show: arguments.show.clone(),
    };
    let output = laboratory.run(unit, arguments.seed, &options);
    places.write(&output)?;
    let mut exit = exit_of(output.record.verdict);
    let mut block = None;
    if output.record.verdict == Verdict::Fail {
        let (text, agrees) = keep_failure(arguments, laboratory, console, unit, &output, &places)?;
        block = text;
        if !agrees {
            console.complain("error: determinism is broken: the same run had another digest\n");
            exit = exit.or(Exit::Nondeterministic);
        }
    }
    if console.format == Format::Json {
        console.print(&format!("{}\n", canonical::line(&json!(output.record))));
    } else {
        console.print(&human(console, &output, block));
    }
    if console.format == Format::Human || !arguments.show.is_empty() {
        show(console, &output);
    }
    Ok(exit)
}

/// Runs a failing seed again to study it, and writes its failure file. Nothing is written for a
/// failure that only `--keep-going` reaches or only `--until` makes.
fn keep_failure(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
    unit: &Unit,
    output: &RunOutput,
    places: &Places,
) -> Result<(Option<String>, bool), Halt> {
    let build = laboratory.build()?;
    let (again, study) = study(laboratory, unit, arguments.seed, &build);
    let same_run = arguments.until.is_none() && !arguments.keep_going;
    let agrees = !same_run || again.record.digest == output.record.digest;
    if again.record.verdict != Verdict::Fail {
        return Ok((None, agrees));
    }
    let path = write_failure(&places.failures, &unit.file_stem, &study.failure)
        .map_err(|error| Halt::Internal(error.to_string()))?;
    let block = failure_block(console, &study, &unit.scenario.name, None, &path);
    Ok((Some(block), agrees))
}

/// How a verdict ends the process.
pub fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Pass => Exit::Fine,
        Verdict::Unknown | Verdict::Vacuous => Exit::Unproven,
        Verdict::Fail => Exit::Violated,
    }
}

/// Where files go.
struct Places {
    record: Option<PathBuf>,
    trace: Option<PathBuf>,
    history: Option<PathBuf>,
    failures: PathBuf,
}

impl Places {
    fn new(arguments: &Arguments, unit: &Unit, many: bool) -> Places {
        let named =
            |path: &PathBuf| if many { with_protocol(path, &unit.protocol) } else { path.clone() };
        let folder = arguments
            .output
            .as_ref()
            .map(|folder| if many { folder.join(&unit.protocol) } else { folder.clone() });
        let inside = |name: &str| folder.as_ref().map(|folder| folder.join(name));
        Places {
            record: inside("run.json"),
            trace: arguments.trace.as_ref().map(named).or_else(|| inside("trace.jsonl")),
            history: arguments.history.as_ref().map(named).or_else(|| inside("history.jsonl")),
            failures: inside("failures").unwrap_or_else(|| PathBuf::from("failures")),
        }
    }

    fn write(&self, output: &RunOutput) -> Result<(), Halt> {
        if let Some(path) = &self.record {
            write_file(path, &format!("{}\n", canonical::line(&json!(output.record))))?;
        }
        if let (Some(path), Some(recording)) = (&self.trace, &output.recording) {
            let lines = recording.lines.iter().map(|line| format!("{}\n", json!(line)));
            write_file(path, &lines.collect::<String>())?;
        }
        if let (Some(path), Some(history)) = (&self.history, &output.history) {
            write_file(path, history)?;
        }
        Ok(())
    }
}

/// `trace.jsonl` of several protocols: `trace-raft.jsonl`, `trace-vr.jsonl`.
fn with_protocol(path: &Path, protocol: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.extension() {
        Some(ending) => {
            path.with_file_name(format!("{stem}-{protocol}.{}", ending.to_string_lossy()))
        }
        None => path.with_file_name(format!("{stem}-{protocol}")),
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), Halt> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.map_err(|error| Halt::Internal(format!("{}: {error}", path.display())))
}

fn human(console: &Console, output: &RunOutput, block: Option<String>) -> String {
    let record = &output.record;
    let mut text = block.unwrap_or_else(|| headline(console, record));
    details(&mut text, record);
    for line in &output.drawn {
        let _ = writeln!(text, "  drawn      {line}");
    }
    text
}

/// The first lines of a run without a failure file.
fn headline(console: &Console, record: &RunRecord) -> String {
    let word = match record.verdict {
        Verdict::Pass => console.green("PASS"),
        Verdict::Vacuous => console.yellow("VACUOUS"),
        Verdict::Unknown => console.yellow("UNKNOWN"),
        Verdict::Fail => console.red("FAIL"),
    };
    let mut text = format!("{word} {} seed {}", record.scenario, record.seed);
    if let Some(property) = &record.property {
        let _ = write!(text, "   {property}");
    }
    let _ = writeln!(text, "   t={}  {} events", seconds(record.virtual_time_ns), record.events);
    for line in record.message.iter().flat_map(|message| message.lines()) {
        let _ = writeln!(text, "     {line}");
    }
    text
}

fn details(text: &mut String, record: &RunRecord) {
    let mut line = |name: &str, content: String| {
        if !content.is_empty() {
            let _ = writeln!(text, "  {name:<10} {content}");
        }
    };
    line("also", record.also.join(", "));
    line("digest", record.digest.clone());
    let reached = record.milestones.iter().map(|(name, time)| format!("{name} {}", seconds(*time)));
    line("milestones", reached.collect::<Vec<String>>().join(", "));
    let messages = &record.messages;
    let lost = messages.lost + messages.cut;
    line(
        "messages",
        format!("{} sent, {} delivered, {lost} lost or cut", messages.sent, messages.delivered),
    );
    let operations = &record.operations;
    if operations.ok + operations.fail + operations.info > 0 {
        let (ok, fail, info) = (operations.ok, operations.fail, operations.info);
        line("operations", format!("{ok} ok, {fail} fail, {info} info"));
    }
    let faults = record.faults.iter().map(|(kind, count)| format!("{kind} {count}"));
    line("faults", faults.collect::<Vec<String>>().join(", "));
    line("swarm off", record.swarm_off.join(", "));
    let measures = record.measures.iter().map(|(name, value)| format!("{name} {value}"));
    line("measures", measures.collect::<Vec<String>>().join(", "));
}

/// The states that were asked for: with the result for people, beside it for programs.
fn show(console: &Console, output: &RunOutput) {
    for (host, state) in &output.shown {
        let state = serde_json::to_string_pretty(state).unwrap_or_else(|_| state.to_string());
        let text = format!("{host}: {state}\n");
        match console.format {
            Format::Human => console.print(&text),
            Format::Json => console.complain(&text),
        }
    }
}
