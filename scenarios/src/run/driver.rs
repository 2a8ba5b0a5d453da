//! Drives a simulation from stop to stop: hands each to the director, judges what is due, and
//! knows when the run is over.

use std::time::Duration;

use seedbed_sim::{Condition, NODE_PANICKED, SimTime, Stop, Violation};

use super::CLIENTS_FINISHED;
use super::director::{Director, News};
use super::tracer::VIOLATION;
use super::world::World;
use crate::format::{Check, EndShape, MilestoneCheck, Nanos, Scenario, Since};

/// Why a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// It has come to its end.
    End,
    /// A property was violated.
    Violation,
    /// A limit was hit.
    Limit(&'static str),
    /// It was asked to stop early.
    Early,
}

/// What the driver does at a time of its own.
#[derive(Clone, Debug)]
enum Due {
    /// Judges a milestone check.
    Milestone(MilestoneCheck),
    /// Every client must have finished, so long after heal.
    Clients(Nanos),
    /// The milestone that ends the run must have been reached.
    EndMilestone,
}

/// A run at work.
pub(crate) struct Driver<'a> {
    pub(crate) world: &'a mut dyn World,
    pub(crate) director: Director,
    pub(crate) scenario: &'a Scenario,
    /// What was violated and the simulation does not know: liveness, milestones, scripts.
    pub(crate) violations: Vec<Violation>,
    pub(crate) end_at: SimTime,
    /// How long after heal clients must have finished; none if nobody promises that they do.
    liveness_bound: Option<Duration>,
    keep_going: bool,
    until: Option<SimTime>,
    dues: Vec<Due>,
    /// The watch on the milestone that ends the run, and its name.
    end_watch: Option<(u64, String)>,
    end_reached: bool,
    /// While a script runs, the milestone that ends the run waits for the script's end.
    pub(crate) in_script: bool,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(
        world: &'a mut dyn World,
        director: Director,
        scenario: &'a Scenario,
        liveness_bound: Option<Duration>,
        keep_going: bool,
        until: Option<SimTime>,
    ) -> Driver<'a> {
        let mut driver = Driver {
            world,
            director,
            scenario,
            violations: Vec::new(),
            end_at: SimTime::MAX,
            liveness_bound,
            keep_going,
            until,
            dues: Vec::new(),
            end_watch: None,
            end_reached: false,
            in_script: !scenario.script.is_empty(),
        };
        driver.start();
        driver
    }

    fn start(&mut self) {
        self.director.start(self.scenario, self.world);
        match self.scenario.end.as_ref().map(|end| end.shape()) {
            Some(EndShape::Heal { at, settle }) => {
                self.end_at = SimTime::from_nanos(at.0.saturating_add(settle.0));
            }
            Some(EndShape::Milestone { name, at_most }) => {
                let at = SimTime::from_nanos(at_most.0);
                self.remind(at, Due::EndMilestone);
                if let Some(index) = self.world.milestone_index(name) {
                    let watch = self.world.watch(Condition::Milestone(index));
                    self.end_watch = Some((watch, name.to_owned()));
                }
            }
            None => {}
        }
        for check in &self.scenario.checks {
            if let Check::Milestone(check) = check
                && check.after == Since::Start
            {
                let at = SimTime::from_nanos(check.within.0);
                self.remind(at, Due::Milestone(check.clone()));
            }
        }
    }

    fn remind(&mut self, at: SimTime, due: Due) {
        self.dues.push(due);
        let number = self.dues.len() as u32 - 1;
        self.director.remind_at(self.world, at, number);
    }

    /// Lets the run go on to `until`, unless it is over before.
    pub(crate) fn advance(&mut self, until: SimTime) -> Result<(), Over> {
        loop {
            if self.end_reached && !self.in_script {
                return Err(Over::End);
            }
            let early = self.until.unwrap_or(SimTime::MAX);
            let stop_at = until.min(self.end_at).min(early);
            match self.world.run(stop_at) {
                // Only events move the time.
                Stop::Idle if self.world.now() < stop_at => {
                    self.director.remind_at(self.world, stop_at, u32::MAX);
                }
                Stop::Until | Stop::Idle => match self.world.now() {
                    now if now >= early => return Err(Over::Early),
                    now if now >= self.end_at => return Err(Over::End),
                    now if now >= until => return Ok(()),
                    _ => {}
                },
                Stop::Wake(tag) => match self.director.on_wake(tag, self.world) {
                    News::Nothing => {}
                    News::Healed => self.on_healed(),
                    News::Due(number) => self.on_due(number)?,
                },
                Stop::Condition(watch) => self.on_condition(watch),
                Stop::Violation => {
                    let panicked = self.world.last_violated() == Some(NODE_PANICKED);
                    if panicked || !self.keep_going {
                        return Err(Over::Violation);
                    }
                }
                Stop::Limit(name) => return Err(Over::Limit(name)),
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) -> Result<(), Over> {
        let until = self.world.now().saturating_add(time);
        self.advance(until)
    }

    fn on_condition(&mut self, watch: u64) {
        match &self.end_watch {
            Some((known, _)) if *known == watch => self.end_reached = true,
            Some(_) | None => self.director.on_condition(watch, self.world),
        }
    }

    fn on_healed(&mut self) {
        let now = self.world.now();
        if let Some(bound) = self.liveness_bound {
            let at = now.saturating_add(bound).min(self.end_at);
            self.remind(at, Due::Clients(Nanos(bound.as_nanos() as u64)));
        }
        for check in &self.scenario.checks {
            if let Check::Milestone(check) = check
                && check.after == Since::Heal
            {
                let at = now.saturating_add(Duration::from_nanos(check.within.0));
                self.remind(at, Due::Milestone(check.clone()));
            }
        }
    }

    fn on_due(&mut self, number: u32) -> Result<(), Over> {
        match self.dues.get(number as usize).cloned() {
            // A mere wake-up.
            None => Ok(()),
            Some(Due::Milestone(check)) => self.judge_milestone(&check),
            Some(Due::Clients(_)) if self.world.clients_finished() => Ok(()),
            Some(Due::Clients(bound)) => {
                let message =
                    format!("a client has not finished its final operations {bound} after heal");
                self.violated(CLIENTS_FINISHED, message)
            }
            Some(Due::EndMilestone) => match &self.end_watch {
                Some((_, name)) if !self.end_reached => {
                    let name = name.clone();
                    let message = format!("`{name}` was not reached by {}", self.world.now());
                    self.violated(&name, message)?;
                    Err(Over::End)
                }
                Some(_) | None => Ok(()),
            },
        }
    }

    fn judge_milestone(&mut self, check: &MilestoneCheck) -> Result<(), Over> {
        let (first, after_heal) = self.world.milestone_times(&check.name);
        let (reached, since) = match check.after {
            Since::Start => (first, "the start"),
            Since::Heal => (after_heal, "heal"),
        };
        if reached.is_some() {
            return Ok(());
        }
        let message =
            format!("`{}` was not reached within {} of {since}", check.name, check.within);
        self.violated(&check.name, message)
    }

    /// Something is violated that the simulation does not know of.
    pub(crate) fn violated(&mut self, property: &str, message: String) -> Result<(), Over> {
        self.world.trace_fault(VIOLATION, &format!("{property}: {message}"));
        let known = self.violations.iter().any(|violation| violation.property == property);
        if !known {
            self.violations.push(Violation {
                property: property.to_owned(),
                message,
                time: self.world.now(),
                event: self.world.events(),
            });
        }
        if self.keep_going { Ok(()) } else { Err(Over::Violation) }
    }

    /// Goes on to the end of the run.
    pub(crate) fn finish(&mut self) -> Over {
        if self.scenario.end.is_none() {
            return Over::End;
        }
        loop {
            match self.advance(SimTime::MAX) {
                Ok(()) => {}
                Err(over) => return over,
            }
        }
    }
}
