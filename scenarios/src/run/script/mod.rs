//! The operator: takes the steps of a script one after the other, and lets the simulation run
//! whenever a step waits.

mod agree;
mod leader;
mod submit;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::NodeId;
use seedbed_sim::rng::{Purpose, Rng, Streams};
use serde_json::Value;

use super::build::{chance, duration};
use super::director::{Fired, PATIENCE, POLL};
use super::driver::{Driver, Over};
use super::ledger::Ledger;
use crate::format::{
    Bind, Counted, Fault, If, MeasureSteps, Named, Selector, SequenceStep, Step, StepCondition,
    Targets,
};

/// What became of a submission that has a name.
#[derive(Clone, Debug)]
struct Reference {
    op: Value,
    /// Where it was taken up.
    accepted: Vec<u64>,
}

/// A script at work.
pub(crate) struct Script<'d, 'w> {
    driver: &'d mut Driver<'w>,
    ledger: Rc<RefCell<Ledger>>,
    rng: Rng,
    references: BTreeMap<String, Reference>,
    /// Whether anybody accepted the last submission.
    accepted: bool,
    /// The faults among the steps, by where they stand.
    leaves: BTreeMap<String, usize>,
    /// Whom `agree` asks next.
    cursor: usize,
    /// Where the script is.
    pub(crate) at: String,
}

impl<'d, 'w> Script<'d, 'w> {
    pub(crate) fn new(driver: &'d mut Driver<'w>, ledger: Rc<RefCell<Ledger>>, seed: u64) -> Self {
        Script {
            driver,
            ledger,
            rng: Streams::new(seed).open(Purpose::Script, 0),
            references: BTreeMap::new(),
            accepted: false,
            leaves: BTreeMap::new(),
            cursor: 0,
            at: "script".to_owned(),
        }
    }

    /// Takes every step.
    pub(crate) fn run(&mut self) -> Result<(), Over> {
        let scenario = self.driver.scenario;
        self.steps(&scenario.script, "script")
    }

