//! Hosts that are slow, stop in good order, leave and join, and get other params or a blank disk.

use std::sync::Arc;

use crate::config::Cpu;
use crate::disk::{SyncRequest, SyncScope};
use crate::id::NodeId;
use crate::node::Node;
use crate::sim::core::Internal;
use crate::sim::faults::{Fault, HoldId, tag};
use crate::sim::{Sim, Stop};
use crate::trace::What;

impl<N: Node> Sim<N> {
    /// Whether `host` is among those that take part now: those that the run began with and spare
    /// ones that have joined, but for those that have left. It may be down.
    pub fn takes_part(&self, host: NodeId) -> bool {
        let known =
            self.core.shared.members.binary_search(&host).is_ok() || self.joined.contains(&host);
        known && !self.has_left(host)
    }

    /// Whether `host` has left, and not joined again.
    pub fn has_left(&self, host: NodeId) -> bool {
        self.away.contains(&host)
    }

    /// Whether `host` was there only to join.
    pub(super) fn is_spare(&self, host: NodeId) -> bool {
        self.config.hosts.get(host.index()).is_some_and(|host| host.spare)
    }

    /// From its next boot on the node of `host` gets these params. `text` says which they are, for
    /// the digest and the trace.
    pub fn set_params(&mut self, host: NodeId, params: Arc<N::Params>, text: &str) {
        self.hosts.0[host.index()].params = params;
        self.fold_fault(tag::PARAMS | u64::from(host.number()), text.len() as u64);
        self.core.digest.fold_bytes(text.as_bytes());
    }

    /// Replaces the disk of a host that is down; true if there was anything on it.
    pub fn blank_disk(&mut self, host: NodeId) -> bool {
        let Some(it) = self.hosts.0.get_mut(host.index()).filter(|it| it.node.is_none()) else {
            return false;
        };
        let any = it.machine.disk.blank();
        if any {
            self.fold_fault(tag::BLANK, u64::from(host.number()));
        }
        any
    }

    /// How often each place of [`crate::Context::buggify`] that was asked has said yes, by name.
    pub fn buggified(&self) -> std::collections::BTreeMap<&'static str, u64> {
        let mut fired = std::collections::BTreeMap::new();
        for host in &self.hosts.0 {
            for (name, times) in host.machine.buggified() {
                *fired.entry(name).or_default() += times;
            }
        }
        fired
    }
}

/// Slow processors.
impl<N: Node> Sim<N> {
    pub(super) fn can_slow(&self, id: NodeId, cpu: Cpu) -> bool {
        cpu != Cpu::PLAIN && self.hosts.0.get(id.index()).is_some()
    }

    /// A fault slows the host down. It has an effect as soon as a step takes longer for it.
    pub(super) fn begin_slow(&mut self, id: NodeId, hold: HoldId, cpu: Cpu) {
        self.hosts.0[id.index()].rare().slow_in_vain.push((hold, cpu));
        self.settle_cpu(id);
    }

    pub(super) fn end_slow(&mut self, id: NodeId, hold: HoldId) {
        self.hosts.0[id.index()].rare().slow_in_vain.retain(|(other, _)| *other != hold);
        self.settle_cpu(id);
    }

    fn settle_cpu(&mut self, id: NodeId) {
        let own = self.config.hosts[id.index()].cpu;
        let cpu = self.holds.faults().fold(own, |cpu, fault| match fault {
            Fault::Slow(host, slow) if *host == id => cpu.slowed_by(*slow),
            _ => cpu,
        });
        self.hosts.0[id.index()].rare().cpu = cpu;
        self.watch_for_faults();
    }

    /// A step is over in a simulation where that may matter to a fault.
    #[cold]
    pub(super) fn special_step_over(&mut self, id: NodeId) {
        if let Some(rare) = self.hosts.0[id.index()].rare_if_any() {
            let said = self.effects.busy;
            self.effects.busy = rare.cpu.takes(said);
            let busy = !said.is_zero() || !rare.cpu.step.is_zero();
            rare.slow_in_vain.retain(|(hold, slow)| {
                let longer = !slow.step.is_zero() || (busy && slow.speed_ppm != Cpu::FULL_PPM);
                if longer {
                    self.core.attention.push(Stop::Struck(*hold));
                }
                !longer
            });
        }
        self.arm_step(id);
    }
}

/// Stopping in good order.
impl<N: Node> Sim<N> {
    /// The process is told to stop: it handles nothing more, but what it has to say leaves first,
    /// and what it wrote becomes durable. False if it is down, or stopping already.
    pub(super) fn stop(&mut self, id: NodeId) -> bool {
        let Some(host) = self.hosts.0.get_mut(id.index()) else {
            return false;
        };
        if host.node.is_none() || host.cold().is_stopping() {
            return false;
        }
        host.rare().stopping = Some(false);
        host.settle_ready();
        true
    }

    /// Goes on with stopping, if the host does: from here it is down as soon as nothing is left to
    /// be done.
    #[inline]
    pub(super) fn go_on_stopping(&mut self, id: NodeId) {
        let cold = &self.hosts.0[id.index()].cold;
        if cold.as_ref().is_some_and(|cold| cold.is_stopping()) {
            self.stop_when_done(id);
        }
    }

    #[cold]
    fn stop_when_done(&mut self, id: NodeId) {
        let host = &mut self.hosts.0[id.index()];
        let Some(cold) = &host.cold else { return };
        // A paused process goes on when it resumes; gated outputs wait for their sync.
        if host.node.is_none() || cold.pauses > 0 || cold.step.is_some() || !cold.outbox.is_empty()
        {
            return;
        }
        match host.machine.disk.request_sync(SyncScope::All) {
            SyncRequest::Nothing => self.has_stopped(id),
            request @ SyncRequest::Starts(_) => {
                self.gate(id, request);
            }
            SyncRequest::Joins(_) => {}
        }
    }

    fn has_stopped(&mut self, id: NodeId) {
        let restarts = self.hosts.0[id.index()].rare().stopping.take() == Some(true);
        self.fold_fault(tag::STOPPED, u64::from(id.number()));
        self.trace(Some(id), What::Stopped, &"");
        self.take_down(id);
        self.observe_crashed(id);
        if restarts {
            self.start(id);
        }
    }

    /// Boots the host when it has stopped; false if it is not about to.
    pub(super) fn restart_when_stopped(&mut self, id: NodeId) -> bool {
        match self.hosts.0[id.index()].rare_if_any() {
            Some(rare) if rare.stopping.is_some() => {
                rare.stopping = Some(true);
                true
            }
            Some(_) | None => false,
        }
    }

    /// The host leaves for good.
    pub(super) fn leave_for_good(&mut self, id: NodeId) -> bool {
        let leaves = !self.has_left(id) && self.stop(id);
        if leaves {
            self.away.push(id);
        }
        leaves
    }

    /// A spare host boots for the first time, or one that has left comes back.
    pub(super) fn join(&mut self, id: NodeId) -> bool {
        if self.has_left(id) {
            self.away.retain(|host| *host != id);
            return self.restart_when_stopped(id) || self.start(id);
        }
        let joins = self.is_spare(id) && !self.joined.contains(&id);
        if joins {
            self.joined.push(id);
            self.joined.sort_unstable();
            self.core.push_internal(self.core.now, Internal::Boot { host: id, after: 0 });
        }
        joins
    }
}
