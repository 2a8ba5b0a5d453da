//! What the network does to one message: pure integer code, one random word a message.
//!
//! Everything that happens to a message is expanded from its word by fixed mixing, whether or not
//! the setting is on: turning `loss` off leaves every latency as it was.

mod bottleneck;
mod capacity;
mod stream;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::capacity::Capacity;
pub(crate) use self::capacity::Packet;
pub(crate) use self::stream::{Dropped, Item, Segment, Streams};
pub use self::stream::{StreamConfig, Transport};

use self::bottleneck::Bottlenecks;

use crate::config::{LinkConfig, NetworkConfig};
use crate::distribution::Distribution;
use crate::id::NodeId;
use crate::rng::{Chance, mix};
use crate::time::SimTime;

/// The lanes of a message's word. Loss takes the word's low half and latency its high bits; the
/// others are mixed out of it.
mod lane {
    pub(super) const JITTER: u64 = 1;
    pub(super) const REORDER: u64 = 2;
    pub(super) const DUPLICATE: u64 = 3;
    pub(super) const COPY_LATENCY: u64 = 4;
    /// The first of those for messages of a stream that are sent again: one each time.
    pub(super) const RETRANSMIT: u64 = 1 << 32;
}

/// The lanes of a message's word that has been mixed with the salt of a [`Shaping`].
mod shaping_lane {
    pub(super) const DELAY: u64 = 0;
    pub(super) const REORDER: u64 = 1;
    pub(super) const DUPLICATE: u64 = 2;
    pub(super) const LOSS: u64 = 3;
    pub(super) const COPY_DELAY: u64 = 4;
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) fate: Fate,
    /// When a second copy arrives, if there is one; on a clogged link, when it would.
    pub(crate) copy: Option<SimTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives(SimTime),
    /// Held on a clogged link; arrives this long after it is let go.
    Clogged(u64),
    Lost,
    Cut,
    /// There is more to this link than a delay and a chance: a stream, or a transmitter.
    Detour,
}

/// A temporary change of links, held by a fault.
///
/// What it does to a message follows from the message's word and its own salt, never from which
/// other faults are there: taking one fault out leaves what the others do as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shaping {
    /// Sets its chances apart from those of other shapings. Two of one salt strike the same
    /// messages.
    pub salt: u64,
    /// Additional chance of loss.
    pub loss: Chance,
    /// Additional chance of a duplicate.
    pub duplicate: Chance,
    /// Additional chance of being held back.
    pub reorder: Chance,
    /// Additional latency.
    pub delay: Distribution,
}

impl Shaping {
    /// Whether it can do anything to what is sent on this link: client mail is never duplicated,
    /// nor are streams.
    fn touches(&self, is_doubled: bool) -> bool {
        let only_duplicates = self.loss == Chance::NEVER
            && self.reorder == Chance::NEVER
            && self.delay == Distribution::Constant(0);
        is_doubled || !only_duplicates
    }
}

impl Default for Shaping {
    fn default() -> Self {
        Shaping {
            salt: 0,
            loss: Chance::NEVER,
            duplicate: Chance::NEVER,
            reorder: Chance::NEVER,
            delay: Distribution::Constant(0),
        }
    }
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

#[derive(Clone, Debug)]
struct ActiveShaping {
    hold: u32,
    links: Vec<(NodeId, NodeId)>,
    shaping: Shaping,
}

/// The changeable state of one directed link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Link {
    class: u8,
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
    shapings: Vec<ActiveShaping>,
    rules: Vec<ActiveRule>,
    has_classes: bool,
    /// How many cuts and clogs are held in all.
    held: u64,
    /// The links that carry only so much.
    bottlenecks: Bottlenecks,
    /// The streams between hosts, if they use any.
    streams: Option<Box<Streams>>,
}

