//! Faults that hold something, and letting go.
//!
//! Each fault *holds* what it took: links, a host. A link or host is free when no fault holds it.
//! Selectors, schedules and drawing belong to whoever drives the simulation; here everything is
//! resolved.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec;
use crate::config::Cpu;
use crate::disk::{CrashModel, DiskFault};
use crate::id::NodeId;
use crate::network::{Capacity, MessageRule, Shaping};
use crate::node::Node;
use crate::rng::Chance;
use crate::sim::Sim;
use crate::sim::clocks::ClockFault;
use crate::sim::core::{Internal, Slot};
use crate::sim::sharp::CrashPoint;
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
    /// Directed links carry less than usual. Where several do so, the lowest rate, the shortest
    /// queue and the highest cost count.
    Throttle(Vec<(NodeId, NodeId)>, Capacity),
    /// The processor of a host is slower.
    Slow(NodeId, Cpu),
    /// Something about the clocks of a host.
    Clock(NodeId, ClockFault),
    /// A host crashes, and its disk is lost with everything on it.
    Wipe(NodeId),
    /// A host crashes at a sharp point. From then on this is a crash like any other; before, a
    /// crash that has had no effect.
    CrashAt(NodeId, CrashPoint),
    /// A host stops in good order: it handles nothing more, what waits for the disk leaves, what
    /// was written becomes durable, and then it is down.
    Stop(NodeId),
    /// A host stops in good order, and is a member no more. Nothing is held: only a join or a
    /// restart brings it back.
    Leave(NodeId),
    /// A spare host boots, or one that has left comes back. Nothing is held.
    Join(NodeId),
}

impl Fault {
    /// The host that it keeps down, or would.
    fn keeps_down(&self) -> Option<NodeId> {
        match self {
            Fault::Crash(host, _) | Fault::Wipe(host) | Fault::Stop(host) => Some(*host),
            Fault::Cut(_)
            | Fault::Clog(_)
            | Fault::Shape(..)
            | Fault::Message(_)
            | Fault::Pause(_)
            | Fault::CutKinds(..)
            | Fault::Throttle(..)
            | Fault::Disk(..)
            | Fault::Slow(..)
            | Fault::Clock(..)
            | Fault::CrashAt(..)
            | Fault::Leave(_)
            | Fault::Join(_) => None,
        }
    }

    /// The host of which it holds something that a heal lets go: links are of no host, and damage
    /// stays.
    pub(super) fn healed_host(&self) -> Option<NodeId> {
        match self {
            Fault::Disk(_, wrong) if wrong.is_damage() => None,
            Fault::Crash(host, _)
            | Fault::Pause(host)
            | Fault::Disk(host, _)
            | Fault::Slow(host, _)
            | Fault::Clock(host, _)
            | Fault::Wipe(host)
            | Fault::CrashAt(host, _)
            | Fault::Stop(host) => Some(*host),
            Fault::Cut(_)
            | Fault::Clog(_)
            | Fault::Shape(..)
            | Fault::Message(_)
            | Fault::CutKinds(..)
            | Fault::Throttle(..)
            | Fault::Leave(_)
            | Fault::Join(_) => None,
        }
    }
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

impl Holds {
    /// What is held.
    pub(super) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.held.values()
    }

    pub(super) fn fault(&self, hold: HoldId) -> Option<&Fault> {
        self.held.get(&hold)
    }

    /// A hold becomes another one of the same name.
    pub(super) fn replace(&mut self, hold: HoldId, fault: Fault) {
        self.held.insert(hold, fault);
    }
}

/// How a fault holds links that can be freed one by one.
#[derive(Clone, Copy)]
enum Grip {
    Cuts,
    Clogs,
    CutsKinds,
    Throttles,
}

/// Folded into the digest with each change of a fault.
pub(super) mod tag {
    pub(in crate::sim) const TAKE: u64 = 32 << 56;
    pub(in crate::sim) const CRASH: u64 = 33 << 56;
    pub(in crate::sim) const RELEASE: u64 = 34 << 56;
    pub(in crate::sim) const STOPPED: u64 = 40 << 56;
    pub(in crate::sim) const PARAMS: u64 = 41 << 56;
    pub(in crate::sim) const BLANK: u64 = 42 << 56;
}

