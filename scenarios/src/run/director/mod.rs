//! The director: places a scenario's faults, lets them go, heals, and keeps the books on which of
//! them took effect.
//!
//! Plain code against [`World`]: it is compiled once, not once a protocol. Whatever it does, it
//! does at a wake-up or a condition that the kernel hands back in the order of events, so that a
//! run with the same seed does the same again.

mod course;
mod fire;
mod holds;
mod random;
mod select;
mod spans;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seedbed_sim::rng::{Purpose, Rng, Streams};
use seedbed_sim::{Condition, HoldId, NodeId, SimTime};

use self::holds::Active;
use self::random::Draw;
pub(crate) use self::spans::Span;
pub(crate) use self::tally::Tally;
use super::build::duration;
use super::places::Places;
use super::world::World;
use crate::format::{self, Every, Fault, Placement, Scenario, SequenceStep, Targets};

/// How long a fault whose selector resolves to nothing waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks again.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// What became of an attempt to fire a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fired {
    /// It took effect.
    Took,
    /// It had nothing to do: a crash of a host that is down.
    Idle,
    /// A selector of it means nobody now.
    Unresolved,
}

/// What a wake-up is for.
#[derive(Clone, Debug)]
enum Action {
    /// A fault, and until when it may wait for its selector.
    Fire { leaf: usize, deadline: SimTime },
    /// The next firing of a repeated fault.
    Repeat { leaf: usize, every: Every, fired: u64 },
    /// The next step of a sequence.
    Step { leaf: usize, step: usize, deadline: Option<SimTime> },
    /// A drawn fault.
    Draw { draw: usize, deadline: SimTime },
    /// A fault has lasted long enough.
    Release { active: u64 },
    /// A fault that takes a course goes on.
    Course { active: u64 },
    /// Everything heals.
    Heal,
    /// Something outside the director is due.
    Due(u32),
}

/// A fault of the scenario, with its own random stream.
#[derive(Clone, Debug)]
struct Leaf {
    fault: Fault,
    rng: Rng,
    /// For a sequence: the leaf of each step that is a fault.
    steps: Vec<Option<usize>>,
    /// For a `random` that lets the world be well between its faults: from when on it is.
    well_at: SimTime,
}

/// What the director has to say about a wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Nothing,
    Healed,
    /// What was asked for with [`Director::remind_at`].
    Due(u32),
}

/// Places faults. See the module.
pub(crate) struct Director {
    streams: Streams,
    pub(crate) places: Places,
    leaves: Vec<Leaf>,
    /// One for each leaf.
    pub(crate) tallies: Vec<Tally>,
    agenda: BTreeMap<u64, Action>,
    tags: u64,
    /// Conditions that faults wait for.
    watched: BTreeMap<u64, (usize, Duration)>,
    draws: Vec<Draw>,
    active: BTreeMap<u64, Active>,
    activated: u64,
    /// When faults held, in the order in which they began.
    pub(crate) spans: Vec<Span>,
    /// Message rules that have been placed, whether or not they have met their message.
    rules: Vec<(HoldId, usize)>,
    /// How often each kind took effect.
    pub(crate) effects: BTreeMap<&'static str, u64>,
    pub(crate) swarm_off: BTreeSet<&'static str>,
    pub(crate) drawn: Vec<String>,
    /// What the script bound.
    pub(crate) bound: BTreeMap<String, Vec<NodeId>>,
    pub(crate) healed: bool,
    heal_at: Option<SimTime>,
    /// How many hosts random faults may have down at once.
    crashes_max: usize,
    /// The hosts that are healed, if not all are.
    core: Option<Vec<NodeId>>,
}

