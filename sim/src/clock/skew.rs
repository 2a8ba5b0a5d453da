//! How the clocks of a host differ from perfect ones.

use std::time::Duration;

use super::polls::{Polls, Uncertainty};
use super::{Drift, RATE_BITS, RATE_ONE, clamp_to_i64};
use crate::time::{LocalTime, SimTime, duration_nanos};

/// A wall clock that jumps to and fro.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Strobe {
    /// How far it jumps, in nanoseconds; backwards first if negative.
    pub by_ns: i64,
    /// The time from one jump to the next. Zero counts as a nanosecond.
    pub period: Duration,
}

/// How clocks differ from perfect ones, since the moment of the last change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Skew {
    /// When the rate was last changed.
    changed_at: u64,
    /// What the monotonic clock showed then.
    monotonic_then: u64,
    /// How fast both clocks have run since then; 0 while they stand still.
    pub(super) rate: u64,
    drift: Drift,
    /// The wall clock is this much ahead of the monotonic clock, unless a poll has set it since.
    wall_ahead: i64,
    /// What the wall clock shows while it stands still by itself.
    wall_stopped: Option<i64>,
    /// By key, each with the moment at which it began.
    strobes: Vec<(u32, u64, Strobe)>,
    polls: Option<Polls>,
}

impl Skew {
    pub(super) const PERFECT: Skew = Skew {
        changed_at: 0,
        monotonic_then: 0,
        rate: RATE_ONE,
        drift: Drift::NONE,
        wall_ahead: 0,
        wall_stopped: None,
        strobes: Vec::new(),
        polls: None,
    };

    pub(super) fn is_perfect(&self) -> bool {
        self.rate == RATE_ONE
            && self.monotonic_then == self.changed_at
            && self.wall_ahead == 0
            && self.wall_stopped.is_none()
            && self.strobes.is_empty()
            && self.polls.is_none()
    }

    pub(super) fn drift(&self) -> Drift {
        self.drift
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.rate == 0
    }

    pub(super) fn monotonic(&self, now: SimTime) -> u64 {
        self.monotonic_at(now.nanos())
    }

    fn monotonic_at(&self, now: u64) -> u64 {
        let passed = now.checked_sub(self.changed_at);
        let passed = passed.expect("a clock is read at a time before its last change");
        let advanced = (u128::from(passed) * u128::from(self.rate)) >> RATE_BITS;
        self.monotonic_then.saturating_add(u64::try_from(advanced).unwrap_or(u64::MAX))
    }

    pub(super) fn wall(&self, now: SimTime) -> LocalTime {
        let shown = match self.wall_stopped {
            Some(shown) => shown,
            None => self.running_wall(now.nanos()).saturating_add(self.strobed(now.nanos())),
        };
        LocalTime::from_nanos(shown)
    }

    /// The wall clock without strobes.
    fn running_wall(&self, now: u64) -> i64 {
        let monotonic = self.monotonic_at(now);
        match self.last_poll(now) {
            None => to_i64(monotonic).saturating_add(self.wall_ahead),
            Some((at, error)) => {
                let since = monotonic - self.monotonic_at(at);
                to_i64(at).saturating_add(to_i64(since)).saturating_add(error)
            }
        }
    }

    fn strobed(&self, now: u64) -> i64 {
        let odd = |since: u64, strobe: &Strobe| {
            let jumps = now.saturating_sub(since) / duration_nanos(strobe.period).max(1);
            jumps.is_multiple_of(2)
        };
        let out = self.strobes.iter().filter(|(_, since, strobe)| odd(*since, strobe));
        out.fold(0, |sum: i64, (_, _, strobe)| sum.saturating_add(strobe.by_ns))
    }

    /// The last poll that has set the wall clock. A host whose clocks stand still polls nobody.
    fn last_poll(&self, now: u64) -> Option<(u64, i64)> {
        if self.is_frozen() { None } else { self.polls.as_ref()?.last(now) }
    }

