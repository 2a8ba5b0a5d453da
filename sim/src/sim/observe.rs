//! Showing invariants and milestones what happened.

use crate::context::Shared;
use crate::effects::Inner;
use crate::id::NodeId;
use crate::invariant::{InnerRef, Invariant, Observation, Watch};
use crate::milestone::{Milestone, Rule};
use crate::node::Node;
use crate::sim::core::Condition;
use crate::sim::host::HostSet;
use crate::sim::{Sim, Stop, Violation};
use crate::time::SimTime;
use crate::trace::What;
use crate::view::View;

/// The invariants of a run, and who wants to see what.
pub(crate) struct Invariants<N: Node> {
    list: Vec<Box<dyn Invariant<N>>>,
    /// By the bit of an observation: the invariants that watch it, in declared order.
    watching: [Vec<u16>; 8],
    /// Those that broke are not asked again.
    broken: Vec<bool>,
}

impl<N: Node> Invariants<N> {
    pub(crate) fn new(list: Vec<Box<dyn Invariant<N>>>) -> Self {
        let mut watching: [Vec<u16>; 8] = Default::default();
        for (index, invariant) in list.iter().enumerate() {
            let watches = invariant.watches();
            for (bit, watchers) in watching.iter_mut().enumerate() {
                if watches.contains(Watch::bit(bit)) {
                    watchers.push(index as u16);
                }
            }
        }
        let broken = vec![false; list.len()];
        Invariants { list, watching, broken }
    }

    /// The place of a property in declared order; what is none of the invariants comes last.
    fn rank(&self, property: &str) -> usize {
        let place = self.list.iter().position(|invariant| invariant.name() == property);
        place.unwrap_or(self.list.len())
    }

    /// Whether anybody watches this kind of observation.
    #[inline]
    pub(crate) fn watched(&self, watch: Watch) -> bool {
        !self.watching[watch.index()].is_empty()
    }

    /// Shows an observation to those who watch its kind; returns what is broken, in declared
    /// order.
    #[inline]
    pub(crate) fn show(
        &mut self,
        watch: Watch,
        seen: &Observation<'_, N>,
        world: &View<'_, N>,
    ) -> Option<Vec<(&'static str, String)>> {
        let mut found = None;
        for &index in &self.watching[watch.index()] {
            let index = usize::from(index);
            if self.broken[index] {
                continue;
            }
            if let Err(broken) = self.list[index].observe(seen, world) {
                self.broken[index] = true;
                let name = self.list[index].name();
                found.get_or_insert_with(Vec::new).push((name, broken.message));
            }
        }
        found
    }
}

/// The milestones of a run: which are still awaited, and when they were reached.
pub(crate) struct Milestones<N: Node> {
    pub(crate) entries: Vec<MilestoneEntry<N>>,
    /// Those to be asked after each step.
    pub(crate) asked: Vec<u16>,
    pub(crate) healed_at: Option<SimTime>,
    /// When each host reached what is reached host by host, if somebody wants to know.
    host_times: Vec<HostTimes>,
}

/// When each host first satisfied a milestone. `asked` numbers these after the entries.
struct HostTimes {
    /// The place of the milestone among the entries.
    entry: usize,
    first: Vec<Option<SimTime>>,
}

pub(crate) struct MilestoneEntry<N: Node> {
    pub(crate) milestone: Milestone<N>,
    pub(crate) reached: Option<SimTime>,
    pub(crate) reached_after_heal: Option<SimTime>,
    /// For a milestone that must hold everywhere: the hosts where it does.
    holds: Vec<bool>,
    holding: usize,
}

impl<N: Node> Milestones<N> {
    pub(crate) fn new(list: Vec<Milestone<N>>, hosts: usize) -> Self {
        let entries: Vec<_> = list
            .into_iter()
            .map(|milestone| {
                let everywhere = matches!(milestone.rule, Rule::Everywhere(_));
                let holds = if everywhere { vec![false; hosts] } else { Vec::new() };
                MilestoneEntry {
                    milestone,
                    reached: None,
                    reached_after_heal: None,
                    holds,
                    holding: 0,
                }
            })
            .collect();
        let mut milestones =
            Milestones { entries, asked: Vec::new(), healed_at: None, host_times: Vec::new() };
        milestones.ask_all();
        milestones
    }

    fn ask_all(&mut self) {
        let entries =
            self.entries.iter().enumerate().filter(|(_, entry)| match entry.milestone.rule {
                Rule::Anywhere(_) | Rule::Everywhere(_) => true,
                Rule::Reported | Rule::EachHost(_) => false,
            });
        let hosts = (self.entries.len()..).zip(&self.host_times);
        let hosts = hosts.filter(|(_, times)| times.first.contains(&None));
        let asked = entries.map(|(index, _)| index).chain(hosts.map(|(index, _)| index));
        self.asked = asked.map(|index| index as u16).collect();
    }

