//! Crashes at sharp points: in the middle of a handler call, while a write is in flight, right
//! after a message has left.

use serde::Serialize;

use crate::disk::CrashModel;
use crate::effects::Effect;
use crate::id::NodeId;
use crate::node::Node;
use crate::rng::mix;
use crate::sim::core::Internal;
use crate::sim::faults::{Fault, HoldId};
use crate::sim::{Sim, Stop};
use crate::time::{SimTime, duration_nanos};

/// At which moment a crash strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SharpPoint {
    /// In the host's next handler call that has an output or touches the disk: a drawn number of
    /// its outputs and disk operations, in program order, have happened, and the others never did.
    Step,
    /// At a drawn moment between the next sync's request and its completion.
    Write,
    /// When the host's next message has left, of this kind if one is given (also
    /// [`crate::CLIENT_REPLY_KIND`]): what would have
    /// followed in the same handler call never happened. A message to oneself is none.
    Send(Option<u16>),
}

/// A crash that waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CrashPoint {
    /// Which moment.
    pub at: SharpPoint,
    /// What becomes of un-synced writes; what the configuration says, if none.
    pub model: Option<CrashModel>,
    /// Whether the disk is lost as well.
    pub blank: bool,
    /// A random word of the fault's own: what it draws is expanded from it.
    pub salt: u64,
}

/// What the salt of a crash is drawn for.
mod lane {
    pub(super) const KEPT: u64 = 0;
    pub(super) const MOMENT: u64 = 1;
}

/// A crash that lies in wait at its host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed {
    pub(crate) hold: HoldId,
    point: CrashPoint,
    /// Whether its moment in a write, or its place in a step that still lasts, is decided.
    aimed: bool,
}

/// How a step ends for its host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StepEnd {
    Lives,
    /// It crashes by itself.
    Crashes,
    /// A fault has cut it short, before that operation of the disk.
    Struck {
        hold: HoldId,
        operation: u64,
    },
}

impl<N: Node> Sim<N> {
    pub(super) fn arm(&mut self, id: NodeId, hold: HoldId, point: CrashPoint) {
        self.hosts.0[id.index()].rare().armed.push(Armed { hold, point, aimed: false });
        self.watch_for_faults();
    }

    pub(super) fn disarm(&mut self, id: NodeId, hold: HoldId) {
        if let Some(rare) = self.hosts.0[id.index()].rare_if_any() {
            rare.armed.retain(|armed| armed.hold != hold);
        }
        self.watch_for_faults();
    }

    /// Whether any step has to be looked at, apart from those that touch the disk or take time.
    pub(super) fn watches_steps(&self) -> bool {
        let watched = |fault: &Fault| matches!(fault, Fault::Slow(..) | Fault::CrashAt(..));
        self.config.hosts.iter().any(|host| host.cpu != crate::config::Cpu::PLAIN)
            || self.holds.faults().any(watched)
    }

    /// Looks at steps, disk operations and messages while some fault wants to know of them.
    pub(super) fn watch_for_faults(&mut self) {
        let armed = |at: fn(SharpPoint) -> bool| {
            self.holds.faults().any(|fault| matches!(fault, Fault::CrashAt(_, it) if at(it.at)))
        };
        let sends = armed(|at| matches!(at, SharpPoint::Send(_)));
        self.effects.marks_disk = sends || armed(|at| at == SharpPoint::Step);
        self.watches_sends = sends || self.tracer.is_some();
        self.effects.always_slow = self.watches_steps();
        self.effects.slow |= self.effects.always_slow;
    }

    fn armed(&self, id: NodeId, is: impl Fn(&Armed) -> bool) -> Option<Armed> {
        let rare = self.hosts.0[id.index()].cold.as_ref()?.rare.as_ref()?;
        rare.armed.iter().find(|armed| !armed.aimed && is(armed)).copied()
    }

