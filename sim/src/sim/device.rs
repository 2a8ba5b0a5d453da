//! What a host's disk does in its own time: syncs, reads, and what fails of them.

use std::time::Duration;

use crate::context::Context;
use crate::disk::{Disk, DiskError, DiskFault, SyncId, SyncRequest};
use crate::id::NodeId;
use crate::invariant::{Observation, Watch};
use crate::node::Node;
use crate::sim::core::{Internal, Slot};
use crate::sim::host::{Host, Output};
use crate::sim::step::{handle, tag};
use crate::sim::{HoldId, Sim};
use crate::trace::What;

impl<N: Node> Sim<N> {
    /// The step takes time: its effects wait for its end.
    #[inline(never)]
    pub(super) fn prolong_step(&mut self, id: NodeId) {
        let machine = &self.hosts.0[id.index()].machine;
        let stuck = machine.reads.count > 0 && machine.disk.is_stuck();
        let busy = std::mem::take(&mut self.effects.busy) + self.reading_time(id);
        if busy == Duration::ZERO && !stuck {
            return self.apply(id);
        }
        let now = self.core.now;
        let host = &mut self.hosts.0[id.index()];
        let incarnation = host.machine.incarnation;
        let cold = host.cold();
        cold.step = Some(std::mem::take(&mut self.effects.list));
        let end = Internal::StepEnd { host: id, incarnation };
        if stuck {
            // Its read returns when the device does.
            cold.stalled.push(end);
        } else {
            self.core.push_internal(now + busy, end);
        }
        self.hosts.0[id.index()].settle_ready();
    }

    /// How long the reads of this step take.
    fn reading_time(&mut self, id: NodeId) -> Duration {
        let host = &mut self.hosts.0[id.index()];
        let reads = std::mem::take(&mut host.machine.reads);
        if reads.count == 0 {
            return Duration::ZERO;
        }
        let mut usual_ns = 0_u64;
        if let Some(cold) = &host.cold {
            if cold.disk.read.max_ns() != Some(0) {
                for _ in 0..reads.count {
                    let word = host.machine.device_word(&self.core.shared.streams, id);
                    usual_ns = usual_ns.saturating_add(cold.disk.read.sample(word));
                }
            }
            usual_ns = usual_ns.saturating_add(cold.disk.transfer_ns(reads.bytes));
        }
        let takes_ns = host.machine.disk.device_time_ns(usual_ns, reads.count);
        Duration::from_nanos(takes_ns)
    }

    /// Outputs behind this request wait for the sync that is returned, if for any.
    #[inline(never)]
    pub(super) fn gate(&mut self, id: NodeId, request: SyncRequest) -> Option<SyncId> {
        match request {
            SyncRequest::Nothing => None,
            // It may have completed while this step took time.
            SyncRequest::Joins(sync) => {
                let cold = self.hosts.0[id.index()].cold();
                if cold.sync_failed_in_step {
                    return Some(SyncId::NEVER);
                }
                cold.synced.is_none_or(|synced| sync > synced).then_some(sync)
            }
            SyncRequest::Starts(sync) => {
                let host = &mut self.hosts.0[id.index()];
                let word = host.machine.device_word(&self.core.shared.streams, id);
                let incarnation = host.machine.incarnation;
                let bytes = host.machine.disk.sync_bytes(sync);
                let disk = &host.cold().disk;
                let usual_ns = disk.sync.sample(word).saturating_add(disk.transfer_ns(bytes));
                let takes_ns = host.machine.disk.device_time_ns(usual_ns, 1);
                let cold = host.cold();
                let done = cold.device_free_at.max(self.core.now).saturating_add_nanos(takes_ns);
                cold.device_free_at = done;
                let event = Internal::SyncDone { host: id, incarnation, sync };
                self.core.push_internal(done, event);
                let failed = self.hosts.0[id.index()].cold().sync_failed_in_step;
                Some(if failed { SyncId::NEVER } else { sync })
            }
        }
    }

    pub(super) fn on_sync_done(&mut self, id: NodeId, sync: SyncId) {
        let host = &mut self.hosts.0[id.index()];
        let applied = host.machine.disk.complete_sync(sync);
        let errors = host.machine.disk.take_sync_errors();
        host.cold().synced = Some(sync);
        if !errors.is_empty() {
            return self.sync_failed(id, sync, errors, applied);
        }
        self.trace(Some(id), What::Durable, &"");
        self.observe(Watch::DURABLE, &Observation::Durable { host: id });
        if !self.hosts.0[id.index()].is_paused() {
            self.open_gates(id);
        }
    }

