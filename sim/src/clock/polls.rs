//! A wall clock that a time server sets right now and then.

use std::time::Duration;

use crate::rng::mix;
use crate::time::duration_nanos;

/// How well a disciplined wall clock knows the time.
///
/// Every `poll` a time server sets it, to within `error`; between polls its host believes that it
/// may be off by `drift_bound` more for the time that has passed since. So the uncertainty is a
/// sawtooth, and the true time lies within [`crate::Context::now_interval`] as long as the clock
/// drifts by no more than the bound. (Corbett et al., Spanner, OSDI 2012, section 3: polls 30 s
/// apart, a bound of 200 ppm, 1 ms to the time masters and back.)
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uncertainty {
    /// The time from one poll to the next. Hosts poll at their own phase.
    pub poll: Duration,
    /// By how much a clock is believed to drift at most, in parts per million; below a million.
    pub drift_bound_ppm: u32,
    /// By how much the clock is off at most just after a poll.
    pub error: Duration,
}

/// What a poll is drawn for.
mod lane {
    pub(super) const PHASE: u64 = 0;
    pub(super) const FIRST: u64 = 1;
    pub(super) const POLLS: u64 = 2;
}

/// The polls of one clock: nothing is kept of one but the moment of the last change after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Polls {
    poll: u64,
    drift_bound_ppm: u64,
    error: u64,
    /// When the first poll is.
    phase: u64,
    word: u64,
    /// When the rate or the wall clock was last changed by anybody else. What a poll up to then
    /// has set is void.
    pub(super) anchored_at: u64,
    /// What the monotonic clock showed then.
    pub(super) monotonic_then: u64,
    /// How long ago the last poll was then, on the monotonic clock.
    pub(super) age_then: u64,
}

impl Polls {
    pub(super) fn new(uncertainty: Uncertainty, word: u64) -> Self {
        let Uncertainty { poll, drift_bound_ppm, error } = uncertainty;
        let poll = duration_nanos(poll);
        assert!(poll > 0, "a clock is polled now and then");
        assert!(drift_bound_ppm < 1_000_000, "a clock that may stand still tells no time");
        Polls {
            poll,
            drift_bound_ppm: u64::from(drift_bound_ppm),
            error: duration_nanos(error).min(i64::MAX as u64),
            phase: scale(mix(word, lane::PHASE), poll),
            word,
            anchored_at: 0,
            monotonic_then: 0,
            age_then: 0,
        }
    }

    /// How far off the clock is when the run begins.
    pub(super) fn first_error(&self) -> i64 {
        self.drawn_error(lane::FIRST)
    }

    /// The last poll that counts: when it was, and how far off it left the clock.
    pub(super) fn last(&self, now: u64) -> Option<(u64, i64)> {
        let number = now.checked_sub(self.phase)? / self.poll;
        let at = self.phase + number * self.poll;
        let counts = at > self.anchored_at;
        counts.then(|| (at, self.drawn_error(lane::POLLS.wrapping_add(number))))
    }

    /// What the host believes its clock to be off by at most, so long after a poll.
    pub(super) fn bound(&self, age: u64) -> u64 {
        // By its own clock it is `age` since the poll; in truth up to `age / (1 - bound)`.
        let true_age_drift = u128::from(age) * u128::from(self.drift_bound_ppm);
        let drifted = true_age_drift.div_ceil(u128::from(1_000_000 - self.drift_bound_ppm));
        // A nanosecond for each of the two readings that are rounded down.
        let drifted = u64::try_from(drifted).unwrap_or(u64::MAX).saturating_add(2);
        self.error.saturating_add(drifted)
    }

    /// Uniform between the two signs of the error.
    fn drawn_error(&self, lane: u64) -> i64 {
        let width = self.error.saturating_mul(2).saturating_add(1);
        scale(mix(self.word, lane), width).cast_signed().saturating_sub(self.error.cast_signed())
    }
}

/// Turns a random word into a number below `bound`.
fn scale(word: u64, bound: u64) -> u64 {
    ((u128::from(word) * u128::from(bound)) >> 64) as u64
}
