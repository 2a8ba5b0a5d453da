//! Partitions: who is cut off from whom.

use seedbed_sim::rng::Rng;
use seedbed_sim::{Fault, NodeId};

use super::{Grip, links_of};
use crate::format::{
    ClientCut, Direction, Partition, PartitionShape, RING_HOSTS_MIN, Selector, Targets,
};
use crate::run::build::links_between;
use crate::run::director::holds::{Held, list};
use crate::run::director::{Director, Fired};
use crate::run::world::World;

impl Director {
    pub(in crate::run::director) fn fire_partition(
        &mut self,
        leaf: usize,
        partition: &Partition,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let names = partition.kinds.as_deref().unwrap_or_default();
        let kinds: Option<Vec<u16>> = names.iter().map(|name| world.kind_index(name)).collect();
        let (Some(grip), Some(kinds)) = (self.grip_partition(partition, rng, world), kinds) else {
            return Fired::Unresolved;
        };
        let grip = if kinds.is_empty() { grip } else { only_kinds(grip, &kinds, names) };
        let fired = self.take("partition", grip, partition.duration, world);
        if let (Fired::Took, Some(flap)) = (fired, partition.flap) {
            let tally = &self.tallies[leaf];
            let name = partition.name.clone().unwrap_or_else(|| tally.path.clone());
            self.begin_flapping(flap, (&name, tally.reached), world);
        }
        fired
    }

    fn grip_partition(
        &self,
        partition: &Partition,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        let members = &self.places.members;
        match partition.shape() {
            PartitionShape::Groups(groups) => {
                self.resolve_groups(groups, rng, world).map(|groups| grip_groups(&groups))
            }
            PartitionShape::Isolate(targets) => {
                let hosts = self.resolver(world, rng).targets(targets)?;
                Some(grip_isolation(&hosts, members))
            }
            PartitionShape::OneWay(Direction { from, to }) => {
                let groups = [from.clone(), to.clone()];
                let groups = self.resolve_groups(&groups, rng, world)?;
                Some(grip_one_way(&groups[0], &groups[1]))
            }
            PartitionShape::Bridge(targets) => {
                let bridges = self.resolver(world, rng).targets(targets)?;
                Some(grip_bridge(&bridges, members, rng))
            }
            PartitionShape::MajoritiesRing => Some(grip_ring(members, rng)),
            PartitionShape::Minority => {
                let most = members.len().saturating_sub(1) / 2;
                let size = 1 + rng.below(most.max(1) as u64) as usize;
                Some(grip_split(size, members, rng))
            }
            PartitionShape::Halves => Some(grip_split(members.len() / 2, members, rng)),
            PartitionShape::Clients(ClientCut { select, from }) => {
                let mut resolver = self.resolver(world, rng);
                let (clients, hosts) = (resolver.targets(select)?, resolver.targets(from)?);
                Some(grip_clients(&clients, &hosts))
            }
        }
    }

    /// Whom each group means. Of groups that overlap the first has whom they share; `rest` is what
    /// all of them leave, wherever it stands. None if a group's selector means nobody now.
    pub(in crate::run::director) fn resolve_groups(
        &self,
        groups: &[Targets],
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Vec<Vec<NodeId>>> {
        let mut resolver = self.resolver(world, rng);
        let mut resolved: Vec<Vec<NodeId>> = vec![Vec::new(); groups.len()];
        for wants_rest in [false, true] {
            for (group, found) in groups.iter().zip(&mut resolved) {
                for selector in &group.0 {
                    if matches!(selector, Selector::Rest) != wants_rest {
                        continue;
                    }
                    let meant = resolver.selector(selector);
                    if meant.is_empty() && !wants_rest {
                        return None;
                    }
                    for host in meant {
                        if !resolver.taken.contains(&host) {
                            resolver.taken.push(host);
                            found.push(host);
                        }
                    }
                }
            }
        }
        Some(resolved)
    }
}

/// The same for messages of some kinds. No host is isolated then, so that it is all one.
fn only_kinds(grip: Grip, kinds: &[u16], names: &[String]) -> Grip {
    let holds = grip.holds.into_iter().map(|(fault, held)| match fault {
        Fault::Cut(links) => {
            let held = Held::Cut { links: links.clone(), groups: vec![], kinds: kinds.to_vec() };
            (Fault::CutKinds(links, kinds.to_vec()), held)
        }
        other => (other, held),
    });
    Grip { text: format!("{} of {}", grip.text, names.join(", ")), holds: holds.collect() }
}

fn grip_cut(text: String, links: Vec<(NodeId, NodeId)>, groups: Vec<Vec<NodeId>>) -> Grip {
    let held = Held::Cut { links: links.clone(), groups, kinds: Vec::new() };
    Grip { text, holds: vec![(Fault::Cut(links), held)] }
}

pub(in crate::run::director) fn grip_groups(groups: &[Vec<NodeId>]) -> Grip {
    let words: Vec<String> = groups.iter().map(|group| format!("{{{}}}", list(group))).collect();
    let hosts = |group: &Vec<NodeId>| group.iter().copied().filter(|it| !it.is_client()).collect();
    let held = groups.iter().map(hosts).collect();
    grip_cut(format!("partition {}", words.join("|")), links_across(groups), held)
}

/// Every link between different groups, in both directions.
fn links_across(groups: &[Vec<NodeId>]) -> Vec<(NodeId, NodeId)> {
    let mut links = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        for other in &groups[index + 1..] {
            links.extend(links_between(group, other));
            links.extend(links_between(other, group));
        }
    }
    links
}