    /// How long ago the last poll was, by the monotonic clock.
    fn poll_age(&self, polls: &Polls, now: u64) -> u64 {
        let monotonic = self.monotonic_at(now);
        match self.last_poll(now) {
            Some((at, _)) => monotonic - self.monotonic_at(at),
            None => polls.age_then.saturating_add(monotonic - polls.monotonic_then),
        }
    }

    pub(super) fn uncertainty(&self, now: SimTime) -> u64 {
        let polls = self.polls.as_ref();
        polls.map_or(0, |polls| polls.bound(self.poll_age(polls, now.nanos())))
    }

    /// The smallest span in which the monotonic clock advances by `local` from any moment; all the
    /// time there is if it stands still.
    pub(super) fn real_span(&self, local: u64) -> u64 {
        if self.is_frozen() {
            return if local == 0 { 0 } else { u64::MAX };
        }
        let real = (u128::from(local) << RATE_BITS).div_ceil(u128::from(self.rate));
        u64::try_from(real).unwrap_or(u64::MAX)
    }

    /// When the monotonic clock shows `reading`, if it did not do so before the last change.
    pub(super) fn when_monotonic(&self, reading: u64) -> u64 {
        // Counted from the last change, where the reading is a whole number: from a later moment
        // the fraction that the clock does not show would be lost.
        let ahead = reading.saturating_sub(self.monotonic_then);
        self.changed_at.saturating_add(self.real_span(ahead))
    }

    pub(super) fn set_rate(&mut self, now: SimTime, drift: Drift, frozen: bool) {
        self.anchor(now.nanos());
        self.monotonic_then = self.monotonic(now);
        self.changed_at = now.nanos();
        self.rate = if frozen { 0 } else { drift.rate() };
        self.drift = drift;
    }

    pub(super) fn set_offset(&mut self, now: SimTime, offset: i64) {
        self.anchor(now.nanos());
        let wall = i128::from(now.nanos()) + i128::from(offset);
        self.wall_ahead = clamp_to_i64(wall - i128::from(self.monotonic(now)));
    }

    pub(super) fn step_wall(&mut self, now: SimTime, step: i64) {
        self.anchor(now.nanos());
        self.wall_ahead = self.wall_ahead.saturating_add(step);
        self.wall_stopped = self.wall_stopped.map(|shown| shown.saturating_add(step));
    }

    pub(super) fn stop_wall(&mut self, now: SimTime, stopped: bool) {
        match self.wall_stopped {
            None if stopped => self.wall_stopped = Some(self.wall(now).nanos()),
            Some(shown) if !stopped => {
                self.wall_stopped = None;
                self.anchor(now.nanos());
                self.wall_ahead = clamp_to_i64(
                    i128::from(shown)
                        - i128::from(self.strobed(now.nanos()))
                        - i128::from(self.monotonic(now)),
                );
            }
            None | Some(_) => {}
        }
    }

    pub(super) fn begin_strobe(&mut self, now: SimTime, key: u32, strobe: Strobe) {
        self.strobes.push((key, now.nanos(), strobe));
    }

    pub(super) fn end_strobe(&mut self, key: u32) {
        self.strobes.retain(|(known, _, _)| *known != key);
    }

    pub(super) fn discipline(&mut self, uncertainty: Uncertainty, word: u64) {
        let polls = Polls::new(uncertainty, word);
        // A clock that is set to be off stays so until its first poll.
        if self.wall_ahead == 0 {
            self.wall_ahead = polls.first_error();
        }
        self.polls = Some(polls);
    }

    /// Before the rate or the wall clock is changed: what the last poll has set becomes a plain
    /// offset, and only later polls count.
    fn anchor(&mut self, now: u64) {
        if self.polls.is_none() {
            return;
        }
        let monotonic = self.monotonic_at(now);
        let wall = self.running_wall(now);
        let age = self.polls.as_ref().map_or(0, |polls| self.poll_age(polls, now));
        self.wall_ahead = clamp_to_i64(i128::from(wall) - i128::from(monotonic));
        if let Some(polls) = &mut self.polls {
            polls.anchored_at = now;
            polls.monotonic_then = monotonic;
            polls.age_then = age;
        }
    }
}

fn to_i64(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}
