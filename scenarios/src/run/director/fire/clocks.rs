//! Faults of clocks.

use seedbed_sim::{ClockFault, Fault, NodeId};

use super::Grip;
use crate::format::{ClockDrift, ClockFreeze, ClockStrobe, Nanos, SignedNanos, WhichClocks};
use crate::run::build::duration;
use crate::run::director::holds::{Held, list};

/// The fault, and how people call it; `of` are the hosts in words.
pub(in crate::run::director) fn drift_of(drift: &ClockDrift) -> (ClockFault, String) {
    let fault = ClockFault::Drift(drift.drift.ppm.saturating_mul(1_000));
    (fault, format!("clock drift of {}", drift.drift))
}

pub(in crate::run::director) fn strobe_of(strobe: &ClockStrobe) -> (ClockFault, String) {
    let fault = ClockFault::Strobe { by_ns: strobe.by.0, period: duration(strobe.period) };
    (fault, format!("clock strobe by {} every {}", strobe.by, strobe.period))
}

pub(in crate::run::director) fn freeze_of(freeze: &ClockFreeze) -> (ClockFault, String) {
    match freeze.clock {
        WhichClocks::Both => (ClockFault::Freeze, "clock freeze".to_owned()),
        WhichClocks::Wall => (ClockFault::FreezeWall, "clock freeze (wall)".to_owned()),
    }
}

pub(in crate::run::director) fn step_text(by: SignedNanos, hosts: &[NodeId]) -> String {
    format!("clock step by {by} {}", list(hosts))
}

pub(in crate::run::director) fn grip_clock(
    hosts: &[NodeId],
    (fault, text): (ClockFault, String),
) -> Grip {
    let hosts: Vec<NodeId> = hosts.iter().copied().filter(|host| !host.is_client()).collect();
    let holds = hosts.iter().map(|host| (Fault::Clock(*host, fault), Held::OfHost(*host)));
    Grip { text: format!("{text} {}", list(&hosts)), holds: holds.collect() }
}

/// Periods of drawn strobes.
pub(in crate::run::director) const STROBE_PERIOD: Nanos = Nanos::from_millis(20);
