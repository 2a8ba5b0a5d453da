//! Two results side by side: what a change did.
//!
//! Runs are compared scenario by scenario, protocol by protocol and point by point. What was only
//! `--set` does not tell points apart: it is often what the two differ in.

mod bootstrap;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use seedbed_scenarios::canonical;
use seedbed_scenarios::run::{RunRecord, Verdict};
use seedbed_scenarios::sweep::{Header, Point, Row, StoreError, peek_header, read_rows};
use serde::Serialize;
use serde_json::{Value, json};

use self::bootstrap::{Samples, mean, median, ratios_of};

pub use self::bootstrap::Ratio;

/// Two results, side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What both have, in the order of results.
    pub groups: Vec<Group>,
    /// What only the first has.
    pub only_first: Vec<Key>,
    /// What only the second has.
    pub only_second: Vec<Key>,
}

/// What runs have in common that are compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// The scenario's name.
    pub scenario: String,
    /// The protocol.
    pub protocol: String,
    /// The values of what was varied.
    pub point: Point,
}

/// The runs of one scenario, protocol and point in both results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Which.
    #[serde(rename = "of")]
    pub key: Key,
    /// How many runs each has.
    pub runs: [u64; 2],
    /// How many seeds both have.
    pub common_seeds: u64,
    /// How many runs of each ended with which verdict.
    pub verdicts: [BTreeMap<Verdict, u64>; 2],
    /// Seeds that both have and that end with another verdict or another property.
    pub changes: Vec<Change>,
    /// The numbers that either has.
    pub quantities: Vec<Compared>,
}

/// Seeds whose verdict changed in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What the first says.
    pub from: Said,
    /// What the second says.
    pub to: Said,
    /// How many seeds.
    pub seeds: u64,
    /// The lowest.
    pub first_seed: u64,
}

/// A verdict, and the property that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Said {
    /// The verdict.
    pub verdict: Verdict,
    /// The property, if the verdict is about one.
    pub property: Option<String>,
}

/// One quantity, in both results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// A measure, or `milestones.NAME`, `milestones_after_heal.NAME`, `events`.
    pub name: String,
    /// How many runs of each have it.
    pub runs: [u64; 2],
    /// Whether nearly the same seeds have it, and were compared seed by seed.
    pub paired: bool,
    /// The median of each. Where it is a time until a milestone, runs that never got there count
    /// as longer than all others; none if that is so for half of them.
    pub median: [Option<f64>; 2],
    /// The second's median over the first's; none if there is no median, if the first's is zero,
    /// or if one has fewer than ten runs.
    pub median_ratio: Option<Ratio>,
    /// The mean of each; none for a milestone that some run never reached.
    pub mean: [Option<f64>; 2],
    /// The second's mean over the first's, as with medians.
    pub mean_ratio: Option<Ratio>,
}

/// The runs of one result that belong together.
#[derive(Debug, Default)]
struct Side {
    said: BTreeMap<u64, Said>,
    /// By quantity, then by seed.
    numbers: BTreeMap<String, BTreeMap<u64, f64>>,
}

/// One result.
#[derive(Debug)]
struct Results {
    /// In the order of results.
    keys: Vec<Key>,
    sides: BTreeMap<String, Side>,
}

/// Compares the results of two sweeps: folders, or files `results.jsonl`.
///
/// # Errors
/// Why one of them is no result.
pub fn compare(first: &Path, second: &Path) -> Result<Comparison, StoreError> {
    let (first, second) = (Results::read(first)?, Results::read(second)?);
    let mut groups = Vec::new();
    for key in &first.keys {
        if let (Some(one), Some(other)) = (first.side(key), second.side(key)) {
            groups.push(Group::of(key.clone(), one, other));
        }
    }
    let missing = |from: &Results, other: &Results| -> Vec<Key> {
        from.keys.iter().filter(|key| other.side(key).is_none()).cloned().collect()
    };
    let (only_first, only_second) = (missing(&first, &second), missing(&second, &first));
    Ok(Comparison { groups, only_first, only_second })
}

impl Comparison {
    /// How many ratios are clear, and how many there are.
    fn clear_ratios(&self) -> (usize, usize) {
        let quantities = self.groups.iter().flat_map(|group| &group.quantities);
        let ratios = quantities.flat_map(|compared| [compared.median_ratio, compared.mean_ratio]);
        let ratios: Vec<Ratio> = ratios.flatten().collect();
        (ratios.iter().filter(|ratio| ratio.is_clear()).count(), ratios.len())
    }
}

impl Results {
    fn read(path: &Path) -> Result<Results, StoreError> {
        let path = if path.is_dir() { path.join("results.jsonl") } else { path.to_owned() };
        // Without a header there are no rows either, and reading them says why.
        let varied = peek_header(&path).map(|header| varied_paths(&header)).unwrap_or_default();
        let mut results = Results { keys: Vec::new(), sides: BTreeMap::new() };
        read_rows(&path, |row| {
            results.take(row, &varied);
            Ok(())
        })?;
        Ok(results)
    }

    fn take(&mut self, row: Row, varied: &BTreeSet<String>) {
        let Row { record, mut point, .. } = row;
        point.retain(|path, _| varied.contains(path));
        let key =
            Key { scenario: record.scenario.clone(), protocol: record.protocol.clone(), point };
        let side = self.sides.entry(key.text()).or_insert_with(|| {
            self.keys.push(key);
            Side::default()
        });
        side.take(record);
    }

