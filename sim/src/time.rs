//! Two kinds of time: the kernel's own, and what a host believes.
//!
//! They are different types because mixing them up is a bug that protocols really have: a host
//! never sees [`SimTime`], and the kernel never orders events by [`LocalTime`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The kernel's time: nanoseconds since the start of the run.
///
/// It is exact, never goes back and is the same for every host. Written `3.412s`; serialized as
/// its number of nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimTime(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: SimTime = SimTime(0);
    /// A time that no event reaches; used for "never".
    pub const MAX: SimTime = SimTime(u64::MAX);

    /// The time this many nanoseconds after the start.
    #[inline]
    pub const fn from_nanos(nanoseconds: u64) -> SimTime {
        SimTime(nanoseconds)
    }

    /// Nanoseconds since the start.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Time since the start, as a duration.
    #[inline]
    pub const fn since_start(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Time passed since `earlier`; zero if `earlier` is the later one.
    #[inline]
    pub const fn saturating_since(self, earlier: SimTime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The time `span` later, or [`SimTime::MAX`] if that is out of range.
    #[inline]
    pub fn saturating_add(self, span: Duration) -> SimTime {
        SimTime(self.0.saturating_add(duration_nanos(span)))
    }

    /// The time `nanoseconds` later, or [`SimTime::MAX`] if that is out of range.
    #[inline]
    pub const fn saturating_add_nanos(self, nanoseconds: u64) -> SimTime {
        SimTime(self.0.saturating_add(nanoseconds))
    }

    /// The time `span` earlier, or [`SimTime::ZERO`] if that is before the start.
    #[inline]
    pub fn saturating_sub(self, span: Duration) -> SimTime {
        SimTime(self.0.saturating_sub(duration_nanos(span)))
    }
}

/// A duration in nanoseconds, or `u64::MAX` (584 years) if it is longer than that.
#[inline]
pub fn duration_nanos(span: Duration) -> u64 {
    match span.as_secs().checked_mul(NANOSECONDS_PER_SECOND) {
        Some(nanoseconds) => nanoseconds.saturating_add(u64::from(span.subsec_nanos())),
        None => u64::MAX,
    }
}

impl Add<Duration> for SimTime {
    type Output = SimTime;

    /// Panics when the sum is out of range: 584 years of simulated time.
    #[inline]
    fn add(self, span: Duration) -> SimTime {
        match self.0.checked_add(duration_nanos(span)) {
            Some(nanoseconds) => SimTime(nanoseconds),
            None => panic!("simulated time overflows: {self} + {span:?}"),
        }
    }
}

impl AddAssign<Duration> for SimTime {
    #[inline]
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for SimTime {
    type Output = SimTime;

    /// Panics when the result is before the start.
    #[inline]
    fn sub(self, span: Duration) -> SimTime {
        match self.0.checked_sub(duration_nanos(span)) {
            Some(nanoseconds) => SimTime(nanoseconds),
            None => panic!("simulated time before the start: {self} - {span:?}"),
        }
    }
}

impl Sub<SimTime> for SimTime {
    type Output = Duration;

    /// Panics when `earlier` is the later one.
    #[inline]
    fn sub(self, earlier: SimTime) -> Duration {
        match self.0.checked_sub(earlier.0) {
            Some(nanoseconds) => Duration::from_nanos(nanoseconds),
            None => panic!("negative span of simulated time: {self} - {earlier}"),
        }
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&seconds_text("", self.0))
    }
}

impl fmt::Debug for SimTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a host's wall clock shows, in nanoseconds.
///
/// A perfect clock shows the nanoseconds since the start of the run. A host's clock may be off,
/// may run backwards when it is stepped, and may be negative; so two readings are compared with
/// care, and readings of different hosts with more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalTime(i64);

impl LocalTime {
    /// What a perfect clock shows at the start of the run.
    pub const ZERO: LocalTime = LocalTime(0);
    /// The earliest reading.
    pub const MIN: LocalTime = LocalTime(i64::MIN);
    /// The latest reading.
    pub const MAX: LocalTime = LocalTime(i64::MAX);

    /// The reading of this many nanoseconds.
    #[inline]
    pub const fn from_nanos(nanoseconds: i64) -> LocalTime {
        LocalTime(nanoseconds)
    }

    /// The reading in nanoseconds.
    #[inline]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Time between `earlier` and this reading; zero if the clock went back in between.
    #[inline]
    pub const fn saturating_since(self, earlier: LocalTime) -> Duration {
        if self.0 <= earlier.0 {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.0.abs_diff(earlier.0))
    }

    /// The reading `span` later, or the latest one.
    #[inline]
    pub fn saturating_add(self, span: Duration) -> LocalTime {
        LocalTime(self.0.saturating_add_unsigned(duration_nanos(span)))
    }

    /// The reading `span` earlier, or the earliest one.
    #[inline]
    pub fn saturating_sub(self, span: Duration) -> LocalTime {
        LocalTime(self.0.saturating_sub_unsigned(duration_nanos(span)))
    }
}

/// Saturates: a host's arithmetic on a broken clock must not end the run.
impl Add<Duration> for LocalTime {
    type Output = LocalTime;

    #[inline]
    fn add(self, span: Duration) -> LocalTime {
        self.saturating_add(span)
    }
}

/// Saturates: a host's arithmetic on a broken clock must not end the run.
impl Sub<Duration> for LocalTime {
    type Output = LocalTime;

    #[inline]
    fn sub(self, span: Duration) -> LocalTime {
        self.saturating_sub(span)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        formatter.pad(&seconds_text(sign, self.0.unsigned_abs()))
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Seconds with at least three decimals and as many more as the value needs, so that two
/// different times never look the same.
fn seconds_text(sign: &str, nanoseconds: u64) -> String {
    let seconds = nanoseconds / NANOSECONDS_PER_SECOND;
    let fraction = format!("{:09}", nanoseconds % NANOSECONDS_PER_SECOND);
    let shown = fraction.trim_end_matches('0').len().max(3);
    format!("{sign}{seconds}.{}s", &fraction[..shown])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_seconds() {
        let texts = [0, 1, 1_000, 3_412_000_000, 3_412_500_000, 60_000_000_000]
            .map(|nanoseconds| SimTime::from_nanos(nanoseconds).to_string());
        let expected = ["0.000s", "0.000000001s", "0.000001s", "3.412s", "3.4125s", "60.000s"];
        assert_eq!(texts, expected);
        assert_eq!(format!("{:>8}", SimTime::from_nanos(1_500_000_000)), "  1.500s");
        assert_eq!(LocalTime::from_nanos(-3_000_000).to_string(), "-0.003s");
        assert_eq!(LocalTime::MIN.to_string(), "-9223372036.854775808s");
    }

    #[test]
    fn arithmetic_is_exact_and_saturates_where_it_says() {
        let one = SimTime::ZERO + Duration::from_millis(1);
        assert_eq!(one.nanos(), 1_000_000);
        assert_eq!(one - Duration::from_micros(1), SimTime::from_nanos(999_000));
        assert_eq!(one - SimTime::from_nanos(1), Duration::from_nanos(999_999));
        assert_eq!(SimTime::MAX.saturating_add(Duration::MAX), SimTime::MAX);
        assert_eq!(one.saturating_add(Duration::MAX), SimTime::MAX);
        assert_eq!(one.saturating_sub(Duration::MAX), SimTime::ZERO);
        assert_eq!(SimTime::ZERO.saturating_since(one), Duration::ZERO);
        assert_eq!(one.since_start(), Duration::from_millis(1));
        let back = LocalTime::ZERO - Duration::from_nanos(5);
        assert_eq!(back.nanos(), -5);
        assert_eq!(LocalTime::ZERO.saturating_since(back), Duration::from_nanos(5));
        assert_eq!(back.saturating_since(LocalTime::ZERO), Duration::ZERO);
        assert_eq!(LocalTime::MAX + Duration::MAX, LocalTime::MAX);
        assert_eq!(LocalTime::MAX.saturating_since(LocalTime::MIN), Duration::from_nanos(u64::MAX));
    }

    #[test]
    #[should_panic(expected = "negative span")]
    fn a_negative_span_is_refused() {
        let _ = SimTime::ZERO - SimTime::from_nanos(1);
    }

    #[test]
    #[should_panic(expected = "overflows")]
    fn the_end_of_time_is_refused() {
        let _ = SimTime::MAX + Duration::from_nanos(1);
    }
}
