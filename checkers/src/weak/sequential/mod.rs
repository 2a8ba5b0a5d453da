//! Sequential consistency: one order of all operations for all (Lamport 1979).
//!
//! The operations of each session stay in their order, and each is answered as the object would
//! answer if they were done one after the other. Real time does not count, so a store may answer
//! from a stale replica for as long as all processes see one and the same story.
//!
//! Unlike linearizability it is not local: each of two keys may be sequentially consistent and the
//! two together not, so the keys of a history are searched together. It is NP-complete, even for
//! registers of unique values (Gibbons & Korach, "Testing shared memories", 1997). So:
//!
//! 1. A history that is linearizable is sequentially consistent, and that is seen key by key.
//! 2. For registers, what must come before what is concluded first (`saturation.rs`): if a read
//!    returned `v`, a write that precedes the read precedes `v`, and one that follows `v` follows
//!    the read. Most violations are circles of such conclusions, found in polynomial time, and
//!    told in words.
//! 3. The rest is a search, depth first, over how far each session has come (`search.rs`), for any
//!    model. What was concluded keeps it from most wrong turns; a write waits for the remaining
//!    readers of the value that it would overwrite.
//!
//! An operation of unknown fate is the last of its session, and may be left out.

use crate::budget::{Budget, Spent};
use crate::history::{History, OperationId, Outcome};
use crate::linearizable::table::Interner;
use crate::models::Model;
use crate::verdict::{Explanation, Verdict};

use super::accesses::Accesses;
use super::clash::{Clash, Teller};
use super::level::Level;
use super::registers::Registers;

mod freshness;
mod machines;
mod saturation;
mod search;

use freshness::is_fresh;
use machines::{ModelMachine, Operation, RegisterMachine};
use saturation::saturate;
use search::{Found, Search, Session};

/// How many of the operations that came next are named when a search has failed.
const NAMED: usize = 8;

/// Judges whether a history of any object is sequentially consistent, by search alone.
pub fn sequential<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> Verdict {
    if is_fresh(model, history, budget) {
        return Verdict::Pass;
    }
    let mut keys: Interner<M::Key> = Interner::default();
    let mut processes = Interner::default();
    let (mut operations, mut ids) = (Vec::new(), Vec::new());
    let mut sessions: Vec<Session> = Vec::new();
    let mut is_split = true;
    for (id, operation) in history.iter() {
        let ret = match &operation.outcome {
            Outcome::Ok(ret) => Some(ret),
            Outcome::Info if model.is_read_only(&operation.op, None) => continue,
            Outcome::Info => None,
            Outcome::Fail => continue,
        };
        let part = model.key(&operation.op).map(|key| keys.intern(key));
        is_split &= part.is_some();
        let name = (operation.process.client, operation.process.generation);
        let process = processes.intern(name) as usize;
        sessions.resize(sessions.len().max(process + 1), Session::default());
        let number = u32::try_from(operations.len()).expect("fewer than 2^32 operations");
        sessions[process].numbers.push(number);
        sessions[process].last_is_optional = ret.is_none();
        operations.push(Operation { op: &operation.op, ret, part: part.unwrap_or(0) });
        ids.push(id);
    }
    let part_count = if is_split { keys.len() } else { 1 };
    if !is_split {
        operations.iter_mut().for_each(|operation| operation.part = 0);
    }
    let machine = ModelMachine::new(model, operations, part_count);
    let found = Search::new(machine, &sessions, &|_| &[]).run(budget, &mut Spent::default());
    verdict_of(found, ids.len(), history, |number| ids[number as usize])
}

/// Judges whether a history of registers is sequentially consistent. If it has other operations
/// than reads and writes, this is [`sequential`].
pub fn sequential_registers<M: Registers>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> Verdict {
    let Ok(accesses) = Accesses::of(model, history) else {
        return sequential(model, history, budget);
    };
    if is_fresh(model, history, budget) {
        return Verdict::Pass;
    }
    let (sources, mut spent) = (accesses.sources(), Spent::default());
    let conclusions = match accesses.unfounded_read() {
        Some(read) => Err(Clash::Unfounded(read)),
        None => saturate(&accesses, &sources, &mut spent),
    };
    let clocks = match conclusions {
        Ok(clocks) => clocks,
        Err(clash) => {
            let teller = Teller::<M> { accesses: &accesses, history };
            return Verdict::Fail(teller.explain(Level::Sequential.name(), &clash));
        }
    };
    let sessions: Vec<Session> = accesses
        .sessions
        .iter()
        .map(|numbers| Session {
            numbers: numbers.clone(),
            last_is_optional: numbers.last().is_some_and(|&last| accesses.item(last).is_pending),
        })
        .collect();
    let machine = RegisterMachine::new(&accesses, &sources);
    let before = |number| clocks.counts(number);
    let found = Search::new(machine, &sessions, &before).run(budget, &mut spent);
    verdict_of(found, accesses.len(), history, |number| accesses.item(number).id)
}

/// Says what came of a search among `count` operations.
fn verdict_of<O: std::fmt::Display, R: std::fmt::Display>(
    found: Found,
    count: usize,
    history: &History<O, R>,
    id_of: impl Fn(u32) -> OperationId,
) -> Verdict {
    match found {
        Found::Order => Verdict::Pass,
        Found::Nothing { longest, blocked } => {
            let ids = blocked.iter().take(NAMED).map(|&number| id_of(number));
            let summary = format!(
                "no order of the {count} operations fits, in which each process's are in its \
                 order: at most {longest} fit, and then none of these, which come next"
            );
            Verdict::Fail(Explanation::new(Level::Sequential.name(), summary, history, ids))
        }
        Found::OutOf(limit) => Verdict::Unknown(format!("sequential: {limit}")),
    }
}
