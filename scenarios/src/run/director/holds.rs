//! What faults hold now, and letting it go.

use std::fmt::Write as _;

use seedbed_sim::{Fault, HoldId, NodeId, Shaping, SimTime};

use super::course::Course;
use super::{Action, Director};
use crate::format::Nanos;
use crate::run::build::duration;
use crate::run::world::World;

/// One thing that a fault holds.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) id: HoldId,
    pub(super) what: Held,
}

/// What is held, as far as it decides what a heal of some hosts frees.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// All links of one host: only its own heal mends them.
    Isolated(NodeId),
    /// Links between groups, or of one direction. Of groups the director keeps the hosts.
    Cut {
        links: Vec<(NodeId, NodeId)>,
        groups: Vec<Vec<NodeId>>,
        /// Only messages of these kinds; all if empty.
        kinds: Vec<u16>,
    },
    Clogged(Vec<(NodeId, NodeId)>),
    Shaped(Vec<(NodeId, NodeId)>, Shaping),
    Down(NodeId),
    Paused(NodeId),
    /// Something else of one host, whatever the fault is: its processor, its clock, its disk. Only
    /// its own heal ends it; a restart does not.
    OfHost(NodeId),
    /// A rule for one message.
    Rule,
}

/// A fault that holds something.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) kind: &'static str,
    /// `partition {n1}|{n2 n3}`.
    pub(super) text: String,
    pub(super) since: SimTime,
    pub(super) holds: Vec<Hold>,
    /// What it does while it lasts, if it does not merely last.
    pub(super) course: Option<Course>,
}

impl Active {
    /// Whether it holds nothing any more, and will not.
    pub(super) fn is_over(&self) -> bool {
        self.holds.is_empty() && !self.course.as_ref().is_some_and(Course::goes_on)
    }

    /// Whether it lets up now, to come back.
    fn lets_up(&self) -> bool {
        self.course.as_ref().is_some_and(Course::lets_up)
    }
}

impl Director {
    /// Notes that a fault holds something, and for how long.
    pub(super) fn activate(
        &mut self,
        kind: &'static str,
        text: String,
        holds: Vec<Hold>,
        lasts: Option<Nanos>,
        world: &mut dyn World,
    ) {
        let now = world.now();
        let mut told = text.clone();
        if let Some(time) = lasts {
            let _ = write!(told, " for {time}");
        }
        world.trace_fault(kind, &told);
        self.activated += 1;
        self.open_span(kind, self.activated, now);
        self.active.insert(self.activated, Active { kind, text, since: now, holds, course: None });
        if let Some(time) = lasts {
            let action = Action::Release { active: self.activated };
            self.schedule(world, now + duration(time), action);
        }
    }

    pub(super) fn release(&mut self, active: u64, world: &mut dyn World) {
        // A heal may have been faster.
        let Some(ended) = self.active.remove(&active) else {
            return;
        };
        self.forget_idle(world.now());
        for hold in &ended.holds {
            world.release(hold.id);
        }
        world.trace_fault(ended.kind, &format!("{} ends", ended.text));
    }

    /// Ends every hold on these hosts and clients; true if there was any, or if one was down.
    pub(super) fn heal_hosts(&mut self, hosts: &[NodeId], world: &mut dyn World) -> bool {
        let mut any = false;
        for active in self.active.values_mut() {
            active.holds.retain_mut(|hold| {
                let freed = heal_hold(hold, hosts, world);
                any |= freed != Freed::Nothing;
                freed != Freed::All
            });
            if let Some(course) = &mut active.course {
                any |= course.spare(hosts);
            }
        }
        self.forget_idle(world.now());
        for host in hosts.iter().filter(|host| !host.is_client()) {
            any |= world.restart(*host);
        }
        any
    }

    /// Ends every hold that a fault has; true if there was any, or if a host was down.
    pub(super) fn heal_all(&mut self, world: &mut dyn World) -> bool {
        let mut any = false;
        for active in std::mem::take(&mut self.active).into_values() {
            any = true;
            for hold in active.holds {
                world.release(hold.id);
            }
        }
        self.forget_idle(world.now());
        for host in self.places.members.clone() {
            any |= world.restart(host);
        }
        any
    }

    /// A core is healed: the books keep what is held outside of it.
    pub(super) fn keep_outside(&mut self, core: &[NodeId], now: SimTime) {
        let is_inside = |host: &NodeId| host.is_client() || core.contains(host);
        let leaves = |(from, to): &(NodeId, NodeId)| !(is_inside(from) && is_inside(to));
        for active in self.active.values_mut() {
            active.holds.retain_mut(|hold| match &mut hold.what {
                Held::Isolated(host)
                | Held::Down(host)
                | Held::Paused(host)
                | Held::OfHost(host) => !is_inside(host),
                Held::Cut { links, .. } | Held::Clogged(links) | Held::Shaped(links, _) => {
                    links.retain(leaves);
                    !links.is_empty()
                }
                Held::Rule => false,
            });
        }
        self.active.retain(|_, active| !active.holds.is_empty());
        self.forget_idle(now);
    }

