//! The order of transactions that dependencies do not show: that of each process, and real time.
//!
//! Intervals are closed: a transaction comes before another one in real time only if it ends
//! strictly before the other one starts. Within a process the order is that of the history.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::catalogue::{NONE, big, small};
use super::dependencies::{Edge, Link};
use super::level::Order;
use super::model::Txn;
use crate::process::Process;

/// Arcs that say who comes before whom, for graphs in which only reachability counts.
pub(super) struct TimeArcs {
    /// From a transaction to another one, or to and from moments.
    pub arcs: Vec<(u32, u32)>,
    /// Moments are nodes beyond the transactions: how many nodes there are in all.
    pub nodes: usize,
}

/// Orders all transactions with O(1) arcs each. The moment after the k-th end is a node: ends lead
/// to it, it leads to the next moment and to what starts before that.
pub(super) fn arcs(txns: &[Txn], order: Order) -> TimeArcs {
    let mut arcs = Vec::new();
    if order >= Order::Session {
        let all: Vec<u32> = (0..small(txns.len())).collect();
        session_pairs(txns, &all, |from, to| arcs.push((from, to)));
    }
    if order < Order::RealTime {
        return TimeArcs { arcs, nodes: txns.len() };
    }
    let mut ends: Vec<(u64, u32)> = (0_u32..)
        .zip(txns)
        .filter_map(|(index, txn)| txn.end_ns.map(|end_ns| (end_ns, index)))
        .collect();
    ends.sort_unstable();
    let moment = |place: usize| small(txns.len() + place);
    for (place, &(_, txn)) in ends.iter().enumerate() {
        arcs.push((txn, moment(place)));
        if place > 0 {
            arcs.push((moment(place - 1), moment(place)));
        }
    }
    for (index, txn) in (0_u32..).zip(txns) {
        let before = ends.partition_point(|&(end_ns, _)| end_ns < txn.start_ns);
        if before > 0 {
            arcs.push((moment(before - 1), index));
        }
    }
    TimeArcs { nodes: txns.len() + ends.len(), arcs }
}

/// Each two neighbours in a process. Only the last of a process can have an unknown end.
fn session_pairs(txns: &[Txn], members: &[u32], mut pair: impl FnMut(u32, u32)) {
    let mut last: BTreeMap<Process, u32> = BTreeMap::new();
    for (place, &member) in (0_u32..).zip(members) {
        if let Some(before) = last.insert(txns[big(member)].process, place) {
            pair(before, place);
        }
    }
}

/// The order of some transactions as edges between their places in `members`, which is sorted:
/// enough of them that paths give the whole order. Real time sweeps once over all starts and
/// ends with the frontier of what has ended and is before nothing else that has.
pub(super) fn edges(txns: &[Txn], members: &[u32], order: Order) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut push = |from, to, link| edges.push(Edge { from, to, link, version: NONE });
    if order >= Order::Session {
        session_pairs(txns, members, |from, to| push(from, to, Link::Session));
    }
    if order < Order::RealTime {
        return edges;
    }
    let txn = |place: u32| &txns[big(members[big(place)])];
    let places = 0..small(members.len());
    let mut starts: Vec<u32> = places.clone().collect();
    starts.sort_by_key(|&place| (txn(place).start_ns, place));
    let mut ends: Vec<u32> = places.filter(|&place| txn(place).end_ns.is_some()).collect();
    ends.sort_by_key(|&place| Reverse((txn(place).end_ns, place)));
    let mut frontier: Vec<u32> = Vec::new();
    for place in starts {
        while let Some(ended) = ends.pop_if(|ended| txn(*ended).end_ns < Some(txn(place).start_ns))
        {
            let starts_after = |before: &u32| txn(*before).end_ns < Some(txn(ended).start_ns);
            frontier.retain(|before| !starts_after(before));
            frontier.push(ended);
        }
        for &before in &frontier {
            push(before, place, Link::RealTime);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn txn(client: u32, start_ns: u64, end_ns: Option<u64>) -> Txn {
        Txn { operation: 0, process: Process::client(client), start_ns, end_ns }
    }

    fn pairs(txns: &[Txn], order: Order) -> Vec<(u32, u32)> {
        let members: Vec<u32> = (0..small(txns.len())).collect();
        edges(txns, &members, order).iter().map(|edge| (edge.from, edge.to)).collect()
    }

    #[test]
    fn equal_times_are_concurrent_between_processes_and_ordered_within_one() {
        let txns = [txn(1, 0, Some(5)), txn(2, 5, Some(9)), txn(1, 5, Some(6)), txn(3, 6, None)];
        assert_eq!(pairs(&txns, Order::Free), []);
        assert_eq!(pairs(&txns, Order::Session), [(0, 2)]);
        assert_eq!(pairs(&txns, Order::RealTime), [(0, 2), (0, 3)]);
    }

    #[test]
    fn what_is_before_something_that_ended_leaves_the_frontier() {
        let txns = [txn(1, 0, Some(1)), txn(2, 2, Some(3)), txn(3, 4, Some(5)), txn(4, 0, None)];
        assert_eq!(pairs(&txns, Order::RealTime), [(0, 1), (1, 2)]);
    }
}
