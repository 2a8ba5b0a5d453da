//! Judges one history at any level.

use std::cell::OnceCell;
use std::fmt;

use super::anomaly::{Anomaly, AnomalyKind, Class, Variant};
use super::catalogue::{NONE, Unclear, big, small};
use super::cycles::Local;
use super::dependencies::{self, Edge, Link};
use super::encoding::Encoding;
use super::explain::Words;
use super::graph::{Graph, is_acyclic, strong_components};
use super::level::{Condition, Level, Order};
use super::micro_op::TransactionHistory;
use super::model::Model;
use super::options::{Budget, Options, Searches};
use super::single::closed_anti_dependency;
use super::solver::{Choice, Solution, solve};
use super::visibility::{self, Sighting};
use super::{time, time::TimeArcs};
use crate::verdict::Verdict;

/// A history that was read once, to be judged at several levels.
pub(super) struct Judge<'h, K, V> {
    pub model: Model<'h, K, V>,
    /// The certain dependencies.
    pub edges: Vec<Edge>,
    budget: Budget,
    searches: Searches,
    /// By order, whether the certain edges have no cycle, once that was asked.
    acyclic: [OnceCell<bool>; 3],
}

/// Some transactions that may take part in a cycle, and what is open between them.
pub(super) struct Component {
    pub local: Local,
    pub choices: Vec<Choice>,
    /// There are more choices than the budget has room for.
    pub too_many: bool,
}

impl Component {
    fn of(local: Local) -> Component {
        Component { local, choices: Vec::new(), too_many: false }
    }
}

/// What breaks a level.
pub(super) enum Breach {
    /// A cycle of edges; those of sightings name them by their places.
    Cycle { cycle: Vec<Edge>, sightings: Vec<Sighting> },
    /// A sighting that no order can put right.
    Sighting(Sighting),
    /// A choice either way of which closes a cycle, if there is a short one.
    Choice { choice: Choice, cycles: [Option<Vec<Edge>>; 2] },
    /// Every order closes some cycle: so many decisions were tried. The cycle is that of the
    /// order in which the transactions ended.
    Exhausted { decisions: u64, example: Option<Vec<Edge>> },
}

impl Breach {
    fn cycle(cycle: Vec<Edge>) -> Breach {
        Breach::Cycle { cycle, sightings: Vec::new() }
    }
}

/// Why there is no verdict.
pub(super) type OutOfBudget = String;

