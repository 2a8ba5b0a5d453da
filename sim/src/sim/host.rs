//! One simulated machine: its node, its timers, its inbox and its outbox.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::config::DiskConfig;
use crate::disk::{CrashModel, DiskError, DiskView, SyncId};
use crate::effects::Effect;
use crate::id::NodeId;
use crate::machine::Machine;
use crate::node::Node;
use crate::sim::core::Internal;
use crate::time::SimTime;
use crate::view::HostTable;

pub(crate) struct Host<N: Node> {
    /// None while it is down.
    pub(crate) node: Option<N>,
    /// Handles nothing before; `SimTime::MAX` while it is down, paused or in a step that takes
    /// time.
    pub(crate) ready_at: SimTime,
    pub(crate) machine: Machine,
    pub(crate) timers: Vec<Timer<N::Timer>>,
    pub(crate) params: Arc<N::Params>,
    /// What most hosts of a large simulation never need.
    pub(crate) cold: Option<Box<Cold<N>>>,
}

/// One timer. Its entry is used again once it is no longer armed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer<T> {
    pub(crate) timer: T,
    pub(crate) armed: bool,
    pub(crate) at: SimTime,
    /// The order in which it was set decides among equal times, wherever the queue holds it.
    pub(crate) sequence: u64,
    /// The queue's entry for it, and when that comes up; a later deadline only changes `at`.
    pub(crate) ticket: Option<u32>,
    pub(crate) queued_at: SimTime,
    pub(crate) digest: u64,
}

pub(crate) struct Cold<N: Node> {
    pub(crate) disk: DiskConfig,
    /// When the device has done all that it was asked to do.
    pub(crate) device_free_at: SimTime,
    /// The latest sync that has completed.
    pub(crate) synced: Option<SyncId>,
    /// Outputs that wait for a sync, in order.
    pub(crate) outbox: VecDeque<(SyncId, Output)>,
    /// Queue slots that wait for the host to be ready, in order of due time.
    pub(crate) inbox: VecDeque<u32>,
    /// The messages among them.
    pub(crate) inbox_messages: usize,
    /// The effects of a step that is still running.
    pub(crate) step: Option<Vec<Effect<N>>>,
    /// True if that step came to its end during a pause.
    pub(crate) step_over: bool,
    /// How many faults hold it paused.
    pub(crate) pauses: u32,
    /// True while a queue entry for draining the inbox is under way.
    pub(crate) waking: bool,
    /// What the disk has to tell the node, in order.
    pub(crate) disk_errors: VecDeque<DiskError>,
    /// Whether a sync has failed while a step that takes time is running.
    pub(crate) sync_failed_in_step: bool,
    /// What waits for a disk that is stuck.
    pub(crate) stalled: Vec<Internal>,
}

/// An output that a gate holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    Message(u32),
    Mail(u32),
}

impl<N: Node> Host<N> {
    pub(crate) fn new(machine: Machine, params: Arc<N::Params>) -> Self {
        Host { node: None, ready_at: SimTime::MAX, machine, timers: Vec::new(), params, cold: None }
    }

    pub(crate) fn cold(&mut self) -> &mut Cold<N> {
        self.cold.get_or_insert_with(|| Box::new(Cold::new(DiskConfig::default())))
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.cold.as_ref().is_some_and(|cold| cold.pauses > 0)
    }

    /// Recomputes `ready_at` after the node, a pause or a step that takes time changed. Such a
    /// step ends with its own event and not at a time: what is due at the same instant waits
    /// until its outputs have left.
    pub(crate) fn settle_ready(&mut self) {
        self.ready_at = match (&self.node, &self.cold) {
            (None, _) => SimTime::MAX,
            (Some(_), None) => SimTime::ZERO,
            (Some(_), Some(cold)) if cold.pauses > 0 || cold.step.is_some() => SimTime::MAX,
            (Some(_), Some(_)) => SimTime::ZERO,
        };
    }
}

impl<N: Node> Cold<N> {
    pub(crate) fn new(disk: DiskConfig) -> Self {
        Cold {
            disk,
            device_free_at: SimTime::ZERO,
            synced: None,
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            inbox_messages: 0,
            step: None,
            step_over: false,
            pauses: 0,
            waking: false,
            disk_errors: VecDeque::new(),
            sync_failed_in_step: false,
            stalled: Vec::new(),
        }
    }
}

/// All hosts by index, and how they crash.
pub(crate) struct HostSet<N: Node>(pub(crate) Vec<Host<N>>, pub(crate) CrashModel);

impl<N: Node> HostTable<N> for HostSet<N> {
    fn node(&self, host: NodeId) -> Option<&N> {
        self.0.get(host.index())?.node.as_ref()
    }

    fn disk(&self, host: NodeId) -> DiskView<'_> {
        self.0[host.index()].machine.disk.view()
    }

    fn durable(&self, host: NodeId) -> DiskView<'_> {
        self.0[host.index()].machine.disk.durable()
    }

    fn at_risk(&self, host: NodeId) -> Vec<(&str, Range<u64>)> {
        self.0[host.index()].machine.disk.at_risk(self.1).collect()
    }

    fn disk_has_lied(&self, host: NodeId) -> bool {
        self.0[host.index()].machine.disk.has_lied()
    }

    fn real_span(&self, host: NodeId, local: Duration) -> Duration {
        self.0[host.index()].machine.clocks.real_span(local)
    }
}