impl<N: Node> Sim<N> {
    /// Lets a fault take what it wants; none if it had no effect: a crash of a host that is down,
    /// a pause of one that is not up, no links.
    pub fn inject(&mut self, fault: Fault) -> Option<HoldId> {
        let took = match &fault {
            Fault::Cut(links) => {
                for &(from, to) in links {
                    self.cut_link(from, to);
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
                links.iter().any(|&(from, to)| self.touches(shaping, from, to))
            }
            Fault::Throttle(links, capacity) => {
                links.iter().any(|&link| self.core.network.would_throttle(link, capacity))
            }
            Fault::Message(_) => true,
            Fault::Crash(host, model) => self.crash(*host, *model).is_some(),
            Fault::Wipe(host) => self.crash_at(*host, None, None, true).is_some(),
            Fault::Pause(host) => self.pause(*host),
            Fault::Disk(host, wrong) => self.hold_disk(*host, self.holds.made + 1, wrong),
            Fault::Stop(host) => self.stop(*host),
            Fault::Leave(host) => self.leave_for_good(*host),
            Fault::Join(host) => self.join(*host),
            Fault::Slow(host, cpu) => self.can_slow(*host, *cpu),
            Fault::Clock(host, fault) => self.can_change_clock(*host, *fault),
            Fault::CrashAt(host, _) => self.is_up(*host),
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
            Fault::Throttle(links, capacity) => {
                let before = self.core.network.add_throttle(hold.0, links.clone(), *capacity);
                self.plan_again(before);
            }
            Fault::Cut(_)
            | Fault::Clog(_)
            | Fault::Crash(..)
            | Fault::Pause(_)
            | Fault::Disk(..)
            | Fault::Slow(..)
            | Fault::Clock(..)
            | Fault::Wipe(_)
            | Fault::CrashAt(..)
            | Fault::Stop(_)
            | Fault::Leave(_)
            | Fault::Join(_) => {}
        }
        self.holds.held.insert(hold, fault.clone());
        self.take_host(hold, fault);
        Some(hold)
    }

    /// What a fault of a host takes once its hold is in the books.
    fn take_host(&mut self, hold: HoldId, fault: Fault) {
        match fault {
            Fault::Slow(host, cpu) => self.begin_slow(host, hold, cpu),
            Fault::Clock(host, fault) => {
                if matches!(fault, ClockFault::Step(_)) {
                    self.holds.held.remove(&hold);
                }
                self.begin_clock_fault(host, hold, fault);
            }
            Fault::CrashAt(host, point) => self.arm(host, hold, point),
            Fault::Stop(host) => self.go_on_stopping(host),
            Fault::Leave(host) => {
                self.holds.held.remove(&hold);
                self.go_on_stopping(host);
            }
            Fault::Join(_) => {
                self.holds.held.remove(&hold);
            }
            Fault::Cut(_)
            | Fault::Clog(_)
            | Fault::Shape(..)
            | Fault::Message(_)
            | Fault::CutKinds(..)
            | Fault::Throttle(..)
            | Fault::Disk(..)
            | Fault::Crash(..)
            | Fault::Wipe(_)
            | Fault::Pause(_) => {}
        }
    }

    /// Whether a shaping can do anything to what is sent on this link.
    fn touches(&self, shaping: &Shaping, from: NodeId, to: NodeId) -> bool {
        let members = self.core.shared.members.len();
        // Nothing on a stream is doubled.
        if self.core.network.is_stream(from, to) {
            let single = Shaping { duplicate: Chance::NEVER, ..shaping.clone() };
            return single.touches(from, to, members);
        }
        shaping.touches(from, to, members)
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
        // A crash that has begun is brought to its end.
        if let Some(&Fault::CrashAt(host, _)) = self.holds.fault(hold)
            && let Some(operation) = self.pending_cut(host, hold)
        {
            self.strike(host, hold, Some(operation));
        }
        let Some(fault) = self.holds.held.remove(&hold) else {
            return;
        };
        self.fold_fault(tag::RELEASE, u64::from(hold.0));
        match fault {
            Fault::Cut(links) => {
                for (from, to) in links {
                    self.mend_link(from, to);
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
            Fault::Throttle(..) => {
                let before = self.core.network.end_throttle(hold.0, |_, _| true);
                self.plan_again(before);
            }
            Fault::Crash(host, _) | Fault::Wipe(host) | Fault::Stop(host) => {
                if !self.held(|other| other.keeps_down() == Some(host))
                    && !self.has_left(host)
                    && !self.restart_when_stopped(host)
                {
                    self.start(host);
                }
            }
            Fault::Pause(host) => self.resume(host),
            Fault::Disk(host, _) => self.release_disk(host, hold.0),
            Fault::Slow(host, _) => self.end_slow(host, hold),
            Fault::Clock(host, fault) => self.end_clock_fault(host, hold, fault),
            Fault::CrashAt(host, _) => self.disarm(host, hold),
            // Nothing is held.
            Fault::Leave(_) | Fault::Join(_) => {}
        }
    }

    fn held(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.holds.held.values().any(is)
    }

    /// Whether the chosen message of a [`Fault::Message`] has come.
    pub fn rule_met(&self, hold: HoldId) -> bool {
        self.core.network.rule_met(hold.0)
    }

    /// Ends every hold on these links, of cuts, clogs and throttles; true if there was any.
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

    /// Ends the grip of one hold on those of its links that are chosen, if it cuts, clogs or
    /// throttles; true if there was any.
    pub fn free_links_of(&mut self, hold: HoldId, chosen: impl Fn(NodeId, NodeId) -> bool) -> bool {
        let Some(fault) = self.holds.held.get_mut(&hold) else {
            return false;
        };
        let (grip, links) = match fault {
            Fault::Cut(links) => (Grip::Cuts, links),
            Fault::Clog(links) => (Grip::Clogs, links),
            Fault::CutKinds(links, _) => (Grip::CutsKinds, links),
            Fault::Throttle(links, _) => (Grip::Throttles, links),
            Fault::Shape(..)
            | Fault::Message(_)
            | Fault::Crash(..)
            | Fault::Pause(_)
            | Fault::Disk(..)
            | Fault::Slow(..)
            | Fault::Clock(..)
            | Fault::Wipe(_)
            | Fault::CrashAt(..)
            | Fault::Stop(_)
            | Fault::Leave(_)
            | Fault::Join(_) => return false,
        };
        let (freed, kept): (Vec<_>, Vec<_>) =
            links.iter().copied().partition(|&(from, to)| chosen(from, to));
        *links = kept;
        self.fold_freed(&freed);
        match grip {
            Grip::CutsKinds => {
                self.core.network.narrow_kind_cut(hold.0, |from, to| !chosen(from, to));
            }
            Grip::Throttles => {
                let before = self.core.network.end_throttle(hold.0, chosen);
                self.plan_again(before);
            }
            Grip::Cuts => freed.iter().for_each(|&(from, to)| self.mend_link(from, to)),
            Grip::Clogs => {
                for &(from, to) in &freed {
                    if self.core.network.unclog(from, to) {
                        self.let_go(from, to);
                    }
                }
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
                Some(Fault::Shape(..)) => {
                    let (freed, ends) = self.free_shaped_links_of(hold, touches);
                    any |= freed;
                    ends
                }
                Some(fault) => fault.healed_host().is_some_and(|host| hosts.contains(&host)),
                None => false,
            };
            if ends {
                any = true;
                self.release(hold);
            }
        }
        for host in hosts {
            any |= !self.has_left(*host) && self.start(*host);
        }
        any
    }

    /// Restarts a host that is down (also one that has left), lets go one that is paused, and ends
    /// the holds that kept it so; true if it was either.
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
        self.holds.held.retain(|_, fault| fault.keeps_down() != Some(host));
        self.away.retain(|away| *away != host);
        self.restart_when_stopped(host) || self.start(host) || paused
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

    fn cut_link(&mut self, from: NodeId, to: NodeId) {
        let was_cut = self.core.network.is_cut(from, to);
        self.core.network.cut(from, to);
        if !was_cut {
            self.stream_cut(from, to);
        }
    }

    fn mend_link(&mut self, from: NodeId, to: NodeId) {
        self.core.network.mend(from, to);
        if !self.core.network.is_cut(from, to) {
            self.stream_mended(from, to);
        }
    }

    /// What a clogged link held goes on its way, in order.
    fn let_go(&mut self, from: NodeId, to: NodeId) {
        let now = self.core.now;
        let clogged = std::mem::take(&mut self.core.clogged);
        let limited = self.core.network.is_limited(from, to);
        for message in clogged {
            if (message.from, message.to) == (from, to) && limited {
                let slot = Slot::unpack(message.raw);
                self.enter_link(slot, (from, to), message.delay_ns);
            } else if (message.from, message.to) == (from, to) {
                let at = now.saturating_add_nanos(message.delay_ns);
                self.core.push(at, Slot::unpack(message.raw));
            } else {
                self.core.clogged.push(message);
            }
        }
        self.stream_freed(from, to);
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
        self.go_on_stopping(id);
    }
}
