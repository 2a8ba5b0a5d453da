//! Selectors: whom a fault means at the moment at which it fires.

use std::collections::BTreeMap;

use seedbed_sim::NodeId;
use seedbed_sim::rng::Rng;

use crate::format::{Selector, Targets};
use crate::run::places::Places;
use crate::run::world::World;

/// Resolves selectors at one moment.
pub(crate) struct Resolver<'a> {
    pub(crate) places: &'a Places,
    pub(crate) world: &'a dyn World,
    pub(crate) bound: &'a BTreeMap<String, Vec<NodeId>>,
    pub(crate) rng: &'a mut Rng,
    /// Those that other groups of the same fault have: nobody is drawn from them, and they are not
    /// among the rest.
    pub(crate) taken: Vec<NodeId>,
}

impl Resolver<'_> {
    /// Whom any of the selectors mean, each once; none if one of them means nobody now.
    pub(crate) fn targets(&mut self, targets: &Targets) -> Option<Vec<NodeId>> {
        let mut found = Vec::new();
        for selector in &targets.0 {
            let meant = self.selector(selector);
            if meant.is_empty() && !matches!(selector, Selector::Rest) {
                return None;
            }
            for host in meant {
                if !found.contains(&host) {
                    found.push(host);
                }
            }
        }
        Some(found)
    }

    /// Whom one selector means. A protocol's selector names its preferred host.
    pub(crate) fn selector(&mut self, selector: &Selector) -> Vec<NodeId> {
        if let Some(mut fixed) = self.places.fixed(selector) {
            // Who is named is meant wherever it is; a set of hosts is of those that take part.
            if !matches!(selector, Selector::Host(_)) {
                fixed.retain(|host| host.is_client() || self.world.takes_part(*host));
            }
            return fixed;
        }
        match selector {
            Selector::Random => self.draw(1),
            Selector::Majority => self.draw(self.members().count() / 2 + 1),
            Selector::Minority => self.draw(self.members().count().saturating_sub(1) / 2),
            Selector::Rest => self.free(),
            Selector::Bound { name, offset } => match self.bound.get(name) {
                Some(hosts) if *offset == 0 => hosts.clone(),
                Some(hosts) => self.stepped(hosts, *offset),
                None => Vec::new(),
            },
            Selector::Protocol { name, offset } | Selector::Named { name, offset } => {
                let hosts = self.world.select(name);
                self.stepped(&hosts, *offset)
            }
            // Fixed, above.
            Selector::Host(_)
            | Selector::Client(_)
            | Selector::All
            | Selector::Clients
            | Selector::Role(_)
            | Selector::Zone(_) => Vec::new(),
        }
    }

    /// Every host that any of the selectors mean, a protocol's selectors in full: whom a drawn
    /// fault may strike.
    pub(crate) fn pool(&mut self, targets: &Targets) -> Vec<NodeId> {
        let mut pool = Vec::new();
        for selector in &targets.0 {
            let meant = match selector {
                Selector::Protocol { name, offset: 0 } => self.world.select(name),
                other => self.selector(other),
            };
            pool.extend(meant);
        }
        pool.sort_unstable();
        pool.dedup();
        pool
    }

    fn stepped(&self, hosts: &[NodeId], offset: u32) -> Vec<NodeId> {
        let Some(first) = hosts.first().copied() else {
            return Vec::new();
        };
        if offset == 0 {
            return vec![first];
        }
        let members: Vec<NodeId> = self.members().collect();
        Places::further_on(&members, first, offset).into_iter().collect()
    }

    /// The hosts that take part now.
    fn members(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places.hosts.iter().copied().filter(|host| self.world.takes_part(*host))
    }

    fn free(&self) -> Vec<NodeId> {
        self.members().filter(|host| !self.taken.contains(host)).collect()
    }

    /// Draws so many of the hosts that are not taken.
    fn draw(&mut self, count: usize) -> Vec<NodeId> {
        let mut free = self.free();
        self.rng.shuffle(&mut free);
        free.truncate(count);
        free.sort_unstable();
        free
    }
}