    /// From now on notes when each host satisfies what is a matter of single hosts.
    fn keep_host_times(&mut self, hosts: usize) {
        let entries = self.entries.iter().enumerate();
        let by_host = entries.filter(|(_, entry)| match entry.milestone.rule {
            Rule::Everywhere(_) | Rule::EachHost(_) => true,
            Rule::Reported | Rule::Anywhere(_) => false,
        });
        self.host_times =
            by_host.map(|(entry, _)| HostTimes { entry, first: vec![None; hosts] }).collect();
        self.ask_all();
    }

    /// Asks number `index` of `asked`, which stands for the times of hosts, about one host; true
    /// once every host has its time.
    #[cold]
    #[inline(never)]
    fn ask_host(&mut self, index: usize, world: &View<'_, N>, host: NodeId) -> bool {
        let times = &mut self.host_times[index - self.entries.len()];
        let first = &mut times.first[host.index()];
        if first.is_some() {
            return false;
        }
        let (Rule::Everywhere(holds) | Rule::EachHost(holds)) =
            &self.entries[times.entry].milestone.rule
        else {
            return false;
        };
        if world.node(host).is_some_and(|node| holds(world, host, node)) {
            *first = Some(world.now());
        }
        !times.first.contains(&None)
    }

    /// Marks the milestone as reached, if it was not in this phase; true if so.
    fn reach(&mut self, index: usize, now: SimTime) -> bool {
        let entry = &mut self.entries[index];
        let news = entry.reached.is_none()
            || (self.healed_at.is_some() && entry.reached_after_heal.is_none());
        entry.reached.get_or_insert(now);
        if self.healed_at.is_some() {
            entry.reached_after_heal.get_or_insert(now);
        }
        news
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.milestone.name == name)
    }
}

impl<N: Node> MilestoneEntry<N> {
    /// Whether it holds, now that the state of `host` may have changed.
    fn holds_after(&mut self, world: &View<'_, N>, host: NodeId, up: usize) -> bool {
        let node = world.node(host);
        match &self.milestone.rule {
            Rule::Reported | Rule::EachHost(_) => false,
            Rule::Anywhere(holds) => node.is_some_and(|node| holds(world, host, node)),
            Rule::Everywhere(holds) => {
                let now = node.is_some_and(|node| holds(world, host, node));
                let was = std::mem::replace(&mut self.holds[host.index()], now);
                self.holding = self.holding + usize::from(now) - usize::from(was);
                self.holding > 0 && self.holding == up
            }
        }
    }
}

