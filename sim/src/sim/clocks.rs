//! What faults do to the clocks of a host, and to the timers that run on them.

use std::time::Duration;

use serde::Serialize;

use crate::clock::{Clocks, Drift, Strobe};
use crate::id::NodeId;
use crate::node::Node;
use crate::sim::Sim;
use crate::sim::faults::{Fault, HoldId};
use crate::time::{SimTime, duration_nanos};

/// What a fault does to the clocks of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ClockFault {
    /// The wall clock jumps by so many nanoseconds, once. Nothing is held.
    Step(i64),
    /// Both clocks run faster (slower, if negative) by so many parts per billion than they would.
    Drift(i64),
    /// The wall clock jumps by `by_ns` and back, once every `period`.
    Strobe {
        /// How far, in nanoseconds; backwards first if negative.
        by_ns: i64,
        /// The time from one jump to the next.
        period: Duration,
    },
    /// Both clocks stand still, and no timer fires. They go on from where they stopped.
    Freeze,
    /// The wall clock stands still, and goes on from where it stopped.
    FreezeWall,
}

/// No drift lies outside of these, in parts per billion: clocks run forwards.
const DRIFT_PPB_MIN: i64 = -999_999_999;
const DRIFT_PPB_MAX: i64 = 1_000_000_000_000;

impl<N: Node> Sim<N> {
    /// Whether the fault changes anything.
    pub(super) fn can_change_clock(&self, id: NodeId, fault: ClockFault) -> bool {
        let changes = match fault {
            ClockFault::Step(by) => by != 0,
            ClockFault::Drift(ppb) => ppb != 0,
            ClockFault::Strobe { by_ns, period } => by_ns != 0 && !period.is_zero(),
            ClockFault::Freeze | ClockFault::FreezeWall => true,
        };
        changes && self.hosts.0.get(id.index()).is_some()
    }

    /// The fault takes hold. What it holds is in the books already.
    pub(super) fn begin_clock_fault(&mut self, id: NodeId, hold: HoldId, fault: ClockFault) {
        let now = self.core.now;
        match fault {
            ClockFault::Step(by) => self.hosts.0[id.index()].machine.clocks.step_wall_ns(now, by),
            ClockFault::Strobe { by_ns, period } => {
                let strobe = Strobe { by_ns, period };
                self.hosts.0[id.index()].machine.clocks.begin_strobe(now, hold.0, strobe);
            }
            ClockFault::Drift(_) | ClockFault::Freeze => self.settle_rate(id),
            ClockFault::FreezeWall => self.settle_wall(id),
        }
    }

    /// The fault has let go.
    pub(super) fn end_clock_fault(&mut self, id: NodeId, hold: HoldId, fault: ClockFault) {
        match fault {
            ClockFault::Step(_) => {}
            ClockFault::Strobe { .. } => self.hosts.0[id.index()].machine.clocks.end_strobe(hold.0),
            ClockFault::Drift(_) | ClockFault::Freeze => self.settle_rate(id),
            ClockFault::FreezeWall => self.settle_wall(id),
        }
    }

    /// Lets both clocks run as the host's own settings and the faults that hold them say.
    fn settle_rate(&mut self, id: NodeId) {
        let mut ppb = self.config.hosts[id.index()].clock_drift_ppm.saturating_mul(1_000);
        let mut frozen = false;
        for fault in self.clock_faults(id) {
            match fault {
                ClockFault::Drift(more) => ppb = ppb.saturating_add(more),
                ClockFault::Freeze => frozen = true,
                ClockFault::Step(_) | ClockFault::Strobe { .. } | ClockFault::FreezeWall => {}
            }
        }
        let drift = Drift::from_ppb(ppb.clamp(DRIFT_PPB_MIN, DRIFT_PPB_MAX));
        let before = self.hosts.0[id.index()].machine.clocks.clone();
        let clocks = &mut self.hosts.0[id.index()].machine.clocks;
        clocks.set_rate(self.core.now, drift, frozen);
        if *clocks != before {
            self.place_timers(id, &before);
        }
    }

    fn settle_wall(&mut self, id: NodeId) {
        let stopped = self.clock_faults(id).any(|fault| fault == ClockFault::FreezeWall);
        self.hosts.0[id.index()].machine.clocks.stop_wall(self.core.now, stopped);
    }

    fn clock_faults(&self, id: NodeId) -> impl Iterator<Item = ClockFault> + '_ {
        self.holds.faults().filter_map(move |fault| match fault {
            Fault::Clock(host, fault) if *host == id => Some(*fault),
            _ => None,
        })
    }

    /// The rate of the clocks has changed: every timer that is not due yet moves to where its
    /// clock will show the same.
    fn place_timers(&mut self, id: NodeId, before: &Clocks) {
        let now = self.core.now;
        let host = &mut self.hosts.0[id.index()];
        let frozen = host.machine.clocks.are_frozen();
        let mut dues = host.rare_if_any().map(|rare| std::mem::take(&mut rare.dues));
        dues = dues.filter(|dues| !dues.is_empty());
        let mut kept = Vec::new();
        for entry in 0..host.timers.len() {
            let timer = &mut host.timers[entry];
            // One that is not armed any more, or that waits in the inbox.
            if !timer.armed || timer.at <= now {
                kept.push(Duration::ZERO);
                continue;
            }
            let due = match &dues {
                Some(dues) => dues.get(entry).copied().unwrap_or_default(),
                None => before.monotonic(timer.at),
            };
            kept.push(due);
            timer.at = host.machine.clocks.when_monotonic(now, due);
            // What the queue holds may come up early, and is then put back.
            if timer.ticket.is_some() && timer.queued_at > timer.at {
                timer.ticket = None;
            }
        }
        if frozen {
            host.rare().dues = kept;
            return;
        }
        for entry in 0..self.hosts.0[id.index()].timers.len() {
            let timer = &self.hosts.0[id.index()].timers[entry];
            if timer.armed && timer.ticket.is_none() && timer.at != SimTime::MAX {
                self.queue_timer(id, entry);
            }
        }
    }

    /// A timer was set while its clock stands still: only the clock can say when it is due.
    #[cold]
    pub(super) fn note_stopped_timer(&mut self, id: NodeId, entry: usize, after: Duration) {
        let host = &mut self.hosts.0[id.index()];
        let due = host.machine.clocks.monotonic(self.core.now).saturating_add(after);
        let dues = &mut host.rare().dues;
        if dues.len() <= entry {
            dues.resize(entry + 1, Duration::ZERO);
        }
        dues[entry] = due;
        self.core.digest.fold(duration_nanos(due));
    }
}
