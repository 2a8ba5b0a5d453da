//! The two clocks of a host.
//!
//! The *monotonic* clock shows how long the machine has been on; it may run fast or slow but never
//! jumps, and all timers follow it. The *wall* clock shows what the host believes the time to be:
//! it runs at the same rate and may be off and be set. A protocol that measures a lease with the
//! wrong one of them has a bug, and this is where the difference comes from.

use std::time::Duration;

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

/// How clocks differ from perfect ones, since the moment of the last change.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Skew {
    /// When the rate was last changed.
    changed_at: u64,
    /// What the monotonic clock showed then.
    monotonic_then: u64,
    /// How fast both clocks have run since then.
    rate: u64,
    drift: Drift,
    /// The wall clock is this much ahead of the monotonic clock.
    wall_ahead: i64,
}

impl Skew {
    const PERFECT: Skew = Skew {
        changed_at: 0,
        monotonic_then: 0,
        rate: RATE_ONE,
        drift: Drift::NONE,
        wall_ahead: 0,
    };

    fn monotonic(&self, now: SimTime) -> u64 {
        let passed = now.nanos().checked_sub(self.changed_at);
        let passed = passed.expect("a clock is read at a time before its last change");
        let advanced = (u128::from(passed) * u128::from(self.rate)) >> RATE_BITS;
        self.monotonic_then.saturating_add(u64::try_from(advanced).unwrap_or(u64::MAX))
    }

    fn wall(&self, now: SimTime) -> LocalTime {
        let monotonic = i64::try_from(self.monotonic(now)).unwrap_or(i64::MAX);
        LocalTime::from_nanos(monotonic.saturating_add(self.wall_ahead))
    }

    /// The smallest span in which the monotonic clock advances by `local` from any moment.
    fn real_span(&self, local: u64) -> u64 {
        let real = (u128::from(local) << RATE_BITS).div_ceil(u128::from(self.rate));
        u64::try_from(real).unwrap_or(u64::MAX)
    }
}

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
                // Counted from the last change, where the reading is a whole number: from `now`
                // the fraction that the clock does not show would be lost.
                let ahead = duration_nanos(reading).saturating_sub(skew.monotonic_then);
                let moment = skew.changed_at.saturating_add(skew.real_span(ahead));
                now.max(SimTime::from_nanos(moment))
            }
        }
    }

    /// The earliest and the latest that the time may be, according to a host that knows its wall
    /// clock to be off by at most `error`.
    #[inline]
    pub fn now_interval(&self, now: SimTime, error: Duration) -> (LocalTime, LocalTime) {
        let wall = self.wall(now);
        (wall.saturating_sub(error), wall.saturating_add(error))
    }

    /// The drift of both clocks.
    pub fn drift(&self) -> Drift {
        self.0.as_ref().map_or(Drift::NONE, |skew| skew.drift)
    }

    /// How far the wall clock is ahead of simulated time, in nanoseconds; negative if it is behind.
    pub fn offset_ns(&self, now: SimTime) -> i64 {
        let offset = i128::from(self.wall(now).nanos()) - i128::from(now.nanos());
        clamp_to_i64(offset)
    }

    /// Lets both clocks run at another rate from now on. Neither jumps.
    ///
    /// Timers that were placed by [`Clocks::real_span`] must be placed again.
    pub fn set_drift(&mut self, now: SimTime, drift: Drift) {
        self.change(|skew| {
            skew.monotonic_then = skew.monotonic(now);
            skew.changed_at = now.nanos();
            skew.rate = drift.rate();
            skew.drift = drift;
        });
    }

    /// Sets the wall clock to be ahead of simulated time by so many nanoseconds, at this moment:
    /// with a drift it does not stay there. The monotonic clock does not notice.
    pub fn set_offset_ns(&mut self, now: SimTime, offset: i64) {
        self.change(|skew| {
            let wall = i128::from(now.nanos()) + i128::from(offset);
            skew.wall_ahead = clamp_to_i64(wall - i128::from(skew.monotonic(now)));
        });
    }

    /// Moves the wall clock by so many nanoseconds. The monotonic clock does not notice.
    pub fn step_wall_ns(&mut self, step: i64) {
        self.change(|skew| skew.wall_ahead = skew.wall_ahead.saturating_add(step));
    }

    /// Changes the skew, and drops it where nothing of it is left.
    fn change(&mut self, change: impl FnOnce(&mut Skew)) {
        let mut skew = self.0.take().unwrap_or_else(|| Box::new(Skew::PERFECT));
        change(&mut skew);
        let perfect =
            skew.rate == RATE_ONE && skew.monotonic_then == skew.changed_at && skew.wall_ahead == 0;
        self.0 = if perfect { None } else { Some(skew) };
    }
}

