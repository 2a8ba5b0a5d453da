//! `agree`: hands an operation to whoever takes it, and waits until enough hosts have applied it.
//!
//! It asks every connected host in turn, beginning where it last left off, and gives the one that
//! takes the operation up to two seconds; with `retry` it then begins again.

use std::time::Duration;

use seedbed_sim::{NodeId, SimTime};
use serde_json::Value;

use super::{Reference, Script};
use crate::format::Agree;
use crate::run::build::duration;
use crate::run::driver::Over;

/// How long one attempt may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(2);
/// How often it looks whether the hosts have applied the operation.
const LOOK: Duration = Duration::from_millis(20);
/// How long it waits when no host takes the operation.
const NOBODY: Duration = Duration::from_millis(50);

impl Script<'_, '_> {
    pub(super) fn agree(&mut self, step: &Agree, path: &str) -> Result<(), Over> {
        let op = self.canonical(&step.op, path);
        let deadline = self.driver.world.now() + duration(step.within);
        let mut accepted = Vec::new();
        let mut agreed = None;
        while agreed.is_none() && self.driver.world.now() < deadline {
            let Some((host, index)) = self.offer(&step.op, path)? else {
                let pause = NOBODY.min(deadline.saturating_since(self.driver.world.now()));
                self.driver.pass(pause)?;
                continue;
            };
            accepted.push((host, index));
            if self.applied_in_time(step, index, &op, deadline)? {
                agreed = Some(index);
            } else if !step.retry {
                break;
            }
        }
        self.accepted = !accepted.is_empty();
        if let Some(name) = &step.bind {
            let taken = accepted.iter().map(|(_, index)| *index).collect();
            self.references.insert(name.clone(), Reference { op: op.clone(), accepted: taken });
            let last = accepted.last().map(|(host, _)| *host).into_iter().collect();
            self.driver.director.bound.insert(name.clone(), last);
        }
        match (agreed, &step.index) {
            (Some(index), Some(allowed)) if !allowed.0.contains(&index) => {
                let message =
                    format!("{op} is agreed on at index {index}, expected one of {:?}", allowed.0);
                self.fail("agree", path, &message)
            }
            (Some(_), _) => Ok(()),
            (None, _) => {
                let message = self.describe_failure(step, &op, &accepted);
                self.fail("agree", path, &message)
            }
        }
    }

    /// Asks the connected hosts in turn; returns who takes the operation, and where.
    fn offer(&mut self, op: &Value, path: &str) -> Result<Option<(NodeId, u64)>, Over> {
        let members = self.driver.director.places.members.clone();
        for _ in 0..members.len() {
            self.cursor = (self.cursor + 1) % members.len();
            let host = members[self.cursor];
            if !self.connected().contains(&host) || self.driver.world.is_paused(host) {
                continue;
            }
            if let Some(number) = self.hand_over(host, op, path)
                && let Some(index) = self.wait_for_taking(number)?.accepted
            {
                return Ok(Some((host, index)));
            }
        }
        Ok(None)
    }

    fn applied_in_time(
        &mut self,
        step: &Agree,
        index: u64,
        op: &Value,
        deadline: SimTime,
    ) -> Result<bool, Over> {
        let until = deadline.min(self.driver.world.now() + ATTEMPT_MAX);
        loop {
            if self.ledger.borrow().count(index, op) >= step.on as usize {
                return Ok(true);
            }
            let now = self.driver.world.now();
            if now >= until {
                return Ok(false);
            }
            self.driver.advance(until.min(now + LOOK))?;
        }
    }

    fn describe_failure(&self, step: &Agree, op: &Value, accepted: &[(NodeId, u64)]) -> String {
        match accepted.last() {
            None => format!("no host accepted {op} within {}", step.within),
            Some((host, index)) => {
                let count = self.ledger.borrow().count(*index, op);
                format!(
                    "{host} accepted {op} at index {index}, and {count} of {} hosts applied it",
                    step.on
                )
            }
        }
    }
}
