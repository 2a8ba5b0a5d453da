//! From a scenario to a simulation that is about to begin.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use seedbed_protocols::{Protocol, Tested, WorkloadPlan};
use seedbed_sim::{
    Chance, Config, CrashModel, DiskConfig, HostConfig, Invariant, NodeId, Sim, SimTime,
};
use serde_json::Value;

use super::network::build_network;
pub(crate) use super::network::distribution;
use super::places::{NO_ROLE, Places};
use crate::format::{self, Check, Nanos, Scenario};

/// Something that only the protocol itself can find wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuildError {
    /// Where: `params.election_timeout`.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// What a simulation is made of, apart from the seed.
pub(crate) struct Built<P: Protocol> {
    pub(crate) config: Config<P::Params>,
    pub(crate) params: Arc<P::Params>,
    pub(crate) workloads: Vec<WorkloadPlan<P::Service>>,
    pub(crate) places: Places,
}

/// Reads everything that belongs to the protocol and its service, and puts the rest in place.
pub(crate) fn build<P: Protocol>(scenario: &Scenario, seed: u64) -> Result<Built<P>, BuildError> {
    if scenario.spare > 0 {
        let message = "spare hosts are not available in this version yet".to_owned();
        return Err(BuildError { path: "spare".to_owned(), message });
    }
    let params = Arc::new(decode_params::<P>("params", scenario.params_of(P::NAME))?);
    let workloads = build_workloads::<P>(scenario)?;
    let clients = workloads.iter().map(|plan| plan.clients).sum();
    let places = Places::new(scenario, clients);
    let mut hosts = empty_hosts(scenario, &params);
    for (index, entry) in scenario.hosts.iter().enumerate() {
        let own = entry.params.is_some().then(|| {
            let path = format!("hosts[{index}].params");
            decode_params::<P>(&path, &scenario.params_of_host(P::NAME, entry)).map(Arc::new)
        });
        let own = own.transpose()?;
        for host in places.fixed_targets(&entry.select.0) {
            apply_settings(&mut hosts[host.index()], entry, own.as_ref());
        }
    }
    let config = Config {
        seed,
        hosts,
        clients,
        network: build_network(scenario, &places),
        boot_spread: duration(scenario.boot_spread),
        restart_after: Duration::from_secs(1),
        crash_model: CrashModel::Torn,
        inbox: 10_000,
        limits: seedbed_sim::Limits {
            events: scenario.limits.events,
            events_per_instant: scenario.limits.events_per_instant,
        },
        buggify: Chance::NEVER,
    };
    Ok(Built { config, params, workloads, places })
}

impl<P: Protocol> Built<P> {
    /// The simulation, with its clients, and what must hold but for what `checks` takes out, and
    /// what is not judged beyond the contract.
    pub(crate) fn simulation(
        &self,
        scenario: &Scenario,
        is_judged: &dyn Fn(&str) -> bool,
        extra: impl IntoIterator<Item = Box<dyn Invariant<P>>>,
    ) -> Sim<P> {
        let mut sim = Sim::new(self.config.clone());
        let without: Vec<&str> = scenario
            .checks
            .iter()
            .filter_map(|check| match check {
                Check::Without(names) => Some(names),
                Check::Checker(_) | Check::Milestone(_) => None,
            })
            .flatten()
            .map(String::as_str)
            .collect();
        let mut invariants = P::invariants(&self.params);
        invariants.retain(|invariant| {
            !without.contains(&invariant.name()) && is_judged(invariant.name())
        });
        invariants.extend(extra);
        sim.set_invariants(invariants);
        sim.set_milestones(P::milestones());
        // Clients begin when every host has booted.
        let start = SimTime::ZERO + self.config.boot_spread;
        let mut number = 0;
        for plan in &self.workloads {
            for _ in 0..plan.clients {
                sim.add_client((plan.program)(number), plan.config.clone(), start);
                number += 1;
            }
        }
        sim
    }
}

fn decode_params<P: Protocol>(path: &str, value: &Value) -> Result<P::Params, BuildError> {
    if value.is_null() {
        return Ok(P::Params::default());
    }
    serde_json::from_value(value.clone())
        .map_err(|error| BuildError { path: path.to_owned(), message: error.to_string() })
}

fn build_workloads<P: Protocol>(
    scenario: &Scenario,
) -> Result<Vec<WorkloadPlan<P::Service>>, BuildError> {
    let known = P::Service::workloads();
    let mut plans = Vec::new();
    for (index, workload) in scenario.workloads.iter().enumerate() {
        let path = format!("workloads[{index}].{}", workload.name);
        let Some(kind) = known.iter().find(|kind| kind.name == workload.name) else {
            let message = format!("protocol `{}` has no such workload", P::NAME);
            return Err(BuildError { path, message });
        };
        let plan = (kind.build)(&workload.options)
            .map_err(|error| BuildError { path: path.clone(), message: error.to_string() })?;
        plans.push(plan);
    }
    Ok(plans)
}

/// A host for every number up to the highest; those that the scenario does not have are gaps.
fn empty_hosts<P>(scenario: &Scenario, params: &Arc<P>) -> Vec<HostConfig<P>> {
    let listed = scenario.nodes.hosts();
    let count = listed.iter().map(|host| host.number).max().unwrap_or(0);
    let mut hosts: Vec<HostConfig<P>> = (0..count)
        .map(|_| HostConfig { present: false, ..HostConfig::new(NO_ROLE, params.clone()) })
        .collect();
    for host in listed {
        let slot = &mut hosts[host.number as usize - 1];
        slot.present = true;
        if let Some(role) = host.role {
            slot.role = role;
        }
    }
    hosts
}

fn apply_settings<P>(
    host: &mut HostConfig<P>,
    settings: &format::HostSettings,
    params: Option<&Arc<P>>,
) {
    if let Some(clock) = &settings.clock {
        host.clock_offset_ns = clock.offset.0;
        host.clock_drift_ppm = clock.drift.ppm;
    }
    if let Some(disk) = &settings.disk {
        let latency = distribution(&disk.latency);
        host.disk = DiskConfig { read: latency.clone(), sync: latency, ..host.disk.clone() };
    }
    if let Some(params) = params {
        host.params = params.clone();
    }
}

/// Every directed link from some to others. Nobody has a link to itself, nor clients to clients.
pub(crate) fn links_between(from: &[NodeId], to: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let mut links = Vec::with_capacity(from.len() * to.len());
    for sender in from {
        for receiver in to {
            if sender != receiver && !(sender.is_client() && receiver.is_client()) {
                links.push((*sender, *receiver));
            }
        }
    }
    links
}

pub(crate) fn chance(chance: format::Chance) -> Chance {
    Chance::from_ratio(chance.parts, 1 << 32)
}

pub(crate) fn duration(time: Nanos) -> Duration {
    Duration::from_nanos(time.0)
}
