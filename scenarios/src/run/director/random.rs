//! Drawn faults: how many, when and for how long are drawn when the run begins, and whom each one
//! strikes when it does, among those on whom it takes effect.

use std::time::Duration;

use seedbed_sim::rng::{Purpose, Rng};
use seedbed_sim::{Distribution, NodeId, Shaping, SimTime};

use super::fire::{
    Grip, describe_delay, grip_bridge, grip_clog, grip_crash, grip_groups, grip_isolation,
    grip_one_way, grip_pause, grip_ring, grip_shape, links_of, percent,
};
use super::{Action, Director, Fired, PATIENCE, POLL};
use crate::format::{BRIDGE_HOSTS_MIN, Fault, Nanos, RING_HOSTS_MIN, RandomFaults, RandomKind};
use crate::run::build::{duration, links_between};
use crate::run::world::World;

/// One drawn fault.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    leaf: usize,
    kind: RandomKind,
    lasts: Nanos,
    /// Whom it strikes is drawn from a stream of its own, so that it depends on no other draw.
    rng: Rng,
}

impl Director {
    /// Draws the faults of a `random`, at least one unless the scenario asks for none.
    pub(crate) fn draw_random(
        &mut self,
        leaf: usize,
        random: &RandomFaults,
        world: &mut dyn World,
    ) {
        let kinds: Vec<RandomKind> = random
            .kinds
            .iter()
            .copied()
            .filter(|kind| !self.swarm_off.contains(kind.key()))
            .collect();
        // Only if swarm switched all of them off.
        if kinds.is_empty() {
            return;
        }
        let mut rng = self.leaves[leaf].rng.clone();
        let (fewest, most) = (u64::from(random.times.0), u64::from(random.times.1));
        let most = most.max(fewest);
        let count = rng.range(fewest.max(1).min(most)..most + 1);
        let name = random.name.clone().unwrap_or_else(|| self.tallies[leaf].path.clone());
        for number in 1..=count {
            let at = draw_between(&mut rng, random.from, random.until);
            let kind = kinds[rng.below(kinds.len() as u64) as usize];
            let lasts = draw_between(&mut rng, random.duration.0, random.duration.1);
            let own = self.streams.open_named(Purpose::Fault, number, &name);
            self.draws.push(Draw { leaf, kind, lasts, rng: own });
            let at = SimTime::from_nanos(at.0).max(world.now());
            let action = Action::Draw { draw: self.draws.len() - 1, deadline: at + PATIENCE };
            self.schedule(world, at, action);
        }
        self.leaves[leaf].rng = rng;
    }

    /// Strikes, or looks again a little later if nobody can be struck now.
    pub(super) fn draw_or_wait(&mut self, draw: usize, deadline: SimTime, world: &mut dyn World) {
        let mut drawn = self.draws[draw].clone();
        let leaf = drawn.leaf;
        if world.now() < self.leaves[leaf].well_at {
            return self.wait_until_well(draw, world);
        }
        self.tallies[leaf].reached += 1;
        let pool = self.pool_of(&mut drawn, world);
        let kind = drawn.kind.key();
        let (fired, text) = if drawn.kind == RandomKind::SwizzleClog {
            let hosts = draw_some(2, &pool, &mut drawn.rng);
            self.swizzle(&hosts, drawn.lasts, &mut drawn.rng, world)
        } else {
            match self.grip_random(&mut drawn, &pool, world) {
                None => (Fired::Unresolved, String::new()),
                Some(grip) => {
                    let text = grip.text.clone();
                    (self.take(kind, grip, Some(drawn.lasts), world), text)
                }
            }
        };
        match fired {
            Fired::Took => {
                let now = world.now();
                self.drawn.push(format!("{text} at {now} for {}", drawn.lasts));
                if let Some(stable) = self.stable_of(leaf) {
                    self.leaves[leaf].well_at = now + duration(drawn.lasts) + duration(stable);
                }
                self.tallies[leaf].took += 1;
                *self.effects.entry(kind).or_default() += 1;
            }
            Fired::Idle | Fired::Unresolved if world.now() < deadline => {
                self.draws[draw] = drawn;
                let again = world.now() + POLL;
                self.schedule(world, again, Action::Draw { draw, deadline });
            }
            Fired::Idle | Fired::Unresolved => {}
        }
    }

