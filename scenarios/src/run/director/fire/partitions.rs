//! Partitions: who is cut off from whom.

use seedbed_sim::NodeId;
use seedbed_sim::rng::Rng;

use super::{Grip, links_of};
use crate::format::{Direction, Partition, PartitionShape, Selector, Targets};
use crate::run::build::links_between;
use crate::run::director::Director;
use crate::run::director::holds::{Held, list};
use crate::run::world::World;

impl Director {
    pub(in crate::run::director) fn grip_partition(
        &self,
        partition: &Partition,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        match partition.shape() {
            PartitionShape::Groups(groups) => {
                self.resolve_groups(groups, rng, world).map(|groups| grip_groups(&groups))
            }
            PartitionShape::Isolate(targets) => {
                let hosts = self.resolver(world, rng).targets(targets)?;
                Some(grip_isolation(&hosts, &self.places.members))
            }
            PartitionShape::OneWay(Direction { from, to }) => {
                let groups = [from.clone(), to.clone()];
                let groups = self.resolve_groups(&groups, rng, world)?;
                Some(grip_one_way(&groups[0], &groups[1]))
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

pub(in crate::run::director) fn grip_groups(groups: &[Vec<NodeId>]) -> Grip {
    let mut links = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        for other in &groups[index + 1..] {
            links.extend(links_between(group, other));
            links.extend(links_between(other, group));
        }
    }
    let words: Vec<String> = groups.iter().map(|group| format!("{{{}}}", list(group))).collect();
    let hosts = |group: &Vec<NodeId>| group.iter().copied().filter(|it| !it.is_client()).collect();
    let held = Held::Cut { links: links.clone(), groups: groups.iter().map(hosts).collect() };
    Grip {
        text: format!("partition {}", words.join("|")),
        holds: vec![(seedbed_sim::Fault::Cut(links), held)],
    }
}

/// Each of these is cut off from every other host, by a hold of its own: to heal one of them does
/// not reconnect it with another.
pub(in crate::run::director) fn grip_isolation(hosts: &[NodeId], members: &[NodeId]) -> Grip {
    let holds = hosts.iter().map(|host| {
        let links = links_of(&[*host], members);
        (seedbed_sim::Fault::Cut(links), Held::Isolated(*host))
    });
    Grip { text: format!("partition isolates {}", list(hosts)), holds: holds.collect() }
}

pub(in crate::run::director) fn grip_one_way(from: &[NodeId], to: &[NodeId]) -> Grip {
    let links = links_between(from, to);
    let held = Held::Cut { links: links.clone(), groups: Vec::new() };
    Grip {
        text: format!("partition {} -x-> {}", list(from), list(to)),
        holds: vec![(seedbed_sim::Fault::Cut(links), held)],
    }
}
