//! How hosts talk: settings that only streams have, and faults that do nothing to them.

use crate::format::network::NetworkSettings;
use crate::format::path::Path;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;

use super::Findings;

/// The kinds of faults that do nothing to a stream, and why.
const DATAGRAMS_ONLY: &[(&str, &str)] = &[("duplicate", "a stream delivers nothing twice")];

pub(super) fn check(network: &NetworkSettings, path: &Path, findings: &mut Findings<'_>) {
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
pub(in crate::format) fn check_kind(
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
