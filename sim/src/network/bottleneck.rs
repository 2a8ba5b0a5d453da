//! Which links carry only so much: by their kind, or because a fault throttles them.

use std::collections::BTreeMap;

use crate::config::LinkConfig;
use crate::id::NodeId;
use crate::network::Network;
use crate::network::capacity::{Capacity, Transmitter};

/// A directed link.
type LinkId = (NodeId, NodeId);

/// The limits that faults set, and the state of every link that ever met a limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bottlenecks {
    /// Whether some kind of link is limited from the start.
    configured: bool,
    throttles: Vec<Throttle>,
    transmitters: BTreeMap<LinkId, Transmitter>,
}

#[derive(Clone, Debug)]
struct Throttle {
    hold: u32,
    links: Vec<LinkId>,
    capacity: Capacity,
}

impl Bottlenecks {
    /// None yet, on links of these kinds.
    pub(super) fn new(classes: &[LinkConfig]) -> Self {
        let configured = classes.iter().any(|class| class.capacity.is_limited());
        Bottlenecks { configured, ..Bottlenecks::default() }
    }

    /// Whether any link may be limited: most networks have none.
    pub(super) fn any(&self) -> bool {
        self.configured || !self.throttles.is_empty()
    }

    fn tighten(&self, link: LinkId, capacity: Capacity) -> Capacity {
        let holding =
            self.throttles.iter().filter(|throttle| throttle.links.binary_search(&link).is_ok());
        holding.fold(capacity, |capacity, throttle| capacity.tightened_by(throttle.capacity))
    }
}

impl Network {
    /// What the link carries now.
    pub(crate) fn capacity(&self, from: NodeId, to: NodeId) -> Capacity {
        let class = &self.classes[self.class_of(self.link(from, to), from, to)];
        self.bottlenecks.tighten((from, to), class.capacity)
    }

    pub(crate) fn is_limited(&self, from: NodeId, to: NodeId) -> bool {
        self.bottlenecks.any() && self.capacity(from, to).is_limited()
    }

    /// Whether a message that leaves now finds room on its link.
    pub(crate) fn admits(&self, from: NodeId, to: NodeId, size: u64) -> bool {
        let transmitter = self.bottlenecks.transmitters.get(&(from, to));
        transmitter.is_none_or(|it| it.admits(size, &self.capacity(from, to)))
    }

    pub(crate) fn transmitter(&mut self, from: NodeId, to: NodeId) -> &mut Transmitter {
        self.bottlenecks.transmitters.entry((from, to)).or_default()
    }

    /// The same, if the link has ever met a limit.
    pub(crate) fn transmitter_if_any(
        &mut self,
        from: NodeId,
        to: NodeId,
    ) -> Option<&mut Transmitter> {
        self.bottlenecks.transmitters.get_mut(&(from, to))
    }

    /// Whether this limit is tighter than what the link has already.
    pub(crate) fn would_throttle(&self, link: LinkId, capacity: &Capacity) -> bool {
        let now = self.capacity(link.0, link.1);
        now.tightened_by(*capacity) != now
    }

    /// Limits links for as long as a fault holds them. Returns the links whose transmitters are at
    /// work, each with its capacity before.
    pub(crate) fn add_throttle(
        &mut self,
        hold: u32,
        mut links: Vec<LinkId>,
        capacity: Capacity,
    ) -> Vec<(LinkId, Capacity)> {
        links.sort_unstable();
        let before = self.capacities_at_work(&links);
        self.bottlenecks.throttles.push(Throttle { hold, links, capacity });
        self.unsettle();
        before
    }

    /// Ends a hold's throttle on the links that are chosen; returns the same.
    pub(crate) fn end_throttle(
        &mut self,
        hold: u32,
        chosen: impl Fn(NodeId, NodeId) -> bool,
    ) -> Vec<(LinkId, Capacity)> {
        let throttles = &self.bottlenecks.throttles;
        let Some(at) = throttles.iter().position(|throttle| throttle.hold == hold) else {
            return Vec::new();
        };
        let freed = |&(from, to): &LinkId| chosen(from, to);
        let links: Vec<_> = throttles[at].links.iter().copied().filter(freed).collect();
        let before = self.capacities_at_work(&links);
        self.bottlenecks.throttles[at].links.retain(|link| !freed(link));
        if self.bottlenecks.throttles[at].links.is_empty() {
            self.bottlenecks.throttles.remove(at);
        }
        self.settle_plain();
        before
    }

    fn capacities_at_work(&self, links: &[LinkId]) -> Vec<(LinkId, Capacity)> {
        let at_work = links.iter().filter(|link| self.bottlenecks.transmitters.contains_key(link));
        at_work.map(|&(from, to)| ((from, to), self.capacity(from, to))).collect()
    }
}
