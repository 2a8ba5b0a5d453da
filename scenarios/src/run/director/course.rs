//! Faults that do not merely last, but take a course: a partition that comes and goes, hosts that are
//! clogged one by one.

use seedbed_sim::rng::{Purpose, Rng};
use seedbed_sim::{Fault, HoldId, NodeId, SimTime};

use super::fire::links_of;
use super::holds::{Held, Hold};
use super::random::draw_between;
use super::{Action, Director, Fired};
use crate::format::{Flap, Nanos};
use crate::run::build::duration;
use crate::run::world::World;

/// What an active fault does next.
#[derive(Clone, Debug)]
pub(super) enum Course {
    /// Lets up, and comes back.
    Flap { flap: Flap, rng: Rng, is_on: bool },
    /// Clogs and unclogs hosts, each with its hold.
    Swizzle { steps: Vec<SwizzleStep>, clogged: Vec<(NodeId, HoldId)> },
}

/// One host is clogged, or let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SwizzleStep {
    /// How long after the beginning.
    pub(super) after: Nanos,
    pub(super) host: NodeId,
    pub(super) clogs: bool,
}

impl Course {
    /// Whether it will hold more than it does now, though everything that it holds is freed.
    pub(super) fn goes_on(&self) -> bool {
        match self {
            Course::Flap { .. } => false,
            Course::Swizzle { steps, .. } => steps.iter().any(|step| step.clogs),
        }
    }

    pub(super) fn lets_up(&self) -> bool {
        match self {
            Course::Flap { is_on, .. } => !is_on,
            Course::Swizzle { .. } => false,
        }
    }

    /// These hosts are healed: it does nothing more to them. True if it would have.
    pub(super) fn spare(&mut self, hosts: &[NodeId]) -> bool {
        match self {
            // What comes back is what its holds still have.
            Course::Flap { .. } => false,
            Course::Swizzle { steps, .. } => {
                let before = steps.len();
                steps.retain(|step| !hosts.contains(&step.host));
                steps.len() < before
            }
        }
    }
}

/// The steps of a swizzle-clog that lasts so long, in order: the first host is clogged at once, the
/// others at drawn times of the first half; each is let go at a drawn time of the second half, in
/// another drawn order, and the last at its end.
pub(super) fn swizzle_steps(hosts: &[NodeId], lasts: Nanos, rng: &mut Rng) -> Vec<SwizzleStep> {
    let half = Nanos(lasts.0 / 2);
    let mut steps = Vec::new();
    for clogs in [true, false] {
        let mut order = hosts.to_vec();
        rng.shuffle(&mut order);
        let (low, high) = if clogs { (Nanos::ZERO, half) } else { (half, lasts) };
        let mut times: Vec<Nanos> = order.iter().map(|_| draw_between(rng, low, high)).collect();
        times.sort_unstable();
        let edge = if clogs { times.first_mut() } else { times.last_mut() };
        if let Some(edge) = edge {
            *edge = if clogs { Nanos::ZERO } else { lasts };
        }
        let timed = times.into_iter().zip(order);
        steps.extend(timed.map(|(after, host)| SwizzleStep { after, host, clogs }));
    }
    steps
}

impl Director {
    /// Lets the fault that was taken last come and go. `firing` tells apart the firings of the
    /// fault of this name.
    pub(super) fn begin_flapping(
        &mut self,
        flap: Flap,
        (name, firing): (&str, u64),
        world: &mut dyn World,
    ) {
        // Draws of a `random` own numbers below, and swarm the highest.
        const FIRST_OWNER: u64 = 1 << 32;
        let mut rng = self.streams.open_named(Purpose::Fault, FIRST_OWNER + firing, name);
        let at = world.now() + duration(draw_between(&mut rng, flap.on.0, flap.on.1));
        self.set_course(Course::Flap { flap, rng, is_on: true }, at, world);
    }

