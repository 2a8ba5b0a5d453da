//! `--check-determinism`: every run again in another process, in reverse order, on other threads.
//!
//! What a protocol must not look at (addresses, clocks, the order of a hash map, what an earlier
//! run left in a static or a thread-local) is the same in a second run right after the first more
//! often than not. It is hardly ever the same in another process that comes from the other side.
//!
//! The parent writes one line of JSON to the child ([`ChildTask`]) and reads one line a run
//! ([`ChildLine`]).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::replay::first_difference;
use crate::run::{RunOptions, TraceLevel};
use crate::sweep::{Broken, Job, Plan, Runs, Unit};

/// What a child process is to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildTask {
    /// Scenario and protocol, by the place of the unit.
    pub units: BTreeMap<usize, (Value, String)>,
    /// Unit and seed, in the order in which they run. A seed is text: it may exceed 2^53.
    pub runs: Vec<(usize, String)>,
    /// How many threads; each run takes the next one in turn.
    pub threads: usize,
    /// The run whose digests are wanted after every event, by its place in `runs`.
    pub every_event_of: Option<usize>,
}

/// What a child process says about one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildLine {
    /// The place of the run in the task.
    pub run: usize,
    /// Its digest.
    pub digest: String,
    /// The digest after every event, if wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
}

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The child process could not be started or spoken to.
    #[error("the second process: {0}")]
    Io(#[from] io::Error),
    /// The child process said something else.
    #[error("the second process {0}")]
    Child(String),
}

/// Compares every run of a sweep with one in another process; names the first that differs.
///
/// `command` makes the command that becomes a child: the own executable, so that the same protocols
/// are there.
///
/// # Errors
/// Why the check could not be made.
pub fn check(
    plan: &Plan,
    digests: &[(Job, String)],
    runs: &dyn Runs,
    threads: usize,
    command: &dyn Fn() -> io::Result<Command>,
) -> Result<Option<Broken>, CheckError> {
    let mut forward = digests.to_vec();
    forward.sort();
    let reversed: Vec<Job> = forward.iter().rev().map(|(job, _)| *job).collect();
    let task = task_of(plan, &reversed, threads + 1, None);
    let lines = ask(command()?, &task)?;
    if lines.len() != reversed.len() {
        let (made, wanted) = (lines.len(), reversed.len());
        return Err(CheckError::Child(format!("made {made} of {wanted} runs")));
    }
    let others: BTreeMap<Job, &str> =
        lines.iter().map(|line| (reversed[line.run], line.digest.as_str())).collect();
    let differs = forward.iter().find(|(job, digest)| others.get(job) != Some(&digest.as_str()));
    let Some((job, digest)) = differs else { return Ok(None) };
    let other = others.get(job).copied().unwrap_or_default().to_owned();
    let jobs: Vec<Job> = forward.iter().map(|(job, _)| *job).collect();
    Ok(Some(Broken {
        unit: job.unit,
        seed: job.seed,
        digests: (digest.clone(), other),
        event: name_event(plan, &jobs, *job, runs, threads, command)?,
    }))
}

/// Makes the run again here and in two other processes, this time keeping the digest of every
/// event: once from the front and once from the back, because what differs may be what earlier runs
/// left behind. Whichever two differ name the event.
fn name_event(
    plan: &Plan,
    jobs: &[Job],
    job: Job,
    runs: &dyn Runs,
    threads: usize,
    command: &dyn Fn() -> io::Result<Command>,
) -> Result<Option<u64>, CheckError> {
    let options = RunOptions { trace: TraceLevel::Digests, ..RunOptions::default() };
    let here = runs.run(&plan.units[job.unit], job.seed, &options).recording;
    let here = here.map(|recording| recording.digests).unwrap_or_default();
    let mut all = vec![here];
    let from_back: Vec<Job> = jobs.iter().rev().copied().collect();
    for (order, threads) in [(jobs, 1), (&from_back, threads + 1)] {
        let Some(place) = order.iter().position(|other| *other == job) else { continue };
        let task = task_of(plan, &order[..=place], threads, Some(place));
        let lines = ask(command()?, &task)?;
        let events = lines.into_iter().find_map(|line| line.events).unwrap_or_default();
        let events = events.iter().map(|digest| crate::canonical::parse_hex(digest));
        all.push(events.collect::<Option<Vec<u64>>>().unwrap_or_default());
    }
    let pairs = [(1, 2), (0, 2), (0, 1)];
    Ok(pairs.into_iter().find_map(|(one, other)| first_difference(&all[one], &all[other])))
}

