//! `sweep`: many seeds.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use seedbed_scenarios::canonical;
use seedbed_scenarios::determinism;
use seedbed_scenarios::format::{Nanos, Study};
use seedbed_scenarios::run::SeriesOptions;
use seedbed_scenarios::sweep::{
    Ended, Finding, Made, Plan, SeedRange, Seeds, Shard, SweepOptions, SweepOutcome, Unit, Vary,
    failed_seeds, first_seed_of, header_of, read_header, run_sweep,
};
use serde_json::json;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;
use crate::laboratory::Laboratory;
use crate::progress::Reporter;

use super::asked::Asked;
use super::determinism_name;
use super::sweep_text;

/// What `sweep` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Scenario files, or folders of them; or a study, which says itself what is varied.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How many seeds, or which: `200`, `5..10` (without 10), `random:50`. By default each scenario
    /// says.
    #[arg(long, value_name = "SEEDS", value_parser = SeedRange::parse)]
    seeds: Option<SeedRange>,
    /// Takes the first seed from a text, such as a commit's hash.
    #[arg(long, value_name = "TEXT")]
    seed_from: Option<String>,
    /// Starts no new run after this long: `10m`. Without --seeds, goes round the scenarios until
    /// then.
    #[arg(long = "for", value_name = "TIME", value_parser = Nanos::parse)]
    time_max: Option<Nanos>,
    /// How many threads; as many as there are cores by default.
    #[arg(long, value_name = "J")]
    jobs: Option<NonZeroUsize>,
    /// Runs only part m of n of the seeds.
    #[arg(long, value_name = "M/N", value_parser = Shard::parse)]
    shard: Option<Shard>,
    /// Writes results.jsonl, summary.json and failures/ there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Sets a field of every scenario: `network.loss=2%`.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Sweeps a field over values: `network.loss=1%,2%`. Several make a grid.
    #[arg(long, value_name = "PATH=A,B,C", value_parser = Vary::parse)]
    vary: Vec<Vary>,
    /// Adds what each run looks like over time to the results: messages, operations, latencies and
    /// faults in bins, and when each host reached a milestone.
    #[arg(long, requires = "out")]
    series: bool,
    /// How wide the bins of --series are: `100ms`. By default a run has at most 200.
    #[arg(long, value_name = "TIME", value_parser = bin_width, requires = "series")]
    bin: Option<Nanos>,
    /// Starts no new run after the first unexpected failure.
    #[arg(long)]
    fail_fast: bool,
    /// Completes the results that --out already has.
    #[arg(long, requires = "out")]
    resume: bool,
    /// Runs only the failed seeds of a file of results.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "seed_from", "shard"])]
    rerun: Option<PathBuf>,
    /// Makes every run again in another process, in reverse order, and compares.
    #[arg(long)]
    check_determinism: bool,
}

/// Set by Ctrl-C: no new run starts.
static STOP: AtomicBool = AtomicBool::new(false);

pub fn execute(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let asked = Asked::read(&arguments.paths, &arguments.set, &arguments.vary, laboratory)?;
    let units = asked.load_units(laboratory)?;
    let seeds = choose_seeds(arguments, asked.study.as_ref(), &units)?;
    let plan = Plan::new(units, seeds, arguments.shard.unwrap_or(Shard::WHOLE));
    if plan.total() == Some(0) {
        return Err(Halt::NothingToRun("no seeds to run".to_owned()));
    }
    let build = laboratory.build()?;
    let made = Made {
        set: &asked.set,
        vary: &asked.vary,
        series: series_of(arguments),
        study: asked.study.as_ref(),
    };
    let header = header_of(&plan, &build, &made);
    let options = options_of(arguments);
    catch_interrupts()?;
    if let Some(hint) = wider_bins(arguments, &plan) {
        console.complain(&format!("hint: {hint}\n"));
    }
    let reporter = Reporter::new(console, plan.total());
    let outcome = run_sweep(
        &plan,
        &header,
        &build,
        laboratory,
        &options,
        &reporter,
        arguments.check_determinism,
    );
    reporter.finish();
    let mut outcome = outcome?;
    let mut exit = Exit::Fine;
    if arguments.check_determinism && outcome.ended != Ended::Interrupted {
        exit = check_determinism(laboratory, &plan, &mut outcome, options.jobs)?;
    }
    match console.format {
        Format::Json => {
            let summary = json!(outcome.summary);
            let text = serde_json::to_string_pretty(&canonical::sorted(&summary));
            console.print(&format!("{}\n", text.unwrap_or_else(|_| summary.to_string())));
        }
        Format::Human => console.print(&sweep_text::describe(console, &plan, &outcome)),
    }
    console.complain(&sweep_text::ending(arguments.out.as_deref(), &outcome));
    for broken in &outcome.broken {
        let unit = &plan.units[broken.unit];
        console.complain(&sweep_text::broken(unit, broken));
    }
    Ok(exit.or(exit_of(&outcome)))
}

/// What the outcome of a sweep means for scripts.
fn exit_of(outcome: &SweepOutcome) -> Exit {
    let mut exit = Exit::Fine;
    if outcome.ended == Ended::Interrupted {
        exit = exit.or(Exit::Interrupted);
    }
    if !outcome.broken.is_empty() {
        exit = exit.or(Exit::Nondeterministic);
    }
    for finding in outcome.judgements.iter().flat_map(|judgement| &judgement.findings) {
        let meaning = if Finding::is_violation(finding) { Exit::Violated } else { Exit::Unproven };
        exit = exit.or(meaning);
    }
    if outcome.summary.seeds == 0 {
        exit = exit.or(Exit::NothingRan);
    }
    exit
}