    fn side(&self, key: &Key) -> Option<&Side> {
        self.sides.get(&key.text())
    }
}

/// The fields that tell the points of a result apart.
fn varied_paths(header: &Header) -> BTreeSet<String> {
    let vary = header.0.pointer("/grid/vary").and_then(Value::as_array);
    let paths = vary.into_iter().flatten().filter_map(|pair| pair.get(0)?.as_str());
    paths.map(str::to_owned).collect()
}

impl Key {
    fn text(&self) -> String {
        canonical::line(&json!([self.scenario, self.protocol, self.point]))
    }
}

impl Side {
    fn take(&mut self, record: RunRecord) {
        let seed = record.seed;
        let mut number = |name: String, value: f64| {
            self.numbers.entry(name).or_default().insert(seed, value);
        };
        number("events".to_owned(), record.events as f64);
        for (name, value) in record.measures {
            number(name, value);
        }
        for (name, time) in record.milestones {
            number(format!("milestones.{name}"), time as f64);
        }
        for (name, time) in record.milestones_after_heal {
            number(format!("milestones_after_heal.{name}"), time as f64);
        }
        let said = Said { verdict: record.verdict, property: record.property };
        self.said.insert(seed, said);
    }

    /// A quantity by seed. A milestone that a run never reached would have taken longer than any;
    /// of anything else, runs that have no number say nothing.
    fn numbers_of(&self, name: &str) -> BTreeMap<u64, f64> {
        let known = self.numbers.get(name);
        if !name.starts_with("milestones") {
            return known.cloned().unwrap_or_default();
        }
        let number = |seed: &u64| known.and_then(|by_seed| by_seed.get(seed)).copied();
        let or_never = |seed: &u64| (*seed, number(seed).unwrap_or(f64::INFINITY));
        self.said.keys().map(or_never).collect()
    }

    fn verdicts(&self) -> BTreeMap<Verdict, u64> {
        let mut counts = BTreeMap::new();
        for said in self.said.values() {
            *counts.entry(said.verdict).or_default() += 1;
        }
        counts
    }
}

impl Group {
    fn of(key: Key, one: &Side, other: &Side) -> Group {
        let common = one.said.keys().filter(|seed| other.said.contains_key(seed)).count();
        let text = key.text();
        let names: BTreeSet<&String> = one.numbers.keys().chain(other.numbers.keys()).collect();
        let quantities = names.into_iter().map(|name| {
            let seed = canonical::hash_value(&json!([text, name]));
            Compared::of(name, one, other, seed)
        });
        Group {
            runs: [one.said.len() as u64, other.said.len() as u64],
            common_seeds: common as u64,
            verdicts: [one.verdicts(), other.verdicts()],
            changes: changes(one, other),
            quantities: quantities.collect(),
            key,
        }
    }
}

/// The verdicts that changed, by how they did.
fn changes(one: &Side, other: &Side) -> Vec<Change> {
    let mut found: BTreeMap<(&Said, &Said), Change> = BTreeMap::new();
    for (seed, from) in &one.said {
        let Some(to) = other.said.get(seed).filter(|to| *to != from) else { continue };
        // Seeds come in order: the first is the lowest.
        let change = found.entry((from, to)).or_insert_with(|| Change {
            from: from.clone(),
            to: to.clone(),
            seeds: 0,
            first_seed: *seed,
        });
        change.seeds += 1;
    }
    found.into_values().collect()
}

/// Seeds are compared one by one if so many percent of them are in both.
const PAIRED_PERCENT_MIN: usize = 90;

impl Compared {
    fn of(name: &str, one: &Side, other: &Side, seed: u64) -> Compared {
        let sides = [one, other];
        let runs =
            sides.map(|side| side.numbers.get(name).map_or(0, |by_seed| by_seed.len() as u64));
        let numbers = sides.map(|side| side.numbers_of(name));
        let samples = samples_of(&numbers);
        let ratios = ratios_of(&samples, seed);
        let numbers = numbers.map(|by_seed| by_seed.into_values().collect::<Vec<f64>>());
        let told = |number: f64| number.is_finite().then_some(number);
        Compared {
            name: name.to_owned(),
            runs,
            paired: matches!(samples, Samples::Paired(_)),
            mean: numbers.each_ref().map(|numbers| told(mean(numbers))),
            median: numbers.map(
                |mut numbers| {
                    if numbers.is_empty() { None } else { told(median(&mut numbers)) }
                },
            ),
            median_ratio: ratios.median,
            mean_ratio: ratios.mean,
        }
    }
}

fn samples_of([one, other]: &[BTreeMap<u64, f64>; 2]) -> Samples {
    let pair = |(seed, first): (&u64, &f64)| Some([*first, *other.get(seed)?]);
    let pairs: Vec<[f64; 2]> = one.iter().filter_map(pair).collect();
    if pairs.len() * 100 >= one.len().max(other.len()) * PAIRED_PERCENT_MIN {
        Samples::Paired(pairs)
    } else {
        Samples::Apart([one, other].map(|numbers| numbers.values().copied().collect()))
    }
}
