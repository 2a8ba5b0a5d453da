//! Directed graphs as two flat arrays, their strong components and their topological orders.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::catalogue::{NONE, big, small};

/// A graph over nodes 0, 1, 2 ...: the targets of a node's arcs lie side by side.
pub(super) struct Graph {
    from: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// A graph of these arcs, which are asked for twice so that they need not be stored.
    pub fn of(nodes: usize, arcs: impl Iterator<Item = (u32, u32)> + Clone) -> Graph {
        let mut from = vec![0_u32; nodes + 1];
        for (source, _) in arcs.clone() {
            from[big(source) + 1] += 1;
        }
        for node in 0..nodes {
            from[node + 1] += from[node];
        }
        let mut next = from.clone();
        let mut targets = vec![0; big(from[nodes])];
        for (source, target) in arcs {
            targets[big(next[big(source)])] = target;
            next[big(source)] += 1;
        }
        Graph { from, targets }
    }

    pub fn nodes(&self) -> usize {
        self.from.len() - 1
    }

    pub fn targets(&self, node: u32) -> &[u32] {
        &self.targets[big(self.from[big(node)])..big(self.from[big(node) + 1])]
    }

    pub fn indegrees(&self) -> Vec<u32> {
        let mut indegrees = vec![0; self.nodes()];
        for &target in &self.targets {
            indegrees[big(target)] += 1;
        }
        indegrees
    }
}

/// Whether a graph has no cycle.
pub(super) fn is_acyclic(graph: &Graph) -> bool {
    let mut indegrees = graph.indegrees();
    let mut ready: Vec<u32> =
        (0..small(graph.nodes())).filter(|&node| indegrees[big(node)] == 0).collect();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        for &target in graph.targets(node) {
            indegrees[big(target)] -= 1;
            if indegrees[big(target)] == 0 {
                ready.push(target);
            }
        }
    }
    done == graph.nodes()
}

/// A topological order in which, of the nodes that may come next, that of the smallest rank
/// does; `None` if there is a cycle.
pub(super) fn topological_order(graph: &Graph, ranks: &[u64]) -> Option<Vec<u32>> {
    let mut indegrees = graph.indegrees();
    let entry = |node: u32| Reverse((ranks[big(node)], node));
    let mut ready: BinaryHeap<Reverse<(u64, u32)>> =
        (0..small(graph.nodes())).filter(|&node| indegrees[big(node)] == 0).map(entry).collect();
    let mut order = Vec::with_capacity(graph.nodes());
    while let Some(Reverse((_, node))) = ready.pop() {
        order.push(node);
        for &target in graph.targets(node) {
            indegrees[big(target)] -= 1;
            if indegrees[big(target)] == 0 {
                ready.push(entry(target));
            }
        }
    }
    (order.len() == graph.nodes()).then_some(order)
}

/// What Tarjan's algorithm remembers.
struct Tarjan<'g> {
    graph: &'g Graph,
    /// By node, when it was first met; [`NONE`] before that.
    met: Vec<u32>,
    /// By node, the earliest node on the stack known to be reachable from it.
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    /// Nodes being visited, each with the number of its arcs already followed.
    path: Vec<(u32, usize)>,
    clock: u32,
    components: Vec<Vec<u32>>,
}

/// The strong components of two nodes and more, each sorted, in the order of their first nodes
/// (Tarjan 1972, without recursion: histories are deeper than stacks).
pub(super) fn strong_components(graph: &Graph) -> Vec<Vec<u32>> {
    let nodes = graph.nodes();
    let mut tarjan = Tarjan {
        graph,
        met: vec![NONE; nodes],
        low: vec![0; nodes],
        on_stack: vec![false; nodes],
        stack: Vec::new(),
        path: Vec::new(),
        clock: 0,
        components: Vec::new(),
    };
    for node in 0..small(nodes) {
        if tarjan.met[big(node)] == NONE {
            tarjan.visit(node);
        }
    }
    tarjan.components.sort();
    tarjan.components
}

impl Tarjan<'_> {
    fn meet(&mut self, node: u32) {
        self.met[big(node)] = self.clock;
        self.low[big(node)] = self.clock;
        self.clock += 1;
        self.on_stack[big(node)] = true;
        self.stack.push(node);
        self.path.push((node, 0));
    }

    fn visit(&mut self, root: u32) {
        self.meet(root);
        while let Some((node, followed)) = self.path.last_mut() {
            let node = *node;
            let Some(&target) = self.graph.targets(node).get(*followed) else {
                self.path.pop();
                self.leave(node);
                continue;
            };
            *followed += 1;
            if self.met[big(target)] == NONE {
                self.meet(target);
            } else if self.on_stack[big(target)] {
                self.low[big(node)] = self.low[big(node)].min(self.met[big(target)]);
            }
        }
    }

    fn leave(&mut self, node: u32) {
        if let Some(&(parent, _)) = self.path.last() {
            self.low[big(parent)] = self.low[big(parent)].min(self.low[big(node)]);
        }
        if self.low[big(node)] != self.met[big(node)] {
            return;
        }
        let mut component = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[big(member)] = false;
            component.push(member);
            if member == node {
                break;
            }
        }
        if component.len() > 1 {
            component.sort_unstable();
            self.components.push(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_and_orders_of_a_small_graph() {
        let arcs = [(0, 1), (1, 2), (2, 1), (2, 3), (3, 4), (4, 5), (5, 3), (6, 0)];
        let graph = Graph::of(7, arcs.into_iter());
        assert!(!is_acyclic(&graph));
        assert_eq!(strong_components(&graph), [vec![1, 2], vec![3, 4, 5]]);
        assert_eq!(topological_order(&graph, &[0; 7]), None);
        let graph = Graph::of(4, [(3, 0), (3, 1), (1, 2)].into_iter());
        assert!(is_acyclic(&graph));
        assert_eq!(strong_components(&graph), Vec::<Vec<u32>>::new());
        assert_eq!(topological_order(&graph, &[9, 1, 2, 0]), Some(vec![3, 1, 2, 0]));
    }

    #[test]
    fn a_long_ring_needs_no_deep_stack() {
        let nodes = 300_000;
        let graph = Graph::of(big(nodes), (0..nodes).map(|node| (node, (node + 1) % nodes)));
        assert_eq!(strong_components(&graph).len(), 1);
        assert!(!is_acyclic(&graph));
    }
}
