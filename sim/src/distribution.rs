//! How long things take: distributions of durations in nanoseconds.
//!
//! A sample is a function of one random word, so that a message needs only the word it has drawn.
//! This is the only file of the kernel with floating-point numbers. They come from `libm`, which
//! computes the same bits on every machine where the platform's own functions may not, and are
//! rounded to nanoseconds at once.

use std::sync::Arc;

use serde::Serialize;

/// A distribution of durations in nanoseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum Distribution {
    /// Always the same.
    Constant(u64),
    /// Every duration from `min` to `max`, both included, equally likely.
    Uniform {
        /// The shortest.
        min: u64,
        /// The longest.
        max: u64,
    },
    /// At least `min`, and beyond it memoryless: most samples are short, few are very long.
    Exponential {
        /// The mean of the whole, `min` included.
        mean: u64,
        /// The shortest.
        min: u64,
    },
    /// What was measured somewhere: the quantiles of the measurement, evenly spaced from the
    /// shortest to the longest, in ascending order. Between two of them it is a straight line.
    Empirical(Arc<[u64]>),
}

impl Distribution {
    /// Takes no time at all.
    pub const ZERO: Distribution = Distribution::Constant(0);

    /// What is wrong with the parameters, in a fragment to complete the name of the setting.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Distribution::Constant(_) => Ok(()),
            Distribution::Uniform { min, max } if min > max => {
                Err(format!("the minimum of {min} ns is above the maximum of {max} ns"))
            }
            Distribution::Uniform { .. } => Ok(()),
            Distribution::Exponential { mean, min } if min > mean => {
                Err(format!("the minimum of {min} ns is above the mean of {mean} ns"))
            }
            Distribution::Exponential { .. } => Ok(()),
            Distribution::Empirical(quantiles) if quantiles.is_empty() => {
                Err("an empirical table needs at least one value".into())
            }
            Distribution::Empirical(quantiles) => match first_descent(quantiles) {
                Some(position) => Err(format!(
                    "the empirical table is not ascending: value {} is below the one before",
                    position + 1
                )),
                None => Ok(()),
            },
        }
    }

    /// The sample that belongs to a random word.
    ///
    /// Use a word of its own for each sample ([`crate::rng::mix`] makes more of one). The
    /// distribution must be valid.
    #[inline]
    pub fn sample(&self, word: u64) -> u64 {
        match self {
            Distribution::Constant(span) => *span,
            Distribution::Uniform { min, max } => {
                // One more than the width, so that the maximum has its share; the bias of not
                // drawing again is below one in 2^24 for anything shorter than 18 minutes.
                let count = u128::from(max - min) + 1;
                min + ((u128::from(word) * count) >> 64) as u64
            }
            Distribution::Exponential { mean, min } => sample_exponential(*mean, *min, word),
            Distribution::Empirical(quantiles) => sample_quantiles(quantiles, word),
        }
    }

    /// The mean in nanoseconds, rounded down.
    pub fn mean_ns(&self) -> u64 {
        match self {
            Distribution::Constant(span) => *span,
            Distribution::Uniform { min, max } => min + (max - min) / 2,
            Distribution::Exponential { mean, .. } => *mean,
            Distribution::Empirical(quantiles) => mean_of_quantiles(quantiles),
        }
    }

    /// The longest possible sample in nanoseconds; none if there is no bound.
    pub fn max_ns(&self) -> Option<u64> {
        match self {
            Distribution::Constant(span) => Some(*span),
            Distribution::Uniform { max, .. } => Some(*max),
            Distribution::Exponential { .. } => None,
            Distribution::Empirical(quantiles) => quantiles.last().copied(),
        }
    }
}

/// The position of the first value that is below the one before it.
fn first_descent(quantiles: &[u64]) -> Option<usize> {
    quantiles.windows(2).position(|pair| pair[0] > pair[1]).map(|position| position + 1)
}

