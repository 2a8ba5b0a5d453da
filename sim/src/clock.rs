//! The two clocks of a host.
//!
//! The *monotonic* clock shows how long the machine has been on; it may run fast or slow but never
//! jumps, and all timers follow it. The *wall* clock shows what the host believes the time to be:
//! it runs at the same rate and may be off and be set. A protocol that measures a lease with the
//! wrong one of them has a bug, and this is where the difference comes from.
//!
//! Drift and a freeze concern both; an offset, a step, a strobe and a freeze of its own only the
//! wall clock. A wall clock may be [disciplined](Uncertainty): set right by a time server now and
//! then, so that the host knows how far off it may be. Nothing of this takes an event: a clock is
//! reckoned from the time when somebody looks at it.

mod polls;
mod skew;

use std::time::Duration;

pub use self::polls::Uncertainty;
use self::skew::Skew;
pub use self::skew::Strobe;
use crate::time::{LocalTime, SimTime, duration_nanos};

const PARTS_PER_BILLION: i64 = 1_000_000_000;

/// How many bits of a rate lie behind the point.
///
/// With 48 of them the rounding of a rate adds up to less than a nanosecond in three days.
const RATE_BITS: u32 = 48;

/// The rate of a perfect clock.
const RATE_ONE: u64 = 1 << RATE_BITS;

/// How much faster (or, if negative, slower) than simulated time a clock runs, in parts per
/// billion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Drift(i64);

impl Drift {
    /// A clock that runs at the right rate.
    pub const NONE: Drift = Drift(0);

    /// A drift in parts per million: 100 makes a clock gain 8.64 seconds a day.
    ///
    /// Panics unless the clock still runs forwards, and at most a thousand times too fast.
    pub const fn from_ppm(parts_per_million: i64) -> Drift {
        assert!(
            parts_per_million > -1_000_000 && parts_per_million <= 1_000_000_000,
            "a drift lies above -1,000,000 ppm and up to 1,000,000,000 ppm"
        );
        Drift(parts_per_million * 1_000)
    }

    /// A drift in parts per billion, within the same limits as [`Drift::from_ppm`].
    pub const fn from_ppb(parts_per_billion: i64) -> Drift {
        assert!(
            parts_per_billion > -PARTS_PER_BILLION
                && parts_per_billion <= 1_000 * PARTS_PER_BILLION,
            "a drift lies above -10^9 ppb and up to 10^12 ppb"
        );
        Drift(parts_per_billion)
    }

    /// The drift in parts per billion.
    pub const fn ppb(self) -> i64 {
        self.0
    }

    /// The rate as a fixed-point number, rounded to the nearest and never 0.
    fn rate(self) -> u64 {
        let billion = PARTS_PER_BILLION.unsigned_abs();
        let parts = u128::from((PARTS_PER_BILLION + self.0).unsigned_abs());
        let nearest = ((parts << RATE_BITS) + u128::from(billion / 2)) / u128::from(billion);
        (nearest as u64).max(1)
    }
}

/// The clocks of one host: perfect ones unless told otherwise, and then as small as a pointer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clocks(Option<Box<Skew>>);

impl Clocks {
    /// Clocks without any error.
    pub const PERFECT: Clocks = Clocks(None);

    /// What the wall clock shows.
    #[inline]
    pub fn wall(&self, now: SimTime) -> LocalTime {
        match &self.0 {
            None => LocalTime::from_nanos(i64::try_from(now.nanos()).unwrap_or(i64::MAX)),
            Some(skew) => skew.wall(now),
        }
    }

    /// What the monotonic clock shows: how long the machine has been on, which is since the start
    /// of the run; a crash of the process does not reset it.
    #[inline]
    pub fn monotonic(&self, now: SimTime) -> Duration {
        match &self.0 {
            None => now.since_start(),
            Some(skew) => Duration::from_nanos(skew.monotonic(now)),
        }
    }

    /// How much simulated time passes while the monotonic clock advances by `local`, if the drift
    /// stays as it is. Rounded up, so a timer never fires early on its own clock.
    #[inline]
    pub fn real_span(&self, local: Duration) -> Duration {
        match &self.0 {
            None => local,
            Some(skew) => Duration::from_nanos(skew.real_span(duration_nanos(local))),
        }
    }

