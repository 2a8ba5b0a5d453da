//! Steps: calling a handler, and applying what it wants done.

use std::time::Duration;

use crate::codec;
use crate::context::Context;
use crate::disk::SyncId;
use crate::effects::Effect;
use crate::id::NodeId;
use crate::invariant::{Observation, Watch};
use crate::node::Node;
use crate::parcels::Parcel;
use crate::sim::core::{Internal, Slot};
use crate::sim::host::{Host, Timer};
use crate::sim::{RESTARTED, Sim};
use crate::trace::What;

/// What an event is, in the digest: one number each, beside the host.
pub(super) mod tag {
    pub(super) const TIMER: u64 = 1 << 56;
    pub(super) const BOOT: u64 = 2 << 56;
    pub(super) const SYNC: u64 = 3 << 56;
    pub(super) const STEP_END: u64 = 4 << 56;
    pub(super) const DIRECTOR: u64 = 5 << 56;
    pub(super) const DISK: u64 = 6 << 56;
    pub(in crate::sim) const DISK_ERROR: u64 = 7 << 56;
}

/// Lets a handler of `host` run in its context. A macro, because the context borrows half of the
/// simulation and the node the other half.
macro_rules! handle {
    ($sim:ident, $host:expr, |$node:ident, $ctx:ident| $call:expr) => {{
        let id: NodeId = $host;
        $sim.core.running = Some(id);
        let Host { node, machine, .. } = &mut $sim.hosts.0[id.index()];
        let $node = node.as_mut().expect("a host that is up");
        let $ctx = &mut Context {
            me: id,
            time: $sim.core.now,
            shared: &$sim.core.shared,
            machine,
            effects: &mut $sim.effects,
            directory: "",
            nest: 0,
        };
        $call;
        $sim.step_over(id);
        $sim.core.running = None;
    }};
}
pub(super) use handle;

impl<N: Node> Sim<N> {
    #[inline]
    pub(super) fn on_parcel(&mut self, slot: u32) {
        let to = self.effects.parcels.header(slot).to;
        let host = &self.hosts.0[to.index()];
        if host.ready_at > self.core.now || self.has_inbox(to) {
            self.postpone(to, Slot::Parcel(slot));
        } else {
            self.deliver_parcel(slot);
        }
    }

    #[inline]
    pub(super) fn deliver_parcel(&mut self, slot: u32) {
        if self.tracer.is_some() {
            self.trace_handled(slot);
        }
        let &Parcel { from, to, digest, .. } = self.effects.parcels.header(slot);
        let message = self.effects.parcels.remove(slot);
        let link = u64::from(from.number()) << 32 | u64::from(to.number());
        self.core.event(link, digest);
        if from != to {
            self.core.counts.delivered += 1;
        }
        handle!(self, to, |node, ctx| node.on_message(ctx, from, message));
    }

    fn trace_handled(&mut self, slot: u32) {
        let parcel = self.effects.parcels.header(slot);
        let (from, to, kind) = (parcel.from, parcel.to, usize::from(parcel.kind));
        let text = format!("{:?}", self.effects.parcels.message(slot));
        let name = self.kinds[kind].clone();
        // The entry belongs to the event that is about to be counted.
        self.core.events += 1;
        self.trace(Some(to), What::Handled { from, kind: &name, parcel: slot }, &text);
        self.core.events -= 1;
    }

    pub(super) fn on_internal(&mut self, slot: u32) {
        match *self.core.internals.get(slot) {
            Internal::Timer { host, entry, incarnation } => {
                return self.on_timer(slot, host, entry, incarnation);
            }
            Internal::Wake { host, incarnation } if self.lives(host, incarnation) => {
                self.hosts.0[host.index()].cold().waking = false;
                self.drain_inbox(host);
            }
            Internal::StepEnd { host, incarnation } if self.lives(host, incarnation) => {
                self.core.event(tag::STEP_END | u64::from(host.number()), 0);
                self.on_step_end(host);
            }
            Internal::SyncDone { host, incarnation, sync } if self.lives(host, incarnation) => {
                if !self.stall(host, *self.core.internals.get(slot)) {
                    self.core.event(tag::SYNC | u64::from(host.number()), 0);
                    self.on_sync_done(host, sync);
                }
            }
            Internal::DiskFailed { host, incarnation } if self.lives(host, incarnation) => {
                if self.hosts.0[host.index()].ready_at > self.core.now || self.has_inbox(host) {
                    return self.postpone(host, Slot::Internal(slot));
                }
                self.tell_disk_error(host);
            }
            // Of an incarnation that is no more.
            Internal::Wake { .. }
            | Internal::StepEnd { .. }
            | Internal::SyncDone { .. }
            | Internal::DiskFailed { .. } => {}
            Internal::Boot { host, after } => {
                let it = &self.hosts.0[host.index()];
                if it.node.is_none() && it.machine.incarnation == after {
                    self.boot(host);
                }
            }
            Internal::ClientWake { client, wake } => self.on_client_wake(client, wake),
            Internal::ClientArrival { client } => self.on_client_arrival(client),
            Internal::ClientRetry { client, op, attempt } => {
                self.on_client_retry(client, op, attempt);
            }
            Internal::ClientTimeout { client, op } => self.on_client_timeout(client, op),
            Internal::Director { tag } => {
                self.core.event(tag::DIRECTOR, tag);
                self.core.attention.push(crate::sim::Stop::Wake(tag));
            }
        }
        self.core.internals.remove(slot);
    }