fn choose_seeds(
    arguments: &Arguments,
    study: Option<&Study>,
    units: &[Unit],
) -> Result<Seeds, Halt> {
    if let Some(file) = &arguments.rerun {
        return pick_failed(file, units);
    }
    let first = arguments.seed_from.as_deref().map(first_seed_of);
    let from = first.unwrap_or(0);
    let wanted = arguments.seeds;
    let own = study.and_then(|study| study.seeds).filter(|_| arguments.time_max.is_none());
    match wanted.or(own.map(SeedRange::Count)) {
        None if arguments.time_max.is_some() => Ok(Seeds::Rounds { from }),
        None => Ok(Seeds::Own { from }),
        Some(SeedRange::Count(count)) => match from.checked_add(count) {
            Some(_) => Ok(Seeds::Range { from, count }),
            None => Err(Halt::CommandLine("there are no seeds above 2^64".to_owned())),
        },
        Some(SeedRange::Span { .. } | SeedRange::Random(_)) if first.is_some() => {
            let message = "--seed-from goes with `--seeds N`, which counts on from it";
            Err(Halt::CommandLine(message.to_owned()))
        }
        Some(SeedRange::Span { from, until }) => Ok(Seeds::Range { from, count: until - from }),
        Some(SeedRange::Random(count)) => draw_seeds(arguments, count),
    }
}

/// Seeds that nobody has chosen; those of the folder that is resumed, if there are as many.
fn draw_seeds(arguments: &Arguments, count: u64) -> Result<Seeds, Halt> {
    if let Some(out) = arguments.out.as_ref().filter(|_| arguments.resume)
        && let Some(seeds @ Seeds::Random { count: known, .. }) =
            read_header(out)?.and_then(|header| header.seeds())
        && known == count
    {
        return Ok(seeds);
    }
    Ok(Seeds::Random { base: entropy(), count })
}

/// The one number of a sweep that comes from outside.
#[expect(clippy::disallowed_types, reason = "`--seeds random:N` asks for what nobody can predict")]
fn entropy() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

fn pick_failed(file: &Path, units: &[Unit]) -> Result<Seeds, Halt> {
    let mut failed = failed_seeds(file)?;
    let mut picked = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        let point = canonical::line(&json!(unit.point));
        let key = (unit.scenario.name.clone(), unit.protocol.clone(), point);
        if let Some(seeds) = failed.remove(&key) {
            picked.insert(index, seeds.into_iter().collect());
        }
    }
    match failed.first_key_value() {
        None => Ok(Seeds::Picked(picked)),
        Some(((name, protocol, point), _)) => Err(Halt::CommandLine(format!(
            "{} has failures of `{name}` ({protocol}, {point}), which is not swept here",
            file.display()
        ))),
    }
}

fn series_of(arguments: &Arguments) -> Option<SeriesOptions> {
    arguments.series.then(|| SeriesOptions { bin_ns: arguments.bin.map(|bin| bin.0) })
}

/// Reads the width of a bin.
fn bin_width(text: &str) -> Result<Nanos, String> {
    match Nanos::parse(text) {
        Ok(Nanos(0)) => Err("a bin has a width: write `100ms`".to_owned()),
        Ok(width) => Ok(width),
        Err(error) => Err(error.to_string()),
    }
}

/// Says so if runs are too long for bins of the width that was asked for.
fn wider_bins(arguments: &Arguments, plan: &Plan) -> Option<String> {
    let (series, chosen) = series_of(arguments).zip(arguments.bin)?;
    let widths = plan.units.iter().map(|unit| series.width_ns(&unit.scenario));
    let widest = Nanos(widths.max()?);
    (widest > chosen)
        .then(|| format!("bins are {widest} wide: of {chosen} a run would have more than 10,000"))
}

fn options_of(arguments: &Arguments) -> SweepOptions<'static> {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let out = arguments.out.clone();
    SweepOptions {
        jobs: arguments.jobs.map_or_else(cores, NonZeroUsize::get),
        time_max: arguments.time_max.map(|time| Duration::from_nanos(time.0)),
        fail_fast: arguments.fail_fast,
        failures: out.as_deref().unwrap_or(Path::new("")).join("failures"),
        out,
        resume: arguments.resume,
        series: series_of(arguments),
        stop: &STOP,
    }
}

/// The first Ctrl-C lets running seeds finish, the second does not.
fn catch_interrupts() -> Result<(), Halt> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    })
    .map_err(|error| Halt::Internal(format!("cannot listen to Ctrl-C: {error}")))
}

fn check_determinism(
    laboratory: &Laboratory,
    plan: &Plan,
    outcome: &mut SweepOutcome,
    jobs: usize,
) -> Result<Exit, Halt> {
    let digests = outcome.digests.take().unwrap_or_default();
    let command = || {
        let mut command = Process::new(std::env::current_exe()?);
        command.arg(determinism_name());
        Ok(command)
    };
    match determinism::check(plan, &digests, laboratory, jobs, &command) {
        Ok(broken) => {
            outcome.broken.extend(broken);
            Ok(Exit::Fine)
        }
        // Ctrl-C reaches the child as well.
        Err(_) if STOP.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
        Err(error) => Err(Halt::Internal(error.to_string())),
    }
}
