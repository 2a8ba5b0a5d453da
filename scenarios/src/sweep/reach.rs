//! How hosts reach a milestone: when a first, a second, a third of them does, over many runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// With more hosts than this, only each twentieth part of them has a histogram.
const LEVELS_MAX: u64 = 20;

/// For each level (one host, two hosts, ...; a twentieth, two twentieths, ... of many) when it was
/// reached, in nanoseconds, run by run; runs that never got so far are not counted.
///
/// Runs may have different numbers of hosts: each number of levels has its own histograms, so that
/// the order in which runs are taken in does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reach {
    by_levels: BTreeMap<u64, Vec<Histogram>>,
}

impl Reach {
    /// Takes in a run of `hosts` hosts, some of which reached the milestone at `times`.
    pub fn add(&mut self, hosts: u64, times: impl Iterator<Item = u64>) {
        let mut times: Vec<u64> = times.collect();
        times.sort_unstable();
        let hosts = hosts.max(1);
        let levels = hosts.min(LEVELS_MAX);
        let histograms = self.by_levels.entry(levels).or_default();
        histograms.resize(levels as usize, Histogram::new());
        for (level, histogram) in (1_u64..).zip(histograms) {
            // The first host with which a share of `level / levels` is reached.
            let host = (u128::from(level) * u128::from(hosts)).div_ceil(u128::from(levels));
            let Some(time) = times.get(host as usize - 1) else { break };
            histogram.record(*time);
        }
    }

    /// Takes in everything that another one has.
    pub fn merge(&mut self, other: &Reach) {
        for (levels, theirs) in &other.by_levels {
            let ours = self.by_levels.entry(*levels).or_default();
            ours.resize(ours.len().max(theirs.len()), Histogram::new());
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.merge(theirs));
        }
    }

    /// The shares of hosts, in ascending order, each with when runs reached it. Runs with fewer
    /// levels than others count with the level that is at least as high.
    #[must_use]
    pub fn shares(&self) -> Vec<(f64, Histogram)> {
        let most = self.by_levels.keys().copied().max().unwrap_or(0);
        let share = |level: u64| {
            let mut all = Histogram::new();
            for (levels, histograms) in &self.by_levels {
                let own = (level * levels).div_ceil(most).max(1);
                if let Some(histogram) = histograms.get(own as usize - 1) {
                    all.merge(histogram);
                }
            }
            (level as f64 / most as f64, all)
        };
        (1..=most).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_knows_when_it_was_reached() {
        let mut reach = Reach::default();
        reach.add(4, [200, 100].into_iter());
        reach.add(4, [10, 20, 30, 40].into_iter());
        reach.add(4, [].into_iter());
        let shares = reach.shares();
        let counts: Vec<(f64, u64)> =
            shares.iter().map(|(share, times)| (*share, times.count())).collect();
        assert_eq!(counts, [(0.25, 2), (0.5, 2), (0.75, 1), (1.0, 1)]);
        assert_eq!(shares[1].1, Histogram::from_iter([20, 200]));
    }

    #[test]
    fn many_hosts_have_twenty_levels_and_few_others_are_fitted_in() {
        let mut reach = Reach::default();
        reach.add(100, 1..=100);
        let shares = reach.shares();
        assert_eq!(shares.len(), 20);
        assert_eq!(shares[0], (0.05, Histogram::from_iter([5])));
        assert_eq!(shares[19], (1.0, Histogram::from_iter([100])));
        let mut other = Reach::default();
        other.add(2, [7, 9].into_iter());
        other.merge(&reach);
        let shares = other.shares();
        assert_eq!(shares[9].1, Histogram::from_iter([7, 50]));
        assert_eq!(shares[10].1, Histogram::from_iter([9, 55]));
        let text = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<Reach>(&text).unwrap(), other);
    }
}
