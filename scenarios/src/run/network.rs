//! The network of a scenario, from everywhere over zones to single links.

use std::collections::BTreeMap;

use seedbed_sim::{Distribution, LinkConfig, NetworkConfig, NodeId, ZonesConfig};

use super::build::{chance, duration, links_between};
use super::places::Places;
use crate::format::{
    Latency, LinkFields, LinkSettings, NetworkSettings, Scenario, Selector, Targets,
};

pub(super) fn build_network(scenario: &Scenario, places: &Places) -> NetworkConfig {
    let general = &scenario.network;
    let everywhere = link_config(&LinkConfig::default(), general.link());
    let names: Vec<&str> = scenario.zones.keys().map(String::as_str).collect();
    let mut zones =
        ZonesConfig { pairs: zone_pairs(general, &names, &everywhere), ..place(places, &names) };
    let mut links = Vec::new();
    for settings in &general.links {
        // A later entry wins: once one names hosts, those that follow must come after it.
        match zone_ends(settings, &names).filter(|_| links.is_empty()) {
            Some(ends) => overlay_zones(&mut zones, &ends, settings, &everywhere),
            None => overlay_links(&mut links, &zones, settings, places, &everywhere),
        }
    }
    let (checksum, addressee) = (general.checksum, general.addressee);
    NetworkConfig { everywhere, zones, links, checksum, addressee }
}

/// Who is in which zone, by the zones' numbers.
fn place(places: &Places, names: &[&str]) -> ZonesConfig {
    let mut config = ZonesConfig::default();
    for (number, name) in names.iter().enumerate() {
        let zone = Selector::Zone((*name).to_owned());
        for node in places.fixed(&zone).unwrap_or_default() {
            let list = if node.is_client() { &mut config.clients } else { &mut config.hosts };
            if list.len() <= node.index() {
                list.resize(node.index() + 1, None);
            }
            list[node.index()] = Some(number as u16);
        }
    }
    config
}

/// What lies between which zones, each in its direction: what the file says, else what it says of
/// the other direction, else what was measured.
fn zone_pairs(
    settings: &NetworkSettings,
    names: &[&str],
    everywhere: &LinkConfig,
) -> Vec<(u16, u16, LinkConfig)> {
    let said = |from: &str, to: &str| settings.zones.get(from).and_then(|row| row.get(to));
    let mut pairs = Vec::new();
    for (from, from_name) in names.iter().enumerate() {
        for (to, to_name) in names.iter().enumerate() {
            let measured = || settings.wan.and_then(|wan| wan.latency(from_name, to_name));
            let own = said(from_name, to_name).or_else(|| said(to_name, from_name));
            if let Some(latency) = own.or_else(measured) {
                let latency = distribution(latency);
                let class = LinkConfig { latency, ..everywhere.clone() };
                pairs.push((from as u16, to as u16, class));
            }
        }
    }
    pairs
}

/// The zones between which an entry lies, if it names nothing else.
fn zone_ends(settings: &LinkSettings, names: &[&str]) -> Option<(Vec<u16>, Vec<u16>)> {
    let zones = |targets: &Targets| -> Option<Vec<u16>> {
        let number = |selector: &Selector| match selector {
            Selector::Zone(name) => {
                names.iter().position(|known| known == name).map(|position| position as u16)
            }
            _ => None,
        };
        targets.0.iter().map(number).collect()
    };
    Some((zones(&settings.from)?, zones(&settings.to)?))
}

fn overlay_zones(
    zones: &mut ZonesConfig,
    (from, to): &(Vec<u16>, Vec<u16>),
    settings: &LinkSettings,
    everywhere: &LinkConfig,
) {
    for from in from {
        for to in to {
            let class = link_config(
                class_between(zones, Some(*from), Some(*to), everywhere),
                settings.link(),
            );
            zones.pairs.retain(|pair| (pair.0, pair.1) != (*from, *to));
            zones.pairs.push((*from, *to, class));
        }
    }
}

