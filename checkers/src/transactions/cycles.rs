//! Shortest cycles, the worst class first.

use std::collections::VecDeque;

use super::anomaly::{Class, Variant};
use super::catalogue::{NONE, big, small};
use super::dependencies::{Edge, Link};
use super::level::Order;

/// Some transactions and the edges between them, which name transactions by their places.
pub(super) struct Local {
    /// The transactions, sorted.
    pub members: Vec<u32>,
    edges: Vec<Edge>,
    from: Vec<u32>,
}

/// Edges that a search may follow before it is content with what it has found. Only the choice
/// of the witness depends on it, never a verdict.
const SEARCH_STEPS: u64 = 2_000_000;

impl Local {
    pub fn new(members: Vec<u32>, mut edges: Vec<Edge>) -> Local {
        edges.sort_unstable();
        edges.dedup();
        let mut from = vec![0; members.len() + 1];
        for edge in &edges {
            from[big(edge.from) + 1] += 1;
        }
        for member in 0..members.len() {
            from[member + 1] += from[member];
        }
        Local { members, edges, from }
    }

    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    fn edges_from(&self, member: u32) -> std::ops::Range<u32> {
        self.from[big(member)]..self.from[big(member) + 1]
    }

    /// The shortest cycle of the worst of `classes` that needs no more than `order`.
    pub fn worst_cycle(&self, classes: &[Class], order: Order) -> Option<(Class, Vec<Edge>)> {
        let orders = [Order::Free, Order::Session, Order::RealTime];
        for &class in classes {
            for &order in orders.iter().filter(|&&weaker| weaker <= order) {
                if let Some(cycle) = self.shortest_cycle(class, order) {
                    return Some((class, cycle));
                }
            }
        }
        None
    }

    /// The shortest cycle of a class.
    pub fn shortest_cycle(&self, class: Class, order: Order) -> Option<Vec<Edge>> {
        let search = Search { local: self, class, order };
        let mut best: Option<Vec<Edge>> = None;
        let mut steps = 0;
        for start in 0..small(self.edges.len()) {
            if self.edges[big(start)].link != class.first_link() {
                continue;
            }
            // Making room to mark what was reached is work, too.
            steps += u64::from(small(self.members.len())) / 8;
            let limit = best.as_ref().map_or(usize::MAX, Vec::len);
            if let Some(cycle) = search.cycle_through(start, limit, &mut steps) {
                best = Some(cycle);
            }
            let shortest_possible = best.as_ref().is_some_and(|cycle| cycle.len() == 2);
            if shortest_possible || steps > SEARCH_STEPS {
                break;
            }
        }
        best
    }

    /// The shortest cycle through an edge that otherwise follows only what `follow` admits.
    pub fn cycle_through(&self, start: Edge, follow: impl Fn(&Edge) -> bool) -> Option<Vec<Edge>> {
        let mut reached_by = vec![NONE; self.members.len()];
        let mut queue = VecDeque::from([start.to]);
        while let Some(member) = queue.pop_front() {
            for index in self.edges_from(member) {
                let edge = self.edges[big(index)];
                if edge.to != start.to && reached_by[big(edge.to)] == NONE && follow(&edge) {
                    reached_by[big(edge.to)] = index;
                    queue.push_back(edge.to);
                }
            }
        }
        let mut cycle = Vec::new();
        let mut member = start.from;
        while member != start.to {
            let index = reached_by[big(member)];
            if index == NONE {
                return None;
            }
            cycle.push(self.edges[big(index)]);
            member = self.edges[big(index)].from;
        }
        cycle.push(start);
        cycle.reverse();
        Some(cycle)
    }
}

impl Class {
    /// The link that every cycle of the class has, and that no worse class has.
    fn first_link(self) -> Link {
        match self {
            Class::G0 => Link::Ww,
            Class::G1c => Link::Wr,
            Class::GSingle | Class::GNonadjacent | Class::G2Item => Link::Rw,
        }
    }

    /// The class of a cycle.
    pub(super) fn of(cycle: &[Edge]) -> Class {
        let is_rw = |edge: &Edge| edge.link == Link::Rw;
        let adjacent =
            (0..cycle.len()).any(|at| is_rw(&cycle[at]) && is_rw(&cycle[(at + 1) % cycle.len()]));
        match cycle.iter().filter(|edge| is_rw(edge)).count() {
            0 if cycle.iter().any(|edge| edge.link == Link::Wr) => Class::G1c,
            0 => Class::G0,
            1 => Class::GSingle,
            _ if adjacent => Class::G2Item,
            _ => Class::GNonadjacent,
        }
    }
}

impl Variant {
    /// The order that a cycle needs.
    pub(super) fn of(cycle: &[Edge]) -> Variant {
        let has = |link| cycle.iter().any(|edge| edge.link == link);
        if has(Link::RealTime) {
            Variant::RealTime
        } else if has(Link::Session) {
            Variant::Process
        } else {
            Variant::Plain
        }
    }
}

