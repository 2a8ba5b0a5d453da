//! The network's settings: in range, and without contradictions.

use crate::format::network::{NetworkSettings, Transport};
use crate::format::path::Path;
use crate::format::spec::Scenario;
use crate::format::units::{Chance, Nanos};

use super::Findings;
use super::hosts::check_latency;

/// The kinds of faults that do nothing to a stream, and what a stream is instead.
const DATAGRAMS_ONLY: &[(&str, &str)] = &[("duplicate", "a stream delivers nothing twice")];

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let path = Path::root().key("network");
    let network = &scenario.network;
    if let Some(latency) = &network.latency {
        check_latency(latency, &path.key("latency"), findings);
    }
    let general = network.bandwidth.is_some() || network.cost.is_some();
    check_queue(network.queue.is_some(), general, &path, findings);
    check_chance(network.duplicate, "duplicate", &path, scenario, findings);
    check_streams(network, &path, findings);
    for (index, link) in network.links.iter().enumerate() {
        let path = path.key("links").index(index);
        if let Some(latency) = &link.latency {
            check_latency(latency, &path.key("latency"), findings);
        }
        let limited = general || link.bandwidth.is_some() || link.cost.is_some();
        check_queue(link.queue.is_some(), limited, &path, findings);
        check_chance(link.duplicate, "duplicate", &path, scenario, findings);
    }
}

/// A queue is for a link that messages wait for.
fn check_queue(given: bool, limited: bool, path: &Path, findings: &mut Findings<'_>) {
    if given && !limited {
        let help = "write a `bandwidth`".to_owned();
        findings.key(&path.key("queue"), "nothing waits where nothing is limited", Some(help));
    }
}

fn check_chance(
    chance: Option<Chance>,
    key: &str,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    if chance.is_some_and(|chance| chance != Chance::NEVER) {
        check_kind_of_transport(key, &path.key(key), scenario, findings);
    }
}

fn check_streams(network: &NetworkSettings, path: &Path, findings: &mut Findings<'_>) {
    let settings = [("dead_link", network.dead_link), ("retransmit", network.retransmit)];
    for (key, time) in settings {
        let path = path.key(key);
        match time {
            Some(_) if !network.is_stream() => {
                let help = "write `\"transport\": \"stream\"`".to_owned();
                findings.key(&path, format!("`{key}` means nothing to datagrams"), Some(help));
            }
            Some(Nanos::ZERO) => findings.value(&path, "this must be longer than nothing"),
            Some(_) | None => {}
        }
    }
}

/// Refuses a kind of fault that would have no effect on how hosts talk.
pub(in crate::format) fn check_kind_of_transport(
    kind: &str,
    path: &Path,
    scenario: &Scenario,
    findings: &mut Findings<'_>,
) {
    let known = DATAGRAMS_ONLY.iter().find(|(name, _)| *name == kind);
    if let Some((_, why)) = known
        && scenario.network.is_stream()
    {
        let help = "leave it out, or let hosts talk by datagrams";
        findings.value_help(path, *why, help);
    }
}

impl NetworkSettings {
    /// Whether hosts talk over ordered streams.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.transport == Some(Transport::Stream)
    }
}
