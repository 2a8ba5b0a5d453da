//! Counts over virtual time, summed over runs. Everything here adds up, so that runs with bins of
//! different widths can be taken together, in any order: the widest wins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::run::{Series, bins_together};

/// There are at most so many bins: when there would be more, they are made wider.
const BINS_MAX: u64 = 200;

/// What runs did over time. Bin number `i` covers the virtual time from `i * bin_ns` up to, but
/// without, `(i + 1) * bin_ns`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// How wide a bin is, in nanoseconds; 0 before the first run.
    pub bin_ns: u64,
    /// When the longest run ended, in nanoseconds.
    pub until_ns: u64,
    /// How much time of all runs lies in each bin, in nanoseconds: what rates divide by.
    pub covered_ns: Vec<u64>,
    /// Messages that left, by kind.
    pub sent: BTreeMap<String, Vec<u64>>,
    /// Bytes that left.
    pub bytes: Vec<u64>,
    /// Operations that ended, by outcome.
    pub operations: BTreeMap<String, Vec<u64>>,
    /// The sum of the runs' median latencies, in nanoseconds.
    pub p50_sum: Vec<u64>,
    /// The sum of the runs' 99th percentiles, in nanoseconds.
    pub p99_sum: Vec<u64>,
    /// How many medians and percentiles those sums have.
    pub latencies: Vec<u64>,
    /// The longest latency of all runs, in nanoseconds.
    pub longest: Vec<u64>,
    /// How long each kind of fault held in each bin, in nanoseconds, over all runs.
    pub faults: BTreeMap<String, Vec<u64>>,
    /// In how many runs each kind of fault that takes no time (`heal`, `restart`) took effect in
    /// each bin.
    pub instants: BTreeMap<String, Vec<u64>>,
}

impl Timeline {
    /// Takes in a run that ended at `until_ns`.
    pub fn add(&mut self, series: &Series, until_ns: u64) {
        let ratio = self.make_room(series.bin_ns, until_ns);
        add_span(&mut self.covered_ns, self.bin_ns, 0, until_ns);
        add_rows(&mut self.sent, &series.sent, ratio);
        add_bins(&mut self.bytes, &series.bytes, ratio);
        add_rows(&mut self.operations, &series.operations, ratio);
        add_bins(&mut self.p50_sum, &series.latency_by_bin.p50, ratio);
        add_bins(&mut self.p99_sum, &series.latency_by_bin.p99, ratio);
        add_highest(&mut self.longest, &series.latency_by_bin.max, ratio);
        for (bin, latency) in series.latency_by_bin.max.iter().enumerate() {
            if *latency > 0 {
                *entry(&mut self.latencies, bin / ratio) += 1;
            }
        }
        self.add_faults(series, until_ns);
    }

    /// Takes in everything that another one has.
    pub fn merge(&mut self, other: &Timeline) {
        if other.bin_ns == 0 {
            return;
        }
        let ratio = self.make_room(other.bin_ns, other.until_ns);
        add_rows(&mut self.sent, &other.sent, ratio);
        add_rows(&mut self.operations, &other.operations, ratio);
        add_rows(&mut self.faults, &other.faults, ratio);
        add_rows(&mut self.instants, &other.instants, ratio);
        add_bins(&mut self.covered_ns, &other.covered_ns, ratio);
        add_bins(&mut self.bytes, &other.bytes, ratio);
        add_bins(&mut self.p50_sum, &other.p50_sum, ratio);
        add_bins(&mut self.p99_sum, &other.p99_sum, ratio);
        add_bins(&mut self.latencies, &other.latencies, ratio);
        add_highest(&mut self.longest, &other.longest, ratio);
    }

