//! Faults that hold something, and letting go.
//!
//! Each fault *holds* what it took: links, a host. A link or host is free when no fault holds it.
//! Selectors, schedules and drawing belong to whoever drives the simulation; here everything is
//! resolved.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec;
use crate::disk::{CrashLoss, CrashModel, DiskFault};
use crate::id::NodeId;
use crate::machine::Reads;
use crate::network::{MessageRule, Shaping};
use crate::node::Node;
use crate::sim::core::{Internal, Slot};
use crate::sim::host::Output;
use crate::sim::{Sim, UNSYNCED_DATA_LOST};
use crate::trace::What;

/// What a fault takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Fault {
    /// Directed links carry nothing: what is sent into them is gone.
    Cut(Vec<(NodeId, NodeId)>),
    /// Directed links hold what is sent into them until they are let go.
    Clog(Vec<(NodeId, NodeId)>),
    /// Directed links lose, delay, duplicate or reorder more than usual.
    Shape(Vec<(NodeId, NodeId)>, Shaping),
    /// One chosen message.
    Message(MessageRule),
    /// A host loses its memory, and of its un-synced writes what the model says.
    Crash(NodeId, Option<CrashModel>),
    /// A host handles nothing; its disk and its clocks go on.
    Pause(NodeId),
    /// Directed links carry no message of these kinds (indices into the protocol's kinds,
    /// [`crate::CLIENT_REQUEST_KIND`] or [`crate::CLIENT_REPLY_KIND`]): what is sent is gone.
    CutKinds(Vec<(NodeId, NodeId)>, Vec<u16>),
    /// Something is wrong with a host's disk.
    Disk(NodeId, DiskFault),
}

/// Names what a fault holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldId(pub(crate) u32);

/// What a crash did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashReport {
    /// How many un-synced disk operations were lost.
    pub operations_lost: u64,
    /// How many un-synced bytes were lost.
    pub bytes_lost: u64,
}

#[derive(Default)]
pub(crate) struct Holds {
    made: u32,
    pub(super) held: BTreeMap<HoldId, Fault>,
    /// How often disk faults struck that have let go.
    pub(super) disk_hits: BTreeMap<HoldId, u32>,
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items
}

/// Folded into the digest with each change of a fault.
pub(super) mod tag {
    pub(super) const TAKE: u64 = 32 << 56;
    pub(super) const CRASH: u64 = 33 << 56;
    pub(in crate::sim) const RELEASE: u64 = 34 << 56;
}

impl<N: Node> Sim<N> {
    /// Lets a fault take what it wants; none if it had no effect: a crash of a host that is down,
    /// a pause of one that is not up, no links.
    pub fn inject(&mut self, fault: Fault) -> Option<HoldId> {
        let took = match &fault {
            Fault::Cut(links) => {
                for &(from, to) in links {
                    self.core.network.cut(from, to);
                }
                !links.is_empty()
            }
            Fault::Clog(links) => {
                for &(from, to) in links {
                    self.core.network.clog(from, to);
                }
                !links.is_empty()
            }
            Fault::CutKinds(links, kinds) => !links.is_empty() && !kinds.is_empty(),
            Fault::Shape(links, shaping) => {
                let members = self.core.shared.members.len();
                links.iter().any(|&(from, to)| shaping.touches(from, to, members))
            }
            Fault::Message(_) => true,
            Fault::Crash(host, model) => self.crash(*host, *model).is_some(),
            Fault::Pause(host) => self.pause(*host),
            Fault::Disk(host, wrong) => self.hold_disk(*host, self.holds.made + 1, wrong),
        };
        if !took {
            return None;
        }
        self.fold_fault(tag::TAKE, codec::digest_of(&fault));
        self.holds.made += 1;
        let hold = HoldId(self.holds.made);
        match &fault {
            Fault::Shape(links, shaping) => {
                self.core.network.add_shaping(hold.0, sorted(links), shaping.clone());
            }
            Fault::CutKinds(links, kinds) => {
                self.core.network.cut_kinds(hold.0, sorted(links), sorted(kinds));
            }
            Fault::Message(rule) => self.core.network.add_rule(hold.0, rule.clone()),
            Fault::Cut(_)
            | Fault::Clog(_)
            | Fault::Crash(..)
            | Fault::Pause(_)
            | Fault::Disk(..) => {}
        }
        self.holds.held.insert(hold, fault);
        Some(hold)
    }

