//! Who there is: hosts by number, role and zone, and clients. Fixed for the whole run.

use std::collections::BTreeMap;

use seedbed_sim::NodeId;

use crate::format::{Scenario, Selector, Targets};

/// The role of hosts to which the scenario gives none.
pub(crate) const NO_ROLE: &str = "node";

/// The hosts and clients of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The hosts, in order.
    pub(crate) members: Vec<NodeId>,
    /// How many clients there are.
    pub(crate) clients: u32,
    roles: BTreeMap<String, Vec<NodeId>>,
    zones: BTreeMap<String, Targets>,
}

impl Places {
    pub(crate) fn new(scenario: &Scenario, clients: u32) -> Places {
        let mut members = Vec::new();
        let mut roles: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
        for host in scenario.nodes.hosts() {
            let id = NodeId::host(host.number - 1);
            members.push(id);
            if let Some(role) = host.role {
                roles.entry(role).or_default().push(id);
            }
        }
        Places { members, clients, roles, zones: scenario.zones.clone() }
    }

    /// Every host with its role.
    pub(crate) fn with_roles(&self) -> Vec<(NodeId, &str)> {
        let role_of = |host: &NodeId| {
            let mut roles = self.roles.iter();
            roles.find(|(_, hosts)| hosts.contains(host)).map_or(NO_ROLE, |(role, _)| role)
        };
        self.members.iter().map(|host| (*host, role_of(host))).collect()
    }

    /// Every client.
    pub(crate) fn all_clients(&self) -> Vec<NodeId> {
        (0..self.clients).map(NodeId::client).collect()
    }

    /// Every host and client.
    pub(crate) fn everybody(&self) -> Vec<NodeId> {
        let mut everybody = self.members.clone();
        everybody.extend(self.all_clients());
        everybody
    }

    /// Whom a selector means that means the same in the whole run; none for the others.
    pub(crate) fn fixed(&self, selector: &Selector) -> Option<Vec<NodeId>> {
        let found = match selector {
            Selector::Host(number) => {
                let host = NodeId::host(number.checked_sub(1)?);
                self.members.iter().copied().filter(|member| *member == host).collect()
            }
            Selector::Client(number) => {
                let index = number.checked_sub(1)?;
                (index < self.clients).then(|| NodeId::client(index)).into_iter().collect()
            }
            Selector::All => self.members.clone(),
            Selector::Clients => self.all_clients(),
            Selector::Role(name) => self.roles.get(name).cloned().unwrap_or_default(),
            Selector::Zone(name) => self.zone(name)?,
            // Only in a scenario that did not go through validation.
            Selector::Named { name, offset: 0 } => match self.roles.get(name) {
                Some(hosts) => hosts.clone(),
                None => self.zone(name)?,
            },
            Selector::Named { .. }
            | Selector::Random
            | Selector::Majority
            | Selector::Minority
            | Selector::Rest
            | Selector::Bound { .. }
            | Selector::Protocol { .. } => return None,
        };
        Some(found)
    }

    fn zone(&self, name: &str) -> Option<Vec<NodeId>> {
        // Zones name hosts and roles, never zones, so this ends.
        let targets = self.zones.get(name)?;
        let is_plain = |selector: &&Selector| !matches!(selector, Selector::Zone(_));
        Some(self.fixed_targets(targets.0.iter().filter(is_plain)))
    }

    /// Whom any of these selectors mean, each once, in the order in which they are named.
    pub(crate) fn fixed_targets<'a>(
        &self,
        selectors: impl IntoIterator<Item = &'a Selector>,
    ) -> Vec<NodeId> {
        let mut found = Vec::new();
        for selector in selectors {
            for host in self.fixed(selector).unwrap_or_default() {
                if !found.contains(&host) {
                    found.push(host);
                }
            }
        }
        found
    }

    /// The host so many further on among all, cyclically.
    pub(crate) fn further_on(&self, host: NodeId, offset: u32) -> NodeId {
        let position = self.members.iter().position(|member| *member == host).unwrap_or(0);
        self.members[(position + offset as usize) % self.members.len()]
    }
}