    /// Whether this is still the life of the host that the event was meant for.
    #[inline]
    fn lives(&self, host: NodeId, incarnation: u32) -> bool {
        let host = &self.hosts.0[host.index()];
        host.node.is_some() && host.machine.incarnation == incarnation
    }

    /// Boots a host: its memory is new, its disk is what survived.
    pub(super) fn boot(&mut self, id: NodeId) {
        let host = &mut self.hosts.0[id.index()];
        host.machine.incarnation += 1;
        let incarnation = host.machine.incarnation;
        let params = host.params.clone();
        self.core.event(tag::BOOT | u64::from(id.number()), u64::from(incarnation));
        self.trace(Some(id), What::Boot { incarnation }, &"");
        self.core.running = Some(id);
        let host = &mut self.hosts.0[id.index()];
        let ctx = &mut Context {
            me: id,
            time: self.core.now,
            shared: &self.core.shared,
            machine: &mut host.machine,
            effects: &mut self.effects,
            directory: "",
            nest: 0,
        };
        host.node = Some(N::boot(ctx, &params));
        host.settle_ready();
        self.up += usize::from(incarnation > 1);
        self.observe_booted(id);
        if incarnation > 1 {
            self.reached_by_name(RESTARTED);
        }
        self.step_over(id);
        self.core.running = None;
    }

    /// A handler has returned: applies its effects, now or when its busy time is over.
    #[inline]
    pub(super) fn step_over(&mut self, id: NodeId) {
        self.observe_handled(id);
        if self.effects.slow {
            self.slow_step_over(id);
        } else if let [Effect::Send { slot }] = self.effects.list[..] {
            // Most steps: one message.
            self.effects.list.clear();
            self.send(id, slot, None);
        } else if !self.effects.list.is_empty() {
            self.apply(id);
        }
    }

    /// The step touched the disk or took time.
    #[inline(never)]
    fn slow_step_over(&mut self, id: NodeId) {
        self.effects.slow = false;
        let machine = &mut self.hosts.0[id.index()].machine;
        if machine.disk.fingerprint() != machine.disk_folded {
            machine.disk_folded = machine.disk.fingerprint();
            self.core.digest.fold2(tag::DISK | u64::from(id.number()), machine.disk_folded);
        }
        if self.effects.busy != Duration::ZERO || machine.reads.count != 0 {
            self.prolong_step(id);
        } else {
            self.apply(id);
        }
    }

    fn on_step_end(&mut self, id: NodeId) {
        let cold = self.hosts.0[id.index()].cold();
        if cold.pauses > 0 {
            cold.step_over = true;
            return;
        }
        self.finish_step(id);
    }

    /// The effects of a step that took time leave now, and the host goes on with its inbox.
    pub(super) fn finish_step(&mut self, id: NodeId) {
        let cold = self.hosts.0[id.index()].cold();
        cold.step_over = false;
        let Some(list) = cold.step.take() else {
            return;
        };
        self.effects.list = list;
        self.hosts.0[id.index()].settle_ready();
        self.core.running = Some(id);
        self.apply(id);
        self.core.running = None;
        if let Some(cold) = &mut self.hosts.0[id.index()].cold {
            cold.sync_failed_in_step = false;
        }
        self.wake_if_waiting(id);
    }