    /// Takes a change of a fault into the digest. Whoever drives the simulation may make it
    /// between two events, so its time is not in there yet.
    pub(super) fn fold_fault(&mut self, what: u64, detail: u64) {
        self.core.digest.fold2(self.core.now.nanos(), what);
        self.core.digest.fold(detail);
    }

    fn fold_freed(&mut self, links: &[(NodeId, NodeId)]) {
        for (from, to) in links {
            self.fold_fault(tag::RELEASE, u64::from(from.number()) << 32 | u64::from(to.number()));
        }
    }

    /// Ends a hold: what no other fault holds is free again. A crashed host restarts.
    pub fn release(&mut self, hold: HoldId) {
        let Some(fault) = self.holds.held.remove(&hold) else {
            return;
        };
        self.fold_fault(tag::RELEASE, u64::from(hold.0));
        match fault {
            Fault::Cut(links) => {
                for (from, to) in links {
                    self.core.network.mend(from, to);
                }
            }
            Fault::Clog(links) => {
                for (from, to) in links {
                    if self.core.network.unclog(from, to) {
                        self.let_go(from, to);
                    }
                }
            }
            Fault::Shape(..) | Fault::Message(_) | Fault::CutKinds(..) => {
                self.core.network.release(hold.0);
            }
            Fault::Crash(host, _) => {
                if !self.held(|other| matches!(other, Fault::Crash(it, _) if *it == host)) {
                    self.start(host);
                }
            }
            Fault::Pause(host) => self.resume(host),
            Fault::Disk(host, _) => self.release_disk(host, hold.0),
        }
    }

    fn held(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.holds.held.values().any(is)
    }

    /// Whether the chosen message of a [`Fault::Message`] has come.
    pub fn rule_met(&self, hold: HoldId) -> bool {
        self.core.network.rule_met(hold.0)
    }

    /// Ends every hold on these links, of partitions and clogs; true if there was any.
    pub fn free_links(&mut self, chosen: impl Fn(&Fault, NodeId, NodeId) -> bool) -> bool {
        let mut any = false;
        for hold in self.holds.held.keys().copied().collect::<Vec<_>>() {
            let Some(fault) = self.holds.held.get(&hold).cloned() else {
                continue;
            };
            any |= self.free_links_of(hold, |from, to| chosen(&fault, from, to));
        }
        any
    }

    /// Ends the grip of one hold on those of its links that are chosen, if it cuts or clogs; true
    /// if there was any.
    pub fn free_links_of(&mut self, hold: HoldId, chosen: impl Fn(NodeId, NodeId) -> bool) -> bool {
        let Some(fault) = self.holds.held.get_mut(&hold) else {
            return false;
        };
        let (cuts, some_kinds) =
            (matches!(fault, Fault::Cut(_)), matches!(fault, Fault::CutKinds(..)));
        let (Fault::Cut(links) | Fault::Clog(links) | Fault::CutKinds(links, _)) = fault else {
            return false;
        };
        let (freed, kept): (Vec<_>, Vec<_>) =
            links.iter().copied().partition(|&(from, to)| chosen(from, to));
        *links = kept;
        self.fold_freed(&freed);
        if some_kinds {
            self.core.network.narrow_kind_cut(hold.0, |from, to| !chosen(from, to));
            return !freed.is_empty();
        }
        for &(from, to) in &freed {
            if cuts {
                self.core.network.mend(from, to);
            } else if self.core.network.unclog(from, to) {
                self.let_go(from, to);
            }
        }
        !freed.is_empty()
    }

