//! How the edges between transactions become arcs between events, so that a level holds exactly
//! if the arcs have no cycle.
//!
//! Serializability has one event for each transaction. Under snapshot isolation a transaction has
//! two, its snapshot and its commit: what it depends on is committed before its snapshot, and
//! what overwrites a version that it read is committed after it. No cycle of such arcs is no
//! cycle of edges without two anti-dependencies in a row (Cerone and Gotsman 2016). A prefix is
//! the same, but for conflicting writes only the order of the commits counts.

use std::fmt;

use super::catalogue::{big, small};
use super::cycles::Local;
use super::dependencies::{Edge, Link};
use super::graph::{Graph, strong_components};
use super::level::Condition;
use super::model::Model;

/// What edges mean under one condition.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    pub condition: Condition,
}

impl Encoding {
    /// Events of each transaction.
    pub fn parts(self) -> u32 {
        match self.condition {
            Condition::Prefix | Condition::Snapshot => 2,
            Condition::Writes
            | Condition::Dependencies
            | Condition::Cursor
            | Condition::Monotonic
            | Condition::Atomic
            | Condition::Causal
            | Condition::Single
            | Condition::Serial => 1,
        }
    }

    pub fn events(self, members: usize) -> usize {
        members * big(self.parts())
    }

    /// The event at which the writes of a transaction take place.
    pub fn commit(self, member: u32) -> u32 {
        (member + 1) * self.parts() - 1
    }

    /// The arc of an edge, if the condition looks at it. Under [`Condition::Single`] an
    /// anti-dependency is no arc: it forbids a path back.
    pub fn arc<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        self,
        model: &Model<'_, K, V>,
        local: &Local,
        edge: &Edge,
    ) -> Option<(u32, u32)> {
        let (start, commit) = (|member: u32| member * self.parts(), |member| self.commit(member));
        match (self.condition, edge.link) {
            (Condition::Writes, Link::Wr | Link::Rw)
            | (Condition::Dependencies | Condition::Single, Link::Rw) => None,
            (Condition::Prefix, Link::Ww) => Some((commit(edge.from), commit(edge.to))),
            (Condition::Cursor, Link::Rw) => {
                let key = model.catalogue.versions[big(edge.version)].key;
                let writes = model.written(local.members[big(edge.from)], key).is_some();
                writes.then_some((edge.from, edge.to))
            }
            (_, Link::Rw) => Some((start(edge.from), commit(edge.to))),
            (_, Link::Ww | Link::Wr | Link::Session | Link::RealTime | Link::Seen) => {
                Some((commit(edge.from), start(edge.to)))
            }
        }
    }

    /// All arcs of some transactions, also those from snapshots to commits.
    pub fn arcs<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        self,
        model: &Model<'_, K, V>,
        local: &Local,
    ) -> Vec<(u32, u32)> {
        let edges = local.edges().iter();
        let mut arcs: Vec<(u32, u32)> =
            edges.filter_map(|edge| self.arc(model, local, edge)).collect();
        if self.parts() == 2 {
            arcs.extend((0..small(local.members.len())).map(|txn| (2 * txn, 2 * txn + 1)));
        }
        arcs
    }

    /// A shortest cycle of arcs within one strong component of them, as edges.
    pub fn shortest_cycle<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        self,
        model: &Model<'_, K, V>,
        local: &Local,
    ) -> Option<Vec<Edge>> {
        let graph =
            Graph::of(self.events(local.members.len()), self.arcs(model, local).iter().copied());
        let component = strong_components(&graph).into_iter().min_by_key(Vec::len)?;
        let path = shortest_loop(&graph, &component);
        let edge_of = |pair: [u32; 2]| {
            let mut edges = local.edges().iter();
            let found = edges.find(|edge| self.arc(model, local, edge) == Some(pair.into()));
            found.copied()
        };
        let pairs = (0..path.len()).map(|at| [path[at], path[(at + 1) % path.len()]]);
        Some(pairs.filter_map(edge_of).collect())
    }
}

/// Nodes that may be visited in search of the shortest cycle: from a few starts in a strong
/// component that is large, from all of one that is small.
const VISITS: usize = 400_000;

/// The nodes of a shortest cycle through some of the first nodes of a strong component.
fn shortest_loop(graph: &Graph, component: &[u32]) -> Vec<u32> {
    let mut best: Vec<u32> = Vec::new();
    for &start in component.iter().take(1 + VISITS / component.len()) {
        let mut before = std::collections::BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for &target in graph.targets(node) {
                before.entry(target).or_insert_with(|| {
                    queue.push_back(target);
                    node
                });
            }
            if before.contains_key(&start) {
                break;
            }
        }
        let mut nodes = vec![start];
        let mut node = before[&start];
        while node != start {
            nodes.push(node);
            node = before[&node];
        }
        nodes.reverse();
        if best.is_empty() || nodes.len() < best.len() {
            best = nodes;
        }
    }
    best
}