    /// Applies the effects of a step in program order.
    #[inline(never)]
    pub(super) fn apply(&mut self, id: NodeId) {
        let mut list = std::mem::take(&mut self.effects.list);
        let mut gate = None;
        let mut crashes = false;
        for effect in list.drain(..) {
            match effect {
                Effect::Send { slot } => self.send(id, slot, gate),
                Effect::Broadcast { slot } => self.send_copies(id, slot, gate),
                Effect::SetTimer { timer, after } => self.set_timer(id, timer, after),
                Effect::CancelTimer { timer } => self.cancel_timer(id, timer),
                Effect::Reply { id: op, answer } => self.send_reply(id, op, *answer, gate),
                Effect::Accepted { id: op, position } => self.accepted(op, position),
                Effect::Deliver(item) => self.item_delivered(id, &item),
                Effect::Inner(inner) => self.observe_inner(id, &inner),
                // A narrow sync may join an earlier one than the gate already waits for.
                Effect::Sync(request) => gate = gate.max(self.gate(id, request)),
                Effect::Reached(name) => self.reached_by_name(name),
                Effect::Note(text) => self.trace(Some(id), What::Note, &text),
                Effect::Crash => crashes = true,
            }
        }
        // Keeps the allocation; nothing can have been appended meanwhile.
        self.effects.list = list;
        if gate == Some(SyncId::NEVER) {
            self.drop_outputs(id, SyncId::NEVER);
        }
        if crashes {
            self.crash_by_itself(id);
        }
    }

    #[inline(never)]
    fn item_delivered(&mut self, host: NodeId, item: &crate::node::Item<N>) {
        if self.tracer.is_some() {
            let text = format!("{item:?}");
            self.trace(Some(host), What::Delivered, &text);
        }
        self.observe(Watch::DELIVERED, &Observation::Delivered { host, item });
    }

    pub(super) fn reached_by_name(&mut self, name: &str) {
        match self.milestones.index_of(name) {
            Some(index) => self.reached(index),
            None => panic!("the milestone `{name}` is reached, but the protocol declares none"),
        }
    }

    #[inline(never)]
    fn set_timer(&mut self, id: NodeId, timer: N::Timer, after: Duration) {
        let digest = codec::digest_of(&timer);
        let host = &mut self.hosts.0[id.index()];
        let now = self.core.now;
        let at = now.saturating_add(host.machine.clocks.real_span(after));
        self.core.digest.fold2(digest ^ u64::from(id.number()), at.nanos());
        let sequence = self.core.next_sequence();
        let timers = &mut host.timers;
        let same = timers.iter().position(|entry| entry.armed && entry.timer == timer);
        let entry = same.or_else(|| timers.iter().position(|entry| !entry.armed));
        let set = |old: Option<&Timer<N::Timer>>| Timer {
            timer,
            armed: true,
            at,
            sequence,
            // What the queue still holds comes up early enough, and is then put back. At the same
            // time it would come up in the order of the old setting; and what is due may already
            // wait in the inbox, among things that are due before this.
            ticket: old
                .and_then(|old| old.ticket.filter(|_| now < old.queued_at && old.queued_at < at)),
            queued_at: old.map_or(at, |old| old.queued_at),
            digest,
        };
        let entry = match entry {
            Some(entry) => {
                timers[entry] = set(Some(&timers[entry]));
                entry
            }
            None => {
                timers.push(set(None));
                timers.len() - 1
            }
        };
        if self.tracer.is_some() {
            let what = What::TimerSet { timer: entry as u32, at };
            self.trace(Some(id), what, &format!("{timer:?}"));
        }
        if self.hosts.0[id.index()].timers[entry].ticket.is_none() {
            self.queue_timer(id, entry);
        }
    }

    /// Puts a timer into the queue at its time, in the order in which it was set.
    fn queue_timer(&mut self, id: NodeId, entry: usize) {
        let host = &mut self.hosts.0[id.index()];
        let incarnation = host.machine.incarnation;
        let timer = &mut host.timers[entry];
        let internal = Internal::Timer { host: id, entry: entry as u32, incarnation };
        let slot = self.core.internals.insert(internal);
        timer.ticket = Some(slot);
        timer.queued_at = timer.at;
        let raw = Slot::Internal(slot).pack();
        self.core.queue.push(crate::queue::Key::pack(timer.at, timer.sequence, raw));
    }

    fn cancel_timer(&mut self, id: NodeId, timer: N::Timer) {
        let timers = &mut self.hosts.0[id.index()].timers;
        if let Some(entry) = timers.iter_mut().find(|entry| entry.armed && entry.timer == timer) {
            entry.armed = false;
        }
    }

    fn on_timer(&mut self, slot: u32, id: NodeId, entry: u32, incarnation: u32) {
        if !self.lives(id, incarnation) {
            self.core.internals.remove(slot);
            return;
        }
        let now = self.core.now;
        let host = &mut self.hosts.0[id.index()];
        let timer = &mut host.timers[entry as usize];
        if timer.ticket != Some(slot) || !timer.armed || timer.at > now {
            self.core.internals.remove(slot);
            let current = timer.ticket == Some(slot);
            if current {
                timer.ticket = None;
                if timer.armed {
                    self.queue_timer(id, entry as usize);
                }
            }
            return;
        }
        if host.ready_at > now || self.has_inbox(id) {
            return self.postpone(id, Slot::Internal(slot));
        }
        self.fire_timer(slot, id, entry);
    }

