//! The network: distributions that can be drawn from, zones that exist, settings that go together.

use seedbed_protocols::Strain;

use crate::format::latency::{Latency, Part, Shape};
use crate::format::names::suggest;
use crate::format::network::{LinkFields, NetworkSettings};
use crate::format::path::Path;
use crate::format::spec::Scenario;
use crate::format::units::{Chance, Nanos};

use super::Findings;
use super::contract::check_strain;
use super::hosts::check_range;

pub(super) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    let network = &scenario.network;
    let path = Path::root().key("network");
    let general = network.link();
    check_link(&general, &LinkFields::default(), &path, findings);
    check_harm(&general, scenario, &path, findings);
    for (index, settings) in network.links.iter().enumerate() {
        let place = path.key("links").index(index);
        check_link(&settings.link(), &general, &place, findings);
        check_harm(&settings.link(), scenario, &place, findings);
    }
    check_zones(network, scenario, &path, findings);
    check_wan(network, scenario, &path, findings);
}

/// What a setting means that needs another one, which may stand in `general`.
fn check_link(
    link: &LinkFields<'_>,
    general: &LinkFields<'_>,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let latencies = [("latency", link.latency), ("reorder_by", link.reorder_by)];
    for (key, latency) in latencies {
        if let Some(latency) = latency {
            check_latency(latency, &path.key(key), findings);
        }
    }
    let is_on = |own: Option<Chance>, other: Option<Chance>| {
        own.or(other).is_some_and(|chance| chance != Chance::NEVER)
    };
    if let Some(correlation) = link.correlation {
        check_correlation(correlation, &path.key("correlation"), findings);
        if correlation != Chance::NEVER && !is_on(link.loss, general.loss) {
            let message = "nothing is lost here, so nothing is lost in bursts";
            findings.value_help(&path.key("correlation"), message, "write `loss` as well");
        }
    }
    if link.reorder_by.is_some() && !is_on(link.reorder, general.reorder) {
        let message = "nothing is held back here, for however long";
        findings.value_help(&path.key("reorder_by"), message, "write `reorder` as well");
    }
}

/// Of a correlation of 1 nothing ever changes.
pub(in crate::format) fn check_correlation(
    correlation: Chance,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    if correlation == Chance::ALWAYS {
        let message = "if each message shares the fate of the one before, none ever changes";
        findings.value_help(path, message, "a correlation is below 1");
    }
}

fn check_harm(
    link: &LinkFields<'_>,
    scenario: &Scenario,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let is_on = |chance: Option<Chance>| chance.is_some_and(|chance| chance != Chance::NEVER);
    if is_on(link.corrupt) {
        check_strain(Some(Strain::Corruption), &path.key("corrupt"), scenario, findings);
    }
    if is_on(link.misdirect) {
        check_strain(Some(Strain::Misdirection), &path.key("misdirect"), scenario, findings);
    }
}

fn check_zones(
    network: &NetworkSettings,
    scenario: &Scenario,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let path = path.key("zones");
    let require = |zone: &str, place: &Path, findings: &mut Findings<'_>| {
        if !scenario.zones.contains_key(zone) {
            let help = suggest(zone, scenario.zones.keys().map(String::as_str));
            let help = help.unwrap_or_else(|| "put hosts into it in `zones`, at the top".into());
            findings.key(place, format!("there is no zone `{zone}`"), Some(help));
        }
    };
    for (from, row) in &network.zones {
        let place = path.key(from);
        require(from, &place, findings);
        if row.is_empty() {
            findings.value(&place, "this says nothing of any zone");
        }
        for (to, latency) in row {
            require(to, &place.key(to), findings);
            check_latency(latency, &place.key(to), findings);
        }
    }
}

