//! Confidence intervals by resampling: how much a ratio would differ if other seeds had been drawn.
//!
//! Efron's percentile bootstrap (1979): draw as many runs as there are, with replacement, compute
//! the ratio again, and take the middle 95 % of a thousand such ratios. It assumes nothing about
//! how times or counts are distributed. The draws come from a fixed seed, so that two people who
//! compare the same results read the same numbers.

use serde::Serialize;

/// How many times runs are drawn anew; fewer where there are so many runs that it would take long.
const RESAMPLES_MAX: usize = 1000;
const RESAMPLES_MIN: usize = 200;
/// With fewer runs there is no telling how far apart others would lie.
const RUNS_MIN: usize = 10;
/// About how many draws are made for one ratio.
const DRAWS: usize = 2_000_000;

/// What is computed of the numbers of many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Mean,
    /// The least number that at least half of them do not exceed.
    Median,
}

/// A ratio of two statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The second over the first.
    pub ratio: f64,
    /// Where the ratio lies, with a confidence of 95 %: at least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

impl Ratio {
    /// Whether the two differ by more than chance explains.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

/// The numbers of two results.
#[derive(Clone, Copy, Debug)]
pub(super) enum Samples<'a> {
    /// Of the same seeds, in the same order: what a seed makes hard in one it makes hard in the
    /// other, so the two are drawn together.
    Paired(&'a [f64], &'a [f64]),
    /// Of different seeds.
    Apart(&'a [f64], &'a [f64]),
}

impl Statistic {
    /// Of at least one number, which it may put into another order.
    pub(super) fn of(self, numbers: &mut [f64]) -> f64 {
        match self {
            Statistic::Mean => numbers.iter().sum::<f64>() / numbers.len() as f64,
            Statistic::Median => {
                let middle = numbers.len().div_ceil(2) - 1;
                *numbers.select_nth_unstable_by(middle, f64::total_cmp).1
            }
        }
    }
}

/// The ratio of the second's statistic to the first's; none if one has fewer than ten numbers, or
/// the first's is zero.
pub(super) fn ratio_of(statistic: Statistic, samples: Samples<'_>, seed: u64) -> Option<Ratio> {
    let (Samples::Paired(first, second) | Samples::Apart(first, second)) = samples;
    if first.len().min(second.len()) < RUNS_MIN {
        return None;
    }
    let of = |numbers: &[f64]| statistic.of(&mut numbers.to_vec());
    let ratio = divide(of(second), of(first))?;
    let count = (DRAWS / (first.len() + second.len())).clamp(RESAMPLES_MIN, RESAMPLES_MAX);
    let mut random = SplitMix(seed);
    let (mut one, mut other) = (first.to_vec(), second.to_vec());
    let mut ratios = Vec::with_capacity(count);
    for _ in 0..count {
        for slot in 0..one.len() {
            let drawn = random.below(first.len());
            one[slot] = first[drawn];
            if let Samples::Paired(..) = samples {
                other[slot] = second[drawn];
            }
        }
        if let Samples::Apart(..) = samples {
            other.fill_with(|| second[random.below(second.len())]);
        }
        // A draw of nothing but zeros says nothing.
        ratios.extend(divide(statistic.of(&mut other), statistic.of(&mut one)));
    }
    ratios.sort_by(f64::total_cmp);
    let at = |parts: usize| ratios.get(ratios.len() * parts / 1000).copied();
    Some(Ratio { ratio, low: at(25)?, high: at(975)? })
}

fn divide(over: f64, under: f64) -> Option<f64> {
    (under != 0.0).then(|| over / under)
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

    #[test]
    fn a_clear_difference_is_clear_and_none_is_not() {
        let (one, other, twice) =
            (spread(100.0, 400, 1), spread(100.0, 400, 2), spread(200.0, 400, 3));
        for statistic in [Statistic::Mean, Statistic::Median] {
            let same = ratio_of(statistic, Samples::Apart(&one, &other), 7).unwrap();
            assert!(!same.is_clear() && same.low < same.ratio && same.ratio < same.high);
            let double = ratio_of(statistic, Samples::Apart(&one, &twice), 7).unwrap();
            assert!(double.is_clear() && (1.8..2.2).contains(&double.ratio), "{double:?}");
        }
    }

    /// The interval of a mean of evenly spread numbers is known: the mean of 400 numbers between
    /// 50 and 150 has a standard error of 28.9 / 20, so the ratio of two has one of 2 %.
    #[test]
    fn intervals_are_as_wide_as_theory_says() {
        let (one, other) = (spread(100.0, 400, 1), spread(100.0, 400, 2));
        let ratio = ratio_of(Statistic::Mean, Samples::Apart(&one, &other), 7).unwrap();
        let width = ratio.high - ratio.low;
        assert!((0.065..0.1).contains(&width), "{width}");
    }

    /// How often an interval holds the true ratio: about 95 times in a hundred.
    #[test]
    fn intervals_hold_the_truth() {
        let held = (0..200).filter(|salt| {
            let (one, other) = (spread(10.0, 60, salt * 2 + 1), spread(10.0, 60, salt * 2 + 2));
            let ratio = ratio_of(Statistic::Mean, Samples::Apart(&one, &other), *salt).unwrap();
            !ratio.is_clear()
        });
        let held = held.count();
        assert!((180..=199).contains(&held), "{held} of 200");
    }

    /// A seed that is slow in both tells the two apart no less.
    #[test]
    fn pairs_see_what_lies_under_the_spread() {
        let one = spread(100.0, 100, 1);
        let other: Vec<f64> = one.iter().map(|number| number * 1.02).collect();
        let paired = ratio_of(Statistic::Mean, Samples::Paired(&one, &other), 7).unwrap();
        let apart = ratio_of(Statistic::Mean, Samples::Apart(&one, &other), 7).unwrap();
        assert!(paired.is_clear() && !apart.is_clear());
        assert!((paired.high - paired.low) < 1e-9);
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        let of =
            |one: &[f64], other: &[f64]| ratio_of(Statistic::Median, Samples::Apart(one, other), 1);
        assert_eq!(of(&[], &[1.0; 20]), None);
        assert_eq!(of(&[1.0; 20], &[2.0; 9]), None);
        assert_eq!(of(&[0.0; 20], &[1.0; 20]), None);
        let same = of(&[4.0; 10], &[2.0; 10]).unwrap();
        assert_eq!((same.ratio, same.low, same.high), (0.5, 0.5, 0.5));
    }
}
