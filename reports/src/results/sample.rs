//! One number a run, over many runs.

use seedbed_scenarios::histogram::Histogram;

/// So many numbers are kept as they are; more go into buckets, which are wrong by up to 0.4 %.
const EXACT_MAX: usize = 200_000;

/// Numbers, one a run; runs that have none are not counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Sorted by [`Sample::finish`]; empty once there are buckets.
    exact: Vec<f64>,
    buckets: Histogram,
    /// What buckets hold is the number times this.
    parts: u64,
}

impl Sample {
    /// Nothing yet; if it comes to buckets, they hold numbers times `parts`.
    #[must_use]
    pub fn new(parts: u64) -> Sample {
        Sample { exact: Vec::new(), buckets: Histogram::new(), parts: parts.max(1) }
    }

    /// What a histogram holds, whose numbers are multiplied by `parts`.
    #[must_use]
    pub fn of_histogram(histogram: &Histogram, parts: u64) -> Sample {
        Sample { exact: Vec::new(), buckets: histogram.clone(), parts: parts.max(1) }
    }

    /// Takes in a number.
    pub fn add(&mut self, number: f64) {
        if self.buckets.is_empty() && self.exact.len() < EXACT_MAX {
            self.exact.push(number);
            return;
        }
        for number in std::mem::take(&mut self.exact) {
            self.record(number);
        }
        self.record(number);
    }

    fn record(&mut self, number: f64) {
        // Casts from floats saturate: what is below nothing counts as nothing.
        self.buckets.record((number * self.parts as f64).round() as u64);
    }

    /// Sorts, once all numbers are in.
    pub fn finish(&mut self) {
        self.exact.sort_by(f64::total_cmp);
    }

    /// How many numbers there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.exact.len() as u64 + self.buckets.count()
    }

    /// Whether the numbers are in buckets.
    #[must_use]
    pub fn is_rounded(&self) -> bool {
        !self.buckets.is_empty()
    }

    /// The number that `rank` numbers do not exceed, from 1.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> Option<f64> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        if let Some(number) = self.exact.get(rank as usize - 1) {
            return Some(*number);
        }
        let parts = (u128::from(rank) * 1_000_000).div_ceil(u128::from(self.count()));
        let middle = self.buckets.quantile(u32::try_from(parts).unwrap_or(u32::MAX))?;
        Some(middle as f64 / self.parts as f64)
    }

    /// The number that a share of `total` runs do not exceed, where the share is in thousandths and
    /// the runs without a number come last; none if the share is among those.
    #[must_use]
    pub fn quantile(&self, thousandths: u64, total: u64) -> Option<f64> {
        self.at_rank(rank_of(thousandths, total))
    }

    /// The same, but runs without a number have zero.
    #[must_use]
    pub fn quantile_with_zeros(&self, thousandths: u64, total: u64) -> f64 {
        let zeros = total.saturating_sub(self.count());
        let rank = rank_of(thousandths, total).saturating_sub(zeros);
        self.at_rank(rank).unwrap_or(0.0)
    }

    /// The cumulative distribution over `total` runs: numbers and the share of runs that do not
    /// exceed them, at most about 200 pairs. Shares end below 1 if some runs have no number.
    #[must_use]
    pub fn distribution(&self, total: u64) -> Vec<(f64, f64)> {
        const STEPS: u64 = 200;
        let total = total.max(self.count());
        let mut ranks: Vec<u64> = if total <= STEPS {
            (1..=self.count()).collect()
        } else {
            let spread = (1..=STEPS).map(|step| (total * step).div_ceil(STEPS));
            [1].into_iter().chain(spread).filter(|rank| *rank < self.count()).collect()
        };
        if ranks.last().copied() != Some(self.count()) && self.count() > 0 {
            ranks.push(self.count());
        }
        let mut pairs: Vec<(f64, f64)> = Vec::with_capacity(ranks.len());
        for rank in ranks {
            let Some(number) = self.at_rank(rank) else { continue };
            let share = rank as f64 / total as f64;
            match pairs.last_mut() {
                // Of equal numbers the last one has the share of them all.
                Some(last) if last.0 == number => last.1 = share,
                _ => pairs.push((number, share)),
            }
        }
        pairs
    }
}

/// Which of `total` numbers, from 1, is the quantile: the first that reaches the share.
fn rank_of(thousandths: u64, total: u64) -> u64 {
    let rank = (u128::from(total) * u128::from(thousandths)).div_ceil(1000);
    u64::try_from(rank).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(numbers: impl IntoIterator<Item = u32>) -> Sample {
        let mut sample = Sample::new(1);
        numbers.into_iter().for_each(|number| sample.add(f64::from(number)));
        sample.finish();
        sample
    }

    #[test]
    fn quantiles_are_numbers_of_the_sample() {
        let numbers = sample((1..=10).rev());
        assert_eq!(numbers.quantile(500, 10), Some(5.0));
        assert_eq!(numbers.quantile(900, 10), Some(9.0));
        assert_eq!(numbers.quantile(990, 10), Some(10.0));
        // Ten more runs never got there.
        assert_eq!(numbers.quantile(500, 20), Some(10.0));
        assert_eq!(numbers.quantile(501, 20), None);
        assert_eq!(numbers.quantile_with_zeros(500, 20), 0.0);
        assert_eq!(numbers.quantile_with_zeros(900, 20), 8.0);
    }

    #[test]
    fn a_distribution_ends_where_the_runs_do() {
        assert_eq!(sample([5, 5, 7]).distribution(4), [(5.0, 0.5), (7.0, 0.75)]);
        assert_eq!(sample([]).distribution(4), []);
        let many = sample(1..=10_000).distribution(10_000);
        assert!(many.len() <= 202);
        assert_eq!(many[0], (1.0, 0.0001));
        assert_eq!(many.last(), Some(&(10_000.0, 1.0)));
    }

    #[test]
    fn too_many_numbers_go_into_buckets() {
        let count = EXACT_MAX as u32 + 10;
        let numbers = sample(1..=count);
        assert!(numbers.is_rounded());
        assert_eq!(numbers.count(), u64::from(count));
        let median = numbers.quantile(500, numbers.count()).unwrap();
        assert!((median / (f64::from(count) / 2.0) - 1.0).abs() < 0.004, "{median}");
    }
}