    /// Makes bins wide enough for others of this width, and for a run until then; returns how many
    /// of the others' bins one bin takes.
    fn make_room(&mut self, width_ns: u64, until_ns: u64) -> usize {
        let width_ns = width_ns.max(1);
        if self.bin_ns == 0 {
            self.bin_ns = width_ns;
        }
        // Widths of one sweep divide each other. Of others, whole bins fit into a common multiple.
        let common = self.bin_ns / divisor(self.bin_ns, width_ns);
        self.widen(common.saturating_mul(width_ns) / self.bin_ns);
        self.until_ns = self.until_ns.max(until_ns);
        while self.until_ns / self.bin_ns >= BINS_MAX {
            self.widen(bins_together(self.bin_ns));
        }
        usize::try_from(self.bin_ns / width_ns).unwrap_or(usize::MAX).max(1)
    }

    /// A kind that holds twice at once holds once.
    fn add_faults(&mut self, series: &Series, until_ns: u64) {
        let mut spans: Vec<(&str, u64, u64)> = series
            .faults
            .iter()
            .map(|(from, until, kind)| (kind.as_str(), *from, (*until).min(until_ns)))
            .collect();
        spans.sort_unstable();
        let mut last: Option<(&str, u64)> = None;
        let mut last_instant: Option<(&str, u64)> = None;
        for (kind, from, until) in spans {
            if from >= until {
                let instant = (kind, from / self.bin_ns);
                if last_instant != Some(instant) {
                    *entry(row_of(&mut self.instants, kind), instant.1 as usize) += 1;
                }
                last_instant = Some(instant);
                continue;
            }
            let held_until = last.filter(|(other, _)| *other == kind).map_or(0, |(_, held)| held);
            let from = from.max(held_until);
            if from < until {
                add_span(row_of(&mut self.faults, kind), self.bin_ns, from, until);
            }
            last = Some((kind, until.max(held_until)));
        }
    }

    /// Takes `ratio` bins together.
    fn widen(&mut self, ratio: u64) {
        if ratio <= 1 {
            return;
        }
        let by = usize::try_from(ratio).unwrap_or(usize::MAX);
        self.bin_ns = self.bin_ns.saturating_mul(ratio);
        let sum = |bins: &mut Vec<u64>| {
            let add = |sum: u64, count: &u64| sum.saturating_add(*count);
            *bins = bins.chunks(by).map(|chunk| chunk.iter().fold(0, add)).collect();
        };
        for rows in [&mut self.sent, &mut self.operations, &mut self.faults, &mut self.instants] {
            rows.values_mut().for_each(sum);
        }
        let plain = [&mut self.covered_ns, &mut self.bytes, &mut self.p50_sum, &mut self.p99_sum];
        plain.into_iter().for_each(sum);
        sum(&mut self.latencies);
        let longest = |chunk: &[u64]| chunk.iter().copied().max().unwrap_or(0);
        self.longest = self.longest.chunks(by).map(longest).collect();
    }

    /// The middle of a bin, in seconds.
    #[must_use]
    pub fn middle_s(&self, bin: usize) -> f64 {
        (bin as f64 + 0.5) * self.bin_ns as f64 / 1e9
    }

    /// How many seconds of all runs lie in a bin.
    #[must_use]
    pub fn covered_s(&self, bin: usize) -> f64 {
        self.covered_ns.get(bin).copied().unwrap_or(0) as f64 / 1e9
    }
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { divisor(other, one % other) }
}

fn entry(bins: &mut Vec<u64>, bin: usize) -> &mut u64 {
    if bins.len() <= bin {
        bins.resize(bin + 1, 0);
    }
    &mut bins[bin]
}

fn row_of<'a>(rows: &'a mut BTreeMap<String, Vec<u64>>, name: &str) -> &'a mut Vec<u64> {
    rows.entry(name.to_owned()).or_default()
}

fn add_rows(
    rows: &mut BTreeMap<String, Vec<u64>>,
    other: &BTreeMap<String, Vec<u64>>,
    ratio: usize,
) {
    for (name, counts) in other {
        add_bins(row_of(rows, name), counts, ratio);
    }
}