/// The inverse of the distribution function, at the word's position between 0 and 1.
#[inline(never)]
fn sample_exponential(mean: u64, min: u64, word: u64) -> u64 {
    // 53 bits, moved by half a step: neither 0, whose logarithm is infinite, nor biased.
    let position = ((word >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64);
    let beyond = -libm::log(position) * (mean - min) as f64;
    min.saturating_add((beyond + 0.5) as u64)
}

/// The value at the word's position in the table, interpolated in integers.
#[inline]
fn sample_quantiles(quantiles: &[u64], word: u64) -> u64 {
    let steps = quantiles.len() - 1;
    let position = u128::from(word) * steps as u128;
    let (step, share) = ((position >> 64) as usize, position as u64);
    if steps == 0 {
        return quantiles[0];
    }
    let (low, high) = (quantiles[step], quantiles[step + 1]);
    low + ((u128::from(high - low) * u128::from(share)) >> 64) as u64
}

/// The mean of the straight lines: inner values count twice as much as the two ends.
fn mean_of_quantiles(quantiles: &[u64]) -> u64 {
    let [first, .., last] = quantiles else {
        return quantiles[0];
    };
    let sum: u128 = quantiles.iter().map(|value| u128::from(*value)).sum();
    let doubled = 2 * sum - u128::from(*first) - u128::from(*last);
    (doubled / (2 * (quantiles.len() as u128 - 1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    const MS: u64 = 1_000_000;

    fn table(values: &[u64]) -> Distribution {
        Distribution::Empirical(values.into())
    }

    fn samples(distribution: &Distribution) -> Vec<u64> {
        (0..100_000).map(|lane| distribution.sample(mix(1, lane))).collect()
    }

    fn mean(samples: &[u64]) -> u64 {
        samples.iter().sum::<u64>() / samples.len() as u64
    }

    /// A sample is part of what a seed means: a change here needs a new stream layout.
    #[test]
    fn samples_are_pinned() {
        let words = [0, 1 << 62, 1 << 63, 3 << 62, u64::MAX, mix(42, 0)];
        let of = |distribution: Distribution| words.map(|word| distribution.sample(word));
        assert_eq!(of(Distribution::Constant(7)), [7; 6]);
        assert_eq!(
            of(Distribution::Uniform { min: MS, max: 10 * MS }),
            [1_000_000, 3_250_000, 5_500_000, 7_750_000, 10_000_000, 7_674_084]
        );
        assert_eq!(
            of(Distribution::Exponential { mean: 5 * MS, min: MS }),
            [150_719_791, 6_545_177, 3_772_589, 2_150_728, 1_000_000, 2_195_970]
        );
        assert_eq!(
            of(table(&[MS, 2 * MS, 10 * MS])),
            [1_000_000, 1_500_000, 2_000_000, 6_000_000, 9_999_999, 5_865_038]
        );
    }

    #[test]
    fn means_are_met_within_one_percent() {
        let distributions = [
            Distribution::Constant(3 * MS),
            Distribution::Uniform { min: MS, max: 10 * MS },
            Distribution::Exponential { mean: 5 * MS, min: 0 },
            Distribution::Exponential { mean: 5 * MS, min: 4 * MS },
            table(&[MS, 2 * MS, 3 * MS, 50 * MS]),
            table(&[9 * MS]),
        ];
        for distribution in distributions {
            assert_eq!(distribution.validate(), Ok(()));
            let (expected, found) = (distribution.mean_ns(), mean(&samples(&distribution)));
            assert!(found.abs_diff(expected) < expected / 100, "{distribution:?}: {found}");
        }
    }

    #[test]
    fn a_uniform_reaches_both_ends_equally() {
        let mut counts = [0; 4];
        for sample in samples(&Distribution::Uniform { min: 2, max: 5 }) {
            counts[sample as usize - 2] += 1;
        }
        assert!(counts.iter().all(|count| (24_500..25_500).contains(count)), "{counts:?}");
        let widest = Distribution::Uniform { min: 0, max: u64::MAX };
        assert_eq!([0, 5, u64::MAX].map(|word| widest.sample(word)), [0, 5, u64::MAX]);
        assert_eq!(Distribution::Uniform { min: 4, max: 4 }.sample(u64::MAX), 4);
    }

    #[test]
    fn an_exponential_has_its_quantiles_and_stays_finite() {
        let distribution = Distribution::Exponential { mean: 11 * MS, min: MS };
        let mut sorted = samples(&distribution);
        sorted.sort_unstable();
        assert!(sorted[0] >= MS);
        // 1 ms and ln(2), ln(100) times 10 ms.
        assert!(sorted[50_000].abs_diff(7_931_472) < 150_000, "{}", sorted[50_000]);
        assert!(sorted[99_000].abs_diff(47_051_702) < 1_500_000, "{}", sorted[99_000]);
        assert!(distribution.sample(0) < 400 * MS);
        let longest = Distribution::Exponential { mean: u64::MAX, min: 0 };
        assert_eq!(longest.sample(0), u64::MAX);
        assert_eq!(Distribution::Exponential { mean: MS, min: MS }.sample(0), MS);
    }

    #[test]
    fn an_empirical_table_is_followed() {
        let distribution = table(&[10, 20, 20, 1_000]);
        let mut sorted = samples(&distribution);
        sorted.sort_unstable();
        assert_eq!((sorted[0], sorted[40_000], sorted[60_000]), (10, 20, 20));
        assert!(sorted[83_333].abs_diff(510) < 20, "{}", sorted[83_333]);
        assert!(sorted[99_999] < 1_000);
        assert_eq!(distribution.max_ns(), Some(1_000));
        assert_eq!(table(&[0, u64::MAX]).sample(u64::MAX), u64::MAX - 1);
    }

    #[test]
    fn bounds_are_known_where_there_are_any() {
        assert_eq!(Distribution::ZERO.max_ns(), Some(0));
        assert_eq!(Distribution::Uniform { min: 1, max: 9 }.max_ns(), Some(9));
        assert_eq!(Distribution::Exponential { mean: 1, min: 0 }.max_ns(), None);
    }

    #[test]
    fn wrong_parameters_are_explained() {
        let text = |distribution: Distribution| distribution.validate().unwrap_err();
        assert!(text(Distribution::Uniform { min: 2, max: 1 }).contains("above the maximum"));
        assert!(text(Distribution::Exponential { mean: 1, min: 2 }).contains("above the mean"));
        assert!(text(table(&[])).contains("at least one"));
        assert!(text(table(&[1, 3, 2])).contains("value 3 is below"));
        assert_eq!(table(&[1, 1]).validate(), Ok(()));
    }
}
