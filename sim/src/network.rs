//! What the network does to one message: pure integer code, one random word a message.
//!
//! Everything that happens to a message is expanded from its word by fixed mixing, whether or not
//! the setting is on: turning `loss` off leaves every latency as it was.

mod burst;
mod harm;
mod kind_cuts;
mod shaping;
mod zones;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{LinkConfig, NetworkConfig};
use crate::distribution::Distribution;
use crate::id::NodeId;
use crate::rng::{Chance, mix};
use crate::time::SimTime;

use self::burst::Chains;
pub(crate) use self::harm::{Harm, copy_word, flip_bits, other_host};
use self::kind_cuts::KindCuts;
pub use self::shaping::Shaping;
use self::shaping::{ActiveShaping, Changes};
use self::zones::Zones;

/// The lanes of a message's word. Loss takes the word's low half and latency its high bits; the
/// others are mixed out of it.
mod lane {
    pub(super) const JITTER: u64 = 1;
    pub(super) const REORDER: u64 = 2;
    pub(super) const DUPLICATE: u64 = 3;
    pub(super) const COPY_LATENCY: u64 = 4;
    pub(super) const HELD_BACK: u64 = 5;
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) fate: Fate,
    /// When a second copy arrives, if there is one; on a clogged link, when it would.
    pub(crate) copy: Option<SimTime>,
    /// What goes wrong with the message, if it arrives.
    pub(crate) harm: Harm,
    /// What goes wrong with the copy.
    pub(crate) copy_harm: Harm,
}

impl Route {
    /// One message, unharmed.
    #[inline]
    pub(crate) const fn of(fate: Fate) -> Route {
        Route { fate, copy: None, harm: Harm::NONE, copy_harm: Harm::NONE }
    }

    /// Whether anything goes wrong with the message or its copy.
    #[inline]
    pub(crate) fn is_harmed(&self) -> bool {
        self.harm != Harm::NONE || self.copy_harm != Harm::NONE
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives(SimTime),
    /// Held on a clogged link; arrives this long after it is let go.
    Clogged(u64),
    Lost,
    Cut,
}

/// What happens to one chosen message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MessageAction {
    /// It is lost.
    Lose,
    /// It arrives twice.
    Duplicate,
    /// It arrives this many nanoseconds later.
    Delay(u64),
}

/// Chooses single messages: the `nth` that leaves on a link, counted from when the rule came.
///
/// What clients say and hear is never duplicated, as it comes over a connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageRule {
    /// Only from these hosts; any if empty.
    pub from: Vec<NodeId>,
    /// Only to these hosts; any if empty.
    pub to: Vec<NodeId>,
    /// Only of this kind (index into the protocol's kinds, [`crate::CLIENT_REQUEST_KIND`] or
    /// [`crate::CLIENT_REPLY_KIND`]); any if none.
    pub kind: Option<u16>,
    /// Which one, counted from 1.
    pub nth: u64,
    /// What happens to it.
    pub action: MessageAction,
}

#[derive(Clone, Debug)]
struct ActiveRule {
    hold: u32,
    rule: MessageRule,
    seen: u64,
}

/// The changeable state of one directed link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Link {
    /// Which of the kinds of links it is; 0 where it has none of its own.
    class: u16,
    cuts: u16,
    clogs: u16,
}

/// The state of links that differ from the ordinary: dense while the square is small.
#[derive(Clone, Debug)]
enum Links {
    Dense { width: usize, cells: Vec<Link> },
    Sparse(BTreeMap<(NodeId, NodeId), Link>),
}

/// Above this many hosts and clients the table of links is sparse.
const DENSE_MAX: usize = 512;

#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// Kinds of links; the first is everywhere.
    classes: Vec<LinkConfig>,
    /// True while no link differs from `classes[0]`: nothing need be looked up.
    plain: bool,
    /// True if moreover nothing but latency happens to a message.
    quiet: bool,
    links: Links,
    nodes: usize,
    width: usize,
    zones: Option<Box<Zones>>,
    /// Where links of correlated loss are in their bursts.
    losses: Chains,
    shapings: Vec<ActiveShaping>,
    kind_cuts: KindCuts,
    rules: Vec<ActiveRule>,
    has_classes: bool,
    /// How many cuts and clogs are held in all.
    held: u64,
}

impl Network {
    pub(crate) fn new(config: NetworkConfig, nodes: usize, clients: usize) -> Self {
        let mut network = Network {
            classes: vec![config.everywhere],
            plain: true,
            quiet: false,
            links: Links::Sparse(BTreeMap::new()),
            nodes,
            width: nodes + clients,
            zones: None,
            losses: Chains::default(),
            shapings: Vec::new(),
            kind_cuts: KindCuts::default(),
            rules: Vec::new(),
            has_classes: !config.links.is_empty() || !config.zones.pairs.is_empty(),
            held: 0,
        };
        if !config.zones.pairs.is_empty() {
            let class_of = |link| class_index(&mut network.classes, link);
            network.zones = Some(Box::new(Zones::new(&config.zones, (nodes, clients), class_of)));
        }
        for (from, to, class) in config.links {
            network.link_mut(from, to).class = class_index(&mut network.classes, class);
        }
        network.settle_plain();
        network
    }

