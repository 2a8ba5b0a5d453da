//! Faults that take effect later than they are placed: a crash that lies in wait for its moment, a
//! slow processor that has not made any handler slower yet. The books are kept when the kernel says
//! that it has happened.

use std::time::Duration;

use seedbed_sim::{CrashModel, CrashPoint, Fault, HoldId, NodeId, SimTime};

use super::fire::grip_crash;
use super::holds::{Held, Hold};
use super::{Action, Director, Fired, PATIENCE};
use crate::format::Nanos;
use crate::run::world::World;

/// How long a drawn crash waits for a write to fall into. Where none comes it strikes all the same:
/// not every protocol writes, and no seed is without faults by accident.
const WRITE_PATIENCE: Duration = Duration::from_millis(100);

/// A fault whose effect is to come.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Of several hosts that one firing strikes only the first counts.
    firing: u64,
    leaf: usize,
    kind: &'static str,
    text: String,
    /// The entry among the faults that hold something.
    active: u64,
    drawn: bool,
    lasts: Option<Nanos>,
    then: Then,
}

/// What follows when it has happened.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    /// The host is down.
    Down(NodeId),
}

/// A fault that waits, before it does.
pub(super) struct Ambush {
    pub(super) leaf: usize,
    pub(super) kind: &'static str,
    pub(super) lasts: Option<Nanos>,
    /// Whether a `random` fault drew it.
    pub(super) drawn: bool,
}

impl Director {
    /// Lets a crash lie in wait on each of some hosts.
    pub(super) fn lay_crashes(
        &mut self,
        hosts: &[NodeId],
        (point, what): (CrashPoint, &str),
        ambush: &Ambush,
        world: &mut dyn World,
    ) -> Fired {
        self.firings += 1;
        let mut any = false;
        for (number, host) in (0..).zip(hosts) {
            // Each host draws for itself.
            let salt = seedbed_sim::rng::mix(point.salt, number);
            let fault = Fault::CrashAt(*host, CrashPoint { salt, ..point });
            let Some(id) = world.inject(fault) else { continue };
            any = true;
            let text = format!("crash {host} {what}");
            let hold = Hold { id, what: Held::OfHost(*host) };
            self.activate(ambush.kind, text.clone(), vec![hold], None, world);
            self.await_effect(id, ambush, text, Then::Down(*host));
            let patience = if ambush.drawn { WRITE_PATIENCE } else { PATIENCE };
            let at = world.now() + patience;
            self.schedule(world, at, Action::GiveUp { hold: id });
        }
        if any { Fired::Waits } else { Fired::Idle }
    }

    /// Holds something of each of some hosts which shows its effect later.
    pub(super) fn lay_holds(
        &mut self,
        (text, holds): (String, Vec<(Fault, Held)>),
        ambush: &Ambush,
        world: &mut dyn World,
    ) -> Fired {
        let mut taken = Vec::new();
        for (fault, what) in holds {
            if let Some(id) = world.inject(fault) {
                taken.push(Hold { id, what });
            }
        }
        if taken.is_empty() {
            return Fired::Idle;
        }
        self.firings += 1;
        let ids: Vec<HoldId> = taken.iter().map(|hold| hold.id).collect();
        self.activate(ambush.kind, text.clone(), taken, ambush.lasts, world);
        for id in ids {
            self.await_effect(id, ambush, text.clone(), Then::Nothing);
        }
        Fired::Waits
    }

    fn await_effect(&mut self, id: HoldId, ambush: &Ambush, text: String, then: Then) {
        let waiting = Waiting {
            firing: self.firings,
            leaf: ambush.leaf,
            kind: ambush.kind,
            text,
            active: self.activated,
            drawn: ambush.drawn,
            lasts: ambush.lasts,
            then,
        };
        self.waiting.insert(id, waiting);
    }

    /// The kernel says that a fault which waited has taken effect.
    pub(crate) fn on_struck(&mut self, hold: HoldId, world: &mut dyn World) {
        // A heal may have been faster.
        let Some(struck) = self.waiting.remove(&hold) else {
            return;
        };
        if self.counted != Some(struck.firing) {
            self.counted = Some(struck.firing);
            self.tallies[struck.leaf].took += 1;
            *self.effects.entry(struck.kind).or_default() += 1;
        }
        let lasts = struck.lasts;
        let for_how_long = lasts.map(|time| format!(" for {time}")).unwrap_or_default();
        if struck.drawn {
            self.drawn.push(format!("{} at {}{for_how_long}", struck.text, world.now()));
        }
        let Then::Down(host) = struck.then else { return };
        world.trace_fault(struck.kind, &format!("{} strikes{for_how_long}", struck.text));
        if let Some(active) = self.active.get_mut(&struck.active) {
            active.since = world.now();
            active.holds = vec![Hold { id: hold, what: Held::Down(host) }];
        }
        if let Some(time) = lasts {
            let at = world.now() + crate::run::build::duration(time);
            self.schedule(world, at, Action::Release { active: struck.active });
        }
    }

    /// The moment of a crash has not come. A drawn one strikes without it.
    pub(super) fn give_up(&mut self, hold: HoldId, world: &mut dyn World) {
        let Some(waited) = self.waiting.remove(&hold) else {
            return;
        };
        // What no longer holds has been healed.
        if self.active.remove(&waited.active).is_none() {
            return;
        }
        world.release(hold);
        let Then::Down(host) = waited.then else { return };
        if !waited.drawn {
            return world.trace_fault(waited.kind, &format!("{} in vain", waited.text));
        }
        let grip = grip_crash(&[host], None);
        let text = grip.text.clone();
        if self.take(waited.kind, grip, waited.lasts, world) == Fired::Took {
            self.tallies[waited.leaf].took += 1;
            *self.effects.entry(waited.kind).or_default() += 1;
            let for_how_long = waited.lasts.map(|time| format!(" for {time}")).unwrap_or_default();
            self.drawn.push(format!("{text} at {}{for_how_long}", world.now()));
        }
    }

    /// Everything heals: what lies in wait is let go, wherever it is.
    pub(super) fn call_off(&mut self, world: &mut dyn World) {
        for (hold, waiting) in std::mem::take(&mut self.waiting) {
            if let Then::Down(..) = waiting.then {
                self.active.remove(&waiting.active);
                world.release(hold);
            }
        }
    }

    /// Whether there is time for a drawn crash to wait before everything heals.
    pub(super) fn has_patience(&self, now: SimTime) -> bool {
        self.heal_at.is_none_or(|heal_at| now + WRITE_PATIENCE < heal_at)
    }

    /// The hosts on which crashes lie in wait.
    pub(super) fn awaited_crashes(&self) -> Vec<NodeId> {
        let host = |waiting: &Waiting| match waiting.then {
            Then::Down(host) => Some(host),
            Then::Nothing => None,
        };
        self.waiting.values().filter_map(host).collect()
    }
}

/// How long a drawn fault may wait before it takes effect.
pub(super) fn patience_of(fired: Fired) -> Duration {
    if fired == Fired::Waits { WRITE_PATIENCE } else { Duration::ZERO }
}

/// A drawn crash that falls into the next write.
pub(super) fn write_crash(salt: u64, model: Option<CrashModel>) -> CrashPoint {
    CrashPoint { at: seedbed_sim::SharpPoint::Write, model, blank: false, salt }
}