impl<'h, K: Ord + fmt::Display, V: Ord + fmt::Display> Judge<'h, K, V> {
    pub fn of(
        history: &'h TransactionHistory<K, V>,
        options: &'h Options<K, V>,
    ) -> Result<Judge<'h, K, V>, Unclear> {
        let model = Model::of(history, options)?;
        let edges = dependencies::edges(&model, &options.budget)?;
        let acyclic = [OnceCell::new(), OnceCell::new(), OnceCell::new()];
        Ok(Judge { model, edges, budget: options.budget, searches: options.searches, acyclic })
    }

    /// Whether the history is at a level.
    pub fn verdict(&self, level: Level) -> Verdict {
        match self.violation(level) {
            Ok(None) => Verdict::Pass,
            Ok(Some(anomaly)) => Verdict::Fail(anomaly.explanation),
            Err(reason) => Verdict::Unknown(reason),
        }
    }

    /// What keeps the history from a level, if something does.
    pub fn violation(&self, level: Level) -> Result<Option<Anomaly>, OutOfBudget> {
        let words = Words { model: &self.model };
        let forbidden = self.model.findings.iter().find(|finding| level.forbids(finding.kind));
        if let Some(finding) = forbidden {
            return Ok(Some(words.finding(finding)));
        }
        let breach = self.breach(level.condition(), level.order())?;
        Ok(breach.map(|breach| words.breach(&breach, level)))
    }

    /// What breaks a condition, if something does.
    fn breach(&self, condition: Condition, order: Order) -> Result<Option<Breach>, OutOfBudget> {
        if self.is_serial(order) {
            return Ok(None);
        }
        match condition {
            Condition::Writes | Condition::Dependencies => {
                Ok(self.forced_cycle(condition, order, &[]).map(Breach::cycle))
            }
            Condition::Monotonic | Condition::Atomic | Condition::Causal => {
                self.unseen(condition, order)
            }
            Condition::Cursor
            | Condition::Prefix
            | Condition::Single
            | Condition::Snapshot
            | Condition::Serial => self.ordered(condition, order),
        }
    }

    /// Whether all certain edges have no cycle and what is open cannot close one: then every
    /// level with this order holds. Versions that nobody read can be put in any order.
    fn is_serial(&self, order: Order) -> bool {
        self.is_acyclic(order) && self.open_versions_are_unread()
    }

    /// Whether all certain edges have no cycle.
    fn is_acyclic(&self, order: Order) -> bool {
        let stronger = match order {
            Order::Free => Some(Order::Session),
            Order::Session => Some(Order::RealTime),
            Order::RealTime => None,
        };
        if stronger.is_some_and(|order| self.acyclic[order_place(order)].get() == Some(&true)) {
            return true;
        }
        *self.acyclic[order_place(order)].get_or_init(|| {
            let arcs = time::arcs(&self.model.txns, order);
            is_acyclic(&self.graph(&arcs, |_| true))
        })
    }

    fn open_versions_are_unread(&self) -> bool {
        let versions = &self.model.catalogue.versions;
        let open = |key: u32| self.model.orders[big(key)].loose.len() > 1;
        let is_open_read = |reading: &super::reads::Reading| {
            reading.version != NONE
                && versions[big(reading.version)].place == NONE
                && open(reading.key)
        };
        self.model.is_ordered() || !self.model.readings.iter().any(is_open_read)
    }

    fn graph(&self, arcs: &TimeArcs, admits: impl Fn(Link) -> bool + Clone) -> Graph {
        let edges = self.edges.iter().filter(move |edge| admits(edge.link));
        let dependencies = edges.map(|edge| (edge.from, edge.to));
        Graph::of(arcs.nodes, dependencies.chain(arcs.arcs.iter().copied()))
    }

    /// The strong components of the transactions under some edges and an order.
    fn components(
        &self,
        order: Order,
        admits: impl Fn(Link) -> bool + Clone,
        more: &[(u32, u32)],
    ) -> Vec<Vec<u32>> {
        let mut arcs = time::arcs(&self.model.txns, order);
        arcs.arcs.extend(more);
        let txns = small(self.model.txns.len());
        let mut components = strong_components(&self.graph(&arcs, admits));
        for component in &mut components {
            component.retain(|&node| node < txns);
        }
        components
    }

    /// What is known of each of some disjoint groups of transactions.
    pub fn locals(&self, groups: Vec<Vec<u32>>, order: Order, more: &[Edge]) -> Vec<Local> {
        let mut places = vec![(NONE, NONE); self.model.txns.len()];
        for (group, members) in (0_u32..).zip(&groups) {
            for (place, &member) in (0_u32..).zip(members) {
                places[big(member)] = (group, place);
            }
        }
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); groups.len()];
        for edge in self.edges.iter().chain(more) {
            let ((group, from), (other, to)) = (places[big(edge.from)], places[big(edge.to)]);
            if group == other && group != NONE {
                edges[big(group)].push(Edge { from, to, ..*edge });
            }
        }
        let finish = |(members, mut edges): (Vec<u32>, Vec<Edge>)| {
            edges.extend(time::edges(&self.model.txns, &members, order));
            Local::new(members, edges)
        };
        groups.into_iter().zip(edges).map(finish).collect()
    }

    /// Where a certain cycle may be: all components of certain edges.
    pub fn forced_components(&self, order: Order) -> Vec<Local> {
        self.locals(self.components(order, |_| true, &[]), order, &[])
    }

    /// A cycle of certain edges that a condition looks at, beside some more.
    fn forced_cycle(&self, condition: Condition, order: Order, more: &[Edge]) -> Option<Vec<Edge>> {
        let admits = move |link| match link {
            Link::Rw => false,
            Link::Wr => condition != Condition::Writes,
            Link::Ww | Link::Session | Link::RealTime | Link::Seen => true,
        };
        let arcs: Vec<(u32, u32)> = more.iter().map(|edge| (edge.from, edge.to)).collect();
        let groups = self.components(order, admits, &arcs);
        let local = self.locals(groups, order, more).into_iter().next()?;
        let encoding = Encoding {
            condition: if condition == Condition::Writes {
                condition
            } else {
                Condition::Dependencies
            },
        };
        let classes: &[Class] =
            if condition == Condition::Writes { &[Class::G0] } else { &[Class::G0, Class::G1c] };
        let worst = if more.is_empty() { local.worst_cycle(classes, order) } else { None };
        let cycle = worst
            .map(|(_, cycle)| cycle)
            .or_else(|| encoding.shortest_cycle(&self.model, &local))
            .expect("a strong component has a cycle");
        Some(globally(&local, cycle))
    }

    /// Judges the levels at which what was seen must not vanish.
    fn unseen(&self, condition: Condition, order: Order) -> Result<Option<Breach>, OutOfBudget> {
        if let Some(cycle) = self.forced_cycle(Condition::Dependencies, order, &[]) {
            return Ok(Some(Breach::cycle(cycle)));
        }
        let transitive = condition == Condition::Causal;
        let components = if transitive { self.possible_locals(order) } else { Vec::new() };
        let sightings = visibility::sightings(&self.model, &components, condition, &self.budget);
        let sightings = match sightings {
            Some(sightings) => sightings,
            None if self.finds_strict_order() => return Ok(None),
            None => return Err(self.out_of_budget("finding what each transaction has seen")),
        };
        let initial = sightings.iter().find(|sighting| sighting.reading.version == NONE);
        if let Some(&sighting) = initial {
            return Ok(Some(Breach::Sighting(sighting)));
        }
        let seen = visibility::edges(&self.model, &sightings);
        Ok(self.forced_cycle(condition, order, &seen).map(|mut cycle| {
            let mut used = Vec::new();
            for edge in cycle.iter_mut().filter(|edge| edge.link == Link::Seen) {
                used.push(sightings[big(edge.version)]);
                edge.version = small(used.len() - 1);
            }
            Breach::Cycle { cycle, sightings: used }
        }))
    }

    fn out_of_budget(&self, doing: &str) -> OutOfBudget {
        let Budget { steps, bytes } = self.budget;
        format!("{doing} takes more than the budget of {steps} steps and {bytes} bytes")
    }

    /// Judges the levels that depend on the order of versions.
    fn ordered(&self, condition: Condition, order: Order) -> Result<Option<Breach>, OutOfBudget> {
        if self.finds_strict_order() {
            return Ok(None);
        }
        let mut budget = self.budget;
        let mut unknown = false;
        for component in self.possible_components(order) {
            let Component { local, choices, too_many } = component;
            if let Some(cycle) = self.local_breach(&local, condition, order) {
                return Ok(Some(Breach::cycle(globally(&local, cycle))));
            }
            let given_up = too_many || self.searches == Searches::Greedy;
            unknown |= given_up && !choices.is_empty();
            if given_up || choices.is_empty() {
                continue;
            }
            let (solution, steps) = solve(&self.model, &local, condition, &choices, budget);
            budget.steps = budget.steps.saturating_sub(steps);
            match solution {
                Solution::Found => {}
                Solution::Unknown => unknown = true,
                Solution::Refuted { choice, forced } => {
                    let breach = self.refutation(&local, condition, order, choice, &forced);
                    return Ok(Some(breach));
                }
                Solution::Exhausted { decisions } => {
                    let example = self.example(&local, &choices, condition, order);
                    return Ok(Some(Breach::Exhausted { decisions, example }));
                }
            }
        }
        // Snapshot isolation implies those that the greedy search does not know.
        let snapshot = matches!(condition, Condition::Cursor | Condition::Single);
        let condition = if snapshot { Condition::Snapshot } else { condition };
        if unknown && !self.finds_order(condition, order) {
            return Err(self.out_of_budget("the search for an order of the versions"));
        }
        Ok(None)
    }

    /// Whether one is found under which every level holds.
    fn finds_strict_order(&self) -> bool {
        let hopeless = self.model.is_ordered() || !self.is_acyclic(Order::RealTime);
        !hopeless && self.finds_order(Condition::Serial, Order::RealTime)
    }

    /// Whether some order of the open versions is found quickly.
    fn finds_order(&self, condition: Condition, order: Order) -> bool {
        !self.model.is_ordered()
            && self.searches != Searches::Complete
            && super::frontier::finds_order(
                &self.model,
                &self.edges,
                condition,
                order,
                &self.budget,
            )
    }

    /// Components of the edges that are certain or possible, with the choices within them. Every
    /// cycle under any order of versions lies in one of them.
    fn possible_components(&self, order: Order) -> Vec<Component> {
        let locals = self.possible_locals(order);
        let mut components: Vec<Component> = locals.into_iter().map(Component::of).collect();
        if !self.model.is_ordered() {
            self.add_choices(&mut components);
        }
        components
    }

    fn possible_locals(&self, order: Order) -> Vec<Local> {
        let mut possible = Vec::new();
        for key_order in self.model.orders.iter().filter(|order| order.loose.len() > 1) {
            let writers = key_order.loose.iter().map(|&version| self.model.writer(version));
            let next = writers.clone().cycle().skip(1);
            possible.extend(writers.zip(next));
        }
        if !possible.is_empty() {
            for reading in self.model.readings.iter().filter(|reading| reading.version != NONE) {
                let order = &self.model.orders[big(reading.key)];
                let is_open = self.model.catalogue.versions[big(reading.version)].place == NONE;
                let ring = self.model.writer(reading.version);
                if is_open && order.loose.len() > 1 && ring != reading.txn {
                    possible.push((reading.txn, ring));
                }
            }
        }
        let groups = self.components(order, |_| true, &possible);
        self.locals(groups, order, &[])
    }

    fn add_choices(&self, components: &mut [Component]) {
        let room = self.budget.bytes / u64::from(small(size_of::<Choice>()));
        let mut left = usize::try_from(room).unwrap_or(usize::MAX);
        let mut places = vec![(NONE, NONE); self.model.txns.len()];
        for (component, found) in (0_u32..).zip(components.iter()) {
            for (place, &member) in (0_u32..).zip(&found.local.members) {
                places[big(member)] = (component, place);
            }
        }
        for order in self.model.orders.iter().filter(|order| order.loose.len() > 1) {
            for (at, &first) in order.loose.iter().enumerate() {
                let (component, writer) = places[big(self.model.writer(first))];
                for &second in &order.loose[at + 1..] {
                    let (other, other_writer) = places[big(self.model.writer(second))];
                    if component != other || component == NONE {
                        continue;
                    }
                    left = left.saturating_sub(1);
                    if left == 0 {
                        components[big(component)].too_many = true;
                        break;
                    } else {
                        components[big(component)].choices.push(Choice {
                            versions: [first, second],
                            writers: [writer, other_writer],
                        });
                    }
                }
            }
        }
    }

    /// A cycle of the edges of a component that a condition forbids, the worst class first.
    fn local_breach(&self, local: &Local, condition: Condition, order: Order) -> Option<Vec<Edge>> {
        let encoding = Encoding { condition };
        let events = encoding.events(local.members.len());
        let arcs = encoding.arcs(&self.model, local);
        let acyclic = is_acyclic(&Graph::of(events, arcs.iter().copied()));
        let closed = || closed_anti_dependency(local);
        if acyclic && condition == Condition::Single {
            let closing = closed()?;
            let follow = |edge: &Edge| edge.link != Link::Rw;
            let shortest = local.shortest_cycle(Class::GSingle, order);
            return shortest.or_else(|| local.cycle_through(closing, follow));
        }
        if acyclic {
            return None;
        }
        let classes: &[Class] = match condition {
            Condition::Writes => &Class::ALL[..1],
            Condition::Dependencies
            | Condition::Monotonic
            | Condition::Atomic
            | Condition::Causal
            | Condition::Prefix
            | Condition::Cursor
            | Condition::Single => &Class::ALL[..2],
            Condition::Snapshot => &Class::ALL[..4],
            Condition::Serial => &Class::ALL,
        };
        let worst = local.worst_cycle(classes, order).map(|(_, cycle)| cycle);
        let worst = worst.or_else(|| encoding.shortest_cycle(&self.model, local));
        Some(worst.expect("arcs with a cycle have a shortest one"))
    }

    fn refutation(
        &self,
        local: &Local,
        condition: Condition,
        order: Order,
        choice: Choice,
        forced: &[Edge],
    ) -> Breach {
        let readers = super::solver::readers(&self.model, local, &[choice]);
        let cycles = [0, 1].map(|way| {
            let mut edges = local.edges().to_vec();
            edges.extend(forced);
            edges.extend(super::solver::decide(choice, way, &readers));
            let whole = Local::new(local.members.clone(), edges);
            let cycle = self.local_breach(&whole, condition, order);
            cycle.map(|cycle| globally(local, cycle))
        });
        let writers = choice.writers.map(|writer| local.members[big(writer)]);
        Breach::Choice { choice: Choice { writers, ..choice }, cycles }
    }

    /// What is wrong with the order in which the transactions ended.
    fn example(
        &self,
        local: &Local,
        choices: &[Choice],
        condition: Condition,
        order: Order,
    ) -> Option<Vec<Edge>> {
        let readers = super::solver::readers(&self.model, local, choices);
        let mut edges = local.edges().to_vec();
        let ended = |member: u32| {
            let end_ns = self.model.txns[big(local.members[big(member)])].end_ns;
            (end_ns.unwrap_or(u64::MAX), member)
        };
        for &choice in choices {
            let way = usize::from(ended(choice.writers[0]) > ended(choice.writers[1]));
            edges.extend(super::solver::decide(choice, way, &readers));
        }
        let whole = Local::new(local.members.clone(), edges);
        let cycle = self.local_breach(&whole, condition, order)?;
        Some(globally(local, cycle))
    }
}

fn order_place(order: Order) -> usize {
    match order {
        Order::Free => 0,
        Order::Session => 1,
        Order::RealTime => 2,
    }
}

/// A cycle of a local graph in terms of all transactions.
pub(super) fn globally(local: &Local, mut cycle: Vec<Edge>) -> Vec<Edge> {
    for edge in &mut cycle {
        edge.from = local.members[big(edge.from)];
        edge.to = local.members[big(edge.to)];
    }
    cycle
}

/// The kind of a cycle.
pub(super) fn kind_of(cycle: &[Edge]) -> AnomalyKind {
    AnomalyKind::Cycle(Class::of(cycle), Variant::of(cycle))
}
