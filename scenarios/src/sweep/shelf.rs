//! The failures that are worth a file: of each signature the shortest runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::plan::{Job, Plan, Runs, Unit};
use crate::failure::{Build, Failure, Study};
use crate::run::{RunOptions, RunOutput, TraceLevel};

/// Of how many failures of one signature files are written.
pub const FAILURES_PER_SIGNATURE: usize = 10;

/// The failures that are worth a file so far.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    by_signature: BTreeMap<String, Vec<Candidate>>,
}

#[derive(Debug)]
struct Candidate {
    events: u64,
    job: Job,
    /// None for a run that an earlier sitting made.
    study: Option<Box<Study>>,
}

/// A failure file that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// The run.
    pub job: Job,
    /// What is in it, and what the terminal says about it.
    pub study: Study,
}

/// Runs a failing seed again, with a full trace.
#[must_use]
pub fn study(runs: &dyn Runs, unit: &Unit, seed: u64, build: &Build) -> (RunOutput, Study) {
    let options = RunOptions { trace: TraceLevel::Full, ..RunOptions::default() };
    let output = runs.run(unit, seed, &options);
    let study = Study::of(unit, seed, &output, build);
    (output, study)
}

impl Shelf {
    /// Keeps a failure if it is among the best of its signature.
    pub(super) fn offer(
        &mut self,
        signature: &str,
        events: u64,
        job: Job,
        study: Option<Box<Study>>,
    ) {
        let row = self.by_signature.entry(signature.to_owned()).or_default();
        let key =
            |candidate: &Candidate| (candidate.events, candidate.job.seed, candidate.job.unit);
        let new = Candidate { events, job, study };
        let at = row.partition_point(|candidate| key(candidate) < key(&new));
        row.insert(at, new);
        row.truncate(FAILURES_PER_SIGNATURE);
    }

    /// How many signatures there are.
    pub(super) fn signatures(&self) -> usize {
        self.by_signature.len()
    }

    /// Writes the files: by signature, the best first.
    pub(super) fn write(
        self,
        folder: &Path,
        plan: &Plan,
        runs: &dyn Runs,
        build: &Build,
    ) -> io::Result<Vec<Written>> {
        let mut all = Vec::new();
        for candidate in self.by_signature.into_values().flatten() {
            let job = candidate.job;
            let unit = &plan.units[job.unit];
            let study = match candidate.study {
                Some(known) => *known,
                None => study(runs, unit, job.seed, build).1,
            };
            let path = write_failure(folder, &unit.file_stem, &study.failure)?;
            all.push(Written { path, job, study });
        }
        Ok(all)
    }
}

/// The path of a run's failure file.
pub(super) fn failure_path(folder: &Path, file_stem: &str, seed: u64) -> PathBuf {
    folder.join(format!("{file_stem}-{seed}.json"))
}

/// Writes a failure file; whoever reads it meanwhile sees the old one or the new one.
///
/// # Errors
/// Why it cannot be written.
pub fn write_failure(folder: &Path, file_stem: &str, failure: &Failure) -> io::Result<PathBuf> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(named)?;
    let path = failure_path(folder, file_stem, failure.seed);
    let new = path.with_extension("json.new");
    fs::write(&new, failure.to_text()).map_err(named)?;
    fs::rename(&new, &path).map_err(named)?;
    Ok(path)
}

/// Removes files of failures that an earlier sitting wrote and that are no longer among the best.
pub(super) fn remove_displaced(
    folder: &Path,
    plan: &Plan,
    resumed: &BTreeSet<Job>,
    written: &[Written],
) -> io::Result<()> {
    let kept: BTreeSet<Job> = written.iter().map(|written| written.job).collect();
    for job in resumed.difference(&kept) {
        let path = failure_path(folder, &plan.units[job.unit].file_stem, job.seed);
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
