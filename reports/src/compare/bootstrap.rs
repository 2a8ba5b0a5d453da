//! Confidence intervals by resampling: how much a ratio would differ if other seeds had been drawn.
//!
//! Efron's percentile bootstrap (1979): draw as many runs as there are, with replacement, compute
//! the ratio again, and take the middle 95 % of a thousand such ratios. It assumes nothing about
//! how times or counts are distributed. Of more than ten thousand runs only so many are drawn, and
//! the deviations are shrunk by the root of what was left out (Bickel, Goetze and van Zwet, 1997).
//! The draws come from a fixed seed, so that two people who compare the same results read the same
//! numbers.

use serde::Serialize;

/// How many times runs are drawn anew; fewer where there are so many runs that it would take long.
const RESAMPLES_MAX: usize = 1000;
const RESAMPLES_MIN: usize = 200;
/// With fewer runs there is no telling how far apart others would lie.
const RUNS_MIN: usize = 10;
/// How many runs are drawn at most, each time.
const RUNS_DRAWN_MAX: usize = 10_000;
/// About how many draws are made for one ratio.
const DRAWS: usize = 2_000_000;

/// A ratio of two statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The second over the first.
    pub ratio: f64,
    /// Where the ratio lies, with a confidence of 95 %: at least.
    pub low: f64,
    /// At most; infinite (`null` in JSON) where the second may well have no value at all.
    pub high: f64,
}

