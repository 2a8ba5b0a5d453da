//! What a reader has seen must not vanish: monotonic atomic view, read atomic and causal.
//!
//! The axioms of Biswas and Enea (OOPSLA 2019, figure 2) have one form: if a transaction reads
//! `x` from `writer`, and has seen another one that wrote `x` too, then that one must be before
//! `writer` in the order of commits. They differ in what "has seen" means, which the reads tell
//! alone; so all edges are forced, and the level holds exactly if there is no cycle.

use std::fmt;

use super::catalogue::{NONE, big, small};
use super::dependencies::{Edge, Link};
use super::graph::{Graph, topological_order};
use super::level::{Condition, Order};
use super::model::Model;
use super::options::Budget;
use super::reads::Reading;

/// A reader that has seen `seen`, which wrote a key, and read that key from somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub reading: Reading,
    pub seen: u32,
}

/// All sightings that are not plainly in order; `None` if the budget is used up.
pub(super) fn sightings<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    edges: &[Edge],
    condition: Condition,
    order: Order,
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
        | Condition::Serial => causal(model, edges, order, budget),
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
/// columns at a time as the budget has room for.
fn causal<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    edges: &[Edge],
    order: Order,
    budget: &Budget,
) -> Option<Vec<Sighting>> {
    let txns = model.txns.len();
    let session = super::time::arcs(&model.txns, order.min(Order::Session)).arcs;
    let read = edges.iter().filter(|edge| edge.link == Link::Wr);
    let arcs = read.map(|edge| (edge.from, edge.to)).chain(session.iter().copied());
    let arc_count = edges.len() + session.len();
    let graph = Graph::of(txns, arcs);
    let Some(sorted) = topological_order(&graph, &vec![0; txns]) else {
        // The cycle that there is breaks every level that asks for sightings.
        return Some(Vec::new());
    };
    let room = usize::try_from(budget.bytes / 8).unwrap_or(usize::MAX);
    let words = (room / txns.max(1)).clamp(1, txns.div_ceil(64).max(1));
    let blocks = txns.div_ceil(words * 64);
    let work = (txns + arc_count).saturating_mul(words).saturating_mul(blocks) / 8;
    let mut steps_left = budget.steps.checked_sub(u64::try_from(work).ok()?)?;
    let mut sightings = Vec::new();
    let columns = words * 64;
    let writers = writers_by_key(model);
    let mut pasts = Pasts { words, bits: vec![0; txns * words] };
    for first in (0..txns).step_by(columns) {
        pasts.bits.fill(0);
        for &txn in &sorted {
            for &target in graph.targets(txn) {
                pasts.inherit(txn, target);
                if (first..first + columns).contains(&big(txn)) {
                    pasts.set(target, big(txn) - first);
                }
            }
        }
        let block = first..(first + columns).min(txns);
        find_in_block(model, &pasts, block, &writers, &mut sightings, &mut steps_left)?;
    }
    Some(sightings)
}

fn writers_by_key<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
) -> Vec<Vec<u32>> {
    let mut writers = vec![Vec::new(); model.orders.len()];
    for version in model.catalogue.versions.iter().filter(|version| version.txn != NONE) {
        let writers: &mut Vec<u32> = &mut writers[big(version.key)];
        if writers.last() != Some(&version.txn) {
            writers.push(version.txn);
        }
    }
    writers
}

fn find_in_block<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    pasts: &Pasts,
    block: std::ops::Range<usize>,
    writers: &[Vec<u32>],
    sightings: &mut Vec<Sighting>,
    steps_left: &mut u64,
) -> Option<()> {
    for reading in &model.readings {
        let from = model.writer(reading.version);
        if from == reading.txn {
            continue;
        }
        let writers = &writers[big(reading.key)];
        let low = writers.partition_point(|&writer| big(writer) < block.start);
        let high = writers.partition_point(|&writer| big(writer) < block.end);
        *steps_left = steps_left.checked_sub(u64::from(small(high - low)))?;
        for &seen in &writers[low..high] {
            let column = big(seen) - block.start;
            // What the writer has in its own past is before it anyway.
            if seen != from
                && pasts.has(reading.txn, column)
                && (from == NONE || !pasts.has(from, column))
            {
                sightings.push(Sighting { reading: *reading, seen });
            }
        }
    }
    Some(())
}