fn task_of(plan: &Plan, jobs: &[Job], threads: usize, every_event_of: Option<usize>) -> ChildTask {
    let units = jobs.iter().map(|job| {
        let unit = &plan.units[job.unit];
        (job.unit, ((*unit.json).clone(), unit.protocol.clone()))
    });
    ChildTask {
        units: units.collect(),
        runs: jobs.iter().map(|job| (job.unit, job.seed.to_string())).collect(),
        threads,
        every_event_of,
    }
}

/// Gives a child process its task and waits for all that it says.
fn ask(mut command: Command, task: &ChildTask) -> Result<Vec<ChildLine>, CheckError> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let lines = talk(&mut child, task);
    let status = child.wait()?;
    let lines = lines?;
    if !status.success() {
        return Err(CheckError::Child(format!("ended with {status}")));
    }
    Ok(lines)
}

fn talk(child: &mut Child, task: &ChildTask) -> Result<Vec<ChildLine>, CheckError> {
    // The child reads everything before it writes anything: no deadlock.
    if let Some(mut input) = child.stdin.take() {
        serde_json::to_writer(&mut input, task).map_err(io::Error::from)?;
        input.write_all(b"\n")?;
    }
    let Some(output) = child.stdout.take() else { return Ok(Vec::new()) };
    BufReader::new(output)
        .lines()
        .map(|line| {
            let line = line?;
            serde_json::from_str(&line)
                .map_err(|error| CheckError::Child(format!("wrote `{line}`: {error}")))
        })
        .collect()
}

/// What the child process does with its task: `make_unit` reads scenarios, `output` takes lines.
///
/// # Errors
/// Why the task cannot be done.
pub fn serve(
    task: &ChildTask,
    runs: &dyn Runs,
    make_unit: &dyn Fn(&Value, &str) -> Result<Unit, String>,
    output: &mut (dyn Write + Send),
) -> Result<(), CheckError> {
    let mut units = BTreeMap::new();
    for (place, (scenario, protocol)) in &task.units {
        units.insert(*place, make_unit(scenario, protocol).map_err(CheckError::Child)?);
    }
    let threads = task.threads.max(1);
    let output = Mutex::new(output);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (units, output) = (&units, &output);
                let builder = std::thread::Builder::new().stack_size(8 << 20);
                builder.spawn_scoped(scope, move || {
                    let mut own = (0..task.runs.len()).skip(thread).step_by(threads);
                    own.try_for_each(|place| serve_one(task, place, runs, units, output))
                })
            })
            .collect();
        for worker in workers {
            match worker?.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

fn serve_one(
    task: &ChildTask,
    place: usize,
    runs: &dyn Runs,
    units: &BTreeMap<usize, Unit>,
    output: &Mutex<&mut (dyn Write + Send)>,
) -> Result<(), CheckError> {
    let (unit, seed) = &task.runs[place];
    let wrong = |what: &str| CheckError::Child(format!("was given {what} for run {place}"));
    let unit = units.get(unit).ok_or_else(|| wrong("no scenario"))?;
    let seed = seed.parse().map_err(|_| wrong("no seed"))?;
    let detailed = task.every_event_of == Some(place);
    let trace = if detailed { TraceLevel::Digests } else { TraceLevel::Off };
    let made = runs.run(unit, seed, &RunOptions { trace, ..RunOptions::default() });
    let events = made
        .recording
        .filter(|_| detailed)
        .map(|recording| recording.digests.into_iter().map(crate::canonical::hex).collect());
    let line = ChildLine { run: place, digest: made.record.digest, events };
    let mut text = serde_json::to_vec(&line).map_err(io::Error::from)?;
    text.push(b'\n');
    let mut output = output.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    output.write_all(&text)?;
    Ok(())
}
