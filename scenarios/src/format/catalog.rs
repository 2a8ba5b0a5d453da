//! What there is to name: protocols and services as plain data, filled by whoever knows them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use seedbed_protocols::Tolerance;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::Document;
use super::error::Error;
use super::path::Path;
use super::units::Nanos;

/// Checks raw options (of a workload, a check, a verb, or `params`) and says what is wrong, with
/// places.
#[derive(Clone)]
pub struct OptionsCheck(Arc<Find>);

type Find = dyn Fn(&Document, &Path, &Value) -> Vec<Error> + Send + Sync;

impl fmt::Debug for OptionsCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OptionsCheck")
    }
}

impl OptionsCheck {
    /// A check by any means.
    pub fn new(
        find: impl Fn(&Document, &Path, &Value) -> Vec<Error> + Send + Sync + 'static,
    ) -> OptionsCheck {
        OptionsCheck(Arc::new(find))
    }

    /// What is wrong with the options that stand at this path.
    #[must_use]
    pub fn find(&self, document: &Document, path: &Path, value: &Value) -> Vec<Error> {
        (self.0)(document, path, value)
    }
}

/// The check that options can be read as a type.
#[must_use]
pub fn options_of<T: DeserializeOwned>() -> OptionsCheck {
    OptionsCheck::new(|document, path, value| match document.decode_at::<T>(path, value) {
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    })
}

/// Something with a name.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its name in scenarios.
    pub name: String,
    /// A line about it.
    pub about: String,
    /// What checks its options; any are taken if absent.
    pub options: Option<OptionsCheck>,
}

impl Entry {
    /// An entry whose options, if it has any, are not checked.
    #[must_use]
    pub fn new(name: impl Into<String>, about: impl Into<String>) -> Entry {
        Entry { name: name.into(), about: about.into(), options: None }
    }

    /// The same with options of a type.
    #[must_use]
    pub fn with_options<T: DeserializeOwned>(mut self) -> Entry {
        self.options = Some(options_of::<T>());
        self
    }
}

/// What a scenario may name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The protocols by name.
    pub protocols: BTreeMap<String, ProtocolEntry>,
    /// The services by name.
    pub services: BTreeMap<String, ServiceEntry>,
    /// Checks that every protocol has, beside `milestone` and `without`.
    pub checks: Vec<Entry>,
    /// Measures that every protocol has.
    pub measures: Vec<Entry>,
    /// Properties that every protocol can violate (`node-panicked`).
    pub properties: Vec<Entry>,
}

/// What a protocol brings.
#[derive(Clone, Debug, Default)]
pub struct ProtocolEntry {
    /// A line about it.
    pub about: String,
    /// The host roles it knows; none if all hosts are alike.
    pub roles: Vec<Entry>,
    /// Whether its hosts may go without a role although it knows some.
    pub roles_optional: bool,
    /// Its own selectors (`leader`).
    pub selectors: Vec<Entry>,
    /// Its milestones.
    pub milestones: Vec<Entry>,
    /// Its message kinds, nested ones included (`raft/vote`). Those of clients are everybody's.
    pub kinds: Vec<String>,
    /// Its planted bugs, the values of `params.bug`.
    pub bugs: Vec<Entry>,
    /// Its invariants, lifted ones included.
    pub invariants: Vec<Entry>,
    /// Its own measures.
    pub measures: Vec<Entry>,
    /// What checks `params`.
    pub params: Option<OptionsCheck>,
    /// Protocols that it hosts: the key in `params` under which theirs stand, and their name.
    pub inner: BTreeMap<String, String>,
    /// The service that it offers.
    pub service: Option<String>,
    /// What it tolerates, of so many hosts; anything if absent.
    pub tolerance: Option<fn(hosts: u64) -> Tolerance>,
    /// Whether it names cores, for `core_only`.
    pub names_cores: bool,
    /// Its liveness bound, from its `params` and the number of hosts.
    pub liveness_bound: Option<fn(params: &Value, hosts: u64) -> Option<Nanos>>,
}

/// What a service brings to every protocol that offers it.
#[derive(Clone, Debug, Default)]
pub struct ServiceEntry {
    /// A line about it.
    pub about: String,
    /// Its workloads.
    pub workloads: Vec<Entry>,
    /// Its history checkers and bounds.
    pub checks: Vec<Entry>,
    /// Its script verbs.
    pub verbs: Vec<Entry>,
    /// Its measures.
    pub measures: Vec<Entry>,
    /// What checks an operation (`op` of `submit` and `agree`).
    pub operation: Option<OptionsCheck>,
}
