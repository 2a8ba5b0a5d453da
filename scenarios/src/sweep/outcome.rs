//! A whole sweep: from a plan to files and a verdict.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::judge::{Judgement, judge};
use super::plan::{Job, Plan, Runs};
use super::shelf::{Shelf, Written, remove_displaced};
use super::stopwatch::Stopwatch;
use super::store::{Header, PartStore, StoreError, holds_results};
use super::summary::{HostSummary, Summary};
use super::tally::Tally;
use super::workers::{Collected, SweepOptions, Watch, Work};
use crate::canonical;
use crate::failure::Build;

/// What came of a sweep.
#[derive(Debug)]
pub struct SweepOutcome {
    /// The counts.
    pub summary: Summary,
    /// What is said about each unit.
    pub judgements: Vec<Judgement>,
    /// The failure files.
    pub written: Vec<Written>,
    /// Runs that were not the same twice.
    pub broken: Vec<Broken>,
    /// Why it is over.
    pub ended: Ended,
    /// The digest of every run, if they are to be compared.
    pub digests: Option<Vec<(Job, String)>>,
}

/// A run that was not the same twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The place of the unit in the plan.
    pub unit: usize,
    /// The seed.
    pub seed: u64,
    /// The two digests.
    pub digests: (String, String),
    /// The first event that differed, if it could be found.
    pub event: Option<u64>,
}

/// Why a sweep is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything ran.
    Complete,
    /// The time was up.
    TimeUp,
    /// A run failed, and that was enough.
    FailFast,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// Why a sweep could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another file, or a thread.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Makes the runs of a plan, writes what comes of them, and judges it.
///
/// # Errors
/// What kept it from being written. Nothing has run if the folder was refused.
pub fn run_sweep(
    plan: &Plan,
    header: &Header,
    build: &Build,
    runs: &dyn Runs,
    options: &SweepOptions<'_>,
    watch: &dyn Watch,
    keep_digests: bool,
) -> Result<SweepOutcome, SweepError> {
    let mut collected = Collected {
        tally: Tally::new(&plan.units),
        shelf: Shelf::default(),
        store: None,
        broken: Vec::new(),
        known: BTreeSet::new(),
        digests: keep_digests.then(Vec::new),
        failed: false,
        error: None,
    };
    let resumed = take_up(plan, header, options, &mut collected)?;
    let (events_before, runs_before) = (collected.tally.events, collected.tally.runs());
    let watch_time = Stopwatch::start();
    let late =
        || options.time_max.is_some_and(|time_max| watch_time.seconds() >= time_max.as_secs_f64());
    let work = Work {
        plan,
        runs,
        build,
        options,
        watch,
        next: AtomicU64::new(0),
        collected: Mutex::new(collected),
        late: &late,
    };
    work.run_all()?;
    let seconds = watch_time.seconds();
    let mut collected = work.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = collected.error {
        return Err(error.into());
    }
    let runs_now = collected.tally.runs() - runs_before;
    let events_now = collected.tally.events - events_before;
    let host = HostSummary::new(seconds, runs_now, events_now, options.jobs);
    let ended = ending(plan, &collected, options);
    let written = collected.shelf.write(&options.failures, plan, runs, build)?;
    remove_displaced(&options.failures, plan, &resumed, &written)?;
    if let Some(store) = collected.store.take() {
        store.finish(header)?;
    }
    let judgements = judge_units(plan, &collected.tally);
    let summary = Summary::new(&collected.tally, &judgements, host);
    if let Some(out) = &options.out {
        write_summary(out, &summary)?;
    }
    Ok(SweepOutcome {
        summary,
        judgements,
        written,
        broken: collected.broken,
        ended,
        digests: collected.digests,
    })
}

/// Opens the folder of results; returns the failing runs that it already held.
fn take_up(
    plan: &Plan,
    header: &Header,
    options: &SweepOptions<'_>,
    collected: &mut Collected,
) -> Result<BTreeSet<Job>, StoreError> {
    let mut resumed = BTreeSet::new();
    let Some(out) = &options.out else { return Ok(resumed) };
    if holds_results(out) && !options.resume {
        return Err(StoreError::HasResults(out.display().to_string()));
    }
    let store = PartStore::open(out, header, plan, |job, row| {
        collected.known.insert(job);
        collected.take(plan, job, row, None);
        if row.signature.is_some() {
            resumed.insert(job);
        }
    })?;
    collected.store = Some(store);
    Ok(resumed)
}

fn ending(plan: &Plan, collected: &Collected, options: &SweepOptions<'_>) -> Ended {
    // Resumed runs of other shards may make it more than this shard's total.
    let complete = plan.total().is_some_and(|total| collected.tally.runs() >= total);
    if complete {
        Ended::Complete
    } else if options.stop.load(Ordering::Relaxed) {
        Ended::Interrupted
    } else if options.fail_fast && collected.failed {
        Ended::FailFast
    } else {
        Ended::TimeUp
    }
}

/// Judges every unit of a plan.
pub(super) fn judge_units(plan: &Plan, tally: &Tally) -> Vec<Judgement> {
    let whole = plan.shard.is_whole();
    let units = plan.units.iter().zip(&tally.units);
    units
        .map(|(unit, tally)| {
            let name = &unit.scenario.name;
            judge(name, &unit.protocol, &unit.point, &unit.standard, tally, whole)
        })
        .collect()
}

/// Writes `summary.json`.
pub(super) fn write_summary(folder: &Path, summary: &Summary) -> Result<(), SweepError> {
    let value = serde_json::to_value(summary).map_err(io::Error::other)?;
    let text =
        serde_json::to_string_pretty(&canonical::sorted(&value)).map_err(io::Error::other)?;
    let path = folder.join("summary.json");
    let new = folder.join("summary.json.new");
    fs::write(&new, format!("{text}\n")).map_err(StoreError::io(&new))?;
    fs::rename(&new, &path).map_err(StoreError::io(&path))?;
    Ok(())
}
