//! Quantiles of durations.

use serde::{Deserialize, Serialize};

/// Quantiles of some durations in nanoseconds, by nearest rank: each is one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many there are; if none, the others are 0.
    pub count: u64,
    /// The shortest.
    pub least_ns: u64,
    /// Half are at most this.
    pub p50_ns: u64,
    /// 95 % are at most this.
    pub p95_ns: u64,
    /// 99 % are at most this.
    pub p99_ns: u64,
    /// The longest.
    pub greatest_ns: u64,
}

impl Quantiles {
    /// The quantiles of these durations.
    pub fn of(mut durations_ns: Vec<u64>) -> Quantiles {
        durations_ns.sort_unstable();
        let count = durations_ns.len();
        if count == 0 {
            return Quantiles::default();
        }
        let at = |percent: usize| durations_ns[(count * percent).div_ceil(100).max(1) - 1];
        Quantiles {
            count: super::count(count),
            least_ns: durations_ns[0],
            p50_ns: at(50),
            p95_ns: at(95),
            p99_ns: at(99),
            greatest_ns: durations_ns[count - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        assert_eq!(Quantiles::of(Vec::new()), Quantiles::default());
        let one = Quantiles::of(vec![7]);
        assert_eq!(
            (one.count, one.least_ns, one.p50_ns, one.p99_ns, one.greatest_ns),
            (1, 7, 7, 7, 7)
        );
        let many = Quantiles::of((1..=200).rev().collect());
        assert_eq!((many.p50_ns, many.p95_ns, many.p99_ns), (100, 190, 198));
        assert_eq!((many.least_ns, many.greatest_ns), (1, 200));
    }
}