fn add_bins(bins: &mut Vec<u64>, counts: &[u64], ratio: usize) {
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let sum = entry(bins, bin / ratio);
        *sum = sum.saturating_add(*count);
    }
}

fn add_highest(bins: &mut Vec<u64>, others: &[u64], ratio: usize) {
    for (bin, other) in others.iter().enumerate() {
        let highest = entry(bins, bin / ratio);
        *highest = (*highest).max(*other);
    }
}

/// Adds a span of time to the bins that it touches, to each as much as lies in it.
fn add_span(bins: &mut Vec<u64>, bin_ns: u64, from: u64, until: u64) {
    let mut at = from;
    while at < until {
        let bin = at / bin_ns;
        let end = (bin + 1).saturating_mul(bin_ns).min(until);
        let sum = entry(bins, bin as usize);
        *sum = sum.saturating_add(end - at);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(bin_ns: u64, counts: &[u64], faults: &[(u64, u64)]) -> Series {
        let faults = faults.iter().map(|(from, until)| (*from, *until, "crash".to_owned()));
        Series {
            bin_ns,
            sent: BTreeMap::from([("vote".to_owned(), counts.to_vec())]),
            faults: faults.collect(),
            ..Series::default()
        }
    }

    #[test]
    fn runs_with_other_bins_add_up() {
        let mut timeline = Timeline::default();
        timeline.add(&series(10, &[1, 2, 3], &[(5, 25), (20, 28)]), 30);
        assert_eq!(timeline.faults["crash"], [5, 10, 8]);
        timeline.add(&series(20, &[10, 20], &[]), 35);
        assert_eq!(timeline.bin_ns, 20);
        assert_eq!(timeline.sent["vote"], [13, 23]);
        assert_eq!(timeline.covered_ns, [40, 25]);
        assert_eq!(timeline.faults["crash"], [15, 8]);
        timeline.add(&series(10, &[0, 0, 0, 0, 7], &[]), 50);
        assert_eq!(timeline.sent["vote"], [13, 23, 7]);
        timeline.add(&series(30, &[1, 1], &[]), 60);
        assert_eq!((timeline.bin_ns, &timeline.sent["vote"][..]), (60, &[45][..]));
    }

    #[test]
    fn what_takes_no_time_is_counted_once_a_run() {
        let mut timeline = Timeline::default();
        timeline.add(&series(10, &[], &[(12, 12), (15, 15), (31, 31), (3, 9)]), 40);
        timeline.add(&series(10, &[], &[(19, 19)]), 40);
        assert_eq!(timeline.instants["crash"], [0, 2, 0, 1]);
        assert_eq!(timeline.faults["crash"], [6]);
    }

    #[test]
    fn a_long_run_does_not_take_much_memory() {
        let mut timeline = Timeline::default();
        timeline.add(&series(1, &[1; 10], &[(0, 1_000_000)]), 1_000_000);
        assert_eq!(timeline.bin_ns, 10_000);
        assert!(timeline.covered_ns.len() <= BINS_MAX as usize);
        assert_eq!(timeline.covered_ns.iter().sum::<u64>(), 1_000_000);
        assert_eq!(timeline.sent["vote"], [10]);
    }

    /// Threads and shards finish in any order.
    #[test]
    fn order_does_not_matter() {
        let runs = [(1, 90), (1, 777), (2, 350), (10, 1999), (2, 12)];
        let all = |order: &[usize]| {
            let mut timeline = Timeline::default();
            for index in order {
                let (width, until) = runs[*index];
                timeline.add(&series(width, &[3, 0, 1, 4], &[(7, 60), (8, 8)]), until);
            }
            timeline
        };
        let whole = all(&[0, 1, 2, 3, 4]);
        assert_eq!(all(&[3, 1, 4, 0, 2]), whole);
        let mut merged = all(&[4, 2]);
        merged.merge(&all(&[0]));
        merged.merge(&Timeline::default());
        merged.merge(&all(&[3, 1]));
        assert_eq!(merged, whole);
    }
}
