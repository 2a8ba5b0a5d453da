//! Heal: the end of faults, for everybody or for a core.

use crate::id::NodeId;
use crate::node::Node;
use crate::sim::Sim;
use crate::sim::faults::{Fault, HoldId, tag};

impl<N: Node> Sim<N> {
    /// Heal: every hold ends, every host that is down restarts, and from here on milestones count
    /// as reached after heal. What has rotted stays rotten.
    pub fn heal(&mut self) {
        let damage = |fault: &Fault| matches!(fault, Fault::Disk(_, wrong) if wrong.is_damage());
        for hold in self.all_holds() {
            if !self.holds.held.get(&hold).is_some_and(damage) {
                self.release(hold);
            }
        }
        for host in self.core.shared.members.clone() {
            self.start(host);
        }
        self.heal_milestones();
    }

    /// Heals these hosts, and all clients, among themselves: their holds end, links between them
    /// are free, and those that are down restart. Every other hold stays, for good unless somebody
    /// releases it: a host outside that is down, paused or cut off remains so, and a link that
    /// leaves the core remains as it is. A host outside that nothing holds goes on as it was.
    ///
    /// Clients ask only the core from here on, where a host is not named to them. Messages that
    /// were chosen by a rule and have not come are free.
    pub fn heal_core(&mut self, core: &[NodeId]) {
        let is_inside = |id: NodeId| id.is_client() || core.contains(&id);
        let is_link_inside = |from: NodeId, to: NodeId| is_inside(from) && is_inside(to);
        for host in core {
            self.fold_fault(tag::RELEASE, u64::from(host.number()));
        }
        for hold in self.all_holds() {
            let ends = match self.holds.held.get(&hold) {
                None => false,
                Some(Fault::Crash(host, _) | Fault::Pause(host)) => is_inside(*host),
                Some(Fault::Disk(host, wrong)) => is_inside(*host) && !wrong.is_damage(),
                Some(Fault::Cut(_) | Fault::Clog(_) | Fault::CutKinds(..)) => {
                    self.free_links_of(hold, is_link_inside);
                    false
                }
                Some(Fault::Shape(..)) => self.free_shaped_links_of(hold, is_link_inside).1,
                Some(Fault::Message(_)) => true,
            };
            if ends {
                self.release(hold);
            }
        }
        for host in core {
            self.start(*host);
        }
        self.asked_by_clients = Some(core.to_vec());
        self.heal_milestones();
    }

    fn all_holds(&self) -> Vec<HoldId> {
        self.holds.held.keys().copied().collect()
    }
}