fn check_wan(
    network: &NetworkSettings,
    scenario: &Scenario,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let Some(wan) = network.wan else { return };
    if scenario.zones.is_empty() {
        let example = "write `\"zones\": {\"virginia\": [\"n1\"], ..}` at the top";
        findings.value_help(&path.key("wan"), "no host is in any region", example);
    }
    let regions = wan.regions();
    for zone in scenario.zones.keys().filter(|zone| !regions.contains(&zone.as_str())) {
        let place = Path::root().key("zones").key(zone);
        let message = format!("`{zone}` is no region of the network `{}`", wan.name());
        findings.key(&place, message, suggest(zone, regions.iter().copied()));
    }
}

/// Bounds the right way round, a mean above its minimum, a table that rises.
pub(in crate::format) fn check_latency(
    latency: &Latency,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    match latency {
        Latency::Constant(_) => {}
        Latency::Uniform(low, high) => {
            check_range(*low, *high, &path.key("uniform"), findings);
        }
        Latency::Exponential(shape) => {
            check_mean(shape.mean, shape.min, &path.key("exponential"), findings);
        }
        Latency::Empirical(table) => {
            let place = path.key("empirical");
            if table.len() < 2 {
                findings.value(&place, "a table has at least two quantiles");
            }
            check_rising(table.iter().copied(), &place, findings);
        }
        Latency::Normal(bell) => check_mean(bell.mean, bell.min, &path.key("normal"), findings),
        Latency::LogNormal(bell) => {
            if bell.mean == Nanos::ZERO {
                let place = path.key("lognormal").key("mean");
                findings.value(&place, "the mean is zero, and so would be all else");
            }
        }
        Latency::Pareto(law) => {
            let place = path.key("pareto");
            if law.scale == Nanos::ZERO {
                findings.value(&place.key("scale"), "the scale is zero, and so would be all else");
            }
            if law.shape.millionths <= Shape::ONE.millionths {
                findings.value(&place.key("shape"), "a shape of 1 or less has no mean");
            }
        }
        Latency::Mixture(parts) => check_mixture(parts, 1, &path.key("mixture"), findings),
        Latency::Quantiles(table) => check_table(table, &path.key("quantiles"), findings),
    }
}

fn check_mean(mean: Nanos, min: Nanos, path: &Path, findings: &mut Findings<'_>) {
    if mean < min {
        let message = format!("the mean {mean} is below `min` {min}");
        findings.value(&path.key("mean"), message);
    }
}

fn check_rising(
    table: impl Iterator<Item = Nanos> + Clone,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    for (index, (before, after)) in table.clone().zip(table.skip(1)).enumerate() {
        if before > after {
            let message = format!("quantiles rise, and {after} comes after {before}");
            findings.value(&path.index(index + 1), message);
        }
    }
}

/// `depth` counts mixtures, this one included.
fn check_mixture(parts: &[Part], depth: u32, path: &Path, findings: &mut Findings<'_>) {
    if parts.iter().all(|part| part.weight == 0) {
        findings.value(path, "no part of it has a weight above 0");
    }
    for (index, part) in parts.iter().enumerate() {
        let place = path.index(index).key("latency");
        match &part.latency {
            Latency::Mixture(_) if depth > 1 => {
                findings.value(&place, "a mixture in a mixture in a mixture is too much");
            }
            Latency::Mixture(inner) => {
                check_mixture(inner, depth + 1, &place.key("mixture"), findings);
            }
            other => check_latency(other, &place, findings),
        }
    }
}

fn check_table(table: &[(Chance, Nanos)], path: &Path, findings: &mut Findings<'_>) {
    let ends = (table.first().map(|pair| pair.0), table.last().map(|pair| pair.0));
    if ends != (Some(Chance::NEVER), Some(Chance::ALWAYS)) {
        let help = "the first is the least, [0, \"1ms\"], the last the greatest, [1, \"9ms\"]";
        findings.value_help(path, "a table goes from position 0 to position 1", help);
    }
    for (index, pair) in table.windows(2).enumerate() {
        if pair[0].0 >= pair[1].0 {
            let message = "positions rise, and this is not above the one before";
            findings.value(&path.index(index + 1).index(0), message);
        }
    }
    check_rising(table.iter().map(|pair| pair.1), path, findings);
}
