//! Which links lie between which zones: a table of pairs of zones, however many hosts there are.

use crate::config::{LinkConfig, ZonesConfig};

#[derive(Clone, Debug)]
pub(super) struct Zones {
    /// By position, clients after hosts: 0 is no zone.
    of_node: Vec<u16>,
    /// How many zones there are, with the one that is none.
    count: usize,
    /// The kind of link from one zone to another, row by row; 0 is the one that is everywhere.
    classes: Vec<u16>,
}

impl Zones {
    /// `class_of` numbers kinds of links.
    pub(super) fn new(
        config: &ZonesConfig,
        (nodes, clients): (usize, usize),
        mut class_of: impl FnMut(LinkConfig) -> u16,
    ) -> Zones {
        let number =
            |zone: Option<&Option<u16>>| zone.copied().flatten().map_or(0, |zone| zone + 1);
        let hosts = (0..nodes).map(|host| number(config.hosts.get(host)));
        let clients = (0..clients).map(|client| number(config.clients.get(client)));
        let of_node: Vec<u16> = hosts.chain(clients).collect();
        let named = config.pairs.iter().map(|(from, to, _)| (*from).max(*to) + 1);
        let count = 1 + usize::from(of_node.iter().copied().chain(named).max().unwrap_or(0));
        let mut classes = vec![0; count * count];
        for (from, to, class) in &config.pairs {
            let at = (usize::from(*from) + 1) * count + usize::from(*to) + 1;
            classes[at] = class_of(class.clone());
        }
        Zones { of_node, count, classes }
    }

    /// The kind of the link between the nodes at two positions.
    pub(super) fn class(&self, from: usize, to: usize) -> usize {
        let [from, to] = [from, to].map(|position| usize::from(self.of_node[position]));
        usize::from(self.classes[from * self.count + to])
    }
}
