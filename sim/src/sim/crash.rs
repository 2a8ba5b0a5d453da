//! A host goes down: what is lost, and what becomes of all that waited for it.

use crate::disk::{CrashLoss, CrashModel};
use crate::effects::Effect;
use crate::id::NodeId;
use crate::machine::Reads;
use crate::node::Node;
use crate::sim::core::{Internal, Slot};
use crate::sim::faults::{CrashReport, Fault, tag};
use crate::sim::host::Output;
use crate::sim::{Sim, UNSYNCED_DATA_LOST};
use crate::trace::What;

impl<N: Node> Sim<N> {
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
    pub(super) fn crash(&mut self, id: NodeId, model: Option<CrashModel>) -> Option<CrashReport> {
        self.crash_at(id, model, None, false)
    }

    /// The same; in the middle of a handler call, before the host got to that operation of its
    /// disk, if one is given; and with the loss of the whole disk, if that is `blank`.
    pub(super) fn crash_at(
        &mut self,
        id: NodeId,
        model: Option<CrashModel>,
        operation: Option<u64>,
        blank: bool,
    ) -> Option<CrashReport> {
        let model = model.unwrap_or(self.config.crash_model);
        let host = self.hosts.0.get_mut(id.index())?;
        host.node.as_ref()?;
        let machine = &mut host.machine;
        let operation = operation.unwrap_or_else(|| machine.disk.operation_next());
        let loss = machine.crash_disk_at(&self.core.shared.streams, id, model, operation);
        self.take_down(id);
        if blank {
            self.blank_disk(id);
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

    /// The process is gone, with its memory, its timers and all that waited for it.
    pub(super) fn take_down(&mut self, id: NodeId) {
        self.up -= usize::from(!self.is_spare(id));
        // A process that is gone is held by no pause, nor is its successor.
        self.holds.held.retain(|_, fault| !matches!(fault, Fault::Pause(it) if *it == id));
        self.forget_aims(id);
        let host = &mut self.hosts.0[id.index()];
        host.node = None;
        host.timers.clear();
        host.machine.reads = Reads::default();
        if let Some(rare) = host.rare_if_any() {
            rare.stopping = None;
            rare.dues.clear();
        }
        let now = self.core.now;
        let cold = host.cold();
        cold.device_free_at = now;
        cold.synced = None;
        cold.pauses = 0;
        cold.waking = false;
        cold.step_over = false;
        cold.disk_errors.clear();
        cold.sync_failed_in_step = false;
        cold.slow_syncs.clear();
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
        self.reset_streams_of(id);
    }

    /// The effects of a step that was cut short: their messages are freed.
    pub(super) fn drop_effects(&mut self, effects: Vec<Effect<N>>) {
        for effect in effects {
            if let Effect::Send { slot } | Effect::Broadcast { slot } = effect {
                self.effects.parcels.remove(slot);
            }
        }
    }
}
