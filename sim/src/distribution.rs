//! How long things take: distributions of durations in nanoseconds.
//!
//! A sample is a function of one random word, so that a message needs only the word it has drawn.
//! This is the only file of the kernel with floating-point numbers. They come from `libm`, which
//! computes the same bits on every machine where the platform's own functions may not, and are
//! rounded to nanoseconds at once.

mod bell;

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
    /// The bell curve of this mean and standard deviation without what lies below `min`: what
    /// would be shorter is as if drawn again, so the mean of what is left is a little longer.
    Normal {
        /// The mean of the whole bell.
        mean: u64,
        /// Its standard deviation.
        deviation: u64,
        /// The shortest.
        min: u64,
    },
    /// Its logarithm is normal: a skewed bell with a long tail. Mean and standard deviation are
    /// those of the duration itself, so that `Normal` of the same two numbers is its plain sister.
    LogNormal {
        /// The mean.
        mean: u64,
        /// The standard deviation.
        deviation: u64,
    },
    /// The power law: the share of samples longer than `t` is `(scale / t)` to the power of the
    /// shape. The tail is the heavier the nearer the shape is to 1.
    Pareto {
        /// The shortest.
        scale: u64,
        /// The shape (alpha) in millionths; above 1, or there is no mean.
        shape_millionths: u64,
    },
    /// One of several parts, as often as its weight says. Parts may be mixtures of what is none.
    Mixture(Arc<[(u32, Distribution)]>),
    /// Quantiles at positions of one's own: pairs of a position in thousand-millionths, from 0 to
    /// [`WHOLE`], and the duration there. Between two of them it is a straight line.
    Quantiles(Arc<[(u32, u64)]>),
}

/// The position of the longest sample in [`Distribution::Quantiles`].
pub const WHOLE: u32 = 1_000_000_000;

/// The shape that is 1 in [`Distribution::Pareto`].
const SHAPE_ONE: u64 = 1_000_000;

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
            Distribution::Normal { mean, min, .. } if min > mean => {
                Err(format!("the minimum of {min} ns is above the mean of {mean} ns"))
            }
            Distribution::Normal { .. } => Ok(()),
            Distribution::LogNormal { mean: 0, .. } => {
                Err("the mean of a lognormal distribution must be above 0".into())
            }
            Distribution::LogNormal { .. } => Ok(()),
            Distribution::Pareto { scale: 0, .. } => {
                Err("the scale of a pareto distribution must be above 0".into())
            }
            Distribution::Pareto { shape_millionths: 0..=SHAPE_ONE, .. } => {
                Err("the shape of a pareto distribution must be above 1, or it has no mean".into())
            }
            Distribution::Pareto { .. } => Ok(()),
            Distribution::Mixture(parts) => validate_mixture(parts, 2),
            Distribution::Quantiles(table) => validate_table(table),
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
            Distribution::Normal { mean, deviation, min } => {
                sample_normal((*mean, *deviation), *min, word)
            }
            Distribution::LogNormal { mean, deviation } => {
                sample_lognormal(*mean, *deviation, word)
            }
            Distribution::Pareto { scale, shape_millionths } => {
                sample_pareto(*scale, *shape_millionths, word)
            }
            Distribution::Mixture(parts) => sample_mixture(parts, word),
            Distribution::Quantiles(table) => sample_table(table, word),
        }
    }

    /// The mean in nanoseconds, rounded down.
    pub fn mean_ns(&self) -> u64 {
        match self {
            Distribution::Constant(span) => *span,
            Distribution::Uniform { min, max } => min + (max - min) / 2,
            Distribution::Exponential { mean, .. } => *mean,
            Distribution::Empirical(quantiles) => mean_of_quantiles(quantiles),
            Distribution::Normal { mean, deviation, min } => {
                bell::truncated_mean((*mean, *deviation), *min) as u64
            }
            Distribution::LogNormal { mean, .. } => *mean,
            Distribution::Pareto { scale, shape_millionths } => {
                let mean = u128::from(*scale) * u128::from(*shape_millionths)
                    / u128::from(shape_millionths - SHAPE_ONE);
                u64::try_from(mean).unwrap_or(u64::MAX)
            }
            Distribution::Mixture(parts) => {
                let weigh = |(weight, part): &(u32, Distribution)| {
                    u128::from(*weight) * u128::from(part.mean_ns())
                };
                (parts.iter().map(weigh).sum::<u128>() / u128::from(total_weight(parts))) as u64
            }
            Distribution::Quantiles(table) => mean_of_table(table),
        }
    }

    /// The longest possible sample in nanoseconds; none if there is no bound.
    pub fn max_ns(&self) -> Option<u64> {
        match self {
            Distribution::Constant(span) => Some(*span),
            Distribution::Uniform { max, .. } => Some(*max),
            Distribution::Empirical(quantiles) => quantiles.last().copied(),
            Distribution::Normal { mean, deviation: 0, .. }
            | Distribution::LogNormal { mean, deviation: 0 } => Some(*mean),
            Distribution::Exponential { .. }
            | Distribution::Normal { .. }
            | Distribution::LogNormal { .. }
            | Distribution::Pareto { .. } => None,
            Distribution::Mixture(parts) => {
                let mut longest = 0;
                for (_, part) in parts.iter().filter(|(weight, _)| *weight > 0) {
                    longest = longest.max(part.max_ns()?);
                }
                Some(longest)
            }
            Distribution::Quantiles(table) => table.last().map(|(_, value)| *value),
        }
    }
}

