//! The protocols that scenarios can name, with their types erased: once a run, never once a
//! message.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use seedbed_protocols::{Bug, Protocol, Tested};
use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::{Message, NodeId, Service};
use serde_json::Value;

use crate::format::{
    Band, Catalog, Document, Entry, Nanos, OptionsCheck, Path, ProtocolEntry, Scenario,
    ServiceEntry, options_of,
};
use crate::run::build::{BuildError, build};
use crate::run::places::NO_ROLE;
use crate::run::{PROPERTIES, RunOptions, RunOutput, execute, measure_names};

/// Runs a validated scenario with a seed.
type RunFunction = fn(&Scenario, u64, &RunOptions) -> RunOutput;

/// The protocols that scenarios can name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    known: BTreeMap<&'static str, Known>,
}

/// One protocol, its types erased.
#[derive(Clone, Copy, Debug)]
struct Known {
    name: &'static str,
    about: &'static str,
    bugs: fn() -> &'static [Bug],
    entry: fn() -> ProtocolEntry,
    service: fn() -> Option<(String, ServiceEntry)>,
    check: fn(&Scenario) -> Result<(), BuildError>,
    run: RunFunction,
}

/// A scenario for one of its protocols: ready to run with any seed, on any thread.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Arc<Scenario>,
    protocol: &'static str,
    run: RunFunction,
}

/// Why a scenario cannot run, although it passed validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// Where in the scenario: `workloads[0].kv`.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The protocol's name.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// Runs it. The same seed gives the same run, whatever the options write down.
    #[must_use]
    pub fn run(&self, seed: u64, options: &RunOptions) -> RunOutput {
        (self.run)(&self.scenario, seed, options)
    }
}

impl Registry {
    /// A registry without any protocol.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Every protocol of seedbed.
    #[must_use]
    pub fn standard() -> Registry {
        Registry::new().with::<seedbed_protocols::raft::Raft>()
    }

    /// The same with one more protocol; one of the same name is replaced.
    #[must_use]
    pub fn with<P: Protocol>(mut self) -> Registry {
        let known = Known {
            name: P::NAME,
            about: P::ABOUT,
            bugs: P::bugs,
            entry: protocol_entry::<P>,
            service: service_entry::<P>,
            check: |scenario| build::<P>(scenario, 0).map(|_| ()),
            run: execute::run::<P>,
        };
        self.known.insert(P::NAME, known);
        self
    }

    /// The protocols in the order of their names, with a line about each.
    pub fn protocols(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.known.values().map(|known| (known.name, known.about))
    }

    /// The bugs that can be planted into a protocol; none if there is no such protocol.
    #[must_use]
    pub fn bugs(&self, protocol: &str) -> &'static [Bug] {
        self.known.get(protocol).map_or(&[], |known| (known.bugs)())
    }

    /// Everything that a scenario may name.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        let named = |list: &[(&str, &str)]| -> Vec<Entry> {
            list.iter().map(|(name, about)| Entry::new(*name, *about)).collect()
        };
        let bounds = named(measure_names());
        Catalog {
            protocols: self
                .known
                .values()
                .map(|known| (known.name.to_owned(), (known.entry)()))
                .collect(),
            services: self.known.values().filter_map(|known| (known.service)()).collect(),
            checks: bounds.into_iter().map(Entry::with_options::<Band>).collect(),
            measures: named(measure_names()),
            properties: named(PROPERTIES),
        }
    }

    /// Runs a scenario that [`Registry::plans`] accepts; `None` without such a protocol.
    #[must_use]
    pub fn run(
        &self,
        scenario: &Scenario,
        protocol: &str,
        seed: u64,
        options: &RunOptions,
    ) -> Option<RunOutput> {
        self.known.get(protocol).map(|known| (known.run)(scenario, seed, options))
    }

    /// One plan for each protocol of a validated scenario, in the order of the file.
    ///
    /// # Errors
    /// What only the protocol itself can find wrong.
    pub fn plans(&self, scenario: &Scenario) -> Result<Vec<Plan>, PlanError> {
        let scenario = Arc::new(scenario.clone());
        let mut plans = Vec::new();
        for name in scenario.protocol.names() {
            let Some(known) = self.known.get(name) else {
                let message = format!("there is no protocol `{name}`");
                return Err(PlanError { path: "protocol".to_owned(), message });
            };
            (known.check)(&scenario)
                .map_err(|BuildError { path, message }| PlanError { path, message })?;
            plans.push(Plan { scenario: scenario.clone(), protocol: known.name, run: known.run });
        }
        Ok(plans)
    }
}

