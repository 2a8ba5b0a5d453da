//! Whether a history is linearizable, which is soon decided, and implies sequential consistency.

use std::collections::BTreeMap;

use crate::budget::Budget;
use crate::history::{History, Outcome};
use crate::linearizable::{Decision, Rules, is_linearizable};
use crate::models::{Call, Model, Step};
use crate::process::Process;

/// Whether the history is linearizable, as far as a quarter of the budget tells: key by key, and
/// for registers of unique values without search.
///
/// To linearizability operations are concurrent if one ends at the time at which the other is
/// invoked, also if one process did both. So it is asked about a copy in which the latter comes
/// later, for all processes: if that has an order, it is one that the sessions have.
pub(super) fn is_fresh<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> bool {
    let mut spaced: History<&M::Op, &M::Ret> = History::new();
    let mut ends: BTreeMap<Process, u64> = BTreeMap::new();
    for operation in history.operations() {
        let end_before = ends.get(&operation.process).copied();
        let after = end_before.map_or(0, |end_ns| end_ns.saturating_add(1));
        let invoked_ns = operation.invoked_ns.saturating_mul(2).saturating_add(1).max(after);
        if end_before == Some(invoked_ns) {
            // Times so late that there is no room for later ones.
            return false;
        }
        let id = spaced.invoke(operation.process, invoked_ns, &operation.op);
        let Some(ended_ns) = operation.ended_ns else { continue };
        let ended_ns = ended_ns.saturating_mul(2).max(invoked_ns);
        match &operation.outcome {
            Outcome::Ok(ret) => spaced.ok(id, ended_ns, ret),
            Outcome::Fail => spaced.fail(id, ended_ns),
            Outcome::Info => spaced.info(id, ended_ns),
        }
        ends.insert(operation.process, ended_ns);
    }
    let quarter = Budget { steps: budget.steps / 4, states: budget.states / 4 };
    is_linearizable(&Borrowed { model }, &spaced, quarter, Rules::ALL).0 == Some(true)
}

/// A model of borrowed operations, with those hints that matter most.
struct Borrowed<'a, M> {
    model: &'a M,
}

impl<'a, M: Model> Model for Borrowed<'a, M> {
    type Op = &'a M::Op;
    type Ret = &'a M::Ret;
    type State = M::State;
    type Key = M::Key;

    fn init(&self) -> M::State {
        self.model.init()
    }

    fn step(&self, state: &M::State, op: &&M::Op, ret: Option<&&M::Ret>) -> Step<M::State> {
        self.model.step(state, op, ret.copied())
    }

    fn key(&self, op: &&M::Op) -> Option<M::Key> {
        self.model.key(op)
    }

    fn is_read_only(&self, op: &&M::Op, ret: Option<&&M::Ret>) -> bool {
        self.model.is_read_only(op, ret.copied())
    }

    fn decide(&self, calls: &[Call<'_, Self::Op, Self::Ret>]) -> Option<Decision> {
        let calls: Vec<Call<'_, M::Op, M::Ret>> = calls
            .iter()
            .map(|call| Call {
                op: *call.op,
                ret: call.ret.copied(),
                invoked_ns: call.invoked_ns,
                until_ns: call.until_ns,
            })
            .collect();
        self.model.decide(&calls)
    }
}
