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
