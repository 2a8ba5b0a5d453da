//! Cuts that stop messages of some kinds only.

use crate::id::NodeId;

#[derive(Clone, Debug)]
struct KindCut {
    hold: u32,
    /// In order.
    links: Vec<(NodeId, NodeId)>,
    /// In order.
    kinds: Vec<u16>,
}

/// Every cut of some kinds that is held.
#[derive(Clone, Debug, Default)]
pub(super) struct KindCuts(Vec<KindCut>);

impl KindCuts {
    /// Links and kinds must be sorted.
    pub(super) fn add(&mut self, hold: u32, links: Vec<(NodeId, NodeId)>, kinds: Vec<u16>) {
        self.0.push(KindCut { hold, links, kinds });
    }

    pub(super) fn narrow(&mut self, hold: u32, keep: impl Fn(NodeId, NodeId) -> bool) {
        for cut in self.0.iter_mut().filter(|cut| cut.hold == hold) {
            cut.links.retain(|&(from, to)| keep(from, to));
        }
    }

    pub(super) fn release(&mut self, hold: u32) {
        self.0.retain(|cut| cut.hold != hold);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a message of this kind cannot pass the link.
    pub(super) fn strike(&self, link: (NodeId, NodeId), kind: u16) -> bool {
        self.0.iter().any(|cut| {
            cut.kinds.binary_search(&kind).is_ok() && cut.links.binary_search(&link).is_ok()
        })
    }
}