impl<N: Node> Sim<N> {
    /// What everybody may look at, apart from what looks.
    pub(crate) fn view_of<'a>(
        hosts: &'a HostSet<N>,
        shared: &'a Shared,
        now: SimTime,
    ) -> View<'a, N> {
        View { table: hosts, shared, directory: "", now }
    }

    /// The world as it is now.
    pub fn view(&self) -> View<'_, N> {
        Self::view_of(&self.hosts, &self.core.shared, self.core.now)
    }

    /// A step of `host` is over.
    #[inline]
    pub(crate) fn observe_handled(&mut self, host: NodeId) {
        if self.invariants.watched(Watch::HANDLED) {
            let world = Self::view_of(&self.hosts, &self.core.shared, self.core.now);
            if let Some(node) = &self.hosts.0[host.index()].node {
                let seen = Observation::Handled { host, node };
                if let Some(found) = self.invariants.show(Watch::HANDLED, &seen, &world) {
                    self.violated(found);
                }
            }
        }
        if !self.milestones.asked.is_empty() {
            self.ask_milestones(host);
        }
    }

    pub(crate) fn observe_booted(&mut self, host: NodeId) {
        if self.invariants.watched(Watch::BOOTED) {
            let world = Self::view_of(&self.hosts, &self.core.shared, self.core.now);
            if let Some(node) = &self.hosts.0[host.index()].node {
                let seen = Observation::Booted { host, node };
                if let Some(found) = self.invariants.show(Watch::BOOTED, &seen, &world) {
                    self.violated(found);
                }
            }
        }
        self.ask_milestones(host);
    }

    pub(crate) fn observe_crashed(&mut self, host: NodeId) {
        self.observe(Watch::CRASHED, &Observation::Crashed { host });
        self.ask_milestones(host);
    }

    /// Shows something that borrows nothing of the simulation.
    pub(crate) fn observe(&mut self, watch: Watch, seen: &Observation<'_, N>) {
        if !self.invariants.watched(watch) {
            return;
        }
        let world = Self::view_of(&self.hosts, &self.core.shared, self.core.now);
        if let Some(found) = self.invariants.show(watch, seen, &world) {
            self.violated(found);
        }
    }

    /// The parcel in `slot` leaves its host.
    #[inline]
    pub(crate) fn observe_left(&mut self, slot: u32, to: NodeId) {
        if !self.invariants.watched(Watch::LEFT) {
            return;
        }
        let from = self.effects.parcels.header(slot).from;
        let seen = Observation::Left { from, to, message: self.effects.parcels.message(slot) };
        let world = Self::view_of(&self.hosts, &self.core.shared, self.core.now);
        if let Some(found) = self.invariants.show(Watch::LEFT, &seen, &world) {
            self.violated(found);
        }
    }

    pub(crate) fn observe_inner(&mut self, host: NodeId, inner: &Inner) {
        let inner = match inner {
            Inner::Delivered(nest, item) => InnerRef::Delivered(*nest, &**item),
            Inner::Replied(nest, op, answer) => InnerRef::Replied(*nest, *op, &**answer),
        };
        self.observe(Watch::INNER, &Observation::Inner { host, inner });
    }

    /// Properties broke at this event. Nothing more is handled before the driver has seen it.
    #[cold]
    pub(crate) fn violated(&mut self, found: Vec<(&'static str, String)>) {
        for (property, message) in found {
            let violation = Violation {
                property: property.to_owned(),
                message,
                time: self.core.now,
                event: self.core.events,
            };
            self.trace(None, What::Violation { property }, &violation.message);
            if self.violations.is_empty() || self.keep_going {
                self.core.attention.push(Stop::Violation);
            }
            self.violations.push(violation);
        }
        // What one event shows at several moments is reported in declared order all the same.
        let event = self.core.events;
        let earlier = self.violations.partition_point(|violation| violation.event < event);
        let invariants = &self.invariants;
        self.violations[earlier..].sort_by_key(|violation| invariants.rank(&violation.property));
    }

    #[inline]
    fn ask_milestones(&mut self, host: NodeId) {
        let mut position = 0;
        while let Some(&index) = self.milestones.asked.get(position) {
            let world = Self::view_of(&self.hosts, &self.core.shared, self.core.now);
            let Some(entry) = self.milestones.entries.get_mut(usize::from(index)) else {
                if self.milestones.ask_host(usize::from(index), &world, host) {
                    self.milestones.asked.remove(position);
                } else {
                    position += 1;
                }
                continue;
            };
            if entry.holds_after(&world, host, self.up) {
                self.milestones.asked.remove(position);
                self.reached(usize::from(index));
            } else {
                position += 1;
            }
        }
    }

    /// A milestone is reached, from inside or because it holds.
    pub(crate) fn reached(&mut self, index: usize) {
        let now = self.core.now;
        if !self.milestones.reach(index, now) {
            return;
        }
        let name = self.milestones.entries[index].milestone.name;
        self.trace(None, What::Milestone { name }, &name);
        self.core.fire_watches(|condition| *condition == Condition::Milestone(index));
    }

    /// Notes when each host first satisfies the condition of a milestone that is a matter of single
    /// hosts. Call once, before the first event and after [`Sim::set_milestones`].
    pub fn keep_host_times(&mut self) {
        self.milestones.keep_host_times(self.hosts.0.len());
    }

    /// The times that [`Sim::keep_host_times`] asked for: by milestone, each host that has reached
    /// it, in the order of hosts.
    pub fn host_times(&self) -> impl Iterator<Item = (&'static str, Vec<(NodeId, SimTime)>)> + '_ {
        self.milestones.host_times.iter().map(|times| {
            let hosts = (0_u32..).map(NodeId::host).zip(&times.first);
            let reached = hosts.filter_map(|(host, first)| Some((host, (*first)?)));
            (self.milestones.entries[times.entry].milestone.name, reached.collect())
        })
    }

    /// From here on milestones count as reached after heal; those that hold now did so at once.
    pub(crate) fn heal_milestones(&mut self) {
        self.milestones.healed_at = Some(self.core.now);
        self.milestones.ask_all();
        for entry in &mut self.milestones.entries {
            entry.holds.fill(false);
            entry.holding = 0;
        }
        let now_up = self.up;
        // Those that were down boot at this instant, so nothing holds everywhere before.
        self.up = self.core.shared.members.len();
        for host in self.core.shared.members.clone() {
            self.ask_milestones(host);
        }
        self.up = now_up;
    }
}