    /// Ends what a hold does to those of its links that are chosen, if it shapes them: whether there
    /// was any, and whether none is left.
    pub(super) fn free_shaped_links_of(
        &mut self,
        hold: HoldId,
        chosen: impl Fn(NodeId, NodeId) -> bool,
    ) -> (bool, bool) {
        let Some(Fault::Shape(links, _)) = self.holds.held.get_mut(&hold) else {
            return (false, false);
        };
        let before = links.len();
        links.retain(|&(from, to)| !chosen(from, to));
        let (freed, ends) = (links.len() < before, links.is_empty());
        self.core.network.narrow_shaping(hold.0, |from, to| !chosen(from, to));
        (freed, ends)
    }

    /// Ends every hold on these hosts and their links; true if there was any. A chosen message is
    /// neither, and stays chosen.
    pub fn free_hosts(&mut self, hosts: &[NodeId]) -> bool {
        let touches = |from: NodeId, to: NodeId| hosts.contains(&from) || hosts.contains(&to);
        let mut any = self.free_links(|_, from, to| touches(from, to));
        for hold in self.holds.held.keys().copied().collect::<Vec<_>>() {
            let ends = match self.holds.held.get_mut(&hold) {
                Some(Fault::Crash(host, _) | Fault::Pause(host)) => hosts.contains(host),
                Some(Fault::Disk(host, wrong)) => hosts.contains(host) && !wrong.is_damage(),
                Some(Fault::Shape(..)) => {
                    let (freed, ends) = self.free_shaped_links_of(hold, touches);
                    any |= freed;
                    ends
                }
                Some(Fault::Cut(_) | Fault::Clog(_) | Fault::CutKinds(..) | Fault::Message(_))
                | None => false,
            };
            if ends {
                any = true;
                self.release(hold);
            }
        }
        for host in hosts {
            any |= self.start(*host);
        }
        any
    }

    /// Restarts a host that is down, lets go one that is paused, and ends the holds on it; true if
    /// it was either.
    pub fn restart(&mut self, host: NodeId) -> bool {
        self.fold_fault(tag::RELEASE, u64::from(host.number()));
        let paused = self.is_paused(host);
        let holds = self.holds.held.iter();
        let paused_by: Vec<HoldId> = holds
            .filter(|(_, fault)| matches!(fault, Fault::Pause(it) if *it == host))
            .map(|(hold, _)| *hold)
            .collect();
        for hold in paused_by {
            self.release(hold);
        }
        self.holds.held.retain(|_, fault| !matches!(fault, Fault::Crash(it, _) if *it == host));
        self.start(host) || paused
    }

    /// Whether `host` is up, paused or not.
    pub fn is_up(&self, host: NodeId) -> bool {
        self.hosts.0.get(host.index()).is_some_and(|host| host.node.is_some())
    }

    /// Whether a fault holds `host` paused.
    pub fn is_paused(&self, host: NodeId) -> bool {
        self.hosts.0.get(host.index()).is_some_and(|host| host.is_paused())
    }

