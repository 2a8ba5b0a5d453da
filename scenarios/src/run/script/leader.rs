//! `expect_leader` and `expect_no_leader`.

use std::time::Duration;

use seedbed_sim::NodeId;

use super::Script;
use crate::format::{ExpectLeader, ExpectNoLeader, Targets};
use crate::run::build::duration;
use crate::run::driver::Over;

/// The selector of the protocol that names leaders.
pub(super) const SELECTOR: &str = "leader";
/// How long a round of `expect_leader` takes: drawn, so that it keeps step with no timer.
const ROUND: (Duration, Duration) = (Duration::from_millis(450), Duration::from_millis(549));
/// How often `expect_no_leader` looks.
const LOOK: Duration = Duration::from_millis(20);

/// Who leads, among some hosts.
enum Leaders {
    None,
    One(NodeId),
    /// Several that are in one term, or that have no terms.
    Several(Vec<NodeId>, Option<u64>),
}

impl Script<'_, '_> {
    pub(super) fn expect_leader(&mut self, step: &ExpectLeader, path: &str) -> Result<(), Over> {
        let deadline = self.driver.world.now() + duration(step.within);
        loop {
            let left = deadline.saturating_since(self.driver.world.now());
            let round = self.rng.duration(ROUND.0, ROUND.1).min(left);
            self.driver.pass(round)?;
            let among = self.among(step.among.as_ref());
            let is_last = self.driver.world.now() >= deadline;
            match self.leaders(&among) {
                Leaders::One(leader) => {
                    if let Some(name) = &step.bind {
                        self.driver.director.bound.insert(name.clone(), vec![leader]);
                    }
                    return Ok(());
                }
                Leaders::Several(leaders, Some(term)) => {
                    let message = format!("{leaders:?} all lead term {term}");
                    return self.fail("expect-leader", path, &message);
                }
                Leaders::Several(leaders, None) if is_last => {
                    let message = format!("{leaders:?} all lead");
                    return self.fail("expect-leader", path, &message);
                }
                Leaders::None if is_last => {
                    let message = format!("nobody led within {} among {among:?}", step.within);
                    return self.fail("expect-leader", path, &message);
                }
                Leaders::Several(_, None) | Leaders::None => {}
            }
        }
    }

    pub(super) fn expect_no_leader(
        &mut self,
        step: &ExpectNoLeader,
        path: &str,
    ) -> Result<(), Over> {
        let deadline = self.driver.world.now() + duration(step.duration);
        loop {
            let among = self.among(step.among.as_ref());
            let leaders = self.claimants(&among);
            if let Some(leader) = leaders.first() {
                let message = format!("{leader} leads at {}", self.driver.world.now());
                return self.fail("expect-no-leader", path, &message);
            }
            let now = self.driver.world.now();
            if now >= deadline {
                return Ok(());
            }
            self.driver.advance(deadline.min(now + LOOK))?;
        }
    }

    fn among(&mut self, targets: Option<&Targets>) -> Vec<NodeId> {
        match targets {
            Some(targets) => self.driver.director.pool(targets, &mut self.rng, self.driver.world),
            None => self.connected(),
        }
    }

    /// The hosts among these that believe to lead, the preferred one first.
    fn claimants(&self, among: &[NodeId]) -> Vec<NodeId> {
        let mut leaders = self.driver.world.select(SELECTOR);
        leaders.retain(|host| among.contains(host) && self.driver.world.is_up(*host));
        leaders
    }

    /// An older leader may not know yet that it was deposed: of several the latest term's counts.
    fn leaders(&self, among: &[NodeId]) -> Leaders {
        let claimants = self.claimants(among);
        match claimants.as_slice() {
            [] => return Leaders::None,
            [one] => return Leaders::One(*one),
            _ => {}
        }
        let mut terms: Vec<(Option<u64>, NodeId)> =
            claimants.iter().map(|host| (self.driver.world.term(*host), *host)).collect();
        terms.sort_by_key(|(term, _)| std::cmp::Reverse(*term));
        for pair in terms.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Leaders::Several(vec![pair[0].1, pair[1].1], pair[0].0);
            }
        }
        Leaders::One(terms[0].1)
    }
}