    fn aim(&mut self, id: NodeId, hold: HoldId) {
        let armed = &mut self.hosts.0[id.index()].rare().armed;
        armed.iter_mut().filter(|armed| armed.hold == hold).for_each(|armed| armed.aimed = true);
    }

    /// A step of the host is over; if a crash waits for one, here is where it is cut.
    pub(super) fn arm_step(&mut self, id: NodeId) {
        if self.effects.marks_disk {
            let operation = self.hosts.0[id.index()].machine.disk.operation_next();
            self.effects.list.push(Effect::DiskAt(operation));
        }
        if let Some(armed) = self.armed(id, |armed| armed.point.at == SharpPoint::Step) {
            self.cut_step(id, &armed);
        }
    }

    /// Keeps a drawn number of the step's outputs and disk operations, and what comes before the
    /// first that is not kept; after them the host crashes.
    fn cut_step(&mut self, id: NodeId, armed: &Armed) {
        let list = std::mem::take(&mut self.effects.list);
        let mut list = self.expand_broadcasts(id, list);
        let outputs = list.iter().filter(|effect| is_output(effect)).count() as u64;
        let operations = operations_in(&list);
        let all = outputs + operations;
        if all == 0 {
            self.effects.list = list;
            return;
        }
        let kept = below(mix(armed.point.salt, lane::KEPT), all + 1);
        let (place, operation) = place_of_cut(&list, kept);
        let dropped = list.split_off(place);
        self.drop_effects(dropped);
        list.push(Effect::Cut { hold: armed.hold, operation });
        self.effects.list = list;
        self.aim(id, armed.hold);
    }

    /// The same effects, with a message for each host that a broadcast goes to.
    fn expand_broadcasts(&mut self, id: NodeId, list: Vec<Effect<N>>) -> Vec<Effect<N>> {
        let mut expanded = Vec::with_capacity(list.len());
        for effect in list {
            let Effect::Broadcast { slot } = effect else {
                expanded.push(effect);
                continue;
            };
            let members = self.core.shared.members.iter().copied();
            for to in members.filter(|host| *host != id) {
                let copy = self.effects.parcels.duplicate(slot);
                self.effects.parcels.header_mut(copy).to = to;
                expanded.push(Effect::Send { slot: copy });
            }
            self.effects.parcels.remove(slot);
        }
        expanded
    }

    /// Whether a crash waits for the next message of the host.
    pub(super) fn awaits_send(&self, id: NodeId) -> bool {
        self.armed(id, |armed| matches!(armed.point.at, SharpPoint::Send(_))).is_some()
    }

    /// A message leaves `from`, for another host.
    #[cold]
    pub(super) fn note_sent(&mut self, from: NodeId, kind: u16) {
        if from.is_client() || self.struck.is_some() {
            return;
        }
        let awaited = |armed: &Armed| match armed.point.at {
            SharpPoint::Send(wanted) => wanted.is_none_or(|wanted| wanted == kind),
            SharpPoint::Step | SharpPoint::Write => false,
        };
        self.struck = self.armed(from, awaited).map(|armed| (from, armed.hold));
    }

    /// Applies the effects of a step until the message leaves that a crash waits for, if it does.
    pub(super) fn apply_until_sent(&mut self, id: NodeId) {
        let list = std::mem::take(&mut self.effects.list);
        let mut list = self.expand_broadcasts(id, list).into_iter();
        let (mut gate, mut end) = (None, StepEnd::Lives);
        while let Some(effect) = list.next() {
            self.apply_one(id, effect, &mut gate, &mut end);
            if self.struck.is_some() {
                let rest: Vec<_> = list.collect();
                let operation = rest.iter().find_map(|effect| match effect {
                    Effect::DiskAt(operation) => Some(*operation),
                    _ => None,
                });
                self.drop_effects(rest);
                return self.strike_sender(operation);
            }
        }
        self.end_step(id, end);
    }

