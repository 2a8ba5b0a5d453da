//! Faults one by one: whom each takes, and what it takes.

use seedbed_sim::rng::Rng;
use seedbed_sim::{Chance, CrashModel, Distribution, MessageRule, NodeId, Shaping};

use super::holds::{Held, Hold, list};
use super::select::Resolver;
use super::{Director, Fired};
use crate::format::{
    self, Crash, CrashLoss, Direction, Fault, MessageFault, Nanos, Partition, PartitionShape,
    Selector, Targets,
};
use crate::run::build::{chance, distribution, links_between};
use crate::run::world::World;

/// What a fault takes, before it does.
pub(super) struct Grip {
    pub(super) text: String,
    pub(super) holds: Vec<(seedbed_sim::Fault, Held)>,
}

/// Directed links, by the two ends.
type Links = Vec<(NodeId, NodeId)>;

impl Director {
    pub(super) fn resolver<'a>(&'a self, world: &'a dyn World, rng: &'a mut Rng) -> Resolver<'a> {
        Resolver { places: &self.places, world, bound: &self.bound, rng, taken: Vec::new() }
    }

    /// Lets one fault take what it means now.
    pub(super) fn fire_fault(
        &mut self,
        leaf: usize,
        fault: &Fault,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let lasts = fault.duration();
        let grip = match fault {
            Fault::Partition(partition) => self.grip_partition(partition, rng, world),
            Fault::Clog(clog) => {
                let ends = (&clog.select, &clog.from, &clog.to);
                self.hosts_links(ends, rng, world).map(|(links, text)| grip_clog(links, &text))
            }
            Fault::Crash(crash) => self.grip_crash(crash, rng, world),
            Fault::Pause(pause) => {
                let hosts = self.resolver(world, rng).targets(&pause.select);
                hosts.map(|hosts| grip_pause(&hosts))
            }
            Fault::Loss(f) => {
                let shaping = Shaping { loss: chance(f.chance), ..Shaping::default() };
                let what = format!("loss of {}", f.chance);
                self.grip_shape(what, shaping, (&f.from, &f.to), rng, world)
            }
            Fault::Duplicate(f) => {
                let shaping = Shaping { duplicate: chance(f.chance), ..Shaping::default() };
                let what = format!("duplicates of {}", f.chance);
                self.grip_shape(what, shaping, (&f.from, &f.to), rng, world)
            }
            Fault::Reorder(f) => {
                let shaping = Shaping { reorder: chance(f.chance), ..Shaping::default() };
                let what = format!("reordering of {}", f.chance);
                self.grip_shape(what, shaping, (&f.from, &f.to), rng, world)
            }
            Fault::Delay(f) => {
                let delay = distribution(&f.by);
                let what = format!("delay by {}", describe_delay(&delay));
                let shaping = Shaping { delay, ..Shaping::default() };
                self.grip_shape(what, shaping, (&f.from, &f.to), rng, world)
            }
            Fault::Message(message) => return self.place_rule(leaf, message, rng, world),
            Fault::Unclog(f) => {
                let ends = (&f.select, &f.from, &f.to);
                let Some((links, text)) = self.hosts_links(ends, rng, world) else {
                    return Fired::Unresolved;
                };
                let freed = self.unclog(&links, world);
                return repaired("unclog", &text, freed, world);
            }
            Fault::Heal(heal) => return self.fire_heal(heal.select.as_ref(), rng, world),
            Fault::Restart(restart) => {
                let Some(hosts) = self.resolver(world, rng).targets(&restart.select) else {
                    return Fired::Unresolved;
                };
                let any = self.restart_hosts(&hosts, world);
                return repaired("restart", &list(&hosts), any, world);
            }
            // Their parts are fired one by one.
            Fault::Sequence(_) | Fault::Random(_) => return Fired::Idle,
        };
        match grip {
            None => Fired::Unresolved,
            Some(grip) => self.take(fault.key(), grip, lasts, world),
        }
    }

    /// Takes what a fault wants; it takes effect if it gets any of it.
    pub(super) fn take(
        &mut self,
        kind: &'static str,
        grip: Grip,
        lasts: Option<Nanos>,
        world: &mut dyn World,
    ) -> Fired {
        let mut holds = Vec::new();
        for (fault, what) in grip.holds {
            if let Some(id) = world.inject(fault) {
                holds.push(Hold { id, what });
            }
        }
        if holds.is_empty() {
            return Fired::Idle;
        }
        self.activate(kind, grip.text, holds, lasts, world);
        Fired::Took
    }

    fn fire_heal(
        &mut self,
        select: Option<&Targets>,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(select) = select else {
            let any = self.heal_all(world);
            return repaired("heal", "all", any, world);
        };
        let Some(hosts) = self.resolver(world, rng).targets(select) else {
            return Fired::Unresolved;
        };
        let any = self.heal_hosts(&hosts, world);
        repaired("heal", &list(&hosts), any, world)
    }

    fn grip_partition(
        &self,
        partition: &Partition,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        match partition.shape() {
            PartitionShape::Groups(groups) => {
                self.resolve_groups(groups, rng, world).map(|groups| grip_groups(&groups))
            }
            PartitionShape::Isolate(targets) => {
                let hosts = self.resolver(world, rng).targets(targets)?;
                Some(grip_isolation(&hosts, &self.places.members))
            }
            PartitionShape::OneWay(Direction { from, to }) => {
                let groups = [from.clone(), to.clone()];
                let groups = self.resolve_groups(&groups, rng, world)?;
                Some(grip_one_way(&groups[0], &groups[1]))
            }
        }
    }

    /// Whom each group means. Of groups that overlap the first has whom they share; `rest` is what
    /// all of them leave, wherever it stands. None if a group's selector means nobody now.
    fn resolve_groups(
        &self,
        groups: &[Targets],
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Vec<Vec<NodeId>>> {
        let mut resolver = self.resolver(world, rng);
        let mut resolved: Vec<Vec<NodeId>> = vec![Vec::new(); groups.len()];
        for wants_rest in [false, true] {
            for (group, found) in groups.iter().zip(&mut resolved) {
                for selector in &group.0 {
                    if matches!(selector, Selector::Rest) != wants_rest {
                        continue;
                    }
                    let meant = resolver.selector(selector);
                    if meant.is_empty() && !wants_rest {
                        return None;
                    }
                    for host in meant {
                        if !resolver.taken.contains(&host) {
                            resolver.taken.push(host);
                            found.push(host);
                        }
                    }
                }
            }
        }
        Some(resolved)
    }

    fn grip_crash(&self, crash: &Crash, rng: &mut Rng, world: &dyn World) -> Option<Grip> {
        let hosts = self.resolver(world, rng).targets(&crash.select)?;
        let model = match crash.lose {
            CrashLoss::Strict => CrashModel::Strict,
            CrashLoss::Ordered => CrashModel::Ordered,
            CrashLoss::Torn => CrashModel::Torn,
            CrashLoss::Reorder => CrashModel::Reorder,
        };
        Some(grip_crash(&hosts, Some(model)))
    }

    /// The links of some ends, everybody's where an end is not given.
    fn shaped_links(
        &self,
        (from, to): (&Option<Targets>, &Option<Targets>),
        everybody: &[NodeId],
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<(Links, String)> {
        let mut resolver = self.resolver(world, rng);
        let mut end = |targets: &Option<Targets>| match targets {
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
    fn hosts_links(
        &self,
        (select, from, to): (&Option<Targets>, &Option<Targets>, &Option<Targets>),
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<(Links, String)> {
        let Some(select) = select else {
            return self.shaped_links((from, to), &self.places.members, rng, world);
        };
        let hosts = self.resolver(world, rng).targets(select)?;
        Some((links_of(&hosts, &self.places.members), list(&hosts)))
    }

    fn grip_shape(
        &self,
        what: String,
        shaping: Shaping,
        ends: (&Option<Targets>, &Option<Targets>),
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        let everybody = self.places.everybody();
        let (links, text) = self.shaped_links(ends, &everybody, rng, world)?;
        // From the fault's own stream: what other faults there are is nothing to it.
        let shaping = Shaping { salt: rng.next(), ..shaping };
        Some(grip_shape(links, shaping, format!("{what} {text}")))
    }

    /// A rule takes effect once it has met its message, which the books learn at the end.
    fn place_rule(
        &mut self,
        leaf: usize,
        message: &MessageFault,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let mut resolver = self.resolver(world, rng);
        let (from, to) = (resolver.selector(&message.from), resolver.selector(&message.to));
        let (Some(kind), false) =
            (world.kind_index(&message.kind), from.is_empty() || to.is_empty())
        else {
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

fn repaired(kind: &'static str, text: &str, any: bool, world: &mut dyn World) -> Fired {
    if !any {
        return Fired::Idle;
    }
    world.trace_fault(kind, &format!("{kind} {text}"));
    Fired::Took
}

/// Every link of some hosts, in both directions.
pub(super) fn links_of(hosts: &[NodeId], members: &[NodeId]) -> Links {
    let mut links = links_between(hosts, members);
    for link in links_between(members, hosts) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

pub(super) fn grip_groups(groups: &[Vec<NodeId>]) -> Grip {
    let mut links = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        for other in &groups[index + 1..] {
            links.extend(links_between(group, other));
            links.extend(links_between(other, group));
        }
    }
    let words: Vec<String> = groups.iter().map(|group| format!("{{{}}}", list(group))).collect();
    let hosts = |group: &Vec<NodeId>| group.iter().copied().filter(|it| !it.is_client()).collect();
    let held = Held::Cut { links: links.clone(), groups: groups.iter().map(hosts).collect() };
    Grip {
        text: format!("partition {}", words.join("|")),
        holds: vec![(seedbed_sim::Fault::Cut(links), held)],
    }
}

/// Each of these is cut off from every other host, by a hold of its own: to heal one of them does
/// not reconnect it with another.
pub(super) fn grip_isolation(hosts: &[NodeId], members: &[NodeId]) -> Grip {
    let holds = hosts.iter().map(|host| {
        let links = links_of(&[*host], members);
        (seedbed_sim::Fault::Cut(links), Held::Isolated(*host))
    });
    Grip { text: format!("partition isolates {}", list(hosts)), holds: holds.collect() }
}

pub(super) fn grip_one_way(from: &[NodeId], to: &[NodeId]) -> Grip {
    let links = links_between(from, to);
    let held = Held::Cut { links: links.clone(), groups: Vec::new() };
    Grip {
        text: format!("partition {} -x-> {}", list(from), list(to)),
        holds: vec![(seedbed_sim::Fault::Cut(links), held)],
    }
}

pub(super) fn grip_clog(links: Links, text: &str) -> Grip {
    let fault = seedbed_sim::Fault::Clog(links.clone());
    Grip { text: format!("clog {text}"), holds: vec![(fault, Held::Clogged(links))] }
}

pub(super) fn grip_crash(hosts: &[NodeId], model: Option<CrashModel>) -> Grip {
    let hosts: Vec<NodeId> = hosts.iter().copied().filter(|host| !host.is_client()).collect();
    let holds =
        hosts.iter().map(|host| (seedbed_sim::Fault::Crash(*host, model), Held::Down(*host)));
    Grip { text: format!("crash {}", list(&hosts)), holds: holds.collect() }
}

pub(super) fn grip_pause(hosts: &[NodeId]) -> Grip {
    let hosts: Vec<NodeId> = hosts.iter().copied().filter(|host| !host.is_client()).collect();
    let holds = hosts.iter().map(|host| (seedbed_sim::Fault::Pause(*host), Held::Paused(*host)));
    Grip { text: format!("pause {}", list(&hosts)), holds: holds.collect() }
}

pub(super) fn grip_shape(links: Links, shaping: Shaping, text: String) -> Grip {
    let fault = seedbed_sim::Fault::Shape(links.clone(), shaping.clone());
    Grip { text, holds: vec![(fault, Held::Shaped(links, shaping))] }
}

pub(super) fn describe_delay(delay: &Distribution) -> String {
    match delay {
        Distribution::Constant(time) => Nanos(*time).to_string(),
        Distribution::Uniform { min, max } => format!("{} to {}", Nanos(*min), Nanos(*max)),
        Distribution::Exponential { mean, .. } => format!("about {}", Nanos(*mean)),
        Distribution::Empirical(_) => format!("about {}", Nanos(delay.mean_ns())),
    }
}

/// A chance of so many percent.
pub(super) fn percent(number: u64) -> Chance {
    Chance::from_ratio(number, 100)
}
