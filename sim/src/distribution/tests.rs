//! Samples by their words, and what cannot be sampled.

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
    assert_eq!(
        of(normal(10 * MS, 3 * MS, 2 * MS)),
        [34_878_452, 12_032_519, 10_014_402, 8_003_570, 2_000_000, 8_081_747]
    );
    assert_eq!(
        of(lognormal(10 * MS, 10 * MS)),
        [7_043_461_043, 12_398_321, 7_071_068, 4_032_804, 7_606, 4_122_124]
    );
    assert_eq!(
        of(pareto(MS, 1_500_000)),
        [68_719_476_735_999_912, 2_519_842, 1_587_401, 1_211_414, 1_000_000, 1_220_583]
    );
    assert_eq!(
        of(mixture(&[(1, normal(MS, MS, 0)), (3, pareto(MS, 2_000_000))])),
        [9_312_879, 134_217_728_000_000, 1_732_051, 1_224_745, 1_000_000, 1_235_208]
    );
    assert_eq!(
        of(quantiles(&[(0, MS), (900_000_000, 2 * MS), (WHOLE, 40 * MS)])),
        [1_000_000, 1_277_777, 1_555_555, 1_833_333, 39_999_999, 1_823_960]
    );
}

fn normal(mean: u64, deviation: u64, min: u64) -> Distribution {
    Distribution::Normal { mean, deviation, min }
}

fn lognormal(mean: u64, deviation: u64) -> Distribution {
    Distribution::LogNormal { mean, deviation }
}

fn pareto(scale: u64, shape_millionths: u64) -> Distribution {
    Distribution::Pareto { scale, shape_millionths }
}

fn mixture(parts: &[(u32, Distribution)]) -> Distribution {
    Distribution::Mixture(parts.into())
}

fn quantiles(table: &[(u32, u64)]) -> Distribution {
    Distribution::Quantiles(table.into())
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
        normal(10 * MS, 3 * MS, 2 * MS),
        normal(10 * MS, 30 * MS, 9 * MS),
        normal(10 * MS, 0, 0),
        lognormal(10 * MS, 5 * MS),
        lognormal(10 * MS, 0),
        pareto(MS, 3_000_000),
        mixture(&[(1, normal(MS, MS, 0)), (0, lognormal(MS, MS)), (3, pareto(MS, 4_000_000))]),
        quantiles(&[(0, MS), (900_000_000, 2 * MS), (WHOLE, 40 * MS)]),
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
    assert_eq!([normal(9, 0, 0), lognormal(9, 0)].map(|it| it.max_ns()), [Some(9); 2]);
    assert_eq!(normal(9, 1, 0).max_ns(), None);
    assert_eq!(mixture(&[(1, pareto(1, 2_000_000)), (1, table(&[5]))]).max_ns(), None);
    assert_eq!(mixture(&[(0, pareto(1, 2_000_000)), (1, table(&[5]))]).max_ns(), Some(5));
    assert_eq!(quantiles(&[(0, 1), (WHOLE, 8)]).max_ns(), Some(8));
}

#[test]
fn wrong_parameters_are_explained() {
    let text = |distribution: Distribution| distribution.validate().unwrap_err();
    assert!(text(Distribution::Uniform { min: 2, max: 1 }).contains("above the maximum"));
    assert!(text(Distribution::Exponential { mean: 1, min: 2 }).contains("above the mean"));
    assert!(text(table(&[])).contains("at least one"));
    assert!(text(table(&[1, 3, 2])).contains("value 3 is below"));
    assert_eq!(table(&[1, 1]).validate(), Ok(()));
    assert!(text(normal(1, 1, 2)).contains("above the mean"));
    assert!(text(lognormal(0, 1)).contains("must be above 0"));
    assert!(text(pareto(0, 2_000_000)).contains("must be above 0"));
    assert!(text(pareto(1, 1_000_000)).contains("must be above 1"));
    let one = |part| mixture(&[(1, part)]);
    assert!(text(mixture(&[])).contains("a part with a weight"));
    assert!(text(mixture(&[(0, table(&[1]))])).contains("a part with a weight"));
    assert!(text(one(table(&[2, 1]))).contains("value 2 is below"));
    assert_eq!(one(one(table(&[1]))).validate(), Ok(()));
    assert!(text(one(one(one(table(&[1]))))).contains("too much"));
    assert!(text(quantiles(&[(0, 1)])).contains("from position 0 to position 1"));
    assert!(text(quantiles(&[(0, 1), (5, 0), (WHOLE, 3)])).contains("entry 2 is not above"));
    assert!(text(quantiles(&[(0, 1), (5, 2), (5, 3), (WHOLE, 3)])).contains("entry 3"));
}

/// However far out, a sample is a number: the longest are cut off at the greatest.
#[test]
fn tails_stay_finite() {
    for word in [0, 1, u64::MAX] {
        assert!(normal(MS, MS, 0).sample(word) < 10 * MS);
        assert!(normal(MS, u64::MAX, MS).sample(word) >= MS);
        lognormal(u64::MAX, u64::MAX).sample(word);
        lognormal(1, u64::MAX).sample(word);
    }
    assert_eq!(pareto(u64::MAX, 1_000_001).sample(0), u64::MAX);
    assert_eq!(pareto(MS, 1_000_001).mean_ns(), 1_000_001 * MS);
    assert_eq!(pareto(MS, u64::MAX).sample(0), MS);
}