    /// The first moment from `now` on at which the monotonic clock shows at least `reading`, if
    /// the drift stays as it is: where a timer belongs after the drift has changed.
    #[inline]
    pub fn when_monotonic(&self, now: SimTime, reading: Duration) -> SimTime {
        match &self.0 {
            None => now.max(SimTime::ZERO.saturating_add(reading)),
            Some(skew) => {
                now.max(SimTime::from_nanos(skew.when_monotonic(duration_nanos(reading))))
            }
        }
    }

    /// The earliest and the latest that the time may be, according to a host that knows its wall
    /// clock to be off by at most `error`, and by what its [`Uncertainty`] says.
    #[inline]
    pub fn now_interval(&self, now: SimTime, error: Duration) -> (LocalTime, LocalTime) {
        let wall = self.wall(now);
        let error = error.saturating_add(self.uncertainty(now));
        (wall.saturating_sub(error), wall.saturating_add(error))
    }

    /// How far off a disciplined wall clock believes it may be by now; zero for any other.
    pub fn uncertainty(&self, now: SimTime) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |skew| Duration::from_nanos(skew.uncertainty(now)))
    }

    /// The drift of both clocks.
    pub fn drift(&self) -> Drift {
        self.0.as_ref().map_or(Drift::NONE, |skew| skew.drift())
    }

    /// How far the wall clock is ahead of simulated time, in nanoseconds; negative if it is behind.
    pub fn offset_ns(&self, now: SimTime) -> i64 {
        let offset = i128::from(self.wall(now).nanos()) - i128::from(now.nanos());
        clamp_to_i64(offset)
    }

    /// Whether both clocks stand still.
    pub fn are_frozen(&self) -> bool {
        self.0.as_ref().is_some_and(|skew| skew.is_frozen())
    }

    /// Lets both clocks run at another rate from now on, or stand still until told otherwise.
    /// Neither jumps.
    ///
    /// Timers that were placed by [`Clocks::real_span`] must be placed again.
    pub fn set_rate(&mut self, now: SimTime, drift: Drift, frozen: bool) {
        if (drift, frozen) != (self.drift(), self.are_frozen()) {
            self.change(|skew| skew.set_rate(now, drift, frozen));
        }
    }

    /// Lets both clocks run with another drift from now on. Neither jumps.
    ///
    /// Timers that were placed by [`Clocks::real_span`] must be placed again.
    pub fn set_drift(&mut self, now: SimTime, drift: Drift) {
        self.change(|skew| skew.set_rate(now, drift, false));
    }

    /// Sets the wall clock to be ahead of simulated time by so many nanoseconds, at this moment:
    /// with a drift it does not stay there. The monotonic clock does not notice.
    pub fn set_offset_ns(&mut self, now: SimTime, offset: i64) {
        self.change(|skew| skew.set_offset(now, offset));
    }

    /// Moves the wall clock by so many nanoseconds. The monotonic clock does not notice.
    pub fn step_wall_ns(&mut self, now: SimTime, step: i64) {
        self.change(|skew| skew.step_wall(now, step));
    }

    /// Stops the wall clock, or lets it go on from where it stopped. The monotonic clock does not
    /// notice.
    pub fn stop_wall(&mut self, now: SimTime, stopped: bool) {
        self.change(|skew| skew.stop_wall(now, stopped));
    }

    /// Begins to strobe the wall clock: it jumps at once. `key` names the strobe.
    pub fn begin_strobe(&mut self, now: SimTime, key: u32, strobe: Strobe) {
        self.change(|skew| skew.begin_strobe(now, key, strobe));
    }

    /// Ends the strobe of this name: the wall clock shows what it would without it.
    pub fn end_strobe(&mut self, key: u32) {
        self.change(|skew| skew.end_strobe(key));
    }

    /// Disciplines the wall clock from time zero on; `word` is a random one, and decides when it is
    /// polled and what is wrong with it then.
    pub fn discipline(&mut self, uncertainty: Uncertainty, word: u64) {
        self.change(|skew| skew.discipline(uncertainty, word));
    }

    /// Changes the skew, and drops it where nothing of it is left.
    fn change(&mut self, change: impl FnOnce(&mut Skew)) {
        let mut skew = self.0.take().unwrap_or_else(|| Box::new(Skew::PERFECT));
        change(&mut skew);
        self.0 = if skew.is_perfect() { None } else { Some(skew) };
    }
}

fn clamp_to_i64(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests;