/// What lies between two zones so far.
fn class_between<'c>(
    zones: &'c ZonesConfig,
    from: Option<u16>,
    to: Option<u16>,
    everywhere: &'c LinkConfig,
) -> &'c LinkConfig {
    let is_it = |pair: &&(u16, u16, LinkConfig)| Some(pair.0) == from && Some(pair.1) == to;
    zones.pairs.iter().find(is_it).map_or(everywhere, |pair| &pair.2)
}

fn overlay_links(
    links: &mut Vec<(NodeId, NodeId, LinkConfig)>,
    zones: &ZonesConfig,
    settings: &LinkSettings,
    places: &Places,
    everywhere: &LinkConfig,
) {
    let zone_of = |node: NodeId| {
        let list = if node.is_client() { &zones.clients } else { &zones.hosts };
        list.get(node.index()).copied().flatten()
    };
    // Many links are alike, and some of them are between the same zones.
    let mut classes: BTreeMap<_, LinkConfig> = BTreeMap::new();
    for (from, to) in pairs_of(places, &settings.from, &settings.to) {
        let between = (zone_of(from), zone_of(to));
        let class = classes.entry(between).or_insert_with(|| {
            link_config(class_between(zones, between.0, between.1, everywhere), settings.link())
        });
        links.push((from, to, class.clone()));
    }
}

fn pairs_of(places: &Places, from: &Targets, to: &Targets) -> Vec<(NodeId, NodeId)> {
    let receivers = places.fixed_targets(&to.0);
    let senders = places.fixed_targets(&from.0);
    links_between(&senders, &receivers)
}

fn link_config(base: &LinkConfig, own: LinkFields<'_>) -> LinkConfig {
    LinkConfig {
        latency: own.latency.map_or_else(|| base.latency.clone(), distribution),
        jitter: own.jitter.map_or(base.jitter, duration),
        loss: own.loss.map_or(base.loss, chance),
        loss_correlation: own.correlation.map_or(base.loss_correlation, chance),
        duplicate: own.duplicate.map_or(base.duplicate, chance),
        reorder: own.reorder.map_or(base.reorder, chance),
        reorder_delay: own.reorder_by.map(distribution).or_else(|| base.reorder_delay.clone()),
        corrupt: own.corrupt.map_or(base.corrupt, chance),
        misdirect: own.misdirect.map_or(base.misdirect, chance),
    }
}

/// What the kernel makes of a latency.
pub(crate) fn distribution(latency: &Latency) -> Distribution {
    match latency {
        Latency::Constant(time) => Distribution::Constant(time.0),
        Latency::Uniform(low, high) => Distribution::Uniform { min: low.0, max: high.0 },
        Latency::Exponential(shape) => {
            Distribution::Exponential { mean: shape.mean.0, min: shape.min.0 }
        }
        Latency::Empirical(table) => {
            Distribution::Empirical(table.iter().map(|time| time.0).collect())
        }
        Latency::Normal(bell) => {
            let (mean, deviation, min) = (bell.mean.0, bell.deviation.0, bell.min.0);
            Distribution::Normal { mean, deviation, min }
        }
        Latency::LogNormal(bell) => {
            Distribution::LogNormal { mean: bell.mean.0, deviation: bell.deviation.0 }
        }
        Latency::Pareto(law) => {
            Distribution::Pareto { scale: law.scale.0, shape_millionths: law.shape.millionths }
        }
        Latency::Mixture(parts) => {
            let part = |part: &crate::format::Part| (part.weight, distribution(&part.latency));
            Distribution::Mixture(parts.iter().map(part).collect())
        }
        Latency::Quantiles(table) => {
            let whole = u64::from(seedbed_sim::distribution::WHOLE);
            let place = |(position, time): &(crate::format::Chance, _)| {
                let place = u128::from(position.parts) * u128::from(whole) + (1 << 31);
                ((place >> 32) as u32, *time)
            };
            let table =
                table.iter().map(place).map(|(at, time): (u32, crate::format::Nanos)| (at, time.0));
            Distribution::Quantiles(table.collect())
        }
    }
}
