//! What a run is built from: hosts, network, limits. Plain data, filled by whoever reads scenarios.

use std::sync::Arc;
use std::time::Duration;

use crate::disk::CrashModel;
use crate::distribution::Distribution;
use crate::id::NodeId;
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
    /// How long its disk takes, and how much it holds.
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

/// How long a disk takes, and how much it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskConfig {
    /// One read; it counts as busy time of the step.
    pub read: Distribution,
    /// One sync, once the device is free; syncs complete in order.
    pub sync: Distribution,
    /// How many bytes a second the device moves; a read takes its bytes longer, and a sync those
    /// that it writes. No bound if none.
    pub throughput: Option<u64>,
    /// How many bytes all files together may have; no bound if none.
    pub capacity: Option<u64>,
}

impl DiskConfig {
    /// How long the device takes to move so many bytes, in nanoseconds.
    pub(crate) fn transfer_ns(&self, bytes: u64) -> u64 {
        match self.throughput {
            None => 0,
            Some(rate) => {
                let ns = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
                u64::try_from(ns).unwrap_or(u64::MAX)
            }
        }
    }
}

impl Default for DiskConfig {
    /// Reads from memory; syncs as on a good solid-state disk, 0.1 to 1 ms.
    fn default() -> Self {
        DiskConfig {
            read: Distribution::Constant(0),
            sync: Distribution::Uniform { min: 100_000, max: 1_000_000 },
            throughput: None,
            capacity: None,
        }
    }
}

/// The network: one kind of link everywhere, and exceptions.
#[derive(Clone, Debug, Default)]
pub struct NetworkConfig {
    /// Every link that is not named below.
    pub everywhere: LinkConfig,
    /// Links between zones.
    pub zones: ZonesConfig,
    /// Directed links of their own kind, whatever their zones; the last entry for a link counts.
    pub links: Vec<(NodeId, NodeId, LinkConfig)>,
    /// Whether every message between hosts carries a checksum: one that was corrupted is then
    /// dropped, and counted as undecodable. It is taken as perfect: no corruption escapes it.
    pub checksum: bool,
    /// Whether every message between hosts names its addressee: one that comes to another host is
    /// then dropped, and counted as undecodable.
    pub addressee: bool,
}

/// Where hosts and clients are, and the links from zone to zone.
///
/// A link of a host or client that is in no zone, and one of two zones that are no pair, is as
/// everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZonesConfig {
    /// The zone of each host by index; those beyond the end are in none.
    pub hosts: Vec<Option<u16>>,
    /// The zone of each client by index; those beyond the end are in none.
    pub clients: Vec<Option<u16>>,
    /// Links from a zone to another, or within one; the last entry for a pair counts.
    pub pairs: Vec<(u16, u16, LinkConfig)>,
}

/// One kind of directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkConfig {
    /// One-way delay.
    pub latency: Distribution,
    /// An additional delay, uniform up to this.
    pub jitter: Duration,
    /// The share of messages that are lost.
    pub loss: Chance,
    /// How much a loss makes the next one likelier: the correlation of the fates of two messages
    /// that leave on the link one after the other. The share stays `loss`; a burst is
    /// `1 / ((1 - loss) (1 - loss_correlation))` messages long in the mean.
    pub loss_correlation: Chance,
    /// The chance that a message arrives twice, the copy with a latency of its own.
    pub duplicate: Chance,
    /// The chance that a message is held back, so that later ones overtake it.
    pub reorder: Chance,
    /// How long a message is held back; up to eight mean latencies if none.
    pub reorder_delay: Option<Distribution>,
    /// The chance that bits of a message between hosts are flipped: one to eight bits of its
    /// encoding. What cannot be decoded any more is dropped and counted; the rest is delivered.
    ///
    /// Client mail is never corrupted: a connection has checksums, and a service whose requests
    /// change on the way promises nothing that a history could be judged by.
    pub corrupt: Chance,
    /// The chance that a message between hosts comes to another host than it was sent to, which is
    /// told the true sender.
    pub misdirect: Chance,
}

impl LinkConfig {
    /// Whether nothing but its latency happens to a message.
    pub(crate) fn is_quiet(&self) -> bool {
        self.jitter.is_zero() && [self.loss, self.duplicate, self.reorder] == [Chance::NEVER; 3]
    }

    /// Whether what happens to a message is only when it arrives and how often.
    pub(crate) fn is_simple(&self) -> bool {
        [self.loss_correlation, self.corrupt, self.misdirect] == [Chance::NEVER; 3]
    }
}

impl Default for LinkConfig {
    /// A quiet local network: uniform 1 to 10 ms, nothing lost.
    fn default() -> Self {
        LinkConfig {
            latency: Distribution::Uniform { min: 1_000_000, max: 10_000_000 },
            jitter: Duration::ZERO,
            loss: Chance::NEVER,
            loss_correlation: Chance::NEVER,
            duplicate: Chance::NEVER,
            reorder: Chance::NEVER,
            reorder_delay: None,
            corrupt: Chance::NEVER,
            misdirect: Chance::NEVER,
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