fn clamp_to_i64(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400_000_000_000;
    const SECOND: u64 = 1_000_000_000;

    fn at(nanoseconds: u64) -> SimTime {
        SimTime::from_nanos(nanoseconds)
    }

    fn span(nanoseconds: u64) -> Duration {
        Duration::from_nanos(nanoseconds)
    }

    fn drifting(parts_per_billion: i64) -> Clocks {
        let mut clocks = Clocks::default();
        clocks.set_drift(SimTime::ZERO, Drift::from_ppb(parts_per_billion));
        clocks
    }

    #[test]
    fn perfect_clocks_are_small_and_right() {
        assert!(size_of::<Clocks>() <= 8);
        let clocks = Clocks::default();
        assert_eq!(clocks.wall(at(5)), LocalTime::from_nanos(5));
        assert_eq!(clocks.monotonic(at(5)), span(5));
        assert_eq!(clocks.real_span(span(7)), span(7));
        assert_eq!(clocks.when_monotonic(at(5), span(9)), at(9));
        assert_eq!(clocks.when_monotonic(at(5), span(3)), at(5));
        assert_eq!(clocks.wall(SimTime::MAX), LocalTime::MAX);
        let interval = clocks.now_interval(at(10), span(3));
        assert_eq!(interval, (LocalTime::from_nanos(7), LocalTime::from_nanos(13)));
    }

    #[test]
    fn clocks_that_are_put_right_are_small_again() {
        let mut clocks = Clocks::default();
        clocks.set_offset_ns(at(10), -50);
        assert_eq!(clocks.wall(at(20)), LocalTime::from_nanos(-30));
        assert_eq!(clocks.offset_ns(at(20)), -50);
        assert_eq!(clocks.monotonic(at(20)), span(20));
        clocks.step_wall_ns(50);
        assert_eq!(clocks, Clocks::PERFECT);
        clocks.set_drift(at(20), Drift::from_ppm(100));
        assert_eq!(clocks.drift().ppb(), 100_000);
        clocks.set_drift(at(20), Drift::NONE);
        assert_eq!(clocks, Clocks::PERFECT);
    }

    #[test]
    fn a_day_of_drift_is_exact() {
        for ppm in [-500, -499, -33, -1, 1, 7, 100, 333, 500] {
            let clocks = drifting(ppm * 1_000);
            for real in [1, 999, SECOND, DAY / 3, DAY] {
                let exact = i128::from(real) * (1_000_000 + i128::from(ppm)) / 1_000_000;
                let shown = i128::from(duration_nanos(clocks.monotonic(at(real))));
                assert!((shown - exact).abs() <= 1, "{ppm} ppm, {real} ns: {shown}");
                assert_eq!(i128::from(clocks.wall(at(real)).nanos()), shown);
            }
        }
        assert!(drifting(100_000).offset_ns(at(DAY)).abs_diff(8_640_000_000) <= 1);
    }

    #[test]
    fn a_step_moves_only_the_wall_clock() {
        let mut clocks = drifting(-200_000);
        let (wall, monotonic) = (clocks.wall(at(SECOND)), clocks.monotonic(at(SECOND)));
        clocks.step_wall_ns(-3 * SECOND.cast_signed());
        assert_eq!(clocks.wall(at(SECOND)), wall - span(3 * SECOND));
        assert_eq!(clocks.monotonic(at(SECOND)), monotonic);
        clocks.set_offset_ns(at(SECOND), 42);
        assert_eq!(clocks.offset_ns(at(SECOND)), 42);
        assert_eq!(clocks.monotonic(at(SECOND)), monotonic);
    }

    #[test]
    fn extreme_clocks_saturate() {
        let fast = drifting(1_000 * PARTS_PER_BILLION);
        assert_eq!(duration_nanos(fast.monotonic(SimTime::MAX)), u64::MAX);
        assert_eq!(fast.wall(SimTime::MAX), LocalTime::MAX);
        let slow = drifting(1 - PARTS_PER_BILLION);
        assert_eq!(duration_nanos(slow.real_span(Duration::MAX)), u64::MAX);
        assert_eq!(slow.when_monotonic(SimTime::ZERO, Duration::MAX), SimTime::MAX);
        let mut clocks = Clocks::default();
        clocks.step_wall_ns(i64::MIN);
        clocks.step_wall_ns(-1);
        assert_eq!(clocks.wall(SimTime::ZERO), LocalTime::MIN);
    }

    #[test]
    #[should_panic(expected = "a drift lies above")]
    fn a_clock_cannot_run_backwards() {
        Drift::from_ppm(-1_000_000);
    }

    proptest! {
        #[test]
        fn a_timer_never_fires_early_on_its_own_clock(
            ppb in -900_000_000_i64..2_000_000_000,
            changed_at in 0..DAY,
            set_after in 0..DAY,
            local in 0..DAY,
        ) {
            let mut clocks = drifting(12_345);
            clocks.set_drift(at(changed_at), Drift::from_ppb(ppb));
            let set_at = at(changed_at + set_after);
            let due = clocks.monotonic(set_at) + span(local);
            let fires_at = set_at + clocks.real_span(span(local));
            prop_assert!(clocks.monotonic(fires_at) >= due);
            // Nor later than the clock can tell: it shows at most two more of its own steps.
            let steps = duration_nanos(clocks.monotonic(fires_at) - due);
            prop_assert!(steps <= 2 + clocks.drift().rate() / RATE_ONE, "{steps}");
            let first = clocks.when_monotonic(set_at, due);
            prop_assert!(first <= fires_at && clocks.monotonic(first) >= due);
            prop_assert!(first == set_at || clocks.monotonic(first.saturating_sub(span(1))) < due);
        }

        #[test]
        fn clocks_never_jump_when_the_drift_changes(
            changes in prop::collection::vec((0..SECOND * 1_000, -1_000_000_i64..1_000_000), 1..20),
        ) {
            let mut clocks = Clocks::default();
            clocks.set_offset_ns(SimTime::ZERO, -77);
            let mut now = SimTime::ZERO;
            let mut exact_ppb = 0_i128;
            for (wait, ppb) in &changes {
                let drift_before = clocks.drift();
                now += span(*wait);
                exact_ppb += i128::from(*wait) * i128::from(PARTS_PER_BILLION + drift_before.ppb());
                let before = (clocks.wall(now), clocks.monotonic(now));
                clocks.set_drift(now, Drift::from_ppb(*ppb));
                prop_assert_eq!((clocks.wall(now), clocks.monotonic(now)), before);
                let next = clocks.monotonic(now + span(1));
                prop_assert!(next >= before.1 && next <= before.1 + span(2));
            }
            let exact = exact_ppb / i128::from(PARTS_PER_BILLION);
            let shown = i128::from(duration_nanos(clocks.monotonic(now)));
            prop_assert!((exact - shown).abs() <= changes.len() as i128 + 1, "{exact} {shown}");
            prop_assert_eq!(i128::from(clocks.wall(now).nanos()), shown - 77);
        }
    }
}
