//! The simulation: one thread, one queue, one event after another.
//!
//! [`Sim`] is generic over the protocol, so that no message is ever boxed or dispatched by type;
//! queue, network, disk and clocks are plain code compiled once. Whoever drives it (the scenario
//! runner, a test) calls [`Sim::run`] and is handed back control at wake-ups it asked for, at
//! conditions it waits for, and at violations.

mod clients;
mod core;
mod device;
mod faults;
mod harm;
mod heal;
mod host;
mod leave;
mod observe;
mod step;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use crate::client::{Client, ClientConfig, ClientState, OperationCounts, Record, Workload};
use crate::clock::Drift;
use crate::config::{Config, DiskConfig};
use crate::context::Shared;
use crate::counters::MessageCounts;
use crate::digest::Digest;
use crate::effects::Effects;
use crate::id::NodeId;
use crate::invariant::Invariant;
use crate::machine::Machine;
use crate::milestone::Milestone;
use crate::network::Network;
use crate::node::{Message, Node, Op, Ret};
use crate::queue::Queue;
use crate::rng::{Purpose, Streams};
use crate::slab::Slab;
use crate::time::SimTime;
use crate::trace::{Entry, Tracer, What};

use self::clients::{Mail, OperatorState};
pub use self::clients::{OPERATOR, Submission};
pub use self::core::Condition;
use self::core::{Core, Internal, Slot};
pub use self::faults::{CrashReport, Fault, HoldId};
use self::host::{Cold, Host, HostSet};
use self::observe::{Invariants, Milestones};

/// A running simulation of one protocol.
pub struct Sim<N: Node> {
    pub(crate) core: Core,
    pub(crate) hosts: HostSet<N>,
    pub(crate) effects: Effects<N>,
    pub(crate) invariants: Invariants<N>,
    pub(crate) milestones: Milestones<N>,
    pub(crate) clients: Vec<Client<N::Service>>,
    pub(crate) mails: Slab<Mail<N>>,
    pub(crate) operator: Vec<OperatorState<N>>,
    pub(crate) history: Vec<Record<Op<N>, Ret<N>>>,
    pub(crate) operations: OperationCounts,
    pub(crate) violations: Vec<Violation>,
    pub(crate) holds: faults::Holds,
    pub(crate) tracer: Option<Box<dyn Tracer>>,
    pub(crate) config: Config<N::Params>,
    pub(crate) kinds: Vec<std::borrow::Cow<'static, str>>,
    /// How many members are up or about to boot for the first time.
    pub(crate) up: usize,
    pub(crate) keep_going: bool,
    /// Whom clients ask; every member if none.
    pub(crate) asked_by_clients: Option<Vec<NodeId>>,
}

/// Why [`Sim::run`] came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time that it was to run until has come.
    Until,
    /// A wake-up that was asked for with [`Sim::wake_at`].
    Wake(u64),
    /// A condition that was registered with [`Sim::watch`] holds.
    Condition(u64),
    /// At least one property broke; see [`Sim::violations`].
    Violation,
    /// A limit of the configuration was hit.
    Limit(&'static str),
    /// Nothing is left to happen. Time stays at the last thing that did.
    Idle,
}

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its name.
    pub property: String,
    /// One sentence about what was seen.
    pub message: String,
    /// When.
    pub time: SimTime,
    /// In which event, counted from 1.
    pub event: u64,
}

/// The name of the violation that a panic in a handler is.
pub const NODE_PANICKED: &str = "node-panicked";

impl<N: Node> fmt::Debug for Sim<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("now", &self.core.now)
            .field("events", &self.core.events)
            .finish_non_exhaustive()
    }
}

