//! The same run again, compared event by event with what is known of the first one.

use std::collections::BTreeMap;

use crate::canonical;
use crate::failure::{Build, Failure, FailureError};
use crate::run::{RunOptions, RunOutput, TraceLevel, Verdict};
use crate::sweep::{Runs, Unit};

/// Where two runs went different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// At this event, and no earlier.
    At(u64),
    /// Somewhere in these events, both included.
    Between(u64, u64),
    /// Not in an event, as far as is known: only the final digests differ.
    AtTheEnd,
}

/// How a replay compares with the run of a failure file.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The new run.
    pub output: RunOutput,
    /// Where it differs; `None` if it does not.
    pub divergence: Option<Divergence>,
    /// Whether the property of the failure was violated again.
    pub violated_again: bool,
    /// How this program differs from the one that wrote the file; empty if it is the same.
    pub build_differences: Vec<String>,
    /// Whether a difference means that determinism is broken: the program is the same, or the
    /// digest was asked for.
    pub must_agree: bool,
}

impl Replay {
    /// Whether determinism is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.must_agree && self.divergence.is_some()
    }
}

/// A run that was made twice.
#[derive(Clone, Debug)]
pub struct Twice {
    /// The first of the two.
    pub output: RunOutput,
    /// The digest of the second.
    pub second_digest: String,
    /// Where they differ; `None` if they do not.
    pub divergence: Option<Divergence>,
}

/// Replays a failure. With `digest` the new run must have that one, whatever the program.
///
/// # Errors
/// What in the file is no digest.
pub fn replay_failure(
    failure: &Failure,
    unit: &Unit,
    runs: &dyn Runs,
    build: &Build,
    digest: Option<u64>,
) -> Result<Replay, FailureError> {
    let known = failure.known_digests()?;
    let output = run_with_digests(runs, unit, failure.seed);
    let digests = output.recording.as_ref().map_or(&[][..], |recording| &recording.digests);
    let wanted = digest.map_or_else(|| failure.digest.clone(), canonical::hex);
    let divergence = if output.record.digest == wanted {
        None
    } else {
        Some(diverges_from(&known, digests).unwrap_or(Divergence::AtTheEnd))
    };
    let build_differences = differences(&failure.build, build);
    let record = &output.record;
    let violated_again = record.verdict == Verdict::Fail
        && (record.property.as_ref() == Some(&failure.property)
            || record.also.contains(&failure.property));
    let must_agree = digest.is_some() || failure.build.executable == build.executable;
    Ok(Replay { output, divergence, violated_again, build_differences, must_agree })
}

/// Runs a seed twice.
#[must_use]
pub fn run_twice(unit: &Unit, seed: u64, runs: &dyn Runs) -> Twice {
    let first = run_with_digests(runs, unit, seed);
    let second = run_with_digests(runs, unit, seed);
    let divergence = (first.record.digest != second.record.digest).then(|| {
        let event = first
            .recording
            .as_ref()
            .zip(second.recording.as_ref())
            .and_then(|(first, second)| first_difference(&first.digests, &second.digests));
        event.map_or(Divergence::AtTheEnd, Divergence::At)
    });
    Twice { output: first, second_digest: second.record.digest, divergence }
}

fn run_with_digests(runs: &dyn Runs, unit: &Unit, seed: u64) -> RunOutput {
    let options = RunOptions { trace: TraceLevel::Digests, ..RunOptions::default() };
    runs.run(unit, seed, &options)
}

/// The first event, from 1, after which two runs had different digests.
#[must_use]
pub fn first_difference(one: &[u64], other: &[u64]) -> Option<u64> {
    let common = one.iter().zip(other).position(|(one, other)| one != other);
    let shorter = one.len().min(other.len());
    let event = common.or((one.len() != other.len()).then_some(shorter));
    event.map(|index| index as u64 + 1)
}

/// Where a run leaves the digests that are known of some events. A digest covers everything before
/// it, so the first one that differs bounds the place from above and the last that agrees from
/// below.
fn diverges_from(known: &BTreeMap<u64, u64>, digests: &[u64]) -> Option<Divergence> {
    let mut agreed = 0;
    for (event, digest) in known {
        let index = usize::try_from(event.checked_sub(1)?).ok()?;
        if digests.get(index) == Some(digest) {
            agreed = *event;
        } else if agreed + 1 == *event {
            return Some(Divergence::At(*event));
        } else {
            return Some(Divergence::Between(agreed + 1, *event));
        }
    }
    // The known run ended, and this one went on.
    (digests.len() as u64 > agreed).then_some(Divergence::At(agreed + 1))
}

fn differences(wrote: &Build, reads: &Build) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, wrote: &str, reads: &str| {
        if wrote != reads {
            differences.push(format!("{what} {wrote} wrote the file, this is {reads}"));
        }
    };
    compare("version", &wrote.version, &reads.version);
    compare("commit", &wrote.commit, &reads.commit);
    let (layout, own_layout) = (wrote.stream_layout.to_string(), reads.stream_layout.to_string());
    compare("stream layout", &layout, &own_layout);
    compare("executable", &wrote.executable, &reads.executable);
    differences
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Divergence::At(event) => write!(f, "event {event} is the first that differs"),
            Divergence::Between(from, to) => {
                write!(f, "the first event that differs is one of {from} to {to}")
            }
            Divergence::AtTheEnd => f.write_str("every known event agrees, but not the end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(events: &[(u64, u64)]) -> BTreeMap<u64, u64> {
        events.iter().copied().collect()
    }

    #[test]
    fn the_first_differing_event_is_found() {
        assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3]), None);
        assert_eq!(first_difference(&[1, 2, 3], &[1, 9, 3]), Some(2));
        assert_eq!(first_difference(&[1, 2], &[1, 2, 3]), Some(3));
        assert_eq!(first_difference(&[], &[7]), Some(1));
    }

    #[test]
    fn a_difference_is_an_event_in_the_tail_and_an_interval_before_it() {
        let known = known(&[(4, 40), (8, 80), (9, 90), (10, 100)]);
        let run = |wrong_from: u64| -> Vec<u64> {
            (1..=10).map(|event| event * 10 + u64::from(event >= wrong_from)).collect()
        };
        assert_eq!(diverges_from(&known, &run(11)), None);
        assert_eq!(diverges_from(&known, &run(10)), Some(Divergence::At(10)));
        assert_eq!(diverges_from(&known, &run(9)), Some(Divergence::At(9)));
        assert_eq!(diverges_from(&known, &run(6)), Some(Divergence::Between(5, 8)));
        assert_eq!(diverges_from(&known, &run(1)), Some(Divergence::Between(1, 4)));
        assert_eq!(diverges_from(&known, &run(11)[..9]), Some(Divergence::At(10)));
        let longer: Vec<u64> = (1..=11).map(|event| event * 10).collect();
        assert_eq!(diverges_from(&known, &longer), Some(Divergence::At(11)));
    }
}