fn entries<'a>(list: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Entry> {
    list.into_iter().map(|(name, about)| Entry::new(name, about)).collect()
}

fn protocol_entry<P: Protocol>() -> ProtocolEntry {
    let mut milestones = entries([
        (seedbed_sim::RESTARTED, "a host has booted again after a crash"),
        (seedbed_sim::UNSYNCED_DATA_LOST, "a crash has lost writes that were not synced"),
    ]);
    let own = P::milestones();
    let own = own.iter().filter(|one| one.is_of_the_run());
    milestones.extend(own.map(|one| Entry::new(one.name, one.about)));
    ProtocolEntry {
        about: P::ABOUT.to_owned(),
        roles: entries(P::roles().iter().copied()),
        roles_optional: false,
        selectors: P::selectors().iter().map(|one| Entry::new(one.name, one.about)).collect(),
        milestones,
        kinds: P::Message::kinds().into_iter().map(String::from).collect(),
        bugs: entries(P::bugs().iter().map(|bug| (bug.name, bug.about))),
        invariants: P::invariants(&P::Params::default())
            .iter()
            .map(|one| Entry::new(one.name(), one.about()))
            .collect(),
        measures: P::measures()
            .iter()
            .map(|one| Entry::new(one.name(), one.about()).with_options::<Band>())
            .collect(),
        params: Some(options_of::<P::Params>()),
        inner: BTreeMap::new(),
        service: service_entry::<P>().map(|(name, _)| name),
        tolerance: Some(|hosts| {
            let hosts = usize::try_from(hosts).unwrap_or(usize::MAX);
            P::tolerance(&P::Params::default(), hosts)
        }),
        names_cores: names_cores::<P>(),
        liveness_bound: Some(|params, _hosts| {
            let params = match params {
                Value::Null => P::Params::default(),
                given => serde_json::from_value(given.clone()).ok()?,
            };
            u64::try_from(P::liveness_bound(&params).as_nanos()).ok().map(Nanos)
        }),
    }
}

/// Whether the protocol can name a core of a few hosts.
fn names_cores<P: Protocol>() -> bool {
    let roles: Vec<&str> = P::roles().iter().map(|(role, _)| *role).collect();
    let role_of = |index: usize| roles.get(index % roles.len().max(1)).copied().unwrap_or(NO_ROLE);
    let count = roles.len().max(5);
    let hosts: Vec<(NodeId, &str)> =
        (0..count).map(|index| (NodeId::host(index as u32), role_of(index))).collect();
    let mut rng = Streams::new(0).open(Purpose::Fault, 0);
    P::core(&P::Params::default(), &hosts, &mut rng).is_some()
}

/// What the protocol's service brings; none if it has no clients.
fn service_entry<P: Protocol>() -> Option<(String, ServiceEntry)> {
    let name = <P::Service as Service>::NAME;
    if name == <() as Service>::NAME {
        return None;
    }
    let workloads = P::Service::workloads().into_iter().map(|kind| {
        let build = kind.build;
        let check = move |document: &Document, path: &Path, options: &Value| match build(options) {
            Ok(_) => Vec::new(),
            Err(error) => vec![document.error(&inner(path, &error.path), error.message, None)],
        };
        Entry { options: Some(OptionsCheck::new(check)), ..Entry::new(kind.name, kind.about) }
    });
    let operation = OptionsCheck::new(|document, path, op| match P::Service::parse_op(op) {
        Ok(_) => Vec::new(),
        Err(error) => vec![document.error(&inner(path, &error.path), error.message, None)],
    });
    let entry = ServiceEntry {
        about: P::Service::ABOUT.to_owned(),
        workloads: workloads.collect(),
        checks: P::Service::checks().iter().map(|one| Entry::new(one.name, one.about)).collect(),
        operation: Some(operation),
        ..ServiceEntry::default()
    };
    Some((name.to_owned(), entry))
}

/// The place of a mistake inside options that stand at a path.
fn inner(path: &Path, text: &str) -> Path {
    if text.is_empty() {
        return path.clone();
    }
    Path::parse(text).map_or_else(|_| path.clone(), |inner| path.join(&inner))
}