    /// Restarts hosts that are down; true if any was.
    pub(super) fn restart_hosts(&mut self, hosts: &[NodeId], world: &mut dyn World) -> bool {
        let mut any = false;
        for host in hosts.iter().filter(|host| !host.is_client()) {
            any |= world.restart(*host);
            for active in self.active.values_mut() {
                active.holds.retain(|hold| !matches!(hold.what, Held::Down(it) if it == *host));
            }
        }
        self.forget_idle(world.now());
        any
    }

    /// Lets go what is held on some links; true if there was any.
    pub(super) fn unclog(&mut self, links: &[(NodeId, NodeId)], world: &mut dyn World) -> bool {
        let mut any = false;
        for active in self.active.values_mut() {
            active.holds.retain_mut(|hold| {
                let Held::Clogged(held) = &mut hold.what else {
                    return true;
                };
                any |= world.free_links_of(hold.id, &|from, to| links.contains(&(from, to)));
                held.retain(|link| !links.contains(link));
                !held.is_empty()
            });
        }
        self.forget_idle(world.now());
        any
    }

    /// The hosts that a partition isolates: named by `isolate`, or alone in their group.
    pub(crate) fn isolated(&self) -> Vec<NodeId> {
        let mut alone = Vec::new();
        let holding = self.active.values().filter(|active| !active.lets_up());
        for hold in holding.flat_map(|active| &active.holds) {
            match &hold.what {
                Held::Isolated(host) => alone.push(*host),
                Held::Cut { groups, .. } => {
                    let hosts = groups.iter().filter(|group| group.len() == 1);
                    alone.extend(hosts.flatten());
                }
                Held::Clogged(_)
                | Held::Shaped(..)
                | Held::Down(_)
                | Held::Paused(_)
                | Held::OfHost(_)
                | Held::Rule => {}
            }
        }
        alone
    }

    /// The faults that hold something now, in words.
    pub(crate) fn describe_active(&self, world: &dyn World) -> Vec<String> {
        let holding = self.active.values().filter(|active| !active.lets_up());
        let holding = holding.filter(|active| {
            active.holds.iter().any(|hold| match &hold.what {
                Held::Down(host) => !world.is_up(*host),
                Held::Paused(host) => world.is_paused(*host),
                Held::Cut { links, kinds, .. } => {
                    let is_cut = |(from, to): &(NodeId, NodeId)| world.is_cut(*from, *to);
                    !kinds.is_empty() || links.iter().any(is_cut)
                }
                Held::Rule => !world.rule_met(hold.id),
                Held::Isolated(_) | Held::Clogged(_) | Held::Shaped(..) | Held::OfHost(_) => true,
            })
        });
        holding.map(|active| format!("{} since {}", active.text, active.since)).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freed {
    Nothing,
    Some,
    All,
}

fn heal_hold(hold: &mut Hold, hosts: &[NodeId], world: &mut dyn World) -> Freed {
    let touches = |from: NodeId, to: NodeId| hosts.contains(&from) || hosts.contains(&to);
    match &mut hold.what {
        Held::Isolated(host) | Held::Down(host) | Held::Paused(host) | Held::OfHost(host) => {
            if hosts.contains(host) {
                world.release(hold.id);
                return Freed::All;
            }
        }
        Held::Cut { links, groups, .. } => {
            // One that lets up now has no hold in the network, and is freed all the same.
            let before = links.len();
            world.free_links_of(hold.id, &touches);
            links.retain(|(from, to)| !touches(*from, *to));
            if links.len() < before {
                for group in groups {
                    group.retain(|host| !hosts.contains(host));
                }
                return if links.is_empty() { Freed::All } else { Freed::Some };
            }
        }
        Held::Clogged(links) => {
            if world.free_links_of(hold.id, &touches) {
                links.retain(|(from, to)| !touches(*from, *to));
                return if links.is_empty() { Freed::All } else { Freed::Some };
            }
        }
        Held::Shaped(links, shaping) => {
            let before = links.len();
            links.retain(|(from, to)| !touches(*from, *to));
            if links.len() == before {
                return Freed::Nothing;
            }
            world.release(hold.id);
            return match world.inject(Fault::Shape(links.clone(), shaping.clone())) {
                Some(id) => {
                    hold.id = id;
                    Freed::Some
                }
                None => Freed::All,
            };
        }
        Held::Rule => {}
    }
    Freed::Nothing
}

/// Hosts as people write them: `n1 n2`.
pub(super) fn list(hosts: &[NodeId]) -> String {
    hosts.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