impl<N: Node> Sim<N> {
    /// A simulation at time zero: every host is about to boot.
    pub fn new(config: Config<N::Params>) -> Self {
        let streams = Streams::new(config.seed);
        let kinds = N::Message::kinds();
        let members: Vec<NodeId> = (0..config.hosts.len() as u32)
            .map(NodeId::host)
            .filter(|host| config.hosts[host.index()].present)
            .collect();
        let (role_names, roles) = number_roles(&config);
        let clock_errors = config.hosts.iter().map(|host| host.clock_error).collect();
        let buggify = config.buggify;
        let network =
            Network::new(config.network.clone(), config.hosts.len(), config.clients as usize);
        let counts = MessageCounts { by_kind: vec![0; kinds.len()], ..MessageCounts::default() };
        let core = Core {
            now: SimTime::ZERO,
            queue: Queue::new(),
            sequence: 0,
            internals: Slab::default(),
            digest: Digest::new(),
            events: 0,
            instant_since: 0,
            limits: config.limits,
            shared: Shared { streams, members, role_names, roles, clock_errors, buggify },
            network,
            counts,
            clogged: Vec::new(),
            watches: Vec::new(),
            watches_made: 0,
            attention: Vec::new(),
            running: None,
        };
        let hosts = HostSet(config.hosts.iter().map(Self::new_host).collect(), config.crash_model);
        let mut sim = Sim {
            core,
            milestones: Milestones::new(kernel_milestones(), hosts.0.len()),
            hosts,
            effects: Effects::default(),
            invariants: Invariants::new(Vec::new()),
            clients: Vec::new(),
            mails: Slab::default(),
            operator: Vec::new(),
            history: Vec::new(),
            operations: OperationCounts::default(),
            violations: Vec::new(),
            holds: faults::Holds::default(),
            tracer: None,
            config,
            kinds,
            up: 0,
            keep_going: false,
            asked_by_clients: None,
        };
        sim.up = sim.core.shared.members.len();
        sim.schedule_boots();
        sim
    }

    fn new_host(config: &crate::config::HostConfig<N::Params>) -> Host<N> {
        let mut machine = Machine::default();
        if config.clock_offset_ns != 0 {
            machine.clocks.set_offset_ns(SimTime::ZERO, config.clock_offset_ns);
        }
        if config.clock_drift_ppm != 0 {
            machine.clocks.set_drift(SimTime::ZERO, Drift::from_ppm(config.clock_drift_ppm));
        }
        machine.disk.set_capacity(config.disk.capacity);
        let mut host = Host::new(machine, config.params.clone());
        if config.disk != DiskConfig::default() {
            host.cold = Some(Box::new(Cold::new(config.disk.clone())));
        }
        host
    }

    fn schedule_boots(&mut self) {
        let spread_ns = self.config.boot_spread.as_nanos() as u64;
        for host in self.core.shared.members.clone() {
            let mut at = SimTime::ZERO;
            if spread_ns > 0 {
                let index = u64::from(host.number());
                let mut rng = self.core.shared.streams.open(Purpose::Boot, index);
                at += Duration::from_nanos(rng.below(spread_ns));
            }
            self.core.push_internal(at, Internal::Boot { host, after: 0 });
        }
    }

    /// Adds what must hold at every moment. Call once, before the first event; a violation's
    /// order among those of one event is the order of this list.
    pub fn set_invariants(&mut self, invariants: Vec<Box<dyn Invariant<N>>>) {
        self.invariants = Invariants::new(invariants);
        self.effects.watch_inner = self.invariants.watched(crate::invariant::Watch::INNER);
    }

    /// Adds the protocol's milestones to the kernel's own. Call once, before the first event.
    pub fn set_milestones(&mut self, milestones: Vec<Milestone<N>>) {
        let mut all = kernel_milestones();
        all.extend(milestones);
        self.milestones = Milestones::new(all, self.hosts.0.len());
    }

    /// Adds a client that runs `program`, beginning at `start`.
    pub fn add_client(
        &mut self,
        program: Box<dyn Workload<N::Service>>,
        config: ClientConfig,
        start: SimTime,
    ) {
        let number = self.clients.len() as u32;
        assert!(number < self.config.clients, "more clients than the configuration has");
        self.clients.push(Client {
            program,
            config,
            generation: 0,
            begun: 0,
            current: None,
            last: None,
            due: Default::default(),
            believed_leader: None,
            state: ClientState::Working,
            wake: 0,
            waits: false,
            rng: None,
            network: None,
        });
        self.start_client(number, start);
    }

