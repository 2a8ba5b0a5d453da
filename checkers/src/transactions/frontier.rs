//! A quick way to a pass: build the order of events from its beginning, greedily.
//!
//! The state of the search is a frontier: the events that have taken place, and for each key
//! whose order is open the version that is current (as dbcop does for serializability, Biswas and
//! Enea 2019, section 5). A version may be overwritten once all its readers have read; under
//! snapshot isolation, besides, only one transaction at a time may be between its snapshot and
//! its commit with a key to write. What can take place and overwrites nothing does so at once;
//! of the rest that goes first which must have taken place first as far as times tell
//! ([`super::windows`]). If
//! nothing can take place any more the last decision is taken another way, and no frontier is
//! visited twice.
//!
//! Only a few candidates are looked at each time, so that the search proves nothing when it
//! fails. In return its cost does not grow with the square of the history.

use std::collections::BTreeSet;
use std::fmt;

use super::catalogue::{NONE, big, small};
use super::dependencies::{Edge, Link};
use super::graph::Graph;
use super::level::{Condition, Order};
use super::model::Model;
use super::options::Budget;
use super::{time, windows};

/// Candidates that are looked at for one decision.
const CANDIDATES: usize = 64;

/// What a node of the graph does to open keys when it takes place.
#[derive(Clone, Default)]
struct Event {
    /// Versions that it reads.
    reads: Vec<u32>,
    /// Versions that it installs, with their keys.
    installs: Vec<(u32, u32)>,
    /// Keys of which it becomes the one writer, or stops being it.
    begins: Vec<u32>,
    ends: Vec<u32>,
}

struct Frontier {
    graph: Graph,
    events: Vec<Event>,
    ranks: Vec<u64>,
    waits_for: Vec<u32>,
    ready: BTreeSet<(u64, u32)>,
    /// By open key, its current version.
    current: Vec<u32>,
    /// By open key, whether somebody is between its snapshot and its commit with it.
    held: Vec<bool>,
    /// By version, readers that have not read; then by key, those of the initial state.
    unread: Vec<u32>,
    versions: usize,
    /// What took place, and the versions that each overwrote.
    placed: Vec<(u32, Vec<u32>)>,
    fingerprint: u128,
}

/// A decision: how many events were there before, and which of the ready ones was taken.
struct Decision {
    placed: usize,
    taken: (u64, u32),
    looked_at: usize,
}

/// Whether an order of events that keeps the condition was found within the budget.
pub(super) fn finds_order<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    edges: &[Edge],
    condition: Condition,
    order: Order,
    budget: &Budget,
) -> bool {
    let mut frontier = Frontier::of(model, edges, condition, order);
    let mut decisions: Vec<Decision> = Vec::new();
    let mut visited: BTreeSet<u128> = BTreeSet::new();
    let mut steps_left = budget.steps / 64;
    let mut after = None;
    loop {
        if after.is_none() {
            steps_left = steps_left.saturating_sub(frontier.take_free() / 8);
            if frontier.placed.len() == frontier.events.len() {
                return true;
            }
        }
        let room = u64::from(small(visited.len())) * 32 < budget.bytes;
        if steps_left == 0 || !room {
            return false;
        }
        steps_left -= 1;
        let fresh = after.is_some() || visited.insert(frontier.fingerprint);
        let (from, looked_at) = after.take().unwrap_or(((0, 0), 0));
        let next = if fresh { frontier.candidate(from, looked_at) } else { None };
        match next {
            Some((taken, looked_at)) => {
                decisions.push(Decision { placed: frontier.placed.len(), taken, looked_at });
                frontier.place(taken.1);
            }
            None => {
                let Some(decision) = decisions.pop() else { return false };
                frontier.go_back(decision.placed);
                after = Some(((decision.taken.0, decision.taken.1 + 1), decision.looked_at));
            }
        }
    }
}

