//! What a run is built from: hosts, network, limits. Plain data, filled by whoever reads scenarios.

use std::sync::Arc;
use std::time::Duration;

use crate::disk::CrashModel;
use crate::distribution::Distribution;
use crate::id::NodeId;
use crate::network::{Capacity, Transport};
use crate::rng::Chance;

/// Everything that a simulation starts from, but for clients and what watches it.
#[derive(Clone, Debug)]
pub struct Config<P> {
    /// The seed of every random stream.
    pub seed: u64,
    /// The hosts by index; names are `n1`, `n2`, ...
    pub hosts: Vec<HostConfig<P>>,
    /// How many client hosts there are on the network.
    pub clients: u32,
    /// The network at the start.
    pub network: NetworkConfig,
    /// Each host boots at its own offset drawn in 0..`boot_spread`; zero means together, in order.
    pub boot_spread: Duration,
    /// How long after a host crashed by itself its supervisor restarts it.
    pub restart_after: Duration,
    /// What a crash leaves of un-synced writes, where the crash itself does not say.
    pub crash_model: CrashModel,
    /// How many messages wait for a host that is paused or busy; more are dropped.
    pub inbox: usize,
    /// Ends a run that does not end by itself.
    pub limits: Limits,
    /// The chance that an enabled `buggify` place fires.
    pub buggify: Chance,
}

/// One host.
#[derive(Clone, Debug)]
pub struct HostConfig<P> {
    /// Its role in the scenario.
    pub role: String,
    /// Whether it takes part: hosts left out by a list of names exist only as a gap in numbering,
    /// so that the others keep their random streams.
    pub present: bool,
    /// What its node is booted with.
    pub params: Arc<P>,
    /// How far its wall clock is off at the start, in nanoseconds; negative is behind.
    pub clock_offset_ns: i64,
    /// How much faster than true time both its clocks run, in parts per million.
    pub clock_drift_ppm: i64,
    /// The error that its wall clock promises not to exceed.
    pub clock_error: Duration,
    /// How long its disk takes.
    pub disk: DiskConfig,
}

impl<P> HostConfig<P> {
    /// A host with good clocks and the default disk.
    pub fn new(role: impl Into<String>, params: Arc<P>) -> Self {
        HostConfig {
            role: role.into(),
            present: true,
            params,
            clock_offset_ns: 0,
            clock_drift_ppm: 0,
            clock_error: Duration::ZERO,
            disk: DiskConfig::default(),
        }
    }
}

/// How long a disk takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskConfig {
    /// One read; it counts as busy time of the step.
    pub read: Distribution,
    /// One sync, once the device is free; syncs complete in order.
    pub sync: Distribution,
}

impl Default for DiskConfig {
    /// Reads from memory; syncs as on a good solid-state disk, 0.1 to 1 ms.
    fn default() -> Self {
        DiskConfig {
            read: Distribution::Constant(0),
            sync: Distribution::Uniform { min: 100_000, max: 1_000_000 },
        }
    }
}

/// The network: one kind of link everywhere, and exceptions.
#[derive(Clone, Debug, Default)]
pub struct NetworkConfig {
    /// Every link that is not named below.
    pub everywhere: LinkConfig,
    /// Directed links of their own kind; the last entry for a link counts.
    pub links: Vec<(NodeId, NodeId, LinkConfig)>,
    /// How hosts talk to each other.
    pub transport: Transport,
}

/// One kind of directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkConfig {
    /// One-way delay.
    pub latency: Distribution,
    /// An additional delay, uniform up to this.
    pub jitter: Duration,
    /// The chance that a message is lost.
    pub loss: Chance,
    /// The chance that a message arrives twice, the copy with a latency of its own.
    pub duplicate: Chance,
    /// The chance that a message is held back by up to eight mean latencies, so that later ones
    /// overtake it.
    pub reorder: Chance,
    /// How much the link carries.
    pub capacity: Capacity,
}

impl LinkConfig {
    /// Whether nothing but its latency happens to a message.
    pub(crate) fn is_quiet(&self) -> bool {
        self.jitter.is_zero() && [self.loss, self.duplicate, self.reorder] == [Chance::NEVER; 3]
    }
}

impl Default for LinkConfig {
    /// A quiet local network: uniform 1 to 10 ms, nothing lost.
    fn default() -> Self {
        LinkConfig {
            latency: Distribution::Uniform { min: 1_000_000, max: 10_000_000 },
            jitter: Duration::ZERO,
            loss: Chance::NEVER,
            duplicate: Chance::NEVER,
            reorder: Chance::NEVER,
            capacity: Capacity::default(),
        }
    }
}

/// Ends a run that does not end by itself; its verdict is then unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events in all.
    pub events: u64,
    /// Events at one instant: catches a protocol that talks to itself without end.
    pub events_per_instant: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { events: 50_000_000, events_per_instant: 1_000_000 }
    }
}

impl<P> Config<P> {
    /// `count` hosts of one role with the same params, no clients, everything else by default.
    pub fn new(seed: u64, count: u32, params: P) -> Self {
        let params = Arc::new(params);
        Config {
            seed,
            hosts: (0..count).map(|_| HostConfig::new("node", params.clone())).collect(),
            clients: 0,
            network: NetworkConfig::default(),
            boot_spread: Duration::from_millis(10),
            restart_after: Duration::from_secs(1),
            crash_model: CrashModel::Torn,
            inbox: 10_000,
            limits: Limits::default(),
            buggify: Chance::NEVER,
        }
    }
}