    /// The timer is due, and its host ready.
    fn fire_timer(&mut self, slot: u32, id: NodeId, entry: u32) {
        self.core.internals.remove(slot);
        let timer = &mut self.hosts.0[id.index()].timers[entry as usize];
        timer.armed = false;
        timer.ticket = None;
        let (tag, digest) = (timer.timer, timer.digest);
        self.core.event(tag::TIMER | u64::from(id.number()), digest);
        if self.tracer.is_some() {
            self.trace(Some(id), What::TimerFired { timer: entry }, &format!("{tag:?}"));
        }
        handle!(self, id, |node, ctx| node.on_timer(ctx, tag));
    }

    #[inline]
    pub(super) fn has_inbox(&self, id: NodeId) -> bool {
        match &self.hosts.0[id.index()].cold {
            Some(cold) => !cold.inbox.is_empty(),
            None => false,
        }
    }

    /// Something came for a host that cannot handle it now: down, paused, busy, or with older
    /// things in its inbox.
    #[cold]
    pub(super) fn postpone(&mut self, id: NodeId, slot: Slot) {
        if self.hosts.0[id.index()].node.is_none() {
            return self.drop_arrival(slot, "host_down");
        }
        let limit = self.config.inbox;
        let arrived = self.came_by_network(slot);
        let cold = self.hosts.0[id.index()].cold();
        if arrived && cold.inbox_messages >= limit {
            return self.drop_arrival(slot, "queue_dropped");
        }
        cold.inbox_messages += usize::from(arrived);
        cold.inbox.push_back(slot.pack());
        self.wake_if_waiting(id);
    }

    /// Whether this counts in a bounded inbox: what a host says to itself never crosses the
    /// network, and what an operator submits neither, so neither is dropped there.
    fn came_by_network(&self, slot: Slot) -> bool {
        match slot {
            Slot::Parcel(slot) => self.effects.parcels.header(slot).on_network(),
            Slot::Mail(slot) => self.mails.get(slot).on_network,
            Slot::Internal(_) => false,
        }
    }

    /// Makes sure that the inbox is looked at when the host is ready.
    pub(super) fn wake_if_waiting(&mut self, id: NodeId) {
        let now = self.core.now;
        let host = &mut self.hosts.0[id.index()];
        let (ready_at, incarnation) = (host.ready_at, host.machine.incarnation);
        let cold = host.cold();
        // While it is paused, or while a step lasts, its end does this.
        if cold.inbox.is_empty() || cold.waking || cold.pauses > 0 || cold.step.is_some() {
            return;
        }
        cold.waking = true;
        self.core.push_internal(ready_at.max(now), Internal::Wake { host: id, incarnation });
    }

    /// Handles the first thing in the inbox, and comes back for the next.
    fn drain_inbox(&mut self, id: NodeId) {
        let now = self.core.now;
        let host = &mut self.hosts.0[id.index()];
        if host.ready_at > now {
            return;
        }
        let cold = host.cold();
        let Some(raw) = cold.inbox.pop_front() else {
            return;
        };
        let slot = Slot::unpack(raw);
        if self.came_by_network(slot) {
            self.hosts.0[id.index()].cold().inbox_messages -= 1;
        }
        match slot {
            Slot::Parcel(slot) => self.deliver_parcel(slot),
            Slot::Mail(slot) => self.deliver_request(slot),
            Slot::Internal(slot) => self.handle_waiting_internal(slot),
        }
        self.wake_if_waiting(id);
    }

    /// A timer waited in the inbox, which may have been cancelled or set again meanwhile; or a
    /// disk's error.
    fn handle_waiting_internal(&mut self, slot: u32) {
        let (host, entry) = match *self.core.internals.get(slot) {
            Internal::Timer { host, entry, .. } => (host, entry),
            Internal::DiskFailed { host, .. } => {
                self.core.internals.remove(slot);
                return self.tell_disk_error(host);
            }
            other => unreachable!("{other:?} waits in no inbox"),
        };
        let timer = &self.hosts.0[host.index()].timers[entry as usize];
        // Set again, it has another ticket.
        if timer.ticket == Some(slot) && timer.armed {
            return self.fire_timer(slot, host, entry);
        }
        self.core.internals.remove(slot);
        let timer = &mut self.hosts.0[host.index()].timers[entry as usize];
        if timer.ticket == Some(slot) {
            timer.ticket = None;
        }
    }
}
