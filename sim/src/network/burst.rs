//! Loss in bursts: a chain of two states on each directed link, after Gilbert (1960).
//!
//! A link that has just lost a message loses the next one with the chance `p + c (1 - p)`, one that
//! has not with `p (1 - c)`, where `p` is the share of messages that are lost in the long run and
//! `c` how strongly a message's fate follows from that of the one before: the correlation of two
//! neighbours. So the share stays `p` whatever `c` is, and a burst is `1 / ((1 - p) (1 - c))`
//! messages long in the mean, where it would be `1 / (1 - p)` by itself.

use std::collections::BTreeMap;

use crate::id::NodeId;
use crate::rng::Chance;

/// For each link that has carried a message: whether the last one was lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Chains(BTreeMap<(NodeId, NodeId), bool>);

impl Chains {
    /// Whether the next message on the link is lost. The first one is with the long-run chance.
    pub(super) fn hits(
        &mut self,
        link: (NodeId, NodeId),
        loss: Chance,
        correlation: Chance,
        word: u32,
    ) -> bool {
        let chance = match self.0.get(&link) {
            None => loss,
            Some(true) => loss.or(correlation),
            Some(false) => loss.and(correlation.complement()),
        };
        let lost = chance.hits(word);
        self.0.insert(link, lost);
        lost
    }
}
