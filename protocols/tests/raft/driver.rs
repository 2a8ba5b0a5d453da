//! A small driver: one simulation of Raft under load, with faults drawn from its seed, then healed
//! and held to what it promises.

use std::time::Duration;

use seedbed_protocols::raft::{Bug, Params, Raft};
use seedbed_protocols::services::{Log, LogOptions, log_violations};
use seedbed_protocols::units::{Nanos, Size};
use seedbed_protocols::{Protocol, Tested};
use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::{
    Chance, Config, CrashModel, Fault, HoldId, Invariant, NodeId, Rng, Sim, SimTime, Stop,
};

/// What a run is like, but for its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    pub hosts: u32,
    pub params: Params,
    pub clients: u32,
    pub client_timeout: Nanos,
    /// The size of commands, where it matters.
    pub payload: Option<Size>,
    /// How long faults come, and load with them.
    pub chaos: Duration,
    /// The mean time between two faults.
    pub pace: Duration,
    pub crash_models: Vec<CrashModel>,
    /// Whether the network loses, duplicates and holds back messages.
    pub rough: bool,
}

impl Plan {
    pub fn new(hosts: u32) -> Self {
        Plan {
            hosts,
            params: Params::default(),
            clients: 3,
            client_timeout: Nanos::from_millis(500),
            payload: None,
            chaos: Duration::from_secs(6),
            pace: Duration::from_millis(200),
            crash_models: vec![
                CrashModel::Strict,
                CrashModel::Ordered,
                CrashModel::Torn,
                CrashModel::Reorder,
            ],
            rough: true,
        }
    }

    /// Elections follow one another as fast as messages travel, so that many messages are late.
    pub fn hectic(mut self) -> Self {
        self.params.election_timeout = [Nanos::from_millis(15), Nanos::from_millis(30)];
        self.params.heartbeat = Nanos::from_millis(8);
        self
    }