struct Search<'l> {
    local: &'l Local,
    class: Class,
    order: Order,
}

impl Search<'_> {
    /// Where an edge leads: into layer 1 by an anti-dependency if none may follow it, else into
    /// layer 0; `None` if the class does not have it here.
    fn layer(&self, layer: u32, link: Link) -> Option<u32> {
        match link {
            Link::Ww => Some(0),
            Link::Wr => (self.class != Class::G0).then_some(0),
            Link::Rw => match self.class {
                Class::G0 | Class::G1c | Class::GSingle => None,
                Class::GNonadjacent => (layer == 0).then_some(1),
                Class::G2Item => Some(0),
            },
            Link::Session => (self.order >= Order::Session).then_some(0),
            Link::RealTime => (self.order >= Order::RealTime).then_some(0),
            Link::Seen => None,
        }
    }

    /// The shortest cycle through an edge, if it is shorter than `limit`.
    fn cycle_through(&self, start: u32, limit: usize, steps: &mut u64) -> Option<Vec<Edge>> {
        let edges = &self.local.edges;
        let first = edges[big(start)];
        let layer = u32::from(self.class == Class::GNonadjacent);
        let state = |member: u32, layer: u32| big(member * 2 + layer);
        let mut reached_by = vec![(NONE, NONE); self.local.members.len() * 2];
        let mut queue = VecDeque::from([(first.to, layer, 1)]);
        let goal = state(first.from, 0);
        while let Some((member, layer, length)) = queue.pop_front() {
            if length + 1 >= limit || reached_by[goal].0 != NONE {
                break;
            }
            for index in self.local.edges_from(member) {
                let edge = edges[big(index)];
                *steps += 1;
                let Some(next) = self.layer(layer, edge.link) else { continue };
                let reached = &mut reached_by[state(edge.to, next)];
                if reached.0 == NONE {
                    *reached = (index, layer);
                    queue.push_back((edge.to, next, length + 1));
                }
            }
        }
        let mut cycle = Vec::new();
        let (mut at, mut at_layer) = (first.from, 0);
        while (at, at_layer) != (first.to, layer) {
            let (index, before) = reached_by[state(at, at_layer)];
            if index == NONE {
                return None;
            }
            cycle.push(edges[big(index)]);
            (at, at_layer) = (edges[big(index)].from, before);
        }
        cycle.push(first);
        cycle.reverse();
        Some(cycle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(edges: &[(u32, u32, Link)]) -> Local {
        let edges = edges
            .iter()
            .map(|&(from, to, link)| Edge { from, to, link, version: NONE })
            .collect::<Vec<Edge>>();
        let most = edges.iter().map(|edge| edge.from.max(edge.to)).max().unwrap();
        Local::new((0..=most).collect(), edges)
    }

    #[test]
    fn the_worst_class_goes_before_a_shorter_cycle() {
        use Link::{Rw, Wr, Ww};
        let graph = local(&[(0, 1, Rw), (1, 0, Rw), (0, 2, Ww), (2, 3, Wr), (3, 0, Ww)]);
        let (class, cycle) = graph.worst_cycle(&Class::ALL, Order::Free).unwrap();
        assert_eq!((class, cycle.len()), (Class::G1c, 3));
        assert_eq!(Class::of(&cycle), Class::G1c);
        let (class, cycle) =
            graph.worst_cycle(&[Class::GSingle, Class::G2Item], Order::Free).unwrap();
        assert_eq!((class, cycle.len()), (Class::G2Item, 2));
    }

    #[test]
    fn two_anti_dependencies_apart_are_nonadjacent_and_in_a_row_they_are_not() {
        use Link::{Rw, Wr};
        let apart = local(&[(0, 1, Rw), (1, 2, Wr), (2, 3, Rw), (3, 0, Wr)]);
        let (class, cycle) = apart.worst_cycle(&Class::ALL, Order::Free).unwrap();
        assert_eq!((class, cycle.len()), (Class::GNonadjacent, 4));
        assert_eq!(Class::of(&cycle), Class::GNonadjacent);
        let in_a_row = local(&[(0, 1, Rw), (1, 2, Rw), (2, 3, Wr), (3, 0, Wr)]);
        let (class, cycle) = in_a_row.worst_cycle(&Class::ALL, Order::Free).unwrap();
        assert_eq!((class, Class::of(&cycle)), (Class::G2Item, Class::G2Item));
    }

    #[test]
    fn time_is_used_only_where_the_order_has_it() {
        let graph = local(&[(0, 1, Link::Rw), (1, 0, Link::RealTime)]);
        assert_eq!(graph.worst_cycle(&Class::ALL, Order::Session), None);
        let (class, cycle) = graph.worst_cycle(&Class::ALL, Order::RealTime).unwrap();
        assert_eq!((class, Variant::of(&cycle)), (Class::GSingle, Variant::RealTime));
    }
}