impl Frontier {
    fn of<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        model: &Model<'_, K, V>,
        edges: &[Edge],
        condition: Condition,
        order: Order,
    ) -> Frontier {
        let parts = if condition == Condition::Serial { 1 } else { 2 };
        let txns = small(model.txns.len());
        let arcs = time::arcs(&model.txns, order);
        let (start, commit) = (|txn: u32| txn * parts, |txn: u32| txn * parts + parts - 1);
        let node =
            |node: u32, event: u32| if node < txns { event } else { node + txns * (parts - 1) };
        let dependencies = edges.iter().map(|edge| match edge.link {
            Link::Rw => (start(edge.from), commit(edge.to)),
            Link::Ww if condition == Condition::Prefix => (commit(edge.from), commit(edge.to)),
            Link::Ww | Link::Wr | Link::Session | Link::RealTime | Link::Seen => {
                (commit(edge.from), start(edge.to))
            }
        });
        let timed =
            arcs.arcs.iter().map(|&(from, to)| (node(from, commit(from)), node(to, start(to))));
        let within = (0..txns).filter(|_| parts == 2).map(|txn| (start(txn), commit(txn)));
        let nodes = arcs.nodes + model.txns.len() * (big(parts) - 1);
        let windows = windows::shrink(model, edges);
        let strict = condition == Condition::Serial && order == Order::RealTime;
        let orders = windows.orders.iter().filter(|_| strict).copied();
        let within = within.chain(orders);
        let graph = Graph::of(nodes, dependencies.chain(timed).chain(within));
        let waits_for = graph.indegrees();
        let mut frontier = Frontier {
            events: vec![Event::default(); nodes],
            ranks: (0..small(nodes))
                .map(|event| windows.latest.get(big(event / parts)).copied().unwrap_or(u64::MAX))
                .collect(),
            ready: BTreeSet::new(),
            current: (0..model.orders.len()).map(|_| NONE).collect(),
            held: vec![false; model.orders.len()],
            unread: vec![0; model.catalogue.versions.len() + model.orders.len()],
            versions: model.catalogue.versions.len(),
            placed: Vec::new(),
            fingerprint: 0,
            graph,
            waits_for,
        };
        frontier.add_open_keys(model, condition, parts);
        for event in 0..small(nodes) {
            if frontier.waits_for[big(event)] == 0 {
                frontier.ready.insert((frontier.ranks[big(event)], event));
            }
        }
        frontier
    }

    fn add_open_keys<K: Ord + fmt::Display, V: Ord + fmt::Display>(
        &mut self,
        model: &Model<'_, K, V>,
        condition: Condition,
        parts: u32,
    ) {
        let is_open = |key: u32| model.orders[big(key)].loose.len() > 1;
        for (key, order) in (0_u32..).zip(&model.orders) {
            for &version in order.loose.iter().filter(|_| is_open(key)) {
                let txn = model.writer(version);
                let commit = &mut self.events[big(txn * parts + parts - 1)];
                commit.installs.push((key, version));
                if condition == Condition::Snapshot {
                    commit.ends.push(key);
                    self.events[big(txn * parts)].begins.push(key);
                }
            }
        }
        for reading in &model.readings {
            let writer = model.writer(reading.version);
            if !is_open(reading.key) || writer == reading.txn {
                continue;
            }
            let read = match reading.version {
                NONE => small(self.versions) + reading.key,
                version => model.written(writer, reading.key).unwrap_or(version),
            };
            self.events[big(reading.txn * parts)].reads.push(read);
            self.unread[big(read)] += 1;
        }
    }

    fn unread_slot(&self, key: u32, version: u32) -> usize {
        if version == NONE { self.versions + big(key) } else { big(version) }
    }

    /// Whether an event that waits for nothing may take place.
    fn may_take_place(&self, event: u32) -> bool {
        let deeds = &self.events[big(event)];
        deeds.begins.iter().all(|&key| !self.held[big(key)] || deeds.ends.contains(&key))
            && deeds.installs.iter().all(|&(key, _)| {
                let slot = self.unread_slot(key, self.current[big(key)]);
                let own = deeds.reads.iter().filter(|&&read| big(read) == slot).count();
                big(self.unread[slot]) == own
            })
    }

    /// Lets everything take place that decides nothing, and counts it.
    fn take_free(&mut self) -> u64 {
        let mut taken = 0;
        loop {
            let is_free = |&&(_, event): &&(u64, u32)| {
                let deeds = &self.events[big(event)];
                deeds.installs.is_empty() && deeds.begins.is_empty()
            };
            let next = self.ready.iter().take(CANDIDATES).find(is_free).copied();
            let Some((_, event)) = next else { return taken };
            self.place(event);
            taken += 1;
        }
    }

    /// The next of the ready events, from `from` on, that may take place.
    fn candidate(&self, from: (u64, u32), looked_at: usize) -> Option<((u64, u32), usize)> {
        let left = CANDIDATES.saturating_sub(looked_at);
        let mut ready = self.ready.range(from..).take(left).enumerate();
        ready
            .find(|(_, entry)| self.may_take_place(entry.1))
            .map(|(place, entry)| (*entry, looked_at + place + 1))
    }

    fn place(&mut self, event: u32) {
        self.ready.remove(&(self.ranks[big(event)], event));
        let deeds = &self.events[big(event)];
        for &read in &deeds.reads {
            self.unread[big(read)] -= 1;
        }
        for &key in &deeds.begins {
            self.held[big(key)] = true;
        }
        for &key in &deeds.ends {
            self.held[big(key)] = false;
        }
        let installs = deeds.installs.iter();
        let overwritten = installs
            .map(|&(key, version)| std::mem::replace(&mut self.current[big(key)], version))
            .collect();
        for &target in self.graph.targets(event) {
            self.waits_for[big(target)] -= 1;
            if self.waits_for[big(target)] == 0 {
                self.ready.insert((self.ranks[big(target)], target));
            }
        }
        self.placed.push((event, overwritten));
        self.fingerprint ^= key_of(event);
    }

    /// Takes back what took place after the first `count` events.
    fn go_back(&mut self, count: usize) {
        while self.placed.len() > count {
            let (event, overwritten) = self.placed.pop().expect("there are more than `count`");
            for &target in self.graph.targets(event) {
                if self.waits_for[big(target)] == 0 {
                    self.ready.remove(&(self.ranks[big(target)], target));
                }
                self.waits_for[big(target)] += 1;
            }
            let deeds = &self.events[big(event)];
            for (&(key, _), version) in deeds.installs.iter().zip(overwritten) {
                self.current[big(key)] = version;
            }
            for &key in &deeds.ends {
                self.held[big(key)] = true;
            }
            for &key in &deeds.begins {
                self.held[big(key)] = false;
            }
            for &read in &deeds.reads {
                self.unread[big(read)] += 1;
            }
            self.ready.insert((self.ranks[big(event)], event));
            self.fingerprint ^= key_of(event);
        }
    }
}

/// A fixed random number for each event: a frontier is known by the sum of those that took place.
fn key_of(event: u32) -> u128 {
    let mix = |seed: u64| {
        let mut mixed = (seed + u64::from(event)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    u128::from(mix(1)) << 64 | u128::from(mix(1 << 40))
}
