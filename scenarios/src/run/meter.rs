//! Counts in bins of virtual time.
//!
//! Nothing on the path of a message knows about bins: the run is stopped at the end of each, where
//! no event is, and what the kernel has counted is read. A run that nobody asks for series pays
//! nothing, and one that is asked does the same as without.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_protocols::{HistoryRecord, Protocol};
use seedbed_sim::{
    CLIENT_REPLY, CLIENT_REQUEST, HistoryEvent, MessageCounts, NodeId, Service, Sim, SimTime,
};

use super::bins::bins_together;
use super::director::Span;
use super::history::latencies;
use super::judge::quantile;
use super::series::{LatencyByBin, Series, SeriesOptions};
use crate::format::{EndShape, Scenario};

/// A run has at most so many bins: when it would have more, they are made wider.
const BINS_MAX: usize = 200;
/// The same where somebody chose a width.
const CHOSEN_BINS_MAX: usize = 10_000;
/// The narrowest bin that is chosen for a run: a millisecond.
const NARROWEST_NS: u64 = 1_000_000;

/// Reads the kernel's counts at the end of each bin.
#[derive(Debug)]
pub(crate) struct Meter {
    bins: Bins,
    bins_max: usize,
    before: MessageCounts,
    /// By the index of the kind, then requests and replies of clients, then bytes.
    rows: Vec<Vec<u64>>,
}

/// Bins that grow by round factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bins {
    width_ns: u64,
    closed: usize,
}

impl Bins {
    fn factor(&self) -> usize {
        bins_together(self.width_ns) as usize
    }

    fn widen(&mut self) {
        let factor = self.factor();
        self.width_ns = self.width_ns.saturating_mul(factor as u64);
        self.closed /= factor;
    }

    /// The last instant of the bin that is open.
    fn last(&self) -> SimTime {
        let end = (self.closed as u64 + 1).saturating_mul(self.width_ns);
        SimTime::from_nanos(end - 1)
    }
}

impl SeriesOptions {
    /// Of so many bins a run has fewer.
    fn bins_max(self) -> usize {
        if self.bin_ns.is_some() { CHOSEN_BINS_MAX } else { BINS_MAX }
    }

    fn bins_for(self, scenario: &Scenario) -> Bins {
        // Zero is refused where it is said; here it must not divide anything.
        let width_ns = self.bin_ns.unwrap_or(NARROWEST_NS).max(1);
        let mut bins = Bins { width_ns, closed: 0 };
        let length_ns = match scenario.end.as_ref().map(|end| end.shape()) {
            Some(EndShape::Heal { at, settle }) => at.0.saturating_add(settle.0),
            // Nobody knows when it is reached.
            Some(EndShape::Milestone { .. }) | None => 0,
        };
        while length_ns / bins.width_ns >= self.bins_max() as u64 {
            bins.widen();
        }
        bins
    }

    /// How wide the bins of a scenario's runs are at first: wider than what was chosen if there
    /// would be too many for the length that the scenario says.
    #[must_use]
    pub fn width_ns(self, scenario: &Scenario) -> u64 {
        self.bins_for(scenario).width_ns
    }
}

impl Meter {
    /// Bins for a run of this scenario: wide enough for it, if its length is known.
    pub(crate) fn new(
        scenario: &Scenario,
        options: SeriesOptions,
        counts: &MessageCounts,
    ) -> Meter {
        let (bins, bins_max) = (options.bins_for(scenario), options.bins_max());
        let rows = vec![Vec::new(); counts.by_kind.len() + 3];
        Meter { bins, bins_max, before: counts.clone(), rows }
    }

    /// The last instant of the bin that is open.
    pub(crate) fn last(&self) -> SimTime {
        self.bins.last()
    }

    /// The bin that is open is over.
    pub(crate) fn close_bin(&mut self, counts: &MessageCounts) {
        self.read(counts);
        self.bins.closed += 1;
        if self.bins.closed == self.bins_max {
            let factor = self.bins.factor();
            for row in &mut self.rows {
                *row = row.chunks(factor).map(|chunk| chunk.iter().sum()).collect();
            }
            self.bins.widen();
        }
    }