    /// Clogs these hosts one by one; takes effect if one of them has a link.
    pub(super) fn swizzle(
        &mut self,
        hosts: &[NodeId],
        lasts: Nanos,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> (Fired, String) {
        let text = format!("swizzle-clog {}", super::holds::list(hosts));
        let mut steps = swizzle_steps(hosts, lasts, rng);
        if steps.is_empty() {
            return (Fired::Idle, text);
        }
        let first = steps.remove(0);
        let Some(hold) = self.clog_host(first.host, world) else {
            return (Fired::Idle, text);
        };
        let clogged = vec![(first.host, hold.id)];
        let told = format!("{text} for {lasts}, first {}", first.host);
        let since = world.now();
        self.activate("swizzle_clog", told, vec![hold], None, world);
        let at = since + duration(steps[0].after);
        self.set_course(Course::Swizzle { steps, clogged }, at, world);
        (Fired::Took, text)
    }

    fn clog_host(&self, host: NodeId, world: &mut dyn World) -> Option<Hold> {
        let links = links_of(&[host], &self.places.members);
        let id = world.inject(Fault::Clog(links.clone()))?;
        Some(Hold { id, what: Held::Clogged(links) })
    }

    /// Gives the fault that was taken last its course.
    fn set_course(&mut self, course: Course, at: SimTime, world: &mut dyn World) {
        if let Some(active) = self.active.get_mut(&self.activated) {
            active.course = Some(course);
        }
        self.schedule(world, at, Action::Course { active: self.activated });
    }

    /// The next thing that an active fault does is due.
    pub(super) fn go_on(&mut self, id: u64, world: &mut dyn World) {
        // A heal may have been faster.
        let Some(mut active) = self.active.remove(&id) else {
            return;
        };
        let since = active.since;
        let next = match &mut active.course {
            None => None,
            Some(Course::Flap { flap, rng, is_on }) => {
                *is_on = !*is_on;
                let (low, high) = if *is_on { flap.on } else { flap.off };
                let next = world.now() + duration(draw_between(rng, low, high));
                let what = if *is_on { "is back" } else { "lets up" };
                let members = &self.places.members;
                active.holds.retain_mut(|hold| toggle(hold, *is_on, members, world));
                world.trace_fault(active.kind, &format!("{} {what}", active.text));
                Some(next)
            }
            Some(Course::Swizzle { steps, clogged }) => {
                let now = world.now();
                while let Some(step) = steps.first().copied()
                    && since + duration(step.after) <= now
                {
                    steps.remove(0);
                    let what = if step.clogs { "clogs" } else { "unclogs" };
                    world.trace_fault(active.kind, &format!("swizzle {what} {}", step.host));
                    if step.clogs {
                        if let Some(hold) = self.clog_host(step.host, world) {
                            clogged.push((step.host, hold.id));
                            active.holds.push(hold);
                        }
                    } else if let Some(at) = clogged.iter().position(|it| it.0 == step.host) {
                        let (_, hold) = clogged.remove(at);
                        world.release(hold);
                        active.holds.retain(|held| held.id != hold);
                    }
                }
                steps.first().map(|step| since + duration(step.after))
            }
        };
        if active.is_over() {
            return self.forget_idle(world.now());
        }
        self.active.insert(id, active);
        if let Some(next) = next {
            self.schedule(world, next, Action::Course { active: id });
        }
    }
}

/// Lets go what a hold has, or takes it again; false if there is nothing left to take.
fn toggle(hold: &mut Hold, is_on: bool, members: &[NodeId], world: &mut dyn World) -> bool {
    if !is_on {
        world.release(hold.id);
        return true;
    }
    let fault = match &hold.what {
        Held::Isolated(host) => Fault::Cut(links_of(&[*host], members)),
        Held::Cut { links, kinds, .. } if kinds.is_empty() => Fault::Cut(links.clone()),
        Held::Cut { links, kinds, .. } => Fault::CutKinds(links.clone(), kinds.clone()),
        // Only partitions come and go.
        Held::Clogged(_)
        | Held::Shaped(..)
        | Held::Down(_)
        | Held::Paused(_)
        | Held::OfHost(_)
        | Held::Rule => return false,
    };
    match world.inject(fault) {
        Some(id) => {
            hold.id = id;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use seedbed_sim::rng::Streams;

    use super::*;

    #[test]
    fn a_swizzle_clogs_all_before_it_lets_the_first_go() {
        let hosts: Vec<NodeId> = (0..5).map(NodeId::host).collect();
        let lasts = Nanos::from_millis(1000);
        let mut orders = BTreeSet::new();
        for seed in 0..50 {
            let mut rng = Streams::new(seed).open(Purpose::Fault, 0);
            let steps = swizzle_steps(&hosts, lasts, &mut rng);
            assert_eq!(steps.len(), 10);
            assert!(steps.is_sorted_by_key(|step| step.after));
            assert!(steps[..5].iter().all(|it| it.clogs && it.after.0 <= lasts.0 / 2));
            assert!(steps[5..].iter().all(|it| !it.clogs && it.after.0 >= lasts.0 / 2));
            assert_eq!((steps[0].after, steps[9].after), (Nanos::ZERO, lasts));
            let order = |steps: &[SwizzleStep]| -> Vec<NodeId> {
                steps.iter().map(|step| step.host).collect()
            };
            for part in [&steps[..5], &steps[5..]] {
                assert_eq!(order(part).into_iter().collect::<BTreeSet<_>>().len(), 5);
            }
            orders.insert((order(&steps[..5]), order(&steps[5..])));
        }
        assert!(orders.len() > 45, "both orders are drawn");
        assert!(orders.iter().any(|(clogged, freed)| clogged != freed));
    }
}