    /// What becomes of a message of `kind` that leaves now.
    #[inline]
    pub(crate) fn route(
        &mut self,
        from: NodeId,
        to: NodeId,
        kind: u16,
        word: u64,
        now: SimTime,
    ) -> Route {
        if self.quiet {
            let delay_ns = self.classes[0].latency.sample(word);
            return Route::of(Fate::Arrives(now.saturating_add_nanos(delay_ns)));
        }
        if self.plain {
            let class = &self.classes[0];
            return ordinary(class, class.loss.hits(word as u32), word, now);
        }
        self.route_special(from, to, kind, word, now)
    }

    fn route_special(
        &mut self,
        from: NodeId,
        to: NodeId,
        kind: u16,
        word: u64,
        now: SimTime,
    ) -> Route {
        let mut changes = Changes::default();
        self.add_rules(&mut changes, (from, to), kind);
        let link = self.link(from, to);
        let class = &self.classes[self.class_of(link, from, to)];
        for active in &mut self.shapings {
            if active.strikes((from, to), kind) {
                changes.add_shaping(active, (from, to), word, class);
            }
        }
        let lost = match class.loss_correlation {
            Chance::NEVER => class.loss.hits(word as u32),
            correlation => self.losses.hits((from, to), class.loss, correlation, word as u32),
        };
        let mut route = ordinary(class, lost, word, now);
        if let Fate::Arrives(_) = route.fate {
            route.harm = Harm::drawn(class.corrupt, class.misdirect, word);
            route.copy_harm = Harm::drawn(class.corrupt, class.misdirect, copy_word(word));
        }
        changes.make(&mut route, word, now, class);
        if link.cuts > 0 || self.kind_cuts.strike((from, to), kind) {
            return Route::of(Fate::Cut);
        }
        if link.clogs > 0
            && let Fate::Arrives(at) = route.fate
        {
            route.fate = Fate::Clogged((at - now).as_nanos() as u64);
        }
        route
    }

    /// The kind of a link: its own, else that of its zones, else the one that is everywhere.
    fn class_of(&self, link: Link, from: NodeId, to: NodeId) -> usize {
        match (link.class, &self.zones) {
            (0, Some(zones)) => zones.class(self.position(from), self.position(to)),
            (class, _) => usize::from(class),
        }
    }

    /// What becomes of a message that was meant for another host and now goes to `to` instead.
    pub(crate) fn reroute(
        &self,
        (from, to): (NodeId, NodeId),
        kind: u16,
        fate: Fate,
        now: SimTime,
    ) -> Fate {
        let link = self.link(from, to);
        match fate {
            Fate::Arrives(_) | Fate::Clogged(_)
                if link.cuts > 0 || self.kind_cuts.strike((from, to), kind) =>
            {
                Fate::Cut
            }
            Fate::Arrives(at) if link.clogs > 0 => Fate::Clogged((at - now).as_nanos() as u64),
            Fate::Arrives(_) | Fate::Clogged(_) | Fate::Lost | Fate::Cut => fate,
        }
    }

    /// Counts a message for every rule that it matches, and takes what they do to it.
    fn add_rules(&mut self, changes: &mut Changes, (from, to): (NodeId, NodeId), kind: u16) {
        for active in &mut self.rules {
            let rule = &active.rule;
            if (rule.from.is_empty() || rule.from.contains(&from))
                && (rule.to.is_empty() || rule.to.contains(&to))
                && rule.kind.is_none_or(|only| only == kind)
            {
                active.seen += 1;
                if active.seen == rule.nth {
                    changes.add_action(rule.action);
                }
            }
        }
    }