    fn read(&mut self, counts: &MessageCounts) {
        let now = numbers_of(counts);
        let before = numbers_of(&self.before);
        for ((row, now), before) in self.rows.iter_mut().zip(now).zip(before) {
            row.push(now - before);
        }
        self.before = counts.clone();
    }

    /// Everything that a run over time is, now that it is over.
    pub(crate) fn finish<P: Protocol>(mut self, sim: &Sim<P>, spans: &[Span]) -> Series {
        self.read(sim.counts());
        self.rows.iter_mut().for_each(trim);
        let bytes = self.rows.pop().unwrap_or_default();
        let kinds = sim.kinds().iter().map(|kind| kind.to_string());
        let kinds = kinds.chain([CLIENT_REQUEST, CLIENT_REPLY].map(str::to_owned));
        let mut sent: BTreeMap<String, Vec<u64>> = kinds.zip(self.rows).collect();
        sent.retain(|_, row| !row.is_empty());
        let width_ns = self.bins.width_ns;
        let took = latencies::<P::Service>(sim.history());
        let host_times = sim.host_times().map(|(name, times)| {
            let times = times.into_iter().map(|(host, at)| (host.to_string(), at.nanos()));
            (name.to_owned(), times.collect())
        });
        // Those that have left may have reached something before.
        let mut hosts: BTreeSet<NodeId> = sim.members().iter().copied().collect();
        hosts.extend(sim.host_times().flat_map(|(_, times)| times).map(|(host, _)| host));
        let end = sim.now();
        Series {
            bin_ns: width_ns,
            sent,
            bytes,
            operations: ended::<P::Service>(sim.history(), width_ns, end),
            latency: took.iter().map(|(_, latency)| *latency).collect(),
            latency_by_bin: latency_by_bin(&took, width_ns),
            faults: spans.iter().map(|span| span.told(end)).collect(),
            host_milestones: host_times.collect(),
            hosts: hosts.len() as u64,
        }
    }
}

/// In the order of a meter's rows.
fn numbers_of(counts: &MessageCounts) -> impl Iterator<Item = u64> + '_ {
    let others = [counts.client_requests, counts.client_replies, counts.bytes];
    counts.by_kind.iter().copied().chain(others)
}

fn trim(row: &mut Vec<u64>) {
    let kept = row.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    row.truncate(kept);
}

fn bin_of(time: SimTime, width_ns: u64) -> usize {
    (time.nanos() / width_ns) as usize
}

/// How operations ended, bin by bin. Those that never did count as `info` when the run ends, as
/// they do in its record.
fn ended<S: Service>(
    records: &[HistoryRecord<S>],
    width_ns: u64,
    end: SimTime,
) -> BTreeMap<String, Vec<u64>> {
    let mut rows: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut count = |outcome: &str, at: SimTime, times: u64| {
        let row = rows.entry(outcome.to_owned()).or_default();
        let bin = bin_of(at, width_ns);
        if row.len() <= bin {
            row.resize(bin + 1, 0);
        }
        row[bin] += times;
    };
    let mut open = 0_u64;
    for record in records {
        let outcome = match record.event {
            HistoryEvent::Invoke { .. } => {
                open += 1;
                continue;
            }
            HistoryEvent::Ok(_) => "ok",
            HistoryEvent::Fail => "fail",
            HistoryEvent::Info => "info",
        };
        open -= 1;
        count(outcome, record.time, 1);
    }
    if open > 0 {
        count("info", end, open);
    }
    rows
}

/// Quantiles of latencies by the bin in which their operation ended.
fn latency_by_bin(took: &[(SimTime, u64)], width_ns: u64) -> LatencyByBin {
    let mut bins: Vec<Vec<u64>> = Vec::new();
    for (at, latency) in took {
        let bin = bin_of(*at, width_ns);
        if bins.len() <= bin {
            bins.resize(bin + 1, Vec::new());
        }
        bins[bin].push(*latency);
    }
    bins.iter_mut().for_each(|bin| bin.sort_unstable());
    let of = |percent: usize| {
        bins.iter().map(|bin| quantile(bin, percent).unwrap_or_default()).collect()
    };
    LatencyByBin { p50: of(50), p99: of(99), max: of(100) }
}