    /// Sends everything that happens to `tracer`.
    pub fn set_tracer(&mut self, tracer: Box<dyn Tracer>) {
        self.effects.tracing = true;
        self.tracer = Some(tracer);
    }

    /// Takes the tracer back.
    pub fn take_tracer(&mut self) -> Option<Box<dyn Tracer>> {
        self.effects.tracing = false;
        self.tracer.take()
    }

    /// Goes on after violations; each property is reported once.
    pub fn keep_going(&mut self) {
        self.keep_going = true;
    }

    /// Asks for control at `at`: [`Sim::run`] returns [`Stop::Wake`] with this tag.
    pub fn wake_at(&mut self, at: SimTime, tag: u64) {
        self.core.push_internal(at.max(self.core.now), Internal::Director { tag });
    }

    /// Asks for control when a condition holds, at once if it does already. Returns the number
    /// that [`Stop::Condition`] will carry.
    pub fn watch(&mut self, condition: Condition) -> u64 {
        self.core.watches_made += 1;
        let id = self.core.watches_made;
        self.core.watches.push((id, condition));
        let met = match condition {
            Condition::Milestone(index) => self.milestones.entries[index].reached.is_some(),
            Condition::Operations(count) => self.operations.ok >= count,
            Condition::Sent { .. } => {
                self.core.check_watches();
                false
            }
        };
        if met {
            self.core.fire_watches(|other| *other == condition);
        }
        id
    }

    /// Withdraws a condition.
    pub fn unwatch(&mut self, id: u64) {
        self.core.watches.retain(|(known, _)| *known != id);
        self.core.attention.retain(|stop| *stop != Stop::Condition(id));
    }

    /// Runs until something wants the driver's attention, at most through `until`.
    ///
    /// A panic in a handler is the violation [`NODE_PANICKED`]; afterwards the simulation can be
    /// looked at, but has nothing left to happen.
    pub fn run(&mut self, until: SimTime) -> Stop {
        match catch_unwind(AssertUnwindSafe(|| self.run_loop(until))) {
            Ok(stop) => stop,
            Err(payload) => match self.core.running.take() {
                Some(host) => {
                    self.panicked(host, &*payload);
                    Stop::Violation
                }
                None => resume_unwind(payload),
            },
        }
    }

    fn run_loop(&mut self, until: SimTime) -> Stop {
        loop {
            if !self.core.attention.is_empty() {
                return self.core.attention.remove(0);
            }
            let Some(key) = self.core.queue.peek() else {
                return Stop::Idle;
            };
            if key.time() > until {
                if until > self.core.now {
                    self.core.now = until;
                    self.core.instant_since = self.core.events;
                }
                return Stop::Until;
            }
            self.core.queue.pop();
            if self.core.queue.take_refilled() {
                self.warm();
            }
            if key.time() > self.core.now {
                self.core.now = key.time();
                self.core.instant_since = self.core.events;
            }
            let before = self.core.events;
            self.dispatch(key.slot());
            if self.core.events != before {
                self.event_over();
            }
        }
    }

    /// Reads what the next events will need, in one loop: the reads do not depend on each other, so
    /// their cache misses overlap. Only a simulation with thousands of pending events comes here.
    #[cold]
    fn warm(&self) {
        let mut seen = 0;
        for key in self.core.queue.near_keys() {
            if let Slot::Parcel(slot) = Slot::unpack(key.slot()) {
                let to = self.effects.parcels.header(slot).to;
                seen ^= self.hosts.0[to.index()].ready_at.nanos();
            }
        }
        std::hint::black_box(seen);
    }

    /// Looks at the limits after an event, and tells the tracer.
    #[inline]
    fn event_over(&mut self) {
        let core = &mut self.core;
        if core.events >= core.limits.events {
            core.attention.push(Stop::Limit("events"));
        } else if core.events - core.instant_since >= core.limits.events_per_instant {
            core.attention.push(Stop::Limit("events_per_instant"));
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.event_over(core.events, core.digest.value());
        }
    }

