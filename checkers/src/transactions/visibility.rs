//! What a reader has seen must not vanish: monotonic atomic view, read atomic and causal.
//!
//! The axioms of Biswas and Enea (OOPSLA 2019, figure 2) have one form: if a transaction reads
//! `x` from `writer`, and has seen another one that wrote `x` too, then that one must be before
//! `writer` in the order of commits. They differ in what "has seen" means, which the reads tell
//! alone; so all edges are forced, and the level holds exactly if there is no cycle.

use std::collections::BTreeMap;
use std::fmt;

use super::catalogue::{NONE, big, small};
use super::cycles::Local;
use super::dependencies::{Edge, Link};
use super::graph::{Graph, topological_order};
use super::level::Condition;
use super::model::Model;
use super::options::Budget;
use super::reads::Reading;

/// A reader that has seen `seen`, which wrote a key, and read that key from somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub reading: Reading,
    pub seen: u32,
}

/// All sightings that are not plainly in order; `None` if the budget is used up. What is seen by
/// way of others is looked at only within the components in which a cycle is possible, whose
/// local edges have the order of processes where the level has it: such a sighting is part of a
/// cycle of its own past, the read, and the order of versions.
pub(super) fn sightings<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    components: &[Local],
    condition: Condition,
    budget: &Budget,
) -> Option<Vec<Sighting>> {
    match condition {
        Condition::Monotonic => Some(direct(model, |at, other| other < at)),
        Condition::Atomic => Some(direct(model, |_, _| true)),
        Condition::Writes
        | Condition::Dependencies
        | Condition::Cursor
        | Condition::Causal
        | Condition::Prefix
        | Condition::Single
        | Condition::Snapshot
        | Condition::Serial => {
            let mut sightings = Vec::new();
            let mut steps_left = budget.steps;
            for local in components {
                causal(model, local, budget.bytes, &mut steps_left, &mut sightings)?;
            }
            Some(sightings)
        }
    }
}

/// The edges of sightings that have a writer to come before; those that do not, because the
/// reader saw the initial state, are violations by themselves.
pub(super) fn edges<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    sightings: &[Sighting],
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (place, sighting) in (0_u32..).zip(sightings) {
        let to = model.writer(sighting.reading.version);
        if to != NONE {
            edges.push(Edge { from: sighting.seen, to, link: Link::Seen, version: place });
        }
    }
    edges
}

/// Sightings by reads of the same transaction: `sees` says, by their places, whether a read is
/// bound by another one.
fn direct<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    sees: impl Fn(usize, usize) -> bool,
) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    for txn in 0..small(model.txns.len()) {
        let readings = model.readings(txn);
        for (at, reading) in readings.iter().enumerate() {
            let from = model.writer(reading.version);
            if from == txn {
                continue;
            }
            for (other_at, other) in readings.iter().enumerate() {
                let seen = model.writer(other.version);
                if seen != NONE
                    && seen != from
                    && seen != txn
                    && sees(at, other_at)
                    && model.written(seen, reading.key).is_some()
                {
                    sightings.push(Sighting { reading: *reading, seen });
                }
            }
        }
    }
    sightings
}

/// Pasts of all transactions, as far as they lie in one block of columns.
struct Pasts {
    words: usize,
    bits: Vec<u64>,
}

impl Pasts {
    fn has(&self, txn: u32, column: usize) -> bool {
        self.bits[big(txn) * self.words + column / 64] >> (column % 64) & 1 == 1
    }

    fn set(&mut self, txn: u32, column: usize) {
        self.bits[big(txn) * self.words + column / 64] |= 1 << (column % 64);
    }

    fn inherit(&mut self, from: u32, to: u32) {
        for word in 0..self.words {
            let inherited = self.bits[big(from) * self.words + word];
            self.bits[big(to) * self.words + word] |= inherited;
        }
    }
}

/// Sightings by reads and sessions, transitively. The pasts are bit sets, made for as many
/// columns at a time as there is room for.
fn causal<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    local: &Local,
    bytes: u64,
    steps_left: &mut u64,
    sightings: &mut Vec<Sighting>,
) -> Option<()> {
    let members = local.members.len();
    let is_past = |edge: &&Edge| matches!(edge.link, Link::Wr | Link::Session);
    let arcs = local.edges().iter().filter(is_past).map(|edge| (edge.from, edge.to));
    let arc_count = arcs.clone().count();
    let graph = Graph::of(members, arcs);
    let sorted = topological_order(&graph, &vec![0; members])
        .expect("a cycle of dependencies was found before");
    let room = usize::try_from(bytes / 8).unwrap_or(usize::MAX);
    let words = (room / members).clamp(1, members.div_ceil(64));
    let blocks = members.div_ceil(words * 64);
    let work = (members + arc_count).saturating_mul(words).saturating_mul(blocks) / 8;
    *steps_left = steps_left.checked_sub(u64::try_from(work).ok()?)?;
    let columns = words * 64;
    let writers = writers_by_key(model, local);
    let mut pasts = Pasts { words, bits: vec![0; members * words] };
    for first in (0..members).step_by(columns) {
        pasts.bits.fill(0);
        for &member in &sorted {
            for &target in graph.targets(member) {
                pasts.inherit(member, target);
                if (first..first + columns).contains(&big(member)) {
                    pasts.set(target, big(member) - first);
                }
            }
        }
        let block = first..(first + columns).min(members);
        find_in_block(model, local, &pasts, block, &writers, sightings, steps_left)?;
    }
    Some(())
}

/// By key, the places of those who wrote it.
fn writers_by_key<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    local: &Local,
) -> BTreeMap<u32, Vec<u32>> {
    let mut writers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (place, &member) in (0_u32..).zip(&local.members) {
        for version in model.writes(member) {
            let writers = writers.entry(model.catalogue.versions[big(version)].key).or_default();
            if writers.last() != Some(&place) {
                writers.push(place);
            }
        }
    }
    writers
}

fn find_in_block<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    local: &Local,
    pasts: &Pasts,
    block: std::ops::Range<usize>,
    writers: &BTreeMap<u32, Vec<u32>>,
    sightings: &mut Vec<Sighting>,
    steps_left: &mut u64,
) -> Option<()> {
    for (reader, &member) in (0_u32..).zip(&local.members) {
        for reading in model.readings(member) {
            let from = model.writer(reading.version);
            let Some(writers) = writers.get(&reading.key).filter(|_| from != member) else {
                continue;
            };
            // A writer outside the component is in no cycle with what is inside.
            let from_place = local.members.binary_search(&from).map_or(NONE, small);
            let low = writers.partition_point(|&writer| big(writer) < block.start);
            let high = writers.partition_point(|&writer| big(writer) < block.end);
            *steps_left = steps_left.checked_sub(u64::from(small(high - low)))?;
            for &seen in &writers[low..high] {
                let column = big(seen) - block.start;
                // What the writer has in its own past is before it anyway.
                if seen != from_place
                    && pasts.has(reader, column)
                    && (from_place == NONE || !pasts.has(from_place, column))
                {
                    sightings.push(Sighting { reading: *reading, seen: local.members[big(seen)] });
                }
            }
        }
    }
    Some(())
}