impl Director {
    /// Reads the scenario's faults; `crashes_max` is what the contract allows.
    pub(crate) fn new(
        scenario: &Scenario,
        seed: u64,
        places: Places,
        heal_at: Option<SimTime>,
        crashes_max: usize,
    ) -> Director {
        Director {
            streams: Streams::new(seed),
            places,
            leaves: Vec::new(),
            tallies: Vec::new(),
            agenda: BTreeMap::new(),
            tags: 0,
            watched: BTreeMap::new(),
            draws: Vec::new(),
            active: BTreeMap::new(),
            activated: 0,
            spans: Vec::new(),
            rules: Vec::new(),
            effects: BTreeMap::new(),
            swarm_off: BTreeSet::new(),
            drawn: Vec::new(),
            bound: BTreeMap::new(),
            healed: false,
            heal_at,
            crashes_max,
            core: None,
        }
        .with_swarm(scenario)
    }

    /// The same, but only these hosts are healed.
    pub(crate) fn with_core(mut self, core: Vec<NodeId>) -> Director {
        self.drawn.push(format!("core {}", holds::list(&core)));
        self.core = Some(core);
        self
    }

    fn with_swarm(mut self, scenario: &Scenario) -> Director {
        if scenario.swarm {
            self.swarm_off = tally::draw_swarm(&self.streams, &scenario.faults);
            for kind in &self.swarm_off {
                self.drawn.push(format!("swarm switched `{kind}` off"));
            }
        }
        self
    }

    /// Puts every fault of the scenario on the agenda. Heal comes first: at its moment nothing
    /// else fires any more.
    pub(crate) fn start(&mut self, scenario: &Scenario, world: &mut dyn World) {
        if let Some(at) = self.heal_at {
            self.schedule(world, at, Action::Heal);
        }
        for (index, fault) in scenario.faults.iter().enumerate() {
            let path = format!("faults[{index}].{}", fault.key());
            let leaf = self.add_leaf(fault, path, fault.name());
            self.place(leaf, world);
        }
    }

    /// Takes a fault in, and those inside it; returns its number.
    pub(crate) fn add_leaf(&mut self, fault: &Fault, path: String, name: Option<&str>) -> usize {
        let stream = name.unwrap_or(&path);
        let rng = self.streams.open_named(Purpose::Fault, 0, stream);
        let optional = fault.optional().is_some();
        let leaf = self.leaves.len();
        let fault_of_leaf = fault.clone();
        let (steps, well_at) = (Vec::new(), SimTime::ZERO);
        self.leaves.push(Leaf { fault: fault_of_leaf, rng, steps, well_at });
        self.tallies.push(Tally::new(path.clone(), fault, optional));
        self.tallies[leaf].switched_off = tally::is_off(fault, &self.swarm_off);
        if let Fault::Sequence(sequence) = fault {
            let mut steps = Vec::new();
            for (index, step) in sequence.steps.iter().enumerate() {
                steps.push(match step {
                    SequenceStep::Wait(_) => None,
                    SequenceStep::Fault(inner) => {
                        let path = format!("{path}.steps[{index}].{}", inner.key());
                        let inner_leaf = self.add_leaf(inner, path, inner.name());
                        self.tallies[inner_leaf].optional |= optional;
                        Some(inner_leaf)
                    }
                });
            }
            self.leaves[leaf].steps = steps;
        }
        leaf
    }

    fn place(&mut self, leaf: usize, world: &mut dyn World) {
        let now = world.now();
        let fault = self.leaves[leaf].fault.clone();
        if let Fault::Random(random) = &fault {
            return self.draw_random(leaf, random, world);
        }
        let placement = fault.common().map_or(Placement::Inline, |common| common.placement());
        match placement {
            Placement::Inline => self.fire_at(leaf, now, world),
            Placement::At(at) => self.fire_at(leaf, SimTime::from_nanos(at.0), world),
            Placement::When { condition, after } => {
                self.tallies[leaf].awaits_condition = true;
                if let Some(condition) = self.condition(&condition, world) {
                    let watch = world.watch(condition);
                    self.watched.insert(watch, (leaf, duration(after)));
                }
            }
            Placement::Every(every) => {
                let first = every.from.unwrap_or(every.period);
                let action = Action::Repeat { leaf, every, fired: 0 };
                self.schedule(world, SimTime::from_nanos(first.0), action);
            }
        }
    }

