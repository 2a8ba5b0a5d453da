//! When, at the latest, must each transaction take place if it does so at one instant between its
//! start and its end? The answer steers the greedy search; nothing is judged by it.
//!
//! The windows start as the intervals of the history and shrink. What reads a version comes after
//! its writer. While a register holds a version for its readers nobody else can write it: from
//! the earliest end of its writer and readers to the latest start of them (the forward zone of
//! Gibbons and Korach, 1997), if those are in that order.

use std::fmt;

use super::catalogue::{NONE, big};
use super::dependencies::{Edge, Link};
use super::graph::{Graph, topological_order};
use super::model::Model;

/// How often the windows are shrunk: zones that moved may move others.
const ROUNDS: usize = 4;

/// What the windows tell.
pub(super) struct Windows {
    earliest: Vec<u64>,
    /// By transaction, the latest instant.
    pub latest: Vec<u64>,
    /// Writers of one register of which the first must come first.
    pub orders: Vec<(u32, u32)>,
}

/// Shrinks the windows; they stay what they were if the dependencies have a cycle.
pub(super) fn shrink<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    edges: &[Edge],
) -> Windows {
    let txns = model.txns.iter();
    let mut windows = Windows {
        earliest: txns.clone().map(|txn| txn.start_ns).collect(),
        latest: txns.map(|txn| txn.end_ns.unwrap_or(u64::MAX)).collect(),
        orders: Vec::new(),
    };
    let reads = edges.iter().filter(|edge| edge.link != Link::Rw);
    let graph = Graph::of(model.txns.len(), reads.map(|edge| (edge.from, edge.to)));
    let Some(sorted) = topological_order(&graph, &windows.earliest) else {
        return windows;
    };
    let mut readers: Vec<(u32, u32)> = Vec::new();
    for reading in model.readings.iter().filter(|reading| reading.version != NONE) {
        readers.push((reading.version, reading.txn));
    }
    readers.sort_unstable();
    for _ in 0..ROUNDS {
        windows.follow(&graph, &sorted);
        for order in model.orders.iter().filter(|order| order.loose.len() > 1) {
            windows.keep_out(model, &order.loose, &readers);
        }
    }
    windows.follow(&graph, &sorted);
    windows.orders.sort_unstable();
    windows.orders.dedup();
    windows
}

impl Windows {
    /// Whoever depends on another one comes no earlier.
    fn follow(&mut self, graph: &Graph, sorted: &[u32]) {
        for &txn in sorted {
            for &target in graph.targets(txn) {
                let earliest = self.earliest[big(target)].max(self.earliest[big(txn)]);
                self.earliest[big(target)] = earliest;
            }
        }
        for &txn in sorted.iter().rev() {
            for &target in graph.targets(txn) {
                let latest = self.latest[big(txn)].min(self.latest[big(target)]);
                self.latest[big(txn)] = latest;
            }
        }
    }

    /// Moves the writers of a register out of the zones of other versions.
    fn keep_out<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        &mut self,
        model: &Model<'_, K, V>,
        versions: &[u32],
        readers: &[(u32, u32)],
    ) {
        let mut zones: Vec<(u64, u64, u32)> = Vec::new();
        for &version in versions {
            let from = readers.partition_point(|&(read, _)| read < version);
            let to = readers.partition_point(|&(read, _)| read <= version);
            let writer = model.writer(version);
            let members = readers[from..to].iter().map(|&(_, reader)| reader).chain([writer]);
            let first_end = members.clone().map(|txn| self.latest[big(txn)]).min();
            let last_start = members.map(|txn| self.earliest[big(txn)]).max();
            if let (Some(first_end), Some(last_start)) = (first_end, last_start)
                && first_end < last_start
            {
                zones.push((first_end, last_start, writer));
            }
        }
        zones.sort_unstable();
        for &version in versions {
            let writer = model.writer(version);
            let place = big(writer);
            let after = zones.partition_point(|zone| zone.0 < self.earliest[place]);
            if let Some(&(_, last_start, owner)) = zones[..after].last()
                && owner != writer
                && self.earliest[place] < last_start
            {
                self.earliest[place] = self.earliest[place].max(last_start);
                self.orders.push((owner, writer));
            }
            let before = zones.partition_point(|zone| zone.1 <= self.latest[place]);
            if let Some(&(first_end, _, owner)) = zones.get(before)
                && owner != writer
                && first_end < self.latest[place]
            {
                self.latest[place] = self.latest[place].min(first_end);
                self.orders.push((writer, owner));
            }
        }
    }
}
