//! Is there a cycle with exactly one anti-dependency? Only where the dependencies alone have
//! none.

use super::catalogue::big;
use super::cycles::Local;
use super::dependencies::{Edge, Link};
use super::graph::{Graph, topological_order};

/// An anti-dependency whose target comes before its source by dependencies, if there is one.
/// Exact and in O(edges x anti-dependencies / 64): paths are followed for 64 of them at a time.
pub(super) fn closed_anti_dependency(local: &Local) -> Option<Edge> {
    let dependencies = local.edges().iter().filter(|edge| edge.link != Link::Rw);
    let arcs = dependencies.map(|edge| (edge.from, edge.to));
    let graph = Graph::of(local.members.len(), arcs);
    let order = topological_order(&graph, &vec![0; local.members.len()])
        .expect("a cycle of dependencies was found before");
    let mut places = vec![0; local.members.len()];
    for (place, &member) in (0_u32..).zip(&order) {
        places[big(member)] = place;
    }
    let mut suspects: Vec<Edge> = local
        .edges()
        .iter()
        .filter(|edge| edge.link == Link::Rw && places[big(edge.to)] < places[big(edge.from)])
        .copied()
        .collect();
    suspects.sort_by_key(|edge| places[big(edge.to)]);
    let mut reached = vec![0_u64; local.members.len()];
    for batch in suspects.chunks(64) {
        reached.fill(0);
        for (bit, edge) in batch.iter().enumerate() {
            reached[big(edge.to)] |= 1 << bit;
        }
        let first = big(places[big(batch[0].to)]);
        let last = batch.iter().map(|edge| big(places[big(edge.from)])).max().unwrap_or(first);
        for &member in &order[first..=last] {
            let bits = reached[big(member)];
            if bits != 0 {
                for &target in graph.targets(member) {
                    reached[big(target)] |= bits;
                }
            }
        }
        let closed = (0..batch.len()).find(|&bit| reached[big(batch[bit].from)] >> bit & 1 == 1);
        if let Some(bit) = closed {
            return Some(batch[bit]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::NONE;
    use super::*;

    fn local(members: u32, edges: &[(u32, u32, Link)]) -> Local {
        let edge = |&(from, to, link)| Edge { from, to, link, version: NONE };
        Local::new((0..members).collect(), edges.iter().map(edge).collect())
    }

    #[test]
    fn one_is_found_among_hundreds_that_are_not_closed() {
        let ring = 300;
        let mut edges: Vec<(u32, u32, Link)> =
            (0..ring).map(|node| (node, (node + 1) % ring, Link::Rw)).collect();
        edges.extend((0..ring / 2 - 1).map(|half| (2 * half, 2 * half + 2, Link::Wr)));
        assert_eq!(closed_anti_dependency(&local(ring, &edges)), None);
        edges.push((298, 299, Link::Wr));
        let closed = closed_anti_dependency(&local(ring, &edges));
        assert_eq!(closed.map(|edge| (edge.from, edge.to)), Some((299, 0)));
    }
}
