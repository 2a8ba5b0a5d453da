//! The only threads of the project.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::outcome::Broken;
use super::plan::{Job, Plan, Runs};
use super::shelf::{Shelf, study};
use super::store::{PartStore, Row, StoreError};
use super::tally::Tally;
use crate::failure::{Build, Study};
use crate::replay::first_difference;
use crate::run::{RunOptions, RunRecord, SeriesOptions, TraceLevel, Verdict};

/// The stack of a worker: as much as a main thread usually has, so that a run that works in `run`
/// works in `sweep`.
const STACK_BYTES: usize = 8 << 20;

/// How a sweep is made; nothing here changes what a run does.
#[derive(Debug)]
pub struct SweepOptions<'a> {
    /// How many threads.
    pub jobs: usize,
    /// After this long no new run starts.
    pub time_max: Option<Duration>,
    /// After an unexpected failure no new run starts.
    pub fail_fast: bool,
    /// Where results go; without, only failure files are written.
    pub out: Option<PathBuf>,
    /// Where failure files go.
    pub failures: PathBuf,
    /// Completes the results that `out` already has.
    pub resume: bool,
    /// Adds series to the rows.
    pub series: Option<SeriesOptions>,
    /// Somebody else's wish that no new run starts.
    pub stop: &'a AtomicBool,
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Runs that are finished, resumed ones included.
    pub done: u64,
    /// Of how many; `None` if there is no end.
    pub total: Option<u64>,
    /// Runs that failed.
    pub failed: u64,
    /// Different signatures of these.
    pub signatures: usize,
}

/// Somebody who wants to know how far a sweep is.
pub trait Watch: Sync {
    /// A run is finished.
    fn finished(&self, progress: Progress);
}

/// What the threads share.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) tally: Tally,
    pub(super) shelf: Shelf,
    pub(super) store: Option<PartStore>,
    pub(super) broken: Vec<Broken>,
    /// Runs that an earlier sitting made.
    pub(super) known: BTreeSet<Job>,
    /// Digests of the runs, if they are to be compared.
    pub(super) digests: Option<Vec<(Job, String)>>,
    pub(super) failed: bool,
    pub(super) error: Option<StoreError>,
}

/// What one worker needs.
pub(super) struct Work<'a> {
    pub(super) plan: &'a Plan,
    pub(super) runs: &'a dyn Runs,
    pub(super) build: &'a Build,
    pub(super) options: &'a SweepOptions<'a>,
    pub(super) watch: &'a dyn Watch,
    pub(super) next: AtomicU64,
    pub(super) collected: Mutex<Collected>,
    /// Whether the time is up.
    pub(super) late: &'a (dyn Fn() -> bool + Sync),
}

impl Work<'_> {
    /// Makes all runs, on as many threads as there are jobs.
    pub(super) fn run_all(&self) -> std::io::Result<()> {
        std::thread::scope(|scope| {
            // A thread without a run would only be started to end.
            let runs = self.plan.total().and_then(|total| usize::try_from(total).ok());
            for number in 0..self.options.jobs.min(runs.unwrap_or(usize::MAX)).max(1) {
                let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
                let name = format!("worker {}", number + 1);
                builder.name(name).spawn_scoped(scope, || self.run_some())?;
            }
            Ok(())
        })
    }

    fn run_some(&self) {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.plan.job(index) else { return };
            if !self.locked().known.contains(&job) {
                self.run_one(job);
            }
        }
    }

    fn is_over(&self) -> bool {
        let stopped = self.options.stop.load(Ordering::Relaxed) || (self.late)();
        stopped || {
            let collected = self.locked();
            collected.error.is_some() || (self.options.fail_fast && collected.failed)
        }
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, Collected> {
        // A thread that panicked takes the process down anyway, after the others have finished.
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_one(&self, job: Job) {
        let unit = &self.plan.units[job.unit];
        let options = RunOptions { series: self.options.series, ..RunOptions::default() };
        let output = self.runs.run(unit, job.seed, &options);
        let record = output.record;
        let mut studied = None;
        let mut broken = None;
        if record.verdict == Verdict::Fail {
            let (again, study) = study(self.runs, unit, job.seed, self.build);
            if again.record.digest != record.digest {
                let known = again.recording.map(|recording| recording.digests);
                broken = Some(self.name_difference(job, &record, &again.record, known));
            }
            studied = Some(Box::new(study));
        }
        self.collect(job, record, studied, broken);
    }

    /// Names the event at which a failing run went another way, if it does so once more.
    fn name_difference(
        &self,
        job: Job,
        first: &RunRecord,
        second: &RunRecord,
        second_digests: Option<Vec<u64>>,
    ) -> Broken {
        let unit = &self.plan.units[job.unit];
        let options = RunOptions { trace: TraceLevel::Digests, ..RunOptions::default() };
        let third = self.runs.run(unit, job.seed, &options).recording;
        let event = third
            .zip(second_digests)
            .and_then(|(third, second)| first_difference(&third.digests, &second));
        Broken {
            unit: job.unit,
            seed: job.seed,
            digests: (first.digest.clone(), second.digest.clone()),
            event,
        }
    }

    fn collect(
        &self,
        job: Job,
        record: RunRecord,
        studied: Option<Box<Study>>,
        broken: Option<Broken>,
    ) {
        let unit = &self.plan.units[job.unit];
        let signature = studied.as_ref().map(|study| study.failure.signature.clone());
        let row = Row { record, point: unit.point.clone(), signature };
        let line = self.options.out.is_some().then(|| row.line());
        let mut collected = self.locked();
        collected.take(self.plan, job, &row, studied);
        collected.broken.extend(broken);
        if let (Some(line), Some(store)) = (line, &mut collected.store)
            && let Err(error) = store.append(job, &line)
        {
            collected.error.get_or_insert(error);
        }
        self.watch.finished(collected.progress(self.plan));
    }
}

impl Collected {
    /// Counts a run, made now or in an earlier sitting.
    pub(super) fn take(&mut self, plan: &Plan, job: Job, row: &Row, study: Option<Box<Study>>) {
        let standard = &plan.units[job.unit].standard;
        let signature = row.signature.as_deref();
        self.tally.add(job.unit, standard, job.position, &row.record, signature);
        if let Some(signature) = signature {
            self.shelf.offer(signature, row.record.events, job, study);
            // A violation that the scenario is made to show is no reason to stop.
            self.failed |= !standard.expects_violation();
        }
        if let Some(digests) = &mut self.digests {
            digests.push((job, row.record.digest.clone()));
        }
    }

    fn progress(&self, plan: &Plan) -> Progress {
        Progress {
            done: self.tally.runs(),
            total: plan.total(),
            failed: self.tally.units.iter().map(|unit| unit.fail).sum(),
            signatures: self.shelf.signatures(),
        }
    }
}