    fn condition(&self, condition: &format::Condition, world: &dyn World) -> Option<Condition> {
        Some(match condition {
            format::Condition::Milestone(name) => {
                Condition::Milestone(world.milestone_index(name)?)
            }
            format::Condition::Operations(count) => Condition::Operations(*count),
            format::Condition::Sent(sent) => {
                Condition::Sent { kind: Some(world.kind_index(&sent.kind)?), count: sent.count }
            }
        })
    }

    fn fire_at(&mut self, leaf: usize, at: SimTime, world: &mut dyn World) {
        let action = match &self.leaves[leaf].fault {
            Fault::Sequence(_) => Action::Step { leaf, step: 0, deadline: None },
            _ => Action::Fire { leaf, deadline: at + PATIENCE },
        };
        self.schedule(world, at, action);
    }

    fn schedule(&mut self, world: &mut dyn World, at: SimTime, action: Action) {
        self.tags += 1;
        self.agenda.insert(self.tags, action);
        world.wake_at(at, self.tags);
    }

    /// Asks for [`News::Due`] with this number.
    pub(crate) fn remind_at(&mut self, world: &mut dyn World, at: SimTime, number: u32) {
        self.schedule(world, at, Action::Due(number));
    }

    /// A wake-up has come.
    pub(crate) fn on_wake(&mut self, tag: u64, world: &mut dyn World) -> News {
        let Some(action) = self.agenda.remove(&tag) else {
            return News::Nothing;
        };
        match action {
            Action::Heal => {
                self.heal_everything(world);
                return News::Healed;
            }
            Action::Due(number) => return News::Due(number),
            // No fault fires after heal, and what was not healed is there for good.
            Action::Release { .. }
            | Action::Course { .. }
            | Action::Fire { .. }
            | Action::Repeat { .. }
            | Action::Step { .. }
            | Action::Draw { .. }
                if self.healed => {}
            Action::Release { active } => self.release(active, world),
            Action::Course { active } => self.go_on(active, world),
            Action::Fire { leaf, deadline } => self.fire_or_wait(leaf, deadline, world),
            Action::Repeat { leaf, every, fired } => self.repeat(leaf, every, fired, world),
            Action::Step { leaf, step, deadline } => self.step(leaf, step, deadline, world),
            Action::Draw { draw, deadline } => self.draw_or_wait(draw, deadline, world),
        }
        News::Nothing
    }

    /// A condition that a fault waits for holds.
    pub(crate) fn on_condition(&mut self, watch: u64, world: &mut dyn World) {
        if let Some((leaf, after)) = self.watched.remove(&watch)
            && !self.healed
        {
            self.tallies[leaf].condition_met = true;
            let at = world.now() + after;
            self.fire_at(leaf, at, world);
        }
    }

    fn fire_or_wait(&mut self, leaf: usize, deadline: SimTime, world: &mut dyn World) {
        if self.fire(leaf, world) == Fired::Unresolved && world.now() < deadline {
            let again = world.now() + POLL;
            self.schedule(world, again, Action::Fire { leaf, deadline });
        }
    }

    fn repeat(&mut self, leaf: usize, every: Every, fired: u64, world: &mut dyn World) {
        let now = world.now();
        let over = every.until.is_some_and(|until| now >= SimTime::from_nanos(until.0))
            || every.times.is_some_and(|times| fired >= times);
        if over {
            return;
        }
        match &self.leaves[leaf].fault {
            Fault::Sequence(_) => self.step(leaf, 0, None, world),
            _ => self.fire_or_wait(leaf, now + PATIENCE, world),
        }
        let action = Action::Repeat { leaf, every, fired: fired + 1 };
        self.schedule(world, now + duration(every.period), action);
    }

