//! Histograms that can be merged: what a million runs measured, in a few hundred numbers.
//!
//! Buckets are log-linear, as in Gil Tene's HdrHistogram: a number keeps its highest
//! [`KEPT_BITS`] bits. Numbers below 256 are exact; above, a bucket is at most 1/128 of its numbers
//! wide, so that its middle is wrong by at most 1/256 (0.4 %). Which bucket a number falls into
//! depends on nothing but the number: a merge of histograms is the histogram of the union.
//!
//! The buckets are sparse and their JSON is a list of `[lowest, count]`, which any program can read.
//! The crate `hdrhistogram` keeps the same buckets as a dense array (hundreds of KiB for
//! nanoseconds, once a quantity and point of a grid) and writes them as base64 of a compressed
//! binary form; a test compares quantiles with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many bits of a number are kept.
pub const KEPT_BITS: u32 = 8;

/// How often numbers occurred, in buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Histogram {
    /// By the lowest number of the bucket.
    buckets: BTreeMap<u64, u64>,
    count: u64,
}

/// How many bits of a number its bucket drops.
fn dropped_bits(number: u64) -> u32 {
    (u64::BITS - number.leading_zeros()).saturating_sub(KEPT_BITS)
}

fn bucket_of(number: u64) -> u64 {
    let dropped = dropped_bits(number);
    number >> dropped << dropped
}

/// The number that stands for all of a bucket.
fn middle_of(lowest: u64) -> u64 {
    let width = 1_u64 << dropped_bits(lowest);
    lowest + (width - 1) / 2
}

impl Histogram {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Histogram {
        Histogram::default()
    }

    /// Takes in a number.
    pub fn record(&mut self, number: u64) {
        self.record_many(number, 1);
    }

    /// Takes in a number that occurred several times.
    pub fn record_many(&mut self, number: u64, times: u64) {
        if times == 0 {
            return;
        }
        let entry = self.buckets.entry(bucket_of(number)).or_default();
        *entry = entry.saturating_add(times);
        self.count = self.count.saturating_add(times);
    }

    /// Takes in everything that another one has.
    pub fn merge(&mut self, other: &Histogram) {
        for (lowest, count) in &other.buckets {
            self.record_many(*lowest, *count);
        }
    }

    /// How many numbers it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The buckets in ascending order: lowest number, highest number, and how many numbers.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.buckets.iter().map(|(lowest, count)| {
            let width = 1_u64 << dropped_bits(*lowest);
            (*lowest, lowest + (width - 1), *count)
        })
    }

    /// The least number that at least so many parts of a million do not exceed, to within 0.4 %;
    /// none if there are no numbers.
    #[must_use]
    pub fn quantile(&self, parts_per_million: u32) -> Option<u64> {
        let parts = u128::from(parts_per_million.min(1_000_000));
        let rank = (u128::from(self.count) * parts).div_ceil(1_000_000).max(1);
        let mut seen = 0_u128;
        for (lowest, count) in &self.buckets {
            seen += u128::from(*count);
            if seen >= rank {
                return Some(middle_of(*lowest));
            }
        }
        None
    }

    /// The mean, to within 0.4 %; none if there are no numbers.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let total: f64 =
            self.buckets.iter().map(|(low, count)| middle_of(*low) as f64 * *count as f64).sum();
        (self.count > 0).then(|| total / self.count as f64)
    }
}

impl From<Vec<(u64, u64)>> for Histogram {
    fn from(buckets: Vec<(u64, u64)>) -> Histogram {
        let mut histogram = Histogram::new();
        for (lowest, count) in buckets {
            histogram.record_many(lowest, count);
        }
        histogram
    }
}

impl From<Histogram> for Vec<(u64, u64)> {
    fn from(histogram: Histogram) -> Vec<(u64, u64)> {
        histogram.buckets.into_iter().collect()
    }
}

impl FromIterator<u64> for Histogram {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Histogram {
        let mut histogram = Histogram::new();
        numbers.into_iter().for_each(|number| histogram.record(number));
        histogram
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of every size.
    fn numbers() -> impl Strategy<Value = Vec<u64>> {
        let number = (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift);
        proptest::collection::vec(number, 1..200)
    }

    proptest! {
        #[test]
        fn a_merge_is_the_histogram_of_the_union(one in numbers(), other in numbers()) {
            let mut merged: Histogram = one.iter().copied().collect();
            merged.merge(&other.iter().copied().collect());
            let union: Histogram = one.iter().chain(&other).copied().collect();
            prop_assert_eq!(&merged, &union);
            prop_assert_eq!(merged.count(), (one.len() + other.len()) as u64);
        }

        #[test]
        fn quantiles_are_right_to_within_four_thousandths(numbers in numbers()) {
            let histogram: Histogram = numbers.iter().copied().collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            for parts in [0, 10_000, 500_000, 990_000, 1_000_000] {
                let rank = (sorted.len() as u64 * parts).div_ceil(1_000_000).max(1) as usize;
                let exact = sorted[rank - 1];
                let read = histogram.quantile(parts as u32).unwrap();
                prop_assert!(read.abs_diff(exact) <= exact / 256, "{read} for {exact}");
            }
            let exact = numbers.iter().map(|number| *number as f64).sum::<f64>() / numbers.len() as f64;
            let mean = histogram.mean().unwrap();
            prop_assert!((mean - exact).abs() <= exact / 256.0, "{mean} for {exact}");
        }

        /// HdrHistogram with two significant digits is wrong by at most 1 %.
        #[test]
        fn quantiles_are_those_of_hdrhistogram(numbers in numbers()) {
            let histogram: Histogram = numbers.iter().copied().collect();
            let mut other = hdrhistogram::Histogram::<u64>::new(2).unwrap();
            for number in &numbers {
                // It takes no more than this.
                other.record((*number).min(u64::MAX / 4)).unwrap();
            }
            let histogram_low: Histogram =
                numbers.iter().map(|number| (*number).min(u64::MAX / 4)).collect();
            prop_assert_eq!(histogram_low.count(), histogram.count());
            for parts in [10_000, 500_000, 990_000] {
                let ours = histogram_low.quantile(parts).unwrap();
                let theirs = other.value_at_quantile(f64::from(parts) / 1e6);
                let allowed = theirs / 256 + theirs / 100 + 1;
                prop_assert!(ours.abs_diff(theirs) <= allowed, "{ours} and {theirs}");
            }
        }

        #[test]
        fn it_is_written_and_read_back(numbers in numbers()) {
            let histogram: Histogram = numbers.iter().copied().collect();
            let text = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
        }
    }

    #[test]
    fn buckets_are_exact_below_256_and_cover_everything() {
        let all: Histogram = (0..2000).chain([u64::MAX - 1, u64::MAX]).collect();
        let buckets: Vec<(u64, u64, u64)> = all.buckets().collect();
        assert!(
            buckets[..256].iter().enumerate().all(|(n, bucket)| *bucket == (n as u64, n as u64, 1))
        );
        assert_eq!(buckets[256], (256, 257, 2));
        for pair in buckets.windows(2).take(400) {
            assert_eq!(pair[0].1 + 1, pair[1].0, "no gap between buckets");
        }
        assert_eq!(buckets.last().unwrap().1, u64::MAX);
        let text = serde_json::to_string(&Histogram::from_iter([3, 3, 1000])).unwrap();
        assert_eq!(text, "[[3,2],[1000,1]]");
        assert_eq!(Histogram::new().quantile(500_000), None);
        assert_eq!(Histogram::new().mean(), None);
    }
}
