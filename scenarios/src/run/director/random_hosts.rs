//! Drawn faults of hosts and clocks.

use std::time::Duration;

use seedbed_sim::rng::Rng;
use seedbed_sim::{ClockFault, Cpu, NodeId};

use super::fire::{Grip, STROBE_PERIOD, grip_clock, grip_crash, step_text};
use super::holds::Held;
use super::random::Draw;
use super::waiting::{Ambush, write_crash};
use super::{Director, Fired};
use crate::format::{Nanos, RandomKind, SignedNanos};
use crate::run::build::duration;
use crate::run::world::World;

impl Director {
    /// Half of the drawn crashes fall into the next write of their host.
    pub(super) fn draw_crash(
        &mut self,
        draw: &mut Draw,
        pool: &[NodeId],
        world: &mut dyn World,
    ) -> Fired {
        let hosts = &self.places.hosts;
        let down = hosts.iter().filter(|it| world.takes_part(**it) && !world.is_up(**it)).count();
        let awaited = self.awaited_crashes();
        if down + awaited.len() >= self.crashes_max {
            return Fired::Unresolved;
        }
        let free = |host: &NodeId| world.is_up(*host) && !awaited.contains(host);
        let up: Vec<_> = pool.iter().copied().filter(free).collect();
        let Some(host) = draw.rng.pick(&up).copied() else {
            return Fired::Unresolved;
        };
        let word = draw.rng.next();
        if word >> 63 == 0 || !self.has_patience(world.now()) {
            return self.take_drawn(draw, grip_crash(&[host], None), world);
        }
        let ambush = draw.ambush();
        self.lay_crashes(&[host], (write_crash(word, None), "in a write"), &ambush, world)
    }

    /// From a millisecond a step, which a quiet protocol hardly feels, to 32 ms, which is more than
    /// most can do with.
    pub(super) fn draw_slow(
        &mut self,
        draw: &mut Draw,
        pool: &[NodeId],
        world: &mut dyn World,
    ) -> Fired {
        let up: Vec<_> = pool.iter().copied().filter(|host| world.is_up(*host)).collect();
        let Some(host) = draw.rng.pick(&up).copied() else {
            return Fired::Unresolved;
        };
        let cpu = Cpu { step: Duration::from_millis(1 << draw.rng.below(6)), ..Cpu::PLAIN };
        let text = format!("slow {host}, {} a step", Nanos(cpu.step.as_nanos() as u64));
        let holds = vec![(seedbed_sim::Fault::Slow(host, cpu), Held::OfHost(host))];
        let ambush = draw.ambush();
        self.lay_holds((text, holds), &ambush, world)
    }

    /// Forwards or backwards.
    pub(super) fn draw_clock_step(
        &mut self,
        draw: &mut Draw,
        pool: &[NodeId],
        world: &mut dyn World,
    ) -> Fired {
        let Some(host) = draw.rng.pick(pool).copied() else {
            return Fired::Unresolved;
        };
        let by = draw_offset(&mut draw.rng);
        let fault = seedbed_sim::Fault::Clock(host, ClockFault::Step(by.0));
        if world.inject(fault).is_none() {
            return Fired::Idle;
        }
        let text = step_text(by, &[host]);
        world.trace_fault("clock_step", &text);
        self.drawn.push(format!("{text} at {}", world.now()));
        Fired::Took
    }
}

/// What happens to the clocks of a drawn host for a while.
pub(super) fn grip_drawn_clock(kind: RandomKind, rng: &mut Rng, pool: &[NodeId]) -> Option<Grip> {
    let host = *rng.pick(pool)?;
    let fault = match kind {
        RandomKind::ClockDrift => {
            // 100 ppm, which is common, to 0.4, which nobody reckons with.
            let ppm = 100_i64 << (2 * rng.below(7));
            let ppm = if rng.below(2) == 0 { ppm } else { -ppm };
            (ClockFault::Drift(ppm * 1_000), format!("clock drift of {ppm}ppm"))
        }
        RandomKind::ClockStrobe => {
            let by = draw_offset(rng);
            let fault = ClockFault::Strobe { by_ns: by.0, period: duration(STROBE_PERIOD) };
            (fault, format!("clock strobe by {by} every {STROBE_PERIOD}"))
        }
        _ => (ClockFault::Freeze, "clock freeze".to_owned()),
    };
    Some(grip_clock(&[host], fault))
}

impl Draw {
    fn ambush(&self) -> Ambush {
        let Draw { leaf, kind, lasts, .. } = *self;
        Ambush { leaf, kind: kind.key(), lasts: Some(lasts), drawn: true }
    }
}

/// By 1 ms to 16 s, each order as likely, in either direction.
fn draw_offset(rng: &mut Rng) -> SignedNanos {
    let by = 1_000_000_i64 << rng.below(15);
    SignedNanos(if rng.below(2) == 0 { by } else { -by })
}
