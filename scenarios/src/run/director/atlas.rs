//! The fault atlas: which hosts have bad copies of what they promised to keep, and whether one more
//! would be one too many.
//!
//! The unit is the whole host: one that has a bad copy of anything counts as having one of
//! everything. That is coarse, and safe for every protocol. A host is counted from the moment at
//! which a fault that may do damage takes hold of its disk. (TigerBeetle's `ClusterFaultAtlas` does
//! the same by the chunk of each zone.)

use seedbed_sim::NodeId;

use super::Director;
use super::holds::Held;
use crate::format::RandomKind;
use crate::run::world::World;

/// What a fault may do to copies that a host has promised to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run::director) enum Damage {
    /// They may be gone without a trace.
    Lost,
    /// They may read wrong, so that a checksum can tell.
    Rotten,
}

/// On how many hosts the protocol tolerates bad copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Atlas {
    /// Lost without a trace.
    pub(crate) lost_max: usize,
    /// Lost, or rotten where it can be told.
    pub(crate) damaged_max: usize,
}

/// The kinds whose holds make a disk lie.
fn lies(kind: &str) -> bool {
    let lying = [RandomKind::LostWrites, RandomKind::TornWrites, RandomKind::MisdirectedWrites];
    lying.iter().any(|lying| lying.key() == kind)
}

impl Director {
    /// Keeps damage within the contract.
    pub(crate) fn with_atlas(mut self, atlas: Atlas) -> Director {
        self.atlas = Some(atlas);
        self
    }

    /// Whether damage to the disk of `host` is within the contract, beside what there is and what
    /// the same fault does to the hosts in `taken`.
    pub(super) fn may_damage(
        &self,
        host: NodeId,
        damage: Damage,
        taken: &[NodeId],
        world: &dyn World,
    ) -> bool {
        let Some(atlas) = self.atlas else {
            return true;
        };
        let is_bad = |other: &&NodeId| {
            **other != host && (taken.contains(other) || self.is_damaged(**other, damage, world))
        };
        let others = self.places.members.iter().filter(is_bad).count();
        match damage {
            Damage::Lost => {
                others < atlas.lost_max && self.may_damage(host, Damage::Rotten, taken, world)
            }
            // A second wrong bit might hide the first.
            Damage::Rotten => others < atlas.damaged_max && !world.disk_is_rotten(host),
        }
    }

    /// The faults of disks that have taken hold since this was last asked belong to a leaf, and are
    /// counted for it when they strike; true if there are any.
    pub(super) fn claim_strikes(&mut self, leaf: usize) -> bool {
        let mut any = false;
        for strike in self.strikes.iter_mut().filter(|strike| strike.leaf.is_none()) {
            strike.leaf = Some(leaf);
            any = true;
        }
        any
    }

    /// Enters into the books which faults of disks have struck.
    pub(super) fn count_strikes(&mut self, world: &dyn World) {
        for strike in std::mem::take(&mut self.strikes) {
            if world.disk_hits(strike.host, strike.hold) == 0 {
                continue;
            }
            *self.effects.entry(strike.kind).or_default() += 1;
            if let Some(leaf) = strike.leaf {
                self.tallies[leaf].took += 1;
            }
        }
    }

    fn is_damaged(&self, host: NodeId, damage: Damage, world: &dyn World) -> bool {
        let may_lie = || {
            let lying = self.active.values().filter(|active| lies(active.kind));
            let mut holds = lying.flat_map(|active| &active.holds);
            holds.any(|hold| matches!(hold.what, Held::Striking(it) if it == host))
        };
        let rotten = damage == Damage::Rotten && world.disk_is_rotten(host);
        rotten || world.disk_has_lied(host) || may_lie()
    }
}