    fn panicked(&mut self, host: NodeId, payload: &(dyn std::any::Any + Send)) {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        self.core.attention.clear();
        self.violated(vec![(NODE_PANICKED, format!("a handler of {host} panicked: {text}"))]);
        self.core.attention.clear();
        // What the handler had done by then is half a step: nothing may build on it.
        self.core.queue.clear();
    }

    /// Tells the tracer something, if there is one.
    #[inline]
    pub(crate) fn trace(&mut self, host: Option<NodeId>, what: What<'_>, text: &dyn fmt::Display) {
        if let Some(tracer) = &mut self.tracer {
            tracer.record(&Entry {
                event: self.core.events,
                time: self.core.now,
                host,
                what,
                text,
            });
        }
    }

    /// The time that no host knows.
    pub fn now(&self) -> SimTime {
        self.core.now
    }

    /// How many events have been handled.
    pub fn events(&self) -> u64 {
        self.core.events
    }

    /// The digest of everything so far.
    pub fn digest(&self) -> u64 {
        self.core.digest.value()
    }

    /// What broke, in order.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What clients saw, in order.
    pub fn history(&self) -> &[Record<Op<N>, Ret<N>>] {
        &self.history
    }

    /// How operations ended.
    pub fn operations(&self) -> OperationCounts {
        self.operations
    }

    /// The hosts that take part, in order.
    pub fn members(&self) -> &[NodeId] {
        &self.core.shared.members
    }

    /// The names of message kinds, by index.
    pub fn kinds(&self) -> &[std::borrow::Cow<'static, str>] {
        &self.kinds
    }

    /// Every milestone by name: when it was first reached, and when after heal.
    pub fn milestones(
        &self,
    ) -> impl Iterator<Item = (&'static str, Option<SimTime>, Option<SimTime>)> + '_ {
        let entries = self.milestones.entries.iter();
        entries.map(|entry| (entry.milestone.name, entry.reached, entry.reached_after_heal))
    }

    /// The index of a milestone, for [`Condition::Milestone`].
    pub fn milestone_index(&self, name: &str) -> Option<usize> {
        self.milestones.index_of(name)
    }

    /// How many messages have been handed to a handler.
    pub fn delivered(&self) -> u64 {
        self.core.counts.delivered
    }

    /// What was counted until now; `in_flight_at_end` is not among it, which would take a look at
    /// every message.
    pub fn counts(&self) -> &MessageCounts {
        &self.core.counts
    }

    /// Messages and what became of them until now.
    pub fn messages(&self) -> MessageCounts {
        let mut counts = self.core.counts.clone();
        let parcels = self.effects.parcels.on_network();
        let mails = self.mails.iter().filter(|mail| mail.on_network).count();
        counts.in_flight_at_end = (parcels + mails) as u64;
        counts
    }

    #[inline]
    fn dispatch(&mut self, raw: u32) {
        match Slot::unpack(raw) {
            Slot::Parcel(slot) => self.on_parcel(slot),
            Slot::Mail(slot) => self.on_mail(slot),
            Slot::Internal(slot) => self.on_internal(slot),
        }
    }
}

/// What the kernel itself reports as reached.
pub const RESTARTED: &str = "restarted";
/// What the kernel itself reports as reached.
pub const UNSYNCED_DATA_LOST: &str = "unsynced-data-lost";

fn kernel_milestones<N: Node>() -> Vec<Milestone<N>> {
    vec![
        Milestone::reported(RESTARTED, "a host has booted again after a crash"),
        Milestone::reported(UNSYNCED_DATA_LOST, "a crash has lost writes that were not synced"),
    ]
}

fn number_roles<P>(config: &Config<P>) -> (Vec<String>, Vec<u16>) {
    let mut names: Vec<String> = Vec::new();
    let mut roles = Vec::with_capacity(config.hosts.len());
    for host in &config.hosts {
        let index = names.iter().position(|name| *name == host.role).unwrap_or_else(|| {
            names.push(host.role.clone());
            names.len() - 1
        });
        roles.push(index as u16);
    }
    (names, roles)
}