    /// Whether a fault cuts the link.
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.core.network.is_cut(from, to)
    }

    /// Tells the tracer that a fault began, changed or ended.
    pub fn trace_fault(&mut self, kind: &str, text: &str) {
        self.trace(None, What::Fault { kind }, &text);
    }

    /// What a clogged link held goes on its way, in order.
    fn let_go(&mut self, from: NodeId, to: NodeId) {
        let now = self.core.now;
        let clogged = std::mem::take(&mut self.core.clogged);
        for message in clogged {
            if (message.from, message.to) == (from, to) {
                let at = now.saturating_add_nanos(message.delay_ns);
                self.core.push(at, Slot::unpack(message.raw));
            } else {
                self.core.clogged.push(message);
            }
        }
    }

    /// Boots a host that is down; true if it was.
    pub(super) fn start(&mut self, host: NodeId) -> bool {
        let machine = &self.hosts.0[host.index()].machine;
        let down = self.hosts.0[host.index()].node.is_none();
        let after = machine.incarnation;
        // A host that has not booted yet boots by itself.
        if !down || after == 0 {
            return false;
        }
        self.core.push_internal(self.core.now, Internal::Boot { host, after });
        true
    }

    fn pause(&mut self, id: NodeId) -> bool {
        let host = &mut self.hosts.0[id.index()];
        if host.node.is_none() {
            return false;
        }
        host.cold().pauses += 1;
        host.settle_ready();
        self.trace(Some(id), What::Pause, &"");
        true
    }

    fn resume(&mut self, id: NodeId) {
        let host = &mut self.hosts.0[id.index()];
        let cold = host.cold();
        cold.pauses -= 1;
        if cold.pauses > 0 {
            return;
        }
        host.settle_ready();
        self.trace(Some(id), What::Resume, &"");
        self.open_gates(id);
        if self.hosts.0[id.index()].cold().step_over {
            self.finish_step(id);
        }
        self.wake_if_waiting(id);
    }

    /// `ctx.crash()`, and a disk error nobody handled: a supervisor restarts the host.
    pub(super) fn crash_by_itself(&mut self, id: NodeId) {
        self.core.running = None;
        self.crash(id, None);
        let at = self.core.now + self.config.restart_after;
        let after = self.hosts.0[id.index()].machine.incarnation;
        self.core.push_internal(at, Internal::Boot { host: id, after });
    }

    /// The host loses its memory, its gated outputs, and of its un-synced writes what the model
    /// says; none if it was down.
    fn crash(&mut self, id: NodeId, model: Option<CrashModel>) -> Option<CrashReport> {
        let model = model.unwrap_or(self.config.crash_model);
        let host = self.hosts.0.get_mut(id.index())?;
        host.node.take()?;
        self.up -= 1;
        // A process that is gone is held by no pause, nor is its successor.
        self.holds.held.retain(|_, fault| !matches!(fault, Fault::Pause(it) if *it == id));
        host.timers.clear();
        let machine = &mut host.machine;
        let loss = machine.crash_disk(&self.core.shared.streams, id, model);
        machine.reads = Reads::default();
        let now = self.core.now;
        let cold = host.cold();
        cold.device_free_at = now;
        cold.synced = None;
        cold.pauses = 0;
        cold.waking = false;
        cold.step_over = false;
        cold.disk_errors.clear();
        cold.sync_failed_in_step = false;
        cold.stalled.clear();
        cold.inbox_messages = 0;
        let outbox = std::mem::take(&mut cold.outbox);
        let inbox = std::mem::take(&mut cold.inbox);
        let step = cold.step.take();
        host.settle_ready();
        for (_, output) in outbox {
            match output {
                Output::Message(slot) => drop(self.effects.parcels.remove(slot)),
                Output::Mail(slot) => drop(self.mails.remove(slot)),
            }
        }
        self.drop_effects(step.unwrap_or_default());
        for raw in inbox {
            self.drop_arrival(Slot::unpack(raw), "host_down");
        }
        let CrashLoss { operations, bytes } = loss;
        let report = CrashReport { operations_lost: operations, bytes_lost: bytes };
        self.fold_fault(tag::CRASH | u64::from(id.number()), operations);
        let what = What::Crash { operations_lost: operations, bytes_lost: bytes };
        self.trace(Some(id), what, &"");
        if operations > 0 {
            self.reached_by_name(UNSYNCED_DATA_LOST);
        }
        self.observe_crashed(id);
        Some(report)
    }

    /// The effects of a step that was cut short: their messages are freed.
    fn drop_effects(&mut self, effects: Vec<crate::effects::Effect<N>>) {
        use crate::effects::Effect;
        for effect in effects {
            if let Effect::Send { slot } | Effect::Broadcast { slot } = effect {
                self.effects.parcels.remove(slot);
            }
        }
    }
}