/// The position of the first value that is below the one before it.
fn first_descent(quantiles: &[u64]) -> Option<usize> {
    quantiles.windows(2).position(|pair| pair[0] > pair[1]).map(|position| position + 1)
}

fn validate_mixture(parts: &[(u32, Distribution)], levels: u32) -> Result<(), String> {
    if levels == 0 {
        return Err("a mixture of mixtures of mixtures is too much".into());
    }
    if total_weight(parts) == 0 {
        return Err("a mixture needs a part with a weight above 0".into());
    }
    for (_, part) in parts {
        match part {
            Distribution::Mixture(inner) => validate_mixture(inner, levels - 1)?,
            Distribution::Constant(_)
            | Distribution::Uniform { .. }
            | Distribution::Exponential { .. }
            | Distribution::Empirical(_)
            | Distribution::Normal { .. }
            | Distribution::LogNormal { .. }
            | Distribution::Pareto { .. }
            | Distribution::Quantiles(_) => part.validate()?,
        }
    }
    Ok(())
}

fn total_weight(parts: &[(u32, Distribution)]) -> u64 {
    parts.iter().map(|(weight, _)| u64::from(*weight)).sum()
}

fn validate_table(table: &[(u32, u64)]) -> Result<(), String> {
    let ends = (table.first().map(|pair| pair.0), table.last().map(|pair| pair.0));
    if ends != (Some(0), Some(WHOLE)) {
        return Err("a table of quantiles goes from position 0 to position 1".into());
    }
    let ascends = |pair: &[(u32, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    match table.windows(2).position(|pair| !ascends(pair)) {
        Some(position) => Err(format!(
            "the table of quantiles is not ascending: entry {} is not above the one before",
            position + 2
        )),
        None => Ok(()),
    }
}

/// The inverse of the distribution function, at the word's position between 0 and 1.
#[inline(never)]
fn sample_exponential(mean: u64, min: u64, word: u64) -> u64 {
    let beyond = -libm::log(share_above(word)) * (mean - min) as f64;
    min.saturating_add(to_nanos(beyond))
}

/// The share of samples that are longer than this word's: strictly between 0 and 1.
#[inline]
fn share_above(word: u64) -> f64 {
    // 53 bits, moved by half a step: neither 0, whose logarithm is infinite, nor biased.
    ((word >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64)
}

/// To the nearest nanosecond, from 0 to the greatest.
#[inline]
fn to_nanos(value: f64) -> u64 {
    (value + 0.5) as u64
}

#[inline(never)]
fn sample_normal(bell: (u64, u64), min: u64, word: u64) -> u64 {
    to_nanos(bell::truncated(bell, min, share_above(word)))
}

#[inline(never)]
fn sample_lognormal(mean: u64, deviation: u64, word: u64) -> u64 {
    to_nanos(bell::lognormal(mean, deviation, share_above(word)))
}

#[inline(never)]
fn sample_pareto(scale: u64, shape_millionths: u64, word: u64) -> u64 {
    let exponent = -(SHAPE_ONE as f64) / shape_millionths as f64;
    to_nanos(scale as f64 * libm::pow(share_above(word), exponent))
}

/// The part at the word's position on the scale of weights, sampled by how far in it the word is.
#[inline(never)]
fn sample_mixture(parts: &[(u32, Distribution)], word: u64) -> u64 {
    let mut position = u128::from(word) * u128::from(total_weight(parts));
    for (weight, part) in parts {
        let width = u128::from(*weight) << 64;
        if position < width {
            return part.sample((position / u128::from(*weight)) as u64);
        }
        position -= width;
    }
    unreachable!("a word is less than the whole")
}

/// The value at the word's position in the table, interpolated in integers.
#[inline(never)]
fn sample_table(table: &[(u32, u64)], word: u64) -> u64 {
    let position = u128::from(word) * u128::from(WHOLE);
    let above = table.partition_point(|(at, _)| u128::from(*at) << 64 <= position);
    let ((from, low), (to, high)) = (table[above - 1], table[above]);
    // In 64 binary places of the way from one entry to the next.
    let share = (position - (u128::from(from) << 64)) / u128::from(to - from);
    low + ((u128::from(high - low) * share) >> 64) as u64
}

/// The mean of the straight lines: each as much as its width.
fn mean_of_table(table: &[(u32, u64)]) -> u64 {
    let area = |pair: &[(u32, u64)]| {
        u128::from(pair[1].0 - pair[0].0) * (u128::from(pair[0].1) + u128::from(pair[1].1))
    };
    (table.windows(2).map(area).sum::<u128>() / (2 * u128::from(WHOLE))) as u64
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
mod tests;