    /// The outputs behind it are gone, those behind later syncs too: they were appended before it
    /// failed, and promise what it was to make durable.
    #[cold]
    fn sync_failed(&mut self, id: NodeId, sync: SyncId, errors: Vec<DiskError>, applied: bool) {
        self.drop_outputs(id, sync);
        let host = &mut self.hosts.0[id.index()];
        let incarnation = host.machine.incarnation;
        let cold = host.cold();
        cold.sync_failed_in_step = cold.step.is_some();
        for error in errors {
            let text = error.to_string();
            self.hosts.0[id.index()].cold().disk_errors.push_back(error);
            self.trace(Some(id), What::SyncFailed, &text);
            let event = Internal::DiskFailed { host: id, incarnation };
            self.core.push_internal(self.core.now, event);
        }
        if applied {
            self.observe(Watch::DURABLE, &Observation::Durable { host: id });
        }
        // A narrow sync that came before may have been waited for behind this one.
        if !self.hosts.0[id.index()].is_paused() {
            self.open_gates(id);
        }
    }

    /// Tells the node of an error: an event like any other.
    pub(super) fn tell_disk_error(&mut self, id: NodeId) {
        let Some(error) = self.hosts.0[id.index()].cold().disk_errors.pop_front() else {
            return;
        };
        let path = crate::rng::hash_name(&error.path);
        self.core.event(tag::DISK_ERROR | u64::from(id.number()), path);
        handle!(self, id, |node, ctx| node.on_disk_error(ctx, error));
    }

    /// Drops the outputs that wait for `sync` or for a later one.
    #[cold]
    pub(super) fn drop_outputs(&mut self, id: NodeId, sync: SyncId) {
        let outbox = &mut self.hosts.0[id.index()].cold().outbox;
        let (dropped, kept): (Vec<_>, Vec<_>) =
            std::mem::take(outbox).into_iter().partition(|(gate, _)| *gate >= sync);
        outbox.extend(kept);
        for (_, output) in dropped {
            match output {
                Output::Message(slot) => drop(self.effects.parcels.remove(slot)),
                Output::Mail(slot) => drop(self.mails.remove(slot)),
            }
        }
    }

    /// Lets outputs leave whose sync has completed.
    pub(super) fn open_gates(&mut self, id: NodeId) {
        loop {
            let cold = self.hosts.0[id.index()].cold();
            let Some(&(gate, output)) = cold.outbox.front() else {
                return;
            };
            if cold.synced.is_none_or(|synced| gate > synced) {
                return;
            }
            cold.outbox.pop_front();
            match output {
                Output::Message(slot) => self.leave(slot),
                Output::Mail(slot) => self.mail_leaves(slot),
            }
        }
    }

    /// Keeps an event of the device for later if the device is stuck; true if it is.
    #[inline]
    pub(super) fn stall(&mut self, id: NodeId, event: Internal) -> bool {
        let host = &mut self.hosts.0[id.index()];
        let stuck = host.machine.disk.is_stuck();
        if stuck {
            host.cold().stalled.push(event);
        }
        stuck
    }

    /// A fault takes hold of a disk; false if that changes nothing.
    pub(super) fn hold_disk(&mut self, id: NodeId, hold: u32, fault: &DiskFault) -> bool {
        let host = self.hosts.0.get_mut(id.index());
        host.is_some_and(|host| host.machine.disk.hold(hold, fault.clone()))
    }

    /// A fault lets go of a disk: what waited for a device that was stuck goes on.
    pub(super) fn release_disk(&mut self, id: NodeId, hold: u32) {
        let host = &mut self.hosts.0[id.index()];
        let hits = host.machine.disk.hits(hold);
        if hits > 0 {
            self.holds.disk_hits.insert(HoldId(hold), hits);
        }
        host.machine.disk.release(hold);
        let stuck = host.machine.disk.is_stuck();
        let Some(cold) = host.cold.as_mut().filter(|_| !stuck) else {
            return;
        };
        for event in std::mem::take(&mut cold.stalled) {
            let slot = self.core.internals.insert(event);
            self.core.push(self.core.now, Slot::Internal(slot));
        }
    }

    /// How often a disk fault of `host` has struck while it held.
    pub fn disk_hits(&self, host: NodeId, hold: HoldId) -> u32 {
        match self.holds.disk_hits.get(&hold) {
            Some(hits) => *hits,
            None => self.disk(host).hits(hold.0),
        }
    }

    /// The disk of `host`, to be looked at.
    pub fn disk(&self, host: NodeId) -> &Disk {
        &self.hosts.0[host.index()].machine.disk
    }
}