/// Each of these is cut off from every other host, by a hold of its own: to heal one of them does
/// not reconnect it with another.
pub(in crate::run::director) fn grip_isolation(hosts: &[NodeId], members: &[NodeId]) -> Grip {
    let holds = hosts.iter().map(|host| {
        let links = links_of(&[*host], members);
        (Fault::Cut(links), Held::Isolated(*host))
    });
    Grip { text: format!("partition isolates {}", list(hosts)), holds: holds.collect() }
}

pub(in crate::run::director) fn grip_one_way(from: &[NodeId], to: &[NodeId]) -> Grip {
    let text = format!("partition {} -x-> {}", list(from), list(to));
    grip_cut(text, links_between(from, to), Vec::new())
}

fn shuffled(hosts: &[NodeId], rng: &mut Rng) -> Vec<NodeId> {
    let mut order = hosts.to_vec();
    rng.shuffle(&mut order);
    order
}

/// So many drawn hosts on one side, all others on the other.
fn grip_split(size: usize, members: &[NodeId], rng: &mut Rng) -> Grip {
    let mut group = shuffled(members, rng);
    let mut others = group.split_off(size);
    group.sort_unstable();
    others.sort_unstable();
    grip_groups(&[group, others])
}

/// The others fall into two drawn halves, and the bridges see both. Nobody is isolated.
pub(in crate::run::director) fn grip_bridge(
    bridges: &[NodeId],
    members: &[NodeId],
    rng: &mut Rng,
) -> Grip {
    let others: Vec<NodeId> =
        members.iter().copied().filter(|host| !bridges.contains(host)).collect();
    let mut left = shuffled(&others, rng);
    let mut right = left.split_off(others.len() / 2);
    left.sort_unstable();
    right.sort_unstable();
    let text =
        format!("partition {{{}}}|{{{}}} bridged by {}", list(&left), list(&right), list(bridges));
    grip_cut(text, links_across(&[left, right]), Vec::new())
}

/// How far each host of a ring sees to both sides: just so far that it sees a majority, itself
/// included.
///
/// A window of `2 * reach + 1` hosts that is smaller than the ring is another one for each host, so
/// no two see the same majority. Of two and three hosts every window is the whole ring.
fn ring_reach(hosts: usize) -> usize {
    (hosts / 2).div_ceil(2)
}

/// Each host sees a majority of its own; none if there are too few hosts for that.
pub(in crate::run::director) fn grip_ring(members: &[NodeId], rng: &mut Rng) -> Grip {
    let ring = shuffled(members, rng);
    let mut links = Vec::new();
    if ring.len() as u64 >= RING_HOSTS_MIN {
        let reach = ring_reach(ring.len());
        for (at, host) in ring.iter().enumerate() {
            for step in reach + 1..ring.len() - reach {
                links.push((*host, ring[(at + step) % ring.len()]));
            }
        }
    }
    grip_cut(format!("partition ring of majorities {}", list(&ring)), links, Vec::new())
}

fn grip_clients(clients: &[NodeId], hosts: &[NodeId]) -> Grip {
    let mut links = links_between(clients, hosts);
    links.extend(links_between(hosts, clients));
    grip_cut(format!("partition {{{}}}|{{{}}}", list(clients), list(hosts)), links, Vec::new())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use seedbed_sim::rng::{Purpose, Streams};

    use super::*;

    fn cut_links(grip: &Grip) -> Vec<(NodeId, NodeId)> {
        match &grip.holds[0].0 {
            Fault::Cut(links) => links.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn hosts(count: u32) -> Vec<NodeId> {
        (0..count).map(NodeId::host).collect()
    }

    /// Whom a host can both hear and reach, itself included.
    fn seen(host: NodeId, members: &[NodeId], cut: &[(NodeId, NodeId)]) -> BTreeSet<NodeId> {
        let sees =
            |other: &&NodeId| !cut.contains(&(host, **other)) && !cut.contains(&(**other, host));
        members.iter().filter(sees).copied().collect()
    }

    #[test]
    fn in_a_ring_of_any_size_each_host_sees_a_majority_of_its_own() {
        let mut rng = Streams::new(1).open(Purpose::Fault, 0);
        for count in 4..40 {
            let members = hosts(count);
            let cut = cut_links(&grip_ring(&members, &mut rng));
            let views: BTreeSet<_> =
                members.iter().map(|host| seen(*host, &members, &cut)).collect();
            assert_eq!(views.len(), members.len(), "{count} hosts: no two see the same");
            for view in &views {
                assert!(view.len() > members.len() / 2, "{count} hosts: {view:?}");
                // The least that is symmetric: one more where a majority is even.
                assert!(view.len() <= members.len() / 2 + 2, "{count} hosts: {view:?}");
            }
        }
        for count in 0..4 {
            assert_eq!(cut_links(&grip_ring(&hosts(count), &mut rng)), []);
        }
    }

    #[test]
    fn a_bridge_sees_everybody_and_the_halves_see_only_it() {
        let mut rng = Streams::new(1).open(Purpose::Fault, 0);
        for count in 3..12_u32 {
            let members = hosts(count);
            let bridge = members[1];
            let cut = cut_links(&grip_bridge(&[bridge], &members, &mut rng));
            assert_eq!(seen(bridge, &members, &cut).len(), members.len());
            let smaller = (members.len() - 1) / 2;
            let sizes: BTreeSet<usize> = members
                .iter()
                .filter(|host| **host != bridge)
                .map(|host| seen(*host, &members, &cut).len() - 1)
                .collect();
            assert_eq!(sizes, BTreeSet::from([smaller, members.len() - 1 - smaller]));
        }
    }
}
