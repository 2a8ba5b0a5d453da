//! The names that a scenario's protocols give it.

use seedbed_sim::{CLIENT_REPLY, CLIENT_REQUEST};

use crate::format::catalog::{Catalog, Entry, ProtocolEntry, ServiceEntry};
use crate::format::names::suggest;
use crate::format::path::Path;
use crate::format::spec::Protocols;

use super::Findings;

/// The names that are valid for every protocol of the scenario.
pub(super) struct Vocabulary<'a> {
    /// The protocols that exist.
    pub(super) protocols: Vec<(String, &'a ProtocolEntry)>,
    /// Their service, if they all offer one and the same.
    pub(super) service: Option<&'a ServiceEntry>,
    /// Whether all protocols exist. If not, no name of theirs can be called wrong.
    pub(super) is_complete: bool,
    pub(super) roles: Vec<&'a str>,
    pub(super) selectors: Vec<&'a str>,
    pub(super) milestones: Vec<&'a str>,
    pub(super) kinds: Vec<&'a str>,
    pub(super) invariants: Vec<&'a str>,
    pub(super) measures: Vec<&'a str>,
    pub(super) checks: Vec<&'a Entry>,
    pub(super) properties: Vec<&'a str>,
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

impl<'a> Vocabulary<'a> {
    pub(super) fn new(wanted: &Protocols, catalog: &'a Catalog) -> Vocabulary<'a> {
        let protocols: Vec<(String, &ProtocolEntry)> = wanted
            .names()
            .filter_map(|name| Some((name.to_owned(), catalog.protocols.get(name)?)))
            .collect();
        let is_complete = protocols.len() == wanted.0.len() && !protocols.is_empty();
        let common = |of: fn(&'a ProtocolEntry) -> Vec<&'a str>| -> Vec<&'a str> {
            let mut lists = protocols.iter().map(|(_, entry)| of(entry));
            let first = lists.next().unwrap_or_default();
            lists.fold(first, |kept, list| {
                kept.into_iter().filter(|name| list.contains(name)).collect()
            })
        };
        let service = protocols.first().and_then(|(_, entry)| entry.service.as_ref());
        let service = service.and_then(|name| catalog.services.get(name));
        let mut measures = common(|entry| names(&entry.measures));
        measures.extend(names(&catalog.measures));
        measures.extend(service.map(|service| names(&service.measures)).unwrap_or_default());
        let mut checks: Vec<&Entry> = catalog.checks.iter().collect();
        let own_measures = common(|entry| names(&entry.measures));
        let first = protocols.first().into_iter().flat_map(|(_, entry)| &entry.measures);
        checks.extend(first.filter(|entry| own_measures.contains(&entry.name.as_str())));
        checks.extend(service.into_iter().flat_map(|service| &service.checks));
        let invariants = common(|entry| names(&entry.invariants));
        let mut properties = invariants.clone();
        properties.extend(checks.iter().map(|entry| entry.name.as_str()));
        properties.extend(names(&catalog.properties));
        let mut kinds = common(|entry| entry.kinds.iter().map(String::as_str).collect());
        if service.is_some() {
            kinds.extend([CLIENT_REQUEST, CLIENT_REPLY]);
        }
        Vocabulary {
            is_complete,
            service,
            roles: common(|entry| names(&entry.roles)),
            selectors: common(|entry| names(&entry.selectors)),
            milestones: common(|entry| names(&entry.milestones)),
            kinds,
            invariants,
            measures,
            checks,
            properties,
            protocols,
        }
    }

    /// "protocol `raft`", or "protocols `raft` and `viewstamped`".
    pub(super) fn owner(&self) -> String {
        match self.protocols.as_slice() {
            [(one, _)] => format!("protocol `{one}`"),
            many => {
                let names: Vec<String> = many.iter().map(|(name, _)| format!("`{name}`")).collect();
                format!("protocols {}", names.join(" and "))
            }
        }
    }
}

/// Which list of the vocabulary a name must be in.
#[derive(Clone, Copy)]
pub(in crate::format) enum Sort {
    Milestone,
    Kind,
    Invariant,
    Measure,
    Property,
}

impl Findings<'_> {
    /// Demands that a protocol has a name.
    pub(in crate::format) fn require_name(
        &mut self,
        sort: Sort,
        path: &Path,
        name: &str,
        in_key: bool,
    ) {
        let (what, valid) = match sort {
            Sort::Milestone => ("milestone", &self.vocabulary.milestones),
            Sort::Kind => ("message kind", &self.vocabulary.kinds),
            Sort::Invariant => ("invariant", &self.vocabulary.invariants),
            Sort::Measure => ("measure", &self.vocabulary.measures),
            Sort::Property => ("property", &self.vocabulary.properties),
        };
        if !self.vocabulary.is_complete || valid.contains(&name) {
            return;
        }
        let message = format!("{} has no {what} `{name}`", self.vocabulary.owner());
        let help = suggest(name, valid.iter().copied())
            .unwrap_or_else(|| format!("it has no {what} at all"));
        if in_key {
            self.key(path, message, Some(help));
        } else {
            self.value_help(path, message, help);
        }
    }
}
