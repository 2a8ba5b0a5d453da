//! Counts over virtual time, summed over runs. Everything here adds up, so that runs with bins of
//! different widths can be taken together: the widest wins.

use std::collections::BTreeMap;

use seedbed_scenarios::run::Series;

/// More bins are taken together in pairs.
const BINS_MAX: usize = 2000;

/// What runs did over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// How wide a bin is, in nanoseconds.
    pub bin_ns: u64,
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
}

impl Timeline {
    /// Nothing yet, with bins of so many nanoseconds.
    #[must_use]
    pub fn new(bin_ns: u64) -> Timeline {
        Timeline {
            bin_ns: bin_ns.max(1),
            covered_ns: Vec::new(),
            sent: BTreeMap::new(),
            bytes: Vec::new(),
            operations: BTreeMap::new(),
            p50_sum: Vec::new(),
            p99_sum: Vec::new(),
            latencies: Vec::new(),
            longest: Vec::new(),
            faults: BTreeMap::new(),
        }
    }

    /// Takes in a run that ended at `until_ns`.
    ///
    /// # Errors
    /// If its bins do not fit into the others.
    pub fn add(&mut self, series: &Series, until_ns: u64) -> Result<(), String> {
        let width = series.bin_ns.max(1);
        if width > self.bin_ns {
            if !width.is_multiple_of(self.bin_ns) {
                return Err(format!("bins of {width} ns do not fit {} ns", self.bin_ns));
            }
            self.widen(width / self.bin_ns);
        }
        if !self.bin_ns.is_multiple_of(width) {
            return Err(format!("bins of {width} ns do not fit {} ns", self.bin_ns));
        }
        while until_ns / self.bin_ns >= BINS_MAX as u64 {
            self.widen(2);
        }
        let ratio = (self.bin_ns / width) as usize;
        add_span(&mut self.covered_ns, self.bin_ns, 0, until_ns);
        for (kind, counts) in &series.sent {
            add_bins(self.sent.entry(kind.clone()).or_default(), counts, ratio);
        }
        add_bins(&mut self.bytes, &series.bytes, ratio);
        for (outcome, counts) in &series.operations {
            add_bins(self.operations.entry(outcome.clone()).or_default(), counts, ratio);
        }
        add_bins(&mut self.p50_sum, &series.latency_by_bin.p50, ratio);
        add_bins(&mut self.p99_sum, &series.latency_by_bin.p99, ratio);
        for (bin, latency) in series.latency_by_bin.max.iter().enumerate() {
            let longest = entry(&mut self.longest, bin / ratio);
            *longest = (*longest).max(*latency);
            if *latency > 0 {
                *entry(&mut self.latencies, bin / ratio) += 1;
            }
        }
        self.add_faults(series, until_ns);
        Ok(())
    }

    /// A kind that holds twice at once holds once.
    fn add_faults(&mut self, series: &Series, until_ns: u64) {
        let mut spans: Vec<(&str, u64, u64)> = series
            .faults
            .iter()
            .map(|(from, until, kind)| (kind.as_str(), *from, (*until).min(until_ns)))
            .filter(|(_, from, until)| from < until)
            .collect();
        spans.sort_unstable();
        let mut last: Option<(&str, u64)> = None;
        for (kind, from, until) in spans {
            let held_until = last.filter(|(other, _)| *other == kind).map_or(0, |(_, held)| held);
            let from = from.max(held_until);
            if from < until {
                let bins = self.faults.entry(kind.to_owned()).or_default();
                add_span(bins, self.bin_ns, from, until);
            }
            last = Some((kind, until.max(held_until)));
        }
    }

    /// Takes `ratio` bins together.
    pub fn widen(&mut self, ratio: u64) {
        let by = usize::try_from(ratio).unwrap_or(usize::MAX).max(1);
        self.bin_ns = self.bin_ns.saturating_mul(ratio.max(1));
        let sum = |bins: &mut Vec<u64>| {
            *bins = bins
                .chunks(by)
                .map(|chunk| chunk.iter().fold(0, |sum: u64, count| sum.saturating_add(*count)))
                .collect();
        };
        self.sent.values_mut().for_each(sum);
        self.operations.values_mut().for_each(sum);
        self.faults.values_mut().for_each(sum);
        let plain = [&mut self.covered_ns, &mut self.bytes, &mut self.p50_sum, &mut self.p99_sum];
        plain.into_iter().for_each(sum);
        sum(&mut self.latencies);
        let longest = |chunk: &[u64]| chunk.iter().copied().max().unwrap_or(0);
        self.longest = self.longest.chunks(by).map(longest).collect();
    }

    /// The middle of a bin that lies inside the covered time, in seconds.
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

fn entry(bins: &mut Vec<u64>, bin: usize) -> &mut u64 {
    if bins.len() <= bin {
        bins.resize(bin + 1, 0);
    }
    &mut bins[bin]
}

fn add_bins(bins: &mut Vec<u64>, counts: &[u64], ratio: usize) {
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let sum = entry(bins, bin / ratio);
        *sum = sum.saturating_add(*count);
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
        let mut timeline = Timeline::new(10);
        timeline.add(&series(10, &[1, 2, 3], &[(5, 25), (20, 28)]), 30).unwrap();
        assert_eq!(timeline.faults["crash"], [5, 10, 8]);
        timeline.add(&series(20, &[10, 20], &[]), 35).unwrap();
        assert_eq!(timeline.bin_ns, 20);
        assert_eq!(timeline.sent["vote"], [13, 23]);
        assert_eq!(timeline.covered_ns, [40, 25]);
        assert_eq!(timeline.faults["crash"], [15, 8]);
        timeline.add(&series(10, &[0, 0, 0, 0, 7], &[]), 50).unwrap();
        assert_eq!(timeline.sent["vote"], [13, 23, 7]);
        assert!(timeline.add(&series(30, &[1], &[]), 10).is_err());
    }

    #[test]
    fn a_long_run_does_not_take_much_memory() {
        let mut timeline = Timeline::new(1);
        timeline.add(&series(1, &[1; 10], &[(0, 1_000_000)]), 1_000_000).unwrap();
        assert!(timeline.covered_ns.len() <= BINS_MAX);
        assert_eq!(timeline.covered_ns.iter().sum::<u64>(), 1_000_000);
        assert_eq!(timeline.sent["vote"], [10]);
    }
}
