//! `submit` and `not_committed`.

use std::time::Duration;

use seedbed_sim::NodeId;
use serde_json::Value;

use super::{Reference, Script};
use crate::format::{ExpectReply, NotCommitted, Submit};
use crate::run::build::duration;
use crate::run::director::POLL;
use crate::run::driver::Over;
use crate::run::world::Submitted;

/// How long a script waits for a host to say whether it takes an operation: no time at all, unless
/// the host is busy.
const TAKING_MAX: Duration = Duration::from_millis(10);
/// How long it waits for what an operation returns, if it expects something.
const RETURN_MAX: Duration = Duration::from_secs(2);

impl Script<'_, '_> {
    pub(super) fn submit(&mut self, step: &Submit, path: &str) -> Result<(), Over> {
        let Some(hosts) = self.resolve_patiently(&step.to)? else {
            return self.fail("submit", path, "there was nobody to submit to for 5s");
        };
        let mut submitted = Vec::new();
        for host in hosts.into_iter().filter(|host| !host.is_client()) {
            if let Some(number) = self.hand_over(host, &step.op, path) {
                submitted.push((host, number));
            }
        }
        for (_, number) in &submitted {
            self.wait_for_taking(*number)?;
        }
        let taken: Vec<(NodeId, u64)> = submitted
            .iter()
            .filter_map(|(host, number)| {
                Some((*host, self.driver.world.submission(*number).accepted?))
            })
            .collect();
        self.accepted = !taken.is_empty();
        if let Some(name) = &step.bind {
            let op = self.canonical(&step.op, path);
            let accepted = taken.iter().map(|(_, index)| *index).collect();
            self.references.insert(name.clone(), Reference { op, accepted });
            let last = taken.last().map(|(host, _)| *host).into_iter().collect();
            self.driver.director.bound.insert(name.clone(), last);
        }
        match &step.expect {
            Some(expect) => self.expect_reply(expect, &submitted, &taken, path),
            None => Ok(()),
        }
    }

    /// Hands an operation to a host; none if it is down.
    pub(super) fn hand_over(&mut self, host: NodeId, op: &Value, path: &str) -> Option<u64> {
        match self.driver.world.submit(host, op) {
            Ok(number) => number,
            Err(error) => panic!("{path}.op: {error}: scenarios are validated before they run"),
        }
    }

    pub(super) fn canonical(&self, op: &Value, path: &str) -> Value {
        match self.driver.world.canonical_op(op) {
            Ok(op) => op,
            Err(error) => panic!("{path}.op: {error}: scenarios are validated before they run"),
        }
    }

    /// Waits until the host has taken the operation or answered it.
    pub(super) fn wait_for_taking(&mut self, number: u64) -> Result<Submitted, Over> {
        self.settle_instant()?;
        let deadline = self.driver.world.now() + TAKING_MAX;
        loop {
            let submitted = self.driver.world.submission(number);
            let known = submitted.accepted.is_some() || submitted.answered;
            if known || self.driver.world.now() >= deadline {
                return Ok(submitted);
            }
            self.driver.pass(Duration::from_millis(1))?;
        }
    }

    fn expect_reply(
        &mut self,
        expect: &ExpectReply,
        submitted: &[(NodeId, u64)],
        taken: &[(NodeId, u64)],
        path: &str,
    ) -> Result<(), Over> {
        if let Some(wanted) = expect.accepted
            && wanted == taken.is_empty()
        {
            let message = match taken.first() {
                Some((host, index)) => format!("{host} accepted it at index {index}"),
                None => "no host accepted it".to_owned(),
            };
            self.fail("submit", path, &message)?;
        }
        if let Some(indexes) = &expect.index {
            let wrong = taken.iter().find(|(_, index)| !indexes.0.contains(index));
            let message = match wrong {
                Some((host, index)) => Some(format!("{host} accepted it at index {index}")),
                None if taken.is_empty() => Some("no host accepted it".to_owned()),
                None => None,
            };
            if let Some(message) = message {
                let message = format!("{message}, expected one of {:?}", indexes.0);
                self.fail("submit", path, &message)?;
            }
        }
        match &expect.ret {
            Some(wanted) => self.expect_return(wanted, submitted, path),
            None => Ok(()),
        }
    }

    fn expect_return(
        &mut self,
        wanted: &Value,
        submitted: &[(NodeId, u64)],
        path: &str,
    ) -> Result<(), Over> {
        let deadline = self.driver.world.now() + RETURN_MAX;
        loop {
            let numbers = submitted.iter().map(|(_, number)| *number);
            let returned = numbers.filter_map(|number| self.driver.world.submission(number).ret);
            let returned: Vec<Value> = returned.collect();
            match returned.iter().find(|ret| *ret != wanted) {
                Some(ret) => {
                    let message = format!("it returned {ret}, expected {wanted}");
                    return self.fail("submit", path, &message);
                }
                None if !returned.is_empty() => return Ok(()),
                None if self.driver.world.now() >= deadline => {
                    let message = format!("it returned nothing in 2s, expected {wanted}");
                    return self.fail("submit", path, &message);
                }
                None => self.driver.pass(POLL)?,
            }
        }
    }

    pub(super) fn not_committed(&mut self, step: &NotCommitted, path: &str) -> Result<(), Over> {
        let deadline = self.driver.world.now() + duration(step.duration);
        self.settle_instant()?;
        loop {
            if let Some(message) = self.found_committed(step, path) {
                return self.fail("not-committed", path, &message);
            }
            let now = self.driver.world.now();
            if now >= deadline {
                return Ok(());
            }
            self.driver.advance(deadline.min(now + POLL))?;
        }
    }

    fn found_committed(&self, step: &NotCommitted, path: &str) -> Option<String> {
        let ledger = self.ledger.borrow();
        if let Some(index) = step.index {
            let op = ledger.at(index).next()?;
            return Some(format!("{op} is committed at index {index}"));
        }
        if let Some(op) = &step.op {
            let op = self.canonical(op, path);
            let index = ledger.index_of(&op)?;
            return Some(format!("{op} is committed at index {index}"));
        }
        let name = step.reference.as_deref()?;
        let reference = self.references.get(name.strip_prefix('$').unwrap_or(name))?;
        let op = &reference.op;
        let index = match reference.accepted.as_slice() {
            [] => ledger.index_of(op)?,
            taken => *taken.iter().find(|index| ledger.count(**index, op) > 0)?,
        };
        Some(format!("`{name}`, {op}, is committed at index {index}"))
    }
}
