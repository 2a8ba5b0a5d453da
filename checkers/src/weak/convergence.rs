//! Eventual convergence: once writing stops, all replicas come to hold one and the same value.
//!
//! Of a history that means: after a *quiet point* the answered reads of a key (the *final* ones),
//! whichever replica answered them, agree; what they agree on was written; and if a write of the
//! key was acknowledged, it is not the initial value. (Which write wins is not said.) A read is
//! final if it was invoked after the quiet point and after the last acknowledged write of its key
//! had ended; replicas need time, so a quiet point some way behind the last write is fairer.
//!
//! A write of unknown fate may take effect at any time after its invocation, also between two
//! final reads: a value that such a write may have put there is no disagreement.
//!
//! *Strong* convergence, "replicas that have seen the same writes hold the same values", is not
//! judged: reads of registers do not show which writes a replica has seen. What it amounts to for
//! causally ordered writes is [`super::Level::CausalConvergence`].

use std::fmt;

use crate::history::{History, OperationId};
use crate::verdict::{Explanation, Verdict};

use super::accesses::{Accesses, Number};
use super::clash::{Clash, Teller};
use super::not_registers;
use super::registers::Registers;

/// The name under which scenarios and reports know this checker.
pub const EVENTUAL_CONVERGENCE: &str = "eventual-convergence";

/// Judges whether a history of registers converged. Reads invoked before `quiet_ns` are no final
/// ones. Without any final read the verdict is unknown.
pub fn eventually_converges<M: Registers>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    quiet_ns: u64,
) -> Verdict {
    let accesses = match Accesses::of(model, history) {
        Ok(accesses) => accesses,
        Err(id) => return not_registers(EVENTUAL_CONVERGENCE, history, id),
    };
    let settled = Settled::of(&accesses, history);
    let mut agreed: Vec<Option<Number>> = vec![None; accesses.key_count];
    let mut is_judged = false;
    for read in accesses.reads() {
        let item = accesses.item(read);
        let invoked_ns = history.operation(item.id).invoked_ns;
        let last_write = settled.last_writes[item.key as usize];
        if invoked_ns < quiet_ns || last_write.is_some_and(|(end_ns, _)| invoked_ns <= end_ns) {
            continue;
        }
        is_judged = true;
        let value = item.value as usize;
        if settled.is_pending[value] {
            continue;
        }
        if !accesses.is_initial[value] && accesses.writers[value].is_empty() {
            let teller = Teller::<M> { accesses: &accesses, history };
            return Verdict::Fail(teller.explain(EVENTUAL_CONVERGENCE, &Clash::Unfounded(read)));
        }
        if let (true, Some((_, write))) = (accesses.writers[value].is_empty(), last_write) {
            let summary = "a final read returned the initial value, although a write had been \
                           acknowledged";
            return fail(summary, history, [write, item.id]);
        }
        let first = *agreed[item.key as usize].get_or_insert(read);
        if accesses.item(first).value != item.value {
            let summary = "two final reads of one key returned different values";
            return fail(summary, history, [accesses.item(first).id, item.id]);
        }
    }
    match is_judged {
        true => Verdict::Pass,
        false => Verdict::Unknown(format!(
            "{EVENTUAL_CONVERGENCE}: no read was answered that was invoked after the quiet point \
             and after all writes of its key"
        )),
    }
}

fn fail<O: fmt::Display, R: fmt::Display>(
    summary: &str,
    history: &History<O, R>,
    ids: [OperationId; 2],
) -> Verdict {
    Verdict::Fail(Explanation::new(EVENTUAL_CONVERGENCE, summary.to_owned(), history, ids))
}

/// What is known of writes once all is over.
struct Settled {
    /// For each key, the acknowledged write that ended last, and when.
    last_writes: Vec<Option<(u64, OperationId)>>,
    /// For each value of a key, whether a write of unknown fate may put it there at any time.
    is_pending: Vec<bool>,
}

impl Settled {
    fn of<O, R>(accesses: &Accesses, history: &History<O, R>) -> Settled {
        let mut last_writes: Vec<Option<(u64, OperationId)>> = vec![None; accesses.key_count];
        let mut is_pending = vec![false; accesses.writers.len()];
        for number in accesses.numbers() {
            let item = accesses.item(number);
            match history.operation(item.id).ended_ns {
                _ if !item.is_write => {}
                Some(end_ns) if !item.is_pending => {
                    let last = &mut last_writes[item.key as usize];
                    *last = (*last).max(Some((end_ns, item.id)));
                }
                Some(_) | None => is_pending[item.value as usize] = true,
            }
        }
        Settled { last_writes, is_pending }
    }
}