    /// How long all must be well between the faults of a `random`, if it says so.
    fn stable_of(&self, leaf: usize) -> Option<Nanos> {
        match &self.leaves[leaf].fault {
            Fault::Random(random) => random.stable,
            _ => None,
        }
    }

    /// Puts a draw off until the one before it has ended and all has been well for a while, or
    /// drops it if that is too late. The first draw never waits, so that one is left.
    fn wait_until_well(&mut self, draw: usize, world: &mut dyn World) {
        let leaf = self.draws[draw].leaf;
        let at = self.leaves[leaf].well_at;
        let Fault::Random(random) = &self.leaves[leaf].fault else {
            return;
        };
        if at < SimTime::from_nanos(random.until.0) {
            self.schedule(world, at, Action::Draw { draw, deadline: at + PATIENCE });
        }
    }

    /// Whom the draw may strike.
    fn pool_of(&self, draw: &mut Draw, world: &dyn World) -> Vec<NodeId> {
        let Fault::Random(random) = &self.leaves[draw.leaf].fault else {
            return Vec::new();
        };
        match &random.select {
            None => self.places.members.clone(),
            Some(targets) => {
                let mut pool = self.resolver(world, &mut draw.rng).pool(targets);
                pool.retain(|host| !host.is_client());
                pool
            }
        }
    }

    fn grip_random(&self, draw: &mut Draw, pool: &[NodeId], world: &dyn World) -> Option<Grip> {
        let members = &self.places.members;
        let rng = &mut draw.rng;
        match draw.kind {
            RandomKind::Crash => {
                let down = members.iter().filter(|host| !world.is_up(**host)).count();
                if down >= self.crashes_max {
                    return None;
                }
                let up: Vec<_> = pool.iter().copied().filter(|host| world.is_up(*host)).collect();
                Some(grip_crash(&[*rng.pick(&up)?], None))
            }
            RandomKind::Pause => {
                let running = |host: &NodeId| world.is_up(*host) && !world.is_paused(*host);
                let running: Vec<_> = pool.iter().copied().filter(running).collect();
                Some(grip_pause(&[*rng.pick(&running)?]))
            }
            RandomKind::Partition => draw_partition(rng, pool, members, &self.isolated()),
            RandomKind::PartialPartition => draw_partial(rng, pool, members),
            // It takes a course, so that it is more than a grip.
            RandomKind::SwizzleClog => None,
            RandomKind::Clog => {
                let host = *rng.pick(pool)?;
                let links = links_of(&[host], members);
                (!links.is_empty()).then(|| grip_clog(links, &host.to_string()))
            }
            RandomKind::Loss => {
                let share = rng.range(5..51);
                let shaping = Shaping { loss: percent(share), ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &format!("loss of {share}%"))
            }
            RandomKind::Duplicate => {
                let share = rng.range(5..51);
                let shaping = Shaping { duplicate: percent(share), ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &format!("duplicates of {share}%"))
            }
            RandomKind::Reorder => {
                let share = rng.range(5..51);
                let shaping = Shaping { reorder: percent(share), ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &format!("reordering of {share}%"))
            }
            RandomKind::Delay => {
                // From a little to longer than any term: 10 ms to 2.56 s, each order as likely.
                let max = Duration::from_millis(10 << rng.below(9)).as_nanos() as u64;
                let delay = Distribution::Uniform { min: 0, max };
                let text = format!("delay by {}", describe_delay(&delay));
                let shaping = Shaping { delay, ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &text)
            }
            RandomKind::Corrupt => {
                let share = rng.range(1..21);
                let shaping = Shaping { corrupt: percent(share), ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &format!("corruption of {share}%"))
            }
            RandomKind::Misdirect => {
                let share = rng.range(1..21);
                let shaping = Shaping { misdirect: percent(share), ..Shaping::default() };
                draw_shape(rng, pool, members, shaping, &format!("misdirection of {share}%"))
            }
        }
    }
}