    /// Goes on with a sequence, through everything that happens at once.
    fn step(
        &mut self,
        leaf: usize,
        first: usize,
        mut deadline: Option<SimTime>,
        world: &mut dyn World,
    ) {
        let Fault::Sequence(sequence) = self.leaves[leaf].fault.clone() else {
            return;
        };
        self.tallies[leaf].reached += 1;
        for (index, step) in sequence.steps.iter().enumerate().skip(first) {
            let now = world.now();
            match step {
                SequenceStep::Wait(time) => {
                    let action = Action::Step { leaf, step: index + 1, deadline: None };
                    return self.schedule(world, now + duration(*time), action);
                }
                SequenceStep::Fault(_) => {
                    let Some(inner) = self.leaves[leaf].steps[index] else {
                        continue;
                    };
                    let patient = deadline.is_none_or(|deadline| now < deadline);
                    if self.fire(inner, world) == Fired::Unresolved && patient {
                        let deadline = Some(deadline.unwrap_or(now + PATIENCE));
                        let action = Action::Step { leaf, step: index, deadline };
                        return self.schedule(world, now + POLL, action);
                    }
                    deadline = None;
                }
            }
        }
    }

    /// A fault takes effect, or not; the books say which.
    pub(crate) fn fire(&mut self, leaf: usize, world: &mut dyn World) -> Fired {
        let fault = self.leaves[leaf].fault.clone();
        let kind = fault.key();
        self.tallies[leaf].reached += 1;
        if self.tallies[leaf].switched_off {
            return Fired::Idle;
        }
        let mut rng = self.leaves[leaf].rng.clone();
        let activated = self.activated;
        let fired = self.fire_fault(leaf, &fault, &mut rng, world);
        self.leaves[leaf].rng = rng;
        // There may be nothing to mend because what would have broken is switched off.
        if fault.repairs() && !self.swarm_off.is_empty() {
            self.tallies[leaf].optional = true;
        }
        if fired == Fired::Took {
            self.tallies[leaf].took += 1;
            *self.effects.entry(kind).or_default() += 1;
            if self.activated == activated {
                self.mark(kind, world.now());
            }
        }
        fired
    }

    /// Takes in a fault that an operator does.
    pub(crate) fn add_script_leaf(&mut self, fault: &Fault, path: String) -> usize {
        let first = self.add_leaf(fault, path, fault.name());
        // What an operator does is never drawn: swarm leaves it alone.
        for tally in &mut self.tallies[first..] {
            tally.switched_off = false;
        }
        first
    }

    /// Whom selectors mean now; none if one of them means nobody.
    pub(crate) fn resolve(
        &self,
        targets: &Targets,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Vec<NodeId>> {
        self.resolver(world, rng).targets(targets)
    }

    /// Everybody whom selectors mean, all of them where a protocol's selector names several.
    pub(crate) fn pool(&self, targets: &Targets, rng: &mut Rng, world: &dyn World) -> Vec<NodeId> {
        self.resolver(world, rng).pool(targets)
    }

    /// The steps of a sequence, each with its leaf if it is a fault.
    pub(crate) fn sequence_steps(&self, leaf: usize) -> &[Option<usize>] {
        &self.leaves[leaf].steps
    }

    /// The heal of the scenario: every hold ends, or every one on the core, and what waits for
    /// something waits in vain.
    fn heal_everything(&mut self, world: &mut dyn World) {
        self.count_met_rules(world);
        for (watch, _) in std::mem::take(&mut self.watched) {
            world.unwatch(watch);
        }
        self.mark("heal", world.now());
        self.rules.clear();
        self.healed = true;
        match self.core.take() {
            None => {
                self.active.clear();
                self.forget_idle(world.now());
                world.trace_fault("heal", "everything");
                world.heal();
                world.finish_clients(&self.places.members);
            }
            Some(core) => {
                self.keep_outside(&core, world.now());
                world.trace_fault("heal", &format!("core {}", holds::list(&core)));
                world.heal_core(&core);
                world.finish_clients(&core);
            }
        }
    }
}