impl Network {
    pub(crate) fn new(config: NetworkConfig, nodes: usize, clients: usize) -> Self {
        let limited = config.links.iter().any(|(_, _, class)| class.capacity.is_limited())
            || config.everywhere.capacity.is_limited();
        let streams = match config.transport {
            Transport::Datagram => None,
            Transport::Stream(config) => Some(Box::new(Streams::new(config))),
        };
        let mut network = Network {
            classes: vec![config.everywhere],
            plain: true,
            quiet: false,
            links: Links::Sparse(BTreeMap::new()),
            nodes,
            width: nodes + clients,
            shapings: Vec::new(),
            rules: Vec::new(),
            has_classes: !config.links.is_empty(),
            held: 0,
            bottlenecks: Bottlenecks::new(limited),
            streams,
        };
        for (from, to, class) in config.links {
            let known = network.classes.iter().position(|other| *other == class);
            let index = known.unwrap_or(network.classes.len());
            assert!(index <= 255, "at most 255 kinds of links");
            if known.is_none() {
                network.classes.push(class);
            }
            network.link_mut(from, to).class = index as u8;
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
            return Route { fate: Fate::Arrives(now.saturating_add_nanos(delay_ns)), copy: None };
        }
        if self.plain {
            return ordinary(&self.classes[0], word, now);
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
        if self.is_stream(from, to) || self.is_limited(from, to) {
            return Route { fate: Fate::Detour, copy: None };
        }
        self.route_bare(from, to, kind, word, now)
    }

    /// The same without streams and transmitters.
    pub(crate) fn route_bare(
        &mut self,
        from: NodeId,
        to: NodeId,
        kind: u16,
        word: u64,
        now: SimTime,
    ) -> Route {
        let mut changes = Changes::default();
        self.add_rules(&mut changes, (from, to), kind);
        self.route_changed((from, to), changes, word, now)
    }

    fn route_changed(
        &mut self,
        (from, to): (NodeId, NodeId),
        mut changes: Changes,
        word: u64,
        now: SimTime,
    ) -> Route {
        let link = self.link(from, to);
        let class = &self.classes[usize::from(link.class)];
        let mean_ns = class.latency.mean_ns();
        for active in &self.shapings {
            if active.links.binary_search(&(from, to)).is_ok() {
                changes.add_shaping(&active.shaping, word, mean_ns);
            }
        }
        let mut route = ordinary(class, word, now);
        changes.make(&mut route, word, now, mean_ns);
        if link.cuts > 0 {
            return Route { fate: Fate::Cut, copy: None };
        }
        if link.clogs > 0
            && let Fate::Arrives(at) = route.fate
        {
            route.fate = Fate::Clogged((at - now).as_nanos() as u64);
        }
        route
    }

    /// Counts a message for every rule that it matches, and takes what they do to it.
    fn add_rules(&mut self, changes: &mut Changes, (from, to): (NodeId, NodeId), kind: u16) {
        let streams = self.is_stream(from, to);
        for active in &mut self.rules {
            let rule = &active.rule;
            // A stream is never doubled: such a rule does not meet its messages.
            if streams && rule.action == MessageAction::Duplicate {
                continue;
            }
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

    /// What becomes of a message of a stream in this attempt to transmit it, on a link that no
    /// fault holds. The first attempt is as that of a datagram, whose latency it shares; each
    /// later one is expanded from the message's word anew.
    pub(crate) fn route_segment(
        &mut self,
        (from, to): (NodeId, NodeId),
        kind: u16,
        word: u64,
        attempt: u32,
        now: SimTime,
    ) -> Fate {
        if attempt == 0 {
            return self.route_bare(from, to, kind, word, now).fate;
        }
        let word = mix(word, lane::RETRANSMIT + u64::from(attempt));
        self.route_changed((from, to), Changes::default(), word, now).fate
    }

    /// Whether what one says to the other goes over a stream: clients talk otherwise.
    pub(crate) fn is_stream(&self, from: NodeId, to: NodeId) -> bool {
        self.streams.is_some() && !from.is_client() && !to.is_client()
    }

    /// The mean of the link's latency, without what faults add.
    pub(crate) fn mean_latency_ns(&self, from: NodeId, to: NodeId) -> u64 {
        self.classes[usize::from(self.link(from, to).class)].latency.mean_ns()
    }

    /// Whether a fault cuts or clogs the link.
    pub(crate) fn is_blocked(&self, from: NodeId, to: NodeId) -> bool {
        let link = self.link(from, to);
        link.cuts > 0 || link.clogs > 0
    }

    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.link(from, to).cuts > 0
    }

    /// Whether a shaping can do anything to what is sent on this link.
    pub(crate) fn is_touched(&self, shaping: &Shaping, from: NodeId, to: NodeId) -> bool {
        let is_mail = from.is_client() || to.is_client();
        shaping.touches(!is_mail && !self.is_stream(from, to))
    }

    /// `links` must be sorted.
    pub(crate) fn add_shaping(
        &mut self,
        hold: u32,
        links: Vec<(NodeId, NodeId)>,
        shaping: Shaping,
    ) {
        self.shapings.push(ActiveShaping { hold, links, shaping });
        self.unsettle();
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

    /// Ends the shapings and rules of a hold.
    pub(crate) fn release(&mut self, hold: u32) {
        self.shapings.retain(|active| active.hold != hold);
        self.rules.retain(|active| active.hold != hold);
        self.settle_plain();
    }

    fn settle_plain(&mut self) {
        self.plain = !self.has_classes
            && self.held == 0
            && self.shapings.is_empty()
            && self.rules.is_empty()
            && !self.bottlenecks.any()
            && self.streams.is_none();
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

#[inline]
fn ordinary(class: &LinkConfig, word: u64, now: SimTime) -> Route {
    let mut delay_ns = class.latency.sample(word);
    if !class.jitter.is_zero() {
        let jitter_ns = class.jitter.as_nanos() as u64;
        delay_ns += scale(mix(word, lane::JITTER), jitter_ns + 1);
    }
    if class.reorder != Chance::NEVER {
        delay_ns += held_back(class.reorder, mix(word, lane::REORDER), class.latency.mean_ns());
    }
    if class.loss.hits(word as u32) {
        return Route { fate: Fate::Lost, copy: None };
    }
    let mut copy = None;
    if class.duplicate.hits(mix(word, lane::DUPLICATE) as u32) {
        copy = Some(now.saturating_add_nanos(class.latency.sample(mix(word, lane::COPY_LATENCY))));
    }
    Route { fate: Fate::Arrives(now.saturating_add_nanos(delay_ns)), copy }
}

/// What faults do to one message, all of them together: the order in which they came is nothing to
/// it.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    lost: bool,
    duplicated: bool,
    delay_ns: u64,
    copy_delay_ns: u64,
}

impl Changes {
    fn add_shaping(&mut self, shaping: &Shaping, word: u64, mean_ns: u64) {
        let salted = mix(word, shaping.salt);
        let delay_ns = shaping.delay.sample(mix(salted, shaping_lane::DELAY));
        let held_ns = held_back(shaping.reorder, mix(salted, shaping_lane::REORDER), mean_ns);
        let copy_delay_ns = shaping.delay.sample(mix(salted, shaping_lane::COPY_DELAY));
        self.delay_ns = self.delay_ns.saturating_add(delay_ns).saturating_add(held_ns);
        self.copy_delay_ns = self.copy_delay_ns.saturating_add(copy_delay_ns);
        self.duplicated |= shaping.duplicate.hits(mix(salted, shaping_lane::DUPLICATE) as u32);
        self.lost |= shaping.loss.hits(mix(salted, shaping_lane::LOSS) as u32);
    }

    fn add_action(&mut self, action: MessageAction) {
        match action {
            MessageAction::Lose => self.lost = true,
            MessageAction::Duplicate => self.duplicated = true,
            MessageAction::Delay(by) => {
                self.delay_ns = self.delay_ns.saturating_add(by);
                self.copy_delay_ns = self.copy_delay_ns.saturating_add(by);
            }
        }
    }

    fn make(self, route: &mut Route, word: u64, now: SimTime, mean_ns: u64) {
        let Fate::Arrives(at) = &mut route.fate else {
            return;
        };
        if self.lost {
            *route = Route { fate: Fate::Lost, copy: None };
            return;
        }
        *at = at.saturating_add_nanos(self.delay_ns);
        if self.duplicated && route.copy.is_none() {
            let copy_ns = scale(mix(word, lane::COPY_LATENCY), 2 * mean_ns + 1);
            route.copy = Some(now.saturating_add_nanos(copy_ns));
        }
        route.copy = route.copy.map(|at| at.saturating_add_nanos(self.copy_delay_ns));
    }
}

/// How long a message is held back, if the chance hits.
fn held_back(chance: Chance, word: u64, mean_ns: u64) -> u64 {
    if chance.hits(word as u32) { scale(word, 8 * mean_ns + 1) } else { 0 }
}

/// Uniform below `n`, by multiplication.
fn scale(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

#[cfg(test)]
mod tests;