    /// Whether the rule under `hold` has met its message.
    pub(crate) fn rule_met(&self, hold: u32) -> bool {
        self.rules.iter().any(|active| active.hold == hold && active.seen >= active.rule.nth)
    }

    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId) {
        self.link_mut(from, to).cuts += 1;
        self.held += 1;
        self.unsettle();
    }

    pub(crate) fn mend(&mut self, from: NodeId, to: NodeId) {
        self.link_mut(from, to).cuts -= 1;
        self.held -= 1;
        self.settle_plain();
    }

    pub(crate) fn clog(&mut self, from: NodeId, to: NodeId) {
        self.link_mut(from, to).clogs += 1;
        self.held += 1;
        self.unsettle();
    }

    /// Ends one clog of the link; true if it is free now.
    pub(crate) fn unclog(&mut self, from: NodeId, to: NodeId) -> bool {
        let link = self.link_mut(from, to);
        link.clogs -= 1;
        let free = link.clogs == 0;
        self.held -= 1;
        self.settle_plain();
        free
    }

    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.link(from, to).cuts > 0
    }

    /// `links` must be sorted.
    pub(crate) fn add_shaping(
        &mut self,
        hold: u32,
        links: Vec<(NodeId, NodeId)>,
        shaping: Shaping,
    ) {
        self.shapings.push(ActiveShaping::new(hold, links, shaping));
        self.unsettle();
    }

    /// Messages of these kinds no longer pass these links, which must be sorted as the kinds must.
    pub(crate) fn cut_kinds(&mut self, hold: u32, links: Vec<(NodeId, NodeId)>, kinds: Vec<u16>) {
        self.kind_cuts.add(hold, links, kinds);
        self.unsettle();
    }

    /// Lets the cut of a hold go on with some of its links.
    pub(crate) fn narrow_kind_cut(&mut self, hold: u32, keep: impl Fn(NodeId, NodeId) -> bool) {
        self.kind_cuts.narrow(hold, keep);
    }

    /// Lets the shaping of a hold go on with some of its links.
    pub(crate) fn narrow_shaping(&mut self, hold: u32, keep: impl Fn(NodeId, NodeId) -> bool) {
        for active in self.shapings.iter_mut().filter(|active| active.hold == hold) {
            active.links.retain(|&(from, to)| keep(from, to));
        }
    }

    pub(crate) fn add_rule(&mut self, hold: u32, rule: MessageRule) {
        self.rules.push(ActiveRule { hold, rule, seen: 0 });
        self.unsettle();
    }

    /// Ends the shapings, the cuts of some kinds and the rules of a hold.
    pub(crate) fn release(&mut self, hold: u32) {
        self.shapings.retain(|active| active.hold != hold);
        self.kind_cuts.release(hold);
        self.rules.retain(|active| active.hold != hold);
        self.settle_plain();
    }

    fn settle_plain(&mut self) {
        self.plain = !self.has_classes
            && self.held == 0
            && self.shapings.is_empty()
            && self.kind_cuts.is_empty()
            && self.rules.is_empty()
            && self.classes[0].is_simple();
        self.quiet = self.plain && self.classes[0].is_quiet();
    }

    /// A link differs from now on.
    fn unsettle(&mut self) {
        self.plain = false;
        self.quiet = false;
    }

    fn position(&self, host: NodeId) -> usize {
        if host.is_client() { self.nodes + host.index() } else { host.index() }
    }

    fn link(&self, from: NodeId, to: NodeId) -> Link {
        match &self.links {
            Links::Dense { width, cells } => cells[self.position(from) * width + self.position(to)],
            Links::Sparse(links) => links.get(&(from, to)).copied().unwrap_or_default(),
        }
    }

    fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        if self.width <= DENSE_MAX && matches!(self.links, Links::Sparse(_)) {
            let cells = vec![Link::default(); self.width * self.width];
            self.links = Links::Dense { width: self.width, cells };
        }
        let at = self.position(from) * self.width + self.position(to);
        match &mut self.links {
            Links::Dense { cells, .. } => &mut cells[at],
            Links::Sparse(links) => links.entry((from, to)).or_default(),
        }
    }
}

/// The index of a kind of links that is not the one everywhere.
fn class_index(classes: &mut Vec<LinkConfig>, class: LinkConfig) -> u16 {
    let known = classes.iter().skip(1).position(|other| *other == class);
    let index = known.map_or(classes.len(), |position| position + 1);
    if known.is_none() {
        classes.push(class);
    }
    u16::try_from(index).expect("at most 65,535 kinds of links")
}

#[inline]
fn ordinary(class: &LinkConfig, lost: bool, word: u64, now: SimTime) -> Route {
    let mut delay_ns = class.latency.sample(word);
    if !class.jitter.is_zero() {
        let jitter_ns = class.jitter.as_nanos() as u64;
        delay_ns = delay_ns.saturating_add(scale(mix(word, lane::JITTER), jitter_ns + 1));
    }
    if class.reorder != Chance::NEVER {
        let held_by = class.reorder_delay.as_ref();
        let held_ns = held_back(class.reorder, held_by, mix(word, lane::REORDER), class);
        delay_ns = delay_ns.saturating_add(held_ns);
    }
    if lost {
        return Route::of(Fate::Lost);
    }
    let mut route = Route::of(Fate::Arrives(now.saturating_add_nanos(delay_ns)));
    if class.duplicate.hits(mix(word, lane::DUPLICATE) as u32) {
        let copy_ns = class.latency.sample(mix(word, lane::COPY_LATENCY));
        route.copy = Some(now.saturating_add_nanos(copy_ns));
    }
    route
}

/// How long a message is held back, if the chance hits: a sample of `held_by`, else up to eight
/// mean latencies.
fn held_back(chance: Chance, held_by: Option<&Distribution>, word: u64, class: &LinkConfig) -> u64 {
    if !chance.hits(word as u32) {
        return 0;
    }
    match held_by {
        Some(distribution) => distribution.sample(mix(word, lane::HELD_BACK)),
        None => scale(word, class.latency.mean_ns().saturating_mul(8).saturating_add(1)),
    }
}

/// Uniform below `n`, by multiplication.
fn scale(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

#[cfg(test)]
mod tests;