    fn steps(&mut self, steps: &[Step], path: &str) -> Result<(), Over> {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}].{}", step.key());
            self.at.clone_from(&path);
            self.step(step, &path)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, path: &str) -> Result<(), Over> {
        match step {
            Step::Submit(step) => self.submit(step, path),
            Step::Agree(step) => self.agree(step, path),
            Step::NotCommitted(step) => self.not_committed(step, path),
            Step::Wait(wait) => {
                let time = self.rng.duration(duration(wait.low), duration(wait.high));
                self.driver.pass(time)
            }
            Step::Repeat(step) => {
                for round in 1..=step.times {
                    self.steps(&step.steps, &format!("{path}(round {round}).steps"))?;
                }
                Ok(())
            }
            Step::Chance(step) => {
                if self.rng.chance(chance(step.p)) {
                    self.steps(&step.steps, &format!("{path}.steps"))
                } else {
                    self.steps(&step.otherwise, &format!("{path}.else"))
                }
            }
            Step::If(step) => {
                if self.holds(step) {
                    self.steps(&step.steps, &format!("{path}.steps"))
                } else {
                    self.steps(&step.otherwise, &format!("{path}.else"))
                }
            }
            Step::Measure(step) => self.measure(step, path),
            Step::ExpectLeader(step) => self.expect_leader(step, path),
            Step::ExpectNoLeader(step) => self.expect_no_leader(step, path),
            Step::Bind(names) => self.bind(names, path),
            Step::Fault(fault) => self.fault(fault, path),
            Step::Service(verb) => self.verb(verb, path),
        }
    }

    /// Validation refuses verbs that the service does not bring, and no service brings any yet.
    fn verb(&mut self, verb: &Named, path: &str) -> Result<(), Over> {
        panic!("{path}: `{}` is no verb: scenarios are validated before they run", verb.name)
    }

    /// An expectation of the script does not hold.
    fn fail(&mut self, property: &str, path: &str, message: &str) -> Result<(), Over> {
        self.driver.violated(property, format!("{path}: {message}"))
    }

    /// Whom selectors mean now; none if one of them means nobody.
    fn resolve(&mut self, targets: &Targets) -> Option<Vec<NodeId>> {
        self.driver.director.resolve(targets, &mut self.rng, self.driver.world)
    }

    /// Whom selectors mean, as soon as they mean anybody; none after a while.
    fn resolve_patiently(&mut self, targets: &Targets) -> Result<Option<Vec<NodeId>>, Over> {
        let deadline = self.driver.world.now() + PATIENCE;
        loop {
            if let Some(hosts) = self.resolve(targets) {
                return Ok(Some(hosts));
            }
            if self.driver.world.now() >= deadline {
                return Ok(None);
            }
            self.driver.pass(POLL)?;
        }
    }

    fn bind(&mut self, names: &Bind, path: &str) -> Result<(), Over> {
        let mut found = Vec::new();
        for (name, selector) in names {
            match self.resolve_patiently(&Targets(vec![selector.clone()]))? {
                Some(hosts) => found.push((name.clone(), hosts)),
                None => {
                    let message = format!("`{selector}` meant nobody for 5s");
                    self.fail("bind", path, &message)?;
                }
            }
        }
        self.driver.director.bound.extend(found);
        Ok(())
    }

    fn holds(&mut self, step: &If) -> bool {
        match step.condition() {
            StepCondition::Alive(comparison) => {
                let world = &*self.driver.world;
                let members = &self.driver.director.places.members;
                let up = members.iter().filter(|host| world.is_up(**host)).count();
                comparison.holds(up as u64)
            }
            StepCondition::Leader(wanted) => {
                let leaders = self.driver.world.select(leader::SELECTOR);
                leaders.is_empty() != wanted
            }
            StepCondition::Accepted(wanted) => self.accepted == wanted,
            StepCondition::Same(one, other) => {
                let mut mean = |selector: Selector| self.resolve(&Targets(vec![selector]));
                let (one, other) = (mean(one), mean(other));
                one.is_some() && one == other
            }
        }
    }

    fn measure(&mut self, step: &MeasureSteps, path: &str) -> Result<(), Over> {
        let before = self.driver.world.traffic();
        self.steps(&step.steps, &format!("{path}.steps"))?;
        let after = self.driver.world.traffic();
        let (what, cost) = match step.count {
            Counted::Messages => ("messages", after.0 - before.0),
            Counted::Bytes => ("bytes", after.1 - before.1),
        };
        if let Some(most) = step.at_most.filter(|most| cost > most.0) {
            let message = format!("{cost} {what}, and {} at most were allowed", most.0);
            self.fail("measure", path, &message)?;
        }
        if let Some(least) = step.at_least.filter(|least| cost < least.0) {
            let message = format!("{cost} {what}, and {} at least were expected", least.0);
            self.fail("measure", path, &message)?;
        }
        Ok(())
    }

    /// Fires a fault at once; waits for its selector for a while.
    fn fault(&mut self, fault: &Fault, path: &str) -> Result<(), Over> {
        // Rounds of a repetition are firings of one fault.
        let place = without_rounds(path);
        let leaf = match self.leaves.get(&place) {
            Some(leaf) => *leaf,
            None => {
                let leaf = self.driver.director.add_script_leaf(fault, place.clone());
                self.leaves.insert(place, leaf);
                leaf
            }
        };
        match fault {
            Fault::Sequence(sequence) => {
                let inner = self.driver.director.sequence_steps(leaf).to_vec();
                for (step, inner) in sequence.steps.iter().zip(inner) {
                    match (step, inner) {
                        (SequenceStep::Wait(time), _) => self.driver.pass(duration(*time))?,
                        (SequenceStep::Fault(_), Some(inner)) => self.fire(inner)?,
                        (SequenceStep::Fault(_), None) => {}
                    }
                }
                Ok(())
            }
            _ => self.fire(leaf),
        }
    }

    fn fire(&mut self, leaf: usize) -> Result<(), Over> {
        let deadline = self.driver.world.now() + PATIENCE;
        loop {
            // No fault fires after heal.
            if self.driver.director.healed {
                return Ok(());
            }
            let fired = self.driver.director.fire(leaf, self.driver.world);
            if fired != Fired::Unresolved || self.driver.world.now() >= deadline {
                return Ok(());
            }
            self.driver.pass(POLL)?;
        }
    }

    /// The hosts that are up and that no partition isolates.
    fn connected(&self) -> Vec<NodeId> {
        let isolated = self.driver.director.isolated();
        let world = &*self.driver.world;
        let members = self.driver.director.places.members.iter().copied();
        members.filter(|host| world.is_up(*host) && !isolated.contains(host)).collect()
    }

    /// Lets everything happen that happens at this instant.
    fn settle_instant(&mut self) -> Result<(), Over> {
        self.driver.pass(Duration::ZERO)
    }
}

/// The path of a step without the rounds of the repetitions around it.
fn without_rounds(path: &str) -> String {
    let mut place = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("(round ") {
        place.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    place.push_str(rest);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_no_part_of_a_place() {
        let path = "script[0].repeat(round 3).steps[1].repeat(round 12).steps[0].crash";
        assert_eq!(without_rounds(path), "script[0].repeat.steps[1].repeat.steps[0].crash");
    }
}
