//! What hosts have delivered, for scripts: which operation is committed where, and by how many.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use seedbed_protocols::{Protocol, Tested};
use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch};
use serde_json::Value;

/// Operations by index, each with the hosts that delivered it there. It forgets nothing: what was
/// committed once stays committed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    delivered: BTreeMap<u64, Vec<(Value, BTreeSet<NodeId>)>>,
}

impl Ledger {
    fn add(&mut self, host: NodeId, index: u64, op: Value) {
        let there = self.delivered.entry(index).or_default();
        match there.iter_mut().find(|(known, _)| *known == op) {
            Some((_, hosts)) => {
                hosts.insert(host);
            }
            None => there.push((op, BTreeSet::from([host]))),
        }
    }

    /// How many hosts have delivered `op` at `index`.
    pub(crate) fn count(&self, index: u64, op: &Value) -> usize {
        let there = self.delivered.get(&index).into_iter().flatten();
        there.filter(|(known, _)| known == op).map(|(_, hosts)| hosts.len()).sum()
    }

    /// What is committed at `index`.
    pub(crate) fn at(&self, index: u64) -> impl Iterator<Item = &Value> {
        self.delivered.get(&index).into_iter().flatten().map(|(op, _)| op)
    }

    /// The first index at which `op` is committed.
    pub(crate) fn index_of(&self, op: &Value) -> Option<u64> {
        let mut all = self.delivered.iter();
        all.find(|(_, there)| there.iter().any(|(known, _)| known == op)).map(|(index, _)| *index)
    }
}

/// An operation in the one form in which the service itself would write it, so that two ways of
/// writing the same are the same.
pub(crate) fn canonical_op<P: Protocol>(op: &Value) -> Result<Value, String> {
    let op = P::Service::parse_op(op).map_err(|error| error.to_string())?;
    serde_json::to_value(&op).map_err(|error| error.to_string())
}

/// Keeps the ledger. It is no property: it never finds anything broken.
pub(crate) struct LedgerKeeper(pub(crate) Rc<RefCell<Ledger>>);

impl<P: Protocol> Invariant<P> for LedgerKeeper {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn about(&self) -> &'static str {
        "keeps the books of what was delivered"
    }

    fn watches(&self) -> Watch {
        Watch::DELIVERED
    }

    fn observe(&mut self, seen: &Observation<'_, P>, _world: &View<'_, P>) -> Check {
        if let Observation::Delivered { host, item } = seen
            && let Some((index, op)) = P::Service::committed(item)
        {
            let op = canonical_op::<P>(&op).unwrap_or(op);
            self.0.borrow_mut().add(*host, index, op);
        }
        Ok(())
    }
}