    pub fn planting(mut self, bug: Bug) -> Self {
        self.params.bug = Some(bug);
        self
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ending {
    /// The property that broke first, and what was seen.
    pub broken: Option<(String, String)>,
    /// The clauses of the log checker that broke.
    pub clauses: Vec<String>,
    pub ok: u64,
    pub digest: u64,
    pub events: u64,
    pub milestones: Vec<&'static str>,
}

/// Runs one seed.
pub fn run(plan: &Plan, seed: u64) -> Ending {
    run_with(plan, seed, Vec::new())
}

/// Runs one seed with further invariants.
pub fn run_with(plan: &Plan, seed: u64, further: Vec<Box<dyn Invariant<Raft>>>) -> Ending {
    let mut run = Run::new(plan, seed, further);
    run.chaos(plan);
    if run.sim.violations().is_empty() {
        run.heal(plan);
    }
    run.ending()
}

struct Run {
    sim: Sim<Raft>,
    rng: Rng,
    holds: Vec<(SimTime, HoldId)>,
    unfinished: bool,
}

fn after(time: SimTime, span: Duration) -> SimTime {
    time.saturating_add(span)
}

impl Run {
    fn new(plan: &Plan, seed: u64, further: Vec<Box<dyn Invariant<Raft>>>) -> Self {
        let mut config = Config::new(seed, plan.hosts, plan.params.clone());
        config.clients = plan.clients;
        if plan.rough {
            let link = &mut config.network.everywhere;
            link.loss = Chance::from_ratio(1, 50);
            link.duplicate = Chance::from_ratio(1, 20);
            link.reorder = Chance::from_ratio(1, 20);
        }
        let mut sim = Sim::new(config);
        let mut invariants = Raft::invariants(&plan.params);
        invariants.extend(further);
        sim.set_invariants(invariants);
        sim.set_milestones(Raft::milestones());
        let options = LogOptions {
            clients: plan.clients,
            timeout: plan.client_timeout,
            payload: plan.payload,
            ..LogOptions::default()
        };
        let group = options.plan().expect("good options");
        for number in 0..plan.clients {
            sim.add_client((group.program)(number), group.config.clone(), SimTime::ZERO);
        }
        let rng = Streams::new(seed).open(Purpose::Fault, 0);
        Run { sim, rng, holds: Vec::new(), unfinished: false }
    }

    fn chaos(&mut self, plan: &Plan) {
        let end = after(SimTime::ZERO, plan.chaos);
        let mut next = after(SimTime::ZERO, Duration::from_millis(300));
        while next < end {
            if self.sim.run(next) == Stop::Violation {
                return;
            }
            let now = self.sim.now();
            for (_, hold) in self.holds.extract_if(.., |(until, _)| *until <= now) {
                self.sim.release(hold);
            }
            self.fault(plan);
            next = after(now, self.rng.duration(Duration::from_millis(1), plan.pace * 2));
        }
        self.sim.run(end);
    }

    fn fault(&mut self, plan: &Plan) {
        let hosts = self.sim.members().to_vec();
        let leader = Raft::selectors()[0].resolve(&self.sim.view()).first().copied();
        let any = hosts[self.rng.below(hosts.len() as u64) as usize];
        let victim = leader.filter(|_| self.rng.below(2) == 0).unwrap_or(any);
        let span = self.rng.duration(Duration::from_millis(20), Duration::from_millis(1200));
        let fault = match self.rng.below(10) {
            0..=2 => {
                let pick = self.rng.below(plan.crash_models.len() as u64) as usize;
                Fault::Crash(victim, Some(plan.crash_models[pick]))
            }
            3 | 4 => Fault::Cut(around(&hosts, &[victim])),
            5 | 6 => {
                let mut mixed = hosts.clone();
                self.rng.shuffle(&mut mixed);
                mixed.truncate(1 + self.rng.below(hosts.len() as u64 - 1) as usize);
                Fault::Cut(around(&hosts, &mixed))
            }
            7 => {
                let mut links = around(&hosts, &[victim]);
                links.retain(|(from, _)| *from == victim);
                Fault::Cut(links)
            }
            8 => Fault::Clog(around(&hosts, &[victim])),
            _ => Fault::Pause(victim),
        };
        if let Some(hold) = self.sim.inject(fault) {
            self.holds.push((after(self.sim.now(), span), hold));
        }
    }

    /// Ends all faults, and gives the hosts the time that Raft promises to need.
    fn heal(&mut self, plan: &Plan) {
        self.sim.heal();
        self.sim.finish_clients(Log::finals(self.sim.members()));
        let mut bound = Raft::liveness_bound(&plan.params);
        // An operation that began before may wait for its own end first; and where requests and
        // answers of clients get lost, a time-out is all that notices.
        bound += plan.client_timeout.duration() * (1 + plan.hosts);
        let end = after(self.sim.now(), bound);
        while self.sim.now() < end && !self.sim.clients_finished() {
            let until = after(self.sim.now(), Duration::from_millis(100)).min(end);
            if self.sim.run(until) == Stop::Violation {
                return;
            }
        }
        self.unfinished = !self.sim.clients_finished();
    }

    fn ending(self) -> Ending {
        let violations = self.sim.violations();
        let clauses: Vec<_> = log_violations(self.sim.history()).into_iter().collect();
        let broken = match (violations.first(), clauses.first()) {
            (Some(first), _) => Some((first.property.clone(), first.message.clone())),
            (None, Some(clause)) => Some(("log-consistent".to_owned(), clause.to_string())),
            (None, None) if self.unfinished => {
                Some(("liveness".to_owned(), "a client could not finish".to_owned()))
            }
            (None, None) => None,
        };
        let reached = self.sim.milestones().filter(|(_, first, _)| first.is_some());
        Ending {
            broken,
            clauses: clauses.into_iter().map(|found| found.clause).collect(),
            ok: self.sim.operations().ok,
            digest: self.sim.digest(),
            events: self.sim.events(),
            milestones: reached.map(|(name, _, _)| name).collect(),
        }
    }
}

/// The links between `group` and the rest, both ways.
fn around(hosts: &[NodeId], group: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let mut links = Vec::new();
    for inside in group {
        for outside in hosts.iter().filter(|host| !group.contains(host)) {
            links.push((*inside, *outside));
            links.push((*outside, *inside));
        }
    }
    links
}
