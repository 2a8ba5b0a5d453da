//! Distributions of durations: their quantiles by the word, and on the network.

use seedbed_sim::Distribution;

use crate::wire::{assert_share, told};

const MS: u64 = 1_000_000;

/// The positions that are looked at, in thousandths.
const POSITIONS: [u64; 5] = [100, 500, 900, 990, 999];

/// Each distribution with its quantiles there, computed apart from this code, in nanoseconds.
fn distributions() -> Vec<(Distribution, [u64; 5])> {
    let uniform = |min, max| Distribution::Uniform { min, max };
    // FoundationDB's simulator: nearly all messages are fast, one in a thousand is slow.
    let fast_or_slow = [(999, uniform(MS / 10, 8 * MS / 10)), (1, uniform(0, 100 * MS))];
    let table = [
        (0, 40 * MS),
        (500_000_000, 41 * MS),
        (750_000_000, 42 * MS),
        (950_000_000, 45 * MS),
        (990_000_000, 52 * MS),
        (999_000_000, 110 * MS),
        (1_000_000_000, 200 * MS),
    ];
    vec![
        (Distribution::Constant(3 * MS), [3 * MS; 5]),
        (uniform(MS, 10 * MS), [1_900_000, 5_500_000, 9_100_000, 9_910_000, 9_991_000]),
        (
            Distribution::Exponential { mean: 5 * MS, min: MS },
            [1_421_442, 3_772_589, 10_210_340, 19_420_681, 28_631_021],
        ),
        (
            Distribution::Empirical([MS, 2 * MS, 3 * MS, 50 * MS].into()),
            [1_300_000, 2_500_000, 35_900_000, 48_590_000, 49_859_000],
        ),
        (
            Distribution::Normal { mean: 10 * MS, deviation: 3 * MS, min: 2 * MS },
            [6_213_549, 10_014_402, 13_851_212, 16_983_362, 19_274_116],
        ),
        (
            Distribution::Normal { mean: 5 * MS, deviation: 5 * MS, min: 4 * MS },
            [4_732_494, 7_772_332, 12_862_127, 17_622_668, 21_244_503],
        ),
        (
            Distribution::LogNormal { mean: 10 * MS, deviation: 10 * MS },
            [2_432_817, 7_071_068, 20_552_306, 49_049_165, 92_647_193],
        ),
        (
            Distribution::Pareto { scale: MS, shape_millionths: 1_500_000 },
            [1_072_766, 1_587_401, 4_641_589, 21_544_347, 100_000_000],
        ),
        (Distribution::Mixture(fast_or_slow.into()), [170_069, 450_347, 730_626, 793_688, 799_994]),
        (
            Distribution::Quantiles(table.into()),
            [40_200_000, 41_000_000, 44_250_000, 52_000_000, 110_000_000],
        ),
    ]
}

/// Words spread evenly give the distribution itself: every quantile is met within one percent.
#[test]
fn quantiles_are_met_within_one_percent() {
    let count = 1_000_000;
    for (distribution, expected) in distributions() {
        assert_eq!(distribution.validate(), Ok(()));
        let step = u64::MAX / count;
        let mut samples: Vec<_> =
            (0..count).map(|index| distribution.sample(index * step + step / 2)).collect();
        samples.sort_unstable();
        for (position, expected) in POSITIONS.into_iter().zip(expected) {
            let found = samples[(position * count / 1000) as usize];
            assert!(
                found.abs_diff(expected) <= expected / 100,
                "{distribution:?} at {position}: {found}, not {expected}"
            );
        }
        let mean = samples.iter().sum::<u64>() / count;
        let expected = distribution.mean_ns();
        assert!(mean.abs_diff(expected) <= expected / 50, "{distribution:?}: mean {mean}");
    }
}

/// On the network, as many messages come within a quantile as there should, by three sigma.
#[test]
fn messages_take_as_long_as_their_distribution_says() {
    let count = 20_000;
    for (distribution, quantiles) in distributions() {
        let told = told(count, |it| it.network.everywhere.latency = distribution.clone(), []);
        let latencies = told.latencies();
        assert_eq!(latencies.len() as u64, count);
        if distribution.max_ns() == Some(3 * MS) {
            assert!(latencies.iter().all(|latency| *latency == 3 * MS));
            continue;
        }
        for (position, quantile) in POSITIONS.into_iter().zip(quantiles) {
            let within = latencies.partition_point(|latency| *latency <= quantile) as u64;
            assert_share(within, count, position as f64 / 1000.0, 1.0);
        }
    }
}

/// The slow part of a mixture is there, and as slow as it says.
#[test]
fn the_rare_part_of_a_mixture_is_met() {
    let parts = [(999, Distribution::Constant(MS)), (1, Distribution::Constant(70 * MS))];
    let nested = [(1, Distribution::Mixture(parts.into())), (1, Distribution::Constant(9 * MS))];
    let mixture = Distribution::Mixture(nested.into());
    assert_eq!((mixture.validate(), mixture.max_ns()), (Ok(()), Some(70 * MS)));
    let told = told(40_000, |it| it.network.everywhere.latency = mixture, []);
    let slow = told.count(|story| story.after_ns == Some(70 * MS));
    let middling = told.count(|story| story.after_ns == Some(9 * MS));
    assert_share(slow, 40_000, 0.0005, 1.0);
    assert_share(middling, 40_000, 0.5, 1.0);
}