    /// The message has left that a crash waited for.
    pub(super) fn strike_sender(&mut self, operation: Option<u64>) {
        if let Some((host, hold)) = self.struck.take() {
            self.strike(host, hold, operation);
        }
    }

    /// The device begins to write, and will be done at `done`.
    #[cold]
    pub(super) fn write_begins(&mut self, id: NodeId, done: SimTime) {
        let Some(armed) = self.armed(id, |armed| armed.point.at == SharpPoint::Write) else {
            return;
        };
        self.aim(id, armed.hold);
        let now = self.core.now;
        let takes = duration_nanos(done - now);
        let after = below(mix(armed.point.salt, lane::MOMENT), takes.max(1));
        let incarnation = self.hosts.0[id.index()].machine.incarnation;
        let event = Internal::SharpCrash { host: id, incarnation, hold: armed.hold };
        self.core.push_internal(now.saturating_add_nanos(after), event);
    }

    /// A crash that waited for its moment strikes, before the host got to an operation of its
    /// disk if one is given. From here on its hold is that of any crash.
    pub(super) fn strike(&mut self, id: NodeId, hold: HoldId, operation: Option<u64>) {
        self.core.running = None;
        let Some(&Fault::CrashAt(_, point)) = self.holds.fault(hold) else {
            return;
        };
        if self.crash_at(id, point.model, operation, point.blank).is_none() {
            return;
        }
        self.holds.replace(hold, Fault::Crash(id, point.model));
        self.disarm(id, hold);
        self.core.attention.push(Stop::Struck(hold));
    }

    /// The place on the disk at which a step that still lasts has been cut by this fault.
    pub(super) fn pending_cut(&self, id: NodeId, hold: HoldId) -> Option<u64> {
        let step = self.hosts.0[id.index()].cold.as_ref()?.step.as_ref()?;
        step.iter().find_map(|effect| match effect {
            Effect::Cut { hold: by, operation } if *by == hold => Some(*operation),
            _ => None,
        })
    }

    /// Its memory is gone: what was decided for the crashes that lie in wait is void.
    pub(super) fn forget_aims(&mut self, id: NodeId) {
        if let Some(rare) = self.hosts.0[id.index()].rare_if_any() {
            rare.armed.iter_mut().for_each(|armed| armed.aimed = false);
        }
    }
}

/// Whether this leaves the host.
fn is_output<N: Node>(effect: &Effect<N>) -> bool {
    matches!(effect, Effect::Send { .. } | Effect::Broadcast { .. } | Effect::Reply { .. })
}

fn marks<N: Node>(list: &[Effect<N>]) -> impl Iterator<Item = u64> + '_ {
    list.iter().filter_map(|effect| match effect {
        Effect::DiskAt(operation) => Some(*operation),
        _ => None,
    })
}

/// How many operations of the disk the step did.
fn operations_in<N: Node>(list: &[Effect<N>]) -> u64 {
    match (marks(list).next(), marks(list).last()) {
        (Some(first), Some(last)) => last - first,
        (None, _) | (_, None) => 0,
    }
}

/// Where in the list of effects, and before which operation of the disk, the step ends if it keeps
/// so many of its outputs and disk operations.
fn place_of_cut<N: Node>(list: &[Effect<N>], kept: u64) -> (usize, u64) {
    let mut left = kept;
    let mut operation = marks(list).next().unwrap_or(u64::MAX);
    for (place, effect) in list.iter().enumerate() {
        if let Effect::DiskAt(from) = effect {
            let to = marks(&list[place + 1..]).next().unwrap_or(*from);
            let here = to - from;
            if here > left {
                return (place, from + left);
            }
            left -= here;
            operation = to;
        } else if is_output(effect) {
            if left == 0 {
                return (place, operation);
            }
            left -= 1;
        }
    }
    (list.len(), operation)
}

/// Turns a random word into a number below `bound`.
fn below(word: u64, bound: u64) -> u64 {
    ((u128::from(word) * u128::from(bound)) >> 64) as u64
}
