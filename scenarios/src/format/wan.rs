//! Measured wide-area networks, so that nobody has to look up how far Sydney is.
//!
//! Data and sources are in `scenarios/data`. What was measured are round trips; half of one is taken
//! as the latency of a message. Between two regions the distribution is that of the measured
//! percentiles with straight lines between them. Its lower end was not published: it is set so that
//! the mean of the whole is the measured mean. The longest is the highest percentile, of 99.999 %.
//! Between two hosts of one region the four published means (within an availability zone, and between
//! three pairs of zones) are the quantiles.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::latency::Latency;
use super::units::{Chance, Nanos};

/// A measured wide-area network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wan {
    /// Eight regions of Amazon EC2 in 2013: california, ireland, oregon, sao-paulo, singapore,
    /// sydney, tokyo, virginia.
    Ec2,
}

/// What is known of a network: from where to where it takes how long.
type Matrix = BTreeMap<(String, String), Latency>;

impl Wan {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Wan::Ec2 => "ec2",
        }
    }

    /// Its regions, in the order of their names.
    #[must_use]
    pub fn regions(self) -> Vec<&'static str> {
        let mut regions: Vec<&str> = self.matrix().keys().map(|(from, _)| from.as_str()).collect();
        regions.dedup();
        regions
    }

    /// How long a message travels from one region to another, or within one; none if it has no such
    /// region.
    #[must_use]
    pub fn latency(self, from: &str, to: &str) -> Option<&'static Latency> {
        self.matrix().get(&(from.to_owned(), to.to_owned()))
    }

    fn matrix(self) -> &'static Matrix {
        static EC2: OnceLock<Matrix> = OnceLock::new();
        match self {
            Wan::Ec2 => EC2.get_or_init(ec2),
        }
    }
}

#[derive(Deserialize)]
struct Regions {
    within_zone_ms: Number,
    between_zones_ms: Vec<Number>,
}

#[derive(Deserialize)]
struct Percentiles {
    percentiles_ms: BTreeMap<String, BTreeMap<String, Number>>,
}

fn ec2() -> Matrix {
    let regions: Regions = read(include_str!("../../data/ec2-regions.json"));
    let percentiles: Percentiles = read(include_str!("../../data/ec2-rtt-percentiles.json"));
    let mut near: Vec<Nanos> = regions.between_zones_ms.iter().map(one_way).collect();
    near.push(one_way(&regions.within_zone_ms));
    near.sort_unstable();
    let mut matrix = Matrix::new();
    for (pair, quantiles) in &percentiles.percentiles_ms {
        let (from, to) = pair.split_once("->").expect("a pair of regions");
        matrix.insert((from.to_owned(), to.to_owned()), Latency::Quantiles(table(quantiles)));
        matrix.insert((from.to_owned(), from.to_owned()), Latency::Empirical(near.clone()));
    }
    matrix
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> T {
    serde_json::from_str(text).expect("the data are part of the program")
}

/// Half of a round trip in milliseconds.
fn one_way(round_trip: &Number) -> Nanos {
    let both_ways = Nanos::parse(&format!("{round_trip}ms"));
    Nanos(both_ways.expect("a duration").0 / 2)
}

/// The measured quantiles with a lower end that gives the measured mean.
fn table(measured: &BTreeMap<String, Number>) -> Vec<(Chance, Nanos)> {
    // The keys are decimals below 1, so their order as text is that of the numbers.
    let is_position = |key: &str| key.starts_with("0.");
    let mut table: Vec<(Chance, Nanos)> = measured
        .iter()
        .filter(|(key, _)| is_position(key))
        .map(|(key, value)| (Chance::parse(key).expect("a position"), one_way(value)))
        .collect();
    let longest = table.last().expect("at least one quantile").1;
    table.push((Chance::ALWAYS, longest));
    let (first, low) = table[0];
    // Twice the area under a line from 0 to the first is its width times the sum of its ends.
    let doubled: i128 = table.windows(2).map(|pair| area_doubled(pair[0], pair[1])).sum();
    let mean = one_way(&measured["avg"]);
    let missing = 2 * i128::from(mean.0) * i128::from(Chance::ALWAYS.parts) - doubled;
    let lowest = missing / i128::from(first.parts) - i128::from(low.0);
    let lowest = lowest.clamp(0, i128::from(low.0)) as u64;
    table.insert(0, (Chance::NEVER, Nanos(lowest)));
    table
}

fn area_doubled(from: (Chance, Nanos), to: (Chance, Nanos)) -> i128 {
    i128::from(to.0.parts - from.0.parts) * (i128::from(from.1.0) + i128::from(to.1.0))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::run::build::distribution;

    /// The published means of round trips.
    fn published() -> Vec<(String, String, Nanos)> {
        let regions: Value = read(include_str!("../../data/ec2-regions.json"));
        let pairs = regions["round_trip_ms"].as_array().expect("a list");
        let text = |value: &Value| value.as_str().expect("a region").to_owned();
        let mean = |value: &Value| match value {
            Value::Number(number) => one_way(number),
            other => panic!("{other} is no number"),
        };
        pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]), mean(&pair[2]))).collect()
    }

    #[test]
    fn every_pair_of_regions_has_its_measured_mean() {
        let regions = Wan::Ec2.regions();
        assert_eq!(regions.len(), 8);
        let published = published();
        assert_eq!(published.len(), 28);
        for (from, to, mean) in published {
            for (from, to) in [(&from, &to), (&to, &from)] {
                let latency = distribution(Wan::Ec2.latency(from, to).unwrap());
                assert_eq!(latency.validate(), Ok(()), "{from} {to}");
                let found = latency.mean_ns();
                assert!(found.abs_diff(mean.0) <= mean.0 / 33, "{from} {to}: {found}, not {mean}");
            }
        }
        for region in regions {
            let near = distribution(Wan::Ec2.latency(region, region).unwrap());
            assert!((275_000..1_785_000).contains(&near.mean_ns()), "{}", near.mean_ns());
        }
        assert_eq!(Wan::Ec2.latency("virginia", "mars"), None);
    }
}