pub(super) fn draw_between(rng: &mut Rng, low: Nanos, high: Nanos) -> Nanos {
    let (low, high) = (low.0.min(high.0), low.0.max(high.0));
    let time = rng.duration(Duration::from_nanos(low), Duration::from_nanos(high));
    Nanos(time.as_nanos() as u64)
}

/// Half of the partitions split off a minority, a quarter isolate one host, and a quarter cut one
/// host off in one direction only.
fn draw_partition(
    rng: &mut Rng,
    pool: &[NodeId],
    members: &[NodeId],
    isolated: &[NodeId],
) -> Option<Grip> {
    if members.len() < 2 {
        return None;
    }
    let free: Vec<NodeId> = pool.iter().copied().filter(|host| !isolated.contains(host)).collect();
    let victim = *rng.pick(&free)?;
    let others = |group: &[NodeId]| -> Vec<NodeId> {
        members.iter().copied().filter(|host| !group.contains(host)).collect()
    };
    match rng.below(4) {
        0 | 1 => {
            let size_max = (members.len() / 2).min(free.len()).max(1) as u64;
            let size = rng.range(1..size_max + 1) as usize;
            let mut group = free;
            rng.shuffle(&mut group);
            group.truncate(size);
            group.sort_unstable();
            let rest = others(&group);
            Some(grip_groups(&[group, rest]))
        }
        2 => Some(grip_isolation(&[victim], members)),
        _ => {
            let rest = others(&[victim]);
            let outward = rng.below(2) == 0;
            let (from, to) =
                if outward { (&[victim][..], &rest[..]) } else { (&rest[..], &[victim][..]) };
            Some(grip_one_way(from, to))
        }
    }
}

/// A third each: a bridge, a ring of majorities (another bridge, where only some hosts may be struck
/// or there are too few), and one direction between two drawn groups.
fn draw_partial(rng: &mut Rng, pool: &[NodeId], members: &[NodeId]) -> Option<Grip> {
    if (members.len() as u64) < BRIDGE_HOSTS_MIN {
        return None;
    }
    let victim = *rng.pick(pool)?;
    let is_ring = pool.len() == members.len() && members.len() as u64 >= RING_HOSTS_MIN;
    match rng.below(3) {
        0 => Some(grip_bridge(&[victim], members, rng)),
        1 if is_ring => Some(grip_ring(members, rng)),
        1 => Some(grip_bridge(&[victim], members, rng)),
        _ => {
            let from = draw_some(1, pool, rng);
            let to: Vec<NodeId> =
                members.iter().copied().filter(|host| !from.contains(host)).collect();
            Some(grip_one_way(&from, &to))
        }
    }
}

/// So many hosts at least, and half of them at most, in order.
fn draw_some(least: u64, pool: &[NodeId], rng: &mut Rng) -> Vec<NodeId> {
    let size = rng.range(least..(pool.len() as u64 / 2).max(least) + 1) as usize;
    let mut hosts = pool.to_vec();
    rng.shuffle(&mut hosts);
    hosts.truncate(size);
    hosts.sort_unstable();
    hosts
}

/// Half of the time the links between all hosts, half of the time those of one host.
fn draw_shape(
    rng: &mut Rng,
    pool: &[NodeId],
    members: &[NodeId],
    shaping: Shaping,
    text: &str,
) -> Option<Grip> {
    let victim = *rng.pick(pool)?;
    let (links, place) = if rng.below(2) == 0 {
        (links_between(members, members), "between all hosts".to_owned())
    } else {
        (links_of(&[victim], members), format!("to and from {victim}"))
    };
    let shaping = Shaping { salt: rng.next(), ..shaping };
    (!links.is_empty()).then(|| grip_shape(links, shaping, format!("{text} {place}")))
}
