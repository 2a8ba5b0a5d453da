//! What a run looked like over time, for whoever asks (`sweep --series`): counts in bins of virtual
//! time, latencies, when faults held, and when each host reached a milestone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// How series are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesOptions {
    /// How wide a bin is, in nanoseconds. Without, it is chosen such that a run has at most 200
    /// bins: the narrowest of 1, 2, 10, 20, 100 ms and so on for the length that the scenario says;
    /// a run of unknown length begins with 1 ms, and goes on to the next width whenever it has 200.
    /// A chosen width grows in the same way, from 10,000 bins.
    pub bin_ns: Option<u64>,
}

/// A run over time. Bin number `i` covers the virtual time from `i * bin_ns` up to, but without,
/// `(i + 1) * bin_ns`. Bins at the end in which nothing happened are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// How wide a bin is, in nanoseconds.
    pub bin_ns: u64,
    /// How many messages left their host in each bin, by kind; client traffic is `client-request`
    /// and `client-reply`. Kinds that were never sent are left out.
    pub sent: BTreeMap<String, Vec<u64>>,
    /// The bytes of all of those.
    pub bytes: Vec<u64>,
    /// How many operations ended in each bin, by outcome: `ok`, `fail`, `info`.
    pub operations: BTreeMap<String, Vec<u64>>,
    /// How long operations took that ended `ok`, from their intended start, in nanoseconds; final
    /// operations are not among them.
    pub latency: Histogram,
    /// The same by the bin in which they ended.
    pub latency_by_bin: LatencyByBin,
    /// When faults held: from, until (in nanoseconds), and the kind. What repairs (`restart`,
    /// `heal`, `unclog`) has no length; what holds when the run ends holds until then.
    pub faults: Vec<(u64, u64, String)>,
    /// When each host first reached a milestone, in nanoseconds; hosts that never did are left out.
    pub host_milestones: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many hosts there are: of so many, those of `host_milestones` are a share.
    pub hosts: u64,
}

/// Quantiles of the latencies in each bin, in nanoseconds; 0 where no operation ended `ok`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyByBin {
    /// The median.
    pub p50: Vec<u64>,
    /// The 99th percentile.
    pub p99: Vec<u64>,
    /// The longest.
    pub max: Vec<u64>,
}
