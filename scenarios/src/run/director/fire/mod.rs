//! Faults one by one: whom each takes, and what it takes.

mod hosts;
mod network;
mod partitions;

use seedbed_sim::rng::Rng;
use seedbed_sim::{NodeId, Shaping};

pub(super) use self::hosts::{grip_crash, grip_pause};
pub(super) use self::network::{describe_delay, grip_clog, grip_shape, percent};
pub(super) use self::partitions::{
    grip_bridge, grip_groups, grip_isolation, grip_one_way, grip_ring,
};
use super::holds::{Held, Hold, list};
use super::select::Resolver;
use super::{Director, Fired};
use crate::format::{Fault, Nanos, Targets};
use crate::run::build::{chance, distribution, links_between};
use crate::run::world::World;

/// What a fault takes, before it does.
pub(super) struct Grip {
    pub(super) text: String,
    pub(super) holds: Vec<(seedbed_sim::Fault, Held)>,
}

/// Directed links, by the two ends.
type Links = Vec<(NodeId, NodeId)>;

impl Director {
    pub(super) fn resolver<'a>(&'a self, world: &'a dyn World, rng: &'a mut Rng) -> Resolver<'a> {
        Resolver { places: &self.places, world, bound: &self.bound, rng, taken: Vec::new() }
    }

    /// Lets one fault take what it means now.
    pub(super) fn fire_fault(
        &mut self,
        leaf: usize,
        fault: &Fault,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let lasts = fault.duration();
        let grip = match fault {
            Fault::Partition(partition) => {
                return self.fire_partition(leaf, partition, rng, world);
            }
            Fault::Clog(clog) => {
                let ends = (&clog.select, &clog.from, &clog.to);
                self.hosts_links(ends, rng, world).map(|(links, text)| grip_clog(links, &text))
            }
            Fault::Crash(crash) => self.grip_crash(crash, rng, world),
            Fault::Pause(pause) => {
                let hosts = self.resolver(world, rng).targets(&pause.select);
                hosts.map(|hosts| grip_pause(&hosts))
            }
            Fault::Loss(f) => {
                let (loss, loss_correlation) =
                    (chance(f.chance), chance(f.correlation.unwrap_or_default()));
                let what = match f.correlation {
                    None => format!("loss of {}", f.chance),
                    Some(correlation) => {
                        format!("loss of {} with correlation {correlation}", f.chance)
                    }
                };
                let shaping = Shaping { loss, loss_correlation, ..Shaping::default() };
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Duplicate(f) => {
                let shaping = Shaping { duplicate: chance(f.chance), ..Shaping::default() };
                let what = format!("duplicates of {}", f.chance);
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Reorder(f) => {
                let reorder_delay = f.by.as_ref().map(distribution);
                let what = match &reorder_delay {
                    None => format!("reordering of {}", f.chance),
                    Some(by) => format!("reordering of {} by {}", f.chance, describe_delay(by)),
                };
                let reorder = chance(f.chance);
                let shaping = Shaping { reorder, reorder_delay, ..Shaping::default() };
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Delay(f) => {
                let delay = distribution(&f.by);
                let what = format!("delay by {}", describe_delay(&delay));
                let shaping = Shaping { delay, ..Shaping::default() };
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Corrupt(f) => {
                let shaping = Shaping { corrupt: chance(f.chance), ..Shaping::default() };
                let what = format!("corruption of {}", f.chance);
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Misdirect(f) => {
                let shaping = Shaping { misdirect: chance(f.chance), ..Shaping::default() };
                let what = format!("misdirection of {}", f.chance);
                self.grip_shape(what, shaping, f.traffic(), rng, world)
            }
            Fault::Message(message) => return self.place_rule(leaf, message, rng, world),
            Fault::SwizzleClog(f) => return self.fire_swizzle(f, rng, world),
            Fault::Unclog(f) => {
                let ends = (&f.select, &f.from, &f.to);
                let Some((links, text)) = self.hosts_links(ends, rng, world) else {
                    return Fired::Unresolved;
                };
                let freed = self.unclog(&links, world);
                return repaired("unclog", &text, freed, world);
            }
            Fault::Heal(heal) => return self.fire_heal(heal.select.as_ref(), rng, world),
            Fault::Restart(restart) => {
                let Some(hosts) = self.resolver(world, rng).targets(&restart.select) else {
                    return Fired::Unresolved;
                };
                let any = self.restart_hosts(&hosts, world);
                return repaired("restart", &list(&hosts), any, world);
            }
            // Their parts are fired one by one.
            Fault::Sequence(_) | Fault::Random(_) => return Fired::Idle,
        };
        match grip {
            None => Fired::Unresolved,
            Some(grip) => self.take(fault.key(), grip, lasts, world),
        }
    }

    /// Takes what a fault wants; it takes effect if it gets any of it.
    pub(super) fn take(
        &mut self,
        kind: &'static str,
        grip: Grip,
        lasts: Option<Nanos>,
        world: &mut dyn World,
    ) -> Fired {
        let mut holds = Vec::new();
        for (fault, what) in grip.holds {
            if let Some(id) = world.inject(fault) {
                holds.push(Hold { id, what });
            }
        }
        if holds.is_empty() {
            return Fired::Idle;
        }
        self.activate(kind, grip.text, holds, lasts, world);
        Fired::Took
    }

    fn fire_heal(
        &mut self,
        select: Option<&Targets>,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(select) = select else {
            let any = self.heal_all(world);
            return repaired("heal", "all", any, world);
        };
        let Some(hosts) = self.resolver(world, rng).targets(select) else {
            return Fired::Unresolved;
        };
        let any = self.heal_hosts(&hosts, world);
        repaired("heal", &list(&hosts), any, world)
    }
}

fn repaired(kind: &'static str, text: &str, any: bool, world: &mut dyn World) -> Fired {
    if !any {
        return Fired::Idle;
    }
    world.trace_fault(kind, &format!("{kind} {text}"));
    Fired::Took
}

/// Every link of some hosts, in both directions.
pub(super) fn links_of(hosts: &[NodeId], members: &[NodeId]) -> Links {
    let mut links = links_between(hosts, members);
    for link in links_between(members, hosts) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}