impl Ratio {
    /// Whether the two differ by more than chance explains.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

/// The numbers of two results. Runs without a value are infinite where that means "never".
#[derive(Clone, Debug)]
pub(super) enum Samples {
    /// Of the same seeds: what a seed makes hard in one it makes hard in the other, so the two are
    /// drawn together.
    Paired(Vec<[f64; 2]>),
    /// Of different seeds.
    Apart([Vec<f64>; 2]),
}

/// The mean of at least one number.
pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// The least of at least one number that at least half of them do not exceed; their order changes.
pub(super) fn median(numbers: &mut [f64]) -> f64 {
    let middle = numbers.len().div_ceil(2) - 1;
    *numbers.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Two ratios, of the medians and of the means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ratios {
    pub(super) median: Option<Ratio>,
    pub(super) mean: Option<Ratio>,
}

impl Samples {
    fn counts(&self) -> [usize; 2] {
        match self {
            Samples::Paired(pairs) => [pairs.len(); 2],
            Samples::Apart(sides) => [sides[0].len(), sides[1].len()],
        }
    }

    fn all(&self) -> [Vec<f64>; 2] {
        match self {
            Samples::Paired(pairs) => {
                [0, 1].map(|side| pairs.iter().map(|pair| pair[side]).collect())
            }
            Samples::Apart(sides) => sides.clone(),
        }
    }

    fn draw(&self, random: &mut SplitMix, drawn: &mut [Vec<f64>; 2]) {
        let [one, other] = drawn;
        match self {
            Samples::Paired(pairs) => {
                for (one, other) in one.iter_mut().zip(other) {
                    [*one, *other] = pairs[random.below(pairs.len())];
                }
            }
            Samples::Apart([first, second]) => {
                one.fill_with(|| first[random.below(first.len())]);
                other.fill_with(|| second[random.below(second.len())]);
            }
        }
    }
}

/// The ratios of the second's statistics to the first's; none if one has fewer than ten numbers,
/// or where the first's is zero or either is infinite.
pub(super) fn ratios_of(samples: &Samples, seed: u64) -> Ratios {
    let counts = samples.counts();
    if counts.into_iter().any(|count| count < RUNS_MIN) {
        return Ratios::default();
    }
    let mut all = samples.all();
    let means = divide(mean(&all[1]), mean(&all[0]));
    let medians = divide(median(&mut all[1]), median(&mut all[0]));
    let sizes = counts.map(|count| count.min(RUNS_DRAWN_MAX));
    let resamples = (DRAWS / (sizes[0] + sizes[1])).clamp(RESAMPLES_MIN, RESAMPLES_MAX);
    let mut drawn = sizes.map(|size| vec![0.0; size]);
    let mut random = SplitMix(seed);
    let (mut of_means, mut of_medians) = (Vec::new(), Vec::new());
    for _ in 0..resamples {
        samples.draw(&mut random, &mut drawn);
        // A draw of nothing but zeros says nothing, nor does one in which neither got anywhere.
        of_means.extend(quotient(mean(&drawn[1]), mean(&drawn[0])));
        of_medians.extend(quotient(median(&mut drawn[1]), median(&mut drawn[0])));
    }
    let largest = counts.into_iter().max().unwrap_or(RUNS_MIN);
    let shrink = libm::sqrt(largest.min(RUNS_DRAWN_MAX) as f64 / largest as f64);
    let within = |ratio: Option<f64>, drawn: Vec<f64>| interval(ratio?, drawn, shrink);
    Ratios { median: within(medians, of_medians), mean: within(means, of_means) }
}

fn interval(ratio: f64, mut drawn: Vec<f64>, shrink: f64) -> Option<Ratio> {
    drawn.sort_by(f64::total_cmp);
    let at = |parts: usize| {
        let drawn = drawn.get(drawn.len() * parts / 1000).copied()?;
        Some(if shrink < 1.0 { ratio + (drawn - ratio) * shrink } else { drawn })
    };
    Some(Ratio { ratio, low: at(25)?, high: at(975)? })
}

/// A ratio that can be told.
fn divide(over: f64, under: f64) -> Option<f64> {
    quotient(over, under).filter(|ratio| ratio.is_finite() && under.is_finite())
}

/// A ratio that may be zero or infinite, where one of the two is infinite.
fn quotient(over: f64, under: f64) -> Option<f64> {
    let ratio = over / under;
    (under != 0.0 && !ratio.is_nan()).then_some(ratio)
}

/// Steele, Lea and Flood's SplitMix64 (2014): the same numbers on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`, as good as evenly.
    fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers spread evenly around a middle, by another order for each salt.
    fn spread(middle: f64, count: usize, salt: u64) -> Vec<f64> {
        let mut random = SplitMix(salt);
        (0..count).map(|_| middle * (0.5 + random.below(1001) as f64 / 1000.0)).collect()
    }

    fn apart(one: &[f64], other: &[f64]) -> Ratios {
        ratios_of(&Samples::Apart([one.to_vec(), other.to_vec()]), 7)
    }

    #[test]
    fn a_clear_difference_is_clear_and_none_is_not() {
        let (one, other, twice) =
            (spread(100.0, 400, 1), spread(100.0, 400, 2), spread(200.0, 400, 3));
        let (same, double) = (apart(&one, &other), apart(&one, &twice));
        for same in [same.mean.unwrap(), same.median.unwrap()] {
            assert!(!same.is_clear() && same.low < same.ratio && same.ratio < same.high);
        }
        for double in [double.mean.unwrap(), double.median.unwrap()] {
            assert!(double.is_clear() && (1.8..2.2).contains(&double.ratio), "{double:?}");
        }
    }

    /// The interval of a mean of evenly spread numbers is known: the mean of 400 numbers between
    /// 50 and 150 has a standard error of 28.9 / 20, so the ratio of two has one of 2 %.
    #[test]
    fn intervals_are_as_wide_as_theory_says() {
        let ratio = apart(&spread(100.0, 400, 1), &spread(100.0, 400, 2)).mean.unwrap();
        let width = ratio.high - ratio.low;
        assert!((0.065..0.1).contains(&width), "{width}");
    }

    /// With a hundred times as many runs the interval is a tenth as wide, though only a part of
    /// them is drawn: 4 standard errors of 0.2 %.
    #[test]
    fn intervals_of_many_runs_are_as_narrow_as_theory_says() {
        let ratio = apart(&spread(100.0, 40_000, 1), &spread(100.0, 40_000, 2)).mean.unwrap();
        let width = ratio.high - ratio.low;
        assert!((0.0065..0.01).contains(&width), "{width}");
    }

    /// How often an interval holds the true ratio: about 95 times in a hundred.
    #[test]
    fn intervals_hold_the_truth() {
        let held = (0..200).filter(|salt| {
            let (one, other) = (spread(10.0, 60, salt * 2 + 1), spread(10.0, 60, salt * 2 + 2));
            !apart(&one, &other).mean.unwrap().is_clear()
        });
        let held = held.count();
        assert!((180..=199).contains(&held), "{held} of 200");
    }

    /// A seed that is slow in both tells the two apart no less.
    #[test]
    fn pairs_see_what_lies_under_the_spread() {
        let one = spread(100.0, 100, 1);
        let pairs: Vec<[f64; 2]> = one.iter().map(|number| [*number, *number * 1.02]).collect();
        let other: Vec<f64> = pairs.iter().map(|pair| pair[1]).collect();
        let paired = ratios_of(&Samples::Paired(pairs), 7).mean.unwrap();
        assert!(paired.is_clear() && !apart(&one, &other).mean.unwrap().is_clear());
        assert!((paired.high - paired.low) < 1e-9);
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        assert_eq!(apart(&[], &[1.0; 20]), Ratios::default());
        assert_eq!(apart(&[1.0; 20], &[2.0; 9]), Ratios::default());
        assert_eq!(apart(&[0.0; 20], &[1.0; 20]), Ratios::default());
        let half = apart(&[4.0; 10], &[2.0; 10]).median.unwrap();
        assert_eq!((half.ratio, half.low, half.high), (0.5, 0.5, 0.5));
    }

    /// Eleven of twenty runs that get there have a median, and might well have none.
    #[test]
    fn where_half_may_never_get_there_the_ratio_has_no_end() {
        let (mut one, mut other) = ([1.0; 20], [2.0; 20]);
        other[11..].fill(f64::INFINITY);
        let ratios = apart(&one, &other);
        let median = ratios.median.unwrap();
        assert_eq!((median.ratio, median.low, median.high), (2.0, 2.0, f64::INFINITY));
        assert_eq!(ratios.mean, None);
        one[3..].fill(f64::INFINITY);
        assert_eq!(apart(&one, &other), Ratios::default());
    }
}
