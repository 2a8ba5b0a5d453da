//! Faults of links and of messages.

use seedbed_sim::rng::Rng;
use seedbed_sim::{Chance, Distribution, MessageRule, NodeId, Shaping};

use super::{Grip, Links, links_of};
use crate::format::{self, MessageFault, Nanos, SwizzleClog, Targets, Traffic};
use crate::run::build::links_between;
use crate::run::director::holds::{Held, Hold, list};
use crate::run::director::{Director, Fired};
use crate::run::world::World;

impl Director {
    /// The links of some ends, everybody's where an end is not given.
    pub(in crate::run::director) fn shaped_links(
        &self,
        (from, to): (Option<&Targets>, Option<&Targets>),
        everybody: &[NodeId],
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<(Links, String)> {
        let mut resolver = self.resolver(world, rng);
        let mut end = |targets: Option<&Targets>| match targets {
            Some(targets) => resolver.targets(targets).map(|hosts| {
                resolver.taken.extend(&hosts);
                let text = list(&hosts);
                (hosts, text)
            }),
            None => Some((everybody.to_vec(), "all".to_owned())),
        };
        let (senders, from_text) = end(from)?;
        let (receivers, to_text) = end(to)?;
        let text = match (from, to) {
            (None, None) => "everywhere".to_owned(),
            (Some(_), _) | (_, Some(_)) => format!("{from_text} -> {to_text}"),
        };
        Some((links_between(&senders, &receivers), text))
    }

    /// The links that a clog means: of hosts, or between two ends, among hosts.
    pub(in crate::run::director) fn hosts_links(
        &self,
        (select, from, to): (&Option<Targets>, &Option<Targets>, &Option<Targets>),
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<(Links, String)> {
        let Some(select) = select else {
            let ends = (from.as_ref(), to.as_ref());
            return self.shaped_links(ends, &self.places.members, rng, world);
        };
        let hosts = self.resolver(world, rng).targets(select)?;
        Some((links_of(&hosts, &self.places.members), list(&hosts)))
    }

    pub(in crate::run::director) fn grip_shape(
        &self,
        what: String,
        shaping: Shaping,
        traffic: Traffic<'_>,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        let everybody = self.places.everybody();
        let ends = (traffic.from, traffic.to);
        let (links, mut text) = self.shaped_links(ends, &everybody, rng, world)?;
        let kinds = kind_indices(traffic.kinds, world)?;
        if !kinds.is_empty() {
            text = format!("{text} of {}", traffic.kinds.join(", "));
        }
        // From the fault's own stream: what other faults there are is nothing to it.
        let shaping = Shaping { salt: rng.next(), kinds, ..shaping };
        Some(grip_shape(links, shaping, format!("{what} {text}")))
    }

    pub(in crate::run::director) fn fire_swizzle(
        &mut self,
        fault: &SwizzleClog,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let hosts = match &fault.select {
            Some(targets) => self.resolver(world, rng).targets(targets),
            None => {
                let mut hosts = self.places.members.clone();
                rng.shuffle(&mut hosts);
                hosts.truncate((hosts.len() / 2).max(2));
                Some(hosts)
            }
        };
        let Some(mut hosts) = hosts else {
            return Fired::Unresolved;
        };
        hosts.retain(|host| !host.is_client());
        hosts.sort_unstable();
        self.swizzle(&hosts, fault.duration, rng, world).0
    }

    /// A rule takes effect once it has met its message, which the books learn at the end.
    pub(in crate::run::director) fn place_rule(
        &mut self,
        leaf: usize,
        message: &MessageFault,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let mut resolver = self.resolver(world, rng);
        let from = resolver.targets(&message.from);
        let to = resolver.targets(&message.to);
        let (Some(kind), Some(from), Some(to)) = (world.kind_index(&message.kind), from, to) else {
            return Fired::Unresolved;
        };
        let action = match message.action {
            format::MessageAction::Lose => seedbed_sim::MessageAction::Lose,
            format::MessageAction::Duplicate => seedbed_sim::MessageAction::Duplicate,
            format::MessageAction::Delay(by) => seedbed_sim::MessageAction::Delay(by.0),
        };
        let text = format!(
            "message {} of kind {} from {} to {}",
            message.nth,
            message.kind,
            list(&from),
            list(&to)
        );
        let rule = MessageRule { from, to, kind: Some(kind), nth: message.nth, action };
        if let Some(id) = world.inject(seedbed_sim::Fault::Message(rule)) {
            self.rules.push((id, leaf));
            let hold = Hold { id, what: Held::Rule };
            self.activate("message", text, vec![hold], None, world);
        }
        Fired::Idle
    }

    /// Books the rules that have met their message. Once, before they are let go.
    pub(crate) fn count_met_rules(&mut self, world: &dyn World) {
        for (hold, leaf) in std::mem::take(&mut self.rules) {
            if world.rule_met(hold) {
                self.tallies[leaf].took += 1;
                *self.effects.entry("message").or_default() += 1;
            }
        }
    }
}

/// The numbers of kinds of messages; none if there is no such kind.
pub(in crate::run::director) fn kind_indices(
    names: &[String],
    world: &dyn World,
) -> Option<Vec<u16>> {
    names.iter().map(|name| world.kind_index(name)).collect()
}

pub(in crate::run::director) fn grip_clog(links: Links, text: &str) -> Grip {
    let fault = seedbed_sim::Fault::Clog(links.clone());
    Grip { text: format!("clog {text}"), holds: vec![(fault, Held::Clogged(links))] }
}

pub(in crate::run::director) fn describe_delay(delay: &Distribution) -> String {
    match delay {
        Distribution::Constant(time) => Nanos(*time).to_string(),
        Distribution::Uniform { min, max } => format!("{} to {}", Nanos(*min), Nanos(*max)),
        Distribution::Exponential { mean, .. } => format!("about {}", Nanos(*mean)),
        Distribution::Empirical(_)
        | Distribution::Normal { .. }
        | Distribution::LogNormal { .. }
        | Distribution::Pareto { .. }
        | Distribution::Mixture(_)
        | Distribution::Quantiles(_) => format!("about {}", Nanos(delay.mean_ns())),
    }
}

/// A chance of so many percent.
pub(in crate::run::director) fn percent(number: u64) -> Chance {
    Chance::from_ratio(number, 100)
}

pub(in crate::run::director) fn grip_shape(links: Links, shaping: Shaping, text: String) -> Grip {
    let fault = seedbed_sim::Fault::Shape(links.clone(), shaping.clone());
    Grip { text, holds: vec![(fault, Held::Shaped(links, shaping))] }
}
