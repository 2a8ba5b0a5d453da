//! How many hosts had reached a milestone, over time and over runs.

/// At so many moments the hosts are counted.
const MOMENTS: usize = 256;
/// Hosts are counted in at most so many steps.
const LEVELS_MAX: u64 = 500;

/// For each of some moments, in how many runs how many hosts had reached a milestone. The moments
/// are evenly spaced from zero; when a host reaches it later than the last one, every other moment
/// is given up and the rest reaches twice as far.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// How far moments are apart, in nanoseconds.
    step_ns: u64,
    /// How many hosts are all.
    levels: u64,
    /// Runs by the number of hosts; one row a moment.
    runs: Vec<Vec<u32>>,
}

/// What is known of one moment: the shares of hosts that a tenth, half and nine tenths of the runs
/// do not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// The 10th percentile.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
}

impl Reach {
    /// Nothing yet; the first run has so many hosts.
    #[must_use]
    pub fn new(hosts: u64) -> Reach {
        let levels = hosts.clamp(1, LEVELS_MAX);
        let row = vec![0; levels as usize + 1];
        Reach { step_ns: 1000, levels, runs: vec![row; MOMENTS] }
    }

    /// Takes in a run of `hosts` hosts, some of which reached the milestone at `times`.
    pub fn add(&mut self, hosts: u64, times: impl Iterator<Item = u64>) {
        let mut times: Vec<u64> = times.collect();
        times.sort_unstable();
        while times.last().is_some_and(|last| last.div_ceil(self.step_ns) >= MOMENTS as u64) {
            self.double();
        }
        let mut reached = 0;
        for (moment, row) in self.runs.iter_mut().enumerate() {
            let now = moment as u64 * self.step_ns;
            while times.get(reached).is_some_and(|time| *time <= now) {
                reached += 1;
            }
            let level = (reached as u64 * self.levels / hosts.max(1)).min(self.levels);
            row[level as usize] += 1;
        }
    }

    fn double(&mut self) {
        self.step_ns *= 2;
        // No host of any run so far reached it after the last moment.
        let last = self.runs[MOMENTS - 1].clone();
        let kept: Vec<Vec<u32>> = self.runs.iter().step_by(2).cloned().collect();
        self.runs = kept;
        self.runs.resize(MOMENTS, last);
    }

    /// The moments at which something changes.
    #[must_use]
    pub fn moments(&self) -> Vec<Reached> {
        let mut moments: Vec<Reached> = Vec::new();
        for (moment, row) in self.runs.iter().enumerate() {
            let at_ns = moment as u64 * self.step_ns;
            let [p10, p50, p90] = [100, 500, 900].map(|thousandths| self.share(row, thousandths));
            let same = |last: &Reached| (last.p10, last.p50, last.p90) == (p10, p50, p90);
            if !moments.last().is_some_and(same) {
                moments.push(Reached { at_ns, p10, p50, p90 });
            }
        }
        moments
    }

    fn share(&self, row: &[u32], thousandths: u64) -> f64 {
        let total: u64 = row.iter().map(|runs| u64::from(*runs)).sum();
        let rank = (total * thousandths).div_ceil(1000).max(1);
        let mut seen = 0;
        for (level, runs) in row.iter().enumerate() {
            seen += u64::from(*runs);
            if seen >= rank {
                return level as f64 / self.levels as f64;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_over_runs_and_moments_move_apart() {
        let mut reach = Reach::new(4);
        reach.add(4, [500, 1500].into_iter());
        reach.add(4, [1_000_000, 2_000_000, 3_000_000, 4_000_000].into_iter());
        reach.add(4, [].into_iter());
        assert_eq!(reach.step_ns, 16_000);
        let moments = reach.moments();
        assert_eq!((moments[0].at_ns, moments[0].p90), (0, 0.0));
        let last = moments.last().unwrap();
        assert_eq!(last.at_ns, 4_000_000);
        assert_eq!((last.p10, last.p50, last.p90), (0.0, 0.5, 1.0));
    }
}
